// SPDX-License-Identifier: Apache-2.0
/*
 * One call of a prepared statement: its parameters in binary, and what to do with the result.
 *
 * A job is made by a repo_*.c, filled with pg_arg_*, and given to store_submit_*, which owns it
 * from then on; `done` is called exactly once, then the job is freed. Parameters stay until then,
 * because a job may be sent a second time. Filling never fails on the spot: a job that grew beyond
 * its budget is refused when it is submitted.
 *
 * Results: accessors by row and column. NULL gives 0, false, or an empty string.
 */
#ifndef PLIMSOLL_SERVER_STORE_PGJOB_H
#define PLIMSOLL_SERVER_STORE_PGJOB_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "plimsoll/base/buf.h"
#include "plimsoll/base/err.h"

struct pg_result; /* libpq's PGresult */
struct pg_job;
struct store;

enum pg_pool { PG_WRITER = 1, PG_READER = 2, PG_SEALER = 3 };

enum pg_stmt {
#define STMT(name, pool, sql) STMT_##name,
#include "store/stmt.def"
    STMT_COUNT
};

struct pg_stmt_info {
    const char *name;
    enum pg_pool pool;
    const char *sql;
};
const struct pg_stmt_info *pg_stmt_info(enum pg_stmt stmt);

#define PG_ARGS_MAX    32
#define PG_ARG_MEM_MAX (16u * 1024u * 1024u)

/* rc 0: the transaction is committed, `res` is borrowed for the call. -PL_E_STORE: rolled back, `e`
 * has the SQLSTATE. -PL_E_UNAVAILABLE: try again later. job->rolled_back: the database would not do
 * it now (lock or time over, no room, read-only; SQLSTATE in `e`). Otherwise the connection is
 * gone, and job->sent tells unknown (true) from never begun. */
typedef void (*pg_done_cb)(struct pg_job *job, int rc, const struct pg_result *res,
                           const struct pl_err *e);

struct pg_arg {
    const uint8_t *ext; /* borrowed bytes, or NULL: at `off` in mem */
    size_t off;
    size_t n;
    bool null;
};

struct pg_job {
    struct pg_job *prev, *next;
    enum pg_stmt stmt;
    uint64_t order; /* jobs of a flush go in ascending order of this */
    pg_done_cb done;
    void (*user_cb)(void); /* the caller's callback, in its own type */
    void *user_ctx;
    uint64_t aux;        /* for `done` */
    void *extra;         /* for `done`; freed with free() */
    struct store *store; /* for `done` */
    struct pl_buf mem;
    struct pg_arg args[PG_ARGS_MAX];
    unsigned n_args;
    struct pg_result *res; /* held until the flush is settled */
    bool bad;              /* grew beyond its budget */
    bool sent;
    bool rolled_back; /* the database answered that it did not do it */
    bool solo;        /* must not share a flush */
    bool urgent;      /* goes to the front of the queue, full or not */
    unsigned tries;
};

struct pg_job *pg_job_new(enum pg_stmt stmt, pg_done_cb done);
void pg_job_free(struct pg_job *job);

void pg_arg_i64(struct pg_job *job, int64_t v);
void pg_arg_u64(struct pg_job *job, uint64_t v); /* as int8, same bits */
void pg_arg_i32(struct pg_job *job, int32_t v);
void pg_arg_u32(struct pg_job *job, uint32_t v);
void pg_arg_bool(struct pg_job *job, bool v);
void pg_arg_text(struct pg_job *job, const char *s);             /* NULL: SQL null. Copied */
void pg_arg_bytes(struct pg_job *job, const void *p, size_t n);  /* copied */
void pg_arg_borrow(struct pg_job *job, const void *p, size_t n); /* must live until `done` */

/* An array parameter: begin, then exactly n elements with pg_elem_*. */
enum pg_elem { PG_ELEM_I64, PG_ELEM_I32, PG_ELEM_BYTES, PG_ELEM_TEXT };
void pg_arg_array(struct pg_job *job, enum pg_elem type, size_t n);
void pg_elem_u64(struct pg_job *job, uint64_t v);
void pg_elem_u32(struct pg_job *job, uint32_t v);
void pg_elem_bytes(struct pg_job *job, const void *p, size_t n);

size_t pg_rows(const struct pg_result *r);
int64_t pg_get_i64(const struct pg_result *r, size_t row, int col);
uint64_t pg_get_u64(const struct pg_result *r, size_t row, int col);
int32_t pg_get_i32(const struct pg_result *r, size_t row, int col);
uint32_t pg_get_u32(const struct pg_result *r, size_t row, int col);
bool pg_get_bool(const struct pg_result *r, size_t row, int col);
const char *pg_get_text(const struct pg_result *r, size_t row, int col);
const uint8_t *pg_get_bytes(const struct pg_result *r, size_t row, int col, size_t *n);
bool pg_is_null(const struct pg_result *r, size_t row, int col);

#endif
