// SPDX-License-Identifier: Apache-2.0
/*
 * Data on standard output: aligned columns for a person, tabs for a pipe, JSON when asked. Cells
 * are made harmless here, whatever their origin, so nothing that others wrote can steer a terminal.
 */
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <wchar.h>

#include "plimsoll/base/mem.h"
#include "plimsoll/base/utf8.h"
#include "plimsoll/render/text.h"

#include "cli/cli_int.h"

#define COLUMNS_MAX 16

struct cli_table {
    const char *const *heads;
    size_t n;
    char **cells; /* rows * n */
    size_t rows, cap;
};

void cli_say(const struct cli *c, const char *fmt, ...)
{
    va_list ap;
    /* One JSON object is all that is said; a stream of lines may be accompanied. */
    if (c->opt->quiet || c->opt->json)
        return;
    va_start(ap, fmt);
    (void)vfprintf(stderr, fmt, ap);
    va_end(ap);
    (void)fputc('\n', stderr);
}

void cli_print(struct cli *c, const char *fmt, ...)
{
    char *text = NULL;
    va_list ap;
    va_start(ap, fmt);
    int n = vasprintf(&text, fmt, ap);
    va_end(ap);
    if (n < 0 || pl_buf_add(&c->out, text, (size_t)n) < 0)
        c->out_failed = true;
    if (n >= 0)
        free(text);
}

bool cli_is_for_eyes(const struct cli *c)
{
    return isatty(STDOUT_FILENO) && !c->opt->output && !c->opt->tsv;
}

struct cli_table *cli_table_new(const char *const *heads, size_t n)
{
    struct cli_table *t = pl_xcalloc(1, sizeof(*t));
    PL_ASSERT(n <= COLUMNS_MAX);
    t->heads = heads;
    t->n = n;
    return t;
}

/* One line, clean, for free(). */
static char *cell(const char *s)
{
    struct pl_buf b;
    pl_buf_init(&b, s ? 3 * strlen(s) + 1 : 1); /* a bad byte becomes three */
    if (s && pl_text_safe(s, strlen(s), &b) < 0)
        pl_buf_clear(&b);
    for (size_t i = 0; i < b.len; i++)
        if (b.data[i] == '\n' || b.data[i] == '\t')
            b.data[i] = ' ';
    char *out = pl_buf_steal(&b, NULL);
    return out ? out : pl_xstrdup("");
}

void cli_table_row(struct cli_table *t, const char *const *cells)
{
    if (t->rows == t->cap) {
        t->cap = t->cap ? t->cap * 2 : 32;
        t->cells = pl_xrealloc(t->cells, t->cap * t->n, sizeof(*t->cells));
    }
    for (size_t i = 0; i < t->n; i++)
        t->cells[t->rows * t->n + i] = cell(cells[i]);
    t->rows++;
}

static int width(const char *s)
{
    int w = 0;
    const uint8_t *p = (const uint8_t *)s;
    const uint8_t *end = p + strlen(s);
    while (p < end) {
        uint32_t ch = 0;
        p += pl_utf8_decode(p, end, &ch);
        int cw = wcwidth((wchar_t)ch);
        w += cw > 0 ? cw : 0;
    }
    return w;
}

static int put_row(struct pl_buf *out, const struct cli_table *t, const char *const *cells,
                   const int *widths)
{
    int rc = 0;
    for (size_t i = 0; rc == 0 && i < t->n; i++) {
        rc = pl_buf_add_str(out, cells[i]);
        bool last = i + 1 == t->n;
        int pad = last ? 0 : widths[i] - width(cells[i]) + 2;
        for (int k = 0; rc == 0 && k < pad; k++)
            rc = pl_buf_add_byte(out, ' ');
    }
    return rc < 0 ? rc : pl_buf_add_byte(out, '\n');
}

static int put_aligned(struct pl_buf *out, const struct cli_table *t)
{
    int widths[COLUMNS_MAX];
    for (size_t i = 0; i < t->n; i++) {
        widths[i] = width(t->heads[i]);
        for (size_t r = 0; r < t->rows; r++) {
            int w = width(t->cells[r * t->n + i]);
            if (w > widths[i])
                widths[i] = w;
        }
    }
    int rc = t->rows > 0 ? put_row(out, t, t->heads, widths) : 0;
    for (size_t r = 0; rc == 0 && r < t->rows; r++)
        rc = put_row(out, t, (const char *const *)&t->cells[r * t->n], widths);
    return rc;
}

static int put_tsv(struct pl_buf *out, const struct cli_table *t)
{
    int rc = 0;
    for (size_t i = 0; rc == 0 && i < t->rows * t->n; i++) {
        rc = pl_buf_add_str(out, t->cells[i]);
        if (rc == 0)
            rc = pl_buf_add_byte(out, (i + 1) % t->n == 0 ? '\n' : '\t');
    }
    return rc;
}

void cli_table_free(struct cli_table *t)
{
    for (size_t i = 0; i < t->rows * t->n; i++)
        free(t->cells[i]);
    free(t->cells);
    free(t);
}

int cli_table_end(struct cli *c, struct cli_table *t, struct pl_err *e)
{
    int rc = cli_is_for_eyes(c) ? put_aligned(&c->out, t) : put_tsv(&c->out, t);
    cli_table_free(t);
    return rc < 0 ? pl_fail(e, PL_E_LIMIT, "the output is too large") : 0;
}
