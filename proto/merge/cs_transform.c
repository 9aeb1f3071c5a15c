// SPDX-License-Identifier: Apache-2.0
/*
 * Transformation of changesets: a merge join over two sorted maps.
 *
 * On one slot, text against text goes through the op transform, and for everything else the later
 * commit wins: `later` stays, `earlier` is dropped from what the later's own client applies to its
 * view. Different slots are independent. Nothing is changed when the pair cannot be transformed
 * (one entry created twice, texts of different length: -PL_E_BADOP).
 */
#include "slot.h"

static int check_pair(const struct pl_slot *later, const struct pl_slot *earlier, struct pl_err *e)
{
    if (later->kind == PL_SLOT_CREATE)
        return pl_fail(e, PL_E_BADOP, "an entry is created twice");
    if (later->kind == PL_SLOT_TEXT && later->op.base_len != earlier->op.base_len)
        return pl_fail(e, PL_E_BADOP, "edits of a text of %u and of %u characters",
                       later->op.base_len, earlier->op.base_len);
    return 0;
}

/* Finds the next pair of equal slots from (*i, *j) on. */
static bool next_pair(const struct pl_cs *a, const struct pl_cs *b, uint32_t *i, uint32_t *j)
{
    while (*i < a->n && *j < b->n) {
        int c = pl_slot_cmp(a->slots[*i], b->slots[*j]);
        if (c == 0)
            return true;
        if (c < 0)
            ++*i;
        else
            ++*j;
    }
    return false;
}

static int check_all(const struct pl_cs *later, const struct pl_cs *earlier, struct pl_err *e)
{
    uint32_t i = 0;
    uint32_t j = 0;
    for (; next_pair(later, earlier, &i, &j); i++, j++) {
        int rc = check_pair(later->slots[i], earlier->slots[j], e);
        if (rc != 0)
            return rc;
    }
    return 0;
}

/* Drops the slots that were set to NULL. */
static void close_up(struct pl_cs *cs)
{
    uint32_t n = 0;
    for (uint32_t i = 0; i < cs->n; i++) {
        if (cs->slots[i] != NULL)
            cs->slots[n++] = cs->slots[i];
    }
    cs->n = n;
}

static void drop(struct pl_cs *cs, uint32_t i, bool *holes)
{
    slot_free(cs->slots[i]);
    cs->slots[i] = NULL;
    *holes = true;
}

static void drop_if_noop(struct pl_cs *cs, uint32_t i, bool *holes)
{
    if (pl_op_is_noop(&cs->slots[i]->op))
        drop(cs, i, holes);
}

int pl_cs_transform(struct pl_cs *later, struct pl_cs *earlier, struct pl_err *e)
{
    int rc = check_all(later, earlier, e);
    if (rc != 0)
        return rc;
    bool later_holes = false;
    bool earlier_holes = false;
    uint32_t i = 0;
    uint32_t j = 0;
    for (; next_pair(later, earlier, &i, &j); i++, j++) {
        if (later->slots[i]->kind != PL_SLOT_TEXT) {
            drop(earlier, j, &earlier_holes);
            continue;
        }
        pl_op_cross(&later->slots[i]->op, &earlier->slots[j]->op);
        drop_if_noop(later, i, &later_holes);
        drop_if_noop(earlier, j, &earlier_holes);
    }
    if (later_holes)
        close_up(later);
    if (earlier_holes)
        close_up(earlier);
    return 0;
}

int pl_cs_rebase(struct pl_cs *later, const struct pl_cs *earlier, struct pl_err *e)
{
    int rc = check_all(later, earlier, e);
    if (rc != 0)
        return rc;
    bool holes = false;
    uint32_t i = 0;
    uint32_t j = 0;
    for (; next_pair(later, earlier, &i, &j); i++, j++) {
        if (later->slots[i]->kind != PL_SLOT_TEXT)
            continue;
        pl_op_rebase(&later->slots[i]->op, &earlier->slots[j]->op);
        drop_if_noop(later, i, &holes);
    }
    if (holes)
        close_up(later);
    return 0;
}
