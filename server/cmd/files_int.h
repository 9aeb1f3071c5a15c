// SPDX-License-Identifier: Apache-2.0
/*
 * Inside of server/cmd/file*.c: the queue of pieces, and what the parts share.
 */
#ifndef PLIMSOLL_SERVER_CMD_FILES_INT_H
#define PLIMSOLL_SERVER_CMD_FILES_INT_H

#include <stdbool.h>

#include "cmd/files.h"

struct file_end; /* an upload that is being finished */

/* Something that needs the database for one statement. start() begins it, and whoever gets its
 * outcome calls files_next. */
struct file_work {
    void (*start)(struct file_work *w);
    /* The server ends before it was begun. */
    void (*cancel)(struct file_work *w);
    const struct caller *caller; /* only to count; never followed */
    struct file_work *prev, *next;
};

struct files {
    struct store *store;
    struct rooms *rooms;
    const struct config *conf;
    uv_timer_t timer;
    struct file_work *queue;
    struct file_work *running;
    struct file_end *ends;
    bool is_pumping, is_stopped;
    struct files_stats stats;
};

/* Appends work. files_ask: -PL_E_BUSY when the queue is full, or holds enough of this caller. */
void files_push(struct files *f, struct file_work *w);
int files_ask(struct files *f, struct file_work *w, struct pl_err *e) PL_MUST;
/* The work that was running has had its statement: the next one begins. */
void files_next(struct files *f);

/* Counts a refusal by its code. */
void files_count_refusal(struct files *f, int rc);
/* Answers with the code and text of e, or of the catalogue. */
void files_fail(struct files *f, struct call *k, int rc, const struct pl_err *e);

/* file_end.c: a checked file that no revision is known to show: does one, or is it dropped? */
void file_settle(struct files *f, uint64_t file);

#endif
