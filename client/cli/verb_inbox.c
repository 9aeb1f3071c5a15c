// SPDX-License-Identifier: Apache-2.0
/*
 * `inbox`: what is due from oneself, over all reviews: actions to take on, actions that are due or
 * late, done work that somebody else has to verify, effects to judge, invitations to sessions and
 * ground rules to answer. Built from the lists that the server has; nothing is opened.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "plimsoll/base/mem.h"
#include "plimsoll/base/str.h"
#include "plimsoll/base/time.h"

#include "cli/across.h"
#include "cli/cli_int.h"

#define COUNT(a)      (sizeof(a) / sizeof((a)[0]))
#define EXIT_FINDINGS 9
#define WITHIN        "7d"
#define DAY_MS        UINT64_C(86400000)

struct inbox_opts {
    struct cli_common common;
    const char *within, *fail_on;
};

static const struct pl_opt inbox_opts[] = {
    CLI_COMMON,
    {0, "within", PL_OPT_STRING, offsetof(struct inbox_opts, within), "TIME", NULL,
     "actions that fall due in this time, too (" WITHIN ")"},
    {0, "fail-on", PL_OPT_STRING, offsetof(struct inbox_opts, fail_on), "due", NULL,
     "exit 9 if anything is due"},
};

/* In the order in which they are shown. */
enum what { LATE, ACCEPT, DUE, VERIFY, EFFECT, ATTEND, RULES };

static const struct {
    const char *name, *how; /* %s: the id */
} kinds[] = {
    [LATE] = {"late", "actions proof %s REFERENCE, then actions done %s"},
    [ACCEPT] = {"accept", "actions accept %s"},
    [DUE] = {"due", "actions proof %s REFERENCE, then actions done %s"},
    [VERIFY] = {"verify", "actions verify %s"},
    [EFFECT] = {"effect", "actions effect %s --result RESULT"},
    [ATTEND] = {"attend", "attend %s yes"},
    [RULES] = {"rules", "rule accept %s"},
};

struct item {
    enum what what;
    char id[PL_SHORT_ID_MAX + 8];
    uint64_t review;
    char *text;
    int64_t due_us; /* 0: none */
};

struct inbox {
    struct cli *c;
    struct item *v;
    size_t n, cap;
    /* reviews that one takes part in */
    struct pl_review_row *mine; /* titles owned */
    size_t n_mine, cap_mine;
    uint64_t next;
};

static void item_add(struct inbox *x, const struct item *it, const char *text)
{
    if (x->n == x->cap) {
        x->cap = x->cap ? 2 * x->cap : 32;
        x->v = pl_xrealloc(x->v, x->cap, sizeof(*x->v));
    }
    x->v[x->n] = *it;
    x->v[x->n++].text = pl_xstrdup(text);
}

static void inbox_release(struct inbox *x)
{
    for (size_t i = 0; i < x->n; i++)
        free(x->v[i].text);
    for (size_t i = 0; i < x->n_mine; i++)
        free((void *)(uintptr_t)x->mine[i].title);
    free(x->v);
    free(x->mine);
}

/* --- reviews ------------------------------------------------------------------------------------
 */

static int take_reviews(void *ctx, struct pl_msg *m, struct pl_err *e)
{
    struct inbox *x = ctx;
    (void)e;
    for (size_t i = 0; i < m->u.list_reply.n; i++) {
        if (x->n_mine == x->cap_mine) {
            x->cap_mine = x->cap_mine ? 2 * x->cap_mine : 64;
            x->mine = pl_xrealloc(x->mine, x->cap_mine, sizeof(*x->mine));
        }
        x->mine[x->n_mine] = m->u.list_reply.items[i];
        x->mine[x->n_mine++].title = pl_xstrdup(m->u.list_reply.items[i].title);
    }
    x->next = m->u.list_reply.next;
    return 0;
}

static int fetch_reviews(struct inbox *x, struct pl_err *e)
{
    int rc = 0;
    do {
        struct pl_msg m = {.type = PL_MSG_LIST};
        m.u.list.limit = 200;
        m.u.list.after = x->next;
        m.u.list.mine = true;
        rc = across_call(x->c, &m, take_reviews, x, e);
    } while (rc == 0 && x->next != 0);
    return rc;
}

