// SPDX-License-Identifier: Apache-2.0
/*
 * A short array, searched from its end: the last thing drawn is on top.
 */
#include "ui/hits.h"

void hits_clear(struct hits *h)
{
    h->n = 0;
}

void hits_add(struct hits *h, const struct hit *one)
{
    if (h->n < HITS_MAX && one->rows > 0 && one->cols > 0)
        h->all[h->n++] = *one;
}

const struct hit *hits_find(const struct hits *h, int row, int col)
{
    for (size_t i = h->n; i > 0; i--) {
        const struct hit *one = &h->all[i - 1];
        if (row >= one->row && row < one->row + one->rows && col >= one->col &&
            col < one->col + one->cols)
            return one;
    }
    return NULL;
}
