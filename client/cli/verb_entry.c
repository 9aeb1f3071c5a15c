// SPDX-License-Identifier: Apache-2.0
/*
 * Entries by verb: timeline, observe, cause, actions, each with list, add, edit, rm. One piece of
 * code over a table of options, since the schema knows what each field takes.
 */
#include "cli/verb_entry.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "plimsoll/base/mem.h"
#include "plimsoll/base/str.h"
#include "plimsoll/base/time.h"
#include "plimsoll/doc/durations.h"
#include "plimsoll/doc/secret.h"
#include "plimsoll/doc/vote.h"
#include "plimsoll/render/json.h"

#include "cli/cli_int.h"
#include "cli/verb_secret.h"
#include "model/zone.h"

#define ENTRIES_MAX 5000

/* --- showing
 * -------------------------------------------------------------------------------------- */

json_t *cli_entry_json(const struct pl_doc *d, const struct pl_entry *en)
{
    struct pl_buf b;
    struct pl_err e;
    json_error_t je;
    json_t *j = NULL;
    pl_buf_init(&b, 8u * 1024u * 1024u);
    pl_err_init(&e);
    if (pl_render_json_entry(d, en, &b, &e) == 0)
        j = json_loadb((const char *)b.data, b.len, JSON_DISABLE_EOF_CHECK, &je);
    pl_buf_release(&b);
    return j ? j : json_object();
}

void cli_entry_id(const struct pl_entry *en, char out[PL_SHORT_ID_MAX])
{
    pl_short_id_format(out, pl_entry_kind(en), pl_entry_int(en, PL_F_NO, 0));
}

struct numbered {
    struct review *r;
    struct pl_eid eid;
};

static bool has_number(void *ctx)
{
    const struct numbered *n = ctx;
    const struct pl_entry *en = pl_doc_entry(review_doc(n->r), n->eid);
    return !en || pl_entry_int(en, PL_F_NO, 0) > 0;
}

int cli_entry_result(struct cli *c, struct review *r, struct pl_eid eid, bool queued,
                     struct pl_err *e)
{
    struct numbered n = {r, eid};
    struct pl_err none;
    char id[PL_SHORT_ID_MAX];
    /* The number follows in the same batch, so this costs nothing when the change is durable. */
    if (!queued && cli_wait(c, has_number, &n, 2000, &none) < 0)
        cli_say(c, "no number yet");
    const struct pl_doc *d = review_doc(r);
    const struct pl_entry *en = pl_doc_entry(d, eid);
    if (!en)
        return pl_fail(e, PL_E_NOENT, "the entry is gone");
    json_t *j = cli_envelope(c, "entry", pl_doc_rev(sync_base(review_sync(r))));
    (void)json_object_set_new(j, "review",
                              json_sprintf("REV-%llu", (unsigned long long)review_id(r)));
    (void)json_object_set_new(j, "queued", json_boolean(queued));
    (void)json_object_set_new(j, "item", cli_entry_json(d, en));
    if (cli_json(c, j))
        return 0;
    cli_entry_id(en, id);
    if (pl_secret_is_draft(d)) /* its number means nothing in the review itself */
        cli_print(c, "REV-%llu/%s\n", (unsigned long long)review_id(r), id);
    else
        cli_print(c, "%s\n", id);
    return 0;
}

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

/* --- verbs
 * ---------------------------------------------------------------------------------------- */

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

static int add_one(struct cli *c, struct review *r, uint32_t kind, const struct cli_entry_opts *o,
                   const char *text, struct pl_eid *eid, struct pl_err *e)
{
    const struct cli_mark_how how = {.move = o->move, .also = o->also};
    struct cli_fields fs = {.n = 0};
    struct pl_eid parent = PL_EID_ROOT;
    int rc = kind == PL_KIND_ACTION ? cli_field_put(&fs, "state", "idea", e) : 0;
    if (rc == 0)
        rc = cli_entry_fields(c, o, &fs, e);
    if (rc == 0)
        rc = cli_mark_make_room(c, r, NULL, o->mark, &how, e);
    if (rc == 0 && o->parent) {
        struct pl_entry *en = NULL;
        rc = act_find(review_doc(r), o->parent, kind == PL_KIND_CAUSE ? kind : 0, &en, e);
        if (rc == 0)
            parent = pl_entry_eid(en);
    }
    if (rc == 0)
        rc = cli_field_put(&fs, "body", text, e);
    if (rc == 0)
        rc = act_add(r, kind, parent, fs.f, fs.n, eid, e);
    if (rc == 0)
        cli_event_warn(c, r, *eid, &fs);
    else
        cli_fields_say_option(&fs, e);
    cli_fields_release(&fs);
    return rc;
}

