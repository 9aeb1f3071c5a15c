// SPDX-License-Identifier: Apache-2.0
/*
 * Comments: on a review or on any entry, and on each other, which makes threads. A thread is
 * resolved by its first comment. They are never locked, so what cannot be written into a section
 * can still be said about it.
 */
#include <stdlib.h>
#include <string.h>

#include "plimsoll/base/mem.h"
#include "plimsoll/base/str.h"
#include "plimsoll/doc/vote.h"
#include "plimsoll/render/text.h"

#include "cli/cli_int.h"
#include "cli/verb_entry.h"

#define COUNT(a)  (sizeof(a) / sizeof((a)[0]))
#define TEXT_ROOM (16u * 1024u * 1024u)

struct comment_opts {
    struct cli_common common;
    bool open;
};

static const struct pl_opt plain_opts[] = {CLI_COMMON};
static const struct pl_opt list_opts[] = {
    CLI_COMMON,
    {0, "open", PL_OPT_FLAG, offsetof(struct comment_opts, open), NULL, NULL,
     "only threads that are not resolved"},
};

/* --- threads ------------------------------------------------------------------------------------
 */

/* Comments in the order of reading: each followed by its answers. */
struct threads {
    struct pl_entry **items;
    unsigned *depth;
    size_t n;
};

static void threads_release(struct threads *t)
{
    free(t->items);
    free(t->depth);
}

/* Puts the comments on `on` and all answers below them behind what is in t. Each entry has one
 * parent and the document cuts cycles, so the stack never holds more than all comments. */
static void threads_of(struct threads *t, const struct pl_doc *d, struct pl_eid on, size_t all)
{
    struct pl_entry **stack = pl_xcalloc(all + 1, sizeof(struct pl_entry *));
    unsigned *deep = pl_xcalloc(all + 1, sizeof(unsigned));
    struct pl_entry **kids = pl_xcalloc(all + 1, sizeof(struct pl_entry *));
    size_t top = 0;
    struct pl_eid at = on;
    unsigned depth = 0;
    for (;;) {
        size_t n = pl_doc_children(d, at, PL_KIND_COMMENT, kids, all);
        while (n > 0 && top < all) {
            stack[top] = kids[--n];
            deep[top++] = depth;
        }
        if (top == 0 || t->n == all)
            break;
        top--;
        t->items[t->n] = stack[top];
        t->depth[t->n++] = deep[top];
        at = pl_entry_eid(stack[top]);
        depth = deep[top] + 1;
    }
    free(stack);
    free(deep);
    free(kids);
}

static size_t threads_begin(struct threads *t, const struct pl_doc *d)
{
    size_t all = pl_doc_list(d, PL_KIND_COMMENT, NULL, 0);
    t->items = pl_xcalloc(all + 1, sizeof(struct pl_entry *));
    t->depth = pl_xcalloc(all + 1, sizeof(unsigned));
    t->n = 0;
    return all;
}

/* The threads on what was merged into an entry: they are about it now. */
static void threads_merged(struct threads *t, const struct pl_doc *d, const struct pl_entry *stays,
                           size_t all)
{
    size_t n = pl_doc_list(d, pl_entry_kind(stays), NULL, 0);
    struct pl_entry **v = pl_xcalloc(n + 1, sizeof(struct pl_entry *));
    (void)pl_doc_list(d, pl_entry_kind(stays), v, n);
    for (size_t i = 0; i < n && t->n < all; i++) {
        if (v[i] != stays && pl_entry_is_merged(v[i]) && pl_entry_stays(d, v[i]) == stays)
            threads_of(t, d, pl_entry_eid(v[i]), all);
    }
    free(v);
}

/* The threads on one entry, or all of a review: those on the review itself first, then in the order
 * of sections. */
