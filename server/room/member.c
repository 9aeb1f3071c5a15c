// SPDX-License-Identifier: Apache-2.0
/*
 * A member: joining (the session row is opened while the room loads), submitting, rights, resync,
 * leaving. Whatever a connection sends, and whenever, ends in an answer or in nothing; a member who
 * cannot go on is told why and let go at the end of the loop turn, and resumes by joining again.
 */
#include "room/member_int.h"

#include <stdlib.h>
#include <string.h>

#include "plimsoll/base/mem.h"
#include "plimsoll/doc/perm.h"

#include "store/repo_log.h"

void member_send(struct member *m, const struct pl_msg *msg)
{
    struct pl_buf frame;
    struct pl_err e;

    pl_err_init(&e);
    pl_buf_init(&frame, ROOM_SEND_FRAME_MAX);
    if (pl_msg_encode(msg, &frame, &e) == 0)
        m->sink.send(m->sink.ctx, frame.data, frame.len);
    else
        LOG_ERR(NULL, "room.not_encoded", KV_ERR(&e));
    pl_buf_release(&frame);
}

struct member *room_member(const struct room *room, uint64_t client, uint32_t epoch)
{
    struct member *m;

    DL_FOREACH (room->members, m) {
        if (m->client == client && m->epoch == epoch && m->state == MEMBER_HERE)
            return m;
    }
    return NULL;
}

/* --- telling -------------------------------------------------------------------------------------
 */

static uint64_t perms_of(const struct member *m)
{
    if (m->role == 0 || m->client == 0)
        return PL_PERM_BIT(PL_PERM_READ);
    return pl_perm_mask(m->role, m->status);
}

void member_tell_rights(struct member *m)
{
    struct pl_msg msg = {.type = PL_MSG_RIGHTS};

    msg.u.rights = (struct pl_rights){
        .review = m->review, .role = m->role, .status = m->status, .perms = perms_of(m)};
    member_send(m, &msg);
}

void member_tell_trouble(struct member *m)
{
    struct pl_msg msg = {.type = PL_MSG_ERROR};

    if (m->was_told || m->state != MEMBER_HERE)
        return;
    m->was_told = true;
    msg.u.error =
        (struct pl_error){.code = PL_E_UNAVAILABLE, .text = m->room->trouble, .review = m->review};
    member_send(m, &msg);
}

void member_nack(struct member *m, uint64_t seq, int code, const char *why)
{
    if (m->state != MEMBER_HERE)
        return;
    if (m->n_nacks >= ROOM_NACKS_MAX) {
        member_let_go(m, PL_E_SLOW_DOWN, "too many changesets that do not pass");
        return;
    }
    struct nack *k = pl_xcalloc(1, sizeof *k);
    k->at_rev = oplog_head(m->room->oplog);
    k->why = pl_xstrdup(why);
    k->msg = (struct pl_nack){
        .review = m->review, .seq = seq, .code = (uint32_t)code, .at_rev = k->at_rev};
    DL_APPEND(m->nacks, k);
    m->n_nacks++;
    m->rooms->nacks++;
    member_wake(m);
}

/* --- letting go ----------------------------------------------------------------------------------
 */

static void forget_asks(struct member *m)
{
    struct ask **asks[] = {&m->ask_session, &m->ask_fetch, &m->ask_rights};

    for (size_t i = 0; i < sizeof asks / sizeof asks[0]; i++) {
        if (*asks[i] != NULL)
            (*asks[i])->member = NULL;
        *asks[i] = NULL;
    }
}

static void drop_nacks(struct member *m)
{
    struct nack *k;

    while ((k = m->nacks) != NULL) {
        DL_DELETE(m->nacks, k);
        free(k->why);
        free(k);
    }
    m->n_nacks = 0;
}

/* Out of the room; nothing refers to him afterwards. */
static void detach(struct member *m)
{
    struct room *room = m->room;

    forget_asks(m);
    DL_DELETE(room->members, m);
    presence_left(room, m);
    if (m->client != 0 && room->oplog != NULL)
        oplog_session_close(room->oplog, m->client, m->epoch);
    m->room = NULL;
    if (room->members == NULL && room->state != ROOM_GONE) {
        room->idle_since_ms = rooms_now_ms(room->rooms);
        snapshot_leave(room);
    }
}

