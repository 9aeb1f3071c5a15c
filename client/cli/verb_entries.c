// SPDX-License-Identifier: Apache-2.0
/*
 * The tables of timeline, observe, cause and actions: which options, which columns.
 */
#include "plimsoll/base/str.h"

#include "cli/cli_int.h"
#include "cli/verb_entry.h"

#define OPT(letter, name, field, arg, help)                                                  \
    {                                                                                        \
        letter, name, PL_OPT_STRING, offsetof(struct cli_entry_opts, field), arg, NULL, help \
    }
#define OPT_SET                                                                           \
    {                                                                                     \
        0, "set", PL_OPT_LIST, offsetof(struct cli_entry_opts, set), "FIELD=VALUE", NULL, \
            "any field by its name; 'none' clears; repeatable"                            \
    }
#define COUNT(a) (sizeof(a) / sizeof((a)[0]))

#define EVENT_OPTS                                                                       \
    OPT(0, "at", at, "TIME", "when it happened (RFC 3339, e.g. 2026-03-01T09:12:04Z)"),  \
        OPT(0, "happened", at, "TIME", "the same as --at"),                              \
        OPT(0, "known-at", known_at, "TIME", "when we came to know of it"),              \
        OPT(0, "known", known_at, "TIME", "the same as --known-at"),                     \
        OPT(0, "precision", precision, "P", "exact, about, about:5m, before, after"),    \
        OPT(0, "zone", zone, "ZONE",                                                     \
            "zone of the source; times without an offset are on its clocks"),            \
        OPT(0, "skew", skew, "TIME",                                                     \
            "how far the source's clock was ahead (+90s) or behind (-2m); a time given " \
            "with it is put right by it"),                                               \
        OPT(0, "lens", lane, "LENS",                                                     \
            "happened, detection, response, containment, recovery, decision, "           \
            "communication"),                                                            \
        OPT(0, "lane", lane, "LENS", "the same as --lens"),                              \
        OPT(0, "source", source, "TEXT", "where we know it from"),                       \
        OPT(0, "mark", mark, "MARK",                                                     \
            "impact_start, detected, triaged, contained, recovered; none clears"),       \
        {0,                                                                              \
         "move",                                                                         \
         PL_OPT_FLAG,                                                                    \
         offsetof(struct cli_entry_opts, move),                                          \
         NULL,                                                                           \
         NULL,                                                                           \
         "take the mark off the event that has it now"},                                 \
        {0,                                                                              \
         "also",                                                                         \
         PL_OPT_FLAG,                                                                    \
         offsetof(struct cli_entry_opts, also),                                          \
         NULL,                                                                           \
         NULL,                                                                           \
         "mark it although another event has the mark: the earlier one counts"},         \
        OPT(0, "actor", actor, "ROLE", "who or what acted; a role rather than a name")
#define BOARD_OPTS OPT(0, "col", col, "COLUMN", "well, not, surprise, luck")
#define CAUSE_OPTS                                                     \
    OPT(0, "branch", branch, "QUESTION", "why, undetected, slow"),     \
        OPT(0, "class", klass, "CLASS", "technical, process, people"), \
        OPT(0, "factor", factor, "FACTOR", "see 'plimsoll help words'")
#define ACTION_OPTS                                                                        \
    OPT(0, "control", control, "CONTROL", "prevention, detection, process"),               \
        OPT(0, "kind", kind, "KIND", "patching, monitoring, testing ... ('help fields')"), \
        OPT(0, "owner", owner, "USER", "who does it; 'me'"),                               \
        OPT(0, "due", due, "DATE", "day or time"),                                         \
        OPT(0, "priority", priority, "P", "critical, high, medium"),                       \
        OPT(0, "finish", finish, "TEXT", "how anyone can see that it is finished")

#define SORT_OPT OPT(0, "sort", sort, "-votes", "the most dots first, once a vote is counted")

