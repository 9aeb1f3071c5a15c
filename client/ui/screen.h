// SPDX-License-Identifier: Apache-2.0
/*
 * A screen of cells, drawn by ncurses into memory: ncurses writes to a memory file, and the bytes
 * of a frame come out as one buffer. So a terminal that does not read never blocks us, frames can
 * be counted, skipped and recorded, and tests see the very same path. Only client/ui/screen.c and
 * term.c know ncurses. One screen at a time (ncurses has global state).
 */
#ifndef PLIMSOLL_CLIENT_UI_SCREEN_H
#define PLIMSOLL_CLIENT_UI_SCREEN_H

#include <stdbool.h>
#include <stddef.h>

#include "plimsoll/base/buf.h"
#include "plimsoll/base/err.h"

/* How something looks. Meaning is never carried by colour alone. */
enum style {
    STYLE_TEXT,
    STYLE_BOLD,
    STYLE_DIM,
    STYLE_FOCUS, /* reverse: the focused item */
    STYLE_BAR,   /* top and bottom lines */
    STYLE_OK,
    STYLE_SOON,
    STYLE_LATE,
    STYLE_BANNER, /* reverse bold: offline */
    STYLE_SELECT, /* selected text */
    STYLE_PERSON, /* STYLE_PERSON + 0..5: black on a person's colour */
    STYLE_PERSON_LAST = STYLE_PERSON + 5,
    STYLE_COUNT
};

enum screen_colours { SCREEN_COLOURS_AUTO, SCREEN_COLOURS_NONE, SCREEN_COLOURS_16 };

struct screen;

/* `term`: terminfo name (unknown ones fall back to vt100 with an error text in the log). */
struct screen *screen_new(const char *term, int rows, int cols, enum screen_colours colours,
                          struct pl_err *e);
void screen_free(struct screen *s); /* NULL ok */

void screen_resize(struct screen *s, int rows, int cols);
int screen_rows(const struct screen *s);
int screen_cols(const struct screen *s);

/* Starts a frame: everything blank. */
void screen_begin(struct screen *s);

/* Draws text at a place in at most `max` columns; returns the columns used. Anything that could
 * steer a terminal is drawn as a visible mark. */
int screen_put(struct screen *s, int row, int col, int max, enum style st, const char *text,
               size_t n);
int screen_puts(struct screen *s, int row, int col, int max, enum style st, const char *text);
int screen_printf(struct screen *s, int row, int col, int max, enum style st, const char *fmt, ...)
    PL_PRINTF(6, 7);

/* Fills cells with blanks of a style, or with one character. */
void screen_fill(struct screen *s, int row, int col, int n, enum style st, char ch);

/* Where the hardware cursor ends up; braille and speech follow it. */
void screen_cursor(struct screen *s, int row, int col);

/* The bytes that bring the terminal from the last frame to this one, appended to out. `all`: draw
 * everything anew. */
int screen_end(struct screen *s, bool all, struct pl_buf *out, struct pl_err *e) PL_MUST;

#endif
