// SPDX-License-Identifier: Apache-2.0
/*
 * A sign of life of a process that belongs to a data directory: the file DIR/keeper/PID, locked as
 * long as the process lives, with one line that says how it stands. Whoever can take the lock knows
 * that the process has gone.
 */
#ifndef PLIMSOLL_SERVER_OPS_ALIVE_H
#define PLIMSOLL_SERVER_OPS_ALIVE_H

#include "plimsoll/base/err.h"

#define ALIVE_LINE_MAX 200

/* Makes this process's file. *fd: for the other two. */
int alive_open(const char *dir, int *fd, struct pl_err *e) PL_MUST;

/* Replaces the line; a cut one is better than none, so there is no error. */
void alive_put(int fd, const char *line);

/* Removes the file and the descriptor; -1 ok. */
void alive_close(const char *dir, int fd);

/* Calls back for each process that lives; files of dead ones are removed. No directory: no call. */
void alive_each(const char *dir, void (*cb)(void *ctx, const char *pid, const char *line),
                void *ctx);

#endif
