// SPDX-License-Identifier: Apache-2.0
/*
 * Reading the timeline: in order of time and by lens, the marks and the four durations between
 * them, and the gaps in which nothing is written down.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "plimsoll/base/mem.h"
#include "plimsoll/base/str.h"
#include "plimsoll/base/time.h"
#include "plimsoll/doc/durations.h"

#include "cli/cli_int.h"
#include "cli/verb_entry.h"
#include "model/zone.h"

#define COUNT(a)  (sizeof(a) / sizeof((a)[0]))
#define MIN_US    (60 * INT64_C(1000000))
#define LANES     7
#define LABEL_MAX 256

#define OPT_ZONE                                                                           \
    {                                                                                      \
        0, "zone", PL_OPT_STRING, offsetof(struct cli_entry_opts, zone), "ZONE", NULL,     \
            "show moments on the clocks of this zone (Europe/Berlin); else UTC, and on a " \
            "terminal the zone of the review"                                              \
    }

/* --- list ---------------------------------------------------------------------------------------
 */

static const struct pl_opt list_opts[] = {
    CLI_COMMON,
    {0, "lens", PL_OPT_STRING, offsetof(struct cli_entry_opts, lane), "LENS", NULL,
     "only this lens: detection, response ... ('help words')"},
    {0, "lane", PL_OPT_STRING, offsetof(struct cli_entry_opts, lane), "LENS", NULL,
     "the same as --lens"},
    {0, "mark", PL_OPT_STRING, offsetof(struct cli_entry_opts, mark), "MARK", NULL,
     "only events with this mark"},
    {0, "lanes", PL_OPT_FLAG, offsetof(struct cli_entry_opts, lanes), NULL, NULL,
     "a column for each lens"},
    OPT_ZONE,
};

static const char *const lane_heads[] = {"TIME", "KNOWN", "H", "D",  "R",   "C",
                                         "V",    "X",     "M", "ID", "TEXT"};

static struct pl_entry **events_of(const struct pl_doc *d, size_t *n)
{
    *n = pl_doc_list(d, PL_KIND_EVENT, NULL, 0);
    struct pl_entry **v = pl_xcalloc(*n + 1, sizeof(struct pl_entry *));
    (void)pl_doc_list(d, PL_KIND_EVENT, v, *n);
    return v;
}

static bool moment_of(const struct pl_entry *en, int64_t *us)
{
    *us = pl_entry_int(en, PL_F_EVENT_HAPPENED_AT, 0);
    return pl_entry_reg(en, PL_F_EVENT_HAPPENED_AT)->type == PL_VAL_INT;
}

static void show_moment(const char *zone, int64_t us, char out[PL_RFC3339_SIZE])
{
    if (zone)
        zone_format(zone, us, 0, out);
    else
        (void)pl_rfc3339_format(us, 0, 0, out);
}

static void lane_row(struct cli_table *t, const char *zone, const struct pl_entry *en)
{
    char at[PL_RFC3339_SIZE] = "", known[PL_KNOWN_SIZE], id[PL_SHORT_ID_MAX], label[LABEL_MAX];
    const char *row[COUNT(lane_heads)];
    int64_t us = 0;
    int64_t lens = pl_entry_int(en, PL_F_EVENT_LENS, PL_LENS_HAPPENED);
    const char *mark = pl_enum_name(PL_EN_MARKER, pl_entry_int(en, PL_F_EVENT_MARKER, 0));
    if (moment_of(en, &us))
        show_moment(zone, us, at);
    pl_event_known(en, known);
    cli_entry_id(en, id);
    (void)pl_entry_label(en, label, sizeof(label));
    row[0] = at;
    row[1] = known;
    for (int64_t i = 1; i <= LANES; i++)
        row[i + 1] = i != lens ? "." : mark ? mark : "o";
    row[LANES + 2] = id;
    row[LANES + 3] = label;
    cli_table_row(t, row);
}

