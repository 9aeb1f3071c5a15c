// SPDX-License-Identifier: Apache-2.0
/*
 * A post-mortem in Markdown as parts of a review (render/import.h). One pass over the lines:
 * headings and bold labels choose the part, list items, paragraphs and table rows become its items,
 * everything else is kept as text. Memory is bounded by the input: each byte goes to one place.
 */
#include "plimsoll/render/import.h"

#include <stdlib.h>
#include <string.h>

#include "plimsoll/base/mem.h"
#include "plimsoll/base/time.h"
#include "plimsoll/base/utf8.h"
#include "plimsoll/doc/schema.h"
#include "plimsoll/render/text.h"

#include "import_int.h"

#define WRAP_BACK_S (6 * 3600) /* a clock that jumps back by more is the next day's */
#define NO_DAY      INT64_MIN

/* --- headings ---------------------------------------------------------------------- */

static void choose(struct reader *r, enum part part, bool by_label)
{
    import_close_item(r);
    r->part = part;
    r->im->n_parts += part != PART_NONE && part != PART_REST;
    r->by_label = by_label;
    r->list_indent = SIZE_MAX;
    r->text_indent = 0;
}

/* A heading's words without marks of emphasis around them. */
static void trim(const char **s, size_t *n)
{
    while (*n > 0 && strchr(" \t*_#", (*s)[0]) != NULL && (*s)[0] != '\0') {
        (*s)++;
        (*n)--;
    }
    while (*n > 0 && strchr(" \t*_#:", (*s)[*n - 1]) != NULL && (*s)[*n - 1] != '\0')
        (*n)--;
}

static void set_title(struct reader *r, const char *s, size_t n)
{
    struct stamp st;
    size_t end = pl_utf8_offset(s, n, 200);

    r->im->title = pl_xstrndup(s, end);
    for (char *p = r->im->title; *p != '\0'; p++) {
        if (*p == '\t')
            *p = ' ';
    }
    if (stamp_find(s, n, &st) && r->day == NO_DAY)
        r->day = st.day;
}

static void heading(struct reader *r, const char *s, size_t n, unsigned level)
{
    enum part part;
    enum part above = PART_NONE;
    struct stamp st;

    trim(&s, &n);
    part = part_of_heading(s, n);
    if (r->im->title == NULL && level == 1) {
        set_title(r, s, n);
        return;
    }
    for (unsigned i = 1; i < level; i++)
        above = r->parts[i] != PART_NONE ? r->parts[i] : above;
    if (above == PART_TIMELINE && stamp_read(s, n, &st)) {
        choose(r, PART_TIMELINE, false);
        (void)import_open_event(r, s, n);
        r->blank = true;
        return;
    }
    r->parts[level] = part;
    for (unsigned i = level + 1; i < 7; i++)
        r->parts[i] = PART_NONE;
    if (part == PART_NONE)
        part = above;
    choose(r, part != PART_NONE ? part : PART_REST, false);
    if (part == PART_NONE || part == PART_REST || part == PART_TIMELINE) {
        r->blank = true;
        if (part_of_heading(s, n) != PART_TIMELINE) {
            import_add_line(r, &r->rest, "## ", 3);
            import_add(r, &r->rest, s, n);
        }
    }
}

/* "- **Impact**: text" and a line "**Root causes:**" are headings of a kind. */
static bool label(struct reader *r, const char *s, size_t n)
{
    size_t marker = import_marker_len(s, n);
    bool bullet = marker > 0;
    enum part part;

    s += marker;
    n -= marker;
    if (n < 5 || s[0] != '*' || s[1] != '*')
        return false;
    const char *end = memmem(s + 2, n - 2, "**", 2);
    if (end == NULL)
        return false;
    part = part_of_heading(s + 2, (size_t)(end - s) - 2);
    size_t after = (size_t)(end - s) + 2;
    bool alone = after + (after < n && s[after] == ':') == n;
    if (part == PART_NONE || (!alone && !bullet))
        return false;
    if (!r->by_label && r->part != PART_NONE && r->part != PART_REST && !(alone && !bullet))
        return false;
    choose(r, part, true);
    while (after < n && strchr(": ", s[after]) != NULL && s[after] != '\0')
        after++;
    if (part == PART_REST) {
        import_add_line(r, &r->rest, s, n);
    } else if (after < n) {
        struct pl_buf *b = part == PART_SUMMARY  ? &r->summary
                           : part == PART_IMPACT ? &r->impact
                                                 : NULL;
        if (b != NULL)
            import_add_line(r, b, s + after, n - after);
        else
            import_item_line(r, s + after, n - after);
    }
    return true;
}

