// SPDX-License-Identifier: Apache-2.0
/*
 * The four durations of an incident from the markers of its events. Everything is read from the
 * document when asked; nothing is kept. An event that carries a marker but no time counts as
 * missing for the figure, and is still named.
 */
#include "plimsoll/doc/durations.h"

#include <stdio.h>
#include <string.h>

#include "plimsoll/merge/orderkey.h"

#include "doc_int.h"

#define SECOND_US       INT64_C(1000000)
#define ABOUT_DEFAULT_S 60

struct recipe {
    const char *name;
    int64_t from;
    int64_t to;
    uint32_t na_field;
};

static const struct recipe recipes[PL_DURATION_MAX] = {
    {"detect", PL_MARKER_IMPACT_START, PL_MARKER_DETECTED, PL_F_REVIEW_NA_DETECT},
    {"triage", PL_MARKER_DETECTED, PL_MARKER_TRIAGED, PL_F_REVIEW_NA_TRIAGE},
    {"contain", PL_MARKER_DETECTED, PL_MARKER_CONTAINED, PL_F_REVIEW_NA_CONTAIN},
    {"recover", PL_MARKER_IMPACT_START, PL_MARKER_RECOVERED, PL_F_REVIEW_NA_RECOVER},
};

const char *pl_duration_name(enum pl_duration_no no)
{
    return (unsigned)no < PL_DURATION_MAX ? recipes[no].name : "unknown";
}

static int64_t time_of(const struct pl_entry *event)
{
    return pl_entry_int(event, PL_F_EVENT_HAPPENED_AT, INT64_MAX);
}

/* Earlier in time, at equal times earlier in the list. */
static bool is_earlier(const struct pl_entry *a, const struct pl_entry *b)
{
    int64_t ta = time_of(a);
    int64_t tb = time_of(b);
    int c;

    if (ta != tb)
        return ta < tb;
    c = pl_key_cmp(pl_entry_key(a), pl_entry_key(b));
    return (c != 0 ? c : pl_eid_cmp(pl_entry_eid(a), pl_entry_eid(b))) < 0;
}

/* Earliest event of every marker in one walk; [0] stays NULL. */
static void find_markers(const struct pl_doc *d, struct pl_entry *out[PL_MARKER_RECOVERED + 1])
{
    memset(out, 0, (PL_MARKER_RECOVERED + 1) * sizeof *out);
    if (d->root->dead)
        return;
    for (uint32_t i = 0; i < d->root->kids_n; i++) {
        struct pl_entry *en = d->root->kids[i];
        int64_t marker;
        if (en->kind != PL_KIND_EVENT || en->dead)
            continue;
        marker = pl_entry_int(en, PL_F_EVENT_MARKER, 0);
        if (marker <= 0 || marker > PL_MARKER_RECOVERED)
            continue;
        if (out[marker] == NULL || is_earlier(en, out[marker]))
            out[marker] = en;
    }
}

struct pl_entry *pl_marker_event(const struct pl_doc *d, int64_t marker)
{
    struct pl_entry *of[PL_MARKER_RECOVERED + 1];

    if (marker <= 0 || marker > PL_MARKER_RECOVERED)
        return NULL;
    find_markers(d, of);
    return of[marker];
}

int64_t pl_event_band_us(const struct pl_entry *event, bool *is_open)
{
    int64_t precision = pl_entry_int(event, PL_F_EVENT_PRECISION, PL_PRECISION_EXACT);

    if (is_open != NULL)
        *is_open = precision == PL_PRECISION_BEFORE || precision == PL_PRECISION_AFTER;
    if (precision != PL_PRECISION_ABOUT)
        return 0;
    return pl_entry_int(event, PL_F_EVENT_PRECISION_S, ABOUT_DEFAULT_S) * SECOND_US;
}

static bool is_blank(const char *s)
{
    while (*s == ' ' || *s == '\t')
        s++;
    return *s == '\0';
}

static void measure(const struct pl_doc *d, const struct recipe *r,
                    struct pl_entry *const of[PL_MARKER_RECOVERED + 1], struct pl_duration *out)
{
    const char *reason = pl_entry_str(d->root, r->na_field);
    bool open_from = false;
    bool open_to = false;

    *out = (struct pl_duration){
        .state = PL_DURATION_PENDING, .from = of[r->from], .to = of[r->to], .reason = ""};
    if (!is_blank(reason)) {
        out->state = PL_DURATION_NA;
        out->reason = reason;
        return;
    }
    if (out->from == NULL || out->to == NULL || time_of(out->from) == INT64_MAX ||
        time_of(out->to) == INT64_MAX)
        return;
    out->us = time_of(out->to) - time_of(out->from);
    out->band_us = pl_event_band_us(out->from, &open_from) + pl_event_band_us(out->to, &open_to);
    out->is_open = open_from || open_to;
    out->state = out->us < 0 ? PL_DURATION_INVALID : PL_DURATION_RECORDED;
}

void pl_durations(const struct pl_doc *d, struct pl_duration out[PL_DURATION_MAX])
{
    struct pl_entry *of[PL_MARKER_RECOVERED + 1];

    find_markers(d, of);
    for (unsigned i = 0; i < PL_DURATION_MAX; i++)
        measure(d, &recipes[i], of, &out[i]);
}

void pl_duration_format(char out[32], int64_t us)
{
    const char *sign = us < 0 ? "-" : "";
    uint64_t s = (us < 0 ? 0 - (uint64_t)us : (uint64_t)us) / (uint64_t)SECOND_US;
    unsigned long long d = s / 86400;
    unsigned h = (unsigned)(s / 3600 % 24);
    unsigned m = (unsigned)(s / 60 % 60);
    unsigned rest = (unsigned)(s % 60);

    if (s == 0)
        (void)snprintf(out, 32, "0 s");
    else if (d > 0)
        (void)snprintf(out, 32, "%s%llu d %02u h", sign, d, h);
    else if (h > 0)
        (void)snprintf(out, 32, "%s%u h %02u min", sign, h, m);
    else if (m > 0 && rest > 0)
        (void)snprintf(out, 32, "%s%u min %02u s", sign, m, rest);
    else if (m > 0)
        (void)snprintf(out, 32, "%s%u min", sign, m);
    else
        (void)snprintf(out, 32, "%s%u s", sign, rest);
}

/* Both clocks of an event; false when one of them is not set. */
static bool two_clocks(const struct pl_entry *event, int64_t *late_us)
{
    const struct pl_value *happened = pl_entry_reg(event, PL_F_EVENT_HAPPENED_AT);
    const struct pl_value *known = pl_entry_reg(event, PL_F_EVENT_KNOWN_AT);

    if (happened->type != PL_VAL_INT || known->type != PL_VAL_INT)
        return false;
    *late_us = known->i - happened->i;
    return true;
}

void pl_event_known(const struct pl_entry *event, char out[PL_KNOWN_SIZE])
{
    char text[32];
    int64_t late_us = 0;

    out[0] = '\0';
    if (!two_clocks(event, &late_us))
        return;
    pl_duration_format(text, late_us);
    (void)snprintf(out, PL_KNOWN_SIZE, "%s%s", late_us >= 0 ? "+" : "", text);
}

bool pl_event_is_known_early(const struct pl_entry *event)
{
    int64_t late_us = 0;

    return two_clocks(event, &late_us) && late_us < 0;
}
