// SPDX-License-Identifier: Apache-2.0
/*
 * One server: the link, requests under way, and the open reviews that messages are handed to.
 *
 * A request waits for the link, is sent once, and fails when the link is lost after that: whether
 * to repeat it is the asker's decision, since only he knows if it is harmless. Who is called may
 * close reviews, end requests or begin new ones: whoever walks one of the two lists marks what is
 * to be called, and looks from the start again after each call.
 */
#include "model/client.h"

#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <utlist.h>

#include "plimsoll/base/log.h"
#include "plimsoll/base/mem.h"
#include "plimsoll/base/str.h"
#include "plimsoll/base/time.h"
#include "plimsoll/wire/limits.h"

#include "model/client_int.h"
#include "model/reply.h"
#include "model/seen.h"

#define TICK_MS    100
#define LOG_ASK_MS 10000

struct request {
    struct client *client;
    enum pl_msg_type type;
    uint32_t rid;
    bool is_sent;
    bool is_due;         /* to be failed */
    struct pl_buf frame; /* encoded, while not sent */
    struct pl_err bad;   /* why it cannot be sent at all; code 0: it can */
    uint64_t deadline_ms;
    client_reply_cb cb;
    void *ctx;
    struct request *prev, *next;
};

/* --- requests ------------------------------------------------------------------------------------
 */

static void request_end(struct request *r, int rc, struct pl_msg *reply, const struct pl_err *e)
{
    DL_DELETE(r->client->requests, r);
    r->cb(r->ctx, rc, reply, e);
    pl_buf_release(&r->frame);
    pl_mem_free(PL_MEM_REQUEST, r);
}

static void request_fail(struct request *r, int code, const char *why)
{
    struct pl_err e;
    pl_err_init(&e);
    (void)pl_fail(&e, code, "%s", why);
    request_end(r, -code, NULL, &e);
}

static uint32_t *rid_of(struct pl_msg *m)
{
    /* Every request of ours has its rid as the first member. */
    return &m->u.list.rid;
}

void client_call(struct client *c, struct pl_msg *m, uint64_t timeout_ms, client_reply_cb cb,
                 void *ctx)
{
    struct request *r = pl_mem_calloc(PL_MEM_REQUEST, 1, sizeof(*r));
    if (++c->next_rid == 0)
        c->next_rid = 1;
    PL_ASSERT(reply_type(m->type) != PL_MSG_NONE);
    r->client = c;
    r->type = m->type;
    r->rid = *rid_of(m) = c->next_rid;
    r->deadline_ms = uv_now(c->loop) + timeout_ms;
    r->cb = cb;
    r->ctx = ctx;
    pl_buf_init(&r->frame, PL_FRAME_MAX_CLIENT + PL_FRAME_HEADER);
    DL_APPEND(c->requests, r);
    pl_err_init(&r->bad);
    if (pl_msg_encode(m, &r->frame, &r->bad) < 0)
        r->deadline_ms = 0; /* answered by the next tick: never from inside this call */
    client_flush_requests(c);
}

void client_flush_requests(struct client *c)
{
    struct request *r;
    if (!c->link || link_state(c->link) != LINK_UP)
        return;
    DL_FOREACH (c->requests, r) {
        if (r->is_sent || r->bad.code != 0)
            continue;
        r->is_sent = link_send_frame(c->link, r->frame.data, r->frame.len);
        if (r->is_sent)
            pl_buf_release(&r->frame);
    }
}

static struct request *request_find(struct client *c, uint32_t rid)
{
    struct request *r;
    DL_FOREACH (c->requests, r) {
        if (r->rid == rid && r->is_sent)
            return r;
    }
    return NULL;
}

/* One that is marked, or NULL. */
static struct request *request_due(struct client *c)
{
    struct request *r;
    DL_FOREACH (c->requests, r) {
        if (r->is_due)
            return r;
    }
    return NULL;
}

static void expire_requests(struct client *c)
{
    struct request *r;
    uint64_t now = uv_now(c->loop);
    DL_FOREACH (c->requests, r) {
        r->is_due |= now >= r->deadline_ms;
    }
    while ((r = request_due(c))) {
        if (r->bad.code != 0)
            request_fail(r, r->bad.code, r->bad.text);
        else if (!r->is_sent)
            request_fail(r, PL_E_UNREACHABLE, c->down_why[0] ? c->down_why : "no connection yet");
        else
            request_fail(r, PL_E_TIMEOUT, "the server did not answer in time");
    }
}

