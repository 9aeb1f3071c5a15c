// SPDX-License-Identifier: Apache-2.0
/*
 * What the verbs share that are commands (doc/acts.def) and not edits: find review and entry, fill
 * the message, send it, show the answer. The review is opened for reading only: commands are judged
 * at the server, on its newest state.
 */
#ifndef PLIMSOLL_CLIENT_CLI_VERB_ACT_H
#define PLIMSOLL_CLIENT_CLI_VERB_ACT_H

#include "cli/cli.h"

#include "plimsoll/doc/act.h"

struct cli_act_opts {
    struct cli_common common;
    const char *reason;
    const char *entry;
};

/* A command being made. */
struct cli_act {
    struct cli *c;
    struct review *r;
    struct pl_entry *entry; /* named by the first operand; NULL: the review alone */
    struct pl_act msg;
};

/* Connects, opens the review that `id` names ("REV-1", "REV-1/E-9", "A-121") and finds the entry.
 */
int cli_act_open(struct cli *c, const char *id, enum pl_act_no act, struct cli_act *out,
                 struct pl_err *e) PL_MUST;

/* User number of a participant by handle ("me": oneself), as msg.user. */
int cli_act_user(struct cli_act *a, const char *handle, struct pl_err *e) PL_MUST;

/* Minutes of "10m", "1h" or "10". */
int cli_act_minutes(const char *s, const char *what, int64_t *minutes, struct pl_err *e) PL_MUST;

/* Sends it and shows the answer: {"schema": "plimsoll.act/1", "review", "act", "rev"}; `said` is
 * what a person is told on standard error. */
int cli_act_send(struct cli_act *a, const char *said, struct pl_err *e) PL_MUST;

#endif
