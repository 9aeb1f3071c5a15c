// SPDX-License-Identifier: Apache-2.0
/*
 * Hashes against published values.
 */
#include <string.h>

#include "plimsoll/base/hash.h"
#include "plimsoll/base/str.h"
#include "support/unit.h"

static void assert_sha256(const char *text, const char *hex)
{
    uint8_t out[PL_SHA256_BYTES];
    char got[2 * PL_SHA256_BYTES + 1];
    pl_sha256(text, strlen(text), out);
    pl_hex_encode(out, sizeof out, got);
    assert_string_equal(got, hex);
}

TEST(hash_sha256_matches_fips_when_known)
{
    assert_sha256("", "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
    assert_sha256("abc", "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
    assert_sha256("abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq",
                  "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1");
}

TEST(hash_sha256_is_the_same_when_in_pieces)
{
    struct pl_sha256 h;
    uint8_t a[PL_SHA256_BYTES];
    uint8_t b[PL_SHA256_BYTES];
    char text[200];
    memset(text, 'q', sizeof text);
    pl_sha256(text, sizeof text, a);
    pl_sha256_init(&h);
    pl_sha256_update(&h, text, 1);
    pl_sha256_update(&h, NULL, 0);
    pl_sha256_update(&h, text + 1, 100);
    pl_sha256_update(&h, text + 101, 99);
    pl_sha256_final(&h, b);
    assert_true(pl_equal_const_time(a, b, sizeof a));
    b[31] ^= 1;
    assert_false(pl_equal_const_time(a, b, sizeof a));
}

TEST(hash_xxh3_matches_the_reference_when_known)
{
    /* from the sanity test of xxHash: empty input, seed 0 */
    assert_true(pl_xxh3_64("", 0) == UINT64_C(0x2D06800538D394C2));
    assert_true(pl_xxh3_64("abc", 3) == pl_xxh3_64_seed("abc", 3, 0));
    assert_true(pl_xxh3_64("abc", 3) != pl_xxh3_64_seed("abc", 3, 1));
}

TEST(hash_siphash_matches_the_paper_when_known)
{
    uint8_t key[16];
    uint8_t text[15];
    for (uint8_t i = 0; i < 16; i++)
        key[i] = i;
    for (uint8_t i = 0; i < 15; i++)
        text[i] = i;
    assert_true(pl_siphash(key, text, sizeof text) == UINT64_C(0xa129ca6149be45e5));
    assert_true(pl_siphash(key, NULL, 0) == UINT64_C(0x726fdb47dd0e0e31));
}

TEST(hash_of_maps_stays_when_asked_again)
{
    assert_int_equal(pl_map_hash("key", 3), pl_map_hash("key", 3));
    assert_true(pl_map_hash("key", 3) != pl_map_hash("kez", 3) ||
                pl_map_hash("a", 1) != pl_map_hash("b", 1));
}

TEST(hash_wipes_when_asked)
{
    char secret[8] = "secret";
    static const char zero[8];
    pl_wipe(secret, sizeof secret);
    assert_memory_equal(secret, zero, sizeof secret);
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        UNIT(hash_sha256_matches_fips_when_known),
        UNIT(hash_sha256_is_the_same_when_in_pieces),
        UNIT(hash_xxh3_matches_the_reference_when_known),
        UNIT(hash_siphash_matches_the_paper_when_known),
        UNIT(hash_of_maps_stays_when_asked_again),
        UNIT(hash_wipes_when_asked),
    };
    return RUN(tests);
}
