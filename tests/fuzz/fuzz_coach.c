// SPDX-License-Identifier: Apache-2.0
/*
 * The coach on any bytes: findings are in order, inside the text, never overlap, count characters
 * right, and are the same when there is no room for them.
 */
#include <stdlib.h>
#include <string.h>

#include "plimsoll/base/mem.h"
#include "plimsoll/base/utf8.h"
#include "plimsoll/coach/coach.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);

static void check_span(const uint8_t *data, size_t n, const struct pl_coach_span *s)
{
    PL_ASSERT(s->start <= s->end && s->end <= n && s->char_start <= s->char_end);
    if (!pl_utf8_is_valid(data, n))
        return;
    PL_ASSERT(pl_utf8_count(data, s->start) == s->char_start);
    PL_ASSERT(pl_utf8_count(data, s->end) == s->char_end);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
    static struct pl_coach *coach;
    static const char *const names[] = {"Mira Castell", "Will Marks", "@kim"};
    struct pl_coach_hit hits[64];
    if (!coach)
        coach = pl_coach_new(names, 3);
    char *text = pl_xmalloc(n);
    memcpy(text, data, n);
    size_t total = pl_coach_scan(coach, text, n, hits, 64);
    for (size_t i = 0; i < total && i < 64; i++) {
        PL_ASSERT(hits[i].at.start < hits[i].at.end);
        PL_ASSERT(i == 0 || hits[i].at.start >= hits[i - 1].at.end);
        check_span(data, n, &hits[i].at);
        if (hits[i].has_fix)
            check_span(data, n, &hits[i].fix_at);
    }
    PL_ASSERT(pl_coach_scan(coach, text, n, NULL, 0) == total);
    (void)pl_coach_is_person_cause(coach, text, n);
    free(text);
    return 0;
}
