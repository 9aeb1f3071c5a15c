// SPDX-License-Identifier: Apache-2.0
/*
 * Conducting a session: status, stage, timer, locks, focus, lead. Each verb fills one command and
 * sends it; what it may and whether a gate is open is the server's to say.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "plimsoll/base/str.h"
#include "plimsoll/doc/rules.h"
#include "plimsoll/doc/timer.h"

#include "cli/cli_int.h"
#include "cli/verb_act.h"

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))
#define OPT_REASON                                                                       \
    {                                                                                    \
        0, "reason", PL_OPT_STRING, offsetof(struct cli_act_opts, reason), "TEXT", NULL, \
            "why; it stands in the review for good"                                      \
    }

static const struct pl_opt plain_opts[] = {CLI_COMMON};
static const struct pl_opt reason_opts[] = {CLI_COMMON, OPT_REASON};

static int64_t root_int(const struct cli_act *a, uint32_t field)
{
    return pl_entry_int(pl_doc_root(review_doc(a->r)), field, 0);
}

/* --- status -------------------------------------------------------------------------------------
 */

static int move_status(struct cli_act *a, int64_t to, const char *reason, struct pl_err *e)
{
    char said[80];
    a->msg.value = to;
    a->msg.expect = root_int(a, PL_F_REVIEW_STATUS);
    a->msg.text = reason ? reason : "";
    if (to == PL_STATUS_CLOSED)
        (void)snprintf(said, sizeof(said),
                       "closing asked for; a second participant confirms it with 'close'");
    else
        (void)snprintf(said, sizeof(said), "the review is %s now", pl_enum_name(PL_EN_STATUS, to));
    return cli_act_send(a, said, e);
}

static int run_status(struct cli *c, void *opts, int argc, char **argv, struct pl_err *e)
{
    const struct cli_act_opts *o = opts;
    struct cli_act a;
    int64_t to = argc > 1 ? cli_word(PL_EN_STATUS, argv[1]) : 0;
    if (argc > 1 && to == 0)
        return pl_fail(e, PL_E_USAGE,
                       "'%s' is not a status: preparing, in_session, tracking, closed", argv[1]);
    int rc = cli_act_open(c, argv[0], PL_ACT_STATUS, &a, e);
    if (rc < 0)
        return rc;
    if (to != 0)
        return move_status(&a, to, o->reason, e);
    const struct pl_entry *root = pl_doc_root(review_doc(a.r));
    const char *status = pl_enum_name(PL_EN_STATUS, pl_entry_int(root, PL_F_REVIEW_STATUS, 0));
    const char *stage = pl_enum_name(PL_EN_STAGE, pl_entry_int(root, PL_F_REVIEW_STAGE, 0));
    json_t *j = cli_envelope(c, "status", pl_doc_rev(review_doc(a.r)));
    (void)json_object_set_new(j, "status", json_string(status ? status : ""));
    (void)json_object_set_new(j, "stage", json_string(stage ? stage : ""));
    struct pl_timer t;
    char words[PL_TIMER_WORDS];
    pl_timer_at(review_doc(a.r), client_server_us(c->client), &t);
    pl_timer_words(&t, words);
    if (t.state != PL_TIMER_OFF)
        (void)json_object_set_new(j, "timer",
                                  json_pack("{s:s, s:I, s:I}", "state", pl_timer_name(t.state),
                                            "left_s", (json_int_t)(t.left_us / 1000000), "total_s",
                                            (json_int_t)(t.total_us / 1000000)));
    if (!cli_json(c, j))
        cli_print(c, "%s\t%s%s%s\n", status ? status : "", stage ? stage : "",
                  words[0] != '\0' ? "\t" : "", words);
    return 0;
}

const struct cli_verb verb_status = {
    .opt = {"status", "REVIEW [STATUS]", "where a review is, or move it on or back", reason_opts,
            COUNT(reason_opts), 1, 2},
    .opt_size = sizeof(struct cli_act_opts),
    .examples = "  plimsoll status REV-1\n  plimsoll status REV-1 tracking\n"
                "  plimsoll status REV-1 in_session --reason 'a cause was missed'\n",
    .run = run_status,
};

