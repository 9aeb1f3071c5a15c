// SPDX-License-Identifier: Apache-2.0
/*
 * What happens: watch prints changes as they come, and when the time of a stage runs out.
 */
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "plimsoll/base/str.h"
#include "plimsoll/base/time.h"
#include "plimsoll/base/utf8.h"
#include "plimsoll/doc/timer.h"

#include "cli/cli_int.h"
#include "cli/verb_entry.h"
#include "model/cards.h"

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))

/* A name for an entry in a line: its short id, or what it is while it has no number. */
static void name_of(const struct pl_doc *d, struct pl_eid eid, char out[PL_SHORT_ID_MAX])
{
    const struct pl_entry *en = d ? pl_doc_entry(d, eid) : NULL;
    if (!en)
        (void)pl_strlcpy(out, pl_eid_is_root(eid) ? "review" : "entry", PL_SHORT_ID_MAX);
    else if (pl_entry_int(en, PL_F_NO, 0) > 0)
        cli_entry_id(en, out);
    else
        (void)pl_strlcpy(out, pl_kind_name(pl_entry_kind(en)), PL_SHORT_ID_MAX);
}

static int describe_slot(const struct pl_doc *d, const struct pl_slot *s, char *out, size_t size)
{
    const struct pl_entry *en = d ? pl_doc_entry(d, s->eid) : NULL;
    const struct pl_field *f = en ? pl_field_find(pl_entry_kind(en), s->field) : NULL;
    char id[PL_SHORT_ID_MAX];
    char label[100] = "";
    name_of(d, s->eid, id);
    if (s->kind == PL_SLOT_CREATE) {
        if (en)
            (void)pl_entry_label(en, label, sizeof(label));
        return snprintf(out, size, "add %s%s%s", id, label[0] ? ": " : "", label);
    }
    if (s->kind == PL_SLOT_DEAD)
        return snprintf(out, size, "%s %s", s->flag ? "remove" : "restore", id);
    if (s->kind == PL_SLOT_PLACE)
        return snprintf(out, size, "move %s", id);
    return snprintf(out, size, "%s %s.%s", s->kind == PL_SLOT_TEXT ? "edit" : "set", id,
                    f ? f->name : "");
}

#define SHOWN_MAX 4

/* What a revision did, in words: "edit E-9.body, set A-3.owner". An entry that is new is named
 * once, its fields are not; beyond a few slots only their number is told. */
static void describe(const struct pl_doc *d, const struct pl_cs *cs, char *out, size_t size)
{
    size_t at = 0;
    unsigned shown = 0;
    unsigned more = 0;
    out[0] = '\0';
    for (uint32_t i = 0; i < cs->n; i++) {
        const struct pl_slot *s = cs->slots[i];
        if (s->kind != PL_SLOT_CREATE && pl_cs_find(cs, PL_SLOT_CREATE, s->eid, 0, NULL))
            continue;
        if (shown == SHOWN_MAX || at + 4 >= size) {
            more++;
            continue;
        }
        if (shown++ > 0)
            at += pl_strlcpy(out + at, ", ", size - at);
        int n = describe_slot(d, s, out + at, size - at);
        at += n < 0 ? 0 : (size_t)n < size - at ? (size_t)n : size - at - 1;
    }
    while (at > 0 && !pl_utf8_is_valid(out, at)) /* cut in the middle of a character */
        out[--at] = '\0';
    if (more > 0)
        (void)snprintf(out + at, size - at, " and %u more", more);
}

static json_t *rev_json(const struct pl_doc *d, const struct pl_rev *r, const char *what)
{
    char at[PL_RFC3339_SIZE];
    const char *by = d ? pl_doc_user_name(d, (int64_t)r->user) : "";
    (void)pl_rfc3339_format(r->at_us, 0, 3, at);
    return json_pack("{s:s, s:I, s:s, s:s, s:I, s:s, s:b}", "type", "rev", "rev",
                     (json_int_t)r->rev, "at", at, "by", by, "user", (json_int_t)r->user, "what",
                     what, "server_made", r->client == 0);
}

