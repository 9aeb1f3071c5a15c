// SPDX-License-Identifier: Apache-2.0
/*
 * Who changed what when: the log of a review or of one entry, in words, from value to value. What
 * somebody typed into one text in one go is one line, however many revisions it made.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "plimsoll/base/mem.h"
#include "plimsoll/base/str.h"
#include "plimsoll/base/time.h"
#include "plimsoll/base/utf8.h"

#include "cli/cli_int.h"
#include "cli/past.h"
#include "cli/verb_entry.h"
#include "model/changes.h"

#define COUNT(a)     (sizeof(a) / sizeof((a)[0]))
#define PAUSE_US     (120 * INT64_C(1000000)) /* ends a run of typing */
#define SHOWN_MAX    6
#define WORDS_MAX    600 /* bytes of a line for a person */
#define MOST_CHANGES 200 /* of one revision, in JSON without --whole */

struct history_opts {
    struct cli_common common;
    const char *since, *field, *who;
    uint64_t limit;
    bool each, all, whole;
};

static const struct pl_opt history_opts[] = {
    CLI_COMMON,
    {0, "since", PL_OPT_STRING, offsetof(struct history_opts, since), "REV|TIME", NULL,
     "from this revision or time on"},
    {0, "limit", PL_OPT_SOME, offsetof(struct history_opts, limit), "N", NULL,
     "at most N lines; with --json, 'next' says where to go on with --since"},
    {0, "field", PL_OPT_STRING, offsetof(struct history_opts, field), "FIELD", NULL,
     "only this field of the entry"},
    {0, "who", PL_OPT_STRING, offsetof(struct history_opts, who), "USER", NULL,
     "only what this participant did; 'me'"},
    {0, "each", PL_OPT_FLAG, offsetof(struct history_opts, each), NULL, NULL,
     "each revision by itself; else typing in one go is one line"},
    {0, "all", PL_OPT_FLAG, offsetof(struct history_opts, all), NULL, NULL,
     "bookkeeping too: short numbers, times of acts"},
    {0, "whole", PL_OPT_FLAG, offsetof(struct history_opts, whole), NULL, NULL,
     "with --json, all changes of each revision; else the first 200, and 'more' says that it has "
     "more"},
};

/* Typing into one text by one person, not told yet. */
struct run {
    bool is_open;
    struct pl_eid eid;
    const struct pl_field *field;
    uint64_t user, first_rev, last_rev;
    int64_t last_us;
    char *from, *to;
};

struct looking {
    struct cli *c;
    const struct history_opts *o;
    const struct pl_doc *now; /* names */
    struct pl_doc *doc;       /* as it stood before the revision that is looked at */
    const struct pl_eid *only;
    const struct pl_field *field;
    int64_t who; /* 0: everybody */
    struct past_point since;
    struct run run;
    struct cli_table *t;
    json_t *items;
    uint64_t next, n, limit, cut; /* cut: lines with more changes than are shown */
};

/* --- one line -----------------------------------------------------------------------------------
 */

static const char *const kinds[] = {"add", "remove", "restore", "move",
                                    "set", "put",    "take",    "text"};

static json_t *change_json(const struct change *ch)
{
    return json_pack("{s:s, s:s, s:s, s:s?, s:s, s:s, s:s}", "change", kinds[ch->kind], "entry",
                     ch->id, "kind", pl_kind_name(ch->entry_kind), "field",
                     ch->field ? ch->field->name : NULL, "from", ch->from, "to", ch->to, "diff",
                     ch->diff);
}

static bool is_wanted(const struct looking *l, const struct change *ch)
{
    return (!l->only || pl_eid_eq(ch->eid, *l->only)) && (!l->field || ch->field == l->field);
}

/* What changed, how much it was, and whether that is all of it. */
static void put_changes(struct looking *l, const struct changes *cs, json_t *to)
{
    json_t *all = json_array();
    size_t total = 0;
    for (size_t i = 0; i < cs->n; i++) {
        if (!is_wanted(l, &cs->items[i]))
            continue;
        if (total++ < MOST_CHANGES || l->o->whole)
            (void)json_array_append_new(all, change_json(&cs->items[i]));
    }
    bool more = json_array_size(all) < total;
    l->cut += more;
    (void)json_object_set_new(to, "changes", all);
    (void)json_object_set_new(to, "changes_total", json_integer((json_int_t)total));
    (void)json_object_set_new(to, "more", json_boolean(more));
}

