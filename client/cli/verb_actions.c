// SPDX-License-Identifier: Apache-2.0
/*
 * `actions list`: actions of all reviews that one may read, or of some, by the server's tables; the
 * most urgent first. With --offline the copies of the named reviews are looked through instead.
 */
#include <stdlib.h>
#include <string.h>

#include "plimsoll/base/mem.h"
#include "plimsoll/base/str.h"
#include "plimsoll/base/time.h"

#include "cli/across.h"
#include "cli/cli_int.h"
#include "cli/verb_entry.h"

#define COUNT(a)      (sizeof(a) / sizeof((a)[0]))
#define LIMIT_TTY     100u
#define EXIT_FINDINGS 9

struct actions_opts {
    struct cli_common common;
    const char *owner, *due_before, *text, *fail_on;
    bool mine, overdue, late, effect_due, all;
    struct pl_opt_list reviews, states;
    uint64_t limit, after;
};

#define OPT(name, type, field, arg, help)                                    \
    {                                                                        \
        0, name, type, offsetof(struct actions_opts, field), arg, NULL, help \
    }

static const struct pl_opt actions_opts[] = {
    CLI_COMMON,
    OPT("review", PL_OPT_LIST, reviews, "REV", "only of this review; repeatable"),
    OPT("mine", PL_OPT_FLAG, mine, NULL, "only those that you own"),
    OPT("owner", PL_OPT_STRING, owner, "USER", "only this owner; 'me'"),
    OPT("state", PL_OPT_LIST, states, "STATE", "only in this state; repeatable"),
    OPT("overdue", PL_OPT_FLAG, overdue, NULL, "only those past their day and not done"),
    OPT("late", PL_OPT_FLAG, late, NULL, "the same"),
    OPT("due-before", PL_OPT_STRING, due_before, "TIME", "only those due before a day or time"),
    OPT("effect-due", PL_OPT_FLAG, effect_due, NULL,
        "only verified ones whose effect should be judged by now"),
    OPT("text", PL_OPT_STRING, text, "TEXT", "only with this in the first line or tracker key"),
    OPT("limit", PL_OPT_SOME, limit, "N", "at most so many (on a terminal 100)"),
    OPT("after", PL_OPT_NUMBER, after, "N", "leave out the first N: what `next` says"),
    OPT("all", PL_OPT_FLAG, all, NULL, "all of them"),
    OPT("fail-on", PL_OPT_STRING, fail_on, "WHAT",
        "exit 9 if there are some: late,unowned,unproved"),
};

/* --- the question -------------------------------------------------------------------------------
 */

static int ask_states(const struct actions_opts *o, uint64_t *bits, struct pl_err *e)
{
    for (size_t i = 0; i < o->states.count; i++) {
        int64_t state = cli_word(PL_EN_STATE, o->states.values[i]);
        if (state == 0)
            return pl_fail(e, PL_E_USAGE,
                           "--state: there is no state '%.40s'; 'help fields' lists "
                           "them",
                           o->states.values[i]);
        *bits |= UINT64_C(1) << state;
    }
    return 0;
}

static int ask(struct cli *c, const struct actions_opts *o, struct pl_actions *q, struct pl_err *e)
{
    const char *owner = o->mine ? "me" : o->owner;
    if (o->mine && o->owner && !pl_str_eq(o->owner, "me"))
        return pl_fail(e, PL_E_USAGE, "--mine and --owner %.40s at once", o->owner);
    q->overdue = o->overdue || o->late;
    q->text = o->text ? o->text : "";
    q->effect_due_before_us = o->effect_due ? pl_now_us() : 0;
    int rc = ask_states(o, &q->states, e);
    if (rc == 0 && o->due_before)
        rc = across_parse_time(o->due_before, "--due-before", &q->due_before_us, e);
    if (rc == 0)
        rc = cli_connect(c, e);
    if (rc == 0 && owner)
        rc = across_user(c, owner, &q->owner, e);
    return rc;
}

/* Of the named reviews, or of all. */
static int fetch(struct cli *c, const struct actions_opts *o, int argc, char **argv,
                 struct pl_actions *q, struct across *a, struct pl_err *e)
{
    size_t named = o->reviews.count + (size_t)argc;
    int rc = 0;
    for (size_t i = 0; rc == 0 && i < named; i++) {
        rc = cli_review_id(i < o->reviews.count ? o->reviews.values[i] : argv[i - o->reviews.count],
                           &q->review, e);
        if (rc == 0)
            rc = across_fetch(c, q, a, e);
    }
    return named > 0 ? rc : across_fetch(c, q, a, e);
}

/* --- findings -----------------------------------------------------------------------------------
 */

static bool is_unowned(const struct pl_action_row *r)
{
    return r->owner == 0 && r->state < PL_STATE_VERIFIED;
}

