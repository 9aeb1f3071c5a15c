// SPDX-License-Identifier: Apache-2.0
/*
 * Inviting people who are new here: one by name, or a group that names itself. The code stands
 * alone on standard output, so that it can be piped to wherever it is sent from; it is told once.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "plimsoll/base/str.h"
#include "plimsoll/base/time.h"
#include "plimsoll/tls/invite.h"

#include "cli/cli_int.h"
#include "cli/verb_act.h"
#include "net/sign.h"

#define COUNT(a)     (sizeof(a) / sizeof((a)[0]))
#define PERSON_FOR   "3d"
#define GROUP_FOR    "30m"
#define GROUP_PRESET 8

struct invite_opts {
    struct cli_common common;
    const char *user, *name, *role, *duration;
    bool group;
    uint64_t uses;
};

static const struct pl_opt new_opts[] = {
    CLI_COMMON,
    {0, "user", PL_OPT_STRING, offsetof(struct invite_opts, user), "USER", NULL,
     "login name that the person will have"},
    {0, "name", PL_OPT_STRING, offsetof(struct invite_opts, name), "NAME", NULL,
     "name shown to others"},
    {0, "role", PL_OPT_STRING, offsetof(struct invite_opts, role), "ROLE", NULL,
     "facilitator, responder, stakeholder (responder)"},
    {0, "for", PL_OPT_STRING, offsetof(struct invite_opts, duration), "TIME", NULL,
     "how long it can be used: a person 7d at most (3d), a group 1h at most (30m)"},
    {0, "group", PL_OPT_FLAG, offsetof(struct invite_opts, group), NULL, NULL,
     "several people, each of whom gives a name when joining"},
    {0, "uses", PL_OPT_NUMBER, offsetof(struct invite_opts, uses), "N", NULL,
     "how many people a group is, 2 to 20 (8)"},
};
static const struct pl_opt plain_opts[] = {CLI_COMMON};

/* What was asked for, as a message. */
static int fill(const struct invite_opts *o, struct pl_invite_new *m, struct pl_err *e)
{
    const char *role = o->role ? o->role : "responder";
    int64_t minutes = 0;
    m->role = (uint32_t)cli_word(PL_EN_ROLE, role);
    if (m->role == 0)
        return pl_fail(e, PL_E_USAGE, "'%s' is not a role: facilitator, responder, stakeholder",
                       role);
    if (o->group && (o->user || o->name))
        return pl_fail(e, PL_E_USAGE, "a group names itself: no --user and --name with --group");
    if (!o->group && !o->user)
        return pl_fail(e, PL_E_USAGE, "whom? --user USER --name NAME, or --group");
    if (!o->group && !pl_user_name_is_good(o->user))
        return pl_fail(e, PL_E_USAGE,
                       "'%s' cannot be a login name: small letters, digits, '.', '_', '-'",
                       o->user);
    if (!o->group && o->uses > 1)
        return pl_fail(e, PL_E_USAGE, "--uses goes with --group");
    if (o->group && o->uses != 0 && (o->uses < 2 || o->uses > 20))
        return pl_fail(e, PL_E_USAGE, "--uses takes a number from 2 to 20");
    m->uses = !o->group ? 1 : o->uses != 0 ? (uint32_t)o->uses : GROUP_PRESET;
    m->user_name = o->group ? "" : o->user;
    m->display_name = o->group ? "" : o->name ? o->name : o->user;
    const char *duration = o->duration ? o->duration : o->group ? GROUP_FOR : PERSON_FOR;
    int rc = cli_act_minutes(duration, "--for", &minutes, e);
    m->minutes = (uint32_t)minutes;
    return rc;
}

/* The message, signed. *sr and the buffers that m points to live until the call is over. */
static int sign(struct cli *c, struct pl_invite_new *m, struct sign_result *sr, struct pl_err *e)
{
    const struct pl_invite_terms terms = {m->user_name, m->display_name, m->role, m->uses,
                                          m->minutes};
    uint8_t salt[PL_STATEMENT_NONCE];
    struct pl_buf seen;
    sign_salt(salt);
    pl_buf_init(&seen, PL_STATEMENT_BYTES);
    memset(sr, 0, sizeof(*sr));
    int rc = pl_seen_invite(&terms, salt, &seen);
    if (rc != 0) {
        rc = pl_fail(e, PL_E_USAGE, "the names are too long");
    } else {
        const struct sign_what what = {
            .kind = PL_SIGNED_INVITE, .review = m->review, .seen = &seen};
        rc = sign_act(&c->profile, &what, sr, e);
    }
    pl_buf_release(&seen);
    m->statement = (struct pl_bytes){sr->statement.data, sr->statement.len};
    m->signature = (struct pl_bytes){sr->signature, sr->signature_n};
    return rc;
}

