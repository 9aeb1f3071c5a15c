// SPDX-License-Identifier: Apache-2.0
/*
 * The coach: every sentence of a text against the rules, what is exempt left out, of overlapping
 * findings the better one. Works in a sentence at a time on the caller's stack; the only memory is
 * that of the tables, made once by pl_coach_new.
 */
#include "plimsoll/coach/coach.h"

#include <stdlib.h>
#include <string.h>

#include "plimsoll/base/hash.h"
#include "plimsoll/base/mem.h"
#include "plimsoll/base/str.h"

#include "coach_int.h"

#define FOUND_MAX 48 /* findings of a sentence */

struct pl_coach {
    struct coach_vocab *vocab;
    struct coach_rules *rules;
    uint16_t id_by, id_and, id_or;
    uint16_t lack[16]; /* words that make a lack of people a condition */
};

static const struct pl_coach_pattern patterns[] = {
#define PATTERN(pattern_number, pattern_kind, pattern_name, why, instead) \
    {.number = (pattern_number),                                          \
     .kind = PL_COACH_##pattern_kind,                                     \
     .name = (pattern_name),                                              \
     .reason = (why),                                                     \
     .rewrite = (instead)},
#define RULE(number, rule_flags, rule_words, fix_text)
#include "patterns.def"
#undef PATTERN
#undef RULE
};

const struct pl_coach_pattern *pl_coach_pattern(int number)
{
    if (number < 1 || number > PL_COACH_PATTERNS)
        return NULL;
    return &patterns[number - 1];
}

static const struct {
    const char *token, *what;
} kinds[] = {
#define PL_COACH_KIND(name, kind_token, kind_what) {.token = (kind_token), .what = (kind_what)},
    PL_COACH_KINDS
#undef PL_COACH_KIND
};

const char *pl_coach_kind_name(enum pl_coach_kind kind)
{
    return kinds[kind].token;
}

const char *pl_coach_kind_text(enum pl_coach_kind kind)
{
    return kinds[kind].what;
}

/* --- life ------------------------------------------------------------------------------------- */

static uint16_t id_of(struct pl_coach *c, const char *word)
{
    return coach_vocab_add(c->vocab, word, strlen(word), 0);
}

struct pl_coach *pl_coach_new(const char *const *names, size_t count)
{
    static const char *const lack[] = {
        "no",  "missing", "lack", "lacking", "lacked", "unclear", "absent",  "unknown",
        "too", "few",     "not",  "without", "none",   "only",    "nothing", "neither"};
    struct pl_coach *c = pl_xcalloc(1, sizeof(*c));
    c->vocab = coach_vocab_new();
    c->rules = coach_rules_new(c->vocab);
    c->id_by = id_of(c, "by");
    c->id_and = id_of(c, "and");
    c->id_or = id_of(c, "or");
    for (size_t i = 0; i < sizeof(lack) / sizeof(lack[0]); i++)
        c->lack[i] = id_of(c, lack[i]);
    for (size_t i = 0; i < count; i++)
        coach_vocab_add_name(c->vocab, names[i]);
    return c;
}

void pl_coach_free(struct pl_coach *c)
{
    if (!c)
        return;
    coach_rules_free(c->rules);
    coach_vocab_free(c->vocab);
    free(c);
}

/* --- what is exempt --------------------------------------------------------------------------- */

/* "... was overlooked by the attacker": who did it stands behind. */
static enum coach_subject agent_behind(const struct pl_coach *c, const struct coach_sentence *s,
                                       size_t at)
{
    for (size_t i = at; i < s->count && i < at + 3 && !s->words[i].is_cut; i++) {
        if (s->words[i].id != c->id_by)
            continue;
        for (size_t k = i + 1; k < s->count && k < i + 5 && !s->words[k].is_cut; k++) {
            uint64_t classes = s->words[k].classes;
            if (classes & COACH_IS(ATTACKER))
                return COACH_S_ATTACKER;
            if (coach_is_person(s, k))
                return COACH_S_PERSON;
            if (classes & COACH_IS(MACHINE) && coach_is_head(s, k))
                return COACH_S_MACHINE;
        }
    }
    return COACH_S_NONE;
}

static bool did_itself(const struct coach_sentence *s, const struct coach_match *m)
{
    for (size_t i = m->first; i < m->last; i++)
        if (s->words[i].classes & COACH_IS(SELF))
            return true;
    return false;
}

