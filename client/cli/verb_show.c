// SPDX-License-Identifier: Apache-2.0
/*
 * Reading a review, as it is or as it was at any moment: show, export, diff. What is shown of the
 * past is grown from the log and has the same bytes as an export that was made then.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "plimsoll/base/mem.h"
#include "plimsoll/base/str.h"
#include "plimsoll/render/json.h"
#include "plimsoll/render/markdown.h"
#include "plimsoll/render/text.h"

#include "cli/calendar.h"
#include "cli/cli_int.h"
#include "cli/past.h"
#include "cli/verb_entry.h"
#include "cli/verb_secret.h"
#include "model/changes.h"
#include "sync/diff.h"

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))

struct show_opts {
    struct cli_common common;
    int format;
    const char *section, *at;
    bool comments, mine;
};

static const char *const formats[] = {"text", "md", "json", NULL};
enum { FORMAT_TEXT, FORMAT_MD, FORMAT_JSON };

#define OPT_AT                                                                    \
    {                                                                             \
        0, "at", PL_OPT_STRING, offsetof(struct show_opts, at), "REV|TIME", NULL, \
            "as it was at this revision or time; REV-1@120 says the same"         \
    }

static const struct pl_opt show_opts[] = {
    CLI_COMMON,
    {0, "format", PL_OPT_CHOICE, offsetof(struct show_opts, format), "FORMAT", formats,
     "how it is written"},
    {0, "section", PL_OPT_STRING, offsetof(struct show_opts, section), "KIND", NULL,
     "only entries of this kind: event, observation, cause, action ..."},
    OPT_AT,
    {0, "comments", PL_OPT_FLAG, offsetof(struct show_opts, comments), NULL, NULL,
     "with the comments, threads in order"},
    {0, "mine", PL_OPT_FLAG, offsetof(struct show_opts, mine), NULL, NULL,
     "your private draft of it: what is sealed, what was revealed, what came late"},
};

static const char *const export_formats[] = {"md", "json", "ics", NULL};

static const struct pl_opt export_opts[] = {
    CLI_COMMON,
    {0, "as", PL_OPT_CHOICE, offsetof(struct show_opts, format), "FORMAT", export_formats,
     "how it is written; md when nothing is said"},
    OPT_AT,
};

/* --- which review, which moment -----------------------------------------------------------------
 */

/* A review that is open, and the document that is wanted of it. */
struct view {
    struct review *r;
    const struct pl_doc *now;
    struct pl_doc *past; /* NULL: it is `now` */
    const struct pl_doc *d;
    const char *entry;
};

static void view_release(struct view *v)
{
    pl_doc_free(v->past);
}

/* Takes "@120" off an id; the moment, or NULL. */
static const char *cut_moment(char *id)
{
    char *at = strchr(id, '@');
    if (!at)
        return NULL;
    *at = '\0';
    return at + 1;
}

static int view_open(struct cli *c, char *id, const char *at, struct view *v, struct pl_err *e)
{
    uint64_t review = 0;
    const char *moment = cut_moment(id);
    memset(v, 0, sizeof(*v));
    if (moment && at)
        return pl_fail(e, PL_E_USAGE, "@%.40s and --at %.40s: one moment is enough", moment, at);
    int rc = cli_connect(c, e);
    if (rc == 0)
        rc = cli_split_id(c, id, &review, &v->entry, e);
    if (rc == 0)
        rc = cli_open(c, review, true, &v->r, e);
    if (rc < 0)
        return rc;
    v->now = v->d = review_doc(v->r);
    if (moment || at)
        rc = cli_past_doc(c, review, moment ? moment : at, pl_doc_rev(v->now), &v->past, e);
    if (v->past)
        v->d = v->past;
    return rc;
}

/* Numbers are given after an entry is made, so it is looked up as it is named today. */
static int view_find(const struct view *v, const char *name, struct pl_entry **out,
                     struct pl_err *e)
{
    struct pl_entry *en = NULL;
    int rc = act_find(v->now, name, 0, &en, e);
    if (rc < 0)
        return rc;
    *out = pl_doc_entry(v->d, pl_entry_eid(en));
    if (!*out)
        return pl_fail(e, PL_E_NOENT, "%s did not exist at revision %llu yet", name,
                       (unsigned long long)pl_doc_rev(v->d));
    return 0;
}

