// SPDX-License-Identifier: Apache-2.0
/*
 * JSON on standard output: the envelope that every object has, the choice of fields by
 * --json=FIELDS, one object a line for streams. What every object must have is added here, in one
 * place, so that no verb can forget it.
 */
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "plimsoll/base/mem.h"
#include "plimsoll/base/str.h"
#include "plimsoll/base/time.h"

#include "cli/cli_int.h"

static const char *const envelope_keys[] = {"schema", "server",   "rev",    "as_of",
                                            "next",   "warnings", "dry_run"};

bool cli_wants_json(const struct cli *c)
{
    return c->opt->json || c->opt->jsonl;
}

json_t *cli_envelope(struct cli *c, const char *name, uint64_t rev)
{
    char host[300] = "";
    char now[PL_RFC3339_SIZE];
    json_t *j = json_object();
    (void)pl_rfc3339_format(pl_now_us(), 0, 0, now);
    (void)json_object_set_new(j, "schema", json_sprintf("plimsoll.%s/1", name));
    if (c->client)
        client_host(c->client, host, sizeof(host));
    /* Keys are null rather than missing, so that a reader needs no case for each verb. */
    (void)json_object_set_new(j, "server", c->client ? json_string(host) : json_null());
    (void)json_object_set_new(j, "rev", rev > 0 ? json_integer((json_int_t)rev) : json_null());
    (void)json_object_set_new(j, "as_of", json_string(now));
    return j;
}

void cli_warn(struct cli *c, const char *fmt, ...)
{
    char *text = NULL;
    va_list ap;
    va_start(ap, fmt);
    int n = vasprintf(&text, fmt, ap);
    va_end(ap);
    if (n < 0)
        return;
    if (!c->warnings)
        c->warnings = json_array();
    json_t *j = json_string(text); /* NULL when it is not UTF-8 */
    (void)json_array_append_new(c->warnings, j ? j : json_string("?"));
    if (!cli_wants_json(c))
        (void)fprintf(stderr, "plimsoll: warning: %s\n", text);
    free(text);
}

/* --- fields -------------------------------------------------------------------------------------
 */

static bool has_name(const json_t *names, const char *name)
{
    size_t i;
    const json_t *v;
    json_array_foreach(names, i, v)
    {
        if (pl_str_eq(json_string_value(v), name))
            return true;
    }
    return false;
}

static void add_name(json_t *names, const char *name)
{
    if (!has_name(names, name))
        (void)json_array_append_new(names, json_string(name));
}

static void add_names(json_t *names, const char *list)
{
    while (*list) {
        size_t n = strcspn(list, ",");
        char *name = pl_xstrndup(list, n);
        if (n > 0)
            add_name(names, name);
        free(name);
        list += n + (list[n] == ',');
    }
}

static void add_kind(json_t *names, uint32_t kind)
{
    const struct pl_field *f = NULL;
    for (size_t i = 0; (f = pl_field_at(kind, i)); i++)
        if (f->number != PL_F_NO)
            add_name(names, f->name);
}

/* All names that the verb knows; empty when it has nothing to choose from. */
static json_t *known_names(const struct cli_verb *v)
{
    json_t *names = json_array();
    if (v->fields)
        add_names(names, v->fields);
    if (v->fields_kind != 0)
        add_names(names, "id,eid,parent,created_by,created_at,changed_at");
    if (v->fields_kind > PL_KIND_REVIEW)
        add_kind(names, v->fields_kind);
    for (uint32_t kind = 1; v->fields_kind == PL_KIND_REVIEW && pl_kind_info(kind); kind++)
        add_kind(names, kind);
    return names;
}

static int unknown_field(const json_t *known, const char *name, struct pl_err *e)
{
    size_t i;
    const json_t *v;
    json_array_foreach(known, i, v)
    {
        if (pl_str_is_near(name, json_string_value(v)))
            return pl_fail(e, PL_E_USAGE, "--json has no field '%.60s'; did you mean '%s'?", name,
                           json_string_value(v));
    }
    return pl_fail(e, PL_E_USAGE, "--json has no field '%.60s'; --json=help lists them", name);
}

static void print_names(struct cli *c, const json_t *known)
{
    size_t i;
    const json_t *v;
    json_array_foreach(known, i, v)
    {
        cli_print(c, "%s\n", json_string_value(v));
    }
}

