// SPDX-License-Identifier: Apache-2.0
/*
 * Items of an imported post-mortem: list items, paragraphs and table rows, with their times when
 * they belong to a timeline. One item is open at a time; lines that continue it lose the indent
 * that its marker gave them.
 */
#include <stdlib.h>
#include <string.h>

#include "plimsoll/base/mem.h"
#include "plimsoll/base/time.h"
#include "plimsoll/doc/schema.h"

#include "import_int.h"

#define WRAP_BACK_S (6 * 3600) /* a clock that jumps back by more is the next day's */

void import_add(struct reader *r, struct pl_buf *b, const char *s, size_t n)
{
    if (r->rc == 0 && n > 0)
        r->rc = pl_buf_add(b, s, n);
}

/* A line behind what is there, with an empty line between if there was one. */
void import_add_line(struct reader *r, struct pl_buf *b, const char *s, size_t n)
{
    if (b->len > 0)
        import_add(r, b, r->blank ? "\n\n" : "\n", r->blank ? 2 : 1);
    import_add(r, b, s, n);
}

/* Takes a buffer's text, without blanks and empty lines around it. */
char *import_take_text(struct pl_buf *b)
{
    size_t from = 0;
    char *text;

    while (from < b->len && strchr(" \t\n", b->data[from]) != NULL && b->data[from] != '\0')
        from++;
    while (b->len > from && strchr(" \t\n", b->data[b->len - 1]) != NULL)
        b->len--;
    text = pl_xstrndup(b->len > from ? (const char *)b->data + from : "", b->len - from);
    b->len = 0;
    return text;
}

/* --- items ------------------------------------------------------------------------- */

struct pl_import_list *import_list_for(struct pl_import *im, enum part part, uint32_t *kind)
{
    *kind = 0;
    switch (part) {
    case PART_TIMELINE:
        return &im->events;
    case PART_CAUSES:
        return &im->causes;
    case PART_ACTIONS:
        return &im->actions;
    case PART_WELL:
        *kind = PL_OBSERVATION_WELL;
        return &im->observations;
    case PART_BADLY:
        *kind = PL_OBSERVATION_BADLY;
        return &im->observations;
    case PART_LUCK:
        *kind = PL_OBSERVATION_LUCK;
        return &im->observations;
    case PART_SURPRISE:
        *kind = PL_OBSERVATION_SURPRISE;
        return &im->observations;
    case PART_LESSONS:
        return &im->observations;
    case PART_NONE:
    case PART_SUMMARY:
    case PART_IMPACT:
    case PART_REST:
        break;
    }
    return NULL;
}

void import_close_item(struct reader *r)
{
    uint32_t kind = 0;
    struct pl_import_list *list = import_list_for(r->im, r->part, &kind);
    struct pl_import_item *it;
    char *text;

    if (!r->open || list == NULL)
        return;
    r->open = false;
    text = import_take_text(&r->item);
    if (text[0] == '\0') {
        free(text);
        return;
    }
    if (list->n == list->cap) {
        list->cap = list->cap != 0 ? list->cap * 2 : 8;
        list->items = pl_xrealloc(list->items, list->cap, sizeof *list->items);
    }
    it = &list->items[list->n++];
    *it = r->next;
    it->kind = kind;
    it->text = text;
}

static void open_item(struct reader *r, bool paragraph)
{
    import_close_item(r);
    r->open = true;
    r->is_paragraph = paragraph;
    r->item.len = 0;
    r->next = (struct pl_import_item){.at_us = PL_IMPORT_NO_TIME};
}

/* When a stamp says; keeps the day for stamps without a date. */
static void set_time(struct reader *r, const struct stamp *st)
{
    int64_t day = r->day;

    if (st->has_zone)
        r->offset_min = st->offset_min;
    if (st->has_date && st->has_year) {
        day = st->day;
    } else if (st->has_date && day != NO_DAY) {
        int year;
        int month;
        int mday;
        pl_civil_from_days(day, &year, &month, &mday);
        day = st->mday <= pl_days_in_month(year, st->month)
                  ? pl_days_from_civil(year, st->month, st->mday)
                  : NO_DAY;
    } else if (!st->has_date && day != NO_DAY && st->second < r->last_second - WRAP_BACK_S) {
        day++;
    }
    r->day = day;
    r->last_second = st->has_clock ? st->second : 0;
    r->next.day_only = !st->has_clock;
    if (day != NO_DAY)
        r->next.at_us = ((day * 86400 + r->last_second) - (int64_t)r->offset_min * 60) * 1000000;
    if (r->next.at_us < 0 || r->next.at_us > PL_TIME_MAX)
        r->next.at_us = PL_IMPORT_NO_TIME;
}

