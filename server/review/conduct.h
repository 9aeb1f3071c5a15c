// SPDX-License-Identifier: Apache-2.0
/*
 * Judging acts (doc/acts.def): a person's command against the newest document of a review becomes a
 * changeset, or a refusal that says what blocks and how to mend it. Pure: no loop, no database, no
 * clock of its own; the room calls it while it builds a batch, and again when the batch was lost.
 */
#ifndef PLIMSOLL_SERVER_REVIEW_CONDUCT_H
#define PLIMSOLL_SERVER_REVIEW_CONDUCT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "plimsoll/base/err.h"
#include "plimsoll/doc/doc.h"
#include "plimsoll/merge/changeset.h"
#include "plimsoll/wire/message.h"

/* What was voted: dots of each entry, as the store summed them up. */
struct conduct_tally {
    uint32_t round;
    uint32_t voters; /* who gave any */
    const struct pl_vote_row *items;
    size_t n;
};

/* A private draft of the review, for the act REVEAL. */
struct conduct_draft {
    uint64_t draft; /* its number */
    uint64_t user;  /* its author */
    const struct pl_doc *doc;
};

/* Who acts, and when. */
struct conduct_actor {
    uint64_t user;
    uint64_t device;
    int64_t now_us;
    const struct conduct_tally *tally;  /* for PL_ACT_COUNT; NULL: there is none */
    const struct conduct_draft *drafts; /* REVEAL only; NULL: they were not read */
    size_t n_drafts;
    bool drafts_go_on; /* these are not all: the seal stays */
    bool *next; /* REVEAL: set when all of these are in the review and the next ones are wanted */
    bool *more; /* REVEAL: set when it did not all fit: judge again when this is committed; with
                 * -PL_E_BAD_STATE: it may be done, once the drafts are read */
};

/* Entries that the server makes (waivers) have client 0 and count upwards from
 * here; below are the participants, whose counter is their user number. */
#define CONDUCT_EID_FIRST UINT32_C(0x80000000)

/* The first free counter of client 0 in `d`. */
uint32_t conduct_fresh_eid(const struct pl_doc *d);

/* Is there a judge for this act (PL_ACT_...)? Those without one are refused as unknown. */
bool conduct_knows(uint32_t act);

/* The changeset of `act` on `d` into cs (initialised, empty), and in *ops the permission it needs:
 * the role in the document is judged here, so that the reason can be told, and the database judges
 * it once more under its lock. An empty changeset: it is so already. -PL_E_PERM, GATE, CONFLICT
 * (`expect` differs), INVALID, BAD_TEXT, LIMIT, NOENT, BAD_STATE (no judge for the act). */
int conduct_judge(const struct pl_doc *d, const struct pl_act *act, const struct conduct_actor *who,
                  struct pl_cs *cs, uint64_t *ops, struct pl_err *e) PL_MUST;

#endif
