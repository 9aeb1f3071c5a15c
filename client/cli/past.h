// SPDX-License-Identifier: Apache-2.0
/*
 * The log of a review for verbs: every revision in order, and the document as it stood at a moment
 * (model/past.h). Needs the server.
 */
#ifndef PLIMSOLL_CLIENT_CLI_PAST_H
#define PLIMSOLL_CLIENT_CLI_PAST_H

#include "cli/cli.h"
#include "model/past.h"

/* Sees one revision; borrowed. Positive: enough, the walk ends; negative: an error. */
typedef int (*cli_rev)(void *ctx, const struct pl_rev *r, struct pl_err *e);

/* Calls `see` with every revision from `from` on, page by page, none left out. */
int cli_past_walk(struct cli *c, uint64_t review, uint64_t from, cli_rev see, void *ctx,
                  struct pl_err *e) PL_MUST;

/* The document at `at` ("120" or a time), for pl_doc_free. `head`: the newest revision known. */
int cli_past_doc(struct cli *c, uint64_t review, const char *at, uint64_t head, struct pl_doc **out,
                 struct pl_err *e) PL_MUST;

#endif
