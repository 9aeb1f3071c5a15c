// SPDX-License-Identifier: Apache-2.0
/*
 * One entry: its fields, its comments, and its text below. A field is changed by what fits it: a
 * text in the editor, a choice in a menu, everything else in a line.
 */
#include <stdio.h>
#include <string.h>

#include "plimsoll/base/str.h"
#include "plimsoll/base/time.h"
#include "plimsoll/doc/durations.h"

#include "ui/view.h"

#define COMMENTS_MAX 500

static const struct pl_entry *entry_of(const struct ui *ui, struct pl_eid eid)
{
    return ui->rv.review ? pl_doc_entry(review_doc(ui->rv.review), eid) : NULL;
}

/* --- values
 * ----------------------------------------------------------------------------------------- */

static void format_set(const struct pl_field *f, const struct pl_entry *en,
                       const struct pl_names *names, struct pl_buf *b)
{
    for (size_t i = 0; i < pl_entry_set_count(en, f->number); i++) {
        if ((i > 0 && pl_buf_add_str(b, ", ") < 0) ||
            pl_field_format_elem(f, pl_entry_set_at(en, f->number, i), names, b) < 0)
            return;
    }
}

void entry_value(const struct pl_doc *d, const struct pl_entry *en, const struct pl_field *f,
                 char *out, size_t size)
{
    struct pl_names names = pl_doc_names(d);
    struct pl_buf b;
    out[0] = '\0';
    if (f->type == PL_FT_TEXT) {
        const char *text = pl_entry_cstr(en, f->number);
        size_t n = strcspn(text, "\n");
        (void)snprintf(out, size, "%.*s%s", (int)(n < size - 5 ? n : size - 5), text,
                       text[n] ? " ..." : "");
        return;
    }
    pl_buf_init(&b, size - 1);
    if (pl_field_is_set(f))
        format_set(f, en, &names, &b);
    else if (pl_field_format(f, pl_entry_reg(en, f->number), &names, &b) < 0)
        pl_buf_clear(&b);
    if (b.len > 0)
        memcpy(out, b.data, b.len);
    out[b.len] = '\0';
    pl_buf_release(&b);
}

/* --- changing a field
 * ------------------------------------------------------------------------------- */

static const char *full_time(struct ui *ui, const struct pl_field *f, const char *text, char *buf,
                             size_t size)
{
    const struct pl_entry *en = entry_of(ui, ui->rv.ask_eid);
    int64_t us = en ? pl_entry_int(en, f->number, pl_now_us()) : pl_now_us();
    return rview_full_time(us, f->number == PL_F_ACTION_DUE, text, buf, size);
}

/* Not refused: one of the two may be put right later. */
static void warn_of_clocks(struct ui *ui)
{
    const struct pl_entry *en = entry_of(ui, ui->rv.ask_eid);
    uint32_t f = ui->rv.ask_field->number;
    if (en && pl_entry_kind(en) == PL_KIND_EVENT && pl_event_is_known_early(en) &&
        (f == PL_F_EVENT_HAPPENED_AT || f == PL_F_EVENT_KNOWN_AT))
        ui_say(ui, STYLE_SOON,
               "Known before it happened: is one of the two wrong? Kept as typed (check T16)");
}

/* What cannot be set stays at the question. */
static void set_field(struct ui *ui, const char *value)
{
    struct rview *rv = &ui->rv;
    char buf[64];
    struct pl_err e;
    pl_err_init(&e);
    if (rv->ask_field->type == PL_FT_TIME)
        value = full_time(ui, rv->ask_field, value, buf, sizeof(buf));
    struct act_field f = {rv->ask_field->name, value};
    if (rv->review && act_set(rv->review, rv->ask_eid, &f, 1, &e) < 0) {
        ui_say_error(ui, &e);
        if (!ui->prompt.is_menu)
            prompt_again(&ui->prompt);
    } else {
        warn_of_clocks(ui);
    }
    rv->is_stale = true;
}

static void on_line(struct ui *ui, const char *text, size_t choice)
{
    (void)choice;
    if (text)
        set_field(ui, text[0] ? text : "none");
}

static void on_choice(struct ui *ui, const char *text, size_t choice)
{
    (void)choice;
    if (text)
        set_field(ui, text);
}

/* A set is changed by one element: its name adds, with a minus before it removes. */
static void on_element(struct ui *ui, const char *text, size_t choice)
{
    char value[PROMPT_TEXT + 1];
    (void)choice;
    if (!text || !text[0])
        return;
    (void)snprintf(value, sizeof(value), "%s%s", text[0] == '+' || text[0] == '-' ? "" : "+", text);
    set_field(ui, value);
}

