// SPDX-License-Identifier: Apache-2.0
/*
 * The coach over a review. One's own texts with every finding, for oneself alone; for the
 * facilitator a count per section, of all texts together. It is computed here from the copy of the
 * review: nothing is sent, and no count of a person is made. Accounts are left out of the counts,
 * since each is one person's.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "plimsoll/base/mem.h"
#include "plimsoll/base/str.h"
#include "plimsoll/base/utf8.h"
#include "plimsoll/coach/coach.h"

#include "cli/cli_int.h"
#include "cli/verb_coach.h"
#include "cli/verb_entry.h"
#include "model/dismiss.h"

#define COUNT(a)  (sizeof(a) / sizeof((a)[0]))
#define HITS_MAX  256u /* of one text */
#define NAMES_MAX 256
#define KEY_SIZE  17

/* --- what is looked at --------------------------------------------------------------------------
 */

/* People of the review, so that their names are known to the coach. */
static struct pl_coach *coach_for(const struct pl_doc *d)
{
    const char *names[2 * NAMES_MAX];
    struct pl_entry *people[NAMES_MAX];
    size_t n = pl_doc_list(d, PL_KIND_PARTICIPANT, people, NAMES_MAX);
    size_t k = 0;
    for (size_t i = 0; i < n && i < NAMES_MAX; i++) {
        struct pl_names of = pl_doc_names(d);
        int64_t user = pl_entry_int(people[i], PL_F_PARTICIPANT_USER, 0);
        const char *handle = of.user_name(of.ctx, user);
        names[k++] = pl_entry_str(people[i], PL_F_PARTICIPANT_NAME);
        if (handle)
            names[k++] = handle;
    }
    return pl_coach_new(names, k);
}

static bool is_section(uint32_t kind)
{
    return kind == PL_KIND_REVIEW || kind == PL_KIND_MATERIAL || kind == PL_KIND_EVENT ||
           kind == PL_KIND_OBSERVATION || kind == PL_KIND_CAUSE || kind == PL_KIND_ACTION ||
           kind == PL_KIND_LESSON || kind == PL_KIND_COMMENT;
}

typedef int (*text_cb)(void *ctx, const struct pl_entry *en, const struct pl_field *f,
                       const char *text, struct pl_err *e);

static int each_text(const struct pl_entry *en, text_cb see, void *ctx, struct pl_err *e)
{
    const struct pl_field *f = NULL;
    int rc = 0;
    for (size_t i = 0; rc == 0 && (f = pl_field_at(pl_entry_kind(en), i)); i++) {
        const char *text = f->type == PL_FT_TEXT ? pl_entry_cstr(en, f->number) : "";
        if (text[0])
            rc = see(ctx, en, f, text, e);
    }
    return rc;
}

/* Every visible entry of a kind, in the order of its section. */
static int each_of_kind(const struct pl_doc *d, uint32_t kind, text_cb see, void *ctx,
                        struct pl_err *e)
{
    size_t n = pl_doc_list(d, kind, NULL, 0);
    struct pl_entry **v = pl_xcalloc(n + 1, sizeof(struct pl_entry *));
    int rc = 0;
    (void)pl_doc_list(d, kind, v, n);
    if (kind == PL_KIND_REVIEW)
        rc = each_text(pl_doc_root(d), see, ctx, e);
    for (size_t i = 0; kind != PL_KIND_REVIEW && rc == 0 && i < n; i++)
        rc = each_text(v[i], see, ctx, e);
    free(v);
    return rc;
}

/* --- counts, for the facilitator ----------------------------------------------------------------
 */

struct counting {
    const struct pl_coach *coach;
    size_t n;
};

static int count_text(void *ctx, const struct pl_entry *en, const struct pl_field *f,
                      const char *text, struct pl_err *e)
{
    struct counting *k = ctx;
    (void)en;
    (void)f;
    (void)e;
    k->n += pl_coach_scan(k->coach, text, strlen(text), NULL, 0);
    return 0;
}

static int show_counts(struct cli *c, const struct pl_doc *d, const struct pl_coach *coach,
                       bool strict, struct pl_err *e)
{
    static const char *const heads[] = {"SECTION", "FINDINGS"};
    struct cli_table *t = cli_table_new(heads, COUNT(heads));
    json_t *items = json_array();
    size_t total = 0;
    int rc = 0;
    for (uint32_t kind = 1; rc == 0 && pl_kind_info(kind); kind++) {
        struct counting k = {coach, 0};
        char number[24];
        if (!is_section(kind))
            continue;
        rc = each_of_kind(d, kind, count_text, &k, e);
        total += k.n;
        (void)snprintf(number, sizeof(number), "%zu", k.n);
        cli_table_row(t, (const char *const[]){pl_kind_name(kind), number});
        (void)json_array_append_new(items, json_pack("{s:s, s:I}", "section", pl_kind_name(kind),
                                                     "count", (json_int_t)k.n));
    }
    json_t *j = cli_envelope(c, "coach.count", pl_doc_rev(d));
    (void)json_object_set_new(j, "items", items);
    int end = cli_list_end(c, t, j, e);
    return rc < 0 ? rc : end < 0 ? end : strict && total > 0 ? 7 : 0;
}

