// SPDX-License-Identifier: Apache-2.0
/*
 * Inside of the rules, private to proto/doc: a changeset in front of a document, and how an entry
 * will be once it is applied. Each part judges one slot and says what is wrong with it.
 */
#ifndef PLIMSOLL_PROTO_DOC_RULES_INT_H
#define PLIMSOLL_PROTO_DOC_RULES_INT_H

#include "plimsoll/doc/rules.h"

struct rules {
    const struct pl_doc *d;
    const struct pl_cs *cs;
    uint64_t user;
    struct pl_err *e;
};

/* --- as it will be (rules.c) --------------------------------------------------------- */

uint32_t rules_kind(const struct rules *r, struct pl_eid eid);        /* 0: unknown */
struct pl_eid rules_parent(const struct rules *r, struct pl_eid eid); /* root for the root */
bool rules_is_new(const struct rules *r, struct pl_eid eid);
/* Not removed, nor by this changeset. */
bool rules_is_there(const struct rules *r, struct pl_eid eid);
/* Register after the changeset; never NULL. */
const struct pl_value *rules_reg(const struct rules *r, struct pl_eid eid, uint32_t field);
int64_t rules_num(const struct rules *r, struct pl_eid eid, uint32_t field); /* 0: unset */
bool rules_is_blank(const struct rules *r, struct pl_eid eid, uint32_t field);
/* Register before it; 0 when unset or new. */
int64_t rules_num_before(const struct rules *r, struct pl_eid eid, uint32_t field);

/* "A-3", "new action". Returns `out`. */
const char *rules_name(const struct rules *r, struct pl_eid eid, char out[32]);
/* Puts the entry's name in front of the error; returns rc. */
int rules_wrap(const struct rules *r, struct pl_eid eid, int rc);

/* --- parts --------------------------------------------------------------------------- */

/* rules_value.c: one register that changes, one element that comes into a set. */
int rules_value(const struct rules *r, const struct pl_slot *s);
int rules_elem(const struct rules *r, const struct pl_slot *s);

/* rules_action.c: registers of actions and of their evidence. */
int rules_action(const struct rules *r, const struct pl_slot *s);
int rules_evidence(const struct rules *r, const struct pl_slot *s);
/* The evidence goes away from `action`. */
int rules_evidence_goes(const struct rules *r, struct pl_eid evidence, struct pl_eid action);

/* rules_remove.c: an entry goes away. */
int rules_remove(const struct rules *r, struct pl_eid eid);

#endif
