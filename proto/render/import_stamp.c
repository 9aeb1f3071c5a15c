// SPDX-License-Identifier: Apache-2.0
/*
 * Times as people write them in post-mortems, and what their headings announce. A reader moves
 * over the text and gives up without a trace when it is not a stamp.
 */
#include <string.h>

#include "plimsoll/base/str.h"
#include "plimsoll/base/time.h"

#include "import_int.h"

struct cursor {
    const char *s;
    size_t n;
    size_t at;
};

static char peek(const struct cursor *c)
{
    return c->at < c->n ? c->s[c->at] : '\0';
}

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

static bool is_letter(char c)
{
    c = pl_ascii_lower(c);
    return c >= 'a' && c <= 'z';
}

static void skip_any(struct cursor *c, const char *set)
{
    while (c->at < c->n && c->s[c->at] != '\0' && strchr(set, c->s[c->at]) != NULL)
        c->at++;
}

/* Reads lo..hi digits that are not part of a longer number. */
static bool read_digits(struct cursor *c, size_t lo, size_t hi, int *out)
{
    size_t n = 0;
    int v = 0;

    while (c->at + n < c->n && is_digit(c->s[c->at + n]) && n <= hi) {
        if (n < hi)
            v = v * 10 + (c->s[c->at + n] - '0');
        n++;
    }
    if (n < lo || n > hi)
        return false;
    c->at += n;
    *out = v;
    return true;
}

static size_t word_at(const struct cursor *c)
{
    size_t n = 0;

    while (c->at + n < c->n && is_letter(c->s[c->at + n]))
        n++;
    return n;
}

static bool same_letters(const char *s, size_t n, const char *word)
{
    size_t i = 0;

    while (i < n && word[i] != '\0' && pl_ascii_lower(s[i]) == pl_ascii_lower(word[i]))
        i++;
    return i == n && word[i] == '\0';
}

static bool same_start(const char *s, size_t n, const char *word)
{
    size_t i = 0;

    while (i < n && word[i] != '\0' && pl_ascii_lower(s[i]) == pl_ascii_lower(word[i]))
        i++;
    return i == n;
}

/* --- dates ------------------------------------------------------------------------- */

static bool set_date(struct stamp *st, int year, int month, int mday)
{
    int y = st->has_year ? year : 2000; /* a leap year: 29 February may be meant */

    if (month < 1 || month > 12 || mday < 1 || mday > pl_days_in_month(y, month) ||
        (st->has_year && (year < 1970 || year > 9999)))
        return false;
    st->has_date = true;
    st->month = month;
    st->mday = mday;
    st->day = pl_days_from_civil(y, month, mday);
    return true;
}

static bool read_iso_date(struct cursor *c, struct stamp *st)
{
    struct cursor t = *c;
    int year;
    int month;
    int mday;

    if (!read_digits(&t, 4, 4, &year))
        return false;
    char sep = peek(&t);
    if (sep != '-' && sep != '/')
        return false;
    t.at++;
    if (!read_digits(&t, 1, 2, &month) || peek(&t) != sep)
        return false;
    t.at++;
    if (!read_digits(&t, 1, 2, &mday))
        return false;
    st->has_year = true;
    if (!set_date(st, year, month, mday))
        return false;
    *c = t;
    return true;
}

static int read_month(struct cursor *c)
{
    static const char *const months[] = {"January",   "February", "March",    "April",
                                         "May",       "June",     "July",     "August",
                                         "September", "October",  "November", "December"};
    size_t n = word_at(c);

    for (int i = 0; i < 12; i++) {
        bool short_form = (n == 3 || n == 4) && same_start(c->s + c->at, n, months[i]);
        if (short_form || same_letters(c->s + c->at, n, months[i])) {
            c->at += n;
            skip_any(c, ".");
            return i + 1;
        }
    }
    return 0;
}

static bool read_mday(struct cursor *c, int *mday)
{
    if (!read_digits(c, 1, 2, mday))
        return false;
    size_t n = word_at(c);
    if (n == 2 && (same_letters(c->s + c->at, 2, "st") || same_letters(c->s + c->at, 2, "nd") ||
                   same_letters(c->s + c->at, 2, "rd") || same_letters(c->s + c->at, 2, "th")))
        c->at += 2;
    return true;
}

