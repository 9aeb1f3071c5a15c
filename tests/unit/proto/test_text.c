// SPDX-License-Identifier: Apache-2.0
/*
 * The gap buffer: contents, positions in bytes and scalars with the gap anywhere, and growth; long
 * texts of mixed widths are compared with a plain array of scalars.
 */
#include "support/unit.h"

#include <stdlib.h>
#include <string.h>

#include "plimsoll/base/rng.h"
#include "plimsoll/base/utf8.h"
#include "plimsoll/merge/text.h"

static void expect(struct pl_text *t, const char *want)
{
    char *got = pl_text_dup(t);
    assert_string_equal(got, want);
    assert_int_equal(pl_text_bytes(t), strlen(want));
    assert_int_equal(pl_text_len(t), pl_utf8_count(want, strlen(want)));
    assert_string_equal(pl_text_cstr(t), want);
    free(got);
}

TEST(text_is_empty_when_new)
{
    struct pl_text t;
    pl_text_init(&t);
    assert_string_equal(pl_text_cstr(&t), "");
    assert_int_equal(pl_text_len(&t), 0);
    assert_int_equal(pl_text_offset(&t, 0), 0);
    assert_int_equal(pl_text_index(&t, 0), 0);
    assert_int_equal(pl_text_spans(&t).a_len + pl_text_spans(&t).b_len, 0);
    pl_text_shrink(&t);
    pl_text_release(&t);
    struct pl_text zeroed = {0};
    pl_text_release(&zeroed);
}

TEST(text_inserts_and_deletes_when_edited)
{
    struct pl_text t;
    pl_text_init(&t);
    pl_text_insert(&t, 0, "held", 4, 4);
    pl_text_insert(&t, 3, "lo worl", 7, 7);
    expect(&t, "hello world");
    pl_text_delete(&t, 0, 6);
    expect(&t, "world");
    pl_text_insert(&t, 5, "\xf0\x9f\x9a\xa2", 4, 1);
    pl_text_insert(&t, 0, "\xc3\xa9", 2, 1);
    expect(&t, "\xc3\xa9world\xf0\x9f\x9a\xa2");
    pl_text_delete(&t, 6, 1);
    pl_text_delete(&t, 0, 1);
    expect(&t, "world");
    pl_text_delete(&t, 1, 3);
    pl_text_delete(&t, 0, 2);
    expect(&t, "");
    pl_text_release(&t);
}

TEST(text_deletes_both_sides_when_range_covers_gap)
{
    struct pl_text t;
    pl_text_init(&t);
    pl_text_assign(&t, "abcdef", 6);
    pl_text_insert(&t, 3, "-", 1, 1); /* the gap is behind the dash */
    pl_text_delete(&t, 1, 5);
    expect(&t, "af");
    pl_text_release(&t);
}

TEST(text_answers_positions_when_gap_is_anywhere)
{
    const char *bytes = "a\xc3\xa9\xe4\xba\x8b\xf0\x9f\x9a\xa2z";
    const size_t offsets[] = {0, 1, 3, 6, 10, 11};
    for (size_t gap = 0; gap <= 5; gap++) {
        struct pl_text t;
        pl_text_init(&t);
        pl_text_assign(&t, bytes, strlen(bytes));
        pl_text_insert(&t, gap, "x", 1, 1);
        pl_text_delete(&t, gap, 1);
        for (size_t i = 0; i <= 5; i++) {
            assert_int_equal(pl_text_offset(&t, i), offsets[i]);
            assert_int_equal(pl_text_index(&t, offsets[i]), i);
        }
        pl_text_release(&t);
    }
}

TEST(text_slices_when_range_crosses_gap)
{
    struct pl_text t;
    struct pl_buf b;
    pl_text_init(&t);
    pl_text_assign(&t,
                   "abc\xc3\xa9"
                   "def",
                   8);
    pl_text_insert(&t, 4, "|", 1, 1);
    for (size_t from = 0; from <= 8; from++) {
        for (size_t n = 0; from + n <= 8; n++) {
            const char *all = "abc\xc3\xa9|def";
            size_t a = pl_utf8_offset(all, 9, from);
            size_t z = pl_utf8_offset(all, 9, from + n);
            pl_buf_init(&b, 100);
            assert_int_equal(pl_text_slice(&t, from, n, &b), 0);
            assert_int_equal(b.len, z - a);
            assert_memory_equal(b.len == 0 ? (const uint8_t *)"" : b.data, all + a, z - a);
            pl_buf_release(&b);
        }
    }
    pl_buf_init(&b, 3);
    assert_int_equal(pl_text_slice(&t, 0, 4, &b), -PL_E_LIMIT);
    assert_int_equal(b.len, 0);
    pl_buf_release(&b);
    pl_text_release(&t);
}

