// SPDX-License-Identifier: Apache-2.0
/*
 * Dot voting and merging. What one voted is shown to oneself only; while a vote is open nothing is
 * known of the others but how many have voted.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "plimsoll/base/mem.h"
#include "plimsoll/base/str.h"
#include "plimsoll/doc/perm.h"
#include "plimsoll/doc/vote.h"
#include "plimsoll/wire/limits.h"

#include "cli/cli_int.h"
#include "cli/verb_act.h"
#include "cli/verb_entry.h"

#define COUNT(a)    (sizeof(a) / sizeof((a)[0]))
#define ENTRIES_MAX 5000
#define DOTS_PRESET 3u
#define LABEL       256

struct vote_opts {
    struct cli_common common;
    const char *dots;
    bool undo;
};

static const struct pl_opt plain_opts[] = {CLI_COMMON};
static const struct pl_opt open_opts[] = {CLI_COMMON,
                                          {0, "dots", PL_OPT_STRING,
                                           offsetof(struct vote_opts, dots), "N", NULL,
                                           "dots for each person, 1 to 20 (3)"}};
static const struct pl_opt merge_opts[] = {CLI_COMMON,
                                           {0, "undo", PL_OPT_FLAG,
                                            offsetof(struct vote_opts, undo), NULL, NULL,
                                            "take the merge of the entry back"}};

static int64_t root_int(const struct cli_act *a, uint32_t field)
{
    return pl_entry_int(pl_doc_root(review_doc(a->r)), field, 0);
}

static int parse_dots(const char *s, uint64_t min, uint64_t *out, struct pl_err *e)
{
    if (pl_parse_u64(s, out) != 0 || *out < min || *out > 20)
        return pl_fail(e, PL_E_USAGE, "'%s' is not a number of dots, %llu to 20", s,
                       (unsigned long long)min);
    return 0;
}

/* --- open ---------------------------------------------------------------------------------------
 */

static int run_open(struct cli *c, void *opts, int argc, char **argv, struct pl_err *e)
{
    const struct vote_opts *o = opts;
    struct cli_act a;
    uint64_t dots = DOTS_PRESET;
    char said[120];
    (void)argc;
    int64_t ballot = cli_word(PL_EN_BALLOT, argv[1]);
    if (ballot == 0)
        return pl_fail(e, PL_E_USAGE, "'%s' cannot be voted on: observation, cause or action can",
                       argv[1]);
    int rc = o->dots ? parse_dots(o->dots, 1, &dots, e) : 0;
    if (rc == 0)
        rc = cli_act_open(c, argv[0], PL_ACT_BALLOT, &a, e);
    if (rc < 0)
        return rc;
    a.msg.value = ballot;
    a.msg.expect = (int64_t)dots;
    (void)snprintf(said, sizeof(said),
                   "the vote is open: %llu dots each; nobody sees what others choose",
                   (unsigned long long)dots);
    return cli_act_send(&a, said, e);
}

const struct cli_verb verb_vote_open = {
    .opt = {"vote open", "REVIEW observation|cause|action",
            "open a vote: everyone but the facilitators gives dots, unseen by the others",
            open_opts, COUNT(open_opts), 2, 2},
    .opt_size = sizeof(struct vote_opts),
    .examples = "  plimsoll vote open REV-1 observation --dots 3\n",
    .run = run_open,
};

/* --- status -------------------------------------------------------------------------------------
 */

struct progress {
    uint32_t voters, cast;
    struct pl_vote_row rows[PL_VOTES_MAX];
    size_t n;
};

static int take_progress(void *ctx, struct pl_msg *reply, struct pl_err *e)
{
    struct progress *p = ctx;
    const struct pl_session_reply *r = &reply->u.session_reply;
    (void)e;
    p->voters = r->voters;
    p->cast = r->cast;
    for (size_t i = 0; i < r->n && i < PL_VOTES_MAX; i++)
        p->rows[p->n++] = r->items[i];
    return 0;
}

static int ask_progress(const struct cli_act *a, struct progress *p, struct pl_err *e)
{
    struct pl_msg m = {.type = PL_MSG_SESSION};
    m.u.session.review = a->msg.review;
    return cli_call(a->c, &m, take_progress, p, e);
}

static uint32_t own_total(const struct progress *p)
{
    uint32_t sum = 0;
    for (size_t i = 0; i < p->n; i++)
        sum += p->rows[i].dots;
    return sum;
}

