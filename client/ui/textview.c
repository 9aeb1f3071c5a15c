// SPDX-License-Identifier: Apache-2.0
/*
 * Wrapping: the words that fit; blanks at the end of a row hang over the edge and are not drawn; a
 * word longer than a row is cut between clusters.
 */
#include "ui/textview.h"

#include <string.h>

#include <utf8proc.h>

#include "plimsoll/base/utf8.h"

#include "ui/cell.h"
#include "ui/textrows.h"

size_t textview_line_begin(const struct textview *v, size_t at)
{
    const uint8_t *nl = at > 0 ? memrchr(v->p, '\n', at) : NULL;
    return nl ? (size_t)(nl - v->p) + 1 : 0;
}

size_t textview_line_end(const struct textview *v, size_t at)
{
    const uint8_t *nl = at < v->n ? memchr(v->p + at, '\n', v->n - at) : NULL;
    return nl ? (size_t)(nl - v->p) : v->n;
}

static void end_row(struct textview_row *out, size_t to, size_t next)
{
    out->to = to;
    out->next = next;
}

/* Width and length of the cluster at `at`. */
static void measure(const struct textview *v, size_t at, int col, struct cell *c)
{
    bool is_plain = v->p[at] >= 0x20 && v->p[at] < 0x7f && (at + 1 >= v->n || v->p[at + 1] < 0x80);
    if (is_plain) {
        c->bytes = 1;
        c->width = 1;
        return;
    }
    cell_read(v->p + at, v->p + v->n, col, c);
}

void textview_row(const struct textview *v, size_t from, struct textview_row *out)
{
    struct cell c;
    int col = 0;
    size_t at = from;
    size_t word = from; /* begin of the word under way */
    *out = (struct textview_row){.from = from};
    while (at < v->n && v->p[at] != '\n') {
        bool blank = v->p[at] == ' ';
        measure(v, at, col, &c);
        if (col + c.width > v->width && !blank && at > from) {
            size_t cut = word > from ? word : at;
            end_row(out, cut, cut);
            return;
        }
        col += c.width;
        at += c.bytes;
        /* After a blank, and between wide characters, a new word begins. */
        if (blank || c.width == 2 || (at > 0 && v->p[at - 1] == '-'))
            word = at;
    }
    out->is_hard = true;
    out->is_last = at >= v->n;
    end_row(out, at, out->is_last ? v->n : at + 1);
}

size_t textview_row_of(const struct textview *v, size_t at)
{
    struct textview_row r;
    if (v->rows)
        return textrows_row_of(v, at);
    size_t from = textview_line_begin(v, at);
    for (;;) {
        textview_row(v, from, &r);
        if (r.is_hard || at < r.next)
            return from;
        from = r.next;
    }
}

size_t textview_row_above(const struct textview *v, size_t from)
{
    return from == 0 ? TEXTVIEW_NONE : textview_row_of(v, from - 1);
}

size_t textview_up(const struct textview *v, size_t from, int *rows)
{
    int n = 0;
    while (n < *rows) {
        size_t above = textview_row_above(v, from);
        if (above == TEXTVIEW_NONE)
            break;
        from = above;
        n++;
    }
    *rows = n;
    return from;
}

int textview_rows_to(const struct textview *v, size_t top, size_t at, int max)
{
    struct textview_row r;
    size_t from = top;
    if (at < top)
        return -1;
    for (int n = 0; n < max; n++) {
        textview_row(v, from, &r);
        if (r.is_last || at < r.next)
            return n;
        from = r.next;
    }
    return max;
}

int textview_col(const struct textview *v, size_t from, size_t at)
{
    struct cell c;
    int col = 0;
    while (from < at && from < v->n && v->p[from] != '\n') {
        cell_read(v->p + from, v->p + v->n, col, &c);
        col += c.width;
        from += c.bytes;
    }
    return col > v->width ? v->width : col;
}

size_t textview_at_col(const struct textview *v, size_t from, int want)
{
    struct textview_row r;
    struct cell c;
    int col = 0;
    size_t at = from;
    size_t before = from;
    textview_row(v, from, &r);
    while (at < r.to) {
        cell_read(v->p + at, v->p + v->n, col, &c);
        if (col + c.width > want)
            return at;
        col += c.width;
        before = at;
        at += c.bytes;
    }
    /* The end of a wrapped row is the next row's begin: stay in this one. */
    return r.is_hard ? at : before;
}

/* --- words ------------------------------------------------------------------------------------
 */

static bool is_word_at(const struct textview *v, size_t at)
{
    uint32_t c = 0;
    (void)pl_utf8_decode(v->p + at, v->p + v->n, &c);
    if (c < 0x80)
        return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
               c == '_';
    utf8proc_category_t k = utf8proc_category((utf8proc_int32_t)c);
    return k <= UTF8PROC_CATEGORY_NO || k == UTF8PROC_CATEGORY_SO;
}

size_t textview_word_left(const struct textview *v, size_t at)
{
    bool seen = false;
    while (at > 0) {
        size_t before = cell_prev(v->p, v->n, at);
        bool is_word = is_word_at(v, before);
        if (seen && !is_word)
            break;
        seen |= is_word;
        at = before;
    }
    return at;
}

size_t textview_word_right(const struct textview *v, size_t at)
{
    bool seen = false;
    while (at < v->n) {
        bool is_word = is_word_at(v, at);
        if (seen && !is_word)
            break;
        seen |= is_word;
        at = cell_next(v->p, v->n, at);
    }
    return at;
}
