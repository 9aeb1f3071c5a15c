// SPDX-License-Identifier: Apache-2.0
/*
 * See across.h.
 */
#include "cli/across.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "plimsoll/base/mem.h"
#include "plimsoll/base/str.h"
#include "plimsoll/base/time.h"
#include "plimsoll/doc/schema.h"

#define PAGE       200u
#define SLOW_MS    500u
#define SLOW_TRIES 60

/* --- rows ---------------------------------------------------------------------------------------
 */

static void row_add(struct across *a, const struct pl_action_row *r)
{
    if (a->n == a->cap) {
        a->cap = a->cap ? 2 * a->cap : PAGE;
        a->v = pl_xrealloc(a->v, a->cap, sizeof(*a->v));
    }
    struct pl_action_row *to = &a->v[a->n++];
    *to = *r;
    to->review_title = pl_xstrdup(r->review_title);
    to->label = pl_xstrdup(r->label);
    to->owner_name = pl_xstrdup(r->owner_name);
    to->tracker_key = pl_xstrdup(r->tracker_key);
    to->tracker_url = pl_xstrdup(r->tracker_url);
}

static void text_free(const char *s)
{
    free((void *)(uintptr_t)s);
}

void across_release(struct across *a)
{
    for (size_t i = 0; i < a->n; i++) {
        text_free(a->v[i].review_title);
        text_free(a->v[i].label);
        text_free(a->v[i].owner_name);
        text_free(a->v[i].tracker_key);
        text_free(a->v[i].tracker_url);
    }
    free(a->v);
    *a = (struct across){0};
}

static int take_page(void *ctx, struct pl_msg *m, struct pl_err *e)
{
    struct across *a = ctx;
    const struct pl_actions_reply *r = &m->u.actions_reply;
    for (size_t i = 0; i < r->n; i++)
        row_add(a, &r->items[i]);
    if (r->next_no != 0 && (r->n == 0 || (a->at_no != 0 && r->next_no > a->at_no)))
        return pl_fail(e, PL_E_BAD_MESSAGE, "the pages of actions do not run downwards");
    a->at_no = r->next_no;
    a->at_review = r->n > 0 ? r->items[r->n - 1].review : 0;
    return 0;
}

static bool never(void *ctx)
{
    (void)ctx;
    return false;
}

int across_call(struct cli *c, struct pl_msg *m, cli_take take, void *ctx, struct pl_err *e)
{
    struct pl_err late;
    int rc = cli_call(c, m, take, ctx, e);
    for (int i = 0; rc == -PL_E_SLOW_DOWN && i < SLOW_TRIES; i++) {
        if (cli_wait(c, never, NULL, SLOW_MS, &late) != -PL_E_TIMEOUT)
            return rc;
        rc = cli_call(c, m, take, ctx, e);
    }
    return rc;
}

int across_fetch(struct cli *c, const struct pl_actions *q, struct across *a, struct pl_err *e)
{
    int rc = 0;
    a->at_no = 0;
    a->at_review = 0;
    do {
        struct pl_msg m = {.type = PL_MSG_ACTIONS};
        m.u.actions = *q;
        m.u.actions.limit = PAGE;
        m.u.actions.after_no = a->at_no;
        m.u.actions.after_review = a->at_review;
        rc = across_call(c, &m, take_page, a, e);
        if (rc == 0 && a->n > ACROSS_ROWS_MAX)
            rc = pl_fail(e, PL_E_LIMIT, "more than %u actions: ask for fewer", ACROSS_ROWS_MAX);
    } while (rc == 0 && a->at_no != 0);
    return rc;
}

/* --- order --------------------------------------------------------------------------------------
 */

uint32_t across_score(const struct pl_action_row *r)
{
    return r->impact * r->feasibility;
}

bool across_is_late(const struct pl_action_row *r, int64_t now_us)
{
    return (r->state == PL_STATE_COMMITTED || r->state == PL_STATE_IN_PROGRESS) && r->due_us != 0 &&
           r->due_us < now_us;
}

static int by_rank(const void *x, const void *y)
{
    const struct pl_action_row *a = x;
    const struct pl_action_row *b = y;
    uint32_t pa = a->priority != 0 ? a->priority : UINT32_MAX;
    uint32_t pb = b->priority != 0 ? b->priority : UINT32_MAX;
    if (pa != pb)
        return pa < pb ? -1 : 1;
    if (across_score(a) != across_score(b))
        return across_score(a) > across_score(b) ? -1 : 1;
    if (a->no != b->no)
        return a->no < b->no ? -1 : 1;
    return a->review < b->review ? -1 : a->review > b->review;
}

void across_rank(struct across *a)
{
    if (a->n > 1)
        qsort(a->v, a->n, sizeof(*a->v), by_rank);
}

/* --- words --------------------------------------------------------------------------------------
 */

struct search {
    const char *handle;
    uint64_t user;
};

static int take_people(void *ctx, struct pl_msg *m, struct pl_err *e)
{
    struct search *s = ctx;
    (void)e;
    for (size_t i = 0; i < m->u.people_reply.n; i++)
        if (pl_str_eq(m->u.people_reply.items[i].user_name, s->handle))
            s->user = m->u.people_reply.items[i].user;
    return 0;
}

int across_user(struct cli *c, const char *handle, uint64_t *user, struct pl_err *e)
{
    struct pl_msg m = {.type = PL_MSG_PEOPLE};
    struct search s = {.handle = handle};
    *user = PL_OWNER_ME;
    if (pl_str_eq(handle, "me"))
        return 0;
    int rc = cli_call(c, &m, take_people, &s, e);
    *user = s.user;
    if (rc == 0 && s.user == 0)
        rc = pl_fail(e, PL_E_NOENT, "nobody is called '%.64s'; see 'plimsoll people list'", handle);
    return rc;
}

void across_id(const struct pl_action_row *r, char out[PL_SHORT_ID_MAX])
{
    pl_short_id_format(out, PL_KIND_ACTION, r->no);
}

const char *across_time(int64_t us, char buf[PL_RFC3339_SIZE])
{
    buf[0] = '\0';
    if (us != 0)
        (void)pl_rfc3339_format(us, 0, 0, buf);
    return buf;
}

json_t *across_json_time(int64_t us)
{
    char buf[PL_RFC3339_SIZE];
    return us != 0 ? json_string(across_time(us, buf)) : json_null();
}

int across_parse_time(const char *s, const char *option, int64_t *us, struct pl_err *e)
{
    char full[PL_RFC3339_SIZE];
    if (strlen(s) == 10) {
        (void)snprintf(full, sizeof(full), "%sT00:00:00Z", s);
        s = full;
    }
    if (pl_rfc3339_parse(s, strlen(s), us, NULL) < 0 || *us <= 0)
        return pl_fail(e, PL_E_USAGE,
                       "%s takes a day (2026-12-01) or a time (2026-12-01T09:00:00Z)", option);
    return 0;
}
