// SPDX-License-Identifier: Apache-2.0
/*
 * libpq on a uv_poll_t. The order matters in three places: polling stops before PQconnectPoll,
 * which may close and reopen the socket; a new poll handle is made whenever the descriptor differs,
 * and the old one re-registers otherwise; PQfinish comes after uv_poll_stop and uv_close, because a
 * polled descriptor must not be closed. A negative status in the poll callback means that libuv has
 * stopped polling already: the connection is lost.
 */
#include "store/pgconn.h"

#include <arpa/inet.h>
#include <stdlib.h>
#include <string.h>

#include <libpq-fe.h>

#include "plimsoll/base/env.h"
#include "plimsoll/base/mem.h"
#include "plimsoll/base/rng.h"
#include "plimsoll/base/str.h"

#define CONNECT_MS     5000u
#define BACKOFF_MIN_MS 250u
#define BACKOFF_MAX_MS 10000u
#define PG_VERSION_MIN 150000

struct pgpoll {
    uv_poll_t h;
    struct pgconn *conn; /* stays valid: it counts this handle */
    int fd;
};

static const struct pl_fsm_state states[] = {
    [PGCONN_WAITING] = {"waiting", PL_FSM_BIT(PGCONN_CONNECTING) | PL_FSM_BIT(PGCONN_CLOSING),
                        PL_FSM_INITIAL},
    [PGCONN_CONNECTING] = {"connecting",
                           PL_FSM_BIT(PGCONN_UP) | PL_FSM_BIT(PGCONN_WAITING) |
                               PL_FSM_BIT(PGCONN_CLOSING),
                           0},
    [PGCONN_UP] = {"up", PL_FSM_BIT(PGCONN_WAITING) | PL_FSM_BIT(PGCONN_CLOSING), 0},
    [PGCONN_CLOSING] = {"closing", PL_FSM_BIT(PGCONN_CLOSED), 0},
    [PGCONN_CLOSED] = {"closed", 0, PL_FSM_FINAL},
};
static const struct pl_fsm_table table = {"pgconn", states, sizeof states / sizeof states[0]};

static void on_poll(uv_poll_t *h, int status, int events);
static void on_timer(uv_timer_t *t);

static void count_down(struct pgconn *c)
{
    PL_ASSERT(c->handles_open > 0);
    if (--c->handles_open == 0 && c->fsm.state == PGCONN_CLOSING) {
        pl_fsm_move(&c->fsm, PGCONN_CLOSED);
        c->h->closed(c->ctx);
    }
}

static void poll_closed(uv_handle_t *h)
{
    struct pgpoll *p = h->data;
    struct pgconn *c = p->conn;
    pl_mem_free(PL_MEM_STORE, p);
    count_down(c);
}

static void timer_closed(uv_handle_t *h)
{
    count_down(h->data);
}

static void poll_drop(struct pgconn *c)
{
    if (!c->poll)
        return;
    uv_poll_stop(&c->poll->h);
    uv_close((uv_handle_t *)&c->poll->h, poll_closed);
    c->poll = NULL;
}

/* Watches the present socket for `events`. */
static int poll_arm(struct pgconn *c, int events)
{
    int fd = PQsocket(c->pg);
    if (c->poll && c->poll->fd != fd)
        poll_drop(c);
    if (fd < 0)
        return UV_EBADF;
    if (!c->poll) {
        struct pgpoll *p = pl_mem_calloc(PL_MEM_STORE, 1, sizeof *p);
        int rc = uv_poll_init(c->loop, &p->h, fd);
        if (rc < 0) {
            pl_mem_free(PL_MEM_STORE, p);
            return rc;
        }
        p->h.data = p;
        p->conn = c;
        p->fd = fd;
        c->poll = p;
        c->handles_open++;
    }
    return uv_poll_start(&c->poll->h, events, on_poll);
}

/* Lets go of the socket, in the order that libuv and libpq need. */
static void socket_drop(struct pgconn *c)
{
    poll_drop(c);
    if (c->pg)
        PQfinish(c->pg);
    c->pg = NULL;
}

