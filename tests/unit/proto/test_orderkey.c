// SPDX-License-Identifier: Apache-2.0
/*
 * Order keys: always strictly between their bounds, unique for two who insert at one place, short
 * when appended, and never a crash on keys that a peer made up.
 */
#include "support/unit.h"

#include <stdio.h>
#include <string.h>

#include "plimsoll/base/rng.h"
#include "plimsoll/merge/orderkey.h"

static struct pl_key key(const char *s)
{
    struct pl_key k = {.len = (uint8_t)strlen(s)};
    memcpy(k.s, s, k.len);
    return k;
}

static struct pl_key between(const struct pl_key *lo, const struct pl_key *hi, uint64_t client,
                             uint32_t counter)
{
    struct pl_key k;
    struct pl_err e = {0};
    int rc = pl_key_between(&k, lo, hi, client, counter, &e);
    if (rc != 0)
        print_message("%s\n", e.text);
    assert_int_equal(rc, 0);
    assert_int_equal(pl_key_check(k.s, k.len, &e), 0);
    assert_true(lo == NULL || pl_key_cmp(lo, &k) < 0);
    assert_true(hi == NULL || pl_key_cmp(&k, hi) < 0);
    return k;
}

static void expect(const struct pl_key *k, const char *want)
{
    char got[PL_KEY_MAX + 1];
    (void)snprintf(got, sizeof got, "%.*s", k->len, k->s);
    assert_string_equal(got, want);
}

TEST(key_is_as_documented_when_first)
{
    struct pl_key first = between(NULL, NULL, 1, 2);
    expect(&first, "a0.00000000001000002");
    struct pl_key after = between(&first, NULL, UINT64_MAX, UINT32_MAX);
    expect(&after, "a1.LygHa16AHYF4gfFC3");
    struct pl_key middle = between(&first, &after, 1, 3);
    expect(&middle, "a0V.00000000001000003");
    struct pl_key before = between(NULL, &first, 1, 4);
    expect(&before, "Zz.00000000001000004");
}

TEST(key_stays_short_when_appended_or_prepended)
{
    struct pl_key last = between(NULL, NULL, 7, 0);
    struct pl_key first = last;
    for (uint32_t i = 1; i < 20000; i++) {
        last = between(&last, NULL, 7, i);
        first = between(NULL, &first, 7, i);
    }
    assert_true(last.len <= 22);
    assert_true(first.len <= 22);
}

TEST(key_differs_when_two_insert_at_one_place)
{
    struct pl_key a = between(NULL, NULL, 1, 1);
    struct pl_key z = between(&a, NULL, 1, 2);
    struct pl_key x = between(&a, &z, 0x1111111111111111, 1);
    struct pl_key y = between(&a, &z, 0x1111111111111112, 1);
    assert_true(pl_key_cmp(&x, &y) < 0);
    /* And a third one fits between the two, again and again, from both ends. */
    struct pl_key lo = x;
    struct pl_key hi = y;
    for (uint32_t i = 0; i < 8; i++) {
        struct pl_key mid = between(&lo, &hi, i % 2 == 0 ? 5 : UINT64_MAX - i, i);
        if (i % 2 == 0)
            lo = mid;
        else
            hi = mid;
        struct pl_key same = between(&lo, &hi, 9, i);
        assert_true(same.len <= PL_KEY_MAX);
    }
}

TEST(key_reports_limit_when_place_is_full)
{
    struct pl_key lo = between(NULL, NULL, 1, 1);
    struct pl_key hi = between(&lo, NULL, 1, 2);
    struct pl_key out;
    struct pl_err e = {0};
    int rc = 0;
    uint32_t n = 0;
    for (; n < 10000 && rc == 0; n++) {
        rc = pl_key_between(&out, &lo, &hi, 3, n, &e);
        if (rc == 0)
            hi = out;
    }
    assert_int_equal(rc, -PL_E_LIMIT);
    assert_true(n > 200); /* about five inserts at one place for a character */
    assert_int_equal(pl_key_between(&out, &lo, &lo, 3, n, &e), -PL_E_LIMIT);
    assert_int_equal(pl_key_between(&out, &hi, &lo, 3, n, &e), -PL_E_INVALID);
}

