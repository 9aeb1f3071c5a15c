// SPDX-License-Identifier: Apache-2.0
/*
 * The timer of a stage: what it says at a moment. The server sets its begin and its end in the
 * document, in the server's time; everybody counts down from there and is warned when a fifth and
 * when a twentieth of the time is left. Pure functions of the document and the moment.
 */
#ifndef PLIMSOLL_DOC_TIMER_H
#define PLIMSOLL_DOC_TIMER_H

#include <stdint.h>

#include "plimsoll/doc/doc.h"

enum pl_timer_state {
    PL_TIMER_OFF,   /* none was set, or it was stopped */
    PL_TIMER_RUNS,  /* more than a fifth is left */
    PL_TIMER_LATE,  /* at most 20 % */
    PL_TIMER_FINAL, /* at most 5 % */
    PL_TIMER_UP     /* the time is over; it stays until stopped, extended, or the stage moves */
};

struct pl_timer {
    enum pl_timer_state state;
    int64_t total_us; /* as set and extended; 0 when OFF */
    int64_t left_us;  /* negative when UP: how long over */
    unsigned percent; /* of the total that is left, rounded up; 0 when UP */
    int64_t next_us;  /* from now until the next state; 0: no other follows by itself */
};

/* now_us: the server's time, microseconds since 1970. */
void pl_timer_at(const struct pl_doc *d, int64_t now_us, struct pl_timer *out);

/* "off", "running", "late", "final", "up"; static. */
const char *pl_timer_name(enum pl_timer_state state);

/* For people: "3:20 left of 15:00 (23 %)", "time is up for 1:10", "" when OFF; with NUL. */
#define PL_TIMER_WORDS 64
void pl_timer_words(const struct pl_timer *t, char out[PL_TIMER_WORDS]);

#endif
