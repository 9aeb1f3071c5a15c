// SPDX-License-Identifier: Apache-2.0
/*
 * One configuration value: text to field and back. Strings are refused when the file format could
 * not carry them (a ';' after a blank starts a comment), so that what is printed reads back.
 */
#include "conf_int.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "plimsoll/base/mem.h"
#include "plimsoll/base/str.h"
#include "plimsoll/base/utf8.h"

struct unit {
    const char *name;
    uint64_t factor;
};

/* From large to small, the form for printing first. */
static const struct unit size_units[] = {
    {"GiB", UINT64_C(1) << 30}, {"MiB", UINT64_C(1) << 20}, {"KiB", UINT64_C(1) << 10}, {"", 1},
    {"G", UINT64_C(1) << 30},   {"M", UINT64_C(1) << 20},   {"K", UINT64_C(1) << 10},   {NULL, 0},
};
static const struct unit time_units[] = {
    {"d", 86400000}, {"h", 3600000}, {"m", 60000}, {"s", 1000},
    {"ms", 1},       {"min", 60000}, {"", 1000},   {NULL, 0},
};

/* "16 KiB" by a table of units; -PL_E_INVALID on anything else or overflow. */
static int parse_with_unit(const char *text, const struct unit *units, uint64_t *out)
{
    size_t n = strspn(text, "0123456789");
    uint64_t v;
    int rc = pl_parse_u64n(text, n, &v);
    if (rc < 0)
        return rc;
    const char *name = text + n;
    while (*name == ' ')
        name++;
    for (; units->name != NULL; units++) {
        if (pl_strcasecmp(units->name, name) != 0)
            continue;
        if (v > UINT64_MAX / units->factor)
            return -PL_E_INVALID;
        *out = v * units->factor;
        return 0;
    }
    return -PL_E_INVALID;
}

static void print_with_unit(uint64_t v, const struct unit *units, char *out, size_t size)
{
    while (v % units->factor != 0 || (v == 0 && units->factor != 1))
        units++;
    (void)snprintf(out, size, "%" PRIu64 "%s", v / units->factor, units->name);
}

static int parse_number(const struct pl_conf_opt *o, const char *text, uint64_t *out)
{
    if (o->type == PL_CONF_SIZE)
        return parse_with_unit(text, size_units, out);
    if (o->type == PL_CONF_DURATION)
        return parse_with_unit(text, time_units, out);
    return pl_parse_u64(text, out);
}

static void print_number(const struct pl_conf_opt *o, uint64_t v, char *out, size_t size)
{
    if (o->type == PL_CONF_SIZE) {
        print_with_unit(v, size_units, out, size);
    } else if (o->type == PL_CONF_DURATION) {
        print_with_unit(v, time_units, out, size);
    } else {
        (void)snprintf(out, size, "%" PRIu64, v);
    }
}

static int set_number(const struct pl_conf_opt *o, const char *text, void *field, struct pl_err *e)
{
    uint64_t v;
    uint64_t max = o->max != 0 ? o->max : UINT64_MAX;
    char lo[32];
    char hi[32];
    if (parse_number(o, text, &v) < 0) {
        return pl_fail(e, PL_E_CONFIG, "%s.%s is not a %s: '%s'", o->section, o->name,
                       o->type == PL_CONF_SIZE       ? "size (such as 64 KiB)"
                       : o->type == PL_CONF_DURATION ? "duration (such as 30s)"
                                                     : "number",
                       text);
    }
    if (v < o->min || v > max) {
        print_number(o, o->min, lo, sizeof lo);
        print_number(o, max, hi, sizeof hi);
        return pl_fail(e, PL_E_CONFIG, "%s.%s must be between %s and %s, not %s", o->section,
                       o->name, lo, hi, text);
    }
    memcpy(field, &v, sizeof v);
    return 0;
}

static int set_flag(const struct pl_conf_opt *o, const char *text, void *field, struct pl_err *e)
{
    static const char *const words[] = {"no", "yes", "false", "true", "off", "on", "0", "1"};
    for (size_t i = 0; i < sizeof words / sizeof words[0]; i++) {
        if (pl_strcasecmp(text, words[i]) == 0) {
            bool v = i % 2 == 1;
            memcpy(field, &v, sizeof v);
            return 0;
        }
    }
    return pl_fail(e, PL_E_CONFIG, "%s.%s must be yes or no, not '%s'", o->section, o->name, text);
}

