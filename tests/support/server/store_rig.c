// SPDX-License-Identifier: Apache-2.0
/*
 * See store_rig.h.
 */
#include "support/server/store_rig.h"
#include "support/unit.h"

#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "plimsoll/base/hash.h"
#include "plimsoll/base/mem.h"
#include "plimsoll/base/rng.h"
#include "plimsoll/base/str.h"
#include "plimsoll/doc/perm.h"

#include "store/migrate.h"

#define GUARD_MS 60000

static void on_guard(uv_timer_t *t)
{
    (void)t;
    fprintf(stderr, "store_rig: waited too long\n");
    abort();
}

void rig_open(struct rig *r)
{
    struct pl_err e = {0};
    memset(r, 0, sizeof *r);
    assert_int_equal(pgtemp_start(&r->pg), 0);
    if (migrate_run(r->pg.conninfo, NULL, &e) != 0)
        fail_msg("migrate: %s", e.text);
    r->sql = rig_connect(r);
    assert_int_equal(uv_loop_init(&r->loop), 0);
    uv_timer_init(&r->loop, &r->guard);
}

void rig_close(struct rig *r)
{
    PQfinish(r->sql);
    uv_close((uv_handle_t *)&r->guard, NULL);
    uv_run(&r->loop, UV_RUN_DEFAULT);
    assert_int_equal(uv_loop_close(&r->loop), 0);
    assert_int_equal(pl_mem_stat_get(PL_MEM_STORE).count, 0);
    pgtemp_stop(&r->pg);
}

PGconn *rig_connect(struct rig *r)
{
    PGconn *c = PQconnectdb(r->pg.conninfo);
    if (PQstatus(c) != CONNECTION_OK)
        fail_msg("connect: %s", PQerrorMessage(c));
    PQclear(PQexec(c, "SET search_path = plm, pg_temp; SET client_min_messages = warning"));
    return c;
}

/* --- the loop --------------------------------------------------------------------------------- */

void rig_until(struct rig *r, const bool *flag)
{
    uv_timer_start(&r->guard, on_guard, GUARD_MS, 0);
    while (!*flag)
        uv_run(&r->loop, UV_RUN_ONCE);
    uv_timer_stop(&r->guard);
}

void rig_until_count(struct rig *r, const unsigned *count, unsigned n)
{
    uv_timer_start(&r->guard, on_guard, GUARD_MS, 0);
    while (*count < n)
        uv_run(&r->loop, UV_RUN_ONCE);
    uv_timer_stop(&r->guard);
}

void rig_turn(struct rig *r)
{
    uv_run(&r->loop, UV_RUN_NOWAIT);
}

/* --- the store -------------------------------------------------------------------------------- */

static void on_up(void *ctx)
{
    ((struct rig_store *)ctx)->ups++;
}

static void on_down(void *ctx, const char *why)
{
    (void)why;
    ((struct rig_store *)ctx)->downs++;
}

static void on_hint(void *ctx, uint64_t review, uint64_t head)
{
    struct rig_store *st = ctx;
    st->hints++;
    st->hint_review = review;
    st->hint_head = head;
}

static void on_revoked(void *ctx, uint64_t device, uint64_t user)
{
    struct rig_store *st = ctx;
    st->revocations++;
    st->revoked_device = device;
    st->revoked_user = user;
}

static void on_closed(void *ctx)
{
    ((struct rig_store *)ctx)->closed = true;
}

void rig_store_open(struct rig *r, struct rig_store *st, const struct store_options *opt)
{
    struct store_options o = {.writers = 2, .readers = 2};
    struct store_handlers h = {
        .up = on_up, .down = on_down, .hint = on_hint, .revoked = on_revoked, .ctx = st};
    struct pl_err e;
    if (opt)
        o = *opt;
    o.conninfo = r->pg.conninfo;
    memset(st, 0, sizeof *st);
    st->rig = r;
    if (store_open(&st->s, &r->loop, &o, &h, &e) != 0)
        fail_msg("store_open: %s", e.text);
    assert_int_equal(st->ups, 0);
    rig_until_count(r, &st->ups, 1);
}

void rig_store_close(struct rig *r, struct rig_store *st)
{
    store_close(st->s, on_closed, st);
    rig_until(r, &st->closed);
}

