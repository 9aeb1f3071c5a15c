// SPDX-License-Identifier: Apache-2.0
/*
 * See seal_tree.h. In a new epoch the first leaf tells of the epoch, ahead of its stream: its
 * predecessors come behind it, so it alone is not held against them.
 */
#include "audit/seal_tree.h"

#include <string.h>

#include "plimsoll/base/hash.h"
#include "plimsoll/base/mem.h"
#include "plimsoll/tlog/leaf.h"

#define HASH_FUNCTION(k, n, h) ((h) = pl_map_hash((k), (n)))
#include <uthash.h>

struct seal_stream {
    uint64_t review;
    uint64_t number; /* of the last event in this batch */
    struct pl_hash hash;
    UT_hash_handle hh;
};

/* ---- the right edge ---------------------------------------------------------------------------
 */

void seal_edge_begin(struct seal_edge *g, uint64_t size)
{
    memset(g->n, 0, sizeof(g->n));
    g->size = size;
}

static uint64_t edge_first(const struct seal_edge *g, int32_t level)
{
    return (g->size >> (8 * level)) & ~UINT64_C(255);
}

bool seal_edge_add(struct seal_edge *g, int32_t level, uint64_t index, const uint8_t *hash,
                   size_t n)
{
    if (level < 0 || level > PL_TILE_LEVEL_MAX || n != sizeof(g->h[0][0]) ||
        g->n[level] >= PL_TILE_WIDTH - 1 || index != edge_first(g, level) + g->n[level]) {
        return false;
    }
    memcpy(&g->h[level][g->n[level]++], hash, n);
    return true;
}

int seal_edge_tree(const struct seal_edge *g, struct pl_tree *out, struct pl_err *e)
{
    memset(out, 0, sizeof(*out));
    out->size = g->size;
    for (int level = 0; level <= PL_TILE_LEVEL_MAX; level++) {
        unsigned width = (unsigned)((g->size >> (8 * level)) & 255);
        if (g->n[level] != width) {
            return pl_fail(e, PL_E_INVALID, "level %d of the tree of %llu leaves has holes", level,
                           (unsigned long long)g->size);
        }
        unsigned at = 0;
        for (int bit = PL_TILE_HEIGHT - 1; bit >= 0; bit--) {
            if ((width & (1u << bit)) != 0 && 8 * level + bit < 63) {
                out->peak[8 * level + bit] = pl_tile_fold(&g->h[level][at], 1u << bit);
                at += 1u << bit;
            }
        }
    }
    return 0;
}

/* ---- a batch ----------------------------------------------------------------------------------
 */

void seal_batch_begin(struct seal_batch *b, uint32_t epoch, const struct pl_tree *tree)
{
    seal_batch_release(b);
    b->epoch = epoch;
    b->base = tree->size;
    b->tree = *tree;
    b->n = 0;
    b->tiles = 0;
    b->oldest_us = 0;
}

void seal_batch_release(struct seal_batch *b)
{
    struct seal_stream *s;
    struct seal_stream *tmp;
    HASH_ITER (hh, b->streams, s, tmp) {
        HASH_DEL(b->streams, s);
        pl_mem_free(PL_MEM_OTHER, s);
    }
    b->streams = NULL;
}

static int bad(const struct seal_event *ev, const char *why, struct pl_err *e)
{
    return pl_fail(e, PL_E_INVALID, "event %llu of stream %llu: %s", (unsigned long long)ev->number,
                   (unsigned long long)ev->review, why);
}

/* Does it continue its stream? */
static int check_place(struct seal_batch *b, const struct seal_event *ev, const struct pl_leaf *l,
                       struct seal_stream **stream, struct pl_err *e)
{
    static const struct pl_hash zeros;
    struct seal_stream *s;
    HASH_FIND(hh, b->streams, &ev->review, sizeof(ev->review), s);
    *stream = s;
    if (s != NULL) {
        if (s->number + 1 != ev->number) {
            return bad(ev, "the event before it is missing", e);
        }
        return pl_hash_equal(&s->hash, &l->prev)
                   ? 0
                   : bad(ev, "does not continue the event before it", e);
    }
    if (ev->prev != NULL) {
        return memcmp(ev->prev, &l->prev, sizeof(l->prev)) == 0
                   ? 0
                   : bad(ev, "does not continue the event before it", e);
    }
    if (ev->number != 0) {
        return bad(ev, "the event before it is missing", e);
    }
    return pl_hash_equal(&l->prev, &zeros) ? 0 : bad(ev, "the first one names one before it", e);
}

static void note_stream(struct seal_batch *b, const struct seal_event *ev, struct seal_stream *s,
                        const struct pl_hash *hash)
{
    if (s == NULL) {
        s = pl_mem_calloc(PL_MEM_OTHER, 1, sizeof(*s));
        s->review = ev->review;
        HASH_ADD(hh, b->streams, review, sizeof(s->review), s);
    }
    s->number = ev->number;
    s->hash = *hash;
}

/* A complete node of level 8, 16 ... is a full tile of the level below. */
static void on_node(void *ctx, unsigned level, uint64_t index, const struct pl_hash *h)
{
    struct seal_batch *b = ctx;
    if (level == 0 || level % PL_TILE_HEIGHT != 0) {
        return;
    }
    PL_ASSERT(b->tiles < SEAL_TILES_MAX);
    b->tile_level[b->tiles] = (int32_t)(level / PL_TILE_HEIGHT) - 1;
    b->tile_index[b->tiles] = index;
    b->tile_root[b->tiles++] = *h;
}

int seal_batch_add(struct seal_batch *b, const struct seal_event *ev, struct pl_err *e)
{
    struct pl_leaf l;
    struct seal_stream *s = NULL;
    PL_ASSERT(b->n < SEAL_BATCH_MAX);
    if (ev->leaf_len == 0) {
        return bad(ev, "it was queued, and is gone", e);
    }
    struct pl_hash hash = pl_tree_leaf(ev->leaf, ev->leaf_len);
    if (memcmp(&hash, ev->pending, sizeof(hash)) != 0) {
        return bad(ev, "its bytes are not those that were queued", e);
    }
    int rc = pl_leaf_decode(ev->leaf, ev->leaf_len, &l, e);
    if (rc != 0) {
        return rc;
    }
    if (l.stream != ev->review || l.number != ev->number) {
        return bad(ev, "its bytes name another place", e);
    }
    bool tells_of_epoch = b->epoch > 1 && b->tree.size == 0;
    if (!tells_of_epoch) {
        if ((rc = check_place(b, ev, &l, &s, e)) != 0) {
            return rc;
        }
        note_stream(b, ev, s, &hash);
    }
    if (b->n == 0) {
        b->oldest_us = l.time_us;
    }
    b->ids[b->n++] = ev->id;
    pl_tree_add(&b->tree, &hash, on_node, b);
    return 0;
}
