// SPDX-License-Identifier: Apache-2.0
/*
 * Actions of all reviews that one may read: the question of verbs like `actions list` and `inbox`,
 * asked page by page, and the rows kept beyond the answers.
 */
#ifndef PLIMSOLL_CLIENT_CLI_ACROSS_H
#define PLIMSOLL_CLIENT_CLI_ACROSS_H

#include "plimsoll/base/time.h"
#include "plimsoll/doc/schema.h"

#include "cli/cli.h"

#define ACROSS_ROWS_MAX 50000u

/* Rows own their texts. Starts from zeroes. */
struct across {
    struct pl_action_row *v;
    size_t n;
    size_t cap;
    uint64_t at_review; /* where the next page begins */
    int64_t at_no;
};

/* cli_call that asks again after a while when the server says that it is too much at once. */
int across_call(struct cli *c, struct pl_msg *m, cli_take take, void *ctx,
                struct pl_err *e) PL_MUST;

/* Adds all rows that answer `q` (whose limit and place are set here). -PL_E_LIMIT beyond
 * ACROSS_ROWS_MAX. */
int across_fetch(struct cli *c, const struct pl_actions *q, struct across *a,
                 struct pl_err *e) PL_MUST;
void across_release(struct across *a);

/* By priority, then impact x feasibility, then number. */
void across_rank(struct across *a);

/* impact x feasibility; 0 when either is unset. */
uint32_t across_score(const struct pl_action_row *r);
/* Committed or in progress, and its time is over. */
bool across_is_late(const struct pl_action_row *r, int64_t now_us);

/* User number of a login name; "me" is PL_OWNER_ME. -PL_E_NOENT: nobody has it. */
int across_user(struct cli *c, const char *handle, uint64_t *user, struct pl_err *e) PL_MUST;

/* "A-121". */
void across_id(const struct pl_action_row *r, char out[PL_SHORT_ID_MAX]);
/* RFC 3339; "" for 0. */
const char *across_time(int64_t us, char buf[PL_RFC3339_SIZE]);
/* The same for JSON: null for 0. */
json_t *across_json_time(int64_t us);
/* A day ("2026-12-01", its first moment) or a time in RFC 3339; `option` is named in the error. */
int across_parse_time(const char *s, const char *option, int64_t *us, struct pl_err *e) PL_MUST;

#endif
