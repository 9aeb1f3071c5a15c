// SPDX-License-Identifier: Apache-2.0
/*
 * Options in front of the verb: only those that every verb takes, since which verb it is, and so
 * which options it has, is not known before the word is found.
 */
#include <string.h>

#include "plimsoll/base/str.h"

#include "cli/cli_int.h"

static const struct pl_opt common_opts[] = {CLI_COMMON};
#define COMMON_COUNT (sizeof(common_opts) / sizeof(common_opts[0]))

bool cli_argv_asks_json(int argc, char **argv)
{
    for (int i = 1; i < argc && !pl_str_eq(argv[i], "--"); i++)
        if (pl_str_eq(argv[i], "--json") || pl_str_starts(argv[i], "--json=") ||
            pl_str_eq(argv[i], "--jsonl"))
            return true;
    return false;
}

/* The common option that a long word names, whole or by its beginning; NULL. */
static const struct pl_opt *common_long(const char *word, size_t n)
{
    const struct pl_opt *found = NULL;
    for (size_t i = 0; i < COMMON_COUNT; i++) {
        if (strncmp(common_opts[i].name, word, n) != 0)
            continue;
        if (common_opts[i].name[n] == '\0')
            return &common_opts[i];
        found = &common_opts[i];
    }
    return n > 0 ? found : NULL;
}

static bool wants_value(const struct pl_opt *o)
{
    return o->type == PL_OPT_STRING;
}

/* How many words an option in front of the verb takes: 1, or 2 with its value; 0: it is none. */
static int option_words(const char *s)
{
    if (pl_str_starts(s, "--")) {
        size_t n = strcspn(s + 2, "=");
        const struct pl_opt *o = common_long(s + 2, n);
        return !o ? 0 : wants_value(o) && s[2 + n] == '\0' ? 2 : 1;
    }
    if (s[0] != '-' || s[1] == '\0')
        return 0;
    for (const char *p = s + 1; *p; p++) {
        size_t i = 0;
        while (i < COMMON_COUNT && common_opts[i].letter != *p)
            i++;
        if (i == COMMON_COUNT)
            return 0;
        if (wants_value(&common_opts[i]))
            return p[1] ? 1 : 2;
    }
    return 1;
}

int cli_argv_options(int argc, char **argv)
{
    int n = 0;
    int words = 0;
    while (n + 1 < argc && (words = option_words(argv[n + 1])) > 0)
        n += words;
    return n < argc ? n : argc - 1;
}

static void reverse(char **v, int n)
{
    for (int i = 0; i < n / 2; i++) {
        char *t = v[i];
        v[i] = v[n - 1 - i];
        v[n - 1 - i] = t;
    }
}

void cli_argv_verb_first(char **argv, int options, int verb)
{
    reverse(argv, options);
    reverse(argv + options, verb);
    reverse(argv, options + verb);
}
