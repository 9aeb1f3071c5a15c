// SPDX-License-Identifier: Apache-2.0
/*
 * Inside coach/: words with their classes, sentences as rows of words, and rules over them.
 *
 * token.c cuts a text into sentences, vocab.c knows the words, rule.c matches a rule at a place,
 * subject.c says who a sentence is about, coach.c puts it together, fix.c makes replacements.
 */
#ifndef PLIMSOLL_COACH_COACH_INT_H
#define PLIMSOLL_COACH_COACH_INT_H

#include "plimsoll/coach/coach.h"

/* Classes of words. A word may have several. */
#define PL_COACH_CLASSES                                                            \
    CLASS(NAME)    /* a participant's name */                                       \
    CLASS(ROLE)    /* engineer, operator */                                         \
    CLASS(TEAM)    /* team, shift, vendor */                                        \
    CLASS(TEAMISH) /* operations, support: a team only when it stands alone */      \
    CLASS(FIRST)   /* I, we */                                                      \
    CLASS(PRON)    /* you, he, she, they */                                         \
    CLASS(SOME)    /* someone, nobody, people */                                    \
    CLASS(OWN)     /* his, their, whose; and every word in 's */                    \
    CLASS(PLURAL)  /* of a noun of this list */                                     \
    CLASS(MANKIND) /* human, user: a person only where nothing else stands (T32) */ \
    CLASS(MACHINE) /* job, server, file: things that do or have something */        \
    CLASS(IT)      /* it, this, which */                                            \
    CLASS(ATTACKER)                                                                 \
    CLASS(CRIME) /* phishing, fraud: the sentence is about an attack */             \
    CLASS(DET)   /* the, a, this, three */                                          \
    CLASS(PREP)                                                                     \
    CLASS(CONJ)                                                                     \
    CLASS(AUX)     /* be, have, do, can, will */                                    \
    CLASS(ADV)     /* really, also; and -ly */                                      \
    CLASS(PP)      /* participles: known, done; and -ed */                          \
    CLASS(ING)     /* -ing */                                                       \
    CLASS(ADJ)     /* senior, whole: stands before a noun */                        \
    CLASS(ALERT)   /* alert, warning, page */                                       \
    CLASS(RULE)    /* procedure, policy, review */                                  \
    CLASS(HARM)    /* outage, loss */                                               \
    CLASS(PLANNED) /* maintenance: taking down was the job */                       \
    CLASS(SELF)    /* what machines do by themselves: fired, expired */             \
    CLASS(COMMON)  /* a name that is also a word: needs its capital */              \
    CLASS(CAPITAL) /* not a class of words but of places: begins with a capital */  \
    CLASS(OPAQUE)  /* code, a path, quoted speech: not a word */                    \
    CLASS(QUOTED)

enum {
#define CLASS(name) COACH_BIT_##name,
    PL_COACH_CLASSES
#undef CLASS
        COACH_CLASS_COUNT
};

#define COACH_IS(name) (UINT64_C(1) << COACH_BIT_##name)
#define COACH_PERSON                                                                       \
    (COACH_IS(NAME) | COACH_IS(ROLE) | COACH_IS(TEAM) | COACH_IS(FIRST) | COACH_IS(PRON) | \
     COACH_IS(SOME))

/* A word of a sentence. Positions are within the text that is scanned. */
struct coach_word {
    uint32_t start, end;
    uint32_t char_start, char_end;
    uint64_t classes;
    uint16_t id;   /* of the word in the vocabulary; 0: unknown */
    uint16_t stem; /* of a listed stem that it begins with; 0: none */
    bool is_cut;   /* a comma, colon, dash or bracket stands before it */
    bool is_colon; /* and it was a colon */
};

#define COACH_WORDS_MAX 200 /* a longer sentence is cut */
#define COACH_WORD_MAX  32  /* bytes of a word that are looked at; a longer one is unknown */

enum coach_subject {
    COACH_S_NONE,
    COACH_S_PERSON,
    COACH_S_MACHINE,
    COACH_S_THING, /* some other noun, or "it" */
    COACH_S_ATTACKER,
};

struct coach_sentence {
    struct coach_word words[COACH_WORDS_MAX];
    size_t count;
    uint64_t classes; /* of all its words */
    bool is_fresh;    /* a paragraph begins with it */
    /* What the sentence before was about, for "they"; NONE at the start of a paragraph. */
    enum coach_subject before;
};

