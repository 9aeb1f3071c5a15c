// SPDX-License-Identifier: Apache-2.0
/*
 * `metrics`: the figures of doc/metrics.h over the reviews that one may read. Text for a person
 * (with bars; --plain: in words), rows of seconds for a pipe, one object with --json. Nothing is
 * coloured.
 */
#include <langinfo.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "plimsoll/base/mem.h"
#include "plimsoll/base/str.h"
#include "plimsoll/base/time.h"
#include "plimsoll/doc/metrics.h"

#include "cli/across.h"
#include "cli/cli_int.h"

#define COUNT(a)    (sizeof(a) / sizeof((a)[0]))
#define ROWS_MAX    100000u
#define PERIODS_MAX 400
#define BAR_WIDTH   40
#define US_PER_S    1000000

struct metrics_opts {
    struct cli_common common;
    const char *from, *to, *kind, *severity, *service, *class;
    int by; /* index into periods; -1 stands as 0: none */
    bool plain, chart;
};

static const char *const by_names[] = {"none", "month", "quarter", NULL};

#define OPT(name, field, arg, help)                                                   \
    {                                                                                 \
        0, name, PL_OPT_STRING, offsetof(struct metrics_opts, field), arg, NULL, help \
    }

static const struct pl_opt metrics_opts[] = {
    CLI_COMMON,
    OPT("from", from, "TIME", "only incidents that began at this day or time, or later"),
    OPT("to", to, "TIME", "only those that began before it"),
    {0, "by", PL_OPT_CHOICE, offsetof(struct metrics_opts, by), "PERIOD", by_names,
     "month or quarter (UTC): figures of each"},
    OPT("kind", kind, "KIND", "security, operations, near_miss, false_alarm"),
    OPT("severity", severity, "SEV", "S1 critical, S2 high, S3 medium, S4 low"),
    OPT("service", service, "NAME", "only where this service was hit"),
    OPT("class", class, "CLASS", "only with a cause of this class: technical, process, people"),
    {0, "plain", PL_OPT_FLAG, offsetof(struct metrics_opts, plain), NULL, NULL,
     "text in words, without bars, also in a pipe"},
    {0, "chart", PL_OPT_FLAG, offsetof(struct metrics_opts, chart), NULL, NULL,
     "text with bars, also in a pipe"},
};

/* --- rows ---------------------------------------------------------------------------------------
 */

struct rows {
    struct pl_metric *v;
    size_t n, cap;
    uint64_t next;
};

static struct pl_metric metric_of(const struct pl_metric_row *r)
{
    struct pl_metric m = {
        .marker_us = {r->impact_start_us, r->detected_us, r->triaged_us, r->contained_us,
                      r->recovered_us},
        .na = r->na,
        .severity = r->severity,
        .session_us = r->session_us,
        .created_us = r->created_us,
        .open = r->actions_open,
        .overdue = r->actions_overdue,
        .verified = r->actions_verified,
        .effective = r->actions_effective,
        .total = r->actions_total,
        .oldest_open_us = r->oldest_open_us,
    };
    memcpy(m.band_s, r->band_s, sizeof(m.band_s));
    return m;
}

static int take_page(void *ctx, struct pl_msg *m, struct pl_err *e)
{
    struct rows *rows = ctx;
    const struct pl_metrics_reply *r = &m->u.metrics_reply;
    if (r->next != 0 && (r->n == 0 || (rows->next != 0 && r->next >= rows->next)))
        return pl_fail(e, PL_E_BAD_MESSAGE, "the pages of figures do not run downwards");
    for (size_t i = 0; i < r->n; i++) {
        if (rows->n == rows->cap) {
            rows->cap = rows->cap ? 2 * rows->cap : 200;
            rows->v = pl_xrealloc(rows->v, rows->cap, sizeof(*rows->v));
        }
        rows->v[rows->n++] = metric_of(&r->items[i]);
    }
    rows->next = r->next;
    return 0;
}

