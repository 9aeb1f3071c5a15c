// SPDX-License-Identifier: Apache-2.0
/*
 * What a participant says about himself and the review: coming or not, ground rules, a raised hand,
 * his part in the incident, a doubt about the facilitator, agreement to a cause.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "plimsoll/base/str.h"

#include "cli/cli_int.h"
#include "cli/verb_act.h"

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))

static const struct pl_opt plain_opts[] = {CLI_COMMON};
static const struct pl_opt entry_opts[] = {
    CLI_COMMON,
    {0, "entry", PL_OPT_STRING, offsetof(struct cli_act_opts, entry), "ID", NULL,
     "only for this entry"},
    {0, "reason", PL_OPT_STRING, offsetof(struct cli_act_opts, reason), "TEXT", NULL,
     "why; it stays visible on the review"},
};

/* "yes" 1, "no" -1, "clear" 0; other words are an error. */
static int parse_yes(const char *s, int64_t *out, struct pl_err *e)
{
    if (pl_str_eq(s, "yes") || pl_str_eq(s, "up"))
        *out = 1;
    else if (pl_str_eq(s, "no") || pl_str_eq(s, "down"))
        *out = -1;
    else if (pl_str_eq(s, "clear") || pl_str_eq(s, "back"))
        *out = 0;
    else
        return pl_fail(e, PL_E_USAGE, "'%.40s' is none of yes, no, back", s);
    return 0;
}

static int run_attend(struct cli *c, void *opts, int argc, char **argv, struct pl_err *e)
{
    struct cli_act a;
    int64_t yes = 0;
    (void)opts;
    (void)argc;
    int rc = parse_yes(argv[1], &yes, e);
    if (rc == 0 && yes == 0)
        rc = pl_fail(e, PL_E_USAGE, "yes or no?");
    if (rc == 0)
        rc = cli_act_open(c, argv[0], PL_ACT_ATTEND, &a, e);
    if (rc < 0)
        return rc;
    a.msg.value = yes > 0 ? PL_ATTENDANCE_ACCEPTED : PL_ATTENDANCE_DECLINED;
    return cli_act_send(&a, yes > 0 ? "accepted" : "declined", e);
}

const struct cli_verb verb_attend = {
    .opt = {"attend", "REVIEW yes|no", "say whether you come to the session", plain_opts,
            COUNT(plain_opts), 2, 2},
    .opt_size = sizeof(struct cli_common),
    .examples = "  plimsoll attend REV-1 yes\n",
    .run = run_attend,
};

static int run_rules(struct cli *c, void *opts, int argc, char **argv, struct pl_err *e)
{
    struct cli_act a;
    (void)opts;
    (void)argc;
    int rc = cli_act_open(c, argv[0], PL_ACT_RULES, &a, e);
    return rc < 0 ? rc : cli_act_send(&a, "you have accepted the ground rules", e);
}

const struct cli_verb verb_rule_accept = {
    .opt = {"rule accept", "REVIEW", "accept the ground rules of a review", plain_opts,
            COUNT(plain_opts), 1, 1},
    .opt_size = sizeof(struct cli_common),
    .examples = "  plimsoll rule list REV-1\n  plimsoll rule accept REV-1\n",
    .run = run_rules,
};

static int run_hand(struct cli *c, void *opts, int argc, char **argv, struct pl_err *e)
{
    struct cli_act a;
    int64_t up = 1;
    (void)opts;
    int rc = argc > 1 ? parse_yes(argv[1], &up, e) : 0;
    if (rc == 0)
        rc = cli_act_open(c, argv[0], PL_ACT_HAND, &a, e);
    if (rc < 0)
        return rc;
    a.msg.value = up > 0 ? 1 : 0;
    return cli_act_send(&a, up > 0 ? "your hand is up" : "your hand is down", e);
}

const struct cli_verb verb_hand = {
    .opt = {"hand", "REVIEW [up|down]", "raise or lower your hand", plain_opts, COUNT(plain_opts),
            1, 2},
    .opt_size = sizeof(struct cli_common),
    .examples = "  plimsoll hand REV-1\n  plimsoll hand REV-1 down\n",
    .run = run_hand,
};

static int run_involve(struct cli *c, void *opts, int argc, char **argv, struct pl_err *e)
{
    const struct cli_act_opts *o = opts;
    struct cli_act a;
    int64_t yes = 1;
    (void)argc;
    int rc = parse_yes(argv[2], &yes, e);
    if (rc == 0)
        rc = cli_act_open(c, argv[0], PL_ACT_INVOLVE, &a, e);
    if (rc == 0)
        rc = cli_act_user(&a, argv[1], e);
    if (rc < 0)
        return rc;
    a.msg.value = yes > 0 ? 1 : 0;
    a.msg.text = o->reason ? o->reason : "";
    return cli_act_send(&a, "noted", e);
}

const struct cli_verb verb_people_involved = {
    .opt = {"people involved", "REVIEW USER yes|no",
            "say who took part in the incident ('me' for yourself; 'no' needs --reason)",
            entry_opts, COUNT(entry_opts), 3, 3},
    .opt_size = sizeof(struct cli_act_opts),
    .examples = "  plimsoll people involved REV-1 me yes --reason 'I was on call'\n",
    .run = run_involve,
};

