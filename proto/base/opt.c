// SPDX-License-Identifier: Apache-2.0
/*
 * Parsing command lines by table over getopt_long, and finding verbs. Texts for people are in
 * opt_print.c. A mistake names the option and, where one is near, what may have been meant.
 */
#include "plimsoll/base/opt.h"

#include <getopt.h>
#include <string.h>

#include "plimsoll/base/str.h"

#define LONG_BASE 256 /* getopt values of long options: LONG_BASE + index */
#define HELP_VAL  (LONG_BASE + PL_OPT_MAX)

static bool takes_value(const struct pl_opt *o)
{
    return o->type != PL_OPT_FLAG && o->type != PL_OPT_COUNT;
}

/* What getopt_long wants, made from the table. */
struct spec {
    char letters[2 * PL_OPT_MAX + 4];
    struct option names[PL_OPT_MAX + 2];
};

static void build(const struct pl_opt_verb *v, struct spec *s)
{
    size_t n = 0;
    bool own_h = false;
    PL_ASSERT(v->count <= PL_OPT_MAX);
    memset(s, 0, sizeof *s);
    s->letters[n++] = ':'; /* report a missing value as such */
    for (size_t i = 0; i < v->count; i++) {
        const struct pl_opt *o = &v->opts[i];
        int has = o->type == PL_OPT_MAYBE ? optional_argument
                  : takes_value(o)        ? required_argument
                                          : no_argument;
        s->names[i] = (struct option){o->name, has, NULL, LONG_BASE + (int)i};
        if (o->letter == 0)
            continue;
        own_h = own_h || o->letter == 'h';
        s->letters[n++] = o->letter;
        if (takes_value(o) && o->type != PL_OPT_MAYBE)
            s->letters[n++] = ':';
    }
    s->names[v->count] = (struct option){"help", no_argument, NULL, HELP_VAL};
    if (!own_h)
        s->letters[n++] = 'h';
}

static int store_choice(const struct pl_opt *o, const char *value, void *field, struct pl_err *e)
{
    char all[160] = "";
    for (int i = 0; o->choices[i] != NULL; i++) {
        if (strcmp(value, o->choices[i]) == 0) {
            memcpy(field, &i, sizeof i);
            return 0;
        }
        (void)pl_strlcat(all, i > 0 ? ", " : "", sizeof all);
        (void)pl_strlcat(all, o->choices[i], sizeof all);
    }
    return pl_fail(e, PL_E_USAGE, "--%s takes one of %s, not '%.60s'", o->name, all, value);
}

static int store(const struct pl_opt *o, const char *value, void *target, struct pl_err *e)
{
    void *field = (unsigned char *)target + o->offset;
    switch (o->type) {
    case PL_OPT_FLAG:
        *(bool *)field = true;
        return 0;
    case PL_OPT_COUNT:
        ++*(int *)field;
        return 0;
    case PL_OPT_STRING:
        *(const char **)field = value;
        return 0;
    case PL_OPT_MAYBE:
        *(const char **)field = value != NULL ? value : "";
        return 0;
    case PL_OPT_NUMBER:
        if (pl_parse_u64(value, field) < 0)
            return pl_fail(e, PL_E_USAGE, "--%s takes a number, not '%.60s'", o->name, value);
        return 0;
    case PL_OPT_SOME:
        if (pl_parse_u64(value, field) < 0 || *(uint64_t *)field == 0)
            return pl_fail(e, PL_E_USAGE, "--%s takes a number from 1, not '%.60s'", o->name,
                           value);
        return 0;
    case PL_OPT_CHOICE:
        return store_choice(o, value, field, e);
    case PL_OPT_LIST: {
        struct pl_opt_list *list = field;
        if (list->count == PL_OPT_LIST_MAX)
            return pl_fail(e, PL_E_USAGE, "--%s may stand %d times", o->name, PL_OPT_LIST_MAX);
        list->values[list->count++] = value;
        return 0;
    }
    }
    PL_BUG("an option of no type");
}

static int unknown(const struct pl_opt_verb *v, const char *word, struct pl_err *e)
{
    const char *near = NULL;
    size_t best = SIZE_MAX;
    char name[64];
    if (!pl_str_starts(word, "--"))
        return pl_fail(e, PL_E_USAGE, "unknown option -%c", optopt);
    (void)pl_strlcpy(name, word + 2, sizeof name);
    name[strcspn(name, "=")] = '\0';
    for (size_t i = 0; i < v->count; i++) {
        size_t d = pl_str_distance(name, v->opts[i].name);
        bool could = pl_str_is_near(name, v->opts[i].name) || pl_str_starts(v->opts[i].name, name);
        if (could && d < best) {
            best = d;
            near = v->opts[i].name;
        }
    }
    if (near != NULL)
        return pl_fail(e, PL_E_USAGE, "unknown option --%s; did you mean --%s?", name, near);
    return pl_fail(e, PL_E_USAGE, "unknown option --%s", name);
}