/* --- findings, for who wrote the text -----------------------------------------------------------
 */

struct mine {
    const struct pl_doc *d;
    const struct pl_coach *coach;
    const struct dismissals *gone;
    uint64_t user;
    struct cli_table *t;
    json_t *items;
    size_t n, hidden;
};

static void put_hit(struct mine *m, const struct pl_entry *en, const struct pl_field *f,
                    const char *text, const struct pl_coach_hit *h)
{
    char id[PL_SHORT_ID_MAX], line[24], key[KEY_SIZE];
    size_t number = 1;
    for (size_t i = 0; i < h->at.start; i++)
        number += text[i] == '\n';
    char *words = pl_xstrndup(text + h->at.start, h->at.end - h->at.start);
    if (pl_entry_kind(en) == PL_KIND_REVIEW)
        (void)pl_strlcpy(id, "review", sizeof(id));
    else
        cli_entry_id(en, id);
    (void)snprintf(line, sizeof(line), "%s:%zu", f->name, number);
    (void)snprintf(key, sizeof(key), "%016llx", (unsigned long long)h->key);
    cli_table_row(
        m->t, (const char *const[]){id, line, key, words, h->pattern->reason, h->pattern->rewrite});
    json_t *j = json_pack("{s:s, s:s, s:I, s:s, s:i, s:s, s:s, s:s, s:s}", "entry", id, "field",
                          f->name, "line", (json_int_t)number, "finding", key, "pattern",
                          h->pattern->number, "kind", pl_coach_kind_name(h->pattern->kind), "text",
                          words, "reason", h->pattern->reason, "rewrite", h->pattern->rewrite);
    (void)json_object_set_new(j, "replacement", h->has_fix ? json_string(h->fix) : json_null());
    (void)json_array_append_new(m->items, j);
    m->n++;
    free(words);
}

static int look_at(void *ctx, const struct pl_entry *en, const struct pl_field *f, const char *text,
                   struct pl_err *e)
{
    struct mine *m = ctx;
    (void)e;
    if (pl_entry_author(m->d, en) != m->user)
        return 0;
    struct pl_coach_hit *hits = pl_xcalloc(HITS_MAX, sizeof(*hits));
    size_t n = pl_coach_scan(m->coach, text, strlen(text), hits, HITS_MAX);
    for (size_t i = 0; i < n && i < HITS_MAX; i++) {
        if (dismissals_has(m->gone, hits[i].key, pl_entry_eid(en)))
            m->hidden++;
        else
            put_hit(m, en, f, text, &hits[i]);
    }
    free(hits);
    return 0;
}

static int load_gone(struct cli *c, uint64_t review, struct dismissals **out, struct pl_err *e)
{
    char dir[1024], host[300];
    int rc = client_state_preset(dir, sizeof(dir), e);
    client_host(c->client, host, sizeof(host));
    return rc < 0 ? rc : dismissals_load(out, dir, host, review, e);
}

static int show_mine(struct cli *c, struct review *r, const struct pl_coach *coach, bool strict,
                     struct pl_err *e)
{
    static const char *const heads[] = {"ENTRY", "PLACE", "FINDING", "WORDS", "WHY", "INSTEAD"};
    struct dismissals *gone = NULL;
    int rc = load_gone(c, review_id(r), &gone, e);
    if (rc < 0)
        return rc;
    struct mine m = {.d = review_doc(r), .coach = coach, .gone = gone, .user = c->profile.user};
    m.t = cli_table_new(heads, COUNT(heads));
    m.items = json_array();
    for (uint32_t kind = 1; rc == 0 && pl_kind_info(kind); kind++)
        if (is_section(kind) || kind == PL_KIND_ACCOUNT || kind == PL_KIND_CLAIM ||
            kind == PL_KIND_EVIDENCE)
            rc = each_of_kind(m.d, kind, look_at, &m, e);
    json_t *j = cli_envelope(c, "coach.mine", pl_doc_rev(m.d));
    (void)json_object_set_new(j, "count", json_integer((json_int_t)m.n));
    (void)json_object_set_new(j, "dismissed", json_integer((json_int_t)m.hidden));
    (void)json_object_set_new(j, "items", m.items);
    int end = cli_list_end(c, m.t, j, e);
    if (m.hidden > 0)
        cli_say(c, "%zu dismissed are not shown", m.hidden);
    dismissals_free(gone);
    return rc < 0 ? rc : end < 0 ? end : strict && m.n > 0 ? 7 : 0;
}