static int fetch(struct cli *c, const struct pl_metrics *q, struct rows *rows, struct pl_err *e)
{
    int rc = 0;
    do {
        struct pl_msg m = {.type = PL_MSG_METRICS};
        m.u.metrics = *q;
        m.u.metrics.limit = 200;
        m.u.metrics.after = rows->next;
        rc = across_call(c, &m, take_page, rows, e);
        if (rc == 0 && rows->n > ROWS_MAX)
            rc = pl_fail(e, PL_E_LIMIT, "more than %u reviews: ask for fewer", ROWS_MAX);
    } while (rc == 0 && rows->next != 0);
    return rc;
}

static int parse_enum(uint32_t en, const char *s, const char *option, uint32_t *out,
                      struct pl_err *e)
{
    int64_t v = s ? cli_word(en, s) : 0;
    if (s && v == 0)
        return pl_fail(e, PL_E_USAGE,
                       "%s does not take '%.40s'; 'plimsoll help fields' lists what "
                       "it takes",
                       option, s);
    *out = (uint32_t)v;
    return 0;
}

static int ask(const struct metrics_opts *o, struct pl_metrics *q, struct pl_err *e)
{
    int rc = parse_enum(PL_EN_SEVERITY, o->severity, "--severity", &q->severity, e);
    if (rc == 0)
        rc = parse_enum(PL_EN_INCIDENT, o->kind, "--kind", &q->kind, e);
    if (rc == 0)
        rc = parse_enum(PL_EN_CLASS, o->class, "--class", &q->class, e);
    if (rc == 0 && o->from)
        rc = across_parse_time(o->from, "--from", &q->from_us, e);
    if (rc == 0 && o->to)
        rc = across_parse_time(o->to, "--to", &q->to_us, e);
    q->service = o->service ? o->service : "";
    return rc;
}

/* --- periods ------------------------------------------------------------------------------------
 */

struct period {
    int64_t no;
    struct pl_metrics_sum sum;
};

struct figures {
    struct pl_metrics_sum all;
    struct period *v; /* gaps between them are filled */
    size_t n;
    bool has_periods;
    enum pl_period by;
    int64_t now_us;
};

static int by_time(const void *a, const void *b)
{
    int64_t x = pl_metric_when(a);
    int64_t y = pl_metric_when(b);
    return (x > y) - (x < y);
}

static int sum_periods(struct figures *f, struct rows *rows, struct pl_err *e)
{
    if (rows->n == 0)
        return 0;
    qsort(rows->v, rows->n, sizeof(*rows->v), by_time);
    int64_t first = pl_period_of(pl_metric_when(&rows->v[0]), f->by);
    int64_t last = pl_period_of(pl_metric_when(&rows->v[rows->n - 1]), f->by);
    if (last - first >= PERIODS_MAX)
        return pl_fail(e, PL_E_USAGE, "that is %lld periods: narrow it with --from and --to",
                       (long long)last - (long long)first + 1);
    f->n = (size_t)(last - first + 1);
    f->v = pl_xcalloc(f->n, sizeof(*f->v));
    size_t at = 0;
    for (size_t i = 0; i < f->n; i++) {
        size_t from = at;
        f->v[i].no = first + (int64_t)i;
        while (at < rows->n && pl_period_of(pl_metric_when(&rows->v[at]), f->by) == f->v[i].no)
            at++;
        pl_metrics_sum(&rows->v[from], at - from, NULL, f->now_us, &f->v[i].sum);
    }
    return 0;
}

static int sum_up(struct figures *f, struct rows *rows, struct pl_err *e)
{
    f->now_us = pl_now_us();
    pl_metrics_sum(rows->v, rows->n, NULL, f->now_us, &f->all);
    return f->has_periods ? sum_periods(f, rows, e) : 0;
}

/* --- JSON ---------------------------------------------------------------------------------------
 */

static json_t *seconds(const struct pl_quartiles *q, int64_t us)
{
    return q->n > 0 ? json_integer(us / US_PER_S) : json_null();
}

static json_t *duration_json(const struct pl_duration_stats *d)
{
    const struct pl_quartiles *q = &d->q;
    return json_pack("{s:I, s:o, s:o, s:o, s:o, s:o, s:I, s:I, s:I, s:I}", "n", (json_int_t)q->n,
                     "min_s", seconds(q, q->min), "q1_s", seconds(q, q->q1), "median_s",
                     seconds(q, q->median), "q3_s", seconds(q, q->q3), "max_s", seconds(q, q->max),
                     "pending", (json_int_t)d->pending, "not_applicable",
                     (json_int_t)d->not_applicable, "invalid", (json_int_t)d->invalid, "rough",
                     (json_int_t)d->rough);
}

