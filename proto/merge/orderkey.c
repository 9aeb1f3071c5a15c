// SPDX-License-Identifier: Apache-2.0
/*
 * Order keys: <position> '.' <tail>, compared as bytes.
 *
 * The position is a base-62 number with an integer part whose first letter tells its length ('a' is
 * one digit, 'b' two ...; 'Z' one digit below zero, 'Y' two ...), as in the "fractional indexing"
 * scheme of Figma and Rocicorp. The tail ends in 11 digits of client and 6 of counter, so that two
 * people who insert at one place never make the same key. '.' sorts below every digit: a shorter
 * position comes before its extensions. Two keys that share their position (inserted at one place
 * at one time) are separated inside the tail.
 *
 * Keys of peers are only checked for their characters; any of them can be a bound here. Failure:
 * -PL_E_LIMIT when no key of PL_KEY_MAX bytes fits between, also when the bounds are equal.
 */
#include "plimsoll/merge/orderkey.h"

#include <string.h>

#define BASE           62
#define CLIENT_DIGITS  11 /* 62^11 > 2^64 */
#define COUNTER_DIGITS 6  /* 62^6 > 2^32 */

static const char digits[BASE + 1] =
    "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";

static int digit_value(char c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    if (c >= 'A' && c <= 'Z')
        return c - 'A' + 10;
    if (c >= 'a' && c <= 'z')
        return c - 'a' + 36;
    return -1;
}

/* The same, with anything else as zero: a bound that nobody checked must not hurt. */
static int digit_at(const char *s, size_t i)
{
    int v = digit_value(s[i]);
    return v < 0 ? 0 : v;
}

/* A borrowed run of digits. */
struct run {
    const char *s;
    size_t n;
};

static struct run run_of(const char *s, size_t n)
{
    return (struct run){s, n};
}

/* The two halves of a key. */
struct halves {
    struct run pos;
    struct run tail;
};

static struct halves split(const struct pl_key *k)
{
    const char *dot = memchr(k->s, '.', k->len);
    size_t n = dot == NULL ? k->len : (size_t)(dot - k->s);
    struct halves h = {.pos = run_of(k->s, n), .tail = run_of(k->s + k->len, 0)};
    if (dot != NULL)
        h.tail = run_of(dot + 1, k->len - n - 1);
    return h;
}

/* A key being written; `full` once it ran over. */
struct out {
    char s[PL_KEY_MAX];
    size_t n;
    bool full;
};

static void put_char(struct out *o, char c)
{
    if (o->n == sizeof o->s)
        o->full = true;
    else
        o->s[o->n++] = c;
}

static void put_run(struct out *o, struct run r)
{
    for (size_t i = 0; i < r.n; i++)
        put_char(o, r.s[i]);
}

static void put_number(struct out *o, uint64_t v, size_t width)
{
    char text[CLIENT_DIGITS];
    for (size_t i = width; i-- > 0; v /= BASE)
        text[i] = digits[v % BASE];
    put_run(o, run_of(text, width));
}

/*
 * Writes the digits of a fraction strictly between a and b (b NULL: no bound above). False if there
 * is none, which only happens when b is a followed by zeros. Unless `open`, the result may be the
 * beginning of b, which is still smaller; with `open`, whatever is written behind it stays below b.
 */
static bool put_between(struct out *o, struct run a, const struct run *b, bool open)
{
    for (size_t i = 0; !o->full; i++) {
        int lo = i < a.n ? digit_at(a.s, i) : 0;
        int hi = BASE;
        if (b != NULL) {
            if (i >= b->n)
                return false;
            hi = digit_at(b->s, i);
        }
        if (hi - lo >= 2) {
            put_char(o, digits[(lo + hi) / 2]);
            return true;
        }
        if (hi - lo == 1 && b != NULL) {
            if (!open && i + 1 < b->n) {
                put_char(o, digits[hi]);
                return true;
            }
            b = NULL;
        }
        put_char(o, digits[lo]);
    }
    return true; /* full: the caller sees it */
}

/* Length of the integer part of a position, 0 if it has none that is well-formed. */
static size_t integer_len(struct run p)
{
    if (p.n == 0)
        return 0;
    char c = p.s[0];
    size_t n = 0;
    if (c >= 'a' && c <= 'z')
        n = (size_t)(c - 'a') + 2;
    else if (c >= 'A' && c <= 'Z')
        n = (size_t)('Z' - c) + 2;
    return n <= p.n ? n : 0;
}

/* The next higher (step 1) or lower (-1) integer; false at the end of the scale. */
static bool put_step(struct out *o, struct run integer, int step)
{
    char s[PL_KEY_MAX + 1];
    size_t n = integer.n;
    memcpy(s, integer.s, n);
    char wrapped = step > 0 ? '0' : 'z';
    size_t i = n;
    for (; i-- > 1;) {
        int v = digit_at(s, i) + step;
        if (v >= 0 && v < BASE) {
            s[i] = digits[v];
            put_run(o, run_of(s, n));
            return true;
        }
        s[i] = wrapped;
    }
    /* All digits wrapped: the first letter moves, and the length with it. */
    if (s[0] == (step > 0 ? 'z' : 'A'))
        return false;
    if (s[0] == 'Z' && step > 0) {
        put_run(o, run_of("a0", 2));
        return true;
    }
    if (s[0] == 'a' && step < 0) {
        put_run(o, run_of("Zz", 2));
        return true;
    }
    bool longer = (s[0] >= 'a') == (step > 0);
    s[0] = (char)(s[0] + step);
    if (longer)
        s[n++] = wrapped;
    else
        n--;
    put_run(o, run_of(s, n));
    return true;
}

