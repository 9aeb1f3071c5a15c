// SPDX-License-Identifier: Apache-2.0
/*
 * Sealed sections by verb: sealing, revealing, collecting cards, one's private draft, claims of an
 * account. What is sealed goes into the draft by itself: nobody has to know its number to add.
 */
#include "cli/verb_secret.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "plimsoll/base/mem.h"
#include "plimsoll/base/str.h"
#include "plimsoll/doc/secret.h"

#include "cli/cli_int.h"
#include "cli/verb_act.h"
#include "cli/verb_entry.h"
#include "model/secrets.h"

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))

static const struct pl_opt plain_opts[] = {CLI_COMMON};

/* --- the draft ----------------------------------------------------------------------------------
 */

static int take_draft(void *ctx, struct pl_msg *reply, struct pl_err *e)
{
    uint64_t *draft = ctx;
    if (reply->u.draft_reply.draft == 0)
        return pl_fail(e, PL_E_BAD_MESSAGE, "the server names no draft");
    *draft = reply->u.draft_reply.draft;
    return 0;
}

static int note_draft(void *ctx, struct secrets *s, struct pl_err *e)
{
    const uint64_t *draft = ctx;
    (void)e;
    if (s->draft == *draft)
        return 1;
    s->draft = *draft;
    return 0;
}

static int known_draft(struct cli *c, uint64_t review, uint64_t *draft, struct pl_err *e)
{
    struct secrets s;
    int rc = secrets_load(c->client, review, &s, e);
    if (rc < 0)
        return rc;
    *draft = s.draft;
    secrets_release(&s);
    return 0;
}

static int draft_id(struct cli *c, uint64_t review, uint64_t *draft, struct pl_err *e)
{
    int rc = known_draft(c, review, draft, e);
    if (rc < 0 || *draft != 0)
        return rc;
    if (c->opt->offline)
        return pl_fail(e, PL_E_UNREACHABLE,
                       "your private draft of REV-%llu has to be opened once with the server",
                       (unsigned long long)review);
    struct pl_msg m = {.type = PL_MSG_DRAFT};
    m.u.draft.review = review;
    rc = cli_call(c, &m, take_draft, draft, e);
    return rc < 0 ? rc : secrets_change(c->client, review, note_draft, draft, e);
}

int cli_open_draft(struct cli *c, uint64_t review, bool read_only, struct review **out,
                   struct pl_err *e)
{
    struct pl_err own;
    uint64_t draft = 0;
    pl_err_init(&own);
    if (!e)
        e = &own;
    int rc = draft_id(c, review, &draft, e);
    return rc < 0 ? rc : cli_open(c, draft, read_only, out, e);
}

int cli_open_to_add(struct cli *c, uint64_t review, uint32_t kind, struct review **out,
                    struct pl_err *e)
{
    int rc = cli_open(c, review, false, out, e);
    if (rc < 0 || !pl_secret_is_sealed(review_doc(*out), kind))
        return rc;
    review_close(*out);
    rc = cli_open_draft(c, review, false, out, e);
    if (rc == 0)
        cli_say(c, "each %s is sealed: it stands in your private draft REV-%llu until the reveal",
                pl_kind_name(kind), (unsigned long long)review_id(*out));
    return rc;
}

/* What has become of an entry of the draft. */
static const char *state_of(const struct pl_doc *review, uint64_t draft, const struct pl_entry *en,
                            char *buf, size_t size)
{
    char id[PL_SHORT_ID_MAX];
    const struct pl_entry *there = pl_doc_entry(review, pl_secret_eid(draft, pl_entry_eid(en)));
    if (!there)
        return pl_secret_is_sealed(review, pl_entry_kind(en)) ? "sealed" : "kept in the draft";
    cli_entry_id(there, id);
    bool is_same = pl_str_eq(pl_entry_cstr(there, PL_F_BODY), pl_entry_cstr(en, PL_F_BODY));
    (void)snprintf(buf, size, "revealed as %s%s", id, is_same ? "" : ", differs now");
    return buf;
}

