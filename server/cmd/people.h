// SPDX-License-Identifier: Apache-2.0
/*
 * Showing in a review who takes part in it. The database decides about membership (table, under
 * lock); the revision made here lets everyone see it, and the audit trail carry it.
 */
#ifndef PLIMSOLL_SERVER_CMD_PEOPLE_H
#define PLIMSOLL_SERVER_CMD_PEOPLE_H

#include <stdint.h>

#include "plimsoll/base/err.h"
#include "plimsoll/merge/changeset.h"

struct services;

struct people_change {
    uint64_t review;
    uint64_t user;
    const char *user_name;
    const char *display_name;
    uint32_t role; /* 0: no longer a participant */
    uint32_t duty;
    uint64_t by_user;
    uint64_t by_device;
};

/* Entry of a participant: the same in every copy of a review, since the server alone makes it. */
struct pl_eid people_eid(uint64_t user);

/* Adds the slots of a new participant to cs. */
int people_new_slots(struct pl_cs *cs, const struct people_change *p, struct pl_err *e) PL_MUST;

/* Makes the revision; cb (may be NULL) gets it, or the head if the document shows it already. */
typedef void (*people_cb_done)(void *ctx, int rc, uint64_t rev, const struct pl_err *e);
void people_show(const struct services *svc, const struct people_change *p, people_cb_done cb,
                 void *ctx);

/* Compares the table with an open review's document and shows what is missing there, in nobody's
 * name: for when a review opens. Without an answer; what fails is tried the next time. */
void people_mend(const struct services *svc, uint64_t review);

#endif
