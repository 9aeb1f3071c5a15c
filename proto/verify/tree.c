// SPDX-License-Identifier: Apache-2.0
/*
 * The tree, built again from the entries (RFC 6962 section 2.1) in the way it is stored
 * (c2sp.org/tlog-tiles): of each level of tiles only the last one is held. One that is full is
 * compared with its file and becomes one hash of the level above. The root is the fold of what is
 * held.
 */
#include <stdio.h>
#include <string.h>

#include "plimsoll/base/str.h"

#include "verify_int.h"

void vf_tree_hash_leaf(const uint8_t *leaf, size_t n, uint8_t out[HASH_BYTES])
{
    struct pl_sha256 h;
    pl_sha256_init(&h);
    pl_sha256_update(&h, "\0", 1);
    pl_sha256_update(&h, leaf, n);
    pl_sha256_final(&h, out);
}

void vf_hash_pair(const uint8_t *left, const uint8_t *right, uint8_t out[HASH_BYTES])
{
    struct pl_sha256 h;
    uint8_t both[2 * HASH_BYTES];
    memcpy(both, left, HASH_BYTES);
    memcpy(both + HASH_BYTES, right, HASH_BYTES);
    pl_sha256_init(&h);
    pl_sha256_update(&h, "\x01", 1);
    pl_sha256_update(&h, both, sizeof(both));
    pl_sha256_final(&h, out);
}

/* The root of n hashes side by side, n a power of two and at most a tile. */
static void fold(const uint8_t (*h)[HASH_BYTES], unsigned n, uint8_t out[HASH_BYTES])
{
    uint8_t work[TILE_WIDTH][HASH_BYTES];
    memcpy(work, h, (size_t)n * HASH_BYTES);
    for (; n > 1; n /= 2) {
        for (unsigned i = 0; i < n / 2; i++) {
            vf_hash_pair(work[2 * i], work[2 * i + 1], work[i]);
        }
    }
    memcpy(out, work[0], HASH_BYTES);
}

void vf_tile_path(int level, uint64_t index, unsigned width, char out[PATH_MAX_])
{
    unsigned group[7]; /* three digits each, the last first: 64 bits have at most twenty */
    unsigned n = 0;
    int len;
    do {
        group[n++] = (unsigned)(index % 1000);
        index /= 1000;
    } while (index > 0);
    if (level < 0) {
        len = snprintf(out, PATH_MAX_, "tile/entries/");
    } else {
        len = snprintf(out, PATH_MAX_, "tile/%d/", level);
    }
    while (n-- > 1) {
        len += snprintf(out + len, PATH_MAX_ - (size_t)len, "x%03u/", group[n]);
    }
    len += snprintf(out + len, PATH_MAX_ - (size_t)len, "%03u", group[0]);
    if (width < TILE_WIDTH) {
        (void)snprintf(out + len, PATH_MAX_ - (size_t)len, ".p/%u", width);
    }
}

/* Compares the hashes that are held of a level with the tile's file. */
static int compare(struct verify *v, unsigned level, struct pl_err *e)
{
    char path[PATH_MAX_];
    struct pl_buf b;
    bool is_there = false;
    unsigned width = v->in_tile[level];
    vf_tile_path((int)level, v->tiles[level], width, path);
    int rc = vf_read_maybe(v, path, &b, &is_there, e);
    if (rc == 0 && !is_there) {
        vf_find_in(v, PL_FINDING_FILE_MISSING, path, "the tile of %u hashes is missing", width);
    } else if (rc == 0) {
        size_t i = 0;
        while (i < width && (i + 1) * HASH_BYTES <= b.len &&
               memcmp(b.data + i * HASH_BYTES, v->tile[level][i], HASH_BYTES) == 0) {
            i++;
        }
        if (b.len != (size_t)width * HASH_BYTES) {
            vf_find_in(v, PL_FINDING_TILE_DIFFERS, path, "it has %zu bytes, not %zu", b.len,
                       (size_t)width * HASH_BYTES);
        } else if (i < width) {
            vf_find_in(v, PL_FINDING_TILE_DIFFERS, path, "hash %zu is not the one of the entries",
                       i);
        }
        v->r->tiles++;
    }
    pl_buf_release(&b);
    return rc;
}

int vf_tree_add(struct verify *v, const uint8_t leaf_hash[HASH_BYTES], struct pl_err *e)
{
    uint8_t h[HASH_BYTES];
    memcpy(h, leaf_hash, HASH_BYTES);
    v->entries++;
    for (unsigned level = 0; level < TILE_LEVELS; level++) {
        memcpy(v->tile[level][v->in_tile[level]++], h, HASH_BYTES);
        if (v->in_tile[level] < TILE_WIDTH) {
            break;
        }
        int rc = compare(v, level, e);
        if (rc != 0) {
            return rc;
        }
        fold((const uint8_t(*)[HASH_BYTES])v->tile[level], TILE_WIDTH, h);
        v->in_tile[level] = 0;
        v->tiles[level]++;
    }
    return 0;
}

void vf_tree_root(const struct verify *v, uint8_t out[HASH_BYTES])
{
    bool has = false;
    pl_sha256("", 0, out);
    /* From the right edge to the left: what a level holds falls into complete parts, the smallest
     * of them rightmost. */
    for (unsigned level = 0; level < TILE_LEVELS; level++) {
        unsigned end = v->in_tile[level];
        for (unsigned part = 1; end > 0; part *= 2) {
            uint8_t h[HASH_BYTES];
            if ((end & part) == 0) {
                continue;
            }
            end -= part;
            fold((const uint8_t(*)[HASH_BYTES])v->tile[level] + end, part, h);
            if (has) {
                vf_hash_pair(h, out, out);
            } else {
                memcpy(out, h, HASH_BYTES);
                has = true;
            }
        }
    }
}

int vf_tree_end(struct verify *v, struct pl_err *e)
{
    uint8_t root[HASH_BYTES];
    int rc = 0;
    for (unsigned level = 0; rc == 0 && level < TILE_LEVELS; level++) {
        if (v->in_tile[level] > 0) {
            rc = compare(v, level, e);
        }
    }
    vf_tree_root(v, root);
    if (v->entries != v->top.size) {
        vf_find_in(v, PL_FINDING_SIZE, "checkpoint", "it says %llu, the export has %llu",
                   (unsigned long long)v->top.size, (unsigned long long)v->entries);
    }
    if (memcmp(root, v->top.root, HASH_BYTES) != 0) {
        char have[2 * HASH_BYTES + 1];
        char want[2 * HASH_BYTES + 1];
        pl_hex_encode(root, HASH_BYTES, have);
        pl_hex_encode(v->top.root, HASH_BYTES, want);
        vf_find_in(v, PL_FINDING_ROOT, "checkpoint",
                   "signed is %.16s..., the entries give %.16s...", want, have);
    }
    return rc;
}
