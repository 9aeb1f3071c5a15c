// SPDX-License-Identifier: Apache-2.0
/*
 * Turning the events of a test's log into an export: leaves with their chains, payloads, keys,
 * tree, checkpoint. With proto/tlog, as the server does.
 */
#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "plimsoll/base/file.h"
#include "plimsoll/base/hash.h"
#include "plimsoll/base/mem.h"
#include "plimsoll/base/str.h"
#include "plimsoll/tlog/tile.h"

#include "support/loggen.h"

#define STREAMS        8
#define FILE_MAX_BYTES (32u * 1024u * 1024u)

/* ---- files ------------------------------------------------------------------------------------
 */

struct loggen_file *loggen_file(struct loggen *g, const char *path)
{
    for (size_t i = 0; i < g->n_files; i++) {
        if (strcmp(g->files[i].path, path) == 0) {
            return &g->files[i];
        }
    }
    return NULL;
}

void loggen_put(struct loggen *g, const char *path, const void *bytes, size_t n)
{
    struct loggen_file *f = loggen_file(g, path);
    if (f == NULL) {
        if (g->n_files == g->cap_files) {
            g->cap_files = g->cap_files * 2 + 64;
            g->files = pl_xrealloc(g->files, g->cap_files, sizeof(*g->files));
        }
        f = &g->files[g->n_files++];
        f->path = pl_xstrdup(path);
        pl_buf_init(&f->bytes, FILE_MAX_BYTES);
    }
    pl_buf_clear(&f->bytes);
    PL_ASSERT(pl_buf_add(&f->bytes, bytes, n) == 0);
}

void loggen_remove(struct loggen *g, const char *path)
{
    struct loggen_file *f = loggen_file(g, path);
    if (f != NULL) {
        free(f->path);
        pl_buf_release(&f->bytes);
        *f = g->files[--g->n_files];
    }
}

size_t loggen_find(const struct loggen *g, uint16_t kind)
{
    for (size_t i = g->n; i-- > 0;) {
        if (g->events[i].kind == kind) {
            return i;
        }
    }
    return 0;
}

static int mem_read(void *ctx, const char *path, size_t max, struct pl_buf *out, struct pl_err *e)
{
    struct loggen_file *f = loggen_file(ctx, path);
    pl_buf_init(out, max);
    if (f == NULL) {
        return pl_fail(e, PL_E_NOENT, "%s", path);
    }
    return pl_buf_add(out, f->bytes.data, f->bytes.len) == 0
               ? 0
               : pl_fail(e, PL_E_TOO_LARGE, "%s", path);
}

static int mem_list(void *ctx, const char *path,
                    void (*each)(void *each_ctx, const char *name, bool is_dir), void *each_ctx,
                    struct pl_err *e)
{
    struct loggen *g = ctx;
    size_t n = strlen(path);
    size_t found = 0;
    for (size_t i = 0; i < g->n_files; i++) {
        const char *p = g->files[i].path;
        if (strncmp(p, path, n) != 0 || p[n] != '/') {
            continue;
        }
        const char *slash = strchr(p + n + 1, '/');
        char *name = slash == NULL ? pl_xstrdup(p + n + 1)
                                   : pl_xstrndup(p + n + 1, (size_t)(slash - p) - n - 1);
        bool is_new = true; /* a folder is named once */
        for (size_t k = 0; slash != NULL && k < i; k++) {
            is_new = is_new && strncmp(g->files[k].path, p, (size_t)(slash - p) + 1) != 0;
        }
        if (is_new) {
            each(each_ctx, name, slash != NULL);
        }
        found++;
        free(name);
    }
    return found > 0 ? 0 : pl_fail(e, PL_E_NOENT, "%s", path);
}

struct pl_verify_source loggen_source(struct loggen *g)
{
    return (struct pl_verify_source){g, mem_read, mem_list};
}

void loggen_save(struct loggen *g, const char *dir)
{
    char path[1024];
    for (size_t i = 0; i < g->n_files; i++) {
        PL_ASSERT(pl_path_join(path, sizeof(path), dir, g->files[i].path) == 0);
        char *slash = strrchr(path, '/');
        *slash = '\0';
        PL_ASSERT(pl_mkdir_p(path, 0755, NULL) == 0);
        *slash = '/';
        FILE *f = fopen(path, "we"); /* without fsync: there may be many */
        PL_ASSERT(f != NULL &&
                  fwrite(g->files[i].bytes.data, 1, g->files[i].bytes.len, f) ==
                      g->files[i].bytes.len &&
                  fclose(f) == 0);
    }
}

