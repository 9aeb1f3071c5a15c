// SPDX-License-Identifier: Apache-2.0
/*
 * Where the rows of a text begin, remembered: laid out from the top as far as somebody asked, and
 * after a change only from there to where the old rows fit again. So a keystroke in a paragraph of
 * a megabyte costs what a short one costs. Whoever owns it tells every change; what does not fit
 * the text any more is laid out anew.
 */
#ifndef PLIMSOLL_CLIENT_UI_TEXTROWS_H
#define PLIMSOLL_CLIENT_UI_TEXTROWS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct textview;

/* Zeroed is empty. */
struct textrows {
    uint32_t *at; /* begins, ascending; the first is 0 */
    size_t n, cap;
    size_t text_n; /* bytes of the text that they are of */
    int width;
    bool is_whole; /* the last one is the last of the text */
};

/* Forgets the rows; release frees them as well. */
void textrows_forget(struct textrows *t);
void textrows_release(struct textrows *t);

/* Where the row that holds `at` begins. v->rows must be set. */
size_t textrows_row_of(const struct textview *v, size_t at);

/* The text has changed, and bytes [from, to) of it are new: what stood between what is before and
 * what is behind them is gone. */
void textrows_changed(const struct textview *v, size_t from, size_t to);

#endif
