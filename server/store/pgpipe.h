// SPDX-License-Identifier: Apache-2.0
/*
 * A connection in pipeline mode that runs jobs in flushes: what is queued while a flush is under
 * way goes into the next one, ordered by job->order, behind one sync, which is one transaction and
 * one write to disk. A flush is settled by its sync alone, never by a statement's own result.
 *
 * A flush that the database refused is rolled back whole; when it held several jobs, each is run
 * again on its own, so that only the guilty one fails. Lost connection or deadline: the flush under
 * way is unknown, what was queued was never begun.
 *
 * A pipe can be kept for one `order`: then only jobs of that order are sent, each alone. It is how
 * a review's turn is held (sql/0004_append.sql): a connection that has a turn waits for nothing
 * else.
 */
#ifndef PLIMSOLL_SERVER_STORE_PGPIPE_H
#define PLIMSOLL_SERVER_STORE_PGPIPE_H

#include <stdbool.h>
#include <stdint.h>
#include <uv.h>

#include "store/pgconn.h"
#include "store/pgjob.h"

struct pgpipe;

struct pgpipe_options {
    uv_loop_t *loop;
    const char *conninfo; /* must outlive it */
    const char *name;     /* static */
    enum pg_pool pool;
    const char *role;   /* of the database; must outlive it */
    unsigned flush_max; /* jobs of one flush */
    unsigned queue_max;
    unsigned statement_ms;
    unsigned deadline_ms;
};

struct pgpipe_handlers {
    void (*up)(void *ctx, struct pgpipe *p);
    void (*down)(void *ctx, struct pgpipe *p, const char *why);
    /* The time of pgpipe_keep is over; the pipe is free again. */
    void (*kept)(void *ctx, struct pgpipe *p, uint64_t order);
    void (*closed)(void *ctx, struct pgpipe *p); /* freed after this */
};

struct pgpipe_stats {
    uint64_t flushes;
    uint64_t lost; /* jobs whose outcome stayed unknown */
    uint64_t reconnects;
    unsigned depth;
};

struct pgpipe *pgpipe_new(const struct pgpipe_options *o, const struct pgpipe_handlers *h,
                          void *ctx);
void pgpipe_close(struct pgpipe *p);
bool pgpipe_is_up(const struct pgpipe *p);
unsigned pgpipe_depth(const struct pgpipe *p);
void pgpipe_stats(const struct pgpipe *p, struct pgpipe_stats *out);

/* Queues a job. -PL_E_UNAVAILABLE, -PL_E_BUSY, -PL_E_LIMIT: take_job is freed, done is not called.
 */
int pgpipe_submit(struct pgpipe *p, struct pg_job *take_job) PL_MUST;

/* Sends a flush if there is work and none is under way. Called once or twice per loop turn. */
void pgpipe_dispatch(struct pgpipe *p);

/* Keeps the pipe for `order` until pgpipe_free_up, a lost connection, or PGPIPE_KEEP_MS. */
#define PGPIPE_KEEP_MS 50u
void pgpipe_keep(struct pgpipe *p, uint64_t order);
void pgpipe_free_up(struct pgpipe *p);
bool pgpipe_is_kept(const struct pgpipe *p, uint64_t order);

#endif
