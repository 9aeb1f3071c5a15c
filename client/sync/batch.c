// SPDX-License-Identifier: Apache-2.0
/*
 * Local changes as a list of batches of sendable size. An edit composes into the last batch when it
 * goes on with it (the same slots, or what that batch creates) and there is room, else it starts
 * the next one: the server takes or refuses a batch whole, and one that is refused must not take
 * along what has nothing to do with it. An edit larger than a Submit may be is cut. Nothing here
 * fails: what comes in has been judged against the view.
 */
#include "sync/sync_int.h"

#include <stdlib.h>
#include <string.h>

#include <utlist.h>

#include "plimsoll/base/mem.h"

struct sync_batch *sync_batch_new(struct sync *s, struct pl_cs *take_cs)
{
    struct sync_batch *b = pl_mem_calloc(PL_MEM_JOURNAL, 1, sizeof *b);

    pl_cs_move(&b->cs, take_cs);
    b->id = ++s->last_batch;
    b->since_us = s->now_us;
    return b;
}

void sync_batch_free(struct sync_batch *b)
{
    if (b == NULL)
        return;
    pl_cs_release(&b->cs);
    pl_mem_free(PL_MEM_JOURNAL, b);
}

/* --- sizes ------------------------------------------------------------------------------------ */

/* Slot with its numbers at their longest, and one component of a text op. */
#define SLOT_COST 80u
#define COMP_COST 6u

static size_t slot_cost(const struct pl_slot *s)
{
    switch (s->kind) {
    case PL_SLOT_CREATE:
    case PL_SLOT_PLACE:
        return SLOT_COST + s->key.len;
    case PL_SLOT_DEAD:
        return SLOT_COST;
    case PL_SLOT_REG:
        return SLOT_COST + s->value.str_len;
    case PL_SLOT_ELEM:
        return SLOT_COST + s->elem.len;
    case PL_SLOT_TEXT:
        return SLOT_COST + (size_t)COMP_COST * s->op.ncomps + s->op.ins_len;
    }
    PL_BUG("slot kind");
}

size_t sync_cs_cost(const struct pl_cs *cs)
{
    size_t n = 128; /* head of the message, caret */

    for (uint32_t i = 0; i < cs->n; i++)
        n += slot_cost(cs->slots[i]);
    return n;
}

/* --- cutting ---------------------------------------------------------------------------------- */

/* Order in which slots of a cut changeset leave, so that each part stands by itself. */
static int cut_rank(const struct pl_slot *s)
{
    switch (s->kind) {
    case PL_SLOT_CREATE:
        return 0;
    case PL_SLOT_DEAD:
        return s->flag ? 6 : 1;
    case PL_SLOT_PLACE:
        return 2;
    case PL_SLOT_REG:
        return 3;
    case PL_SLOT_ELEM:
        return 4;
    case PL_SLOT_TEXT:
        return 5;
    }
    PL_BUG("slot kind");
}

/* Would this slot leave before the entry that it hangs under has left? */
static bool waits_for_parent(const struct pl_cs *cs, const struct pl_slot *s)
{
    return s->kind == PL_SLOT_CREATE && pl_cs_find(cs, PL_SLOT_CREATE, s->parent, 0, NULL) != NULL;
}

/* The slot that leaves next, or -1. */
static int next_slot(const struct pl_cs *cs)
{
    int best = -1;

    for (uint32_t i = 0; i < cs->n; i++) {
        if (waits_for_parent(cs, cs->slots[i]))
            continue;
        if (best < 0 || cut_rank(cs->slots[i]) < cut_rank(cs->slots[best]))
            best = (int)i;
    }
    return best;
}

/* Bytes of whole characters in the first `max` bytes of UTF-8, and how many characters. */
static uint32_t whole_chars(const uint8_t *p, uint32_t n, uint32_t max, uint32_t *chars)
{
    uint32_t end = n < max ? n : max;

    *chars = 0;
    while (end < n && end > 0 && (p[end] & 0xC0) == 0x80)
        end--;
    for (uint32_t i = 0; i < end; i++)
        *chars += (p[i] & 0xC0) != 0x80;
    return end;
}

