// SPDX-License-Identifier: Apache-2.0
/*
 * Reviews as a list, their making, and who takes part in them. What is written in a review is in
 * repo_log.h.
 *
 * Requests and callbacks as in repo_identity.h: 0 and one callback, or a negative code and none;
 * what a callback gets is borrowed for the call; requests copy what they are given, unless the
 * member says "borrowed". Rights are judged in the database, under the lock of the review.
 */
#ifndef PLIMSOLL_SERVER_STORE_REPO_REVIEW_H
#define PLIMSOLL_SERVER_STORE_REPO_REVIEW_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "plimsoll/base/err.h"
#include "plimsoll/wire/message.h"

struct store;

/* --- list ---------------------------------------------------------------------------------------
 */

typedef void (*reviews_cb)(void *ctx, int rc, const struct pl_review_row *rows, size_t n,
                           uint64_t next, const struct pl_err *e);

/* Reviews that `user` may read, newest first (by id): those below `after` (0: from the top), at
 * most `limit` (1-200), only where he is a participant if `mine`. `next` is the next `after`; 0: no
 * more. */
int repo_reviews(struct store *s, uint64_t user, uint64_t after, uint32_t limit, bool mine,
                 reviews_cb cb, void *ctx) PL_MUST;

/* --- making -------------------------------------------------------------------------------------
 */

typedef void (*review_id_cb)(void *ctx, int rc, uint64_t review, const struct pl_err *e);

/* The next free review id, so that revision 1 can be built with it. Ids that are never used leave
 * gaps. When `op_id` of `user` has made a review already, this is its id and rc is 1: done, do not
 * create. */
int repo_review_reserve(struct store *s, const uint8_t op_id[16], uint64_t user, review_id_cb cb,
                        void *ctx) PL_MUST;

struct review_create {
    uint64_t review;   /* from repo_review_reserve */
    uint8_t op_id[16]; /* the same id of the same user makes a review once */
    uint64_t user;     /* becomes its facilitator */
    uint64_t device;
    const char *title; /* as in revision 1 */
    uint32_t severity;
    uint32_t kind;
    uint32_t stage;      /* PL_STAGE_PREPARE */
    uint32_t visibility; /* PL_VISIBILITY_PARTICIPANTS */
    const uint8_t *body; /* frame of revision 1, client 0; borrowed until the callback */
    size_t n_body;
    uint8_t salt[32];
    uint8_t commitment[32]; /* as struct append_author */
    const char *rows; /* of the projections of revision 1 (room/oplog_project.h); borrowed until
                         the callback; NULL: none */
};

/* Review, revision 1, facilitator and audit events, in one transaction. `review` in the callback is
 * the one that op_id made first, maybe with another id. User disabled or device revoked:
 * -PL_E_REVOKED; the id is taken by another review: -PL_E_CONFLICT. Outcome unknown
 * (-PL_E_UNAVAILABLE): ask again with the same op_id. */
int repo_review_create(struct store *s, const struct review_create *c, review_id_cb cb,
                       void *ctx) PL_MUST;

/* --- people -------------------------------------------------------------------------------------
 */

typedef void (*people_cb)(void *ctx, int rc, const struct pl_person *rows, size_t n,
                          const struct pl_err *e);

/* Participants of a review that `user` may read (else -PL_E_PERM; no such: -PL_E_NOENT), by role
 * and display name. user 0: the server asks for itself. review 0: everyone enrolled and enabled,
 * role 0, at most 5000. `here` is false. */
int repo_people(struct store *s, uint64_t review, uint64_t user, people_cb cb, void *ctx) PL_MUST;

struct member_change {
    uint64_t review;
    uint64_t by_user; /* facilitator; 0: the operator */
    uint64_t by_device;
    const char *user_name;
    uint32_t role; /* PL_ROLE_...; 0: remove */
    uint32_t duty; /* PL_DUTY_... or 0 */
};
struct member_result {
    uint64_t user;
    const char *user_name;
    const char *display_name;
    uint32_t old_role; /* 0: was not a participant */
    uint32_t role;
    uint32_t duty;
    uint64_t head; /* of the review at that moment */
    bool changed;  /* false: it was so already, nothing was written */
};
typedef void (*member_cb)(void *ctx, int rc, const struct member_result *r, const struct pl_err *e);

/* Sets or ends a participation; in force from the commit on, also for edits under way. Every server
 * process is told (store_handlers.revoked with device 0 and the user: check again). The caller then
 * makes the revision that shows it. No right, or oneself: -PL_E_PERM; no such review or user:
 * -PL_E_NOENT; it would leave no facilitator: -PL_E_GATE; wrong role: -PL_E_INVALID; more than
 * PL_PARTICIPANTS_MAX: -PL_E_QUOTA. */
int repo_member_set(struct store *s, const struct member_change *m, member_cb cb,
                    void *ctx) PL_MUST;

#endif
