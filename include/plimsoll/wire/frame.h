// SPDX-License-Identifier: Apache-2.0
/*
 * Cuts a byte stream into frames: u32be length (of type + payload), u16be type, payload.
 * The length is judged before anything is buffered; at most one frame's worth is ever held. Bytes
 * come in any pieces. After an error the stream is dead: the connection must be closed.
 */
#ifndef PLIMSOLL_WIRE_FRAME_H
#define PLIMSOLL_WIRE_FRAME_H

#include <stddef.h>
#include <stdint.h>

#include "plimsoll/base/buf.h"
#include "plimsoll/base/err.h"

struct pl_frame {
    uint32_t type;
    const uint8_t *payload; /* borrowed until the next call on the reader */
    size_t n;
};

struct pl_frame_reader {
    struct pl_buf hold; /* an incomplete frame carried over */
    const uint8_t *p;   /* rest of the bytes fed last */
    size_t n;
    size_t taken; /* bytes of hold used by the frame given out last */
    uint32_t max;
};

/* `max`: largest length accepted (PL_FRAME_MAX_...); may be raised between frames. */
void pl_frame_reader_init(struct pl_frame_reader *r, uint32_t max);
void pl_frame_reader_release(struct pl_frame_reader *r);
void pl_frame_reader_set_max(struct pl_frame_reader *r, uint32_t max);

/* Gives bytes to read; they stay borrowed until pl_frame_next has returned 0 (it then holds what is
 * incomplete itself). Do not feed again before that. */
void pl_frame_feed(struct pl_frame_reader *r, const void *bytes, size_t n);

/* 1: *out is the next frame; 0: needs more bytes; -PL_E_TOO_LARGE or -PL_E_BAD_FRAME. */
int pl_frame_next(struct pl_frame_reader *r, struct pl_frame *out, struct pl_err *e) PL_MUST;

/* Bytes of an incomplete frame now held (for the progress deadline). */
size_t pl_frame_partial(const struct pl_frame_reader *r);

/* Appends a header for a payload of n bytes. */
int pl_frame_header(struct pl_buf *out, uint32_t type, size_t n) PL_MUST;

#endif
