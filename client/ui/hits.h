// SPDX-License-Identifier: Apache-2.0
/*
 * What stands where on the screen, for the mouse: filled while a frame is drawn, asked when
 * something is clicked. Where two lie over each other the later one counts.
 */
#ifndef PLIMSOLL_CLIENT_UI_HITS_H
#define PLIMSOLL_CLIENT_UI_HITS_H

#include <stddef.h>

enum hit_type {
    HIT_NONE,
    HIT_TAB,    /* arg: tab from 0 */
    HIT_PERSON, /* arg: stage where he is, from 1 */
    HIT_STATE,  /* the sync word */
    HIT_HOME,   /* rows of the list at home; arg: index of the first row */
    HIT_LIST,   /* rows of the list of this view; arg as above */
    HIT_TEXT,   /* the text that is being edited */
    HIT_SHOWN   /* a text that is shown below the fields of an entry */
};

struct hit {
    enum hit_type type;
    int row, col, rows, cols;
    size_t arg;
};

#define HITS_MAX 96

struct hits {
    struct hit all[HITS_MAX];
    size_t n;
};

void hits_clear(struct hits *h);
/* One more; what is too much is not clickable. */
void hits_add(struct hits *h, const struct hit *one);
/* What stands at a cell, or NULL. */
const struct hit *hits_find(const struct hits *h, int row, int col);

#endif
