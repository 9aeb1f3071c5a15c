// SPDX-License-Identifier: Apache-2.0
/*
 * The life of a session: from an accepted stream to its end, deadlines and rates on the way.
 *
 * Output goes two ways: replies and notices are encoded into `out` at once; revisions are pulled
 * from the rooms when the network can take them, so a slow reader holds no memory. The peer's text
 * is never logged.
 */
#include "session/session.h"

#include <stdio.h>
#include <string.h>

#include <utlist.h>
#include <uv.h>

#include "plimsoll/base/mem.h"
#include "plimsoll/wire/message.h"

#include "room/room.h"
#include "session/session_internal.h"

#define OUT_MAX (1024u * 1024u)

static const struct pl_fsm_state states[] = {
    [SESSION_HANDSHAKE] = {"handshake",
                           PL_FSM_BIT(SESSION_IDENTIFYING) | PL_FSM_BIT(SESSION_JOINING) |
                               PL_FSM_BIT(SESSION_ENDED),
                           PL_FSM_INITIAL},
    [SESSION_IDENTIFYING] = {"identifying", PL_FSM_BIT(SESSION_HELLO) | PL_FSM_BIT(SESSION_ENDED),
                             0},
    [SESSION_JOINING] = {"joining", PL_FSM_BIT(SESSION_ENDED), 0},
    [SESSION_HELLO] = {"hello", PL_FSM_BIT(SESSION_READY) | PL_FSM_BIT(SESSION_ENDED), 0},
    [SESSION_READY] = {"ready", PL_FSM_BIT(SESSION_ENDED), 0},
    [SESSION_ENDED] = {"ended", 0, PL_FSM_FINAL},
};
static const struct pl_fsm_table machine = {"session", states, SESSION_ENDED + 1};

static uint64_t now_ms(void)
{
    return pl_env_mono_ms(pl_env_system());
}

void session_enter(struct session *s, enum session_state state)
{
    pl_fsm_move(&s->fsm, state);
    s->state_ms = now_ms();
}

static struct session *session_of(struct caller *c)
{
    return (struct session *)(void *)((char *)c - offsetof(struct session, caller));
}

void session_send(struct session *s, const struct pl_msg *m)
{
    struct pl_err e;
    if (s->fsm.state == SESSION_ENDED)
        return;
    pl_err_init(&e);
    if (pl_msg_encode(m, &s->out, &e) < 0) {
        session_drop(s, PL_E_TIMEOUT, "slow consumer: replies were not taken");
        return;
    }
    s->tx++;
    s->all->stats.frames_out++;
    stream_wake(s->stream);
}

static void op_send(struct caller *c, const struct pl_msg *m)
{
    session_send(session_of(c), m);
}

static void op_send_frame(struct caller *c, const uint8_t *frame, size_t n)
{
    struct session *s = session_of(c);
    if (s->fsm.state == SESSION_ENDED)
        return;
    if (pl_buf_add(&s->out, frame, n) < 0) {
        s->is_flooded = true; /* a room is calling: it must not lose its member under its feet */
        return;
    }
    s->all->stats.frames_out++;
    stream_wake(s->stream);
}

static void op_wake(struct caller *c)
{
    struct session *s = session_of(c);
    if (s->fsm.state == SESSION_READY)
        stream_wake(s->stream);
}

static void op_drop(struct caller *c, int code, const char *why)
{
    session_drop(session_of(c), code, why);
}

static const struct caller_ops ops = {op_send, op_send_frame, op_wake, op_drop};

void session_drop(struct session *s, int code, const char *why)
{
    if (s->is_ending || s->fsm.state == SESSION_ENDED)
        return;
    s->is_ending = true;
    bool speaks = s->fsm.state != SESSION_HANDSHAKE;
    if (speaks) {
        struct pl_err e;
        struct pl_msg m = {.type = PL_MSG_ERROR};
        m.u.error.code = (uint32_t)code;
        m.u.error.text = why;
        m.u.error.fatal = true;
        /* A full buffer means the peer does not read: it will not read this either. */
        if (pl_msg_encode(&m, &s->out, &e) < 0)
            speaks = false;
    }
    stream_close(s->stream, code, why, speaks);
}

static void on_ready(void *owner)
{
    handshake_begin(owner);
}