static int list_lanes(struct cli *c, const struct cli_entry_opts *o, int argc, char **argv,
                      struct pl_err *e)
{
    struct review *r = NULL;
    struct pl_entry *en = NULL;
    size_t n = 0;
    if (argc != 1)
        return pl_fail(e, PL_E_USAGE, "--lanes shows one review: say which");
    int rc = cli_entry_open(c, argc, argv, true, &r, &en, e);
    if (rc < 0)
        return rc;
    const struct pl_doc *d = review_doc(r);
    struct cli_table *t = cli_table_new(lane_heads, COUNT(lane_heads));
    struct pl_entry **v = events_of(d, &n);
    const char *zone = cli_entry_zone(c, d, o->zone);
    for (size_t i = 0; i < n; i++)
        lane_row(t, zone, v[i]);
    free(v);
    return cli_table_end(c, t, e);
}

static int run_list(struct cli *c, void *opts, int argc, char **argv, struct pl_err *e)
{
    const struct cli_entry_opts *o = opts;
    if (o->zone && zone_check(o->zone, e) < 0)
        return -PL_E_INVALID;
    if (o->lane && cli_word(PL_EN_LENS, o->lane) == 0)
        return pl_fail(
            e, PL_E_USAGE,
            "'%.40s' is not a lens: happened, detection, response, containment, recovery, "
            "decision, communication",
            o->lane);
    if (o->lanes && !cli_wants_json(c))
        return list_lanes(c, o, argc, argv, e);
    return cli_entry_list(c, opts, argc, argv, PL_KIND_EVENT, e);
}

const struct cli_verb verb_timeline_list = {
    .opt = {"timeline list", "[REVIEW...]", "events in order of time", list_opts, COUNT(list_opts),
            0, -1},
    .opt_size = sizeof(struct cli_entry_opts),
    .examples = "  plimsoll timeline list REV-1 --lanes\n"
                "  plimsoll timeline list REV-1 --zone America/New_York\n",
    .fields = "review",
    .fields_kind = PL_KIND_EVENT,
    .run = run_list,
};

/* --- metrics ------------------------------------------------------------------------------------
 */

static const struct pl_opt plain_opts[] = {CLI_COMMON};

static const char *const states[] = {
    [PL_DURATION_PENDING] = "pending",
    [PL_DURATION_RECORDED] = "recorded",
    [PL_DURATION_NA] = "not_applicable",
    [PL_DURATION_INVALID] = "invalid",
};

static void event_id(const struct pl_entry *en, char out[PL_SHORT_ID_MAX])
{
    out[0] = '\0';
    if (en)
        cli_entry_id(en, out);
}

/* What is to be known of a duration that is not simply there. */
static char *remark(const struct pl_duration *x, enum pl_duration_no no)
{
    static const uint8_t from[] = {PL_MARKER_IMPACT_START, PL_MARKER_DETECTED, PL_MARKER_DETECTED,
                                   PL_MARKER_IMPACT_START};
    static const uint8_t to[] = {PL_MARKER_DETECTED, PL_MARKER_TRIAGED, PL_MARKER_CONTAINED,
                                 PL_MARKER_RECOVERED};
    char a[PL_SHORT_ID_MAX], b[PL_SHORT_ID_MAX];
    event_id(x->from, a);
    event_id(x->to, b);
    switch (x->state) {
    case PL_DURATION_NA:
        return pl_xstrdup(x->reason);
    case PL_DURATION_INVALID:
        return pl_xasprintf("%s is before %s: one of the two times or marks is wrong", b, a);
    case PL_DURATION_PENDING:
        if (x->from && x->to)
            return pl_xasprintf(
                "%s has no time",
                pl_entry_reg(x->from, PL_F_EVENT_HAPPENED_AT)->type == PL_VAL_NULL ? a : b);
        return pl_xasprintf("no event is marked %s",
                            pl_enum_name(PL_EN_MARKER, x->from ? to[no] : from[no]));
    case PL_DURATION_RECORDED:
        return pl_xstrdup(x->is_open ? "a bound: one of the times is only known as before or after"
                                     : "");
    }
    return pl_xstrdup("");
}

