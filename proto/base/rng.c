// SPDX-License-Identifier: Apache-2.0
/*
 * The kernel's randomness through libsodium, and xoshiro256** for repeatable tests.
 */
#include "plimsoll/base/rng.h"

#include <string.h>

#include <sodium.h>

#include "plimsoll/base/err.h"

void pl_random_bytes(void *out, size_t n)
{
    /* sodium_init is thread-safe, and cheap after the first call */
    if (sodium_init() < 0)
        PL_BUG("libsodium cannot start");
    randombytes_buf(out, n);
}

uint64_t pl_random_u64(void)
{
    uint64_t v;
    pl_random_bytes(&v, sizeof v);
    return v;
}

/* High and low half of a 64 x 64 bit product. */
static uint64_t multiply(uint64_t a, uint64_t b, uint64_t *low)
{
    uint64_t a0 = a & UINT32_MAX, a1 = a >> 32;
    uint64_t b0 = b & UINT32_MAX, b1 = b >> 32;
    uint64_t mid = a1 * b0 + (a0 * b0 >> 32);
    uint64_t mid2 = a0 * b1 + (mid & UINT32_MAX);
    *low = a * b;
    return a1 * b1 + (mid >> 32) + (mid2 >> 32);
}

/* Lemire's method: the high half of x * bound, rejecting the few x that would favour some. */
static uint64_t bounded(uint64_t bound, uint64_t (*next)(void *), void *ctx)
{
    if (bound <= 1)
        return 0;
    uint64_t threshold = (0 - bound) % bound;
    uint64_t low;
    uint64_t high;
    do {
        high = multiply(next(ctx), bound, &low);
    } while (low < threshold);
    return high;
}

static uint64_t next_system(void *ctx)
{
    (void)ctx;
    return pl_random_u64();
}

static uint64_t next_seeded(void *ctx)
{
    return pl_prng_u64(ctx);
}

uint64_t pl_random_below(uint64_t bound)
{
    return bounded(bound, next_system, NULL);
}

void pl_prng_init(struct pl_prng *r, uint64_t seed)
{
    for (int i = 0; i < 4; i++) {
        seed += UINT64_C(0x9E3779B97F4A7C15);
        uint64_t z = seed;
        z = (z ^ z >> 30) * UINT64_C(0xBF58476D1CE4E5B9);
        z = (z ^ z >> 27) * UINT64_C(0x94D049BB133111EB);
        r->s[i] = z ^ z >> 31;
    }
}

static uint64_t rotate(uint64_t x, int k)
{
    return x << k | x >> (64 - k);
}

uint64_t pl_prng_u64(struct pl_prng *r)
{
    uint64_t *s = r->s;
    uint64_t result = rotate(s[1] * 5, 7) * 9;
    uint64_t t = s[1] << 17;
    s[2] ^= s[0];
    s[3] ^= s[1];
    s[1] ^= s[2];
    s[0] ^= s[3];
    s[2] ^= t;
    s[3] = rotate(s[3], 45);
    return result;
}

uint64_t pl_prng_below(struct pl_prng *r, uint64_t bound)
{
    return bounded(bound, next_seeded, r);
}

int64_t pl_prng_range(struct pl_prng *r, int64_t lo, int64_t hi)
{
    PL_ASSERT(lo <= hi);
    uint64_t span = (uint64_t)hi - (uint64_t)lo;
    uint64_t v = span == UINT64_MAX ? pl_prng_u64(r) : pl_prng_below(r, span + 1);
    return (int64_t)((uint64_t)lo + v);
}

int pl_prng_one_in(struct pl_prng *r, uint64_t n)
{
    return pl_prng_below(r, n) == 0;
}

void pl_prng_bytes(struct pl_prng *r, void *out, size_t n)
{
    uint8_t *p = out;
    while (n > 0) {
        uint64_t v = pl_prng_u64(r);
        for (int i = 0; i < 8 && n > 0; i++, n--) {
            *p++ = (uint8_t)v;
            v >>= 8;
        }
    }
}
