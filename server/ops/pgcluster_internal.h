// SPDX-License-Identifier: Apache-2.0
/*
 * What the files of the private cluster share: where it is, as whom PostgreSQL runs, and how a
 * child process is started as that user.
 */
#ifndef PLIMSOLL_SERVER_OPS_PGCLUSTER_INTERNAL_H
#define PLIMSOLL_SERVER_OPS_PGCLUSTER_INTERNAL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "plimsoll/base/err.h"

#include "ops/datadir.h"
#include "ops/pgcluster.h"

#define PG_PATH_MAX (DATADIR_PATH_MAX + 64)
#define PG_PORT     "5432" /* part of the socket's name only */
#define PG_DATABASE "plimsoll"
#define PG_ROLE     "plimsoll" /* owns the database; the migrations' login */
#define PG_ROLES    PG_ROLE ",plm_app,plm_ca,plm_seal,plm_audit,plm_erase"

struct pg_place {
    char dir[DATADIR_PATH_MAX]; /* real path */
    char data[PG_PATH_MAX];     /* DIR/pg */
    char run[PG_PATH_MAX];      /* DIR/run */
    char bin[PG_PATH_MAX];      /* folder of initdb and postgres */
    bool other_user;            /* PostgreSQL runs as somebody else than we do */
    uid_t uid;                  /* as whom it runs */
    gid_t gid;
    char pg_user[64];
    char our_user[64];
};

/* Finds all that. -PL_E_NOENT: PostgreSQL is not installed. DIR must exist. */
int pg_place_find(const char *dir, struct pg_place *out, struct pl_err *e) PL_MUST;

/* What to run. */
struct pg_job {
    const char *const *argv; /* argv[0] is the name of a program in `bin`; NULL: run `work` */
    int (*work)(void *ctx);  /* runs in the child, which exits with the result */
    void *ctx;
    const char *input; /* text for its standard input; NULL: none. At most 4 KiB */
    const char *log;   /* file in DIR/run that gets its output */
};

/* Starts it as PostgreSQL's user, in DIR, with a small environment and no descriptors of ours, in a
 * session of its own. Returns the pid or a negative code. */
pid_t pg_spawn(const struct pg_place *p, const struct pg_job *job, struct pl_err *e);

/* Starts it and waits; a failure carries the last line of its output. */
int pg_run(const struct pg_place *p, const struct pg_job *job, unsigned timeout_ms,
           struct pl_err *e) PL_MUST;

/* Turns the end of a child into an error (status as of waitpid). */
int pg_child_error(const struct pg_place *p, const struct pg_job *job, int status,
                   struct pl_err *e);

/* Starts the postmaster without waiting for it. */
pid_t pg_start(const struct pg_place *p, struct pl_err *e);

/* The postmaster of DIR/pg, by its pid file and by what the kernel says about that process. */
void pg_look(const struct pg_place *p, struct pgcluster_status *out);

/* Removes the pid file and the lock of the socket when the number in it belongs to a living process
 * that is not our postmaster. */
void pg_tidy(const struct pg_place *p);

struct pgcluster {
    struct pg_place place;
    int lock;    /* descriptor of cluster.lock */
    pid_t child; /* the postmaster if this process started it, to be reaped; else 0 */
};

#endif