static void entry_name(const struct pl_doc *d, struct pl_eid eid, char id[PL_SHORT_ID_MAX],
                       char label[LABEL])
{
    const struct pl_entry *en = pl_doc_entry(d, eid);
    (void)pl_strlcpy(id, "?", PL_SHORT_ID_MAX);
    label[0] = '\0';
    if (!en)
        return;
    cli_entry_id(en, id);
    (void)pl_entry_label(en, label, LABEL);
}

static json_t *own_json(const struct cli_act *a, const struct progress *p)
{
    json_t *items = json_array();
    for (size_t i = 0; i < p->n; i++) {
        char id[PL_SHORT_ID_MAX];
        char label[LABEL];
        entry_name(review_doc(a->r), p->rows[i].entry, id, label);
        json_t *j = json_object();
        (void)json_object_set_new(j, "id", json_string(id));
        (void)json_object_set_new(j, "dots", json_integer(p->rows[i].dots));
        (void)json_object_set_new(j, "text", json_string(label));
        (void)json_array_append_new(items, j);
    }
    return items;
}

/* Does one's role vote? Facilitators count. */
static bool may_vote(const struct cli_act *a)
{
    const struct pl_doc *d = review_doc(a->r);
    size_t n = pl_doc_list(d, PL_KIND_PARTICIPANT, NULL, 0);
    struct pl_entry **all = pl_xcalloc(n + 1, sizeof(struct pl_entry *));
    bool may = false;
    (void)pl_doc_list(d, PL_KIND_PARTICIPANT, all, n);
    for (size_t i = 0; i < n; i++) {
        int64_t role = pl_entry_int(all[i], PL_F_PARTICIPANT_ROLE, 0);
        if (pl_entry_int(all[i], PL_F_PARTICIPANT_USER, 0) == (int64_t)a->c->profile.user)
            may = (pl_perm_mask(role, PL_STATUS_IN_SESSION) & PL_PERM_BIT(PL_PERM_VOTE)) != 0;
    }
    free(all);
    return may;
}

static int show_progress(const struct cli_act *a, const struct progress *p)
{
    struct cli *c = a->c;
    int64_t open = root_int(a, PL_F_REVIEW_BALLOT);
    int64_t counted = root_int(a, PL_F_REVIEW_BALLOT_COUNTED);
    int64_t dots = root_int(a, PL_F_REVIEW_BALLOT_DOTS);
    int64_t round = root_int(a, PL_F_REVIEW_BALLOT_ROUND);
    int64_t cast = open != 0 ? p->cast : root_int(a, PL_F_REVIEW_BALLOT_VOTERS);
    const char *kind = pl_enum_name(PL_EN_BALLOT, open != 0 ? open : counted);
    json_t *j = cli_envelope(c, "vote", pl_doc_rev(review_doc(a->r)));
    (void)json_object_set_new(j, "review",
                              json_sprintf("REV-%llu", (unsigned long long)a->msg.review));
    (void)json_object_set_new(j, "open", json_boolean(open != 0));
    (void)json_object_set_new(j, "round", json_integer(round));
    (void)json_object_set_new(j, "kind", kind ? json_string(kind) : json_null());
    (void)json_object_set_new(j, "dots", json_integer(dots));
    (void)json_object_set_new(j, "voters", json_integer(p->voters));
    (void)json_object_set_new(j, "cast", json_integer(cast));
    (void)json_object_set_new(j, "items", own_json(a, p));
    if (cli_json(c, j))
        return 0;
    if (open == 0) {
        cli_print(c, "closed\t%s\tround %lld\t%lld voted\n", kind ? kind : "", (long long)round,
                  (long long)cast);
        return 0;
    }
    cli_print(c, "open\t%s\tround %lld\t%lld of %u have voted\n", kind, (long long)round,
              (long long)cast, p->voters);
    for (size_t i = 0; i < p->n; i++) {
        char id[PL_SHORT_ID_MAX];
        char label[LABEL];
        entry_name(review_doc(a->r), p->rows[i].entry, id, label);
        cli_print(c, "%s\t%u\t%s\n", id, p->rows[i].dots, label);
    }
    if (may_vote(a))
        cli_say(c, "you have %lld of %lld dots left", (long long)dots - own_total(p),
                (long long)dots);
    else
        cli_say(c, "you do not vote yourself: responders and stakeholders do");
    return 0;
}

static int run_status(struct cli *c, void *opts, int argc, char **argv, struct pl_err *e)
{
    struct cli_act a;
    struct progress p = {0};
    (void)opts;
    (void)argc;
    int rc = cli_act_open(c, argv[0], PL_ACT_COUNT, &a, e);
    if (rc == 0)
        rc = ask_progress(&a, &p, e);
    return rc < 0 ? rc : show_progress(&a, &p);
}

