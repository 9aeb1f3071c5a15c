// SPDX-License-Identifier: Apache-2.0
/*
 * An entry as JSON, its short id, and the answer to a change of it.
 */
#include "plimsoll/base/str.h"
#include "plimsoll/doc/secret.h"
#include "plimsoll/render/json.h"

#include "cli/verb_entry.h"

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

/* What scripts name it by. In a draft its number means nothing in the review itself. */
static void print_id(struct cli *c, const struct review *r, const struct pl_entry *en)
{
    char id[PL_SHORT_ID_MAX];
    cli_entry_id(en, id);
    if (pl_secret_is_draft(review_doc(r)))
        cli_print(c, "REV-%llu/%s\n", (unsigned long long)review_id(r), id);
    else
        cli_print(c, "%s\n", id);
}

int cli_entries_result(struct cli *c, struct review *r, const struct pl_eid *eids, size_t n_eids,
                       bool queued, struct pl_err *e)
{
    struct numbered last = {r, eids[n_eids - 1]};
    struct pl_err none;
    bool is_one = n_eids == 1;
    /* The number follows in the same batch, so this costs nothing when the change is durable. */
    if (!queued && cli_wait(c, has_number, &last, 2000, &none) < 0)
        cli_say(c, "no number yet");
    const struct pl_doc *d = review_doc(r);
    for (size_t i = 0; i < n_eids; i++)
        if (!pl_doc_entry(d, eids[i]))
            return pl_fail(e, PL_E_NOENT, "the entry is gone");
    json_t *j =
        cli_envelope(c, is_one ? "entry" : "entry.list", pl_doc_rev(sync_base(review_sync(r))));
    json_t *items = json_array();
    for (size_t i = 0; i < n_eids; i++)
        (void)json_array_append_new(items, cli_entry_json(d, pl_doc_entry(d, eids[i])));
    (void)json_object_set_new(j, "review",
                              json_sprintf("REV-%llu", (unsigned long long)review_id(r)));
    (void)json_object_set_new(j, "queued", json_boolean(queued));
    if (is_one)
        (void)json_object_set(j, "item", json_array_get(items, 0));
    else
        (void)json_object_set(j, "items", items);
    json_decref(items);
    if (cli_json(c, j))
        return 0;
    for (size_t i = 0; i < n_eids; i++)
        print_id(c, r, pl_doc_entry(d, eids[i]));
    return 0;
}

int cli_entry_result(struct cli *c, struct review *r, struct pl_eid eid, bool queued,
                     struct pl_err *e)
{
    return cli_entries_result(c, r, &eid, 1, queued, e);
}