int cli_entry_add(struct cli *c, void *opts, int argc, char **argv, uint32_t kind, struct pl_err *e)
{
    const struct cli_entry_opts *o = opts;
    struct review *r = NULL;
    struct pl_eid eid = PL_EID_ROOT;
    uint64_t id = 0;
    bool queued = false;
    int rc = cli_review_id(argv[0], &id, e);
    char *text = rc == 0 ? cli_text(c, argc - 1, argv + 1, e) : NULL;
    if (rc == 0 && !text)
        return -PL_E_TOO_LARGE;
    if (rc == 0 && text[0] == '\0')
        rc = pl_fail(e, PL_E_USAGE, "say what: a text, or - to read it from standard input");
    if (rc == 0 && o->anonymous && o->set.count > 0)
        rc = pl_fail(e, PL_E_USAGE, "an anonymous card has a text and --col, nothing else");
    if (rc == 0 && o->anonymous) {
        rc = cli_card_add(c, id, o->col, text, e);
        free(text);
        return rc;
    }
    if (rc == 0)
        rc = cli_connect(c, e);
    if (rc == 0)
        rc = cli_open_to_add(c, id, kind, &r, e);
    /* From a pipe, the board takes one card a line. */
    bool by_line = kind == PL_KIND_OBSERVATION && argc == 2 && pl_str_eq(argv[1], "-");
    char *rest = text;
    while (rc == 0 && rest) {
        char *line = by_line ? strsep(&rest, "\n") : rest;
        if (!by_line)
            rest = NULL;
        if (line[0] != '\0')
            rc = add_one(c, r, kind, o, line, &eid, e);
    }
    if (rc == 0)
        rc = cli_settle(c, r, &queued, e);
    if (rc == 0)
        rc = cli_entry_result(c, r, eid, queued, e);
    free(text);
    return rc;
}

int cli_entry_open(struct cli *c, int argc, char **argv, bool read_only, struct review **r,
                   struct pl_entry **en, struct pl_err *e)
{
    uint64_t id = 0;
    const char *name = NULL;
    int rc = cli_connect(c, e);
    *en = NULL;
    if (rc == 0)
        rc = cli_split_id(c, argv[0], &id, &name, e);
    if (rc == 0 && !name && argc > 1)
        name = argv[1];
    if (rc == 0)
        rc = cli_open(c, id, read_only, r, e);
    if (rc == 0 && name)
        rc = act_find(review_doc(*r), name, 0, en, e);
    return rc;
}

/* "timeline rm F-1" is a slip, not a wish. */
static int check_kind(const struct pl_entry *en, const char *name, uint32_t kind, struct pl_err *e)
{
    uint32_t is = pl_entry_kind(en);
    if (is == kind)
        return 0;
    return pl_fail(e, PL_E_USAGE,
                   "%.40s is of kind %s, not %s; use the verb for it, or 'plimsoll set'", name,
                   pl_kind_name(is), pl_kind_name(kind));
}

/* Opens the review and finds the entry of "REV E-9" or "REV/E-9". */
static int open_entry(struct cli *c, int *argc, char ***argv, uint32_t kind, struct review **r,
                      struct pl_entry **en, struct pl_err *e)
{
    uint64_t id = 0;
    const char *name = NULL;
    int rc = cli_connect(c, e);
    if (rc == 0)
        rc = cli_split_id(c, (*argv)[0], &id, &name, e);
    (*argc)--;
    (*argv)++;
    if (rc == 0 && !name) {
        if (*argc < 1)
            return pl_fail(e, PL_E_USAGE, "say which: REV-2041 E-9");
        name = (*argv)[0];
        (*argc)--;
        (*argv)++;
    }
    if (rc == 0)
        rc = cli_open(c, id, false, r, e);
    if (rc == 0)
        rc = act_find(review_doc(*r), name, 0, en, e);
    return rc == 0 ? check_kind(*en, name, kind, e) : rc;
}

