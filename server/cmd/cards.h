// SPDX-License-Identifier: Apache-2.0
/*
 * Collections of anonymous cards on this server process: which are open, who waits for their end,
 * the clock. The cards themselves are in review/card_round. Nothing of it is written down, and no
 * log line tells who handed over what: a collection dies with the process, and clients keep what
 * they do not see in the review.
 */
#ifndef PLIMSOLL_SERVER_CMD_CARDS_H
#define PLIMSOLL_SERVER_CMD_CARDS_H

#include <stdint.h>
#include <uv.h>

#include "plimsoll/wire/message.h"

struct call;
struct cards;
struct rooms;

struct cards *cards_new(uv_loop_t *loop, struct rooms *r);
/* When the rooms are gone: who still waits is told, and cards are wiped. NULL ok. */
void cards_free(struct cards *c);

/* A collection has begun and ends at `until_us`; also when nobody hands over anything. */
void cards_open(struct cards *c, uint64_t review, uint32_t round, int64_t until_us);

/* Cards of `user` for a collection that is going on (judged before); m is copied. The call is
 * answered when it has ended: Done when the cards are in the review, or an Error, and then the
 * client keeps them. */
void cards_take(struct cards *c, const struct pl_cards *m, uint64_t user, int64_t until_us,
                struct call *take_call);

/* How many people have handed over something, or nothing, to the collection that is going on. */
unsigned cards_people(const struct cards *c, uint64_t review);

#endif
