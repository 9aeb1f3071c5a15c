// SPDX-License-Identifier: Apache-2.0
/*
 * Anonymous cards by verb. Writing, listing, changing and withdrawing are matters of this machine
 * alone and never connect: a connection at that moment would stand in the server's log. Handing
 * over is what every connected client does in a collection, with or without cards.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "plimsoll/base/str.h"
#include "plimsoll/base/utf8.h"
#include "plimsoll/doc/secret.h"
#include "plimsoll/wire/limits.h"

#include "cli/cli_int.h"
#include "cli/verb_entry.h"
#include "cli/verb_secret.h"
#include "model/cards.h"
#include "model/secrets.h"

#define COUNT(a)      (sizeof(a) / sizeof((a)[0]))
#define TOKEN_SHOWN   8 /* digits of a token that name a card here */
#define TOKEN_ENOUGH  4
#define WAIT_PRESET_S 600

static const struct pl_opt plain_opts[] = {CLI_COMMON};

/* --- writing ------------------------------------------------------------------------------------
 */

static const char promise[] =
    "Kept on this machine only, until the facilitator collects cards. Then every connected client\n"
    "answers in one message of one size, with cards or without. The server mixes all cards in its\n"
    "memory and writes them in nobody's name: no author in any table, log, audit record or "
    "message,\n"
    "no order and no time that tells one. Whoever reads the review, the database, the logs or a\n"
    "backup later cannot find out who wrote it.\n"
    "Not promised: who operates the server while it runs could watch connections and its memory;\n"
    "and your words may give you away. Changing it after the reveal is done in your name.";

struct writing {
    uint32_t kind;
    const char *text;
    char token[SECRET_TOKEN_HEX + 1];
};

static int may_write(const struct secrets *s, uint64_t review, struct pl_err *e)
{
    unsigned long long id = review;
    if (s->status == 0)
        return pl_fail(e, PL_E_NOENT,
                       "REV-%llu was never opened on this machine: look at it once with 'show', as "
                       "everyone does (writing a card does not connect)",
                       id);
    if (s->status > PL_STATUS_IN_SESSION)
        return pl_fail(e, PL_E_CONFLICT, "the session of REV-%llu is over", id);
    if (!s->is_one)
        return pl_fail(e, PL_E_PERM, "cards come from responders and stakeholders of REV-%llu", id);
    if (s->people < PL_CARD_PEOPLE_MIN)
        return pl_fail(e, PL_E_GATE,
                       "not anonymous: only %u people could be the author, %u are needed",
                       s->people, PL_CARD_PEOPLE_MIN);
    return 0;
}

static int check_text(const char *text, struct pl_err *e)
{
    size_t bad = 0;
    if (!pl_utf8_is_clean(text, strlen(text), &bad))
        return pl_fail(e, PL_E_BAD_TEXT, "byte %zu is not allowed in a text", bad);
    if (pl_utf8_count(text, strlen(text)) > PL_NOTE_MAX)
        return pl_fail(e, PL_E_LIMIT, "a card has at most %u characters", PL_NOTE_MAX);
    if (text[strspn(text, " \t\n")] == '\0')
        return pl_fail(e, PL_E_USAGE, "say what: a text, or - to read it from standard input");
    return 0;
}

static int add_card(void *ctx, struct secrets *s, struct pl_err *e)
{
    struct writing *w = ctx;
    if (s->n >= SECRET_CARDS_MAX)
        return pl_fail(e, PL_E_LIMIT, "%d cards wait already", SECRET_CARDS_MAX);
    (void)pl_strlcpy(w->token, secrets_add(s, w->kind, 0, w->text), sizeof(w->token));
    return 0;
}

static int column_of(const char *col, uint32_t *kind, struct pl_err *e)
{
    if (!col)
        return 0;
    int64_t v = cli_word(PL_EN_OBSERVATION, col);
    if (v == 0)
        return pl_fail(e, PL_E_USAGE, "'%s' is not a column: well, not, surprise, luck", col);
    *kind = (uint32_t)v;
    return 0;
}

static int show_card(struct cli *c, uint64_t review, const char *token)
{
    char id[TOKEN_SHOWN + 1];
    (void)pl_strlcpy(id, token, sizeof(id));
    json_t *j = cli_envelope(c, "card", 0);
    (void)json_object_set_new(j, "review", json_sprintf("REV-%llu", (unsigned long long)review));
    (void)json_object_set_new(j, "card", json_string(id));
    if (!cli_json(c, j))
        cli_print(c, "%s\n", id);
    return 0;
}

