// SPDX-License-Identifier: Apache-2.0
/*
 * Causes as a tree: the three questions as branches, each cause under the one that it explains,
 * with its class and factor, who agrees, what supports it and which actions address it. As text for
 * reading, or as a drawing for other programs.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "plimsoll/base/mem.h"
#include "plimsoll/base/str.h"

#include "cli/cli_int.h"
#include "cli/verb_entry.h"

#define COUNT(a)   (sizeof(a) / sizeof((a)[0]))
#define LABEL_MAX  400
#define FACTOR_MAX 300
#define QUESTIONS  4 /* 0: none given yet */

struct tree_opts {
    struct cli_common common;
    int format;
};

static const char *const formats[] = {"text", "dot", "mermaid", NULL};
enum { TREE_TEXT, TREE_DOT, TREE_MERMAID };

static const struct pl_opt tree_opts[] = {
    CLI_COMMON,
    {0, "format", PL_OPT_CHOICE, offsetof(struct tree_opts, format), "FORMAT", formats,
     "text; dot (Graphviz) and mermaid for drawings"},
};

static const char *const questions[QUESTIONS] = {"No question yet", "Why did it happen?",
                                                 "Why was it not seen sooner?",
                                                 "Why did it take so long?"};

/* --- the tree as a list -------------------------------------------------------------------------
 */

struct node {
    struct pl_entry *en;
    unsigned depth;
    int64_t question; /* of its branch */
};

struct tree {
    struct node *v;
    size_t n;
};

static int64_t question_of(const struct pl_entry *en, int64_t above)
{
    int64_t q = pl_entry_int(en, PL_F_CAUSE_QUESTION, 0);
    return q > 0 && q < QUESTIONS ? q : above;
}

/* Everything below the causes that stand alone, in the order of reading, branch by branch. */
static void tree_take(struct tree *t, const struct pl_doc *d)
{
    size_t all = pl_doc_list(d, PL_KIND_CAUSE, NULL, 0);
    struct pl_entry **kids = pl_xcalloc(all + 1, sizeof(struct pl_entry *));
    struct node *stack = pl_xcalloc(all + 1, sizeof(*stack));
    t->v = pl_xcalloc(all + 1, sizeof(*t->v));
    t->n = 0;
    for (int64_t branch = 1; branch <= QUESTIONS; branch++) {
        int64_t q = branch % QUESTIONS; /* what has no question comes last */
        size_t top = 0;
        size_t n = pl_doc_children(d, PL_EID_ROOT, PL_KIND_CAUSE, kids, all);
        while (n > 0) {
            struct pl_entry *en = kids[--n];
            if (question_of(en, 0) == q && top < all)
                stack[top++] = (struct node){en, 0, q};
        }
        while (top > 0 && t->n < all) {
            struct node at = stack[--top];
            t->v[t->n++] = at;
            n = pl_doc_children(d, pl_entry_eid(at.en), PL_KIND_CAUSE, kids, all);
            while (n > 0 && top < all) {
                struct pl_entry *en = kids[--n];
                stack[top++] = (struct node){en, at.depth + 1, question_of(en, at.question)};
            }
        }
    }
    free(stack);
    free(kids);
}

/* --- what is said of a cause --------------------------------------------------------------------
 */

/* "technical/misconfiguration"; what is not given is left out. */
static void factor_of(const struct pl_entry *en, char out[FACTOR_MAX])
{
    const char *klass = pl_enum_name(PL_EN_CLASS, pl_entry_int(en, PL_F_CAUSE_CLASS, 0));
    const char *factor = pl_enum_name(PL_EN_FACTOR, pl_entry_int(en, PL_F_CAUSE_FACTOR, 0));
    const char *other = pl_entry_str(en, PL_F_CAUSE_FACTOR_OTHER);
    bool is_other = pl_entry_int(en, PL_F_CAUSE_FACTOR, 0) == PL_FACTOR_OTHER && other[0] != '\0';
    bool is_trigger = pl_entry_int(en, PL_F_CAUSE_ROLE, 0) == PL_CAUSE_ROLE_TRIGGER;
    (void)snprintf(out, FACTOR_MAX, "%s%s%s%s", klass ? klass : "", klass && factor ? "/" : "",
                   is_other ? other
                   : factor ? factor
                            : "",
                   is_trigger ? ", trigger" : "");
}

static void label_of(const struct pl_entry *en, char out[LABEL_MAX])
{
    (void)pl_entry_label(en, out, LABEL_MAX);
}

/* Short ids of a set of links, and of the entries that hold a link to it, by kind. */
struct ties {
    json_t *support; /* events, observations and others that are linked, either way */
    json_t *actions;
};

