// SPDX-License-Identifier: Apache-2.0
/*
 * Hashes: SHA-256 where somebody may want to cheat, XXH3-64 where only accidents matter, and a
 * keyed hash for maps whose keys a peer chooses. No allocation, no failure.
 */
#ifndef PLIMSOLL_BASE_HASH_H
#define PLIMSOLL_BASE_HASH_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <sodium.h>

#define PL_SHA256_BYTES 32

/* SHA-256 (FIPS 180-4) of some bytes. */
void pl_sha256(const void *bytes, size_t n, uint8_t out[PL_SHA256_BYTES]);

/* The same in pieces: init, update any number of times, final once. */
struct pl_sha256 {
    crypto_hash_sha256_state state;
};
void pl_sha256_init(struct pl_sha256 *h);
void pl_sha256_update(struct pl_sha256 *h, const void *bytes, size_t n);
void pl_sha256_final(struct pl_sha256 *h, uint8_t out[PL_SHA256_BYTES]);

/* XXH3 64 bit with seed 0, and with a seed. Stable over versions and machines. */
uint64_t pl_xxh3_64(const void *bytes, size_t n);
uint64_t pl_xxh3_64_seed(const void *bytes, size_t n, uint64_t seed);

/* SipHash-2-4 under a key of 16 bytes. */
uint64_t pl_siphash(const uint8_t key[16], const void *bytes, size_t n);

/* SipHash under a key that this process drew at its first call: for uthash maps with keys chosen
 * by a peer. Before including uthash.h:
 *     #define HASH_FUNCTION(k, n, h) ((h) = pl_map_hash((k), (n)))
 * Thread-safe. Never store the result. */
unsigned pl_map_hash(const void *bytes, size_t n);

/* Compares `n` bytes in time that does not depend on them. */
bool pl_equal_const_time(const void *a, const void *b, size_t n);

/* Overwrites `n` bytes so that the compiler cannot leave it out. */
void pl_wipe(void *p, size_t n);

#endif