static void note_partial(struct session *s)
{
    size_t held = pl_frame_partial(&s->reader);
    if (held == 0 || held < s->partial_seen ||
        held - s->partial_seen >= PL_PARTIAL_PROGRESS_BYTES || s->partial_seen == 0) {
        s->partial_seen = held;
        s->partial_ms = now_ms();
    }
}

static void on_data(void *owner, const uint8_t *bytes, size_t n)
{
    struct session *s = owner;
    struct pl_frame f;
    struct pl_err e;
    int rc = 0;
    if (s->is_ending)
        return;
    pl_err_init(&e);
    pl_frame_feed(&s->reader, bytes, n);
    while ((rc = pl_frame_next(&s->reader, &f, &e)) == 1) {
        s->rx++;
        s->all->stats.frames_in++;
        s->heard_ms = now_ms();
        s->pings = 0;
        router_frame(s, &f);
        if (s->is_ending)
            return;
    }
    if (rc < 0) {
        s->all->stats.bad_frames++;
        session_drop(s, e.code, e.text);
        return;
    }
    note_partial(s);
    session_regulate(s, now_ms());
}

static bool on_fill(void *owner, struct pl_buf *out, size_t budget)
{
    struct session *s = owner;
    if (s->out.len > 0) {
        /* `out` is sized for this and one budget on top. */
        PL_ASSERT(pl_buf_add(out, s->out.data, s->out.len) == 0);
        pl_buf_release(&s->out);
    }
    if (s->fsm.state != SESSION_READY || s->is_ending)
        return false;
    bool more = false;
    for (size_t i = 0; i < PL_ROOMS_PER_CONNECTION; i++) {
        struct member *m = s->caller.seats[i].member;
        if (!m)
            continue;
        if (out->len >= budget)
            return true;
        more |= member_pull(m, out, budget);
    }
    return more;
}

void session_regulate(struct session *s, uint64_t now)
{
    bool good = rate_is_good(&s->changesets, now) && rate_is_good(&s->requests, now) &&
                rate_is_good(&s->bytes, now);
    for (size_t i = 0; good && i < PL_ROOMS_PER_CONNECTION; i++) {
        const struct member *m = s->caller.seats[i].member;
        if (m && member_is_choked(m))
            good = false;
    }
    if (!good && !s->is_paused) {
        s->is_paused = true;
        s->all->stats.delayed++;
        stream_pause(s->stream);
    } else if (good && s->is_paused && s->lookup == NULL) {
        s->is_paused = false;
        s->heard_ms = s->partial_ms = now; /* while we did not read, silence was our doing */
        stream_resume(s->stream);
    }
}

static void check_idle(struct session *s, uint64_t now)
{
    if (s->is_paused || now - s->heard_ms < (uint64_t)s->all->opt.ping_ms * (s->pings + 1))
        return;
    if (s->pings >= 2) {
        session_drop(s, PL_E_TIMEOUT, "no sign of life");
        return;
    }
    struct pl_msg m = {.type = PL_MSG_PING};
    m.u.ping.token = now;
    s->pings++;
    session_send(s, &m);
}

static void on_tick(void *owner, uint64_t loop_ms)
{
    struct session *s = owner;
    uint64_t now = now_ms();
    (void)loop_ms;
    if (s->is_ending)
        return;
    if (s->is_flooded) {
        session_drop(s, PL_E_TIMEOUT, "slow consumer: notices were not taken");
        return;
    }
    handshake_recheck(s);
    session_regulate(s, now);
    if (s->is_ending)
        return;
    if (pl_frame_partial(&s->reader) > 0 && !s->is_paused &&
        now - s->partial_ms > PL_PARTIAL_PROGRESS_MS) {
        session_drop(s, PL_E_TIMEOUT, "a frame was begun and did not go on");
        return;
    }
    switch ((enum session_state)s->fsm.state) {
    case SESSION_JOINING:
        if (now - s->state_ms > s->all->opt.join_ms)
            session_drop(s, PL_E_TIMEOUT, "joining took too long");
        break;
    case SESSION_HELLO:
        if (now - s->state_ms > s->all->opt.first_frame_ms)
            session_drop(s, PL_E_TIMEOUT, "no Hello came");
        break;
    case SESSION_READY:
        check_idle(s, now);
        break;
    case SESSION_IDENTIFYING: /* the store has its own deadline */
    case SESSION_HANDSHAKE:
    case SESSION_ENDED:
        break;
    }
}