static void ties_of(struct ties *t, const struct pl_doc *d, const struct pl_entry *en)
{
    t->support = json_array();
    t->actions = json_array();
    for (size_t i = 0; i < pl_entry_set_count(en, PL_F_LINKS); i++) {
        struct pl_eid to;
        char id[PL_SHORT_ID_MAX];
        const struct pl_entry *other =
            pl_eid_from_elem(pl_entry_set_at(en, PL_F_LINKS, i), &to) ? pl_doc_entry(d, to) : NULL;
        if (!other || !pl_entry_is_visible(d, other))
            continue;
        cli_entry_id(other, id);
        (void)json_array_append_new(
            pl_entry_kind(other) == PL_KIND_ACTION ? t->actions : t->support, json_string(id));
    }
    json_t *from = cli_linked_from(d, en);
    for (size_t i = 0; i < json_array_size(from); i++) {
        json_t *id = json_array_get(from, i);
        (void)json_array_append(
            pl_str_starts(json_string_value(id), "A-") ? t->actions : t->support, id);
    }
    json_decref(from);
}

static void ties_release(struct ties *t)
{
    json_decref(t->support);
    json_decref(t->actions);
}

static void print_ids(struct cli *c, const char *before, const json_t *ids)
{
    for (size_t i = 0; i < json_array_size(ids); i++)
        cli_print(c, "%s%s", i == 0 ? before : ", ", json_string_value(json_array_get(ids, i)));
}

/* --- as text ------------------------------------------------------------------------------------
 */

static void print_node(struct cli *c, const struct pl_doc *d, const struct node *x)
{
    char id[PL_SHORT_ID_MAX], factor[FACTOR_MAX], label[LABEL_MAX];
    size_t yes = pl_entry_set_count(x->en, PL_F_CAUSE_AGREED);
    size_t no = pl_entry_set_count(x->en, PL_F_CAUSE_DISAGREED);
    struct ties t;
    cli_entry_id(x->en, id);
    factor_of(x->en, factor);
    label_of(x->en, label);
    ties_of(&t, d, x->en);
    cli_print(c, "%*s- %s%s%s%s %s", (int)(2 * x->depth + 2), "", id, factor[0] ? " [" : "", factor,
              factor[0] ? "]" : "", label);
    if (yes + no > 0)
        cli_print(c, " (%zu agree, %zu do not)", yes, no);
    print_ids(c, "; seen in ", t.support);
    print_ids(c, "; addressed by ", t.actions);
    cli_print(c, "\n");
    ties_release(&t);
}

static void print_text(struct cli *c, const struct pl_doc *d, const struct tree *t)
{
    for (int64_t branch = 1; branch <= QUESTIONS; branch++) {
        int64_t q = branch % QUESTIONS;
        size_t n = 0;
        for (size_t i = 0; i < t->n; i++)
            n += t->v[i].depth == 0 && t->v[i].question == q;
        if (q == 0 && n == 0)
            continue;
        cli_print(c, "%s%s\n", questions[q], n == 0 ? " - nothing yet" : "");
        bool is_in = false;
        for (size_t i = 0; i < t->n; i++) {
            if (t->v[i].depth == 0)
                is_in = t->v[i].question == q;
            if (is_in)
                print_node(c, d, &t->v[i]);
        }
    }
}

/* --- as a drawing -------------------------------------------------------------------------------
 */

/* Text inside double quotes: of dot with backslashes, of mermaid as entities. Cells of a drawing
 * hold one line. */
static void print_quoted(struct cli *c, const char *s, bool is_dot)
{
    for (; *s; s++) {
        if (*s == '"' || (is_dot && *s == '\\'))
            cli_print(c, is_dot ? "\\%c" : "#quot;", *s);
        else if (!is_dot && (*s == '<' || *s == '>' || *s == '#' || *s == '`'))
            cli_print(c, "#%d;", *s);
        else if ((unsigned char)*s < 0x20 || *s == 0x7f)
            cli_print(c, " ");
        else
            cli_print(c, "%c", *s);
    }
}

/* "F-3" is "F3": names of nodes have no dash. */
static void print_name(struct cli *c, const char *id)
{
    for (; *id; id++)
        if (*id != '-')
            cli_print(c, "%c", *id);
}

static void print_edge(struct cli *c, const char *from, const char *to, bool is_dashed, bool is_dot)
{
    cli_print(c, "  ");
    print_name(c, from);
    cli_print(c, is_dot ? " -> " : is_dashed ? " -.-> " : " --> ");
    print_name(c, to);
    cli_print(c, "%s\n", !is_dot ? "" : is_dashed ? " [style=dashed];" : ";");
}

static void draw_node(struct cli *c, const struct node *x, bool is_dot)
{
    char id[PL_SHORT_ID_MAX], factor[FACTOR_MAX], label[LABEL_MAX];
    size_t yes = pl_entry_set_count(x->en, PL_F_CAUSE_AGREED);
    size_t no = pl_entry_set_count(x->en, PL_F_CAUSE_DISAGREED);
    cli_entry_id(x->en, id);
    factor_of(x->en, factor);
    label_of(x->en, label);
    cli_print(c, "  ");
    print_name(c, id);
    cli_print(c, is_dot ? " [label=\"%s" : "[\"%s", id);
    cli_print(c, factor[0] ? " " : "");
    print_quoted(c, factor, is_dot);
    cli_print(c, is_dot ? "\\n" : "<br/>");
    print_quoted(c, label, is_dot);
    if (yes + no > 0)
        cli_print(c, "%s%zu agree, %zu do not", is_dot ? "\\n" : "<br/>", yes, no);
    cli_print(c, is_dot ? "\"];\n" : "\"]\n");
}

