// SPDX-License-Identifier: Apache-2.0
/*
 * What the server refused, most often because a section was locked while somebody typed offline:
 * it is kept on this machine, and here it is listed and offered once more as a comment, which is
 * never locked, or as a proposed action.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "plimsoll/base/mem.h"
#include "plimsoll/base/str.h"
#include "plimsoll/base/time.h"

#include "cli/cli_int.h"
#include "cli/verb_entry.h"
#include "model/offer.h"
#include "sync/rescue.h"

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))

struct offer_opts {
    struct cli_common common;
    int as;
    bool all;
};

static const char *const forms[] = {"comment", "action", "proposal", NULL};
enum { AS_COMMENT, AS_ACTION, AS_PROPOSAL };

static const struct pl_opt list_opts[] = {
    CLI_COMMON,
    {0, "all", PL_OPT_FLAG, offsetof(struct offer_opts, all), NULL, NULL,
     "also those that were offered already"},
};
static const struct pl_opt offer_opts[] = {
    CLI_COMMON,
    {0, "as", PL_OPT_CHOICE, offsetof(struct offer_opts, as), "FORM", forms,
     "a comment where it was meant to go, or a proposed action"},
};

/* What is kept for the profile in use; 0: of all reviews. */
static int kept(struct cli *c, uint64_t review, struct rescue_list *out, struct pl_err *e)
{
    char dir[1024], host[300];
    int rc = client_state_preset(dir, sizeof(dir), e);
    if (rc < 0)
        return rc;
    client_host(c->client, host, sizeof(host));
    return rescue_list(dir, host, review, out, e);
}

size_t cli_refused_count(struct cli *c)
{
    struct rescue_list l = {.n = 0};
    struct pl_err none;
    size_t n = 0;
    pl_err_init(&none);
    if (!c->client && cli_stay_here(c, &none) < 0)
        return 0;
    if (kept(c, 0, &l, &none) == 0)
        for (size_t i = 0; i < l.n; i++)
            n += l.items[i].is_readable && !l.items[i].is_offered;
    rescue_list_release(&l);
    return n;
}

/* --- list ---------------------------------------------------------------------------------------
 */

static void put_row(struct cli_table *t, json_t *items, const struct rescued *x,
                    const struct pl_doc *now)
{
    char review[32], number[16], at[PL_RFC3339_SIZE];
    char *about = offers_about(&x->cs, now);
    (void)snprintf(review, sizeof(review), "REV-%llu", (unsigned long long)x->review);
    (void)snprintf(number, sizeof(number), "%u", x->number);
    (void)pl_rfc3339_format(x->at_us, 0, 0, at);
    cli_table_row(t, (const char *const[]){review, number, at, about, x->why,
                                           x->is_offered ? "offered" : ""});
    (void)json_array_append_new(
        items, json_pack("{s:s, s:i, s:s, s:s, s:s, s:s, s:b, s:s}", "review", review, "number",
                         (int)x->number, "at", at, "code", pl_error_info(x->code)->token, "why",
                         x->why, "about", about, "offered", x->is_offered, "path", x->path));
    free(about);
}

static int run_list(struct cli *c, void *opts, int argc, char **argv, struct pl_err *e)
{
    static const char *const heads[] = {"REVIEW", "N", "WHEN", "WHAT", "WHY", ""};
    const struct offer_opts *o = opts;
    struct rescue_list l = {.n = 0};
    struct pl_doc *none = pl_doc_new();
    struct review *r = NULL;
    uint64_t id = 0;
    int rc = argc > 0 ? cli_review_id(argv[0], &id, e) : 0;
    if (rc == 0)
        rc = cli_connect(c, e);
    /* Names of entries need the review; without a server their kinds will do. */
    struct pl_err later;
    pl_err_init(&later);
    if (rc == 0 && id > 0 && cli_open(c, id, true, &r, &later) < 0)
        r = NULL;
    if (rc == 0)
        rc = kept(c, id, &l, e);
    struct cli_table *t = cli_table_new(heads, COUNT(heads));
    json_t *items = json_array();
    size_t shown = 0;
    for (size_t i = 0; i < l.n; i++) {
        if (!l.items[i].is_readable || (l.items[i].is_offered && !o->all))
            continue;
        put_row(t, items, &l.items[i], r ? review_doc(r) : none);
        shown++;
    }
    rescue_list_release(&l);
    pl_doc_free(none);
    json_t *j = cli_envelope(c, "journal.refused", 0);
    (void)json_object_set_new(j, "items", items);
    int end = cli_list_end(c, t, j, e);
    if (rc == 0 && shown == 0)
        cli_say(c, "Nothing that was refused waits here.");
    return rc < 0 ? rc : end;
}

const struct cli_verb verb_journal_refused = {
    .opt = {"journal refused", "[REVIEW]", "what the server did not take, kept on this machine",
            list_opts, COUNT(list_opts), 0, 1},
    .opt_size = sizeof(struct offer_opts),
    .examples = "  plimsoll journal refused\n  plimsoll journal refused REV-1 --all\n",
    .fields = "review,number,at,code,why,about,offered,path",
    .run = run_list,
};