/* --- show ---------------------------------------------------------------------------------------
 */

static int render(struct cli *c, const struct pl_doc *d, int format, struct pl_err *e)
{
    if (format == FORMAT_JSON)
        return pl_render_json(d, &c->out, e);
    if (format == FORMAT_MD)
        return pl_render_markdown(d, &c->out, e);
    return pl_text_review(d, &c->out, e);
}

/* "event" or "events". */
static const struct pl_kind_info *section_by_name(const char *name)
{
    for (uint32_t kind = 1; pl_kind_info(kind); kind++) {
        const char *many = pl_json_list_name(kind);
        if (pl_str_eq(name, pl_kind_name(kind)) || (many && pl_str_eq(name, many)))
            return pl_kind_info(kind);
    }
    return NULL;
}

static int show_section(struct cli *c, const struct pl_doc *d, const char *name, struct pl_err *e)
{
    const struct pl_kind_info *k = section_by_name(name);
    if (!k)
        return pl_fail(
            e, PL_E_USAGE,
            "'%.40s' is not a section: event, observation, cause, action, material, rule, "
            "agenda, account, lesson, comment, participant, waiver",
            name);
    if (!cli_wants_json(c))
        return pl_text_section(d, k->number, &c->out, e);
    size_t n = pl_doc_list(d, k->number, NULL, 0);
    struct pl_entry **all = pl_xcalloc(n + 1, sizeof(struct pl_entry *));
    (void)pl_doc_list(d, k->number, all, n);
    json_t *items = json_array();
    for (size_t i = 0; i < n; i++)
        (void)json_array_append_new(items, cli_entry_json(d, all[i]));
    free(all);
    json_t *j = cli_envelope(c, "show.section", pl_doc_rev(d));
    (void)json_object_set_new(j, "section", json_string(name));
    (void)json_object_set_new(j, "items", items);
    (void)cli_json(c, j);
    return 0;
}

/* The other ends of links: the entry itself shows only those that it holds. */
static void linked_text(struct cli *c, const struct pl_doc *d, const struct pl_entry *en)
{
    json_t *ids = cli_linked_from(d, en);
    for (size_t i = 0; i < json_array_size(ids); i++)
        cli_print(c, "%s%s", i == 0 ? "Linked from: " : ", ",
                  json_string_value(json_array_get(ids, i)));
    if (json_array_size(ids) > 0)
        cli_print(c, "\n");
    json_decref(ids);
}

/* What stands under an entry, by kind: {"claims": [...]} of an account, {"evidence": [...]} of an
 * action. Comments have a key of their own, with --comments. */
static json_t *children_json(const struct pl_doc *d, const struct pl_entry *en)
{
    json_t *all = json_object();
    for (uint32_t kind = 1; pl_kind_info(kind); kind++) {
        if (kind == PL_KIND_COMMENT || !pl_kind_fits(kind, pl_entry_kind(en)))
            continue;
        size_t n = pl_doc_children(d, pl_entry_eid(en), kind, NULL, 0);
        struct pl_entry **v = pl_xcalloc(n + 1, sizeof(struct pl_entry *));
        json_t *list = json_array();
        (void)pl_doc_children(d, pl_entry_eid(en), kind, v, n);
        for (size_t i = 0; i < n; i++)
            (void)json_array_append_new(list, cli_entry_json(d, v[i]));
        free(v);
        (void)json_object_set_new(all, pl_json_list_name(kind), list);
    }
    return all;
}

static int show_entry(struct cli *c, const struct view *v, const char *name, bool comments,
                      struct pl_err *e)
{
    struct pl_entry *en = NULL;
    int rc = view_find(v, name, &en, e);
    if (rc < 0)
        return rc;
    if (!cli_wants_json(c)) {
        rc = pl_text_entry(v->d, en, &c->out, e);
        if (rc == 0)
            linked_text(c, v->d, en);
        return rc == 0 && comments ? cli_comments_text(c, v->d, en, e) : rc;
    }
    json_t *j = cli_envelope(c, "show", pl_doc_rev(v->d));
    (void)json_object_set_new(j, "item", cli_entry_json(v->d, en));
    (void)json_object_set_new(j, "children", children_json(v->d, en));
    (void)json_object_set_new(j, "linked_from", cli_linked_from(v->d, en));
    if (comments)
        (void)json_object_set_new(j, "comments", cli_comments_json(v->d, en));
    (void)cli_json(c, j);
    return 0;
}

