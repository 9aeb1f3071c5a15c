// SPDX-License-Identifier: Apache-2.0
/*
 * See md_text.h. Works line by line: outside of fenced code, '<' is escaped (no HTML), a heading
 * mark or an underline at the beginning of a line is escaped, and backticks that do not close on
 * their line are escaped so that what follows is judged rightly. Inside a fence nothing is touched;
 * a fence left open is closed at the end. (CommonMark 0.30, sections 4.3, 4.5, 4.6, 6.1.)
 */
#include "md_text.h"

#include <string.h>

static size_t run_of(const char *s, size_t n, char c)
{
    size_t i = 0;

    while (i < n && s[i] == c)
        i++;
    return i;
}

/* Length of the code span at s (which starts with a run of backticks), or 0 when it does not close.
 */
static size_t code_span(const char *s, size_t n)
{
    size_t open = run_of(s, n, '`');

    for (size_t i = open; i < n;) {
        size_t run = run_of(s + i, n - i, '`');
        if (run == open)
            return i + run;
        i += run > 0 ? run : 1;
    }
    return 0;
}

static void put_inline(struct sink *s, const char *text, size_t n, bool cell)
{
    size_t from = 0;
    size_t i = 0;

    while (i < n) {
        const char *instead = NULL;
        size_t skip = 1;
        if (text[i] == '`') {
            size_t span = code_span(text + i, n - i);
            if (span > 0 && !(cell && memchr(text + i, '|', span) != NULL)) {
                i += span;
                continue;
            }
            instead = "\\`";
        } else if (text[i] == '<') {
            instead = "\\<";
        } else if (text[i] == '|' && cell) {
            instead = "&#124;";
        } else if (text[i] == '\\' && i + 1 < n) {
            /* What the text escapes itself stays escaped. */
            skip = 2;
            if (text[i + 1] == '|' && cell)
                instead = "&#124;";
        }
        if (instead != NULL) {
            put_safe(s, text + from, i - from);
            put(s, instead);
            from = i + skip;
        }
        i += skip;
    }
    put_safe(s, text + from, n - from);
}

void md_line(struct sink *s, const char *text)
{
    put_inline(s, text, strcspn(text, "\n"), false);
}

void md_cell(struct sink *s, const char *text)
{
    size_t n = strlen(text);

    while (n > 0 && text[n - 1] == '\n')
        n--;
    for (size_t at = 0; at < n;) {
        const char *nl = memchr(text + at, '\n', n - at);
        size_t len = nl != NULL ? (size_t)(nl - text) - at : n - at;
        put_inline(s, text + at, len, true);
        if (nl != NULL)
            put(s, "<br>");
        at += len + 1;
    }
}

struct fence {
    char mark;  /* '`' or '~'; 0: outside */
    size_t len; /* of the opening run */
};

/* Follows fences over one line; true when the line belongs to fenced code. */
static bool in_fence(struct fence *f, const char *line, size_t n)
{
    size_t blanks = run_of(line, n, ' ');
    char mark = blanks < n ? line[blanks] : '\0';
    size_t run =
        blanks <= 3 && (mark == '`' || mark == '~') ? run_of(line + blanks, n - blanks, mark) : 0;
    size_t rest = blanks + run;

    if (f->mark != 0) {
        if (run >= f->len && mark == f->mark && rest + run_of(line + rest, n - rest, ' ') == n)
            f->mark = 0;
        return true;
    }
    if (run < 3 || (mark == '`' && memchr(line + rest, '`', n - rest) != NULL))
        return false;
    *f = (struct fence){mark, run};
    return true;
}

/* Would this line start a heading, or make one of the line above? */
static bool is_heading(const char *line, size_t n)
{
    size_t at = run_of(line, n, ' ');
    char c = at < n ? line[at] : '\0';

    if (at > 3)
        return false;
    if (c == '#')
        return true;
    if (c != '=' && c != '-')
        return false;
    size_t run = run_of(line + at, n - at, c);
    return at + run + run_of(line + at + run, n - at - run, ' ') == n;
}

static void put_block_line(struct sink *s, struct fence *f, const char *line, size_t n)
{
    if (in_fence(f, line, n)) {
        put_safe(s, line, n);
        return;
    }
    if (is_heading(line, n)) {
        size_t at = run_of(line, n, ' ');
        put(s, "\\");
        line += at;
        n -= at;
    }
    put_inline(s, line, n, false);
}

static void put_indent(struct sink *s, unsigned indent)
{
    putf(s, "%*s", (int)indent, "");
}

void md_block(struct sink *s, const char *text, unsigned indent)
{
    struct fence f = {.mark = 0};
    size_t n = strlen(text);

    while (n > 0 && text[n - 1] == '\n')
        n--;
    for (size_t at = 0; at < n;) {
        const char *nl = memchr(text + at, '\n', n - at);
        size_t len = nl != NULL ? (size_t)(nl - text) - at : n - at;
        if (at > 0 && len > 0)
            put_indent(s, indent);
        put_block_line(s, &f, text + at, len);
        put(s, "\n");
        at += len + 1;
    }
    if (n == 0)
        put(s, "\n");
    if (f.mark != 0) {
        put_indent(s, indent);
        for (size_t i = 0; i < f.len; i++)
            put_bytes(s, &f.mark, 1);
        put(s, "\n");
    }
}

void md_after(struct sink *s, const char *text, unsigned indent)
{
    size_t n = strlen(text);

    while (n > 0 && text[n - 1] == '\n')
        n--;
    if (memchr(text, '\n', n) != NULL) {
        put(s, "\n\n");
        put_indent(s, indent);
        md_block(s, text, indent);
        put(s, "\n");
        return;
    }
    put_inline(s, text, n, false);
    put(s, "\n");
}
