// SPDX-License-Identifier: Apache-2.0
/*
 * The full screen from start to end: terminal, loop, link, and when something is painted: at the
 * end of a turn of the loop in which something changed, at most 30 times a second for what only
 * others did, never while the terminal lags.
 */
#include <langinfo.h>
#include <locale.h>
#include <stdlib.h>
#include <string.h>

#include "plimsoll/base/log.h"
#include "plimsoll/base/mem.h"
#include "plimsoll/base/str.h"
#include "plimsoll/base/time.h"

#include "ui/view.h"

#define SOFT_MS   33
#define FRAME_MAX (8u * 1024u * 1024u)

/* --- painting when due
 * ----------------------------------------------------------------------------- */

static void on_wake(uv_timer_t *t)
{
    struct ui *ui = t->data;
    ui_dirty(ui);
}

void ui_wake_at(struct ui *ui, uint64_t ms)
{
    if (ui->wake_at != 0 && ui->wake_at <= ms)
        return;
    uint64_t now = uv_now(&ui->loop);
    ui->wake_at = ms;
    (void)uv_timer_start(&ui->wake, on_wake, ms > now ? ms - now : 0, 0);
}

void ui_dirty(struct ui *ui)
{
    ui->is_dirty = true;
}

uint64_t ui_now(const struct ui *ui)
{
    return uv_now(&ui->loop);
}

static void paint(struct ui *ui)
{
    struct pl_err e;
    pl_err_init(&e);
    ui->is_dirty = ui->is_soft_dirty = false;
    ui->wake_at = 0;
    (void)uv_timer_stop(&ui->wake);
    ui->painted_ms = ui_now(ui);
    screen_begin(ui->screen);
    ui_paint(ui);
    pl_buf_clear(&ui->frame);
    if (screen_end(ui->screen, ui->paint_all, &ui->frame, &e) < 0) {
        ui->paint_all = true; /* the terminal missed this one */
        return;
    }
    ui->paint_all = false;
    term_frame(ui->term, ui->frame.data, ui->frame.len);
    term_cursor_bar(ui->term, (ui_context(ui) & (CTX_EDIT | CTX_PROMPT)) != 0);
}

static void end(struct ui *ui)
{
    ui->is_over = true;
    uv_stop(&ui->loop);
}

static void on_prepare(uv_prepare_t *p)
{
    struct ui *ui = p->data;
    bool saved = ui->rv.review == NULL || sync_is_saved(review_sync(ui->rv.review));
    if (ui->is_quitting && (saved || ui_now(ui) >= ui->quit_at)) {
        end(ui);
        return;
    }
    if (ui->view == VIEW_HOME && ui->rv.review && saved)
        rview_close(ui);
    if (ui->is_soft_dirty && !ui->is_dirty) {
        if (ui_now(ui) - ui->painted_ms >= SOFT_MS)
            ui->is_dirty = true;
        else
            ui_wake_at(ui, ui->painted_ms + SOFT_MS);
    }
    if (ui->is_dirty && ui->screen && !term_is_busy(ui->term))
        paint(ui);
    if (ui->rv.is_opening && !ui->is_dirty) {
        rview_load(ui);
        if (ui->is_dirty)
            ui_wake_at(ui, ui_now(ui)); /* the loop must not sleep on what it changed */
    }
}

/* --- the terminal
 * ---------------------------------------------------------------------------------- */

static void on_esc(uv_timer_t *t)
{
    struct ui *ui = t->data;
    input_timeout(&ui->input);
}

static void on_bytes(void *ctx, const uint8_t *bytes, size_t n)
{
    struct ui *ui = ctx;
    (void)uv_timer_stop(&ui->esc);
    input_feed(&ui->input, bytes, n);
    if (input_is_waiting(&ui->input))
        (void)uv_timer_start(&ui->esc, on_esc, getenv("SSH_TTY") ? 100 : 25, 0);
}

static void on_drained(void *ctx)
{
    (void)ctx; /* what is dirty is painted at the end of this turn */
}

static void on_resized(void *ctx)
{
    struct ui *ui = ctx;
    int rows = 0;
    int cols = 0;
    term_size(ui->term, &rows, &cols);
    screen_resize(ui->screen, rows, cols);
    ui->paint_all = true;
    ui_dirty(ui);
}

static void on_resumed(void *ctx)
{
    on_resized(ctx);
}

static void on_ended(void *ctx, int signal_no)
{
    struct ui *ui = ctx;
    if (signal_no == 0)
        ui->rc = pl_fail(&ui->err, PL_E_CLOSED, "the terminal has gone");
    end(ui); /* what was typed is in the journal */
}

/* --- the link
 * -------------------------------------------------------------------------------------- */

