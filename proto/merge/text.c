// SPDX-License-Identifier: Apache-2.0
/*
 * Shared text as a flat gap buffer of UTF-8.
 *
 * Bytes [0, gap_start) and [gap_end, cap) are the content; the gap stays where the last edit was,
 * so that typing moves nothing. The gap is known in bytes and in scalars. A side is ASCII exactly
 * when its two lengths agree, and then positions need no scan; else a position is found by counting
 * from the nearest of start, gap and end (scan.c, several bytes a nanosecond).
 *
 * Callers give clean text and positions that exist; a breach is a bug and aborts. Memory grows by a
 * quarter, aborts when there is none: the size of a text is limited where edits are admitted.
 */
#include "plimsoll/merge/text.h"

#include <stdlib.h>
#include <string.h>

#include "plimsoll/base/mem.h"

#include "scan.h"

#define GAP_MIN 32u /* spare bytes asked for at least when growing */

static size_t tail_bytes(const struct pl_text *t)
{
    return t->cap - t->gap_end;
}

static size_t tail_chars(const struct pl_text *t)
{
    return t->chars_total - t->chars_before;
}

void pl_text_init(struct pl_text *t)
{
    *t = (struct pl_text){0};
}

void pl_text_release(struct pl_text *t)
{
    free(t->data);
    *t = (struct pl_text){0};
}

size_t pl_text_bytes(const struct pl_text *t)
{
    return t->gap_start + tail_bytes(t);
}

/* Bytes of the first `chars` scalars in front of the gap. */
static size_t head_offset(const struct pl_text *t, size_t chars)
{
    if (t->chars_before == t->gap_start)
        return chars;
    if (chars <= t->chars_before / 2)
        return scan_forward(t->data, t->gap_start, chars);
    return t->gap_start - scan_backward(t->data, t->gap_start, t->chars_before - chars);
}

/* Bytes of the first `chars` scalars behind the gap. */
static size_t tail_offset(const struct pl_text *t, size_t chars)
{
    size_t n = tail_bytes(t);
    if (tail_chars(t) == n)
        return chars;
    if (chars <= tail_chars(t) / 2)
        return scan_forward(t->data + t->gap_end, n, chars);
    return n - scan_backward(t->data + t->gap_end, n, tail_chars(t) - chars);
}

static void move_gap(struct pl_text *t, size_t pos)
{
    if (pos < t->chars_before) {
        size_t at = head_offset(t, pos);
        size_t n = t->gap_start - at;
        memmove(t->data + t->gap_end - n, t->data + at, n);
        t->gap_start = at;
        t->gap_end -= n;
    } else if (pos > t->chars_before) {
        size_t n = tail_offset(t, pos - t->chars_before);
        memmove(t->data + t->gap_start, t->data + t->gap_end, n);
        t->gap_start += n;
        t->gap_end += n;
    }
    t->chars_before = pos;
}

/* Gives the buffer `cap` bytes; the content fits. */
static void resize(struct pl_text *t, size_t cap)
{
    size_t tail = tail_bytes(t);
    if (cap < t->cap) {
        memmove(t->data + cap - tail, t->data + t->gap_end, tail);
        t->data = pl_xrealloc(t->data, cap, 1);
    } else {
        t->data = pl_xrealloc(t->data, cap, 1);
        memmove(t->data + cap - tail, t->data + t->gap_end, tail);
    }
    t->gap_end = cap - tail;
    t->cap = cap;
}

static void make_room(struct pl_text *t, size_t nbytes)
{
    size_t need = pl_text_bytes(t) + nbytes;
    PL_ASSERT(need >= nbytes && need < SIZE_MAX / 2);
    resize(t, need + need / 4 + GAP_MIN);
}

void pl_text_insert(struct pl_text *t, size_t pos, const void *utf8, size_t nbytes, size_t nchars)
{
    PL_ASSERT(pos <= t->chars_total);
    PL_DASSERT(scan_count(utf8, nbytes) == nchars);
    if (nbytes == 0)
        return;
    if (pos != t->chars_before)
        move_gap(t, pos);
    if (t->gap_end - t->gap_start < nbytes)
        make_room(t, nbytes);
    if (nbytes == 1)
        t->data[t->gap_start] = *(const uint8_t *)utf8;
    else
        memcpy(t->data + t->gap_start, utf8, nbytes);
    t->gap_start += nbytes;
    t->chars_before += nchars;
    t->chars_total += nchars;
}