int cli_card_add(struct cli *c, uint64_t review, const char *col, const char *text,
                 struct pl_err *e)
{
    struct writing w = {.text = text};
    struct secrets s;
    int rc = check_text(text, e);
    if (rc == 0)
        rc = column_of(col, &w.kind, e);
    if (rc == 0)
        rc = cli_stay_here(c, e);
    if (rc == 0)
        rc = secrets_load(c->client, review, &s, e);
    if (rc < 0)
        return rc;
    rc = may_write(&s, review, e);
    secrets_release(&s);
    if (rc < 0)
        return rc;
    cli_say(c, "%s", promise);
    if (!cli_confirm(c, "Keep this card?", true))
        return pl_fail(e, PL_E_USAGE, "not kept");
    rc = secrets_change(c->client, review, add_card, &w, e);
    if (rc < 0)
        return rc;
    cli_say(c, "kept here until the reveal");
    return show_card(c, review, w.token);
}

/* --- list, edit, rm -----------------------------------------------------------------------------
 */

/* Nobody changes the cards of another review by its number alone, so one is always named. */
static int open_here(struct cli *c, const char *s, uint64_t *review, struct pl_err *e)
{
    int rc = cli_review_id(s, review, e);
    return rc < 0 ? rc : cli_stay_here(c, e);
}

static int run_list(struct cli *c, void *opts, int argc, char **argv, struct pl_err *e)
{
    static const char *const heads[] = {"CARD", "COLUMN", "TEXT"};
    struct secrets s;
    uint64_t review = 0;
    (void)opts;
    (void)argc;
    int rc = open_here(c, argv[0], &review, e);
    if (rc == 0)
        rc = secrets_load(c->client, review, &s, e);
    if (rc < 0)
        return rc;
    struct cli_table *t = cli_table_new(heads, COUNT(heads));
    json_t *items = json_array();
    for (size_t i = 0; i < s.n; i++) {
        char id[TOKEN_SHOWN + 1];
        const char *kind = s.cards[i].kind ? pl_enum_name(PL_EN_OBSERVATION, s.cards[i].kind) : "";
        (void)pl_strlcpy(id, s.cards[i].token, sizeof(id));
        const char *row[] = {id, kind, s.cards[i].text};
        cli_table_row(t, row);
        (void)json_array_append_new(
            items, json_pack("{s:s, s:s, s:s}", "card", id, "kind", kind, "text", s.cards[i].text));
    }
    secrets_release(&s);
    json_t *j = cli_envelope(c, "card.list", 0);
    (void)json_object_set_new(j, "review", json_sprintf("REV-%llu", (unsigned long long)review));
    (void)json_object_set_new(j, "items", items);
    return cli_list_end(c, t, j, e);
}

const struct cli_verb verb_card_list = {
    .opt = {"card list", "REVIEW", "your anonymous cards that wait on this machine", plain_opts,
            COUNT(plain_opts), 1, 1},
    .opt_size = sizeof(struct cli_common),
    .examples = "  plimsoll card list REV-1\n",
    .fields = "card,kind,text",
    .run = run_list,
};

struct changing {
    const char *card;
    const char *text; /* NULL: withdraw */
    const char *col;
};

static int change_card(void *ctx, struct secrets *s, struct pl_err *e)
{
    const struct changing *w = ctx;
    size_t hit = s->n;
    for (size_t i = 0; i < s->n; i++) {
        if (!pl_str_starts(s->cards[i].token, w->card))
            continue;
        if (hit < s->n)
            return pl_fail(e, PL_E_INVALID, "two cards begin with %s", w->card);
        hit = i;
    }
    if (hit == s->n || strlen(w->card) < TOKEN_ENOUGH)
        return pl_fail(e, PL_E_NOENT, "no card %s waits here; see 'plimsoll card list'", w->card);
    if (!w->text) {
        secrets_remove(s, hit);
        return 0;
    }
    uint32_t kind = s->cards[hit].kind;
    int rc = column_of(w->col, &kind, e);
    if (rc < 0)
        return rc;
    /* A changed card is a new one: the old may be in a collection that goes on. */
    (void)secrets_add(s, kind, s->cards[hit].lens, w->text[0] ? w->text : s->cards[hit].text);
    secrets_remove(s, hit);
    return 0;
}

struct edit_opts {
    struct cli_common common;
    const char *col;
};

static const struct pl_opt edit_opts[] = {
    CLI_COMMON,
    {0, "col", PL_OPT_STRING, offsetof(struct edit_opts, col), "COLUMN", NULL,
     "well, not, surprise, luck"},
};

static int run_edit(struct cli *c, void *opts, int argc, char **argv, struct pl_err *e)
{
    const struct edit_opts *o = opts;
    struct changing w = {.card = argv[1], .col = o->col};
    uint64_t review = 0;
    int rc = open_here(c, argv[0], &review, e);
    char *text = rc == 0 ? cli_text(c, argc - 2, argv + 2, e) : NULL;
    if (rc == 0 && !text)
        return -PL_E_TOO_LARGE;
    if (rc == 0 && text[0])
        rc = check_text(text, e);
    else if (rc == 0 && !o->col)
        rc = pl_fail(e, PL_E_USAGE, "nothing to change: give a text or --col");
    w.text = text;
    if (rc == 0)
        rc = secrets_change(c->client, review, change_card, &w, e);
    free(text);
    if (rc == 0)
        cli_say(c, "changed, here only");
    return rc;
}

