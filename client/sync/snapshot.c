// SPDX-License-Identifier: Apache-2.0
/*
 * A whole document instead of the revisions: at the first opening, when the revisions are not to be
 * had any more, and when this copy turned out to be wrong. It comes in chunks and takes the place
 * of base. What is local is carried over the difference as over one foreign revision. That cannot
 * make copies differ: what is sent after it is new to the server and based on the snapshot.
 *
 * Registers that somebody else has set in the meantime, and edits of entries that are not there any
 * more, are put aside for the user; texts are merged.
 */
#include "sync/sync_int.h"

#include <string.h>

#include <utlist.h>

#include "plimsoll/base/mem.h"

#include "sync/diff.h"

void sync_snapshot_start(struct sync *s)
{
    s->in_snapshot = true;
    s->snap_total = 0;
    s->snap_rev = 0;
    pl_buf_release(&s->snap);
}

/* --- what the snapshot does to local changes ----------------------------------------------------
 */

/* Is the change part of the snapshot? Then it is a past one. */
static void settle_inflight(struct sync *s, uint64_t rev)
{
    if (s->inflight == NULL)
        return;
    if (s->flight == FLIGHT_COMMITTED && s->opened_last_rev > rev) {
        s->inflight->carried = true; /* its revision is coming */
        return;
    }
    if (s->flight == FLIGHT_COMMITTED) {
        int rc = pl_doc_apply(s->base, &s->inflight->cs, NULL, NULL);
        PL_ASSERT(rc == 0);
        s->acked += !s->inflight->more;
        if (!s->inflight->more)
            sync_undo_acked(s, s->inflight->id);
        sync_batch_free(s->inflight);
    } else {
        /* Never committed, and fenced: it goes again under a new number. */
        DL_PREPEND(s->queue, s->inflight);
    }
    s->inflight = NULL;
    s->flight = FLIGHT_NONE;
}

static bool is_known(const struct sync *s, const struct pl_doc *doc, struct pl_eid eid)
{
    const struct sync_batch *b;

    if (pl_doc_entry(doc, eid) != NULL)
        return true;
    DL_FOREACH (s->queue, b) {
        if (pl_cs_find(&b->cs, PL_SLOT_CREATE, eid, 0, NULL) != NULL)
            return true;
    }
    return s->inflight != NULL &&
           pl_cs_find(&s->inflight->cs, PL_SLOT_CREATE, eid, 0, NULL) != NULL;
}

/* Can the slot be applied on the snapshot, and does it not run over somebody else's value? */
static bool stands(const struct sync *s, const struct pl_doc *doc, const struct pl_slot *sl,
                   const struct pl_cs *theirs)
{
    if (sl->kind == PL_SLOT_CREATE)
        return pl_doc_entry(doc, sl->eid) == NULL && is_known(s, doc, sl->parent);
    if (!is_known(s, doc, sl->eid))
        return false;
    if (sl->kind == PL_SLOT_PLACE && !is_known(s, doc, sl->parent))
        return false;
    return sl->kind == PL_SLOT_TEXT ||
           pl_cs_find(theirs, sl->kind, sl->eid, sl->field, &sl->elem) == NULL;
}

static void collect_conflicts(struct sync *s, const struct pl_doc *doc, const struct pl_cs *theirs,
                              struct pl_cs *lost)
{
    struct sync_batch *b;

    DL_FOREACH (s->queue, b) {
        for (uint32_t i = 0; i < b->cs.n;) {
            if (stands(s, doc, b->cs.slots[i], theirs))
                i++;
            else
                sync_slot_move(lost, &b->cs, i);
        }
    }
    if (lost->n > 0)
        sync_collect_dependent(s, lost, false);
    DL_FOREACH (s->queue, b)
        b->hit = false;
}