const struct cli_verb verb_vote_status = {
    .opt = {"vote status", "REVIEW", "how many have voted, and your own dots", plain_opts,
            COUNT(plain_opts), 1, 1},
    .opt_size = sizeof(struct cli_common),
    .examples = "  plimsoll vote status REV-1\n  plimsoll vote status REV-1 --json\n",
    .fields = "id,dots,text",
    .run = run_status,
};

/* --- cast ---------------------------------------------------------------------------------------
 */

static int take_done(void *ctx, struct pl_msg *reply, struct pl_err *e)
{
    uint64_t *rev = ctx;
    (void)e;
    *rev = reply->u.done.rev;
    return 0;
}

static int run_cast(struct cli *c, void *opts, int argc, char **argv, struct pl_err *e)
{
    struct cli_act a;
    struct progress p = {0};
    struct pl_msg m = {.type = PL_MSG_VOTE};
    uint64_t dots = 1;
    uint64_t rev = 0;
    (void)opts;
    int rc = argc > 1 ? parse_dots(argv[1], 0, &dots, e) : 0;
    if (rc == 0)
        rc = cli_act_open(c, argv[0], PL_ACT_COUNT, &a, e);
    if (rc == 0 && !a.entry)
        rc = pl_fail(e, PL_E_USAGE, "for which entry? write REV-1/O-3");
    if (rc < 0)
        return rc;
    m.u.vote.review = a.msg.review;
    m.u.vote.round = (uint32_t)root_int(&a, PL_F_REVIEW_BALLOT_ROUND);
    m.u.vote.entry = a.msg.entry;
    m.u.vote.dots = (uint32_t)dots;
    rc = cli_call(c, &m, take_done, &rev, e);
    if (rc == -PL_E_LIMIT || rc == -PL_E_INVALID)
        c->hint = "'plimsoll vote status REVIEW' shows your dots; 'vote cast REVIEW/ENTRY 0' "
                  "takes some back";
    if (rc == 0)
        rc = ask_progress(&a, &p, e);
    return rc < 0 ? rc : show_progress(&a, &p);
}

const struct cli_verb verb_vote_cast = {
    .opt = {"vote cast", "REVIEW/ENTRY [DOTS]",
            "give an entry dots (1); it replaces what you gave it before, 0 takes them back",
            plain_opts, COUNT(plain_opts), 1, 2},
    .opt_size = sizeof(struct cli_common),
    .examples = "  plimsoll vote cast REV-1/O-14 2\n  plimsoll vote cast REV-1/O-14 0\n",
    .fields = "id,dots,text",
    .run = run_cast,
};

/* The same from the board, where most votes are held. */
const struct cli_verb verb_observe_vote = {
    .opt = {"observe vote", "REVIEW/ENTRY [DOTS]", "give a card dots; the same as 'vote cast'",
            plain_opts, COUNT(plain_opts), 1, 2},
    .opt_size = sizeof(struct cli_common),
    .examples = "  plimsoll observe vote REV-1/O-14 2\n",
    .fields = "id,dots,text",
    .run = run_cast,
};

/* --- close --------------------------------------------------------------------------------------
 */

struct awaited {
    const struct review *r;
    uint64_t rev;
};

static bool has_rev(void *ctx)
{
    const struct awaited *w = ctx;
    return pl_doc_rev(review_doc(w->r)) >= w->rev;
}

int cli_votes_cmp(const void *a, const void *b)
{
    const struct pl_entry *const *x = a;
    const struct pl_entry *const *y = b;
    int64_t vx = pl_entry_votes(*x);
    int64_t vy = pl_entry_votes(*y);
    int64_t nx = pl_entry_int(*x, PL_F_NO, 0);
    int64_t ny = pl_entry_int(*y, PL_F_NO, 0);
    if (vx != vy)
        return vx > vy ? -1 : 1;
    return nx == ny ? 0 : nx < ny ? -1 : 1;
}

