// SPDX-License-Identifier: Apache-2.0
/*
 * Handing over anonymous cards while they are collected, and dropping those that stand in the
 * review. Every client that does this answers each collection with one message of one size, also
 * when it has no cards: so neither traffic nor the server's log tells who wrote.
 */
#ifndef PLIMSOLL_CLIENT_MODEL_CARDS_H
#define PLIMSOLL_CLIENT_MODEL_CARDS_H

#include <stdbool.h>

#include "model/client.h"

/* From now on this open review answers collections. done (may be NULL) tells how one ended: rc 0:
 * the cards are in the review; else they stay here, and e says why. */
typedef void (*cards_done_cb)(void *ctx, int rc, const struct pl_err *e);
void review_hand_cards(struct review *r, cards_done_cb done, void *ctx);

/* --- for review.c */
/* Did this change touch what cards depend on? */
bool cards_concerns(const struct pl_cs *cs);
/* Notes what has to be known to write a card without a connection (secrets.h). */
void cards_note(struct review *r);
/* Hands over what is due and drops what has arrived. */
void cards_look(struct review *r);
/* The connection has gone: the collection is answered again if it still goes on. */
void cards_link_down(struct review *r);

#endif