static json_t *window_json(const struct pl_window_stats *w)
{
    size_t held = w->early + w->inside + w->late;
    return json_pack("{s:I, s:I, s:I, s:I, s:I, s:o}", "inside", (json_int_t)w->inside, "early",
                     (json_int_t)w->early, "late", (json_int_t)w->late, "open", (json_int_t)w->open,
                     "unknown", (json_int_t)w->unknown, "share",
                     held > 0 ? json_real((double)w->inside / (double)held) : json_null());
}

static const char *severity_name(size_t s)
{
    return s == 0 ? "unset" : pl_enum_name(PL_EN_SEVERITY, (int64_t)s);
}

static void put_sum(json_t *j, const struct pl_metrics_sum *s, int64_t now)
{
    json_t *durations = json_object();
    json_t *window = json_object();
    for (int i = 0; i < PL_DURATION_MAX; i++)
        (void)json_object_set_new(durations, pl_duration_name((enum pl_duration_no)i),
                                  duration_json(&s->duration[i]));
    for (size_t i = 0; i < 5; i++)
        (void)json_object_set_new(window, severity_name(i), window_json(&s->window[i]));
    (void)json_object_set_new(j, "reviews", json_integer((json_int_t)s->reviews));
    (void)json_object_set_new(j, "durations", durations);
    (void)json_object_set_new(
        j, "actions",
        json_pack("{s:I, s:I, s:I, s:I, s:I, s:o}", "open", (json_int_t)s->open, "overdue",
                  (json_int_t)s->overdue, "verified", (json_int_t)s->verified, "effective",
                  (json_int_t)s->effective, "total", (json_int_t)s->total, "oldest_open_s",
                  s->oldest_open_us != 0
                      ? json_integer((json_int_t)((now - s->oldest_open_us) / US_PER_S))
                      : json_null()));
    (void)json_object_set_new(j, "window", window);
}

static void show_json(struct cli *c, const struct figures *f)
{
    json_t *j = cli_envelope(c, "metrics", 0);
    json_t *periods = json_array();
    put_sum(j, &f->all, f->now_us);
    for (size_t i = 0; i < f->n; i++) {
        char name[16];
        json_t *p = json_object();
        pl_period_format(name, f->v[i].no, f->by);
        (void)json_object_set_new(p, "period", json_string(name));
        put_sum(p, &f->v[i].sum, f->now_us);
        (void)json_array_append_new(periods, p);
    }
    (void)json_object_set_new(j, "quantiles", json_string("type 7"));
    (void)json_object_set_new(j, "periods", periods);
    (void)cli_json(c, j);
}

/* --- a pipe -------------------------------------------------------------------------------------
 */

static void tsv_row(struct cli *c, const char *period, enum pl_duration_no no,
                    const struct pl_duration_stats *d)
{
    cli_print(c, "%s\t%s\t%zu", period, pl_duration_name(no), d->q.n);
    const int64_t v[] = {d->q.min, d->q.q1, d->q.median, d->q.q3, d->q.max};
    for (size_t i = 0; i < COUNT(v); i++) {
        if (d->q.n > 0)
            cli_print(c, "\t%lld", (long long)(v[i] / US_PER_S));
        else
            cli_print(c, "\t");
    }
    cli_print(c, "\t%zu\t%zu\t%zu\n", d->pending, d->not_applicable, d->invalid);
}

static void show_tsv(struct cli *c, const struct figures *f)
{
    for (size_t i = 0; i <= f->n; i++) {
        char name[16] = "all";
        const struct pl_metrics_sum *s = i < f->n ? &f->v[i].sum : &f->all;
        if (i < f->n)
            pl_period_format(name, f->v[i].no, f->by);
        for (int no = 0; no < PL_DURATION_MAX; no++)
            tsv_row(c, name, (enum pl_duration_no)no, &s->duration[no]);
    }
}

