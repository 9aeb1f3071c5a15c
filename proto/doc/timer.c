// SPDX-License-Identifier: Apache-2.0
/*
 * See timer.h. The borders are reached when the share left is equal to them, so that a timer of any
 * length has all its states.
 */
#include "plimsoll/doc/timer.h"

#include <stdio.h>

#include "plimsoll/doc/schema.h"

#define LATE_PERCENT  20
#define FINAL_PERCENT 5
#define SECOND_US     INT64_C(1000000)

void pl_timer_at(const struct pl_doc *d, int64_t now_us, struct pl_timer *out)
{
    int64_t ends = pl_entry_int(pl_doc_root(d), PL_F_REVIEW_STAGE_ENDS_AT, 0);
    int64_t begun = pl_entry_int(pl_doc_root(d), PL_F_REVIEW_STAGE_STARTED_AT, 0);

    *out = (struct pl_timer){.state = PL_TIMER_OFF};
    if (ends <= begun || begun <= 0)
        return;
    out->total_us = ends - begun;
    out->left_us = ends - now_us;
    if (out->left_us > out->total_us) /* a clock that is behind */
        out->left_us = out->total_us;
    int64_t late_us = out->total_us / 100 * LATE_PERCENT;
    int64_t final_us = out->total_us / 100 * FINAL_PERCENT;
    if (out->left_us <= 0) {
        out->state = PL_TIMER_UP;
        return;
    }
    out->percent = (unsigned)((out->left_us * 100 + out->total_us - 1) / out->total_us);
    if (out->left_us <= final_us) {
        out->state = PL_TIMER_FINAL;
        out->next_us = out->left_us;
    } else if (out->left_us <= late_us) {
        out->state = PL_TIMER_LATE;
        out->next_us = out->left_us - final_us;
    } else {
        out->state = PL_TIMER_RUNS;
        out->next_us = out->left_us - late_us;
    }
}

const char *pl_timer_name(enum pl_timer_state state)
{
    static const char *const names[] = {[PL_TIMER_OFF] = "off",
                                        [PL_TIMER_RUNS] = "running",
                                        [PL_TIMER_LATE] = "late",
                                        [PL_TIMER_FINAL] = "final",
                                        [PL_TIMER_UP] = "up"};
    return names[state];
}

/* Hours only where there are some; a part of a second that is left still counts as one. */
static void clock_words(int64_t us, char *out, size_t size)
{
    long long s = (long long)((us + SECOND_US - 1) / SECOND_US);

    if (s >= 3600)
        (void)snprintf(out, size, "%lld:%02lld:%02lld", s / 3600, s / 60 % 60, s % 60);
    else
        (void)snprintf(out, size, "%lld:%02lld", s / 60, s % 60);
}

void pl_timer_words(const struct pl_timer *t, char out[PL_TIMER_WORDS])
{
    char left[24];
    char total[24];

    out[0] = '\0';
    if (t->state == PL_TIMER_OFF)
        return;
    clock_words(t->left_us < 0 ? -t->left_us : t->left_us, left, sizeof left);
    clock_words(t->total_us, total, sizeof total);
    if (t->state == PL_TIMER_UP)
        (void)snprintf(out, PL_TIMER_WORDS, "time is up for %s", left);
    else
        (void)snprintf(out, PL_TIMER_WORDS, "%s left of %s (%u %%)", left, total, t->percent);
}
