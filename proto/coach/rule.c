// SPDX-License-Identifier: Apache-2.0
/*
 * The rules of patterns.def, read once into rows of elements and matched word by word. A rule is
 * written in words, see the top of patterns.def. Matching is a depth-first search without
 * recursion, shortest gap first; since gaps are short its cost per word is bounded, and STEPS_MAX
 * cuts it off should a rule be written carelessly.
 *
 * A rule is filed under every word that it can begin with, so most words try no rule at all. The
 * table is part of the program: a mistake in it is a bug and ends the program in the first test.
 */
#include <stdlib.h>
#include <string.h>

#include "plimsoll/base/mem.h"
#include "plimsoll/base/str.h"

#include "coach_int.h"

#define RULES_MAX    512u
#define ELEMENTS_MAX 16u   /* of a rule */
#define POOL_MAX     8192u /* word ids in all rules */
#define STEPS_MAX    600u

enum {
    ANY = 0,
    PERSON = RULE_PERSON,
    NO_MACHINE = RULE_NO_MACHINE,
    NO_THING = RULE_NO_THING,
    NOT_FIRST = RULE_NOT_FIRST,
    NOT_SELF = RULE_NOT_SELF,
    UNPLANNED = RULE_UNPLANNED,
    NO_CRIME = RULE_NO_CRIME,
    STRONG = RULE_STRONG,
};

static const struct row {
    const char *words, *fix;
    int pattern;
    unsigned flags;
} rows[] = {
#define PATTERN(number, kind, name, reason, rewrite)
#define RULE(number, rule_flags, rule_words, fix_text) \
    {.words = (rule_words), .fix = (fix_text), .pattern = (number), .flags = (rule_flags)},
#include "patterns.def"
#undef PATTERN
#undef RULE
};
#define ROWS (sizeof(rows) / sizeof(rows[0]))

/* @NAME in a rule */
enum want {
    WANT_ANY = 1 << 0,
    WANT_PERSON = 1 << 1,
    WANT_OTHER = 1 << 2, /* a person, not I or we */
    WANT_OWN = 1 << 3,   /* "Tom's", "their" */
    WANT_TEAM = 1 << 4,
    WANT_VERB = 1 << 5,
    WANT_HARM = 1 << 6,
    WANT_CLASS = 1 << 7, /* one of el->classes */
    WANT_ROLE = 1 << 8,
    WANT_NOUN = 1 << 9, /* a machine or other noun as object */
};

enum element_type { EL_WORD, EL_GAP, EL_PHRASE, EL_START, EL_END, EL_NOT_NEXT, EL_NOT_BEFORE };

struct element {
    enum element_type type;
    uint8_t min, max;
    bool may_be_cut;
    unsigned wants;
    uint64_t classes;
    uint16_t ids, id_count; /* in the pool */
};

struct rule {
    struct element el[ELEMENTS_MAX];
    size_t count;
    size_t mark_from, mark_to; /* elements between [ and ] */
};

struct link {
    uint16_t rule, next; /* next: index + 1, 0 ends */
};

struct coach_rules {
    struct rule rules[RULES_MAX];
    uint16_t pool[POOL_MAX];
    size_t pool_count;
    struct link links[POOL_MAX];
    size_t link_count;
    uint16_t *heads; /* by word id: index + 1 */
    size_t head_count;
    uint16_t by_class[RULES_MAX];
    size_t by_class_count;
};

/* --- reading rules ---------------------------------------------------------------------------- */

