// SPDX-License-Identifier: Apache-2.0
/*
 * A refused changeset: only it is rolled back; what was typed since is carried over the rollback
 * and goes on. What cannot stand without it goes with it: edits of an entry whose creation was
 * refused, links to it, and, where the refusal is about rights, further edits of the same slots.
 * What goes is handed to the `refused` handler as one changeset, so that it can be put aside for
 * the user.
 */
#include "sync/sync_int.h"

#include <string.h>

#include <utlist.h>

#include "plimsoll/base/mem.h"
#include "plimsoll/doc/schema.h"

void sync_tell_refused(struct sync *s, int code, const char *why, const struct pl_cs *lost)
{
    s->refused++;
    if (s->h.refused != NULL && !s->muted)
        s->h.refused(s->h.ctx, code, why != NULL ? why : "", lost);
}

static bool is_created(const struct pl_cs *cs, struct pl_eid eid)
{
    return pl_cs_find(cs, PL_SLOT_CREATE, eid, 0, NULL) != NULL;
}

/* An element of a set of links is the id of an entry, big-endian. */
static bool elem_eid(const struct sync *s, const struct pl_slot *sl, struct pl_eid *out)
{
    const struct pl_entry *en = pl_doc_entry(s->view, sl->eid);
    const struct pl_field *f;
    struct pl_reader r;

    if (en == NULL || sl->elem.len != 12)
        return false;
    f = pl_field_find(pl_entry_kind(en), sl->field);
    if (f == NULL || f->type != PL_FT_SET_EID)
        return false;
    pl_reader_init(&r, sl->elem.b, sl->elem.len);
    out->client = pl_read_u64be(&r);
    out->n = pl_read_u32be(&r);
    return true;
}

/* Can this pending slot not stand without `lost`? */
static bool depends(const struct sync *s, const struct pl_slot *sl, const struct pl_cs *lost,
                    bool same_slot)
{
    struct pl_eid to;

    if (is_created(lost, sl->eid))
        return true;
    if (same_slot && pl_cs_find(lost, sl->kind, sl->eid, sl->field, &sl->elem) != NULL)
        return true;
    switch (sl->kind) {
    case PL_SLOT_CREATE:
    case PL_SLOT_PLACE:
        return is_created(lost, sl->parent);
    case PL_SLOT_REG:
        return sl->value.type == PL_VAL_EID && is_created(lost, sl->value.eid);
    case PL_SLOT_ELEM:
        return elem_eid(s, sl, &to) && is_created(lost, to);
    case PL_SLOT_DEAD:
    case PL_SLOT_TEXT:
        return false;
    }
    PL_BUG("slot kind");
}

/* Moves what depends on `lost` out of the queue into it, until nothing more does. */
void sync_collect_dependent(struct sync *s, struct pl_cs *lost, bool same_slot)
{
    struct sync_batch *b;
    bool again = true;

    while (again) {
        again = false;
        DL_FOREACH (s->queue, b) {
            for (uint32_t i = 0; i < b->cs.n;) {
                if (!depends(s, b->cs.slots[i], lost, same_slot)) {
                    i++;
                    continue;
                }
                again = again || b->cs.slots[i]->kind == PL_SLOT_CREATE;
                b->hit = true;
                sync_slot_move(lost, &b->cs, i);
            }
        }
    }
}

/* Without rights to a slot, the next edit of it will not pass either. */
static bool is_about_rights(int code)
{
    return code == PL_E_PERM || code == PL_E_LOCKED || code == PL_E_REVOKED;
}

void sync_refuse(struct sync *s, int code, const char *why)
{
    struct pl_state_view base = pl_doc_view(s->base);
    struct sync_batch *gone = s->inflight;
    struct sync_batch *b;
    struct pl_cs lost;
    struct pl_cs back;
    int rc = 0;

    PL_ASSERT(gone != NULL);
    s->inflight = NULL;
    s->flight = FLIGHT_NONE;
    s->wait_us = 0;
    sync_note_refused(s, code);
    pl_cs_move(&lost, &gone->cs);
    sync_collect_dependent(s, &lost, is_about_rights(code));
    pl_cs_invert(&back, &lost, &base);
    DL_FOREACH (s->queue, b) {
        if (rc == 0)
            rc = pl_cs_transform(&b->cs, &back, NULL);
    }
    PL_ASSERT(rc == 0);
    sync_undo_refused(s, gone->id, &back, &lost);
    DL_FOREACH (s->queue, b)
        b->hit = false;
    sync_queue_tidy(s);
    sync_rebuild_view(s);
    sync_caret_map(s, &back);
    sync_tell_changed(s, &back, NULL, false);
    sync_tell_reset(s);
    sync_tell_refused(s, code, why, &lost);
    sync_batch_free(gone);
    pl_cs_release(&back);
    pl_cs_release(&lost);
}

void sync_refuse_all(struct sync *s, int code, const char *why)
{
    struct sync_batch *b;
    struct sync_batch *tmp;

    if (s->inflight != NULL) {
        if (s->inflight->cs.n > 0)
            sync_tell_refused(s, code, why, &s->inflight->cs);
        sync_batch_free(s->inflight);
        s->inflight = NULL;
    }
    s->flight = FLIGHT_NONE;
    s->wait_us = 0;
    DL_FOREACH_SAFE (s->queue, b, tmp) {
        DL_DELETE(s->queue, b);
        sync_tell_refused(s, code, why, &b->cs);
        sync_batch_free(b);
    }
    sync_undo_clear(&s->undo);
    sync_undo_clear(&s->redo);
    sync_note_all(s);
    sync_rebuild_view(s);
    sync_tell_reset(s);
}
