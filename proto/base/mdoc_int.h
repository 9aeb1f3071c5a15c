// SPDX-License-Identifier: Apache-2.0
/*
 * Writing mdoc(7) from tables: text that must not be taken for macros.
 */
#ifndef PLIMSOLL_BASE_MDOC_INT_H
#define PLIMSOLL_BASE_MDOC_INT_H

#include <stdio.h>

/* Prints a line of text: backslashes escaped, a leading dot or apostrophe shielded, a new input
 * line after each sentence as mdoc wants it, and a full stop at the end. */
void pl_mdoc_text(const char *text, FILE *out);

/* Prints a word for a macro line: shielded, so that no word is taken for a macro. */
void pl_mdoc_word(const char *word, FILE *out);

#endif
