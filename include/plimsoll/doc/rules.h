// SPDX-License-Identifier: Apache-2.0
/*
 * Rules of meaning beyond types and rights: what an ordinary edit may not do to a review, whoever
 * makes it. The server asks after pl_doc_check and before it applies a changeset, on the newest
 * state: an edit that was fine when it was typed may no longer be. Clients ask the same before
 * they send, so that a person hears it at once. What the server itself writes (by an act, an
 * import of people, a reveal) is not asked.
 *
 * Only what a changeset changes is judged: an entry that came to be wrong in another way stays
 * editable everywhere else. Texts are never judged here, for no keystroke may be lost to a rule;
 * the checks (doc/checks.h) read them. A keystroke costs a look at its slot.
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

/* May `user` make this edit (0: the server; passes)? 0 or a refusal that names the entry, what is
 * wrong and what to do instead:
 *   -PL_E_INVALID  a value that does not go with the others (factor and question, an owner who
 *                  takes no part, a time that cannot be meant), or a field that a command writes
 *   -PL_E_NOENT    a link to an entry that was removed
 *   -PL_E_GATE     it would undo what an action has come to: its commitment, its evidence, its
 *                  verification
 *   -PL_E_PERM     it would take away what others made (below it, merged into it, claimed of it)
 * The changeset has passed pl_doc_check. */
int pl_rules_check(const struct pl_doc *d, const struct pl_cs *cs, uint64_t user,
                   struct pl_err *e) PL_MUST;

/* The command that writes a field which no ordinary edit writes ("plimsoll session stage"), or
 * NULL when there is none. Static. */
const char *pl_rules_verb(uint32_t kind, uint32_t field);

#endif
