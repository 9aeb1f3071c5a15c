// SPDX-License-Identifier: Apache-2.0
/*
 * Marks of events: one event bears one mark, and the earliest event that bears it counts. So a mark
 * that another event has is not given away in silence, by whichever verb it is set; nor is it left
 * unsaid when an event is known before it happened.
 */
#include <stdlib.h>
#include <string.h>

#include "plimsoll/base/mem.h"
#include "plimsoll/base/str.h"
#include "plimsoll/base/time.h"
#include "plimsoll/doc/durations.h"

#include "cli/cli_int.h"
#include "cli/verb_entry.h"

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))

/* The events that bear a mark, but for one (NULL: all of them); the caller frees. */
static struct pl_entry **marked(const struct pl_doc *d, const struct pl_entry *but, int64_t mark,
                                size_t *n)
{
    size_t all = pl_doc_list(d, PL_KIND_EVENT, NULL, 0);
    struct pl_entry **v = pl_xcalloc(all + 1, sizeof(struct pl_entry *));
    (void)pl_doc_list(d, PL_KIND_EVENT, v, all);
    *n = 0;
    for (size_t i = 0; mark > 0 && i < all; i++)
        if (v[i] != but && pl_entry_int(v[i], PL_F_EVENT_MARKER, 0) == mark)
            v[(*n)++] = v[i];
    return v;
}

static int take_off(struct cli *c, struct review *r, const struct pl_entry *en, int64_t mark,
                    struct pl_err *e)
{
    struct act_field none = {"marker", "none"};
    char id[PL_SHORT_ID_MAX];
    cli_entry_id(en, id);
    int rc = act_set(r, pl_entry_eid(en), &none, 1, e);
    if (rc == 0)
        cli_say(c, "%s is not marked %s any more", id, pl_enum_name(PL_EN_MARKER, mark));
    return rc;
}

int cli_mark_make_room(struct cli *c, struct review *r, const struct pl_entry *en, const char *word,
                       const struct cli_mark_how *how, struct pl_err *e)
{
    int64_t mark = word ? cli_word(PL_EN_MARKER, word) : 0;
    int64_t has = en && word ? pl_entry_int(en, PL_F_EVENT_MARKER, 0) : 0;
    char id[PL_SHORT_ID_MAX];
    size_t n = 0;
    int rc = 0;
    struct pl_entry **v = marked(review_doc(r), en, mark, &n);
    if (n > 0 && !how->move && !how->also) {
        cli_entry_id(v[0], id);
        c->hint = "--move takes the mark off that event; --also marks both: the earlier one counts";
        rc = pl_fail(e, PL_E_CONFLICT, "%s is marked %s already", id,
                     pl_enum_name(PL_EN_MARKER, mark));
    }
    for (size_t i = 0; rc == 0 && how->move && i < n; i++)
        rc = take_off(c, r, v[i], mark, e);
    free(v);
    if (rc == 0 && has != 0 && has != mark) {
        cli_entry_id(en, id);
        cli_say(c, "%s is not marked %s any more", id, pl_enum_name(PL_EN_MARKER, has));
    }
    return rc;
}

static bool sets(const struct cli_fields *fs, const char *name)
{
    for (size_t i = 0; i < fs->n; i++)
        if (pl_str_eq(fs->f[i].name, name))
            return true;
    return false;
}

void cli_event_warn(struct cli *c, struct review *r, struct pl_eid eid, const struct cli_fields *fs)
{
    const struct pl_entry *en = pl_doc_entry(review_doc(r), eid);
    char known[PL_RFC3339_SIZE];
    char happened[PL_RFC3339_SIZE];
    char id[PL_SHORT_ID_MAX];
    size_t n = 0;
    if (!en || pl_entry_kind(en) != PL_KIND_EVENT)
        return;
    if (pl_event_is_known_early(en) && (sets(fs, "known_at") || sets(fs, "happened_at"))) {
        (void)pl_rfc3339_format(pl_entry_int(en, PL_F_EVENT_KNOWN_AT, 0), 0, 0, known);
        (void)pl_rfc3339_format(pl_entry_int(en, PL_F_EVENT_HAPPENED_AT, 0), 0, 0, happened);
        cli_warn(
            c,
            "known at %s, before it happened at %s: is one of the two wrong? It is kept as you "
            "said, and check T16 asks for it",
            known, happened);
    }
    int64_t mark = sets(fs, "marker") ? pl_entry_int(en, PL_F_EVENT_MARKER, 0) : 0;
    struct pl_entry **v = marked(review_doc(r), en, mark, &n);
    for (size_t i = 0; i < n; i++) {
        cli_entry_id(v[i], id);
        cli_warn(
            c,
            "%s is marked %s, too; the earlier one counts ('timeline mark ... --move' takes it "
            "off %s)",
            id, pl_enum_name(PL_EN_MARKER, mark), id);
    }
    free(v);
}

