// SPDX-License-Identifier: Apache-2.0
/*
 * The frame splitter: bytes in any pieces, limits at their edges, nothing buffered before its
 * length is judged.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "plimsoll/wire/frame.h"
#include "plimsoll/wire/limits.h"

static void add_frame(struct pl_buf *b, uint32_t type, const void *payload, size_t n)
{
    assert_int_equal(pl_frame_header(b, type, n), 0);
    assert_int_equal(pl_buf_add(b, payload, n), 0);
}

/* Three frames: empty, short, longer. */
static void make_stream(struct pl_buf *b)
{
    char longer[300];
    memset(longer, 'L', sizeof longer);
    pl_buf_init(b, 4096);
    add_frame(b, 6, "", 0);
    add_frame(b, 0xfffe, "abc", 3);
    add_frame(b, 20, longer, sizeof longer);
}

static void expect_stream(const struct pl_frame *f, int index)
{
    static const uint32_t types[] = {6, 0xfffe, 20};
    static const size_t sizes[] = {0, 3, 300};
    assert_in_range(index, 0, 2);
    assert_int_equal(f->type, types[index]);
    assert_int_equal(f->n, sizes[index]);
    if (index == 1)
        assert_memory_equal(f->payload, "abc", 3);
    if (index == 2)
        assert_int_equal(f->payload[299], 'L');
}

/* Feeds the stream in pieces of `step` bytes; every piece is a copy of its own, freed at once. */
static void read_in_steps(const struct pl_buf *b, size_t step)
{
    struct pl_frame_reader r;
    pl_frame_reader_init(&r, 4096);
    int got = 0;
    for (size_t at = 0; at < b->len; at += step) {
        size_t n = b->len - at < step ? b->len - at : step;
        uint8_t *piece = malloc(n);
        assert_non_null(piece);
        memcpy(piece, b->data + at, n);
        pl_frame_feed(&r, piece, n);
        struct pl_frame f;
        int rc;
        while ((rc = pl_frame_next(&r, &f, NULL)) == 1) {
            assert_int_equal(pl_frame_partial(&r), 0);
            expect_stream(&f, got++);
        }
        assert_int_equal(rc, 0);
        free(piece);
    }
    assert_int_equal(got, 3);
    assert_int_equal(pl_frame_partial(&r), 0);
    pl_frame_reader_release(&r);
}

static void frame_is_whole_when_bytes_come_in_any_pieces(void **state)
{
    (void)state;
    struct pl_buf b;
    make_stream(&b);
    for (size_t step = 1; step <= b.len; step++)
        read_in_steps(&b, step);
    pl_buf_release(&b);
}

static int next_of(uint32_t max, const void *bytes, size_t n, struct pl_frame *f)
{
    struct pl_frame_reader r;
    pl_frame_reader_init(&r, max);
    pl_frame_feed(&r, bytes, n);
    int rc = pl_frame_next(&r, f, NULL);
    if (rc < 0) /* dead: says so for ever */
        assert_int_equal(pl_frame_next(&r, f, NULL), rc);
    pl_frame_reader_release(&r);
    return rc;
}

static void frame_length_is_refused_when_out_of_range(void **state)
{
    (void)state;
    static const uint32_t maxima[] = {PL_FRAME_MAX_JOIN, PL_FRAME_MAX_EARLY, PL_FRAME_MAX_CLIENT,
                                      PL_FRAME_MAX_SERVER};
    struct pl_frame f;
    for (size_t i = 0; i < 4; i++) {
        uint32_t max = maxima[i];
        uint8_t *bytes = calloc(1, max + 8u);
        assert_non_null(bytes);
        for (int delta = -1; delta <= 1; delta++) {
            uint32_t length = (uint32_t)((int64_t)max + delta);
            bytes[0] = (uint8_t)(length >> 24);
            bytes[1] = (uint8_t)(length >> 16);
            bytes[2] = (uint8_t)(length >> 8);
            bytes[3] = (uint8_t)length;
            int rc = next_of(max, bytes, length + 4u, &f);
            assert_int_equal(rc, delta > 0 ? -PL_E_TOO_LARGE : 1);
            /* Refused on sight of four bytes. */
            assert_int_equal(next_of(max, bytes, 4, &f), delta > 0 ? -PL_E_TOO_LARGE : 0);
        }
        free(bytes);
    }
    assert_int_equal(next_of(4096, "\0\0\0\0", 4, &f), -PL_E_BAD_FRAME);
    assert_int_equal(next_of(4096, "\0\0\0\1", 4, &f), -PL_E_BAD_FRAME);
    assert_int_equal(next_of(4096, "\0\0\0\2\0\5", 6, &f), 1);
    assert_int_equal(f.type, 5);
    assert_int_equal(f.n, 0);
    assert_int_equal(next_of(4096, "\xff\xff\xff\xff", 4, &f), -PL_E_TOO_LARGE);
    assert_int_equal(next_of(4096, "GET / HTTP/1.1\r\n", 16, &f), -PL_E_TOO_LARGE);
}