static json_t *seconds(bool is_known, int64_t us)
{
    return is_known ? json_integer((json_int_t)(us / 1000000)) : json_null();
}

static void put_duration(struct cli_table *t, json_t *items, const struct pl_duration *x,
                         enum pl_duration_no no)
{
    char value[32] = "", band[32] = "", width[40] = "";
    char from[PL_SHORT_ID_MAX], to[PL_SHORT_ID_MAX];
    bool is_known = x->state == PL_DURATION_RECORDED || x->state == PL_DURATION_INVALID;
    char *note = remark(x, no);
    event_id(x->from, from);
    event_id(x->to, to);
    if (is_known)
        pl_duration_format(value, x->us);
    if (is_known && x->band_us > 0) {
        pl_duration_format(band, x->band_us);
        (void)snprintf(width, sizeof(width), "+/- %s", band);
    }
    cli_table_row(t, (const char *const[]){pl_duration_name(no), states[x->state], value, width,
                                           from, to, note});
    json_t *j =
        json_pack("{s:s, s:s, s:b, s:s?, s:s?, s:s?}", "name", pl_duration_name(no), "state",
                  states[x->state], "bound", x->is_open, "from", from[0] ? from : NULL, "to",
                  to[0] ? to : NULL, "note", note[0] ? note : NULL);
    (void)json_object_set_new(j, "value_s", seconds(is_known, x->us));
    (void)json_object_set_new(j, "band_s", seconds(is_known, x->band_us));
    (void)json_array_append_new(items, j);
    free(note);
}

static int run_metrics(struct cli *c, void *opts, int argc, char **argv, struct pl_err *e)
{
    static const char *const heads[] = {"TIME TO", "STATE", "VALUE", "BAND", "FROM", "TO", "NOTE"};
    struct pl_duration all[PL_DURATION_MAX];
    struct review *r = NULL;
    struct pl_entry *en = NULL;
    (void)opts;
    int rc = cli_entry_open(c, argc, argv, true, &r, &en, e);
    if (rc < 0)
        return rc;
    struct cli_table *t = cli_table_new(heads, COUNT(heads));
    json_t *items = json_array();
    pl_durations(review_doc(r), all);
    for (int i = 0; i < PL_DURATION_MAX; i++)
        put_duration(t, items, &all[i], (enum pl_duration_no)i);
    json_t *j = cli_envelope(c, "timeline.metrics", pl_doc_rev(review_doc(r)));
    (void)json_object_set_new(j, "items", items);
    return cli_list_end(c, t, j, e);
}

const struct cli_verb verb_timeline_metrics = {
    .opt = {"timeline metrics", "REVIEW",
            "time to detect, triage, contain, recover, with state and error band", plain_opts,
            COUNT(plain_opts), 1, 1},
    .opt_size = sizeof(struct cli_common),
    .examples = "  plimsoll timeline metrics REV-1 --json\n"
                "  plimsoll set REV-1 na_contain='a fault, nothing to contain'\n",
    .fields = "name,state,value_s,band_s,bound,from,to,note",
    .run = run_metrics,
};

/* --- gaps ---------------------------------------------------------------------------------------
 */

struct gaps_opts {
    struct cli_common common;
    const char *min, *zone;
};

static const struct pl_opt gaps_opts[] = {
    CLI_COMMON,
    {0, "min", PL_OPT_STRING, offsetof(struct gaps_opts, min), "TIME", NULL,
     "gaps of at least this length (30m, or a fifth of the time to recover if that is more)"},
    {0, "zone", PL_OPT_STRING, offsetof(struct gaps_opts, zone), "ZONE", NULL,
     "show moments on the clocks of this zone"},
};

/* The same measure as check T09. */
static int64_t preset_min(const struct pl_duration *recover)
{
    int64_t fifth = recover->state == PL_DURATION_RECORDED ? recover->us / 5 : 0;
    return fifth > 30 * MIN_US ? fifth : 30 * MIN_US;
}

struct gaps {
    struct cli_table *t;
    json_t *items;
    const char *zone;
    int64_t min_us, detected, recovered;
};

