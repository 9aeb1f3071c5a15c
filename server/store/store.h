// SPDX-License-Identifier: Apache-2.0
/*
 * The database: a handful of PostgreSQL connections on the server's loop, in pipeline mode.
 *
 * Everything above speaks in requests with a callback; this folder alone knows libpq. A request's
 * outcome is one of: done, refused by the database (-PL_E_STORE with SQLSTATE in the text), not now
 * (-PL_E_UNAVAILABLE with SQLSTATE: a lock or its time over, no room; rolled back), or unknown
 * (-PL_E_UNAVAILABLE: the connection was lost while it was under way; the caller asks again by its
 * own id). Callbacks are never made from inside the call that registers them. When the
 * database is away, new requests fail at once with -PL_E_UNAVAILABLE; the store reconnects with
 * back-off (0.25 s to 10 s, jitter) and reports up/down.
 */
#ifndef PLIMSOLL_SERVER_STORE_STORE_H
#define PLIMSOLL_SERVER_STORE_STORE_H

#include <stdbool.h>
#include <stdint.h>
#include <uv.h>

#include "plimsoll/base/err.h"

struct store;

struct store_options {
    const char *conninfo;  /* libpq; host must be a socket directory or an address, never a name */
    unsigned writers;      /* append connections; a review is bound to one by its id. 1-8 */
    unsigned readers;      /* 1-8 */
    unsigned queue_max;    /* requests waiting per connection; beyond: -PL_E_BUSY */
    unsigned statement_ms; /* server-side statement_timeout */
    unsigned deadline_ms;  /* client-side: outcome unknown after this */
    const char *role;      /* of sql/roles.sql, a literal; NULL: plm_app */
    bool plain;            /* for command-line tools: no LISTEN connection, no hints sent */
};

struct store_handlers {
    /* All writers and readers usable / not any more. May be called often; never from inside a store
     * call. `up` comes first when the first LISTEN stands too; losing only that one is not `down`.
     */
    void (*up)(void *ctx);
    void (*down)(void *ctx, const char *why);
    /* Another server process committed to `review` (hint; may be lost: a poll is behind it). */
    void (*hint)(void *ctx, uint64_t review, uint64_t head);
    /* A device or user was revoked or a participation changed: check again. device 0: all devices
     * of `user`; both 0: everyone (the listening connection came back, or it is away and a poll of
     * heads has seen a change). */
    void (*revoked)(void *ctx, uint64_t device, uint64_t user);
    void *ctx;
};

/* Starts connecting on `loop`. The options' strings are copied. */
int store_open(struct store **out, uv_loop_t *loop, const struct store_options *opt,
               const struct store_handlers *h, struct pl_err *e) PL_MUST;

/* Fails what is queued, finishes the connections, then calls cb; memory is gone after it. */
void store_close(struct store *s, void (*cb)(void *ctx), void *ctx);

bool store_is_up(const struct store *s);

/* For metrics and `plimsolld status`. */
struct store_stats {
    uint64_t appends, append_revs, units, retries, lost, queue_depth, reconnects;
};
void store_stats(const struct store *s, struct store_stats *out);

#endif
