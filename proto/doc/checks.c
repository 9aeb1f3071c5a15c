// SPDX-License-Identifier: Apache-2.0
/*
 * The machinery of the checks: what changed since the last run, which checks read that, their
 * findings, and waivers laid over them. Findings are kept per check; a check that need not run
 * again keeps its own. The checks themselves are in checks_*.c.
 */
#include "plimsoll/doc/checks.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "plimsoll/base/mem.h"
#include "plimsoll/base/str.h"
#include "plimsoll/base/time.h"
#include "plimsoll/base/utf8.h"
#include "plimsoll/base/zone.h"
#include "plimsoll/coach/coach.h"

#include "checks_int.h"

static const struct pl_check_info infos[PL_CHECK_MAX] = {
#define PL_CHECK(number, id, severity, title, mend) \
    [(number)-1] = {number, id, PL_CHECK_##severity, title, mend},
#include "plimsoll/doc/checks.def"
};

const struct pl_check_info *pl_check_info(uint32_t number)
{
    bool is_there = number >= 1 && number <= PL_CHECK_MAX && infos[number - 1].number != 0;

    return is_there ? &infos[number - 1] : NULL;
}

uint32_t pl_check_by_id(const char *id)
{
    for (uint32_t i = 0; i < PL_CHECK_MAX; i++) {
        if (infos[i].number != 0 && pl_strcasecmp(infos[i].id, id) == 0)
            return infos[i].number;
    }
    return 0;
}

/* --- for the checks ---------------------------------------------------------------- */

struct pl_entry **ck_list(struct pl_checks *c, uint32_t kind, size_t *n)
{
    struct ck_list *l = &c->lists[kind];

    if (!l->fresh) {
        l->n = pl_doc_list(c->d, kind, l->v, l->cap);
        if (l->n > l->cap) {
            l->cap = l->n * 2;
            l->v = pl_xrealloc(l->v, l->cap, sizeof(struct pl_entry *));
            l->n = pl_doc_list(c->d, kind, l->v, l->cap);
        }
        l->fresh = true;
    }
    *n = l->n;
    return l->v;
}

/* A name that was cut, or the whole text, may end within a character. */
static void drop_halves(char *s)
{
    size_t n = strlen(s);
    size_t bad = 0;

    for (size_t at = 0; !pl_utf8_is_clean(s + at, n - at, &bad); n--) {
        at += bad;
        memmove(s + at, s + at + 1, n - at);
    }
}

struct pl_finding *ck_add(struct pl_checks *c, uint32_t check, const struct pl_entry *entry,
                          const struct pl_entry *other, const char *fmt, ...)
{
    struct ck_found *f = &c->found[check];
    struct pl_finding *x;
    va_list ap;
    int n;

    if (f->n == f->cap) {
        f->cap = f->cap != 0 ? f->cap * 2 : 4;
        f->v = pl_xrealloc(f->v, f->cap, sizeof *f->v);
    }
    x = &f->v[f->n++];
    memset(x, 0, sizeof *x);
    x->check = check;
    x->severity = infos[check - 1].severity;
    x->entry = entry != NULL ? pl_entry_eid(entry) : PL_EID_ROOT;
    x->other = other != NULL ? pl_entry_eid(other) : PL_EID_ROOT;
    va_start(ap, fmt);
    n = vsnprintf(x->text, sizeof x->text, fmt, ap);
    va_end(ap);
    if (n < 0)
        x->text[0] = '\0';
    drop_halves(x->text);
    return x;
}

const char *ck_id(char out[PL_SHORT_ID_MAX], const struct pl_entry *en)
{
    pl_short_id_format(out, pl_entry_kind(en), pl_entry_int(en, PL_F_NO, 0));
    return out;
}

const char *ck_time(char out[40], int64_t us)
{
    (void)pl_rfc3339_format(us, 0, 0, out);
    return out;
}

bool ck_is_blank(const char *s)
{
    return s[strspn(s, " \t")] == '\0';
}

bool ck_has_text(const struct pl_entry *en, uint32_t field)
{
    const struct pl_text *t = pl_entry_text(en, field);

    return t != NULL && pl_text_len(t) > 0;
}

bool ck_is_committed(const struct pl_entry *action)
{
    int64_t s = pl_entry_int(action, PL_F_ACTION_STATE, PL_STATE_IDEA);

    return s != PL_STATE_IDEA && s != PL_STATE_DROPPED && s != PL_STATE_MERGED;
}

/* --- life -------------------------------------------------------------------------- */

struct pl_checks *pl_checks_new(const struct pl_doc *d, const struct pl_window *window)
{
    struct pl_checks *c = pl_xcalloc(1, sizeof *c);

    c->d = d;
    c->all = true;
    if (window != NULL)
        c->window = *window;
    else
        pl_window_preset(&c->window);
    return c;
}

void pl_checks_free(struct pl_checks *c)
{
    if (c == NULL)
        return;
    for (unsigned i = 0; i <= PL_KIND_MAX; i++)
        free(c->lists[i].v);
    for (unsigned i = 0; i <= PL_CHECK_MAX; i++)
        free(c->found[i].v);
    for (unsigned i = 0; i < c->n_zones; i++)
        pl_zone_free(c->zones[i].z);
    ck_words_free(c);
    free(c->disagreements);
    pl_coach_free(c->coach);
    free(c);
}

/* Removing, restoring or moving one entry also shows or hides what hangs under it. */
static void touch_shape(struct pl_checks *c)
{
    for (unsigned k = 0; k <= PL_KIND_MAX; k++) {
        c->lists[k].fresh = false;
        c->dirty[k] |= CK_SHAPE;
    }
}

static void touch_slot(struct pl_checks *c, const struct pl_slot *s)
{
    const struct pl_entry *en = pl_doc_entry(c->d, s->eid);
    uint32_t kind = en != NULL ? pl_entry_kind(en) : 0;

    if (kind == 0 || kind > PL_KIND_MAX || s->field > PL_F_NUMBER_MAX)
        return;
    switch (s->kind) {
    case PL_SLOT_CREATE:
    case PL_SLOT_DEAD:
    case PL_SLOT_PLACE:
        touch_shape(c);
        return;
    case PL_SLOT_REG:
    case PL_SLOT_ELEM:
    case PL_SLOT_TEXT:
        if (s->kind == PL_SLOT_TEXT && s->field == PL_F_BODY)
            ck_words_stale(c, en);
        c->dirty[kind] |= CK_F(s->field);
        if (kind == PL_KIND_EVENT && s->field == PL_F_EVENT_HAPPENED_AT) {
            c->lists[kind].fresh = false;
            c->dirty[kind] |= CK_SHAPE;
        }
        return;
    }
}

void pl_checks_touch(struct pl_checks *c, const struct pl_cs *cs)
{
    if (cs == NULL) {
        c->all = true;
        return;
    }
    for (uint32_t i = 0; i < cs->n; i++)
        touch_slot(c, cs->slots[i]);
}

/* --- running ----------------------------------------------------------------------- */

static bool must_run(const struct pl_checks *c, const struct ck_rule *r, int64_t now_us)
{
    int64_t due = c->due_us[r->check];

    if (c->all || (due != 0 && (now_us >= due || now_us < c->now_us)))
        return true;
    for (unsigned i = 0; i < CK_READS; i++) {
        if ((c->dirty[r->reads[i].kind] & r->reads[i].fields) != 0)
            return true;
    }
    return false;
}

static bool waives(const struct pl_entry *w, const struct pl_finding *f)
{
    const struct pl_value *only = pl_entry_reg(w, PL_F_WAIVER_ENTRY);

    if (pl_check_by_id(pl_entry_str(w, PL_F_WAIVER_CHECK)) != f->check)
        return false;
    return only->type != PL_VAL_EID || pl_eid_is_root(only->eid) || pl_eid_eq(only->eid, f->entry);
}

static void lay_waivers(struct pl_checks *c, uint32_t check)
{
    size_t n;
    struct pl_entry **w = ck_list(c, PL_KIND_WAIVER, &n);
    struct ck_found *f = &c->found[check];

    for (size_t i = 0; i < f->n; i++) {
        f->v[i].is_waived = false;
        for (size_t k = 0; k < n && !f->v[i].is_waived; k++)
            f->v[i].is_waived = waives(w[k], &f->v[i]);
    }
}

static void run_rules(struct pl_checks *c, const struct ck_rule *rules, int64_t now_us)
{
    bool waivers = c->all || c->dirty[PL_KIND_WAIVER] != 0;
    int64_t last = c->now_us;

    for (; rules->check != 0; rules++) {
        c->now_us = last;
        if (must_run(c, rules, now_us)) {
            c->now_us = now_us;
            c->found[rules->check].n = 0;
            c->due_us[rules->check] = 0;
            rules->run(c);
            lay_waivers(c, rules->check);
        } else if (waivers) {
            lay_waivers(c, rules->check);
        }
    }
    c->now_us = last;
}

void pl_checks_run(struct pl_checks *c, int64_t now_us)
{
    static const uint32_t for_gates[] = {PL_KIND_PARTICIPANT, PL_KIND_RULE, PL_KIND_ACTION};
    size_t n;

    if (c->all) {
        for (unsigned k = 0; k <= PL_KIND_MAX; k++)
            c->lists[k].fresh = false;
        ck_words_free(c);
    }
    if (c->all || c->dirty[PL_KIND_EVENT] != 0 || c->dirty[PL_KIND_REVIEW] != 0)
        pl_durations(c->d, c->durations);
    run_rules(c, ck_rules_time, now_us);
    run_rules(c, ck_rules_people, now_us);
    run_rules(c, ck_rules_cause, now_us);
    run_rules(c, ck_rules_source, now_us);
    run_rules(c, ck_rules_text, now_us);
    for (size_t i = 0; i < sizeof for_gates / sizeof for_gates[0]; i++)
        (void)ck_list(c, for_gates[i], &n);
    c->now_us = now_us;
    c->all = false;
    memset(c->dirty, 0, sizeof c->dirty);
}

size_t pl_checks_count(const struct pl_checks *c)
{
    size_t n = 0;

    for (unsigned i = 1; i <= PL_CHECK_MAX; i++)
        n += c->found[i].n;
    return n;
}

const struct pl_finding *pl_checks_at(const struct pl_checks *c, size_t i)
{
    for (unsigned k = 1; k <= PL_CHECK_MAX; k++) {
        if (i < c->found[k].n)
            return &c->found[k].v[i];
        i -= c->found[k].n;
    }
    return NULL;
}