int cli_coach_review(struct cli *c, const char *id, bool mine, bool strict, struct pl_err *e)
{
    struct review *r = NULL;
    int rc = cli_open_named(c, id, true, &r, e);
    if (rc < 0)
        return rc;
    const struct pl_doc *d = review_doc(r);
    if (!mine && pl_doc_role(d, (int64_t)c->profile.user) != PL_ROLE_FACILITATOR)
        return pl_fail(e, PL_E_PERM,
                       "the count per section is for the facilitator; 'plimsoll coach REV-%llu "
                       "--mine' looks at what you wrote",
                       (unsigned long long)review_id(r));
    struct pl_coach *coach = coach_for(d);
    rc = mine ? show_mine(c, r, coach, strict, e) : show_counts(c, d, coach, strict, e);
    pl_coach_free(coach);
    return rc;
}

/* --- dismiss ------------------------------------------------------------------------------------
 */

struct dismiss_opts {
    struct cli_common common;
    bool for_good, undo;
};

static const struct pl_opt dismiss_opts[] = {
    CLI_COMMON,
    {0, "for-good", PL_OPT_FLAG, offsetof(struct dismiss_opts, for_good), NULL, NULL,
     "these words everywhere in the review; else only in this entry"},
    {0, "undo", PL_OPT_FLAG, offsetof(struct dismiss_opts, undo), NULL, NULL,
     "see it again, wherever it was dismissed"},
};

static int parse_key(const char *s, uint64_t *key, struct pl_err *e)
{
    uint8_t b[8];
    if (strlen(s) != 16 || pl_hex_decode(s, 16, b, sizeof(b)) != 0)
        return pl_fail(e, PL_E_USAGE,
                       "'%.40s' is not a finding; 'plimsoll coach REV-1 --mine' lists them", s);
    *key = 0;
    for (size_t i = 0; i < sizeof(b); i++)
        *key = *key << 8 | b[i];
    return 0;
}

static int run_dismiss(struct cli *c, void *opts, int argc, char **argv, struct pl_err *e)
{
    const struct dismiss_opts *o = opts;
    struct dismissals *gone = NULL;
    struct review *r = NULL;
    struct pl_entry *en = NULL;
    uint64_t key = 0;
    int rc = parse_key(argv[argc - 1], &key, e);
    if (rc == 0)
        rc = cli_entry_open(c, argc - 1, argv, true, &r, &en, e);
    if (rc == 0 && !en && !o->for_good && !o->undo)
        rc = pl_fail(e, PL_E_USAGE, "where? write REV-%llu/E-9, or --for-good for the whole review",
                     (unsigned long long)review_id(r));
    if (rc == 0)
        rc = load_gone(c, review_id(r), &gone, e);
    if (rc < 0)
        return rc;
    if (o->undo) {
        rc = dismissals_remove(gone, key, e);
        if (rc == 0)
            rc = pl_fail(e, PL_E_NOENT, "this finding was not dismissed");
    } else {
        rc = dismissals_add(gone, key, o->for_good ? PL_EID_ROOT : pl_entry_eid(en), e);
    }
    dismissals_free(gone);
    if (rc < 0)
        return rc;
    json_t *j = cli_envelope(c, "coach.dismiss", 0);
    (void)json_object_set_new(j, "finding", json_string(argv[argc - 1]));
    (void)json_object_set_new(j, "dismissed", json_boolean(!o->undo));
    (void)json_object_set_new(j, "for_good", json_boolean(o->for_good));
    if (!cli_json(c, j))
        cli_say(c, o->undo ? "it is shown again" : "it is not shown any more; nobody else knows");
    return 0;
}

const struct cli_verb verb_coach_dismiss = {
    .opt = {"coach dismiss", "REVIEW/ID FINDING",
            "do not show a finding of the coach again; kept on this machine only", dismiss_opts,
            COUNT(dismiss_opts), 2, 3},
    .opt_size = sizeof(struct dismiss_opts),
    .examples = "  plimsoll coach dismiss REV-1/E-9 0123456789abcdef\n"
                "  plimsoll coach dismiss REV-1 0123456789abcdef --for-good\n",
    .fields = "finding,dismissed,for_good",
    .run = run_dismiss,
};
