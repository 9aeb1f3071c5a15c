// SPDX-License-Identifier: Apache-2.0
/*
 * What the verbs on entries share: options, words, listing, adding, changing, removing.
 */
#ifndef PLIMSOLL_CLIENT_CLI_VERB_ENTRY_H
#define PLIMSOLL_CLIENT_CLI_VERB_ENTRY_H

#include "cli/cli.h"

#define ENTRY_COLUMNS 6

struct cli_entry_opts {
    struct cli_common common;
    const char *at, *known_at, *lane, *source, *mark, *actor;             /* events */
    const char *col;                                                      /* observations */
    const char *branch, *klass, *factor, *parent;                         /* causes */
    const char *control, *kind, *owner, *due, *state, *priority, *finish; /* actions */
    const char *sort;
    struct pl_opt_list set;
    bool restore, late;
};

/* How a kind is listed. */
struct cli_entry_kind {
    uint32_t kind;
    const char *verb;
    const char *columns[ENTRY_COLUMNS]; /* field names between id and label */
    const char *const *heads;           /* id, columns, label, review */
    size_t n_heads;
};
const struct cli_entry_kind *cli_entry_kind(uint32_t kind);

/* Short words of the command line ("D", "not", "why") as values of the schema; others unchanged. */
const char *cli_entry_word(const char *s);

int cli_entry_list(struct cli *c, void *opts, int argc, char **argv, uint32_t kind,
                   struct pl_err *e);
int cli_entry_add(struct cli *c, void *opts, int argc, char **argv, uint32_t kind,
                  struct pl_err *e);
int cli_entry_edit(struct cli *c, void *opts, int argc, char **argv, uint32_t kind,
                   struct pl_err *e);
int cli_entry_rm(struct cli *c, void *opts, int argc, char **argv, uint32_t kind, struct pl_err *e);
int cli_entry_set(struct cli *c, void *opts, int argc, char **argv, struct pl_err *e);

/* For qsort of struct pl_entry *: most counted dots first, then by number. */
int cli_votes_cmp(const void *a, const void *b);

/* An entry as JSON (new reference), its short id, and the answer to a change of it. */
json_t *cli_entry_json(const struct pl_doc *d, const struct pl_entry *en);
void cli_entry_id(const struct pl_entry *en, char out[PL_SHORT_ID_MAX]);
int cli_entry_result(struct cli *c, struct review *r, struct pl_eid eid, bool queued,
                     struct pl_err *e) PL_MUST;

#endif
