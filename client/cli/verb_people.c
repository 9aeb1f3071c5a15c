// SPDX-License-Identifier: Apache-2.0
/*
 * Who takes part in a review.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "plimsoll/base/mem.h"
#include "plimsoll/base/str.h"

#include "cli/cli_int.h"
#include "cli/verb_entry.h"

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))

struct people_opts {
    struct cli_common common;
    const char *role, *duty;
    bool everyone;
};

static const struct pl_opt list_opts[] = {
    CLI_COMMON,
    {0, "everyone", PL_OPT_FLAG, offsetof(struct people_opts, everyone), NULL, NULL,
     "everyone enrolled at the server, not only this review"},
};
static const struct pl_opt set_opts[] = {
    CLI_COMMON,
    {0, "role", PL_OPT_STRING, offsetof(struct people_opts, role), "ROLE", NULL,
     "facilitator, responder, stakeholder"},
    {0, "duty", PL_OPT_STRING, offsetof(struct people_opts, duty), "DUTY", NULL,
     "duty in the incident: commander, security, operations, management, communications, scribe, "
     "observer"},
};

/* The answer, kept until the review is open: opening it first would make oneself be here. */
struct people_look {
    struct pl_person *rows; /* names owned */
    size_t n;
};

static int take_people(void *ctx, struct pl_msg *m, struct pl_err *e)
{
    struct people_look *look = ctx;
    const struct pl_people_reply *p = &m->u.people_reply;
    (void)e;
    look->rows = pl_xcalloc(p->n + 1, sizeof(*look->rows));
    look->n = p->n;
    for (size_t i = 0; i < p->n; i++) {
        look->rows[i] = p->items[i];
        look->rows[i].user_name = pl_xstrdup(p->items[i].user_name);
        look->rows[i].display_name = pl_xstrdup(p->items[i].display_name);
    }
    return 0;
}

static void look_release(struct people_look *look)
{
    for (size_t i = 0; i < look->n; i++) {
        free((void *)(uintptr_t)look->rows[i].user_name);
        free((void *)(uintptr_t)look->rows[i].display_name);
    }
    free(look->rows);
}

/* What a participant says in the review about coming; NULL when nothing is known. */
static const char *attendance_of(const struct pl_doc *d, uint64_t user)
{
    const char *found = NULL;
    size_t n = d ? pl_doc_list(d, PL_KIND_PARTICIPANT, NULL, 0) : 0;
    struct pl_entry **all = pl_xcalloc(n + 1, sizeof(struct pl_entry *));
    if (n > 0)
        (void)pl_doc_list(d, PL_KIND_PARTICIPANT, all, n);
    for (size_t i = 0; i < n; i++)
        if (pl_entry_int(all[i], PL_F_PARTICIPANT_USER, 0) == (int64_t)user)
            found = pl_enum_name(PL_EN_ATTENDANCE,
                                 pl_entry_int(all[i], PL_F_PARTICIPANT_ATTENDANCE, 0));
    free(all);
    return found;
}

static int show_people(struct cli *c, const struct people_look *look, const struct pl_doc *d,
                       struct pl_err *e)
{
    static const char *const heads[] = {"USER", "NAME", "ROLE", "COMES", ""};
    json_t *j = cli_envelope(c, "people.list", 0);
    json_t *items = json_array();
    struct cli_table *t = cli_table_new(heads, COUNT(heads));
    for (size_t i = 0; i < look->n; i++) {
        const struct pl_person *x = &look->rows[i];
        const char *role = pl_enum_name(PL_EN_ROLE, x->role);
        const char *comes = attendance_of(d, x->user);
        const char *row[] = {x->user_name, x->display_name, role, comes, x->here ? "here" : ""};
        cli_table_row(t, row);
        (void)json_array_append_new(
            items, json_pack("{s:s, s:s, s:s?, s:s?, s:b}", "user", x->user_name, "display_name",
                             x->display_name, "role", role, "attendance", comes, "here", x->here));
    }
    (void)json_object_set_new(j, "items", items);
    return cli_list_end(c, t, j, e);
}

static int run_people_list(struct cli *c, void *opts, int argc, char **argv, struct pl_err *e)
{
    const struct people_opts *o = opts;
    struct people_look look = {.n = 0};
    struct review *r = NULL;
    struct pl_msg m = {.type = PL_MSG_PEOPLE};
    uint64_t id = 0;
    int rc = 0;
    if (argc > 0)
        rc = cli_review_id(argv[0], &id, e);
    else if (!o->everyone)
        rc = pl_fail(e, PL_E_USAGE, "which review? (or --everyone)");
    m.u.people.review = id;
    if (rc == 0)
        rc = cli_connect(c, e);
    if (rc == 0)
        rc = cli_call(c, &m, take_people, &look, e);
    if (rc == 0 && id != 0)
        rc = cli_open(c, id, true, &r, e);
    if (rc == 0)
        rc = show_people(c, &look, r ? review_doc(r) : NULL, e);
    look_release(&look);
    return rc;
}

const struct cli_verb verb_people_list = {
    .opt = {"people list", "[REVIEW]", "who takes part, who comes, and who is here now", list_opts,
            COUNT(list_opts), 0, 1},
    .opt_size = sizeof(struct people_opts),
    .examples = "  plimsoll people list REV-1\n  plimsoll people list --everyone\n",
    .fields = "user,display_name,role,attendance,here",
    .run = run_people_list,
};

