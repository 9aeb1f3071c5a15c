// SPDX-License-Identifier: Apache-2.0
/*
 * See proof.h. The plan is the proof itself, made with a reader that notes what it is asked for and
 * answers with anything.
 */
#include "audit/proof.h"

#include <string.h>

#include "plimsoll/tlog/tile.h"

static bool note_node(void *ctx, unsigned level, uint64_t index, struct pl_hash *out)
{
    struct proof *p = ctx;
    if (p->n == PROOF_NODES_MAX) {
        return false;
    }
    p->node[p->n].level = level;
    p->node[p->n++].index = index;
    memset(out, 0, sizeof(*out));
    return true;
}

static bool give_node(void *ctx, unsigned level, uint64_t index, struct pl_hash *out)
{
    const struct proof *p = ctx;
    for (size_t i = 0; i < p->n; i++) {
        if (p->node[i].level == level && p->node[i].index == index) {
            *out = p->node[i].h;
            return true;
        }
    }
    return false;
}

static int prove(const struct proof *p, pl_tree_read_cb read, void *ctx, struct pl_proof *out,
                 struct pl_err *e)
{
    if (p->kind == PROOF_LEAF) {
        return pl_tree_prove_leaf(p->size, p->at, read, ctx, out, e);
    }
    return pl_tree_prove_growth(p->at, p->size, read, ctx, out, e);
}

int proof_plan(struct proof *p, enum proof_kind kind, uint64_t size, uint64_t at,
               struct log_run runs[PROOF_NODES_MAX], struct pl_err *e)
{
    struct pl_proof unused;
    memset(p, 0, sizeof(*p));
    p->kind = kind;
    p->size = size;
    p->at = at;
    int rc = prove(p, note_node, p, &unused, e);
    for (size_t i = 0; rc == 0 && i < p->n; i++) {
        struct pl_tile_part part = pl_tile_of_node(p->node[i].level, p->node[i].index);
        runs[i] = (struct log_run){.level = part.level,
                                   .first = part.index * PL_TILE_WIDTH + part.offset,
                                   .count = part.count};
    }
    return rc;
}

int proof_make(struct proof *p, const struct log_bytes *runs, size_t n, struct pl_proof *out,
               struct pl_err *e)
{
    struct pl_hash row[PL_TILE_WIDTH];
    for (size_t i = 0; i < p->n; i++) {
        struct pl_tile_part part = pl_tile_of_node(p->node[i].level, p->node[i].index);
        if (i >= n || runs[i].n != part.count * sizeof(row[0])) {
            return pl_fail(e, PL_E_INVALID, "the tree in the database has holes");
        }
        memcpy(row, runs[i].p, runs[i].n);
        p->node[i].h = pl_tile_fold(row, part.count);
    }
    return prove(p, give_node, p, out, e);
}
