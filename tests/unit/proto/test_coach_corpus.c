// SPDX-License-Identifier: Apache-2.0
/*
 * The coach on labelled sentences (tests/data/coach): how much of the blame it finds and how much
 * of what it finds is blame, for each half and for the patterns. Half A was used while the rules
 * were written; half B was written before them and left alone, so its figures are the honest ones.
 * PL_COACH_SHOW=1 prints every error.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "plimsoll/base/file.h"
#include "plimsoll/base/str.h"
#include "plimsoll/coach/coach.h"

#include "support/unit.h"

#define HITS 32

static const char *const people[] = {"Mira Castell", "Tom Okafor",   "Priya", "Jonas Lind",
                                     "Luc\303\255a", "S\xC3\xB8ren", "kim"};

struct score {
    unsigned hit, missed, wrong, right_silence;
};

struct tally {
    struct score sentence[2]; /* flagged at all; half A, half B */
    struct score pattern[2];  /* the expected number */
    struct score each[2][PL_COACH_PATTERNS + 1];
};

static double share(unsigned part, unsigned rest)
{
    return part + rest ? (double)part / (double)(part + rest) : 1.0;
}

static void print(const char *what, const struct score *s)
{
    printf(
        "%-22s precision %.3f  recall %.3f  (found %u, missed %u, wrong %u, rightly silent %u)\n",
        what, share(s->hit, s->wrong), share(s->hit, s->missed), s->hit, s->missed, s->wrong,
        s->right_silence);
}

/* Next line of a text, cut into fields at tabs; comments are passed over. */
static bool next_line(char **at, char **field, size_t fields)
{
    while (*at && **at) {
        char *line = *at;
        char *end = strchr(line, '\n');
        *at = end ? end + 1 : NULL;
        if (end)
            *end = '\0';
        if (line[0] == '#' || line[0] == '\0')
            continue;
        for (size_t i = 0; i < fields; i++) {
            field[i] = line;
            char *tab = strchr(line, '\t');
            if (i + 1 < fields) {
                assert_non_null(tab);
                *tab = '\0';
                line = tab + 1;
            }
        }
        return true;
    }
    return false;
}

static void load(const char *name, struct pl_buf *b)
{
    char path[512];
    struct pl_err e = {0};
    (void)snprintf(path, sizeof path, "%s/tests/data/coach/%s", PL_SOURCE_DIR, name);
    if (pl_file_read_all(path, 1 << 20, b, &e) != 0)
        fail_msg("%s", e.text);
}

/* A group "42/48": is one of them among the hits? Marks it as expected. */
static bool group_is_found(const char *group, size_t n, const bool *found, bool *expected, int *one)
{
    bool hit = false;
    for (size_t i = 0; i < n;) {
        size_t k = 0;
        uint64_t number = 0;
        while (i + k < n && group[i + k] != '/')
            k++;
        assert_int_equal(pl_parse_u64n(group + i, k, &number), 0);
        assert_in_range(number, 1, PL_COACH_PATTERNS);
        expected[number] = true;
        hit |= found[number];
        *one = (int)number;
        i += k + 1;
    }
    return hit;
}

static void show(const char *why, char **field, const struct pl_coach_hit *hits, size_t n)
{
    if (!getenv("PL_COACH_SHOW"))
        return;
    printf("%s %s [%s] %s ->", why, field[0], field[1], field[2]);
    for (size_t i = 0; i < n; i++)
        printf(" %d'%.*s'", hits[i].pattern->number, (int)(hits[i].at.end - hits[i].at.start),
               field[2] + hits[i].at.start);
    printf("\n");
}

static void judge_patterns(struct tally *t, int half, char **field, const bool *found, bool *bad)
{
    bool expected[PL_COACH_PATTERNS + 1] = {false};
    const char *s = field[1];
    while (*s && !pl_str_eq(field[1], "0")) {
        size_t n = strcspn(s, ",");
        int one = 0;
        if (group_is_found(s, n, found, expected, &one)) {
            t->pattern[half].hit++;
            t->each[half][one].hit++;
        } else {
            t->pattern[half].missed++;
            t->each[half][one].missed++;
            *bad = true;
        }
        s += n + (s[n] == ',');
    }
    for (int i = 1; i <= PL_COACH_PATTERNS; i++) {
        if (found[i] && !expected[i]) {
            t->pattern[half].wrong++;
            t->each[half][i].wrong++;
            *bad = true;
        }
    }
}

