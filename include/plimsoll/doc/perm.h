// SPDX-License-Identifier: Apache-2.0
/*
 * Permissions of a review: the kinds of operation and the table role x status x operation of
 * doc/perm.def. Deny by default; pl_doc_perm_ops (doc/doc.h) says what a changeset needs, this says
 * what a role has: it is allowed when no needed bit is missing.
 */
#ifndef PLIMSOLL_DOC_PERM_H
#define PLIMSOLL_DOC_PERM_H

#include <stddef.h>
#include <stdint.h>

/* Numbers are stable: the store holds them. */
enum pl_perm_op {
    PL_PERM_READ = 0,
    PL_PERM_HEADER = 1,           /* title, kind, severity, zone, session ... */
    PL_PERM_SERVICES = 2,         /* services affected */
    PL_PERM_IMPACT = 3,           /* impact text, number, unit */
    PL_PERM_PLAN = 4,             /* ground rules and agenda */
    PL_PERM_MATERIAL = 5,         /* materials */
    PL_PERM_ACCOUNT = 6,          /* one's own account and its claims */
    PL_PERM_CONTENT = 7,          /* events, observations, causes */
    PL_PERM_NOTE_EVENT = 8,       /* events of communication, and the marker impact_start */
    PL_PERM_COMMENT = 9,          /* comments of one's own, anchors, resolving */
    PL_PERM_REMOVE_OWN = 10,      /* remove or restore what one made */
    PL_PERM_REMOVE_ANY = 11,      /* remove or restore what others made */
    PL_PERM_ACTION_PROPOSE = 12,  /* an action of one's own while it is an idea */
    PL_PERM_ACTION_COMMIT = 13,   /* commit, drop or merge an action; change a committed one */
    PL_PERM_ACTION_PROGRESS = 14, /* owner: in progress, done, evidence */
    PL_PERM_LESSON = 15,
    PL_PERM_FACILITATE = 16, /* status, stage, timer, locks, membership: commands, not changesets */
    PL_PERM_ACTION_EDIT = 17, /* an idea for an action that somebody else proposed */
    PL_PERM_CONDUCT = 18,     /* stage, timer, locks, seals, votes, cards, focus, lead */
    PL_PERM_WAIVE = 19,       /* a check, with a reason */
    PL_PERM_VOTE = 20,        /* dots, agreeing to causes; never the facilitator */
    PL_PERM_TAKE_PART = 21, /* for oneself: attendance, ground rules, part in the incident, hand */
    PL_PERM_CHALLENGE = 22, /* doubt the neutrality of the facilitator */
    PL_PERM_ACTION_ACCEPT = 23, /* owner: takes a committed action on */
    PL_PERM_ACTION_VERIFY = 24, /* somebody else than the owner and who marked it done */
    PL_PERM_ACTION_EFFECT = 25, /* somebody else than the owner */
    PL_PERM_CLOSE_CONFIRM = 26, /* the second person of a closing */
    PL_PERM_CARD = 27,          /* an anonymous observation */
    PL_PERM_INVITE = 28,        /* a person into this review */
    PL_PERM_OWNER_ONLY = 62,    /* nobody: it belongs to somebody else (account, comment, action) */
    PL_PERM_SERVER = 63         /* nobody: only the server writes it */
};

#define PL_PERM_BIT(op) (UINT64_C(1) << (op))

/* Bits of everything that `role` (PL_ROLE_...) may do in `status` (PL_STATUS_...); 0 for others. */
uint64_t pl_perm_mask(int64_t role, int64_t status);

/* Name of an operation ("action_commit"), for refusals and logs; "unknown". */
const char *pl_perm_name(int op);

/* The lowest operation of `needed` that `mask` lacks, or -1. */
int pl_perm_missing(uint64_t needed, uint64_t mask);

/* What an operation is in words ("timeline, observations and causes"); static. */
const char *pl_perm_words(int op);

/* Why `role` may not do `op` in `status`, and what to do about it: who may, in which status, how to
 * get back there. rev: short id of the review. op may be -1 (not known). Cut when it is longer than
 * cap; fits in PL_ERR_TEXT_MAX. */
void pl_perm_explain(char *out, size_t cap, int op, int64_t role, int64_t status, const char *rev);

/* Row i of the table of roles and statuses: cells like "F R -" for the four statuses; the
 * operation, or -1 behind the last row. Operations that nobody holds have no row. */
int pl_perm_row(size_t i, char cells[4][8]);

#endif
