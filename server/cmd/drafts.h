// SPDX-License-Identifier: Apache-2.0
/*
 * Private drafts of a review: opening one's own, counting what is in all of them, and reading them
 * for a reveal. What they hold is read from the database, not from rooms, since they may be open on
 * any server process; nobody but a reveal sees more than the numbers.
 */
#ifndef PLIMSOLL_SERVER_CMD_DRAFTS_H
#define PLIMSOLL_SERVER_CMD_DRAFTS_H

#include <stddef.h>
#include <stdint.h>

#include "plimsoll/base/err.h"

#include "review/conduct.h"

struct drafts;
struct rooms;
struct store;

struct drafts *drafts_new(struct store *s, struct rooms *r);
/* The rooms are gone: what is under way ends without them. */
void drafts_stop(struct drafts *d);
/* After the store is closed. NULL ok. */
void drafts_free(struct drafts *d);

/* Drafts with their documents, as they are committed now; release with drafts_release. */
struct drafts_set {
    struct conduct_draft *v;
    size_t n;
    uint64_t goes_on_after; /* there are more, behind this one; 0: these are all */
};
void drafts_release(struct drafts_set *s);

#define DRAFTS_BUDGET (32u * 1024u * 1024u) /* that a reveal holds at a time, about */

struct drafts_want {
    uint64_t review;
    uint64_t after; /* 0, or goes_on_after of the set before */
    size_t budget;  /* reading ends with the draft that reaches it */
};

/* Reads the drafts of those who take part in the review, by number. cb (never from inside) moves
 * *take. 0 and one cb, or a negative code and none. */
typedef void (*drafts_load_cb)(void *ctx, int rc, struct drafts_set *take, const struct pl_err *e);
int drafts_load(struct drafts *d, const struct drafts_want *want, drafts_load_cb cb,
                void *ctx) PL_MUST;

/* How many accounts and observations stand in drafts and would be revealed: 0 for what is not
 * sealed. 0 and one cb, or a negative code and none. */
typedef void (*drafts_count_cb)(void *ctx, int rc, uint32_t accounts, uint32_t observations,
                                const struct pl_err *e);
int drafts_count(struct drafts *d, uint64_t review, drafts_count_cb cb, void *ctx) PL_MUST;

#endif
