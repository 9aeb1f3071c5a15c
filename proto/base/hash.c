// SPDX-License-Identifier: Apache-2.0
/*
 * Thin wrappers: the rest of the code does not care which library computes a hash.
 */
#include "plimsoll/base/hash.h"

#include <pthread.h>
#include <string.h>

#include <xxhash.h>

#include "plimsoll/base/rng.h"

void pl_sha256(const void *bytes, size_t n, uint8_t out[PL_SHA256_BYTES])
{
    struct pl_sha256 h;
    pl_sha256_init(&h);
    pl_sha256_update(&h, bytes, n);
    pl_sha256_final(&h, out);
}

void pl_sha256_init(struct pl_sha256 *h)
{
    (void)crypto_hash_sha256_init(&h->state);
}

void pl_sha256_update(struct pl_sha256 *h, const void *bytes, size_t n)
{
    if (n > 0)
        (void)crypto_hash_sha256_update(&h->state, bytes, n);
}

void pl_sha256_final(struct pl_sha256 *h, uint8_t out[PL_SHA256_BYTES])
{
    (void)crypto_hash_sha256_final(&h->state, out);
}

uint64_t pl_xxh3_64(const void *bytes, size_t n)
{
    return XXH3_64bits(bytes, n);
}

uint64_t pl_xxh3_64_seed(const void *bytes, size_t n, uint64_t seed)
{
    return XXH3_64bits_withSeed(bytes, n, seed);
}

uint64_t pl_siphash(const uint8_t key[16], const void *bytes, size_t n)
{
    uint8_t out[crypto_shorthash_siphash24_BYTES];
    uint64_t v;
    (void)crypto_shorthash_siphash24(out, n > 0 ? bytes : out, n, key);
    memcpy(&v, out, sizeof v);
    return v;
}

static uint8_t map_key[16];

static void draw_map_key(void)
{
    pl_random_bytes(map_key, sizeof map_key);
}

unsigned pl_map_hash(const void *bytes, size_t n)
{
    static pthread_once_t once = PTHREAD_ONCE_INIT;
    (void)pthread_once(&once, draw_map_key);
    return (unsigned)pl_siphash(map_key, bytes, n);
}

bool pl_equal_const_time(const void *a, const void *b, size_t n)
{
    return sodium_memcmp(a, b, n) == 0;
}

void pl_wipe(void *p, size_t n)
{
    sodium_memzero(p, n);
}
