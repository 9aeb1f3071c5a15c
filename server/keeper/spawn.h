// SPDX-License-Identifier: Apache-2.0
/*
 * Making the keeper's process.
 */
#ifndef PLIMSOLL_SERVER_KEEPER_SPAWN_H
#define PLIMSOLL_SERVER_KEEPER_SPAWN_H

#include <sys/types.h>

#include "plimsoll/base/err.h"

/* Starts this program again with KEEPER_VERB and `args` (NULL at the end), its end of a pair as
 * KEEPER_FD, standard streams as ours, no other descriptor. *fd: our end. */
int keeper_spawn(char *const *args, int *fd, pid_t *pid, struct pl_err *e) PL_MUST;

/* In the child, first of all: no dump, no core, no trace by others, an end with the parent, deaf to
 * what a terminal or a service manager tells the whole group. -PL_E_USAGE when nobody started it
 * as its child. */
int keeper_harden(int fd, struct pl_err *e) PL_MUST;

#endif