static void draw_ties(struct cli *c, const struct pl_doc *d, const struct node *x, bool is_dot)
{
    char id[PL_SHORT_ID_MAX];
    struct ties t;
    cli_entry_id(x->en, id);
    ties_of(&t, d, x->en);
    for (size_t i = 0; i < json_array_size(t.support); i++)
        print_edge(c, json_string_value(json_array_get(t.support, i)), id, true, is_dot);
    for (size_t i = 0; i < json_array_size(t.actions); i++)
        print_edge(c, json_string_value(json_array_get(t.actions, i)), id, true, is_dot);
    ties_release(&t);
}

static void draw(struct cli *c, const struct pl_doc *d, const struct tree *t, bool is_dot)
{
    char q[8], id[PL_SHORT_ID_MAX];
    cli_print(c,
              is_dot ? "digraph causes {\n  rankdir=LR;\n  node [shape=box];\n" : "flowchart LR\n");
    for (int64_t i = 1; i < QUESTIONS; i++)
        cli_print(c, is_dot ? "  Q%d [label=\"%s\", shape=plaintext];\n" : "  Q%d([\"%s\"])\n",
                  (int)i, questions[i]);
    for (size_t i = 0; i < t->n; i++)
        draw_node(c, &t->v[i], is_dot);
    for (size_t i = 0; i < t->n; i++) {
        const struct node *x = &t->v[i];
        const struct pl_entry *above = pl_doc_entry(d, pl_entry_parent(x->en));
        char up[PL_SHORT_ID_MAX];
        cli_entry_id(x->en, id);
        (void)snprintf(q, sizeof(q), "Q%d", (int)x->question);
        if (x->depth > 0 && above) {
            cli_entry_id(above, up);
            print_edge(c, id, up, false, is_dot);
        } else if (x->question != 0) {
            print_edge(c, id, q, false, is_dot);
        }
        draw_ties(c, d, x, is_dot);
    }
    cli_print(c, is_dot ? "}\n" : "");
}

/* --- the verb -----------------------------------------------------------------------------------
 */

static json_t *node_json(const struct pl_doc *d, const struct node *x)
{
    struct ties t;
    char above[PL_SHORT_ID_MAX] = "";
    const struct pl_entry *parent = pl_doc_entry(d, pl_entry_parent(x->en));
    json_t *j = cli_entry_json(d, x->en);
    const char *q = pl_enum_name(PL_EN_QUESTION, x->question);
    if (parent && x->depth > 0)
        cli_entry_id(parent, above);
    ties_of(&t, d, x->en);
    (void)json_object_set_new(j, "branch", q ? json_string(q) : json_null());
    (void)json_object_set_new(j, "depth", json_integer((json_int_t)x->depth));
    (void)json_object_set_new(j, "under", above[0] ? json_string(above) : json_null());
    (void)json_object_set_new(
        j, "agree", json_integer((json_int_t)pl_entry_set_count(x->en, PL_F_CAUSE_AGREED)));
    (void)json_object_set_new(
        j, "disagree", json_integer((json_int_t)pl_entry_set_count(x->en, PL_F_CAUSE_DISAGREED)));
    (void)json_object_set(j, "support", t.support);
    (void)json_object_set(j, "addressed_by", t.actions);
    ties_release(&t);
    return j;
}

static int run_tree(struct cli *c, void *opts, int argc, char **argv, struct pl_err *e)
{
    const struct tree_opts *o = opts;
    struct review *r = NULL;
    struct pl_entry *en = NULL;
    struct tree t;
    int rc = cli_entry_open(c, argc, argv, true, &r, &en, e);
    if (rc < 0)
        return rc;
    if (en)
        return pl_fail(e, PL_E_USAGE, "the tree is of a whole review: write REV-%llu",
                       (unsigned long long)review_id(r));
    const struct pl_doc *d = review_doc(r);
    tree_take(&t, d);
    json_t *j = cli_envelope(c, "cause.tree", pl_doc_rev(d));
    json_t *items = json_array();
    for (size_t i = 0; i < t.n; i++)
        (void)json_array_append_new(items, node_json(d, &t.v[i]));
    (void)json_object_set_new(j, "items", items);
    if (!cli_json(c, j)) {
        if (o->format == TREE_TEXT)
            print_text(c, d, &t);
        else
            draw(c, d, &t, o->format == TREE_DOT);
    }
    free(t.v);
    return 0;
}

const struct cli_verb verb_cause_tree = {
    .opt = {"cause tree", "REVIEW", "causes under the three questions, with what supports them",
            tree_opts, COUNT(tree_opts), 1, 1},
    .opt_size = sizeof(struct tree_opts),
    .examples = "  plimsoll cause tree REV-1\n"
                "  plimsoll cause tree REV-1 --format dot | dot -Tsvg -o causes.svg\n",
    .fields = "branch,depth,under,agree,disagree,support,addressed_by",
    .fields_kind = PL_KIND_CAUSE,
    .run = run_tree,
};
