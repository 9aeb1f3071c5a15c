// SPDX-License-Identifier: Apache-2.0
/*
 * Clicks and the wheel. Everything here can be done with keys as well, and goes the same way: a
 * click selects and a second one on the same line opens, as Enter does; the wheel moves as the
 * arrows do, three rows at a time. Only the left button means something.
 */
#include "ui/view.h"

#define TWICE_MS 500
#define WHEEL    3

/* The second press at the same place within half a second. */
static bool is_twice(struct ui *ui, const struct input_event *ev)
{
    uint64_t now = ui_now(ui);
    bool twice = ui->click_ms != 0 && now - ui->click_ms <= TWICE_MS && ui->click_row == ev->row &&
                 ui->click_view == (int)ui->view;
    ui->click_ms = twice ? 0 : now;
    ui->click_row = ev->row;
    ui->click_view = (int)ui->view;
    return twice;
}

static void go_tab(struct ui *ui, size_t tab)
{
    if (!ui->rv.is_open || tab >= UI_TABS)
        return;
    if (ui->rv.editor.review) /* as Esc: everything typed is kept */
        ui_command(ui, CMD_DONE);
    ui->view = VIEW_REVIEW;
    ui_command(ui, (enum ui_cmd)(CMD_TAB_1 + (int)tab));
}

static void click_row(struct ui *ui, size_t at, bool twice)
{
    struct list *l = ui->view == VIEW_ENTRY ? &ui->rv.fields : &ui->rv.lists[ui->rv.tab];
    if (at >= l->n || l->items[at].type == ITEM_HEAD)
        return;
    l->at = at;
    if (twice)
        ui_command(ui, CMD_ENTER);
}

static void click_home(struct ui *ui, size_t at, bool twice)
{
    if (at >= ui->home.n)
        return;
    ui->home.at = at;
    if (twice)
        ui_command(ui, CMD_ENTER);
}

static void click(struct ui *ui, const struct input_event *ev)
{
    const struct hit *h = hits_find(&ui->hits, ev->row, ev->col);
    unsigned ctx = ui_context(ui);
    enum ui_cmd hint =
        ev->row == screen_rows(ui->screen) - 1 ? keymap_hint_at(ctx, ui->hints_cols, ev->col) : 0;
    if (hint != CMD_NONE) {
        ui_command(ui, hint);
        return;
    }
    if (ui->prompt.is_open) {
        prompt_click(&ui->prompt, ui, ev->row);
        return;
    }
    bool twice = is_twice(ui, ev);
    if (!h)
        return;
    size_t row = h->arg + (size_t)(ev->row - h->row);
    if (h->type == HIT_TAB)
        go_tab(ui, h->arg);
    else if (h->type == HIT_PERSON)
        go_tab(ui, h->arg - 1);
    else if (h->type == HIT_STATE)
        page_kept(ui);
    else if (h->type == HIT_HOME)
        click_home(ui, row, twice);
    else if (h->type == HIT_LIST)
        click_row(ui, row, twice);
    else if (h->type == HIT_TEXT)
        editor_click(&ui->rv.editor, ev->row - h->row, ev->col - h->col);
    else if (h->type == HIT_SHOWN && twice)
        ui_command(ui, CMD_EDIT);
}

static void wheel(struct ui *ui, bool down)
{
    if (ui->rv.editor.review && !ui->prompt.is_open) {
        editor_scroll(&ui->rv.editor, down ? WHEEL : -WHEEL);
        return;
    }
    int steps = ui->prompt.is_open ? 1 : WHEEL;
    for (int i = 0; i < steps; i++)
        ui_command(ui, down ? CMD_DOWN : CMD_UP);
}

void ui_mouse(struct ui *ui, const struct input_event *ev)
{
    bool is_wheel = ev->mouse == MOUSE_WHEEL_UP || ev->mouse == MOUSE_WHEEL_DOWN;
    if (screen_rows(ui->screen) < UI_MIN_ROWS || screen_cols(ui->screen) < UI_MIN_COLS)
        return; /* nothing of it is shown */
    if (ui->page != PAGE_NONE)
        page_mouse(ui, ev);
    else if (is_wheel)
        wheel(ui, ev->mouse == MOUSE_WHEEL_DOWN);
    else if (ev->mouse == MOUSE_PRESS && ev->button == 0)
        click(ui, ev);
}
