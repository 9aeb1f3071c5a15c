// SPDX-License-Identifier: Apache-2.0
/*
 * How a text lies in rows: soft wrap at words, by clusters and columns. Pure functions over bytes
 * (valid UTF-8) and a width; only the paragraphs that are asked about are looked at. Positions are
 * byte offsets. A position at a wrap belongs to the row that begins there.
 */
#ifndef PLIMSOLL_CLIENT_UI_TEXTVIEW_H
#define PLIMSOLL_CLIENT_UI_TEXTVIEW_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct textrows;

struct textview {
    const uint8_t *p;
    size_t n;
    int width;             /* > 0 */
    struct textrows *rows; /* what is known of its rows (textrows.h), or NULL */
};

struct textview_row {
    size_t from;  /* first byte */
    size_t to;    /* behind the last byte that is drawn */
    size_t next;  /* where the next row begins; n in the last one */
    bool is_hard; /* ends with its paragraph */
    bool is_last; /* of the text */
};

#define TEXTVIEW_NONE SIZE_MAX

/* The row that begins at `from` (0, or another row's next). */
void textview_row(const struct textview *v, size_t from, struct textview_row *out);

/* Where the row that holds `at` begins. */
size_t textview_row_of(const struct textview *v, size_t at);

/* Where the row above the one that begins at `from` begins; TEXTVIEW_NONE at the top. */
size_t textview_row_above(const struct textview *v, size_t from);

/* Goes up to `rows` rows up; *rows becomes how many it went. */
size_t textview_up(const struct textview *v, size_t from, int *rows);

/* Rows from the one that begins at `top` to the one that holds `at`; -1 above, `max` at most. */
int textview_rows_to(const struct textview *v, size_t top, size_t at, int max);

/* Column of `at` in its row that begins at `from`, and the place in a row nearest to a column. */
int textview_col(const struct textview *v, size_t from, size_t at);
size_t textview_at_col(const struct textview *v, size_t from, int want);

/* Begin of the word before `at`, end of the word after it. */
size_t textview_word_left(const struct textview *v, size_t at);
size_t textview_word_right(const struct textview *v, size_t at);

/* Begin and end of the paragraph. */
size_t textview_line_begin(const struct textview *v, size_t at);
size_t textview_line_end(const struct textview *v, size_t at);

#endif