static int run_close(struct cli *c, void *opts, int argc, char **argv, struct pl_err *e)
{
    const struct cli_act_opts *o = opts;
    struct cli_act a;
    (void)argc;
    int rc = cli_act_open(c, argv[0], PL_ACT_CLOSE, &a, e);
    if (rc < 0)
        return rc;
    a.msg.value = o->reason ? 0 : 1;
    a.msg.text = o->reason ? o->reason : "";
    return cli_act_send(&a, o->reason ? "the closing is declined" : "the review is closed", e);
}

const struct cli_verb verb_close = {
    .opt = {"close", "REVIEW",
            "confirm, as the second person, a closing that was asked for (with --reason: decline)",
            reason_opts, COUNT(reason_opts), 1, 1},
    .opt_size = sizeof(struct cli_act_opts),
    .examples = "  plimsoll status REV-1 closed     # the facilitator asks\n"
                "  plimsoll close REV-1             # somebody else confirms\n",
    .run = run_close,
};

static int run_visibility(struct cli *c, void *opts, int argc, char **argv, struct pl_err *e)
{
    struct cli_act a;
    (void)opts;
    (void)argc;
    int64_t to = cli_word(PL_EN_VISIBILITY, argv[1]);
    if (to == 0)
        return pl_fail(e, PL_E_USAGE, "'%s' is neither participants nor organisation", argv[1]);
    int rc = cli_act_open(c, argv[0], PL_ACT_VISIBILITY, &a, e);
    if (rc < 0)
        return rc;
    a.msg.value = to;
    return cli_act_send(&a, "done", e);
}

const struct cli_verb verb_visibility = {
    .opt = {"visibility", "REVIEW participants|organisation", "who may read a review", plain_opts,
            COUNT(plain_opts), 2, 2},
    .opt_size = sizeof(struct cli_common),
    .examples = "  plimsoll visibility REV-1 organisation\n",
    .run = run_visibility,
};

static int run_start(struct cli *c, void *opts, int argc, char **argv, struct pl_err *e)
{
    struct cli_act a;
    (void)opts;
    (void)argc;
    int rc = cli_act_open(c, argv[0], PL_ACT_STATUS, &a, e);
    return rc < 0 ? rc : move_status(&a, PL_STATUS_IN_SESSION, NULL, e);
}

const struct cli_verb verb_session_start = {
    .opt = {"session start", "REVIEW", "open the session (status in_session)", plain_opts,
            COUNT(plain_opts), 1, 1},
    .opt_size = sizeof(struct cli_common),
    .examples = "  plimsoll session start REV-1\n",
    .run = run_start,
};

static int run_end(struct cli *c, void *opts, int argc, char **argv, struct pl_err *e)
{
    struct cli_act a;
    (void)opts;
    (void)argc;
    int rc = cli_act_open(c, argv[0], PL_ACT_STATUS, &a, e);
    return rc < 0 ? rc : move_status(&a, PL_STATUS_TRACKING, NULL, e);
}

const struct cli_verb verb_session_end = {
    .opt = {"session end", "REVIEW", "end the session: the actions are tracked from now on",
            plain_opts, COUNT(plain_opts), 1, 1},
    .opt_size = sizeof(struct cli_common),
    .examples = "  plimsoll session end REV-1\n",
    .run = run_end,
};

/* --- stage and timer ----------------------------------------------------------------------------
 */

static int move_stage(struct cli_act *a, int64_t to, struct pl_err *e)
{
    char said[64];
    a->msg.value = to;
    a->msg.expect = root_int(a, PL_F_REVIEW_STAGE);
    (void)snprintf(said, sizeof(said), "stage: %s", pl_enum_name(PL_EN_STAGE, to));
    return cli_act_send(a, said, e);
}

static int run_stage(struct cli *c, void *opts, int argc, char **argv, struct pl_err *e)
{
    struct cli_act a;
    (void)opts;
    (void)argc;
    int64_t to = cli_word(PL_EN_STAGE, argv[1]);
    if (to == 0)
        return pl_fail(e, PL_E_USAGE,
                       "'%s' is not a stage: prepare, timeline, analyse, causes, actions, track, "
                       "share",
                       argv[1]);
    int rc = cli_act_open(c, argv[0], PL_ACT_STAGE, &a, e);
    return rc < 0 ? rc : move_stage(&a, to, e);
}

const struct cli_verb verb_session_stage = {
    .opt = {"session stage", "REVIEW STAGE", "move the session to a stage, in any order",
            plain_opts, COUNT(plain_opts), 2, 2},
    .opt_size = sizeof(struct cli_common),
    .examples = "  plimsoll session stage REV-1 causes\n",
    .run = run_stage,
};