/* --- watch
 * ----------------------------------------------------------------------------------------- */

struct watch_opts {
    struct cli_common common;
    const char *for_time;
    uint64_t count;
};

static const struct pl_opt watch_opts[] = {
    CLI_COMMON,
    {0, "for", PL_OPT_STRING, offsetof(struct watch_opts, for_time), "TIME", NULL,
     "stop after this time, e.g. 30s"},
    {0, "count", PL_OPT_SOME, offsetof(struct watch_opts, count), "N", NULL,
     "stop after N changes"},
};

#define HERE_MAX 256

struct watching {
    struct cli *c;
    struct review *r;
    uint64_t count, seen;
    bool is_open, is_over;
    int rc;
    struct pl_err err;
    /* What was told last of whom, so that a moving caret is not told again and again. */
    struct {
        uint64_t client;
        uint32_t state;
    } here[HERE_MAX];
    size_t n_here;
    struct pl_timer timer; /* as told last */
};

static void put_line(struct watching *w, json_t *take_j, const char *text)
{
    /* Printed as it comes: a watcher is a stream, not a document. */
    if (cli_wants_json(w->c))
        (void)json_dumpf(take_j, stdout, JSON_COMPACT);
    else
        (void)fputs(text, stdout);
    (void)fputc('\n', stdout);
    if (fflush(stdout) != 0)
        w->is_over = true;
    json_decref(take_j);
}

static void on_changed(void *ctx, const struct pl_cs *cs, const struct pl_rev *rev, bool remote)
{
    struct watching *w = ctx;
    char what[400], line[600], at[PL_RFC3339_SIZE];
    (void)remote;
    if (!rev || !w->is_open)
        return;
    const struct pl_doc *d = review_doc(w->r);
    describe(d, cs, what, sizeof(what));
    (void)pl_rfc3339_format(rev->at_us, 0, 0, at);
    (void)snprintf(line, sizeof(line), "%s\t%llu\t%s\t%s", at, (unsigned long long)rev->rev,
                   pl_doc_user_name(d, (int64_t)rev->user), what);
    put_line(w, rev_json(d, rev, what), line);
    w->seen++;
    if (w->count && w->seen >= w->count)
        w->is_over = true;
}

/* Is it news? Keeps it in mind. */
static bool note_peer(struct watching *w, const struct pl_peer *p)
{
    size_t i = 0;
    while (i < w->n_here && w->here[i].client != p->client)
        i++;
    if (p->gone) {
        if (i < w->n_here)
            w->here[i] = w->here[--w->n_here];
        return true;
    }
    if (i < w->n_here && w->here[i].state == p->state)
        return false;
    if (i == w->n_here && i < HERE_MAX)
        w->n_here++;
    if (i < HERE_MAX) {
        w->here[i].client = p->client;
        w->here[i].state = p->state;
    }
    return true;
}

static void on_peer(void *ctx, const struct pl_peer *p)
{
    struct watching *w = ctx;
    char line[200];
    static const char *const states[] = {"", "reading", "typing", "away"};
    const char *state = p->gone ? "gone" : p->state < 4 ? states[p->state] : "";
    if (!w->is_open || !note_peer(w, p))
        return; /* who is here is told when it is open */
    (void)snprintf(line, sizeof(line), "-\t-\t%.100s\t%s", p->name, state);
    put_line(w,
             json_pack("{s:s, s:s, s:I, s:s}", "type", "presence", "by", p->name, "user",
                       (json_int_t)p->user, "state", state),
             line);
}

static void tell_who_is_here(struct watching *w)
{
    const struct pl_peer *all[HERE_MAX];
    size_t n = review_peers(w->r, all, HERE_MAX);
    for (size_t i = 0; i < n && i < HERE_MAX; i++)
        on_peer(w, all[i]);
}