void client_forget(struct client *c, const void *ctx)
{
    struct request *r;
    struct request *tmp;
    DL_FOREACH_SAFE (c->requests, r, tmp) {
        if (r->ctx != ctx)
            continue;
        DL_DELETE(c->requests, r);
        pl_buf_release(&r->frame);
        pl_mem_free(PL_MEM_REQUEST, r);
    }
}

static void fail_sent(struct client *c, int code, const char *why, bool all)
{
    struct request *r;
    DL_FOREACH (c->requests, r) {
        r->is_due |= r->is_sent || all;
    }
    while ((r = request_due(c)))
        request_fail(r, code, why);
}

/* --- the server's log ---------------------------------------------------------------------------
 */

static void on_growth(void *ctx, int rc, struct pl_msg *reply, const struct pl_err *e)
{
    struct client *c = *(struct client **)ctx;
    struct pl_err why;
    (void)e;
    c->asks_log = false;
    if (rc < 0 || c->closing_parts > 0)
        return; /* asked again at the next connection */
    pl_err_init(&why);
    rc = seen_take(c->seen, &reply->u.audit_growth_reply, &why);
    if (rc == -PL_E_ROLLBACK) {
        LOG_ERR(NULL, "audit.rollback", KV_ERR(&why));
        link_refuse(c->link, PL_E_ROLLBACK, why.text);
    } else if (rc < 0) {
        LOG_WARN(NULL, "audit.not_kept", KV_ERR(&why));
    } else if (c->seen->began_anew) {
        LOG_WARN(NULL, "audit.new_epoch", KV_S("origin", c->seen->c.origin));
    }
}

void client_ask_log(struct client *c)
{
    struct pl_msg m = {.type = PL_MSG_AUDIT_GROWTH};
    if (c->seen == NULL || c->asks_log || client_link_state(c) != LINK_UP)
        return;
    m.u.audit_growth.from = c->seen->is_there ? c->seen->c.size : 0;
    c->asks_log = true;
    client_call(c, &m, LOG_ASK_MS, on_growth, &c->log_ctx);
}

const struct seen *client_seen(const struct client *c)
{
    return c->seen;
}

bool client_asks_log(const struct client *c)
{
    return c->asks_log;
}

/* Before it dials: a file that cannot be read is not as if nothing had been seen. */
static int watch_log(struct client *c, struct pl_err *e)
{
    c->log_ctx = c;
    c->seen = pl_mem_calloc(PL_MEM_OTHER, 1, sizeof(*c->seen));
    return seen_load(c->seen, c->state_dir, c->profile->root_pin, c->profile->user, e);
}

/* --- the link's news
 * ------------------------------------------------------------------------------ */

/* Every review that is open now, once. One that is opened meanwhile has its state already. */
static void round_begin(struct client *c)
{
    struct review *r;
    DL_FOREACH (c->reviews, r) {
        r->is_due = true;
    }
}

static struct review *round_next(struct client *c)
{
    struct review *r;
    DL_FOREACH (c->reviews, r) {
        if (r->is_due) {
            r->is_due = false;
            return r;
        }
    }
    return NULL;
}

static void on_up(void *ctx, const struct pl_welcome *w)
{
    struct client *c = ctx;
    struct review *r;
    client_set_welcome(c, w);
    c->down_why[0] = '\0';
    client_ask_log(c);
    client_flush_requests(c);
    round_begin(c);
    while ((r = round_next(c)))
        review_link_up(r);
    c->on.link(c->on.ctx, LINK_UP, 0, "", 0);
}

static void on_down(void *ctx, int code, const char *why, int64_t retry_ms)
{
    struct client *c = ctx;
    struct review *r;
    (void)pl_strlcpy(c->down_why, why, sizeof(c->down_why));
    round_begin(c);
    while ((r = round_next(c)))
        review_link_down(r);
    fail_sent(c, code, why, retry_ms < 0);
    c->on.link(c->on.ctx, retry_ms < 0 ? LINK_STOPPED : LINK_DOWN, code, why, retry_ms);
}