static void threads_take(struct threads *t, const struct pl_doc *d, const struct pl_entry *only)
{
    size_t all = threads_begin(t, d);
    if (only) {
        threads_of(t, d, pl_entry_eid(only), all);
        threads_merged(t, d, only, all);
        return;
    }
    threads_of(t, d, PL_EID_ROOT, all);
    for (uint32_t kind = 1; pl_kind_info(kind) && t->n < all; kind++) {
        size_t n = pl_doc_list(d, kind, NULL, 0);
        struct pl_entry **v = pl_xcalloc(n + 1, sizeof(struct pl_entry *));
        if (kind != PL_KIND_COMMENT && kind != PL_KIND_REVIEW)
            (void)pl_doc_list(d, kind, v, n);
        for (size_t i = 0; i < n && v[i]; i++)
            threads_of(t, d, pl_entry_eid(v[i]), all);
        free(v);
    }
}

static const char *author(const struct pl_doc *d, const struct pl_entry *en)
{
    return pl_doc_user_name(d, (int64_t)pl_entry_created_by(en));
}

static bool is_resolved(const struct pl_entry *en)
{
    return pl_entry_int(en, PL_F_COMMENT_RESOLVED, 0) == 1;
}

static void name_above(const struct pl_doc *d, const struct pl_entry *en, char out[PL_SHORT_ID_MAX])
{
    const struct pl_entry *parent = pl_doc_entry(d, pl_entry_parent(en));
    out[0] = '\0';
    if (parent && pl_entry_kind(parent) == PL_KIND_REVIEW)
        (void)pl_strlcpy(out, "review", PL_SHORT_ID_MAX);
    else if (parent)
        cli_entry_id(parent, out);
}

static json_t *comment_json(const struct pl_doc *d, const struct threads *t, size_t i)
{
    char on[PL_SHORT_ID_MAX];
    json_t *j = cli_entry_json(d, t->items[i]);
    name_above(d, t->items[i], on);
    (void)json_object_set_new(j, "on", json_string(on));
    (void)json_object_set_new(j, "by", json_string(author(d, t->items[i])));
    (void)json_object_set_new(j, "depth", json_integer((json_int_t)t->depth[i]));
    return j;
}

/* A text, every line indented and clean. */
static int add_lines(const char *text, unsigned indent, struct pl_buf *out)
{
    int rc = 0;
    while (rc == 0 && *text) {
        size_t n = strcspn(text, "\n");
        for (unsigned i = 0; rc == 0 && i < indent; i++)
            rc = pl_buf_add_byte(out, ' ');
        if (rc == 0)
            rc = pl_text_safe(text, n, out);
        if (rc == 0)
            rc = pl_buf_add_byte(out, '\n');
        text += n + (text[n] == '\n');
    }
    return rc;
}

json_t *cli_comments_json(const struct pl_doc *d, const struct pl_entry *on)
{
    struct threads t;
    json_t *all = json_array();
    threads_take(&t, d, on);
    for (size_t i = 0; i < t.n; i++)
        (void)json_array_append_new(all, comment_json(d, &t, i));
    threads_release(&t);
    return all;
}

int cli_comments_text(struct cli *c, const struct pl_doc *d, const struct pl_entry *on,
                      struct pl_err *e)
{
    struct threads t;
    int rc = 0;
    threads_take(&t, d, on);
    if (t.n > 0)
        cli_print(c, "\ncomments\n");
    for (size_t i = 0; rc == 0 && i < t.n; i++) {
        char id[PL_SHORT_ID_MAX], above[PL_SHORT_ID_MAX];
        struct pl_buf body;
        const char *text = pl_entry_cstr(t.items[i], PL_F_BODY);
        cli_entry_id(t.items[i], id);
        name_above(d, t.items[i], above);
        pl_buf_init(&body, TEXT_ROOM);
        rc = add_lines(text, 2 * t.depth[i] + 4, &body);
        cli_print(c, "%*s%s on %s, %s%s:\n%.*s", (int)(2 * t.depth[i]), "", id, above,
                  author(d, t.items[i]), is_resolved(t.items[i]) ? ", resolved" : "", (int)body.len,
                  body.len > 0 ? (const char *)body.data : "");
        pl_buf_release(&body);
    }
    threads_release(&t);
    return rc < 0 ? pl_fail(e, PL_E_LIMIT, "the output is too large") : 0;
}