static void ask_choice(struct ui *ui, const struct pl_entry *en, const struct pl_field *f)
{
    int64_t now = pl_entry_int(en, f->number, 0);
    int64_t v = 0;
    prompt_menu(&ui->prompt, f->label, on_choice);
    if (f->type == PL_FT_BOOL) {
        prompt_option(&ui->prompt, "yes");
        prompt_option(&ui->prompt, "no");
    }
    for (size_t i = 0; f->type == PL_FT_ENUM && (v = pl_enum_at(f->ref, i)) != 0; i++) {
        if (v == now)
            ui->prompt.at = i;
        prompt_option(&ui->prompt, pl_enum_name(f->ref, v));
    }
    prompt_option(&ui->prompt, "none");
}

void entry_edit_field(struct ui *ui, struct pl_eid eid, const struct pl_field *f)
{
    struct rview *rv = &ui->rv;
    const struct pl_entry *en = entry_of(ui, eid);
    char label[160];
    char value[PROMPT_TEXT];
    if (!en)
        return;
    rv->ask_field = f;
    rv->ask_eid = eid;
    if (f->flags & PL_FF_SERVER) {
        ui_say(ui, STYLE_TEXT, "%s is kept by the server", f->label);
    } else if (f->type == PL_FT_TEXT) {
        editor_open(&rv->editor, rv->review, eid, f->number);
    } else if (f->type == PL_FT_ENUM || f->type == PL_FT_BOOL) {
        ask_choice(ui, en, f);
    } else if (pl_field_is_set(f)) {
        (void)snprintf(label, sizeof(label), "%s, one to add (-one to remove):", f->label);
        prompt_ask(&ui->prompt, label, "", on_element);
    } else {
        (void)snprintf(label, sizeof(label), "%s:", f->label);
        entry_value(review_doc(rv->review), en, f, value, sizeof(value));
        prompt_ask(&ui->prompt, label, value, on_line);
    }
}

/* The text of an entry: its body, else its first text. */
static const struct pl_field *text_field(const struct pl_entry *en)
{
    const struct pl_field *f;
    for (size_t i = 0; (f = pl_field_at(pl_entry_kind(en), i)) != NULL; i++)
        if (f->type == PL_FT_TEXT && !(f->flags & PL_FF_SERVER))
            return f;
    return NULL;
}

void entry_edit_text(struct ui *ui, struct pl_eid eid)
{
    const struct pl_entry *en = entry_of(ui, eid);
    const struct pl_field *f = en ? text_field(en) : NULL;
    if (f)
        editor_open(&ui->rv.editor, ui->rv.review, eid, f->number);
    else
        ui_say(ui, STYLE_TEXT, "This has no text; Enter changes a field");
}

/* --- the list
 * --------------------------------------------------------------------------------------- */

void entry_fill(struct ui *ui)
{
    struct rview *rv = &ui->rv;
    const struct pl_doc *d = review_doc(rv->review);
    const struct pl_entry *en = pl_doc_entry(d, rv->entry);
    struct pl_entry *comments[COMMENTS_MAX];
    const struct pl_field *f;
    list_begin(&rv->fields);
    for (size_t i = 0; en && (f = pl_field_at(pl_entry_kind(en), i)) != NULL; i++) {
        struct item it = {.type = ITEM_FIELD, .eid = rv->entry, .field = f};
        bool is_unset = pl_field_is_reg(f) && pl_entry_reg(en, f->number)->type == PL_VAL_NULL;
        if (f->number == PL_F_NO || ((f->flags & PL_FF_SERVER) && is_unset))
            continue;
        list_add(&rv->fields, &it);
    }
    size_t n = en ? pl_doc_children(d, rv->entry, PL_KIND_COMMENT, comments, COMMENTS_MAX) : 0;
    if (n > 0) {
        struct item head = {.type = ITEM_HEAD, .text = "Comments"};
        list_add(&rv->fields, &head);
    }
    for (size_t i = 0; i < n && i < COMMENTS_MAX; i++) {
        struct item it = {.type = ITEM_ENTRY, .eid = pl_entry_eid(comments[i])};
        list_add(&rv->fields, &it);
    }
    list_settle(&rv->fields);
}

void entry_open(struct ui *ui, struct pl_eid eid, bool edit)
{
    struct rview *rv = &ui->rv;
    const struct pl_entry *en = entry_of(ui, eid);
    const struct pl_field *f = en ? text_field(en) : NULL;
    if (!en)
        return;
    if (edit) {
        entry_edit_text(ui, eid);
        return;
    }
    ui->view = VIEW_ENTRY;
    rv->entry = eid;
    list_release(&rv->fields);
    entry_fill(ui);
    if (f) {
        struct item like = {.type = ITEM_FIELD, .eid = eid, .field = f};
        (void)list_select(&rv->fields, &like);
    }
}

static void remove_here(struct ui *ui, const struct item *it)
{
    struct rview *rv = &ui->rv;
    struct pl_err e;
    pl_err_init(&e);
    bool whole = !it || it->type != ITEM_ENTRY;
    if (act_remove(rv->review, whole ? rv->entry : it->eid, true, &e) < 0)
        ui_say_error(ui, &e);
    else
        ui_say(ui, STYLE_TEXT, "removed - u undo");
    if (whole)
        ui->view = VIEW_REVIEW;
}

