// SPDX-License-Identifier: Apache-2.0
/*
 * UTF-8 and text rules. Positions everywhere in Plimsoll count Unicode scalar values.
 * "Clean text" is what may stand in a document: strict UTF-8 (no surrogates, no overlongs, at most
 * U+10FFFF), no C0 or C1 controls or DEL except \n and \t, no bidi overrides and isolates
 * (U+202A-202E, U+2066-2069).
 */
#ifndef PLIMSOLL_BASE_UTF8_H
#define PLIMSOLL_BASE_UTF8_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* True if the bytes are strict UTF-8 (controls allowed). */
bool pl_utf8_is_valid(const void *bytes, size_t n);

/* True if the bytes are clean text; `*bad_at` (may be NULL) gets the byte offset of the first
 * fault. */
bool pl_utf8_is_clean(const void *bytes, size_t n, size_t *bad_at);

/* Number of scalar values in valid UTF-8. */
size_t pl_utf8_count(const void *bytes, size_t n);

/* Byte offset of scalar `index` in valid UTF-8 of n bytes; n when index is the count or beyond. */
size_t pl_utf8_offset(const void *bytes, size_t n, size_t index);

/* Decodes one scalar of valid UTF-8 at p (p < end); stores it and returns its length 1-4.
 * On invalid bytes stores U+FFFD and returns 1. */
size_t pl_utf8_decode(const uint8_t *p, const uint8_t *end, uint32_t *scalar);

/* Writes a scalar as UTF-8 (1-4 bytes), returns the length; surrogates become U+FFFD. */
size_t pl_utf8_encode(uint32_t scalar, uint8_t out[4]);

/* A name that a file may be shown and kept under, made of any bytes: what follows the last slash or
 * backslash, without controls, bidi marks, line separators and zero-width blanks; invalid bytes
 * become U+FFFD; a leading dot, hyphen or blank becomes '_'; blanks and dots at the end go; cut to
 * `chars` characters and `cap` bytes, NUL included (cap >= 8). "file" when nothing is left. The
 * length. */
size_t pl_file_name_safe(const char *in, size_t n, size_t chars, char *out, size_t cap);

#endif