const struct cli_verb verb_card_edit = {
    .opt = {"card edit", "REVIEW CARD [TEXT|-]", "change an anonymous card that waits here",
            edit_opts, COUNT(edit_opts), 2, -1},
    .opt_size = sizeof(struct edit_opts),
    .examples = "  plimsoll card edit REV-1 3fa95c01 'we did not dare to ask'\n",
    .run = run_edit,
};

static int run_rm(struct cli *c, void *opts, int argc, char **argv, struct pl_err *e)
{
    struct changing w = {.card = argv[1]};
    uint64_t review = 0;
    (void)opts;
    (void)argc;
    int rc = open_here(c, argv[0], &review, e);
    if (rc == 0)
        rc = secrets_change(c->client, review, change_card, &w, e);
    if (rc == 0)
        cli_say(c, "withdrawn");
    return rc;
}

const struct cli_verb verb_card_rm = {
    .opt = {"card rm", "REVIEW CARD", "withdraw an anonymous card that waits here", plain_opts,
            COUNT(plain_opts), 2, 2},
    .opt_size = sizeof(struct cli_common),
    .examples = "  plimsoll card rm REV-1 3fa95c01\n",
    .run = run_rm,
};

/* --- send ---------------------------------------------------------------------------------------
 */

struct send_opts {
    struct cli_common common;
    const char *wait;
};

static const struct pl_opt send_opts[] = {
    CLI_COMMON,
    {0, "wait", PL_OPT_STRING, offsetof(struct send_opts, wait), "TIME", NULL,
     "how long to wait for a collection to begin and end (10m)"},
};

struct sending {
    struct cli *c;
    struct review *r;
    bool is_done;
    int rc;
    struct pl_err err;
};

static void on_done(void *ctx, int rc, const struct pl_err *e)
{
    struct sending *s = ctx;
    if (rc < 0 && (e->code == PL_E_CLOSED || e->code == PL_E_GOING_AWAY))
        return; /* the link comes back, and it is answered again */
    s->is_done = true;
    s->rc = rc;
    if (e)
        s->err = *e;
}

static bool is_sent(void *ctx)
{
    const struct sending *s = ctx;
    const struct pl_entry *root = pl_doc_root(sync_base(review_sync(s->r)));
    /* With the revision that ends the collection the cards have been seen, and are dropped here. */
    return s->is_done &&
           (s->rc < 0 || pl_entry_reg(root, PL_F_REVIEW_CARDS_UNTIL)->type == PL_VAL_NULL);
}

static int run_send(struct cli *c, void *opts, int argc, char **argv, struct pl_err *e)
{
    const struct send_opts *o = opts;
    struct sending s = {.c = c};
    uint64_t id = 0;
    uint64_t ms = WAIT_PRESET_S * 1000;
    (void)argc;
    int rc = cli_review_id(argv[0], &id, e);
    if (rc == 0 && o->wait)
        rc = cli_parse_time(o->wait, "--wait", &ms, e);
    if (rc == 0)
        rc = cli_connect(c, e);
    if (rc == 0)
        rc = cli_open(c, id, true, &s.r, e);
    if (rc < 0)
        return rc;
    c->is_patient = true; /* the server may be restarted meanwhile */
    review_hand_cards(s.r, on_done, &s);
    cli_say(c, "waiting for a collection");
    rc = cli_wait(c, is_sent, &s, ms, e);
    if (rc < 0)
        return rc;
    if (s.rc < 0)
        return pl_fail(e, s.err.code, "%s", s.err.text);
    cards_look(s.r); /* what stands in the review now leaves this machine */
    struct secrets left;
    rc = secrets_load(c->client, id, &left, e);
    if (rc < 0)
        return rc;
    if (left.n > 0)
        cli_say(c, "%zu cards still wait here for the next collection", left.n);
    json_t *j = cli_envelope(c, "card.send", pl_doc_rev(review_doc(s.r)));
    (void)json_object_set_new(j, "review", json_sprintf("REV-%llu", (unsigned long long)id));
    (void)json_object_set_new(j, "waiting", json_integer((json_int_t)left.n));
    secrets_release(&left);
    if (!cli_json(c, j))
        cli_say(c, "answered");
    return 0;
}

const struct cli_verb verb_card_send = {
    .opt = {"card send", "REVIEW",
            "wait for a collection and answer it, with or without cards (watch and the full screen "
            "do it by themselves)",
            send_opts, COUNT(send_opts), 1, 1},
    .opt_size = sizeof(struct send_opts),
    .examples = "  plimsoll card send REV-1 --wait 5m\n",
    .fields = "review,waiting",
    .run = run_send,
};
