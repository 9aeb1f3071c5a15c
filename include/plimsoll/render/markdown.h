// SPDX-License-Identifier: Apache-2.0
/*
 * A review as Markdown: CommonMark with the tables of GitHub's dialect, a front matter with id and
 * revision, one section after the other, only what can be seen. The same revision gives the same
 * bytes on every machine. Times are UTC.
 *
 * People write Markdown in their texts, so it stays Markdown; but a text cannot reach out of its
 * place: headings, HTML, rules and open code fences inside texts are made harmless.
 */
#ifndef PLIMSOLL_RENDER_MARKDOWN_H
#define PLIMSOLL_RENDER_MARKDOWN_H

#include "plimsoll/doc/doc.h"

/* Appends the whole review. -PL_E_LIMIT when `out` is full (then its length is unchanged). */
int pl_render_markdown(const struct pl_doc *d, struct pl_buf *out, struct pl_err *e) PL_MUST;

#endif
