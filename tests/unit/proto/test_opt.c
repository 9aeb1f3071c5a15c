// SPDX-License-Identifier: Apache-2.0
/*
 * Command lines: every type, every mistake with its suggestion, and what is printed.
 */
#include <stdlib.h>
#include <string.h>

#include "plimsoll/base/opt.h"
#include "support/unit.h"

static const char *const forms[] = {"text", "json", NULL};

struct target {
    bool force;
    int verbose;
    const char *file;
    uint64_t limit;
    int form;
    struct pl_opt_list sets;
    const char *fields;
    uint64_t days;
};

static const struct pl_opt opts[] = {
    {'f', "force", PL_OPT_FLAG, offsetof(struct target, force), NULL, NULL, "Do it anyway"},
    {'v', "verbose", PL_OPT_COUNT, offsetof(struct target, verbose), NULL, NULL, "Say more"},
    {'o', "output", PL_OPT_STRING, offsetof(struct target, file), "FILE", NULL, "Write here"},
    {0, "limit", PL_OPT_NUMBER, offsetof(struct target, limit), NULL, NULL, "At most so many"},
    {0, "form", PL_OPT_CHOICE, offsetof(struct target, form), "FORM", forms, "Form of the output"},
    {'s', "set", PL_OPT_LIST, offsetof(struct target, sets), "KEY=VALUE", NULL, "Override"},
    {0, "json", PL_OPT_MAYBE, offsetof(struct target, fields), "FIELDS", NULL, "As JSON"},
    {0, "days", PL_OPT_SOME, offsetof(struct target, days), "N", NULL, "In so many days"},
};
static const struct pl_opt_verb verbs[] = {
    {"join", "LINK", "Join a review", opts, sizeof opts / sizeof opts[0], 1, 1},
    {"audit export", NULL, "Write the log", NULL, 0, 0, 0},
    {"audit verify", "DIR", "Check a log", opts, 1, 1, -1},
};
#define VERB_COUNT (sizeof verbs / sizeof verbs[0])

static struct pl_err err;

/* Parses words separated by blanks; the result's strings point into a static buffer. */
static int parse(const struct pl_opt_verb *v, const char *line, struct target *t, int *operands)
{
    static char words[200];
    static char *argv[20];
    int argc = 0;
    memset(t, 0, sizeof *t);
    pl_err_init(&err);
    (void)snprintf(words, sizeof words, "%s", line);
    for (char *p = words; *p != '\0'; p += strcspn(p, " ")) {
        if (*p == ' ')
            *p++ = '\0';
        argv[argc++] = p;
    }
    argv[argc] = NULL;
    return pl_opt_parse(v, argc, argv, t, operands, &err);
}

TEST(opt_stores_every_type_when_given)
{
    struct target t;
    int operands = 0;
    assert_int_equal(
        parse(&verbs[0], "join -fvv --verbose -o out link --limit=17 --form json -s a=1 --set b=2",
              &t, &operands),
        0);
    assert_true(t.force && t.limit == 17);
    assert_int_equal(t.verbose, 3);
    assert_string_equal(t.file, "out");
    assert_int_equal(t.form, 1);
    assert_int_equal(t.sets.count, 2);
    assert_string_equal(t.sets.values[1], "b=2");
    assert_int_equal(operands, 12);
}

TEST(opt_takes_no_zero_when_some_are_wanted)
{
    struct target t;
    int operands = 0;
    assert_int_equal(parse(&verbs[0], "join link", &t, &operands), 0);
    assert_int_equal(t.days, 0);
    assert_int_equal(parse(&verbs[0], "join link --days 1", &t, &operands), 0);
    assert_int_equal(t.days, 1);
    assert_int_equal(parse(&verbs[0], "join link --days=18446744073709551615", &t, &operands), 0);
    assert_true(t.days == UINT64_MAX);
    static const char *const bad[] = {"0", "00", "-1", "x", "18446744073709551616"};
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        char line[64];
        (void)snprintf(line, sizeof line, "join link --days=%s", bad[i]);
        assert_int_equal(parse(&verbs[0], line, &t, &operands), -PL_E_USAGE);
        assert_non_null(strstr(err.text, "--days takes a number from 1, not '"));
        assert_non_null(strstr(err.text, bad[i]));
    }
}

TEST(opt_takes_a_value_only_behind_equals_when_it_may_have_one)
{
    struct target t;
    int operands = 0;
    assert_int_equal(parse(&verbs[0], "join link", &t, &operands), 0);
    assert_null(t.fields);
    assert_int_equal(parse(&verbs[0], "join --json link", &t, &operands), 0);
    assert_string_equal(t.fields, "");
    assert_int_equal(operands, 2);
    assert_int_equal(parse(&verbs[0], "join link --json=id,title", &t, &operands), 0);
    assert_string_equal(t.fields, "id,title");
}