/* Those that have dots, the most first; what was merged is part of the one that stays. */
static int show_counts(const struct cli_act *a)
{
    struct cli *c = a->c;
    const struct pl_doc *d = review_doc(a->r);
    int64_t counted = root_int(a, PL_F_REVIEW_BALLOT_COUNTED);
    struct pl_entry **v = pl_xcalloc(ENTRIES_MAX, sizeof(struct pl_entry *));
    size_t n = pl_doc_list(d, pl_ballot_kind(counted), v, ENTRIES_MAX);
    if (n > ENTRIES_MAX)
        n = ENTRIES_MAX;
    qsort(v, n, sizeof(struct pl_entry *), cli_votes_cmp);
    json_t *items = json_array();
    for (size_t i = 0; i < n; i++) {
        char id[PL_SHORT_ID_MAX];
        char label[LABEL];
        if (pl_entry_votes(v[i]) == 0 || pl_entry_is_merged(v[i]))
            continue;
        entry_name(d, pl_entry_eid(v[i]), id, label);
        if (!cli_wants_json(c))
            cli_print(c, "%s\t%lld\t%s\n", id, (long long)pl_entry_votes(v[i]), label);
        json_t *j = json_object();
        (void)json_object_set_new(j, "id", json_string(id));
        (void)json_object_set_new(j, "dots", json_integer((json_int_t)pl_entry_votes(v[i])));
        (void)json_object_set_new(j, "text", json_string(label));
        (void)json_array_append_new(items, j);
    }
    free(v);
    json_t *j = cli_envelope(c, "vote.count", pl_doc_rev(d));
    (void)json_object_set_new(j, "review",
                              json_sprintf("REV-%llu", (unsigned long long)a->msg.review));
    (void)json_object_set_new(j, "round", json_integer(root_int(a, PL_F_REVIEW_BALLOT_ROUND)));
    (void)json_object_set_new(j, "cast", json_integer(root_int(a, PL_F_REVIEW_BALLOT_VOTERS)));
    (void)json_object_set_new(j, "items", items);
    if (!cli_json(c, j))
        cli_say(c, "%lld have voted", (long long)root_int(a, PL_F_REVIEW_BALLOT_VOTERS));
    return 0;
}

static int run_close(struct cli *c, void *opts, int argc, char **argv, struct pl_err *e)
{
    struct cli_act a;
    struct awaited w = {0};
    struct pl_msg m = {.type = PL_MSG_ACT};
    (void)opts;
    (void)argc;
    int rc = cli_act_open(c, argv[0], PL_ACT_COUNT, &a, e);
    if (rc < 0)
        return rc;
    a.msg.value = root_int(&a, PL_F_REVIEW_BALLOT_ROUND);
    m.u.act = a.msg;
    rc = cli_call(c, &m, take_done, &w.rev, e);
    w.r = a.r;
    if (rc == 0)
        rc = cli_wait(c, has_rev, &w, c->timeout_ms, e);
    return rc < 0 ? rc : show_counts(&a);
}

const struct cli_verb verb_vote_close = {
    .opt = {"vote close", "REVIEW",
            "close the vote and count it; who chose what is forgotten. May be repeated", plain_opts,
            COUNT(plain_opts), 1, 1},
    .opt_size = sizeof(struct cli_common),
    .examples = "  plimsoll vote close REV-1\n  plimsoll observe list REV-1 --sort -votes\n",
    .fields = "id,dots,text",
    .run = run_close,
};

/* --- merge --------------------------------------------------------------------------------------
 */

static int run_merge(struct cli *c, void *opts, int argc, char **argv, struct pl_err *e)
{
    const struct vote_opts *o = opts;
    struct cli_act a;
    struct pl_entry *into = NULL;
    if (o->undo != (argc == 1))
        return pl_fail(e, PL_E_USAGE, "name the entry that stays, or give --undo");
    int rc = cli_act_open(c, argv[0], PL_ACT_MERGE, &a, e);
    if (rc == 0 && !a.entry)
        rc = pl_fail(e, PL_E_USAGE, "which entry? write REV-1/O-5");
    if (rc == 0 && argc > 1)
        rc = cli_entry_other(a.r, argv[1], &into, e);
    if (rc < 0)
        return rc;
    if (into)
        a.msg.other = pl_entry_eid(into);
    return cli_act_send(&a, into ? "merged" : "it stands by itself again", e);
}

const struct cli_verb verb_merge = {
    .opt = {"merge", "REVIEW/ENTRY [ENTRY]",
            "merge an observation, cause or action into another one, which stays", merge_opts,
            COUNT(merge_opts), 1, 2},
    .opt_size = sizeof(struct vote_opts),
    .examples = "  plimsoll merge REV-1/O-5 O-3\n  plimsoll merge REV-1/O-5 --undo\n",
    .run = run_merge,
};

const struct cli_verb verb_observe_group = {
    .opt = {"observe group", "REVIEW/ENTRY [ENTRY]",
            "put a card under another one, which stays; the same as 'merge'", merge_opts,
            COUNT(merge_opts), 1, 2},
    .opt_size = sizeof(struct vote_opts),
    .examples = "  plimsoll observe group REV-1/O-5 O-3\n",
    .run = run_merge,
};
