// SPDX-License-Identifier: Apache-2.0
/*
 * The question at the foot of the screen.
 */
#include "ui/prompt.h"

#include <string.h>

#include "plimsoll/base/str.h"
#include "plimsoll/base/utf8.h"

#include "ui/cell.h"
#include "ui/textview.h"

static void start(struct prompt *p, const char *label, prompt_cb done, bool is_menu)
{
    memset(p, 0, sizeof(*p));
    p->is_open = true;
    p->is_menu = is_menu;
    (void)pl_strlcpy(p->label, label, sizeof(p->label));
    p->done = done;
}

static void insert(struct prompt *p, const char *text, size_t n)
{
    if (p->n + n >= sizeof(p->text)) {
        n = sizeof(p->text) - 1 - p->n;
        while (n > 0 && ((unsigned char)text[n] & 0xc0) == 0x80)
            n--; /* whole characters only */
    }
    memmove(p->text + p->caret + n, p->text + p->caret, p->n - p->caret + 1);
    for (size_t i = 0; i < n; i++)
        p->text[p->caret + i] = text[i] == '\n' || text[i] == '\t' ? ' ' : text[i];
    p->n += n;
    p->caret += n;
}

void prompt_ask(struct prompt *p, const char *label, const char *initial, prompt_cb done)
{
    start(p, label, done, false);
    insert(p, initial, strlen(initial));
}

void prompt_preset(struct prompt *p, const char *label, const char *preset, prompt_cb done)
{
    prompt_ask(p, label, preset, done);
    p->is_preset = true;
}

void prompt_again(struct prompt *p)
{
    p->is_open = true;
    p->is_again = true;
}

void prompt_menu(struct prompt *p, const char *label, prompt_cb done)
{
    start(p, label, done, true);
}

void prompt_option(struct prompt *p, const char *option)
{
    if (p->n_options < PROMPT_OPTIONS)
        p->options[p->n_options++] = option;
}

static void finish(struct prompt *p, struct ui *ui, bool taken)
{
    char text[PROMPT_TEXT];
    prompt_cb done = p->done;
    size_t at = p->at;
    (void)pl_strlcpy(text, p->is_menu ? p->options[at] : p->text, sizeof(text));
    p->is_open = false;
    done(ui, taken ? text : NULL, at);
}

static void cut(struct prompt *p, size_t from, size_t to)
{
    memmove(p->text + from, p->text + to, p->n - to + 1);
    p->n -= to - from;
    p->caret = from;
}

void prompt_type(struct prompt *p, struct ui *ui, const char *text, size_t n)
{
    if (!p->is_menu) {
        if (p->is_preset)
            cut(p, 0, p->n);
        p->is_preset = false;
        insert(p, text, n);
        return;
    }
    if (n != 1)
        return;
    enum ui_cmd cmd = keymap_find(CTX_MENU, (unsigned char)text[0], 0);
    bool is_letter = false;
    for (size_t i = 1; i <= p->n_options && !is_letter; i++) {
        size_t at = (p->at + i) % p->n_options;
        if (pl_ascii_lower(p->options[at][0]) == pl_ascii_lower(text[0])) {
            p->at = at;
            is_letter = true;
        }
    }
    if (!is_letter && cmd != CMD_NONE)
        prompt_command(p, ui, cmd);
}

static void menu_command(struct prompt *p, struct ui *ui, enum ui_cmd cmd)
{
    if (cmd == CMD_DOWN)
        p->at = p->at + 1 < p->n_options ? p->at + 1 : 0;
    else if (cmd == CMD_UP)
        p->at = p->at > 0 ? p->at - 1 : p->n_options - 1;
    else if (cmd == CMD_HOME)
        p->at = 0;
    else if (cmd == CMD_END)
        p->at = p->n_options - 1;
    else if (cmd == CMD_ENTER)
        finish(p, ui, true);
}

