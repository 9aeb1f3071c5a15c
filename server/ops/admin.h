// SPDX-License-Identifier: Apache-2.0
/*
 * Administration on the host: people, devices, invites. Works on the data directory and its
 * database, beside a running server or without one; never over the network. stdout is data (aligned
 * on a terminal, tab separated otherwise, JSON if asked), stderr is talk.
 */
#ifndef PLIMSOLL_SERVER_OPS_ADMIN_H
#define PLIMSOLL_SERVER_OPS_ADMIN_H

#include <stdbool.h>
#include <stdint.h>

#include "plimsoll/base/err.h"

/* Options that all of them have. */
struct admin {
    const char *dir; /* absolute */
    bool json;
};

struct admin_invite {
    const char *user_name;
    const char *display_name; /* NULL: the login name; for a new user only */
    const char *review;       /* "REV-12" or "12"; NULL: none */
    uint32_t role;            /* in it (PL_ROLE_...) */
    const char *ttl;          /* "72h"; NULL: by kind */
    const char *host;         /* NULL: public_host, the listen address, or this machine's name */
    uint64_t port;            /* 0: public_port, or the port of listen */
    bool recover;             /* redeeming it revokes the person's older devices */
};

/* Prints an invite: for a new person (who is created), else for a further device. */
int admin_invite(const struct admin *a, const struct admin_invite *i, struct pl_err *e) PL_MUST;

int admin_user_list(const struct admin *a, struct pl_err *e) PL_MUST;
int admin_user_enable(const struct admin *a, const char *user_name, bool enabled,
                      struct pl_err *e) PL_MUST;

/* Makes the projections (sql/0010_projections.sql) of all reviews, or of one ("REV-12"; NULL: all),
 * again from their logs, beside running servers or without. `check`: only compares, and gives
 * ADMIN_FINDINGS when anything differs. What differed is said on stderr. */
#define ADMIN_FINDINGS 9 /* the program's exit status */
int admin_rebuild(const struct admin *a, const char *review, bool check, struct pl_err *e) PL_MUST;

/* Of one person, or of all (user_name NULL). */
int admin_device_list(const struct admin *a, const char *user_name, struct pl_err *e) PL_MUST;
int admin_device_revoke(const struct admin *a, uint64_t device, struct pl_err *e) PL_MUST;

#endif
