// SPDX-License-Identifier: Apache-2.0
/*
 * Rewrites that a machine can do: other words in place of the marked ones, or the marked ones left
 * out together with their comma and blank. Where leaving out would leave wrong grammar behind ("a
 * reckless act" -> "a act"), there is no fix: the hint of the pattern remains.
 */
#include <string.h>

#include "plimsoll/base/str.h"

#include "coach_int.h"

static char upper(char c)
{
    return c >= 'a' && c <= 'z' ? (char)(c - 32) : c;
}

static void replace(const struct coach_sentence *s, const struct coach_match *m,
                    struct pl_coach_hit *hit)
{
    PL_ASSERT(pl_strlcpy(hit->fix, m->fix, sizeof(hit->fix)) < sizeof(hit->fix));
    if (s->words[m->from].classes & COACH_IS(CAPITAL))
        hit->fix[0] = upper(hit->fix[0]);
    hit->fix_at = hit->at;
    hit->has_fix = true;
}

static bool is_vowel(uint8_t c)
{
    return strchr("aeiouAEIOU", c) != NULL;
}

/* "a lazy update": without the middle one, "a" would stand before a vowel. */
static bool spoils_article(const uint8_t *text, const struct coach_sentence *s,
                           const struct coach_match *m)
{
    if (m->from == 0 || m->to >= s->count)
        return false;
    const struct coach_word *before = &s->words[m->from - 1];
    size_t n = before->end - before->start;
    const uint8_t *p = text + before->start;
    if (n > 2 || (p[0] | 32) != 'a' || (n == 2 && (p[1] | 32) != 'n'))
        return false;
    return is_vowel(text[s->words[m->to].start]) != (n == 2);
}

/* Moves the start of the gap to the left over blanks and one comma. */
static void widen_left(const uint8_t *text, size_t least, struct pl_coach_span *at)
{
    size_t start = at->start;
    while (start > least && text[start - 1] == ' ')
        start--;
    if (start > least && text[start - 1] == ',')
        start--;
    at->char_start -= at->start - start;
    at->start = start;
}

/* Moves the end of the gap to the right over one comma and blanks. */
static void widen_right(const uint8_t *text, size_t n, struct pl_coach_span *at)
{
    size_t end = at->end;
    if (end < n && text[end] == ',')
        end++;
    while (end < n && text[end] == ' ')
        end++;
    at->char_end += end - at->end;
    at->end = end;
}

static void leave_out(const uint8_t *text, size_t n, const struct coach_sentence *s,
                      const struct coach_match *m, struct pl_coach_hit *hit)
{
    struct pl_coach_span at = hit->at;
    bool is_last = m->to == s->count;
    if ((is_last && m->from == 0) || spoils_article(text, s, m))
        return;
    if (is_last) {
        widen_left(text, s->words[m->from - 1].end, &at);
    } else {
        widen_right(text, n, &at);
        if (at.end != s->words[m->to].start)
            return; /* some other mark stands between */
    }
    if (s->words[m->from].classes & COACH_IS(CAPITAL) && m->from == 0) {
        if (text[at.end] >= 0x80)
            return;
        hit->fix[0] = upper((char)text[at.end]);
        at.end++;
        at.char_end++;
    }
    hit->fix_at = at;
    hit->has_fix = true;
}

void coach_fix(const uint8_t *text, size_t n, const struct coach_sentence *s,
               const struct coach_match *m, struct pl_coach_hit *hit)
{
    if (!m->fix)
        return;
    if (m->fix[0])
        replace(s, m, hit);
    else
        leave_out(text, n, s, m, hit);
}