static void wait_start(struct pgconn *c)
{
    uint64_t ms = BACKOFF_MIN_MS;
    for (unsigned i = 1; i < c->failures && ms < BACKOFF_MAX_MS; i++)
        ms *= 2;
    if (ms > BACKOFF_MAX_MS)
        ms = BACKOFF_MAX_MS;
    ms = ms * 3 / 4 + pl_random_below(ms / 2); /* so that many servers do not come at once */
    uv_timer_start(&c->timer, on_timer, c->failures ? ms : 0, 0);
}

void pgconn_lose(struct pgconn *c, const char *why)
{
    if (c->fsm.state != PGCONN_CONNECTING && c->fsm.state != PGCONN_UP)
        return;
    bool was_up = c->fsm.state == PGCONN_UP;
    char text[PL_ERR_TEXT_MAX];
    pl_strlcpy(text, why && why[0] ? why : "connection lost", sizeof text);
    text[strcspn(text, "\n")] = '\0';
    c->failures++;
    socket_drop(c);
    pl_fsm_move(&c->fsm, PGCONN_WAITING);
    wait_start(c);
    LOG_WARN(&c->log, "pg.lost", KV_S("why", text), KV_B("was_up", was_up),
             KV_U("failures", c->failures));
    c->h->down(c->ctx, text);
}

static void connected(struct pgconn *c)
{
    uv_timer_stop(&c->timer);
    if (PQserverVersion(c->pg) < PG_VERSION_MIN) {
        pgconn_lose(c, "PostgreSQL is older than version 15");
        return;
    }
    if (PQsetnonblocking(c->pg, 1) != 0 || poll_arm(c, UV_READABLE) < 0) {
        pgconn_lose(c, "cannot watch the socket");
        return;
    }
    c->want_write = false;
    pl_fsm_move(&c->fsm, PGCONN_UP);
    LOG_DEBUG(&c->log, "pg.connected", KV_I("pid", PQbackendPID(c->pg)));
    c->h->up(c->ctx);
}

static void connect_step(struct pgconn *c)
{
    if (c->poll)
        uv_poll_stop(&c->poll->h);
    int rc = 0;
    switch (PQconnectPoll(c->pg)) {
    case PGRES_POLLING_READING:
        rc = poll_arm(c, UV_READABLE);
        break;
    case PGRES_POLLING_WRITING:
        rc = poll_arm(c, UV_WRITABLE);
        break;
    case PGRES_POLLING_OK:
        connected(c);
        return;
    case PGRES_POLLING_ACTIVE:
    case PGRES_POLLING_FAILED:
        pgconn_lose(c, PQerrorMessage(c->pg));
        return;
    }
    if (rc < 0)
        pgconn_lose(c, uv_strerror(rc));
}

static void on_notice(void *arg, const char *message)
{
    struct pgconn *c = arg;
    LOG_DEBUG(&c->log, "pg.notice", KV_S("text", message));
}

static void connect_start(struct pgconn *c)
{
    static const char *const keys[] = {"dbname", "client_encoding", "fallback_application_name",
                                       NULL};
    const char *values[] = {c->conninfo, "UTF8", "plimsolld", NULL};
    pl_fsm_move(&c->fsm, PGCONN_CONNECTING);
    uv_timer_start(&c->timer, on_timer, CONNECT_MS, 0);
    c->pg = PQconnectStartParams(keys, values, 1);
    if (!c->pg || PQstatus(c->pg) == CONNECTION_BAD) {
        pgconn_lose(c, c->pg ? PQerrorMessage(c->pg) : "out of memory");
        return;
    }
    PQsetNoticeProcessor(c->pg, on_notice, c);
    int rc = poll_arm(c, UV_WRITABLE);
    if (rc < 0)
        pgconn_lose(c, uv_strerror(rc));
}

static void on_timer(uv_timer_t *t)
{
    struct pgconn *c = t->data;
    if (c->fsm.state == PGCONN_CONNECTING)
        pgconn_lose(c, "no connection in time");
    else if (c->fsm.state == PGCONN_WAITING)
        connect_start(c);
}

