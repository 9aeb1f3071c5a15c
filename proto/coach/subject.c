// SPDX-License-Identifier: Apache-2.0
/*
 * Who or what a verb is said of, without grammar: the nearest noun to the left that is not inside a
 * prepositional phrase ("the owner of the database forgot" is about the owner). A pronoun stands
 * for the attacker or the machine that was spoken of before. A word that nobody knows is a thing
 * when an article stands before it.
 *
 * It is wrong now and then. An error costs a mark too many or too few, which a person dismisses or
 * never sees; nothing is decided by it. At most LOOK_BACK words are looked at.
 */
#include "coach_int.h"

#define LOOK_BACK 16
#define PHRASE    5 /* words between a preposition and its noun */

#define LINKING (COACH_IS(DET) | COACH_IS(PREP) | COACH_IS(CONJ) | COACH_IS(AUX) | COACH_IS(ADV))

static bool is_first_in_phrase(const struct coach_sentence *s, size_t i)
{
    return i == 0 || s->words[i].is_cut ||
           s->words[i - 1].classes & (COACH_IS(PREP) | COACH_IS(CONJ));
}

bool coach_is_person(const struct coach_sentence *s, size_t i)
{
    uint64_t c = s->words[i].classes;
    if (c & COACH_IS(OPAQUE))
        return false;
    return c & COACH_PERSON || (c & COACH_IS(TEAMISH) && is_first_in_phrase(s, i));
}

bool coach_is_head(const struct coach_sentence *s, size_t i)
{
    uint64_t c = s->words[i].classes;
    if (c & COACH_IS(OWN))
        return false;
    if (i + 1 == s->count || s->words[i + 1].is_cut)
        return true;
    if (c & (COACH_IS(FIRST) | COACH_IS(PRON) | COACH_IS(SOME) | COACH_IS(IT)))
        return true;
    const struct coach_word *next = &s->words[i + 1];
    if (next->classes & (COACH_IS(ROLE) | COACH_IS(TEAM) | COACH_IS(NAME)))
        return false;
    if (c & COACH_IS(NAME) || next->classes & (LINKING | COACH_IS(PP) | COACH_IS(ING)))
        return true;
    /* An unknown word is rather a verb than a noun: things are in the list. */
    return !(next->classes & (COACH_IS(MACHINE) | COACH_IS(TEAMISH)));
}

/* The preposition that the noun at `i` hangs on, or `i`. */
static size_t preposition_of(const struct coach_sentence *s, size_t i)
{
    for (size_t k = 1; k <= PHRASE && k <= i; k++) {
        if (s->words[i - k + 1].is_cut)
            return i;
        uint64_t c = s->words[i - k].classes;
        if (c & COACH_IS(PREP) && !(c & COACH_IS(ADV)))
            return i - k;
        if (c & (COACH_IS(CONJ) | COACH_IS(AUX) | COACH_IS(FIRST) | COACH_IS(PRON)) &&
            !(c & COACH_IS(DET)))
            return i;
    }
    return i;
}

static enum coach_subject kind_of(const struct coach_sentence *s, size_t i)
{
    uint64_t c = s->words[i].classes;
    if (c & COACH_IS(QUOTED))
        return COACH_S_THING;
    if (c & COACH_IS(OPAQUE))
        return c & COACH_IS(MACHINE) ? COACH_S_MACHINE : COACH_S_NONE;
    if (c & COACH_IS(OWN))
        return COACH_S_NONE;
    if (c & COACH_IS(ATTACKER))
        return COACH_S_ATTACKER;
    if (coach_is_person(s, i))
        return COACH_S_PERSON;
    if (c & COACH_IS(MACHINE) && !(c & (COACH_IS(ADJ) | COACH_IS(AUX))))
        return COACH_S_MACHINE;
    return COACH_S_NONE;
}

