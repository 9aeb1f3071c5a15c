// SPDX-License-Identifier: Apache-2.0
/*
 * The life of an action: committed, accepted, begun, done with evidence, verified by somebody else,
 * judged weeks later. Evidence is an entry like any other; the rest are commands.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "plimsoll/base/mem.h"
#include "plimsoll/base/str.h"
#include "plimsoll/base/time.h"

#include "cli/cli_int.h"
#include "cli/file_step.h"
#include "cli/verb_act.h"
#include "cli/verb_entry.h"

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))

struct work_opts {
    struct cli_common common;
    const char *reason, *kind, *result, *value, *follow_up, *note, *file;
    bool reject;
};

#define OPT_TEXT(name, field, arg, help)                                           \
    {                                                                              \
        0, name, PL_OPT_STRING, offsetof(struct work_opts, field), arg, NULL, help \
    }

static const struct pl_opt plain_opts[] = {CLI_COMMON};
static const struct pl_opt reason_opts[] = {
    CLI_COMMON, OPT_TEXT("reason", reason, "TEXT", "why; it stands in the action for good")};
static const struct pl_opt verify_opts[] = {CLI_COMMON,
                                            {0, "reject", PL_OPT_FLAG,
                                             offsetof(struct work_opts, reject), NULL, NULL,
                                             "it is not done: send it back, with --reason"},
                                            OPT_TEXT("reason", reason, "TEXT", "what is missing")};
static const struct pl_opt effect_opts[] = {
    CLI_COMMON,
    OPT_TEXT("result", result, "RESULT", "effective, partly_effective, not_effective, cannot_tell"),
    OPT_TEXT("value", value, "NUMBER", "what was measured, in the unit of the measure"),
    OPT_TEXT("note", note, "TEXT", "what was seen"),
    OPT_TEXT("follow-up", follow_up, "A-n", "the action that follows, for not_effective")};
static const struct pl_opt proof_opts[] = {
    CLI_COMMON,
    OPT_TEXT("kind", kind, "KIND", "change, ticket, document, test, metric, link, file, other"),
    OPT_TEXT("file", file, "FILE", "a file that is the evidence, or goes with it"),
    OPT_TEXT("note", note, "TEXT", "what it shows")};

static int open_action(struct cli *c, const char *id, enum pl_act_no act, struct cli_act *a,
                       struct pl_err *e)
{
    int rc = cli_act_open(c, id, act, a, e);
    if (rc == 0 && (!a->entry || pl_entry_kind(a->entry) != PL_KIND_ACTION))
        rc = pl_fail(e, PL_E_USAGE, "'%s' is not an action; write A-121 or REV-1/A-121", id);
    return rc;
}

static int simple(struct cli *c, const char *id, enum pl_act_no act, const char *reason,
                  const char *said, struct pl_err *e)
{
    struct cli_act a;
    int rc = open_action(c, id, act, &a, e);
    if (rc < 0)
        return rc;
    int64_t due = pl_entry_int(a.entry, PL_F_ACTION_DUE, 0);
    a.msg.text = reason ? reason : "";
    rc = cli_act_send(&a, said, e);
    if (rc == 0 && act == PL_ACT_COMMIT && due != 0 && due < pl_now_us())
        cli_warn(c, "%s is due in the past: is the date right?", id);
    return rc;
}

static int run_commit(struct cli *c, void *opts, int argc, char **argv, struct pl_err *e)
{
    (void)opts;
    (void)argc;
    return simple(c, argv[0], PL_ACT_COMMIT, NULL,
                  "committed; the owner accepts it with "
                  "'actions accept'",
                  e);
}

static int run_accept(struct cli *c, void *opts, int argc, char **argv, struct pl_err *e)
{
    (void)opts;
    (void)argc;
    return simple(c, argv[0], PL_ACT_ACCEPT, NULL, "it is yours", e);
}

static int run_begin(struct cli *c, void *opts, int argc, char **argv, struct pl_err *e)
{
    (void)opts;
    (void)argc;
    return simple(c, argv[0], PL_ACT_START, NULL, "in progress", e);
}

static int run_done(struct cli *c, void *opts, int argc, char **argv, struct pl_err *e)
{
    (void)opts;
    (void)argc;
    return simple(c, argv[0], PL_ACT_DONE, NULL, "done; somebody else verifies it", e);
}

static int run_drop(struct cli *c, void *opts, int argc, char **argv, struct pl_err *e)
{
    const struct work_opts *o = opts;
    (void)argc;
    if (!o->reason || !o->reason[0])
        return pl_fail(e, PL_E_USAGE, "dropping an action needs --reason");
    return simple(c, argv[0], PL_ACT_DROP, o->reason, "dropped", e);
}

static int run_reopen(struct cli *c, void *opts, int argc, char **argv, struct pl_err *e)
{
    const struct work_opts *o = opts;
    (void)argc;
    if (!o->reason || !o->reason[0])
        return pl_fail(e, PL_E_USAGE, "opening an action again needs --reason");
    return simple(c, argv[0], PL_ACT_REOPEN, o->reason, "committed again", e);
}

#define VERB(ident, name, args, text, options, type, sample, fn)  \
    const struct cli_verb ident = {                               \
        .opt = {name, args, text, options, COUNT(options), 1, 1}, \
        .opt_size = sizeof(type),                                 \
        .examples = (sample),                                     \
        .run = (fn),                                              \
    }

VERB(verb_actions_commit, "actions commit", "A-n",
     "make an idea a commitment: needs owner, due, finish test, and a tracker key or why not",
     plain_opts, struct cli_common, "  plimsoll actions commit A-121\n", run_commit);
VERB(verb_actions_accept, "actions accept", "A-n", "take an action on, as its owner", plain_opts,
     struct cli_common, "  plimsoll actions accept A-121\n", run_accept);
VERB(verb_actions_begin, "actions start", "A-n", "begin an action, as its owner", plain_opts,
     struct cli_common, "  plimsoll actions start A-121\n", run_begin);
VERB(verb_actions_done, "actions done", "A-n", "mark an action done: needs evidence", plain_opts,
     struct cli_common,
     "  plimsoll actions proof A-121 CHG-88 --kind change\n"
     "  plimsoll actions done A-121\n",
     run_done);
VERB(verb_actions_drop, "actions drop", "A-n", "drop an action, with the reason", reason_opts,
     struct work_opts, "  plimsoll actions drop A-121 --reason 'the service is retired'\n",
     run_drop);
VERB(verb_actions_reopen, "actions reopen", "A-n", "open an action again, with the reason",
     reason_opts, struct work_opts,
     "  plimsoll actions reopen A-121 --reason 'the test was wrong'\n", run_reopen);

static int run_verify(struct cli *c, void *opts, int argc, char **argv, struct pl_err *e)
{
    const struct work_opts *o = opts;
    struct cli_act a;
    (void)argc;
    if (o->reject && (!o->reason || !o->reason[0]))
        return pl_fail(e, PL_E_USAGE, "--reject needs --reason: what is missing?");
    int rc = open_action(c, argv[0], PL_ACT_VERIFY, &a, e);
    if (rc < 0)
        return rc;
    a.msg.value = o->reject ? 0 : 1;
    a.msg.text = o->reason ? o->reason : "";
    return cli_act_send(&a, o->reject ? "sent back to its owner" : "verified", e);
}

VERB(verb_actions_verify, "actions verify", "A-n",
     "verify that an action is done, as somebody other than its owner", verify_opts,
     struct work_opts,
     "  plimsoll actions verify A-121\n"
     "  plimsoll actions verify A-121 --reject --reason 'the alert has no owner'\n",
     run_verify);

static int effect_text(const struct work_opts *o, char *out, size_t size, struct pl_err *e)
{
    int n = snprintf(out, size, "%s%s%s", o->value ? o->value : "", o->value && o->note ? " " : "",
                     o->note ? o->note : "");
    return n >= 0 && (size_t)n < size ? 0 : pl_fail(e, PL_E_LIMIT, "the note is too long");
}

static int run_effect(struct cli *c, void *opts, int argc, char **argv, struct pl_err *e)
{
    const struct work_opts *o = opts;
    struct cli_act a;
    struct pl_entry *next = NULL;
    char text[2000];
    (void)argc;
    int64_t result = o->result ? cli_word(PL_EN_RESULT, o->result) : 0;
    if (result == 0)
        return pl_fail(e, PL_E_USAGE,
                       "--result is effective, partly_effective, not_effective or cannot_tell");
    int rc = effect_text(o, text, sizeof(text), e);
    if (rc == 0)
        rc = open_action(c, argv[0], PL_ACT_EFFECT, &a, e);
    if (rc == 0 && o->follow_up)
        rc = act_find(review_doc(a.r), o->follow_up, PL_KIND_ACTION, &next, e);
    if (rc < 0)
        return rc;
    a.msg.value = result;
    a.msg.text = text;
    a.msg.other = next ? pl_entry_eid(next) : PL_EID_ROOT;
    return cli_act_send(&a, "recorded", e);
}

VERB(verb_actions_effect, "actions effect", "A-n",
     "record, weeks after it was verified, whether an action worked", effect_opts, struct work_opts,
     "  plimsoll actions effect A-121 --result effective --value 3 --note 'pages a week'\n"
     "  plimsoll actions effect A-121 --result not_effective --follow-up A-140\n",
     run_effect);

/* Evidence of mine like this one without a file: an upload that was broken off. */
static bool find_broken(const struct cli *c, const struct pl_doc *d, struct pl_eid action,
                        const char *reference, struct pl_eid *eid)
{
    struct pl_entry *all[64];
    struct cli_file f;
    size_t n = pl_doc_children(d, action, PL_KIND_EVIDENCE, all, COUNT(all));
    for (size_t i = 0; i < n && i < COUNT(all); i++) {
        if (pl_entry_created_by(all[i]) != c->profile.user || cli_file_of(all[i], &f) ||
            pl_entry_int(all[i], PL_F_EVIDENCE_KIND, 0) != PL_EVIDENCE_FILE ||
            !pl_str_eq(pl_entry_str(all[i], PL_F_EVIDENCE_REFERENCE), reference))
            continue;
        *eid = pl_entry_eid(all[i]);
        return true;
    }
    return false;
}

