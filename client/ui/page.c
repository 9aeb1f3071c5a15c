// SPDX-License-Identifier: Apache-2.0
/*
 * Pages that lie over everything until a key is pressed: the keys of this place, and what the
 * server refused, with where it is kept. What was refused is shown from memory, so it can be read
 * even when no file could be written.
 */
#include <stdio.h>
#include <string.h>

#include "plimsoll/base/time.h"
#include "plimsoll/doc/schema.h"

#include "model/refusal.h"
#include "sync/rescue.h"
#include "ui/view.h"

#define KEPT_NOTE 512u /* bytes for what ends the page when it is full */

/* --- what was refused
 * ------------------------------------------------------------------------------- */

/* Adds one refusal. A text that is in a file is left out when the page is long; one that is only
 * here is held as far as there is room at all. False: some of it did not fit. */
static bool add_refused(struct ui *ui, const struct refusal *said, const struct pl_cs *lost,
                        const char *path)
{
    struct pl_buf *b = &ui->rv.kept;
    struct pl_civil t;
    char id[PL_SHORT_ID_MAX];
    pl_civil_from_us(pl_now_us(), 0, &t);
    pl_short_id_format(id, PL_KIND_REVIEW, (int64_t)ui->rv.id);
    b->max = UI_KEPT_ONLY_MAX - KEPT_NOTE; /* there is always room for the note */
    int rc = pl_buf_printf(b, "%02d:%02dZ  %s  Refused: %s\n%s%s", t.hour, t.minute, id, said->why,
                           said->next, said->next[0] ? "\n" : "");
    if (rc == 0 && !lost)
        rc = pl_buf_add_str(b, "No text was lost by it\n");
    else if (rc == 0 && path[0])
        rc = pl_buf_printf(b, "Kept in %s\n", path);
    else if (rc == 0)
        rc = pl_buf_printf(b, "ONLY HERE, copy it: no file could be written: %s\n",
                           review_rescue_trouble(ui->rv.review));
    size_t n = b->len;
    if (rc == 0 && lost)
        rc = rescue_describe(lost, review_doc(ui->rv.review), b);
    b->max = UI_KEPT_ONLY_MAX;
    if (path[0] && (rc < 0 || b->len > UI_KEPT_MAX)) {
        b->len = n;
        return pl_buf_add_str(b, "(too much to show here: see the file)\n\n") == 0;
    }
    const char *end = rc < 0 ? "\n(CUT: no room for more, the rest is lost)\n\n" : "\n";
    return pl_buf_add_str(b, end) == 0 && rc == 0;
}

void page_refused(struct ui *ui, const struct refusal *said, const struct pl_cs *lost)
{
    struct rview *rv = &ui->rv;
    bool has_text = lost && !pl_cs_is_empty(lost);
    const char *path = has_text ? review_rescue_path(rv->review) : "";
    if (rv->kept.max == 0)
        pl_buf_init(&rv->kept, UI_KEPT_ONLY_MAX);
    bool is_whole = add_refused(ui, said, has_text ? lost : NULL, path);
    rv->n_refused++;
    if (has_text && !path[0]) {
        rv->n_only_here++;
        ui_say(ui, STYLE_LATE, "Refused: %.90s. Your text is ONLY HERE%s (%.100s): K shows it (F4)",
               said->why, is_whole ? "" : " and CUT, there is no room",
               review_rescue_trouble(rv->review));
    } else {
        ui_say(ui, STYLE_LATE, "Refused: %.170s. %s: K shows it (F4 while editing), and what to do",
               said->why, has_text ? "Your text is kept" : "Nothing was lost");
    }
    ui->message_until = UI_NEVER;
}

void page_kept(struct ui *ui)
{
    if (ui->rv.kept.len == 0) {
        ui_say(ui, STYLE_TEXT, "Nothing was refused");
        return;
    }
    ui->page = PAGE_KEPT;
    ui->page_top = 0;
    ui->rv.n_refused = 0;
    if (ui->message_until == UI_NEVER)
        ui->message[0] = '\0';
}

void page_help(struct ui *ui)
{
    ui->page = PAGE_HELP;
    ui->page_top = 0;
}

/* --- keys and mouse
 * --------------------------------------------------------------------------------- */

static void scroll(struct ui *ui, int rows)
{
    size_t n = (size_t)(rows < 0 ? -rows : rows);
    if (rows > 0)
        ui->page_top += n; /* the end is known when it is drawn */
    else
        ui->page_top -= n < ui->page_top ? n : ui->page_top;
}

