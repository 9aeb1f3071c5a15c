// SPDX-License-Identifier: Apache-2.0
/*
 * Carets. Ours is followed through every change of the view and told to the others, at most ten
 * times a second and only when nothing is on its way; while typing it rides in the changeset. Those
 * of others are positions in the committed text of some revision: a ring of recent text ops carries
 * them to the present one, then our local changes to the view.
 */
#include "sync/sync_int.h"

#include <stdlib.h>
#include <string.h>

#include <utlist.h>

#include "plimsoll/base/mem.h"

/* --- ours ---------------------------------------------------------------------------------------
 */

static bool same_caret(const struct pl_caret *a, const struct pl_caret *b)
{
    if (a->set != b->set)
        return false;
    return !a->set || (pl_eid_eq(a->eid, b->eid) && a->field == b->field &&
                       a->anchor == b->anchor && a->head == b->head);
}

void sync_caret(struct sync *s, const struct pl_caret *caret, enum pl_presence_state state,
                uint32_t stage, int64_t now_us)
{
    s->now_us = now_us;
    if (same_caret(&s->caret, caret) && s->presence == state && s->stage == stage)
        return;
    s->caret = *caret;
    s->presence = state;
    s->stage = stage;
    s->caret_dirty = true;
    sync_presence_due(s);
}

static void map_caret(struct pl_caret *c, const struct pl_op *op)
{
    c->anchor = pl_op_map_pos(op, c->anchor, PL_LEFT);
    c->head = pl_op_map_pos(op, c->head, PL_LEFT);
}

static const struct pl_slot *text_of(const struct pl_cs *cs, const struct pl_caret *c)
{
    return pl_cs_find(cs, PL_SLOT_TEXT, c->eid, c->field, NULL);
}

void sync_caret_map(struct sync *s, const struct pl_cs *view_cs)
{
    const struct pl_slot *sl = s->caret.set ? text_of(view_cs, &s->caret) : NULL;

    if (sl != NULL)
        map_caret(&s->caret, &sl->op);
}

void sync_presence_due(struct sync *s)
{
    struct pl_msg m = {.type = PL_MSG_PRESENCE};

    if (s->link != SYNC_LIVE || s->presence == 0 || s->inflight != NULL || s->queue != NULL)
        return;
    if (s->presence_us != 0 && s->now_us - s->presence_us < SYNC_PRESENCE_US)
        return;
    if (!s->caret_dirty && s->now_us - s->presence_us < SYNC_PRESENCE_AGAIN)
        return;
    s->caret_dirty = false;
    s->presence_us = s->now_us;
    m.u.presence = (struct pl_presence){.review = s->review,
                                        .rev = s->rev,
                                        .caret = s->caret,
                                        .state = s->presence,
                                        .stage = s->stage};
    s->h.send(s->h.ctx, &m);
}

/* --- others' ------------------------------------------------------------------------------------
 */

static void ring_put(struct sync *s, uint64_t rev, const struct pl_slot *sl)
{
    struct ring_op *r = &s->ring[s->ring_at % SYNC_RING];
    struct pl_op_iter it;
    struct pl_comp c;
    uint32_t n = 0;

    if (r->rev != 0 && s->ring_from < r->rev)
        s->ring_from = r->rev; /* positions before this op are lost with it */
    free(r->comps);
    *r = (struct ring_op){.rev = rev, .eid = sl->eid, .field = sl->field};
    s->ring_at = (s->ring_at + 1) % SYNC_RING;
    if (sl->op.ncomps > SYNC_RING_COMPS) {
        r->n = UINT32_MAX;
        return;
    }
    r->comps = pl_xcalloc((size_t)sl->op.ncomps + 1, sizeof *r->comps);
    pl_op_iter_init(&it, &sl->op);
    while (n < sl->op.ncomps && pl_op_iter_next(&it, &c))
        r->comps[n++] = (uint64_t)c.n << 2 | (uint64_t)c.kind;
    r->n = n;
}

