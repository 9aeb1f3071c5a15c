// SPDX-License-Identifier: Apache-2.0
/*
 * Lists of entries: which reviews and which entries are meant, and a line for each. One's own
 * private entries stand behind the others while their kind is sealed.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "plimsoll/base/mem.h"
#include "plimsoll/base/str.h"
#include "plimsoll/base/time.h"
#include "plimsoll/doc/durations.h"
#include "plimsoll/doc/secret.h"
#include "plimsoll/doc/vote.h"

#include "cli/cli_int.h"
#include "cli/verb_entry.h"
#include "cli/verb_secret.h"
#include "model/zone.h"

#define ENTRIES_MAX 5000

/* --- one line -----------------------------------------------------------------------------------
 */

static const char *shown(const struct pl_doc *d, const struct pl_entry *en, const char *field,
                         char *buf, size_t size)
{
    const struct pl_field *f = pl_field_by_name(pl_entry_kind(en), field);
    struct pl_names names = pl_doc_names(d);
    struct pl_buf b;
    buf[0] = '\0';
    if (!f || !pl_field_is_reg(f))
        return buf;
    pl_buf_init(&b, size - 1);
    if (pl_field_format(f, pl_entry_reg(en, f->number), &names, &b) == 0 && b.len > 0) {
        memcpy(buf, b.data, b.len);
        buf[b.len] = '\0';
    }
    pl_buf_release(&b);
    return buf;
}

#define CELL        8192
#define LABEL_WHOLE (4u * 1024u * 1024u)

/* Does a field hold what an option asks for? The option's word may be another one for it. */
static bool fits(const struct pl_entry *en, const char *field, const char *want)
{
    const struct pl_field *f = pl_field_by_name(pl_entry_kind(en), field);
    return !want ||
           (f && f->type == PL_FT_ENUM && pl_entry_int(en, f->number, 0) == cli_word(f->ref, want));
}

static bool matches(const struct cli *c, const struct pl_doc *d, const struct pl_entry *en,
                    const struct cli_entry_opts *o)
{
    char cell[CELL];
    if (!fits(en, "state", o->state) || !fits(en, "kind", o->col) || !fits(en, "lens", o->lane) ||
        !fits(en, "question", o->branch) || !fits(en, "class", o->klass) ||
        !fits(en, "factor", o->factor) || !fits(en, "marker", o->mark))
        return false;
    if (o->owner) {
        const char *who = pl_str_eq(o->owner, "me") ? c->profile.user_name : o->owner;
        if (!pl_str_eq(shown(d, en, "owner", cell, CELL), who))
            return false;
    }
    if (o->late) {
        int64_t due = pl_entry_int(en, PL_F_ACTION_DUE, 0);
        int64_t state = pl_entry_int(en, PL_F_ACTION_STATE, 0);
        if (due == 0 || due > pl_now_us() || state >= PL_STATE_DONE)
            return false;
    }
    return true;
}

/* What stands for an entry in a list; one that was merged says into which. */
static void label_of(const struct pl_doc *d, const struct pl_entry *en, char *out, size_t cap)
{
    const struct pl_entry *into = pl_entry_merged_into(d, en);
    char id[PL_SHORT_ID_MAX];
    size_t n = 0;
    if (into) {
        cli_entry_id(into, id);
        int k = snprintf(out, cap, "[merged into %s] ", id);
        n = k > 0 && (size_t)k < cap ? (size_t)k : 0;
    }
    (void)pl_entry_label(en, out + n, cap - n);
}

static int check_sort(const struct cli_entry_opts *o, struct pl_err *e)
{
    if (!o->sort || pl_str_eq(o->sort, "-votes") || pl_str_eq(o->sort, "-dots"))
        return 0;
    return pl_fail(e, PL_E_USAGE, "--sort takes -votes (the most dots first), not '%s'", o->sort);
}