/* --- timeline mark ------------------------------------------------------------------------------
 */

struct mark_opts {
    struct cli_common common;
    bool move, also, replace;
};

static const struct pl_opt mark_opts[] = {
    CLI_COMMON,
    {0, "move", PL_OPT_FLAG, offsetof(struct mark_opts, move), NULL, NULL,
     "take the mark off the event that has it now"},
    {0, "also", PL_OPT_FLAG, offsetof(struct mark_opts, also), NULL, NULL,
     "mark it although another event has the mark: the earlier one counts"},
    {0, "replace", PL_OPT_FLAG, offsetof(struct mark_opts, replace), NULL, NULL,
     "change the mark that the event bears: an event bears one"},
};

/* An event bears one mark: another one does not go without a word. */
static int bears_none(struct cli *c, const struct pl_entry *en, int64_t mark, bool replace,
                      struct pl_err *e)
{
    int64_t has = pl_entry_int(en, PL_F_EVENT_MARKER, 0);
    char id[PL_SHORT_ID_MAX];
    if (has == 0 || has == mark || mark == 0 || replace)
        return 0;
    cli_entry_id(en, id);
    c->hint = "Mark another event, or write one for this moment";
    return pl_fail(e, PL_E_CONFLICT, "%s bears '%s'; --replace changes it", id,
                   pl_enum_name(PL_EN_MARKER, has));
}

static int run_mark(struct cli *c, void *opts, int argc, char **argv, struct pl_err *e)
{
    const struct mark_opts *o = opts;
    const struct cli_mark_how how = {.move = o->move, .also = o->also};
    struct review *r = NULL;
    struct pl_entry *en = NULL;
    struct cli_fields fs = {.n = 0};
    bool queued = false;
    int64_t mark = cli_word(PL_EN_MARKER, argv[0]);
    if (mark == 0 && !pl_str_eq(argv[0], "none"))
        return pl_fail(e, PL_E_USAGE,
                       "'%.40s' is not a mark: impact_start, detected, triaged, contained, "
                       "recovered; none takes it off",
                       argv[0]);
    int rc = cli_entry_open(c, argc - 1, argv + 1, false, &r, &en, e);
    if (rc == 0 && (!en || pl_entry_kind(en) != PL_KIND_EVENT))
        rc = pl_fail(e, PL_E_USAGE, "which event? write REV-1/E-9");
    if (rc == 0)
        rc = bears_none(c, en, mark, o->replace, e);
    if (rc == 0)
        rc = cli_mark_make_room(c, r, en, argv[0], &how, e);
    if (rc == 0)
        rc = cli_field_put(&fs, "marker", argv[0], e);
    struct pl_eid eid = rc == 0 ? pl_entry_eid(en) : PL_EID_ROOT;
    if (rc == 0)
        rc = act_set(r, eid, fs.f, fs.n, e);
    if (rc == 0)
        cli_event_warn(c, r, eid, &fs);
    if (rc == 0)
        rc = cli_settle(c, r, &queued, e);
    return rc < 0 ? rc : cli_entry_result(c, r, eid, queued, e);
}

const struct cli_verb verb_timeline_mark = {
    .opt = {"timeline mark", "MARK REVIEW/E-n",
            "mark an event: impact_start, detected, triaged, contained, recovered; durations are "
            "between marks",
            mark_opts, COUNT(mark_opts), 2, 3},
    .opt_size = sizeof(struct mark_opts),
    .examples = "  plimsoll timeline mark detected REV-1/E-9\n"
                "  plimsoll timeline mark recovered REV-1 E-12 --move\n"
                "  plimsoll timeline mark none REV-1/E-9\n",
    .fields_kind = PL_KIND_EVENT,
    .run = run_mark,
};
