// SPDX-License-Identifier: Apache-2.0
/*
 * Clusters and widths. Measured differences between glibc, utf8proc, libvterm and tmux decide what
 * is drawn: sequences with a joiner as their first character and '+', modifiers and variation
 * selectors dropped, unknown characters as '?'.
 */
#include "ui/cell.h"

#include <stdbool.h>
#include <string.h>

#include <utf8proc.h>

#include "plimsoll/base/utf8.h"

#define TAB 4

static bool is_joiner(uint32_t c)
{
    return c == 0x200d;
}

static bool is_dropped(uint32_t c)
{
    return c == 0xfe0f || c == 0xfe0e || c == 0x20e3 || (c >= 0x1f3fb && c <= 0x1f3ff) ||
           c == 0x200b || c == 0xfeff;
}

static int scalar_width(uint32_t c)
{
    int w = wcwidth((wchar_t)c);
    if (w < 0)
        w = utf8proc_charwidth((utf8proc_int32_t)c);
    return w;
}

/* Length of the cluster at p, in bytes. */
static size_t cluster(const uint8_t *p, const uint8_t *end)
{
    utf8proc_int32_t state = 0;
    uint32_t a = 0;
    uint32_t b = 0;
    size_t n = pl_utf8_decode(p, end, &a);
    if (a == '\n')
        return n;
    while (p + n < end) {
        size_t m = pl_utf8_decode(p + n, end, &b);
        if (a < 0x300 && b < 0x300)
            break; /* the common case: plain Latin never combines (CR LF cannot occur) */
        if (b == '\n' ||
            utf8proc_grapheme_break_stateful((utf8proc_int32_t)a, (utf8proc_int32_t)b, &state))
            break;
        n += m;
        a = b;
    }
    return n;
}

static void tab_cell(int col, struct cell *out)
{
    out->width = TAB - col % TAB;
    for (int i = 0; i < out->width; i++)
        out->draw[i] = L' ';
}

void cell_read(const uint8_t *p, const uint8_t *end, int col, struct cell *out)
{
    uint32_t c = 0;
    size_t at = 0;
    size_t drawn = 0;
    bool joined = false;
    memset(out, 0, sizeof(*out));
    out->bytes = cluster(p, end);
    while (at < out->bytes) {
        at += pl_utf8_decode(p + at, p + out->bytes, &c);
        out->chars++;
        if (is_joiner(c))
            joined = true;
        if (joined || is_dropped(c) || drawn + 2 >= CELL_WCHARS)
            continue;
        int w = scalar_width(c);
        /* Each character that advances is drawn in cells of its own (the halves of a flag). */
        out->width += w > 0 ? w : 0;
        out->draw[drawn++] = (wchar_t)c;
    }
    (void)pl_utf8_decode(p, p + out->bytes, &c);
    if (c == '\n') {
        out->width = 0;
        out->draw[0] = L'\0';
    } else if (c == '\t') {
        tab_cell(col, out);
    } else if (drawn == 0 || out->width <= 0) {
        /* Nothing that a terminal would show by itself: a mark, or an unknown character. */
        out->width = 1;
        out->draw[0] = L'?';
        out->draw[1] = L'\0';
    } else if (wcwidth(out->draw[0]) < 0) {
        out->draw[0] = L'?';
        out->draw[1] = out->width > 1 ? L' ' : L'\0';
        out->draw[2] = L'\0';
    } else if (joined) {
        out->draw[1] = L'+';
        out->draw[2] = L'\0';
        out->width = scalar_width((uint32_t)out->draw[0]) + 1;
    }
}

size_t cell_next(const uint8_t *text, size_t n, size_t at)
{
    return at >= n ? n : at + cluster(text + at, text + n);
}

size_t cell_prev(const uint8_t *text, size_t n, size_t at)
{
    /* From the last place where a cluster surely begins: a line's start, or behind plain ASCII. */
    size_t from = at;
    while (from > 0 && text[from - 1] != '\n' && at - from < 256) {
        from--;
        if (from + 1 < at && text[from] < 0x80 && text[from + 1] < 0x80)
            break;
    }
    while (from > 0 && from < n && (text[from] & 0xc0) == 0x80)
        from--;
    size_t last = from;
    while (from < at) {
        last = from;
        from = cell_next(text, n, from);
    }
    return last < at ? last : at > 0 ? at - 1 : 0;
}

int cell_width(const char *s, size_t n)
{
    const uint8_t *p = (const uint8_t *)s;
    const uint8_t *end = p + n;
    int col = 0;
    struct cell c;
    while (p < end) {
        cell_read(p, end, col, &c);
        col += c.width;
        p += c.bytes;
    }
    return col;
}
