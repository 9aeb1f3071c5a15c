// SPDX-License-Identifier: Apache-2.0
/*
 * What the sealer computes: the tree from its right edge, and a batch of events that are to get a
 * place in it. Pure: rows of the database come in, rows for the database and a tree come out.
 *
 * Everything is computed anew from the bytes of the events. -PL_E_INVALID says what does not fit:
 * the sealer stops then.
 */
#ifndef PLIMSOLL_SERVER_AUDIT_SEAL_TREE_H
#define PLIMSOLL_SERVER_AUDIT_SEAL_TREE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "plimsoll/base/err.h"
#include "plimsoll/tlog/tile.h"
#include "plimsoll/tlog/tree.h"

#define SEAL_BATCH_MAX 4096u
#define SEAL_TILES_MAX 32u /* that 4,096 leaves can fill: 17 of level 0, a few above */

/* The hashes of each level that do not fill a tile (log_edge in sql/0015_seal.sql). Large. */
struct seal_edge {
    uint64_t size;
    unsigned n[PL_TILE_LEVEL_MAX + 1];
    struct pl_hash h[PL_TILE_LEVEL_MAX + 1][PL_TILE_WIDTH];
};

void seal_edge_begin(struct seal_edge *g, uint64_t size);
/* The next hash of a level, from the left; false when it is not the next one. */
bool seal_edge_add(struct seal_edge *g, int32_t level, uint64_t index, const uint8_t *hash,
                   size_t n);
/* The tree; -PL_E_INVALID when hashes are missing. */
int seal_edge_tree(const struct seal_edge *g, struct pl_tree *out, struct pl_err *e) PL_MUST;

/* An event without a place, as it stands in the database. Borrowed. */
struct seal_event {
    int64_t id;
    uint64_t review, number;
    const uint8_t *pending; /* its hash as it was queued, 32 bytes */
    const uint8_t *leaf;
    size_t leaf_len;     /* 0: the event is gone */
    const uint8_t *prev; /* hash of the event before, if that has a place; NULL: it has none */
};

struct seal_stream;

struct seal_batch {
    uint32_t epoch;
    uint64_t base;
    struct pl_tree tree; /* as it will be */
    size_t n;
    int64_t ids[SEAL_BATCH_MAX];
    size_t tiles;
    int32_t tile_level[SEAL_TILES_MAX];
    uint64_t tile_index[SEAL_TILES_MAX];
    struct pl_hash tile_root[SEAL_TILES_MAX];
    int64_t oldest_us;           /* time of the first event */
    struct seal_stream *streams; /* where each stays */
};

void seal_batch_begin(struct seal_batch *b, uint32_t epoch, const struct pl_tree *tree);
void seal_batch_release(struct seal_batch *b); /* tolerates zeroes */

/* Adds one; after an error the batch is of no use. */
int seal_batch_add(struct seal_batch *b, const struct seal_event *ev, struct pl_err *e) PL_MUST;

#endif
