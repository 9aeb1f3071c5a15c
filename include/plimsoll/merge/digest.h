// SPDX-License-Identifier: Apache-2.0
/*
 * The state hash: do two copies of a review hold the same? XXH3-64 (seed 0) of every slot, XORed,
 * so that a change costs the hash of the slots that it touches: XOR the old one out, the new one
 * in.
 *
 * What is hashed for a slot, all integers big-endian:
 *
 *     u8 slot kind | u64 entry client | u32 entry n | u32 field | u8 element length | element |
 * value
 *
 * field is 0 and the element is empty where the kind has none. The values:
 *
 *     CREATE  u32 kind of the entry
 *     DEAD    u8 1
 *     PLACE   u64 parent client | u32 parent n | u8 key length | key
 *     REG     u8 1 | i64 (two's complement)     integer
 *             u8 2 | UTF-8 bytes                string
 *             u8 3 | u64 client | u32 n         entry
 *     ELEM    u8 1
 *     TEXT    UTF-8 bytes
 *
 * Every entry, dead ones too, has a CREATE and a PLACE (where it is now). What stands at its
 * default contributes nothing, as if it were not there: an entry that is not dead, a null register,
 * an element that is not in its set, an empty text. So the empty review has the hash 0.
 *
 * XXH3 (Y. Collet, xxhash 0.8) finds accidents. It does not stop somebody who wants a collision.
 */
#ifndef PLIMSOLL_MERGE_DIGEST_H
#define PLIMSOLL_MERGE_DIGEST_H

#include <stdbool.h>
#include <stdint.h>

#include "plimsoll/merge/changeset.h"
#include "plimsoll/merge/id.h"
#include "plimsoll/merge/text.h"

/* The hash of one slot holding this value; 0 where the value is the default. */
uint64_t pl_digest_create(struct pl_eid eid, uint32_t kind);
uint64_t pl_digest_dead(struct pl_eid eid, bool dead);
uint64_t pl_digest_place(struct pl_eid eid, struct pl_eid parent, const struct pl_key *key);
uint64_t pl_digest_reg(struct pl_eid eid, uint32_t field, const struct pl_value *v);
uint64_t pl_digest_elem(struct pl_eid eid, uint32_t field, const struct pl_elem *elem, bool in);

/* The same for a text, which may be NULL. Cost: about 0.1 ns a byte. */
uint64_t pl_digest_text(struct pl_eid eid, uint32_t field, const struct pl_text *t);

#endif
