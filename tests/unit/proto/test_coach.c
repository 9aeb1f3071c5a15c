// SPDX-License-Identifier: Apache-2.0
/*
 * The coach: what is exempt, where findings stand, what replacements give, names, limits, time on
 * hostile text, and the prompts. How well it finds blame: test_coach_corpus.c.
 */
#include "plimsoll/coach/coach.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "plimsoll/base/mem.h"
#include "plimsoll/base/rng.h"
#include "plimsoll/base/str.h"
#include "plimsoll/base/utf8.h"
#include "plimsoll/coach/prompts.h"
#include "plimsoll/doc/schema.h"

#include "support/unit.h"

static const char *const names[] = {"Mira Castell", "Tom van Okafor", "Ren\xC3\xA9", "Will Marks",
                                    "@kim"};
static struct pl_coach *coach;

static int set_up(void **state)
{
    (void)state;
    coach = pl_coach_new(names, sizeof names / sizeof names[0]);
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    pl_coach_free(coach);
    return 0;
}

static size_t scan(const char *text, struct pl_coach_hit *hits, size_t max)
{
    return pl_coach_scan(coach, text, strlen(text), hits, max);
}

static void assert_silent(const char *text)
{
    struct pl_coach_hit hit;
    if (scan(text, &hit, 1) != 0)
        fail_msg("'%s': %s", text, hit.pattern->name);
}

/* One finding, of this pattern, that marks these words. */
static void assert_hit(const char *text, int pattern, const char *words)
{
    struct pl_coach_hit hit;
    if (scan(text, &hit, 1) != 1)
        fail_msg("'%s' has %zu findings", text, scan(text, NULL, 0));
    assert_int_equal(hit.pattern->number, pattern);
    assert_int_equal(hit.at.end - hit.at.start, strlen(words));
    assert_memory_equal(text + hit.at.start, words, strlen(words));
}

/* What the text becomes by its only finding's replacement; NULL: it has none. */
static void assert_fix(const char *text, const char *after)
{
    char made[256];
    struct pl_coach_hit hit;
    assert_int_equal(scan(text, &hit, 1), 1);
    assert_int_equal(hit.has_fix, after != NULL);
    if (!after)
        return;
    (void)snprintf(made, sizeof made, "%.*s%s%s", (int)hit.fix_at.start, text, hit.fix,
                   text + hit.fix_at.end);
    assert_string_equal(made, after);
    assert_int_equal(pl_utf8_count(text, hit.fix_at.start), hit.fix_at.char_start);
    assert_int_equal(pl_utf8_count(text, hit.fix_at.end), hit.fix_at.char_end);
}

TEST(coach_marks_the_words_when_it_finds_blame)
{
    assert_hit("Mira should have checked the lag.", 1, "should have checked");
    assert_hit("Why didn't Tom call?", 21, "Why didn't Tom");
    assert_hit("It was Tom\xE2\x80\x99s fault.", 17, "Tom\xE2\x80\x99s fault");
    assert_hit("REN\xC3\x89 FORGOT TO CLOSE IT.", 7, "FORGOT TO");
    assert_hit("rene\xCC\x81 forgot to close it.", 7, "forgot to");
    assert_hit("The operator failed\nto verify the backup.", 5, "failed\nto");
    assert_hit("You should have known better.", 25, "should have known");
    assert_hit("- item\n- human error", 14, "human error");
}

TEST(coach_says_where_when_text_has_many_bytes_per_character)
{
    static const char text[] = "\xE2\x82\xAC\xF0\x9F\x98\x80 \xC3\xA9t\xC3\xA9. Mira forgot it.\n"
                               "\xE6\x97\xA5\xE6\x9C\xAC: obviously wrong.";
    struct pl_coach_hit hit[2];
    assert_int_equal(scan(text, hit, 2), 2);
    for (size_t i = 0; i < 2; i++) {
        assert_int_equal(pl_utf8_count(text, hit[i].at.start), hit[i].at.char_start);
        assert_int_equal(pl_utf8_count(text, hit[i].at.end), hit[i].at.char_end);
    }
    assert_memory_equal(text + hit[0].at.start, "forgot", 6);
    assert_memory_equal(text + hit[1].at.start, "obviously", 9);
}