/* Cuts a text op in two: `head` has at most `max` bytes of components and text, `rest` follows it.
 * Deleted text is not carried over; the view gives it again. */
static void cut_op(const struct pl_op *op, uint32_t max, struct pl_op *head, struct pl_op *rest)
{
    struct pl_op_iter it;
    struct pl_comp c;
    uint32_t used = 0;
    uint32_t made = 0; /* length of what head leaves behind up to the cut */
    bool cut = false;

    pl_op_init(head, op->base_len);
    pl_op_iter_init(&it, op);
    struct pl_op tail;
    pl_op_init(&tail, 0); /* base_len is set below */
    while (pl_op_iter_next(&it, &c)) {
        uint32_t room = used + COMP_COST < max ? max - used - COMP_COST : 0;
        uint32_t chars = c.n;
        uint32_t bytes = c.kind == PL_INSERT ? c.nbytes : 0;
        if (!cut && c.kind == PL_INSERT && c.nbytes > room) {
            bytes = whole_chars(c.bytes, c.nbytes, room, &chars);
            pl_op_insert(head, c.bytes, bytes, chars);
            made += chars;
            pl_op_retain(&tail, made);
            pl_op_insert(&tail, c.bytes + bytes, c.nbytes - bytes, c.n - chars);
            cut = true;
            continue;
        }
        if (!cut && room == 0) {
            pl_op_retain(&tail, made);
            cut = true;
        }
        struct pl_op *to = cut ? &tail : head;
        if (c.kind == PL_RETAIN)
            pl_op_retain(to, c.n);
        else if (c.kind == PL_INSERT)
            pl_op_insert(to, c.bytes, c.nbytes, c.n);
        else
            pl_op_delete(to, c.n, NULL, 0);
        used += COMP_COST + bytes;
        made += c.kind == PL_DELETE ? 0 : c.n;
    }
    tail.base_len = pl_op_result_len(head);
    pl_op_move(rest, &tail);
}

void sync_slot_move(struct pl_cs *to, struct pl_cs *from, uint32_t i)
{
    struct pl_slot *s = from->slots[i];

    pl_cs_put(to, s); /* empties it */
    free(s);
    from->n--;
    memmove(from->slots + i, from->slots + i + 1, (from->n - i) * sizeof(struct pl_slot *));
}

bool sync_cs_cut(struct pl_cs *cs, struct pl_cs *head, size_t max_bytes)
{
    size_t used = 128;

    if (cs->n <= PL_CHANGESET_SLOTS_MAX && sync_cs_cost(cs) <= max_bytes) {
        pl_cs_move(head, cs);
        return false;
    }
    pl_cs_init(head);
    while (cs->n > 0 && head->n < PL_CHANGESET_SLOTS_MAX) {
        int i = next_slot(cs);
        PL_ASSERT(i >= 0);
        struct pl_slot *s = cs->slots[i];
        size_t cost = slot_cost(s);
        if (used + cost <= max_bytes) {
            sync_slot_move(head, cs, (uint32_t)i);
            used += cost;
            continue;
        }
        if (s->kind == PL_SLOT_TEXT && used + SLOT_COST + 64 < max_bytes) {
            struct pl_op first;
            struct pl_op rest;
            cut_op(&s->op, (uint32_t)(max_bytes - used - SLOT_COST), &first, &rest);
            pl_cs_text(head, s->eid, s->field, &first);
            pl_op_release(&s->op);
            pl_op_move(&s->op, &rest);
        }
        break;
    }
    return cs->n > 0;
}

/* --- the queue -------------------------------------------------------------------------------- */

static bool has_room(const struct sync_batch *b, const struct pl_cs *cs)
{
    uint32_t slots = b->cs.n;

    if (sync_cs_cost(&b->cs) + sync_cs_cost(cs) > SYNC_BATCH_BYTES)
        return false;
    for (uint32_t i = 0; i < cs->n; i++) {
        const struct pl_slot *s = cs->slots[i];
        slots += pl_cs_find(&b->cs, s->kind, s->eid, s->field, &s->elem) == NULL;
    }
    return slots <= PL_CHANGESET_SLOTS_MAX;
}

