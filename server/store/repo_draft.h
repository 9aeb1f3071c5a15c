// SPDX-License-Identifier: Apache-2.0
/*
 * Private drafts (sql/0011_drafts.sql): finding and making one's own, and listing those of a review
 * for its reveal. Requests and callbacks as in repo_review.h.
 */
#ifndef PLIMSOLL_SERVER_STORE_REPO_DRAFT_H
#define PLIMSOLL_SERVER_STORE_REPO_DRAFT_H

#include <stddef.h>
#include <stdint.h>

#include "store/repo_review.h"

/* rc 1: `draft` is there. rc 0: it is a fresh id, to make it with; `role` is the person's in the
 * review. Takes no part, or writes nothing under this role: -PL_E_PERM; no such review, or itself a
 * draft: -PL_E_NOENT or -PL_E_PERM. */
typedef void (*draft_cb)(void *ctx, int rc, uint64_t draft, uint32_t role, const struct pl_err *e);
int repo_draft_reserve(struct store *s, uint64_t review, uint64_t user, draft_cb cb,
                       void *ctx) PL_MUST;

/* Makes it: c->review is the fresh id, `of` the review that it is for; op_id, severity, kind, stage
 * and visibility of c do not count. As repo_review_create else. */
int repo_draft_create(struct store *s, const struct review_create *c, uint64_t of, review_id_cb cb,
                      void *ctx) PL_MUST;

/* Drafts of those who take part in the review now, by id. */
struct draft_row {
    uint64_t draft;
    uint64_t user;
    uint64_t head;
};
typedef void (*drafts_cb)(void *ctx, int rc, const struct draft_row *rows, size_t n,
                          const struct pl_err *e);
int repo_drafts(struct store *s, uint64_t review, drafts_cb cb, void *ctx) PL_MUST;

#endif