/* --- vocabulary --- */

struct coach_vocab;
struct coach_vocab *coach_vocab_new(void);
void coach_vocab_free(struct coach_vocab *v);

/* The id of a folded word or stem, which is added if need be, with these classes. */
uint16_t coach_vocab_add(struct coach_vocab *v, const char *word, size_t n, uint64_t classes);
uint16_t coach_vocab_add_stem(struct coach_vocab *v, const char *stem, size_t n);

/* Adds the words of a person's name. */
void coach_vocab_add_name(struct coach_vocab *v, const char *name);

/* Number of ids given, 0 included. */
size_t coach_vocab_count(const struct coach_vocab *v);

/* Looks a folded word up: sets id, stem and classes (those of its ending too). */
void coach_vocab_find(const struct coach_vocab *v, const char *word, size_t n,
                      struct coach_word *w);

/* Folds one scalar (case, marks) into at most 12 bytes; returns how many. *is_upper: it was a
 * capital. 0 for a mark that vanishes. */
size_t coach_fold(uint32_t scalar, char out[12], bool *is_upper);

/* Is it a letter or a digit? */
bool coach_is_alnum(uint32_t scalar);

/* --- text into sentences --- */

struct coach_text {
    const struct coach_vocab *vocab;
    const uint8_t *p;
    size_t n;
    size_t at, char_at;
    size_t next_quote[4]; /* where the next closing mark is, or n; valid while >= at */
    size_t paragraph_end; /* likewise */
    bool is_line_start;
    bool cut, colon; /* for the next word */
    bool new_paragraph;
};

void coach_text_init(struct coach_text *t, const struct coach_vocab *v, const char *text, size_t n);

/* The next sentence that has words; false at the end of the text. */
bool coach_text_next(struct coach_text *t, struct coach_sentence *s);

/* --- rules --- */

enum coach_rule_flags {
    RULE_PERSON = 1,     /* the subject must be a person */
    RULE_NO_MACHINE = 2, /* ... must not be a machine */
    RULE_NO_THING = 4,   /* ... must be neither a machine nor some other thing */
    RULE_NOT_FIRST = 8,  /* ... must not be I or we */
    RULE_NOT_SELF =
        16, /* a machine that did it by itself is exempt: "should have been triggered" */
    RULE_UNPLANNED = 32,     /* not in a sentence about maintenance */
    RULE_NO_CRIME = 64,      /* not in a sentence about an attack */
    RULE_STRONG = 128,       /* wins over overlapping findings, however long */
    RULE_ATTACKER_TOO = 256, /* no exemption */
};

struct coach_rules;
struct coach_rules *coach_rules_new(struct coach_vocab *v);
void coach_rules_free(struct coach_rules *r);

/* A match of a rule: words from `first` to before `last`; from..to is what is marked. */
struct coach_match {
    size_t first, last;
    size_t from, to;
    int pattern;
    unsigned flags;
    const char *fix; /* NULL: none; "": leave the marked words out */
};

/* Calls `found` for every rule that matches from word `at` on, whatever the subject. */
typedef void (*coach_found_cb)(void *ctx, const struct coach_match *m);
void coach_rules_match(const struct coach_rules *r, const struct coach_sentence *s, size_t at,
                       coach_found_cb found, void *ctx);

/* --- subjects --- */

/* Who or what does the words from `at` on; *word gets the index of its noun, or s->count. */
enum coach_subject coach_subject_of(const struct coach_sentence *s, size_t at, size_t *word);

/* What the sentence as a whole is about: its first noun. */
enum coach_subject coach_subject_first(const struct coach_sentence *s);

/* Is the word at `i` a person, a role, a team? */
bool coach_is_person(const struct coach_sentence *s, size_t i);

/* Is the word at `i` the head of what it stands in ("the operator", not "the operator console")? */
bool coach_is_head(const struct coach_sentence *s, size_t i);

/* --- replacements --- */

/* Fills has_fix, fix_at and fix of a hit. */
void coach_fix(const uint8_t *text, size_t n, const struct coach_sentence *s,
               const struct coach_match *m, struct pl_coach_hit *hit);

#endif
