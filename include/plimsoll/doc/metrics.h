// SPDX-License-Identifier: Apache-2.0
/*
 * Figures over many reviews: the four durations with median and quartiles, actions, and the share
 * of sessions held in the window. Pure functions of rows that somebody else has collected; a mean
 * is not among them, since a single long incident would be all that it shows.
 *
 * Quantiles: definition 7 of R. J. Hyndman and Y. Fan, "Sample Quantiles in Statistical Packages",
 * The American Statistician 50 (1996): with the values sorted and numbered from 0, the quantile p
 * stands at (n - 1) p, and between two values it is interpolated linearly. Computed in integers,
 * rounded to the nearest microsecond, halves up.
 */
#ifndef PLIMSOLL_DOC_METRICS_H
#define PLIMSOLL_DOC_METRICS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "plimsoll/doc/checks.h"
#include "plimsoll/doc/durations.h"

/* --- quartiles ----------------------------------------------------------------------------------
 */

struct pl_quartiles {
    size_t n; /* 0: the rest means nothing */
    int64_t min, q1, median, q3, max;
};

/* Sorts v. Values must lie within +-2^61. */
void pl_quartiles(int64_t *v, size_t n, struct pl_quartiles *out);

/* --- one review ---------------------------------------------------------------------------------
 */

/* What the figures need of a review; times in microseconds UTC, 0 unset. */
struct pl_metric {
    int64_t marker_us[5]; /* by PL_MARKER_... - 1: impact_start to recovered */
    uint32_t band_s[5];   /* how far off each may be */
    uint32_t na;          /* bits 1 << enum pl_duration_no: declared not applicable */
    uint32_t severity;    /* 1 to 4, 0 unset */
    int64_t session_us;   /* when the session really began */
    int64_t created_us;
    uint32_t open, overdue, verified, effective, total; /* actions */
    int64_t oldest_open_us;
};

/* State and length of one duration, as pl_durations would find it; *us is set when RECORDED or
 * INVALID. */
enum pl_duration_state pl_metric_duration(const struct pl_metric *m, enum pl_duration_no no,
                                          int64_t *us);

/* When the incident began: impact_start, else detected, else when the review was made. */
int64_t pl_metric_when(const struct pl_metric *m);

enum pl_window_state {
    PL_WINDOW_OPEN,    /* no session, and its time is not over */
    PL_WINDOW_UNKNOWN, /* when the incident was over is not recorded */
    PL_WINDOW_EARLY,
    PL_WINDOW_INSIDE, /* from the first day that is allowed to the last */
    PL_WINDOW_LATE    /* held after it, or not held although it is over */
};
enum pl_window_state pl_metric_window(const struct pl_metric *m, const struct pl_window *w,
                                      int64_t now_us);

/* --- many ---------------------------------------------------------------------------------------
 */

struct pl_duration_stats {
    struct pl_quartiles q;                   /* of those recorded */
    size_t pending, not_applicable, invalid; /* the others */
    size_t rough;                            /* of those recorded: an end is not exact */
};

/* The share: inside / (early + inside + late). */
struct pl_window_stats {
    size_t early, inside, late, open, unknown;
};

struct pl_metrics_sum {
    size_t reviews;
    struct pl_duration_stats duration[PL_DURATION_MAX];
    struct pl_window_stats window[5];                   /* by severity, 0: unset */
    uint64_t open, overdue, verified, effective, total; /* actions */
    int64_t oldest_open_us;                             /* 0: none is open */
};

/* Sums up n rows; `w` NULL: the preset. O(n log n). */
void pl_metrics_sum(const struct pl_metric *rows, size_t n, const struct pl_window *w,
                    int64_t now_us, struct pl_metrics_sum *out);

/* --- periods ------------------------------------------------------------------------------------
 */

enum pl_period { PL_PERIOD_MONTH, PL_PERIOD_QUARTER };

/* Number of the month or quarter (UTC) that a moment lies in: consecutive ones differ by 1. */
int64_t pl_period_of(int64_t us, enum pl_period by);
/* "2026-03", "2026-Q1"; with NUL. */
void pl_period_format(char out[16], int64_t period, enum pl_period by);

#endif