static void frame_announced_but_not_sent_takes_no_memory(void **state)
{
    (void)state;
    struct pl_frame_reader r;
    struct pl_frame f;
    pl_frame_reader_init(&r, PL_FRAME_MAX_CLIENT);
    pl_frame_feed(&r, "\0\1\0\0\0\5abc", 9);
    assert_int_equal(pl_frame_next(&r, &f, NULL), 0);
    assert_int_equal(pl_frame_partial(&r), 9);
    assert_in_range(r.hold.cap, 9, 256);
    /* Byte by byte, the length once it is complete. */
    pl_frame_reader_release(&r);
    pl_frame_reader_init(&r, 4096);
    for (int i = 0; i < 3; i++) {
        pl_frame_feed(&r, "\xff", 1);
        assert_int_equal(pl_frame_next(&r, &f, NULL), 0);
    }
    pl_frame_feed(&r, "\xff", 1);
    assert_int_equal(pl_frame_next(&r, &f, NULL), -PL_E_TOO_LARGE);
    assert_int_equal(pl_frame_next(&r, &f, NULL), -PL_E_TOO_LARGE);
    pl_frame_reader_release(&r);
}

static void frame_limit_counts_when_raised_between_frames(void **state)
{
    (void)state;
    struct pl_buf b;
    uint8_t payload[5000] = {0};
    pl_buf_init(&b, 16384);
    add_frame(&b, 3, payload, 100);
    add_frame(&b, 16, payload, 5000);
    for (int split = 0; split < 2; split++) {
        struct pl_frame_reader r;
        struct pl_frame f;
        pl_frame_reader_init(&r, PL_FRAME_MAX_JOIN);
        size_t first = split ? 50 : b.len;
        pl_frame_feed(&r, b.data, first);
        if (split) {
            assert_int_equal(pl_frame_next(&r, &f, NULL), 0);
            pl_frame_feed(&r, b.data + first, b.len - first);
        }
        assert_int_equal(pl_frame_next(&r, &f, NULL), 1);
        pl_frame_reader_set_max(&r, PL_FRAME_MAX_CLIENT);
        assert_int_equal(f.n, 100); /* the frame given out stays */
        assert_int_equal(pl_frame_next(&r, &f, NULL), 1);
        assert_int_equal(f.n, 5000);
        assert_int_equal(pl_frame_next(&r, &f, NULL), 0);
        pl_frame_reader_release(&r);
    }
    pl_buf_release(&b);
}

static void frame_header_is_big_endian(void **state)
{
    (void)state;
    struct pl_buf b;
    pl_buf_init(&b, 64);
    assert_int_equal(pl_frame_header(&b, 0x0102, 0x030405), 0);
    assert_int_equal(b.len, PL_FRAME_HEADER);
    assert_memory_equal(b.data, "\x00\x03\x04\x07\x01\x02", 6);
    assert_int_equal(pl_frame_header(&b, 0x10000, 1), -PL_E_TOO_LARGE);
    assert_int_equal(pl_frame_header(&b, 1, UINT32_MAX), -PL_E_TOO_LARGE);
    pl_buf_release(&b);
    pl_buf_init(&b, 5);
    assert_int_equal(pl_frame_header(&b, 1, 1), -PL_E_LIMIT);
    assert_int_equal(b.len, 0);
    pl_buf_release(&b);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(frame_is_whole_when_bytes_come_in_any_pieces),
        cmocka_unit_test(frame_length_is_refused_when_out_of_range),
        cmocka_unit_test(frame_announced_but_not_sent_takes_no_memory),
        cmocka_unit_test(frame_limit_counts_when_raised_between_frames),
        cmocka_unit_test(frame_header_is_big_endian),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