/* Where the review stands in the messages that belong to one. */
static const struct {
    enum pl_msg_type type;
    size_t offset;
} review_at[] = {
    {PL_MSG_REV, offsetof(struct pl_msg, u.rev.review)},
    {PL_MSG_OPENED, offsetof(struct pl_msg, u.opened.review)},
    {PL_MSG_NACK, offsetof(struct pl_msg, u.nack.review)},
    {PL_MSG_SNAPSHOT, offsetof(struct pl_msg, u.snapshot.review)},
    {PL_MSG_SYNCED, offsetof(struct pl_msg, u.synced.review)},
    {PL_MSG_RIGHTS, offsetof(struct pl_msg, u.rights.review)},
    {PL_MSG_PEER, offsetof(struct pl_msg, u.peer.review)},
    {PL_MSG_NEWS, offsetof(struct pl_msg, u.news.review)},
    {PL_MSG_ERROR, offsetof(struct pl_msg, u.error.review)},
};

/* The review that a message belongs to; 0 for none. */
static uint64_t review_of(const struct pl_msg *m)
{
    uint64_t id = 0;
    for (size_t i = 0; i < sizeof(review_at) / sizeof(review_at[0]); i++)
        if (review_at[i].type == m->type)
            memcpy(&id, (const char *)m + review_at[i].offset, sizeof(id));
    return id;
}

static void on_reply(struct client *c, struct pl_msg *m)
{
    struct pl_err e;
    bool is_error = m->type == PL_MSG_ERROR;
    if (!is_error && !reply_is_one(m->type))
        return; /* it has no rid */
    struct request *r = request_find(c, is_error ? m->u.error.rid : *rid_of(m));
    if (!r)
        return; /* it has timed out here */
    pl_err_init(&e);
    if (is_error)
        request_fail(r, (int)m->u.error.code, m->u.error.text);
    else if (reply_check(r->type, m, &e) < 0)
        request_fail(r, e.code, e.text);
    else
        request_end(r, 0, m, NULL);
}

static void on_message(void *ctx, struct pl_msg *m)
{
    struct client *c = ctx;
    struct review *r;
    uint64_t id = review_of(m);
    if (m->type == PL_MSG_PONG) {
        round_begin(c);
        while ((r = round_next(c)))
            review_message(r, m);
        return;
    }
    if (id != 0) {
        DL_FOREACH (c->reviews, r) {
            if (review_id(r) == id) {
                review_message(r, m);
                return;
            }
        }
    }
    if (id == 0 || m->type == PL_MSG_ERROR)
        on_reply(c, m);
}

/* --- life
 * ----------------------------------------------------------------------------------------- */

static void on_tick(uv_timer_t *t)
{
    struct client *c = t->data;
    struct review *r;
    bool fine = true;
    round_begin(c);
    while ((r = round_next(c)))
        fine &= review_tick(r);
    if (!fine && c->link && link_state(c->link) == LINK_UP)
        link_redial(c->link, "the server did not answer in time");
    expire_requests(c);
}

/* One look at every review; false when the list may have changed under us. */
static bool look(struct client *c, int64_t *next_us)
{
    struct review *r;
    *next_us = -1;
    DL_FOREACH (c->reviews, r) {
        int64_t due = review_soon(r);
        if (due == 0)
            return false;
        if (due > 0 && (*next_us < 0 || due < *next_us))
            *next_us = due;
    }
    return true;
}

static void on_soon(uv_timer_t *t)
{
    struct client *c = t->data;
    int64_t next = -1;
    while (!look(c, &next)) {
    }
    if (next > 0)
        (void)uv_timer_start(&c->soon, on_soon, (uint64_t)next / 1000 + 1, 0);
}

void client_schedule(struct client *c)
{
    if (!c->closing_parts)
        (void)uv_timer_start(&c->soon, on_soon, 0, 0);
}

