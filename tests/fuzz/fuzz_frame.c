// SPDX-License-Identifier: Apache-2.0
/*
 * The frame splitter against one that sees all bytes at once. Input: a byte of which maximum, a
 * count of pieces, their lengths, then the stream. Whatever the pieces, the frames and the error
 * are the same, and no more is held than one frame.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "plimsoll/wire/frame.h"
#include "plimsoll/wire/limits.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* Where the plain reading stands: gives the next frame like pl_frame_next. */
static int next_plain(const uint8_t *s, size_t n, size_t *at, uint32_t max, struct pl_frame *f)
{
    const uint8_t *p = s + *at;
    size_t left = n - *at;
    if (left < 4)
        return 0;
    uint32_t length = (uint32_t)p[0] << 24 | (uint32_t)p[1] << 16 | (uint32_t)p[2] << 8 | p[3];
    if (length < 2)
        return -PL_E_BAD_FRAME;
    if (length > max)
        return -PL_E_TOO_LARGE;
    if (left < 4u + (size_t)length)
        return 0;
    *f = (struct pl_frame){.type = (uint32_t)p[4] << 8 | p[5], .payload = p + 6, .n = length - 2};
    *at += 4u + (size_t)length;
    return 1;
}

/* Reads everything that a piece completes; the first error ends it. */
static int read_piece(struct pl_frame_reader *r, const uint8_t *s, size_t n, size_t *at)
{
    struct pl_frame got;
    struct pl_frame want;
    for (;;) {
        int rc = pl_frame_next(r, &got, NULL);
        PL_ASSERT(r->hold.len <= (size_t)r->max + 4u);
        if (rc == 0)
            return 0;
        PL_ASSERT(rc == next_plain(s, n, at, r->max, &want));
        if (rc < 0)
            return rc;
        PL_ASSERT(got.type == want.type && got.n == want.n);
        PL_ASSERT(got.n == 0 || memcmp(got.payload, want.payload, got.n) == 0);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size < 2 || size < 2u + data[1])
        return 0;
    uint32_t max = data[0] % 2 != 0 ? PL_FRAME_MAX_JOIN : 16;
    const uint8_t *lengths = data + 2;
    size_t pieces = data[1];
    const uint8_t *s = lengths + pieces;
    size_t n = size - 2 - pieces;
    struct pl_frame_reader r;
    struct pl_frame f;
    size_t fed = 0;
    size_t at = 0;
    int rc = 0;
    pl_frame_reader_init(&r, max);
    for (size_t i = 0; i <= pieces && rc == 0; i++) {
        size_t take = i < pieces ? lengths[i] : n - fed;
        if (take > n - fed)
            take = n - fed;
        uint8_t *piece = malloc(take + 1);
        PL_ASSERT(piece != NULL);
        memcpy(piece, s + fed, take);
        pl_frame_feed(&r, piece, take);
        fed += take;
        rc = read_piece(&r, s, n, &at);
        PL_ASSERT(rc < 0 || pl_frame_partial(&r) == fed - at);
        free(piece);
    }
    PL_ASSERT(rc < 0 || next_plain(s, n, &at, max, &f) == 0);
    pl_frame_reader_release(&r);
    return 0;
}