static const struct pl_review_row *review_of(const struct inbox *x, uint64_t review)
{
    size_t lo = 0;
    size_t hi = x->n_mine;
    while (lo < hi) { /* they came newest first */
        size_t mid = (lo + hi) / 2;
        if (x->mine[mid].review == review)
            return &x->mine[mid];
        if (x->mine[mid].review > review)
            lo = mid + 1;
        else
            hi = mid;
    }
    return NULL;
}

static void add_reviews(struct inbox *x)
{
    for (size_t i = 0; i < x->n_mine; i++) {
        const struct pl_review_row *r = &x->mine[i];
        struct item it = {.what = ATTEND, .review = r->review};
        if (r->status > PL_STATUS_IN_SESSION)
            continue;
        (void)snprintf(it.id, sizeof(it.id), "REV-%llu", (unsigned long long)r->review);
        if (r->attendance == PL_ATTENDANCE_EXPECTED && r->role != PL_ROLE_FACILITATOR)
            item_add(x, &it, r->title);
        it.what = RULES;
        if (r->rules_open && r->attendance != PL_ATTENDANCE_DECLINED)
            item_add(x, &it, r->title);
    }
}

/* --- actions ------------------------------------------------------------------------------------
 */

static void add_action(struct inbox *x, enum what what, const struct pl_action_row *r,
                       int64_t due_us)
{
    struct item it = {.what = what, .review = r->review, .due_us = due_us};
    char id[PL_SHORT_ID_MAX];
    across_id(r, id);
    (void)pl_strlcpy(it.id, id, sizeof(it.id));
    item_add(x, &it, r->label);
}

static int add_own(struct inbox *x, int64_t now, int64_t until, struct pl_err *e)
{
    const struct pl_actions q = {.owner = PL_OWNER_ME,
                                 .states = UINT64_C(1) << PL_STATE_COMMITTED |
                                           UINT64_C(1) << PL_STATE_IN_PROGRESS,
                                 .text = ""};
    struct across a = {0};
    int rc = across_fetch(x->c, &q, &a, e);
    for (size_t i = 0; rc == 0 && i < a.n; i++) {
        const struct pl_action_row *r = &a.v[i];
        if (across_is_late(r, now))
            add_action(x, LATE, r, r->due_us);
        else if (r->state == PL_STATE_COMMITTED && r->accepted_us == 0)
            add_action(x, ACCEPT, r, r->due_us);
        else if (r->due_us != 0 && r->due_us < until)
            add_action(x, DUE, r, r->due_us);
    }
    across_release(&a);
    return rc;
}

/* Of other people's, in reviews that one takes part in and that are followed up now. */
static int add_others(struct inbox *x, enum what what, const struct pl_actions *q, struct pl_err *e)
{
    const struct pl_welcome *me = client_welcome(x->c->client);
    struct across a = {0};
    int rc = across_fetch(x->c, q, &a, e);
    for (size_t i = 0; rc == 0 && i < a.n; i++) {
        const struct pl_action_row *r = &a.v[i];
        const struct pl_review_row *in = review_of(x, r->review);
        if (in == NULL || in->status != PL_STATUS_TRACKING || (me && r->owner == me->user))
            continue;
        add_action(x, what, r, what == EFFECT ? r->effect_due_us : 0);
    }
    across_release(&a);
    return rc;
}

static int collect(struct inbox *x, int64_t now, int64_t until, struct pl_err *e)
{
    const struct pl_actions done = {.states = UINT64_C(1) << PL_STATE_DONE, .text = ""};
    const struct pl_actions effect = {
        .states = UINT64_C(1) << PL_STATE_VERIFIED, .effect_due_before_us = now, .text = ""};
    int rc = fetch_reviews(x, e);
    if (rc == 0)
        rc = add_own(x, now, until, e);
    if (rc == 0)
        rc = add_others(x, VERIFY, &done, e);
    if (rc == 0)
        rc = add_others(x, EFFECT, &effect, e);
    if (rc == 0)
        add_reviews(x);
    return rc;
}

/* --- showing ------------------------------------------------------------------------------------
 */