static bool has_text_or_create(const struct pl_cs *cs)
{
    for (uint32_t i = 0; i < cs->n; i++) {
        if (cs->slots[i]->kind == PL_SLOT_TEXT || cs->slots[i]->kind == PL_SLOT_CREATE)
            return true;
    }
    return false;
}

/* --- taking it ----------------------------------------------------------------------------------
 */

static void take_base(struct sync *s, struct pl_doc *take_doc)
{
    pl_doc_free(s->base);
    s->base = take_doc;
    s->rev = pl_doc_rev(take_doc);
    s->want_snapshot = false;
    sync_ring_reset(s);
    sync_note_all(s);
}

/* The first copy: nobody has looked at anything yet. */
static bool is_first(const struct sync *s)
{
    return s->rev == 0 && s->inflight == NULL && s->queue == NULL;
}

static void adopt(struct sync *s, struct pl_doc *take_doc)
{
    struct pl_cs theirs;
    struct pl_cs lost;
    struct pl_cs c;

    settle_inflight(s, pl_doc_rev(take_doc));
    if (is_first(s)) {
        take_base(s, take_doc);
        sync_rebuild_view(s);
        sync_tell_reset(s);
        return;
    }
    diff_docs(&theirs, s->base, take_doc);
    pl_cs_init(&lost);
    collect_conflicts(s, take_doc, &theirs, &lost);
    pl_cs_copy(&c, &theirs);
    int rc = sync_local_over(s, &c, NULL);
    take_base(s, take_doc);
    if (rc != 0) {
        sync_refuse_all(s, PL_E_CONFLICT, "this could not be brought together with the new copy");
    } else {
        if (has_text_or_create(&lost)) {
            sync_undo_clear(&s->undo);
            sync_undo_clear(&s->redo);
        }
        sync_undo_skip(s, &theirs, 0);
        sync_undo_map(s, &c);
        sync_queue_tidy(s);
        sync_rebuild_view(s);
        sync_caret_map(s, &c);
        sync_tell_changed(s, &c, NULL, true);
        sync_tell_reset(s);
        if (lost.n > 0)
            sync_tell_refused(s, PL_E_CONFLICT, "others have changed it in the meantime", &lost);
    }
    pl_cs_release(&theirs);
    pl_cs_release(&lost);
    pl_cs_release(&c);
}

static int fail_snapshot(struct sync *s, int rc)
{
    s->in_snapshot = false;
    pl_buf_release(&s->snap);
    s->redial = true;
    return rc;
}

int sync_on_snapshot(struct sync *s, const struct pl_snapshot *m, struct pl_err *e)
{
    if (s->link != SYNC_CATCHING_UP || !s->in_snapshot)
        return 0;
    if (s->snap_total == 0) {
        if (m->total == 0 || m->total > PL_SNAPSHOT_MAX)
            return fail_snapshot(s, pl_fail(e, PL_E_TOO_LARGE, "a snapshot of %llu bytes",
                                            (unsigned long long)m->total));
        s->snap_total = m->total;
        s->snap_rev = m->rev;
        pl_buf_init(&s->snap, m->total);
    }
    if (m->total != s->snap_total || m->rev != s->snap_rev || m->offset != s->snap.len ||
        pl_buf_add(&s->snap, m->chunk.p, m->chunk.n) != 0)
        return fail_snapshot(s, pl_fail(e, PL_E_BAD_MESSAGE, "a snapshot chunk out of place"));
    s->wait_us = s->now_us;
    if (s->snap.len < s->snap_total)
        return 0;
    struct pl_doc *doc = pl_doc_decode(s->snap.data, s->snap.len, e);
    if (doc == NULL)
        return fail_snapshot(s, -PL_E_BAD_MESSAGE);
    pl_doc_set_rev(doc, s->snap_rev);
    s->in_snapshot = false;
    pl_buf_release(&s->snap);
    adopt(s, doc);
    sync_check_live(s);
    sync_flush(s);
    sync_tell_status(s);
    return 0;
}
