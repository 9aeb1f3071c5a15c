// SPDX-License-Identifier: Apache-2.0
/*
 * Bringing back: a removed entry, or the fields of an entry as they were at a moment. It is an edit
 * like any other, so history holds both, and it can be undone in the same way.
 */
#include "plimsoll/base/str.h"

#include "cli/cli_int.h"
#include "cli/past.h"
#include "cli/verb_entry.h"

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))

struct restore_opts {
    struct cli_common common;
    const char *at;
};

static const struct pl_opt restore_opts[] = {
    CLI_COMMON,
    {0, "at", PL_OPT_STRING, offsetof(struct restore_opts, at), "REV|TIME", NULL,
     "its fields as they were at this revision or time; without it, a removed entry comes back"},
};

static int bring_back(struct cli *c, struct review *r, struct pl_entry *en, struct pl_err *e)
{
    char id[PL_SHORT_ID_MAX];
    (void)c;
    cli_entry_id(en, id);
    if (!pl_entry_is_dead(en))
        return pl_fail(e, PL_E_CONFLICT,
                       "%s is not removed; to have its fields as they were, say --at REV "
                       "('plimsoll history REV-%llu/%s' lists them)",
                       id, (unsigned long long)review_id(r), id);
    return act_remove(r, pl_entry_eid(en), false, e);
}

static int as_it_was(struct cli *c, struct review *r, struct pl_eid eid, const char *at,
                     struct pl_err *e)
{
    struct pl_doc *then = NULL;
    int rc = cli_past_doc(c, review_id(r), at, pl_doc_rev(sync_base(review_sync(r))), &then, e);
    if (rc < 0)
        return rc;
    unsigned long long rev = pl_doc_rev(then);
    rc = act_restore(r, eid, then, e);
    pl_doc_free(then);
    if (rc == 0)
        cli_say(c, "it is as it was at revision %llu; nothing was changed", rev);
    return rc < 0 ? rc : 0;
}

static int run_restore(struct cli *c, void *opts, int argc, char **argv, struct pl_err *e)
{
    const struct restore_opts *o = opts;
    struct review *r = NULL;
    struct pl_entry *en = NULL;
    bool queued = false;
    int rc = cli_entry_open(c, argc, argv, false, &r, &en, e);
    if (rc == 0 && !en && !o->at)
        rc = pl_fail(e, PL_E_USAGE,
                     "a review cannot be removed; write REV-1/E-9, or --at REV for its header");
    if (rc < 0)
        return rc;
    struct pl_eid eid = en ? pl_entry_eid(en) : PL_EID_ROOT;
    rc = o->at ? as_it_was(c, r, eid, o->at, e) : bring_back(c, r, en, e);
    if (rc == 0)
        rc = cli_settle(c, r, &queued, e);
    return rc < 0 ? rc : cli_entry_result(c, r, eid, queued, e);
}

const struct cli_verb verb_restore = {
    .opt = {"restore", "ID [ENTRY]", "bring a removed entry back, or its fields as they were",
            restore_opts, COUNT(restore_opts), 1, 2},
    .opt_size = sizeof(struct restore_opts),
    .examples = "  plimsoll restore REV-1/E-9\n  plimsoll restore REV-1/E-9 --at 120\n"
                "  plimsoll restore REV-1 --at 2026-03-01T14:00:00Z\n",
    .fields_kind = PL_KIND_REVIEW,
    .run = run_restore,
};
