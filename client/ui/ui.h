// SPDX-License-Identifier: Apache-2.0
/*
 * The full-screen client: home, reviews, entries, shared texts. It works over model/acts.h and
 * model/client.h as the verbs do, and adds nothing that a verb could not do.
 */
#ifndef PLIMSOLL_CLIENT_UI_UI_H
#define PLIMSOLL_CLIENT_UI_UI_H

#include <stdint.h>
#include <stdio.h>

#include "plimsoll/base/err.h"

struct ui_options {
    const char *profile; /* NULL: the one marked, or the only one */
    const char *server;  /* "host:port" instead of the profile's; NULL */
    uint64_t review;     /* to open at once; 0: home */
};

/* Runs until the person quits. Needs a terminal. 0, or why it could not begin or had to end; the
 * terminal is restored before it returns. */
int ui_run(const struct ui_options *o, struct pl_err *e) PL_MUST;

/* The commands and keys, for `plimsoll help keys`. */
void ui_print_keys(FILE *out);

#endif
