// SPDX-License-Identifier: Apache-2.0
/*
 * The editor keeps a caret in scalars, since that is what operations count, and the first row in
 * bytes, since that is what is drawn. After a change of mine the view follows the caret; after one
 * of others the rows above the caret are laid out anew so that its row stays.
 */
#include "ui/editor.h"

#include <string.h>

#include "plimsoll/base/mem.h"
#include "plimsoll/base/utf8.h"

#include "ui/cell.h"

/* --- the text
 * ---------------------------------------------------------------------------------------- */

static const struct pl_text *text_of(const struct editor *ed)
{
    const struct pl_entry *en = pl_doc_entry(review_doc(ed->review), ed->eid);
    return en ? pl_entry_text(en, ed->field) : NULL;
}

static struct textview view_of(const struct pl_doc *d, struct pl_eid eid, uint32_t field, int width)
{
    const struct pl_entry *en = pl_doc_entry(d, eid);
    const struct pl_text *t = en ? pl_entry_text(en, field) : NULL;
    struct textview v = {(const uint8_t *)"", 0, width > 1 ? width : 1, NULL};
    if (t) {
        v.p = (const uint8_t *)pl_entry_cstr(en, field);
        v.n = pl_text_bytes(t);
    }
    return v;
}

static struct textview view(struct editor *ed)
{
    struct textview v = view_of(review_doc(ed->review), ed->eid, ed->field, ed->width);
    v.rows = &ed->rows;
    return v;
}

static size_t to_byte(const struct editor *ed, size_t pos)
{
    const struct pl_text *t = text_of(ed);
    size_t len = t ? pl_text_len(t) : 0;
    return t ? pl_text_offset(t, pos < len ? pos : len) : 0;
}

static size_t to_pos(const struct editor *ed, size_t byte)
{
    const struct pl_text *t = text_of(ed);
    return t ? pl_text_index(t, byte) : 0;
}

/* --- where the view stands
 * --------------------------------------------------------------------------- */

/* After a move or change of mine: scroll only as far as needed. */
static void follow(struct editor *ed)
{
    struct textview v = view(ed);
    size_t at = to_byte(ed, ed->caret);
    int last = ed->height > 0 ? ed->height - 1 : 0;
    size_t top = ed->top <= v.n ? textview_row_of(&v, ed->top) : 0;
    int row = textview_rows_to(&v, top, at, last + 1);
    ed->row = row < 0 ? 0 : row > last ? last : row;
    ed->top = textview_up(&v, textview_row_of(&v, at), &ed->row);
}

/* After a change of others: my row stays. */
static void stay(struct editor *ed)
{
    struct textview v = view(ed);
    if (ed->row >= ed->height && ed->height > 0)
        ed->row = ed->height - 1;
    ed->top = textview_up(&v, textview_row_of(&v, to_byte(ed, ed->caret)), &ed->row);
}

static void clamp(struct editor *ed)
{
    const struct pl_text *t = text_of(ed);
    size_t len = t ? pl_text_len(t) : 0;
    if (ed->caret > len)
        ed->caret = len;
}

void editor_open(struct editor *ed, struct review *r, struct pl_eid eid, uint32_t field)
{
    memset(ed, 0, sizeof(*ed));
    ed->review = r;
    ed->eid = eid;
    ed->field = field;
    ed->goal = -1;
    ed->width = 79;
    ed->height = 10;
    ed->caret = SIZE_MAX;
    clamp(ed);
    follow(ed);
}

void editor_close(struct editor *ed)
{
    ed->review = NULL;
    textrows_release(&ed->rows);
}

struct pl_caret editor_caret(const struct editor *ed)
{
    struct pl_caret c = {.set = ed->review != NULL};
    if (!c.set)
        return c;
    c.eid = ed->eid;
    c.field = ed->field;
    c.anchor = c.head = (uint32_t)ed->caret;
    return c;
}

/* --- changes
 * ----------------------------------------------------------------------------------------- */