/* The option behind a value of getopt_long, or NULL. */
static const struct pl_opt *by_value(const struct pl_opt_verb *v, int value)
{
    if (value >= LONG_BASE)
        return (size_t)(value - LONG_BASE) < v->count ? &v->opts[value - LONG_BASE] : NULL;
    for (size_t i = 0; i < v->count; i++) {
        if (v->opts[i].letter != 0 && v->opts[i].letter == value)
            return &v->opts[i];
    }
    return NULL;
}

static int check_operands(const struct pl_opt_verb *v, int count, struct pl_err *e)
{
    const char *name = v->name != NULL ? v->name : "the command";
    if (count < v->args_min)
        return pl_fail(e, PL_E_USAGE, "%s needs %s", name, v->args != NULL ? v->args : "more");
    if (v->args_max >= 0 && count > v->args_max)
        return pl_fail(e, PL_E_USAGE, "%s takes %s", name,
                       v->args != NULL ? v->args : "nothing more");
    return 0;
}

int pl_opt_parse(const struct pl_opt_verb *v, int argc, char **argv, void *target, int *operands,
                 struct pl_err *e)
{
    struct spec s;
    build(v, &s);
    optind = 0; /* GNU: start anew */
    opterr = 0;
    for (;;) {
        // NOLINTNEXTLINE(concurrency-mt-unsafe): documented, command lines are parsed once
        int value = getopt_long(argc, argv, s.letters, s.names, NULL);
        if (value == -1)
            break;
        const struct pl_opt *o = by_value(v, value);
        if (value == HELP_VAL || (value == 'h' && o == NULL))
            return PL_OPT_HELP_SEEN;
        if (value == ':')
            return pl_fail(e, PL_E_USAGE, "%.60s needs a value", argv[optind - 1]);
        if (value == '?' && optopt >= LONG_BASE)
            return pl_fail(e, PL_E_USAGE, "%.60s takes no value", argv[optind - 1]);
        if (o == NULL)
            return unknown(v, argv[optind - 1], e);
        int rc = store(o, optarg, target, e);
        if (rc < 0)
            return rc;
    }
    *operands = optind;
    return check_operands(v, argc - optind, e);
}

/* How many of the words does the verb's name take? 0 when they do not match. */
static int match(const char *name, int argc, char *const *argv)
{
    const char *blank = strchr(name, ' ');
    if (argc < 2)
        return 0;
    if (blank == NULL)
        return strcmp(name, argv[1]) == 0 ? 1 : 0;
    size_t n = (size_t)(blank - name);
    bool first = strlen(argv[1]) == n && memcmp(argv[1], name, n) == 0;
    return first && argc > 2 && strcmp(argv[2], blank + 1) == 0 ? 2 : 0;
}

/* The verbs that begin with this word: "list, add"; empty when there are none. */
static void second_words(const struct pl_opt_verb *verbs, size_t n, const char *word, char *out,
                         size_t size)
{
    size_t len = strlen(word);
    out[0] = '\0';
    for (size_t i = 0; len > 0 && i < n; i++) {
        if (strncmp(verbs[i].name, word, len) == 0 && verbs[i].name[len] == ' ') {
            (void)pl_strlcat(out, out[0] != '\0' ? ", " : "", size);
            (void)pl_strlcat(out, verbs[i].name + len + 1, size);
        }
    }
}

/* Explains that there is no such verb: the second words of a first one that is right, or the
 * nearest name. */
static void unknown_verb(const struct pl_opt_verb *verbs, size_t n, int argc, char *const *argv,
                         struct pl_err *e)
{
    const char *near = NULL;
    const char *word = argc > 1 ? argv[1] : "";
    size_t best = SIZE_MAX;
    char words[64] = "";
    char seconds[128];
    second_words(verbs, n, word, seconds, sizeof seconds);
    for (int i = 1; i < argc && i <= 2; i++) {
        (void)pl_strlcat(words, i > 1 ? " " : "", sizeof words);
        (void)pl_strlcat(words, argv[i], sizeof words);
        for (size_t k = 0; k < n && (i == 2 || seconds[0] == '\0'); k++) {
            size_t d = pl_str_distance(words, verbs[k].name);
            if (d < best && pl_str_is_near(words, verbs[k].name)) {
                best = d;
                near = verbs[k].name;
            }
        }
    }
    if (near != NULL)
        (void)pl_fail(e, PL_E_USAGE, "unknown command '%.40s'; did you mean '%s'?", word, near);
    else if (seconds[0] != '\0')
        (void)pl_fail(e, PL_E_USAGE, "'%.40s' takes one more word: %s", word, seconds);
    else
        (void)pl_fail(e, PL_E_USAGE, "unknown command '%.40s'", word);
}

const struct pl_opt_verb *pl_opt_find_verb(const struct pl_opt_verb *verbs, size_t n, int argc,
                                           char *const *argv, int *used, struct pl_err *e)
{
    const struct pl_opt_verb *found = NULL;
    *used = 0;
    for (size_t i = 0; i < n; i++) {
        int words_used = match(verbs[i].name, argc, argv);
        if (words_used > *used) {
            *used = words_used;
            found = &verbs[i];
        }
    }
    if (found == NULL)
        unknown_verb(verbs, n, argc, argv, e);
    return found;
}