/* A position above lo. */
static bool put_after(struct out *o, struct run lo)
{
    size_t n = integer_len(lo);
    if (n > 0 && put_step(o, run_of(lo.s, n), 1))
        return true;
    put_run(o, run_of(lo.s, n));
    return put_between(o, run_of(lo.s + n, lo.n - n), NULL, false);
}

/* A position below hi. */
static bool put_before(struct out *o, struct run hi)
{
    size_t n = integer_len(hi);
    if (n > 0 && n < hi.n) { /* it has a fraction: without it it is smaller */
        put_run(o, run_of(hi.s, n));
        return true;
    }
    if (n > 0 && put_step(o, hi, -1))
        return true;
    return put_between(o, run_of(NULL, 0), &hi, false);
}

static int compare_runs(struct run a, struct run b)
{
    int c = memcmp(a.s, b.s, a.n < b.n ? a.n : b.n);
    return c != 0 ? c : (a.n > b.n) - (a.n < b.n);
}

/* A position between two different ones. */
static bool put_inside(struct out *o, struct run lo, struct run hi)
{
    size_t ln = integer_len(lo);
    size_t hn = integer_len(hi);
    if (ln > 0 && hn > 0 && (ln != hn || memcmp(lo.s, hi.s, ln) != 0)) {
        struct out next = {.n = 0};
        if (put_step(&next, run_of(lo.s, ln), 1) && compare_runs(run_of(next.s, next.n), hi) < 0) {
            *o = next;
            return true;
        }
        put_run(o, run_of(lo.s, ln));
        return put_between(o, run_of(lo.s + ln, lo.n - ln), NULL, false);
    }
    if (ln == 0 || hn == 0) /* not a number of ours */
        return put_between(o, lo, &hi, false);
    put_run(o, run_of(lo.s, ln));
    struct run rest = run_of(hi.s + hn, hi.n - hn);
    return put_between(o, run_of(lo.s + ln, lo.n - ln), &rest, false);
}

/* Writes the position and what of the tail stands in front of the suffix. */
static bool put_place(struct out *o, const struct pl_key *lo, const struct pl_key *hi)
{
    const struct halves none = {.pos = {"", 0}, .tail = {"", 0}};
    struct halves l = lo == NULL ? none : split(lo);
    struct halves h = hi == NULL ? none : split(hi);
    bool done;
    if (lo == NULL && hi == NULL) {
        put_run(o, run_of("a0", 2));
        done = true;
    } else if (hi == NULL) {
        done = put_after(o, l.pos);
    } else if (lo == NULL) {
        done = put_before(o, h.pos);
    } else {
        done = compare_runs(l.pos, h.pos) != 0 && put_inside(o, l.pos, h.pos);
    }
    if (done) {
        put_char(o, '.');
        return true;
    }
    /* No position fits: share the lower one's (or, below everything, the upper one's) and go
     * between the tails. A longer position sorts above, so it is no bound for the tail. */
    o->n = 0;
    bool same = lo == NULL || (hi != NULL && compare_runs(l.pos, h.pos) == 0);
    put_run(o, lo == NULL ? h.pos : l.pos);
    put_char(o, '.');
    return put_between(o, l.tail, same ? &h.tail : NULL, true);
}

int pl_key_between(struct pl_key *out, const struct pl_key *lo, const struct pl_key *hi,
                   uint64_t client, uint32_t counter, struct pl_err *e)
{
    struct out o = {.n = 0};
    if (lo != NULL && hi != NULL && pl_key_cmp(lo, hi) > 0)
        return pl_fail(e, PL_E_INVALID, "order keys given in the wrong order");
    bool ok = put_place(&o, lo, hi);
    put_number(&o, client, CLIENT_DIGITS);
    put_number(&o, counter, COUNTER_DIGITS);
    if (!ok || o.full)
        return pl_fail(e, PL_E_LIMIT, "no room for another order key at this place");
    struct pl_key key = {.len = (uint8_t)o.n};
    memcpy(key.s, o.s, o.n);
    *out = key;
    return 0;
}

int pl_key_check(const char *s, size_t n, struct pl_err *e)
{
    size_t dot = 0;
    if (n == 0 || n > PL_KEY_MAX)
        return pl_fail(e, PL_E_INVALID, "an order key of %zu bytes", n);
    for (size_t i = 0; i < n; i++) {
        if (s[i] == '.' && dot == 0 && i > 0)
            dot = i;
        else if (digit_value(s[i]) < 0)
            return pl_fail(e, PL_E_INVALID, "an order key with a wrong character at %zu", i);
    }
    if (dot == 0 || dot + 1 == n)
        return pl_fail(e, PL_E_INVALID, "an order key without a suffix");
    return 0;
}

int pl_key_cmp(const struct pl_key *a, const struct pl_key *b)
{
    return compare_runs(run_of(a->s, a->len), run_of(b->s, b->len));
}