/* A line is for reading; JSON has all of it. */
static void cut(char *s)
{
    size_t n = strlen(s);
    if (n <= WORDS_MAX)
        return;
    n = WORDS_MAX - 3;
    while (n > 0 && ((unsigned char)s[n] & 0xC0) == 0x80)
        n--;
    memcpy(s + n, "\xE2\x80\xA6", 4);
}

struct line {
    uint64_t first, last, user, client;
    int64_t at_us;
};

static void put_line(struct looking *l, const struct line *x, const struct changes *cs, char *words)
{
    char rev[48], at[PL_RFC3339_SIZE];
    const char *by = pl_doc_user_name(l->now, (int64_t)x->user);
    if (!by[0])
        by = x->user == 0 ? "server" : "somebody";
    (void)snprintf(rev, sizeof(rev), "%llu", (unsigned long long)x->last);
    (void)pl_rfc3339_format(x->at_us, 0, 0, at);
    json_t *j =
        json_pack("{s:s, s:I, s:I, s:s, s:s, s:I, s:s, s:b}", "type", "rev", "rev",
                  (json_int_t)x->last, "first_rev", (json_int_t)x->first, "at", at, "by", by,
                  "user", (json_int_t)x->user, "what", words, "server_made", x->client == 0);
    put_changes(l, cs, j);
    (void)json_array_append_new(l->items, j);
    cut(words);
    cli_table_row(l->t, (const char *const[]){rev, at, by, words});
    l->n++;
}

/* What is to be told of a revision, or NULL. */
static char *words_of(const struct looking *l, const struct changes *cs)
{
    char *words = changes_words(cs, l->only, l->field, SHOWN_MAX);
    for (size_t i = 0; words[0] == '\0' && l->o->all && i < cs->n; i++) {
        if (is_wanted(l, &cs->items[i]) && cs->items[i].words[0]) {
            free(words);
            words = pl_xstrdup(cs->items[i].words);
        }
    }
    if (words[0])
        return words;
    free(words);
    return NULL;
}

/* --- typing in one go ---------------------------------------------------------------------------
 */

static void run_flush(struct looking *l)
{
    struct run *u = &l->run;
    struct changes cs;
    if (!u->is_open)
        return;
    struct line x = {u->first_rev, u->last_rev, u->user, 1, u->last_us};
    changes_of_text(&cs, l->now, u->eid, u->field, u->from, u->to);
    char *words = changes_words(&cs, NULL, NULL, SHOWN_MAX);
    put_line(l, &x, &cs, words);
    free(words);
    changes_release(&cs);
    free(u->from);
    free(u->to);
    memset(u, 0, sizeof(*u));
}

static const struct change *typing(const struct changes *cs, const struct pl_rev *r)
{
    bool is_one = cs->n == 1 && cs->items[0].kind == CHANGE_TEXT && r->client != 0;
    return is_one ? &cs->items[0] : NULL;
}

static bool run_touched(const struct run *u, const struct changes *cs)
{
    for (size_t i = 0; u->is_open && i < cs->n; i++)
        if (pl_eid_eq(cs->items[i].eid, u->eid) &&
            (!cs->items[i].field || cs->items[i].field == u->field))
            return true;
    return false;
}

static bool run_extends(const struct run *u, const struct change *ch, const struct pl_rev *r)
{
    return u->is_open && ch && pl_eid_eq(ch->eid, u->eid) && ch->field == u->field &&
           r->user == u->user && r->at_us - u->last_us <= PAUSE_US;
}

static const char *text_now(const struct looking *l, const struct run *u)
{
    const struct pl_entry *en = pl_doc_entry(l->doc, u->eid);
    return en ? pl_entry_cstr(en, u->field->number) : "";
}

static void run_begin(struct looking *l, const struct change *ch, const struct pl_rev *r)
{
    struct run *u = &l->run;
    u->is_open = true;
    u->eid = ch->eid;
    u->field = ch->field;
    u->user = r->user;
    u->first_rev = r->rev;
    u->from = pl_xstrdup(text_now(l, u));
}

/* After the revision was applied. */
static void run_take(struct looking *l, const struct pl_rev *r)
{
    struct run *u = &l->run;
    free(u->to);
    u->to = pl_xstrdup(text_now(l, u));
    u->last_rev = r->rev;
    u->last_us = r->at_us;
}

/* --- the walk -----------------------------------------------------------------------------------
 */

static bool is_asked_for(const struct looking *l, const struct pl_rev *r)
{
    bool is_since = l->since.rev > 0 ? r->rev >= l->since.rev : r->at_us >= l->since.at_us;
    return is_since && (l->who == 0 || (uint64_t)l->who == r->user);
}

