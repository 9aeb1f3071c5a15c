// SPDX-License-Identifier: Apache-2.0
/*
 * A review, a section or an entry as plain text for `plimsoll show` and for pipes. Nothing that
 * comes out can move a cursor or change a colour: controls and bidi marks become U+FFFD, whatever
 * their origin. Times are RFC 3339, UTC.
 */
#ifndef PLIMSOLL_RENDER_TEXT_H
#define PLIMSOLL_RENDER_TEXT_H

#include "plimsoll/doc/doc.h"

/* Appends the header and, one line each, all entries by section. -PL_E_LIMIT. */
int pl_text_review(const struct pl_doc *d, struct pl_buf *out, struct pl_err *e) PL_MUST;

/* Appends the entries of one kind, one line each: short id, what sorts it, label. */
int pl_text_section(const struct pl_doc *d, uint32_t kind, struct pl_buf *out,
                    struct pl_err *e) PL_MUST;

/* Appends one entry with every field that is set, its texts indented, and its comments. */
int pl_text_entry(const struct pl_doc *d, const struct pl_entry *en, struct pl_buf *out,
                  struct pl_err *e) PL_MUST;

/* Appends bytes as clean text: what base/utf8.h calls not clean becomes U+FFFD, one for each byte
 * or character. -PL_E_LIMIT. */
int pl_text_safe(const char *s, size_t n, struct pl_buf *out) PL_MUST;

#endif
