// SPDX-License-Identifier: Apache-2.0
/*
 * See metrics.h.
 */
#include "plimsoll/doc/metrics.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "plimsoll/base/mem.h"
#include "plimsoll/base/time.h"

#define DAY_US INT64_C(86400000000)

/* --- quartiles ----------------------------------------------------------------------------------
 */

static int by_value(const void *a, const void *b)
{
    int64_t x = *(const int64_t *)a;
    int64_t y = *(const int64_t *)b;

    return (x > y) - (x < y);
}

/* Quarter k of sorted values: at (n - 1) k / 4. Gaps are below 2^62, so that 3 of them and the 2
 * for rounding fit. */
static int64_t quarter(const int64_t *v, size_t n, unsigned k)
{
    size_t at = (n - 1) / 4 * k + (n - 1) % 4 * k / 4;
    int64_t rest = (int64_t)((n - 1) % 4 * k % 4);

    if (rest == 0)
        return v[at];
    uint64_t gap = (uint64_t)v[at + 1] - (uint64_t)v[at];
    return v[at] + (int64_t)((gap / 4) * (uint64_t)rest + (gap % 4 * (uint64_t)rest + 2) / 4);
}

void pl_quartiles(int64_t *v, size_t n, struct pl_quartiles *out)
{
    *out = (struct pl_quartiles){.n = n};
    if (n == 0)
        return;
    qsort(v, n, sizeof *v, by_value);
    out->min = v[0];
    out->q1 = quarter(v, n, 1);
    out->median = quarter(v, n, 2);
    out->q3 = quarter(v, n, 3);
    out->max = v[n - 1];
}

/* --- one review ---------------------------------------------------------------------------------
 */

static const struct {
    int from, to;
} ends[PL_DURATION_MAX] = {
    [PL_DURATION_DETECT] = {PL_MARKER_IMPACT_START, PL_MARKER_DETECTED},
    [PL_DURATION_TRIAGE] = {PL_MARKER_DETECTED, PL_MARKER_TRIAGED},
    [PL_DURATION_CONTAIN] = {PL_MARKER_DETECTED, PL_MARKER_CONTAINED},
    [PL_DURATION_RECOVER] = {PL_MARKER_IMPACT_START, PL_MARKER_RECOVERED},
};

enum pl_duration_state pl_metric_duration(const struct pl_metric *m, enum pl_duration_no no,
                                          int64_t *us)
{
    int64_t from = m->marker_us[ends[no].from - 1];
    int64_t to = m->marker_us[ends[no].to - 1];

    if ((m->na >> no & 1U) != 0)
        return PL_DURATION_NA;
    if (from == 0 || to == 0)
        return PL_DURATION_PENDING;
    *us = to - from;
    return *us < 0 ? PL_DURATION_INVALID : PL_DURATION_RECORDED;
}

int64_t pl_metric_when(const struct pl_metric *m)
{
    if (m->marker_us[PL_MARKER_IMPACT_START - 1] != 0)
        return m->marker_us[PL_MARKER_IMPACT_START - 1];
    if (m->marker_us[PL_MARKER_DETECTED - 1] != 0)
        return m->marker_us[PL_MARKER_DETECTED - 1];
    return m->created_us;
}

enum pl_window_state pl_metric_window(const struct pl_metric *m, const struct pl_window *w,
                                      int64_t now_us)
{
    int64_t recovered = m->marker_us[PL_MARKER_RECOVERED - 1];
    size_t s = m->severity <= 4 ? m->severity : 0;

    if (recovered == 0)
        return PL_WINDOW_UNKNOWN;
    if (m->session_us == 0)
        return now_us > recovered + w->late_days[s] * DAY_US ? PL_WINDOW_LATE : PL_WINDOW_OPEN;
    if (m->session_us < recovered + w->not_before_days[s] * DAY_US)
        return PL_WINDOW_EARLY;
    return m->session_us > recovered + w->late_days[s] * DAY_US ? PL_WINDOW_LATE : PL_WINDOW_INSIDE;
}

/* --- many ---------------------------------------------------------------------------------------
 */

static void sum_duration(const struct pl_metric *rows, size_t n, enum pl_duration_no no,
                         int64_t *scratch, struct pl_duration_stats *out)
{
    size_t recorded = 0;
    int64_t us = 0;

    for (size_t i = 0; i < n; i++) {
        switch (pl_metric_duration(&rows[i], no, &us)) {
        case PL_DURATION_PENDING:
            out->pending++;
            break;
        case PL_DURATION_NA:
            out->not_applicable++;
            break;
        case PL_DURATION_INVALID:
            out->invalid++;
            break;
        case PL_DURATION_RECORDED:
            scratch[recorded++] = us;
            if (rows[i].band_s[ends[no].from - 1] != 0 || rows[i].band_s[ends[no].to - 1] != 0)
                out->rough++;
            break;
        }
    }
    pl_quartiles(scratch, recorded, &out->q);
}

static void sum_window(const struct pl_metric *m, const struct pl_window *w, int64_t now_us,
                       struct pl_metrics_sum *out)
{
    struct pl_window_stats *s = &out->window[m->severity <= 4 ? m->severity : 0];

    switch (pl_metric_window(m, w, now_us)) {
    case PL_WINDOW_OPEN:
        s->open++;
        break;
    case PL_WINDOW_UNKNOWN:
        s->unknown++;
        break;
    case PL_WINDOW_EARLY:
        s->early++;
        break;
    case PL_WINDOW_INSIDE:
        s->inside++;
        break;
    case PL_WINDOW_LATE:
        s->late++;
        break;
    }
}

void pl_metrics_sum(const struct pl_metric *rows, size_t n, const struct pl_window *w,
                    int64_t now_us, struct pl_metrics_sum *out)
{
    struct pl_window preset;
    int64_t *scratch = pl_xcalloc(n + 1, sizeof *scratch);

    memset(out, 0, sizeof *out);
    out->reviews = n;
    if (w == NULL) {
        pl_window_preset(&preset);
        w = &preset;
    }
    for (int no = 0; no < PL_DURATION_MAX; no++)
        sum_duration(rows, n, (enum pl_duration_no)no, scratch, &out->duration[no]);
    for (size_t i = 0; i < n; i++) {
        sum_window(&rows[i], w, now_us, out);
        out->open += rows[i].open;
        out->overdue += rows[i].overdue;
        out->verified += rows[i].verified;
        out->effective += rows[i].effective;
        out->total += rows[i].total;
        if (rows[i].oldest_open_us != 0 &&
            (out->oldest_open_us == 0 || rows[i].oldest_open_us < out->oldest_open_us))
            out->oldest_open_us = rows[i].oldest_open_us;
    }
    free(scratch);
}

/* --- periods ------------------------------------------------------------------------------------
 */

int64_t pl_period_of(int64_t us, enum pl_period by)
{
    struct pl_civil c;

    pl_civil_from_us(us, 0, &c);
    if (by == PL_PERIOD_QUARTER)
        return (int64_t)c.year * 4 + (c.month - 1) / 3;
    return (int64_t)c.year * 12 + (c.month - 1);
}

void pl_period_format(char out[16], int64_t period, enum pl_period by)
{
    int per_year = by == PL_PERIOD_QUARTER ? 4 : 12;
    unsigned year = (unsigned)(period / per_year % 10000);
    unsigned part = (unsigned)(period % per_year) + 1;

    if (by == PL_PERIOD_QUARTER)
        (void)snprintf(out, 16, "%04u-Q%u", year, part);
    else
        (void)snprintf(out, 16, "%04u-%02u", year, part);
}
