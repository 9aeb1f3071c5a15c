// SPDX-License-Identifier: Apache-2.0
/*
 * Jobs: parameters and results in PostgreSQL's binary form (network byte order). Scalars and copies
 * live in one buffer per job; offsets are kept, because the buffer moves while it grows.
 */
#include "store/pgjob.h"

#include <stdlib.h>
#include <string.h>

#include <libpq-fe.h>

#include "plimsoll/base/mem.h"

/* Stable type numbers of PostgreSQL (pg_type.dat). */
#define OID_BYTEA 17u
#define OID_INT8  20u
#define OID_INT4  23u
#define OID_TEXT  25u

static const struct pg_stmt_info stmts[] = {
#define STMT(name, pool, sql) {#name, PG_##pool, sql},
#include "store/stmt.def"
};

const struct pg_stmt_info *pg_stmt_info(enum pg_stmt stmt)
{
    PL_ASSERT(stmt < STMT_COUNT);
    return &stmts[stmt];
}

struct pg_job *pg_job_new(enum pg_stmt stmt, pg_done_cb done)
{
    struct pg_job *job = pl_mem_calloc(PL_MEM_STORE, 1, sizeof *job);
    job->stmt = stmt;
    job->done = done;
    pl_buf_init(&job->mem, PG_ARG_MEM_MAX);
    return job;
}

void pg_job_free(struct pg_job *job)
{
    if (!job)
        return;
    if (job->res)
        PQclear(job->res);
    pl_buf_release(&job->mem);
    free(job->extra);
    pl_mem_free(PL_MEM_STORE, job);
}

static struct pg_arg *arg_next(struct pg_job *job)
{
    PL_ASSERT(job->n_args < PG_ARGS_MAX);
    struct pg_arg *a = &job->args[job->n_args++];
    a->off = job->mem.len;
    return a;
}

/* Appends to the argument begun last. */
static void arg_put(struct pg_job *job, const void *p, size_t n)
{
    PL_ASSERT(job->n_args > 0);
    if (n && pl_buf_add(&job->mem, p, n) != 0)
        job->bad = true;
    else
        job->args[job->n_args - 1].n += n;
}

static void put_u32(struct pg_job *job, uint32_t v)
{
    uint8_t b[4] = {(uint8_t)(v >> 24), (uint8_t)(v >> 16), (uint8_t)(v >> 8), (uint8_t)v};
    arg_put(job, b, sizeof b);
}

static void put_u64(struct pg_job *job, uint64_t v)
{
    put_u32(job, (uint32_t)(v >> 32));
    put_u32(job, (uint32_t)v);
}

void pg_arg_u64(struct pg_job *job, uint64_t v)
{
    arg_next(job);
    put_u64(job, v);
}

void pg_arg_i64(struct pg_job *job, int64_t v)
{
    pg_arg_u64(job, (uint64_t)v);
}

void pg_arg_u32(struct pg_job *job, uint32_t v)
{
    arg_next(job);
    put_u32(job, v);
}

void pg_arg_i32(struct pg_job *job, int32_t v)
{
    pg_arg_u32(job, (uint32_t)v);
}

void pg_arg_bool(struct pg_job *job, bool v)
{
    uint8_t b = v ? 1 : 0;
    arg_next(job);
    arg_put(job, &b, 1);
}

void pg_arg_bytes(struct pg_job *job, const void *p, size_t n)
{
    arg_next(job);
    arg_put(job, p, n);
}

void pg_arg_text(struct pg_job *job, const char *s)
{
    struct pg_arg *a = arg_next(job);
    if (s)
        arg_put(job, s, strlen(s));
    else
        a->null = true;
}

void pg_arg_borrow(struct pg_job *job, const void *p, size_t n)
{
    static const uint8_t nothing = 0;
    struct pg_arg *a = arg_next(job);
    a->ext = n ? p : &nothing;
    a->n = n;
}

void pg_arg_array(struct pg_job *job, enum pg_elem type, size_t n)
{
    static const uint32_t oids[] = {
        [PG_ELEM_I64] = OID_INT8,
        [PG_ELEM_I32] = OID_INT4,
        [PG_ELEM_BYTES] = OID_BYTEA,
        [PG_ELEM_TEXT] = OID_TEXT,
    };
    PL_ASSERT(n <= INT32_MAX);
    arg_next(job);
    put_u32(job, n ? 1 : 0); /* dimensions */
    put_u32(job, 0);         /* no nulls */
    put_u32(job, oids[type]);
    if (n) {
        put_u32(job, (uint32_t)n);
        put_u32(job, 1); /* lower bound */
    }
}

void pg_elem_u64(struct pg_job *job, uint64_t v)
{
    put_u32(job, 8);
    put_u64(job, v);
}

void pg_elem_u32(struct pg_job *job, uint32_t v)
{
    put_u32(job, 4);
    put_u32(job, v);
}

void pg_elem_bytes(struct pg_job *job, const void *p, size_t n)
{
    if (n > PG_ARG_MEM_MAX) {
        job->bad = true;
        return;
    }
    put_u32(job, (uint32_t)n);
    arg_put(job, p, n);
}

/* --- results -------------------------------------------------------------------------------- */

size_t pg_rows(const struct pg_result *r)
{
    return r ? (size_t)PQntuples(r) : 0;
}

static const uint8_t *cell(const struct pg_result *r, size_t row, int col, size_t want)
{
    if (!r || PQgetisnull(r, (int)row, col) || (size_t)PQgetlength(r, (int)row, col) != want)
        return NULL;
    return (const uint8_t *)PQgetvalue(r, (int)row, col);
}

uint32_t pg_get_u32(const struct pg_result *r, size_t row, int col)
{
    const uint8_t *p = cell(r, row, col, 4);
    return p ? (uint32_t)p[0] << 24 | (uint32_t)p[1] << 16 | (uint32_t)p[2] << 8 | p[3] : 0;
}

int32_t pg_get_i32(const struct pg_result *r, size_t row, int col)
{
    return (int32_t)pg_get_u32(r, row, col);
}

uint64_t pg_get_u64(const struct pg_result *r, size_t row, int col)
{
    const uint8_t *p = cell(r, row, col, 8);
    uint64_t v = 0;
    for (int i = 0; p && i < 8; i++)
        v = v << 8 | p[i];
    return v;
}

int64_t pg_get_i64(const struct pg_result *r, size_t row, int col)
{
    return (int64_t)pg_get_u64(r, row, col);
}

bool pg_get_bool(const struct pg_result *r, size_t row, int col)
{
    const uint8_t *p = cell(r, row, col, 1);
    return p && p[0];
}

const char *pg_get_text(const struct pg_result *r, size_t row, int col)
{
    /* libpq puts a NUL behind every value, binary ones too */
    return r && !PQgetisnull(r, (int)row, col) ? PQgetvalue(r, (int)row, col) : "";
}

const uint8_t *pg_get_bytes(const struct pg_result *r, size_t row, int col, size_t *n)
{
    if (!r || PQgetisnull(r, (int)row, col)) {
        *n = 0;
        return (const uint8_t *)"";
    }
    *n = (size_t)PQgetlength(r, (int)row, col);
    return (const uint8_t *)PQgetvalue(r, (int)row, col);
}

bool pg_is_null(const struct pg_result *r, size_t row, int col)
{
    return !r || PQgetisnull(r, (int)row, col);
}