static void mine_of_kind(struct cli *c, struct cli_table *t, json_t *items,
                         const struct pl_doc *review, struct review *draft, uint32_t kind)
{
    const struct pl_doc *d = review_doc(draft);
    size_t n = pl_doc_list(d, kind, NULL, 0);
    struct pl_entry **all = pl_xcalloc(n + 1, sizeof(struct pl_entry *));
    (void)pl_doc_list(d, kind, all, n);
    for (size_t i = 0; i < n; i++) {
        char id[64], no[PL_SHORT_ID_MAX], buf[64], label[256];
        cli_entry_id(all[i], no);
        (void)snprintf(id, sizeof(id), "REV-%llu/%s", (unsigned long long)review_id(draft), no);
        (void)pl_entry_label(all[i], label, sizeof(label));
        const char *state = state_of(review, review_id(draft), all[i], buf, sizeof(buf));
        const char *row[] = {id, state, label};
        cli_table_row(t, row);
        json_t *j = cli_entry_json(d, all[i]);
        (void)json_object_set_new(j, "id", json_string(id));
        (void)json_object_set_new(j, "draft_state", json_string(state));
        (void)json_array_append_new(items, j);
    }
    free(all);
    (void)c;
}

int cli_show_mine(struct cli *c, struct review *r, struct pl_err *e)
{
    static const char *const heads[] = {"ID", "STATE", "TEXT"};
    struct review *draft = NULL;
    int rc = cli_open_draft(c, review_id(r), true, &draft, e);
    if (rc < 0)
        return rc;
    struct cli_table *t = cli_table_new(heads, COUNT(heads));
    json_t *items = json_array();
    mine_of_kind(c, t, items, review_doc(r), draft, PL_KIND_ACCOUNT);
    mine_of_kind(c, t, items, review_doc(r), draft, PL_KIND_OBSERVATION);
    json_t *j = cli_envelope(c, "show.mine", pl_doc_rev(review_doc(draft)));
    (void)json_object_set_new(j, "draft",
                              json_sprintf("REV-%llu", (unsigned long long)review_id(draft)));
    (void)json_object_set_new(j, "items", items);
    return cli_list_end(c, t, j, e);
}

/* --- seal and reveal ----------------------------------------------------------------------------
 */

static int with_kind(struct cli *c, char **argv, enum pl_act_no act, const char *said,
                     struct pl_err *e)
{
    struct cli_act a;
    const struct pl_kind_info *k = pl_kind_by_name(argv[1]);
    if (!k || (k->number != PL_KIND_ACCOUNT && k->number != PL_KIND_OBSERVATION))
        return pl_fail(e, PL_E_USAGE, "'%s' is neither account nor observation", argv[1]);
    int rc = cli_act_open(c, argv[0], act, &a, e);
    if (rc < 0)
        return rc;
    /* Asked for twice it is no error: the first answer may have been lost. */
    bool is_sealed = pl_secret_is_sealed(review_doc(a.r), k->number);
    a.msg.text = k->name;
    a.msg.value = act == PL_ACT_SEAL ? 1 : 0;
    if (act == PL_ACT_SEAL || is_sealed)
        return cli_act_send(&a, said, e);
    rc = cli_act_send(&a, "", e);
    if (rc == 0)
        cli_warn(c, "nothing was revealed: no %s is sealed", k->name);
    return rc;
}

static int run_seal(struct cli *c, void *opts, int argc, char **argv, struct pl_err *e)
{
    (void)opts;
    (void)argc;
    return with_kind(c, argv, PL_ACT_SEAL,
                     "sealed: from now on everyone writes in private; others learn the number only",
                     e);
}

const struct cli_verb verb_session_seal = {
    .opt = {"session seal", "REVIEW account|observation",
            "have accounts or observations written in private drafts until the reveal", plain_opts,
            COUNT(plain_opts), 2, 2},
    .opt_size = sizeof(struct cli_common),
    .examples = "  plimsoll session seal REV-1 account\n",
    .run = run_seal,
};

static int run_reveal(struct cli *c, void *opts, int argc, char **argv, struct pl_err *e)
{
    (void)opts;
    (void)argc;
    return with_kind(c, argv, PL_ACT_REVEAL, "revealed: all drafts stand in the review", e);
}

