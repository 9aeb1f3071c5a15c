// SPDX-License-Identifier: Apache-2.0
/*
 * Shared text: a flat gap buffer of UTF-8, addressed by Unicode scalar values.
 * The gap is kept in both units and an all-ASCII text costs no conversion. Content is always clean
 * text (base/utf8.h); callers check before they insert. Fields are private to merge/text.c.
 */
#ifndef PLIMSOLL_MERGE_TEXT_H
#define PLIMSOLL_MERGE_TEXT_H

#include <stddef.h>
#include <stdint.h>

#include "plimsoll/base/buf.h"
#include "plimsoll/base/err.h"

struct pl_text {
    uint8_t *data;
    size_t cap;          /* bytes allocated */
    size_t gap_start;    /* bytes before the gap */
    size_t gap_end;      /* byte index of the first byte after the gap */
    size_t chars_before; /* scalars before the gap */
    size_t chars_total;
};

/* An empty text; allocates nothing. */
void pl_text_init(struct pl_text *t);

/* Frees the contents; tolerates a zeroed struct. */
void pl_text_release(struct pl_text *t);

/* Length in scalar values, and in bytes. */
static inline size_t pl_text_len(const struct pl_text *t)
{
    return t->chars_total;
}
size_t pl_text_bytes(const struct pl_text *t);

/* Inserts valid UTF-8 (`nbytes` bytes holding `nchars` scalars) before scalar `pos` <= len. */
void pl_text_insert(struct pl_text *t, size_t pos, const void *utf8, size_t nbytes, size_t nchars);

/* Deletes `n` scalars from `pos`; pos + n <= len. */
void pl_text_delete(struct pl_text *t, size_t pos, size_t n);

/* The content as at most two borrowed spans (before and after the gap); valid until the next
 * change. */
struct pl_text_spans {
    const uint8_t *a;
    size_t a_len;
    const uint8_t *b;
    size_t b_len;
};
struct pl_text_spans pl_text_spans(const struct pl_text *t);

/* Byte offset (in the gapless content) of scalar `pos` <= len, and the scalar index of a byte
 * offset that lies on a boundary. */
size_t pl_text_offset(const struct pl_text *t, size_t pos);
size_t pl_text_index(const struct pl_text *t, size_t offset);

/* Appends the UTF-8 of scalars [pos, pos+n) to `out`; -PL_E_LIMIT if out is full. */
int pl_text_slice(const struct pl_text *t, size_t pos, size_t n, struct pl_buf *out) PL_MUST;

/* A NUL-terminated copy for free(). */
char *pl_text_dup(const struct pl_text *t);

/* Closes the gap and returns the whole content, contiguous and NUL-terminated, borrowed until the
 * next change. Cheap when the gap is at the end already. */
const char *pl_text_cstr(struct pl_text *t);

/* Replaces everything. */
void pl_text_assign(struct pl_text *t, const void *utf8, size_t nbytes);

/* Gives spare capacity back (idle documents). */
void pl_text_shrink(struct pl_text *t);

#endif
