// SPDX-License-Identifier: Apache-2.0
/*
 * How a row lies depends on the text from its begin up to the first cluster that does not fit,
 * which stands in the next row; so a change can reach one row up (two, with a mark that joins a
 * cluster), and rows below are as before as soon as one begins at the same place.
 */
#include "ui/textrows.h"

#include <stdlib.h>
#include <string.h>

#include "plimsoll/base/err.h"
#include "plimsoll/base/mem.h"

#include "ui/textview.h"

#define FRESH_MAX 512 /* rows laid out at once after a change; the rest when asked for */
#define REACH     2   /* rows that a change can reach up */

void textrows_forget(struct textrows *t)
{
    t->n = 0;
    t->is_whole = false;
}

void textrows_release(struct textrows *t)
{
    free(t->at);
    *t = (struct textrows){.n = 0};
}

static void room(struct textrows *t, size_t n)
{
    if (n <= t->cap)
        return;
    t->cap = n < 64 ? 64 : n + n / 2;
    t->at = pl_xrealloc(t->at, t->cap, sizeof(*t->at));
}

/* The last row that begins at or before `at`. */
static size_t find(const struct textrows *t, size_t at)
{
    size_t low = 0;
    size_t high = t->n;
    while (high - low > 1) {
        size_t mid = low + (high - low) / 2;
        if (t->at[mid] <= at)
            low = mid;
        else
            high = mid;
    }
    return low;
}

size_t textrows_row_of(const struct textview *v, size_t at)
{
    struct textrows *t = v->rows;
    struct textview_row r;
    PL_ASSERT(v->n <= UINT32_MAX);
    if (t->n == 0 || t->width != v->width || t->text_n != v->n) {
        textrows_forget(t);
        room(t, 1);
        t->at[0] = 0;
        t->n = 1;
        t->width = v->width;
        t->text_n = v->n;
    }
    while (!t->is_whole && t->at[t->n - 1] <= at) {
        textview_row(v, t->at[t->n - 1], &r);
        t->is_whole = r.is_last;
        if (r.is_last)
            break;
        room(t, t->n + 1);
        t->at[t->n++] = (uint32_t)r.next;
    }
    return t->at[find(t, at)];
}

/* Puts `n` begins behind row `keep`, and behind them the old ones from `tail` on, moved. */
static void join(struct textrows *t, size_t keep, const uint32_t *fresh, size_t n, size_t tail,
                 int64_t by)
{
    size_t rest = t->n - tail;
    size_t to = keep + 1 + n;
    room(t, to + rest);
    memmove(t->at + to, t->at + tail, rest * sizeof(*t->at));
    memcpy(t->at + keep + 1, fresh, n * sizeof(*fresh));
    for (size_t i = to; i < to + rest; i++)
        t->at[i] = (uint32_t)((int64_t)t->at[i] + by);
    t->n = to + rest;
}

void textrows_changed(const struct textview *v, size_t from, size_t to)
{
    struct textrows *t = v->rows;
    uint32_t fresh[FRESH_MAX];
    struct textview_row r;
    size_t n = 0;
    if (t->n == 0)
        return;
    if (from > to || to > v->n || t->width != v->width || t->text_n < from + (v->n - to)) {
        textrows_forget(t);
        return;
    }
    size_t old_to = t->text_n - (v->n - to);
    int64_t by = (int64_t)to - (int64_t)old_to;
    size_t keep = find(t, from);
    size_t tail = keep + 1;
    keep = keep > REACH ? keep - REACH : 0;
    while (tail < t->n && t->at[tail] < old_to)
        tail++;
    t->text_n = v->n;
    for (size_t at = t->at[keep];;) {
        textview_row(v, at, &r);
        at = r.next;
        while (tail < t->n && (int64_t)t->at[tail] + by < (int64_t)at)
            tail++;
        bool fits =
            tail < t->n && !r.is_last && at >= to && (int64_t)t->at[tail] + by == (int64_t)at;
        if (fits || r.is_last || tail == t->n || n == FRESH_MAX) {
            t->is_whole = r.is_last || (fits && t->is_whole);
            join(t, keep, fresh, n, fits ? tail : t->n, by);
            return;
        }
        fresh[n++] = (uint32_t)at;
    }
}
