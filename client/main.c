// SPDX-License-Identifier: Apache-2.0
/*
 * plimsoll: verbs on the command line, the full screen otherwise.
 */
#include <locale.h>
#include <signal.h>
#include <stddef.h>

#include "cli/cli.h"

int main(int argc, char **argv)
{
    struct sigaction ignore = {.sa_handler = SIG_IGN};
    (void)setlocale(LC_ALL, "");
    /* A connection or a pager that has gone must be an error we can tell of, not a death. */
    (void)sigaction(SIGPIPE, &ignore, NULL);
    return cli_main(argc, argv);
}