void member_destroy(struct member *m)
{
    drop_nacks(m);
    snapshot_unref(m->snap);
    pl_buf_release(&m->hold);
    free(m->name);
    free(m->last_why);
    free(m->left_why);
    pl_mem_free(PL_MEM_MEMBER, m);
}

/* Tells the peer: by Error to his Open while he joins, by Rights afterwards. */
static void say_goodbye(struct member *m, int code, const char *why)
{
    struct pl_msg msg = {.type = PL_MSG_ERROR};

    if (m->state == MEMBER_JOINING && !m->restart) {
        msg.u.error = (struct pl_error){
            .rid = m->rid, .code = (uint32_t)code, .text = why, .review = m->review};
    } else {
        msg.type = PL_MSG_RIGHTS;
        msg.u.rights = (struct pl_rights){.review = m->review,
                                          .role = m->role,
                                          .status = m->status,
                                          .code = (uint32_t)code,
                                          .why = why};
    }
    member_send(m, &msg);
}

void member_let_go(struct member *m, int code, const char *why)
{
    struct rooms *r = m->rooms;

    if (m->state == MEMBER_LEAVING)
        return;
    if (code == 0)
        code = PL_E_INTERNAL;
    say_goodbye(m, code, why);
    if (m->room != NULL)
        detach(m);
    m->state = MEMBER_LEAVING;
    m->left_code = code;
    m->left_why = pl_xstrdup(why);
    DL_APPEND(r->leaving, m);
    rooms_wake_loop(r);
}

void member_leave(struct member *m)
{
    struct rooms *r = m->rooms;

    if (m->state == MEMBER_LEAVING)
        DL_DELETE(r->leaving, m);
    else
        detach(m);
    member_destroy(m);
    rooms_wake_loop(r);
}

/* --- joining -------------------------------------------------------------------------------------
 */

static void tell_opened(struct member *m)
{
    struct pl_msg msg = {.type = PL_MSG_OPENED};

    msg.u.opened = (struct pl_opened){.rid = m->rid,
                                      .review = m->review,
                                      .epoch = m->epoch,
                                      .last_seq = m->last_seq,
                                      .last_rev = m->last_rev,
                                      .last_code = m->last_code,
                                      .last_why = m->last_why,
                                      .head = m->sync_at,
                                      .snapshot = m->snap != NULL,
                                      .role = m->role,
                                      .status = m->status,
                                      .perms = perms_of(m)};
    member_send(m, &msg);
}

/* Does he get a snapshot, or the revisions that he lacks? */
static bool wants_snapshot(const struct member *m)
{
    const struct oplog *l = m->room->oplog;
    uint64_t head = oplog_head(l);

    if (m->restart || m->have > m->sync_at)
        return true; /* the latter: he holds what the log does not: revisions were lost, start over
                      */
    if (m->have >= head)
        return false;
    if (m->have == 0)
        return oplog_ring_first(l) > 1 || head > m->rooms->opt.snapshot_revs;
    return m->have + 1 < oplog_ring_first(l) && head - m->have > ROOM_FAR_BEHIND;
}

static void fence_older(struct member *m)
{
    struct member *o;
    struct member *tmp;

    if (m->client == 0)
        return;
    DL_FOREACH_SAFE (m->room->members, o, tmp) {
        if (o != m && o->client == m->client && o->has_session && o->epoch < m->epoch)
            member_let_go(o, PL_E_FENCED, "a newer session took over");
    }
}

static bool is_overtaken(const struct member *m)
{
    const struct member *o;

    DL_FOREACH (m->room->members, o) {
        if (o != m && m->client != 0 && o->client == m->client && o->has_session &&
            o->epoch > m->epoch)
            return true;
    }
    return false;
}

static void start_over(struct member *m)
{
    snapshot_unref(m->snap);
    m->snap = NULL;
    m->snap_off = 0;
    pl_buf_release(&m->hold);
    m->hold_off = 0;
    drop_nacks(m);
    if (m->ask_fetch != NULL)
        m->ask_fetch->member = NULL;
    m->ask_fetch = NULL;
    m->is_synced = false;
    m->seen_gen = 0;
}