static bool is_unproved(const struct pl_action_row *r)
{
    return r->evidence == 0 && r->state >= PL_STATE_DONE && r->state <= PL_STATE_CANNOT_TELL;
}

struct findings {
    bool late, unowned, unproved; /* wanted */
    size_t n_late, n_unowned, n_unproved;
};

static int parse_findings(const char *s, struct findings *f, struct pl_err *e)
{
    while (s && *s) {
        size_t n = strcspn(s, ",");
        bool *flag = n == 4 && strncmp(s, "late", n) == 0       ? &f->late
                     : n == 7 && strncmp(s, "unowned", n) == 0  ? &f->unowned
                     : n == 8 && strncmp(s, "unproved", n) == 0 ? &f->unproved
                                                                : NULL;
        if (!flag)
            return pl_fail(e, PL_E_USAGE, "--fail-on takes late, unowned, unproved; not '%.*s'",
                           (int)(n < 40 ? n : 40), s);
        *flag = true;
        s += n + (s[n] == ',');
    }
    return 0;
}

static void count_findings(const struct across *a, int64_t now, struct findings *f)
{
    for (size_t i = 0; i < a->n; i++) {
        f->n_late += f->late && across_is_late(&a->v[i], now);
        f->n_unowned += f->unowned && is_unowned(&a->v[i]);
        f->n_unproved += f->unproved && is_unproved(&a->v[i]);
    }
}

/* --- the answer ---------------------------------------------------------------------------------
 */

static json_t *named(uint32_t en, uint32_t value)
{
    const char *name = pl_enum_name(en, value);
    return name ? json_string(name) : json_null();
}

static json_t *text_or_null(const char *s)
{
    return s[0] ? json_string(s) : json_null();
}

static json_t *grade(uint32_t v)
{
    return v != 0 ? json_integer(v) : json_null();
}

static json_t *effect_json(const struct pl_action_row *r)
{
    return json_pack("{s:o, s:o}", "due", across_json_time(r->effect_due_us), "result",
                     named(PL_EN_RESULT, r->effect_result));
}

static json_t *item_json(const struct pl_action_row *r, int64_t now)
{
    char id[PL_SHORT_ID_MAX];
    json_t *j = json_object();
    across_id(r, id);
    (void)json_object_set_new(j, "id", json_string(id));
    (void)json_object_set_new(j, "review", json_sprintf("REV-%llu", (unsigned long long)r->review));
    (void)json_object_set_new(j, "review_title", json_string(r->review_title));
    (void)json_object_set_new(j, "title", json_string(r->label));
    (void)json_object_set_new(j, "state", named(PL_EN_STATE, r->state));
    (void)json_object_set_new(j, "priority", named(PL_EN_PRIORITY, r->priority));
    (void)json_object_set_new(j, "control", named(PL_EN_CONTROL, r->control));
    (void)json_object_set_new(j, "kind", named(PL_EN_ACTION, r->kind));
    (void)json_object_set_new(j, "impact", grade(r->impact));
    (void)json_object_set_new(j, "feasibility", grade(r->feasibility));
    (void)json_object_set_new(j, "score", grade(across_score(r)));
    (void)json_object_set_new(j, "owner", text_or_null(r->owner_name));
    (void)json_object_set_new(j, "due", across_json_time(r->due_us));
    (void)json_object_set_new(j, "late_s",
                              across_is_late(r, now) ? json_integer((now - r->due_us) / 1000000)
                                                     : json_null());
    (void)json_object_set_new(j, "tracker_key", text_or_null(r->tracker_key));
    (void)json_object_set_new(j, "tracker_url", text_or_null(r->tracker_url));
    (void)json_object_set_new(j, "accepted_at", across_json_time(r->accepted_us));
    (void)json_object_set_new(j, "done_at", across_json_time(r->done_us));
    (void)json_object_set_new(j, "verified_at", across_json_time(r->verified_us));
    (void)json_object_set_new(j, "proofs", json_integer(r->evidence));
    (void)json_object_set_new(j, "effect", effect_json(r));
    (void)json_object_set_new(j, "created_at", across_json_time(r->created_us));
    return j;
}

static const char *word(uint32_t en, uint32_t value)
{
    const char *name = pl_enum_name(en, value);
    return name ? name : "";
}

static void add_row(struct cli_table *t, const struct pl_action_row *r)
{
    char id[PL_SHORT_ID_MAX];
    char due[PL_RFC3339_SIZE];
    char score[16] = "";
    char review[32];
    across_id(r, id);
    if (across_score(r) != 0)
        (void)snprintf(score, sizeof(score), "%u", across_score(r));
    (void)snprintf(review, sizeof(review), "REV-%llu", (unsigned long long)r->review);
    const char *row[] = {id,
                         word(PL_EN_PRIORITY, r->priority),
                         score,
                         word(PL_EN_STATE, r->state),
                         r->owner_name,
                         across_time(r->due_us, due),
                         r->tracker_key,
                         r->label,
                         review,
                         r->tracker_url};
    cli_table_row(t, row);
}

