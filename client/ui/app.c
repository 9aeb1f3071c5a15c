// SPDX-License-Identifier: Apache-2.0
/*
 * From events to commands: which part of the screen an event is for, and what is the same
 * everywhere (help, redraw, suspend, quit). Typing into a list is caught before it does harm.
 */
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "plimsoll/base/str.h"
#include "plimsoll/base/utf8.h"

#include "model/refusal.h"
#include "ui/view.h"

#define MESSAGE_MS 6000
#define QUIT_MS    1000

void ui_say(struct ui *ui, enum style st, const char *fmt, ...)
{
    va_list ap;
    va_start(ap, fmt);
    (void)vsnprintf(ui->message, sizeof(ui->message), fmt, ap);
    va_end(ap);
    ui->message_style = st;
    ui->message_until = ui_now(ui) + MESSAGE_MS;
    ui_dirty(ui);
}

void ui_say_error(struct ui *ui, const struct pl_err *e)
{
    const struct pl_error_info *i = pl_error_info(e->code);
    char next[PL_ERR_TEXT_MAX];
    refusal_next(next, e->code, ui->rv.review ? ui->rv.id : 0);
    ui_say(ui, STYLE_LATE, "%.200s%s%s", e->text[0] ? e->text : i->title, next[0] ? ". " : "",
           next);
}

unsigned ui_context(const struct ui *ui)
{
    if (ui->prompt.is_open)
        return ui->prompt.is_menu ? CTX_MENU : CTX_PROMPT;
    if (ui->rv.editor.review)
        return CTX_EDIT;
    return ui->view == VIEW_HOME ? CTX_HOME : ui->view == VIEW_REVIEW ? CTX_REVIEW : CTX_ENTRY;
}

void ui_presence(struct ui *ui)
{
    struct rview *rv = &ui->rv;
    struct pl_caret c = {.set = false};
    enum pl_presence_state state = PL_PRESENT_READING;
    if (!rv->review || !rv->is_open)
        return;
    if (rv->editor.review) {
        c = editor_caret(&rv->editor);
        state = PL_PRESENT_TYPING;
    } else if (ui->view == VIEW_ENTRY) {
        c = (struct pl_caret){.set = true, .eid = rv->entry};
    } else if (ui->view == VIEW_REVIEW) {
        const struct item *it = list_at(&rv->lists[rv->tab]);
        if (it && !pl_eid_is_root(it->eid))
            c = (struct pl_caret){.set = true, .eid = it->eid};
    }
    review_caret(rv->review, &c, state, rv->tab + 1);
}

/* --- the end
 * ----------------------------------------------------------------------------------------- */

static void on_quit_choice(struct ui *ui, const char *text, size_t choice)
{
    if (text && choice == 1) {
        ui->is_quitting = true;
        ui->quit_at = client_link_state(ui->client) == LINK_UP ? ui_now(ui) + QUIT_MS : 0;
        if (ui->quit_at)
            ui_wake_at(ui, ui->quit_at);
    }
}

static void ask_quit(struct ui *ui, const char *label)
{
    prompt_menu(&ui->prompt, label, on_quit_choice);
    prompt_option(&ui->prompt, "stay");
    prompt_option(&ui->prompt, "quit");
}

void ui_quit(struct ui *ui)
{
    char label[160];
    size_t n = status_unsent(ui);
    bool is_stuck = n > 0 && client_link_state(ui->client) != LINK_UP;
    if (ui->rv.n_only_here > 0) {
        (void)snprintf(label, sizeof(label),
                       "Refused texts that are ONLY HERE (K): %u; to quit "
                       "loses them%s",
                       ui->rv.n_only_here,
                       !is_stuck            ? ""
                       : status_trouble(ui) ? ", and what was not sent"
                                            : "; what was not sent is in the journal");
        ask_quit(ui, label);
        return;
    }
    if (is_stuck) {
        (void)snprintf(label, sizeof(label), "%zu changes not sent. %s", n,
                       status_trouble(ui) ? "They are NOT in the journal: to quit loses them"
                                          : "They stay in the journal and go next time");
        ask_quit(ui, label);
        return;
    }
    /* Connected: what is under way is given a moment. */
    ui->is_quitting = true;
    ui->quit_at = ui_now(ui) + QUIT_MS;
    ui_wake_at(ui, ui->quit_at);
    if (n > 0)
        ui_say(ui, STYLE_TEXT, "Sending what is left");
}

/* --- commands
 * ---------------------------------------------------------------------------------------- */

/* Whatever happens while we are stopped, what was typed is on disk. */
static void suspend(struct ui *ui)
{
    struct pl_err e;
    pl_err_init(&e);
    if (ui->rv.review && ui->rv.is_open && review_keep(ui->rv.review, &e) < 0)
        ui_say_error(ui, &e);
    else
        term_suspend(ui->term);
}

static bool common_command(struct ui *ui, enum ui_cmd cmd)
{
    if (cmd == CMD_HELP || cmd == CMD_TEXT_HELP) {
        page_help(ui);
    } else if (cmd == CMD_KEPT || cmd == CMD_TEXT_KEPT) {
        page_kept(ui);
    } else if (cmd == CMD_REDRAW) {
        ui->paint_all = true;
    } else if (cmd == CMD_SUSPEND) {
        suspend(ui);
    } else if (cmd == CMD_QUIT || cmd == CMD_LEAVE) {
        ui_quit(ui);
    } else if (cmd == CMD_REFRESH) {
        client_redial(ui->client);
        if (ui->view == VIEW_HOME)
            home_ask(ui);
    } else if (cmd == CMD_SAVE && status_trouble(ui)) {
        ui_say(ui, STYLE_LATE, "Not kept on this machine: %.200s", status_trouble(ui));
    } else if (cmd == CMD_SAVE) {
        ui_say(ui, STYLE_TEXT, "Always saved: every key is kept as it is typed");
    } else {
        return false;
    }
    return true;
}