/* Whom "he" or "they" at `i` means, if it is an attacker or a thing. */
static enum coach_subject resolve(const struct coach_sentence *s, size_t i)
{
    while (i-- > 0) {
        enum coach_subject k = kind_of(s, i);
        if (k == COACH_S_ATTACKER)
            return k;
        if (k == COACH_S_PERSON)
            return COACH_S_PERSON;
    }
    if (s->before == COACH_S_ATTACKER || s->before == COACH_S_MACHINE)
        return s->before;
    return COACH_S_PERSON;
}

/* A word that no list has, right before the verb. */
static enum coach_subject unknown_kind(const struct coach_sentence *s, size_t i)
{
    const struct coach_word *w = &s->words[i];
    for (size_t k = 1; k <= 3 && k <= i && !s->words[i - k + 1].is_cut; k++)
        if (s->words[i - k].classes & (COACH_IS(DET) | COACH_IS(OWN)))
            return COACH_S_THING;
    if (w->classes & COACH_IS(CAPITAL))
        return COACH_S_NONE; /* perhaps a name */
    return is_first_in_phrase(s, i) ? COACH_S_THING : COACH_S_NONE;
}

enum coach_subject coach_subject_first(const struct coach_sentence *s)
{
    enum coach_subject in_phrase = COACH_S_NONE;
    for (size_t i = 0; i < s->count; i++) {
        enum coach_subject k = kind_of(s, i);
        if (k == COACH_S_NONE || (k != COACH_S_THING && !coach_is_head(s, i)))
            continue;
        if (preposition_of(s, i) == i)
            return k == COACH_S_PERSON && s->words[i].classes & COACH_IS(PRON) ? resolve(s, i) : k;
        if (in_phrase == COACH_S_NONE)
            in_phrase = k;
    }
    return in_phrase;
}

/* One step to the left: the answer when there is one; *i may jump to a preposition. */
static bool look_at(const struct coach_sentence *s, size_t *i, bool is_next,
                    enum coach_subject *kind, enum coach_subject *rest)
{
    const struct coach_word *w = &s->words[*i];
    *kind = kind_of(s, *i);
    if (*kind == COACH_S_PERSON && w->classes & COACH_IS(PRON)) {
        *kind = resolve(s, *i);
        return true;
    }
    if (*kind == COACH_S_NONE && w->classes & COACH_IS(IT) && !(w->classes & COACH_IS(CONJ))) {
        *kind = s->before == COACH_S_ATTACKER ? s->before : COACH_S_THING;
        return is_next || !(w->classes & COACH_IS(DET));
    }
    if (*kind == COACH_S_NONE && is_next && w->id == 0 && !(w->classes & COACH_IS(OPAQUE)) &&
        !(w->classes & (COACH_IS(PP) | COACH_IS(ING) | COACH_IS(ADV))))
        *kind = unknown_kind(s, *i);
    if (*kind == COACH_S_NONE)
        return false;
    size_t at = preposition_of(s, *i);
    if (at == *i)
        return true;
    if (*rest == COACH_S_NONE)
        *rest = *kind;
    *i = at;
    return false;
}

enum coach_subject coach_subject_of(const struct coach_sentence *s, size_t at, size_t *word)
{
    enum coach_subject rest = COACH_S_NONE;
    bool is_next = true; /* only auxiliaries and adverbs so far */
    *word = s->count;
    if (at > 0 && !s->words[at].is_cut && s->words[at - 1].classes & COACH_IS(CONJ) &&
        !(s->words[at - 1].classes & (COACH_IS(IT) | COACH_IS(PREP))))
        return coach_subject_first(s);
    for (size_t i = at, steps = 0; i > 0 && steps < LOOK_BACK && !s->words[i].is_colon; steps++) {
        enum coach_subject kind = COACH_S_NONE;
        i--;
        if (look_at(s, &i, is_next, &kind, &rest)) {
            *word = i;
            return kind;
        }
        if (!(s->words[i].classes & (COACH_IS(AUX) | COACH_IS(ADV))))
            is_next = false;
    }
    return rest;
}
