// SPDX-License-Identifier: Apache-2.0
/*
 * The permission table of doc/perm.def as bit masks per status and role. What does not stand in the
 * table is not there: deny by default.
 */
#include "plimsoll/doc/perm.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

#include "plimsoll/base/str.h"
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

static const char *const op_words[] = {
    [PL_PERM_READ] = "reading",
    [PL_PERM_HEADER] = "title, kind, severity, session and the like",
    [PL_PERM_SERVICES] = "services affected",
    [PL_PERM_IMPACT] = "impact",
    [PL_PERM_PLAN] = "ground rules and agenda",
    [PL_PERM_MATERIAL] = "materials",
    [PL_PERM_ACCOUNT] = "an account of one's own",
    [PL_PERM_CONTENT] = "timeline, observations and causes",
    [PL_PERM_NOTE_EVENT] = "events of communication, start of impact",
    [PL_PERM_COMMENT] = "comments",
    [PL_PERM_REMOVE_OWN] = "removing what one made",
    [PL_PERM_REMOVE_ANY] = "removing what others made",
    [PL_PERM_ACTION_PROPOSE] = "proposing actions",
    [PL_PERM_ACTION_COMMIT] = "committing to and dropping actions",
    [PL_PERM_ACTION_PROGRESS] = "doing an action (its owner)",
    [PL_PERM_LESSON] = "lessons",
    [PL_PERM_FACILITATE] = "status, visibility",
    [PL_PERM_ACTION_EDIT] = "changing proposed actions",
    [PL_PERM_CONDUCT] = "stage, timer, locks, seals, roles of people",
    [PL_PERM_WAIVE] = "waiving checks",
    [PL_PERM_VOTE] = "voting, agreeing to causes",
    [PL_PERM_TAKE_PART] = "attend, accept rules, raise a hand",
    [PL_PERM_CHALLENGE] = "doubting that the facilitator is neutral",
    [PL_PERM_ACTION_ACCEPT] = "accepting an action (its owner)",
    [PL_PERM_ACTION_VERIFY] = "verifying an action (not its owner)",
    [PL_PERM_ACTION_EFFECT] = "judging an effect (not the owner)",
    [PL_PERM_CLOSE_CONFIRM] = "confirming a closing (a second person)",
    [PL_PERM_CARD] = "anonymous cards",
    [PL_PERM_INVITE] = "inviting people",
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

const char *pl_perm_words(int op)
{
    if (op < 0 || (size_t)op >= sizeof op_words / sizeof op_words[0] || op_words[op] == NULL)
        return "this";
    return op_words[op];
}

static bool holds(int op, int64_t role, int64_t status)
{
    return op >= 0 && (pl_perm_mask(role, status) & PL_PERM_BIT(op)) != 0;
}

/* ", b" or "a": one more name of a list. */
static void name_more(char *list, size_t cap, const char *name)
{
    if (list[0] != '\0')
        (void)pl_strlcat(list, ", ", cap);
    (void)pl_strlcat(list, name, cap);
}

void pl_perm_explain(char *out, size_t cap, int op, int64_t role, int64_t status, const char *rev)
{
    const char *role_name = pl_enum_name(PL_EN_ROLE, role);
    const char *status_name = pl_enum_name(PL_EN_STATUS, status);
    char when[64] = "";
    char who[64] = "";
    char more[120] = "";
    int64_t back = 0;

    if (op == PL_PERM_OWNER_ONLY || op == PL_PERM_SERVER) {
        (void)pl_strlcpy(out,
                         op == PL_PERM_SERVER
                             ? "this is not set by hand; a command does it"
                             : "this belongs to somebody else, who alone changes it",
                         cap);
        return;
    }
    for (int64_t s = PL_STATUS_PREPARING; s <= PL_STATUS_CLOSED; s++) {
        if (!holds(op, role, s))
            continue;
        name_more(when, sizeof when, pl_enum_name(PL_EN_STATUS, s));
        if (s < status)
            back = s;
    }
    for (int64_t r = PL_ROLE_FACILITATOR; r <= PL_ROLE_STAKEHOLDER; r++) {
        if (holds(op, r, status))
            name_more(who, sizeof who, pl_enum_name(PL_EN_ROLE, r));
    }
    if (back != 0)
        (void)snprintf(more, sizeof more, "; %s'plimsoll status %s %s --reason why' opens it",
                       role == PL_ROLE_FACILITATOR ? "" : "a facilitator's ", rev,
                       pl_enum_name(PL_EN_STATUS, back));
    else if (when[0] != '\0')
        (void)snprintf(more, sizeof more, "; for you it is open in: %s", when);
    else if (who[0] != '\0')
        (void)snprintf(more, sizeof more, "; now open to: %s", who);
    (void)snprintf(out, cap, "%s: not for a %s while %s is %s%s", pl_perm_words(op),
                   role_name != NULL ? role_name : "guest", rev,
                   status_name != NULL ? status_name : "unknown", more);
}

int pl_perm_row(size_t i, char cells[4][8])
{
    int op = 0;
    size_t n = sizeof op_words / sizeof op_words[0];

    for (; (size_t)op < n; op++) {
        if (op_words[op] != NULL && i-- == 0)
            break;
    }
    if ((size_t)op == n)
        return -1;
    for (int64_t s = 0; s < 4; s++)
        (void)snprintf(cells[s], sizeof cells[s], "%c %c %c",
                       holds(op, PL_ROLE_FACILITATOR, s + PL_STATUS_PREPARING) ? 'F' : '-',
                       holds(op, PL_ROLE_RESPONDER, s + PL_STATUS_PREPARING) ? 'R' : '-',
                       holds(op, PL_ROLE_STAKEHOLDER, s + PL_STATUS_PREPARING) ? 'S' : '-');
    return op;
}
