// SPDX-License-Identifier: Apache-2.0
/*
 * Links between entries: what supports a cause, which event an observation is about. A link stands
 * in one entry and is shown at both. Between an action and a cause it says that the action
 * addresses the cause.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "plimsoll/base/mem.h"
#include "plimsoll/base/str.h"

#include "cli/cli_int.h"
#include "cli/verb_entry.h"

#define COUNT(a)  (sizeof(a) / sizeof((a)[0]))
#define LINKS_MAX 32 /* in one command */

struct link_opts {
    struct cli_common common;
    bool remove;
};

static const struct pl_opt link_opts[] = {
    CLI_COMMON,
    {0, "remove", PL_OPT_FLAG, offsetof(struct link_opts, remove), NULL, NULL,
     "take the links away instead"},
};

/* --- who links to an entry ----------------------------------------------------------------------
 */

struct hunt {
    const struct pl_doc *d;
    struct pl_eid to;
    json_t *ids;
};

static bool holds(const struct pl_entry *en, const struct pl_field *f, struct pl_eid to)
{
    struct pl_eid at;
    for (size_t i = 0; f && i < pl_entry_set_count(en, f->number); i++)
        if (pl_eid_from_elem(pl_entry_set_at(en, f->number, i), &at) && pl_eid_eq(at, to))
            return true;
    return false;
}

static void look_at(void *ctx, struct pl_entry *en)
{
    struct hunt *h = ctx;
    const struct pl_field *f = NULL;
    char id[PL_SHORT_ID_MAX];
    if (!pl_entry_is_visible(h->d, en))
        return;
    for (size_t i = 0; (f = pl_field_at(pl_entry_kind(en), i)); i++) {
        if (f->type != PL_FT_SET_EID || !holds(en, f, h->to))
            continue;
        cli_entry_id(en, id);
        (void)json_array_append_new(h->ids, json_string(id));
    }
}

static int by_name(const void *a, const void *b)
{
    const char *const *x = a;
    const char *const *y = b;
    size_t nx = strlen(*x);
    size_t ny = strlen(*y);
    return nx != ny && (*x)[0] == (*y)[0] ? (nx < ny ? -1 : 1) : strcmp(*x, *y);
}

json_t *cli_linked_from(const struct pl_doc *d, const struct pl_entry *en)
{
    struct hunt h = {d, pl_entry_eid(en), json_array()};
    pl_doc_each(d, look_at, &h);
    size_t n = json_array_size(h.ids);
    const char **names = pl_xcalloc(n + 1, sizeof(*names));
    json_t *sorted = json_array();
    for (size_t i = 0; i < n; i++)
        names[i] = json_string_value(json_array_get(h.ids, i));
    qsort(names, n, sizeof(*names), by_name);
    for (size_t i = 0; i < n; i++)
        (void)json_array_append_new(sorted, json_string(names[i]));
    free(names);
    json_decref(h.ids);
    return sorted;
}

/* --- linking ------------------------------------------------------------------------------------
 */

/* The field of `from` that holds a link to `to`; NULL when it has none. */
static const struct pl_field *field_for(const struct pl_entry *from, const struct pl_entry *to)
{
    if (pl_entry_kind(from) == PL_KIND_ACTION && pl_entry_kind(to) == PL_KIND_CAUSE)
        return pl_field_find(PL_KIND_ACTION, PL_F_ACTION_CAUSES);
    const struct pl_field *f = pl_field_find(pl_entry_kind(from), PL_F_LINKS);
    return f && f->type == PL_FT_SET_EID ? f : NULL;
}

/* A link and the entry that holds it. */
struct edge {
    struct pl_entry *holder, *to;
    const struct pl_field *f;
};

/* Which of the two holds the link: an action that of a cause, else the first that can. */
static int edge_of(struct pl_entry *a, struct pl_entry *b, struct edge *out, struct pl_err *e)
{
    bool is_turned = pl_entry_kind(a) == PL_KIND_CAUSE && pl_entry_kind(b) == PL_KIND_ACTION;
    struct pl_entry *first = is_turned ? b : a;
    struct pl_entry *second = is_turned ? a : b;
    *out = (struct edge){first, second, field_for(first, second)};
    if (!out->f)
        *out = (struct edge){second, first, field_for(second, first)};
    if (!out->f)
        return pl_fail(e, PL_E_INVALID,
                       "a %s and a %s cannot be linked; materials, accounts, events, observations, "
                       "causes, actions and lessons can",
                       pl_kind_name(pl_entry_kind(a)), pl_kind_name(pl_entry_kind(b)));
    return 0;
}