/* A cell of a list: moments in the zone that is asked for, precision with its width. */
static const char *listed(const struct pl_doc *d, const struct pl_entry *en, const char *field,
                          const char *zone, bool is_for_eyes, char *buf)
{
    const struct pl_field *f = pl_field_by_name(pl_entry_kind(en), field);
    int64_t s = pl_entry_int(en, PL_F_EVENT_PRECISION_S, 0);
    if (is_for_eyes && pl_entry_kind(en) == PL_KIND_EVENT && pl_str_eq(field, "known_at")) {
        pl_event_known(en, buf); /* how much later tells more in less room */
        return buf;
    }
    if (f && f->type == PL_FT_TIME && zone && pl_entry_reg(en, f->number)->type == PL_VAL_INT) {
        zone_format(zone, pl_entry_int(en, f->number, 0), 0, buf);
        return buf;
    }
    (void)shown(d, en, field, buf, CELL);
    if (pl_str_eq(field, "precision") && pl_str_eq(buf, "about") && s > 0)
        (void)snprintf(buf, CELL, "about %lld s", (long long)s);
    return buf;
}

const char *cli_entry_zone(const struct cli *c, const struct pl_doc *d, const char *asked)
{
    const char *zone = pl_entry_str(pl_doc_root(d), PL_F_REVIEW_ZONE);
    struct pl_err none;
    if (asked)
        return asked;
    /* Programs get UTC, people the zone of the review. */
    return cli_is_for_eyes(c) && zone[0] && zone_check(zone, &none) == 0 ? zone : NULL;
}

static void list_one(struct cli *c, struct review *r, uint32_t kind, const struct cli_entry_opts *o,
                     struct cli_table *t, json_t *items)
{
    const struct cli_entry_kind *k = cli_entry_kind(kind);
    const struct pl_doc *d = review_doc(r);
    struct pl_entry **all = pl_xcalloc(ENTRIES_MAX, sizeof(struct pl_entry *));
    size_t n = pl_doc_list(d, kind, all, ENTRIES_MAX);
    if (o->sort)
        qsort(all, n < ENTRIES_MAX ? n : ENTRIES_MAX, sizeof(struct pl_entry *), cli_votes_cmp);
    char review[32];
    /* A pipe gets the line whole, a person what fits. */
    bool is_for_eyes = cli_is_for_eyes(c);
    size_t cap = is_for_eyes ? 256 : LABEL_WHOLE;
    char *label = pl_xcalloc(1, cap);
    char(*cells)[CELL] = pl_xcalloc(ENTRY_COLUMNS, CELL);
    const char *zone = cli_entry_zone(c, d, kind == PL_KIND_EVENT ? o->zone : NULL);
    (void)snprintf(review, sizeof(review), "REV-%llu", (unsigned long long)review_id(r));
    for (size_t i = 0; i < n && i < ENTRIES_MAX; i++) {
        char id[PL_SHORT_ID_MAX];
        const char *row[ENTRY_COLUMNS + 3];
        size_t at = 0;
        if (!matches(c, d, all[i], o))
            continue;
        cli_entry_id(all[i], id);
        label_of(d, all[i], label, cap);
        row[at++] = id;
        for (size_t f = 0; f < ENTRY_COLUMNS && k->columns[f]; f++)
            row[at++] = listed(d, all[i], k->columns[f], zone, is_for_eyes, cells[f]);
        row[at++] = label;
        row[at++] = review;
        cli_table_row(t, row);
        json_t *j = cli_entry_json(d, all[i]);
        (void)json_object_set_new(j, "review", json_string(review));
        (void)json_array_append_new(items, j);
    }
    free(label);
    free(cells);
    free(all);
}

/* --- which --------------------------------------------------------------------------------------
 */

struct review_ids {
    uint64_t ids[200];
    size_t n;
};

static int take_reviews(void *ctx, struct pl_msg *m, struct pl_err *e)
{
    struct review_ids *ids = ctx;
    (void)e;
    for (size_t i = 0; i < m->u.list_reply.n && ids->n < 200; i++)
        ids->ids[ids->n++] = m->u.list_reply.items[i].review;
    return 0;
}

