// SPDX-License-Identifier: Apache-2.0
/*
 * A whole frame: top lines, body, question or message, hints. Smaller than 40x8 there is only one
 * line; everything works on underneath.
 */
#include <string.h>

#include "ui/cell.h"
#include "ui/view.h"

#define MESSAGE_ROWS 3

/* Rows that the message takes: one, even when there is none, up to three. */
static int message_rows(struct ui *ui, int cols)
{
    struct textview v = {(const uint8_t *)ui->message, strlen(ui->message), cols - 2, NULL};
    struct textview_row r = {.next = 0};
    int n = 0;
    if (ui->message_until != 0 && ui_now(ui) >= ui->message_until)
        ui->message[0] = '\0';
    if (!ui->message[0])
        return 1;
    if (ui->message_until != UI_NEVER)
        ui_wake_at(ui, ui->message_until);
    do {
        textview_row(&v, r.next, &r);
        n++;
    } while (!r.is_last && n < MESSAGE_ROWS);
    return n;
}

static void draw_message(struct ui *ui, int row, int rows, int cols)
{
    struct textview v = {(const uint8_t *)ui->message, strlen(ui->message), cols - 2, NULL};
    struct textview_row r = {.next = 0};
    for (int i = 0; i < rows && !r.is_last; i++) {
        textview_row(&v, r.next, &r);
        (void)screen_put(ui->screen, row + i, 1, cols - 1, ui->message_style, ui->message + r.from,
                         r.to - r.from);
    }
}

static void draw_foot(struct ui *ui, int row, int cols, int top)
{
    char hints[512];
    unsigned ctx = ui_context(ui);
    ui->hints_cols = cols;
    keymap_hints(ctx, cols, hints, sizeof(hints));
    (void)screen_puts(ui->screen, row + 1, 0, cols, STYLE_DIM, hints);
    if (ui->prompt.is_open)
        prompt_draw(&ui->prompt, ui->screen, row, cols, top);
}

void ui_paint(struct ui *ui)
{
    int rows = screen_rows(ui->screen);
    int cols = screen_cols(ui->screen);
    if (rows < UI_MIN_ROWS || cols < UI_MIN_COLS) {
        (void)screen_printf(ui->screen, 0, 0, cols, STYLE_TEXT, "40x8 needed, %s",
                            ui->is_down ? "offline" : "still connected");
        screen_cursor(ui->screen, 0, 0);
        return;
    }
    rview_refresh(ui);
    hits_clear(&ui->hits);
    int said = message_rows(ui, cols);
    /* What was wrong with an answer stands over the question that is asked again. */
    int below = ui->prompt.is_open && ui->prompt.is_again && ui->message[0] ? 1 : 0;
    if (rows - 4 - said - below < 2)
        said = 1;
    status_draw_top(ui, cols);
    if (!status_draw_banner(ui, 2, cols))
        screen_fill(ui->screen, 2, 0, cols, STYLE_TEXT, '-');
    struct editor_area body = {3, 0, rows - 4 - said - below, cols};
    screen_cursor(ui->screen, 3, 0);
    if (ui->page != PAGE_NONE)
        page_draw(ui, &body);
    else if (ui->view == VIEW_HOME)
        home_draw(ui, &body);
    else if (ui->rv.editor.review)
        entry_draw_editor(ui, &body);
    else if (ui->view == VIEW_ENTRY)
        entry_draw(ui, &body);
    else
        rview_draw(ui, &body);
    draw_message(ui, rows - 1 - said - below, said, cols);
    draw_foot(ui, rows - 2, cols, body.row);
}
