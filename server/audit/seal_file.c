// SPDX-License-Identifier: Apache-2.0
/*
 * See seal_file.h.
 */
#include "audit/seal_file.h"

#include <stdio.h>
#include <string.h>

#include "plimsoll/base/file.h"
#include "plimsoll/base/hash.h"
#include "plimsoll/base/str.h"

#include "audit/seal_key.h"

/* The number behind "DEPLOYMENT/e" in the first line; 0: it is not of this deployment. */
static uint32_t epoch_of(const char *note, const char *deployment, char origin[SEAL_ORIGIN_SIZE])
{
    uint64_t epoch = 0;
    size_t line = strcspn(note, "\n");
    size_t head = strlen(deployment);
    if (line >= SEAL_ORIGIN_SIZE || line < head + 3 || strncmp(note, deployment, head) != 0 ||
        strncmp(note + head, "/e", 2) != 0 ||
        pl_parse_u64n(note + head + 2, line - head - 2, &epoch) != 0 || epoch > 100000) {
        return 0;
    }
    memcpy(origin, note, line);
    origin[line] = '\0';
    return (uint32_t)epoch;
}

static int check(const char *deployment, const uint8_t seed[32], struct seal_last *out,
                 struct pl_err *e)
{
    char origin[SEAL_ORIGIN_SIZE];
    struct pl_skey key;
    size_t text_len = 0;
    out->epoch = epoch_of(out->note, deployment, origin);
    if (out->epoch == 0) {
        return pl_fail(e, PL_E_INVALID, SEAL_CKPT_FILE " is of another log");
    }
    int rc = pl_skey_from_seed(origin, PL_NOTE_ED25519, seed, &key, e);
    if (rc == 0) {
        rc = pl_note_check(out->note, strlen(out->note), &key.pub, &text_len, NULL, e);
    }
    if (rc == 0) {
        rc = pl_checkpoint_parse(out->note, text_len, &out->c, e);
    }
    pl_wipe(&key, sizeof(key));
    if (rc != 0) {
        pl_wrap(e, SEAL_CKPT_FILE);
    }
    return rc;
}

int seal_last_read(const char *log_dir, const char *deployment, const uint8_t seed[32],
                   struct seal_last *out, struct pl_err *e)
{
    char path[SEAL_PATH_SIZE];
    struct pl_buf text;
    memset(out, 0, sizeof(*out));
    if (pl_path_join(path, sizeof(path), log_dir, SEAL_CKPT_FILE) != 0) {
        return pl_fail(e, PL_E_LIMIT, "the path of %s is too long", log_dir);
    }
    if (!pl_file_exists(path)) {
        return 0;
    }
    int rc = pl_file_read_all(path, SEAL_NOTE_MAX - 1, &text, e);
    if (rc == 0 && text.len > 0) {
        memcpy(out->note, text.data, text.len);
    }
    pl_buf_release(&text);
    if (rc == 0) {
        rc = check(deployment, seed, out, e);
    }
    out->is_there = rc == 0;
    return rc;
}

int seal_last_sign(const struct pl_skey *key, uint32_t epoch, const struct pl_tree *tree,
                   struct seal_last *out, struct pl_err *e)
{
    char text[PL_CHECKPOINT_SIZE];
    struct pl_buf note;
    memset(out, 0, sizeof(*out));
    out->epoch = epoch;
    (void)pl_strlcpy(out->c.origin, key->pub.name, sizeof(out->c.origin));
    out->c.size = tree->size;
    out->c.root = pl_tree_root(tree);
    pl_checkpoint_print(&out->c, text);
    pl_buf_init(&note, SEAL_NOTE_MAX - 1);
    int rc = pl_note_sign(text, key, &note, e);
    if (rc == 0) {
        memcpy(out->note, note.data, note.len);
        out->is_there = true;
    }
    pl_buf_release(&note);
    return rc;
}

int seal_last_write(const char *log_dir, const struct seal_last *l, struct pl_err *e)
{
    char path[SEAL_PATH_SIZE];
    if (pl_path_join(path, sizeof(path), log_dir, SEAL_CKPT_FILE) != 0) {
        return pl_fail(e, PL_E_LIMIT, "the path of %s is too long", log_dir);
    }
    return pl_file_write_atomic(path, l->note, strlen(l->note), 0600, e);
}
