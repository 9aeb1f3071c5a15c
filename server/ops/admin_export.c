// SPDX-License-Identifier: Apache-2.0
/*
 * `plimsolld audit export DIR`: the log up to its newest checkpoint as files, in the layout of
 * c2sp.org/tlog-tiles, for whoever checks it without trusting this server.
 *
 *     checkpoint  policy  tile/L/N[.p/W]  tile/entries/N[.p/W]
 *     organisation  the pin of the root, which signed acts name; the origin has its first half
 *     keys/HEX    public keys (DER) by which acts were signed, named by their SHA-256
 *     blobs/HEX   salt and payload behind a commitment, as far as they are not erased
 *
 * Into a new folder, or into one that holds an older export of the same log, which is checked first
 * and then continued. The checkpoint is written last, after all else is on disk: what it covers is
 * there. Blobs that were erased since are deleted.
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "plimsoll/base/file.h"
#include "plimsoll/base/hash.h"
#include "plimsoll/base/mem.h"
#include "plimsoll/base/str.h"
#include "plimsoll/tlog/leaf.h"
#include "plimsoll/tlog/note.h"
#include "plimsoll/tlog/tile.h"
#include "plimsoll/wire/frame.h"
#include "plimsoll/wire/limits.h"

#define HASH_FUNCTION(k, n, h) ((h) = pl_map_hash((k), (n)))
#include <uthash.h>

#include "audit/seal_tree.h"
#include "ops/admin_audit_int.h"

#define PATH_SIZE      (DATADIR_PATH_MAX + 128)
#define TILES_AT_ONCE  32u
#define PAYLOAD_ROWS   200u
#define BUNDLE_MAX     (PL_TILE_WIDTH * (PL_LEAF_MAX + 2u))
#define KIND_EDIT      0x0301u
#define TAG_REVISION   1u
#define TAG_COMMITMENT 44u

/* The newest revision of a review among the entries that were written now. */
struct seen_review {
    uint64_t review, rev;
    UT_hash_handle hh;
};

struct exporter {
    struct local *l;
    struct local_answer answer;
    const char *dir;
    int dirfd;
    struct audit_now now;
    uint64_t old_size; /* of the export that is there already */
    struct seen_review *seen;
    uint64_t blobs;
    /* what the request under way fills */
    int rc;
    struct pl_err e;
    int level;
    uint64_t first; /* tile or entry */
    uint64_t next_review, next_rev;
    size_t rows;
};

/* ---- files ------------------------------------------------------------------------------------
 */

/* Writes DIR/path, with the folders above it. Not synced: that comes once, at the end. */
static int put(struct exporter *x, const char *path, const void *bytes, size_t n)
{
    char full[PATH_SIZE];
    char folder[PATH_SIZE];
    if (pl_path_join(full, sizeof(full), x->dir, path) != 0) {
        return pl_fail(&x->e, PL_E_LIMIT, "%s: the path is too long", x->dir);
    }
    (void)pl_strlcpy(folder, full, sizeof(folder));
    *strrchr(folder, '/') = '\0';
    int fd = open(full, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0600);
    if (fd < 0 && errno == ENOENT) {
        int rc = pl_mkdir_p(folder, 0700, &x->e);
        if (rc != 0) {
            return rc;
        }
        fd = open(full, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0600);
    }
    if (fd < 0) {
        return pl_fail(&x->e, PL_E_IO, "%s: %s", full, strerror(errno));
    }
    int rc = pl_fd_write_all(fd, bytes, n, &x->e);
    if (close(fd) != 0 && rc == 0) {
        rc = pl_fail(&x->e, PL_E_IO, "%s: %s", full, strerror(errno));
    }
    return rc;
}

static void drop(struct exporter *x, const char *path)
{
    (void)unlinkat(x->dirfd, path, 0);
}

static bool is_empty(const char *dir)
{
    DIR *d = opendir(dir);
    unsigned n = 0;
    while (d != NULL && readdir(d) != NULL && ++n < 3) {
    }
    if (d != NULL) {
        (void)closedir(d);
    }
    return n <= 2;
}

/* ---- the export that is there already ----------------------------------------------------------
 */

static void on_edge(void *ctx, int rc, const struct log_hash_row *rows, size_t n,
                    const struct pl_err *e)
{
    struct audit_edge *g = ctx;
    for (size_t i = 0; rc == 0 && i < n; i++) {
        if (!seal_edge_add(&g->edge, rows[i].level, rows[i].index, rows[i].hash, rows[i].n)) {
            g->bad = true;
        }
    }
    local_done(&g->answer, rc, e);
}