/* --- the pass ---------------------------------------------------------------------- */

/* Text of a part that has no items. */
static void plain_line(struct reader *r, const char *s, size_t n)
{
    size_t drop = r->by_label ? import_indent_of(s, n < 2 ? n : 2) : 0;
    struct stamp st;

    s += drop;
    n -= drop;
    if (r->day == NO_DAY && stamp_find(s, n, &st))
        r->day = st.day;
    switch (r->part) {
    case PART_NONE:
        import_add_line(r, &r->intro, s, n);
        return;
    case PART_SUMMARY:
        import_add_line(r, &r->summary, s, n);
        return;
    case PART_IMPACT:
        import_add_line(r, &r->impact, s, n);
        return;
    case PART_TIMELINE:
    case PART_WELL:
    case PART_BADLY:
    case PART_LUCK:
    case PART_SURPRISE:
    case PART_LESSONS:
    case PART_CAUSES:
    case PART_ACTIONS:
    case PART_REST:
        break;
    }
    import_add_line(r, &r->rest, s, n);
}

/* Follows fenced code; its lines are never looked into. */
static bool fenced(struct reader *r, const char *s, size_t n)
{
    size_t indent = import_indent_of(s, n);
    char mark = indent < n ? s[indent] : '\0';
    size_t run = 0;

    if (mark == '`' || mark == '~') {
        while (indent + run < n && s[indent + run] == mark)
            run++;
    }
    if (r->fence == 0) {
        if (run < 3 || (mark == '`' && memchr(s + indent + run, '`', n - indent - run) != NULL))
            return false;
        r->fence = mark;
        r->fence_len = run;
    } else if (mark == r->fence && run >= r->fence_len &&
               indent + run + import_indent_of(s + indent + run, n - indent - run) == n) {
        r->fence = 0;
    }
    r->in_code = true;
    if (r->open)
        import_continue_item(r, s, n);
    else
        plain_line(r, s, n);
    r->in_code = false;
    return true;
}

static unsigned heading_level(const char *s, size_t n)
{
    unsigned level = 0;

    while (level < n && s[level] == '#')
        level++;
    return level <= 6 && level < n && s[level] == ' ' ? level : 0;
}

static void one_line(struct reader *r, const char *s, size_t n, const char *next, size_t next_n)
{
    uint32_t kind;
    unsigned level;

    if (fenced(r, s, n)) {
        r->blank = false;
        return;
    }
    if (import_indent_of(s, n) == n) {
        r->blank = true;
        return;
    }
    level = heading_level(s, n);
    if (level > 0) {
        heading(r, s + level, n - level, level);
        r->blank = true;
        return;
    }
    if (label(r, s, n)) {
        r->blank = false;
        return;
    }
    if (import_list_for(r->im, r->part, &kind) == NULL)
        plain_line(r, s, n);
    else if (s[0] != '|')
        import_item_line(r, s, n);
    else if (!import_is_table_rule(s, n) && !import_is_table_rule(next, next_n))
        import_table_row(r, s, n);
    r->blank = false;
}

/* "---\ntitle: ...\ndate: ...\n---" at the beginning; returns where the text goes on. */
static size_t front_matter(struct reader *r, const char *s, size_t n)
{
    const char *end = n > 4 && memcmp(s, "---\n", 4) == 0 ? memmem(s + 3, n - 3, "\n---", 4) : NULL;
    struct stamp st;

    if (end == NULL)
        return 0;
    for (const char *at = s + 4; at < end;) {
        const char *nl = memchr(at, '\n', (size_t)(end - at));
        size_t len = nl != NULL ? (size_t)(nl - at) : (size_t)(end - at);
        if (len > 7 && memcmp(at, "title: ", 7) == 0 && r->im->title == NULL) {
            const char *t = at + 7;
            size_t tn = len - 7;
            if (tn >= 2 && (t[0] == '"' || t[0] == '\'') && t[tn - 1] == t[0]) {
                t++;
                tn -= 2;
            }
            set_title(r, t, tn);
        }
        if (len > 5 && memcmp(at, "date:", 5) == 0 && stamp_find(at, len, &st))
            r->day = st.day;
        at += len + 1;
    }
    const char *nl = memchr(end + 4, '\n', n - (size_t)(end + 4 - s));
    return nl != NULL ? (size_t)(nl - s) + 1 : n;
}