/* Where the first change of an op begins and the last one ends, in the text after it. */
static void span_of(const struct pl_op *op, uint32_t *begin, uint32_t *end)
{
    struct pl_op_iter it;
    struct pl_comp c;
    uint32_t pos = 0;
    bool any = false;
    *begin = *end = 0;
    pl_op_iter_init(&it, op);
    while (pl_op_iter_next(&it, &c)) {
        if (c.kind != PL_RETAIN && !any)
            *begin = pos;
        any |= c.kind != PL_RETAIN;
        if (c.kind != PL_DELETE)
            pos += c.n;
        if (c.kind != PL_RETAIN)
            *end = pos;
    }
}

void editor_changed(struct editor *ed, const struct pl_cs *cs, bool remote)
{
    if (!ed->review)
        return;
    const struct pl_slot *s = pl_cs_find(cs, PL_SLOT_TEXT, ed->eid, ed->field, NULL);
    uint32_t begin = 0;
    uint32_t end = 0;
    if (!s)
        return;
    span_of(&s->op, &begin, &end);
    struct textview v = view(ed);
    textrows_changed(&v, to_byte(ed, begin), to_byte(ed, end));
    if (ed->is_undoing && !remote)
        ed->caret = end;
    else
        ed->caret = pl_op_map_pos(&s->op, (uint32_t)ed->caret, PL_LEFT);
    clamp(ed);
    if (remote)
        stay(ed);
    else if (ed->is_undoing)
        follow(ed);
}

void editor_reset(struct editor *ed)
{
    if (!ed->review)
        return;
    textrows_forget(&ed->rows);
    clamp(ed);
    stay(ed);
}

/* Replaces bytes [from, to) by text; the caret ends behind it. */
static int replace(struct editor *ed, size_t from, size_t to, const char *text, size_t n,
                   bool group, struct pl_err *e) /* long: parameters of one splice */
{
    size_t pos = to_pos(ed, from);
    size_t end = to_pos(ed, to);
    if (pos == end && n == 0)
        return 0;
    int rc = act_splice(ed->review, ed->eid, ed->field, (uint32_t)pos, (uint32_t)(end - pos), text,
                        n, group, e);
    if (rc < 0)
        return rc;
    ed->caret = pos + pl_utf8_count(text, n);
    ed->goal = -1;
    clamp(ed);
    follow(ed);
    return 0;
}

int editor_type(struct editor *ed, const char *text, size_t n, struct pl_err *e)
{
    size_t at = to_byte(ed, ed->caret);
    int rc = replace(ed, at, at, text, n, ed->is_grouped, e);
    ed->is_grouped = true;
    return rc;
}

int editor_paste(struct editor *ed, const char *text, size_t n, struct pl_err *e)
{
    size_t at = to_byte(ed, ed->caret);
    if (n > EDITOR_PASTE_MAX)
        return pl_fail(e, PL_E_LIMIT,
                       "%zu KiB were pasted, at most 1024 fit: nothing was taken. Paste it in "
                       "parts, or put the file where others can read it and paste its address",
                       n / 1024);
    int rc = replace(ed, at, at, text, n, false, e);
    ed->is_grouped = false;
    return rc;
}

static int undo(struct editor *ed, bool redo, struct pl_err *e)
{
    ed->is_undoing = true;
    ed->is_grouped = false;
    int rc = redo ? review_redo(ed->review, e) : review_undo(ed->review, e);
    ed->is_undoing = false;
    if (rc == 0)
        return pl_fail(e, PL_E_NOENT, "nothing to %s", redo ? "redo" : "undo");
    return rc < 0 ? rc : 0;
}

/* --- moves
 * ----------------------------------------------------------------------------------------- */

static void go(struct editor *ed, size_t byte)
{
    ed->caret = to_pos(ed, byte);
    ed->goal = -1;
    ed->is_grouped = false;
    follow(ed);
}