/* --- SQL -------------------------------------------------------------------------------------- */

__attribute__((format(printf, 2, 0))) static PGresult *run_sql(struct rig *r, const char *fmt,
                                                               va_list ap)
{
    char sql[2048];
    vsnprintf(sql, sizeof sql, fmt, ap);
    PGresult *res = PQexec(r->sql, sql);
    ExecStatusType st = PQresultStatus(res);
    if (st != PGRES_COMMAND_OK && st != PGRES_TUPLES_OK)
        fail_msg("%s: %s", sql, PQresultErrorMessage(res));
    return res;
}

void rig_sql(struct rig *r, const char *fmt, ...)
{
    va_list ap;
    va_start(ap, fmt);
    PQclear(run_sql(r, fmt, ap));
    va_end(ap);
}

int64_t rig_int(struct rig *r, const char *fmt, ...)
{
    int64_t v = 0;
    va_list ap;
    va_start(ap, fmt);
    PGresult *res = run_sql(r, fmt, ap);
    va_end(ap);
    assert_int_equal(PQntuples(res), 1);
    assert_int_equal(pl_parse_i64(PQgetvalue(res, 0, 0), &v), 0);
    PQclear(res);
    return v;
}

const char *rig_sqlstate(struct rig *r, const char *sql)
{
    static char state[6];
    PGresult *res = PQexec(r->sql, sql);
    const char *s = PQresultErrorField(res, PG_DIAG_SQLSTATE);
    pl_strlcpy(state, s ? s : "00000", sizeof state);
    PQclear(res);
    return state;
}

struct rig_person rig_person(struct rig *r)
{
    struct rig_person p;
    unsigned n = ++r->names;
    p.user = (uint64_t)rig_int(r, "SELECT usr FROM plimsoll_user_add('p%u', 'Person %u', 0)", n, n);
    p.device = (uint64_t)rig_int(r,
                                 "INSERT INTO device (usr, spki_sha256, name, enrolled_us,"
                                 " expires_us) VALUES (%llu, sha256('key %u'), 'laptop', 1,"
                                 " now_us() + 1000000000) RETURNING id",
                                 (unsigned long long)p.user, n);
    return p;
}

uint64_t rig_review(struct rig *r, struct rig_person p)
{
    uint64_t id = (uint64_t)rig_int(r, "SELECT nextval('review_id')");
    int64_t code = rig_int(r,
                           "SELECT code FROM plimsoll_create_review(%llu, decode(md5('%llu'),"
                           " 'hex'), %llu, %llu, 0, 'Title', 0, 1, 1, 1, 'first', sha256('s'),"
                           " sha256('PLC1'::bytea || sha256('s') || 'first'))",
                           (unsigned long long)id, (unsigned long long)id,
                           (unsigned long long)p.user, (unsigned long long)p.device);
    assert_int_equal(code, 0);
    return id;
}

void rig_member(struct rig *r, uint64_t review, struct rig_person p, int role)
{
    int64_t code = rig_int(r,
                           "SELECT code FROM plimsoll_member_set(%llu, 0, 0, 0, (SELECT user_name"
                           " FROM usr WHERE id = %llu), %d, 0)",
                           (unsigned long long)review, (unsigned long long)p.user, role);
    assert_int_equal(code, 0);
}

void rig_status(struct rig *r, uint64_t review, int status)
{
    for (int s = 1; s <= status; s++)
        rig_sql(r, "UPDATE plm.review SET status = %d WHERE id = %llu AND (status < %d OR %d = %d)",
                s, (unsigned long long)review, s, s, status);
}

void rig_fill(char *out, size_t size, const char *form, uint64_t review, struct rig_person p)
{
    size_t n = 0;
    out[0] = '\0';
    for (const char *s = form; *s && n + 24 < size; s++) {
        uint64_t v = s[0] != '$' ? 0 : s[1] == 'R' ? review : s[1] == 'U' ? p.user : p.device;
        if (s[0] == '$' && s[1] == 'N')
            n += (size_t)snprintf(out + n, size - n, "p%llu", (unsigned long long)(p.user));
        else if (s[0] == '$')
            n += (size_t)snprintf(out + n, size - n, "%llu", (unsigned long long)(v));
        else
            out[n++] = *s;
        s += s[0] == '$';
        out[n] = '\0';
    }
}