static int run_show(struct cli *c, void *opts, int argc, char **argv, struct pl_err *e)
{
    const struct show_opts *o = opts;
    struct view v;
    char *id = pl_xstrdup(argv[0]);
    int rc = view_open(c, id, o->at, &v, e);
    const char *name = v.entry ? v.entry : argc > 1 ? argv[1] : NULL;
    int format = cli_wants_json(c) ? FORMAT_JSON : o->format;
    if (rc == 0 && o->mine)
        rc = cli_show_mine(c, v.r, e);
    else if (rc == 0 && name)
        rc = show_entry(c, &v, name, o->comments, e);
    else if (rc == 0 && o->section)
        rc = show_section(c, v.d, o->section, e);
    else if (rc == 0)
        rc = render(c, v.d, format, e);
    if (rc == 0 && !name && !o->mine && o->comments && format == FORMAT_TEXT)
        rc = cli_comments_text(c, v.d, NULL, e);
    view_release(&v);
    free(id);
    return rc;
}

const struct cli_verb verb_show = {
    .opt = {"show", "ID [ENTRY]", "a review, or one entry of it, now or as it was", show_opts,
            COUNT(show_opts), 1, 2},
    .opt_size = sizeof(struct show_opts),
    .examples = "  plimsoll show REV-1\n  plimsoll show REV-1/E-9 --comments\n"
                "  plimsoll show REV-1 --at 2026-03-01T14:00:00Z\n  plimsoll show REV-1@120 E-9\n"
                "  plimsoll show A-121 --json\n  plimsoll show REV-1 --mine\n",
    .fields_kind = PL_KIND_REVIEW,
    .run = run_show,
};

enum { EXPORT_MD, EXPORT_JSON, EXPORT_ICS };

static int export_as(struct cli *c, const struct pl_doc *d, int format, struct pl_err *e)
{
    if (format == EXPORT_ICS)
        return cli_calendar(c, d, &c->out, e);
    return render(c, d, format == EXPORT_JSON ? FORMAT_JSON : FORMAT_MD, e);
}

static int run_export(struct cli *c, void *opts, int argc, char **argv, struct pl_err *e)
{
    const struct show_opts *o = opts;
    struct view v;
    char *id = pl_xstrdup(argv[0]);
    (void)argc;
    int rc = view_open(c, id, o->at, &v, e);
    if (rc == 0 && v.entry)
        rc = pl_fail(e, PL_E_USAGE, "a review is exported as a whole: write REV-%llu",
                     (unsigned long long)review_id(v.r));
    if (rc == 0)
        rc = export_as(c, v.d, cli_wants_json(c) ? EXPORT_JSON : o->format, e);
    view_release(&v);
    free(id);
    return rc;
}

const struct cli_verb verb_export = {
    .opt = {"export", "REVIEW",
            "the whole review as Markdown, JSON or a calendar file; same revision, same bytes",
            export_opts, COUNT(export_opts), 1, 1},
    .opt_size = sizeof(struct show_opts),
    .examples = "  plimsoll export REV-1 --as md -o review.md\n"
                "  plimsoll export REV-1 --as ics -o review.ics\n"
                "  plimsoll export REV-1 --at 120 --as json\n",
    .run = run_export,
};

/* --- diff ---------------------------------------------------------------------------------------
 */

static const struct pl_opt diff_opts[] = {CLI_COMMON};

static const char *const diff_kinds[] = {"add", "remove", "restore", "move",
                                         "set", "put",    "take",    "text"};

