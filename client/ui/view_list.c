// SPDX-License-Identifier: Apache-2.0
/*
 * How lists of a review look: one line an entry, with what matters of its kind, and the letters of
 * those who are at it. The focused line has '>' and its id in reverse; the cursor stands on it.
 */
#include <stdio.h>
#include <string.h>

#include "plimsoll/base/str.h"
#include "plimsoll/base/time.h"
#include "plimsoll/doc/durations.h"

#include "ui/cell.h"
#include "ui/view.h"

#define WIDE_COLS  100 /* from here on a line of an event has room for its source */
#define LABEL_COLS 33  /* the longest label of a field */

/* --- one line
 * --------------------------------------------------------------------------------------- */

static const char *name_of(uint32_t en, const struct pl_entry *e, uint32_t field)
{
    const char *s = pl_enum_name(en, pl_entry_int(e, field, 0));
    return s ? s : "";
}

/* Narrow boards show the second clock only where it says something, wide ones with the source. */
static void event_line(const struct pl_entry *en, int cols, char *out, size_t size)
{
    struct pl_civil c;
    char known[PL_KNOWN_SIZE];
    int64_t us = pl_entry_int(en, PL_F_EVENT_HAPPENED_AT, INT64_MIN);
    const char *marker = name_of(PL_EN_MARKER, en, PL_F_EVENT_MARKER);
    const char *source = cols >= WIDE_COLS ? pl_entry_str(en, PL_F_EVENT_SOURCE) : "";
    pl_event_known(en, known);
    if (us == INT64_MIN) {
        (void)snprintf(out, size, "%-14s %-10.10s ", "no time", "");
        return;
    }
    pl_civil_from_us(us, 0, &c);
    int n = snprintf(out, size, "%02d-%02d %02d:%02d:%02d ", c.month, c.day, c.hour, c.minute,
                     c.second);
    if (cols >= WIDE_COLS)
        n += snprintf(out + n, size - (size_t)n, "%-12.12s ", known);
    else if (known[0] && !pl_str_eq(known, "+0 s"))
        n += snprintf(out + n, size - (size_t)n, "%s ", known);
    (void)snprintf(out + n, size - (size_t)n, "%-10.10s %s%.20s%s%s%s",
                   name_of(PL_EN_LENS, en, PL_F_EVENT_LENS), source[0] ? "(" : "", source,
                   source[0] ? ") " : "", marker, marker[0] ? ": " : "");
}

static void action_line(const struct pl_doc *d, const struct pl_entry *en, char *out, size_t size)
{
    char due[16] = "";
    struct pl_civil c;
    int64_t us = pl_entry_int(en, PL_F_ACTION_DUE, INT64_MIN);
    int64_t state = pl_entry_int(en, PL_F_ACTION_STATE, 0);
    const char *priority = pl_enum_name(PL_EN_PRIORITY, pl_action_priority(en));
    if (us != INT64_MIN) {
        pl_civil_from_us(us, 0, &c);
        (void)snprintf(due, sizeof(due), "%02d-%02d%s", c.month, c.day,
                       us < pl_now_us() && state < PL_STATE_DONE ? "!" : "");
    }
    (void)snprintf(out, size, "%-11.11s %-8.8s %-8.8s %-6s ",
                   name_of(PL_EN_STATE, en, PL_F_ACTION_STATE), priority ? priority : "",
                   pl_doc_user_name(d, pl_entry_int(en, PL_F_ACTION_OWNER, 0)), due);
}

void rview_entry_meta(const struct pl_doc *d, const struct pl_entry *en, int cols, char *out,
                      size_t size)
{
    uint32_t kind = pl_entry_kind(en);
    out[0] = '\0';
    if (kind == PL_KIND_EVENT)
        event_line(en, cols, out, size);
    else if (kind == PL_KIND_ACTION)
        action_line(d, en, out, size);
    else if (kind == PL_KIND_PARTICIPANT)
        (void)snprintf(out, size, "%-8s %-11s ", pl_entry_str(en, PL_F_PARTICIPANT_HANDLE),
                       name_of(PL_EN_ROLE, en, PL_F_PARTICIPANT_ROLE));
    else if (kind == PL_KIND_MATERIAL)
        (void)snprintf(out, size, "%-8s ", name_of(PL_EN_MATERIAL, en, PL_F_MATERIAL_KIND));
    else if (kind == PL_KIND_CAUSE)
        (void)snprintf(out, size, "%-14s ", name_of(PL_EN_QUESTION, en, PL_F_CAUSE_QUESTION));
    else if (kind == PL_KIND_COMMENT)
        (void)snprintf(out, size, "%s%s: ", pl_doc_user_name(d, (int64_t)pl_entry_created_by(en)),
                       pl_entry_int(en, PL_F_COMMENT_RESOLVED, 0) ? " (resolved)" : "");
}

void rview_entry_id(const struct pl_entry *en, char out[PL_SHORT_ID_MAX])
{
    uint32_t kind = pl_entry_kind(en);
    out[0] = '\0';
    if (kind != PL_KIND_PARTICIPANT)
        pl_short_id_format(out, kind, pl_entry_int(en, PL_F_NO, 0));
}

