// SPDX-License-Identifier: Apache-2.0
/*
 * Keeps the postmaster alive while the server runs (pgcluster.h). A look costs a small file and one
 * readlink a second. Two servers on one data directory may both start it: the second postmaster
 * ends by itself.
 */
#include <sys/wait.h>

#include "plimsoll/base/log.h"
#include "plimsoll/base/mem.h"
#include "plimsoll/base/time.h"

#include "ops/pgcluster_internal.h"

#define LOOK_MS        1000u
#define BACKOFF_MIN_MS 500u
#define BACKOFF_MAX_MS 30000u
#define CALM_MS        60000u /* alive for this long: the back-off starts from the bottom again */

struct pgcluster_watch {
    uv_timer_t timer;
    struct pgcluster *cluster;
    unsigned backoff_ms;
    uint64_t try_at_ms;
    uint64_t alive_since_ms; /* 0: not alive */
};

static void try_start(struct pgcluster_watch *w, const struct pg_place *p, uint64_t now)
{
    struct pl_err e;
    pl_err_init(&e);
    pid_t pid = pg_start(p, &e);
    if (pid < 0) {
        LOG_ERR(NULL, "pg.start_failed", KV_ERR(&e));
    } else {
        w->cluster->child = pid;
        LOG_WARN(NULL, "pg.restarted", KV_I("pid", pid));
    }
    w->try_at_ms = now + w->backoff_ms;
    w->backoff_ms = w->backoff_ms * 2 < BACKOFF_MAX_MS ? w->backoff_ms * 2 : BACKOFF_MAX_MS;
}

static void on_look(uv_timer_t *timer)
{
    struct pgcluster_watch *w = timer->data;
    const struct pg_place *p = &w->cluster->place;
    struct pgcluster_status s;
    uint64_t now = pl_mono_ms();
    pg_look(p, &s);
    if (s.is_running) {
        if (w->alive_since_ms == 0) {
            w->alive_since_ms = now;
        }
        if (now - w->alive_since_ms > CALM_MS) {
            w->backoff_ms = BACKOFF_MIN_MS;
        }
        return;
    }
    if (w->alive_since_ms != 0) {
        LOG_ERR(NULL, "pg.died", KV_U("retry_ms", w->backoff_ms));
        w->alive_since_ms = 0;
        w->try_at_ms = now + w->backoff_ms;
    }
    /* A postmaster that we started is our child; libuv reaps only its own. */
    int status;
    if (w->cluster->child > 0 && waitpid(w->cluster->child, &status, WNOHANG) != 0) {
        w->cluster->child = 0;
    }
    if (now >= w->try_at_ms) {
        try_start(w, p, now);
    }
}

struct pgcluster_watch *pgcluster_watch_new(uv_loop_t *loop, struct pgcluster *c)
{
    struct pgcluster_watch *w = pl_xcalloc(1, sizeof(*w));
    w->cluster = c;
    w->backoff_ms = BACKOFF_MIN_MS;
    w->alive_since_ms = pl_mono_ms();
    PL_ASSERT(uv_timer_init(loop, &w->timer) == 0);
    w->timer.data = w;
    PL_ASSERT(uv_timer_start(&w->timer, on_look, LOOK_MS, LOOK_MS) == 0);
    uv_unref((uv_handle_t *)&w->timer);
    return w;
}

static void on_closed(uv_handle_t *handle)
{
    free(handle->data);
}

void pgcluster_watch_free(struct pgcluster_watch *w)
{
    if (w != NULL) {
        uv_close((uv_handle_t *)&w->timer, on_closed);
    }
}
