// SPDX-License-Identifier: Apache-2.0
/*
 * Between the two files of the verb coach.
 */
#ifndef PLIMSOLL_CLIENT_CLI_VERB_COACH_H
#define PLIMSOLL_CLIENT_CLI_VERB_COACH_H

#include "cli/cli.h"

/* The coach over a review: what oneself wrote, or, for its facilitator, the count per section. */
int cli_coach_review(struct cli *c, const char *id, bool mine, bool strict,
                     struct pl_err *e) PL_MUST;

#endif