static void go_rows(struct editor *ed, int rows, bool page)
{
    struct textview v = view(ed);
    size_t at = to_byte(ed, ed->caret);
    size_t from = textview_row_of(&v, at);
    int goal = ed->goal >= 0 ? ed->goal : textview_col(&v, from, at);
    int n = rows < 0 ? -rows : rows;
    if (rows < 0) {
        from = textview_up(&v, from, &n);
    } else {
        struct textview_row r;
        for (int i = 0; i < n; i++) {
            textview_row(&v, from, &r);
            if (r.is_last)
                break;
            from = r.next;
        }
    }
    ed->caret = to_pos(ed, textview_at_col(&v, from, goal));
    ed->goal = goal;
    ed->is_grouped = false;
    if (page)
        stay(ed);
    else
        follow(ed);
}

void editor_scroll(struct editor *ed, int rows)
{
    go_rows(ed, rows, true);
}

void editor_click(struct editor *ed, int row, int col)
{
    struct textview v = view(ed);
    struct textview_row r = {.next = ed->top};
    for (int i = 0; i <= row && !r.is_last; i++)
        textview_row(&v, r.next, &r);
    go(ed, textview_at_col(&v, r.from, col > 0 ? col : 0));
}

static size_t row_end(const struct textview *v, size_t at)
{
    return textview_at_col(v, textview_row_of(v, at), v->width + 1);
}

static bool move(struct editor *ed, enum ui_cmd cmd)
{
    struct textview v = view(ed);
    size_t at = to_byte(ed, ed->caret);
    int page = ed->height > 2 ? ed->height - 1 : 1;
    if (cmd == CMD_LINE_UP)
        go_rows(ed, -1, false);
    else if (cmd == CMD_LINE_DOWN)
        go_rows(ed, 1, false);
    else if (cmd == CMD_PAGE_UP)
        go_rows(ed, -page, true);
    else if (cmd == CMD_PAGE_DOWN)
        go_rows(ed, page, true);
    else if (cmd == CMD_LEFT)
        go(ed, at > 0 ? cell_prev(v.p, v.n, at) : 0);
    else if (cmd == CMD_RIGHT)
        go(ed, cell_next(v.p, v.n, at));
    else if (cmd == CMD_WORD_LEFT)
        go(ed, textview_word_left(&v, at));
    else if (cmd == CMD_WORD_RIGHT)
        go(ed, textview_word_right(&v, at));
    else if (cmd == CMD_HOME)
        go(ed, textview_row_of(&v, at));
    else if (cmd == CMD_END)
        go(ed, row_end(&v, at));
    else if (cmd == CMD_TEXT_BEGIN)
        go(ed, 0);
    else if (cmd == CMD_TEXT_END)
        go(ed, v.n);
    else
        return false;
    return true;
}

/* What a deleting command takes, or false when it is not one. */
static bool deletes(struct editor *ed, enum ui_cmd cmd, size_t *from, size_t *to)
{
    struct textview v = view(ed);
    size_t at = to_byte(ed, ed->caret);
    *from = *to = at;
    if (cmd == CMD_RUBOUT)
        *from = at > 0 ? cell_prev(v.p, v.n, at) : 0;
    else if (cmd == CMD_DELETE)
        *to = cell_next(v.p, v.n, at);
    else if (cmd == CMD_WORD_RUBOUT)
        *from = textview_word_left(&v, at);
    else if (cmd == CMD_WORD_DELETE)
        *to = textview_word_right(&v, at);
    else if (cmd == CMD_LINE_RUBOUT)
        *from = textview_line_begin(&v, at);
    else if (cmd == CMD_LINE_DELETE)
        *to = at < v.n && v.p[at] == '\n' ? at + 1 : textview_line_end(&v, at);
    else
        return false;
    return true;
}

