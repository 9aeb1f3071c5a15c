// SPDX-License-Identifier: Apache-2.0
/* People's texts inside our Markdown: they keep their Markdown and cannot leave their place. */
#ifndef PLIMSOLL_PROTO_RENDER_MD_TEXT_H
#define PLIMSOLL_PROTO_RENDER_MD_TEXT_H

#include "sink.h"

/* One line of running text (headings, list heads): the text up to its first newline. */
void md_line(struct sink *s, const char *text);
/* A cell of a table: newlines become <br>, bars cannot end the cell. */
void md_cell(struct sink *s, const char *text);
/* Paragraphs; every line but the first is indented by `indent` blanks. Ends with a newline. */
void md_block(struct sink *s, const char *text, unsigned indent);
/* The same behind something on the same line, as in a list item: one line follows right there, more
 * become a block of their own. */
void md_after(struct sink *s, const char *text, unsigned indent);

#endif
