// SPDX-License-Identifier: Apache-2.0
/*
 * Configuration files by inih, made strict. inih itself takes unknown names, cuts long lines and
 * joins indented lines to the value above; the line reader and the handler here refuse all three,
 * and the first fault of a file wins, with its line number.
 */
#include "plimsoll/base/conf.h"

#include <stdlib.h>
#include <string.h>

#include <ini.h>

#include "conf_int.h"
#include "plimsoll/base/buf.h"
#include "plimsoll/base/file.h"
#include "plimsoll/base/str.h"

#define OPTS_MAX 256u

/* One file being read. */
struct reading {
    const struct pl_conf_table *table;
    void *target;
    const char *name; /* of the file */
    const char *p;
    const char *end;
    int line;
    int rc;
    uint64_t seen[OPTS_MAX / 64];
    struct pl_err err;
};

static const struct pl_conf_opt *find(const struct pl_conf_table *t, const char *section,
                                      const char *name)
{
    for (size_t i = 0; i < t->count; i++) {
        if (strcmp(t->opts[i].section, section) == 0 && strcmp(t->opts[i].name, name) == 0)
            return &t->opts[i];
    }
    return NULL;
}

static bool has_section(const struct pl_conf_table *t, const char *section)
{
    for (size_t i = 0; i < t->count; i++) {
        if (strcmp(t->opts[i].section, section) == 0)
            return true;
    }
    return false;
}

static int unknown_section(const struct pl_conf_table *t, const char *section, struct pl_err *e)
{
    const char *near = NULL;
    size_t best = SIZE_MAX;
    for (size_t i = 0; i < t->count; i++) {
        size_t d = pl_str_distance(section, t->opts[i].section);
        if (d < best && pl_str_is_near(section, t->opts[i].section)) {
            best = d;
            near = t->opts[i].section;
        }
    }
    if (near != NULL)
        return pl_fail(e, PL_E_CONFIG, "unknown section [%.40s]; did you mean [%s]?", section,
                       near);
    return pl_fail(e, PL_E_CONFIG, "unknown section [%.40s]", section);
}

static int unknown_key(const struct pl_conf_table *t, const char *section, const char *name,
                       struct pl_err *e)
{
    const struct pl_conf_opt *near = NULL;
    size_t best = SIZE_MAX;
    if (!has_section(t, section))
        return unknown_section(t, section, e);
    for (size_t i = 0; i < t->count; i++) {
        const struct pl_conf_opt *o = &t->opts[i];
        /* a key of another section must be spelled right to be offered */
        bool same = strcmp(o->section, section) == 0;
        size_t d = pl_str_distance(name, o->name) * 2 + !same;
        if (d < best && (same ? pl_str_is_near(name, o->name) : strcmp(name, o->name) == 0)) {
            best = d;
            near = o;
        }
    }
    if (near != NULL) {
        return pl_fail(e, PL_E_CONFIG, "unknown key '%.40s' in [%s]; did you mean %s.%s?", name,
                       section, near->section, near->name);
    }
    return pl_fail(e, PL_E_CONFIG, "unknown key '%.40s' in [%s]", name, section);
}

static int fail_here(struct reading *r, const char *why)
{
    if (r->rc == 0)
        r->rc = pl_fail(&r->err, PL_E_CONFIG, "%s:%d: %s", r->name, r->line, why);
    return 0;
}

static int on_value(void *user, const char *section, const char *name, const char *value)
{
    struct reading *r = user;
    if (r->rc < 0)
        return 0;
    const struct pl_conf_opt *o = find(r->table, section, name);
    struct pl_err why;
    pl_err_init(&why);
    if (o == NULL) {
        (void)unknown_key(r->table, section, name, &why);
        return fail_here(r, why.text);
    }
    size_t at = (size_t)(o - r->table->opts);
    if ((r->seen[at / 64] & UINT64_C(1) << at % 64) != 0) {
        (void)pl_fail(&why, PL_E_CONFIG, "%s.%s is set a second time", section, name);
        return fail_here(r, why.text);
    }
    r->seen[at / 64] |= UINT64_C(1) << at % 64;
    if (pl_conf_value_set(o, value != NULL ? value : "", r->target, &why) < 0)
        return fail_here(r, why.text);
    return 1;
}

/* A line that begins with '[': inih does not report sections without keys. */
static void check_section(struct reading *r, const char *p, const char *end)
{
    char section[64] = "";
    struct pl_err why;
    const char *close = memchr(p, ']', (size_t)(end - p));
    size_t len = close != NULL ? (size_t)(close - p - 1) : 0;
    if (close == NULL || len >= sizeof section) {
        (void)fail_here(r, "expected [section]");
        return;
    }
    memcpy(section, p + 1, len);
    if (!has_section(r->table, section)) {
        (void)unknown_section(r->table, section, &why);
        (void)fail_here(r, why.text);
    }
}

