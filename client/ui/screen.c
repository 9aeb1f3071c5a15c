// SPDX-License-Identifier: Apache-2.0
/*
 * ncurses as a pure function from cells to bytes: newterm() on a memory file, doupdate(), read what
 * was written, rewind. Input is never read through ncurses.
 */
#include "ui/screen.h"

#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include <ncurses.h>

#include "plimsoll/base/mem.h"

#include "ui/cell.h"

#define FRAME_MAX (4u * 1024u * 1024u)

struct screen {
    SCREEN *nc;
    FILE *out;
    FILE *in;
    int fd;
    int rows, cols;
    int cur_row, cur_col;
    int colours; /* 0, 8 (also 16), 256 */
};

/* Black on colour; indices of the 256-colour palette, and their nearest of the eight. */
static const struct {
    short wide, narrow;
} person_colours[6] = {{74, COLOR_CYAN},   {178, COLOR_YELLOW},  {35, COLOR_GREEN},
                       {221, COLOR_WHITE}, {175, COLOR_MAGENTA}, {166, COLOR_RED}};
enum { PAIR_PERSON = 1, PAIR_OK = 7, PAIR_SOON = 8, PAIR_LATE = 9 };

static void make_pairs(struct screen *s, enum screen_colours colours)
{
    s->colours = 0;
    if (colours == SCREEN_COLOURS_NONE || !has_colors() || start_color() == ERR)
        return;
    (void)use_default_colors();
    bool wide = COLORS >= 256 && colours != SCREEN_COLOURS_16;
    s->colours = wide ? 256 : 8;
    for (short i = 0; i < 6; i++)
        (void)init_pair((short)(PAIR_PERSON + i), COLOR_BLACK,
                        wide ? person_colours[i].wide : person_colours[i].narrow);
    (void)init_pair(PAIR_OK, wide ? 74 : COLOR_CYAN, -1);
    (void)init_pair(PAIR_SOON, wide ? 178 : COLOR_YELLOW, -1);
    (void)init_pair(PAIR_LATE, wide ? 166 : COLOR_RED, -1);
}

static void look(const struct screen *s, enum style st, attr_t *attr, short *pair)
{
    *attr = A_NORMAL;
    *pair = 0;
    if (st >= STYLE_PERSON && st <= STYLE_PERSON_LAST) {
        *pair = s->colours ? (short)(PAIR_PERSON + (int)st - STYLE_PERSON) : 0;
        *attr = s->colours ? A_NORMAL : A_REVERSE | A_UNDERLINE;
        return;
    }
    switch (st) {
    case STYLE_BOLD:
        *attr = A_BOLD;
        break;
    case STYLE_DIM:
        *attr = A_DIM;
        break;
    case STYLE_FOCUS:
    case STYLE_SELECT:
        *attr = A_REVERSE;
        break;
    case STYLE_BANNER:
        *attr = A_REVERSE | A_BOLD;
        break;
    case STYLE_OK:
        *pair = s->colours ? PAIR_OK : 0;
        break;
    case STYLE_SOON:
        *pair = s->colours ? PAIR_SOON : 0;
        *attr = A_BOLD;
        break;
    case STYLE_LATE:
        *pair = s->colours ? PAIR_LATE : 0;
        *attr = A_BOLD;
        break;
    case STYLE_TEXT:
    case STYLE_BAR:
    case STYLE_PERSON:
    case STYLE_PERSON_LAST:
    case STYLE_COUNT:
        break;
    }
}

static int open_files(struct screen *s, struct pl_err *e)
{
    s->fd = memfd_create("plimsoll-frame", MFD_CLOEXEC);
    s->out = s->fd >= 0 ? fdopen(s->fd, "w") : NULL;
    s->in = fopen("/dev/null", "re");
    if (!s->out || !s->in)
        return pl_fail(e, PL_E_IO, "no memory file for the screen");
    return 0;
}

struct screen *screen_new(const char *term, int rows, int cols, enum screen_colours colours,
                          struct pl_err *e)
{
    struct screen *s = pl_mem_calloc(PL_MEM_VIEW, 1, sizeof(*s));
    s->fd = -1;
    if (open_files(s, e) < 0) {
        screen_free(s);
        return NULL;
    }
    use_env(FALSE);
    s->nc = newterm(term, s->out, s->in);
    if (!s->nc)
        s->nc = newterm("vt100", s->out, s->in);
    if (!s->nc) {
        (void)pl_fail(e, PL_E_IO, "the terminal '%s' is not known here (terminfo)", term);
        screen_free(s);
        return NULL;
    }
    (void)set_term(s->nc);
    make_pairs(s, colours);
    (void)nonl();
    (void)leaveok(stdscr, FALSE);
    (void)scrollok(stdscr, FALSE);
    (void)idlok(stdscr, TRUE);
    screen_resize(s, rows, cols);
    return s;
}