static void on_link(void *ctx, enum link_state state, int code, const char *why, int64_t retry_ms)
{
    struct ui *ui = ctx;
    (void)code;
    (void)retry_ms;
    if (state == LINK_UP) {
        size_t n = status_unsent(ui);
        if (ui->is_down && n > 0)
            ui_say(ui, STYLE_OK, "Connected again, sending what was kept (%zu)", n);
        ui->is_down = false;
        ui->was_up = true;
        ui->link_stopped = false;
        if (ui->view == VIEW_HOME)
            home_ask(ui);
    } else {
        if (!ui->is_down)
            ui->down_since_us = pl_now_us();
        ui->is_down = true;
        ui->link_stopped = state == LINK_STOPPED;
        (void)pl_strlcpy(ui->link_why, why, sizeof(ui->link_why));
    }
    ui_dirty(ui);
}

/* --- life
 * ----------------------------------------------------------------------------------------- */

static int start_client(struct ui *ui, const struct ui_options *o, struct pl_err *e)
{
    char name[TRUST_PROFILE_MAX + 1];
    struct client_options co = {.server = o->server ? o->server : getenv("PLIMSOLL_SERVER"),
                                .watch_log = true};
    struct client_handlers h = {on_link, ui};
    int rc = trust_choose(NULL, o->profile, name, e);
    if (rc == 0)
        rc = trust_load(NULL, name, &ui->profile, e);
    return rc < 0 ? rc : client_new(&ui->client, &ui->loop, &ui->profile, &co, &h, e);
}

static int start_screen(struct ui *ui, struct pl_err *e)
{
    struct term_handlers h = {on_bytes, on_drained, on_resized, on_resumed, on_ended, ui};
    const char *term = getenv("TERM");
    const char *no_color = getenv("NO_COLOR");
    int rows = 0;
    int cols = 0;
    if (!term || pl_str_eq(term, "dumb"))
        return pl_fail(e, PL_E_USAGE,
                       "the full screen needs a terminal that can move its cursor; the verbs work "
                       "here: plimsoll list, plimsoll show REV-1");
    int rc = term_open(&ui->term, &ui->loop, &h, e);
    if (rc < 0)
        return rc;
    term_size(ui->term, &rows, &cols);
    ui->screen = screen_new(term, rows, cols,
                            no_color && no_color[0] ? SCREEN_COLOURS_NONE : SCREEN_COLOURS_AUTO, e);
    return ui->screen ? 0 : -PL_E_IO;
}

static void start_handles(struct ui *ui)
{
    PL_ASSERT(uv_loop_init(&ui->loop) == 0);
    PL_ASSERT(uv_prepare_init(&ui->loop, &ui->prepare) == 0);
    PL_ASSERT(uv_timer_init(&ui->loop, &ui->wake) == 0);
    PL_ASSERT(uv_timer_init(&ui->loop, &ui->esc) == 0);
    ui->prepare.data = ui->wake.data = ui->esc.data = ui;
    (void)uv_prepare_start(&ui->prepare, on_prepare);
    input_init(&ui->input, ui_event, ui);
    pl_buf_init(&ui->frame, FRAME_MAX);
}

static void stop(struct ui *ui)
{
    /* First the terminal: whatever is said from here on must be readable. */
    term_close(ui->term);
    screen_free(ui->screen);
    ui->screen = NULL;
    if (ui->rv.review)
        rview_close(ui);
    if (ui->client)
        client_close(ui->client, NULL, NULL);
    uv_close((uv_handle_t *)&ui->prepare, NULL);
    uv_close((uv_handle_t *)&ui->wake, NULL);
    uv_close((uv_handle_t *)&ui->esc, NULL);
    (void)uv_run(&ui->loop, UV_RUN_DEFAULT);
    PL_ASSERT(uv_loop_close(&ui->loop) == 0);
    for (size_t i = 0; i < UI_TABS; i++)
        list_release(&ui->rv.lists[i]);
    list_release(&ui->rv.fields);
    home_release(&ui->home);
    pl_buf_release(&ui->rv.kept);
    trust_release(&ui->profile);
    input_release(&ui->input);
    pl_buf_release(&ui->frame);
    pl_mem_free(PL_MEM_VIEW, ui);
}

static void discard_log(void *ctx, enum pl_log_level level, const char *line, size_t n)
{
    (void)ctx;
    (void)level;
    (void)line;
    (void)n;
}

int ui_run(const struct ui_options *o, struct pl_err *e)
{
    struct ui *ui = pl_mem_calloc(PL_MEM_VIEW, 1, sizeof(*ui));
    pl_err_init(&ui->err);
    if (!pl_str_eq(nl_langinfo(CODESET), "UTF-8"))
        (void)setlocale(LC_CTYPE, "C.UTF-8"); /* what terminals speak, whatever LANG says */
    pl_log_set_sink(discard_log, NULL);       /* lines on standard error would spoil the screen */
    start_handles(ui);
    int rc = start_client(ui, o, e);
    if (rc == 0)
        rc = start_screen(ui, e);
    if (rc == 0) {
        if (o->review)
            rview_open(ui, o->review);
        ui_dirty(ui);
        (void)uv_run(&ui->loop, UV_RUN_DEFAULT);
        rc = ui->rc < 0 ? pl_fail(e, ui->err.code, "%s", ui->err.text) : 0;
    }
    stop(ui);
    pl_log_set_sink(NULL, NULL);
    return rc;
}
