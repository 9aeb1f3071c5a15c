// SPDX-License-Identifier: Apache-2.0
/*
 * The timeline of an imported post-mortem as a whole. Many reports begin with the milestones
 * ("First detected 08:56", "Repaired 09:43") and tell the same again further down: a milestone
 * becomes the marker of the event of its minute, and stays an event of its own only where there is
 * none. The first of each milestone counts. Quadratic in events of one minute only: they are sorted
 * by time.
 */
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "plimsoll/base/mem.h"
#include "plimsoll/doc/schema.h"

#include "import_int.h"

#define MILESTONE_MAX 60 /* bytes of a line that only names a milestone */
#define MINUTE_US     INT64_C(60000000)

static const struct {
    const char *word;
    uint32_t marker; /* 0: only a line about the paperwork */
} milestones[] = {
    {"impact start", PL_MARKER_IMPACT_START}, {"incident start", PL_MARKER_IMPACT_START},
    {"started", PL_MARKER_IMPACT_START},      {"first detected", PL_MARKER_DETECTED},
    {"detected", PL_MARKER_DETECTED},         {"incident declared", PL_MARKER_TRIAGED},
    {"declared", PL_MARKER_TRIAGED},          {"triaged", PL_MARKER_TRIAGED},
    {"mitigated", PL_MARKER_CONTAINED},       {"contained", PL_MARKER_CONTAINED},
    {"repaired", PL_MARKER_CONTAINED},        {"resolved", PL_MARKER_RECOVERED},
    {"recovered", PL_MARKER_RECOVERED},
};

/* The marker of "**First detected**: 2026-03-30 08:56"; 0 when the line says anything more. */
static uint32_t milestone_of(const char *text)
{
    size_t n = strlen(text);

    if (n > MILESTONE_MAX || strchr(text, '\n') != NULL)
        return 0;
    text += strspn(text, "*_ ");
    for (size_t i = 0; i < sizeof milestones / sizeof milestones[0]; i++) {
        size_t len = strlen(milestones[i].word);
        struct stamp st;
        if (strncasecmp(text, milestones[i].word, len) != 0)
            continue;
        const char *rest = text + len + strspn(text + len, "*_: -");
        if (*rest == '\0')
            return milestones[i].marker;
        if (stamp_read(rest, strlen(rest), &st) &&
            strspn(rest + st.len, ".* ") == strlen(rest) - st.len)
            return milestones[i].marker;
    }
    return 0;
}

struct order {
    const struct pl_import_item *it;
    size_t at; /* in the list */
};

static int by_minute(const void *a, const void *b)
{
    const struct order *x = a;
    const struct order *y = b;
    int64_t p = x->it->at_us / MINUTE_US;
    int64_t q = y->it->at_us / MINUTE_US;

    return p != q ? (p > q) - (p < q) : (x->at > y->at) - (x->at < y->at);
}

/* The events v[0..n) of one minute: a milestone goes to the first fuller one, a line that is there
 * already goes. */
static void tidy_minute(struct pl_import *im, const struct order *v, size_t n, bool *gone)
{
    for (size_t i = 0; i < n; i++) {
        struct pl_import_item *a = &im->events.items[v[i].at];
        bool is_milestone = milestone_of(a->text) != 0;
        for (size_t k = 0; k < n && !gone[v[i].at]; k++) {
            struct pl_import_item *b = &im->events.items[v[k].at];
            if (k == i || gone[v[k].at])
                continue;
            if (k < i && strcmp(a->text, b->text) == 0) {
                gone[v[i].at] = true;
            } else if (is_milestone && milestone_of(b->text) == 0 &&
                       (b->marker == 0 || a->marker == 0)) {
                b->marker = a->marker != 0 ? a->marker : b->marker;
                gone[v[i].at] = true;
            }
        }
    }
}

static void set_markers(struct pl_import *im)
{
    bool taken[16] = {false};

    for (size_t i = 0; i < im->events.n; i++) {
        struct pl_import_item *it = &im->events.items[i];
        uint32_t m = it->at_us != PL_IMPORT_NO_TIME && !it->day_only ? milestone_of(it->text) : 0;
        if (m != 0 && m < sizeof taken / sizeof taken[0] && !taken[m]) {
            taken[m] = true;
            it->marker = m;
        }
    }
}

static void drop_gone(struct pl_import_list *list, const bool *gone)
{
    size_t kept = 0;

    for (size_t i = 0; i < list->n; i++) {
        if (gone[i])
            free(list->items[i].text);
        else
            list->items[kept++] = list->items[i];
    }
    list->n = kept;
}

void import_tidy(struct pl_import *im)
{
    size_t n = im->events.n;
    size_t timed = 0;

    if (n == 0)
        return;
    struct order *v = pl_xcalloc(n, sizeof *v);
    bool *gone = pl_xcalloc(n, sizeof *gone);
    set_markers(im);
    for (size_t i = 0; i < n; i++) {
        const struct pl_import_item *it = &im->events.items[i];
        if (it->at_us != PL_IMPORT_NO_TIME && !it->day_only)
            v[timed++] = (struct order){it, i};
    }
    qsort(v, timed, sizeof *v, by_minute);
    for (size_t i = 0; i < timed;) {
        size_t end = i + 1;
        while (end < timed && v[end].it->at_us / MINUTE_US == v[i].it->at_us / MINUTE_US)
            end++;
        /* A timeline with a thousand events in a minute is none. */
        if (end - i <= 100)
            tidy_minute(im, v + i, end - i, gone);
        i = end;
    }
    drop_gone(&im->events, gone);
    free(v);
    free(gone);
}
