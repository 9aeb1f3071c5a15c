// SPDX-License-Identifier: Apache-2.0
/*
 * The stream of a review: revisions in order, one by one. Ours is the acknowledgement; anybody
 * else's goes under our local changes and, transformed, into the view. A gap, a misfit or a wrong
 * state hash means that this copy is out of step: it asks for a new one and keeps what is local.
 */
#include "sync/sync_int.h"

#include <string.h>

#include <utlist.h>

#include "plimsoll/base/mem.h"

void sync_tell_status(struct sync *s)
{
    if (s->h.status != NULL && !s->muted)
        s->h.status(s->h.ctx);
}

void sync_tell_changed(struct sync *s, const struct pl_cs *cs, const struct pl_rev *r, bool remote)
{
    if (s->h.changed != NULL && !s->muted)
        s->h.changed(s->h.ctx, cs, r, remote);
}

void sync_tell_reset(struct sync *s)
{
    if (s->h.reset != NULL && !s->muted)
        s->h.reset(s->h.ctx);
}

static struct pl_rev_meta meta_of(const struct pl_rev *r)
{
    return (struct pl_rev_meta){
        .rev = r->rev, .user = r->user, .client = r->client, .at_us = r->at_us};
}

/* --- somebody else's -------------------------------------------------------------------------- */

/* Local changes and a revision could not be brought together: one of the copies is wrong. What is
 * local is put aside whole, and the copy is fetched anew. */
static int give_up_local(struct sync *s, int rc)
{
    s->rev = pl_doc_rev(s->base); /* the revision may be in base already */
    sync_refuse_all(s, PL_E_CONFLICT, "this copy did not match the server's");
    return sync_resync(s, rc);
}

/* Shows the revision `cs` by `r` under the local changes. */
static int show_remote(struct sync *s, const struct pl_cs *cs, const struct pl_rev *r,
                       struct pl_err *e)
{
    struct pl_rev_meta meta = meta_of(r);
    struct pl_cs c;

    pl_cs_copy(&c, cs);
    int rc = sync_local_over(s, &c, e);
    if (rc != 0) {
        pl_cs_release(&c);
        return give_up_local(s, rc);
    }
#ifdef PL_SYNC_FAULTS
    for (uint32_t i = 0; SYNC_FAULT(REMOTE) && i < cs->n; i++) {
        const struct pl_slot *sl = cs->slots[i];
        if (sl->kind == PL_SLOT_REG)
            pl_cs_reg(&c, sl->eid, sl->field, &sl->value);
    }
#endif
    sync_undo_skip(s, cs, r->user);
    sync_undo_map(s, &c);
    sync_queue_tidy(s);
    rc = pl_doc_apply(s->view, &c, NULL, e);
    if (rc == 0)
        pl_doc_settle(s->view, cs, &meta);
    else
        sync_rebuild_view(s);
    sync_caret_map(s, &c);
    sync_tell_changed(s, &c, r, true);
    if (rc != 0)
        sync_tell_reset(s);
    pl_cs_release(&c);
    return 0;
}

/* --- ours ------------------------------------------------------------------------------------- */

/* What stands in `cs` beyond `own`. False if a slot of own is missing or other than we sent. */
static bool read_extra(const struct pl_cs *own, const struct pl_cs *cs, struct pl_cs *extra)
{
    struct pl_cs all;
    struct pl_cs same;

    pl_cs_copy(&all, cs);
    pl_cs_init(&same);
    pl_cs_init(extra);
    while (all.n > 0) {
        const struct pl_slot *sl = all.slots[0];
        bool mine = pl_cs_find(own, sl->kind, sl->eid, sl->field, &sl->elem) != NULL;
        sync_slot_move(mine ? &same : extra, &all, 0);
    }
    bool ok = pl_cs_eq(&same, own);
    pl_cs_release(&all);
    pl_cs_release(&same);
    return ok;
}

/* The server has other content under our number than we hold: ours is rolled back and the committed
 * one is taken. Where it was carried over a snapshot that is to be expected; else the two sides do
 * not agree, and a new copy is asked for. */
static int replace_own(struct sync *s, const struct pl_rev *r, struct sync_batch *own,
                       struct pl_err *e)
{
    struct pl_state_view base = pl_doc_view(s->base);
    struct pl_rev_meta meta = meta_of(r);
    struct pl_cs back;
    struct pl_cs there;

    pl_cs_invert(&back, &own->cs, &base);
    pl_cs_copy(&there, &r->cs);
    int rc = sync_local_over(s, &back, e);
    if (rc == 0)
        rc = pl_doc_apply(s->base, &r->cs, &meta, e);
    if (rc == 0)
        rc = sync_local_over(s, &there, e);
    if (rc == 0)
        rc = pl_cs_compose(&back, &there, e);
    if (rc == 0) {
        sync_undo_map(s, &back);
        sync_undo_acked(s, own->id);
        sync_queue_tidy(s);
        sync_rebuild_view(s);
        sync_caret_map(s, &back);
        sync_tell_changed(s, &back, r, false);
        sync_tell_reset(s);
    }
    pl_cs_release(&back);
    pl_cs_release(&there);
    return rc == 0 ? 0 : give_up_local(s, rc);
}