/* "Sep 27 2017", "September 29, 2025", "28th February 2024", "Oct 13". */
static bool read_named_date(struct cursor *c, struct stamp *st)
{
    struct cursor t = *c;
    int mday = 0;
    int year = 0;
    int month = 0;
    bool day_first = is_digit(peek(&t));

    if (day_first && !read_mday(&t, &mday))
        return false;
    skip_any(&t, " ");
    month = read_month(&t);
    if (month == 0)
        return false;
    skip_any(&t, " ");
    if (!day_first && !read_mday(&t, &mday))
        return false;
    /* "January 14-19, 2026" begins on the 14th. */
    if (!day_first && peek(&t) == '-' && t.at + 1 < t.n && is_digit(t.s[t.at + 1]))
        skip_any(&t, "-0123456789");
    struct cursor y = t;
    skip_any(&y, " ,");
    st->has_year = read_digits(&y, 4, 4, &year) && year >= 1970;
    if (st->has_year)
        t = y;
    if (!set_date(st, year, month, mday))
        return false;
    *c = t;
    return true;
}

/* --- clock and zone ---------------------------------------------------------------- */

static bool read_clock(struct cursor *c, struct stamp *st)
{
    struct cursor t = *c;
    int hour;
    int minute;
    int second = 0;

    if (!read_digits(&t, 1, 2, &hour) || (peek(&t) != ':' && !(peek(&t) == '.' && st->has_date)))
        return false;
    t.at++;
    if (!read_digits(&t, 2, 2, &minute))
        return false;
    if (peek(&t) == ':') {
        struct cursor u = t;
        u.at++;
        if (read_digits(&u, 2, 2, &second)) {
            t = u;
            if (peek(&t) == '.' && t.at + 1 < t.n && is_digit(t.s[t.at + 1])) {
                t.at++;
                skip_any(&t, "0123456789");
            }
        }
    }
    struct cursor m = t;
    skip_any(&m, " ");
    if (word_at(&m) == 2 && pl_ascii_lower(m.s[m.at + 1]) == 'm') {
        char half = pl_ascii_lower(peek(&m));
        if (half == 'p' && hour < 12)
            hour += 12;
        if (half == 'a' && hour == 12)
            hour = 0;
        if (half == 'a' || half == 'p') {
            m.at += 2;
            t = m;
        }
    }
    if (hour > 23 || minute > 59 || second > 59)
        return false;
    st->has_clock = true;
    st->second = hour * 3600 + minute * 60 + second;
    *c = t;
    return true;
}

static bool zone_of(const char *word, size_t n, int *offset_min)
{
    static const struct {
        const char *name;
        int offset_min;
    } zones[] = {{"UTC", 0},    {"GMT", 0},    {"Z", 0},      {"WET", 0},    {"BST", 60},
                 {"WEST", 60},  {"CET", 60},   {"CEST", 120}, {"EET", 120},  {"EEST", 180},
                 {"MSK", 180},  {"JST", 540},  {"AEST", 600}, {"AEDT", 660}, {"EST", -300},
                 {"EDT", -240}, {"CST", -360}, {"CDT", -300}, {"MST", -420}, {"MDT", -360},
                 {"PST", -480}, {"PDT", -420}};

    for (size_t i = 0; i < sizeof zones / sizeof zones[0]; i++) {
        if (strlen(zones[i].name) == n && memcmp(zones[i].name, word, n) == 0) {
            *offset_min = zones[i].offset_min;
            return true;
        }
    }
    return false;
}

/* "+01:00", "-0800" right behind a clock. */
static bool read_offset(struct cursor *c, int *offset_min)
{
    struct cursor t = *c;
    int hour;
    int minute;
    char sign = peek(&t);

    if (sign != '+' && sign != '-')
        return false;
    t.at++;
    if (t.at + 4 <= t.n && is_digit(t.s[t.at]) && is_digit(t.s[t.at + 1]) && t.s[t.at + 2] != ':') {
        int both;
        if (!read_digits(&t, 4, 4, &both))
            return false;
        hour = both / 100;
        minute = both % 100;
    } else {
        if (!read_digits(&t, 2, 2, &hour) || peek(&t) != ':')
            return false;
        t.at++;
        if (!read_digits(&t, 2, 2, &minute))
            return false;
    }
    if (hour > 14 || minute > 59)
        return false;
    *offset_min = (sign == '-' ? -1 : 1) * (hour * 60 + minute);
    *c = t;
    return true;
}

static void read_zone(struct cursor *c, struct stamp *st)
{
    struct cursor t = *c;

    if (read_offset(c, &st->offset_min)) {
        st->has_zone = true;
        return;
    }
    skip_any(&t, " (");
    size_t n = word_at(&t);
    if (n > 0 && zone_of(t.s + t.at, n, &st->offset_min)) {
        st->has_zone = true;
        t.at += n;
        skip_any(&t, ")");
        *c = t;
    }
}

/* --- stamps ------------------------------------------------------------------------ */

/* Separators behind a stamp, en and em dashes too, and as many closing marks as it was opened with.
 */