void prompt_command(struct prompt *p, struct ui *ui, enum ui_cmd cmd)
{
    struct textview v = {(const uint8_t *)p->text, p->n, 1000, NULL};
    if (cmd == CMD_CANCEL) {
        finish(p, ui, false);
        return;
    }
    if (p->is_menu) {
        menu_command(p, ui, cmd);
        return;
    }
    if (cmd == CMD_ACCEPT) {
        finish(p, ui, true);
        return;
    }
    if (p->is_preset && cmd == CMD_RUBOUT)
        cmd = CMD_LINE_RUBOUT;
    p->is_preset = false;
    if (cmd == CMD_LEFT && p->caret > 0)
        p->caret = cell_prev(v.p, v.n, p->caret);
    else if (cmd == CMD_RIGHT)
        p->caret = cell_next(v.p, v.n, p->caret);
    else if (cmd == CMD_HOME)
        p->caret = 0;
    else if (cmd == CMD_END)
        p->caret = p->n;
    else if (cmd == CMD_RUBOUT && p->caret > 0)
        cut(p, cell_prev(v.p, v.n, p->caret), p->caret);
    else if (cmd == CMD_DELETE && p->caret < p->n)
        cut(p, p->caret, cell_next(v.p, v.n, p->caret));
    else if (cmd == CMD_WORD_RUBOUT)
        cut(p, textview_word_left(&v, p->caret), p->caret);
    else if (cmd == CMD_LINE_RUBOUT)
        cut(p, 0, p->caret);
    else if (cmd == CMD_LINE_DELETE)
        cut(p, p->caret, p->n);
}

void prompt_click(struct prompt *p, struct ui *ui, int row)
{
    if (!p->is_menu || row < p->shown_row)
        return;
    size_t at = p->shown_at + (size_t)(row - p->shown_row);
    if (at >= p->n_options)
        return;
    p->at = at;
    finish(p, ui, true);
}

/* --- drawing
 * --------------------------------------------------------------------------------------- */

static void draw_menu(struct prompt *p, struct screen *s, int row, int cols, int top)
{
    int room = row - top > 2 ? row - top : 1;
    int n = (int)p->n_options < room ? (int)p->n_options : room;
    int from = (int)p->at < n ? 0 : (int)p->at - n + 1;
    int first = row - n + 1;
    p->shown_row = first;
    p->shown_at = (size_t)from;
    screen_fill(s, first - 1, 0, cols, STYLE_TEXT, '-');
    (void)screen_printf(s, first - 1, 1, cols - 1, STYLE_BOLD, " %s ", p->label);
    for (int i = 0; i < n; i++) {
        bool is_at = from + i == (int)p->at;
        screen_fill(s, first + i, 0, cols, STYLE_TEXT, ' ');
        (void)screen_printf(s, first + i, 1, cols - 1, is_at ? STYLE_FOCUS : STYLE_TEXT, "%c %s",
                            is_at ? '>' : ' ', p->options[from + i]);
        if (is_at)
            screen_cursor(s, first + i, 1);
    }
}

void prompt_draw(struct prompt *p, struct screen *s, int row, int cols, int top)
{
    if (p->is_menu) {
        draw_menu(p, s, row, cols, top);
        return;
    }
    screen_fill(s, row, 0, cols, STYLE_TEXT, ' ');
    int at = screen_printf(s, row, 1, cols / 2, STYLE_BOLD, "%s ", p->label) + 1;
    int room = cols - at - 1;
    size_t from = 0;
    const uint8_t *text = (const uint8_t *)p->text;
    while (from < p->caret && cell_width(p->text + from, p->caret - from) > room)
        from = cell_next(text, p->n, from);
    (void)screen_put(s, row, at, room, p->is_preset ? STYLE_FOCUS : STYLE_TEXT, p->text + from,
                     p->n - from);
    screen_cursor(s, row, at + cell_width(p->text + from, p->caret - from));
}
