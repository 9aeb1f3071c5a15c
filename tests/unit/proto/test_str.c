// SPDX-License-Identifier: Apache-2.0
/*
 * Strings: cutting, strict numbers at their limits, encodings with published values.
 */
#include <string.h>

#include "plimsoll/base/str.h"
#include "support/unit.h"

TEST(str_copies_and_cuts_when_small)
{
    char out[4] = "zzz";
    assert_int_equal(pl_strlcpy(out, "ab", sizeof out), 2);
    assert_string_equal(out, "ab");
    assert_int_equal(pl_strlcpy(out, "abcd", sizeof out), 4);
    assert_string_equal(out, "abc");
    assert_int_equal(pl_strlcpy(out, "abcd", 0), 4);
    out[1] = '\0';
    assert_int_equal(pl_strlcat(out, "xyz", sizeof out), 4);
    assert_string_equal(out, "axy");
}

TEST(str_compares_when_asked)
{
    assert_true(pl_str_eq("a", "a"));
    assert_true(pl_str_eq(NULL, NULL));
    assert_false(pl_str_eq("a", NULL));
    assert_true(pl_str_starts("plimsoll", "plim"));
    assert_false(pl_str_starts("pl", "plim"));
    assert_true(pl_str_ends("a.sql", ".sql"));
    assert_false(pl_str_ends("sql", ".sql"));
    assert_int_equal(pl_strcasecmp("HeLLo", "hEllO"), 0);
    assert_true(pl_strcasecmp("a", "B") < 0);
    assert_true(pl_strcasecmp("ab", "a") > 0);
    assert_true(pl_strcasecmp("\xC3\xA9", "z") > 0);
}

TEST(str_parses_numbers_when_exact)
{
    uint64_t u = 7;
    int64_t i = 7;
    assert_int_equal(pl_parse_u64("0", &u), 0);
    assert_true(u == 0);
    assert_int_equal(pl_parse_u64("18446744073709551615", &u), 0);
    assert_true(u == UINT64_MAX);
    assert_int_equal(pl_parse_i64("-9223372036854775808", &i), 0);
    assert_true(i == INT64_MIN);
    assert_int_equal(pl_parse_i64("9223372036854775807", &i), 0);
    assert_true(i == INT64_MAX);
    assert_int_equal(pl_parse_u64n("123x", 3, &u), 0);
    assert_true(u == 123);
}

TEST(str_refuses_numbers_when_not_exact)
{
    static const char *const bad[] = {"",
                                      " 1",
                                      "1 ",
                                      "+1",
                                      "-1",
                                      "0x1",
                                      "1e3",
                                      "1.0",
                                      "18446744073709551616",
                                      "99999999999999999999"};
    static const char *const bad_signed[] = {
        "-", "--1", "9223372036854775808", "-9223372036854775809", "- 1", "+1"};
    uint64_t u = 7;
    int64_t i = 7;
    for (size_t k = 0; k < sizeof bad / sizeof bad[0]; k++)
        assert_int_equal(pl_parse_u64(bad[k], &u), -PL_E_INVALID);
    for (size_t k = 0; k < sizeof bad_signed / sizeof bad_signed[0]; k++)
        assert_int_equal(pl_parse_i64(bad_signed[k], &i), -PL_E_INVALID);
    assert_true(u == 7 && i == 7);
}

TEST(str_hex_round_trips_when_exact)
{
    uint8_t bytes[4] = {0x00, 0xFF, 0x1a, 0x9B};
    uint8_t back[4];
    char hex[9];
    pl_hex_encode(bytes, 4, hex);
    assert_string_equal(hex, "00ff1a9b");
    assert_int_equal(pl_hex_decode("00Ff1A9b", 8, back, 4), 0);
    assert_memory_equal(back, bytes, 4);
    assert_int_equal(pl_hex_decode("00f", 3, back, 1), -PL_E_INVALID);
    assert_int_equal(pl_hex_decode("00fg", 4, back, 2), -PL_E_INVALID);
    assert_int_equal(pl_hex_decode("00ff", 4, back, 3), -PL_E_INVALID);
    assert_int_equal(pl_hex_decode("", 0, back, 0), 0);
}