static int set_member(struct cli *c, const struct people_opts *o, char **argv, uint32_t role,
                      struct pl_err *e)
{
    struct pl_msg m = {.type = PL_MSG_MEMBER_SET};
    int rc = cli_review_id(argv[0], &m.u.member_set.review, e);
    if (rc < 0)
        return rc;
    m.u.member_set.user_name = argv[1];
    m.u.member_set.role = role;
    if (o->duty) {
        m.u.member_set.duty = (uint32_t)cli_word(PL_EN_DUTY, o->duty);
        if (m.u.member_set.duty == 0)
            return pl_fail(e, PL_E_USAGE, "'%s' is not a duty", o->duty);
    }
    rc = cli_connect(c, e);
    if (rc == 0)
        rc = cli_call(c, &m, NULL, NULL, e);
    if (rc == -PL_E_PERM && c->profile.user_name && pl_str_eq(argv[1], c->profile.user_name))
        return pl_fail(e, PL_E_PERM,
                       "nobody ends or changes his own part; make somebody else facilitator first: "
                       "plimsoll people role REV-%llu USER --role facilitator; who then does it",
                       (unsigned long long)m.u.member_set.review);
    if (rc == -PL_E_NOENT)
        pl_wrap(e,
                "%.40s in REV-%llu ('plimsoll list' and 'plimsoll people list --everyone' show "
                "what there is; 'plimsoll invite new REV-%llu' invites who is new)",
                argv[1], (unsigned long long)m.u.member_set.review,
                (unsigned long long)m.u.member_set.review);
    if (rc < 0)
        return rc;
    json_t *j = cli_envelope(c, "people.set", 0);
    (void)json_object_set_new(j, "user", json_string(argv[1]));
    (void)json_object_set_new(j, "role",
                              role ? json_string(pl_enum_name(PL_EN_ROLE, role)) : json_null());
    if (!cli_json(c, j))
        cli_say(c, "%s %s", argv[1], role ? pl_enum_name(PL_EN_ROLE, role) : "removed");
    return 0;
}

static int run_people_add(struct cli *c, void *opts, int argc, char **argv, struct pl_err *e)
{
    const struct people_opts *o = opts;
    (void)argc;
    const char *name = o->role ? o->role : "responder";
    uint32_t role = (uint32_t)cli_word(PL_EN_ROLE, name);
    if (role == 0)
        return pl_fail(e, PL_E_USAGE, "'%s' is not a role: facilitator, responder, stakeholder",
                       name);
    return set_member(c, o, argv, role, e);
}

/* The role that somebody has in the review; 0: he takes no part. */
static int role_of(struct cli *c, const char *review, const char *user, uint32_t *role,
                   struct pl_err *e)
{
    struct people_look look = {.n = 0};
    struct pl_msg m = {.type = PL_MSG_PEOPLE};
    int rc = cli_review_id(review, &m.u.people.review, e);
    *role = 0;
    if (rc == 0)
        rc = cli_connect(c, e);
    if (rc == 0)
        rc = cli_call(c, &m, take_people, &look, e);
    for (size_t i = 0; rc == 0 && i < look.n; i++)
        if (pl_str_eq(look.rows[i].user_name, user))
            *role = look.rows[i].role;
    look_release(&look);
    if (rc == 0 && *role == 0)
        return pl_fail(e, PL_E_NOENT, "%.40s takes no part in %.40s; 'plimsoll people add' adds",
                       user, review);
    return rc;
}

/* What is not said stays: with --duty alone the role is the one that it was. */
static int run_people_role(struct cli *c, void *opts, int argc, char **argv, struct pl_err *e)
{
    const struct people_opts *o = opts;
    uint32_t role = 0;
    if (!o->role && !o->duty)
        return pl_fail(e, PL_E_USAGE, "say what changes: --role ROLE, --duty DUTY");
    int rc = role_of(c, argv[0], argv[1], &role, e);
    if (rc < 0)
        return rc;
    return o->role ? run_people_add(c, opts, argc, argv, e) : set_member(c, o, argv, role, e);
}

static int run_people_rm(struct cli *c, void *opts, int argc, char **argv, struct pl_err *e)
{
    (void)argc;
    return set_member(c, opts, argv, 0, e);
}

const struct cli_verb verb_people_add = {
    .opt = {"people add", "REVIEW USER", "add somebody to a review (as responder)", set_opts,
            COUNT(set_opts), 2, 2},
    .opt_size = sizeof(struct people_opts),
    .examples = "  plimsoll people add REV-1 cyd --role stakeholder --duty communications\n",
    .run = run_people_add,
};
const struct cli_verb verb_people_role = {
    .opt = {"people role", "REVIEW USER", "change somebody's role or duty", set_opts,
            COUNT(set_opts), 2, 2},
    .opt_size = sizeof(struct people_opts),
    .examples = "  plimsoll people role REV-1 cyd --role responder\n"
                "  plimsoll people role REV-1 cyd --duty scribe     # the role stays\n",
    .run = run_people_role,
};
const struct cli_verb verb_people_rm = {
    .opt = {"people rm", "REVIEW USER", "end somebody's part in a review", set_opts,
            COUNT(set_opts), 2, 2},
    .opt_size = sizeof(struct people_opts),
    .examples = "  plimsoll people rm REV-1 cyd\n",
    .run = run_people_rm,
};
