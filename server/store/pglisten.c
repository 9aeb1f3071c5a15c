// SPDX-License-Identifier: Apache-2.0
/*
 * See pglisten.h. No pipeline: one query at a time, each with a deadline, so that a peer that went
 * silent is noticed (a connection that only listens would wait for ever).
 */
#include "store/pglisten.h"

#include <stdio.h>
#include <string.h>

#include <libpq-fe.h>

#include "plimsoll/base/err.h"
#include "plimsoll/base/mem.h"
#include "plimsoll/base/str.h"
#include "store/pgconn.h"

#define BEAT_MS 2000u

enum step { STEP_IDLE, STEP_LISTEN, STEP_BEAT };

struct pglisten {
    struct pgconn conn;
    unsigned deadline_ms;
    const struct pglisten_handlers *h;
    void *ctx;
    enum step step;
    bool failed; /* an error came for the query under way */
    bool is_up;
    bool was_up;
    bool has_others;
    uint32_t node;
    uv_timer_t timer; /* deadline of the query under way, or the next beat */
    bool timer_closed;
    bool conn_closed;
};

static void on_timer(uv_timer_t *t);

static void ask(struct pglisten *l, enum step step, const char *sql)
{
    l->step = step;
    l->failed = false;
    uv_timer_start(&l->timer, on_timer, l->deadline_ms, 0);
    if (!PQsendQuery(l->conn.pg, sql))
        pgconn_lose(&l->conn, PQerrorMessage(l->conn.pg));
    else
        (void)pgconn_flush(&l->conn);
}

static void beat(struct pglisten *l)
{
    char sql[96];
    (void)snprintf(sql, sizeof sql, "SELECT id, others FROM plm.plimsoll_node_beat(%u)", l->node);
    ask(l, STEP_BEAT, sql);
}

static void on_timer(uv_timer_t *t)
{
    struct pglisten *l = t->data;
    if (l->step == STEP_IDLE)
        beat(l);
    else
        pgconn_lose(&l->conn, "no answer from the database in time");
}

static void on_up(void *ctx)
{
    struct pglisten *l = ctx;
    ask(l, STEP_LISTEN,
        "SET ROLE plm_app; SET synchronous_commit = off; SET statement_timeout = 3000; LISTEN "
        "plimsoll");
}

/* --- notifications ------------------------------------------------------------------------------
 */

/* The next decimal number of a payload; ends at `stop` or at the end. */
static bool take_number(const char **p, char stop, uint64_t *out)
{
    const char *s = *p;
    size_t n = strspn(s, "0123456789");
    if (n == 0 || (s[n] != stop && s[n] != '\0') || pl_parse_u64n(s, n, out) != 0)
        return false;
    *p = s + n + (s[n] != '\0');
    return true;
}

static void take_hints(struct pglisten *l, const char *p)
{
    uint64_t node;
    uint64_t review;
    uint64_t head;
    if (!take_number(&p, ' ', &node) || node == l->node)
        return;
    while (take_number(&p, ':', &review) && take_number(&p, ' ', &head))
        l->h->hint(l->ctx, review, head);
}

static void take_notification(struct pglisten *l, const char *payload)
{
    uint64_t a;
    uint64_t b;
    const char *p = payload + 2;
    if (pl_str_starts(payload, "h ")) {
        take_hints(l, p);
    } else if (pl_str_starts(payload, "r ")) {
        if (take_number(&p, ' ', &a) && take_number(&p, ' ', &b))
            l->h->revoked(l->ctx, a, b);
    } else if (pl_str_starts(payload, "n ")) {
        if (take_number(&p, ' ', &a) && a != l->node)
            l->has_others = true;
    }
}

/* --- answers ------------------------------------------------------------------------------------
 */