int editor_command(struct editor *ed, enum ui_cmd cmd, struct pl_err *e)
{
    size_t from = 0;
    size_t to = 0;
    int rc = 0;
    if (cmd == CMD_NEWLINE)
        rc = editor_type(ed, "\n", 1, e);
    else if (cmd == CMD_INSERT_TAB)
        rc = editor_type(ed, "\t", 1, e);
    else if (cmd == CMD_TEXT_UNDO || cmd == CMD_TEXT_REDO)
        rc = undo(ed, cmd == CMD_TEXT_REDO, e);
    else if (deletes(ed, cmd, &from, &to))
        rc = replace(ed, from, to, "", 0, cmd == CMD_RUBOUT && ed->is_grouped, e);
    else if (!move(ed, cmd))
        return 0;
    return rc < 0 ? rc : 1;
}

/* --- drawing
 * --------------------------------------------------------------------------------------- */

static void draw_rows(const struct textview *v, size_t top, struct screen *s,
                      const struct editor_area *a)
{
    struct textview_row r;
    size_t from = top;
    for (int i = 0; i < a->rows; i++) {
        textview_row(v, from, &r);
        (void)screen_put(s, a->row + i, a->col, a->cols, STYLE_TEXT, (const char *)v->p + r.from,
                         r.to - r.from);
        if (r.is_last)
            break;
        from = r.next;
    }
}

void editor_show(const struct pl_doc *d, struct pl_eid eid, uint32_t field, struct screen *s,
                 const struct editor_area *a)
{
    struct textview v = view_of(d, eid, field, a->cols - 1);
    if (a->rows > 0)
        draw_rows(&v, 0, s, a);
}

static void draw_flag(struct screen *s, const struct editor_area *a, const struct editor_peer *p,
                      int row, int col)
{
    char flag[32];
    int n = snprintf(flag, sizeof(flag), ",-%.12s-.", p->name);
    int width = cell_width(flag, n > 0 ? strlen(flag) : 0);
    int at = row > 0 ? row - 1 : row + 1;
    if (at >= a->rows)
        return;
    if (col + width > a->cols)
        col = a->cols > width ? a->cols - width : 0;
    (void)screen_puts(s, a->row + at, a->col + col, a->cols - col,
                      (enum style)(STYLE_PERSON + p->person), flag);
}

static void draw_peer(struct editor *ed, const struct textview *v, struct screen *s,
                      const struct editor_area *a, const struct editor_peer *p)
{
    size_t at = to_byte(ed, p->pos);
    int row = textview_rows_to(v, ed->top, at, a->rows);
    enum style st = (enum style)(STYLE_PERSON + p->person);
    if (row < 0 || row >= a->rows) {
        int edge = row < 0 ? 0 : a->rows - 1;
        int width = 2 + cell_width(p->name, strlen(p->name));
        if (width < a->cols)
            (void)screen_printf(s, a->row + edge, a->col + a->cols - width, width, st, "%c %s",
                                row < 0 ? '^' : 'v', p->name);
        return;
    }
    int col = textview_col(v, textview_row_of(v, at), at);
    size_t next = cell_next(v->p, v->n, at);
    bool is_blank = at >= v->n || v->p[at] == '\n' || v->p[at] == '\t';
    if (p->has_flag)
        draw_flag(s, a, p, row, col);
    if (is_blank)
        (void)screen_puts(s, a->row + row, a->col + col, a->cols - col, st, " ");
    else
        (void)screen_put(s, a->row + row, a->col + col, a->cols - col, st, (const char *)v->p + at,
                         next - at);
}

void editor_draw(struct editor *ed, struct screen *s, const struct editor_area *a,
                 const struct editor_peer *peers, size_t n_peers)
{
    if (a->rows <= 0)
        return;
    if (ed->width != a->cols - 1 || ed->height != a->rows) {
        ed->width = a->cols - 1;
        ed->height = a->rows;
        stay(ed);
    }
    struct textview v = view(ed);
    draw_rows(&v, ed->top, s, a);
    for (size_t i = 0; i < n_peers; i++)
        draw_peer(ed, &v, s, a, &peers[i]);
    size_t at = to_byte(ed, ed->caret);
    screen_cursor(s, a->row + ed->row, a->col + textview_col(&v, textview_row_of(&v, at), at));
}