static size_t line_len(const char *s, size_t n)
{
    const char *nl = n > 0 ? memchr(s, '\n', n) : NULL;

    return nl != NULL ? (size_t)(nl - s) : n;
}

static void read_all(struct reader *r, const char *s, size_t n)
{
    size_t at = front_matter(r, s, n);

    while (at < n && r->rc == 0) {
        size_t len = line_len(s + at, n - at);
        size_t next = at + len + 1 < n ? at + len + 1 : n;
        one_line(r, s + at, len, s + next, line_len(s + next, n - next));
        at = next;
    }
    import_close_item(r);
    import_tidy(r->im);
}

/* Clean text with plain newlines, tabs as they are. */
static int clean(const char *md, size_t n, struct pl_buf *out)
{
    int rc = 0;

    if (n >= 3 && memcmp(md, "\xEF\xBB\xBF", 3) == 0) {
        md += 3;
        n -= 3;
    }
    while (n > 0 && rc == 0) {
        const char *cr = memchr(md, '\r', n);
        size_t len = cr != NULL ? (size_t)(cr - md) : n;
        rc = pl_text_safe(md, len, out);
        if (rc == 0 && cr != NULL && !(len + 1 < n && md[len + 1] == '\n'))
            rc = pl_buf_add_byte(out, '\n');
        len += cr != NULL;
        md += len;
        n -= len;
    }
    return rc;
}

static void finish(struct reader *r)
{
    bool has_summary = r->summary.len > 0;

    if (has_summary && r->intro.len > 0) {
        import_add(r, &r->rest, "\n\n", r->rest.len > 0 ? 2 : 0);
        import_add(r, &r->rest, (const char *)r->intro.data, r->intro.len);
    }
    r->im->summary = import_take_text(has_summary ? &r->summary : &r->intro);
    r->im->impact = import_take_text(&r->impact);
    r->im->rest = import_take_text(&r->rest);
    if (r->im->title == NULL)
        r->im->title = pl_xstrdup("");
}

int pl_import_markdown(const char *md, size_t n, const struct pl_import_opts *o,
                       struct pl_import *out, struct pl_err *e)
{
    struct pl_import im = {.title = NULL};
    struct reader r = {.im = &im,
                       .day = o != NULL ? o->date_day : NO_DAY,
                       .offset_min = o != NULL ? o->offset_min : 0,
                       .list_indent = SIZE_MAX};
    struct pl_buf text;

    if (n > PL_IMPORT_MAX)
        return pl_fail(e, PL_E_LIMIT, "a document of %zu bytes, at most %u are allowed", n,
                       PL_IMPORT_MAX);
    /* A bad byte becomes three. */
    pl_buf_init(&text, 3 * n + 16);
    pl_buf_init(&r.intro, 4 * n + 64);
    pl_buf_init(&r.summary, 4 * n + 64);
    pl_buf_init(&r.impact, 4 * n + 64);
    pl_buf_init(&r.rest, 8 * n + 64);
    pl_buf_init(&r.item, 4 * n + 64);
    r.rc = clean(md, n, &text);
    if (r.rc == 0)
        read_all(&r, text.data != NULL ? (const char *)text.data : "", text.len);
    finish(&r);
    pl_buf_release(&text);
    pl_buf_release(&r.intro);
    pl_buf_release(&r.summary);
    pl_buf_release(&r.impact);
    pl_buf_release(&r.rest);
    pl_buf_release(&r.item);
    if (r.rc != 0) {
        pl_import_release(&im);
        return pl_fail(e, -r.rc, "the document could not be read");
    }
    *out = im;
    return 0;
}

static void release_list(struct pl_import_list *list)
{
    for (size_t i = 0; i < list->n; i++)
        free(list->items[i].text);
    free(list->items);
    *list = (struct pl_import_list){.n = 0};
}

void pl_import_release(struct pl_import *im)
{
    free(im->title);
    free(im->summary);
    free(im->impact);
    free(im->rest);
    release_list(&im->events);
    release_list(&im->observations);
    release_list(&im->causes);
    release_list(&im->actions);
    *im = (struct pl_import){.title = NULL};
}
