// SPDX-License-Identifier: Apache-2.0
/*
 * Command lines: a table of verbs, each with a table of options, drives getopt_long, the usage
 * text, the bash completion and the sections of the manual page, so that they cannot differ.
 * Every verb understands -h/--help without naming it. Option values are stored into the caller's
 * struct by offset; strings are borrowed from argv.
 */
#ifndef PLIMSOLL_BASE_OPT_H
#define PLIMSOLL_BASE_OPT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include "plimsoll/base/err.h"

#define PL_OPT_MAX       40 /* options of a verb */
#define PL_OPT_HELP_SEEN 1  /* result of pl_opt_parse: the user asked for help */

enum pl_opt_type {
    PL_OPT_FLAG,   /* bool */
    PL_OPT_COUNT,  /* int, counts up */
    PL_OPT_STRING, /* const char * */
    PL_OPT_MAYBE,  /* const char *: NULL not given, "" without a value, or that of --name=VALUE */
    PL_OPT_NUMBER, /* uint64_t */
    PL_OPT_SOME,   /* uint64_t, at least 1: 0 in the target says that it was not given */
    PL_OPT_CHOICE, /* int: index into choices */
    PL_OPT_LIST,   /* struct pl_opt_list: may be given several times */
};

#define PL_OPT_LIST_MAX 16
struct pl_opt_list {
    size_t count;
    const char *values[PL_OPT_LIST_MAX];
};

struct pl_opt {
    char letter;      /* 0: long only */
    const char *name; /* long name */
    enum pl_opt_type type;
    size_t offset;              /* of the field in the target struct */
    const char *arg;            /* name of the value in the usage, e.g. "FILE" */
    const char *const *choices; /* NULL-terminated, for PL_OPT_CHOICE */
    const char *help;           /* a line */
};

/* A verb, or the program itself when `name` is NULL. */
struct pl_opt_verb {
    const char *name;    /* "join", or two words: "audit export" */
    const char *args;    /* operands in the usage, e.g. "REVIEW [FILE]"; NULL for none */
    const char *summary; /* one line */
    const struct pl_opt *opts;
    size_t count;
    int args_min, args_max; /* operands; args_max < 0 means any number */
};

/* Parses argv[1..] (argv[0] is the verb or program) into `target`. Options may stand anywhere;
 * "--" ends them. `*operands` gets the index of the first operand; argv is reordered. Returns 0,
 * PL_OPT_HELP_SEEN, or -PL_E_USAGE with a suggestion for a mistyped option. Not thread-safe. */
int pl_opt_parse(const struct pl_opt_verb *v, int argc, char **argv, void *target, int *operands,
                 struct pl_err *e) PL_MUST;

/* Finds the verb named by the first one or two words of argv[1..]; `*used` gets how many words.
 * NULL with a "did you mean" in `e` if there is none. */
const struct pl_opt_verb *pl_opt_find_verb(const struct pl_opt_verb *verbs, size_t n, int argc,
                                           char *const *argv, int *used, struct pl_err *e);

/* Prints "usage: program verb [options] ARGS", the summary and the options. */
void pl_opt_print_usage(const char *program, const struct pl_opt_verb *v, FILE *out);

/* Prints the list of verbs with their summaries. */
void pl_opt_print_verbs(const char *program, const struct pl_opt_verb *verbs, size_t n, FILE *out);

/* Prints a bash completion function for the program. */
void pl_opt_print_completion(const char *program, const struct pl_opt_verb *verbs, size_t n,
                             FILE *out);

/* Prints mdoc(7): a subsection per verb with its options. */
void pl_opt_print_man(const char *program, const struct pl_opt_verb *verbs, size_t n, FILE *out);

#endif
