// SPDX-License-Identifier: Apache-2.0
/*
 * Home: the reviews that I take part in, newest first. A review is opened or started from here.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "plimsoll/base/mem.h"
#include "plimsoll/base/rng.h"
#include "plimsoll/base/str.h"
#include "plimsoll/base/time.h"

#include "ui/view.h"

#define TIMEOUT_MS 10000
#define ROWS_MAX   200

static void forget(struct home *h)
{
    for (size_t i = 0; i < h->n; i++)
        free(h->rows[i].title);
    free(h->rows);
    h->rows = NULL;
    h->n = 0;
}

void home_release(struct home *h)
{
    forget(h);
}

/* --- the list
 * --------------------------------------------------------------------------------------- */

static void on_list(void *ctx, int rc, struct pl_msg *m, const struct pl_err *e)
{
    struct ui *ui = ctx;
    struct home *h = &ui->home;
    uint64_t at = h->at < h->n ? h->rows[h->at].id : 0;
    h->is_asking = false;
    if (rc < 0) {
        if (!ui->is_down && e->code != PL_E_CLOSED)
            ui_say_error(ui, e);
        return;
    }
    forget(h);
    h->is_loaded = true;
    h->n = m->u.list_reply.n;
    h->rows = pl_xcalloc(h->n + 1, sizeof(*h->rows));
    h->at = 0;
    for (size_t i = 0; i < h->n; i++) {
        const struct pl_review_row *r = &m->u.list_reply.items[i];
        h->rows[i] =
            (struct home_row){r->review, pl_xstrdup(r->title), r->severity, r->status, r->stage,
                              r->role,   r->changed_us};
        if (r->review == at)
            h->at = i;
    }
    ui_dirty(ui);
}

void home_ask(struct ui *ui)
{
    struct pl_msg m = {.type = PL_MSG_LIST};
    if (ui->home.is_asking)
        return;
    ui->home.is_asking = true;
    m.u.list.limit = ROWS_MAX;
    m.u.list.mine = true;
    client_call(ui->client, &m, TIMEOUT_MS, on_list, ui);
}

/* --- a new review
 * ----------------------------------------------------------------------------------- */

static void on_title(struct ui *ui, const char *text, size_t choice);

/* With the title that was not taken, if there is one. */
static void ask_title(struct ui *ui)
{
    bool is_again = ui->home.new_title[0] != '\0';
    if (ui->view != VIEW_HOME || ui->prompt.is_open)
        return;
    prompt_ask(&ui->prompt, "Title of the new review:", ui->home.new_title, on_title);
    ui->prompt.is_again = is_again;
}

static void on_created(void *ctx, int rc, struct pl_msg *m, const struct pl_err *e)
{
    struct ui *ui = ctx;
    if (rc < 0) {
        ui_say_error(ui, e);
        ask_title(ui); /* the title is not lost */
    } else if (ui->view == VIEW_HOME) {
        rview_open(ui, m->u.created.review);
    }
    if (rc == 0)
        ui->home.new_title[0] = '\0';
    ui_dirty(ui);
}

static void on_severity(struct ui *ui, const char *text, size_t choice)
{
    uint8_t op_id[16];
    struct pl_msg m = {.type = PL_MSG_CREATE};
    if (!text)
        return;
    pl_random_bytes(op_id, sizeof(op_id));
    m.u.create.op_id = (struct pl_bytes){op_id, sizeof(op_id)};
    m.u.create.title = ui->home.new_title;
    m.u.create.severity = choice < 4 ? (uint32_t)choice + 1 : 0;
    client_call(ui->client, &m, TIMEOUT_MS, on_created, ui);
}

static void on_title(struct ui *ui, const char *text, size_t choice)
{
    (void)choice;
    if (!text || !text[0])
        return;
    (void)pl_strlcpy(ui->home.new_title, text, sizeof(ui->home.new_title));
    prompt_menu(&ui->prompt, "Severity", on_severity);
    prompt_option(&ui->prompt, "S1 critical");
    prompt_option(&ui->prompt, "S2 high");
    prompt_option(&ui->prompt, "S3 medium");
    prompt_option(&ui->prompt, "S4 low");
    prompt_option(&ui->prompt, "not known yet");
}

