// SPDX-License-Identifier: Apache-2.0
/*
 * UTF-8: every scalar, every kind of fault, at every position of the eight-byte fast path.
 */
#include <string.h>

#include "plimsoll/base/utf8.h"
#include "support/unit.h"

TEST(utf8_round_trips_when_every_scalar)
{
    for (uint32_t c = 0; c <= 0x110000; c++) {
        uint8_t bytes[4];
        uint32_t back;
        size_t n = pl_utf8_encode(c, bytes);
        bool is_scalar = c <= 0x10FFFF && !(c >= 0xD800 && c <= 0xDFFF);
        if (pl_utf8_decode(bytes, bytes + n, &back) != n || back != (is_scalar ? c : 0xFFFD) ||
            !pl_utf8_is_valid(bytes, n) || pl_utf8_count(bytes, n) != 1)
            fail_msg("U+%04X", c);
        bool clean = (c >= 0x20 && c < 0x7F) || c == '\n' || c == '\t' ||
                     (c >= 0xA0 && !(c >= 0x202A && c <= 0x202E) && !(c >= 0x2066 && c <= 0x2069));
        if (pl_utf8_is_clean(bytes, n, NULL) != clean)
            fail_msg("U+%04X is %s", c, clean ? "clean" : "not clean");
    }
}

static const char *const broken[] = {
    "\x80",
    "\xBF",
    "\xC0\x80",
    "\xC1\xBF",
    "\xC2",
    "\xC2\x41",
    "\xE0\x80\x80",
    "\xE0\x9F\xBF",
    "\xE1\x80",
    "\xED\xA0\x80",
    "\xED\xBF\xBF",
    "\xEF\xBF",
    "\xF0\x80\x80\x80",
    "\xF0\x8F\xBF\xBF",
    "\xF4\x90\x80\x80",
    "\xF5\x80\x80\x80",
    "\xFE",
    "\xFF",
    "\xF0\x90\x80",
    "\xF0\x90\x41\x80",
};

TEST(utf8_finds_the_fault_when_anywhere)
{
    for (size_t i = 0; i < sizeof broken / sizeof broken[0]; i++) {
        for (size_t at = 0; at < 20; at++) {
            char text[64];
            size_t bad = 999;
            size_t n = strlen(broken[i]);
            memset(text, 'a', sizeof text);
            memcpy(text + at, broken[i], n);
            assert_false(pl_utf8_is_valid(text, sizeof text));
            assert_false(pl_utf8_is_clean(text, sizeof text, &bad));
            assert_int_equal(bad, at);
            assert_false(pl_utf8_is_valid(text, at + n));
            assert_true(pl_utf8_is_valid(text, at));
        }
        uint32_t scalar;
        const uint8_t *p = (const uint8_t *)broken[i];
        assert_int_equal(pl_utf8_decode(p, p + strlen(broken[i]), &scalar), 1);
        assert_int_equal(scalar, 0xFFFD);
    }
}

TEST(utf8_finds_a_control_when_anywhere)
{
    static const char bad[] = {0, 1, 8, 11, 12, '\r', 27, 31, 127};
    for (size_t i = 0; i < sizeof bad; i++) {
        for (size_t at = 0; at < 24; at++) {
            char text[24];
            size_t where = 999;
            memset(text, at % 2 ? '\n' : '~', sizeof text);
            text[at] = bad[i];
            assert_false(pl_utf8_is_clean(text, sizeof text, &where));
            assert_int_equal(where, at);
            assert_true(pl_utf8_is_valid(text, sizeof text));
        }
    }
    assert_true(pl_utf8_is_clean("tab\tand\nnewline and more text", 29, NULL));
    assert_true(pl_utf8_is_clean("", 0, NULL));
}

TEST(utf8_counts_and_finds_offsets_when_mixed)
{
    static const char *const pieces[] = {"a", "\xC3\xA9", "\xE2\x82\xAC", "\xF0\x9F\x9A\xA2"};
    static char text[20000];
    static size_t starts[20000];
    size_t n = 0;
    size_t count = 0;
    for (size_t i = 0; n < sizeof text - 4; i++) {
        const char *piece = pieces[i * i % 7 % 4];
        starts[count++] = n;
        memcpy(text + n, piece, strlen(piece));
        n += strlen(piece);
    }
    assert_int_equal(pl_utf8_count(text, n), count);
    for (size_t i = 0; i < count; i += 1 + i % 13)
        assert_int_equal(pl_utf8_offset(text, n, i), starts[i]);
    assert_int_equal(pl_utf8_offset(text, n, count), n);
    assert_int_equal(pl_utf8_offset(text, n, SIZE_MAX), n);
    for (size_t i = 0; i < 100; i++) {
        size_t end = starts[i];
        assert_int_equal(pl_utf8_count(text, end), i);
    }
    assert_int_equal(pl_utf8_offset("", 0, 0), 0);
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        UNIT(utf8_round_trips_when_every_scalar),
        UNIT(utf8_finds_the_fault_when_anywhere),
        UNIT(utf8_finds_a_control_when_anywhere),
        UNIT(utf8_counts_and_finds_offsets_when_mixed),
    };
    return RUN(tests);
}