TEST(text_keeps_content_when_shrunk)
{
    struct pl_text t;
    char *big = malloc(100000);
    assert_non_null(big);
    memset(big, 'x', 100000);
    pl_text_init(&t);
    pl_text_assign(&t, big, 100000);
    pl_text_delete(&t, 10, 99980);
    pl_text_shrink(&t);
    assert_true(t.cap < 200);
    expect(&t, "xxxxxxxxxxxxxxxxxxxx");
    pl_text_delete(&t, 0, 20);
    pl_text_shrink(&t);
    assert_int_equal(t.cap, 0);
    free(big);
    pl_text_release(&t);
}

TEST(text_grows_by_a_quarter_when_typed)
{
    struct pl_text t;
    pl_text_init(&t);
    for (size_t i = 0; i < 100000; i++)
        pl_text_insert(&t, i, "x", 1, 1);
    assert_true(t.cap <= 100000 * 5 / 4 + 64);
    pl_text_release(&t);
}

/* A text as scalars, to compare with. */
#define PLAIN_MAX 20000

static void expect_plain(const struct pl_text *t, const uint32_t *plain, size_t n)
{
    char *bytes = pl_text_dup(t);
    const uint8_t *p = (const uint8_t *)bytes;
    const uint8_t *end = p + pl_text_bytes(t);
    assert_int_equal(pl_text_len(t), n);
    for (size_t i = 0; i < n; i++) {
        uint32_t scalar;
        p += pl_utf8_decode(p, end, &scalar);
        assert_int_equal(scalar, plain[i]);
    }
    assert_ptr_equal(p, end);
    free(bytes);
}

TEST(text_equals_plain_array_when_edited_at_random)
{
    static const uint32_t scalars[] = {'a', 0xe9, 0x4e8b, 0x1f6a2};
    static uint32_t plain[PLAIN_MAX];
    size_t n = 0;
    struct pl_text t;
    struct pl_prng r;
    pl_text_init(&t);
    pl_prng_init(&r, 7);
    for (unsigned round = 0; round < 3000; round++) {
        size_t pos = (size_t)pl_prng_below(&r, n + 1);
        /* Long stretches of one width, so that whole blocks are skipped, and edges inside them. */
        uint32_t scalar = scalars[(round / 50) % 4];
        size_t add = (size_t)pl_prng_below(&r, round % 7 == 0 ? 150 : 4);
        size_t del = (size_t)pl_prng_below(&r, round % 11 == 0 ? 100 : 3);
        uint8_t one[4];
        size_t width = pl_utf8_encode(scalar, one);
        del = del > n - pos ? n - pos : del;
        add = n + add > PLAIN_MAX ? 0 : add;
        for (size_t i = 0; i < add; i++)
            pl_text_insert(&t, pos + i, one, width, 1);
        memmove(plain + pos + add, plain + pos, (n - pos) * sizeof plain[0]);
        for (size_t i = 0; i < add; i++)
            plain[pos + i] = scalar;
        n += add;
        pl_text_delete(&t, pos + add, del);
        memmove(plain + pos + add, plain + pos + add + del,
                (n - pos - add - del) * sizeof plain[0]);
        n -= del;
        if (round % 100 == 99)
            expect_plain(&t, plain, n);
        size_t probe = (size_t)pl_prng_below(&r, n + 1);
        assert_int_equal(pl_text_index(&t, pl_text_offset(&t, probe)), probe);
    }
    assert_true(n > 2000);
    expect_plain(&t, plain, n);
    pl_text_release(&t);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        UNIT(text_is_empty_when_new),
        UNIT(text_inserts_and_deletes_when_edited),
        UNIT(text_deletes_both_sides_when_range_covers_gap),
        UNIT(text_answers_positions_when_gap_is_anywhere),
        UNIT(text_slices_when_range_crosses_gap),
        UNIT(text_keeps_content_when_shrunk),
        UNIT(text_grows_by_a_quarter_when_typed),
        UNIT(text_equals_plain_array_when_edited_at_random),
    };
    return RUN(tests);
}
