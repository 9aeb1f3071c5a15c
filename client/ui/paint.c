// SPDX-License-Identifier: Apache-2.0
/*
 * A whole frame: top lines, body, question or message, hints. Smaller than 40x8 there is only one
 * line; everything works on underneath.
 */
#include <string.h>

#include "ui/cell.h"
#include "ui/view.h"

#define MIN_ROWS 8
#define MIN_COLS 40

static void draw_help(struct ui *ui, const struct editor_area *a)
{
    const char *shown = NULL;
    const char *text = NULL;
    size_t n = 0;
    unsigned ctx = ui_context(ui);
    while (keymap_help(ctx, n, &shown, &text))
        n++;
    size_t rows = a->rows > 1 ? (size_t)a->rows - 1 : 1;
    if (ui->help_top + rows > n)
        ui->help_top = n > rows ? n - rows : 0;
    (void)screen_puts(ui->screen, a->row, 1, a->cols, STYLE_BOLD,
                      "Keys here (any other key goes back)");
    for (size_t i = 0; i < rows && keymap_help(ctx, ui->help_top + i, &shown, &text); i++) {
        int row = a->row + 1 + (int)i;
        (void)screen_puts(ui->screen, row, 2, 12, STYLE_BOLD, shown);
        (void)screen_puts(ui->screen, row, 14, a->cols - 14, STYLE_TEXT, text);
    }
    screen_cursor(ui->screen, a->row, 1);
}

static void draw_foot(struct ui *ui, int row, int cols, int top)
{
    char hints[512];
    unsigned ctx = ui_context(ui);
    if (ui->message_until != 0 && ui_now(ui) >= ui->message_until)
        ui->message[0] = '\0';
    if (ui->message[0]) {
        (void)screen_puts(ui->screen, row, 1, cols - 1, ui->message_style, ui->message);
        ui_wake_at(ui, ui->message_until);
    }
    keymap_hints(ctx, cols, hints, sizeof(hints));
    (void)screen_puts(ui->screen, row + 1, 0, cols, STYLE_DIM, hints);
    if (ui->prompt.is_open)
        prompt_draw(&ui->prompt, ui->screen, row, cols, top);
}

void ui_paint(struct ui *ui)
{
    int rows = screen_rows(ui->screen);
    int cols = screen_cols(ui->screen);
    if (rows < MIN_ROWS || cols < MIN_COLS) {
        (void)screen_printf(ui->screen, 0, 0, cols, STYLE_TEXT, "40x8 needed, %s",
                            ui->is_down ? "offline" : "still connected");
        screen_cursor(ui->screen, 0, 0);
        return;
    }
    rview_refresh(ui);
    status_draw_top(ui, cols);
    if (!status_draw_banner(ui, 2, cols))
        screen_fill(ui->screen, 2, 0, cols, STYLE_TEXT, '-');
    struct editor_area body = {3, 0, rows - 5, cols};
    screen_cursor(ui->screen, 3, 0);
    if (ui->is_help)
        draw_help(ui, &body);
    else if (ui->view == VIEW_HOME)
        home_draw(ui, &body);
    else if (ui->rv.editor.review)
        entry_draw_editor(ui, &body);
    else if (ui->view == VIEW_ENTRY)
        entry_draw(ui, &body);
    else
        rview_draw(ui, &body);
    draw_foot(ui, rows - 2, cols, body.row);
}