static int show_changes(struct cli *c, const struct view *v, const struct pl_doc *from,
                        struct pl_err *e)
{
    static const char *const heads[] = {"ENTRY", "FIELD", "CHANGE"};
    struct cli_table *t = cli_table_new(heads, COUNT(heads));
    json_t *items = json_array();
    struct changes all;
    struct pl_cs cs;
    diff_docs(&cs, from, v->d);
    changes_of(&all, from, &cs, v->now);
    for (size_t i = 0; i < all.n; i++) {
        const struct change *ch = &all.items[i];
        const char *field = ch->field ? ch->field->name : NULL;
        if (!ch->is_part && !ch->is_quiet)
            cli_table_row(t, (const char *const[]){ch->id, field, ch->words});
        (void)json_array_append_new(
            items, json_pack("{s:s, s:s, s:s, s:s?, s:s, s:s, s:s, s:b, s:s}", "change",
                             diff_kinds[ch->kind], "entry", ch->id, "kind",
                             pl_kind_name(ch->entry_kind), "field", field, "from", ch->from, "to",
                             ch->to, "diff", ch->diff, "part", ch->is_part, "what", ch->words));
    }
    changes_release(&all);
    pl_cs_release(&cs);
    json_t *j = cli_envelope(c, "diff", pl_doc_rev(v->d));
    (void)json_object_set_new(j, "from_rev", json_integer((json_int_t)pl_doc_rev(from)));
    (void)json_object_set_new(j, "items", items);
    return cli_list_end(c, t, j, e);
}

/* The two moments of "REV-1@A REV-1@B", "REV-1 A B", "REV-1@A", "REV-1 A". */
static int two_moments(char *id, int argc, char **argv, const char **a, const char **b,
                       struct pl_err *e)
{
    char *rest[2] = {argc > 1 ? argv[1] : NULL, argc > 2 ? argv[2] : NULL};
    *a = cut_moment(id);
    *b = NULL;
    if (*a && rest[1])
        return pl_fail(e, PL_E_USAGE, "three moments; write REV-1 A B, or REV-1@A REV-1@B");
    const char *last = *a ? rest[0] : rest[1];
    if (!*a)
        *a = rest[0];
    if (!*a)
        return pl_fail(e, PL_E_USAGE,
                       "since when? write %s 120, or %s 120 140; 'plimsoll history %s' lists "
                       "revisions",
                       id, id, id);
    const char *at = last ? strchr(last, '@') : NULL;
    if (at && ((size_t)(at - last) != strlen(id) || strncmp(last, id, strlen(id)) != 0))
        return pl_fail(e, PL_E_USAGE, "both must be of one review, not %s and %s", id, last);
    *b = at ? at + 1 : last;
    return 0;
}

static int run_diff(struct cli *c, void *opts, int argc, char **argv, struct pl_err *e)
{
    struct view v;
    struct pl_doc *from = NULL;
    char *id = pl_xstrdup(argv[0]);
    const char *a = NULL;
    const char *b = NULL;
    (void)opts;
    memset(&v, 0, sizeof(v));
    int rc = two_moments(id, argc, argv, &a, &b, e);
    if (rc == 0)
        rc = view_open(c, id, b, &v, e);
    if (rc == 0 && v.entry)
        rc = pl_fail(e, PL_E_USAGE,
                     "diff is of a whole review; 'plimsoll history %s' is of one "
                     "entry",
                     argv[0]);
    if (rc == 0)
        rc = cli_past_doc(c, review_id(v.r), a, pl_doc_rev(v.now), &from, e);
    if (rc == 0 && pl_doc_rev(from) > pl_doc_rev(v.d))
        rc = pl_fail(e, PL_E_USAGE, "revision %llu is newer than %llu: write the older one first",
                     (unsigned long long)pl_doc_rev(from), (unsigned long long)pl_doc_rev(v.d));
    if (rc == 0)
        rc = show_changes(c, &v, from, e);
    pl_doc_free(from);
    view_release(&v);
    free(id);
    return rc;
}

const struct cli_verb verb_diff = {
    .opt = {"diff", "REVIEW@A [REVIEW@B]", "what changed between two moments of a review",
            diff_opts, COUNT(diff_opts), 1, 3},
    .opt_size = sizeof(struct cli_common),
    .examples = "  plimsoll diff REV-1@120 REV-1@140\n  plimsoll diff REV-1 120 140\n"
                "  plimsoll diff REV-1 2026-03-01T14:00:00Z\n",
    .fields = "change,entry,kind,field,from,to,diff,part,what",
    .run = run_diff,
};
