// SPDX-License-Identifier: Apache-2.0
/*
 * What is written alone first: sealed sections with their private drafts, and anonymous cards. The
 * rules that server and client share; the words are in server/review/README.md.
 *
 * A draft is a review of its own with one member: its root names the review that it is for (field
 * `draft_of`). Only accounts with their claims, and observations, can be made in it; its entries
 * may link to entries of the review, which are not there.
 */
#ifndef PLIMSOLL_DOC_SECRET_H
#define PLIMSOLL_DOC_SECRET_H

#include <stdbool.h>
#include <stdint.h>

#include "plimsoll/base/err.h"
#include "plimsoll/doc/doc.h"

/* Fewer people than this could be guessed: no anonymous cards. */
#define PL_CARD_PEOPLE_MIN 4u

/* Of one text of a draft, in characters: with four bytes each it fits into one revision. */
#define PL_DRAFT_TEXT_MAX 40000u
/* Elements of one set of an entry of a draft, for the same reason. */
#define PL_DRAFT_SET_MAX 50u

/* Kinds of the message News that tell how a collection of cards ended. */
#define PL_NEWS_CARDS_IN  1u /* they stand in the review */
#define PL_NEWS_CARDS_OUT 2u /* they stay with their authors; the text says why */

/* Is this document a private draft? */
bool pl_secret_is_draft(const struct pl_doc *d);

/* Is this kind written in private drafts now? */
bool pl_secret_is_sealed(const struct pl_doc *d, uint32_t kind);

/* Judges what a person writes: -PL_E_SEALED for a new entry of a kind that is sealed here; in a
 * draft -PL_E_INVALID for what has no place there, -PL_E_LIMIT for what would not fit when it is
 * revealed. The reason says what to do instead. */
int pl_secret_check(const struct pl_doc *d, const struct pl_cs *cs, struct pl_err *e) PL_MUST;

/* Id in the review of an entry that was revealed from a draft: always the same, so that revealing
 * twice reveals once. From a hash over the draft's number and the id there, whose client is random
 * and known to its author only: nobody can take the id before. */
struct pl_eid pl_secret_eid(uint64_t draft, struct pl_eid in_draft);

/* How many people could be the author of an anonymous card: those whose role may hand over cards
 * while the review is in session. `user`, if not 0: *is_one says whether that person is among them
 * (is_one may be NULL). */
unsigned pl_secret_card_people(const struct pl_doc *d, uint64_t user, bool *is_one);

#endif
