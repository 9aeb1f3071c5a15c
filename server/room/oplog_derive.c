// SPDX-License-Identifier: Apache-2.0
/*
 * Revisions that the server owes: short numbers of new entries, and new order keys for siblings
 * whose keys have grown too long. They follow the changeset that called for them in the same batch,
 * as client 0 in the name of the same person.
 *
 * Numbers are the highest of their kind plus one; those of actions are the organisation's and come
 * from a reserve that the caller fills. An action that finds the reserve empty waits for the next
 * batch. Two servers cannot give one number twice: their batches commit one after the other, and
 * the later is made again.
 */
#include "room/oplog_int.h"

#include <stdlib.h>
#include <string.h>

#include "plimsoll/base/mem.h"
#include "plimsoll/merge/orderkey.h"

#define NUMBERS_KEPT    4u /* actions' numbers in reserve once a review makes actions */
#define NUMBERS_ASK_MAX 64u
#define RESPACE_EVERY   32u /* revisions; a key still has room to grow after OPLOG_KEY_RESPACE */
#define SIBLINGS_MAX    (2u * PL_COMMENTS_MAX)

/* Everything that people name in words: "C-3". */
static bool is_numbered(uint32_t kind)
{
    return kind > PL_KIND_PARTICIPANT && kind <= PL_KIND_MAX && kind != PL_KIND_ANCHOR;
}

/* The next number of a kind, 0 if there is none now. */
static int64_t next_no(struct oplog *l, uint32_t kind, int64_t given)
{
    if (kind != PL_KIND_ACTION)
        return pl_doc_max_no(l->work, kind) + 1 + given;
    if (l->numbers_left == 0)
        return 0;
    l->numbers_left--;
    return l->numbers_first++;
}

static void add_derived(struct oplog *l, struct pl_cs *take_cs, uint64_t user)
{
    struct candidate c = {.user = l->derive == DERIVE_NAMED ? user : 0};

    if (l->derive == DERIVE_NOTHING) {
        pl_cs_release(take_cs);
        return;
    }
    pl_cs_move(&c.cs, take_cs);
    /* One that does not pass is left out: nobody waits for it. None is too large for a frame. */
    int rc = batch_add(l, &c, NULL);
    PL_ASSERT(rc != BATCH_AGAIN);
}

/* --- numbers ------------------------------------------------------------------------------------
 */

struct numbering {
    struct oplog *l;
    struct pl_cs cs;
    int64_t given[PL_KIND_MAX + 1];
};

static void number_one(struct numbering *n, struct pl_eid eid)
{
    const struct pl_entry *en = pl_doc_entry(n->l->work, eid);

    if (en == NULL || pl_entry_int(en, PL_F_NO, 0) != 0 || n->cs.n >= PL_CS_SLOTS_MAX)
        return;
    uint32_t kind = pl_entry_kind(en);
    int64_t no = is_numbered(kind) ? next_no(n->l, kind, n->given[kind]) : 0;
    if (no == 0)
        return;
    n->given[kind]++;
    struct pl_value v = pl_value_int(no);
    pl_cs_reg(&n->cs, eid, PL_F_NO, &v);
}

static void numbering_end(struct numbering *n, uint64_t user)
{
    if (pl_cs_is_empty(&n->cs))
        pl_cs_release(&n->cs);
    else
        add_derived(n->l, &n->cs, user);
}

void derive_waiting(struct oplog *l)
{
    struct numbering n = {.l = l};

    if (!derive_has_work(l))
        return;
    pl_cs_init(&n.cs);
    for (size_t i = 0; i < l->n_waiting; i++)
        number_one(&n, l->waiting[i]);
    numbering_end(&n, 0);
}

bool derive_has_work(const struct oplog *l)
{
    if (l->n_waiting == 0 || l->derive == DERIVE_NOTHING)
        return false;
    for (size_t i = 0; i < l->n_waiting && l->numbers_left == 0; i++) {
        if (pl_entry_kind(pl_doc_entry(l->doc, l->waiting[i])) != PL_KIND_ACTION)
            return true;
    }
    return l->numbers_left > 0;
}

static size_t waiting_index(const struct oplog *l, struct pl_eid eid)
{
    for (size_t i = 0; i < l->n_waiting; i++) {
        if (pl_eid_eq(l->waiting[i], eid))
            return i;
    }
    return l->n_waiting;
}

static void waiting_add(struct oplog *l, struct pl_eid eid)
{
    if (l->n_waiting == l->waiting_cap) {
        l->waiting_cap = l->waiting_cap == 0 ? 16 : l->waiting_cap * 2;
        l->waiting = pl_xrealloc(l->waiting, l->waiting_cap, sizeof *l->waiting);
    }
    l->waiting[l->n_waiting++] = eid;
}

void derive_note(struct oplog *l, const struct pl_cs *cs)
{
    for (uint32_t i = 0; i < cs->n; i++) {
        const struct pl_slot *s = cs->slots[i];
        if (s->kind == PL_SLOT_CREATE && is_numbered(s->create_kind)) {
            if (pl_entry_int(pl_doc_entry(l->doc, s->eid), PL_F_NO, 0) == 0)
                waiting_add(l, s->eid);
            l->wants_actions = l->wants_actions || s->create_kind == PL_KIND_ACTION;
        } else if (s->kind == PL_SLOT_REG && s->field == PL_F_NO) {
            size_t at = waiting_index(l, s->eid);
            if (at < l->n_waiting && s->value.type == PL_VAL_INT)
                memmove(&l->waiting[at], &l->waiting[at + 1],
                        (--l->n_waiting - at) * sizeof *l->waiting);
        }
    }
}