/* --- appends ---------------------------------------------------------------------------------- */

void rig_edit_more(struct rig_append *a, struct rig_person p, uint64_t client, uint32_t epoch,
                   uint64_t seq)
{
    size_t i = a->req.n_authors;
    struct append_author *au = &a->author[i];
    struct pl_sha256 h;
    assert_true(i < 4);
    memset(a->frames[i], 0, RIG_FRAME);
    memcpy(a->frames[i], &client, 8);
    memcpy(a->frames[i] + 8, &seq, 8);
    *au = (struct append_author){.client = client,
                                 .user = p.user,
                                 .device = p.device,
                                 .epoch = epoch,
                                 .seq = seq,
                                 .ops = PL_PERM_BIT(PL_PERM_CONTENT),
                                 .rev_offset = (uint32_t)i};
    pl_random_bytes(au->salt, sizeof au->salt);
    pl_sha256_init(&h);
    pl_sha256_update(&h, "PLC1", 4);
    pl_sha256_update(&h, au->salt, sizeof au->salt);
    pl_sha256_update(&h, a->frames[i], RIG_FRAME);
    pl_sha256_final(&h, au->commitment);
    a->req.n_authors = i + 1;
    a->req.n_revs = (uint32_t)(i + 1);
    a->req.n_body = (i + 1) * RIG_FRAME;
}

static void on_append(void *ctx, const struct append_result *r)
{
    struct rig_append *a = ctx;
    assert_false(a->done);
    a->done = true;
    a->outcome = r->outcome;
    a->head = r->head;
    a->err = r->err ? r->err->code : 0;
    for (size_t i = 0; r->verdicts && i < a->req.n_authors; i++)
        a->verdict[i] = r->verdicts[i];
    a->n_batches = r->n_batches;
    if (r->n_batches) {
        size_t n = r->batches[0].n < sizeof a->body ? r->batches[0].n : sizeof a->body;
        memcpy(a->body, r->batches[0].body, n);
        a->first_rev = r->batches[0].first_rev;
        a->last_rev = r->batches[r->n_batches - 1].last_rev;
    }
    if (a->count)
        ++*a->count;
}

/* long: tests read better with all of it in one line */
void rig_edit(struct rig_append *a, uint64_t review, uint64_t head, struct rig_person p,
              uint64_t client, uint32_t epoch, uint64_t seq)
{
    memset(a, 0, sizeof *a);
    a->req.review = review;
    a->req.expect_head = head;
    a->req.body = a->frames[0];
    a->req.authors = a->author;
    a->req.cb = on_append;
    a->req.ctx = a;
    rig_edit_more(a, p, client, epoch, seq);
}

void rig_append_start(struct rig_store *st, struct rig_append *a)
{
    struct pl_err e;
    a->done = false;
    if (repo_append(st->s, &a->req, &e) != 0)
        fail_msg("repo_append: %s", e.text);
    assert_false(a->done);
}

enum append_outcome rig_append(struct rig_store *st, struct rig_append *a)
{
    rig_append_start(st, a);
    rig_until(st->rig, &a->done);
    return a->outcome;
}

static void on_session(void *ctx, int rc, const struct session_row *row, const struct pl_err *e)
{
    struct rig_session *s = ctx;
    s->done = true;
    s->rc = rc;
    assert_true((rc == 0) == (e == NULL));
    if (row) {
        s->row = *row;
        pl_strlcpy(s->why, row->last_why, sizeof s->why);
        s->row.last_why = s->why;
    }
}

uint32_t rig_session(struct rig_store *st, uint64_t review, uint64_t client, struct rig_person p,
                     struct rig_session *out)
{
    struct rig_session own;
    struct rig_session *s = out ? out : &own;
    memset(s, 0, sizeof *s);
    assert_int_equal(repo_session_open(st->s, review, client, p.user, p.device, on_session, s), 0);
    assert_false(s->done);
    rig_until(st->rig, &s->done);
    return s->rc == 0 ? s->row.epoch : 0;
}