void rview_entry_line(const struct pl_doc *d, const struct pl_entry *en, int cols, char *out,
                      size_t size)
{
    rview_entry_meta(d, en, cols, out, size);
    size_t n = strlen(out);
    (void)pl_entry_label(en, out + n, size - n);
}

/* --- drawing
 * ---------------------------------------------------------------------------------------- */

/* Letters of those who are at an entry, from the right edge; returns the columns taken. */
static int draw_letters(struct ui *ui, struct pl_eid eid, int row, int right)
{
    int used = 0;
    for (size_t i = 0; i < ui->rv.n_peers && !ui->is_down; i++) {
        const struct ui_peer *u = &ui->rv.peers[i];
        int w = cell_width(u->letter, strlen(u->letter)) + 2;
        if (!u->last.set || !pl_eid_eq(u->last.eid, eid) || used + w > 16)
            continue;
        used += w;
        int at = right - used;
        (void)screen_puts(ui->screen, row, at, 1, STYLE_TEXT, "[");
        (void)screen_puts(ui->screen, row, at + 1, w - 2, (enum style)(STYLE_PERSON + u->person),
                          u->letter);
        (void)screen_puts(ui->screen, row, at + w - 1, 1, STYLE_TEXT, "]");
    }
    return used ? used + 1 : 0;
}

static void draw_entry(struct ui *ui, const struct item *it, const struct editor_area *line,
                       bool is_at)
{
    const struct pl_doc *d = review_doc(ui->rv.review);
    const struct pl_entry *en = pl_doc_entry(d, it->eid);
    char id[PL_SHORT_ID_MAX];
    char text[600];
    if (!en)
        return;
    int indent = 2 * it->depth;
    if (indent > line->cols / 2)
        indent = line->cols / 2;
    int taken = draw_letters(ui, it->eid, line->row, line->cols);
    rview_entry_id(en, id);
    rview_entry_line(d, en, line->cols, text, sizeof(text));
    (void)screen_printf(ui->screen, line->row, 1 + indent, 10, is_at ? STYLE_FOCUS : STYLE_TEXT,
                        "%c %-5s", is_at ? '>' : ' ', id);
    (void)screen_puts(ui->screen, line->row, 9 + indent, line->cols - 10 - indent - taken,
                      STYLE_TEXT, text);
}

static void draw_field(struct ui *ui, const struct item *it, const struct editor_area *line,
                       bool is_at)
{
    const struct pl_doc *d = review_doc(ui->rv.review);
    const struct pl_entry *en = pl_doc_entry(d, it->eid);
    char value[400];
    if (!en)
        return;
    bool locked = (it->field->flags & PL_FF_SERVER) != 0;
    entry_value(d, en, it->field, value, sizeof(value));
    int at = line->cols >= 72 ? LABEL_COLS + 4 : 28; /* where the value begins */
    (void)screen_printf(ui->screen, line->row, 1, at - 2, is_at ? STYLE_FOCUS : STYLE_TEXT, "%c %s",
                        is_at ? '>' : ' ', it->field->label);
    (void)screen_puts(ui->screen, line->row, at, line->cols - at - 1,
                      locked || !value[0] ? STYLE_DIM : STYLE_TEXT, value[0] ? value : "-");
}

void rview_draw_item(struct ui *ui, const struct item *it, const struct editor_area *line,
                     bool is_at)
{
    if (it->type == ITEM_HEAD)
        (void)screen_puts(ui->screen, line->row, 1, line->cols - 1, STYLE_BOLD, it->text);
    else if (it->type == ITEM_FIELD)
        draw_field(ui, it, line, is_at);
    else
        draw_entry(ui, it, line, is_at);
    if (is_at)
        screen_cursor(ui->screen, line->row, 1);
}

void rview_draw_list(struct ui *ui, struct list *l, const struct editor_area *a)
{
    list_show(l, a->rows);
    hits_add(&ui->hits, &(struct hit){HIT_LIST, a->row, a->col, a->rows, a->cols, l->top});
    for (int i = 0; i < a->rows && l->top + (size_t)i < l->n; i++) {
        size_t at = l->top + (size_t)i;
        struct editor_area line = {a->row + i, a->col, 1, a->cols};
        rview_draw_item(ui, &l->items[at], &line, at == l->at);
    }
}

void rview_draw(struct ui *ui, const struct editor_area *a)
{
    static const char *const empty[UI_TABS] = {
        "",
        "No events yet. Start with three: first impact, first alert, all clear.  a add",
        "What helped that we should keep? Wins go into the report.  a add",
        "Ask why until you can act, not until you find a person.  a add",
        "A review without actions changes nothing: aim for 3 to 7.  a add",
        "Nothing is committed yet: actions get here when their state says so (tab 5).",
        "",
    };
    struct list *l = &ui->rv.lists[ui->rv.tab];
    if (!ui->rv.is_open) {
        (void)screen_printf(ui->screen, a->row, 2, a->cols - 2, STYLE_TEXT, "Opening REV-%llu",
                            (unsigned long long)ui->rv.id);
        return;
    }
    if (l->n == 0) {
        (void)screen_puts(ui->screen, a->row, 2, a->cols - 3, STYLE_TEXT, empty[ui->rv.tab]);
        screen_cursor(ui->screen, a->row, 1);
        return;
    }
    rview_draw_list(ui, l, a);
}