static void skip_separators(struct cursor *c, size_t marks)
{
    for (;;) {
        size_t before = c->at;
        skip_any(c, " \t:;,-|");
        if (c->at + 3 <= c->n && (memcmp(c->s + c->at, "\xE2\x80\x93", 3) == 0 ||
                                  memcmp(c->s + c->at, "\xE2\x80\x94", 3) == 0))
            c->at += 3;
        while (marks > 0 && c->at < c->n && strchr("*_`])", c->s[c->at]) != NULL) {
            c->at++;
            marks--;
        }
        if (c->at == before)
            return;
    }
}

bool stamp_read(const char *s, size_t n, struct stamp *out)
{
    struct cursor c = {s, n, 0};
    struct stamp st = {.len = 0};
    size_t marks = 0;

    for (; c.at < n && strchr(" *_`[(~|", s[c.at]) != NULL && s[c.at] != '\0'; c.at++)
        marks += strchr("*_`[(", s[c.at]) != NULL;
    if (read_iso_date(&c, &st) || read_named_date(&c, &st)) {
        struct cursor t = c;
        skip_any(&t, " ,Tt*_|");
        if (word_at(&t) == 2 && same_letters(t.s + t.at, 2, "at")) {
            t.at += 2;
            skip_any(&t, " ");
        }
        if (read_clock(&t, &st))
            c = t;
    } else if (!read_clock(&c, &st)) {
        return false;
    }
    if (st.has_clock)
        read_zone(&c, &st);
    /* A stamp is a word of its own. */
    if (is_letter(peek(&c)) || is_digit(peek(&c)))
        return false;
    skip_separators(&c, marks);
    st.len = c.at;
    *out = st;
    return true;
}

bool stamp_find(const char *s, size_t n, struct stamp *out)
{
    bool in_word = false;

    for (size_t i = 0; i < n; i++) {
        bool word = is_digit(s[i]) || is_letter(s[i]);
        if (word && !in_word && stamp_read(s + i, n - i, out) && out->has_date && out->has_year) {
            out->len += i;
            return true;
        }
        in_word = word;
    }
    return false;
}

static bool contains(const char *s, size_t n, const char *word)
{
    size_t len = strlen(word);

    for (size_t i = 0; i + len <= n; i++) {
        if (same_letters(s + i, len, word))
            return true;
    }
    return false;
}

bool zone_find(const char *s, size_t n, int *offset_min)
{
    struct cursor c = {s, n, 0};

    if (!contains(s, n, "time"))
        return false;
    while (c.at < n) {
        size_t len = word_at(&c);
        if (len > 1 && zone_of(s + c.at, len, offset_min))
            return true;
        c.at += len > 0 ? len : 1;
    }
    return false;
}

enum part part_of_heading(const char *s, size_t n)
{
    static const struct {
        const char *word;
        enum part part;
    } words[] = {{"timeline", PART_TIMELINE},
                 {"key events", PART_TIMELINE},
                 {"context", PART_TIMELINE},
                 {"chronology", PART_TIMELINE},
                 {"lucky", PART_LUCK},
                 {"luck", PART_LUCK},
                 {"surpris", PART_SURPRISE},
                 {"went well", PART_WELL},
                 {"worked well", PART_WELL},
                 {"went wrong", PART_BADLY},
                 {"went badly", PART_BADLY},
                 {"went poorly", PART_BADLY},
                 {"go well", PART_BADLY}, /* what did not go well */
                 {"gone better", PART_BADLY},
                 {"go better", PART_BADLY},
                 {"root cause", PART_CAUSES},
                 {"contributing", PART_CAUSES},
                 {"causes", PART_CAUSES},
                 {"action", PART_ACTIONS},
                 {"remediation", PART_ACTIONS},
                 {"next steps", PART_ACTIONS},
                 {"follow-up", PART_ACTIONS},
                 {"follow up", PART_ACTIONS},
                 {"lesson", PART_LESSONS},
                 {"takeaway", PART_LESSONS},
                 {"what happened", PART_SUMMARY},
                 {"summary", PART_SUMMARY},
                 {"overview", PART_SUMMARY},
                 {"tl;dr", PART_SUMMARY},
                 {"background", PART_SUMMARY},
                 {"impact", PART_IMPACT},
                 {"resolution", PART_REST},
                 {"identified", PART_REST},
                 {"time to re", PART_REST},
                 {"logs", PART_REST},
                 {"conclusion", PART_REST}};

    for (size_t i = 0; i < sizeof words / sizeof words[0]; i++) {
        if (contains(s, n, words[i].word))
            return words[i].part;
    }
    return PART_NONE;
}