static int run_next(struct cli *c, void *opts, int argc, char **argv, struct pl_err *e)
{
    struct cli_act a;
    (void)opts;
    (void)argc;
    int rc = cli_act_open(c, argv[0], PL_ACT_STAGE, &a, e);
    if (rc < 0)
        return rc;
    int64_t now = root_int(&a, PL_F_REVIEW_STAGE);
    if (now >= PL_STAGE_SHARE)
        return pl_fail(e, PL_E_USAGE, "share is the last stage; go to any with 'session stage'");
    return move_stage(&a, now + 1, e);
}

const struct cli_verb verb_session_next = {
    .opt = {"session next", "REVIEW", "move the session to the next stage", plain_opts,
            COUNT(plain_opts), 1, 1},
    .opt_size = sizeof(struct cli_common),
    .examples = "  plimsoll session next REV-1\n",
    .run = run_next,
};

static int run_timer(struct cli *c, void *opts, int argc, char **argv, struct pl_err *e)
{
    struct cli_act a;
    int64_t minutes = 0;
    (void)opts;
    (void)argc;
    bool is_more = argv[1][0] == '+';
    bool is_stop = pl_str_eq(argv[1], "stop");
    int rc = is_stop ? 0 : cli_act_minutes(argv[1] + (is_more ? 1 : 0), "the timer", &minutes, e);
    if (rc == 0)
        rc = cli_act_open(c, argv[0], is_more ? PL_ACT_EXTEND : PL_ACT_TIMER, &a, e);
    if (rc < 0)
        return rc;
    a.msg.value = minutes;
    return cli_act_send(&a,
                        is_stop   ? "timer stopped"
                        : is_more ? "timer extended"
                                  : "timer started",
                        e);
}

const struct cli_verb verb_session_timer = {
    .opt = {"session timer", "REVIEW MINUTES|+MINUTES|stop",
            "start, extend or stop the timer of the stage; the server's clock counts", plain_opts,
            COUNT(plain_opts), 2, 2},
    .opt_size = sizeof(struct cli_common),
    .examples = "  plimsoll session timer REV-1 15m\n  plimsoll session timer REV-1 +5m\n",
    .run = run_timer,
};

/* --- locks, focus -------------------------------------------------------------------------------
 */

/* A section as people name it: "events" and "timeline" are the section of events. NULL says in *e
 * which there are. */
static const char *section_word(const char *s, struct pl_err *e)
{
    static const struct {
        const char *word, *name;
    } others[] = {{"timeline", "event"},
                  {"factor", "cause"},
                  {"entries", "event"},
                  {"observe", "observation"}};
    char all[160] = "";
    const struct pl_kind_info *k = NULL;
    size_t n = strlen(s);
    n -= n > 1 && s[n - 1] == 's';
    for (size_t i = 0; i < COUNT(others); i++) {
        if (pl_str_eq(s, others[i].word) ||
            (strlen(others[i].word) == n && strncmp(s, others[i].word, n) == 0))
            return others[i].name;
    }
    for (uint32_t kind = 1; (k = pl_kind_info(kind)); kind++) {
        if (pl_rules_section(kind) != kind)
            continue;
        if (pl_str_eq(s, k->name) || (strlen(k->name) == n && strncmp(s, k->name, n) == 0))
            return k->name;
        (void)pl_strlcat(all, all[0] ? ", " : "", sizeof(all));
        (void)pl_strlcat(all, k->name, sizeof(all));
    }
    (void)pl_fail(e, PL_E_USAGE, "'%.40s' is not a section; there are %s", s, all);
    return NULL;
}

static int lock(struct cli *c, char **argv, int64_t on, struct pl_err *e)
{
    struct cli_act a;
    const char *section = section_word(argv[1], e);
    if (!section)
        return -PL_E_USAGE;
    int rc = cli_act_open(c, argv[0], PL_ACT_LOCK, &a, e);
    if (rc < 0)
        return rc;
    a.msg.text = section;
    a.msg.value = on;
    return cli_act_send(&a, on ? "locked" : "unlocked", e);
}

static int run_lock(struct cli *c, void *opts, int argc, char **argv, struct pl_err *e)
{
    (void)opts;
    (void)argc;
    return lock(c, argv, 1, e);
}

static int run_unlock(struct cli *c, void *opts, int argc, char **argv, struct pl_err *e)
{
    (void)opts;
    (void)argc;
    return lock(c, argv, 0, e);
}