static void want(struct element *el, const char *s, size_t n)
{
    static const struct {
        const char *name;
        unsigned wants;
        uint64_t classes;
    } names[] = {
        {"W", WANT_PERSON, 0},
        {"WO", WANT_OTHER, 0},
        {"WS", WANT_OWN, 0},
        {"TEAM", WANT_TEAM, 0},
        {"ROLE", WANT_ROLE, 0},
        {"V", WANT_VERB, 0},
        {"X", WANT_ANY, 0},
        {"HARM", WANT_HARM, 0},
        {"N", WANT_NOUN, 0},
        {"M", WANT_CLASS, COACH_IS(MACHINE)},
        {"D", WANT_CLASS, COACH_IS(DET) | COACH_IS(OWN)},
        {"A", WANT_CLASS, COACH_IS(ADV)},
        {"P", WANT_CLASS, COACH_IS(PREP)},
        {"C", WANT_CLASS, COACH_IS(CONJ)},
        {"AUX", WANT_CLASS, COACH_IS(AUX)},
        {"PP", WANT_CLASS, COACH_IS(PP)},
        {"ING", WANT_CLASS, COACH_IS(ING)},
        {"ALERT", WANT_CLASS, COACH_IS(ALERT)},
        {"RULE", WANT_CLASS, COACH_IS(RULE)},
        {"SELF", WANT_CLASS, COACH_IS(SELF)},
        {"FIRST", WANT_CLASS, COACH_IS(FIRST)},
    };
    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
        if (strlen(names[i].name) == n && memcmp(names[i].name, s, n) == 0) {
            el->wants |= names[i].wants;
            el->classes |= names[i].classes;
            return;
        }
    }
    PL_BUG("a rule names an unknown class");
}

/* "word|stem*|@CLASS" */
static void read_set(struct coach_rules *r, struct coach_vocab *v, struct element *el,
                     const char *s, size_t n)
{
    el->ids = (uint16_t)r->pool_count;
    while (n > 0) {
        const char *bar = memchr(s, '|', n);
        size_t k = bar ? (size_t)(bar - s) : n;
        PL_ASSERT(k > 0 && r->pool_count < POOL_MAX);
        if (s[0] == '@')
            want(el, s + 1, k - 1);
        else if (s[k - 1] == '*')
            r->pool[r->pool_count++] = coach_vocab_add_stem(v, s, k - 1);
        else
            r->pool[r->pool_count++] = coach_vocab_add(v, s, k, 0);
        s += k + (bar != NULL);
        n -= k + (bar != NULL);
    }
    el->id_count = (uint16_t)(r->pool_count - el->ids);
}

static void read_element(struct coach_rules *r, struct coach_vocab *v, struct element *el,
                         const char *s, size_t n)
{
    el->min = 1;
    el->max = 1;
    if (s[0] == ',') {
        el->may_be_cut = true;
        s++;
        n--;
    }
    if ((s[0] == '~' && n == 2) || (n == 3 && s[0] == '.')) {
        el->type = s[0] == '~' ? EL_PHRASE : EL_GAP;
        el->min = 0;
        el->max = (uint8_t)(s[n - 1] - '0');
        return;
    }
    if (n == 1 && (s[0] == '^' || s[0] == '$')) {
        el->type = s[0] == '^' ? EL_START : EL_END;
        return;
    }
    if (s[0] == '!' || s[0] == '<') {
        size_t skip = s[0] == '!' ? 1 : 2;
        el->type = s[0] == '!' ? EL_NOT_NEXT : EL_NOT_BEFORE;
        s += skip;
        n -= skip;
    }
    if (s[n - 1] == '?') {
        el->min = 0;
        n--;
    }
    read_set(r, v, el, s, n);
}

static void read_rule(struct coach_rules *r, struct coach_vocab *v, struct rule *rule,
                      const char *words)
{
    bool has_end = false;
    while (*words) {
        size_t n = strcspn(words, " ");
        PL_ASSERT(n > 0);
        if (n == 1 && words[0] == '[') {
            rule->mark_from = rule->count;
        } else if (n == 1 && words[0] == ']') {
            rule->mark_to = rule->count;
            has_end = true;
        } else {
            PL_ASSERT(rule->count < ELEMENTS_MAX);
            read_element(r, v, &rule->el[rule->count++], words, n);
        }
        words += n + (words[n] == ' ');
    }
    if (!has_end)
        rule->mark_to = rule->count;
}

/* The first element that takes a word; it must not be optional. */
static const struct element *first_word(const struct rule *rule)
{
    size_t i = 0;
    while (rule->el[i].type == EL_START || rule->el[i].type == EL_NOT_BEFORE)
        i++;
    PL_ASSERT(i < rule->count && rule->el[i].type == EL_WORD && rule->el[i].min == 1);
    return &rule->el[i];
}

