// SPDX-License-Identifier: Apache-2.0
/*
 * The blame coach: finds wording that judges people in a text about an incident, says why it gets
 * in the way of learning, and offers neutral words. It knows 48 patterns
 * (proto/coach/patterns.def). Same text, same names, same findings: no clock, no locale, no
 * network, no model.
 *
 * Left alone on purpose: lines that start with '>', code (fenced and in backticks), speech between
 * double quotation marks, sentences about an attacker, machines ("the job failed to start"), and
 * plain facts about a named person ("Mira restarted the node at 09:13").
 *
 * Who wrote a text is not known here, so nothing can be counted per person.
 */
#ifndef PLIMSOLL_COACH_COACH_H
#define PLIMSOLL_COACH_COACH_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "plimsoll/base/err.h"

#define PL_COACH_PATTERNS  48          /* patterns are numbered from 1 */
#define PL_COACH_TEXT_MAX  (64u << 20) /* bytes looked at; what comes behind is not scanned */
#define PL_COACH_NAMES_MAX 1024        /* words of names that are kept */

/* Kinds of pattern: PL_COACH_KIND(NAME, "token", "what it is, in a few words"). */
#define PL_COACH_KINDS                                                               \
    PL_COACH_KIND(COUNTERFACTUAL, "counterfactual", "a course that was not taken")   \
    PL_COACH_KIND(OMISSION, "omission", "what somebody left out")                    \
    PL_COACH_KIND(MOTIVE, "motive", "a motive put into somebody's head")             \
    PL_COACH_KIND(MIND_READING, "mind_reading", "thoughts put into somebody's head") \
    PL_COACH_KIND(TRAIT, "trait", "a judgement on somebody's character")             \
    PL_COACH_KIND(LABEL, "label", "a label that ends the questions")                 \
    PL_COACH_KIND(ATTRIBUTION, "attribution", "the outcome laid on a person")        \
    PL_COACH_KIND(AGENT, "agent", "a person as the one who broke it")                \
    PL_COACH_KIND(QUESTION, "question", "a question that accuses")                   \
    PL_COACH_KIND(HINDSIGHT, "hindsight", "knowledge from after the fact")           \
    PL_COACH_KIND(MINIMISER, "minimiser", "work made to look smaller than it is")    \
    PL_COACH_KIND(COMPARISON, "comparison", "a comparison with a better person")     \
    PL_COACH_KIND(RULE, "rule", "a rule held against a person")                      \
    PL_COACH_KIND(COURTROOM, "courtroom", "words of a trial")                        \
    PL_COACH_KIND(SANCTION, "sanction", "a punishment")                              \
    PL_COACH_KIND(PERSON_FIX, "person_fix", "a fix that changes people only")        \
    PL_COACH_KIND(GENERALISING, "generalising", "one event made into a habit")       \
    PL_COACH_KIND(EMOTION, "emotion", "feelings put into somebody")                  \
    PL_COACH_KIND(JUDGEMENT, "judgement", "a mark for somebody's work")              \
    PL_COACH_KIND(PRAISE, "praise", "praise that hides luck")                        \
    PL_COACH_KIND(US_THEM, "us_them", "us here, them there")

enum pl_coach_kind {
#define PL_COACH_KIND(name, token, what) PL_COACH_##name,
    PL_COACH_KINDS
#undef PL_COACH_KIND
};

/* What is known about a pattern; the texts are constants. */
struct pl_coach_pattern {
    int number;
    enum pl_coach_kind kind;
    const char *name;    /* e.g. "should have" */
    const char *reason;  /* why it gets in the way; one or two short sentences */
    const char *rewrite; /* what to write instead, with ... for what only the author knows */
};

/* A stretch of the text: half open, in bytes and in Unicode scalar values. */
struct pl_coach_span {
    size_t start, end;
    size_t char_start, char_end;
};

#define PL_COACH_FIX_MAX 24

struct pl_coach_hit {
    struct pl_coach_span at;
    const struct pl_coach_pattern *pattern;
    /* Names pattern and matched words, not the place: what was dismissed stays dismissed when the
     * text around it moves. Stable over versions as long as the pattern is. */
    uint64_t key;
    /* A rewrite that can be done by machine: put `fix` in place of `fix_at`. */
    bool has_fix;
    struct pl_coach_span fix_at;
    char fix[PL_COACH_FIX_MAX];
};

/* The vocabulary, the patterns and the names, ready for scanning; immutable, so that any number of
 * threads may scan with it. */
struct pl_coach;

/* `names` are those of the people a text may talk about: display names and handles, in UTF-8;
 * they are copied. Every word of a name counts; particles ("van", "de") do not. NULL and 0 are
 * fine. Costs milliseconds and about a mebibyte: keep it as long as the names stay. Never NULL. */
struct pl_coach *pl_coach_new(const char *const *names, size_t count)
    __attribute__((returns_nonnull));

/* Accepts NULL. */
void pl_coach_free(struct pl_coach *c);

/* Finds blame in a text of n bytes, which may hold many lines (invalid UTF-8 does no harm: a bad
 * byte counts as one character). Returns how many findings there are and stores the first `max` of
 * them, in the order of the text and never overlapping; out may be NULL when max is 0. Allocates
 * nothing; the time is linear in n. */
size_t pl_coach_scan(const struct pl_coach *c, const char *text, size_t n, struct pl_coach_hit *out,
                     size_t max);

/* For check T32: does this cause name a person or a role instead of a condition? True for the
 * patterns 14 to 18 and 38, and for a text that is nothing but a person, a role or a team ("the
 * on-call engineer", "Tom and Priya"). The exemptions of pl_coach_scan hold. */
bool pl_coach_is_person_cause(const struct pl_coach *c, const char *text, size_t n);

/* A pattern by its number, or NULL when there is none. */
const struct pl_coach_pattern *pl_coach_pattern(int number);

/* The token of a kind ("hindsight") and what it is in a few words. */
const char *pl_coach_kind_name(enum pl_coach_kind kind);
const char *pl_coach_kind_text(enum pl_coach_kind kind);

#endif