static int disagree(struct sync *s, const struct pl_rev *r, struct pl_err *e)
{
    s->rev = r->rev;
    sync_ring_add(s, r);
    return sync_resync(s, pl_fail(e, PL_E_CONFLICT, "changeset %llu came back altered",
                                  (unsigned long long)r->seq));
}

/* Base has our changeset, and with it what the server added. */
static int own_is_in_base(struct sync *s, const struct pl_rev *r, const struct sync_batch *own,
                          const struct pl_cs *extra, struct pl_err *e)
{
    struct pl_rev_meta meta = meta_of(r);
    int rc = 0;

    if (!own->more)
        sync_undo_acked(s, own->id);
    if (extra->n > 0)
        rc = show_remote(s, extra, r, e);
    if (rc == 0)
        pl_doc_settle(s->view, &r->cs, &meta);
    return rc;
}

static int take_own(struct sync *s, const struct pl_rev *r, struct pl_err *e)
{
    struct sync_batch *own = s->inflight;
    struct pl_rev_meta meta = meta_of(r);
    struct pl_cs extra;
    int rc;

    s->inflight = NULL;
    s->flight = FLIGHT_NONE;
    s->acked += !own->more;
    s->reopens = 0;
    if (s->wait_us != 0)
        s->rtt_us = s->rtt_us == 0 ? s->now_us - s->wait_us
                                   : (s->rtt_us * 7 + (s->now_us - s->wait_us)) / 8;
    s->wait_us = 0;
    if (!read_extra(&own->cs, &r->cs, &extra)) {
        rc = replace_own(s, r, own, e);
        if (rc == 0 && !own->carried)
            rc = disagree(s, r, e);
    } else {
        rc = pl_doc_apply(s->base, &r->cs, &meta, e);
        if (rc != 0)
            rc = give_up_local(s, rc); /* the view holds what is nowhere else now */
        else
            rc = own_is_in_base(s, r, own, &extra, e);
    }
    pl_cs_release(&extra);
    sync_batch_free(own);
    return rc;
}

/* A revision under our id that this copy does not know to have sent: the last lines of the journal
 * were lost (power cut). If it is what stands first in the queue, it is that; else what is local
 * may be in it, in part, and is put aside rather than sent a second time. */
static int take_forgotten(struct sync *s, const struct pl_rev *r, struct pl_err *e)
{
    s->seq = r->seq;
    if (s->inflight == NULL && s->queue != NULL && pl_cs_eq(&s->queue->cs, &r->cs)) {
        struct sync_batch *b = s->queue;
        DL_DELETE(s->queue, b);
        s->inflight = b;
        return take_own(s, r, e);
    }
    if (!sync_is_saved(s))
        sync_refuse_all(s, PL_E_CONFLICT, "this may have been saved already, in part");
    struct pl_rev_meta meta = meta_of(r);
    int rc = pl_doc_apply(s->base, &r->cs, &meta, e);
    return rc == 0 ? show_remote(s, &r->cs, r, e) : sync_resync(s, rc);
}

/* --- one revision ----------------------------------------------------------------------------- */

#ifdef PL_SYNC_FAULTS
/* The broken way: revisions are kept back and composed while there is something local. */
static int flush_held(struct sync *s, struct pl_err *e)
{
    int rc = 0;

    if (s->n_held > 0) {
        struct pl_rev r = s->held;
        struct pl_rev_meta meta = meta_of(&r);
        s->n_held = 0;
        pl_cs_init(&s->held.cs); /* moved to r */
        rc = pl_doc_apply(s->base, &r.cs, &meta, e);
        if (rc == 0)
            rc = show_remote(s, &r.cs, &r, e);
        pl_cs_release(&r.cs);
    }
    return rc;
}

void sync_fault_flush(struct sync *s)
{
    (void)!flush_held(s, NULL);
}

static bool hold(struct sync *s, const struct pl_rev *r)
{
    struct pl_cs both;

    if (s->n_held > 0) {
        pl_cs_move(&both, &s->held.cs);
        if (pl_cs_compose(&both, &r->cs, NULL) != 0) {
            pl_cs_move(&s->held.cs, &both);
            return false;
        }
    } else {
        pl_cs_copy(&both, &r->cs);
    }
    s->held = *r;
    s->held.cs = both;
    s->n_held++;
    s->rev = r->rev;
    return true;
}
#endif

static int take_remote(struct sync *s, const struct pl_rev *r, struct pl_err *e)
{
    struct pl_rev_meta meta = meta_of(r);
    int rc = pl_doc_apply(s->base, &r->cs, &meta, e);

    if (rc != 0)
        return sync_resync(s, rc);
    return show_remote(s, &r->cs, r, e);
}

