// SPDX-License-Identifier: Apache-2.0
/*
 * Frames as a terminal shows them: what the screen draws goes through libvterm, and text and cursor
 * are compared. Also: a small change costs few bytes, and nothing drawn can steer the terminal.
 */
#include "support/unit.h"

#include <locale.h>
#include <string.h>

#include <vterm.h>

#include "plimsoll/base/buf.h"
#include "plimsoll/base/utf8.h"

#include "ui/screen.h"

struct shown {
    struct screen *s;
    VTerm *vt;
    VTermScreen *vs;
    struct pl_buf frame;
    int rows, cols;
};

static void setup(struct shown *t, const char *term, int rows, int cols)
{
    struct pl_err e;
    pl_err_init(&e);
    t->rows = rows;
    t->cols = cols;
    t->s = screen_new(term, rows, cols, SCREEN_COLOURS_AUTO, &e);
    assert_non_null(t->s);
    t->vt = vterm_new(rows, cols);
    vterm_set_utf8(t->vt, 1);
    t->vs = vterm_obtain_screen(t->vt);
    vterm_screen_enable_altscreen(t->vs, 1);
    vterm_screen_reset(t->vs, 1);
    pl_buf_init(&t->frame, 1u << 20);
}

static void teardown(struct shown *t)
{
    pl_buf_release(&t->frame);
    vterm_free(t->vt);
    screen_free(t->s);
}

/* Ends a frame and shows it; returns its bytes. */
static size_t show(struct shown *t, bool all)
{
    struct pl_err e;
    pl_err_init(&e);
    pl_buf_clear(&t->frame);
    assert_int_equal(screen_end(t->s, all, &t->frame, &e), 0);
    (void)vterm_input_write(t->vt, (const char *)t->frame.data, t->frame.len);
    vterm_screen_flush_damage(t->vs);
    return t->frame.len;
}

static void check_line(struct shown *t, int row, const char *want)
{
    char line[1024];
    size_t n = 0;
    for (int col = 0; col < t->cols;) {
        VTermScreenCell c;
        uint8_t u[4];
        assert_int_equal(vterm_screen_get_cell(t->vs, (VTermPos){row, col}, &c), 1);
        for (int i = 0; i < VTERM_MAX_CHARS_PER_CELL && (c.chars[i] || i == 0); i++) {
            size_t k = pl_utf8_encode(c.chars[i] ? c.chars[i] : ' ', u);
            memcpy(line + n, u, k);
            n += k;
        }
        col += c.width > 0 ? c.width : 1;
    }
    while (n > 0 && line[n - 1] == ' ')
        n--;
    line[n] = '\0';
    assert_string_equal(line, want);
}

static void check_cursor(struct shown *t, int row, int col)
{
    VTermPos at;
    vterm_state_get_cursorpos(vterm_obtain_state(t->vt), &at);
    assert_int_equal(at.row, row);
    assert_int_equal(at.col, col);
}

TEST(screen_shows_text_and_cursor)
{
    struct shown t;
    setup(&t, "xterm-256color", 10, 40);
    screen_begin(t.s);
    (void)screen_puts(t.s, 0, 0, 40, STYLE_BOLD, "title");
    (void)screen_puts(t.s, 3, 5, 40, STYLE_PERSON, "[A]");
    screen_fill(t.s, 2, 0, 40, STYLE_TEXT, '-');
    (void)screen_printf(t.s, 9, 30, 40, STYLE_TEXT, "%s", "cut at the edge");
    screen_cursor(t.s, 3, 6);
    (void)show(&t, false);
    check_line(&t, 0, "title");
    check_line(&t, 2, "----------------------------------------");
    check_line(&t, 3, "     [A]");
    check_line(&t, 9, "                              cut at the");
    check_cursor(&t, 3, 6);
    teardown(&t);
}

