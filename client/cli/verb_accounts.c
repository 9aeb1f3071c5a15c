// SPDX-License-Identifier: Apache-2.0
/*
 * Where the accounts of a review disagree, for the facilitator to talk through: computed from their
 * claims, by the same code as check T21.
 */
#include <stdlib.h>

#include "plimsoll/base/mem.h"
#include "plimsoll/doc/disagree.h"

#include "cli/cli_int.h"

#define COUNT(a)     (sizeof(a) / sizeof((a)[0]))
#define DISAGREE_MAX 2000

static const struct pl_opt plain_opts[] = {CLI_COMMON};

static const char *id_of(const struct pl_doc *d, struct pl_eid eid, char out[PL_SHORT_ID_MAX])
{
    const struct pl_entry *en = pl_doc_entry(d, eid);
    out[0] = '\0';
    if (en && !pl_eid_is_root(eid))
        pl_short_id_format(out, pl_entry_kind(en), pl_entry_int(en, PL_F_NO, 0));
    return out;
}

static json_t *side_json(const struct pl_doc *d, struct pl_eid account, struct pl_eid claim)
{
    char id[2][PL_SHORT_ID_MAX];
    const struct pl_entry *en = pl_doc_entry(d, account);
    return json_pack("{s:s, s:s, s:s}", "account", id_of(d, account, id[0]), "claim",
                     id_of(d, claim, id[1]), "author",
                     en ? pl_doc_user_name(d, (int64_t)pl_entry_author(d, en)) : "");
}

static void show_one(const struct pl_doc *d, const struct pl_disagreement *x, struct cli_table *t,
                     json_t *items)
{
    char id[4][PL_SHORT_ID_MAX];
    const char *other = id_of(d, x->other_event, id[1]);
    const char *row[] = {pl_disagree_name(x->kind), id_of(d, x->event, id[0]),
                         id_of(d, x->account[0], id[2]), id_of(d, x->account[1], id[3]), x->text};
    cli_table_row(t, row);
    (void)json_array_append_new(
        items,
        json_pack("{s:s, s:s, s:s?, s:[o, o], s:s}", "kind", row[0], "event", row[1], "other_event",
                  other[0] ? other : NULL, "sides", side_json(d, x->account[0], x->claim[0]),
                  side_json(d, x->account[1], x->claim[1]), "text", x->text));
}

static int run_disagreements(struct cli *c, void *opts, int argc, char **argv, struct pl_err *e)
{
    static const char *const heads[] = {"KIND", "EVENT", "ONE", "OTHER", "WHAT"};
    struct review *r = NULL;
    (void)opts;
    (void)argc;
    int rc = cli_open_named(c, argv[0], true, &r, e);
    if (rc < 0)
        return rc;
    const struct pl_doc *d = review_doc(r);
    struct pl_disagreement *v = pl_xcalloc(DISAGREE_MAX, sizeof(*v));
    size_t n = pl_disagreements(d, v, DISAGREE_MAX);
    struct cli_table *t = cli_table_new(heads, COUNT(heads));
    json_t *j = cli_envelope(c, "disagreement.list", pl_doc_rev(d));
    json_t *items = json_array();
    for (size_t i = 0; i < n && i < DISAGREE_MAX; i++)
        show_one(d, &v[i], t, items);
    free(v);
    (void)json_object_set_new(j, "items", items);
    if (n > DISAGREE_MAX)
        cli_warn(c, "%zu more are not shown", n - DISAGREE_MAX);
    return cli_list_end(c, t, j, e);
}

const struct cli_verb verb_account_disagreements = {
    .opt = {"account disagreements", "REVIEW",
            "where accounts disagree: times, order, causes, who knew", plain_opts,
            COUNT(plain_opts), 1, 1},
    .opt_size = sizeof(struct cli_common),
    .examples = "  plimsoll account disagreements REV-1\n",
    .fields = "kind,event,other_event,sides,text",
    .run = run_disagreements,
};