const struct cli_verb verb_session_reveal = {
    .opt = {"session reveal", "REVIEW account|observation",
            "copy what stands in all private drafts into the review, and end the seal", plain_opts,
            COUNT(plain_opts), 2, 2},
    .opt_size = sizeof(struct cli_common),
    .examples = "  plimsoll session reveal REV-1 account\n",
    .run = run_reveal,
};

/* --- collecting cards ---------------------------------------------------------------------------
 */

static void count_card(void *ctx, struct pl_entry *en)
{
    size_t *n = ctx;
    if (pl_entry_kind(en) == PL_KIND_OBSERVATION &&
        pl_entry_int(en, PL_F_OBSERVATION_ANONYMOUS, 0) != 0)
        (*n)++;
}

static size_t cards_in(const struct review *r)
{
    size_t n = 0;
    pl_doc_each(review_doc(r), count_card, &n);
    return n;
}

static bool has_ended(void *ctx)
{
    const struct cli_act *a = ctx;
    const struct pl_entry *root = pl_doc_root(review_doc(a->r));
    /* The word may come before the revision does. */
    return a->c->opening.news == PL_NEWS_CARDS_OUT ||
           (a->c->opening.news == PL_NEWS_CARDS_IN &&
            pl_entry_reg(root, PL_F_REVIEW_CARDS_UNTIL)->type == PL_VAL_NULL);
}

static int run_cards(struct cli *c, void *opts, int argc, char **argv, struct pl_err *e)
{
    struct cli_act a;
    uint64_t ms = 20000;
    (void)opts;
    int rc = argc > 1 ? cli_parse_time(argv[1], "the time", &ms, e) : 0;
    if (rc == 0)
        rc = cli_act_open(c, argv[0], PL_ACT_CARDS, &a, e);
    if (rc < 0)
        return rc;
    struct pl_msg m = {.type = PL_MSG_ACT};
    size_t before = cards_in(a.r);
    a.msg.value = (int64_t)(ms / 1000);
    m.u.act = a.msg;
    rc = cli_call(c, &m, NULL, NULL, e);
    if (rc < 0)
        return rc;
    cli_say(c, "cards are collected for %llu seconds; every connected client answers",
            (unsigned long long)(ms / 1000));
    rc = cli_wait(c, has_ended, &a, ms + 15000, e);
    if (rc < 0)
        return rc;
    if (c->opening.news == PL_NEWS_CARDS_OUT)
        return pl_fail(e, PL_E_GATE, "%s", c->opening.why);
    json_t *j = cli_envelope(c, "cards", pl_doc_rev(review_doc(a.r)));
    (void)json_object_set_new(j, "review",
                              json_sprintf("REV-%llu", (unsigned long long)a.msg.review));
    (void)json_object_set_new(j, "cards", json_integer((json_int_t)(cards_in(a.r) - before)));
    if (!cli_json(c, j))
        cli_print(c, "%zu\n", cards_in(a.r) - before);
    return 0;
}

const struct cli_verb verb_session_cards = {
    .opt = {"session cards", "REVIEW [TIME]",
            "collect anonymous cards from all connected clients for 5s to 120s (20s), mix them and "
            "put them into the review; prints how many came",
            plain_opts, COUNT(plain_opts), 1, 2},
    .opt_size = sizeof(struct cli_common),
    .examples = "  plimsoll session cards REV-1 30s\n",
    .fields = "review,cards",
    .run = run_cards,
};

/* --- claims -------------------------------------------------------------------------------------
 */

struct claim_opts {
    struct cli_common common;
    const char *event, *at, *text;
    bool knew, knew_not;
};

static const struct pl_opt claim_opts[] = {
    CLI_COMMON,
    {0, "event", PL_OPT_STRING, offsetof(struct claim_opts, event), "E-9", NULL,
     "the event of the review that it is about"},
    {0, "at", PL_OPT_STRING, offsetof(struct claim_opts, at), "TIME", NULL,
     "when it happened, as you remember it (RFC 3339)"},
    {0, "knew", PL_OPT_FLAG, offsetof(struct claim_opts, knew), NULL, NULL, "you knew it then"},
    {0, "did-not-know", PL_OPT_FLAG, offsetof(struct claim_opts, knew_not), NULL, NULL,
     "you did not know it then"},
};