/* What take_code needs of the request. */
struct asked {
    struct cli *c;
    struct pl_invite_new terms;
};

static void say_what_to_do(const struct asked *a, const struct pl_invite_code *r, const char *until)
{
    unsigned long long no = r->invite;
    if (a->terms.uses > 1)
        cli_say(a->c,
                "Invite %llu for %u people, until %s. Each of them: plimsoll join INVITE\n"
                "Whoever has the line can use it; 'plimsoll invite revoke REV-%llu %llu' ends it.",
                no, a->terms.uses, until, (unsigned long long)a->terms.review, no);
    else
        cli_say(a->c,
                "Invite %llu for %s, once, until %s. Hand it over in private; there:\n"
                "  plimsoll join INVITE",
                no, a->terms.user_name, until);
}

static int take_code(void *ctx, struct pl_msg *msg, struct pl_err *e)
{
    const struct asked *a = ctx;
    const struct pl_invite_code *r = &msg->u.invite_code;
    char until[PL_RFC3339_SIZE];
    (void)e;
    (void)pl_rfc3339_format(r->expires_us, 0, 0, until);
    json_t *j = cli_envelope(a->c, "invite.new", 0);
    (void)json_object_set_new(j, "review",
                              json_sprintf("REV-%llu", (unsigned long long)a->terms.review));
    (void)json_object_set_new(j, "invite", json_integer((json_int_t)r->invite));
    (void)json_object_set_new(j, "code", json_string(r->code));
    (void)json_object_set_new(j, "user",
                              a->terms.uses > 1 ? json_null() : json_string(a->terms.user_name));
    (void)json_object_set_new(j, "role", json_string(pl_enum_name(PL_EN_ROLE, a->terms.role)));
    (void)json_object_set_new(j, "uses", json_integer((json_int_t)a->terms.uses));
    (void)json_object_set_new(j, "expires_at", json_string(until));
    if (cli_json(a->c, j))
        return 0;
    say_what_to_do(a, r, until);
    cli_print(a->c, "%s\n", r->code);
    return 0;
}

/* Connects and opens the review: the server answers to who has it open. */
static int open_review(struct cli *c, const char *name, uint64_t *id, struct pl_err *e)
{
    struct review *r = NULL;
    int rc = cli_review_id(name, id, e);
    if (rc == 0)
        rc = cli_connect(c, e);
    return rc == 0 ? cli_open(c, *id, true, &r, e) : rc;
}

static int run_invite_new(struct cli *c, void *opts, int argc, char **argv, struct pl_err *e)
{
    const struct invite_opts *o = opts;
    struct pl_msg m = {.type = PL_MSG_INVITE_NEW};
    struct asked asked = {.c = c};
    struct sign_result sr;
    (void)argc;
    int rc = fill(o, &asked.terms, e);
    if (rc == 0)
        rc = open_review(c, argv[0], &asked.terms.review, e);
    if (rc < 0)
        return rc;
    rc = sign(c, &asked.terms, &sr, e);
    m.u.invite_new = asked.terms;
    if (rc == 0)
        rc = cli_call(c, &m, take_code, &asked, e);
    sign_release(&sr);
    if (rc == -PL_E_CONFLICT && !o->group)
        pl_wrap(e, "'plimsoll people add REV-%llu %.64s' is for who is here already",
                (unsigned long long)asked.terms.review, o->user);
    return rc;
}

const struct cli_verb verb_invite_new = {
    .opt = {"invite new", "REVIEW", "invite people into a review who are new here", new_opts,
            COUNT(new_opts), 1, 1},
    .opt_size = sizeof(struct invite_opts),
    .examples = "  plimsoll invite new REV-1 --user dee --name 'Dee Example' --role responder\n"
                "  plimsoll invite new REV-1 --group --uses 8 --for 30m --role stakeholder\n",
    .fields = "review,invite,code,user,role,uses,expires_at",
    .run = run_invite_new,
};

