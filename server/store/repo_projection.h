// SPDX-License-Identifier: Apache-2.0
/*
 * Questions over all reviews, answered from the projections (sql/0010_projections.sql), and their
 * rebuilding. Everything about a review is given only to whom `readable` lets read it.
 *
 * Requests and callbacks as in repo_identity.h: 0 and one callback, or a negative code and none;
 * what a callback gets is borrowed for the call; requests copy what they are given, unless the
 * member says "borrowed".
 */
#ifndef PLIMSOLL_SERVER_STORE_REPO_PROJECTION_H
#define PLIMSOLL_SERVER_STORE_REPO_PROJECTION_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "plimsoll/base/err.h"
#include "plimsoll/wire/message.h"

struct store;

/* --- actions and metrics ------------------------------------------------------------------------
 */

/* As the message ACTIONS asks, for `user` (who is meant by PL_OWNER_ME, too); `now_us` decides what
 * is overdue. Rows by number, downwards; those without a number yet are left out. `more`: there are
 * further rows. */
typedef void (*actions_cb)(void *ctx, int rc, const struct pl_action_row *rows, size_t n, bool more,
                           const struct pl_err *e);
int repo_actions(struct store *s, uint64_t user, const struct pl_actions *q, int64_t now_us,
                 actions_cb cb, void *ctx) PL_MUST;

/* As the message METRICS asks. Rows by review, downwards; private drafts are left out. */
typedef void (*metrics_cb)(void *ctx, int rc, const struct pl_metric_row *rows, size_t n, bool more,
                           const struct pl_err *e);
int repo_metrics(struct store *s, uint64_t user, const struct pl_metrics *q, int64_t now_us,
                 metrics_cb cb, void *ctx) PL_MUST;

/* --- rebuilding, on the host --------------------------------------------------------------------
 */

/* Ids of all reviews above `after`, upwards, at most `limit`. */
typedef void (*review_ids_cb)(void *ctx, int rc, const uint64_t *ids, size_t n,
                              const struct pl_err *e);
int repo_review_ids(struct store *s, uint64_t after, uint32_t limit, review_ids_cb cb,
                    void *ctx) PL_MUST;

struct rebuild_result {
    uint64_t head;      /* the log's end now */
    uint64_t differs;   /* rows that were wrong, missing or too many */
    const char *report; /* a line about each of the first of them */
};
typedef void (*rebuild_cb)(void *ctx, int rc, const struct rebuild_result *r,
                           const struct pl_err *e);

/* Compares the tables with `rows` (room/oplog_project.h), made from the log up to revision `head`,
 * and replaces what differs if `write`. Safe beside running servers. The log has gone on:
 * -PL_E_BEHIND and `head` in the result; no such review: -PL_E_NOENT. rows: borrowed until the
 * callback. */
struct rebuild_request {
    uint64_t review;
    uint64_t head;
    const char *rows;
    bool write;
};
int repo_rebuild(struct store *s, const struct rebuild_request *q, rebuild_cb cb,
                 void *ctx) PL_MUST;

#endif