static int link_one(struct review *r, struct pl_entry *a, struct pl_entry *b, bool remove,
                    struct pl_err *e)
{
    struct edge x;
    char id[PL_SHORT_ID_MAX], other[PL_SHORT_ID_MAX], value[64];
    const struct pl_doc *d = review_doc(r);
    cli_entry_id(a, id);
    cli_entry_id(b, other);
    if (a == b)
        return pl_fail(e, PL_E_INVALID, "%s cannot be linked to itself", id);
    int rc = edge_of(a, b, &x, e);
    if (rc < 0)
        return rc;
    if (!remove && (!pl_entry_is_visible(d, a) || !pl_entry_is_visible(d, b)))
        return pl_fail(e, PL_E_CONFLICT, "%s was removed; 'plimsoll restore' brings it back",
                       pl_entry_is_visible(d, a) ? other : id);
    /* A link may have been made from the other side. */
    const struct pl_field *back = field_for(x.to, x.holder);
    bool is_there = holds(x.holder, x.f, pl_entry_eid(x.to));
    bool is_back = back && holds(x.to, back, pl_entry_eid(x.holder));
    if (remove && !is_there && !is_back)
        return pl_fail(e, PL_E_NOENT, "%s and %s are not linked", id, other);
    if (!remove && (is_there || is_back))
        return 0;
    if (remove && !is_there)
        x = (struct edge){x.to, x.holder, back};
    struct pl_eid to = pl_entry_eid(x.to);
    (void)snprintf(value, sizeof(value), "%s%llx.%u", remove ? "-" : "+",
                   (unsigned long long)to.client, to.n);
    struct act_field f = {x.f->name, value};
    return act_set(r, pl_entry_eid(x.holder), &f, 1, e);
}

int cli_entry_other(struct review *r, const char *name, struct pl_entry **out, struct pl_err *e)
{
    const char *slash = strchr(name, '/');
    char head[32];
    uint64_t id = 0;
    if (slash) {
        if ((size_t)(slash - name) >= sizeof(head))
            return pl_fail(e, PL_E_USAGE, "'%.60s' is not an id", name);
        (void)pl_strlcpy(head, name, (size_t)(slash - name) + 1);
        int rc = cli_review_id(head, &id, e);
        if (rc == 0 && id != review_id(r))
            rc = pl_fail(e, PL_E_INVALID,
                         "both have to be of one review; of an earlier one say 'plimsoll set "
                         "REV-%llu recurrence_of=+%s'",
                         (unsigned long long)review_id(r), head);
        if (rc < 0)
            return rc;
        name = slash + 1;
    }
    return act_find(review_doc(r), name, 0, out, e);
}

static int link_all(struct cli *c, const struct link_opts *o, int argc, char **argv, uint32_t kind,
                    struct pl_err *e)
{
    struct review *r = NULL;
    struct pl_entry *en = NULL;
    bool queued = false;
    bool has_review_alone = strchr(argv[0], '/') == NULL && pl_str_starts(argv[0], "REV");
    int at = has_review_alone ? 2 : 1;
    if (argc - at > LINKS_MAX)
        return pl_fail(e, PL_E_LIMIT, "at most %d links at once", LINKS_MAX);
    int rc = cli_entry_open(c, has_review_alone ? argc : 1, argv, false, &r, &en, e);
    if (rc == 0 && (!en || at >= argc))
        rc = pl_fail(e, PL_E_USAGE, "which two? write REV-1/F-3 E-9");
    if (rc == 0 && kind != 0 && pl_entry_kind(en) != kind)
        rc = pl_fail(e, PL_E_USAGE, "%.40s is not a %s; 'plimsoll link' links any two entries",
                     argv[at - 1], pl_kind_name(kind));
    for (int i = at; rc == 0 && i < argc; i++) {
        struct pl_entry *other = NULL;
        rc = cli_entry_other(r, argv[i], &other, e);
        if (rc == 0)
            rc = link_one(r, en, other, o->remove, e);
    }
    if (rc == 0)
        rc = cli_settle(c, r, &queued, e);
    return rc < 0 ? rc : cli_entry_result(c, r, pl_entry_eid(en), queued, e);
}

static int run_link(struct cli *c, void *opts, int argc, char **argv, struct pl_err *e)
{
    return link_all(c, opts, argc, argv, 0, e);
}

static int run_cause_link(struct cli *c, void *opts, int argc, char **argv, struct pl_err *e)
{
    return link_all(c, opts, argc, argv, PL_KIND_CAUSE, e);
}

const struct cli_verb verb_link = {
    .opt = {"link", "REVIEW/ID ID...", "link entries of a review; 'show' tells it at both ends",
            link_opts, COUNT(link_opts), 2, -1},
    .opt_size = sizeof(struct link_opts),
    .examples = "  plimsoll link REV-1/O-14 E-9\n  plimsoll link REV-1/A-121 F-3 F-4\n"
                "  plimsoll link REV-1/O-14 E-9 --remove\n",
    .fields_kind = PL_KIND_REVIEW,
    .run = run_link,
};

const struct cli_verb verb_cause_link = {
    .opt = {"cause link", "REVIEW/F-n ID...", "say which events and observations support a cause",
            link_opts, COUNT(link_opts), 2, -1},
    .opt_size = sizeof(struct link_opts),
    .examples = "  plimsoll cause link REV-1/F-3 E-9 O-14\n"
                "  plimsoll cause link REV-1/F-3 E-9 --remove\n",
    .fields_kind = PL_KIND_CAUSE,
    .run = run_cause_link,
};
