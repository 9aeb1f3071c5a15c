// SPDX-License-Identifier: Apache-2.0
/*
 * Reviews for tests: a few calls that build entries by committed changesets, as the server would,
 * and one whole review with something in every section. Failures abort, so tests stay short.
 */
#ifndef PLIMSOLL_TESTS_SUPPORT_SAMPLE_H
#define PLIMSOLL_TESTS_SUPPORT_SAMPLE_H

#include <stdint.h>

#include "plimsoll/doc/doc.h"

#define SAMPLE_CLIENT 0x7fULL
#define SAMPLE_T0     1772359380000000LL /* 2026-03-01T10:03:00Z */

/* Commits cs as the next revision, by `user`; releases it. */
void sample_commit(struct pl_doc *d, uint64_t user, struct pl_cs *take_cs);

/* A new entry at the end of its parent, numbered, made by `user` (0: the server). */
struct pl_eid sample_add(struct pl_doc *d, uint32_t kind, struct pl_eid parent, uint64_t user);

void sample_int(struct pl_doc *d, struct pl_eid eid, uint32_t field, int64_t v);
void sample_str(struct pl_doc *d, struct pl_eid eid, uint32_t field, const char *s);
void sample_link(struct pl_doc *d, struct pl_eid eid, uint32_t field, struct pl_eid to);
void sample_elem(struct pl_doc *d, struct pl_eid eid, uint32_t field, const char *s);
void sample_link_elem(struct pl_doc *d, struct pl_eid eid, uint32_t field, struct pl_eid to);
/* Replaces a whole text. */
void sample_text(struct pl_doc *d, struct pl_eid eid, uint32_t field, const char *s);

/* Users of the whole review. */
enum { SAMPLE_FACILITATOR = 1, SAMPLE_RESPONDER = 2, SAMPLE_OWNER = 3, SAMPLE_STAKEHOLDER = 4 };

/* REV-2041 with every kind of entry. */
struct pl_doc *sample_review(void);

#endif