TEST(str_base32_round_trips_when_any_length)
{
    uint8_t bytes[40];
    uint8_t back[40];
    char text[PL_B32_LEN(40) + 1];
    for (size_t n = 0; n <= sizeof bytes; n++) {
        for (size_t i = 0; i < n; i++)
            bytes[i] = (uint8_t)(i * 37 + n);
        pl_b32_encode(bytes, n, text);
        assert_int_equal(strlen(text), PL_B32_LEN(n));
        assert_int_equal(pl_b32_decode(text, strlen(text), back, n), 0);
        assert_memory_equal(back, bytes, n);
        assert_int_equal(pl_b32_decode(text, strlen(text), back, n + 1), -PL_E_INVALID);
        if (n > 0)
            assert_int_equal(pl_b32_decode(text, strlen(text), back, n - 1), -PL_E_INVALID);
    }
    pl_b32_encode("\xFF\xFF\xFF\xFF\xFF", 5, text);
    assert_string_equal(text, "ZZZZZZZZ");
}

TEST(str_base32_forgives_what_people_mistake)
{
    uint8_t a[5];
    uint8_t b[5];
    assert_int_equal(pl_b32_decode("1O1L-I0oi", 9, a, 5), 0);
    assert_int_equal(pl_b32_decode("10111001", 8, b, 5), 0);
    assert_memory_equal(a, b, 5);
    assert_int_equal(pl_b32_decode("U0000000", 8, a, 5), -PL_E_INVALID);
    assert_int_equal(pl_b32_decode("0000 000", 8, a, 5), -PL_E_INVALID);
    assert_int_equal(pl_b32_decode("00000000\0", 9, a, 5), -PL_E_INVALID);
    assert_int_equal(pl_b32_decode("01", 2, a, 1), -PL_E_INVALID); /* padding bits */
    assert_int_equal(pl_b32_decode("000", 3, a, 1), -PL_E_INVALID);
}

TEST(str_distance_is_right_when_known)
{
    assert_int_equal(pl_str_distance("", ""), 0);
    assert_int_equal(pl_str_distance("", "abc"), 3);
    assert_int_equal(pl_str_distance("abc", ""), 3);
    assert_int_equal(pl_str_distance("kitten", "sitting"), 3);
    assert_int_equal(pl_str_distance("listen", "litsen"), 1);
    assert_int_equal(pl_str_distance("Port", "pORT"), 0);
    assert_int_equal(pl_str_distance("ca", "abc"), 3);
    assert_true(pl_str_is_near("lisen", "listen"));
    assert_false(pl_str_is_near("colour", "listen"));
    char a[200];
    char b[200];
    memset(a, 'a', sizeof a - 1);
    memset(b, 'b', sizeof b - 1);
    a[199] = b[199] = '\0';
    assert_int_equal(pl_str_distance(a, b), 63);
}

TEST(str_folds_when_unicode)
{
    struct pl_buf b;
    pl_buf_init(&b, 100);
    assert_int_equal(pl_casefold("STRASSE", 7, &b), 0);
    assert_memory_equal(b.data, "strasse", 7);
    pl_buf_clear(&b);
    assert_int_equal(pl_casefold("\xFF", 1, &b), -PL_E_BAD_TEXT);
    assert_int_equal(pl_str_nfc("e\xCC\x81", 3, &b), 0);
    assert_int_equal(b.len, 2);
    assert_memory_equal(b.data, "\xC3\xA9", 2);
    assert_int_equal(pl_casefold("", 0, &b), 0);
    pl_buf_release(&b);
    pl_buf_init(&b, 3);
    assert_int_equal(pl_casefold("abcd", 4, &b), -PL_E_LIMIT);
    pl_buf_release(&b);
    assert_true(pl_casefold_eq("Stra\xC3\x9F"
                               "e",
                               "STRASSE"));
    assert_true(pl_casefold_eq("\xC3\x89", "e\xCC\x81"));
    assert_false(pl_casefold_eq("a", "b"));
    assert_true(pl_casefold_eq("\xFF", "\xFF"));
    assert_false(pl_casefold_eq("\xFF", "\xFE"));
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        UNIT(str_copies_and_cuts_when_small),
        UNIT(str_compares_when_asked),
        UNIT(str_parses_numbers_when_exact),
        UNIT(str_refuses_numbers_when_not_exact),
        UNIT(str_hex_round_trips_when_exact),
        UNIT(str_base32_round_trips_when_any_length),
        UNIT(str_base32_forgives_what_people_mistake),
        UNIT(str_distance_is_right_when_known),
        UNIT(str_folds_when_unicode),
    };
    return RUN(tests);
}