static const struct pl_opt event_opts[] = {CLI_COMMON, EVENT_OPTS, OPT_SET};
static const struct pl_opt board_list_opts[] = {
    CLI_COMMON, OPT(0, "col", col, "COLUMN", "only this column"), SORT_OPT};
static const struct pl_opt board_opts[] = {CLI_COMMON, BOARD_OPTS, OPT_SET};
static const struct pl_opt cause_list_opts[] = {
    CLI_COMMON, OPT(0, "branch", branch, "QUESTION", "only this question: why, undetected, slow"),
    OPT(0, "class", klass, "CLASS", "only this class: technical, process, people"),
    OPT(0, "factor", factor, "FACTOR", "only this factor"), SORT_OPT};
static const struct pl_opt plain_list_opts[] = {CLI_COMMON};
static const struct pl_opt board_add_opts[] = {
    CLI_COMMON,
    BOARD_OPTS,
    OPT_SET,
    {0, "anonymous", PL_OPT_FLAG, offsetof(struct cli_entry_opts, anonymous), NULL, NULL,
     "keep it on this machine until cards are collected; nobody's name stands on it"}};
static const struct pl_opt cause_opts[] = {
    CLI_COMMON, CAUSE_OPTS,
    OPT(0, "parent", parent, "F-4", "the cause that it explains; 'none': it stands alone"),
    OPT_SET};
static const struct pl_opt action_opts[] = {CLI_COMMON, ACTION_OPTS, OPT_SET};
static const struct pl_opt set_opts[] = {CLI_COMMON, OPT_SET};
static const struct pl_opt rm_opts[] = {CLI_COMMON,
                                        {0, "restore", PL_OPT_FLAG,
                                         offsetof(struct cli_entry_opts, restore), NULL, NULL,
                                         "bring it back instead"}};

static const char *const event_heads[] = {"ID",   "HAPPENED", "KNOWN", "PRECISION", "LENS",
                                          "MARK", "SOURCE",   "TEXT",  "REVIEW"};
static const char *const board_heads[] = {"ID", "COLUMN", "VOTES", "TEXT", "REVIEW"};
static const char *const account_heads[] = {"ID", "AUTHOR", "TEXT", "REVIEW"};
static const char *const cause_heads[] = {"ID",    "QUESTION", "CLASS", "FACTOR",
                                          "VOTES", "TEXT",     "REVIEW"};
static const char *const action_heads[] = {"ID",  "PRIORITY", "STATE", "OWNER",
                                           "DUE", "TEXT",     "REVIEW"};

static const char *const rule_heads[] = {"ID", "TEXT", "REVIEW"};
static const char *const agenda_heads[] = {"ID", "STAGE", "MINUTES", "TEXT", "REVIEW"};

static const struct cli_entry_kind kinds[] = {
    {PL_KIND_EVENT,
     "timeline",
     {"happened_at", "known_at", "precision", "lens", "marker", "source"},
     event_heads,
     9},
    {PL_KIND_OBSERVATION, "observe", {"kind", "votes"}, board_heads, 5},
    {PL_KIND_ACCOUNT, "account", {"author"}, account_heads, 4},
    {PL_KIND_CAUSE, "cause", {"question", "class", "factor", "votes"}, cause_heads, 7},
    {PL_KIND_ACTION, "actions", {"priority", "state", "owner", "due"}, action_heads, 7},
    {PL_KIND_RULE, "rule", {NULL}, rule_heads, 3},
    {PL_KIND_AGENDA, "agenda", {"stage", "minutes"}, agenda_heads, 5},
};

const struct cli_entry_kind *cli_entry_kind(uint32_t kind)
{
    for (size_t i = 0; i < COUNT(kinds); i++)
        if (kinds[i].kind == kind)
            return &kinds[i];
    PL_BUG("no table for this kind");
}

