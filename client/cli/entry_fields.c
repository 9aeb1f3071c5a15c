// SPDX-License-Identifier: Apache-2.0
/*
 * What people type about an entry as fields of the schema: moments on the clocks of a zone, days,
 * assignments. What has to be made lives in the list itself.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "plimsoll/base/mem.h"
#include "plimsoll/base/str.h"
#include "plimsoll/base/time.h"

#include "cli/cli_int.h"
#include "cli/verb_entry.h"
#include "model/zone.h"

int64_t cli_word(uint32_t en, const char *s)
{
    return pl_enum_read(en, s, strlen(s));
}

/* A day alone means its end, UTC: work due on a day may be done on that day. */
static const char *due_time(const char *s, char buf[PL_RFC3339_SIZE])
{
    if (strlen(s) != 10 || s[4] != '-' || s[7] != '-')
        return s;
    (void)snprintf(buf, PL_RFC3339_SIZE, "%sT23:59:59Z", s);
    return buf;
}

void cli_fields_release(struct cli_fields *fs)
{
    for (size_t i = 0; i < fs->n_owned; i++)
        free(fs->owned[i]);
}

int cli_field_put(struct cli_fields *fs, const char *name, const char *value, struct pl_err *e)
{
    if (fs->n >= CLI_FIELDS_MAX)
        return pl_fail(e, PL_E_LIMIT, "at most %d fields at once", CLI_FIELDS_MAX);
    fs->f[fs->n++] = (struct act_field){name, value};
    return 0;
}

/* "name=value", "+tag" is "tags=+tag". */
int cli_entry_assignment(struct cli_fields *fs, const char *s, struct pl_err *e)
{
    const char *eq = strchr(s, '=');
    if (s[0] == '+' || s[0] == '-')
        return cli_field_put(fs, "tags", s, e);
    if (!eq || eq == s)
        return pl_fail(e, PL_E_USAGE, "'%s' is not FIELD=VALUE", s);
    char *name = pl_xstrndup(s, (size_t)(eq - s));
    if (fs->n_owned >= CLI_FIELDS_MAX) {
        free(name);
        return pl_fail(e, PL_E_LIMIT, "at most %d fields at once", CLI_FIELDS_MAX);
    }
    fs->owned[fs->n_owned++] = name;
    return cli_field_put(fs, name, eq + 1, e);
}

/* "+90s": the clock of the source was ahead. */
static int parse_skew(const char *s, int64_t *ms, struct pl_err *e)
{
    uint64_t n = 0;
    bool is_behind = s[0] == '-';
    int rc = cli_parse_time(s + (s[0] == '-' || s[0] == '+'), "--skew", &n, e);
    if (rc == 0 && n > 86400000)
        rc = pl_fail(e, PL_E_INVALID, "--skew is at most a day; is it a time zone? say --zone");
    *ms = is_behind ? -(int64_t)n : (int64_t)n;
    return rc;
}

/* A moment on the clocks of the source, put right by its skew. "none" clears. */
static int moment(const char *s, const char *zone, int64_t skew_ms, const char *option,
                  char out[PL_RFC3339_SIZE], struct pl_err *e)
{
    int64_t us = 0;
    if (!s)
        return 0;
    if (pl_str_eq(s, "none")) {
        (void)pl_strlcpy(out, s, PL_RFC3339_SIZE);
        return 0;
    }
    int rc = zone_parse(s, zone, &us, e);
    if (rc < 0) {
        pl_wrap(e, "%s", option);
        return rc;
    }
    us -= skew_ms * 1000;
    if (us < PL_TIME_MIN_US || us > PL_TIME_MAX_US)
        return pl_fail(e, PL_E_INVALID, "%s: '%.60s' is out of range", option, s);
    (void)pl_rfc3339_format(us, 0, us % 1000000 == 0 ? 0 : 6, out);
    return 0;
}

/* "about:5m" is about, plus or minus 300 seconds. */
static int parse_precision(const char *s, struct cli_made *m, struct pl_err *e)
{
    const char *colon = strchr(s, ':');
    uint64_t ms = 0;
    size_t n = colon ? (size_t)(colon - s) : strlen(s);
    if (n >= sizeof(m->precision))
        return pl_fail(e, PL_E_USAGE, "'%.60s': exact, about, about:5m, before or after", s);
    (void)pl_strlcpy(m->precision, s, n + 1);
    if (!colon)
        return 0;
    if (!pl_str_eq(m->precision, "about"))
        return pl_fail(e, PL_E_USAGE, "only 'about' has a width: about:5m, not '%.60s'", s);
    int rc = cli_parse_time(colon + 1, "--precision about", &ms, e);
    (void)snprintf(m->precision_s, sizeof(m->precision_s), "%llu", (unsigned long long)ms / 1000);
    return rc;
}

