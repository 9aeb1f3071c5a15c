// SPDX-License-Identifier: Apache-2.0
/*
 * The database for commands on the host: a loop and a store of one's own, used as if calls blocked.
 * Starts the private cluster for the time being if no server runs.
 */
#ifndef PLIMSOLL_SERVER_OPS_LOCAL_H
#define PLIMSOLL_SERVER_OPS_LOCAL_H

#include <stdbool.h>
#include <uv.h>

#include "plimsoll/base/err.h"

#include "ops/config.h"
#include "store/store.h"

struct local;

/* Opens the store of an initialised data directory and waits until it is usable. */
int local_open(const char *dir, struct local **out, struct pl_err *e) PL_MUST;
void local_close(struct local *l); /* NULL ok */

struct store *local_store(struct local *l);
const struct config *local_config(const struct local *l);

/* An answer that a store callback fills in. */
struct local_answer {
    bool is_done;
    int rc;
    struct pl_err e;
};

/* For callbacks: notes the outcome; `e` may be NULL. */
void local_done(struct local_answer *a, int rc, const struct pl_err *e);

/* `rc` is what the store's request returned. Runs the loop until the answer is there, at most 15 s;
 * returns its rc. */
int local_wait(struct local *l, int rc, struct local_answer *a, struct pl_err *e) PL_MUST;

#endif