/* An event of the review by its short id, as a raw id: in a draft it is not there to be found. */
static int event_of(struct cli *c, uint64_t review, const char *name, char *out, size_t size,
                    struct pl_err *e)
{
    struct review *r = NULL;
    struct pl_entry *en = NULL;
    int rc = cli_open(c, review, true, &r, e);
    if (rc < 0)
        return rc;
    rc = act_find(review_doc(r), name, PL_KIND_EVENT, &en, e);
    if (rc == 0)
        (void)snprintf(out, size, "%llx.%u", (unsigned long long)pl_entry_eid(en).client,
                       pl_entry_eid(en).n);
    review_close(r);
    return rc;
}

static int add_claim(struct cli *c, const struct claim_opts *o, uint64_t id, const char *name,
                     const char *text, struct pl_err *e)
{
    struct review *r = NULL;
    struct pl_entry *account = NULL;
    struct pl_eid eid = PL_EID_ROOT;
    struct act_field f[4];
    char event[48];
    size_t n = 0;
    bool queued = false;
    int rc = cli_open(c, id, false, &r, e);
    if (rc == 0)
        rc = act_find(review_doc(r), name, PL_KIND_ACCOUNT, &account, e);
    struct pl_eid parent = rc == 0 ? pl_entry_eid(account) : PL_EID_ROOT;
    if (rc == 0 && o->event) {
        uint64_t of = (uint64_t)pl_entry_int(pl_doc_root(review_doc(r)), PL_F_REVIEW_DRAFT_OF, 0);
        /* A review is open once: what is no draft has the event itself. */
        if (of != 0)
            rc = event_of(c, of, o->event, event, sizeof(event), e);
        else
            (void)pl_strlcpy(event, o->event, sizeof(event));
        f[n++] = (struct act_field){"event", event};
    }
    if (o->at)
        f[n++] = (struct act_field){"happened_at", o->at};
    if (o->knew || o->knew_not)
        f[n++] = (struct act_field){"knew_then", o->knew ? "yes" : "no"};
    if (text[0])
        f[n++] = (struct act_field){"body", text};
    if (rc == 0)
        rc = act_add(r, PL_KIND_CLAIM, parent, f, n, &eid, e);
    if (rc == 0)
        rc = cli_settle(c, r, &queued, e);
    if (rc == 0)
        cli_say(c, "the claim stands under %s", name);
    return rc < 0 ? rc : cli_entry_result(c, r, eid, queued, e);
}

static int run_claim(struct cli *c, void *opts, int argc, char **argv, struct pl_err *e)
{
    const struct claim_opts *o = opts;
    uint64_t id = 0;
    const char *name = NULL;
    int rc = cli_connect(c, e);
    if (rc == 0)
        rc = cli_split_id(c, argv[0], &id, &name, e);
    if (rc == 0 && !name)
        rc = pl_fail(e, PL_E_USAGE, "say of which account: REV-1/K-2");
    if (rc == 0 && o->knew && o->knew_not)
        rc = pl_fail(e, PL_E_USAGE, "--knew and --did-not-know exclude each other");
    char *text = rc == 0 ? cli_text(c, argc - 1, argv + 1, e) : NULL;
    if (rc == 0 && !text)
        return -PL_E_TOO_LARGE;
    if (rc == 0)
        rc = add_claim(c, o, id, name, text, e);
    free(text);
    return rc;
}

const struct cli_verb verb_account_claim = {
    .opt = {"account claim", "REVIEW/ACCOUNT [TEXT]",
            "what your account says of one event: its time, whether you knew it then", claim_opts,
            COUNT(claim_opts), 1, -1},
    .opt_size = sizeof(struct claim_opts),
    .examples = "  plimsoll account claim REV-1/K-2 --event E-9 --at 2026-03-01T09:14:00Z "
                "--did-not-know\n",
    .fields = "review,queued",
    .fields_kind = PL_KIND_CLAIM,
    .run = run_claim,
};
