// SPDX-License-Identifier: Apache-2.0
/*
 * Revision 1 of a review or of a private draft: made by the server, once, with its header and its
 * first participant.
 */
#ifndef PLIMSOLL_SERVER_CMD_FIRST_REV_H
#define PLIMSOLL_SERVER_CMD_FIRST_REV_H

#include "plimsoll/base/buf.h"

#include "cmd/caller.h"
#include "store/repo_review.h"

/* Encodes it into `body` (which r->body borrows) and fills salt, commitment and rows of r (rows are
 * for free()). role: of the
 * caller in it; draft_of: 0, or the review that it is a private draft for. */
int first_rev_make(struct review_create *r, const struct caller *c, uint32_t role,
                   uint64_t draft_of, struct pl_buf *body, struct pl_err *e) PL_MUST;

#endif