static int which_reviews(struct cli *c, int argc, char **argv, struct review_ids *ids,
                         struct pl_err *e)
{
    struct pl_msg m = {.type = PL_MSG_LIST};
    ids->n = 0;
    for (int i = 0; i < argc && ids->n < 200; i++) {
        int rc = cli_review_id(argv[i], &ids->ids[ids->n], e);
        if (rc < 0)
            return rc;
        ids->n++;
    }
    if (argc > 0)
        return 0;
    m.u.list.limit = 200;
    m.u.list.mine = true;
    return cli_call(c, &m, take_reviews, ids, e);
}

/* A word that a list is asked to keep to must be one of the schema, or the list would be empty
 * without a word. */
static int check_filter(uint32_t kind, const char *option, const char *field, const char *want,
                        struct pl_err *e)
{
    const struct pl_field *f = want ? pl_field_by_name(kind, field) : NULL;
    char all[PL_ERR_TEXT_MAX / 2] = "";
    const char *name = NULL;
    if (!f || f->type != PL_FT_ENUM || cli_word(f->ref, want) != 0)
        return 0;
    for (int64_t i = 1; (name = pl_enum_name(f->ref, i)); i++) {
        (void)pl_strlcat(all, i > 1 ? ", " : "", sizeof(all));
        (void)pl_strlcat(all, name, sizeof(all));
    }
    return pl_fail(e, PL_E_USAGE, "--%s takes one of %s, not '%.40s'", option, all, want);
}

static int check_filters(uint32_t kind, const struct cli_entry_opts *o, struct pl_err *e)
{
    const struct {
        const char *option, *field, *want;
    } all[] = {
        {"state", "state", o->state}, {"col", "kind", o->col},
        {"lens", "lens", o->lane},    {"branch", "question", o->branch},
        {"class", "class", o->klass}, {"factor", "factor", o->factor},
        {"mark", "marker", o->mark},
    };
    int rc = check_sort(o, e);
    for (size_t i = 0; rc == 0 && i < sizeof(all) / sizeof(all[0]); i++)
        rc = check_filter(kind, all[i].option, all[i].field, all[i].want, e);
    return rc;
}

int cli_entry_list(struct cli *c, void *opts, int argc, char **argv, uint32_t kind,
                   struct pl_err *e)
{
    const struct cli_entry_kind *k = cli_entry_kind(kind);
    struct review_ids ids;
    char name[64];
    int rc = check_filters(kind, opts, e);
    if (rc == 0)
        rc = cli_connect(c, e);
    if (rc == 0)
        rc = which_reviews(c, argc, argv, &ids, e);
    if (rc < 0)
        return rc;
    struct cli_table *t = cli_table_new(k->heads, k->n_heads);
    json_t *items = json_array();
    uint64_t rev = 0;
    for (size_t i = 0; rc == 0 && i < ids.n; i++) {
        struct review *r = NULL;
        rc = cli_open(c, ids.ids[i], true, &r, e);
        if (rc < 0)
            break;
        rev = pl_doc_rev(review_doc(r));
        list_one(c, r, kind, opts, t, items);
        bool is_sealed = pl_secret_is_sealed(review_doc(r), kind);
        review_close(r);
        if (!is_sealed || cli_open_draft(c, ids.ids[i], true, &r, NULL) < 0)
            continue;
        list_one(c, r, kind, opts, t, items); /* one's own */
        review_close(r);
    }
    (void)snprintf(name, sizeof(name), "%s.list", k->verb);
    json_t *j = cli_envelope(c, name, argc == 1 ? rev : 0);
    (void)json_object_set_new(j, "items", items);
    (void)json_object_set_new(j, "next", json_null());
    (void)json_object_set_new(j, "warnings", json_array());
    int end = cli_list_end(c, t, j, e);
    return rc < 0 ? rc : end;
}