int sync_take_rev(struct sync *s, const struct pl_rev *r, struct pl_err *e)
{
    bool mine = r->client == s->client && r->client != 0;
    int rc;

#ifdef PL_SYNC_FAULTS
    if (SYNC_FAULT(COMPOSED) && !mine && s->inflight != NULL && s->n_held < 2 && hold(s, r))
        return s->n_held == 2 ? flush_held(s, e) : 0;
    rc = flush_held(s, e);
    if (rc != 0)
        return rc;
#endif
    sync_note_rev(s, r);
    if (mine && s->inflight != NULL && r->seq == s->seq)
        rc = take_own(s, r, e);
    else if (mine && r->seq > s->seq)
        rc = take_forgotten(s, r, e);
    else
        rc = take_remote(s, r, e);
    if (rc != 0)
        return rc;
    s->rev = r->rev;
    sync_ring_add(s, r);
    if (r->hash != 0 && r->hash != pl_doc_digest(s->base))
        return sync_resync(s, pl_fail(e, PL_E_CONFLICT, "the copy differs at revision %llu",
                                      (unsigned long long)r->rev));
    return 0;
}

static int on_rev(struct sync *s, const struct pl_rev *r, struct pl_err *e)
{
    if (s->link < SYNC_CATCHING_UP || s->in_snapshot || r->rev <= s->rev)
        return 0;
    if (r->rev != s->rev + 1) {
        sync_open(s);
        return pl_fail(e, PL_E_CONFLICT, "revision %llu came after %llu",
                       (unsigned long long)r->rev, (unsigned long long)s->rev);
    }
    int rc = sync_take_rev(s, r, e);
    if (rc != 0)
        return rc;
    sync_tell_peer_of_rev(s, r);
    if (s->link == SYNC_CATCHING_UP)
        s->wait_us = s->now_us;
    sync_check_live(s);
    sync_flush(s);
    sync_tell_status(s);
    return 0;
}

/* --- refusals --------------------------------------------------------------------------------- */

static int on_nack(struct sync *s, const struct pl_nack *m, struct pl_err *e)
{
    if (s->link < SYNC_CATCHING_UP || s->inflight == NULL || m->seq != s->seq ||
        s->flight != FLIGHT_SENT)
        return 0;
    if (m->code == PL_E_BEHIND) {
        s->flight = FLIGHT_UNSENT;
        s->resend_rev = m->at_rev > s->rev ? m->at_rev : s->rev;
        s->wait_us = 0;
    } else if (sync_code_is_retry(m->code)) {
        s->flight = FLIGHT_UNSENT;
        s->wait_us = 0;
        sync_reopen_later(s);
    } else {
        sync_refuse(s, (int)m->code, m->why);
        if (m->code == PL_E_BADOP)
            return sync_resync(s, pl_fail(e, PL_E_BADOP, "an edit did not fit: %s", m->why));
    }
    sync_flush(s);
    sync_tell_status(s);
    return 0;
}

/* --- all messages ----------------------------------------------------------------------------- */

static void on_synced(struct sync *s, const struct pl_synced *m)
{
    if (s->link != SYNC_CATCHING_UP)
        return;
    s->live_rev = m->rev;
    sync_check_live(s);
    sync_flush(s);
    sync_tell_status(s);
}

static void on_peer(struct sync *s, const struct pl_peer *m)
{
    if (s->h.peer != NULL && m->client != s->client)
        s->h.peer(s->h.ctx, m);
}

int sync_receive(struct sync *s, const struct pl_msg *m, int64_t now_us, struct pl_err *e)
{
    s->now_us = now_us;
    if (s->link == SYNC_OFFLINE && m->type != PL_MSG_RIGHTS)
        return 0;
    if (m->type == PL_MSG_OPENED)
        return m->u.opened.review == s->review ? sync_on_opened(s, &m->u.opened, e) : 0;
    if (m->type == PL_MSG_REV)
        return m->u.rev.review == s->review ? on_rev(s, &m->u.rev, e) : 0;
    if (m->type == PL_MSG_NACK)
        return m->u.nack.review == s->review ? on_nack(s, &m->u.nack, e) : 0;
    if (m->type == PL_MSG_SNAPSHOT)
        return m->u.snapshot.review == s->review ? sync_on_snapshot(s, &m->u.snapshot, e) : 0;
    if (m->type == PL_MSG_SYNCED && m->u.synced.review == s->review)
        on_synced(s, &m->u.synced);
    else if (m->type == PL_MSG_RIGHTS && m->u.rights.review == s->review)
        sync_on_rights(s, &m->u.rights);
    else if (m->type == PL_MSG_PEER && m->u.peer.review == s->review)
        on_peer(s, &m->u.peer);
    else if (m->type == PL_MSG_ERROR)
        sync_on_error(s, &m->u.error);
    else if (m->type == PL_MSG_PONG)
        sync_on_pong(s, &m->u.pong);
    return 0;
}
