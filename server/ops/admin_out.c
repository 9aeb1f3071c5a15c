// SPDX-License-Identifier: Apache-2.0
/*
 * See admin_out.h. Cells are kept as text and JSON side by side until the end: widths are known
 * only then, and the lists are short.
 */
#include "ops/admin_out.h"

#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "plimsoll/base/err.h"
#include "plimsoll/base/mem.h"
#include "plimsoll/base/str.h"
#include "plimsoll/base/time.h"
#include "plimsoll/base/utf8.h"

struct out_table {
    const char *schema;
    const char *const *columns;
    size_t count;
    bool json;
    json_t *items;
    json_t *row;  /* being filled; owned by items */
    char **cells; /* of all rows */
    size_t n;
    size_t cap;
};

struct out_table *out_table_new(const char *schema, const char *const *columns, size_t count,
                                bool json)
{
    struct out_table *t = pl_xcalloc(1, sizeof(*t));
    t->schema = schema;
    t->columns = columns;
    t->count = count;
    t->json = json;
    t->items = json_array();
    PL_ASSERT(t->items != NULL);
    return t;
}

static void add(struct out_table *t, const char *text, json_t *take_value)
{
    size_t column = t->n % t->count;
    if (column == 0) {
        t->row = json_object();
        PL_ASSERT(json_array_append_new(t->items, t->row) == 0);
    }
    PL_ASSERT(json_object_set_new(t->row, t->columns[column], take_value) == 0);
    if (t->n == t->cap) {
        t->cap = t->cap == 0 ? 64 : 2 * t->cap;
        t->cells = pl_xrealloc(t->cells, t->cap, sizeof(*t->cells));
    }
    t->cells[t->n++] = pl_xstrdup(text);
}

void out_text(struct out_table *t, const char *s)
{
    add(t, s, json_string(s));
}

void out_id(struct out_table *t, uint64_t id)
{
    char text[24];
    (void)snprintf(text, sizeof(text), "%llu", (unsigned long long)id);
    add(t, text, json_string(text));
}

void out_count(struct out_table *t, uint64_t n)
{
    char text[24];
    (void)snprintf(text, sizeof(text), "%llu", (unsigned long long)n);
    add(t, text, json_integer((json_int_t)n));
}

void out_bool(struct out_table *t, bool b)
{
    add(t, b ? "yes" : "no", json_boolean(b));
}

void out_time(struct out_table *t, int64_t us)
{
    char text[PL_RFC3339_SIZE] = "-";
    if (us > 0) {
        (void)pl_rfc3339_format(us, 0, 0, text);
    }
    add(t, text, us > 0 ? json_string(text) : json_null());
}

static size_t width_of(const char *s)
{
    size_t n = strlen(s);
    return pl_utf8_is_valid(s, n) ? pl_utf8_count(s, n) : n;
}

static void print_cell(const char *s, size_t width, bool is_last)
{
    int pad = is_last ? 0 : (int)(width - width_of(s)) + 2;
    (void)printf("%s%*s%s", s, pad, "", is_last ? "\n" : "");
}

static void print_aligned(const struct out_table *t)
{
    size_t widths[16] = {0};
    PL_ASSERT(t->count <= sizeof(widths) / sizeof(widths[0]));
    for (size_t i = 0; i < t->n + t->count; i++) {
        const char *s = i < t->count ? t->columns[i] : t->cells[i - t->count];
        size_t w = width_of(s);
        widths[i % t->count] = w > widths[i % t->count] ? w : widths[i % t->count];
    }
    for (size_t i = 0; i < t->count; i++) {
        char header[32];
        (void)pl_strlcpy(header, t->columns[i], sizeof(header));
        for (char *p = header; *p != '\0'; p++) {
            *p = *p >= 'a' && *p <= 'z' ? (char)(*p - 'a' + 'A') : *p == '_' ? ' ' : *p;
        }
        print_cell(header, widths[i], i + 1 == t->count);
    }
    for (size_t i = 0; i < t->n; i++) {
        print_cell(t->cells[i], widths[i % t->count], (i + 1) % t->count == 0);
    }
}

static void print_json(struct out_table *t)
{
    json_t *all = json_pack("{s:s, s:O}", "schema", t->schema, "items", t->items);
    PL_ASSERT(all != NULL);
    (void)json_dumpf(all, stdout, JSON_INDENT(1));
    (void)putchar('\n');
    json_decref(all);
}

void out_table_end(struct out_table *t)
{
    if (t->json) {
        print_json(t);
    } else if (isatty(STDOUT_FILENO)) {
        print_aligned(t);
    } else {
        for (size_t i = 0; i < t->n; i++) {
            (void)printf("%s%c", t->cells[i], (i + 1) % t->count == 0 ? '\n' : '\t');
        }
    }
    for (size_t i = 0; i < t->n; i++) {
        free(t->cells[i]);
    }
    free(t->cells);
    json_decref(t->items);
    free(t);
}
