// SPDX-License-Identifier: Apache-2.0
/*
 * What a review still lacks or contradicts: the checks, and what stands in the way of its next
 * status. Computed here from the copy that was just fetched, by the same code as the server's.
 */
#include <stdlib.h>

#include "plimsoll/base/mem.h"
#include "plimsoll/base/time.h"
#include "plimsoll/doc/checks.h"

#include "cli/cli_int.h"

#define COUNT(a)   (sizeof(a) / sizeof((a)[0]))
#define BLOCKS_MAX 64

struct check_opts {
    struct cli_common common;
    bool gate, all;
};

static const struct pl_opt check_opts[] = {
    CLI_COMMON,
    {0, "gate", PL_OPT_FLAG, offsetof(struct check_opts, gate), NULL, NULL,
     "only what stands in the way of the next status, and how to mend it"},
    {0, "all", PL_OPT_FLAG, offsetof(struct check_opts, all), NULL, NULL, "waived findings too"},
};

static const char *severity_name(enum pl_check_severity s)
{
    switch (s) {
    case PL_CHECK_INFO:
        return "info";
    case PL_CHECK_WARNING:
        return "warning";
    case PL_CHECK_ERROR:
        return "error";
    }
    return "";
}

/* Short id of an entry, "" for the whole review. */
static void entry_id(const struct pl_doc *d, struct pl_eid eid, char out[PL_SHORT_ID_MAX])
{
    const struct pl_entry *en = pl_doc_entry(d, eid);
    out[0] = '\0';
    if (en && en != pl_doc_root(d))
        pl_short_id_format(out, pl_entry_kind(en), pl_entry_int(en, PL_F_NO, 0));
}

static int list_findings(struct cli *c, const struct pl_doc *d, const struct pl_checks *checks,
                         bool all, struct pl_err *e)
{
    static const char *const heads[] = {"CHECK", "SEVERITY", "ENTRY", "WHAT", "MEND"};
    struct cli_table *t = cli_table_new(heads, COUNT(heads));
    json_t *j = cli_envelope(c, "check.list", pl_doc_rev(d));
    json_t *items = json_array();
    for (size_t i = 0; i < pl_checks_count(checks); i++) {
        const struct pl_finding *f = pl_checks_at(checks, i);
        const struct pl_check_info *info = pl_check_info(f->check);
        char id[PL_SHORT_ID_MAX], mend[PL_MEND_MAX];
        if (!info || (f->is_waived && !all))
            continue;
        entry_id(d, f->entry, id);
        pl_finding_mend(d, f, mend, sizeof(mend));
        const char *row[] = {info->id, f->is_waived ? "waived" : severity_name(f->severity), id,
                             f->text, mend};
        cli_table_row(t, row);
        (void)json_array_append_new(
            items, json_pack("{s:s, s:s, s:b, s:s?, s:s, s:s}", "check", info->id, "severity",
                             severity_name(f->severity), "waived", f->is_waived, "entry",
                             id[0] ? id : NULL, "text", f->text, "mend", mend));
    }
    (void)json_object_set_new(j, "items", items);
    return cli_list_end(c, t, j, e);
}

static int list_blocks(struct cli *c, const struct pl_doc *d, const struct pl_checks *checks,
                       struct pl_err *e)
{
    static const char *const heads[] = {"CHECK", "ENTRY", "WHAT", "MEND"};
    struct pl_block *v = pl_xcalloc(BLOCKS_MAX, sizeof(*v));
    int64_t status = pl_entry_int(pl_doc_root(d), PL_F_REVIEW_STATUS, 0);
    size_t n =
        status < PL_STATUS_CLOSED ? pl_gate(checks, d, status + 1, pl_now_us(), v, BLOCKS_MAX) : 0;
    struct cli_table *t = cli_table_new(heads, COUNT(heads));
    json_t *j = cli_envelope(c, "gate.list", pl_doc_rev(d));
    json_t *items = json_array();
    for (size_t i = 0; i < n && i < BLOCKS_MAX; i++) {
        const struct pl_check_info *info = pl_check_info(v[i].check);
        char id[PL_SHORT_ID_MAX];
        entry_id(d, v[i].entry, id);
        const char *row[] = {info ? info->id : "", id, v[i].text, v[i].mend};
        cli_table_row(t, row);
        (void)json_array_append_new(
            items, json_pack("{s:s?, s:s?, s:s, s:s}", "check", info ? info->id : NULL, "entry",
                             id[0] ? id : NULL, "text", v[i].text, "mend", v[i].mend));
    }
    free(v);
    (void)json_object_set_new(j, "items", items);
    if (n > BLOCKS_MAX)
        cli_warn(c, "%zu more are not shown", n - BLOCKS_MAX);
    if (n == 0 && status < PL_STATUS_CLOSED)
        cli_say(c, "the way to %s is open", pl_enum_name(PL_EN_STATUS, status + 1));
    return cli_list_end(c, t, j, e);
}

static int run_check(struct cli *c, void *opts, int argc, char **argv, struct pl_err *e)
{
    const struct check_opts *o = opts;
    struct review *r = NULL;
    (void)argc;
    int rc = cli_open_named(c, argv[0], true, &r, e);
    if (rc < 0)
        return rc;
    const struct pl_doc *d = review_doc(r);
    struct pl_checks *checks = pl_checks_new(d, NULL);
    pl_checks_run(checks, pl_now_us());
    rc = o->gate ? list_blocks(c, d, checks, e) : list_findings(c, d, checks, o->all, e);
    pl_checks_free(checks);
    return rc;
}

const struct cli_verb verb_check = {
    .opt = {"check", "REVIEW", "what a review still lacks or contradicts, and how to mend it",
            check_opts, COUNT(check_opts), 1, 1},
    .opt_size = sizeof(struct check_opts),
    .examples = "  plimsoll check REV-1\n  plimsoll check REV-1 --gate\n",
    .fields = "check,severity,waived,entry,text,mend",
    .run = run_check,
};