static int show(struct cli *c, const struct actions_opts *o, const struct across *a, int64_t now,
                struct pl_err *e)
{
    static const char *const heads[] = {"ID",  "PRIORITY", "SCORE", "STATE",  "OWNER",
                                        "DUE", "TRACKER",  "TEXT",  "REVIEW", "URL"};
    size_t left = o->limit                        ? (size_t)o->limit
                  : o->all || !cli_is_for_eyes(c) ? SIZE_MAX
                                                  : LIMIT_TTY;
    struct cli_table *t = cli_table_new(heads, COUNT(heads));
    json_t *items = json_array();
    size_t i = o->after < a->n ? (size_t)o->after : a->n;
    for (; i < a->n && left > 0; i++, left--) {
        add_row(t, &a->v[i]);
        (void)json_array_append_new(items, item_json(&a->v[i], now));
    }
    json_t *j = cli_envelope(c, "actions.list", 0);
    (void)json_object_set_new(j, "total", json_integer((json_int_t)a->n));
    (void)json_object_set_new(j, "items", items);
    (void)json_object_set_new(j, "next", i < a->n ? json_sprintf("%zu", i) : json_null());
    if (i < a->n)
        cli_say(c, "%zu more: --all shows them", a->n - i);
    if (a->n == 0)
        cli_say(c, "no such action in the reviews that you may read");
    return cli_list_end(c, t, j, e);
}

/* Without a server: what the copies here hold. What cannot be asked of them is said, since an empty
 * answer would be read as a good one. */
static int list_offline(struct cli *c, const struct actions_opts *o, int argc, char **argv,
                        struct pl_err *e)
{
    struct cli_entry_opts eo = {
        .common = o->common,
        .owner = o->mine ? "me" : o->owner,
        .state = o->states.count > 0 ? o->states.values[0] : NULL,
        .late = o->late || o->overdue,
    };
    uint64_t states = 0;
    size_t named = o->reviews.count + (size_t)argc;
    if (o->due_before || o->effect_due || o->text || o->limit || o->after || o->fail_on ||
        o->states.count > 1)
        return pl_fail(e, PL_E_USAGE,
                       "--offline goes with --mine, --owner, --overdue and one --state only");
    if (named == 0)
        return pl_fail(e, PL_E_USAGE, "--offline: name the reviews to look through");
    int rc = ask_states(o, &states, e);
    if (rc < 0)
        return rc;
    char **all = pl_xcalloc(named, sizeof(*all));
    for (size_t i = 0; i < named; i++)
        all[i] = i < o->reviews.count ? (char *)(uintptr_t)o->reviews.values[i]
                                      : argv[i - o->reviews.count];
    rc = cli_entry_list(c, &eo, (int)named, all, PL_KIND_ACTION, e);
    free(all);
    return rc;
}

static int run_list(struct cli *c, void *opts, int argc, char **argv, struct pl_err *e)
{
    const struct actions_opts *o = opts;
    struct findings f = {0};
    struct across a = {0};
    struct pl_actions q = {0};
    int64_t now = pl_now_us();
    int rc = parse_findings(o->fail_on, &f, e);
    if (rc == 0 && o->common.offline)
        return list_offline(c, o, argc, argv, e);
    if (rc == 0)
        rc = ask(c, o, &q, e);
    if (rc == 0)
        rc = fetch(c, o, argc, argv, &q, &a, e);
    across_rank(&a);
    count_findings(&a, now, &f);
    if (rc == 0)
        rc = show(c, o, &a, now, e);
    across_release(&a);
    if (rc < 0 || f.n_late + f.n_unowned + f.n_unproved == 0)
        return rc;
    cli_say(c, "%zu late, %zu without owner, %zu done without evidence", f.n_late, f.n_unowned,
            f.n_unproved);
    return EXIT_FINDINGS;
}

const struct cli_verb verb_actions_list = {
    .opt = {"actions list", "[REVIEW...]",
            "actions of all reviews that you may read, the most urgent first", actions_opts,
            COUNT(actions_opts), 0, -1},
    .opt_size = sizeof(struct actions_opts),
    .examples = "  plimsoll actions list --mine --overdue\n"
                "  plimsoll actions list --review REV-1 --state committed --json\n"
                "  plimsoll actions list --fail-on late,unowned,unproved\n",
    .fields = "id,review,review_title,title,state,priority,control,kind,impact,feasibility,score,"
              "owner,due,late_s,tracker_key,tracker_url,accepted_at,done_at,verified_at,proofs,"
              "effect,created_at",
    .run = run_list,
};
