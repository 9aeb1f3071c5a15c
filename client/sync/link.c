// SPDX-License-Identifier: Apache-2.0
/*
 * Opening, resuming and losing the connection. Every Open makes a new epoch on the server, which
 * fences whatever was sent before; its answer tells what became of the changeset under way: in the
 * log (its revision is coming), refused, or certainly not committed. Only then is it sent again.
 *
 * While an Open is out, everything else is stale and ignored: what still counts comes again.
 */
#include "sync/sync_int.h"

#include <string.h>

bool sync_code_is_retry(uint32_t code)
{
    static const uint32_t codes[] = {
        PL_E_BEHIND, PL_E_FENCED,     PL_E_UNAVAILABLE, PL_E_BUSY,      PL_E_SLOW_DOWN,
        PL_E_CLOSED, PL_E_GOING_AWAY, PL_E_TIMEOUT,     PL_E_BAD_STATE, PL_E_UNREACHABLE};

    for (size_t i = 0; i < sizeof codes / sizeof codes[0]; i++) {
        if (codes[i] == code)
            return true;
    }
    return false;
}

static void start_opening(struct sync *s)
{
    s->link = SYNC_OPENING;
    s->in_snapshot = false;
    s->reopen_us = 0;
    s->wait_us = s->now_us;
    s->ping_token = 0;
    s->pongs = 0;
    if (s->flight == FLIGHT_SENT)
        s->flight = FLIGHT_UNSENT; /* until Opened says otherwise */
}

void sync_open(struct sync *s)
{
    struct pl_msg m = {.type = PL_MSG_OPEN};

    start_opening(s);
    m.u.open = (struct pl_open){.rid = ++s->rid,
                                .review = s->review,
                                .client = s->client,
                                .have = s->want_snapshot ? 0 : s->rev};
    s->h.send(s->h.ctx, &m);
}

int sync_resync(struct sync *s, int rc)
{
    struct pl_msg m = {.type = PL_MSG_RESYNC};

    s->want_snapshot = true;
    if (s->link == SYNC_OFFLINE)
        return rc; /* the next Open asks for it */
    start_opening(s);
    m.u.resync = (struct pl_resync){
        .rid = ++s->rid, .review = s->review, .rev = s->rev, .hash = pl_doc_digest(s->base)};
    s->h.send(s->h.ctx, &m);
    sync_tell_status(s);
    return rc;
}

void sync_reopen_later(struct sync *s)
{
    int64_t wait = SYNC_REOPEN_MIN_US;

    for (unsigned i = 0; i < s->reopens && wait < SYNC_REOPEN_MAX_US; i++)
        wait *= 2;
    if (wait > SYNC_REOPEN_MAX_US)
        wait = SYNC_REOPEN_MAX_US;
    s->reopens++;
    /* Not all at the same time: up to a quarter more, different for each client and try. */
    wait += wait / 64 * (int64_t)((s->client * 0x9E3779B97F4A7C15U + s->reopens) >> 32 & 15);
    s->reopen_us = s->now_us + wait;
}

void sync_set_gone(struct sync *s)
{
    s->gone = true;
    s->link = SYNC_OFFLINE;
    s->in_snapshot = false;
    s->wait_us = 0;
    s->reopen_us = 0;
    s->ping_token = 0;
    pl_buf_release(&s->snap);
    if (s->flight == FLIGHT_SENT)
        s->flight = FLIGHT_UNSENT;
    sync_tell_status(s);
}

void sync_connected(struct sync *s, int64_t now_us)
{
    s->now_us = now_us;
    s->gone = false;
    s->redial = false;
    s->reopens = 0;
    sync_open(s);
    sync_tell_status(s);
}

void sync_disconnected(struct sync *s)
{
#ifdef PL_SYNC_FAULTS
    sync_fault_flush(s);
#endif
    s->link = SYNC_OFFLINE;
    s->in_snapshot = false;
    s->wait_us = 0;
    s->reopen_us = 0;
    s->ping_token = 0;
    pl_buf_release(&s->snap);
    if (s->flight == FLIGHT_SENT)
        s->flight = FLIGHT_UNSENT;
    sync_journal(s);
    sync_tell_status(s);
}

/* --- Opened ----------------------------------------------------------------------------------- */

/* What became of the changeset under way. -PL_E_CONFLICT: nobody can tell. */
static int learn_outcome(struct sync *s, const struct pl_opened *m, struct pl_err *e)
{
    if (s->inflight == NULL)
        return 0;
    if (m->last_seq < s->seq) {
        s->flight = FLIGHT_UNSENT; /* and fenced: it may be sent again as it is now */
        s->resend_rev = 0;
        return 0;
    }
    if (m->last_seq > s->seq)
        return pl_fail(e, PL_E_CONFLICT, "another process has used this session");
    if (m->last_rev == 0) {
        sync_refuse(s, (int)m->last_code, m->last_why);
        return 0;
    }
    s->flight = FLIGHT_COMMITTED;
    s->opened_last_rev = m->last_rev;
    return 0;
}

/* Nothing under our number may be sent that the log may hold in another form. */
static int use_elsewhere(struct sync *s, const struct pl_opened *m, int rc)
{
    sync_refuse_all(s, PL_E_CONFLICT,
                    "this may have been saved already: the session was used "
                    "by another process");
    s->seq = m->last_seq;
    return rc;
}