static void scan_entry(void *ctx, struct pl_entry *en)
{
    if (is_numbered(pl_entry_kind(en)) && pl_entry_int(en, PL_F_NO, 0) == 0)
        waiting_add(ctx, pl_entry_eid(en));
}

void derive_scan(struct oplog *l)
{
    l->n_waiting = 0;
    pl_doc_each(l->doc, scan_entry, l);
}

unsigned oplog_wants_numbers(const struct oplog *l)
{
    size_t wants = l->wants_actions ? NUMBERS_KEPT : 0;

    for (size_t i = 0; i < l->n_waiting; i++)
        wants += pl_entry_kind(pl_doc_entry(l->doc, l->waiting[i])) == PL_KIND_ACTION ? 1 : 0;
    if (wants > NUMBERS_ASK_MAX)
        wants = NUMBERS_ASK_MAX;
    /* Asked for in lumps: only when less than half is left. */
    return l->numbers_left * 2 < wants ? (unsigned)wants - l->numbers_left : 0;
}

void oplog_give_numbers(struct oplog *l, int64_t first, unsigned n)
{
    if (l->building) { /* what is left of the reserve is known when the batch has its end */
        l->given_first = first;
        l->given_n = n;
        return;
    }
    /* One run of numbers is kept: the rest of the older one is small and goes unused unless they
     * join. */
    if (l->numbers_left > 0 && l->numbers_first + (int64_t)l->numbers_left == first) {
        l->numbers_left += n;
        return;
    }
    l->numbers_first = first;
    l->numbers_left = n;
}

/* --- order keys ---------------------------------------------------------------------------------
 */

struct siblings {
    struct pl_eid parent;
    struct pl_entry **v;
    size_t n;
    size_t cap;
};

static void sibling_add(void *ctx, struct pl_entry *en)
{
    struct siblings *s = ctx;

    if (pl_eid_is_root(pl_entry_eid(en)) || !pl_eid_eq(pl_entry_parent(en), s->parent) ||
        s->n >= SIBLINGS_MAX)
        return;
    if (s->n == s->cap) {
        s->cap = s->cap == 0 ? 64 : s->cap * 2;
        s->v = pl_xrealloc(s->v, s->cap, sizeof(struct pl_entry *));
    }
    s->v[s->n++] = en;
}

static int sibling_cmp(const void *a, const void *b)
{
    const struct pl_entry *const *x = a;
    const struct pl_entry *const *y = b;
    int c = pl_key_cmp(pl_entry_key(*x), pl_entry_key(*y));

    return c != 0 ? c : pl_eid_cmp(pl_entry_eid(*x), pl_entry_eid(*y));
}

/* New keys for all children of a parent, the removed ones too, in their present order. Several
 * revisions if there are many: each stands behind what is not done yet, so the order is whole at
 * the end of the batch. */
static void respace(struct oplog *l, struct pl_eid parent, uint64_t user)
{
    struct siblings s = {.parent = parent};
    struct pl_key last;
    struct pl_key *lo = NULL;
    struct pl_cs cs;

    pl_doc_each(l->work, sibling_add, &s);
    if (s.n == 0)
        return;
    qsort(s.v, s.n, sizeof(struct pl_entry *), sibling_cmp);
    if (s.n > PL_CS_SLOTS_MAX) { /* in parts: start behind the last one */
        last = *pl_entry_key(s.v[s.n - 1]);
        lo = &last;
    }
    pl_cs_init(&cs);
    for (size_t i = 0; i < s.n; i++) {
        struct pl_key key;
        if (pl_key_between(&key, lo, NULL, 0, (uint32_t)i, NULL) != 0)
            break;
        last = key;
        lo = &last;
        pl_cs_place(&cs, pl_entry_eid(s.v[i]), parent, &key);
        if (cs.n == PL_CS_SLOTS_MAX || i + 1 == s.n) {
            add_derived(l, &cs, user);
            pl_cs_init(&cs);
        }
    }
    pl_cs_release(&cs);
    free(s.v);
    l->respaced_at = pl_doc_rev(l->work);
}

void derive_after(struct oplog *l, const struct pl_cs *cs, uint64_t user)
{
    struct numbering n = {.l = l};
    bool is_long = false;
    struct pl_eid parent = PL_EID_ROOT;

    pl_cs_init(&n.cs);
    for (uint32_t i = 0; i < cs->n; i++) {
        const struct pl_slot *s = cs->slots[i];
        if (s->kind == PL_SLOT_CREATE)
            number_one(&n, s->eid);
        if ((s->kind == PL_SLOT_CREATE || s->kind == PL_SLOT_PLACE) &&
            s->key.len > OPLOG_KEY_RESPACE) {
            is_long = true;
            parent = s->parent;
        }
    }
    numbering_end(&n, user);
    if (is_long && l->respaced_at == l->batch.respaced_at &&
        (l->respaced_at == 0 || pl_doc_rev(l->work) - l->respaced_at >= RESPACE_EVERY))
        respace(l, parent, user);
}