static void on_poll(uv_poll_t *h, int status, int events)
{
    struct pgpoll *p = h->data;
    struct pgconn *c = p->conn;
    if (c->poll != p)
        return;
    if (status < 0) {
        pgconn_lose(c, uv_strerror(status));
        return;
    }
    if (c->fsm.state == PGCONN_CONNECTING) {
        connect_step(c);
        return;
    }
    if (events & UV_READABLE) {
        bool ok = PQconsumeInput(c->pg) != 0;
        c->h->input(c->ctx); /* also what came before the end; may lose or close it */
        if (c->poll == p && !ok)
            pgconn_lose(c, PQerrorMessage(c->pg));
    }
    if (c->poll == p && (c->want_write || (events & UV_WRITABLE)))
        (void)pgconn_flush(c);
}

bool pgconn_flush(struct pgconn *c)
{
    PL_ASSERT(c->fsm.state == PGCONN_UP);
    int left = PQflush(c->pg);
    if (left < 0) {
        pgconn_lose(c, PQerrorMessage(c->pg));
        return false;
    }
    /* reading goes on while writing, or two full pipes would wait for each other */
    if (c->want_write != (left == 1)) {
        c->want_write = left == 1;
        if (poll_arm(c, UV_READABLE | (left == 1 ? UV_WRITABLE : 0)) < 0) {
            pgconn_lose(c, PQerrorMessage(c->pg));
            return false;
        }
    }
    return true;
}

bool pgconn_is_up(const struct pgconn *c)
{
    return c->fsm.state == PGCONN_UP;
}

void pgconn_note_good(struct pgconn *c)
{
    if (c->failures)
        c->reconnects++;
    c->failures = 0;
}

void pgconn_open(struct pgconn *c, uv_loop_t *loop, const char *conninfo, const char *name,
                 const struct pgconn_handlers *h, void *ctx)
{
    c->loop = loop;
    c->conninfo = conninfo;
    c->h = h;
    c->ctx = ctx;
    pl_fsm_init(&c->fsm, &table, PGCONN_WAITING, NULL);
    pl_log_ctx_init(&c->log, NULL);
    pl_log_ctx_set(&c->log, KV_S("conn", name));
    int rc = uv_timer_init(loop, &c->timer);
    PL_ASSERT(rc == 0);
    c->timer.data = c;
    c->handles_open = 1;
    wait_start(c);
}

void pgconn_close(struct pgconn *c)
{
    if (c->fsm.state == PGCONN_CLOSING || c->fsm.state == PGCONN_CLOSED)
        return;
    socket_drop(c);
    pl_fsm_move(&c->fsm, PGCONN_CLOSING);
    uv_close((uv_handle_t *)&c->timer, timer_closed);
}

/* --- checking the conninfo -------------------------------------------------------------------- */

static bool is_address(const char *s, size_t n)
{
    char one[INET6_ADDRSTRLEN + 1];
    unsigned char bin[sizeof(struct in6_addr)];
    if (n == 0 || n >= sizeof one)
        return false;
    memcpy(one, s, n);
    one[n] = '\0';
    return inet_pton(AF_INET, one, bin) == 1 || inet_pton(AF_INET6, one, bin) == 1;
}

/* Every host of the list is a socket directory, an abstract socket, or an address. */
static bool hosts_do_not_block(const char *hosts)
{
    for (const char *p = hosts;;) {
        size_t n = strcspn(p, ",");
        if (n && p[0] != '/' && p[0] != '@' && !is_address(p, n))
            return false;
        if (!p[n])
            return true;
        p += n + 1;
    }
}

int pgconn_check(const char *conninfo, struct pl_err *e)
{
    char *message = NULL;
    const char *host = "";
    const char *hostaddr = "";
    PQconninfoOption *opts = PQconninfoParse(conninfo, &message);
    if (!opts) {
        int rc = pl_fail(e, PL_E_CONFIG, "database connection: %s",
                         message ? message : "cannot be parsed");
        PQfreemem(message);
        return rc;
    }
    for (PQconninfoOption *o = opts; o->keyword; o++) {
        if (o->val && strcmp(o->keyword, "host") == 0)
            host = o->val;
        if (o->val && strcmp(o->keyword, "hostaddr") == 0)
            hostaddr = o->val;
    }
    int rc = 0;
    if (!hostaddr[0] && !hosts_do_not_block(host))
        rc = pl_fail(e, PL_E_CONFIG,
                     "database host '%s' is a name: give a socket directory or hostaddr", host);
    PQconninfoFree(opts);
    return rc;
}