#define VERB_LIST(ident, words_, kind_, opts_, text, ex)                                     \
    static int run_##ident##_list(struct cli *c, void *o, int n, char **a, struct pl_err *e) \
    {                                                                                        \
        return cli_entry_list(c, o, n, a, kind_, e);                                         \
    }                                                                                        \
    const struct cli_verb verb_##ident##_list = {                                            \
        .opt = {words_ " list", "[REVIEW...]", text, opts_, COUNT(opts_), 0, -1},            \
        .opt_size = sizeof(struct cli_entry_opts),                                           \
        .examples = (ex),                                                                    \
        .fields = "review",                                                                  \
        .fields_kind = (kind_),                                                              \
        .run = run_##ident##_list}
#define VERB_ADD(ident, words_, kind_, opts_, text, ex)                                     \
    static int run_##ident##_add(struct cli *c, void *o, int n, char **a, struct pl_err *e) \
    {                                                                                       \
        return cli_entry_add(c, o, n, a, kind_, e);                                         \
    }                                                                                       \
    const struct cli_verb verb_##ident##_add = {                                            \
        .opt = {words_ " add", "REVIEW TEXT|-", text, opts_, COUNT(opts_), 1, -1},          \
        .opt_size = sizeof(struct cli_entry_opts),                                          \
        .examples = (ex),                                                                   \
        .fields = "review",                                                                 \
        .fields_kind = (kind_),                                                             \
        .run = run_##ident##_add}
#define VERB_EDIT(ident, words_, kind_, opts_, text, ex)                                     \
    static int run_##ident##_edit(struct cli *c, void *o, int n, char **a, struct pl_err *e) \
    {                                                                                        \
        return cli_entry_edit(c, o, n, a, kind_, e);                                         \
    }                                                                                        \
    const struct cli_verb verb_##ident##_edit = {                                            \
        .opt = {words_ " edit", "REVIEW ID [TEXT|-]", text, opts_, COUNT(opts_), 1, -1},     \
        .opt_size = sizeof(struct cli_entry_opts),                                           \
        .examples = (ex),                                                                    \
        .fields = "review",                                                                  \
        .fields_kind = (kind_),                                                              \
        .run = run_##ident##_edit}
#define VERB_RM(ident, words_, kind_, id_, text)                                           \
    static int run_##ident##_rm(struct cli *c, void *o, int n, char **a, struct pl_err *e) \
    {                                                                                      \
        return cli_entry_rm(c, o, n, a, kind_, e);                                         \
    }                                                                                      \
    const struct cli_verb verb_##ident##_rm = {                                            \
        .opt = {words_ " rm", "REVIEW ID", text, rm_opts, COUNT(rm_opts), 1, 2},           \
        .opt_size = sizeof(struct cli_entry_opts),                                         \
        .examples = "  plimsoll " words_ " rm REV-1 " id_ "\n",                            \
        .fields_kind = (kind_),                                                            \
        .run = run_##ident##_rm}

VERB_ADD(timeline, "timeline", PL_KIND_EVENT, event_opts, "add an event",
         "  plimsoll timeline add REV-1 --at 2026-03-01T09:12:04Z --lens detection \\\n"
         "      --mark detected 'alert \"5xx > 2 %\" fired, queue low'\n"
         "  plimsoll timeline add REV-1 --at '2026-03-01 10:12' --zone Europe/Berlin \\\n"
         "      --skew +90s --precision about:5m --source 'pager log' 'first page'\n");
VERB_EDIT(timeline, "timeline", PL_KIND_EVENT, event_opts, "change an event",
          "  plimsoll timeline edit REV-1 E-9 --mark none\n"
          "  plimsoll timeline edit REV-1 E-9 --mark detected --move\n");
VERB_RM(timeline, "timeline", PL_KIND_EVENT, "E-9", "remove an event (--restore brings it back)");
VERB_LIST(observe, "observe", PL_KIND_OBSERVATION, board_list_opts, "the board",
          "  plimsoll observe list REV-1 --col not\n");
