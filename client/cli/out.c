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
#include "plimsoll/base/time.h"
#include "plimsoll/base/utf8.h"
#include "plimsoll/render/text.h"

#include "cli/cli_int.h"

#define COLUMNS_MAX 16
#define CELL_MAX    (64u * 1024u)

struct cli_table {
    const char *const *heads;
    size_t n;
    char **cells; /* rows * n */
    size_t rows, cap;
};

void cli_say(const struct cli *c, const char *fmt, ...)
{
    va_list ap;
    if (c->opt->quiet)
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

bool cli_wants_json(const struct cli *c)
{
    return c->opt->json || c->opt->jsonl;
}

json_t *cli_envelope(struct cli *c, const char *name, uint64_t rev)
{
    char schema[64];
    char host[300] = "";
    char now[PL_RFC3339_SIZE];
    json_t *j = json_object();
    (void)snprintf(schema, sizeof(schema), "plimsoll.%s/1", name);
    (void)pl_rfc3339_format(pl_now_us(), 0, 0, now);
    (void)json_object_set_new(j, "schema", json_string(schema));
    if (c->client)
        client_host(c->client, host, sizeof(host));
    /* Keys are null rather than missing, so that a reader needs no case for each verb. */
    (void)json_object_set_new(j, "server", c->client ? json_string(host) : json_null());
    (void)json_object_set_new(j, "rev", rev > 0 ? json_integer((json_int_t)rev) : json_null());
    (void)json_object_set_new(j, "as_of", json_string(now));
    return j;
}

static int add_json(struct cli *c, const json_t *j)
{
    char *text = json_dumps(j, JSON_COMPACT);
    int rc = text ? pl_buf_add_str(&c->out, text) : -PL_E_NOMEM;
    if (rc == 0)
        rc = pl_buf_add_byte(&c->out, '\n');
    free(text);
    return rc;
}

bool cli_json(struct cli *c, json_t *take_j)
{
    bool wanted = cli_wants_json(c);
    const json_t *items = json_object_get(take_j, "items");
    if (wanted && c->opt->jsonl && items) {
        size_t i;
        const json_t *v;
        json_array_foreach(items, i, v)
        {
            if (add_json(c, v) < 0)
                break;
        }
    } else if (wanted && add_json(c, take_j) < 0) {
        wanted = false;
    }
    json_decref(take_j);
    return wanted;
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
    pl_buf_init(&b, CELL_MAX);
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

static void table_free(struct cli_table *t)
{
    for (size_t i = 0; i < t->rows * t->n; i++)
        free(t->cells[i]);
    free(t->cells);
    free(t);
}

int cli_table_end(struct cli *c, struct cli_table *t, struct pl_err *e)
{
    bool tty = isatty(STDOUT_FILENO) && !c->opt->output && !c->opt->tsv;
    int rc = tty ? put_aligned(&c->out, t) : put_tsv(&c->out, t);
    table_free(t);
    return rc < 0 ? pl_fail(e, PL_E_LIMIT, "the output is too large") : 0;
}

int cli_list_end(struct cli *c, struct cli_table *t, json_t *take_j, struct pl_err *e)
{
    if (!cli_wants_json(c)) {
        json_decref(take_j);
        return cli_table_end(c, t, e);
    }
    table_free(t);
    (void)cli_json(c, take_j);
    return 0;
}