/* --- list ---------------------------------------------------------------------------------------
 */

static int run_list(struct cli *c, void *opts, int argc, char **argv, struct pl_err *e)
{
    static const char *const heads[] = {"ID", "ON", "BY", "RESOLVED", "TEXT"};
    const struct comment_opts *o = opts;
    struct review *r = NULL;
    struct pl_entry *only = NULL;
    struct threads t;
    bool hides = false;
    int rc = cli_entry_open(c, argc, argv, true, &r, &only, e);
    if (rc < 0)
        return rc;
    const struct pl_doc *d = review_doc(r);
    json_t *j = cli_envelope(c, "comment.list", pl_doc_rev(d));
    json_t *items = json_array();
    struct cli_table *rows = cli_table_new(heads, COUNT(heads));
    threads_take(&t, d, only);
    for (size_t i = 0; i < t.n; i++) {
        char id[PL_SHORT_ID_MAX], on[PL_SHORT_ID_MAX];
        if (t.depth[i] == 0)
            hides = o->open && is_resolved(t.items[i]);
        if (hides)
            continue;
        cli_entry_id(t.items[i], id);
        name_above(d, t.items[i], on);
        cli_table_row(rows, (const char *const[]){id, on, author(d, t.items[i]),
                                                  is_resolved(t.items[i]) ? "yes" : "",
                                                  pl_entry_cstr(t.items[i], PL_F_BODY)});
        (void)json_array_append_new(items, comment_json(d, &t, i));
    }
    threads_release(&t);
    (void)json_object_set_new(j, "items", items);
    return cli_list_end(c, rows, j, e);
}

const struct cli_verb verb_comment_list = {
    .opt = {"comment list", "ID [ENTRY]", "comments of a review or of one entry, thread by thread",
            list_opts, COUNT(list_opts), 1, 2},
    .opt_size = sizeof(struct comment_opts),
    .examples = "  plimsoll comment list REV-1 --open\n  plimsoll comment list REV-1/F-3\n",
    .fields = "on,by,depth",
    .fields_kind = PL_KIND_COMMENT,
    .run = run_list,
};

/* --- add, answer --------------------------------------------------------------------------------
 */

static int add(struct cli *c, int argc, char **argv, bool is_reply, struct pl_err *e)
{
    struct review *r = NULL;
    struct pl_entry *en = NULL;
    struct pl_eid eid = PL_EID_ROOT;
    bool queued = false;
    char *text = cli_text(c, argc - 1, argv + 1, e);
    int rc = text ? 0 : -PL_E_TOO_LARGE;
    if (rc == 0 && !text[0])
        rc = pl_fail(e, PL_E_USAGE, "a comment needs a text, or - to read it from standard input");
    if (rc == 0)
        rc = cli_entry_open(c, 1, argv, false, &r, &en, e);
    if (rc == 0 && is_reply && (!en || pl_entry_kind(en) != PL_KIND_COMMENT))
        rc = pl_fail(e, PL_E_USAGE,
                     "%.40s is not a comment; 'plimsoll comment add' writes a new one", argv[0]);
    if (rc == 0 && en && pl_entry_kind(en) != PL_KIND_REVIEW &&
        !pl_entry_is_visible(review_doc(r), en))
        rc = pl_fail(e, PL_E_DEADPARENT,
                     "%.40s was removed; comment on the review instead, or "
                     "'plimsoll restore %.40s' first",
                     argv[0], argv[0]);
    struct act_field f = {"body", text};
    if (rc == 0)
        rc = act_add(r, PL_KIND_COMMENT, en ? pl_entry_eid(en) : PL_EID_ROOT, &f, 1, &eid, e);
    if (rc == 0)
        rc = cli_settle(c, r, &queued, e);
    if (rc == 0)
        rc = cli_entry_result(c, r, eid, queued, e);
    free(text);
    return rc;
}