static void edit_command(struct ui *ui, enum ui_cmd cmd)
{
    struct pl_err e;
    pl_err_init(&e);
    if (cmd == CMD_DONE) {
        editor_close(&ui->rv.editor);
        ui->rv.is_stale = true;
        return;
    }
    if (editor_command(&ui->rv.editor, cmd, &e) < 0)
        ui_say_error(ui, &e);
}

void ui_command(struct ui *ui, enum ui_cmd cmd)
{
    unsigned ctx = ui_context(ui);
    if (ctx & (CTX_PROMPT | CTX_MENU))
        prompt_command(&ui->prompt, ui, cmd);
    else if (common_command(ui, cmd))
        ;
    else if (ctx == CTX_EDIT)
        edit_command(ui, cmd);
    else if (ctx == CTX_HOME)
        home_command(ui, cmd);
    else if (ctx == CTX_REVIEW)
        rview_command(ui, cmd);
    else
        entry_command(ui, cmd);
}

/* --- text
 * ------------------------------------------------------------------------------------------ */

/* A letter that means nothing here. Three within a second are somebody typing blindly. */
static void stray(struct ui *ui)
{
    uint64_t now = ui_now(ui);
    if (now - ui->stray_ms > 1000)
        ui->strays = 0;
    ui->stray_ms = now;
    if (++ui->strays < 3)
        return;
    ui->strays = 0;
    ui->deaf_until = now + 1000;
    ui_say(ui, STYLE_TEXT, "Looks like typing: press e to edit a text, ? for the keys");
}

/* Runs text as keys, as long as they are for a list; returns how many bytes that were. */
static size_t browse_text(struct ui *ui, const char *text, size_t n)
{
    const uint8_t *p = (const uint8_t *)text;
    const uint8_t *end = p + n;
    while (p < end && ui_now(ui) >= ui->deaf_until) {
        uint32_t c = 0;
        unsigned ctx = ui_context(ui);
        if (!(ctx & CTX_BROWSE) || ui->page != PAGE_NONE)
            return (size_t)(p - (const uint8_t *)text);
        p += pl_utf8_decode(p, end, &c);
        enum ui_cmd cmd = keymap_find(ctx, c, 0);
        if (cmd == CMD_NONE)
            stray(ui);
        else
            ui_command(ui, cmd);
    }
    return n;
}

/* Puts text where the caret is: the prompt or the editor. False: there is neither. */
static bool type_into(struct ui *ui, const char *text, size_t n, bool is_paste)
{
    struct pl_err e;
    int rc = 0;
    pl_err_init(&e);
    if (ui->prompt.is_open)
        prompt_type(&ui->prompt, ui, text, n);
    else if (!ui->rv.editor.review)
        return false;
    else if (is_paste)
        rc = editor_paste(&ui->rv.editor, text, n, &e);
    else
        rc = editor_type(&ui->rv.editor, text, n, &e);
    if (rc < 0)
        ui_say_error(ui, &e);
    return true;
}

static void type(struct ui *ui, const struct input_event *ev)
{
    bool is_paste = ev->type == INPUT_PASTE;
    if (type_into(ui, ev->text, ev->n, is_paste))
        return;
    if (is_paste) {
        ui_say(ui, STYLE_TEXT, "Pasted text is never run as keys: press e to edit a text first");
        return;
    }
    size_t used = browse_text(ui, ev->text, ev->n);
    if (used == ev->n || ui->is_quitting)
        return;
    /* A key has opened something: the rest is for that. */
    if (ui->page != PAGE_NONE)
        page_event(ui, ev);
    else
        (void)type_into(ui, ev->text + used, ev->n - used, false);
}

void ui_event(void *ctx, const struct input_event *ev)
{
    struct ui *ui = ctx;
    if (ui->is_quitting)
        return;
    ui_dirty(ui);
    if (ev->type == INPUT_REPORT) {
        term_report(ui->term, ev);
    } else if (ev->type == INPUT_PASTE_TOO_LONG) {
        ui_say(ui, STYLE_LATE,
               "%llu KiB were pasted, at most 1024 fit: nothing was taken. Paste it in parts, or "
               "put it where others can read it and paste its address",
               (unsigned long long)ev->count / 1024);
    } else if (ev->type == INPUT_MOUSE) {
        ui_mouse(ui, ev);
    } else if (ui->page != PAGE_NONE) {
        page_event(ui, ev);
    } else if (ev->type == INPUT_TEXT || ev->type == INPUT_PASTE) {
        type(ui, ev);
    } else if (ev->type == INPUT_KEY) {
        enum ui_cmd cmd = keymap_find(ui_context(ui), ev->key, ev->mods);
        if (cmd != CMD_NONE)
            ui_command(ui, cmd);
    }
    ui_presence(ui);
}

void ui_print_keys(FILE *out)
{
    keymap_print(out);
}