void screen_free(struct screen *s)
{
    if (!s)
        return;
    if (s->nc) {
        (void)endwin();
        delscreen(s->nc);
    }
    if (s->out)
        (void)fclose(s->out);
    else if (s->fd >= 0)
        (void)close(s->fd);
    if (s->in)
        (void)fclose(s->in);
    pl_mem_free(PL_MEM_VIEW, s);
}

void screen_resize(struct screen *s, int rows, int cols)
{
    s->rows = rows < 1 ? 1 : rows > 500 ? 500 : rows;
    s->cols = cols < 1 ? 1 : cols > 1000 ? 1000 : cols;
    (void)resizeterm(s->rows, s->cols);
    (void)clearok(curscr, TRUE);
}

int screen_rows(const struct screen *s)
{
    return s->rows;
}

int screen_cols(const struct screen *s)
{
    return s->cols;
}

void screen_begin(struct screen *s)
{
    (void)erase();
    s->cur_row = s->rows - 1;
    s->cur_col = 0;
}

static void put_cell(const struct cell *c, int row, int col, attr_t attr, short pair)
{
    cchar_t cc;
    if (c->draw[1] != L'\0' && wcwidth(c->draw[1]) > 0) {
        /* Several cells (a tab, a base with its marker): one by one. */
        int at = col;
        for (size_t i = 0; i < CELL_WCHARS && c->draw[i]; i++) {
            wchar_t one[2] = {c->draw[i], L'\0'};
            if (setcchar(&cc, one, attr, pair, NULL) == OK)
                (void)mvadd_wch(row, at, &cc);
            int w = wcwidth(one[0]);
            at += w > 0 ? w : 1;
        }
        return;
    }
    if (setcchar(&cc, c->draw, attr, pair, NULL) == OK)
        (void)mvadd_wch(row, col, &cc);
}

/* long: a place, a look and a text are what every caller has at hand */
int screen_put(struct screen *s, int row, int col, int max, enum style st, const char *text,
               size_t n)
{
    const uint8_t *p = (const uint8_t *)text;
    const uint8_t *end = p + n;
    attr_t attr;
    short pair;
    int used = 0;
    if (row < 0 || row >= s->rows || col < 0)
        return 0;
    if (max > s->cols - col)
        max = s->cols - col;
    look(s, st, &attr, &pair);
    while (p < end) {
        struct cell c;
        cell_read(p, end, used, &c);
        if (c.width == 0) { /* a newline has no place in a line */
            c.width = 1;
            c.draw[0] = L' ';
            c.draw[1] = L'\0';
        }
        if (used + c.width > max)
            break;
        put_cell(&c, row, col + used, attr, pair);
        used += c.width;
        p += c.bytes;
    }
    return used;
}

int screen_puts(struct screen *s, int row, int col, int max, enum style st, const char *text)
{
    return screen_put(s, row, col, max, st, text, strlen(text));
}

/* long: as screen_put */
int screen_printf(struct screen *s, int row, int col, int max, enum style st, const char *fmt, ...)
{
    char text[1024];
    va_list ap;
    va_start(ap, fmt);
    (void)vsnprintf(text, sizeof(text), fmt, ap);
    va_end(ap);
    return screen_puts(s, row, col, max, st, text);
}

void screen_fill(struct screen *s, int row, int col, int n, enum style st, char ch)
{
    attr_t attr;
    short pair;
    cchar_t cc;
    wchar_t w[2] = {(wchar_t)(unsigned char)ch, L'\0'};
    if (row < 0 || row >= s->rows)
        return;
    look(s, st, &attr, &pair);
    if (setcchar(&cc, w, attr, pair, NULL) != OK)
        return;
    for (int i = 0; i < n && col + i < s->cols; i++)
        (void)mvadd_wch(row, col + i, &cc);
}

void screen_cursor(struct screen *s, int row, int col)
{
    s->cur_row = row < 0 ? 0 : row >= s->rows ? s->rows - 1 : row;
    s->cur_col = col < 0 ? 0 : col >= s->cols ? s->cols - 1 : col;
}

int screen_end(struct screen *s, bool all, struct pl_buf *out, struct pl_err *e)
{
    if (all)
        (void)clearok(curscr, TRUE);
    (void)move(s->cur_row, s->cur_col);
    (void)wnoutrefresh(stdscr);
    (void)doupdate();
    (void)fflush(s->out);
    off_t n = lseek(s->fd, 0, SEEK_END);
    if (n <= 0)
        return 0;
    int rc = 0;
    uint8_t *to = n > (off_t)FRAME_MAX ? NULL : pl_buf_reserve(out, (size_t)n);
    if (!to)
        rc = pl_fail(e, PL_E_LIMIT, "a frame of %lld bytes", (long long)n);
    else if (pread(s->fd, to, (size_t)n, 0) != n)
        rc = pl_fail(e, PL_E_IO, "cannot read the frame back");
    else
        out->len += (size_t)n;
    rewind(s->out);
    if (ftruncate(s->fd, 0) < 0 && rc == 0)
        rc = pl_fail(e, PL_E_IO, "cannot empty the frame");
    return rc;
}