/* Starts an event if the line carries a stamp: at its beginning, or a full one inside. */
bool import_open_event(struct reader *r, const char *s, size_t n)
{
    struct stamp st;

    if (stamp_read(s, n, &st)) {
        open_item(r, false);
        set_time(r, &st);
        import_add(r, &r->item, s + st.len, n - st.len);
        return true;
    }
    if (stamp_find(s, n, &st) && st.has_clock && !(r->open && n > 160)) {
        open_item(r, false);
        set_time(r, &st);
        import_add(r, &r->item, s, n);
        return true;
    }
    return false;
}

/* --- lines ------------------------------------------------------------------------- */

size_t import_indent_of(const char *s, size_t n)
{
    size_t i = 0;

    while (i < n && s[i] == ' ')
        i++;
    return i;
}

/* Length of a list marker with its blanks at s ("- ", "12. ", "* "), 0 if there is none. */
size_t import_marker_len(const char *s, size_t n)
{
    size_t i = 0;

    while (i < n && i < 9 && s[i] >= '0' && s[i] <= '9')
        i++;
    bool numbered = i > 0 && i < n && (s[i] == '.' || s[i] == ')');
    bool bullet = i == 0 && n > 0 && strchr("-*+", s[0]) != NULL && s[0] != '\0';
    if (!numbered && !bullet)
        return 0;
    i++;
    size_t blanks = import_indent_of(s + i, n - i);
    return blanks > 0 && i + blanks < n ? i + blanks : 0;
}

/* Takes "[ ] " and "[x] " off an action. */
static size_t checkbox_len(const char *s, size_t n, bool *done)
{
    if (n < 4 || s[0] != '[' || s[2] != ']' || s[3] != ' ' || strchr(" xX", s[1]) == NULL)
        return 0;
    *done = s[1] != ' ';
    return 4;
}

/* Does the last line of the open item go on in the next: words, not code, a table or a quote, and
 * no break that was meant? */
static bool is_wrapped(const struct reader *r, const char *s, size_t n)
{
    const struct pl_buf *b = &r->item;
    size_t from = b->len;

    if (r->in_code || r->blank || b->len == 0 || n == 0 || import_marker_len(s, n) > 0 ||
        strchr("|>#`~", s[0]) != NULL)
        return false;
    while (from > 0 && b->data[from - 1] != '\n')
        from--;
    const char *last = (const char *)b->data + from;
    size_t len = b->len - from;
    size_t indent = import_indent_of(last, len);
    if (len == 0 || indent >= 4 || strchr("|>", last[0]) != NULL)
        return false;
    bool is_fence = len - indent >= 3 &&
                    (memcmp(last + indent, "```", 3) == 0 || memcmp(last + indent, "~~~", 3) == 0);
    bool is_break = last[len - 1] == '\\' || (len > 1 && memcmp(last + len - 2, "  ", 2) == 0);
    return !is_fence && !is_break && last[len - 1] != ':';
}

void import_continue_item(struct reader *r, const char *s, size_t n)
{
    size_t drop = import_indent_of(s, n);
    size_t whole = drop;

    if (drop > r->text_indent)
        drop = r->text_indent;
    if (whole < 8 && is_wrapped(r, s + whole, n - whole)) {
        bool has_blank = r->item.data[r->item.len - 1] == ' ';
        import_add(r, &r->item, " ", has_blank ? 0 : 1);
        import_add(r, &r->item, s + whole, n - whole);
    } else {
        import_add_line(r, &r->item, s + drop, n - drop);
    }
}