void home_command(struct ui *ui, enum ui_cmd cmd)
{
    struct home *h = &ui->home;
    size_t page = h->shown > 1 ? (size_t)h->shown - 1 : 1;
    size_t step = cmd == CMD_PAGE_UP || cmd == CMD_PAGE_DOWN   ? page
                  : cmd == CMD_HALF_UP || cmd == CMD_HALF_DOWN ? (page + 1) / 2
                                                               : 1;
    if (cmd == CMD_DOWN || cmd == CMD_PAGE_DOWN || cmd == CMD_HALF_DOWN)
        h->at = h->at + step < h->n ? h->at + step : h->n > 0 ? h->n - 1 : 0;
    else if (cmd == CMD_UP || cmd == CMD_PAGE_UP || cmd == CMD_HALF_UP)
        h->at = h->at > step ? h->at - step : 0;
    else if (cmd == CMD_HOME)
        h->at = 0;
    else if (cmd == CMD_END)
        h->at = h->n > 0 ? h->n - 1 : 0;
    else if (cmd == CMD_ENTER && h->at < h->n)
        rview_open(ui, h->rows[h->at].id);
    else if (cmd == CMD_ADD)
        ask_title(ui);
}

/* --- drawing
 * --------------------------------------------------------------------------------------- */

static const char *name_or_dash(uint32_t en, uint32_t value)
{
    const char *s = pl_enum_name(en, value);
    return s ? s : "-";
}

static void draw_row(struct ui *ui, const struct home_row *r, int row, int cols, bool is_at)
{
    struct screen *s = ui->screen;
    struct pl_civil c;
    char id[24];
    int right = cols >= 80 ? 43 : 16;
    (void)snprintf(id, sizeof(id), "%c REV-%llu", is_at ? '>' : ' ', (unsigned long long)r->id);
    (void)screen_puts(s, row, 1, 11, is_at ? STYLE_FOCUS : STYLE_TEXT, id);
    (void)screen_puts(s, row, 12, cols - right - 13, STYLE_TEXT, r->title);
    int at = cols - right;
    if (r->severity)
        (void)screen_printf(s, row, at, 3, STYLE_TEXT, "S%u", r->severity);
    (void)screen_puts(s, row, at + 3, 12, STYLE_TEXT, name_or_dash(PL_EN_STATUS, r->status));
    if (cols < 80)
        return;
    pl_civil_from_us(r->changed_us, 0, &c);
    (void)screen_puts(s, row, at + 15, 12, STYLE_TEXT, name_or_dash(PL_EN_ROLE, r->role));
    (void)screen_printf(s, row, at + 28, 14, STYLE_TEXT, "%02d-%02d %02d:%02dZ", c.month, c.day,
                        c.hour, c.minute);
}

void home_draw(struct ui *ui, const struct editor_area *a)
{
    struct home *h = &ui->home;
    struct screen *s = ui->screen;
    if (h->n == 0) {
        const char *text = h->is_loaded   ? "No reviews yet. Start one: a"
                           : !ui->is_down ? "Reading your reviews"
                                          : "Not connected yet. A review that you opened before: "
                                            "plimsoll REV-1";
        (void)screen_puts(s, a->row, 2, a->cols - 2, STYLE_TEXT, text);
        screen_cursor(s, a->row, 2);
        return;
    }
    (void)screen_puts(s, a->row, 3, a->cols, STYLE_DIM, "ID       Title");
    (void)screen_puts(s, a->row, a->cols - (a->cols >= 80 ? 43 : 16), a->cols, STYLE_DIM,
                      a->cols >= 80 ? "Sev Status     Role         Changed" : "Sev Status");
    int rows = a->rows - 1 > 0 ? a->rows - 1 : 1;
    h->shown = rows;
    if (h->at < h->top)
        h->top = h->at;
    if (h->at >= h->top + (size_t)rows)
        h->top = h->at - (size_t)rows + 1;
    hits_add(&ui->hits, &(struct hit){HIT_HOME, a->row + 1, a->col, rows, a->cols, h->top});
    for (int i = 0; i < rows && h->top + (size_t)i < h->n; i++) {
        size_t at = h->top + (size_t)i;
        draw_row(ui, &h->rows[at], a->row + 1 + i, a->cols, at == h->at);
        if (at == h->at)
            screen_cursor(s, a->row + 1 + i, 1);
    }
}