TEST(coach_keeps_silent_when_quoted)
{
    assert_silent("> Tom should have checked.\n> Obviously.");
    assert_silent("   > human error");
    assert_silent("They wrote \"Tom should have checked\" on the forum.");
    assert_silent("They wrote \xE2\x80\x9Chuman error\xE2\x80\x9D on the forum.");
    assert_silent("They wrote \xC2\xABhuman error\xC2\xBB on the forum.");
    assert_silent("The line `human error` is from the driver.");
    assert_silent("```\nhuman error\n```\n");
    assert_silent("~~~~\nhuman error\n~~~\nhuman error");
    assert_hit("```\nhuman error\n```\nIt was human error.", 14, "human error");
    assert_hit("> human error\nIt was operator error.", 14, "operator error");
    /* A mark that is never closed, or only in another paragraph, quotes nothing. */
    assert_hit("A 5\" disk and human error.", 14, "human error");
    assert_hit("\"It was human error.\n\nA \"disk\".", 14, "human error");
}

TEST(coach_keeps_silent_when_it_is_about_a_machine_or_an_attacker)
{
    assert_silent("The job failed to start.");
    assert_silent("`sync.sh` should have exited.");
    assert_silent("The owner's database failed to start.");
    assert_hit("The owner of the database failed to start it.", 5, "failed to");
    assert_silent("The attacker, who should have been locked out, came back.");
    assert_silent("The attacker logged in. They failed to delete the log.");
    assert_hit("The attacker logged in.\n\nThey failed to delete the log.", 5, "failed to");
    assert_silent("The banner was overlooked by the intruder.");
    assert_hit("Tom ignored the alert about the attacker.", 28, "ignored the alert");
    assert_silent("The operator ran the script at 14:02.");
    assert_silent("/srv/should_have/known and should_have.known()");
}

TEST(coach_knows_a_name_when_it_is_given)
{
    assert_hit("Castell failed to call.", 5, "failed to");
    assert_silent("Marlow failed to call.");
    assert_hit("@kim failed to call.", 5, "failed to");
    assert_hit("kim failed to call.", 5, "failed to");
    /* "will" is a name only with its capital, a particle never. */
    assert_hit("The outage was caused by Will.", 16, "caused by Will");
    assert_silent("The outage was caused by will.");
    assert_silent("The outage was caused by van.");
}

TEST(coach_rewrites_when_it_can)
{
    assert_fix("Mira failed to check it.", "Mira did not check it.");
    assert_fix("Mira fails to check it.", "Mira does not check it.");
    assert_fix("Obviously, the flag was wrong.", "The flag was wrong.");
    assert_fix("The graph clearly showed it.", "The graph showed it.");
    assert_fix("The flag was wrong, obviously.", "The flag was wrong.");
    assert_fix("Obviously!", NULL);
    assert_fix("Tom claimed that it passed.", "Tom said that it passed.");
    assert_fix("It was a careless change.", "It was a change.");
    assert_fix("It was a careless act.", NULL);
    assert_fix("The sign was overlooked.", "The sign was not noticed.");
    assert_fix("He just had to wait \xE2\x80\x93 \xC3\xA9t\xC3\xA9.",
               "He had to wait \xE2\x80\x93 \xC3\xA9t\xC3\xA9.");
    assert_fix("Obviously \xC3\xA9t\xC3\xA9 is summer.", NULL);
    assert_fix("Mira should have checked it.", NULL);
}

