// SPDX-License-Identifier: Apache-2.0
/*
 * From text to terminal cells: where clusters begin and end, how wide they are, and what is drawn
 * when terminals would not agree. Clusters after Unicode's rules (utf8proc); widths are those on
 * which terminals agree, and where they do not, the base character with a marker is drawn.
 */
#ifndef PLIMSOLL_CLIENT_UI_CELL_H
#define PLIMSOLL_CLIENT_UI_CELL_H

#include <stddef.h>
#include <stdint.h>
#include <wchar.h>

#define CELL_WCHARS 6 /* characters drawn for one cluster, NUL included */

/* One cluster. */
struct cell {
    size_t bytes; /* of UTF-8 it takes */
    size_t chars; /* scalars */
    int width;    /* columns it is drawn in: 0 only for nothing, else 1 or 2 */
    wchar_t draw[CELL_WCHARS];
};

/* Reads the cluster at p (p < end, valid UTF-8). A newline is a cluster of width 0; a tab is drawn
 * as spaces up to the next multiple of 4 from `col` (width 1-4). */
void cell_read(const uint8_t *p, const uint8_t *end, int col, struct cell *out);

/* Byte offset of the cluster boundary before `at` (> 0) and after `at` (< n). */
size_t cell_prev(const uint8_t *text, size_t n, size_t at);
size_t cell_next(const uint8_t *text, size_t n, size_t at);

/* Columns of a one-line text. */
int cell_width(const char *s, size_t n);

#endif
