// SPDX-License-Identifier: Apache-2.0
/*
 * Findings of the coach that somebody does not want to see again: once, where they stand, or for
 * good in a review. Kept in a file of this machine, 0600, one for each review; never sent.
 */
#ifndef PLIMSOLL_CLIENT_MODEL_DISMISS_H
#define PLIMSOLL_CLIENT_MODEL_DISMISS_H

#include <stdbool.h>
#include <stdint.h>

#include "plimsoll/base/err.h"
#include "plimsoll/merge/id.h"

struct dismissals;

/* Reads what was dismissed; a missing file is an empty list, a line that cannot be read is passed
 * over. `state_dir` as of client_state_preset, `host` as of client_host. */
int dismissals_load(struct dismissals **out, const char *state_dir, const char *host,
                    uint64_t review, struct pl_err *e) PL_MUST;
void dismissals_free(struct dismissals *d); /* NULL ok */

/* Is the finding `key` (coach/coach.h) dismissed in this entry? */
bool dismissals_has(const struct dismissals *d, uint64_t key, struct pl_eid eid);

/* Dismisses it in this entry; with the root: everywhere in the review. Written at once. */
int dismissals_add(struct dismissals *d, uint64_t key, struct pl_eid eid, struct pl_err *e) PL_MUST;

/* Takes all dismissals of `key` back; 0 when there was none, else how many. */
int dismissals_remove(struct dismissals *d, uint64_t key, struct pl_err *e) PL_MUST;

#endif
