// SPDX-License-Identifier: Apache-2.0
/*
 * Randomness: the reference values of SplitMix64 and xoshiro256**, bounds without bias, and the
 * environments that carry them.
 */
#include <string.h>

#include "plimsoll/base/env.h"
#include "plimsoll/base/rng.h"
#include "support/unit.h"

TEST(rng_matches_the_reference_when_seeded)
{
    struct pl_prng r;
    pl_prng_init(&r, 0);
    /* the published first outputs of SplitMix64 for seed 0 */
    assert_true(r.s[0] == UINT64_C(0xE220A8397B1DCDAF));
    assert_true(r.s[1] == UINT64_C(0x6E789E6AA1B965F4));
    assert_true(r.s[2] == UINT64_C(0x06C45D188009454F));
    /* xoshiro256** from the state 1, 2, 3, 4, by hand from its definition */
    r = (struct pl_prng){{1, 2, 3, 4}};
    assert_true(pl_prng_u64(&r) == 11520);
    assert_true(pl_prng_u64(&r) == 0);
    assert_true(pl_prng_u64(&r) == 1509978240);
    assert_true(pl_prng_u64(&r) == 1215971899390074240);
}

TEST(rng_stays_below_its_bound_when_bounded)
{
    struct pl_prng r;
    unsigned seen[7] = {0};
    pl_prng_init(&r, 42);
    for (int i = 0; i < 70000; i++)
        seen[pl_prng_below(&r, 7)]++;
    for (int i = 0; i < 7; i++)
        assert_in_range(seen[i], 9500, 10500);
    assert_int_equal(pl_prng_below(&r, 0), 0);
    assert_int_equal(pl_prng_below(&r, 1), 0);
    for (int i = 0; i < 1000; i++) {
        int64_t v = pl_prng_range(&r, -3, 3);
        assert_true(v >= -3 && v <= 3);
        assert_true(pl_prng_below(&r, UINT64_C(1) << 63) < UINT64_C(1) << 63);
        assert_true(pl_random_below(10) < 10);
    }
    assert_true(pl_prng_range(&r, 5, 5) == 5);
    (void)pl_prng_range(&r, INT64_MIN, INT64_MAX);
    assert_true(pl_prng_one_in(&r, 1));
}

TEST(rng_fills_bytes_when_any_length)
{
    struct pl_prng a;
    struct pl_prng b;
    uint8_t x[33] = {0};
    uint8_t y[33] = {0};
    pl_prng_init(&a, 5);
    pl_prng_init(&b, 5);
    for (size_t n = 0; n <= sizeof x; n++) {
        pl_prng_bytes(&a, x, n);
        pl_prng_bytes(&b, y, n);
        assert_memory_equal(x, y, sizeof x);
    }
    pl_random_bytes(x, sizeof x);
    pl_random_bytes(y, sizeof y);
    assert_true(memcmp(x, y, sizeof x) != 0);
    assert_true(pl_random_u64() != pl_random_u64());
}

TEST(env_stands_still_when_fake)
{
    struct pl_env_fake f;
    struct pl_env_fake g;
    pl_env_fake_init(&f, 1);
    pl_env_fake_init(&g, 1);
    int64_t t = pl_env_now_us(&f.env);
    assert_true(t == pl_env_now_us(&f.env));
    pl_env_fake_advance_us(&f, 1500000);
    assert_true(pl_env_now_us(&f.env) == t + 1500000);
    assert_true(pl_env_mono_ms(&f.env) == 2500);
    assert_true(pl_env_random_u64(&f.env) == pl_env_random_u64(&g.env));
}

TEST(env_moves_when_real)
{
    const struct pl_env *env = pl_env_system();
    uint64_t a = pl_env_mono_us(env);
    uint8_t bytes[4];
    pl_env_random_bytes(env, bytes, sizeof bytes);
    assert_true(pl_env_mono_us(env) >= a);
    assert_true(pl_env_now_us(env) > 0);
    assert_true(pl_env_random_u64(env) != pl_env_random_u64(env));
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        UNIT(rng_matches_the_reference_when_seeded),
        UNIT(rng_stays_below_its_bound_when_bounded),
        UNIT(rng_fills_bytes_when_any_length),
        UNIT(env_stands_still_when_fake),
        UNIT(env_moves_when_real),
    };
    return RUN(tests);
}
