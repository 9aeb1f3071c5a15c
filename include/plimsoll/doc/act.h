// SPDX-License-Identifier: Apache-2.0
/*
 * Names and permissions of acts (doc/acts.def): commands that the server turns into revisions.
 */
#ifndef PLIMSOLL_DOC_ACT_H
#define PLIMSOLL_DOC_ACT_H

#include <stddef.h>
#include <stdint.h>

#include "plimsoll/doc/perm.h"

enum pl_act_no {
    PL_ACT_NONE = 0,
#define PL_ACT(NAME, number, name, perm, label) PL_ACT_##NAME = (number),
#include "plimsoll/doc/acts.def"
    PL_ACT_MAX = 35
};

struct pl_act_info {
    uint32_t number;
    const char *name;
    enum pl_perm_op perm; /* what the actor's role must allow in the present status */
    const char *label;    /* third person: "opens a vote" */
};

/* The kind of statement (enum pl_signed_kind of tls/statement.h) that an act needs, by its number
 * and its argument `value`; 0: it needs none. */
uint32_t pl_act_signed(uint32_t act, int64_t value);

/* NULL when there is none. Static. */
const struct pl_act_info *pl_act_info(uint32_t number);
const struct pl_act_info *pl_act_by_name(const char *name);

#endif