void entry_command(struct ui *ui, enum ui_cmd cmd)
{
    struct rview *rv = &ui->rv;
    rview_refresh(ui);
    const struct item *it = list_at(&rv->fields);
    if (cmd == CMD_BACK) {
        ui->view = VIEW_REVIEW;
        rv->is_stale = true;
    } else if (list_move(&rv->fields, cmd)) {
        return;
    } else if (cmd == CMD_ENTER && it && it->type == ITEM_FIELD) {
        entry_edit_field(ui, it->eid, it->field);
    } else if (cmd == CMD_ENTER && it) {
        entry_edit_text(ui, it->eid);
    } else if (cmd == CMD_EDIT) {
        bool is_text = it && (it->type == ITEM_ENTRY || it->field->type == PL_FT_TEXT);
        if (is_text && it->type == ITEM_FIELD)
            entry_edit_field(ui, it->eid, it->field);
        else
            entry_edit_text(ui, is_text ? it->eid : rv->entry);
    } else if (cmd == CMD_COMMENT || cmd == CMD_ADD) {
        rview_comment(ui, rv->entry);
    } else if (cmd == CMD_REMOVE) {
        remove_here(ui, it);
    } else if (cmd == CMD_UNDO || cmd == CMD_REDO) {
        rview_command(ui, cmd);
    }
}

/* --- drawing
 * ---------------------------------------------------------------------------------------- */

static void draw_title(struct ui *ui, const struct pl_entry *en, const char *field, int row,
                       int cols)
{
    char id[PL_SHORT_ID_MAX];
    char line[300];
    const struct pl_kind_info *k = pl_kind_info(pl_entry_kind(en));
    rview_entry_id(en, id);
    if (pl_entry_kind(en) == PL_KIND_REVIEW)
        line[0] = '\0';
    else
        rview_entry_meta(review_doc(ui->rv.review), en, cols, line, sizeof(line));
    (void)screen_printf(ui->screen, row, 1, cols - 8, STYLE_BOLD, "%s %s%s%s  %s", id,
                        k ? k->label : "", field[0] ? ", " : "", field, line);
}

void entry_draw(struct ui *ui, const struct editor_area *a)
{
    struct rview *rv = &ui->rv;
    const struct pl_entry *en = entry_of(ui, rv->entry);
    const struct item *it = list_at(&rv->fields);
    if (!en)
        return;
    const struct pl_field *f =
        it && it->type == ITEM_FIELD && it->field->type == PL_FT_TEXT ? it->field : text_field(en);
    struct pl_eid shown = it && it->type == ITEM_ENTRY ? it->eid : rv->entry;
    if (it && it->type == ITEM_ENTRY)
        f = text_field(entry_of(ui, it->eid));
    draw_title(ui, en, "", a->row, a->cols);
    int rows = a->rows - 1;
    int fields = f ? rows / 2 : rows;
    if ((size_t)fields > rv->fields.n)
        fields = (int)rv->fields.n;
    struct editor_area upper = {a->row + 1, a->col, fields, a->cols};
    rview_draw_list(ui, &rv->fields, &upper);
    if (!f)
        return;
    int at = a->row + 1 + fields;
    screen_fill(ui->screen, at, 1, a->cols - 2, STYLE_DIM, '.');
    (void)screen_printf(ui->screen, at, 2, a->cols - 4, STYLE_DIM, " %s ", f->label);
    struct editor_area lower = {at + 1, a->col + 1, a->row + a->rows - at - 1, a->cols - 1};
    hits_add(&ui->hits, &(struct hit){HIT_SHOWN, at, a->col, lower.rows + 1, a->cols, 0});
    editor_show(review_doc(rv->review), shown, f->number, ui->screen, &lower);
}

void entry_draw_editor(struct ui *ui, const struct editor_area *a)
{
    struct editor_peer peers[UI_PEERS];
    struct rview *rv = &ui->rv;
    const struct pl_entry *en = entry_of(ui, rv->editor.eid);
    if (!en)
        return;
    const struct pl_field *f = pl_field_find(pl_entry_kind(en), rv->editor.field);
    draw_title(ui, en, f ? f->label : "", a->row, a->cols);
    (void)screen_puts(ui->screen, a->row, a->cols - 6, 5, STYLE_BOLD, "EDIT");
    screen_fill(ui->screen, a->row + 1, 1, a->cols - 2, STYLE_DIM, '.');
    struct editor_area text = {a->row + 2, a->col + 1, a->rows - 2, a->cols - 1};
    hits_add(&ui->hits, &(struct hit){HIT_TEXT, text.row, text.col, text.rows, text.cols, 0});
    size_t n = status_carets(ui, peers, UI_PEERS);
    editor_draw(&rv->editor, ui->screen, &text, peers, n);
}