static bool is_exempt(const struct pl_coach *c, const struct coach_sentence *s,
                      const struct coach_match *m)
{
    size_t word = s->count;
    unsigned f = m->flags;
    if ((f & RULE_UNPLANNED && s->classes & COACH_IS(PLANNED)) ||
        (f & RULE_NO_CRIME && s->classes & (COACH_IS(CRIME) | COACH_IS(ATTACKER))))
        return true;
    /* A rule that begins with "they" has its subject inside. */
    size_t verb = m->first + (s->words[m->first].classes & COACH_IS(PRON) ? 1 : 0);
    enum coach_subject subject = coach_subject_of(s, verb, &word);
    enum coach_subject agent = agent_behind(c, s, m->last);
    if (subject == COACH_S_ATTACKER || agent == COACH_S_ATTACKER ||
        (subject == COACH_S_NONE && coach_subject_first(s) == COACH_S_ATTACKER))
        return true;
    if (agent == COACH_S_MACHINE && f & (RULE_NO_MACHINE | RULE_NO_THING | RULE_NOT_SELF))
        return true;
    if (f & RULE_PERSON && subject != COACH_S_PERSON)
        return true;
    if (subject == COACH_S_MACHINE &&
        (f & (RULE_NO_MACHINE | RULE_NO_THING) || (f & RULE_NOT_SELF && did_itself(s, m))))
        return true;
    if (subject == COACH_S_THING && f & RULE_NO_THING)
        return true;
    return f & RULE_NOT_FIRST && word < s->count && s->words[word].classes & COACH_IS(FIRST);
}

/* --- findings of a sentence ------------------------------------------------------------------- */

struct findings {
    const struct pl_coach *c;
    const struct coach_sentence *s;
    uint64_t wanted; /* bit n: pattern n */
    bool keep_all;   /* overlaps stay */
    struct coach_match m[FOUND_MAX];
    size_t count;
};

static bool is_better(const struct coach_match *a, const struct coach_match *b)
{
    if ((a->flags ^ b->flags) & RULE_STRONG)
        return a->flags & RULE_STRONG;
    if (a->to - a->from != b->to - b->from)
        return a->to - a->from > b->to - b->from;
    return a->fix && !b->fix;
}

static void on_match(void *ctx, const struct coach_match *m)
{
    struct findings *f = ctx;
    if (!(f->wanted >> m->pattern & 1) || is_exempt(f->c, f->s, m))
        return;
    for (size_t i = 0; i < f->count && !f->keep_all; i++)
        if (f->m[i].from < m->to && m->from < f->m[i].to && !is_better(m, &f->m[i]))
            return;
    size_t kept = 0;
    for (size_t i = 0; i < f->count; i++) {
        bool overlaps = f->m[i].from < m->to && m->from < f->m[i].to;
        if (f->keep_all || !overlaps)
            f->m[kept++] = f->m[i];
    }
    f->count = kept;
    if (f->count == FOUND_MAX)
        return;
    size_t at = f->count++;
    for (; at > 0 && f->m[at - 1].from > m->from; at--)
        f->m[at] = f->m[at - 1];
    f->m[at] = *m;
}

static void search(struct findings *f)
{
    f->count = 0;
    for (size_t i = 0; i < f->s->count; i++)
        coach_rules_match(f->c->rules, f->s, i, on_match, f);
}

/* --- hits ------------------------------------------------------------------------------------- */

static uint64_t key_of(const uint8_t *text, const struct coach_sentence *s,
                       const struct coach_match *m)
{
    char key[160];
    size_t n = 0;
    for (size_t i = m->from; i < m->to; i++) {
        for (size_t at = s->words[i].start; at < s->words[i].end && n < sizeof(key) - 1; at++)
            key[n++] = pl_ascii_lower((char)text[at]);
        key[n++] = ' ';
        if (n >= sizeof(key) - 1)
            break;
    }
    return pl_xxh3_64_seed(key, n, (uint64_t)m->pattern);
}

static void fill(struct pl_coach_hit *hit, const struct coach_text *t,
                 const struct coach_sentence *s, const struct coach_match *m)
{
    const struct coach_word *first = &s->words[m->from];
    const struct coach_word *last = &s->words[m->to - 1];
    memset(hit, 0, sizeof(*hit));
    hit->at = (struct pl_coach_span){.start = first->start,
                                     .end = last->end,
                                     .char_start = first->char_start,
                                     .char_end = last->char_end};
    hit->pattern = pl_coach_pattern(m->pattern);
    hit->key = key_of(t->p, s, m);
    coach_fix(t->p, t->n, s, m, hit);
}