/* Refuses what inih would let pass; 0 when the line is fine. */
static int check_line(struct reading *r, const char *line, size_t n)
{
    const char *p = line;
    const char *end = line + n;
    while (p < end && (*p == ' ' || *p == '\t' || *p == '\r'))
        p++;
    bool is_comment = p == end || *p == ';' || *p == '#';
    if (n > PL_CONF_LINE_MAX)
        (void)fail_here(r, "the line is too long");
    else if (memchr(line, '\0', n) != NULL)
        (void)fail_here(r, "a NUL byte");
    else if (!is_comment && p > line)
        (void)fail_here(r, "the line begins with a blank");
    else if (!is_comment && *p == '[')
        check_section(r, p, end);
    return r->rc;
}

/* Gives inih the next line, as fgets does. */
static char *next_line(char *out, int size, void *stream)
{
    struct reading *r = stream;
    if (r->p == r->end || r->rc < 0)
        return NULL;
    const char *newline = memchr(r->p, '\n', (size_t)(r->end - r->p));
    const char *stop = newline != NULL ? newline : r->end;
    size_t n = (size_t)(stop - r->p);
    r->line++;
    if (check_line(r, r->p, n) < 0)
        return NULL;
    if (size <= 0 || n >= (size_t)size) {
        (void)fail_here(r, "the line is too long");
        return NULL;
    }
    memcpy(out, r->p, n);
    out[n] = '\0';
    r->p = newline != NULL ? newline + 1 : r->end;
    return out;
}

int pl_conf_parse(const struct pl_conf_table *t, const char *name, const char *text, size_t n,
                  void *target, struct pl_err *e)
{
    struct reading r = {.table = t, .target = target, .name = name, .p = text, .end = text + n};
    PL_ASSERT(t->count <= OPTS_MAX);
    if (n > PL_CONF_FILE_MAX)
        return pl_fail(e, PL_E_CONFIG, "%s is larger than %d bytes", name, PL_CONF_FILE_MAX);
    int line = ini_parse_stream(next_line, &r, on_value, &r);
    if (r.rc < 0)
        return pl_fail(e, PL_E_CONFIG, "%s", r.err.text);
    if (line != 0)
        return pl_fail(e, PL_E_CONFIG, "%s:%d: expected 'key = value'", name, line);
    return 0;
}

int pl_conf_read(const struct pl_conf_table *t, const char *path, void *target, struct pl_err *e)
{
    struct pl_buf text;
    struct pl_err why;
    int rc = pl_file_read_all(path, PL_CONF_FILE_MAX, &text, &why);
    if (rc < 0)
        rc = pl_fail(e, PL_E_IO, "%s", why.text);
    else
        rc = pl_conf_parse(t, path, (const char *)text.data, text.len, target, e);
    pl_buf_release(&text);
    return rc;
}

int pl_conf_set(const struct pl_conf_table *t, const char *key, const char *value, void *target,
                struct pl_err *e)
{
    char section[64];
    const char *dot = strchr(key, '.');
    size_t n = dot != NULL ? (size_t)(dot - key) : 0;
    if (dot == NULL || n >= sizeof section)
        return pl_fail(e, PL_E_CONFIG, "'%.60s' is not of the form section.key", key);
    memcpy(section, key, n);
    section[n] = '\0';
    const struct pl_conf_opt *o = find(t, section, dot + 1);
    if (o == NULL)
        return unknown_key(t, section, dot + 1, e);
    return pl_conf_value_set(o, value, target, e);
}

int pl_conf_defaults(const struct pl_conf_table *t, void *target, struct pl_err *e)
{
    for (size_t i = 0; i < t->count; i++) {
        if (t->opts[i].preset == NULL)
            continue;
        int rc = pl_conf_value_set(&t->opts[i], t->opts[i].preset, target, e);
        if (rc < 0)
            return rc;
    }
    return 0;
}

void pl_conf_release(const struct pl_conf_table *t, void *target)
{
    for (size_t i = 0; i < t->count; i++) {
        char *s = NULL;
        unsigned char *field = (unsigned char *)target + t->opts[i].offset;
        if (t->opts[i].type != PL_CONF_STRING)
            continue;
        memcpy(&s, field, sizeof s);
        free(s);
        s = NULL;
        memcpy(field, &s, sizeof s);
    }
}
