// SPDX-License-Identifier: Apache-2.0
/*
 * Tiles: how a hash tree is stored and handed out (c2sp.org/tlog-tiles). A tile of level L holds up
 * to 256 hashes of the tree's level 8 L side by side; a full one never changes. Entry bundles hold
 * the leaves themselves, each behind its length in 16 bits.
 */
#ifndef PLIMSOLL_TLOG_TILE_H
#define PLIMSOLL_TLOG_TILE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "plimsoll/base/buf.h"
#include "plimsoll/base/err.h"
#include "plimsoll/tlog/tree.h"

#define PL_TILE_HEIGHT    8
#define PL_TILE_WIDTH     256
#define PL_TILE_LEVEL_MAX 7    /* 256^8 leaves are more than PL_TREE_MAX */
#define PL_TILE_ENTRIES   (-1) /* the level of entry bundles */
#define PL_TILE_PATH_SIZE 64

struct pl_tile {
    int level;
    uint64_t index;
    unsigned width; /* 1 to 256; below 256: partial, the tile at the right edge of one tree size */
};

/* "tile/0/x001/x234/067" and "....p/5"; entry bundles "tile/entries/...". */
void pl_tile_path(const struct pl_tile *t, char out[PL_TILE_PATH_SIZE]);
/* The inverse: -PL_E_INVALID for anything that pl_tile_path does not write. */
int pl_tile_parse(const char *path, struct pl_tile *out, struct pl_err *e) PL_MUST;

/* How many tiles of this level a tree of `size` leaves has, and the width of the last (256 when it
 * is full). 0 tiles: width 0. PL_TILE_ENTRIES counts as level 0. */
uint64_t pl_tile_count(uint64_t size, int level, unsigned *last_width);

/* Where node `index` of `level` of the tree is: in a tile, `count` hashes from `offset` on. */
struct pl_tile_part {
    int level;
    uint64_t index;
    unsigned offset;
    unsigned count; /* 1, 2, 4 ... 128 */
};
struct pl_tile_part pl_tile_of_node(unsigned level, uint64_t index);

/* The root over 1, 2, 4 ... 256 hashes side by side. */
struct pl_hash pl_tile_fold(const struct pl_hash *h, unsigned count);

/* Appends one leaf to an entry bundle. -PL_E_LIMIT above 65535 bytes or the buffer's limit. */
int pl_bundle_add(struct pl_buf *bundle, const void *leaf, size_t n, struct pl_err *e) PL_MUST;
/* The next leaf of a bundle; moves *at. 1: there is one, 0: the end, -PL_E_INVALID: cut off. */
int pl_bundle_next(const uint8_t *bytes, size_t n, size_t *at, const uint8_t **leaf, size_t *len,
                   struct pl_err *e) PL_MUST;

#endif
