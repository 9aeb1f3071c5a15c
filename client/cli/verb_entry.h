// SPDX-License-Identifier: Apache-2.0
/*
 * What the verbs on entries share: options, words, listing, adding, changing, removing.
 */
#ifndef PLIMSOLL_CLIENT_CLI_VERB_ENTRY_H
#define PLIMSOLL_CLIENT_CLI_VERB_ENTRY_H

#include "plimsoll/base/time.h"

#include "cli/cli.h"

#define ENTRY_COLUMNS 6

struct cli_entry_opts {
    struct cli_common common;
    const char *at, *known_at, *lane, *source, *mark, *actor; /* events */
    const char *precision, *zone, *skew;
    const char *col;                                                      /* observations */
    const char *branch, *klass, *factor, *parent;                         /* causes */
    const char *control, *kind, *owner, *due, *state, *priority, *finish; /* actions */
    const char *sort;
    struct pl_opt_list set;
    bool restore, late, lanes, anonymous, move, also;
};

/* Values that are made of what was typed. */
struct cli_made {
    char due[PL_RFC3339_SIZE], at[PL_RFC3339_SIZE], known[PL_RFC3339_SIZE];
    char skew_ms[24], precision[16], precision_s[24];
};

/* Fields to set, with the values that had to be made for them. */
#define CLI_FIELDS_MAX 48
struct cli_fields {
    struct act_field f[CLI_FIELDS_MAX];
    const char *option[CLI_FIELDS_MAX]; /* it was given as this one; NULL: by its own name */
    size_t n;
    char *owned[CLI_FIELDS_MAX];
    size_t n_owned;
    struct cli_made made;
};

/* Adds one; "name=value" or "+tag"; all that the options say. The list must not be moved. */
int cli_field_put(struct cli_fields *fs, const char *name, const char *value,
                  struct pl_err *e) PL_MUST;
int cli_entry_assignment(struct cli_fields *fs, const char *s, struct pl_err *e) PL_MUST;
int cli_entry_fields(struct cli *c, const struct cli_entry_opts *o, struct cli_fields *fs,
                     struct pl_err *e) PL_MUST;
/* An error of a field that was given as an option names the option. */
void cli_fields_say_option(const struct cli_fields *fs, struct pl_err *e);
void cli_fields_release(struct cli_fields *fs);

/* How a kind is listed. */
struct cli_entry_kind {
    uint32_t kind;
    const char *verb;
    const char *columns[ENTRY_COLUMNS]; /* field names between id and label */
    const char *const *heads;           /* id, columns, label, review */
    size_t n_heads;
};
const struct cli_entry_kind *cli_entry_kind(uint32_t kind);

int cli_entry_list(struct cli *c, void *opts, int argc, char **argv, uint32_t kind,
                   struct pl_err *e);
int cli_entry_add(struct cli *c, void *opts, int argc, char **argv, uint32_t kind,
                  struct pl_err *e);
int cli_entry_edit(struct cli *c, void *opts, int argc, char **argv, uint32_t kind,
                   struct pl_err *e);
int cli_entry_rm(struct cli *c, void *opts, int argc, char **argv, uint32_t kind, struct pl_err *e);
int cli_entry_set(struct cli *c, void *opts, int argc, char **argv, struct pl_err *e);

/* Before `word` ("detected"; NULL: nothing is marked) is set on an event (NULL: a new one): a mark
 * that another bears is taken off it, or is left there, as was asked for; else -PL_E_CONFLICT says
 * which event has it. */
struct cli_mark_how {
    bool move, also;
};
int cli_mark_make_room(struct cli *c, struct review *r, const struct pl_entry *en, const char *word,
                       const struct cli_mark_how *how, struct pl_err *e) PL_MUST;
/* After fields of an event were set: what may be a mistake about its two clocks and its mark. */
void cli_event_warn(struct cli *c, struct review *r, struct pl_eid eid,
                    const struct cli_fields *fs);

/* For qsort of struct pl_entry *: most counted dots first, then by number. */
int cli_votes_cmp(const void *a, const void *b);

/* An entry as JSON (new reference), its short id, and the answer to a change of it. */
json_t *cli_entry_json(const struct pl_doc *d, const struct pl_entry *en);
void cli_entry_id(const struct pl_entry *en, char out[PL_SHORT_ID_MAX]);
int cli_entry_result(struct cli *c, struct review *r, struct pl_eid eid, bool queued,
                     struct pl_err *e) PL_MUST;
/* The same of several that one call made, at least one: each in a line, or as items. */
int cli_entries_result(struct cli *c, struct review *r, const struct pl_eid *eids, size_t n_eids,
                       bool queued, struct pl_err *e) PL_MUST;

/* The zone in which moments are shown: the one asked for, else the review's where a person reads;
 * NULL: UTC. */
const char *cli_entry_zone(const struct cli *c, const struct pl_doc *d, const char *asked);

/* Connects, opens the review that "REV-1", "REV-1/E-9", "REV-1 E-9" or "A-121" names, and finds the
 * entry; *en stays NULL when only the review is named. */
int cli_entry_open(struct cli *c, int argc, char **argv, bool read_only, struct review **r,
                   struct pl_entry **en, struct pl_err *e) PL_MUST;

/* The threads on an entry (NULL: on everything), as JSON and as text behind what is shown of it. */
json_t *cli_comments_json(const struct pl_doc *d, const struct pl_entry *on);
int cli_comments_text(struct cli *c, const struct pl_doc *d, const struct pl_entry *on,
                      struct pl_err *e) PL_MUST;

/* Finds what a second operand names: "E-9", or "REV-1/E-9" of the same review and of no other. */
int cli_entry_other(struct review *r, const char *name, struct pl_entry **out,
                    struct pl_err *e) PL_MUST;

/* Short ids of the entries that link to this one (new reference). */
json_t *cli_linked_from(const struct pl_doc *d, const struct pl_entry *en);

#endif
