// SPDX-License-Identifier: Apache-2.0
/*
 * Answers that are known at once still come later: nobody who asks may be called back from inside
 * his own call. A task is embedded in its owner's heap struct and posted once.
 */
#ifndef PLIMSOLL_SERVER_AUTH_DEFER_H
#define PLIMSOLL_SERVER_AUTH_DEFER_H

#include <uv.h>

struct defer;

struct defer_task {
    struct defer_task *next, *prev;
    void (*run)(struct defer_task *task); /* may free the task's owner and post other tasks */
};

struct defer *defer_new(uv_loop_t *loop);

/* Runs `task` at the next turn of the loop. */
void defer_post(struct defer *d, struct defer_task *task);

/* Runs what is posted now; the memory goes when the loop has closed the handle. NULL ok. */
void defer_free(struct defer *d);

#endif