static int settle_and_show(struct cli *c, struct review *r, struct pl_eid eid, struct pl_err *e)
{
    bool queued = false;
    int rc = cli_settle(c, r, &queued, e);
    return rc < 0 ? rc : cli_entry_result(c, r, eid, queued, e);
}

/* Under another entry of its kind, or with "none" to stand alone. */
static int put_under(struct review *r, struct pl_eid eid, const char *parent, uint32_t kind,
                     struct pl_err *e)
{
    struct pl_entry *en = NULL;
    int rc = pl_str_eq(parent, "none") ? 0 : act_find(review_doc(r), parent, kind, &en, e);
    return rc < 0 ? rc : act_move(r, eid, en ? pl_entry_eid(en) : PL_EID_ROOT, NULL, e);
}

int cli_entry_edit(struct cli *c, void *opts, int argc, char **argv, uint32_t kind,
                   struct pl_err *e)
{
    const struct cli_entry_opts *o = opts;
    const struct cli_mark_how how = {.move = o->move, .also = o->also};
    struct review *r = NULL;
    struct pl_entry *en = NULL;
    struct cli_fields fs = {.n = 0};
    int rc = open_entry(c, &argc, &argv, kind, &r, &en, e);
    struct pl_eid eid = rc == 0 ? pl_entry_eid(en) : PL_EID_ROOT;
    if (rc == 0)
        rc = cli_entry_fields(c, o, &fs, e);
    char *text = rc == 0 && argc > 0 ? cli_text(c, argc, argv, e) : NULL;
    if (rc == 0 && argc > 0 && !text)
        rc = -PL_E_TOO_LARGE;
    if (rc == 0 && text)
        rc = cli_field_put(&fs, "body", text, e);
    if (rc == 0 && fs.n == 0 && !o->parent)
        rc = pl_fail(e, PL_E_USAGE, "nothing to change: give --set FIELD=VALUE or a new text");
    if (rc == 0 && o->parent)
        rc = put_under(r, eid, o->parent, kind, e);
    if (rc == 0)
        rc = cli_mark_make_room(c, r, en, o->mark, &how, e);
    if (rc == 0)
        rc = act_set(r, eid, fs.f, fs.n, e);
    if (rc == 0)
        cli_event_warn(c, r, eid, &fs);
    else
        cli_fields_say_option(&fs, e);
    if (rc == 0)
        rc = settle_and_show(c, r, eid, e);
    cli_fields_release(&fs);
    free(text);
    return rc;
}

int cli_entry_rm(struct cli *c, void *opts, int argc, char **argv, uint32_t kind, struct pl_err *e)
{
    const struct cli_entry_opts *o = opts;
    struct review *r = NULL;
    struct pl_entry *en = NULL;
    int rc = open_entry(c, &argc, &argv, kind, &r, &en, e);
    struct pl_eid eid = rc == 0 ? pl_entry_eid(en) : PL_EID_ROOT;
    if (rc == 0)
        rc = act_remove(r, eid, !o->restore, e);
    return rc < 0 ? rc : settle_and_show(c, r, eid, e);
}

int cli_entry_set(struct cli *c, void *opts, int argc, char **argv, struct pl_err *e)
{
    struct review *r = NULL;
    struct pl_entry *en = NULL;
    struct cli_fields fs = {.n = 0};
    uint64_t id = 0;
    const char *name = NULL;
    (void)opts;
    int rc = cli_connect(c, e);
    if (rc == 0)
        rc = cli_split_id(c, argv[0], &id, &name, e);
    if (rc == 0)
        rc = cli_open(c, id, false, &r, e);
    if (rc == 0 && name)
        rc = act_find(review_doc(r), name, 0, &en, e);
    else if (rc == 0)
        en = pl_doc_root(review_doc(r));
    struct pl_eid eid = rc == 0 ? pl_entry_eid(en) : PL_EID_ROOT;
    for (int i = 1; rc == 0 && i < argc; i++)
        rc = cli_entry_assignment(&fs, argv[i], e);
    if (rc == 0)
        rc = act_set(r, eid, fs.f, fs.n, e);
    if (rc == 0)
        cli_event_warn(c, r, eid, &fs);
    if (rc == 0)
        rc = settle_and_show(c, r, eid, e);
    cli_fields_release(&fs);
    return rc;
}
