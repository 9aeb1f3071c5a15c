// SPDX-License-Identifier: Apache-2.0
/*
 * The private PostgreSQL cluster in the data directory: DIR/pg, reachable only through a unix
 * socket in DIR/run, with peer authentication (the kernel vouches for the process at the other end;
 * there is no password to keep or to leak). No TCP. Checksums on. As root, PostgreSQL runs as the
 * user `postgres`, otherwise as oneself.
 *
 * Whoever uses the cluster holds a shared lock on DIR/cluster.lock. The first one in starts it, the
 * last one out stops it. A process that is killed leaves the postmaster running: the next one finds
 * it and goes on. Blocking, except for the watch.
 */
#ifndef PLIMSOLL_SERVER_OPS_PGCLUSTER_H
#define PLIMSOLL_SERVER_OPS_PGCLUSTER_H

#include <stdbool.h>
#include <stddef.h>
#include <uv.h>

#include "plimsoll/base/err.h"

struct pgcluster;
struct pgcluster_watch;

/* Longest DIR so that the socket's path fits into sockaddr_un. */
#define PGCLUSTER_DIR_MAX 80u

/* Makes DIR/pg with the database `plimsoll` owned by the role `plimsoll`; does nothing if it is
 * there. All of it appears in one rename: an interrupted one starts again. */
int pgcluster_create(const char *dir, struct pl_err *e) PL_MUST;

bool pgcluster_exists(const char *dir);

/* Takes a share in the cluster and starts it if need be; returns when it takes connections. Waits
 * for crash recovery as long as that makes progress, at most five minutes. */
int pgcluster_acquire(const char *dir, struct pgcluster **out, struct pl_err *e) PL_MUST;

/* The same again for a share that is held: starts it if it has died since, waits until it takes
 * connections. Before the loop runs; after that the watch does it. */
int pgcluster_wait(struct pgcluster *c, struct pl_err *e) PL_MUST;

/* Gives the share back; stops the cluster (fast shutdown) if nobody else has one. NULL ok. */
void pgcluster_release(struct pgcluster *c);

/* Its libpq connection string for a role; NULL: for migrations, as the owner of the database. */
int pgcluster_conninfo(const char *dir, const char *role, char *out, size_t size,
                       struct pl_err *e) PL_MUST;

struct pgcluster_status {
    bool is_running;
    bool is_ready; /* takes connections */
    int pid;       /* of the postmaster; 0 when not running */
};
void pgcluster_status(const char *dir, struct pgcluster_status *out);

/* Looks every second whether the postmaster lives and starts it again if not, with back-off from
 * 0.5 s to 30 s. Never blocks the loop. `c` outlives it. */
struct pgcluster_watch *pgcluster_watch_new(uv_loop_t *loop, struct pgcluster *c);

/* Ends at once; the memory goes at a later turn of the loop. NULL ok. */
void pgcluster_watch_free(struct pgcluster_watch *w);

#endif