static void take_result(struct pglisten *l, PGresult *r)
{
    ExecStatusType status = PQresultStatus(r);
    if (status == PGRES_FATAL_ERROR || status == PGRES_BAD_RESPONSE) {
        LOG_WARN(&l->conn.log, "pg.listen_refused", KV_S("why", PQresultErrorMessage(r)));
        l->failed = true;
    } else if (l->step == STEP_BEAT && status == PGRES_TUPLES_OK && PQntuples(r) == 1) {
        uint64_t id = 0;
        uint64_t others = 0;
        if (pl_parse_u64(PQgetvalue(r, 0, 0), &id) == 0 &&
            pl_parse_u64(PQgetvalue(r, 0, 1), &others) == 0) {
            l->node = (uint32_t)id;
            l->has_others = others > 0;
        }
    }
    PQclear(r);
}

static void query_ended(struct pglisten *l)
{
    enum step step = l->step;
    l->step = STEP_IDLE;
    uv_timer_stop(&l->timer);
    if (l->failed) {
        pgconn_lose(&l->conn, "a query of the listening connection failed");
        return;
    }
    if (step == STEP_LISTEN) {
        beat(l);
        return;
    }
    uv_timer_start(&l->timer, on_timer, BEAT_MS, 0);
    pgconn_note_good(&l->conn);
    if (!l->is_up) {
        bool again = l->was_up;
        l->is_up = l->was_up = true;
        l->h->up(l->ctx, again);
    }
}

static void on_input(void *ctx)
{
    struct pglisten *l = ctx;
    while (l->conn.pg && l->step != STEP_IDLE && !PQisBusy(l->conn.pg)) {
        PGresult *r = PQgetResult(l->conn.pg);
        if (r)
            take_result(l, r);
        else
            query_ended(l);
    }
    while (l->conn.pg) {
        PGnotify *n = PQnotifies(l->conn.pg);
        if (!n)
            break;
        take_notification(l, n->extra);
        PQfreemem(n);
    }
}

static void on_down(void *ctx, const char *why)
{
    struct pglisten *l = ctx;
    (void)why;
    uv_timer_stop(&l->timer);
    l->step = STEP_IDLE;
    l->is_up = false;
    l->has_others = true; /* not known: better a hint too many */
}

/* --- life ---------------------------------------------------------------------------------------
 */

static void maybe_free(struct pglisten *l)
{
    if (!l->timer_closed || !l->conn_closed)
        return;
    l->h->closed(l->ctx);
    pl_mem_free(PL_MEM_STORE, l);
}

static void on_conn_closed(void *ctx)
{
    struct pglisten *l = ctx;
    l->conn_closed = true;
    maybe_free(l);
}

static void on_timer_closed(uv_handle_t *h)
{
    struct pglisten *l = h->data;
    l->timer_closed = true;
    maybe_free(l);
}

struct pglisten *pglisten_new(uv_loop_t *loop, const char *conninfo, unsigned deadline_ms,
                              const struct pglisten_handlers *h, void *ctx)
{
    static const struct pgconn_handlers conn_handlers = {on_up, on_input, on_down, on_conn_closed};
    struct pglisten *l = pl_mem_calloc(PL_MEM_STORE, 1, sizeof *l);
    l->deadline_ms = deadline_ms;
    l->h = h;
    l->ctx = ctx;
    l->has_others = true;
    int rc = uv_timer_init(loop, &l->timer);
    PL_ASSERT(rc == 0);
    l->timer.data = l;
    pgconn_open(&l->conn, loop, conninfo, "listen", &conn_handlers, l);
    return l;
}

void pglisten_close(struct pglisten *l)
{
    if (uv_is_closing((uv_handle_t *)&l->timer))
        return;
    l->is_up = false;
    uv_close((uv_handle_t *)&l->timer, on_timer_closed);
    pgconn_close(&l->conn);
}

uint32_t pglisten_node(const struct pglisten *l)
{
    return l->node;
}

bool pglisten_has_others(const struct pglisten *l)
{
    return l->has_others;
}

bool pglisten_is_up(const struct pglisten *l)
{
    return l->is_up;
}