/* What a doubt holds up depends on where the review is. */
static const char *doubt_said(const struct cli_act *a)
{
    const struct pl_entry *root = pl_doc_root(review_doc(a->r));
    if (pl_entry_int(root, PL_F_REVIEW_STATUS, 0) == PL_STATUS_PREPARING)
        return "everyone sees it; the session cannot start before it is answered";
    return "everyone sees it; the facilitator is asked to answer";
}

/* said: NULL for a doubt. */
static int with_text(struct cli *c, int argc, char **argv, enum pl_act_no act, const char *said,
                     struct pl_err *e)
{
    struct cli_act a;
    char *text = cli_text(c, argc - 1, argv + 1, e);
    int rc = text ? cli_act_open(c, argv[0], act, &a, e) : -PL_E_TOO_LARGE;
    if (rc == 0) {
        a.msg.text = text;
        rc = cli_act_send(&a, said ? said : doubt_said(&a), e);
    }
    free(text);
    return rc;
}

static int run_challenge(struct cli *c, void *opts, int argc, char **argv, struct pl_err *e)
{
    (void)opts;
    return with_text(c, argc, argv, PL_ACT_CHALLENGE, NULL, e);
}

static int run_answer(struct cli *c, void *opts, int argc, char **argv, struct pl_err *e)
{
    (void)opts;
    return with_text(c, argc, argv, PL_ACT_ANSWER, "answered", e);
}

const struct cli_verb verb_challenge = {
    .opt = {"challenge", "REVIEW TEXT|-", "doubt that the facilitator is neutral, with the reason",
            plain_opts, COUNT(plain_opts), 2, -1},
    .opt_size = sizeof(struct cli_common),
    .examples = "  plimsoll challenge REV-1 'he owns the service that failed'\n",
    .run = run_challenge,
};
const struct cli_verb verb_answer = {
    .opt = {"answer", "REVIEW TEXT|-", "answer the doubt about neutrality", plain_opts,
            COUNT(plain_opts), 2, -1},
    .opt_size = sizeof(struct cli_common),
    .examples = "  plimsoll answer REV-1 'Cyd was on call then, and will not lead this one'\n",
    .run = run_answer,
};

static int run_agree(struct cli *c, void *opts, int argc, char **argv, struct pl_err *e)
{
    struct cli_act a;
    int64_t yes = 1;
    (void)opts;
    int rc = argc > 1 ? parse_yes(argv[1], &yes, e) : 0;
    if (rc == 0)
        rc = cli_act_open(c, argv[0], PL_ACT_AGREE, &a, e);
    if (rc == 0 && (!a.entry || pl_entry_kind(a.entry) != PL_KIND_CAUSE))
        rc = pl_fail(e, PL_E_USAGE, "which cause? write REV-1/F-3");
    if (rc < 0)
        return rc;
    a.msg.value = yes;
    return cli_act_send(&a, "noted", e);
}

const struct cli_verb verb_cause_agree = {
    .opt = {"cause agree", "REVIEW/F-n [yes|no|back]", "say whether you agree to a cause",
            plain_opts, COUNT(plain_opts), 1, 2},
    .opt_size = sizeof(struct cli_common),
    .examples = "  plimsoll cause agree REV-1/F-3\n  plimsoll cause agree REV-1/F-3 no\n",
    .run = run_agree,
};

/* --- waivers ------------------------------------------------------------------------------------
 */

static int run_waive(struct cli *c, void *opts, int argc, char **argv, struct pl_err *e)
{
    const struct cli_act_opts *o = opts;
    struct cli_act a;
    char *text = NULL;
    (void)argc;
    if (!o->reason || !o->reason[0])
        return pl_fail(e, PL_E_USAGE, "a waiver needs --reason; it stays visible on the review");
    int rc = cli_act_open(c, argv[0], PL_ACT_WAIVE, &a, e);
    if (rc == 0 && o->entry)
        rc = act_find(review_doc(a.r), o->entry, 0, &a.entry, e);
    if (rc < 0)
        return rc;
    if (asprintf(&text, "%s %s", argv[1], o->reason) < 0)
        return pl_fail(e, PL_E_NOMEM, "no memory");
    a.msg.entry = a.entry ? pl_entry_eid(a.entry) : PL_EID_ROOT;
    a.msg.text = text;
    rc = cli_act_send(&a, "waived", e);
    free(text);
    return rc;
}

const struct cli_verb verb_waive = {
    .opt = {"waive", "REVIEW CHECK", "waive a check with a reason", entry_opts, COUNT(entry_opts),
            2, 2},
    .opt_size = sizeof(struct cli_act_opts),
    .examples = "  plimsoll waive REV-1 T05 --reason 'nobody outside was hit'\n"
                "  plimsoll waive REV-1 T18 --entry E-9 --reason 'seen by two of us'\n",
    .run = run_waive,
};

static int run_unwaive(struct cli *c, void *opts, int argc, char **argv, struct pl_err *e)
{
    struct cli_act a;
    (void)opts;
    (void)argc;
    int rc = cli_act_open(c, argv[0], PL_ACT_UNWAIVE, &a, e);
    if (rc == 0 && !a.entry)
        rc = pl_fail(e, PL_E_USAGE, "which waiver? write REV-1/W-2");
    return rc < 0 ? rc : cli_act_send(&a, "the check counts again", e);
}

const struct cli_verb verb_unwaive = {
    .opt = {"unwaive", "REVIEW/W-n", "take a waiver back", plain_opts, COUNT(plain_opts), 1, 1},
    .opt_size = sizeof(struct cli_common),
    .examples = "  plimsoll unwaive REV-1/W-1\n",
    .run = run_unwaive,
};