static void put_gap(struct gaps *g, const struct pl_entry *a, const struct pl_entry *b)
{
    char from[PL_SHORT_ID_MAX], to[PL_SHORT_ID_MAX], length[32];
    char start[PL_RFC3339_SIZE], end[PL_RFC3339_SIZE], start_z[PL_RFC3339_SIZE],
        end_z[PL_RFC3339_SIZE];
    int64_t at = 0;
    int64_t until = 0;
    (void)moment_of(a, &at);
    (void)moment_of(b, &until);
    if (until - at < g->min_us)
        return;
    bool is_inside = at < g->recovered && until > g->detected;
    cli_entry_id(a, from);
    cli_entry_id(b, to);
    show_moment(g->zone, at, start);
    show_moment(g->zone, until, end);
    show_moment(NULL, at, start_z);
    show_moment(NULL, until, end_z);
    pl_duration_format(length, until - at);
    cli_table_row(g->t, (const char *const[]){from, to, start, end, length,
                                              is_inside ? "during the response" : ""});
    (void)json_array_append_new(g->items, json_pack("{s:s, s:s, s:s, s:s, s:I, s:b}", "from", from,
                                                    "to", to, "start", start_z, "end", end_z,
                                                    "gap_s", (json_int_t)((until - at) / 1000000),
                                                    "in_response", is_inside));
}

static void take_gaps(struct gaps *g, const struct pl_doc *d)
{
    size_t n = 0;
    struct pl_entry **v = events_of(d, &n);
    const struct pl_entry *last = NULL;
    int64_t us = 0;
    for (size_t i = 0; i < n; i++) {
        if (!moment_of(v[i], &us))
            continue;
        if (last)
            put_gap(g, last, v[i]);
        last = v[i];
    }
    free(v);
}

static int run_gaps(struct cli *c, void *opts, int argc, char **argv, struct pl_err *e)
{
    static const char *const heads[] = {"FROM", "TO", "START", "END", "LENGTH", "WHERE"};
    const struct gaps_opts *o = opts;
    struct pl_duration all[PL_DURATION_MAX];
    struct gaps g = {.detected = INT64_MAX, .recovered = INT64_MIN};
    struct review *r = NULL;
    struct pl_entry *en = NULL;
    uint64_t ms = 0;
    int rc = o->min ? cli_parse_time(o->min, "--min", &ms, e) : 0;
    if (rc == 0 && o->zone)
        rc = zone_check(o->zone, e);
    if (rc == 0)
        rc = cli_entry_open(c, argc, argv, true, &r, &en, e);
    if (rc < 0)
        return rc;
    const struct pl_doc *d = review_doc(r);
    const struct pl_entry *detected = pl_marker_event(d, PL_MARKER_DETECTED);
    const struct pl_entry *recovered = pl_marker_event(d, PL_MARKER_RECOVERED);
    pl_durations(d, all);
    g.min_us = o->min ? (int64_t)ms * 1000 : preset_min(&all[PL_DURATION_RECOVER]);
    g.zone = cli_entry_zone(c, d, o->zone);
    if (detected && recovered) {
        (void)moment_of(detected, &g.detected);
        (void)moment_of(recovered, &g.recovered);
    }
    g.t = cli_table_new(heads, COUNT(heads));
    g.items = json_array();
    take_gaps(&g, d);
    json_t *j = cli_envelope(c, "timeline.gaps", pl_doc_rev(d));
    (void)json_object_set_new(j, "min_s", json_integer((json_int_t)(g.min_us / 1000000)));
    (void)json_object_set_new(j, "items", g.items);
    return cli_list_end(c, g.t, j, e);
}

const struct cli_verb verb_timeline_gaps = {
    .opt = {"timeline gaps", "REVIEW", "stretches of time in which nothing is written down",
            gaps_opts, COUNT(gaps_opts), 1, 1},
    .opt_size = sizeof(struct gaps_opts),
    .examples = "  plimsoll timeline gaps REV-1 --min 20m\n",
    .fields = "from,to,start,end,gap_s,in_response",
    .run = run_gaps,
};