static int add_proof(struct cli *c, struct review *r, const struct work_opts *o,
                     struct pl_eid action, const char *reference, struct pl_err *e)
{
    struct pl_eid eid = PL_EID_ROOT;
    struct transfer_result done;
    bool queued = false;
    const char *last = o->file ? strrchr(o->file, '/') : NULL;
    const char *shown = reference[0] || !o->file ? reference : last ? last + 1 : o->file;
    const struct act_field f[] = {{"kind", o->kind   ? o->kind
                                           : o->file ? "file"
                                                     : "link"},
                                  {"reference", shown},
                                  {"body", o->note}};
    int rc = 0;
    if (!o->file || !find_broken(c, review_doc(r), action, shown, &eid))
        rc = act_add(r, PL_KIND_EVIDENCE, action, f, o->note ? 3 : 2, &eid, e);
    if (rc == 0)
        rc = cli_settle(c, r, &queued, e);
    const struct cli_upload u = {r, eid, o->file, NULL, NULL};
    if (rc == 0 && o->file)
        rc = cli_file_put(c, &u, &done, e);
    return rc < 0 ? rc : cli_entry_result(c, r, eid, queued, e);
}

static int run_proof(struct cli *c, void *opts, int argc, char **argv, struct pl_err *e)
{
    const struct work_opts *o = opts;
    struct review *r = NULL;
    struct pl_entry *en = NULL;
    uint64_t id = 0;
    const char *name = NULL;
    if (argc < 2 && !o->file)
        return pl_fail(e, PL_E_USAGE, "what shows it? a reference, or --file FILE");
    if (o->file && (c->opt->offline || access(o->file, R_OK) < 0))
        return c->opt->offline ? pl_fail(e, PL_E_UNREACHABLE, "files need the server")
                               : pl_fail(e, PL_E_NOENT, "cannot open %s", o->file);
    int rc = cli_connect(c, e);
    if (rc == 0)
        rc = cli_split_id(c, argv[0], &id, &name, e);
    if (rc == 0 && !name)
        rc = pl_fail(e, PL_E_USAGE, "which action? write A-121");
    char *reference = rc == 0 && argc > 1 ? cli_text(c, argc - 1, argv + 1, e) : pl_xstrdup("");
    if (rc == 0 && !reference)
        rc = -PL_E_TOO_LARGE;
    if (rc == 0)
        rc = cli_open(c, id, false, &r, e);
    if (rc == 0)
        rc = act_find(review_doc(r), name, PL_KIND_ACTION, &en, e);
    if (rc == 0)
        rc = add_proof(c, r, o, pl_entry_eid(en), reference, e);
    free(reference);
    return rc;
}

const struct cli_verb verb_actions_proof = {
    .opt = {"actions proof", "A-n [REFERENCE]",
            "add evidence to an action: a change, ticket, link, file", proof_opts,
            COUNT(proof_opts), 1, -1},
    .opt_size = sizeof(struct work_opts),
    .examples = "  plimsoll actions proof A-121 https://ci.example/42 --kind test "
                "--note 'the drill passed'\n"
                "  plimsoll actions proof A-121 --file drill.log\n",
    .run = run_proof,
};