/* --- offer --------------------------------------------------------------------------------------
 */

/* The one that is named, or the only one that was not offered. */
static struct rescued *choose(struct rescue_list *l, uint64_t number, uint64_t review,
                              struct pl_err *e)
{
    struct rescued *hit = NULL;
    size_t open = 0;
    for (size_t i = 0; i < l->n; i++) {
        struct rescued *x = &l->items[i];
        if (number > 0 ? x->number == number : !x->is_offered && x->is_readable)
            hit = x;
        open += !x->is_offered;
    }
    if (!hit)
        (void)pl_fail(e, PL_E_NOENT,
                      "nothing refused waits here%s; see 'plimsoll journal refused "
                      "REV-%llu --all'",
                      number > 0 ? " under this number" : "", (unsigned long long)review);
    else if (number == 0 && open > 1)
        (void)pl_fail(e, PL_E_USAGE, "which? 'plimsoll journal refused REV-%llu' numbers them",
                      (unsigned long long)review);
    else if (hit->is_offered)
        (void)pl_fail(e, PL_E_CONFLICT, "it was offered already; its text stays in %.160s",
                      hit->path);
    else if (!hit->is_readable)
        (void)pl_fail(e, PL_E_IO, "%.160s cannot be read; the text beside it can", hit->path);
    else
        return hit;
    return NULL;
}

static int put_offer(struct review *r, const struct offer *x, int as, struct pl_eid *eid,
                     struct pl_err *e)
{
    struct act_field comment = {"body", x->text};
    struct act_field action[] = {{"body", x->text}, {"state", "idea"}};
    return as == AS_COMMENT
               ? act_add(r, PL_KIND_COMMENT, x->on, &comment, 1, eid, e)
               : act_add(r, PL_KIND_ACTION, PL_EID_ROOT, action, COUNT(action), eid, e);
}

/* Says it, unless an earlier try did: what that made stands in the review, or waits to be sent. */
static int offer_once(struct review *r, const struct rescued *x, const struct offer *o, int as,
                      struct pl_eid *eid, struct pl_err *e)
{
    if (rescue_said(x, o->about, eid) && pl_doc_entry(review_doc(r), *eid))
        return 0;
    int rc = put_offer(r, o, as, eid, e);
    return rc == 0 ? rescue_note_said(x, o->about, *eid, e) : rc;
}

static int offer_all(struct cli *c, struct review *r, struct rescued *x, int as, struct pl_err *e)
{
    struct offers all;
    struct pl_eid eid = PL_EID_ROOT;
    bool queued = false;
    int rc = 0;
    offers_of(&all, &x->cs, review_doc(r), x->why);
    for (size_t i = 0; rc == 0 && i < all.n; i++)
        rc = offer_once(r, x, &all.items[i], as, &eid, e);
    size_t n = all.n;
    offers_release(&all);
    if (rc == 0)
        rc = cli_settle(c, r, &queued, e);
    if (rc == 0)
        rc = rescue_mark_offered(x, e);
    if (rc == 0 && n > 1)
        cli_say(c, "%zu entries were written to; each has its own", n);
    return rc < 0 ? rc : cli_entry_result(c, r, eid, queued, e);
}

static int run_offer(struct cli *c, void *opts, int argc, char **argv, struct pl_err *e)
{
    const struct offer_opts *o = opts;
    struct rescue_list l = {.n = 0};
    struct review *r = NULL;
    uint64_t id = 0;
    uint64_t number = 0;
    int rc = cli_review_id(argv[0], &id, e);
    if (rc == 0 && argc > 1 && (pl_parse_u64(argv[1], &number) < 0 || number == 0))
        rc = pl_fail(e, PL_E_USAGE, "'%.40s' is not a number; 'plimsoll journal refused' has them",
                     argv[1]);
    if (rc == 0)
        rc = cli_connect(c, e);
    if (rc == 0)
        rc = kept(c, id, &l, e);
    struct rescued *x = rc == 0 ? choose(&l, number, id, e) : NULL;
    if (rc == 0 && !x)
        rc = -e->code;
    if (rc == 0)
        rc = cli_open(c, id, false, &r, e);
    if (rc == 0)
        rc = offer_all(c, r, x, o->as, e);
    rescue_list_release(&l);
    return rc;
}

const struct cli_verb verb_journal_offer = {
    .opt = {"journal offer", "REVIEW [N]", "say what was refused as a comment, or propose it",
            offer_opts, COUNT(offer_opts), 1, 2},
    .opt_size = sizeof(struct offer_opts),
    .examples = "  plimsoll journal offer REV-1\n  plimsoll journal offer REV-1 2 --as action\n",
    .fields_kind = PL_KIND_REVIEW,
    .run = run_offer,
};
