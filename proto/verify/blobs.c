// SPDX-License-Identifier: Apache-2.0
/*
 * Payloads: a leaf commits to SHA-256("PLC1" || salt || payload), the file blobs/HEX holds salt and
 * payload. One that is not there must have been erased by an event of its own; one that was erased
 * must not be there. An export without blobs/ is one for people who may not read the texts.
 */
#include <stdlib.h>
#include <string.h>

#include "plimsoll/base/mem.h"
#include "plimsoll/base/str.h"

#include "verify_int.h"

static uint64_t prefix(const uint8_t *h)
{
    uint64_t x;
    memcpy(&x, h, sizeof(x));
    return x;
}

static void blob_path(const uint8_t *hash, char out[PATH_MAX_])
{
    (void)pl_strlcpy(out, "blobs/", PATH_MAX_);
    pl_hex_encode(hash, HASH_BYTES, out + 6);
}

static void remember(struct verify *v, const uint8_t *hash)
{
    if (v->n_seen == v->cap_seen) {
        v->cap_seen = v->cap_seen * 2 + 1024;
        v->seen_blobs = pl_xrealloc(v->seen_blobs, v->cap_seen, sizeof(*v->seen_blobs));
    }
    v->seen_blobs[v->n_seen++] = prefix(hash);
}

static void miss(struct verify *v)
{
    struct missing *m = NULL;
    HASH_FIND(hh, v->missing, v->leaf->commitment, HASH_BYTES, m);
    if (m == NULL) {
        m = pl_xcalloc(1, sizeof(*m));
        memcpy(m->hash, v->leaf->commitment, HASH_BYTES);
        m->index = v->index;
        m->stream = v->leaf->stream;
        m->number = v->leaf->number;
        HASH_ADD(hh, v->missing, hash, HASH_BYTES, m);
    }
}

int vf_check_blob(struct verify *v, struct pl_err *e)
{
    static const uint8_t zeros[HASH_BYTES];
    char path[PATH_MAX_];
    uint8_t hash[HASH_BYTES];
    struct pl_buf b;
    struct pl_sha256 h;
    bool is_there = false;
    if (memcmp(v->leaf->commitment, zeros, HASH_BYTES) == 0) {
        return 0;
    }
    if (!v->has_blobs) {
        v->unchecked++;
        return 0;
    }
    blob_path(v->leaf->commitment, path);
    int rc = vf_read_maybe(v, path, &b, &is_there, e);
    if (rc == 0 && !is_there) {
        miss(v);
    } else if (rc == 0) {
        pl_sha256_init(&h);
        pl_sha256_update(&h, "PLC1", 4);
        pl_sha256_update(&h, b.data, b.len);
        pl_sha256_final(&h, hash);
        if (memcmp(hash, v->leaf->commitment, HASH_BYTES) != 0) {
            vf_find(v, PL_FINDING_BLOB_DIFFERS, "%s holds something else", path);
        }
        remember(v, v->leaf->commitment);
        v->r->payloads++;
    }
    pl_buf_release(&b);
    return rc;
}

void vf_blob_erased(struct verify *v, const uint8_t hash[HASH_BYTES])
{
    struct missing *m = NULL;
    char path[PATH_MAX_];
    if (!v->has_blobs) {
        return;
    }
    blob_path(hash, path);
    HASH_FIND(hh, v->missing, hash, HASH_BYTES, m);
    if (m != NULL) { /* a payload may be in several erasures */
        v->r->erased += m->erased ? 0 : 1;
        m->erased = true;
        return;
    }
    for (size_t i = 0; i < v->n_seen; i++) {
        if (v->seen_blobs[i] == prefix(hash)) {
            vf_find(v, PL_FINDING_BLOB_KEPT, "%s is still there", path);
            return;
        }
    }
    vf_find(v, PL_FINDING_ERASE_UNKNOWN, "no entry before this one commits to %.16s...", path + 6);
}

static int by_number(const void *a, const void *b)
{
    uint64_t x = *(const uint64_t *)a;
    uint64_t y = *(const uint64_t *)b;
    return x < y ? -1 : x > y ? 1 : 0;
}

static void on_blob(void *ctx, const char *name, bool is_dir)
{
    struct verify *v = ctx;
    char path[PATH_MAX_];
    uint8_t hash[HASH_BYTES];
    uint64_t key = 0;
    (void)pl_strlcpy(path, "blobs/", sizeof(path));
    (void)pl_strlcat(path, name, sizeof(path));
    if (!is_dir && strlen(name) == (size_t)2 * HASH_BYTES &&
        pl_hex_decode(name, strlen(name), hash, sizeof(hash)) == 0) {
        key = prefix(hash);
        if (v->n_seen > 0 &&
            bsearch(&key, v->seen_blobs, v->n_seen, sizeof(key), by_number) != NULL) {
            return;
        }
    }
    vf_find_in(v, PL_FINDING_BLOB_STRAY, path, "no entry commits to it");
}

int vf_blobs_end(struct verify *v, struct pl_err *e)
{
    struct missing *m;
    struct missing *next;
    HASH_ITER (hh, v->missing, m, next) {
        char path[PATH_MAX_];
        if (m->erased) {
            continue;
        }
        blob_path(m->hash, path);
        vf_find_entry(v, PL_FINDING_BLOB_MISSING, m,
                      "%s is missing, and no later event says that it was erased", path);
    }
    if (!v->has_blobs) {
        return 0;
    }
    if (v->n_seen > 0) {
        qsort(v->seen_blobs, v->n_seen, sizeof(*v->seen_blobs), by_number);
    }
    return v->o->source.list(v->o->source.ctx, "blobs", on_blob, v, e);
}
