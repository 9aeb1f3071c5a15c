// SPDX-License-Identifier: Apache-2.0
/*
 * Frame splitter: frames that lie whole in the bytes fed last are given out in place, without a
 * copy; only a frame that arrives in pieces is gathered in `hold`. The length is judged as soon as
 * its four bytes are there, again on every call, so that an error repeats itself for ever and a
 * raised maximum holds for the next frame. `hold` grows with what arrived, never with what was
 * announced. The reader owns `hold`; everything else is borrowed.
 */
#include "plimsoll/wire/frame.h"

#include <string.h>

#include "plimsoll/wire/limits.h"

#define LENGTH_BYTES 4u
#define TYPE_BYTES   2u
/* A gathered frame beyond this gives its memory back: most connections are idle most of the time.
 */
#define HOLD_KEEP 2048u

void pl_frame_reader_init(struct pl_frame_reader *r, uint32_t max)
{
    memset(r, 0, sizeof *r);
    r->max = max;
    pl_buf_init(&r->hold, (size_t)max + LENGTH_BYTES);
}

void pl_frame_reader_release(struct pl_frame_reader *r)
{
    pl_buf_release(&r->hold);
    r->p = NULL;
    r->n = 0;
    r->taken = 0;
}

void pl_frame_reader_set_max(struct pl_frame_reader *r, uint32_t max)
{
    r->max = max;
    r->hold.max = (size_t)max + LENGTH_BYTES;
    if (r->hold.max < r->hold.len)
        r->hold.max = r->hold.len;
}

void pl_frame_feed(struct pl_frame_reader *r, const void *bytes, size_t n)
{
    PL_ASSERT(r->n == 0);
    r->p = bytes;
    r->n = n;
}

static uint32_t read_be(const uint8_t *p, size_t n)
{
    uint32_t v = 0;
    for (size_t i = 0; i < n; i++)
        v = v << 8 | p[i];
    return v;
}

/* Bytes of the whole frame whose length field stands at p, or the error. */
static int judge_length(const struct pl_frame_reader *r, const uint8_t *p, size_t *whole,
                        struct pl_err *e)
{
    uint32_t length = read_be(p, LENGTH_BYTES);
    if (length < TYPE_BYTES)
        return pl_fail(e, PL_E_BAD_FRAME, "a frame of length %u has no type", length);
    if (length > r->max)
        return pl_fail(e, PL_E_TOO_LARGE, "a frame of %u bytes exceeds the limit of %u", length,
                       r->max);
    *whole = (size_t)length + LENGTH_BYTES;
    return 0;
}

static void give(struct pl_frame *out, const uint8_t *frame, size_t whole)
{
    out->type = read_be(frame + LENGTH_BYTES, TYPE_BYTES);
    out->payload = frame + PL_FRAME_HEADER;
    out->n = whole - PL_FRAME_HEADER;
}

/* Moves bytes fed into `hold` until it has `want` of them or nothing is left. 1: it has. */
static int gather(struct pl_frame_reader *r, size_t want, struct pl_err *e)
{
    size_t take = want > r->hold.len ? want - r->hold.len : 0;
    if (take > r->n)
        take = r->n;
    if (take > 0) {
        if (pl_buf_add(&r->hold, r->p, take) < 0)
            return pl_fail(e, PL_E_TOO_LARGE, "no room for a frame of %zu bytes", want);
        r->p += take;
        r->n -= take;
    }
    return r->hold.len >= want;
}

static int next_gathered(struct pl_frame_reader *r, struct pl_frame *out, struct pl_err *e)
{
    int rc = gather(r, LENGTH_BYTES, e);
    if (rc <= 0)
        return rc;
    size_t whole;
    rc = judge_length(r, r->hold.data, &whole, e);
    if (rc < 0)
        return rc;
    rc = gather(r, whole, e);
    if (rc <= 0)
        return rc;
    give(out, r->hold.data, whole);
    r->taken = whole;
    return 1;
}

static void drop_taken(struct pl_frame_reader *r)
{
    if (r->taken == 0)
        return;
    r->taken = 0;
    if (r->hold.cap > HOLD_KEEP)
        pl_buf_release(&r->hold);
    else
        pl_buf_clear(&r->hold);
    r->hold.max = (size_t)r->max + LENGTH_BYTES;
}

int pl_frame_next(struct pl_frame_reader *r, struct pl_frame *out, struct pl_err *e)
{
    drop_taken(r);
    if (r->hold.len > 0)
        return next_gathered(r, out, e);
    if (r->n < LENGTH_BYTES)
        return gather(r, LENGTH_BYTES, e);
    size_t whole;
    int rc = judge_length(r, r->p, &whole, e);
    if (rc < 0)
        return rc;
    if (r->n < whole)
        return gather(r, whole, e);
    give(out, r->p, whole);
    r->p += whole;
    r->n -= whole;
    return 1;
}

size_t pl_frame_partial(const struct pl_frame_reader *r)
{
    return r->taken > 0 ? 0 : r->hold.len;
}

int pl_frame_header(struct pl_buf *out, uint32_t type, size_t n)
{
    if (type > UINT16_MAX || n > UINT32_MAX - TYPE_BYTES)
        return -PL_E_TOO_LARGE;
    uint32_t length = (uint32_t)n + TYPE_BYTES;
    const uint8_t header[PL_FRAME_HEADER] = {
        (uint8_t)(length >> 24), (uint8_t)(length >> 16), (uint8_t)(length >> 8),
        (uint8_t)length,         (uint8_t)(type >> 8),    (uint8_t)type,
    };
    return pl_buf_add(out, header, sizeof header);
}
