// SPDX-License-Identifier: Apache-2.0
/*
 * What verbs share about writing alone first: one's private draft, anonymous cards.
 */
#ifndef PLIMSOLL_CLIENT_CLI_VERB_SECRET_H
#define PLIMSOLL_CLIENT_CLI_VERB_SECRET_H

#include "cli/cli.h"

/* Opens one's private draft of a review; its number is asked for and kept on this machine, so that
 * it can be written in without a server too. */
int cli_open_draft(struct cli *c, uint64_t review, bool read_only, struct review **out,
                   struct pl_err *e) PL_MUST;

/* Opens the review for a new entry of `kind`, or the draft while that kind is sealed, and says so.
 */
int cli_open_to_add(struct cli *c, uint64_t review, uint32_t kind, struct review **out,
                    struct pl_err *e) PL_MUST;

/* Shows what stands in one's draft of r and what has become of it. */
int cli_show_mine(struct cli *c, struct review *r, struct pl_err *e) PL_MUST;

/* Keeps an anonymous card on this machine (`col`: column, or NULL), after saying what is promised.
 * Never connects: that would tell who writes. */
int cli_card_add(struct cli *c, uint64_t review, const char *col, const char *text,
                 struct pl_err *e) PL_MUST;

#endif