/* Would `cs` be refused with what stands in `b` anyway? */
static bool goes_on(const struct sync_batch *b, const struct pl_cs *cs)
{
    for (uint32_t i = 0; i < cs->n; i++) {
        const struct pl_slot *s = cs->slots[i];
        if (pl_cs_find(&b->cs, s->kind, s->eid, s->field, &s->elem) == NULL &&
            pl_cs_find(&b->cs, PL_SLOT_CREATE, s->eid, 0, NULL) == NULL)
            return false;
    }
    return true;
}

struct sync_batch *sync_queue_add(struct sync *s, const struct pl_cs *cs, uint32_t undo_of)
{
    struct sync_batch *last = s->queue != NULL ? s->queue->prev : NULL;

#ifdef PL_SYNC_FAULTS
    if (SYNC_FAULT(THAW) && last == NULL && s->inflight != NULL &&
        pl_cs_compose(&s->inflight->cs, cs, NULL) == 0)
        return s->inflight;
#endif
    if (last != NULL && (s->joins_all || goes_on(last, cs)) && has_room(last, cs)) {
        if (last->undo_of != undo_of && last->cs.n > 0)
            last->undo_of = 0;
        int rc = pl_cs_compose(&last->cs, cs, NULL);
        PL_ASSERT(rc == 0);
        return last;
    }
    struct pl_cs copy;
    pl_cs_copy(&copy, cs);
    struct sync_batch *b = sync_batch_new(s, &copy);
    b->undo_of = undo_of;
    DL_APPEND(s->queue, b);
    return b;
}

void sync_queue_tidy(struct sync *s)
{
    struct sync_batch *b;
    struct sync_batch *tmp;

    DL_FOREACH_SAFE (s->queue, b, tmp) {
        if (!pl_cs_is_empty(&b->cs))
            continue;
        sync_undo_acked(s, b->id);
        DL_DELETE(s->queue, b);
        sync_batch_free(b);
    }
}

void sync_take_off(struct sync *s)
{
    struct sync_batch *b = s->queue;
    struct pl_cs head;

    PL_ASSERT(s->inflight == NULL && b != NULL);
    if (sync_cs_cut(&b->cs, &head, PL_CHANGESET_BYTES_MAX - 1024)) {
        struct sync_batch *first = sync_batch_new(s, &head);
        first->id = b->id;
        first->more = true;
        first->undo_of = b->undo_of;
        first->since_us = b->since_us;
        b = first;
    } else {
        pl_cs_move(&b->cs, &head);
        DL_DELETE(s->queue, b);
    }
    s->inflight = b;
    s->flight = FLIGHT_UNSENT;
    s->resend_rev = 0;
    s->seq++;
}

void sync_rebuild_view(struct sync *s)
{
    struct sync_batch *b;
    int rc = 0;

    pl_doc_free(s->view);
    s->view = pl_doc_dup(s->base);
    if (s->inflight != NULL)
        rc = pl_doc_apply(s->view, &s->inflight->cs, NULL, NULL);
    DL_FOREACH (s->queue, b) {
        if (rc == 0)
            rc = pl_doc_apply(s->view, &b->cs, NULL, NULL);
    }
    PL_ASSERT(rc == 0);
}

static int batch_over(struct sync_batch *b, struct pl_cs *c, struct pl_err *e)
{
#ifdef PL_SYNC_FAULTS
    if (SYNC_FAULT(TIE))
        return pl_cs_transform(c, &b->cs, e);
#endif
    return pl_cs_transform(&b->cs, c, e);
}

int sync_local_over(struct sync *s, struct pl_cs *c, struct pl_err *e)
{
    struct sync_batch *b;
    int rc = 0;

    if (s->inflight != NULL)
        rc = batch_over(s->inflight, c, e);
    DL_FOREACH (s->queue, b) {
        if (rc == 0)
            rc = batch_over(b, c, e);
    }
    return rc;
}