TEST(coach_gives_the_same_key_when_only_the_place_differs)
{
    struct pl_coach_hit a;
    struct pl_coach_hit b;
    assert_int_equal(scan("It was human error.", &a, 1), 1);
    assert_int_equal(scan("On the second day: Human\nerror, they say.", &b, 1), 1);
    assert_true(a.key == b.key);
    assert_int_equal(scan("It was operator error.", &b, 1), 1);
    assert_true(a.key != b.key);
}

TEST(coach_counts_all_when_room_is_short)
{
    static const char text[] = "Tom forgot it. Human error. Obviously wrong.";
    struct pl_coach_hit hit[3];
    for (size_t max = 0; max <= 3; max++) {
        memset(hit, 0, sizeof hit);
        assert_int_equal(scan(text, max ? hit : NULL, max), 3);
        for (size_t i = 0; i < 3; i++)
            assert_int_equal(hit[i].pattern != NULL, i < max);
    }
    assert_int_equal(pl_coach_scan(coach, "", 0, NULL, 0), 0);
}

TEST(coach_never_overlaps_when_words_are_shuffled)
{
    static const char *const words[] = {
        "Mira",  "the",   "operator", "should", "have", "known",   "failed", "to",  "caused", "by",
        "human", "error", "never",    "again",  "did",  "not",     "just",   "had", ",",      ". ",
        "job",   "\"",    "`",        "who",    "was",  "ignored", "alert",  "why", "team",   "'s"};
    struct pl_prng r;
    pl_prng_init(&r, 7);
    for (int round = 0; round < 3000; round++) {
        char text[600] = "";
        struct pl_coach_hit hit[64];
        for (int i = 0; i < 40; i++) {
            pl_strlcat(text, words[pl_prng_below(&r, sizeof words / sizeof words[0])], sizeof text);
            pl_strlcat(text, pl_prng_below(&r, 9) ? " " : "\n", sizeof text);
        }
        size_t n = scan(text, hit, 64);
        assert_in_range(n, 0, 64);
        for (size_t i = 0; i < n; i++) {
            assert_true(hit[i].at.start < hit[i].at.end && hit[i].at.end <= strlen(text));
            assert_true(i == 0 || hit[i].at.start >= hit[i - 1].at.end);
        }
    }
}

static double cpu_ms(void)
{
    struct timespec ts;
    (void)clock_gettime(CLOCK_THREAD_CPUTIME_ID, &ts);
    return (double)ts.tv_sec * 1e3 + (double)ts.tv_nsec / 1e6;
}

/* A mebibyte of each; the bound leaves room for sanitizers. Quadratic time would take hours. */
TEST(coach_takes_linear_time_when_text_is_hostile)
{
    static const char *const pieces[] = {"should have ",
                                         "why did the the the the ",
                                         "\xE2\x80\x9C",
                                         "\"",
                                         "`",
                                         "a/b",
                                         "-",
                                         "\n> ",
                                         "caused by the the the ",
                                         "@",
                                         "...",
                                         "they ",
                                         "\xC3\xA9",
                                         "\xFF",
                                         "```\n",
                                         "had had had ",
                                         "if the the the had ",
                                         "cause the the ",
                                         "\n\n\"",
                                         "x`\"",
                                         "its fault the team again "};
    const size_t size = 1 << 20;
    char *text = pl_xmalloc(size);
    for (size_t i = 0; i < sizeof pieces / sizeof pieces[0]; i++) {
        size_t k = strlen(pieces[i]);
        for (size_t at = 0; at < size; at++)
            text[at] = pieces[i][at % k];
        double from = cpu_ms();
        (void)pl_coach_scan(coach, text, size, NULL, 0);
        double took = cpu_ms() - from;
        if (getenv("PL_COACH_SHOW"))
            printf("%-28.20s %.0f ms\n", pieces[i], took);
        assert_true(took < 10000);
    }
    free(text);
}