/* ---- leaves -----------------------------------------------------------------------------------
 */

/* blobs/HEX and the commitment. */
static struct pl_hash put_payload(struct loggen *g, const struct loggen_event *e, size_t at)
{
    char path[80] = "blobs/";
    struct pl_hash h = {{0}};
    struct pl_sha256 s;
    struct pl_buf b;
    if (e->payload == NULL) {
        return h;
    }
    uint8_t salt[32] = {(uint8_t)(at >> 16), (uint8_t)(at >> 8), (uint8_t)at};
    pl_buf_init(&b, FILE_MAX_BYTES);
    PL_ASSERT(pl_buf_add(&b, salt, sizeof(salt)) == 0 && pl_buf_add_str(&b, e->payload) == 0);
    pl_sha256_init(&s);
    pl_sha256_update(&s, "PLC1", 4);
    pl_sha256_update(&s, b.data, b.len);
    pl_sha256_final(&s, h.b);
    pl_hex_encode(h.b, 32, path + 6);
    if (!e->no_blob) {
        loggen_put(g, path, b.data, b.len);
    }
    pl_buf_release(&b);
    return h;
}

/* Field 44 and 60 of an erasure: what is not there, and who asked. */
static void fill_erasure(struct loggen_event *e, const struct pl_hash *gone, uint64_t asked)
{
    for (size_t i = 0; i < e->fields.len;) {
        uint8_t *p = e->fields.data + i;
        size_t n = (size_t)p[2] * 256 + p[3];
        if (p[1] == 44) {
            memcpy(p + 4, gone->b, 32);
        } else if (p[1] == 60) {
            p[11] = (uint8_t)asked;
            p[10] = (uint8_t)(asked >> 8);
        }
        i += 4 + n;
    }
}

static void make_leaves(struct loggen *g)
{
    struct pl_hash last[STREAMS] = {{{0}}};
    uint64_t next[STREAMS] = {0};
    struct pl_hash gone = {{0}};
    uint64_t asked = 0;
    for (size_t i = 0; i < g->n; i++) {
        struct loggen_event *e = &g->events[i];
        struct pl_leaf l = {.outcome = e->outcome,
                            .kind = e->kind,
                            .stream = e->stream,
                            .number = next[e->stream]++,
                            .time_us = e->time_us,
                            .user = e->user,
                            .device = e->device,
                            .node = 1,
                            .prev = last[e->stream]};
        l.commitment = put_payload(g, e, i);
        if (e->no_blob) {
            gone = l.commitment;
        }
        asked = e->kind == 0x0601 ? l.number : asked;
        if (e->kind == 0x0602) {
            fill_erasure(e, &gone, asked);
        }
        l.fields = e->fields.data;
        l.fields_len = e->fields.len;
        l.n_fields = e->n_fields;
        memset(l.blind, (int)(i & 0xff), sizeof(l.blind));
        pl_buf_clear(&e->leaf);
        PL_ASSERT(pl_leaf_encode(&l, &e->leaf, NULL) == 0);
        e->number = l.number;
        last[e->stream] = pl_tree_leaf(e->leaf.data, e->leaf.len);
    }
}

/* ---- tree -------------------------------------------------------------------------------------
 */

struct tiles {
    struct loggen *g;
    struct pl_buf level[PL_TILE_LEVEL_MAX + 1]; /* hashes of each level of tiles */
};

static void on_node(void *ctx, unsigned level, uint64_t index, const struct pl_hash *h)
{
    struct tiles *t = ctx;
    (void)index;
    if (level % PL_TILE_HEIGHT == 0) {
        PL_ASSERT(pl_buf_add(&t->level[level / PL_TILE_HEIGHT], h->b, 32) == 0);
    }
}

static void put_tiles(struct tiles *t, int level)
{
    const struct pl_buf *b = &t->level[level];
    for (size_t at = 0; at < b->len; at += (size_t)PL_TILE_WIDTH * 32) {
        char path[PL_TILE_PATH_SIZE];
        size_t n =
            b->len - at < (size_t)PL_TILE_WIDTH * 32 ? b->len - at : (size_t)PL_TILE_WIDTH * 32;
        struct pl_tile tile = {level, at / 32 / PL_TILE_WIDTH, (unsigned)(n / 32)};
        pl_tile_path(&tile, path);
        loggen_put(t->g, path, b->data + at, n);
    }
}