int cli_fields_choose(struct cli *c, const struct cli_verb *v, struct pl_err *e)
{
    const char *want = c->opt->json;
    int rc = 0;
    if (!want || !want[0])
        return 0;
    json_t *known = known_names(v);
    if (json_array_size(known) == 0) {
        rc = pl_fail(e, PL_E_USAGE, "'%s' has no fields to choose from; write --json alone",
                     v->opt.name);
    } else if (pl_str_eq(want, "help")) {
        print_names(c, known);
        rc = 1;
    } else {
        size_t i;
        const json_t *name;
        c->fields = json_array();
        add_names(c->fields, want);
        json_array_foreach(c->fields, i, name)
        {
            if (rc == 0 && !has_name(known, json_string_value(name)))
                rc = unknown_field(known, json_string_value(name), e);
        }
    }
    json_decref(known);
    return rc;
}

/* A new object with the chosen fields in their order; what it does not have is null. */
static json_t *chosen(const struct cli *c, const json_t *from)
{
    json_t *to = json_object();
    size_t i;
    const json_t *name;
    json_array_foreach(c->fields, i, name)
    {
        json_t *v = json_object_get(from, json_string_value(name));
        (void)json_object_set(to, json_string_value(name), v ? v : json_null());
    }
    return to;
}

static bool is_envelope(const char *key)
{
    for (size_t i = 0; i < sizeof(envelope_keys) / sizeof(envelope_keys[0]); i++)
        if (pl_str_eq(key, envelope_keys[i]))
            return true;
    return false;
}

/* Neither items nor item: the fields stand in the object itself. */
static void choose_in_place(const struct cli *c, json_t *j)
{
    const char *key;
    json_t *v;
    void *next;
    json_object_foreach_safe(j, next, key, v)
    {
        if (!is_envelope(key) && !has_name(c->fields, key))
            (void)json_object_del(j, key);
    }
}

static void choose(const struct cli *c, json_t *j)
{
    json_t *items = json_object_get(j, "items");
    json_t *item = json_object_get(j, "item");
    if (!c->fields)
        return;
    if (items) {
        for (size_t i = 0; i < json_array_size(items); i++)
            (void)json_array_set_new(items, i, chosen(c, json_array_get(items, i)));
    } else if (item) {
        (void)json_object_set_new(j, "item", chosen(c, item));
    } else {
        choose_in_place(c, j);
    }
}

/* --- putting it out -----------------------------------------------------------------------------
 */

static void add_json(struct cli *c, const json_t *j)
{
    char *text = json_dumps(j, JSON_COMPACT);
    if (!text || pl_buf_add_str(&c->out, text) < 0 || pl_buf_add_byte(&c->out, '\n') < 0)
        c->out_failed = true;
    free(text);
}

bool cli_json(struct cli *c, json_t *take_j)
{
    json_t *items = json_object_get(take_j, "items");
    bool wanted = cli_wants_json(c);
    if (wanted) {
        if (items && !json_object_get(take_j, "next"))
            (void)json_object_set_new(take_j, "next", json_null());
        (void)json_object_set_new(take_j, "warnings",
                                  c->warnings ? json_deep_copy(c->warnings) : json_array());
        choose(c, take_j);
    }
    if (wanted && c->opt->jsonl && items) {
        for (size_t i = 0; i < json_array_size(items); i++)
            add_json(c, json_array_get(items, i));
    } else if (wanted) {
        add_json(c, take_j);
    }
    json_decref(take_j);
    return wanted;
}

int cli_list_end(struct cli *c, struct cli_table *t, json_t *take_j, struct pl_err *e)
{
    if (!cli_wants_json(c)) {
        json_decref(take_j);
        return cli_table_end(c, t, e);
    }
    cli_table_free(t);
    (void)cli_json(c, take_j);
    return 0;
}

void cli_line(struct cli *c, const char *text)
{
    if (fputs(text, stdout) < 0 || fputc('\n', stdout) < 0 || fflush(stdout) != 0) {
        c->out_gone = errno == EPIPE;
        c->out_failed = !c->out_gone;
    }
}

void cli_json_line(struct cli *c, json_t *take_j)
{
    json_t *j = c->fields ? chosen(c, take_j) : json_incref(take_j);
    char *text = json_dumps(j, JSON_COMPACT);
    if (text)
        cli_line(c, text);
    free(text);
    json_decref(j);
    json_decref(take_j);
}
