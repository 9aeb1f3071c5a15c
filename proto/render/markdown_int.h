// SPDX-License-Identifier: Apache-2.0
/* Between the two halves of the Markdown renderer. */
#ifndef PLIMSOLL_PROTO_RENDER_MARKDOWN_INT_H
#define PLIMSOLL_PROTO_RENDER_MARKDOWN_INT_H

#include <stdio.h>

#include "md_text.h"

/* "- **E-9** (note) body" with the body's lines kept inside the item. */
void md_item(struct sink *s, const struct pl_entry *en, const char *note, unsigned indent);
/* A time with its precision: "about 2026-03-01 10:03 +-60 s". */
void md_when(struct sink *s, const struct pl_entry *en, uint32_t at, uint32_t precision,
             uint32_t precision_s);
/* The elements of a set of strings, by commas. */
void md_set(struct sink *s, const struct pl_entry *en, uint32_t field);

/* Adds a word to a note, behind a comma. */
void md_note(char *note, size_t cap, const char *word);
/* Adds "6 dots" and "merged into O-4" to a note, where there are any. */
void md_votes(const struct pl_doc *d, const struct pl_entry *en, char *note, size_t cap);

void md_causes(struct sink *s, const struct pl_doc *d);
void md_actions(struct sink *s, const struct pl_doc *d);
/* Checks that were waived: which, for what, by whom, when, why. */
void md_waivers(struct sink *s, const struct pl_doc *d);
void md_lessons(struct sink *s, const struct pl_doc *d);
void md_comments(struct sink *s, const struct pl_doc *d);

#endif