/* The server has decided more under our id than we remember to have sent: the last lines of the
 * journal were lost (power cut). What came of them will be among the revisions (see take_forgotten)
 * and their numbers are used up; behind a snapshot nobody could tell what is in it already. */
static void learn_forgotten(struct sync *s, const struct pl_opened *m)
{
    s->decided = s->inflight == NULL && m->last_seq > s->seq ? m->last_seq : 0;
    if (s->decided != 0 && m->snapshot && !sync_is_saved(s))
        sync_refuse_all(s, PL_E_CONFLICT, "this may have been saved already, in part");
}

int sync_on_opened(struct sync *s, const struct pl_opened *m, struct pl_err *e)
{
    if (s->link != SYNC_OPENING || m->rid != s->rid)
        return 0;
    s->epoch = m->epoch;
    s->role = m->role;
    s->status = m->status;
    s->perms = m->perms;
    s->link = SYNC_CATCHING_UP;
    s->wait_us = s->now_us;
    s->live_rev = m->head;
    int rc = learn_outcome(s, m, e);
    if (rc != 0)
        rc = use_elsewhere(s, m, rc);
    learn_forgotten(s, m);
    if (m->snapshot) {
        sync_snapshot_start(s);
    } else if (s->want_snapshot ||
               (s->flight == FLIGHT_COMMITTED && s->opened_last_rev <= s->rev)) {
        /* It did not give what was asked for, or the copy is not what it takes itself for. */
        s->want_snapshot = true;
        s->redial = true;
        return pl_fail(e, PL_E_BAD_STATE, "the server sent no snapshot");
    }
    sync_check_live(s);
    sync_flush(s);
    sync_tell_status(s);
    return rc;
}

void sync_check_live(struct sync *s)
{
    if (s->link != SYNC_CATCHING_UP || s->in_snapshot || s->rev < s->live_rev)
        return;
    s->link = SYNC_LIVE;
    s->wait_us = 0;
    if (s->decided > s->seq)
        s->seq = s->decided;
    s->decided = 0;
    if (s->inflight == NULL && s->queue == NULL)
        s->reopens = 0; /* else when something was acknowledged */
    s->caret_dirty = true;
}

/* --- rights and errors ------------------------------------------------------------------------ */

static void on_end(struct sync *s, uint32_t code)
{
    if (!sync_code_is_retry(code)) {
        sync_set_gone(s);
        return;
    }
    if (s->link == SYNC_OFFLINE)
        return;
    start_opening(s);
    s->rid++; /* no answer under the old number counts */
    s->wait_us = 0;
    sync_reopen_later(s);
    sync_tell_status(s);
}

void sync_on_rights(struct sync *s, const struct pl_rights *m)
{
    if (m->code != 0) {
        on_end(s, m->code);
        return;
    }
    s->role = m->role;
    s->status = m->status;
    s->perms = m->perms;
    sync_tell_status(s);
}

void sync_on_error(struct sync *s, const struct pl_error *m)
{
    bool of_open = m->rid != 0 && m->rid == s->rid && s->link == SYNC_OPENING;

    if (of_open || (m->review != 0 && m->review == s->review))
        on_end(s, m->code);
}

/* --- timers ----------------------------------------------------------------------------------- */

static int64_t ack_timeout(const struct sync *s)
{
    int64_t t = 4 * s->rtt_us + 1000000;

    return t > SYNC_ACK_MIN_US ? t : SYNC_ACK_MIN_US;
}

void sync_on_pong(struct sync *s, const struct pl_pong *m)
{
    if (s->ping_token == 0 || m->token != s->ping_token)
        return;
    s->ping_token = 0;
    s->pongs++;
}

static void send_ping(struct sync *s)
{
    struct pl_msg m = {.type = PL_MSG_PING};

    s->ping_us = s->now_us;
    s->ping_token = s->client ^ ((uint64_t)s->now_us | 1);
    m.u.ping.token = s->ping_token;
    s->h.send(s->h.ctx, &m);
}

/* True while the link deserves more patience. */
static bool check_answer(struct sync *s)
{
    int64_t timeout = ack_timeout(s);

    if (s->ping_token != 0)
        return s->now_us - s->ping_us <= timeout;
    if (s->wait_us == 0 || s->now_us - s->wait_us <= timeout * (int64_t)(s->pongs + 1))
        return true;
    if (s->pongs >= 4) {
        /* It lives and has forgotten us: a new Open finds out what became of the change. */
        sync_open(s);
        return true;
    }
    send_ping(s);
    return true;
}

bool sync_tick(struct sync *s, int64_t now_us)
{
    s->now_us = now_us;
    if (s->lazy_us != 0 && now_us - s->lazy_us >= SYNC_LAZY_US)
        s->journal_due = true;
    if (s->link == SYNC_OFFLINE) {
        sync_journal(s);
        return true;
    }
    if (s->redial || !check_answer(s))
        return false;
    if (s->reopen_us != 0 && now_us >= s->reopen_us)
        sync_open(s);
    sync_flush(s);
    sync_presence_due(s);
    return true;
}
