// SPDX-License-Identifier: Apache-2.0
/*
 * What bringing the checks up to date costs in a review of 1,000 entries: after one keystroke in an
 * event's text, after one in a cause's (the blame patterns are asked), after a changed time, and
 * from scratch. One JSON line a figure; the best of several rounds, because the machine is shared.
 */
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "plimsoll/doc/checks.h"

#include "support/sample.h"

#define EVENTS 700
#define CAUSES 100
#define OTHERS 200
#define ROUNDS 9
#define TIMES  200

struct subject {
    struct pl_doc *d;
    struct pl_checks *c;
    struct pl_eid event;
    struct pl_eid cause;
    int64_t at;
};

static double now_us(void)
{
    struct timespec t;

    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec * 1e6 + (double)t.tv_nsec / 1e3;
}

static void fill(struct subject *s)
{
    for (int64_t i = 0; i < EVENTS; i++) {
        s->event = sample_add(s->d, PL_KIND_EVENT, PL_EID_ROOT, 1);
        sample_text(s->d, s->event, PL_F_BODY, "The queue of the checkout grew and the pager rang");
        sample_int(s->d, s->event, PL_F_EVENT_HAPPENED_AT, SAMPLE_T0 + i * 20000000);
        sample_int(s->d, s->event, PL_F_EVENT_LENS, 1 + i % 7);
    }
    for (int64_t i = 0; i < CAUSES; i++) {
        s->cause = sample_add(s->d, PL_KIND_CAUSE, PL_EID_ROOT, 1);
        sample_text(s->d, s->cause, PL_F_BODY, "Renewal of certificates was a manual task");
        sample_int(s->d, s->cause, PL_F_CAUSE_CLASS, 1 + i % 3);
    }
    for (int64_t i = 0; i < OTHERS; i++) {
        struct pl_eid eid =
            sample_add(s->d, i % 2 == 0 ? PL_KIND_OBSERVATION : PL_KIND_ACTION, PL_EID_ROOT, 1);
        sample_text(s->d, eid, PL_F_BODY, "Nobody watched when certificates run out");
    }
}

static void commit(struct subject *s, struct pl_cs *cs)
{
    if (pl_doc_apply(s->d, cs, NULL, NULL) != 0)
        return;
    pl_checks_touch(s->c, cs);
    pl_cs_release(cs);
}

static void type_in(struct subject *s, struct pl_eid eid)
{
    struct pl_op op;
    struct pl_cs cs;

    pl_op_splice(&op, pl_entry_text(pl_doc_entry(s->d, eid), PL_F_BODY), 3, 0, "x", 1);
    pl_cs_init(&cs);
    pl_cs_text(&cs, eid, PL_F_BODY, &op);
    commit(s, &cs);
}

static void type_event(struct subject *s)
{
    type_in(s, s->event);
}

static void type_cause(struct subject *s)
{
    type_in(s, s->cause);
}

static void move_event(struct subject *s)
{
    struct pl_value v = pl_value_int(SAMPLE_T0 + (s->at++ % EVENTS) * 20000000 + 1);
    struct pl_cs cs;

    pl_cs_init(&cs);
    pl_cs_reg(&cs, s->event, PL_F_EVENT_HAPPENED_AT, &v);
    commit(s, &cs);
}

static void touch_all(struct subject *s)
{
    pl_checks_touch(s->c, NULL);
}

/* Only the run is timed, not the edit before it. */
static void time_it(struct subject *s, const char *what, void (*edit)(struct subject *s))
{
    double best = 1e12;

    for (int r = 0; r < ROUNDS; r++) {
        double sum = 0;
        for (int i = 0; i < TIMES; i++) {
            double t;
            edit(s);
            t = now_us();
            pl_checks_run(s->c, SAMPLE_T0);
            sum += now_us() - t;
        }
        best = sum < best ? sum : best;
    }
    (void)printf("{\"bench\":\"checks\",\"what\":\"%s\",\"us\":%.2f,\"findings\":%zu}\n", what,
                 best / TIMES, pl_checks_count(s->c));
}

int main(void)
{
    struct subject s = {.d = sample_review()};

    fill(&s);
    s.c = pl_checks_new(s.d, NULL);
    pl_checks_run(s.c, SAMPLE_T0);
    time_it(&s, "keystroke in an event", type_event);
    time_it(&s, "keystroke in a cause", type_cause);
    time_it(&s, "time of an event", move_event);
    time_it(&s, "from scratch", touch_all);
    pl_checks_free(s.c);
    pl_doc_free(s.d);
    return 0;
}
