// SPDX-License-Identifier: Apache-2.0
/*
 * Anonymous cards of one collection, in memory only. A card goes into the pool at a random place as
 * it comes in, and from then on nothing here says whose it is: kept are only who has handed over
 * anything (also nothing), so that people can be counted, and the cards. The changesets made of the
 * pool are the server's own, in nobody's name. Pure: no loop, no database, no clock.
 */
#ifndef PLIMSOLL_SERVER_REVIEW_CARD_ROUND_H
#define PLIMSOLL_SERVER_REVIEW_CARD_ROUND_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "plimsoll/base/err.h"
#include "plimsoll/doc/doc.h"
#include "plimsoll/wire/message.h"

struct card_round;

/* A collection: its number as in the review's field cards_round. */
struct card_round *card_round_new(uint32_t round);
/* The cards are wiped. NULL ok. */
void card_round_free(struct card_round *r);

uint32_t card_round_no(const struct card_round *r);

/* May this person hand over cards to this collection now? -PL_E_PERM, or -PL_E_CONFLICT when it is
 * not going on. *until_us: when it ends. */
int card_round_check(const struct pl_doc *d, uint64_t user, uint32_t round, int64_t now_us,
                     int64_t *until_us, struct pl_err *e) PL_MUST;

/* Takes what a client of `user` handed over; n may be 0. A token that is here already is passed
 * over. -PL_E_INVALID (a token that is not 16 bytes, kind, lens, no text), -PL_E_LIMIT (too often,
 * or the collection holds as much as it may). Then nothing was taken. */
int card_round_take(struct card_round *r, uint64_t user, const struct pl_card *items, size_t n,
                    struct pl_err *e) PL_MUST;

/* How many people have handed over something, or nothing. */
unsigned card_round_people(const struct card_round *r);

/* The next revision: as many cards as fit become observations, in the order of the pool; those
 * whose token the review has already are passed over. *taken: how many cards of the pool it
 * disposes of, for card_round_drop once it is committed. The last one, also with no card, ends the
 * collection in the review. -PL_E_CONFLICT: another collection has begun. */
int card_round_judge(const struct card_round *r, const struct pl_doc *newest, struct pl_cs *cs,
                     size_t *taken, struct pl_err *e) PL_MUST;
void card_round_drop(struct card_round *r, size_t n);

/* Cards still in the pool. */
size_t card_round_left(const struct card_round *r);

/* Is the review's field cards_until still set for this collection? Adds what ends it to cs. */
void card_round_close(const struct pl_doc *newest, uint32_t round, struct pl_cs *cs);

#endif
