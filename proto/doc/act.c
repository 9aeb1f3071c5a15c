// SPDX-License-Identifier: Apache-2.0
/*
 * The table of acts: look-ups by number and by name over doc/acts.def. What an act does and when it
 * is refused is the server's (server/review); the client needs only names and rights.
 */
#include "plimsoll/doc/act.h"

#include <string.h>

static const struct pl_act_info acts[] = {
#define PL_ACT(NAME, number, name, perm, label) {(number), (name), PL_PERM_##perm, (label)},
#include "plimsoll/doc/acts.def"
};

_Static_assert(sizeof acts / sizeof acts[0] == PL_ACT_MAX, "PL_ACT_MAX is the number of acts");

const struct pl_act_info *pl_act_info(uint32_t number)
{
    return number >= 1 && number <= PL_ACT_MAX ? &acts[number - 1] : NULL;
}

uint32_t pl_act_signed(uint32_t act, int64_t value)
{
    switch (act) {
    case PL_ACT_VERIFY:
        return value == 1 ? 2 : 0; /* to send it back is no approval */
    case PL_ACT_CLOSE:
        return value == 1 ? 3 : 0;
    case PL_ACT_WAIVE:
        return 4;
    case PL_ACT_DROP:
        return 8;
    default:
        return 0;
    }
}

const struct pl_act_info *pl_act_by_name(const char *name)
{
    for (size_t i = 0; i < sizeof acts / sizeof acts[0]; i++) {
        if (strcmp(acts[i].name, name) == 0)
            return &acts[i];
    }
    return NULL;
}