TEST(key_is_between_when_lists_are_shuffled)
{
    static struct pl_key list[3000];
    struct pl_prng r;
    uint32_t n = 0;
    pl_prng_init(&r, 11);
    for (uint32_t i = 0; i < 3000; i++) {
        uint32_t at = (uint32_t)pl_prng_below(&r, n + 1);
        struct pl_key k =
            between(at == 0 ? NULL : &list[at - 1], at == n ? NULL : &list[at], pl_prng_u64(&r), i);
        memmove(list + at + 1, list + at, (n - at) * sizeof list[0]);
        list[at] = k;
        n++;
        assert_true(k.len <= 32);
    }
    for (uint32_t i = 1; i < n; i++)
        assert_true(pl_key_cmp(&list[i - 1], &list[i]) < 0);
}

/* A key that passes the check and was made by nobody of ours. */
static struct pl_key strange_key(struct pl_prng *r)
{
    static const char few[] = "0019AZaz";
    struct pl_key k = {.len = (uint8_t)(3 + pl_prng_below(r, 6))};
    for (unsigned i = 0; i < k.len; i++)
        k.s[i] = few[pl_prng_below(r, sizeof few - 1)];
    k.s[1 + pl_prng_below(r, k.len - 2u)] = '.';
    return k;
}

TEST(key_is_between_or_refused_when_bounds_are_strange)
{
    struct pl_prng r;
    unsigned made = 0;
    pl_prng_init(&r, 12);
    for (uint32_t i = 0; i < 100000; i++) {
        struct pl_key a = strange_key(&r);
        struct pl_key b = strange_key(&r);
        struct pl_err e;
        struct pl_key k;
        assert_int_equal(pl_key_check(a.s, a.len, &e), 0);
        const struct pl_key *lo = pl_key_cmp(&a, &b) < 0 ? &a : &b;
        const struct pl_key *hi = lo == &a ? &b : &a;
        if (i % 3 == 1)
            lo = NULL;
        if (i % 3 == 2)
            hi = NULL;
        int rc = pl_key_between(&k, lo, hi, i, i, &e);
        if (rc != 0) {
            assert_int_equal(rc, -PL_E_LIMIT);
            continue;
        }
        made++;
        assert_true(lo == NULL || pl_key_cmp(lo, &k) < 0);
        assert_true(hi == NULL || pl_key_cmp(&k, hi) < 0);
        assert_int_equal(pl_key_check(k.s, k.len, &e), 0);
    }
    assert_true(made > 99000);
}

TEST(key_is_refused_when_malformed)
{
    static const char *const wrong[] = {"",      ".",     "a0",   "a0.",       ".a",
                                        "a.0.1", "a 0.1", "a0,1", "\xc3\xa9.1"};
    struct pl_err e;
    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++)
        assert_int_equal(pl_key_check(wrong[i], strlen(wrong[i]), &e), -PL_E_INVALID);
    char longest[PL_KEY_MAX + 1];
    memset(longest, 'a', sizeof longest);
    longest[3] = '.';
    assert_int_equal(pl_key_check(longest, PL_KEY_MAX, &e), 0);
    assert_int_equal(pl_key_check(longest, PL_KEY_MAX + 1, &e), -PL_E_INVALID);
}

TEST(key_compares_bytewise)
{
    const char *const sorted[] = {"A0.0",  "Zz.0",  "a0.0", "a0.00", "a0.1",
                                  "a00.0", "a0V.0", "a1.0", "b00.0"};
    for (size_t i = 1; i < sizeof sorted / sizeof sorted[0]; i++) {
        struct pl_key a = key(sorted[i - 1]);
        struct pl_key b = key(sorted[i]);
        assert_true(pl_key_cmp(&a, &b) < 0);
        assert_true(pl_key_cmp(&b, &a) > 0);
        assert_int_equal(pl_key_cmp(&a, &a), 0);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        UNIT(key_is_as_documented_when_first),
        UNIT(key_stays_short_when_appended_or_prepended),
        UNIT(key_differs_when_two_insert_at_one_place),
        UNIT(key_reports_limit_when_place_is_full),
        UNIT(key_is_between_when_lists_are_shuffled),
        UNIT(key_is_between_or_refused_when_bounds_are_strange),
        UNIT(key_is_refused_when_malformed),
        UNIT(key_compares_bytewise),
    };
    return RUN(tests);
}
