// SPDX-License-Identifier: Apache-2.0
/*
 * The four durations of an incident, computed from the markers of its events, never typed: time to
 * detect (detected - impact_start), to triage (triaged - detected), to contain (contained -
 * detected), to recover (recovered - impact_start). Where several events carry one marker, the
 * earliest counts. Pure functions of the document.
 */
#ifndef PLIMSOLL_DOC_DURATIONS_H
#define PLIMSOLL_DOC_DURATIONS_H

#include <stdint.h>

#include "plimsoll/doc/doc.h"

enum pl_duration_no {
    PL_DURATION_DETECT = 0,
    PL_DURATION_TRIAGE = 1,
    PL_DURATION_CONTAIN = 2,
    PL_DURATION_RECOVER = 3,
    PL_DURATION_MAX = 4
};

enum pl_duration_state {
    PL_DURATION_PENDING,  /* a marker is missing */
    PL_DURATION_RECORDED, /* both are there */
    PL_DURATION_NA,       /* declared not applicable, with a reason (review fields na_...) */
    PL_DURATION_INVALID   /* negative: the two events contradict each other */
};

struct pl_duration {
    enum pl_duration_state state;
    int64_t us;            /* RECORDED, INVALID */
    int64_t band_us;       /* plus or minus, from the precision of both events; RECORDED, INVALID */
    bool is_open;          /* one end is `before` or `after`: the figure is a bound */
    struct pl_entry *from; /* the two events, NULL when missing */
    struct pl_entry *to;
    const char *reason; /* NA; borrowed from the document */
};

/* All four, from scratch. O(events). */
void pl_durations(const struct pl_doc *d, struct pl_duration out[PL_DURATION_MAX]);

/* "detect" ... static. */
const char *pl_duration_name(enum pl_duration_no no);

/* The event that carries a marker (PL_MARKER_...): the earliest visible one, or NULL. */
struct pl_entry *pl_marker_event(const struct pl_doc *d, int64_t marker);

/* Error of an event's time in microseconds: precision_s for `about` (default 60 s when unset), 0
 * for exact, 0 with *is_open for before and after. is_open may be NULL. */
int64_t pl_event_band_us(const struct pl_entry *event, bool *is_open);

/* How much later than it happened an event came to be known: "+12 min", with NUL; "" when one of
 * the two moments is not set. Is it known earlier than it happened? */
#define PL_KNOWN_SIZE 36
void pl_event_known(const struct pl_entry *event, char out[PL_KNOWN_SIZE]);
bool pl_event_is_known_early(const struct pl_entry *event);

/* "1 h 04 min" and the like, for people; with NUL. Negative with a minus sign. */
void pl_duration_format(char out[32], int64_t us);

#endif
