// SPDX-License-Identifier: Apache-2.0
/*
 * The buffer at its limit, and the reader at the end of its input.
 */
#include <stdlib.h>
#include <string.h>

#include "plimsoll/base/buf.h"
#include "support/unit.h"

TEST(buf_refuses_and_stays_when_beyond_its_limit)
{
    struct pl_buf b;
    pl_buf_init(&b, 5);
    assert_int_equal(pl_buf_add(&b, "abcd", 4), 0);
    assert_int_equal(pl_buf_add(&b, "ef", 2), -PL_E_LIMIT);
    assert_int_equal(b.len, 4);
    assert_int_equal(pl_buf_printf(&b, "%d", 10), -PL_E_LIMIT);
    assert_int_equal(b.len, 4);
    assert_int_equal(pl_buf_add_byte(&b, 'e'), 0);
    assert_int_equal(pl_buf_add_byte(&b, 'f'), -PL_E_LIMIT);
    assert_int_equal(pl_buf_add(&b, NULL, 0), 0);
    assert_null(pl_buf_reserve(&b, 1));
    assert_null(pl_buf_reserve(&b, SIZE_MAX));
    assert_memory_equal(b.data, "abcde", 5);
    pl_buf_release(&b);
    assert_int_equal(pl_buf_add_str(&b, "again"), 0);
    pl_buf_release(&b);
}

TEST(buf_holds_nothing_when_zeroed)
{
    struct pl_buf b;
    memset(&b, 0, sizeof b);
    assert_int_equal(pl_buf_add_byte(&b, 1), -PL_E_LIMIT);
    assert_int_equal(pl_buf_add_str(&b, ""), 0);
    char *s = pl_buf_steal(&b, NULL);
    assert_string_equal(s, "");
    free(s);
    pl_buf_release(&b);
}

TEST(buf_grows_when_filled_in_pieces)
{
    struct pl_buf b;
    pl_buf_init(&b, 100000);
    for (int i = 0; i < 10000; i++)
        assert_int_equal(pl_buf_printf(&b, "%05d", i), 0);
    assert_int_equal(b.len, 50000);
    assert_memory_equal(b.data + 5 * 1234, "01234", 5);
    pl_buf_consume(&b, 49995);
    assert_memory_equal(b.data, "09999", 5);
    pl_buf_consume(&b, 5);
    pl_buf_consume(&b, 0);
    assert_int_equal(b.len, 0);
    pl_buf_clear(&b);
    pl_buf_release(&b);
}

TEST(buf_gives_its_bytes_away_when_stolen)
{
    struct pl_buf b;
    size_t n;
    pl_buf_init(&b, 64);
    for (int i = 0; i < 64; i++)
        assert_int_equal(pl_buf_add_byte(&b, 'x'), 0);
    char *s = pl_buf_steal(&b, &n);
    assert_int_equal(n, 64);
    assert_int_equal(strlen(s), 64);
    assert_null(b.data);
    free(s);
}

TEST(buf_can_be_written_when_reserved)
{
    struct pl_buf b;
    pl_buf_init(&b, 10);
    uint8_t *p = pl_buf_reserve(&b, 10);
    assert_non_null(p);
    memcpy(p, "0123456789", 10);
    b.len += 10;
    assert_non_null(pl_buf_reserve(&b, 0));
    pl_buf_release(&b);
}

TEST(buf_varint_returns_when_read_back)
{
    static const uint64_t values[] = {
        0, 1, 127, 128, 16383, 16384, UINT32_MAX, UINT64_MAX - 1, UINT64_MAX};
    struct pl_buf b;
    struct pl_reader r;
    pl_buf_init(&b, 1000);
    for (size_t i = 0; i < sizeof values / sizeof values[0]; i++) {
        assert_int_equal(pl_buf_add_varint(&b, values[i]), 0);
        assert_int_equal(pl_buf_add_u32be(&b, (uint32_t)values[i]), 0);
        assert_int_equal(pl_buf_add_u64be(&b, values[i]), 0);
    }
    pl_reader_init(&r, b.data, b.len);
    for (size_t i = 0; i < sizeof values / sizeof values[0]; i++) {
        assert_true(pl_read_varint(&r) == values[i]);
        assert_true(pl_read_u32be(&r) == (uint32_t)values[i]);
        assert_true(pl_read_u64be(&r) == values[i]);
    }
    assert_int_equal(r.bad, 0);
    assert_int_equal(pl_reader_left(&r), 0);
    pl_buf_release(&b);
}

static int varint_is_bad(const char *bytes, size_t n)
{
    struct pl_reader r;
    pl_reader_init(&r, bytes, n);
    uint64_t v = pl_read_varint(&r);
    return r.bad && v == 0;
}

TEST(reader_refuses_a_varint_when_malformed)
{
    assert_true(varint_is_bad("", 0));
    assert_true(varint_is_bad("\x80", 1));
    assert_true(varint_is_bad("\x80\x00", 2)); /* not minimal */
    assert_true(varint_is_bad("\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xFF\x02", 10));
    assert_true(varint_is_bad("\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xFF\x81\x00", 11));
    assert_true(varint_is_bad("\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xFF\x01", 11));
    assert_false(varint_is_bad("\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xFF\x01", 10) ? 1 : 0);
}

TEST(reader_stays_bad_when_it_ran_out)
{
    struct pl_reader r;
    pl_reader_init(&r, "abc", 3);
    assert_int_equal(pl_read_u8(&r), 'a');
    assert_int_equal(pl_read_u32be(&r), 0);
    assert_int_equal(r.bad, 1);
    assert_int_equal(pl_read_u8(&r), 0);
    assert_null(pl_read_bytes(&r, 0));
    pl_reader_init(&r, NULL, 0);
    assert_non_null(pl_read_bytes(&r, 0));
    assert_int_equal(pl_read_u8(&r), 0);
    assert_int_equal(r.bad, 1);
    pl_reader_init(&r, "abcd", 4);
    assert_non_null(pl_read_bytes(&r, 4));
    assert_null(pl_read_bytes(&r, SIZE_MAX));
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        UNIT(buf_refuses_and_stays_when_beyond_its_limit),
        UNIT(buf_holds_nothing_when_zeroed),
        UNIT(buf_grows_when_filled_in_pieces),
        UNIT(buf_gives_its_bytes_away_when_stolen),
        UNIT(buf_can_be_written_when_reserved),
        UNIT(buf_varint_returns_when_read_back),
        UNIT(reader_refuses_a_varint_when_malformed),
        UNIT(reader_stays_bad_when_it_ran_out),
    };
    return RUN(tests);
}