/* Both the session and the room are there. */
void member_complete_join(struct member *m)
{
    struct room *room = m->room;
    struct pl_err e;

    if (m->state != MEMBER_JOINING || !m->has_session || room->state != ROOM_OPEN)
        return;
    uint64_t head = oplog_head(room->oplog);
    if (m->session_head > head) { /* another process, or our own append, is ahead of us */
        if (m->session_head > room->told_head)
            room->told_head = m->session_head;
        room_touch(room);
        return;
    }
    const struct oplog_session s = {.client = m->client,
                                    .epoch = m->epoch,
                                    .last_seq = m->last_seq,
                                    .last_rev = m->last_rev,
                                    .last_code = m->last_code,
                                    .last_why = m->last_why};
    if (m->client != 0)
        oplog_session_open(room->oplog, &s);
    start_over(m);
    m->sync_at = head;
    m->cursor = m->have;
    pl_err_init(&e);
    if (wants_snapshot(m)) {
        m->snap = snapshot_get(room, &e);
        if (m->snap == NULL) {
            member_let_go(m, e.code, "the review cannot be sent");
            return;
        }
        m->cursor = 0;
    }
    room->was_used = true;
    m->state = MEMBER_HERE;
    m->restart = false;
    m->is_awake = false;
    tell_opened(m);
    presence_arrived(m);
    if (room->trouble[0] != '\0' && oplog_has_work(room->oplog))
        member_tell_trouble(m); /* without work, nothing of his is stuck */
    member_wake(m);
}

void room_complete_joins(struct room *room, bool all_read)
{
    struct member *m;
    struct member *tmp;

    DL_FOREACH_SAFE (room->members, m, tmp) {
        if (all_read && m->has_session && m->session_head > oplog_head(room->oplog))
            m->session_head = oplog_head(room->oplog);
        member_complete_join(m);
    }
}

static void take_row(struct member *m, const struct session_row *row)
{
    m->has_session = true;
    m->epoch = row->epoch;
    m->last_seq = row->last_seq;
    m->last_rev = row->last_rev;
    m->last_code = row->last_code;
    free(m->last_why);
    m->last_why = pl_xstrdup(row->last_why != NULL ? row->last_why : "");
    m->role = row->role;
    m->status = row->status;
    m->session_head = row->head;
}

static void on_session(void *ctx, int rc, const struct session_row *row, const struct pl_err *e)
{
    struct member *m = NULL;
    struct room *room = ask_end(ctx, &m);

    if (m != NULL) {
        m->ask_session = NULL;
        if (rc != 0) {
            member_let_go(m, -rc, e != NULL ? e->text : "the review cannot be opened");
        } else {
            take_row(m, row);
            fence_older(m);
            if (is_overtaken(m))
                member_let_go(m, PL_E_FENCED, "a newer session took over");
            else
                member_complete_join(m);
        }
    }
    room_settle(room);
}

static int ask_session(struct member *m)
{
    m->has_session = false;
    m->ask_session = ask_new(m->room, m);
    int rc = repo_session_open(m->rooms->store, m->review, m->client, m->user, m->device,
                               on_session, m->ask_session);
    if (rc != 0) {
        (void)ask_end(m->ask_session, NULL);
        m->ask_session = NULL;
    }
    return rc;
}

static void enter(struct member *m, struct room *room)
{
    m->room = room;
    DL_APPEND(room->members, m);
    room->idle_since_ms = 0;
    int rc = ask_session(m);
    if (rc != 0)
        member_let_go(m, -rc, "the database is away");
}

struct member *member_join(struct rooms *r, const struct member_options *o,
                           const struct member_sink *sink)
{
    struct member *m = pl_mem_calloc(PL_MEM_MEMBER, 1, sizeof *m);
    struct pl_err e;

    m->rooms = r;
    m->state = MEMBER_JOINING;
    m->sink = *sink;
    m->review = o->review;
    m->client = o->client;
    m->user = o->user;
    m->device = o->device;
    m->have = o->have;
    m->rid = o->rid;
    m->name = pl_xstrdup(o->name != NULL ? o->name : "");
    pl_err_init(&e);
    struct room *room = NULL;
    if (r->is_closing)
        (void)pl_fail(&e, PL_E_GOING_AWAY, "the server is being restarted");
    else
        room = rooms_need(r, o->review, &e);
    if (room != NULL)
        enter(m, room);
    else
        member_let_go(m, e.code, e.text);
    return m;
}

/* --- submitting ----------------------------------------------------------------------------------
 */

static void answer_known(struct member *m, uint64_t seq)
{
    struct oplog_session s;

    /* A stored revision is on its way in the stream, or has been there. */
    if (oplog_session_get(m->room->oplog, m->client, &s) && s.last_seq == seq && s.last_code != 0)
        member_nack(m, seq, (int)s.last_code, s.last_why);
}