static void on_ended(void *owner, int code, const char *why)
{
    struct session *s = owner;
    if (s->fsm.state == SESSION_READY)
        s->all->stats.ready--;
    if (s->caller.user != 0) { /* known people are few enough for a line each */
        LOG_INFO(&s->log, "session.ended", KV_S("code", pl_error_info(code)->token),
                 KV_S("why", why), KV_U("rx", s->rx), KV_U("tx", s->tx));
    } else if (code != PL_E_CLOSED) {
        LOG_RATED(&s->all->bad_rate, PL_LOG_INFO, &s->log, "session.failed",
                  KV_S("state", pl_fsm_name(&s->fsm)), KV_S("code", pl_error_info(code)->token),
                  KV_S("why", why));
    }
    session_enter(s, SESSION_ENDED);
    handshake_forget(s);
    caller_release(&s->caller);
}

static void on_freed(void *owner)
{
    struct session *s = owner;
    DL_DELETE(s->all->list, s);
    s->all->stats.open--;
    pl_frame_reader_release(&s->reader);
    pl_arena_release(&s->arena);
    pl_buf_release(&s->out);
    pl_mem_free(PL_MEM_SESSION, s);
}

static const struct stream_handlers handlers = {
    .ready = on_ready,
    .data = on_data,
    .fill = on_fill,
    .tick = on_tick,
    .ended = on_ended,
    .freed = on_freed,
};

const struct stream_handlers *session_stream_handlers(void)
{
    return &handlers;
}

void *session_attach(void *ctx, struct stream *stream)
{
    struct sessions *all = ctx;
    struct session *s = pl_mem_calloc(PL_MEM_SESSION, 1, sizeof(*s));
    uint64_t now = now_ms();
    s->all = all;
    s->stream = stream;
    s->id = ++all->next_id;
    s->state_ms = s->heard_ms = s->partial_ms = now;
    caller_init(&s->caller, &ops, all->services);
    pl_fsm_init(&s->fsm, &machine, SESSION_HANDSHAKE, NULL);
    pl_log_ctx_init(&s->log, NULL);
    pl_log_ctx_set(&s->log, KV_U("session", s->id));
    pl_log_ctx_set(&s->log, KV_S("peer", stream_peer(stream)));
    pl_frame_reader_init(&s->reader, PL_FRAME_MAX_JOIN);
    pl_arena_init(&s->arena, PL_UNPACK_BUDGET_MAX);
    pl_buf_init(&s->out, OUT_MAX);
    rate_init(&s->changesets, all->opt.changesets_per_s, now);
    rate_init(&s->requests, all->opt.requests_per_s, now);
    rate_init(&s->bytes, (double)all->opt.bytes_per_s, now);
    DL_APPEND(all->list, s);
    all->stats.open++;
    return s;
}

struct sessions *sessions_new(const struct services *services, const struct sessions_options *o)
{
    struct sessions *all = pl_mem_calloc(PL_MEM_SESSION, 1, sizeof(*all));
    all->services = services;
    all->opt = *o;
    return all;
}

void sessions_free(struct sessions *all)
{
    if (!all)
        return;
    PL_ASSERT(!all->list);
    pl_mem_free(PL_MEM_SESSION, all);
}

void sessions_go_away(struct sessions *all, uint32_t reconnect_after_ms, const char *why)
{
    struct session *s;
    struct session *tmp;
    all->going_away = true;
    DL_FOREACH_SAFE (all->list, s, tmp) {
        struct pl_msg m = {.type = PL_MSG_GOAWAY};
        m.u.goaway.reconnect_after_ms = reconnect_after_ms;
        m.u.goaway.text = why;
        if (s->fsm.state == SESSION_READY)
            session_send(s, &m);
    }
}

void sessions_revoked(struct sessions *all, uint64_t device, uint64_t user)
{
    struct session *s;
    struct session *tmp;
    DL_FOREACH_SAFE (all->list, s, tmp) {
        if (device != 0 && s->caller.device == device)
            session_drop(s, PL_E_REVOKED, "access of this device was taken away");
        else if (device == 0 && (user == 0 || s->caller.user == user))
            s->must_recheck =
                true; /* asked at its next tick, so that a crowd does not ask at once */
    }
}

void sessions_stats(const struct sessions *all, struct sessions_stats *out)
{
    *out = all->stats;
}
