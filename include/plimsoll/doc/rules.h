// SPDX-License-Identifier: Apache-2.0
/*
 * Rules of meaning: what a changeset may not leave behind, beyond types and rights. The server asks
 * after pl_doc_check and before it applies; the client before it sends. All look at the state with
 * the changeset laid over it, and only at entries that it touches.
 */
#ifndef PLIMSOLL_DOC_RULES_H
#define PLIMSOLL_DOC_RULES_H

#include "plimsoll/base/err.h"
#include "plimsoll/doc/doc.h"

/* Is every touched entry valid afterwards? Owners are participants and no facilitator; links and
 * factors fit (the factor answers the cause's question); an action's state has what it needs
 * (committed: owner, due, finish test, and a tracker key or a reason for none; done: evidence;
 * dropped or merged: a reason or target) and moves along its life; effectiveness falls 30 to 90
 * days after verification; known_at not before happened_at is a check (T16), not a rule.
 * -PL_E_INVALID or -PL_E_GATE with a reason that names entry, field and what to do. */
int pl_rules_check(const struct pl_doc *d, const struct pl_cs *cs, struct pl_err *e) PL_MUST;

/* Does cs write into a section that is locked (review field `locked`) for this user? Facilitators
 * and the server (user 0) pass. -PL_E_LOCKED names the section. Comments are never locked. */
int pl_rules_locked(const struct pl_doc *d, const struct pl_cs *cs, uint64_t user,
                    struct pl_err *e) PL_MUST;

/* Does cs write accounts or observations while these are sealed? They belong into the private
 * draft: -PL_E_LOCKED says so. Facilitators too; the server (user 0) passes. */
int pl_rules_sealed(const struct pl_doc *d, const struct pl_cs *cs, uint64_t user,
                    struct pl_err *e) PL_MUST;

#endif