static int dial(struct client *c, const char *server, struct pl_err *e)
{
    char host[PL_INVITE_HOST_MAX + 1];
    uint16_t port = c->profile->port;
    (void)pl_strlcpy(host, c->profile->host, sizeof(host));
    if (server) {
        int rc = pl_host_port_parse(server, strlen(server), port, host, &port, e);
        if (rc < 0)
            return rc;
    }
    c->tls = trust_tls_ctx(c->profile, e);
    if (!c->tls)
        return -PL_E_TLS;
    struct link_options lo = {.host = host, .port = port, .tls = c->tls};
    struct link_handlers lh = {on_up, on_down, on_message, c};
    c->link = link_open(c->loop, &lo, &lh);
    return 0;
}

int client_new(struct client **out, uv_loop_t *loop, const struct trust_profile *profile,
               const struct client_options *o, const struct client_handlers *h, struct pl_err *e)
{
    struct client *c = pl_mem_calloc(PL_MEM_OTHER, 1, sizeof(*c));
    c->loop = loop;
    c->profile = profile;
    c->on = *h;
    PL_ASSERT(uv_timer_init(loop, &c->tick) == 0);
    PL_ASSERT(uv_timer_init(loop, &c->soon) == 0);
    c->tick.data = c->soon.data = c;
    (void)uv_timer_start(&c->tick, on_tick, TICK_MS, TICK_MS);
    int rc = client_state_dir(c, o->state_dir, e);
    if (rc == 0 && o->watch_log && !o->offline)
        rc = watch_log(c, e);
    if (rc == 0 && !o->offline)
        rc = dial(c, o->server, e);
    if (rc < 0) {
        client_close(c, NULL, NULL);
        return rc;
    }
    *out = c;
    return 0;
}

static void on_part_closed(struct client *c)
{
    if (--c->closing_parts > 0)
        return;
    void (*cb)(void *) = c->close_cb;
    void *ctx = c->close_ctx;
    pl_tls_ctx_unref(c->tls);
    client_set_welcome(c, NULL);
    pl_mem_free(PL_MEM_OTHER, c->seen);
    pl_mem_free(PL_MEM_OTHER, c);
    if (cb)
        cb(ctx);
}

static void on_tick_closed(uv_handle_t *h)
{
    on_part_closed(h->data);
}

static void on_link_closed(void *ctx)
{
    on_part_closed(ctx);
}

void client_close(struct client *c, void (*cb)(void *ctx), void *ctx)
{
    c->close_cb = cb;
    c->close_ctx = ctx;
    while (c->reviews)
        review_close(c->reviews);
    fail_sent(c, PL_E_CLOSED, "closing", true);
    c->closing_parts = c->link ? 3 : 2;
    uv_close((uv_handle_t *)&c->tick, on_tick_closed);
    uv_close((uv_handle_t *)&c->soon, on_tick_closed);
    if (c->link)
        link_close(c->link, on_link_closed, c);
    c->link = NULL;
}

enum link_state client_link_state(const struct client *c)
{
    return c->link ? link_state(c->link) : LINK_DOWN;
}

uint64_t client_retry_in_ms(const struct client *c)
{
    return c->link ? link_retry_in_ms(c->link) : 0;
}

void client_redial(struct client *c)
{
    if (c->link && link_state(c->link) == LINK_DOWN)
        link_redial(c->link, "trying now");
}

void client_set_welcome(struct client *c, const struct pl_welcome *w)
{
    free(c->welcome_strings[0]);
    free(c->welcome_strings[1]);
    free(c->welcome_strings[2]);
    free(c->welcome_strings[3]);
    memset(c->welcome_strings, 0, sizeof(c->welcome_strings));
    c->has_welcome = w != NULL;
    if (!w)
        return;
    c->welcome = *w;
    c->ahead_us = w->server_us != 0 ? w->server_us - pl_now_us() : 0;
    c->welcome.user_name = c->welcome_strings[0] = pl_xstrdup(w->user_name);
    c->welcome.display_name = c->welcome_strings[1] = pl_xstrdup(w->display_name);
    c->welcome.organisation = c->welcome_strings[2] = pl_xstrdup(w->organisation);
    c->welcome.server_version = c->welcome_strings[3] = pl_xstrdup(w->server_version);
}

const struct pl_welcome *client_welcome(const struct client *c)
{
    return c->has_welcome ? &c->welcome : NULL;
}

int64_t client_server_us(const struct client *c)
{
    return pl_now_us() + c->ahead_us;
}