static void submit_refused(struct member *m, uint64_t seq, const struct pl_err *e)
{
    /* Out of order is answered like a fence: nothing is stored under this seq, the client resumes.
     */
    int code = e->code == PL_E_BAD_STATE ? PL_E_FENCED : e->code;

    LOG_DEBUG(&m->room->log, "room.not_taken", KV_U("client", m->client), KV_U("seq", seq),
              KV_ERR(e));
    member_nack(m, seq, code, e->text);
}

void member_submit(struct member *m, struct pl_submit *take)
{
    struct pl_err e;

    pl_err_init(&e);
    /* Before Opened, or of an older epoch: it was sent before the peer knew of the newer one. */
    if (m->state != MEMBER_HERE || take->epoch < m->epoch) {
        pl_cs_release(&take->cs);
        return;
    }
    if (m->client == 0)
        (void)pl_fail(&e, PL_E_PERM, "this review was opened for reading only");
    else if (m->rooms->is_closing)
        (void)pl_fail(&e, PL_E_GOING_AWAY, "the server is being restarted");
    else if (take->review != m->review)
        (void)pl_fail(&e, PL_E_BAD_STATE, "a changeset of another review");
    if (e.code != 0) {
        pl_cs_release(&take->cs);
        submit_refused(m, take->seq, &e);
        return;
    }
    const struct oplog_origin o = {.client = m->client,
                                   .epoch = take->epoch,
                                   .seq = take->seq,
                                   .base = take->base,
                                   .user = m->user,
                                   .device = m->device,
                                   .caret_after = take->caret_after,
                                   .undo_of = take->undo_of};
    int rc = oplog_submit(m->room->oplog, &o, &take->cs, &e);
    if (rc < 0) {
        submit_refused(m, take->seq, &e);
        return;
    }
    if (rc == OPLOG_KNOWN)
        answer_known(m, take->seq);
    if (m->room->trouble[0] != '\0')
        member_tell_trouble(m);
    room_touch(m->room);
}

bool member_is_choked(const struct member *m)
{
    return m->state == MEMBER_HERE && oplog_is_full(m->room->oplog);
}

/* --- resync and rights ---------------------------------------------------------------------------
 */

void member_resync(struct member *m, const struct pl_resync *r)
{
    if (m->state != MEMBER_HERE)
        return;
    LOG_WARN(&m->room->log, "room.resync", KV_U("client", m->client), KV_U("rev", r->rev),
             KV_U("head", oplog_head(m->room->oplog)));
    m->state = MEMBER_JOINING;
    m->restart = true;
    m->have = 0;
    m->rid = r->rid;
    int rc = ask_session(m);
    if (rc != 0)
        member_let_go(m, -rc, "the database is away");
}

/* With the next look of the room at what has failed, a quarter of a second from now. */
static void check_rights_later(struct member *m)
{
    m->recheck = true;
    m->room->fetch_failed = true;
}

static void on_rights(void *ctx, int rc, uint32_t role, uint32_t status, uint32_t visibility)
{
    struct member *m = NULL;
    struct room *room = ask_end(ctx, &m);

    if (m == NULL) {
        room_settle(room);
        return;
    }
    m->ask_rights = NULL;
    if (rc == -PL_E_NOENT) {
        member_let_go(m, PL_E_NOENT, "there is no such review any more");
    } else if (rc != 0) {
        check_rights_later(m);
    } else if (role == 0 && visibility != PL_VISIBILITY_ORGANISATION) {
        member_let_go(m, PL_E_REVOKED, "your access to this review has ended");
    } else {
        bool changed = m->role != role || m->status != status;
        m->role = role;
        m->status = status;
        if (changed && m->state == MEMBER_HERE)
            member_tell_rights(m);
        if (m->recheck)
            member_check_rights(m);
    }
    room_settle(room);
}

void member_check_rights(struct member *m)
{
    if (m->state == MEMBER_LEAVING)
        return;
    if (m->ask_rights != NULL) {
        m->recheck = true;
        return;
    }
    m->recheck = false;
    m->ask_rights = ask_new(m->room, m);
    if (repo_rights(m->rooms->store, m->review, m->user, on_rights, m->ask_rights) == 0)
        return;
    (void)ask_end(m->ask_rights, NULL);
    m->ask_rights = NULL;
    check_rights_later(m);
}
