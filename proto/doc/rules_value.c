// SPDX-License-Identifier: Apache-2.0
/*
 * Rules for single values beside the others of their entry: factor, question and class of a cause,
 * times that can be meant, names of time zones, links to what is there, and the place that a
 * comment is anchored at.
 */
#include "rules_int.h"

#include <string.h>

#include "plimsoll/base/str.h"
#include "plimsoll/base/zone.h"

#define DAY_US INT64_C(86400000000)
/* A clock that was never set says 1970-01-01; nobody plans for the next century. */
#define EARLIEST_US DAY_US
#define LATEST_US   INT64_C(4102444800000000) /* 2100-01-01 */

static int check_time(const struct rules *r, const struct pl_field *f, int64_t us)
{
    if (us >= EARLIEST_US && us <= LATEST_US)
        return 0;
    return pl_fail(r->e, PL_E_INVALID, "%s: a time between 1970 and 2100 is wanted", f->name);
}

static int check_zone(const struct rules *r, const struct pl_field *f, const char *s)
{
    if (pl_zone_is_name(s))
        return 0;
    return pl_fail(r->e, PL_E_INVALID, "%s: the name of a time zone like Europe/Berlin or UTC",
                   f->name);
}

/* --- causes -------------------------------------------------------------------------- */

static int check_question(const struct rules *r, int64_t factor, int64_t question)
{
    if (question == 0 || (pl_factor_questions(factor) & (1U << question)) != 0)
        return 0;
    return pl_fail(
        r->e, PL_E_INVALID,
        "factor '%s' does not answer %s: choose another, or factor=none, or factor=other "
        "with factor_other",
        pl_enum_name(PL_EN_FACTOR, factor), pl_enum_name(PL_EN_QUESTION, question));
}

/* Judged when one of the three changes, on all three as they will be. */
static int check_cause(const struct rules *r, const struct pl_slot *s)
{
    int64_t factor = rules_num(r, s->eid, PL_F_CAUSE_FACTOR);
    int64_t question = rules_num(r, s->eid, PL_F_CAUSE_QUESTION);
    int64_t class = rules_num(r, s->eid, PL_F_CAUSE_CLASS);
    int64_t wanted = pl_factor_class(factor, question);

    if (factor == 0)
        return 0;
    int rc = check_question(r, factor, question);
    if (rc != 0 || class == 0 || wanted == 0 || class == wanted)
        return rc;
    return pl_fail(r->e, PL_E_INVALID, "factor '%s' is of class %s, not %s: set class=%s with it",
                   pl_enum_name(PL_EN_FACTOR, factor), pl_enum_name(PL_EN_CLASS, wanted),
                   pl_enum_name(PL_EN_CLASS, class), pl_enum_name(PL_EN_CLASS, wanted));
}

/* --- anchors ------------------------------------------------------------------------- */

static int check_anchor(const struct rules *r, const struct pl_slot *s)
{
    const struct pl_value *target = rules_reg(r, s->eid, PL_F_ANCHOR_TARGET);
    int64_t field = rules_num(r, s->eid, PL_F_ANCHOR_FIELD);
    const struct pl_field *f = NULL;

    if (rules_num(r, s->eid, PL_F_ANCHOR_START) > rules_num(r, s->eid, PL_F_ANCHOR_END))
        return pl_fail(r->e, PL_E_INVALID, "start: it lies behind the end");
    if (target->type != PL_VAL_EID || field == 0)
        return 0;
    f = pl_field_find(rules_kind(r, target->eid), (uint32_t)field);
    if (f == NULL || f->type != PL_FT_TEXT)
        return pl_fail(r->e, PL_E_INVALID, "field: %lld is no text of the entry", (long long)field);
    return 0;
}

/* --- links --------------------------------------------------------------------------- */

static int check_link(const struct rules *r, const struct pl_field *f, const struct pl_slot *s,
                      struct pl_eid to)
{
    char name[32];

    if (pl_eid_eq(to, s->eid))
        return pl_fail(r->e, PL_E_INVALID, "%s: a link to itself", f->name);
    if (!rules_is_there(r, to))
        return pl_fail(r->e, PL_E_NOENT, "%s: %s was removed: restore it, or choose another",
                       f->name, rules_name(r, to, name));
    return 0;
}

/* --- the whole ----------------------------------------------------------------------- */

static int check_together(const struct rules *r, const struct pl_slot *s)
{
    uint32_t kind = rules_kind(r, s->eid);

    if (kind == PL_KIND_CAUSE && (s->field == PL_F_CAUSE_FACTOR ||
                                  s->field == PL_F_CAUSE_QUESTION || s->field == PL_F_CAUSE_CLASS))
        return check_cause(r, s);
    if (kind == PL_KIND_ANCHOR)
        return check_anchor(r, s);
    return 0;
}

static bool is_blank(const struct pl_value *v)
{
    return v->type != PL_VAL_STR || v->str[strspn(v->str, " ")] == '\0';
}

int rules_value(const struct rules *r, const struct pl_slot *s)
{
    uint32_t kind = rules_kind(r, s->eid);
    const struct pl_field *f = pl_field_find(kind, s->field);
    int rc = 0;

    if (f == NULL)
        return 0;
    if (kind == PL_KIND_REVIEW && s->field == PL_F_REVIEW_TITLE && is_blank(&s->value))
        return pl_fail(r->e, PL_E_INVALID, "title: a review needs one; nothing is changed");
    if (f->type == PL_FT_TIME && s->value.type == PL_VAL_INT)
        rc = check_time(r, f, s->value.i);
    if (s->value.type == PL_VAL_EID)
        rc = check_link(r, f, s, s->value.eid);
    if (s->value.type == PL_VAL_STR &&
        ((kind == PL_KIND_REVIEW && s->field == PL_F_REVIEW_ZONE) ||
         (kind == PL_KIND_EVENT && s->field == PL_F_EVENT_SOURCE_ZONE)))
        rc = check_zone(r, f, s->value.str);
    return rc != 0 ? rc : check_together(r, s);
}

static int check_review_elem(const struct rules *r, const struct pl_slot *s)
{
    char text[PL_ELEM_MAX + 1];
    uint32_t kind = 0;
    int64_t no = 0;

    memcpy(text, s->elem.b, s->elem.len);
    text[s->elem.len] = '\0';
    if (s->field == PL_F_REVIEW_NOTHING_IN && pl_enum_value(PL_EN_LENS, text) == 0)
        return pl_fail(r->e, PL_E_INVALID, "nothing_in: '%s' is no lens", text);
    if (s->field != PL_F_REVIEW_RECURRENCE_OF)
        return 0;
    if (pl_short_id_parse(text, s->elem.len, &kind, &no, NULL) != 0 || kind != PL_KIND_REVIEW)
        return pl_fail(r->e, PL_E_INVALID, "recurrence_of: a review like REV-2041 is wanted");
    if (no == pl_entry_int(pl_doc_root(r->d), PL_F_NO, 0))
        return pl_fail(r->e, PL_E_INVALID, "recurrence_of: a review does not recur of itself");
    return 0;
}

int rules_elem(const struct rules *r, const struct pl_slot *s)
{
    uint32_t kind = rules_kind(r, s->eid);
    const struct pl_field *f = pl_field_find(kind, s->field);
    struct pl_eid to;

    if (f == NULL)
        return 0;
    if (f->type == PL_FT_SET_EID && pl_eid_from_elem(&s->elem, &to))
        return check_link(r, f, s, to);
    return kind == PL_KIND_REVIEW ? check_review_elem(r, s) : 0;
}
