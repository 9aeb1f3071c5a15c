// SPDX-License-Identifier: Apache-2.0
/*
 * A throw-away PostgreSQL for a test: its own cluster in a new directory, reachable only through a
 * unix socket there, durable as in earnest (fsync on). The postmaster is a child of the test and
 * ends with it, also when the test dies. As root it runs as the user postgres.
 *
 * Several at the same time are fine. The binaries are taken from $PL_PG_BIN or from where Debian
 * and others put them. Blocking. Failures are printed to stderr.
 */
#ifndef TESTS_SUPPORT_PGTEMP_H
#define TESTS_SUPPORT_PGTEMP_H

#include <stdbool.h>
#include <sys/types.h>

struct pgtemp {
    char dir[64];
    char conninfo[192]; /* for libpq: a superuser, database postgres */
    pid_t postmaster;   /* 0: not running */
};

/* Makes the cluster and starts it; returns when it takes connections. 0 or -1. */
int pgtemp_start(struct pgtemp *t);

/* Starts it again after pgtemp_kill, with the data it has. */
int pgtemp_restart(struct pgtemp *t);

/* Sends a signal to the postmaster and waits for its end: SIGKILL is a crash, SIGINT a fast
 * shutdown. Backends of a killed postmaster end by themselves; pgtemp_restart waits for them. */
void pgtemp_kill(struct pgtemp *t, int signo);

/* Ends it and removes the directory. Tolerates a zeroed struct. */
void pgtemp_stop(struct pgtemp *t);

#endif