static int make_event(const struct cli_entry_opts *o, struct cli_made *m, struct pl_err *e)
{
    int64_t skew = 0;
    const char *zone = o->zone && !pl_str_eq(o->zone, "none") ? o->zone : NULL;
    memset(m, 0, sizeof(*m));
    int rc = zone ? zone_check(zone, e) : 0;
    if (rc == 0 && o->skew && !pl_str_eq(o->skew, "none")) {
        rc = parse_skew(o->skew, &skew, e);
        (void)snprintf(m->skew_ms, sizeof(m->skew_ms), "%lld", (long long)skew);
    } else if (o->skew) {
        (void)pl_strlcpy(m->skew_ms, "none", sizeof(m->skew_ms));
    }
    if (rc == 0)
        rc = moment(o->at, zone, skew, "--at", m->at, e);
    if (rc == 0)
        rc = moment(o->known_at, zone, 0, "--known-at", m->known, e);
    return rc == 0 && o->precision ? parse_precision(o->precision, m, e) : rc;
}

static const char *if_given(const char *s)
{
    return s[0] ? s : NULL;
}

void cli_fields_say_option(const struct cli_fields *fs, struct pl_err *e)
{
    for (size_t i = 0; i < fs->n; i++) {
        size_t n = strlen(fs->f[i].name);
        if (!fs->option[i] || strncmp(e->text, fs->f[i].name, n) != 0 ||
            (e->text[n] != ':' && e->text[n] != ' '))
            continue;
        char rest[PL_ERR_TEXT_MAX];
        (void)pl_strlcpy(rest, e->text + n, sizeof(rest));
        (void)snprintf(e->text, sizeof(e->text), "--%s%.*s", fs->option[i],
                       (int)(sizeof(rest) - 24), rest);
        return;
    }
}

/* Work may be written down late; a slip in the year is the more frequent case. */
static void warn_of_due(struct cli *c, const struct cli_fields *fs)
{
    for (size_t i = 0; i < fs->n; i++) {
        int64_t us = 0;
        if (pl_str_eq(fs->f[i].name, "due") && zone_parse(fs->f[i].value, NULL, &us, NULL) == 0 &&
            us < pl_now_us())
            cli_warn(c, "due %.40s is in the past", fs->f[i].value);
    }
}

int cli_entry_fields(struct cli *c, const struct cli_entry_opts *o, struct cli_fields *fs,
                     struct pl_err *e)
{
    struct cli_made *m = &fs->made;
    int rc = make_event(o, m, e);
    const struct {
        const char *value, *field, *option;
    } map[] = {
        {if_given(m->at), "happened_at", "at"},
        {if_given(m->known), "known_at", "known-at"},
        {if_given(m->precision), "precision", "precision"},
        {if_given(m->precision_s), "precision_s", "precision"},
        {o->zone, "source_zone", "zone"},
        {if_given(m->skew_ms), "source_skew_ms", "skew"},
        {o->lane, "lens", "lens"},
        {o->source, "source", "source"},
        {o->mark, "marker", "mark"},
        {o->actor, "actor", "actor"},
        {o->col, "kind", "col"},
        {o->branch, "question", "branch"},
        {o->klass, "class", "class"},
        {o->factor, "factor", "factor"},
        {o->control, "control", "control"},
        {o->kind, "kind", "kind"},
        {o->owner, "owner", "owner"},
        {o->due, "due", "due"},
        {o->priority, "priority", "priority"},
        {o->finish, "finish_test", "finish"},
    };
    for (size_t i = 0; rc == 0 && i < sizeof(map) / sizeof(map[0]); i++) {
        const char *v = map[i].value;
        if (!v)
            continue;
        if (pl_str_eq(map[i].field, "owner") && pl_str_eq(v, "me"))
            v = c->profile.user_name;
        else if (pl_str_eq(map[i].field, "due"))
            v = due_time(v, m->due);
        rc = cli_field_put(fs, map[i].field, v, e);
        if (rc == 0)
            fs->option[fs->n - 1] = map[i].option;
    }
    for (size_t i = 0; rc == 0 && i < o->set.count; i++)
        rc = cli_entry_assignment(fs, o->set.values[i], e);
    if (rc == 0)
        warn_of_due(c, fs);
    return rc;
}
