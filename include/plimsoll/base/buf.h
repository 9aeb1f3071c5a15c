// SPDX-License-Identifier: Apache-2.0
/*
 * A growing byte buffer with a hard limit given at init, so that no peer can size our memory.
 * Failure mode: an append beyond the limit (or out of memory) returns -PL_E_LIMIT and changes
 * nothing. Embedded by its owner; the zeroed struct is a valid empty buffer of limit 0.
 */
#ifndef PLIMSOLL_BASE_BUF_H
#define PLIMSOLL_BASE_BUF_H

#include <stddef.h>
#include <stdint.h>

#include "plimsoll/base/err.h"

struct pl_buf {
    uint8_t *data; /* NULL while empty and never grown */
    size_t len;
    size_t cap;
    size_t max; /* len never exceeds this */
};

/* Makes an empty buffer that may grow to `max` bytes. */
void pl_buf_init(struct pl_buf *b, size_t max);

/* Frees the contents; tolerates a zeroed struct. The buffer can be used again with its limit. */
void pl_buf_release(struct pl_buf *b);

/* Sets the length to 0 and keeps the memory. */
void pl_buf_clear(struct pl_buf *b);

/* Appends `n` bytes. -PL_E_LIMIT leaves the buffer unchanged. */
int pl_buf_add(struct pl_buf *b, const void *bytes, size_t n) PL_MUST;

/* Appends one byte. */
int pl_buf_add_byte(struct pl_buf *b, uint8_t byte) PL_MUST;

/* Appends a NUL-terminated string without its NUL. */
int pl_buf_add_str(struct pl_buf *b, const char *s) PL_MUST;

/* Appends formatted text without a NUL. */
int pl_buf_printf(struct pl_buf *b, const char *fmt, ...) PL_PRINTF(2, 3) PL_MUST;

/* Makes room for `n` more bytes and returns where to write them (len is not changed), or NULL. */
uint8_t *pl_buf_reserve(struct pl_buf *b, size_t n);

/* Drops the first `n` bytes (n <= len), moving the rest down. */
void pl_buf_consume(struct pl_buf *b, size_t n);

/* Moves the bytes out: returns memory for free() holding len bytes plus a NUL; leaves empty. */
char *pl_buf_steal(struct pl_buf *b, size_t *len);

/* Unsigned LEB128 varint (1-10 bytes), and fixed 32/64 bit big-endian. */
int pl_buf_add_varint(struct pl_buf *b, uint64_t v) PL_MUST;
int pl_buf_add_u32be(struct pl_buf *b, uint32_t v) PL_MUST;
int pl_buf_add_u64be(struct pl_buf *b, uint64_t v) PL_MUST;

/* A bounded reader over borrowed bytes. After an error `bad` stays set and reads give 0/NULL. */
struct pl_reader {
    const uint8_t *p;
    const uint8_t *end;
    int bad;
};

/* Starts at the first of n borrowed bytes, which must outlive the reader. */
void pl_reader_init(struct pl_reader *r, const void *bytes, size_t n);

/* Bytes not read yet; 0 does not mean that nothing went wrong, see `bad`. */
size_t pl_reader_left(const struct pl_reader *r);

/* The next fixed-size number, big-endian; 0 and `bad` when too few bytes are left. */
uint8_t pl_read_u8(struct pl_reader *r);
uint32_t pl_read_u32be(struct pl_reader *r);
uint64_t pl_read_u64be(struct pl_reader *r);

/* Reads a varint; non-minimal or longer than 10 bytes sets `bad`. */
uint64_t pl_read_varint(struct pl_reader *r);

/* Borrows the next n bytes, or NULL when fewer are left. */
const uint8_t *pl_read_bytes(struct pl_reader *r, size_t n);

#endif
