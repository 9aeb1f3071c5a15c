// SPDX-License-Identifier: Apache-2.0
/*
 * Bounded strings, strict numbers, and the text encodings of ids. Nothing here allocates except
 * the Unicode functions, which write into a caller's budgeted buffer. Parsers take all of their
 * input or fail: no leading blanks, no trailing rubbish, no silent overflow.
 */
#ifndef PLIMSOLL_BASE_STR_H
#define PLIMSOLL_BASE_STR_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "plimsoll/base/buf.h"
#include "plimsoll/base/err.h"

/* Copies `src` into `dst` of `size` bytes, cutting it if need be (always a NUL when size > 0).
 * Returns strlen(src): a result >= size means it was cut. */
size_t pl_strlcpy(char *dst, const char *src, size_t size);

/* Appends likewise; returns the length that it tried to make. */
size_t pl_strlcat(char *dst, const char *src, size_t size);

/* Equality; two NULLs are equal, NULL equals nothing else. */
bool pl_str_eq(const char *a, const char *b);

/* Does `s` begin or end with `part`? */
bool pl_str_starts(const char *s, const char *part);
bool pl_str_ends(const char *s, const char *part);

/* ASCII-only comparison without case, in the order of unsigned bytes: <0, 0, >0. */
int pl_strcasecmp(const char *a, const char *b);

/* Lower case of an ASCII letter; everything else unchanged. Independent of the locale. */
char pl_ascii_lower(char c);

/* Decimal digits only ("0", "17"; no sign, at most UINT64_MAX). -PL_E_INVALID leaves *out alone. */
int pl_parse_u64(const char *s, uint64_t *out) PL_MUST;
int pl_parse_u64n(const char *s, size_t n, uint64_t *out) PL_MUST;

/* Same with an optional '-'. */
int pl_parse_i64(const char *s, int64_t *out) PL_MUST;

/* Number of edits (insert, delete, replace, swap of neighbours) between two words, without ASCII
 * case; words longer than 63 bytes are compared by their first 63. Algorithm: optimal string
 * alignment distance (Damerau 1964), iterative over three rows. */
size_t pl_str_distance(const char *a, const char *b);

/* True when `candidate` is close enough to `word` to be offered as "did you mean". */
bool pl_str_is_near(const char *word, const char *candidate);

/* Lower-case hexadecimal; `out` holds 2n+1 bytes. */
void pl_hex_encode(const void *bytes, size_t n, char *out);

/* Decodes exactly `n` hexadecimal digits (either case) to n/2 bytes. -PL_E_INVALID on anything
 * else or when n/2 is not `out_size`. */
int pl_hex_decode(const char *s, size_t n, void *out, size_t out_size) PL_MUST;

/* Characters that pl_b32_encode writes for `n` bytes, NUL not counted. */
#define PL_B32_LEN(n) (((n)*8 + 4) / 5)

/* Crockford's base 32 (crockford.com/base32.html): upper case, no I L O U, most significant bits
 * first, last character padded with zero bits. `out` holds PL_B32_LEN(n) + 1 bytes. */
void pl_b32_encode(const void *bytes, size_t n, char *out);

/* Decodes either case, I and L as 1, O as 0, hyphens ignored. Must give exactly `out_size` bytes
 * with zero padding bits, else -PL_E_INVALID. */
int pl_b32_decode(const char *s, size_t n, void *out, size_t out_size) PL_MUST;

/* Appends the full Unicode case folding of `s`, in NFC. -PL_E_BAD_TEXT if it is not UTF-8,
 * -PL_E_LIMIT beyond the buffer's limit. For comparing names, not for display. */
int pl_casefold(const char *s, size_t n, struct pl_buf *out) PL_MUST;

/* True when two UTF-8 strings are equal after case folding; invalid UTF-8 equals only itself. */
bool pl_casefold_eq(const char *a, const char *b);

/* Appends the NFC form of `s`; errors as pl_casefold. */
int pl_str_nfc(const char *s, size_t n, struct pl_buf *out) PL_MUST;

#endif
