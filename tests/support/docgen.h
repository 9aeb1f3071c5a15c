// SPDX-License-Identifier: Apache-2.0
/*
 * Random changesets that mostly fit a review: values of the right type for every field, links to
 * entries that exist, entries made, moved, removed and restored. A generator is embedded by its
 * owner; it borrows the document.
 */
#ifndef PLIMSOLL_TESTS_SUPPORT_DOCGEN_H
#define PLIMSOLL_TESTS_SUPPORT_DOCGEN_H

#include "plimsoll/base/rng.h"
#include "plimsoll/doc/doc.h"

#define DOCGEN_IDS 64

struct docgen {
    struct pl_prng r; /* set it before each step */
    const struct pl_doc *d;
    struct pl_eid ids[DOCGEN_IDS];
    size_t n;
    uint32_t next; /* number of the next new entry; its client is 1 */
};

/* Looks at the document anew: after each change. */
void docgen_look(struct docgen *g);

struct pl_eid docgen_id(struct docgen *g);
/* A value for a register; sometimes null. */
struct pl_value docgen_value(struct docgen *g, const struct pl_field *f);
/* One more slot in cs. */
void docgen_slot(struct docgen *g, struct pl_cs *cs);

#endif
