// SPDX-License-Identifier: Apache-2.0
/*
 * The tables behind doc/schema.h, all static and made from doc/fields.def. Look-ups by number go
 * through an index filled by the preprocessor (a number used twice is a compiler warning); look-ups
 * by name scan, since only people type names.
 */
#include "plimsoll/doc/schema.h"

#include <stdio.h>
#include <string.h>

#include "plimsoll/base/str.h"

#define PL_IN(K) (1U << PL_KIND_##K)
/* Everything but people and anchors can be commented on; a comment on a comment is a reply. */
#define PL_IN_COMMENTED (((2U << PL_KIND_MAX) - 2U) & ~(PL_IN(PARTICIPANT) | PL_IN(ANCHOR)))

static const struct pl_kind_info kinds[] = {
#define PL_KIND(NAME, number, name, prefix, parents, max, label) \
    {number, name, prefix, parents, max, label},
#include "plimsoll/doc/fields.def"
};

static const struct pl_field fields[] = {
#define PL_FIELD(KIND, NAME, number, name, type, ref, min, max, flags, label) \
    {PL_KIND_##KIND, number, name, PL_FT_##type, ref, min, max, flags, label},
#include "plimsoll/doc/fields.def"
};

enum field_index {
#define PL_FIELD(KIND, NAME, number, name, type, ref, min, max, flags, label) FX_##KIND##_##NAME,
#include "plimsoll/doc/fields.def"
    FX_COUNT
};

/* Index + 1 into fields[]; 0: no such field. */
static const uint8_t field_lookup[PL_KIND_MAX + 1][PL_F_NUMBER_MAX + 1] = {
#define PL_FIELD(KIND, NAME, number, name, type, ref, min, max, flags, label) \
    [PL_KIND_##KIND][number] = FX_##KIND##_##NAME + 1,
#include "plimsoll/doc/fields.def"
};

struct enum_value {
    uint32_t en;
    int64_t value;
    const char *name;
};

static const struct enum_value evals[] = {
#define PL_EVAL(ENUM, NAME, number, name) {PL_EN_##ENUM, number, name},
#include "plimsoll/doc/fields.def"
};

static const char *const enum_titles[PL_EN_MAX + 1] = {
#define PL_ENUM(NAME, number, name) [number] = (name),
#include "plimsoll/doc/fields.def"
};

static const char *const enum_names[PL_EN_MAX + 1][PL_ENUM_VALUE_MAX + 1] = {
#define PL_EVAL(ENUM, NAME, number, name) [PL_EN_##ENUM][number] = (name),
#include "plimsoll/doc/fields.def"
};

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))

_Static_assert(FX_COUNT < 255, "field_lookup holds bytes");
_Static_assert(COUNT(kinds) == PL_KIND_MAX, "PL_KIND_MAX is the number of kinds");

const struct pl_kind_info *pl_kind_info(uint32_t kind)
{
    return kind >= 1 && kind <= PL_KIND_MAX ? &kinds[kind - 1] : NULL;
}

const struct pl_kind_info *pl_kind_by_name(const char *name)
{
    for (size_t i = 0; i < COUNT(kinds); i++) {
        if (strcmp(kinds[i].name, name) == 0)
            return &kinds[i];
    }
    return NULL;
}

const struct pl_kind_info *pl_kind_by_prefix(const char *prefix, size_t n)
{
    for (size_t i = 0; i < COUNT(kinds); i++) {
        const char *p = kinds[i].prefix;
        size_t at = 0;
        while (at < n && p[at] != '\0' && pl_ascii_lower(p[at]) == pl_ascii_lower(prefix[at]))
            at++;
        if (at == n && p[at] == '\0')
            return &kinds[i];
    }
    return NULL;
}

const char *pl_kind_name(uint32_t kind)
{
    const struct pl_kind_info *k = pl_kind_info(kind);
    return k != NULL ? k->name : "unknown";
}

bool pl_kind_fits(uint32_t kind, uint32_t parent_kind)
{
    const struct pl_kind_info *k = pl_kind_info(kind);
    return k != NULL && parent_kind <= PL_KIND_MAX && (k->parents & (1U << parent_kind)) != 0;
}

const struct pl_field *pl_field_find(uint32_t kind, uint32_t number)
{
    if (kind > PL_KIND_MAX || number > PL_F_NUMBER_MAX)
        return NULL;
    unsigned at = field_lookup[kind][number];
    return at != 0 ? &fields[at - 1] : NULL;
}