static void judge(const struct pl_coach *c, struct tally *t, char **field)
{
    struct pl_coach_hit hits[HITS];
    bool found[PL_COACH_PATTERNS + 1] = {false};
    bool bad = false;
    int half = field[0][0] == 'B';
    size_t n = pl_coach_scan(c, field[2], strlen(field[2]), hits, HITS);
    assert_in_range(n, 0, HITS);
    for (size_t i = 0; i < n; i++)
        found[hits[i].pattern->number] = true;
    struct score *s = &t->sentence[half];
    bool blames = !pl_str_eq(field[1], "0");
    s->hit += blames && n > 0;
    s->missed += blames && n == 0;
    s->wrong += !blames && n > 0;
    s->right_silence += !blames && n == 0;
    judge_patterns(t, half, field, found, &bad);
    if (bad)
        show(blames ? n ? "other " : "missed" : "wrong ", field, hits, n);
}

TEST(coach_finds_blame_and_little_else_when_labelled_sentences)
{
    struct pl_coach *c = pl_coach_new(people, sizeof people / sizeof people[0]);
    struct tally t = {0};
    struct pl_buf b;
    char *field[3];
    load("sentences.tsv", &b);
    char *at = (char *)b.data;
    while (next_line(&at, field, 3))
        judge(c, &t, field);
    pl_buf_release(&b);
    pl_coach_free(c);
    print("half A, sentences", &t.sentence[0]);
    print("half A, patterns", &t.pattern[0]);
    print("half B, sentences", &t.sentence[1]);
    print("half B, patterns", &t.pattern[1]);
    for (int i = 1; i <= PL_COACH_PATTERNS; i++)
        if (t.each[0][i].hit + t.each[0][i].missed == 0 ||
            t.each[1][i].hit + t.each[1][i].missed == 0)
            fail_msg("no sentence for pattern %d", i);
    for (int half = 0; half < 2; half++) {
        assert_true(share(t.sentence[half].hit, t.sentence[half].wrong) >= 0.95);
        assert_true(share(t.sentence[half].hit, t.sentence[half].missed) >= 0.95);
        assert_true(share(t.pattern[half].hit, t.pattern[half].wrong) >= 0.95);
        assert_true(share(t.pattern[half].hit, t.pattern[half].missed) >= 0.95);
    }
}

TEST(coach_tells_people_from_conditions_when_labelled_causes)
{
    struct pl_coach *c = pl_coach_new(people, sizeof people / sizeof people[0]);
    struct score score[2] = {{0}};
    struct pl_buf b;
    char *field[3];
    load("causes.tsv", &b);
    char *at = (char *)b.data;
    while (next_line(&at, field, 3)) {
        struct score *s = &score[field[0][0] == 'B'];
        bool is_person = field[1][0] == '1';
        bool says = pl_coach_is_person_cause(c, field[2], strlen(field[2]));
        s->hit += is_person && says;
        s->missed += is_person && !says;
        s->wrong += !is_person && says;
        s->right_silence += !is_person && !says;
        if (is_person != says)
            show(says ? "wrong " : "missed", field, NULL, 0);
    }
    pl_buf_release(&b);
    pl_coach_free(c);
    print("causes A", &score[0]);
    print("causes B", &score[1]);
    for (int half = 0; half < 2; half++) {
        assert_true(share(score[half].hit, score[half].wrong) >= 0.95);
        assert_true(share(score[half].hit, score[half].missed) >= 0.9);
    }
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        UNIT(coach_finds_blame_and_little_else_when_labelled_sentences),
        UNIT(coach_tells_people_from_conditions_when_labelled_causes),
    };
    return RUN(tests);
}