int audit_root_at(struct local *l, uint32_t epoch, uint64_t size, struct pl_hash *root,
                  struct pl_err *e)
{
    struct audit_edge *g = pl_xcalloc(1, sizeof(*g));
    struct pl_tree tree;
    seal_edge_begin(&g->edge, size);
    int rc = local_wait(l, repo_log_edge(local_store(l), epoch, size, on_edge, g), &g->answer, e);
    if (rc == 0) {
        rc = g->bad ? pl_fail(e, PL_E_INVALID, "the tree in the database has holes")
                    : seal_edge_tree(&g->edge, &tree, e);
    }
    if (rc == 0) {
        *root = pl_tree_root(&tree);
    }
    free(g);
    return rc;
}

static int check_old(struct exporter *x, const char *note, size_t n)
{
    struct pl_vkey key;
    struct pl_checkpoint old;
    struct pl_hash root;
    size_t text_len = 0;
    int rc = pl_vkey_parse(x->now.vkey, &key, &x->e);
    if (rc != 0) {
        return rc;
    }
    if (pl_note_check(note, n, &key, &text_len, NULL, &x->e) != 0 ||
        pl_checkpoint_parse(note, text_len, &old, &x->e) != 0) {
        return pl_fail(&x->e, PL_E_CONFLICT, "%s holds an export of another log or epoch", x->dir);
    }
    if (old.size > x->now.c.size) {
        return pl_fail(&x->e, PL_E_CONFLICT,
                       "%s holds %llu entries, the database has only %llu: the log was cut", x->dir,
                       (unsigned long long)old.size, (unsigned long long)x->now.c.size);
    }
    rc = audit_root_at(x->l, x->now.epoch, old.size, &root, &x->e);
    if (rc == 0 && !pl_hash_equal(&root, &old.root)) {
        rc = pl_fail(&x->e, PL_E_CONFLICT,
                     "the log in the database does not continue the export in %s: it was rewritten",
                     x->dir);
    }
    x->old_size = old.size;
    return rc;
}