const struct cli_verb verb_session_lock = {
    .opt = {"session lock", "REVIEW SECTION",
            "lock a section (event, observation, cause, action ...) for all but facilitators",
            plain_opts, COUNT(plain_opts), 2, 2},
    .opt_size = sizeof(struct cli_common),
    .examples = "  plimsoll session lock REV-1 event\n",
    .run = run_lock,
};
const struct cli_verb verb_session_unlock = {
    .opt = {"session unlock", "REVIEW SECTION", "unlock a section", plain_opts, COUNT(plain_opts),
            2, 2},
    .opt_size = sizeof(struct cli_common),
    .examples = "  plimsoll session unlock REV-1 event\n",
    .run = run_unlock,
};

static int run_focus(struct cli *c, void *opts, int argc, char **argv, struct pl_err *e)
{
    struct cli_act a;
    (void)opts;
    int64_t stage = argc > 1 ? cli_word(PL_EN_STAGE, argv[1]) : 0;
    if (argc > 1 && stage == 0)
        return pl_fail(e, PL_E_USAGE, "'%s' is not a stage", argv[1]);
    int rc = cli_act_open(c, argv[0], PL_ACT_FOCUS, &a, e);
    if (rc < 0)
        return rc;
    a.msg.value = stage != 0 ? stage : root_int(&a, PL_F_REVIEW_STAGE);
    return cli_act_send(&a, "everyone is asked there; nobody who is typing is moved", e);
}

const struct cli_verb verb_session_focus = {
    .opt = {"session focus", "REVIEW[/ENTRY] [STAGE]", "ask everyone to a place", plain_opts,
            COUNT(plain_opts), 1, 2},
    .opt_size = sizeof(struct cli_common),
    .examples = "  plimsoll session focus REV-1/E-9 timeline\n",
    .run = run_focus,
};

/* --- lead and hands -----------------------------------------------------------------------------
 */

static int with_user(struct cli *c, char **argv, enum pl_act_no act, const char *said,
                     struct pl_err *e)
{
    struct cli_act a;
    int rc = cli_act_open(c, argv[0], act, &a, e);
    if (rc == 0)
        rc = cli_act_user(&a, argv[1], e);
    return rc < 0 ? rc : cli_act_send(&a, said, e);
}

static int run_lead(struct cli *c, void *opts, int argc, char **argv, struct pl_err *e)
{
    struct cli_act a;
    (void)opts;
    if (argc > 1)
        return with_user(c, argv, PL_ACT_OFFER_LEAD, "the lead is offered; 'session lead' takes it",
                         e);
    int rc = cli_act_open(c, argv[0], PL_ACT_TAKE_LEAD, &a, e);
    return rc < 0 ? rc : cli_act_send(&a, "you have the lead", e);
}

const struct cli_verb verb_session_lead = {
    .opt = {"session lead", "REVIEW [USER]",
            "offer the lead to another facilitator, or take it yourself", plain_opts,
            COUNT(plain_opts), 1, 2},
    .opt_size = sizeof(struct cli_common),
    .examples = "  plimsoll session lead REV-1 ben   # offer\n  plimsoll session lead REV-1\n",
    .run = run_lead,
};

static int run_call(struct cli *c, void *opts, int argc, char **argv, struct pl_err *e)
{
    (void)opts;
    (void)argc;
    return with_user(c, argv, PL_ACT_CALL, "called", e);
}

const struct cli_verb verb_session_call = {
    .opt = {"session call", "REVIEW USER", "call on somebody whose hand is raised", plain_opts,
            COUNT(plain_opts), 2, 2},
    .opt_size = sizeof(struct cli_common),
    .examples = "  plimsoll session call REV-1 ben\n",
    .run = run_call,
};

static int run_pack(struct cli *c, void *opts, int argc, char **argv, struct pl_err *e)
{
    struct cli_act a;
    (void)opts;
    (void)argc;
    int rc = cli_act_open(c, argv[0], PL_ACT_PACK, &a, e);
    return rc < 0 ? rc : cli_act_send(&a, "noted: the materials were sent", e);
}

const struct cli_verb verb_session_pack = {
    .opt = {"session pack", "REVIEW", "note that the materials were sent to everyone", plain_opts,
            COUNT(plain_opts), 1, 1},
    .opt_size = sizeof(struct cli_common),
    .examples = "  plimsoll session pack REV-1\n",
    .run = run_pack,
};