VERB_ADD(observe, "observe", PL_KIND_OBSERVATION, board_add_opts,
         "add a card; from standard input (-), one a line (all of it is one card with "
         "--anonymous). "
         "While observations are sealed it goes into your private draft",
         "  plimsoll observe add REV-1 --col well 'flag kill switch worked in 40 s'\n"
         "  plimsoll observe add REV-1 --anonymous --col not 'we were afraid to ask'\n");
VERB_EDIT(observe, "observe", PL_KIND_OBSERVATION, board_opts, "change a card",
          "  plimsoll observe edit REV-1 O-14 --col surprise\n");
VERB_RM(observe, "observe", PL_KIND_OBSERVATION, "O-14",
        "remove a card (--restore brings it back)");
VERB_LIST(account, "account", PL_KIND_ACCOUNT, cause_list_opts,
          "responders' own accounts; while they are sealed, yours",
          "  plimsoll account list REV-1\n");
VERB_ADD(account, "account", PL_KIND_ACCOUNT, set_opts,
         "write your own account; while accounts are sealed it goes into your private draft",
         "  plimsoll account add REV-1 'At 9:12 I saw the alert and thought of the cache.'\n"
         "  plimsoll account add REV-1 - < account.txt\n");
VERB_EDIT(account, "account", PL_KIND_ACCOUNT, set_opts, "change your account",
          "  plimsoll account edit REV-1 K-2 - < account.txt\n"
          "  plimsoll account edit REV-9/K-1 'in the private draft REV-9'\n");
VERB_RM(account, "account", PL_KIND_ACCOUNT, "K-2", "remove an account (--restore brings it back)");
VERB_LIST(cause, "cause", PL_KIND_CAUSE, cause_list_opts, "contributing factors",
          "  plimsoll cause list REV-1\n");
VERB_ADD(cause, "cause", PL_KIND_CAUSE, cause_opts, "add a contributing factor",
         "  plimsoll cause add REV-1 --branch undetected --class process --parent F-3 \\\n"
         "      'no owner for alert rules after a reorganisation'\n");
VERB_EDIT(cause, "cause", PL_KIND_CAUSE, cause_opts, "change a contributing factor",
          "  plimsoll cause edit REV-1 F-3 --class technical\n");
VERB_RM(cause, "cause", PL_KIND_CAUSE, "F-3", "remove a cause (--restore brings it back)");
VERB_ADD(actions, "actions", PL_KIND_ACTION, action_opts, "propose an action",
         "  plimsoll actions add REV-1 --control detection --owner me --due 2026-12-01 \\\n"
         "      'alert on replica lag above 30 s'\n");
VERB_EDIT(actions, "actions", PL_KIND_ACTION, action_opts, "change an action",
          "  plimsoll actions edit REV-1 A-121 --due 2026-12-01\n");
VERB_RM(actions, "actions", PL_KIND_ACTION, "A-121", "remove an action (--restore brings it back)");
VERB_LIST(rule, "rule", PL_KIND_RULE, plain_list_opts, "ground rules of the session",
          "  plimsoll rule list REV-1\n");
VERB_ADD(rule, "rule", PL_KIND_RULE, set_opts,
         "add a ground rule; from standard input (-), one a line",
         "  plimsoll rule add REV-1 'We ask what made sense at the time.'\n");
VERB_RM(rule, "rule", PL_KIND_RULE, "R-2", "remove a ground rule (--restore brings it back)");
VERB_LIST(agenda, "agenda", PL_KIND_AGENDA, plain_list_opts, "the agenda of the session",
          "  plimsoll agenda list REV-1\n");
VERB_ADD(agenda, "agenda", PL_KIND_AGENDA, set_opts,
         "add an item to the agenda; from standard input (-), one a line",
         "  plimsoll agenda add REV-1 --set stage=timeline --set minutes=20 'walk the line'\n");
VERB_RM(agenda, "agenda", PL_KIND_AGENDA, "G-2", "remove an item of the agenda");
VERB_RM(comment, "comment", PL_KIND_COMMENT, "C-5", "remove a comment (--restore brings it back)");