TEST(coach_has_every_pattern_in_order)
{
    assert_null(pl_coach_pattern(0));
    assert_null(pl_coach_pattern(PL_COACH_PATTERNS + 1));
    for (int i = 1; i <= PL_COACH_PATTERNS; i++) {
        const struct pl_coach_pattern *p = pl_coach_pattern(i);
        assert_int_equal(p->number, i);
        assert_true(p->reason[0] && p->rewrite[0] && p->name[0]);
        assert_true(strlen(p->reason) <= 120 && strlen(p->rewrite) <= 120);
        assert_non_null(pl_coach_kind_name(p->kind));
        assert_non_null(pl_coach_kind_text(p->kind));
    }
}

TEST(coach_limits_names_when_there_are_too_many)
{
    char **many = pl_xcalloc(6000, sizeof *many);
    for (size_t i = 0; i < 6000; i++)
        many[i] = pl_xasprintf("n%zux", i);
    many[0][0] = '\0';
    struct pl_coach *c = pl_coach_new((const char *const *)many, 6000);
    static const char text[] = "The job failed to start. It was human error.";
    assert_int_equal(pl_coach_scan(c, text, strlen(text), NULL, 0), 1);
    pl_coach_free(c);
    pl_coach_free(NULL);
    for (size_t i = 0; i < 6000; i++)
        free(many[i]);
    free(many);
}

TEST(prompt_is_short_when_any_stage)
{
    for (int64_t stage = 1; stage <= PL_PROMPT_STAGES; stage++) {
        size_t n = pl_prompt_count(stage);
        assert_true(n >= 6);
        for (size_t i = 0; i < n; i++) {
            const char *text = pl_prompt(stage, i);
            assert_in_range(pl_utf8_count(text, strlen(text)), 10, PL_PROMPT_MAX);
            for (size_t k = 0; k < i; k++)
                assert_string_not_equal(text, pl_prompt(stage, k));
        }
        assert_null(pl_prompt(stage, n));
        assert_string_equal(pl_prompt_stage_name(stage), pl_enum_name(PL_EN_STAGE, stage));
        assert_int_equal(pl_prompt_stage_find(pl_prompt_stage_name(stage)), stage);
    }
    assert_null(pl_prompt(0, 0));
    assert_null(pl_prompt_stage_name(PL_PROMPT_STAGES + 1));
    assert_int_equal(pl_prompt_stage_find("nothing"), 0);
    assert_int_equal(pl_prompt_count(0), 0);
}

/* A tool that teaches neutral words should use them. */
TEST(prompt_blames_nobody)
{
    static const char *const sections[] = {"material",    "rule",  "agenda", "account", "event",
                                           "observation", "cause", "action", "lesson",  "comment"};
    for (int64_t stage = 1; stage <= PL_PROMPT_STAGES; stage++)
        for (size_t i = 0; pl_prompt(stage, i); i++)
            if (!strstr(pl_prompt(stage, i), "more careful"))
                assert_silent(pl_prompt(stage, i));
    for (size_t i = 0; i < sizeof sections / sizeof sections[0]; i++) {
        assert_non_null(pl_prompt_empty(sections[i]));
        assert_silent(pl_prompt_empty(sections[i]));
    }
    assert_null(pl_prompt_empty("nothing"));
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        UNIT(coach_marks_the_words_when_it_finds_blame),
        UNIT(coach_says_where_when_text_has_many_bytes_per_character),
        UNIT(coach_keeps_silent_when_quoted),
        UNIT(coach_keeps_silent_when_it_is_about_a_machine_or_an_attacker),
        UNIT(coach_knows_a_name_when_it_is_given),
        UNIT(coach_rewrites_when_it_can),
        UNIT(coach_gives_the_same_key_when_only_the_place_differs),
        UNIT(coach_counts_all_when_room_is_short),
        UNIT(coach_never_overlaps_when_words_are_shuffled),
        UNIT(coach_takes_linear_time_when_text_is_hostile),
        UNIT(coach_has_every_pattern_in_order),
        UNIT(coach_limits_names_when_there_are_too_many),
        UNIT(prompt_is_short_when_any_stage),
        UNIT(prompt_blames_nobody),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
