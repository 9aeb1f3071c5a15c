// SPDX-License-Identifier: Apache-2.0
/*
 * What follows from an action's fields: when its effect is due to be judged, whether it has come to
 * an end, and its rank among others.
 */
#ifndef PLIMSOLL_DOC_ACTION_H
#define PLIMSOLL_DOC_ACTION_H

#include <stdbool.h>
#include <stdint.h>

#include "plimsoll/doc/doc.h"

/* The day the effectiveness check falls due after verification at `verified_us`: 30, 60 or 90 days
 * later for critical, high, medium. */
int64_t pl_effect_due(const struct pl_entry *action, int64_t verified_us);
/* Verified, judged, dropped or merged. */
bool pl_action_is_final(const struct pl_entry *action);
/* impact x feasibility, 0 when either is unset. */
int64_t pl_action_rank(const struct pl_entry *action);
/* Descending priority, then rank, then number: for qsort of struct pl_entry *. */
int pl_action_cmp(const void *a, const void *b);

#endif
