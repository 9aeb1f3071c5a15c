// SPDX-License-Identifier: Apache-2.0
/*
 * Where accounts disagree: computed from their claims (event, time with precision, cause, knew it
 * then or not), never typed. Not who is right: a list to talk through.
 *
 *   time   two accounts time one event, and their spans of error do not meet
 *   order  two accounts put two events the other way round
 *   cause  two accounts name causes of one event that do not hang together in the tree
 *   knew   some knew of an event then, others did not
 *
 * Only what can be seen counts: removed accounts, claims and events say nothing.
 */
#ifndef PLIMSOLL_DOC_DISAGREE_H
#define PLIMSOLL_DOC_DISAGREE_H

#include <stddef.h>

#include "plimsoll/doc/doc.h"

enum pl_disagree_kind {
    PL_DISAGREE_TIME = 1,
    PL_DISAGREE_ORDER = 2,
    PL_DISAGREE_CAUSE = 3,
    PL_DISAGREE_KNEW = 4
};

/* Two sides: account and claim [0] against [1]. Where several accounts take one side (order, knew),
 * the first of each stands here and the text names all. */
struct pl_disagreement {
    enum pl_disagree_kind kind;
    struct pl_eid event;
    struct pl_eid other_event; /* order: the second event; else root */
    struct pl_eid account[2];
    struct pl_eid claim[2];
    char text[240]; /* with short ids and times in UTC */
};

/* Events of which the order is compared; more are left out. */
#define PL_DISAGREE_EVENTS_MAX 512u

/* Fills `out` with up to max disagreements in order of the events' time, then of kind; returns how
 * many there are. Costs the claims of each event squared, plus the shared events squared. */
size_t pl_disagreements(const struct pl_doc *d, struct pl_disagreement *out, size_t max);

/* "time", "order", "cause", "knew"; static. */
const char *pl_disagree_name(enum pl_disagree_kind kind);

/* When a claim says that its event happened, at the ends of its error (INT64_MIN, INT64_MAX: open).
 * False when it gives no time. */
bool pl_claim_span(const struct pl_entry *claim, int64_t *lo, int64_t *hi);

#endif