static int open_dir(struct exporter *x)
{
    char path[PATH_SIZE];
    struct pl_buf note;
    int rc = pl_mkdir_p(x->dir, 0700, &x->e);
    if (rc != 0 || pl_path_join(path, sizeof(path), x->dir, "checkpoint") != 0) {
        return rc != 0 ? rc : pl_fail(&x->e, PL_E_LIMIT, "%s: the path is too long", x->dir);
    }
    x->dirfd = open(x->dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (x->dirfd < 0) {
        return pl_fail(&x->e, PL_E_IO, "%s: %s", x->dir, strerror(errno));
    }
    if (!pl_file_exists(path)) {
        if (is_empty(x->dir)) {
            return 0;
        }
        return pl_fail(&x->e, PL_E_CONFLICT, "%s is neither empty nor an export of a log", x->dir);
    }
    rc = pl_file_read_all(path, PL_NOTE_MAX_BYTES, &note, &x->e);
    if (rc == 0) {
        rc = check_old(x, (const char *)note.data, note.len);
    }
    pl_buf_release(&note);
    return rc;
}

/* ---- tiles ------------------------------------------------------------------------------------
 */

static void on_hashes(void *ctx, int rc, const struct log_bytes *runs, size_t n,
                      const struct pl_err *e)
{
    struct exporter *x = ctx;
    unsigned last = 0;
    uint64_t tiles = pl_tile_count(x->now.c.size, x->level, &last);
    for (size_t i = 0; rc == 0 && x->rc == 0 && i < n; i++) {
        char path[PL_TILE_PATH_SIZE];
        struct pl_tile t = {.level = x->level,
                            .index = x->first + i,
                            .width = x->first + i + 1 == tiles ? last : PL_TILE_WIDTH};
        pl_tile_path(&t, path);
        x->rc = runs[i].n == (size_t)t.width * 32
                    ? put(x, path, runs[i].p, runs[i].n)
                    : pl_fail(&x->e, PL_E_INVALID, "%s has holes in the database", path);
    }
    local_done(&x->answer, rc, e);
}

static int wait_for(struct exporter *x, int rc)
{
    rc = local_wait(x->l, rc, &x->answer, &x->e);
    return rc != 0 ? rc : x->rc;
}

static int put_level(struct exporter *x, int level)
{
    unsigned last = 0;
    uint64_t tiles = pl_tile_count(x->now.c.size, level, &last);
    int rc = 0;
    x->level = level;
    x->first = level < 7 ? x->old_size >> (8 * (level + 1)) : 0;
    for (; rc == 0 && x->first < tiles; x->first += TILES_AT_ONCE) {
        struct log_run runs[TILES_AT_ONCE];
        size_t n = 0;
        for (uint64_t i = x->first; i < tiles && n < TILES_AT_ONCE; i++) {
            runs[n++] = (struct log_run){.level = level,
                                         .first = i * PL_TILE_WIDTH,
                                         .count = i + 1 == tiles ? last : PL_TILE_WIDTH};
        }
        memset(&x->answer, 0, sizeof(x->answer));
        rc = wait_for(x, repo_log_hashes(local_store(x->l), x->now.epoch, runs, n, on_hashes, x));
    }
    return rc;
}

/* ---- entries ----------------------------------------------------------------------------------
 */

static void note_leaf(struct exporter *x, const struct log_entry_row *row)
{
    struct pl_leaf l;
    uint64_t rev = 0;
    const uint8_t *gone = NULL;
    size_t n = 0;
    if (pl_leaf_decode(row->leaf, row->leaf_len, &l, NULL) != 0) {
        return;
    }
    if (l.kind == KIND_EDIT && pl_leaf_u64(&l, TAG_REVISION, &rev)) {
        struct seen_review *s;
        HASH_FIND(hh, x->seen, &row->review, sizeof(row->review), s);
        if (s == NULL) {
            s = pl_xcalloc(1, sizeof(*s));
            s->review = row->review;
            HASH_ADD(hh, x->seen, review, sizeof(s->review), s);
        }
        s->rev = rev > s->rev ? rev : s->rev;
    }
    if (l.kind == PL_LEAF_KIND_ERASE && pl_leaf_field(&l, TAG_COMMITMENT, &gone, &n)) {
        for (; n >= 32; n -= 32, gone += 32) {
            char path[80] = "blobs/";
            pl_hex_encode(gone, 32, path + 6);
            drop(x, path);
        }
    }
}

static void on_entries(void *ctx, int rc, const struct log_entry_row *rows, size_t n,
                       const struct pl_err *e)
{
    struct exporter *x = ctx;
    struct pl_buf bundle;
    pl_buf_init(&bundle, BUNDLE_MAX);
    for (size_t i = 0; rc == 0 && x->rc == 0 && i < n; i++) {
        if (rows[i].index != x->first * PL_TILE_WIDTH + i) {
            x->rc = pl_fail(&x->e, PL_E_INVALID, "entry %llu is missing in the database",
                            (unsigned long long)x->first * PL_TILE_WIDTH + i);
            break;
        }
        x->rc = pl_bundle_add(&bundle, rows[i].leaf, rows[i].leaf_len, &x->e);
        note_leaf(x, &rows[i]);
    }
    x->rows = n;
    if (rc == 0 && x->rc == 0 && n > 0) {
        char path[PL_TILE_PATH_SIZE];
        struct pl_tile t = {.level = PL_TILE_ENTRIES, .index = x->first, .width = (unsigned)n};
        pl_tile_path(&t, path);
        x->rc = put(x, path, bundle.data, bundle.len);
    }
    pl_buf_release(&bundle);
    local_done(&x->answer, rc, e);
}

static int put_entries(struct exporter *x)
{
    uint64_t size = x->now.c.size;
    int rc = 0;
    for (x->first = x->old_size / PL_TILE_WIDTH; rc == 0 && x->first * PL_TILE_WIDTH < size;
         x->first++) {
        uint64_t from = x->first * PL_TILE_WIDTH;
        uint64_t to = from + PL_TILE_WIDTH < size ? from + PL_TILE_WIDTH : size;
        memset(&x->answer, 0, sizeof(x->answer));
        rc =
            wait_for(x, repo_log_entries(local_store(x->l), x->now.epoch, from, to, on_entries, x));
        if (rc == 0 && x->rows != to - from) {
            rc = pl_fail(&x->e, PL_E_INVALID, "entries behind %llu are missing in the database",
                         (unsigned long long)from + x->rows);
        }
    }
    return rc;
}

/* ---- keys and payloads ------------------------------------------------------------------------
 */

static void on_keys(void *ctx, int rc, const struct log_bytes *keys, size_t n,
                    const struct pl_err *e)
{
    struct exporter *x = ctx;
    for (size_t i = 0; rc == 0 && x->rc == 0 && i < n; i++) {
        char path[80] = "keys/";
        uint8_t sum[PL_SHA256_BYTES];
        pl_sha256(keys[i].p, keys[i].n, sum);
        pl_hex_encode(sum, sizeof(sum), path + 5);
        x->rc = put(x, path, keys[i].p, keys[i].n);
    }
    local_done(&x->answer, rc, e);
}

/* salt || payload, named by the commitment that it answers. */
static int put_blob(struct exporter *x, const uint8_t *salt, const struct pl_frame *f)
{
    char path[80] = "blobs/";
    char full[PATH_SIZE];
    uint8_t sum[PL_SHA256_BYTES];
    struct pl_sha256 h;
    struct pl_buf blob;
    pl_sha256_init(&h);
    pl_sha256_update(&h, "PLC1", 4);
    pl_sha256_update(&h, salt, 32);
    pl_sha256_update(&h, f->payload, f->n);
    pl_sha256_final(&h, sum);
    pl_hex_encode(sum, sizeof(sum), path + 6);
    if (pl_path_join(full, sizeof(full), x->dir, path) == 0 && pl_file_exists(full)) {
        return 0;
    }
    pl_buf_init(&blob, f->n + 32);
    PL_ASSERT(pl_buf_add(&blob, salt, 32) == 0 && pl_buf_add(&blob, f->payload, f->n) == 0);
    int rc = put(x, path, blob.data, blob.len);
    pl_buf_release(&blob);
    x->blobs += rc == 0;
    return rc;
}

static int put_batch(struct exporter *x, const struct log_payload_row *b, uint64_t max_rev)
{
    struct pl_frame_reader reader;
    struct pl_frame f;
    int more = 1;
    int rc = 0;
    pl_frame_reader_init(&reader, PL_FRAME_MAX_SERVER);
    pl_frame_feed(&reader, b->body, b->body_len);
    for (uint64_t rev = b->first_rev; rc == 0 && rev <= b->last_rev && rev <= max_rev; rev++) {
        size_t at = (size_t)(rev - b->first_rev) * 33;
        more = pl_frame_next(&reader, &f, &x->e);
        if (more != 1 || at + 33 > b->salts_len) {
            rc = pl_fail(&x->e, PL_E_INVALID, "REV-%llu, revision %llu: not readable",
                         (unsigned long long)b->review, (unsigned long long)rev);
        } else if (b->salts[at] == 1) {
            rc = put_blob(x, b->salts + at + 1, &f);
        }
    }
    pl_frame_reader_release(&reader);
    return rc;
}

static void on_payloads(void *ctx, int rc, const struct log_payload_row *rows, size_t n,
                        const struct pl_err *e)
{
    struct exporter *x = ctx;
    for (size_t i = 0; rc == 0 && x->rc == 0 && i < n; i++) {
        struct seen_review *s;
        HASH_FIND(hh, x->seen, &rows[i].review, sizeof(rows[i].review), s);
        if (s != NULL) {
            x->rc = put_batch(x, &rows[i], s->rev);
        }
        x->next_review = rows[i].review;
        x->next_rev = rows[i].last_rev;
    }
    x->rows = n;
    local_done(&x->answer, rc, e);
}

static int put_blobs(struct exporter *x)
{
    int rc = 0;
    x->rows = PAYLOAD_ROWS;
    while (rc == 0 && x->rows == PAYLOAD_ROWS) {
        memset(&x->answer, 0, sizeof(x->answer));
        rc = wait_for(x, repo_log_payloads(local_store(x->l), x->next_review, x->next_rev,
                                           PAYLOAD_ROWS, on_payloads, x));
    }
    return rc;
}

static int put_keys(struct exporter *x)
{
    memset(&x->answer, 0, sizeof(x->answer));
    return wait_for(x, repo_log_keys(local_store(x->l), on_keys, x));
}

/* The pin in hexadecimal digits. */
static int put_organisation(struct exporter *x, const char *data_dir)
{
    struct datadir_tls tls;
    char text[66];
    int rc = datadir_tls_load(data_dir, &tls, &x->e);
    if (rc == 0) {
        pl_hex_encode(tls.root_pin, sizeof(tls.root_pin), text);
        (void)pl_strlcat(text, "\n", sizeof(text));
        rc = put(x, "organisation", text, strlen(text));
    }
    datadir_tls_release(&tls);
    return rc;
}

/* ---- the whole --------------------------------------------------------------------------------
 */

/* Partial tiles of the older size; full ones have taken their place, or wider ones. */
static void drop_old_partials(struct exporter *x)
{
    for (int level = PL_TILE_ENTRIES; level <= PL_TILE_LEVEL_MAX; level++) {
        unsigned width = 0;
        unsigned now_width = 0;
        uint64_t tiles = pl_tile_count(x->old_size, level, &width);
        uint64_t now_tiles = pl_tile_count(x->now.c.size, level, &now_width);
        char path[PL_TILE_PATH_SIZE];
        if (tiles == 0 || width == PL_TILE_WIDTH || (tiles == now_tiles && width == now_width)) {
            continue;
        }
        const struct pl_tile t = {.level = level, .index = tiles - 1, .width = width};
        pl_tile_path(&t, path);
        drop(x, path);
        *strrchr(path, '/') = '\0';
        (void)unlinkat(x->dirfd, path, AT_REMOVEDIR); /* empty once the tile is full */
    }
}

static int put_end(struct exporter *x)
{
    char path[PATH_SIZE];
    char policy[PL_VKEY_SIZE + 32];
    int n = snprintf(policy, sizeof(policy), "log %s\nquorum none\n", x->now.vkey);
    int rc = put(x, "policy", policy, (size_t)n);
    if (rc == 0 && syncfs(x->dirfd) != 0) {
        rc = pl_fail(&x->e, PL_E_IO, "%s: %s", x->dir, strerror(errno));
    }
    if (rc == 0 && pl_path_join(path, sizeof(path), x->dir, "checkpoint") == 0) {
        rc = pl_file_write_atomic(path, x->now.note, strlen(x->now.note), 0600, &x->e);
    }
    if (rc == 0) {
        drop_old_partials(x);
    }
    return rc;
}

static int put_all(struct exporter *x, const char *data_dir, bool texts)
{
    int rc = open_dir(x);
    if (rc == 0) {
        rc = put_organisation(x, data_dir);
    }
    for (int level = 0; rc == 0 && level <= PL_TILE_LEVEL_MAX; level++) {
        rc = put_level(x, level);
    }
    if (rc == 0) {
        rc = put_entries(x);
    }
    if (rc == 0) {
        rc = put_keys(x);
    }
    if (rc == 0 && texts) {
        rc = put_blobs(x);
    }
    return rc == 0 ? put_end(x) : rc;
}

static void on_noted(void *ctx, int rc, const struct pl_err *e)
{
    local_done(ctx, rc, e);
}

int admin_audit_export(const struct admin *a, const char *dir, bool texts, struct pl_err *e)
{
    struct exporter x = {.dir = dir, .dirfd = -1};
    int rc = local_open(a->dir, &x.l, e);
    if (rc != 0) {
        return rc;
    }
    pl_err_init(&x.e);
    rc = audit_now_read(x.l, &x.now, &x.e);
    if (rc == 0 && x.now.c.size == 0) {
        rc = pl_fail(&x.e, PL_E_NOENT, "no checkpoint is signed yet: 'plimsolld serve' seals");
    }
    if (rc == 0) {
        rc = put_all(&x, a->dir, texts);
    }
    if (rc == 0) {
        memset(&x.answer, 0, sizeof(x.answer));
        rc = local_wait(
            x.l, repo_log_exported(local_store(x.l), x.now.c.size, texts, on_noted, &x.answer),
            &x.answer, &x.e);
    }
    struct seen_review *s;
    struct seen_review *tmp;
    HASH_ITER (hh, x.seen, s, tmp) {
        HASH_DEL(x.seen, s);
        free(s);
    }
    if (x.dirfd >= 0) {
        (void)close(x.dirfd);
    }
    local_close(x.l);
    if (rc != 0) {
        return pl_fail(e, -rc, "%s", x.e.text);
    }
    (void)fprintf(stderr, "%s: %llu entries, %llu new, %llu payloads new.\n", dir,
                  (unsigned long long)x.now.c.size, (unsigned long long)(x.now.c.size - x.old_size),
                  (unsigned long long)x.blobs);
    return 0;
}
