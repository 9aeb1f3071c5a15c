// SPDX-License-Identifier: Apache-2.0
/*
 * Judging acts (doc/acts.def): a person's command against the newest document of a review becomes a
 * changeset, or a refusal that says what blocks and how to mend it. Pure: no loop, no database, no
 * clock of its own; the room calls it while it builds a batch, and again when the batch was lost.
 */
#ifndef PLIMSOLL_SERVER_REVIEW_CONDUCT_H
#define PLIMSOLL_SERVER_REVIEW_CONDUCT_H

#include <stdint.h>

#include "plimsoll/base/err.h"
#include "plimsoll/doc/doc.h"
#include "plimsoll/merge/changeset.h"
#include "plimsoll/wire/message.h"

/* Who acts, and when. */
struct conduct_actor {
    uint64_t user;
    uint64_t device;
    int64_t now_us;
};

/* Entries that the server makes (waivers, what was revealed) have client 0 and count upwards from
 * here; below are the participants, whose counter is their user number. */
#define CONDUCT_EID_FIRST UINT32_C(0x80000000)

/* The first free counter of client 0 in `d`. */
uint32_t conduct_fresh_eid(const struct pl_doc *d);

/* The changeset of `act` on `d`, and in *ops the permission it needs (the database judges the role
 * once more under its lock; here the role in the document is judged, so that the reason can be
 * told). An empty changeset: it is so already. Not for COUNT, REVEAL and CARDS, whose content is
 * not in the document: see server/review/sealed.h and ballot.h. Checks are run from scratch where a
 * gate asks. -PL_E_PERM, GATE (names the checks), CONFLICT (expect differs), INVALID, NOENT, LIMIT.
 */
int conduct_judge(const struct pl_doc *d, const struct pl_act *act, const struct conduct_actor *who,
                  struct pl_cs *cs, uint64_t *ops, struct pl_err *e) PL_MUST;

#endif
