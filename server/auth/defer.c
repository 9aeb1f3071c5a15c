// SPDX-License-Identifier: Apache-2.0
/*
 * One timer of length zero per user of it (see defer.h). Tasks posted by a task run a turn later,
 * so that two that post each other cannot hold the loop.
 */
#include "auth/defer.h"

#include <utlist.h>

#include "plimsoll/base/err.h"
#include "plimsoll/base/mem.h"

struct defer {
    uv_timer_t timer;
    struct defer_task *tasks;
};

struct defer *defer_new(uv_loop_t *loop)
{
    struct defer *d = pl_mem_calloc(PL_MEM_AUTH, 1, sizeof(*d));
    PL_ASSERT(uv_timer_init(loop, &d->timer) == 0);
    d->timer.data = d;
    return d;
}

static void run_all(struct defer *d)
{
    struct defer_task *batch = d->tasks;
    d->tasks = NULL;
    while (batch != NULL) {
        struct defer_task *task = batch;
        DL_DELETE(batch, task);
        task->run(task);
    }
}

static void on_timer(uv_timer_t *timer)
{
    run_all(timer->data);
}

void defer_post(struct defer *d, struct defer_task *task)
{
    PL_ASSERT(!uv_is_closing((uv_handle_t *)&d->timer));
    DL_APPEND(d->tasks, task);
    PL_ASSERT(uv_timer_start(&d->timer, on_timer, 0, 0) == 0);
}

static void on_closed(uv_handle_t *handle)
{
    pl_mem_free(PL_MEM_AUTH, handle->data);
}

void defer_free(struct defer *d)
{
    if (d == NULL) {
        return;
    }
    run_all(d);
    PL_ASSERT(d->tasks == NULL);
    uv_close((uv_handle_t *)&d->timer, on_closed);
}
