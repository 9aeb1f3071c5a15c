// SPDX-License-Identifier: Apache-2.0
/*
 * Help that is made from the tables of the verbs: the list of them, each one's own, the manual.
 */
#include <stdlib.h>
#include <string.h>

#include "plimsoll/base/mem.h"

#include "cli/cli_int.h"

static const struct pl_opt common_opts[] = {CLI_COMMON};
#define COMMON_COUNT (sizeof(common_opts) / sizeof(common_opts[0]))

void cli_print_help(FILE *out)
{
    size_t n = 0;
    struct pl_opt_verb *v = cli_opt_verbs(&n);
    (void)fprintf(out, "plimsoll: reviews after incidents, held together from terminals\n\n"
                       "usage: plimsoll                 full screen\n"
                       "       plimsoll REV-1           full screen, at that review\n"
                       "       plimsoll VERB [...]      one of the verbs below\n\n");
    for (size_t i = 0; i < n; i++)
        (void)fprintf(out, "  %-15s  %s\n", v[i].name, v[i].summary);
    (void)fprintf(out, "\n'plimsoll VERB --help' tells more. First of all: plimsoll join INVITE\n");
    free(v);
}

/* What is special about the verb first, then what all have. */
void cli_print_verb_help(const struct cli_verb *v, FILE *out)
{
    struct pl_opt opts[PL_OPT_MAX];
    struct pl_opt_verb sorted = v->opt;
    size_t own = v->opt.count - COMMON_COUNT;
    PL_ASSERT(v->opt.count >= COMMON_COUNT && v->opt.count <= PL_OPT_MAX);
    memcpy(opts, v->opt.opts + COMMON_COUNT, own * sizeof(opts[0]));
    memcpy(opts + own, common_opts, sizeof(common_opts));
    sorted.opts = opts;
    pl_opt_print_usage("plimsoll", &sorted, out);
    if (v->examples)
        (void)fprintf(out, "\nExamples:\n%s", v->examples);
}

/* The options of all verbs once, then each verb with its own. */
void cli_print_man(FILE *out)
{
    static const struct pl_opt_verb all = {
        NULL, "VERB", "Every verb takes these", common_opts, COMMON_COUNT, 0, 0};
    size_t n = 0;
    struct pl_opt_verb *v = cli_opt_verbs(&n);
    for (size_t i = 0; i < n; i++) {
        v[i].opts += COMMON_COUNT;
        v[i].count -= COMMON_COUNT;
    }
    pl_opt_print_man("plimsoll", &all, 1, out);
    pl_opt_print_man("plimsoll", v, n, out);
    free(v);
}
