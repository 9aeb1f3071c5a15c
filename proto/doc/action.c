// SPDX-License-Identifier: Apache-2.0
/*
 * What follows from an action's fields: whether its life has ended, how it ranks, and when its
 * effect is looked at. Pure functions of one entry.
 */
#include "plimsoll/doc/action.h"

#define DAY_US INT64_C(86400000000)

int64_t pl_effect_due(const struct pl_entry *action, int64_t verified_us)
{
    switch (pl_action_priority(action)) {
    case PL_PRIORITY_CRITICAL:
        return verified_us + 30 * DAY_US;
    case PL_PRIORITY_HIGH:
        return verified_us + 60 * DAY_US;
    default: /* medium, and those without a class: the longest */
        return verified_us + 90 * DAY_US;
    }
}

bool pl_action_is_final(const struct pl_entry *action)
{
    return pl_entry_int(action, PL_F_ACTION_STATE, PL_STATE_IDEA) >= PL_STATE_VERIFIED;
}

int64_t pl_action_rank(const struct pl_entry *action)
{
    return pl_entry_int(action, PL_F_ACTION_IMPACT, 0) *
           pl_entry_int(action, PL_F_ACTION_FEASIBILITY, 0);
}

/* Critical first; none behind all. */
static int64_t priority_place(const struct pl_entry *action)
{
    int64_t p = pl_action_priority(action);

    return p != 0 ? p : PL_PRIORITY_MEDIUM + 1;
}

static int int_cmp(int64_t a, int64_t b)
{
    return (a > b) - (a < b);
}

int pl_action_cmp(const void *a, const void *b)
{
    const struct pl_entry *x = *(struct pl_entry *const *)a;
    const struct pl_entry *y = *(struct pl_entry *const *)b;
    int c = int_cmp(priority_place(x), priority_place(y));

    if (c == 0)
        c = int_cmp(pl_action_rank(y), pl_action_rank(x));
    if (c == 0)
        c = int_cmp(pl_entry_int(x, PL_F_NO, INT64_MAX), pl_entry_int(y, PL_F_NO, INT64_MAX));
    return c != 0 ? c : pl_eid_cmp(pl_entry_eid(x), pl_entry_eid(y));
}
