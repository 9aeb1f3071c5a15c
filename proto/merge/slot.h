// SPDX-License-Identifier: Apache-2.0
/*
 * What the files of the changeset share: a slot on the heap, and the place of a slot in the map.
 */
#ifndef PLIMSOLL_MERGE_SLOT_H
#define PLIMSOLL_MERGE_SLOT_H

#include "plimsoll/merge/changeset.h"

/* Frees a slot and what it holds. */
void slot_free(struct pl_slot *s);

/* A deep copy on the heap. */
struct pl_slot *slot_copy(const struct pl_slot *s);

/* Looks for the slot of `key`. True: it is at *at. False: *at is where it would be inserted. */
bool cs_search(const struct pl_cs *cs, const struct pl_slot *key, uint32_t *at);

#endif
