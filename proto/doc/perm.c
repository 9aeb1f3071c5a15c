// SPDX-License-Identifier: Apache-2.0
/*
 * The permission table of doc/perm.def as bit masks per status and role. What does not stand in the
 * table is not there: deny by default.
 */
#include "plimsoll/doc/perm.h"

#include <stddef.h>

#include "plimsoll/doc/schema.h"

struct perm_row {
    unsigned op;
    int64_t status;
    int64_t role;
};

static const struct perm_row rows[] = {
#define PERM(op, status, role) {PL_PERM_##op, PL_STATUS_##status, PL_ROLE_##role},
#include "plimsoll/doc/perm.def"
};

static const char *const op_names[] = {
    [PL_PERM_READ] = "read",
    [PL_PERM_HEADER] = "header",
    [PL_PERM_SERVICES] = "services",
    [PL_PERM_IMPACT] = "impact",
    [PL_PERM_PLAN] = "plan",
    [PL_PERM_MATERIAL] = "material",
    [PL_PERM_ACCOUNT] = "account",
    [PL_PERM_CONTENT] = "content",
    [PL_PERM_NOTE_EVENT] = "note_event",
    [PL_PERM_COMMENT] = "comment",
    [PL_PERM_REMOVE_OWN] = "remove_own",
    [PL_PERM_REMOVE_ANY] = "remove_any",
    [PL_PERM_ACTION_PROPOSE] = "action_propose",
    [PL_PERM_ACTION_COMMIT] = "action_commit",
    [PL_PERM_ACTION_PROGRESS] = "action_progress",
    [PL_PERM_LESSON] = "lesson",
    [PL_PERM_FACILITATE] = "facilitate",
    [PL_PERM_ACTION_EDIT] = "action_edit",
    [PL_PERM_CONDUCT] = "conduct",
    [PL_PERM_WAIVE] = "waive",
    [PL_PERM_VOTE] = "vote",
    [PL_PERM_TAKE_PART] = "take_part",
    [PL_PERM_CHALLENGE] = "challenge",
    [PL_PERM_ACTION_ACCEPT] = "action_accept",
    [PL_PERM_ACTION_VERIFY] = "action_verify",
    [PL_PERM_ACTION_EFFECT] = "action_effect",
    [PL_PERM_CLOSE_CONFIRM] = "close_confirm",
    [PL_PERM_CARD] = "card",
    [PL_PERM_INVITE] = "invite",
    [PL_PERM_OWNER_ONLY] = "owner_only",
    [PL_PERM_SERVER] = "server",
};

uint64_t pl_perm_mask(int64_t role, int64_t status)
{
    uint64_t mask = 0;

    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        if (rows[i].role == role && rows[i].status == status)
            mask |= PL_PERM_BIT(rows[i].op);
    }
    return mask;
}

const char *pl_perm_name(int op)
{
    if (op < 0 || (size_t)op >= sizeof op_names / sizeof op_names[0] || op_names[op] == NULL)
        return "unknown";
    return op_names[op];
}

int pl_perm_missing(uint64_t needed, uint64_t mask)
{
    uint64_t lacking = needed & ~mask;

    return lacking != 0 ? __builtin_ctzll(lacking) : -1;
}
