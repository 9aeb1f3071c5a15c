// SPDX-License-Identifier: Apache-2.0
/*
 * Local changes: judged against the view, applied to it, put on the undo stack, queued, journaled,
 * sent. There is no timer before sending: one changeset in flight batches by itself. A change that
 * the document refuses has no effect at all.
 */
#include "sync/sync_int.h"

#include <utlist.h>

#include "plimsoll/base/mem.h"

void sync_journal(struct sync *s)
{
    if (!s->journal_due || s->muted)
        return;
    s->journal_due = false;
    s->lazy_us = 0;
    if (s->h.journal != NULL)
        s->h.journal(s->h.ctx, s);
}

/* The caret behind the in-flight changeset, when nothing was typed since. */
static struct pl_caret caret_after(const struct sync *s)
{
    return s->queue == NULL ? s->caret : (struct pl_caret){0};
}

void sync_send_inflight(struct sync *s)
{
    struct pl_msg m = {.type = PL_MSG_SUBMIT};

    m.u.submit = (struct pl_submit){.review = s->review,
                                    .epoch = s->epoch,
                                    .seq = s->seq,
                                    .base = s->rev,
                                    .cs = s->inflight->cs, /* borrowed */
                                    .caret_after = caret_after(s),
                                    .undo_of = s->inflight->undo_of};
    s->flight = FLIGHT_SENT;
    s->wait_us = s->now_us;
    s->pongs = 0;
    s->caret_dirty = s->caret_dirty && !m.u.submit.caret_after.set;
    sync_journal(s);
    s->h.send(s->h.ctx, &m);
}

void sync_flush(struct sync *s)
{
    if (s->link == SYNC_LIVE && !s->gone && s->reopen_us == 0) {
        if (s->inflight == NULL && s->queue != NULL) {
            sync_take_off(s);
            sync_note_send(s);
        }
        if (s->flight == FLIGHT_UNSENT && s->rev >= s->resend_rev)
            sync_send_inflight(s);
    }
    sync_journal(s);
}

/* One piece, small enough for a Submit. */
static void apply_piece(struct sync *s, const struct pl_cs *cs, uint32_t undo_of,
                        struct undo_stack *st, struct undo_step *step)
{
    struct pl_state_view view = pl_doc_view(s->view);
    struct pl_cs inverse;

    pl_cs_invert(&inverse, cs, &view);
    int rc = pl_doc_apply(s->view, cs, NULL, NULL);
    PL_ASSERT(rc == 0);
    struct sync_batch *b = sync_queue_add(s, cs, undo_of);
    if (step != NULL)
        sync_undo_add(st, step, b->id, &inverse);
    pl_cs_release(&inverse);
    sync_note_edit(s, cs, undo_of);
    sync_caret_map(s, cs);
    sync_tell_changed(s, cs, NULL, false);
}

void sync_local_apply(struct sync *s, struct pl_cs *take_cs, uint32_t undo_of,
                      struct undo_stack *st, struct undo_step *step)
{
    bool more = true;

    while (more) {
        struct pl_cs piece;
        more = sync_cs_cut(take_cs, &piece, SYNC_BATCH_BYTES);
        if (more || step == NULL) { /* a cut text op has lost the text it deletes */
            struct pl_state_view view = pl_doc_view(s->view);
            int rc = pl_cs_fill_deleted(&piece, &view, NULL);
            PL_ASSERT(rc == 0);
        }
        apply_piece(s, &piece, undo_of, st, step);
        pl_cs_release(&piece);
    }
    pl_cs_release(take_cs);
}

/* More than a changeset may hold is judged part by part, on a copy: all of it or nothing. */
static int judge_large(struct sync *s, const struct pl_cs *cs, struct pl_err *e)
{
    struct pl_doc *copy = pl_doc_dup(s->view);
    struct pl_cs rest;
    bool more = true;
    int rc = 0;

    pl_cs_copy(&rest, cs);
    while (more && rc == 0) {
        struct pl_cs piece;
        more = sync_cs_cut(&rest, &piece, SYNC_BATCH_BYTES);
        rc = pl_doc_check(copy, &piece, false, e);
        if (rc == 0)
            rc = pl_doc_apply(copy, &piece, NULL, e);
        pl_cs_release(&piece);
    }
    pl_cs_release(&rest);
    pl_doc_free(copy);
    return rc;
}

int sync_judge(struct sync *s, struct pl_cs *cs, struct pl_err *e)
{
    struct pl_state_view view = pl_doc_view(s->view);

    if (s->client == 0)
        return pl_fail(e, PL_E_PERM, "the review was opened for reading");
    if (s->gone)
        return pl_fail(e, PL_E_REVOKED, "this review can only be read now");
    int rc = cs->n > PL_CHANGESET_SLOTS_MAX ? judge_large(s, cs, e)
                                            : pl_doc_check(s->view, cs, false, e);
    if (rc == 0)
        rc = pl_cs_fill_deleted(cs, &view, e);
    return rc;
}

/* Ids that the caller made up himself (an import) are taken: none of ours may meet them. */
static void take_ids(struct sync *s, const struct pl_cs *cs)
{
    for (uint32_t i = 0; i < cs->n; i++) {
        const struct pl_slot *slot = cs->slots[i];
        if (slot->kind == PL_SLOT_CREATE && slot->eid.client == s->client &&
            slot->eid.n > s->last_n)
            s->last_n = slot->eid.n;
    }
}

int sync_edit(struct sync *s, struct pl_cs *take_cs, bool undoable, bool group, int64_t now_us,
              struct pl_err *e)
{
    struct undo_step *step = NULL;

    s->now_us = now_us;
    if (pl_cs_is_empty(take_cs)) {
        pl_cs_release(take_cs);
        return 0;
    }
    int rc = sync_judge(s, take_cs, e);
    if (rc != 0) {
        pl_cs_release(take_cs);
        return rc;
    }
    take_ids(s, take_cs);
    if (undoable) {
        sync_undo_clear(&s->redo);
        step = group ? sync_undo_joins(s, take_cs) : NULL;
        if (step == NULL)
            step = sync_undo_push(&s->undo);
        sync_undo_note(s, step, take_cs, group);
    } else {
        sync_undo_map(s, take_cs);
    }
    sync_local_apply(s, take_cs, 0, &s->undo, step);
    sync_queue_tidy(s);
    sync_flush(s);
    return 0;
}

struct pl_eid sync_next_eid(struct sync *s)
{
    return (struct pl_eid){s->client, ++s->last_n};
}