static void put_bundles(struct loggen *g, uint64_t size)
{
    struct pl_buf b;
    struct pl_tile tile = {PL_TILE_ENTRIES, 0, 0};
    char path[PL_TILE_PATH_SIZE];
    pl_buf_init(&b, FILE_MAX_BYTES);
    for (size_t i = 0, in_tree = 0; i < g->n; i++) {
        if (g->events[i].dropped) {
            continue;
        }
        PL_ASSERT(pl_bundle_add(&b, g->events[i].leaf.data, g->events[i].leaf.len, NULL) == 0);
        tile.width++;
        if (++in_tree == size || tile.width == PL_TILE_WIDTH) {
            pl_tile_path(&tile, path);
            loggen_put(g, path, b.data, b.len);
            pl_buf_clear(&b);
            tile.index++;
            tile.width = 0;
        }
    }
    pl_buf_release(&b);
}

static char *checkpoint_of(struct loggen *g, const struct pl_tree *t, const struct pl_skey *key)
{
    char text[PL_CHECKPOINT_SIZE];
    struct pl_buf note;
    struct pl_checkpoint c = {.size = t->size, .root = pl_tree_root(t)};
    (void)pl_strlcpy(c.origin, g->origin, sizeof(c.origin));
    pl_checkpoint_print(&c, text);
    pl_buf_init(&note, PL_NOTE_MAX_BYTES);
    PL_ASSERT(pl_note_sign(text, key, &note, NULL) == 0);
    if (g->with_witness) {
        PL_ASSERT(pl_note_cosign(&note, &g->witness, 1767225600, NULL) == 0);
    }
    return pl_buf_steal(&note, NULL);
}

char *loggen_checkpoint(struct loggen *g, uint64_t size, const struct pl_skey *key)
{
    struct pl_tree t = {0};
    for (size_t i = 0; i < g->n && t.size < size; i++) {
        if (!g->events[i].dropped) {
            struct pl_hash h = pl_tree_leaf(g->events[i].leaf.data, g->events[i].leaf.len);
            pl_tree_add(&t, &h, NULL, NULL);
        }
    }
    return checkpoint_of(g, &t, key);
}

void loggen_tree(struct loggen *g)
{
    struct tiles t = {.g = g};
    struct pl_tree tree = {0};
    for (size_t i = 0; i < g->n_files;) { /* of what was sealed before */
        if (strncmp(g->files[i].path, "tile/", 5) == 0) {
            loggen_remove(g, g->files[i].path);
        } else {
            i++;
        }
    }
    for (int i = 0; i <= PL_TILE_LEVEL_MAX; i++) {
        pl_buf_init(&t.level[i], FILE_MAX_BYTES);
    }
    for (size_t i = 0; i < g->n; i++) {
        if (!g->events[i].dropped) {
            struct pl_hash h = pl_tree_leaf(g->events[i].leaf.data, g->events[i].leaf.len);
            pl_tree_add(&tree, &h, on_node, &t);
        }
    }
    for (int i = 0; i <= PL_TILE_LEVEL_MAX; i++) {
        put_tiles(&t, i);
        pl_buf_release(&t.level[i]);
    }
    put_bundles(g, tree.size);
    char *note = checkpoint_of(g, &tree, &g->key);
    loggen_put(g, "checkpoint", note, strlen(note));
    free(note);
}

void loggen_seal(struct loggen *g)
{
    char vkey[PL_VKEY_SIZE];
    char witness[PL_VKEY_SIZE];
    char path[80] = "keys/";
    uint8_t der[PL_KEY_DER_MAX];
    size_t n = 0;
    while (g->n_files > 0) {
        loggen_remove(g, g->files[0].path);
    }
    make_leaves(g);
    loggen_tree(g);
    for (size_t i = 1; i < LOGGEN_PEOPLE; i++) {
        pl_hex_encode(g->spki[i], 32, path + 5);
        PL_ASSERT(pl_key_public(g->device[i], der, &n, NULL) == 0);
        loggen_put(g, path, der, n);
    }
    pl_vkey_print(&g->key.pub, vkey);
    pl_vkey_print(&g->witness.pub, witness);
    char *policy = g->with_witness
                       ? pl_xasprintf("log %s\nwitness w1 %s\nquorum w1\n", vkey, witness)
                       : pl_xasprintf("log %s\nquorum none\n", vkey);
    loggen_put(g, "policy", policy, strlen(policy));
    free(policy);
}