static void list_item(struct reader *r, const char *s, size_t n, size_t indent, size_t marker)
{
    const char *text = s + indent + marker;
    size_t len = n - indent - marker;
    bool done = false;

    if (r->list_indent == SIZE_MAX)
        r->list_indent = indent;
    if (r->part == PART_TIMELINE) {
        if (!import_open_event(r, text, len)) {
            if (r->open)
                import_continue_item(r, s, n);
            else
                import_add_line(r, &r->rest, s, n);
            return;
        }
        r->text_indent = indent + marker;
        return;
    }
    /* A paragraph that only announces the list is no item. */
    if (r->open && r->is_paragraph && r->item.len > 0 && r->item.data[r->item.len - 1] == ':') {
        import_add(r, &r->rest, "\n\n", r->rest.len > 0 ? 2 : 0);
        import_add(r, &r->rest, (const char *)r->item.data, r->item.len);
        r->open = false;
    }
    open_item(r, false);
    size_t box = checkbox_len(text, len, &done);
    r->next.done = done;
    r->text_indent = indent + marker;
    import_add(r, &r->item, text + box, len - box);
}

/* "**Date: 2023-11-22**" between events is the day of those that follow. */
static bool day_line(struct reader *r, const char *s, size_t n)
{
    struct stamp st;

    if (n > 40 || !r->blank || !stamp_find(s, n, &st) || st.has_clock)
        return false;
    r->day = st.day;
    r->last_second = 0;
    return true;
}

void import_item_line(struct reader *r, const char *s, size_t n)
{
    size_t indent = import_indent_of(s, n);
    size_t marker = import_marker_len(s + indent, n - indent);
    int offset;

    if (marker > 0 && (r->list_indent == SIZE_MAX || indent <= r->list_indent + 1 || !r->open ||
                       r->part == PART_TIMELINE)) {
        list_item(r, s, n, indent, marker);
    } else if (r->part == PART_TIMELINE) {
        if (!r->open && zone_find(s, n, &offset)) {
            r->offset_min = offset;
            r->im->has_zone = true;
        } else if (indent < 4 && (r->blank || !r->open) && stamp_read(s, n, &(struct stamp){0}) &&
                   import_open_event(r, s, n)) {
            r->text_indent = 0;
        } else if (day_line(r, s, n)) {
            import_close_item(r);
        } else if (r->open) {
            import_continue_item(r, s, n);
        } else {
            import_add_line(r, &r->rest, s, n);
        }
    } else if (r->open && (!r->blank || indent >= 2)) {
        import_continue_item(r, s, n);
    } else {
        open_item(r, true);
        r->text_indent = 0;
        import_add(r, &r->item, s + indent, n - indent);
    }
}

/* --- tables ------------------------------------------------------------------------ */

bool import_is_table_rule(const char *s, size_t n)
{
    bool dash = false;

    for (size_t i = 0; i < n; i++) {
        if (strchr("|-: \t", s[i]) == NULL || s[i] == '\0')
            return false;
        dash = dash || s[i] == '-';
    }
    return dash && memchr(s, '|', n) != NULL;
}

/* Adds the cells from `at` on, by commas. */
static void add_cells(struct reader *r, const char *s, size_t n, size_t at)
{
    bool first = true;

    while (at < n) {
        size_t end = at;
        while (end < n && !(s[end] == '|' && (end == 0 || s[end - 1] != '\\')))
            end++;
        size_t from = at + import_indent_of(s + at, end - at);
        size_t to = end;
        while (to > from && s[to - 1] == ' ')
            to--;
        if (to > from) {
            import_add(r, &r->item, ", ", first ? 0 : 2);
            import_add(r, &r->item, s + from, to - from);
            first = false;
        }
        at = end + 1;
    }
}

void import_table_row(struct reader *r, const char *s, size_t n)
{
    struct stamp st;

    if (r->part != PART_TIMELINE) {
        open_item(r, false);
        add_cells(r, s, n, 1);
        import_close_item(r);
    } else if (stamp_read(s, n, &st)) {
        open_item(r, false);
        set_time(r, &st);
        add_cells(r, s, n, st.len);
        import_close_item(r);
    } else {
        import_add_line(r, &r->rest, s, n);
    }
}