/* By how many rows a key scrolls; 0: it is no key for that. */
static int scroll_of(const struct input_event *ev)
{
    static const struct {
        uint32_t key;
        char letter;
        int rows;
    } keys[] = {{IK_DOWN, 'j', 1},      {IK_UP, 'k', -1},     {IK_PAGE_DOWN, ' ', 10},
                {IK_PAGE_UP, 'b', -10}, {IK_END, 'G', 10000}, {IK_HOME, 'g', -10000}};
    for (size_t i = 0; i < sizeof(keys) / sizeof(keys[0]); i++)
        if (ev->type == INPUT_KEY ? ev->key == keys[i].key && ev->mods == 0
                                  : ev->n > 0 && ev->text[0] == keys[i].letter)
            return keys[i].rows;
    return 0;
}

void page_event(struct ui *ui, const struct input_event *ev)
{
    bool is_typed = ev->type == INPUT_KEY || ev->type == INPUT_TEXT;
    int rows = is_typed ? scroll_of(ev) : 0;
    if (rows != 0)
        scroll(ui, rows);
    else if (is_typed)
        ui->page = PAGE_NONE;
}

void page_mouse(struct ui *ui, const struct input_event *ev)
{
    if (ev->mouse == MOUSE_WHEEL_DOWN || ev->mouse == MOUSE_WHEEL_UP)
        scroll(ui, ev->mouse == MOUSE_WHEEL_DOWN ? 3 : -3);
    else if (ev->mouse == MOUSE_PRESS && ev->button == 0)
        ui->page = PAGE_NONE;
}

/* --- drawing
 * --------------------------------------------------------------------------------------- */

/* The page's name, which rows of how many are here, and how to see the others. */
static void draw_head(struct ui *ui, const struct editor_area *a, const char *name, size_t rows,
                      size_t n)
{
    size_t end = ui->page_top + rows < n ? ui->page_top + rows : n;
    if (rows < n)
        (void)screen_printf(ui->screen, a->row, 1, a->cols - 1, STYLE_BOLD,
                            "%s, %zu-%zu of %zu (j, k, PgDn, PgUp scroll; any other key goes back)",
                            name, ui->page_top + 1, end, n);
    else
        (void)screen_printf(ui->screen, a->row, 1, a->cols - 1, STYLE_BOLD,
                            "%s (any other key goes back)", name);
}

static void draw_help(struct ui *ui, const struct editor_area *a)
{
    const char *shown = NULL;
    const char *text = NULL;
    size_t n = 0;
    unsigned ctx = ui_context(ui);
    while (keymap_help(ctx, n, &shown, &text))
        n++;
    size_t rows = a->rows > 1 ? (size_t)a->rows - 1 : 1;
    if (ui->page_top + rows > n)
        ui->page_top = n > rows ? n - rows : 0;
    draw_head(ui, a, "Keys here", rows, n);
    for (size_t i = 0; i < rows && keymap_help(ctx, ui->page_top + i, &shown, &text); i++) {
        int row = a->row + 1 + (int)i;
        (void)screen_puts(ui->screen, row, 2, 12, STYLE_BOLD, shown);
        (void)screen_puts(ui->screen, row, 14, a->cols - 14, STYLE_TEXT, text);
    }
}

static void draw_kept(struct ui *ui, const struct editor_area *a)
{
    struct textview v = {ui->rv.kept.data, ui->rv.kept.len, a->cols - 3, NULL};
    struct textview_row r = {.next = 0};
    size_t rows = a->rows > 1 ? (size_t)a->rows - 1 : 1;
    size_t n = 0;
    do {
        textview_row(&v, r.next, &r);
        n++;
    } while (!r.is_last);
    if (ui->page_top + rows > n)
        ui->page_top = n > rows ? n - rows : 0;
    draw_head(ui, a, "What was refused, and where it is kept", rows, n);
    r = (struct textview_row){.next = 0};
    for (size_t i = 0; i < n && i < ui->page_top + rows; i++) {
        textview_row(&v, r.next, &r);
        if (i >= ui->page_top)
            (void)screen_put(ui->screen, a->row + 1 + (int)(i - ui->page_top), 2, a->cols - 2,
                             STYLE_TEXT, (const char *)v.p + r.from, r.to - r.from);
    }
}

void page_draw(struct ui *ui, const struct editor_area *a)
{
    if (ui->page == PAGE_KEPT && ui->rv.kept.len > 0)
        draw_kept(ui, a);
    else
        draw_help(ui, a);
    screen_cursor(ui->screen, a->row, 1);
}
