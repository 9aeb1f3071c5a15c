// SPDX-License-Identifier: Apache-2.0
/*
 * See local.h.
 */
#include "ops/local.h"

#include <stdlib.h>
#include <string.h>

#include "plimsoll/base/mem.h"
#include "plimsoll/base/str.h"

#include "ops/datadir.h"
#include "ops/pgcluster.h"
#include "store/migrate.h"

#define WAIT_MS 15000u

struct local {
    uv_loop_t loop;
    uv_timer_t clock;
    struct config config;
    struct pgcluster *cluster;
    struct store *store;
    struct local_answer up;
    bool is_late;
    bool is_closed;
};

static void on_up(void *ctx)
{
    struct local *l = ctx;
    local_done(&l->up, 0, NULL);
}

static void on_down(void *ctx, const char *why)
{
    struct local *l = ctx;
    struct pl_err e;
    (void)pl_fail(&e, PL_E_UNAVAILABLE, "the database: %s", why);
    local_done(&l->up, -PL_E_UNAVAILABLE, &e);
}

static void on_late(uv_timer_t *clock)
{
    struct local *l = clock->data;
    l->is_late = true;
}

static void on_closed(void *ctx)
{
    struct local *l = ctx;
    l->is_closed = true;
}

void local_done(struct local_answer *a, int rc, const struct pl_err *e)
{
    if (a->is_done) {
        return;
    }
    a->is_done = true;
    a->rc = rc;
    pl_err_init(&a->e);
    if (e != NULL) {
        a->e = *e;
    }
}

int local_wait(struct local *l, int rc, struct local_answer *a, struct pl_err *e)
{
    if (rc != 0) {
        return pl_fail(e, -rc, "the database does not take the request");
    }
    l->is_late = false;
    PL_ASSERT(uv_timer_start(&l->clock, on_late, WAIT_MS, 0) == 0);
    while (!a->is_done && !l->is_late) {
        (void)uv_run(&l->loop, UV_RUN_ONCE);
    }
    (void)uv_timer_stop(&l->clock);
    if (!a->is_done) {
        return pl_fail(e, PL_E_TIMEOUT, "the database does not answer");
    }
    if (a->rc != 0) {
        return pl_fail(e, -a->rc, "%s",
                       a->e.text[0] != '\0' ? a->e.text : pl_error_info(a->rc)->title);
    }
    return 0;
}

static int open_store(struct local *l, const char *dir, struct pl_err *e)
{
    char conninfo[2 * DATADIR_PATH_MAX + 128];
    int rc = datadir_conninfo(dir, &l->config, conninfo, sizeof(conninfo), e);
    if (rc != 0) {
        return rc;
    }
    rc = migrate_check(conninfo, NULL, e);
    if (rc != 0) {
        return rc;
    }
    const struct store_options options = {
        .conninfo = conninfo,
        .writers = 1,
        .readers = 1,
        .queue_max = 256,
        .statement_ms = (unsigned)l->config.statement_ms,
        .deadline_ms = WAIT_MS,
        .plain = true,
    };
    const struct store_handlers handlers = {.up = on_up, .down = on_down, .ctx = l};
    rc = store_open(&l->store, &l->loop, &options, &handlers, e);
    return rc != 0 ? rc : local_wait(l, 0, &l->up, e);
}

int local_open(const char *dir, struct local **out, struct pl_err *e)
{
    struct local *l = pl_xcalloc(1, sizeof(*l));
    *out = NULL;
    PL_ASSERT(uv_loop_init(&l->loop) == 0);
    PL_ASSERT(uv_timer_init(&l->loop, &l->clock) == 0);
    l->clock.data = l;
    int rc = datadir_config(dir, &l->config, e);
    if (rc == 0 && l->config.url == NULL) {
        rc = pgcluster_acquire(dir, &l->cluster, e);
    }
    if (rc == 0) {
        rc = open_store(l, dir, e);
    }
    if (rc != 0) {
        local_close(l);
        return rc;
    }
    *out = l;
    return 0;
}

void local_close(struct local *l)
{
    if (l == NULL) {
        return;
    }
    if (l->store != NULL) {
        store_close(l->store, on_closed, l);
        while (!l->is_closed) {
            (void)uv_run(&l->loop, UV_RUN_ONCE);
        }
    }
    uv_close((uv_handle_t *)&l->clock, NULL);
    (void)uv_run(&l->loop, UV_RUN_DEFAULT);
    PL_ASSERT(uv_loop_close(&l->loop) == 0);
    pgcluster_release(l->cluster);
    config_release(&l->config);
    free(l);
}

struct store *local_store(struct local *l)
{
    return l->store;
}

const struct config *local_config(const struct local *l)
{
    return &l->config;
}
