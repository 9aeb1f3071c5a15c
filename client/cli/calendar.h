// SPDX-License-Identifier: Apache-2.0
/*
 * The calendar file of a review, for the verbs that write it.
 */
#ifndef PLIMSOLL_CLIENT_CLI_CALENDAR_H
#define PLIMSOLL_CLIENT_CLI_CALENDAR_H

#include "cli/cli.h"

/* Appends it to `out`, with identifiers that are the same for everyone of the organisation. Errors
 * as pl_render_ical. Needs a profile (cli_connect). */
int cli_calendar(struct cli *c, const struct pl_doc *d, struct pl_buf *out,
                 struct pl_err *e) PL_MUST;

#endif