struct coach_rules *coach_rules_new(struct coach_vocab *v)
{
    struct coach_rules *r = pl_xcalloc(1, sizeof(*r));
    PL_ASSERT(ROWS <= RULES_MAX);
    for (size_t i = 0; i < ROWS; i++)
        read_rule(r, v, &r->rules[i], rows[i].words);
    r->head_count = coach_vocab_count(v);
    r->heads = pl_xcalloc(r->head_count, sizeof(r->heads[0]));
    for (size_t i = ROWS; i-- > 0;) {
        const struct element *el = first_word(&r->rules[i]);
        for (size_t k = 0; k < el->id_count; k++) {
            uint16_t id = r->pool[el->ids + k];
            PL_ASSERT(r->link_count < POOL_MAX);
            r->links[r->link_count++] = (struct link){.rule = (uint16_t)i, .next = r->heads[id]};
            r->heads[id] = (uint16_t)r->link_count;
        }
        if (el->wants)
            r->by_class[r->by_class_count++] = (uint16_t)i;
    }
    return r;
}

void coach_rules_free(struct coach_rules *r)
{
    if (!r)
        return;
    free(r->heads);
    free(r);
}

/* --- matching --------------------------------------------------------------------------------- */

static bool is_wanted(unsigned wants, uint64_t classes, const struct coach_sentence *s, size_t i)
{
    uint64_t c = s->words[i].classes;
    if (c & COACH_IS(OPAQUE) && !(wants & (WANT_ANY | WANT_NOUN)))
        return false;
    if (wants & WANT_ANY)
        return true;
    if (wants & (WANT_PERSON | WANT_OTHER) && coach_is_person(s, i) && coach_is_head(s, i) &&
        !(wants & WANT_OTHER && c & COACH_IS(FIRST)))
        return true;
    if (wants & WANT_OWN && c & COACH_IS(OWN) && !(c & (COACH_IS(ATTACKER) | COACH_IS(MACHINE))) &&
        !(c & COACH_IS(IT)))
        return true;
    if (wants & WANT_TEAM && coach_is_head(s, i) &&
        (c & (COACH_IS(TEAM) | COACH_IS(TEAMISH)) || (c & COACH_IS(ROLE) && c & COACH_IS(PLURAL))))
        return true;
    if (wants & WANT_ROLE && c & COACH_IS(ROLE) && !(c & COACH_IS(OWN)))
        return true;
    if (wants & WANT_VERB && !(c & (COACH_IS(DET) | COACH_IS(PREP) | COACH_IS(CONJ) |
                                    COACH_IS(AUX) | COACH_IS(OWN) | COACH_IS(ADV))))
        return true;
    if (wants & WANT_HARM && c & COACH_IS(HARM) && coach_is_head(s, i))
        return true;
    if (wants & WANT_NOUN && !(c & (COACH_PERSON | COACH_IS(PREP) | COACH_IS(CONJ))) &&
        c & (COACH_IS(MACHINE) | COACH_IS(OPAQUE) | COACH_IS(IT)))
        return true;
    return wants & WANT_CLASS && c & classes;
}

static bool takes(const struct coach_rules *r, const struct element *el,
                  const struct coach_sentence *s, size_t i)
{
    const struct coach_word *w = &s->words[i];
    for (size_t k = 0; k < el->id_count; k++) {
        uint16_t id = r->pool[el->ids + k];
        if (id == w->id || id == w->stem)
            return true;
    }
    return el->wants && is_wanted(el->wants, el->classes, s, i);
}

#define NOT_IN_PHRASE \
    (COACH_IS(PREP) | COACH_IS(CONJ) | COACH_IS(AUX) | COACH_IS(FIRST) | COACH_IS(PRON))