static int see(void *ctx, const struct pl_rev *r, struct pl_err *e)
{
    struct looking *l = ctx;
    struct changes cs;
    changes_of(&cs, l->doc, &r->cs, l->now);
    char *words = is_asked_for(l, r) ? words_of(l, &cs) : NULL;
    const struct change *ch = l->o->each ? NULL : typing(&cs, r);
    bool is_more = words && run_extends(&l->run, ch, r);
    bool is_typing = is_more;
    int rc = 0;
    if (!is_more && (words || run_touched(&l->run, &cs)))
        run_flush(l);
    if (!is_more && words && l->n == l->limit) {
        l->next = r->rev;
        rc = 1;
    } else if (!is_more && words && ch) {
        run_begin(l, ch, r);
        is_typing = true;
    } else if (!is_more && words) {
        struct line x = {r->rev, r->rev, r->user, r->client, r->at_us};
        put_line(l, &x, &cs, words);
    }
    if (rc == 0)
        rc = past_apply(l->doc, r, e);
    if (rc == 0 && is_typing)
        run_take(l, r);
    free(words);
    changes_release(&cs);
    return rc;
}

/* Reads the options against the document. */
static int look_begin(struct looking *l, const struct pl_entry *en, struct pl_err *e)
{
    const struct history_opts *o = l->o;
    struct pl_names names = pl_doc_names(l->now);
    int rc = o->since ? past_parse(o->since, &l->since, e) : 0;
    if (rc == 0 && o->field) {
        uint32_t kind = en ? pl_entry_kind(en) : PL_KIND_REVIEW;
        l->field = pl_field_by_name(kind, o->field);
        if (!l->field)
            rc = act_unknown_field(kind, o->field, e);
    }
    if (rc == 0 && o->who) {
        const char *who = pl_str_eq(o->who, "me") ? l->c->profile.user_name : o->who;
        l->who = names.find_user(names.ctx, who);
        if (l->who == 0)
            rc =
                pl_fail(e, PL_E_NOENT, "%.60s takes no part here; see 'plimsoll people list'", who);
    }
    return rc;
}

static int run_history(struct cli *c, void *opts, int argc, char **argv, struct pl_err *e)
{
    static const char *const heads[] = {"REV", "AT", "BY", "WHAT"};
    const struct history_opts *o = opts;
    struct looking l = {.c = c, .o = o, .limit = o->limit ? o->limit : UINT64_MAX};
    struct review *r = NULL;
    struct pl_entry *en = NULL;
    struct pl_eid only = PL_EID_ROOT;
    uint64_t id = 0;
    const char *name = NULL;
    int rc = cli_connect(c, e);
    if (rc == 0)
        rc = cli_split_id(c, argv[0], &id, &name, e);
    if (rc == 0 && !name && argc > 1)
        name = argv[1];
    if (rc == 0)
        rc = cli_open(c, id, true, &r, e);
    if (rc == 0 && name)
        rc = act_find(review_doc(r), name, 0, &en, e);
    if (rc < 0)
        return rc;
    if (en || o->field) {
        only = en ? pl_entry_eid(en) : PL_EID_ROOT;
        l.only = &only;
    }
    l.now = review_doc(r);
    rc = look_begin(&l, en, e);
    if (rc < 0)
        return rc;
    l.doc = pl_doc_new();
    l.t = cli_table_new(heads, COUNT(heads));
    l.items = json_array();
    rc = cli_past_walk(c, id, 1, see, &l, e);
    run_flush(&l);
    if (l.cut > 0 && cli_wants_json(c))
        cli_warn(c, "%llu of the lines have more than %d changes; --whole gives all of them",
                 (unsigned long long)l.cut, MOST_CHANGES);
    json_t *j = cli_envelope(c, "history", pl_doc_rev(l.now));
    (void)json_object_set_new(j, "items", l.items);
    (void)json_object_set_new(j, "next", l.next ? json_integer((json_int_t)l.next) : json_null());
    int end = cli_list_end(c, l.t, j, e);
    pl_doc_free(l.doc);
    return rc < 0 ? rc : end;
}

const struct cli_verb verb_history = {
    .opt = {"history", "REVIEW [ENTRY]", "who changed what when", history_opts, COUNT(history_opts),
            1, 2},
    .opt_size = sizeof(struct history_opts),
    .examples = "  plimsoll history REV-1 --since 4800 --limit 50\n"
                "  plimsoll history REV-1/E-9 --field happened_at\n"
                "  plimsoll history A-121 --who me --jsonl\n",
    .fields = "type,rev,first_rev,at,by,user,what,server_made,changes,changes_total,more",
    .run = run_history,
};