void sync_ring_add(struct sync *s, const struct pl_rev *r)
{
    if (s->h.peer == NULL)
        return;
    if (s->ring == NULL)
        s->ring = pl_xcalloc(SYNC_RING, sizeof *s->ring);
    for (uint32_t i = 0; i < r->cs.n; i++) {
        if (r->cs.slots[i]->kind == PL_SLOT_TEXT)
            ring_put(s, r->rev, r->cs.slots[i]);
    }
}

void sync_ring_free(struct sync *s)
{
    for (size_t i = 0; s->ring != NULL && i < SYNC_RING; i++)
        free(s->ring[i].comps);
    free(s->ring);
    s->ring = NULL;
    s->ring_at = 0;
}

void sync_ring_reset(struct sync *s)
{
    sync_ring_free(s);
    s->ring_from = s->rev;
}

/* As pl_op_map_pos with left affinity, over components without their text. */
static uint32_t map_pos(const struct ring_op *r, uint32_t pos)
{
    uint64_t from = 0; /* in the text before */
    uint64_t to = 0;   /* in the text after */

    for (uint32_t i = 0; i < r->n; i++) {
        uint64_t n = r->comps[i] >> 2;
        unsigned kind = (unsigned)(r->comps[i] & 3);
        if (kind == PL_INSERT) {
            if (pos <= from)
                return (uint32_t)(to + pos - from);
            to += n;
        } else if (kind == PL_RETAIN) {
            if (pos < from + n)
                return (uint32_t)(to + pos - from);
            from += n;
            to += n;
        } else {
            if (pos < from + n)
                return (uint32_t)to;
            from += n;
        }
    }
    return (uint32_t)(to + pos - from);
}

/* From the text of revision `rev` to that of base. */
static bool map_to_base(const struct sync *s, uint64_t rev, struct pl_caret *c)
{
    if (rev > s->rev || rev < s->ring_from)
        return false;
    for (uint32_t i = 0; s->ring != NULL && i < SYNC_RING; i++) {
        const struct ring_op *r = &s->ring[(s->ring_at + i) % SYNC_RING];
        if (r->rev <= rev || !pl_eid_eq(r->eid, c->eid) || r->field != c->field)
            continue;
        if (r->n == UINT32_MAX)
            return false;
        c->anchor = map_pos(r, c->anchor);
        c->head = map_pos(r, c->head);
    }
    return true;
}

static void cap_caret(const struct sync *s, struct pl_caret *c)
{
    const struct pl_entry *en = pl_doc_entry(s->view, c->eid);
    const struct pl_text *t = en != NULL ? pl_entry_text(en, c->field) : NULL;
    uint32_t len = t != NULL ? (uint32_t)pl_text_len(t) : 0;

    c->anchor = c->anchor < len ? c->anchor : len;
    c->head = c->head < len ? c->head : len;
}

bool sync_map_caret(const struct sync *s, const struct pl_peer *p, struct pl_caret *out)
{
    const struct sync_batch *b;
    const struct pl_slot *sl;
    struct pl_caret c = p->caret;

    if (!c.set || !map_to_base(s, p->rev, &c))
        return false;
    if (s->inflight != NULL && (sl = text_of(&s->inflight->cs, &c)) != NULL)
        map_caret(&c, &sl->op);
    DL_FOREACH (s->queue, b) {
        sl = text_of(&b->cs, &c);
        if (sl != NULL)
            map_caret(&c, &sl->op);
    }
    cap_caret(s, &c); /* a peer may tell any number */
    *out = c;
    return true;
}

void sync_tell_peer_of_rev(struct sync *s, const struct pl_rev *r)
{
    struct pl_peer p = {.review = s->review,
                        .client = r->client,
                        .user = r->user,
                        .name = "",
                        .rev = r->rev,
                        .caret = r->caret_after,
                        .state = PL_PRESENT_TYPING};

    if (s->h.peer != NULL && r->caret_after.set && r->client != 0 && r->client != s->client)
        s->h.peer(s->h.ctx, &p);
}