void pl_text_delete(struct pl_text *t, size_t pos, size_t n)
{
    PL_ASSERT(pos <= t->chars_total && n <= t->chars_total - pos);
    if (n == 0)
        return;
    size_t end = pos + n;
    /* Bring the nearer edge of the range to the gap, then widen the gap over the range. */
    if (end < t->chars_before)
        move_gap(t, end);
    else if (pos > t->chars_before)
        move_gap(t, pos);
    size_t behind = end - t->chars_before;
    if (behind > 0)
        t->gap_end += tail_offset(t, behind);
    t->chars_total -= behind;
    if (pos < t->chars_before) {
        size_t at = head_offset(t, pos);
        t->chars_total -= t->chars_before - pos;
        t->chars_before = pos;
        t->gap_start = at;
    }
}

struct pl_text_spans pl_text_spans(const struct pl_text *t)
{
    struct pl_text_spans s = {
        .a = t->data,
        .a_len = t->gap_start,
        .b = t->data == NULL ? NULL : t->data + t->gap_end,
        .b_len = tail_bytes(t),
    };
    return s;
}

size_t pl_text_offset(const struct pl_text *t, size_t pos)
{
    PL_ASSERT(pos <= t->chars_total);
    if (pos <= t->chars_before)
        return head_offset(t, pos);
    return t->gap_start + tail_offset(t, pos - t->chars_before);
}

size_t pl_text_index(const struct pl_text *t, size_t offset)
{
    PL_ASSERT(offset <= pl_text_bytes(t));
    if (offset <= t->gap_start) {
        if (t->chars_before == t->gap_start)
            return offset;
        if (offset <= t->gap_start / 2)
            return scan_count(t->data, offset);
        return t->chars_before - scan_count(t->data + offset, t->gap_start - offset);
    }
    size_t behind = offset - t->gap_start;
    if (tail_chars(t) == tail_bytes(t))
        return t->chars_before + behind;
    return t->chars_before + scan_count(t->data + t->gap_end, behind);
}

int pl_text_slice(const struct pl_text *t, size_t pos, size_t n, struct pl_buf *out)
{
    PL_ASSERT(pos <= t->chars_total && n <= t->chars_total - pos);
    size_t from = pl_text_offset(t, pos);
    size_t to = pl_text_offset(t, pos + n);
    size_t len = to - from;
    if (len == 0)
        return 0;
    uint8_t *dst = pl_buf_reserve(out, len);
    if (dst == NULL)
        return -PL_E_LIMIT;
    size_t front = from >= t->gap_start ? 0 : (to < t->gap_start ? to : t->gap_start) - from;
    if (front > 0)
        memcpy(dst, t->data + from, front);
    if (len > front)
        memcpy(dst + front, t->data + t->gap_end + (from + front - t->gap_start), len - front);
    out->len += len;
    return 0;
}

char *pl_text_dup(const struct pl_text *t)
{
    size_t n = pl_text_bytes(t);
    char *s = pl_xmalloc(n + 1);
    if (t->gap_start > 0)
        memcpy(s, t->data, t->gap_start);
    if (tail_bytes(t) > 0)
        memcpy(s + t->gap_start, t->data + t->gap_end, tail_bytes(t));
    s[n] = '\0';
    return s;
}

const char *pl_text_cstr(struct pl_text *t)
{
    if (t->chars_total == 0)
        return "";
    if (t->gap_start == t->gap_end)
        make_room(t, 1);
    move_gap(t, t->chars_total);
    t->data[t->gap_start] = '\0';
    return (const char *)t->data;
}

void pl_text_assign(struct pl_text *t, const void *utf8, size_t nbytes)
{
    t->gap_start = 0;
    t->gap_end = t->cap;
    t->chars_before = 0;
    t->chars_total = 0;
    pl_text_insert(t, 0, utf8, nbytes, nbytes == 0 ? 0 : scan_count(utf8, nbytes));
}

void pl_text_shrink(struct pl_text *t)
{
    if (t->chars_total == 0)
        pl_text_release(t);
    else if (t->gap_end - t->gap_start > GAP_MIN)
        resize(t, pl_text_bytes(t) + GAP_MIN);
}