/* Reads the next sentence and remembers what the one before was about. */
static bool next_sentence(struct coach_text *t, struct coach_sentence *s)
{
    enum coach_subject before = s->count > 0 ? coach_subject_first(s) : COACH_S_NONE;
    if (before == COACH_S_NONE)
        before = s->before;
    if (!coach_text_next(t, s))
        return false;
    s->before = s->is_fresh ? COACH_S_NONE : before;
    return true;
}

size_t pl_coach_scan(const struct pl_coach *c, const char *text, size_t n, struct pl_coach_hit *out,
                     size_t max)
{
    struct coach_text t;
    struct coach_sentence s;
    struct findings f = {.c = c, .s = &s, .wanted = UINT64_MAX};
    size_t total = 0;
    s.count = 0;
    s.before = COACH_S_NONE;
    coach_text_init(&t, c->vocab, text, n);
    while (next_sentence(&t, &s)) {
        search(&f);
        for (size_t i = 0; i < f.count; i++, total++)
            if (total < max)
                fill(&out[total], &t, &s, &f.m[i]);
    }
    return total;
}

/* --- a person as a cause ---------------------------------------------------------------------- */

static bool is_lack(const struct pl_coach *c, uint16_t id)
{
    for (size_t i = 0; i < sizeof(c->lack) / sizeof(c->lack[0]); i++)
        if (id != 0 && c->lack[i] == id)
            return true;
    return false;
}

struct naming {
    bool has_person; /* a person as head of a phrase */
    bool in_phrase;  /* behind a preposition: "on the night shift" */
    size_t open;     /* words that wait for their noun */
    size_t behind;   /* words in a phrase that are no people */
};

/* One word of a text that may be nothing but a name of people; false: it is more than that. */
static bool go_on(const struct pl_coach *c, const struct coach_sentence *s, size_t i,
                  struct naming *n)
{
    const struct coach_word *w = &s->words[i];
    uint64_t k = w->classes;
    bool is_person = coach_is_person(s, i) || (k & COACH_IS(MANKIND) && coach_is_head(s, i));
    if (is_lack(c, w->id) || k & COACH_IS(AUX) || w->is_colon)
        return false;
    if (is_person && !(k & COACH_IS(OWN)) && (coach_is_head(s, i) || k & COACH_IS(NAME))) {
        n->has_person = true;
        n->open = 0;
        return true;
    }
    /* An article behind a noun of the phrase: the word between was a verb. */
    if (k & (COACH_IS(DET) | COACH_IS(OWN)) || w->id == c->id_and || w->id == c->id_or)
        return n->behind == 0;
    if (k & COACH_IS(PREP)) {
        bool is_on_call = i + 1 < s->count && s->words[i + 1].classes & COACH_IS(ADJ);
        n->in_phrase = n->has_person;
        return n->has_person || n->open > 0 || is_on_call;
    }
    if (k & (COACH_IS(CONJ) | COACH_IS(OPAQUE) | COACH_IS(IT)))
        return false;
    if (k & (COACH_IS(PP) | COACH_IS(ING)) || (n->has_person && !n->in_phrase && !is_person))
        return false;
    n->open += !n->in_phrase;
    n->behind += n->in_phrase;
    return n->open <= 4 && n->behind <= 2;
}

static bool is_only_people(const struct pl_coach *c, const char *text, size_t n)
{
    struct coach_text t;
    struct coach_sentence s;
    struct naming naming = {0};
    coach_text_init(&t, c->vocab, text, n);
    s.before = COACH_S_NONE;
    if (!coach_text_next(&t, &s) || s.count > 14)
        return false;
    for (size_t i = 0; i < s.count; i++)
        if (!go_on(c, &s, i, &naming))
            return false;
    return naming.has_person && naming.open == 0 && !coach_text_next(&t, &s);
}

bool pl_coach_is_person_cause(const struct pl_coach *c, const char *text, size_t n)
{
    struct coach_text t;
    struct coach_sentence s;
    struct findings f = {.c = c, .s = &s, .keep_all = true};
    f.wanted = UINT64_C(0x1F) << 14 | UINT64_C(1) << 38;
    s.count = 0;
    s.before = COACH_S_NONE;
    coach_text_init(&t, c->vocab, text, n);
    while (next_sentence(&t, &s)) {
        search(&f);
        if (f.count > 0)
            return true;
    }
    return is_only_people(c, text, n);
}