const struct pl_field *pl_field_at(uint32_t kind, size_t i)
{
    /* The number is the first row of every kind, and the rows of a kind stand together. */
    const struct pl_field *first = pl_field_find(kind, PL_F_NO);
    if (first == NULL)
        return NULL;
    size_t at = (size_t)(first - fields) + i;
    return at < COUNT(fields) && fields[at].kind == kind ? &fields[at] : NULL;
}

const struct pl_field *pl_field_by_name(uint32_t kind, const char *name)
{
    const struct pl_field *f;
    for (size_t i = 0; (f = pl_field_at(kind, i)) != NULL; i++) {
        if (strcmp(f->name, name) == 0)
            return f;
    }
    return NULL;
}

bool pl_field_is_set(const struct pl_field *f)
{
    return f->type == PL_FT_SET_EID || f->type == PL_FT_SET_STR;
}

bool pl_field_is_reg(const struct pl_field *f)
{
    return f->type != PL_FT_TEXT && !pl_field_is_set(f);
}

const char *pl_enum_name(uint32_t en, int64_t value)
{
    if (en > PL_EN_MAX || value < 0 || value > PL_ENUM_VALUE_MAX)
        return NULL;
    return enum_names[en][value];
}

int64_t pl_enum_value(uint32_t en, const char *name)
{
    for (size_t i = 0; i < COUNT(evals); i++) {
        if (evals[i].en == en && strcmp(evals[i].name, name) == 0)
            return evals[i].value;
    }
    return 0;
}

int64_t pl_enum_at(uint32_t en, size_t i)
{
    for (size_t at = 0; at < COUNT(evals); at++) {
        if (evals[at].en == en && i-- == 0)
            return evals[at].value;
    }
    return 0;
}

const char *pl_enum_title(uint32_t en)
{
    return en <= PL_EN_MAX && enum_titles[en] != NULL ? enum_titles[en] : "unknown";
}

uint32_t pl_factor_questions(int64_t factor)
{
    const uint32_t happened = 1U << PL_QUESTION_WHY_HAPPENED;
    const uint32_t undetected = 1U << PL_QUESTION_WHY_UNDETECTED;
    const uint32_t slow = 1U << PL_QUESTION_WHY_SLOW;

    if (factor == PL_FACTOR_OTHER)
        return happened | undetected | slow;
    if (factor == PL_FACTOR_RESOURCE_CONSTRAINTS)
        return happened | slow;
    if (pl_enum_name(PL_EN_FACTOR, factor) == NULL)
        return 0;
    if (factor < PL_FACTOR_MONITORING_GAP)
        return happened;
    return factor < PL_FACTOR_MISSING_BASELINE ? undetected : slow;
}

int64_t pl_factor_class(int64_t factor, int64_t question)
{
    bool is_happened = question == 0 || question == PL_QUESTION_WHY_HAPPENED;

    if (!is_happened || factor < PL_FACTOR_VULNERABILITY || factor > PL_FACTOR_WORKLOAD)
        return 0;
    if (factor <= PL_FACTOR_DEPENDENCY)
        return PL_CLASS_TECHNICAL;
    return factor <= PL_FACTOR_MISSING_PROCEDURE ? PL_CLASS_PROCESS : PL_CLASS_PEOPLE;
}

int pl_short_id_parse(const char *s, size_t n, uint32_t *kind, int64_t *no, struct pl_err *e)
{
    const char *dash = memchr(s, '-', n);
    size_t head = dash != NULL ? (size_t)(dash - s) : n;
    const struct pl_kind_info *k = head < n ? pl_kind_by_prefix(s, head) : NULL;
    uint64_t v = 0;

    if (n >= PL_SHORT_ID_MAX || k == NULL || s[head + 1] == '0' ||
        pl_parse_u64n(s + head + 1, n - head - 1, &v) != 0 || v == 0 || v > PL_NO_MAX)
        return pl_fail(e, PL_E_INVALID, "'%.*s' is not a short id like E-9 or REV-2041",
                       (int)(n < 40 ? n : 40), s);
    *kind = k->number;
    *no = (int64_t)v;
    return 0;
}

void pl_short_id_format(char out[PL_SHORT_ID_MAX], uint32_t kind, int64_t no)
{
    const struct pl_kind_info *k = pl_kind_info(kind);
    const char *prefix = k != NULL ? k->prefix : "?";

    if (no >= 1 && no <= PL_NO_MAX)
        (void)snprintf(out, PL_SHORT_ID_MAX, "%s-%lld", prefix, (long long)no);
    else
        (void)snprintf(out, PL_SHORT_ID_MAX, "%s-?", prefix);
}
