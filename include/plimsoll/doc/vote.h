// SPDX-License-Identifier: Apache-2.0
/*
 * Votes and merges: what observations, causes and actions have in common. An entry that was merged
 * into another stays where it is, points to it, and counts for nothing by itself; its dots are part
 * of those of the one that stays, so that a merge can be taken back by subtracting them.
 */
#ifndef PLIMSOLL_DOC_VOTE_H
#define PLIMSOLL_DOC_VOTE_H

#include <stdbool.h>
#include <stdint.h>

#include "plimsoll/doc/doc.h"

/* Kind of the entries that a ballot (PL_BALLOT_...) is about; 0: there is no such ballot. */
uint32_t pl_ballot_kind(int64_t ballot);
/* The ballot on a kind; 0: it is not voted on. */
int64_t pl_ballot_of(uint32_t kind);

/* Field of counted dots, and of the entry that one was merged into; 0: the kind has none. */
uint32_t pl_votes_field(uint32_t kind);
uint32_t pl_merged_field(uint32_t kind);

/* Counted dots; 0 when there are none. */
int64_t pl_entry_votes(const struct pl_entry *en);
bool pl_entry_is_merged(const struct pl_entry *en);
/* The entry that this one was merged into, NULL: into none, or it is not there. */
struct pl_entry *pl_entry_merged_into(const struct pl_doc *d, const struct pl_entry *en);
/* The one that stays: follows merges to their end, the entry itself when it was not merged. NULL
 * when they go in a circle or the end is removed. */
const struct pl_entry *pl_entry_stays(const struct pl_doc *d, const struct pl_entry *en);

#endif