static int set_choice(const struct pl_conf_opt *o, const char *text, void *field, struct pl_err *e)
{
    char all[160];
    for (int i = 0; o->choices[i] != NULL; i++) {
        if (pl_strcasecmp(text, o->choices[i]) == 0) {
            memcpy(field, &i, sizeof i);
            return 0;
        }
    }
    pl_conf_value_syntax(o, all, sizeof all);
    return pl_fail(e, PL_E_CONFIG, "%s.%s must be one of %s, not '%s'", o->section, o->name, all,
                   text);
}

/* Would a line of the file give exactly this text back? */
static bool is_storable(const struct pl_conf_opt *o, const char *text)
{
    size_t n = strlen(text);
    if (n == 0)
        return true;
    if (text[0] == ' ' || text[0] == ';' || text[n - 1] == ' ' || strstr(text, " ;") != NULL)
        return false;
    return strlen(o->name) + 3 + n <= PL_CONF_LINE_MAX && strpbrk(text, "\t\n") == NULL;
}

static int set_string(const struct pl_conf_opt *o, const char *text, void *field, struct pl_err *e)
{
    char *old;
    if (!is_storable(o, text)) {
        return pl_fail(e, PL_E_CONFIG, "%s.%s has blanks at an end, ' ;' inside or is too long",
                       o->section, o->name);
    }
    memcpy(&old, field, sizeof old);
    free(old);
    char *copy = pl_xstrdup(text);
    memcpy(field, &copy, sizeof copy);
    return 0;
}

int pl_conf_value_set(const struct pl_conf_opt *o, const char *text, void *target, struct pl_err *e)
{
    void *field = (unsigned char *)target + o->offset;
    if (!pl_utf8_is_clean(text, strlen(text), NULL)) {
        return pl_fail(e, PL_E_CONFIG, "%s.%s has characters that are not allowed", o->section,
                       o->name);
    }
    switch (o->type) {
    case PL_CONF_STRING:
        return set_string(o, text, field, e);
    case PL_CONF_FLAG:
        return set_flag(o, text, field, e);
    case PL_CONF_NUMBER:
    case PL_CONF_SIZE:
    case PL_CONF_DURATION:
        return set_number(o, text, field, e);
    case PL_CONF_CHOICE:
        return set_choice(o, text, field, e);
    }
    PL_BUG("an option of no type");
}

bool pl_conf_value_text(const struct pl_conf_opt *o, const void *target, char *out, size_t size)
{
    const void *field = (const unsigned char *)target + o->offset;
    const char *s;
    uint64_t u;
    bool b;
    int i;
    switch (o->type) {
    case PL_CONF_STRING:
        memcpy(&s, field, sizeof s);
        if (s == NULL)
            return false;
        (void)pl_strlcpy(out, s, size);
        return true;
    case PL_CONF_FLAG:
        memcpy(&b, field, sizeof b);
        (void)pl_strlcpy(out, b ? "yes" : "no", size);
        return true;
    case PL_CONF_NUMBER:
    case PL_CONF_SIZE:
    case PL_CONF_DURATION:
        memcpy(&u, field, sizeof u);
        print_number(o, u, out, size);
        return true;
    case PL_CONF_CHOICE:
        memcpy(&i, field, sizeof i);
        (void)pl_strlcpy(out, o->choices[i], size);
        return true;
    }
    PL_BUG("an option of no type");
}

void pl_conf_value_syntax(const struct pl_conf_opt *o, char *out, size_t size)
{
    static const char *const kinds[] = {"text", "yes | no", "number", "size", "duration", ""};
    (void)pl_strlcpy(out, kinds[o->type], size);
    for (int i = 0; o->type == PL_CONF_CHOICE && o->choices[i] != NULL; i++) {
        (void)pl_strlcat(out, i > 0 ? " | " : "", size);
        (void)pl_strlcat(out, o->choices[i], size);
    }
}
