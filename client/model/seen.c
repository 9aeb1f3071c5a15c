// SPDX-License-Identifier: Apache-2.0
/*
 * See seen.h. The file holds the key's line and the signed note behind it, as they came.
 */
#include "model/seen.h"

#include <stdio.h>
#include <string.h>

#include "plimsoll/base/file.h"
#include "plimsoll/base/str.h"

#define FILE_MAX (PL_VKEY_SIZE + PL_AUDIT_NOTE_MAX + 2)

static int read_note(const char *note, size_t n, const struct pl_vkey *key, struct pl_checkpoint *c,
                     struct pl_err *e)
{
    size_t text_len = 0;
    int rc = pl_note_check(note, n, key, &text_len, NULL, e);
    if (rc == 0)
        rc = pl_checkpoint_parse(note, text_len, c, e);
    if (rc == 0 && strcmp(c->origin, key->name) != 0)
        rc = pl_fail(e, PL_E_INVALID, "the checkpoint is of %.60s, its key of %.60s", c->origin,
                     key->name);
    return rc;
}

int seen_load(struct seen *s, const char *state_dir, const uint8_t root_pin[32], uint64_t user,
              struct pl_err *e)
{
    char pin[65];
    char dir[SEEN_PATH_MAX];
    struct pl_buf file;
    memset(s, 0, sizeof(*s));
    pl_hex_encode(root_pin, 32, pin);
    (void)snprintf(dir, sizeof(dir), "%.1000s/audit", state_dir);
    (void)snprintf(s->path, sizeof(s->path), "%.1100s/%.32s-%llu.ckpt", dir, pin,
                   (unsigned long long)user);
    int rc = pl_mkdir_p(dir, 0700, e);
    if (rc < 0 || !pl_file_exists(s->path))
        return rc;
    rc = pl_file_read_all(s->path, FILE_MAX, &file, e);
    if (rc == 0) {
        char *text = file.len > 0 ? (char *)file.data : (char *)(uintptr_t) "";
        size_t line = strcspn(text, "\n");
        char vkey[PL_VKEY_SIZE] = "";
        if (line < sizeof(vkey) && text[line] == '\n')
            memcpy(vkey, text, line);
        rc = pl_vkey_parse(vkey, &s->key, e);
        if (rc == 0)
            rc = read_note(text + line + 1, file.len - line - 1, &s->key, &s->c, e);
        if (rc < 0)
            pl_wrap(e, "%s", s->path);
    }
    pl_buf_release(&file);
    s->is_there = rc == 0;
    return rc;
}

static int keep(struct seen *s, const char *vkey, struct pl_err *e)
{
    char text[FILE_MAX];
    int n = snprintf(text, sizeof(text), "%s\n%s", vkey, s->note);
    if (n < 0 || (size_t)n >= sizeof(text))
        return pl_fail(e, PL_E_LIMIT, "the checkpoint is too long");
    return pl_file_write_atomic(s->path, text, (size_t)n, 0600, e);
}

/* "NAME/eN" of the same name, a higher N, the same key. */
static bool is_next_epoch(const struct pl_vkey *old, const struct pl_vkey *now)
{
    const char *a = strrchr(old->name, '/');
    const char *b = strrchr(now->name, '/');
    uint64_t na = 0;
    uint64_t nb = 0;
    return a != NULL && b != NULL && a - old->name == b - now->name &&
           strncmp(old->name, now->name, (size_t)(a - old->name) + 2) == 0 && a[1] == 'e' &&
           pl_parse_u64(a + 2, &na) == 0 && pl_parse_u64(b + 2, &nb) == 0 && nb > na &&
           memcmp(old->key, now->key, sizeof(old->key)) == 0;
}

static int rollback(struct pl_err *e, const char *what)
{
    return pl_fail(e, PL_E_ROLLBACK, "%s", what);
}

/* Does the answer continue what was seen? */
static int compare(struct seen *s, const struct pl_vkey *key, const struct pl_checkpoint *now,
                   const struct pl_bytes *hashes, struct pl_err *e)
{
    struct pl_proof p = {.n = hashes->n / sizeof(p.h[0])};
    char text[PL_ERR_TEXT_MAX];
    if (strcmp(key->name, s->key.name) != 0 ||
        memcmp(key->key, s->key.key, sizeof(key->key)) != 0) {
        s->began_anew = is_next_epoch(&s->key, key);
        return s->began_anew ? 0 : rollback(e, "the server's log is signed by another key");
    }
    if (now->size < s->c.size) {
        (void)snprintf(text, sizeof(text),
                       "the server shows a log of %llu entries, this device has seen %llu",
                       (unsigned long long)now->size, (unsigned long long)s->c.size);
        return rollback(e, text);
    }
    if (now->size == s->c.size)
        return pl_hash_equal(&now->root, &s->c.root)
                   ? 0
                   : rollback(e, "the server's log was rewritten since this device saw it");
    if (p.n > PL_PROOF_MAX || p.n * sizeof(p.h[0]) != hashes->n)
        return rollback(e, "the server cannot prove that its log continues the one seen here");
    if (p.n > 0)
        memcpy(p.h, hashes->p, hashes->n);
    if (pl_tree_check_growth(s->c.size, now->size, &s->c.root, &now->root, &p, e) < 0)
        return rollback(e, "the server's log does not continue the one that this device saw");
    return 0;
}

int seen_take(struct seen *s, const struct pl_audit_growth_reply *r, struct pl_err *e)
{
    struct pl_vkey key;
    struct pl_checkpoint now;
    s->lag_us = r->lag_us;
    s->began_anew = false;
    if (r->checkpoint.n == 0)
        return s->is_there ? rollback(e, "the server shows no log any more; this device saw one")
                           : 0;
    if (pl_vkey_parse(r->vkey, &key, e) < 0 ||
        read_note((const char *)r->checkpoint.p, r->checkpoint.n, &key, &now, e) < 0)
        return pl_fail(e, PL_E_ROLLBACK, "the server's checkpoint: %.200s", e ? e->text : "");
    int rc = s->is_there ? compare(s, &key, &now, &r->hashes, e) : 0;
    if (rc < 0)
        return rc;
    bool is_new = !s->is_there || s->began_anew || now.size > s->c.size;
    s->is_there = true;
    s->key = key;
    s->c = now;
    if (!is_new)
        return 0;
    memcpy(s->note, r->checkpoint.p, r->checkpoint.n);
    s->note[r->checkpoint.n] = '\0';
    return keep(s, r->vkey, e);
}

int seen_check_leaf(const struct seen *s, const struct pl_audit_proof_reply *r,
                    struct pl_checkpoint *c, struct pl_err *e)
{
    struct pl_proof p = {.n = r->hashes.n / sizeof(p.h[0])};
    struct pl_checkpoint own;
    struct pl_hash leaf = pl_tree_leaf(r->leaf.p, r->leaf.n);
    if (p.n > PL_PROOF_MAX || p.n * sizeof(p.h[0]) != r->hashes.n)
        return rollback(e, "the proof has a wrong length");
    if (p.n > 0)
        memcpy(p.h, r->hashes.p, r->hashes.n);
    if (read_note((const char *)r->checkpoint.p, r->checkpoint.n, &s->key, &own, e) < 0 ||
        pl_tree_check_leaf(own.size, r->index, &leaf, &p, &own.root, e) < 0)
        return pl_fail(e, PL_E_ROLLBACK, "the proof does not hold: %.200s", e ? e->text : "");
    if (c != NULL)
        *c = own;
    return 0;
}