TEST(opt_ends_options_when_two_dashes)
{
    struct target t;
    int operands = 0;
    assert_int_equal(parse(&verbs[0], "join -- --force", &t, &operands), 0);
    assert_false(t.force);
    assert_int_equal(operands, 2);
}

static void assert_usage(const struct pl_opt_verb *v, const char *line, const char *message)
{
    struct target t;
    int operands = 0;
    assert_int_equal(parse(v, line, &t, &operands), -PL_E_USAGE);
    assert_string_equal(err.text, message);
}

TEST(opt_says_what_is_wrong_when_mistaken)
{
    assert_usage(&verbs[0], "join --ouput x y", "unknown option --ouput; did you mean --output?");
    assert_usage(&verbs[0], "join --zzzzzz y", "unknown option --zzzzzz");
    assert_usage(&verbs[0], "join -q y", "unknown option -q");
    assert_usage(&verbs[0], "join y -o", "-o needs a value");
    assert_usage(&verbs[0], "join y --force=1", "--force=1 takes no value");
    assert_usage(&verbs[0], "join y --limit x", "--limit takes a number, not 'x'");
    assert_usage(&verbs[0], "join y --form xml", "--form takes one of text, json, not 'xml'");
    assert_usage(&verbs[0], "join", "join needs LINK");
    assert_usage(&verbs[0], "join a b", "join takes LINK");
    assert_usage(&verbs[1], "export a", "audit export takes nothing more");
}

TEST(opt_asks_for_help_when_any_form)
{
    struct target t;
    int operands = 0;
    assert_int_equal(parse(&verbs[0], "join --help", &t, &operands), PL_OPT_HELP_SEEN);
    assert_int_equal(parse(&verbs[0], "join -h", &t, &operands), PL_OPT_HELP_SEEN);
    assert_int_equal(parse(&verbs[1], "export -h", &t, &operands), PL_OPT_HELP_SEEN);
}

static const char *found(int argc, const char *a, const char *b, int *used)
{
    char first[20];
    char second[20];
    char program[] = "p";
    (void)snprintf(first, sizeof first, "%s", a);
    (void)snprintf(second, sizeof second, "%s", b);
    char *argv[] = {program, first, second, NULL};
    pl_err_init(&err);
    const struct pl_opt_verb *v = pl_opt_find_verb(verbs, VERB_COUNT, argc, argv, used, &err);
    return v != NULL ? v->name : NULL;
}

TEST(opt_finds_verbs_when_one_or_two_words)
{
    int used;
    assert_string_equal(found(3, "join", "x", &used), "join");
    assert_int_equal(used, 1);
    assert_string_equal(found(3, "audit", "verify", &used), "audit verify");
    assert_int_equal(used, 2);
    assert_null(found(2, "audit", "", &used));
    assert_null(found(2, "jion", "", &used));
    assert_string_equal(err.text, "unknown command 'jion'; did you mean 'join'?");
    assert_null(found(3, "audit", "exprot", &used));
    assert_string_equal(err.text, "unknown command 'audit'; did you mean 'audit export'?");
    assert_null(found(2, "audit", "", &used));
    assert_string_equal(err.text, "'audit' takes one more word: export, verify");
    assert_null(found(3, "audit", "REV-1", &used));
    assert_string_equal(err.text, "'audit' takes one more word: export, verify");
    assert_null(found(1, "", "", &used));
}

TEST(opt_prints_all_options_when_asked)
{
    char *text = NULL;
    size_t n = 0;
    FILE *out = open_memstream(&text, &n);
    assert_non_null(out);
    pl_opt_print_usage("plimsoll", &verbs[0], out);
    assert_int_equal(fflush(out), 0);
    assert_non_null(strstr(text, "usage: plimsoll join [options] LINK\nJoin a review\n"));
    assert_non_null(strstr(text, "  -o, --output FILE    Write here\n"));
    assert_non_null(strstr(text, "      --form FORM      Form of the output (text, json)\n"));
    pl_opt_print_verbs("plimsoll", verbs, VERB_COUNT, out);
    pl_opt_print_completion("plimsoll", verbs, VERB_COUNT, out);
    pl_opt_print_man("plimsoll", verbs, VERB_COUNT, out);
    assert_int_equal(fclose(out), 0);
    assert_non_null(strstr(text, "  audit export  Write the log\n"));
    assert_non_null(strstr(text, "second=\"export verify \""));
    assert_non_null(strstr(text, ".It Fl o , Fl -output Ar \\&FILE\n"));
    free(text);
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        UNIT(opt_stores_every_type_when_given),
        UNIT(opt_takes_no_zero_when_some_are_wanted),
        UNIT(opt_ends_options_when_two_dashes),
        UNIT(opt_takes_a_value_only_behind_equals_when_it_may_have_one),

        UNIT(opt_says_what_is_wrong_when_mistaken),
        UNIT(opt_asks_for_help_when_any_form),
        UNIT(opt_finds_verbs_when_one_or_two_words),
        UNIT(opt_prints_all_options_when_asked),
    };
    return RUN(tests);
}
