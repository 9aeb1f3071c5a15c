// SPDX-License-Identifier: Apache-2.0
/*
 * Rules of meaning beyond types and rights. The server asks after pl_doc_check and before it
 * applies a changeset.
 */
#ifndef PLIMSOLL_DOC_RULES_H
#define PLIMSOLL_DOC_RULES_H

#include "plimsoll/base/err.h"
#include "plimsoll/doc/doc.h"

/* The kind whose lock closes entries of `kind`: mostly itself; claims go with accounts, evidence
 * with actions. PL_KIND_NONE: never locked. */
uint32_t pl_rules_section(uint32_t kind);

/* Does cs write into a section that is locked (review field `locked`: names of kinds, "review" for
 * the header) for this user? Facilitators and the server (user 0) pass. -PL_E_LOCKED names the
 * section. */
int pl_rules_locked(const struct pl_doc *d, const struct pl_cs *cs, uint64_t user,
                    struct pl_err *e) PL_MUST;

#endif
