// SPDX-License-Identifier: Apache-2.0
/*
 * plimsoll: verbs on the command line, the full screen otherwise.
 */
#include <locale.h>
#include <signal.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "plimsoll/base/str.h"

#include "cli/cli.h"
#include "ui/ui.h"

/* "REV-1" alone opens that review; a number alone is no verb either, but too easily a mistake. */
static bool names_review(const char *s, uint64_t *id)
{
    struct pl_err e;
    return pl_str_starts(s, "REV-") || pl_str_starts(s, "rev-") ? cli_review_id(s, id, &e) == 0
                                                                : false;
}

static int full_screen(uint64_t review)
{
    struct pl_err e;
    struct ui_options o = {.review = review};
    pl_err_init(&e);
    if (ui_run(&o, &e) == 0)
        return 0;
    const struct pl_error_info *i = pl_error_info(e.code);
    (void)fprintf(stderr, "plimsoll: %s\n", e.text[0] ? e.text : i->title);
    if (i->suggestion[0])
        (void)fprintf(stderr, "  %s.\n", i->suggestion);
    return i->exit_status;
}

int main(int argc, char **argv)
{
    struct sigaction ignore = {.sa_handler = SIG_IGN};
    (void)setlocale(LC_ALL, "");
    /* A connection or a pager that has gone must be an error we can tell of, not a death. */
    (void)sigaction(SIGPIPE, &ignore, NULL);
    uint64_t review = 0;
    bool is_screen = isatty(STDIN_FILENO) && isatty(STDOUT_FILENO);
    if (argc == 3 && pl_str_eq(argv[1], "help") && pl_str_eq(argv[2], "keys")) {
        ui_print_keys(stdout);
        return 0;
    }
    bool is_review = argc == 2 && names_review(argv[1], &review);
    if (is_screen && (argc < 2 || is_review))
        return full_screen(review);
    if (is_review) {
        (void)fprintf(stderr,
                      "plimsoll: the full screen needs a terminal\n"
                      "  Here: plimsoll show %s\n",
                      argv[1]);
        return 2;
    }
    return cli_main(argc, argv);
}