static void on_opened(void *ctx, int rc, const struct pl_err *e)
{
    struct watching *w = ctx;
    w->rc = rc;
    if (e)
        w->err = *e;
    w->is_open = rc == 0;
    w->is_over = rc < 0;
    if (rc == 0)
        cli_say(w->c, "watching REV-%llu at revision %llu; Ctrl-C ends",
                (unsigned long long)review_id(w->r),
                (unsigned long long)pl_doc_rev(review_doc(w->r)));
    if (rc == 0)
        tell_who_is_here(w);
}

static bool is_open(void *ctx)
{
    const struct watching *w = ctx;
    return w->is_open || w->is_over;
}

/* Told when a timer is set or extended, at a fifth and a twentieth of it, and when it is up. */
static void look_at_timer(struct watching *w)
{
    struct pl_timer t;
    char words[PL_TIMER_WORDS];
    char line[100];
    pl_timer_at(review_doc(w->r), client_server_us(w->c->client), &t);
    if (t.state == w->timer.state && t.total_us == w->timer.total_us)
        return;
    w->timer = t;
    if (t.state == PL_TIMER_OFF)
        return; /* the change that stopped it was told */
    pl_timer_words(&t, words);
    (void)snprintf(line, sizeof(line), "-\t-\ttimer\t%s", words);
    put_line(w,
             json_pack("{s:s, s:s, s:I, s:I}", "type", "timer", "state", pl_timer_name(t.state),
                       "left_s", (json_int_t)(t.left_us / 1000000), "total_s",
                       (json_int_t)(t.total_us / 1000000)),
             line);
}

static bool is_over(void *ctx)
{
    struct watching *w = ctx;
    if (w->is_open && !w->is_over)
        look_at_timer(w);
    return w->is_over;
}

static void on_cards(void *ctx, int rc, const struct pl_err *e)
{
    const struct watching *w = ctx;
    if (rc < 0)
        cli_say(w->c, "cards: %s", e->text);
    else
        cli_say(w->c, "cards: the collection has ended");
}

static int run_watch(struct cli *c, void *opts, int argc, char **argv, struct pl_err *e)
{
    const struct watch_opts *o = opts;
    struct watching w = {.c = c, .count = o->count};
    struct review_handlers h = {
        .opened = on_opened, .changed = on_changed, .peer = on_peer, .ctx = &w};
    uint64_t id = 0;
    uint64_t ms = UINT64_C(366) * 86400000;
    (void)argc;
    int rc = cli_review_id(argv[0], &id, e);
    if (rc == 0 && o->for_time)
        rc = cli_parse_time(o->for_time, "--for", &ms, e);
    if (rc == 0)
        rc = cli_connect(c, e);
    if (rc == 0)
        rc = review_open(&w.r, c->client, id, true, &h, e);
    if (rc < 0)
        return rc;
    review_hand_cards(w.r, on_cards, &w);
    rc = cli_wait(c, is_open, &w, ms < c->timeout_ms ? ms : c->timeout_ms, e);
    c->is_patient = true; /* it was there: it comes back */
    if (rc == 0)
        rc = cli_wait(c, is_over, &w, ms, e);
    if (w.rc < 0)
        return pl_fail(e, w.err.code, "%s", w.err.text);
    if ((rc == -PL_E_TIMEOUT && w.is_open) || (rc == -PL_E_UNREACHABLE && w.is_open))
        rc = 0;
    return rc;
}

const struct cli_verb verb_watch = {
    .opt =
        {"watch", "REVIEW",
         "print changes, presence and the stage's timer as they come; anonymous cards are handed "
         "over when they are collected",
         watch_opts, COUNT(watch_opts), 1, 1},
    .opt_size = sizeof(struct watch_opts),
    .examples = "  plimsoll watch REV-1 --jsonl\n  plimsoll watch REV-1 --for 30s\n",
    .run = run_watch,
};