/* --- text ---------------------------------------------------------------------------------------
 */

static const char *length(char buf[32], const struct pl_quartiles *q, int64_t us)
{
    buf[0] = '-';
    buf[1] = '\0';
    if (q->n > 0)
        pl_duration_format(buf, us);
    return buf;
}

static void text_durations(struct cli *c, const struct pl_metrics_sum *s)
{
    cli_print(c, "%-16s %5s  %-14s %-14s %-14s %7s %5s %7s\n", "", "n", "quartile 1", "median",
              "quartile 3", "pending", "n/a", "invalid");
    for (int no = 0; no < PL_DURATION_MAX; no++) {
        const struct pl_duration_stats *d = &s->duration[no];
        char name[32];
        char a[32];
        char b[32];
        char e[32];
        (void)snprintf(name, sizeof(name), "time to %s", pl_duration_name((enum pl_duration_no)no));
        cli_print(c, "%-16s %5zu  %-14s %-14s %-14s %7zu %5zu %7zu\n", name, d->q.n,
                  length(a, &d->q, d->q.q1), length(b, &d->q, d->q.median),
                  length(e, &d->q, d->q.q3), d->pending, d->not_applicable, d->invalid);
    }
}

static void words_durations(struct cli *c, const struct pl_metrics_sum *s)
{
    for (int no = 0; no < PL_DURATION_MAX; no++) {
        const struct pl_duration_stats *d = &s->duration[no];
        char a[32];
        char b[32];
        char e[32];
        cli_print(c, "Time to %s: ", pl_duration_name((enum pl_duration_no)no));
        if (d->q.n > 0)
            cli_print(c, "median %s, quartiles %s and %s, from %zu recorded; ",
                      length(b, &d->q, d->q.median), length(a, &d->q, d->q.q1),
                      length(e, &d->q, d->q.q3), d->q.n);
        else
            cli_print(c, "none recorded; ");
        cli_print(c, "%zu pending, %zu not applicable, %zu invalid.\n", d->pending,
                  d->not_applicable, d->invalid);
    }
}

static void text_actions(struct cli *c, const struct pl_metrics_sum *s, int64_t now)
{
    cli_print(c, "Actions: %llu open, %llu of them overdue; %llu verified, %llu of them effective",
              (unsigned long long)s->open, (unsigned long long)s->overdue,
              (unsigned long long)s->verified, (unsigned long long)s->effective);
    if (s->oldest_open_us != 0)
        cli_print(c, "; the oldest open one is %lld days old",
                  (long long)((now - s->oldest_open_us) / (INT64_C(86400) * US_PER_S)));
    cli_print(c, ".\n");
}

static void text_window(struct cli *c, const struct pl_metrics_sum *s)
{
    cli_print(c, "Session held in the window after recovery:\n");
    for (size_t i = 1; i <= 5; i++) {
        size_t at = i % 5; /* what has no severity comes last */
        const struct pl_window_stats *w = &s->window[at];
        size_t held = w->early + w->inside + w->late;
        if (held + w->open + w->unknown == 0)
            continue;
        cli_print(c, "  %-9s", severity_name(at));
        if (held > 0)
            cli_print(c, "%zu of %zu (%zu %%): %zu early, %zu late", w->inside, held,
                      (100 * w->inside + held / 2) / held, w->early, w->late);
        else
            cli_print(c, "none due yet");
        cli_print(c, "; %zu not due yet, %zu without a time of recovery\n", w->open, w->unknown);
    }
}

static void bar(struct cli *c, uint64_t value, uint64_t most)
{
    const char *block = pl_str_eq(nl_langinfo(CODESET), "UTF-8") ? "\xE2\x96\x88" : "#";
    uint64_t n = most > 0 ? (value * BAR_WIDTH + most / 2) / most : 0;
    if (n == 0 && value > 0)
        n = 1;
    for (uint64_t i = 0; i < BAR_WIDTH; i++)
        cli_print(c, "%s", i < n ? block : " ");
}