static int run_add(struct cli *c, void *opts, int argc, char **argv, struct pl_err *e)
{
    (void)opts;
    return add(c, argc, argv, false, e);
}

static int run_reply(struct cli *c, void *opts, int argc, char **argv, struct pl_err *e)
{
    (void)opts;
    return add(c, argc, argv, true, e);
}

const struct cli_verb verb_comment_add = {
    .opt = {"comment add", "ID TEXT|-", "comment on a review or on any entry", plain_opts,
            COUNT(plain_opts), 2, -1},
    .opt_size = sizeof(struct cli_common),
    .examples = "  plimsoll comment add REV-1/F-3 'link the pager export?'\n"
                "  plimsoll comment add REV-1 'who was on call that week?'\n",
    .fields_kind = PL_KIND_COMMENT,
    .run = run_add,
};

const struct cli_verb verb_comment_reply = {
    .opt = {"comment reply", "REVIEW/C-n TEXT|-", "answer a comment, in its thread", plain_opts,
            COUNT(plain_opts), 2, -1},
    .opt_size = sizeof(struct cli_common),
    .examples = "  plimsoll comment reply REV-1/C-3 'it is M-2 now'\n",
    .fields_kind = PL_KIND_COMMENT,
    .run = run_reply,
};

/* --- resolve, reopen ----------------------------------------------------------------------------
 */

static int resolve(struct cli *c, int argc, char **argv, const char *value, struct pl_err *e)
{
    struct review *r = NULL;
    struct pl_entry *en = NULL;
    bool queued = false;
    int rc = cli_entry_open(c, argc, argv, false, &r, &en, e);
    if (rc == 0 && (!en || pl_entry_kind(en) != PL_KIND_COMMENT))
        rc = pl_fail(e, PL_E_USAGE, "which comment? write REV-1/C-3");
    /* An answer stands for its thread. */
    const struct pl_entry *above = NULL;
    while (rc == 0 && (above = pl_doc_entry(review_doc(r), pl_entry_parent(en))) != NULL &&
           pl_entry_kind(above) == PL_KIND_COMMENT)
        en = pl_doc_entry(review_doc(r), pl_entry_eid(above));
    struct act_field f = {"resolved", value};
    struct pl_eid eid = rc == 0 ? pl_entry_eid(en) : PL_EID_ROOT;
    if (rc == 0)
        rc = act_set(r, eid, &f, 1, e);
    if (rc == 0)
        rc = cli_settle(c, r, &queued, e);
    return rc < 0 ? rc : cli_entry_result(c, r, eid, queued, e);
}

static int run_resolve(struct cli *c, void *opts, int argc, char **argv, struct pl_err *e)
{
    (void)opts;
    return resolve(c, argc, argv, "yes", e);
}

static int run_reopen(struct cli *c, void *opts, int argc, char **argv, struct pl_err *e)
{
    (void)opts;
    return resolve(c, argc, argv, "no", e);
}

const struct cli_verb verb_comment_resolve = {
    .opt = {"comment resolve", "REVIEW/C-n", "mark a comment and its thread as dealt with",
            plain_opts, COUNT(plain_opts), 1, 2},
    .opt_size = sizeof(struct cli_common),
    .examples = "  plimsoll comment resolve REV-1/C-3\n",
    .fields_kind = PL_KIND_COMMENT,
    .run = run_resolve,
};

const struct cli_verb verb_comment_reopen = {
    .opt = {"comment reopen", "REVIEW/C-n", "take up a thread that was resolved", plain_opts,
            COUNT(plain_opts), 1, 2},
    .opt_size = sizeof(struct cli_common),
    .examples = "  plimsoll comment reopen REV-1/C-3\n",
    .fields_kind = PL_KIND_COMMENT,
    .run = run_reopen,
};