/* May the element take the word at `i`, which is not the first of the match? */
static bool goes(const struct coach_rules *r, const struct element *el,
                 const struct coach_sentence *s, size_t i, size_t start)
{
    if (i >= s->count || (i > start && s->words[i].is_cut && !el->may_be_cut))
        return false;
    if (el->type == EL_GAP)
        return true;
    uint64_t c = s->words[i].classes;
    if (el->type == EL_PHRASE)
        return !(c & NOT_IN_PHRASE) || c & COACH_IS(DET);
    return takes(r, el, s, i);
}

/* Elements that take no word. */
static bool holds(const struct coach_rules *r, const struct element *el,
                  const struct coach_sentence *s, size_t i)
{
    switch (el->type) {
    case EL_START:
        return i == 0 || s->words[i].is_colon ||
               (i == 1 && s->words[0].classes & (COACH_IS(CONJ) | COACH_IS(ADV)));
    case EL_END:
        return i == s->count || s->words[i].is_cut;
    case EL_NOT_NEXT:
        return i == s->count || s->words[i].is_cut || !takes(r, el, s, i);
    case EL_NOT_BEFORE:
        return i == 0 || s->words[i].is_cut || !takes(r, el, s, i - 1);
    case EL_WORD:
    case EL_GAP:
    case EL_PHRASE:
        break;
    }
    return true;
}

/* Tries a rule at `start`; pos[k] becomes the word where element k begins. */
static bool match(const struct coach_rules *r, const struct rule *rule,
                  const struct coach_sentence *s, size_t start, size_t pos[ELEMENTS_MAX + 1])
{
    size_t took[ELEMENTS_MAX];
    bool is_new = true;
    size_t k = 0;
    pos[0] = start;
    for (size_t steps = 0; steps < STEPS_MAX; steps++) {
        if (k == rule->count)
            return true;
        const struct element *el = &rule->el[k];
        bool ok = false;
        if (el->type >= EL_START) {
            ok = is_new && holds(r, el, s, pos[k]);
            took[k] = 0;
        } else if (is_new) {
            ok = el->min == 0 || goes(r, el, s, pos[k], start);
            took[k] = el->min;
        } else if (took[k] < el->max) {
            ok = goes(r, el, s, pos[k] + took[k], start);
            took[k]++;
        }
        if (ok) {
            pos[k + 1] = pos[k] + took[k];
            k++;
            is_new = true;
        } else if (k == 0) {
            return false;
        } else {
            k--;
            is_new = false;
        }
    }
    return false;
}

struct search {
    const struct coach_rules *r;
    const struct coach_sentence *s;
    size_t at;
    coach_found_cb found;
    void *ctx;
};

static void attempt(const struct search *f, size_t number)
{
    const struct rule *rule = &f->r->rules[number];
    size_t pos[ELEMENTS_MAX + 1] = {0};
    if (!match(f->r, rule, f->s, f->at, pos))
        return;
    struct coach_match m = {
        .first = f->at,
        .last = pos[rule->count],
        .from = pos[rule->mark_from],
        .to = pos[rule->mark_to],
        .pattern = rows[number].pattern,
        .flags = rows[number].flags,
        .fix = rows[number].fix,
    };
    PL_ASSERT(m.from < m.to && m.to <= f->s->count);
    f->found(f->ctx, &m);
}

void coach_rules_match(const struct coach_rules *r, const struct coach_sentence *s, size_t at,
                       coach_found_cb found, void *ctx)
{
    const struct search f = {.r = r, .s = s, .at = at, .found = found, .ctx = ctx};
    const struct coach_word *w = &s->words[at];
    if (w->classes & COACH_IS(OPAQUE))
        return;
    for (int round = 0; round < 2; round++) {
        uint16_t id = round == 0 ? w->id : w->stem;
        if (id == 0 || id >= r->head_count)
            continue;
        for (uint16_t i = r->heads[id]; i != 0; i = r->links[i - 1].next)
            attempt(&f, r->links[i - 1].rule);
    }
    for (size_t i = 0; i < r->by_class_count; i++) {
        const struct element *el = first_word(&r->rules[r->by_class[i]]);
        if (is_wanted(el->wants, el->classes, s, at))
            attempt(&f, r->by_class[i]);
    }
}