TEST(screen_shows_wide_and_combining_characters)
{
    struct shown t;
    setup(&t, "xterm-256color", 5, 20);
    screen_begin(t.s);
    (void)screen_puts(t.s, 0, 0, 20, STYLE_TEXT, "\xe6\x97\xa5\xe6\x9c\xac e\xcc\x81 x");
    (void)screen_puts(t.s, 1, 0, 5, STYLE_TEXT, "\xe6\x97\xa5\xe6\x9c\xac\xe8\xaa\x9e");
    (void)screen_puts(t.s, 2, 0, 20, STYLE_TEXT, "a\tb");
    int used =
        screen_puts(t.s, 3, 0, 20, STYLE_TEXT, "\xf0\x9f\x91\xa8\xe2\x80\x8d\xf0\x9f\x91\xa9|");
    (void)show(&t, false);
    check_line(&t, 0, "\xe6\x97\xa5\xe6\x9c\xac e\xcc\x81 x");
    check_line(&t, 1, "\xe6\x97\xa5\xe6\x9c\xac"); /* the third would not fit whole */
    check_line(&t, 2, "a   b");
    check_line(&t, 3, "\xf0\x9f\x91\xa8+|");
    assert_int_equal(used, 4);
    teardown(&t);
}

TEST(screen_lets_nothing_steer_the_terminal)
{
    struct shown t;
    setup(&t, "xterm-256color", 5, 40);
    screen_begin(t.s);
    (void)screen_puts(t.s, 0, 0, 40, STYLE_TEXT,
                      "a\033[2Jb\x07"
                      "c\xc2\x9b"
                      "1mX\nY");
    (void)show(&t, false);
    check_line(&t, 0, "a?[2Jb?c?1mX Y");
    teardown(&t);
}

TEST(screen_pays_little_for_a_key)
{
    struct shown t;
    char text[64] = "";
    size_t bytes = 0;
    setup(&t, "xterm-256color", 24, 80);
    for (int i = 0; i < 40; i++) {
        screen_begin(t.s);
        for (int row = 0; row < 24; row++)
            (void)screen_printf(t.s, row, 0, 80, STYLE_TEXT, "row %d of a text that stays", row);
        screen_fill(t.s, 10, 0, 80, STYLE_TEXT, ' ');
        (void)screen_puts(t.s, 10, 0, 80, STYLE_TEXT, text);
        screen_cursor(t.s, 10, i);
        size_t n = show(&t, false);
        if (i > 0)
            bytes += n;
        text[i] = (char)('a' + i % 26);
        text[i + 1] = '\0';
    }
    assert_true(bytes / 39 <= 20);
    check_cursor(&t, 10, 39);
    teardown(&t);
}

TEST(screen_draws_everything_anew_when_resized)
{
    struct shown t;
    setup(&t, "xterm-256color", 10, 40);
    screen_begin(t.s);
    (void)screen_puts(t.s, 9, 0, 40, STYLE_TEXT, "bottom");
    (void)show(&t, false);
    screen_resize(t.s, 6, 20);
    vterm_set_size(t.vt, 6, 20);
    t.rows = 6;
    t.cols = 20;
    screen_begin(t.s);
    (void)screen_puts(t.s, 5, 0, 20, STYLE_TEXT, "bottom");
    (void)show(&t, true);
    check_line(&t, 5, "bottom");
    check_line(&t, 0, "");
    teardown(&t);
}

TEST(screen_works_on_plain_terminals)
{
    struct shown t;
    setup(&t, "vt100", 5, 20);
    screen_begin(t.s);
    (void)screen_puts(t.s, 1, 1, 19, STYLE_PERSON, "person");
    (void)screen_puts(t.s, 2, 1, 19, STYLE_FOCUS, "focus");
    (void)show(&t, false);
    check_line(&t, 1, " person");
    check_line(&t, 2, " focus");
    teardown(&t);
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        UNIT(screen_shows_text_and_cursor),
        UNIT(screen_shows_wide_and_combining_characters),
        UNIT(screen_lets_nothing_steer_the_terminal),
        UNIT(screen_pays_little_for_a_key),
        UNIT(screen_draws_everything_anew_when_resized),
        UNIT(screen_works_on_plain_terminals),
    };
    (void)setlocale(LC_ALL, "C.UTF-8");
    return RUN(tests);
}