/* What is drawn of a period: reviews, or the median of a duration in seconds. */
static uint64_t drawn(const struct pl_metrics_sum *s, int no)
{
    if (no == PL_DURATION_MAX)
        return s->reviews;
    return s->duration[no].q.n > 0 ? (uint64_t)s->duration[no].q.median / US_PER_S : 0;
}

static void chart(struct cli *c, const struct figures *f, int no)
{
    uint64_t most = 0;
    for (size_t i = 0; i < f->n; i++)
        most = drawn(&f->v[i].sum, no) > most ? drawn(&f->v[i].sum, no) : most;
    for (size_t i = 0; i < f->n; i++) {
        const struct pl_metrics_sum *s = &f->v[i].sum;
        char name[16];
        char text[32];
        pl_period_format(name, f->v[i].no, f->by);
        cli_print(c, "  %-8s ", name);
        bar(c, drawn(s, no), most);
        if (no == PL_DURATION_MAX)
            cli_print(c, " %zu\n", s->reviews);
        else
            cli_print(c, " %s (n %zu)\n",
                      length(text, &s->duration[no].q, s->duration[no].q.median),
                      s->duration[no].q.n);
    }
}

static void text_periods(struct cli *c, const struct figures *f)
{
    if (f->n == 0)
        return;
    cli_print(c, "\nReviews by when the incident began (UTC)\n");
    chart(c, f, PL_DURATION_MAX);
    for (int no = 0; no < PL_DURATION_MAX; no++) {
        if (f->all.duration[no].q.n == 0)
            continue;
        cli_print(c, "\nMedian time to %s\n", pl_duration_name((enum pl_duration_no)no));
        chart(c, f, no);
    }
}

static void show_words(struct cli *c, const struct figures *f)
{
    for (size_t i = 0; i <= f->n; i++) {
        char name[16] = "";
        const struct pl_metrics_sum *s = i < f->n ? &f->v[i].sum : &f->all;
        if (i < f->n)
            pl_period_format(name, f->v[i].no, f->by);
        cli_print(c, "%s%s%zu %s.\n", i < f->n ? name : "In all", ": ", s->reviews,
                  s->reviews == 1 ? "review" : "reviews");
        words_durations(c, s);
    }
    text_actions(c, &f->all, f->now_us);
    text_window(c, &f->all);
}

static void show_text(struct cli *c, const struct figures *f)
{
    cli_print(c, "%zu %s that you may read\n\n", f->all.reviews,
              f->all.reviews == 1 ? "review" : "reviews");
    text_durations(c, &f->all);
    cli_print(c, "\n");
    text_actions(c, &f->all, f->now_us);
    text_window(c, &f->all);
    text_periods(c, f);
}

static int run_metrics(struct cli *c, void *opts, int argc, char **argv, struct pl_err *e)
{
    const struct metrics_opts *o = opts;
    struct pl_metrics q = {0};
    struct rows rows = {0};
    struct figures f = {.has_periods = o->by > 0,
                        .by = o->by == 2 ? PL_PERIOD_QUARTER : PL_PERIOD_MONTH};
    (void)argc;
    (void)argv;
    int rc = ask(o, &q, e);
    if (rc == 0)
        rc = cli_connect(c, e);
    if (rc == 0)
        rc = fetch(c, &q, &rows, e);
    if (rc == 0)
        rc = sum_up(&f, &rows, e);
    if (rc == 0 && cli_wants_json(c))
        show_json(c, &f);
    else if (rc == 0 && o->plain)
        show_words(c, &f);
    else if (rc == 0 && (o->chart || cli_is_for_eyes(c)))
        show_text(c, &f);
    else if (rc == 0)
        show_tsv(c, &f);
    free(rows.v);
    free(f.v);
    return rc;
}

const struct cli_verb verb_metrics = {
    .opt = {"metrics", NULL,
            "times to detect, triage, contain, recover over all reviews; actions; sessions in time",
            metrics_opts, COUNT(metrics_opts), 0, 0},
    .opt_size = sizeof(struct metrics_opts),
    .examples = "  plimsoll metrics --by quarter\n"
                "  plimsoll metrics --from 2026-01-01 --severity S1 --service checkout --json\n",
    .fields = "reviews,durations,actions,window,quantiles,periods",
    .run = run_metrics,
};