static int by_urgency(const void *p, const void *q)
{
    const struct item *a = p;
    const struct item *b = q;
    if (a->what != b->what)
        return a->what < b->what ? -1 : 1;
    if (a->due_us != b->due_us)
        return a->due_us < b->due_us ? -1 : 1;
    return strcmp(a->id, b->id);
}

/* The command, with the id in the places of %s. */
static void how_to(const struct item *it, char *out, size_t size)
{
    const char *s = kinds[it->what].how;
    char one[2] = "";
    (void)pl_strlcpy(out, "plimsoll ", size);
    while (*s != '\0') {
        bool is_id = s[0] == '%' && s[1] == 's';
        one[0] = *s;
        (void)pl_strlcat(out, is_id ? it->id : one, size);
        s += is_id ? 2 : 1;
    }
}

static int show(struct inbox *x, int64_t now, struct pl_err *e)
{
    static const char *const heads[] = {"WHAT", "ID", "DUE", "TEXT", "REVIEW", "DO"};
    struct cli_table *t = cli_table_new(heads, COUNT(heads));
    json_t *items = json_array();
    if (x->n > 1)
        qsort(x->v, x->n, sizeof(*x->v), by_urgency);
    for (size_t i = 0; i < x->n; i++) {
        const struct item *it = &x->v[i];
        char due[PL_RFC3339_SIZE];
        char review[32];
        char how[160];
        bool late = it->due_us != 0 && it->due_us < now;
        (void)snprintf(review, sizeof(review), "REV-%llu", (unsigned long long)it->review);
        how_to(it, how, sizeof(how));
        const char *row[] = {
            kinds[it->what].name, it->id, across_time(it->due_us, due), it->text, review, how};
        cli_table_row(t, row);
        (void)json_array_append_new(
            items,
            json_pack("{s:s, s:s, s:s, s:s, s:o, s:o, s:s}", "kind", kinds[it->what].name, "id",
                      it->id, "review", review, "title", it->text, "due",
                      across_json_time(it->due_us), "late_s",
                      late ? json_integer((now - it->due_us) / 1000000) : json_null(), "do", how));
    }
    json_t *j = cli_envelope(x->c, "inbox.list", 0);
    (void)json_object_set_new(j, "items", items);
    if (x->n == 0)
        cli_say(x->c, "Nothing is due from you");
    return cli_list_end(x->c, t, j, e);
}

/* "7d", or what other options take. */
static int parse_within(const char *s, uint64_t *ms, struct pl_err *e)
{
    size_t n = strlen(s);
    uint64_t days = 0;
    if (n > 1 && s[n - 1] == 'd' && pl_parse_u64n(s, n - 1, &days) == 0 && days <= 3650) {
        *ms = days * DAY_MS;
        return 0;
    }
    return cli_parse_time(s, "--within", ms, e);
}

static int run_inbox(struct cli *c, void *opts, int argc, char **argv, struct pl_err *e)
{
    const struct inbox_opts *o = opts;
    struct inbox x = {.c = c};
    int64_t now = pl_now_us();
    uint64_t ms = 0;
    (void)argc;
    (void)argv;
    if (o->fail_on && !pl_str_eq(o->fail_on, "due"))
        return pl_fail(e, PL_E_USAGE, "--fail-on takes due, not '%.40s'", o->fail_on);
    int rc = parse_within(o->within ? o->within : WITHIN, &ms, e);
    if (rc == 0)
        rc = cli_connect(c, e);
    if (rc == 0)
        rc = collect(&x, now, now + (int64_t)ms * 1000, e);
    if (rc == 0)
        rc = show(&x, now, e);
    bool is_due = x.n > 0;
    inbox_release(&x);
    return rc < 0 ? rc : is_due && o->fail_on ? EXIT_FINDINGS : 0;
}

const struct cli_verb verb_inbox = {
    .opt = {"inbox", NULL, "what is due from you, in all reviews", inbox_opts, COUNT(inbox_opts), 0,
            0},
    .opt_size = sizeof(struct inbox_opts),
    .examples = "  plimsoll inbox\n"
                "  plimsoll inbox --within 0d --fail-on due --quiet || mail -s 'Plimsoll' ana\n",
    .fields = "kind,id,review,title,due,late_s,do",
    .run = run_inbox,
};