static int take_invites(void *ctx, struct pl_msg *m, struct pl_err *e)
{
    static const char *const heads[] = {"INVITE", "FOR", "ROLE", "USED", "LEFT", "UNTIL"};
    struct cli *c = ctx;
    const struct pl_invites_reply *r = &m->u.invites_reply;
    json_t *j = cli_envelope(c, "invite.list", 0);
    json_t *items = json_array();
    struct cli_table *t = cli_table_new(heads, COUNT(heads));
    for (size_t i = 0; i < r->n; i++) {
        const struct pl_invite_row *x = &r->items[i];
        const char *role = pl_enum_name(PL_EN_ROLE, x->role);
        const char *user = x->user_name[0] != '\0' ? x->user_name : NULL;
        char id[24], used[12], left[12], made[PL_RFC3339_SIZE], until[PL_RFC3339_SIZE];
        (void)snprintf(id, sizeof(id), "%llu", (unsigned long long)x->invite);
        (void)snprintf(used, sizeof(used), "%u", x->used);
        (void)snprintf(left, sizeof(left), "%u", x->uses_left);
        (void)pl_rfc3339_format(x->created_us, 0, 0, made);
        (void)pl_rfc3339_format(x->expires_us, 0, 0, until);
        const char *row[] = {id, user ? user : "a group", role, used, left, until};
        cli_table_row(t, row);
        json_t *item = json_pack("{s:I, s:s?, s:s?, s:i, s:i, s:s, s:s, s:I}", "invite",
                                 (json_int_t)x->invite, "user", user, "role", role, "used",
                                 (int)x->used, "uses_left", (int)x->uses_left, "created_at", made,
                                 "expires_at", until, "by_user", (json_int_t)x->by_user);
        (void)json_array_append_new(items, item);
    }
    (void)json_object_set_new(j, "items", items);
    return cli_list_end(c, t, j, e);
}

static int run_invite_list(struct cli *c, void *opts, int argc, char **argv, struct pl_err *e)
{
    struct pl_msg m = {.type = PL_MSG_INVITES};
    (void)opts;
    (void)argc;
    int rc = open_review(c, argv[0], &m.u.invites.review, e);
    return rc < 0 ? rc : cli_call(c, &m, take_invites, c, e);
}

const struct cli_verb verb_invite_list = {
    .opt = {"invite list", "REVIEW", "invites into a review that can still be used", plain_opts,
            COUNT(plain_opts), 1, 1},
    .opt_size = sizeof(struct cli_common),
    .examples = "  plimsoll invite list REV-1\n",
    .fields = "invite,user,role,used,uses_left,created_at,expires_at,by_user",
    .run = run_invite_list,
};

static int run_invite_revoke(struct cli *c, void *opts, int argc, char **argv, struct pl_err *e)
{
    struct pl_msg m = {.type = PL_MSG_INVITE_REVOKE};
    struct pl_invite_revoke r = {0};
    (void)opts;
    (void)argc;
    if (pl_parse_u64(argv[1], &r.invite) != 0 || r.invite == 0)
        return pl_fail(e, PL_E_USAGE, "'%s' is not the number of an invite; see 'invite list'",
                       argv[1]);
    int rc = open_review(c, argv[0], &r.review, e);
    m.u.invite_revoke = r;
    if (rc == 0)
        rc = cli_call(c, &m, NULL, NULL, e);
    if (rc < 0)
        return rc;
    json_t *j = cli_envelope(c, "invite.revoke", 0);
    (void)json_object_set_new(j, "review", json_sprintf("REV-%llu", (unsigned long long)r.review));
    (void)json_object_set_new(j, "invite", json_integer((json_int_t)r.invite));
    if (!cli_json(c, j))
        cli_say(c, "invite %llu works no more; who joined with it stays",
                (unsigned long long)r.invite);
    return 0;
}

const struct cli_verb verb_invite_revoke = {
    .opt = {"invite revoke", "REVIEW N", "withdraw an invite", plain_opts, COUNT(plain_opts), 2, 2},
    .opt_size = sizeof(struct cli_common),
    .examples = "  plimsoll invite revoke REV-1 3\n",
    .run = run_invite_revoke,
};
