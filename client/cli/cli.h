// SPDX-License-Identifier: Apache-2.0
/*
 * The command line: a verb runs to its end on a loop of its own, over the same model as the
 * screens.
 *
 * stdout is data, stderr is talk. Data is a table on a terminal, tab separated without header in a
 * pipe, one JSON object with --json. Exit status is that of the error (errors.def). Nothing is
 * asked unless stdin and stderr are terminals and --no-input is not given.
 */
#ifndef PLIMSOLL_CLIENT_CLI_CLI_H
#define PLIMSOLL_CLIENT_CLI_CLI_H

#include <stdbool.h>
#include <stdint.h>
#include <uv.h>

#include <jansson.h>

#include "plimsoll/base/err.h"
#include "plimsoll/base/opt.h"

#include "model/acts.h"
#include "model/client.h"
#include "model/refusal.h"

/* Options that every verb understands; first member of every verb's options. */
struct cli_common {
    const char *json; /* NULL: no; "": whole; else the fields that are wanted, or "help" */
    bool jsonl, tsv, no_input, yes, quiet, offline, queue, force;
    int verbose;
    const char *server, *profile, *timeout, *output;
};

#define CLI_COMMON                                                                 \
    {0,                                                                            \
     "json",                                                                       \
     PL_OPT_MAYBE,                                                                 \
     offsetof(struct cli_common, json),                                            \
     "FIELDS",                                                                     \
     NULL,                                                                         \
     "one JSON object on standard output, errors as JSON on standard error; "      \
     "with these fields of the items only ('help' lists them)"},                   \
        {0,                                                                        \
         "jsonl",                                                                  \
         PL_OPT_FLAG,                                                              \
         offsetof(struct cli_common, jsonl),                                       \
         NULL,                                                                     \
         NULL,                                                                     \
         "one JSON object a line"},                                                \
        {0,                                                                        \
         "tsv",                                                                    \
         PL_OPT_FLAG,                                                              \
         offsetof(struct cli_common, tsv),                                         \
         NULL,                                                                     \
         NULL,                                                                     \
         "tab separated, no header (the default in a pipe)"},                      \
        {0,    "no-input", PL_OPT_FLAG, offsetof(struct cli_common, no_input),     \
         NULL, NULL,       "never ask"},                                           \
        {'y',                                                                      \
         "yes",                                                                    \
         PL_OPT_FLAG,                                                              \
         offsetof(struct cli_common, yes),                                         \
         NULL,                                                                     \
         NULL,                                                                     \
         "say yes to what would be asked"},                                        \
        {'q',                                                                      \
         "quiet",                                                                  \
         PL_OPT_FLAG,                                                              \
         offsetof(struct cli_common, quiet),                                       \
         NULL,                                                                     \
         NULL,                                                                     \
         "no talk on standard error"},                                             \
        {'v',                                                                      \
         "verbose",                                                                \
         PL_OPT_COUNT,                                                             \
         offsetof(struct cli_common, verbose),                                     \
         NULL,                                                                     \
         NULL,                                                                     \
         "log what happens; twice for more"},                                      \
        {0,                                                                        \
         "offline",                                                                \
         PL_OPT_FLAG,                                                              \
         offsetof(struct cli_common, offline),                                     \
         NULL,                                                                     \
         NULL,                                                                     \
         "do not connect; work with what is here"},                                \
        {0,                                                                        \
         "queue",                                                                  \
         PL_OPT_FLAG,                                                              \
         offsetof(struct cli_common, queue),                                       \
         NULL,                                                                     \
         NULL,                                                                     \
         "when the server cannot be reached, keep the change and succeed"},        \
        {0,                                                                        \
         "server",                                                                 \
         PL_OPT_STRING,                                                            \
         offsetof(struct cli_common, server),                                      \
         "HOST:PORT",                                                              \
         NULL,                                                                     \
         "another address of the same server"},                                    \
        {0,                                                                        \
         "profile",                                                                \
         PL_OPT_STRING,                                                            \
         offsetof(struct cli_common, profile),                                     \
         "NAME",                                                                   \
         NULL,                                                                     \
         "which server, if this machine has joined several"},                      \
        {0,                                                                        \
         "timeout",                                                                \
         PL_OPT_STRING,                                                            \
         offsetof(struct cli_common, timeout),                                     \
         "TIME",                                                                   \
         NULL,                                                                     \
         "how long to wait for the server (10s)"},                                 \
        {'o',                                                                      \
         "output",                                                                 \
         PL_OPT_STRING,                                                            \
         offsetof(struct cli_common, output),                                      \
         "FILE",                                                                   \
         NULL,                                                                     \
         "write the data to a file (never over an existing one without --force)"}, \
    {                                                                              \
        'f', "force", PL_OPT_FLAG, offsetof(struct cli_common, force), NULL, NULL, \
            "replace the output file"                                              \
    }

struct cli {
    const struct cli_common *opt;
    const char *verb;
    uint64_t timeout_ms;
    uv_loop_t loop;
    bool has_loop;
    struct trust_profile profile;
    struct client *client;
    uv_timer_t timer;
    /* what a blocking step waits for */
    struct pl_err err;
    int stop_code;   /* waiting for the link is pointless: code; text in err */
    bool is_patient; /* go on after a refused connection: for streams */
    bool is_late;    /* the server was waited for in vain: nobody waits for it again */
    struct cli_opening {
        bool is_open;
        int rc;
        struct pl_err err;
        uint64_t id;            /* 0: none */
        struct review *review;  /* while it is being opened, and after that */
        int refused;            /* code of the last refusal */
        struct refusal refusal; /* and its words */
        unsigned n_refused;     /* changes that were refused */
        uint32_t news;          /* kind of the last News; its text is in why */
        char why[PL_ERR_TEXT_MAX];
    } opening;          /* of the review opened last */
    bool tells_refused; /* each refusal is told by itself when it comes */
    char *typed;        /* the text that the verb was given, see cli_typed */
    bool typed_is_piped;
    bool is_kept;      /* what was typed is in a journal, in a rescue file or at the server */
    const char *hint;  /* what to do about the error, instead of what its code suggests; NULL */
    json_t *warnings;  /* array of texts, see cli_warn */
    json_t *fields;    /* array of names chosen by --json=FIELDS; NULL: all */
    struct pl_buf out; /* data; written at the end, all or nothing */
    bool out_failed;   /* it did not fit */
    bool out_is_mine; /* the verb itself writes what --output names; data goes to standard output */
    bool out_gone;    /* nobody reads standard output any more: ends with 141, quietly */
};

struct cli_verb {
    struct pl_opt_verb opt;
    size_t opt_size;      /* of the options struct */
    const char *examples; /* for --help; lines; every verb has one */
    /* For --json=FIELDS and --json=help: names of what stands in `items`, `item`, or beside the
     * envelope, with commas; and the fields of a kind of entry (PL_KIND_REVIEW: of every kind).
     * Neither: the verb has nothing to choose from. */
    const char *fields;
    uint32_t fields_kind;
    int (*run)(struct cli *c, void *opts, int argc, char **argv, struct pl_err *e);
};

/* All verbs, for dispatch, help, completion. */
extern const struct cli_verb *const cli_verbs[];
const struct cli_verb *cli_verb_find(int argc, char *const *argv, int *used, struct pl_err *e);

/* Runs what argv says; returns the exit status. argv[0] is the program. */
int cli_main(int argc, char **argv);

/* --- blocking steps
 * --------------------------------------------------------------------------------- */

/* Loads the profile and starts the client. A connection that is refused ends the next step at once,
 * unless c->is_patient. */
int cli_connect(struct cli *c, struct pl_err *e) PL_MUST;

/* The same without ever dialling: for what concerns this machine alone. */
int cli_stay_here(struct cli *c, struct pl_err *e) PL_MUST;

/* A request and its answer. `take` sees the reply and may return an error. */
typedef int (*cli_take)(void *ctx, struct pl_msg *reply, struct pl_err *e);
int cli_call(struct cli *c, struct pl_msg *m, cli_take take, void *ctx, struct pl_err *e) PL_MUST;

/* Opens a review and waits until the newest state is here (with --offline: what is here). To write,
 * the copy on this machine will do when the server cannot be reached; what waited in the journal is
 * delivered first, and a refusal of that is told as a warning. */
int cli_open(struct cli *c, uint64_t id, bool read_only, struct review **out,
             struct pl_err *e) PL_MUST;
/* Reads "REV-1", connects, and opens it: what a verb over one review begins with. */
int cli_open_named(struct cli *c, const char *name, bool read_only, struct review **out,
                   struct pl_err *e) PL_MUST;

/* Waits until what was changed is durable at the server. No server: the change is kept in the
 * journal, with --queue (or --offline) 0 and *queued, else the error says that it is kept. A
 * refusal is the error; what does not depend on what was refused is delivered all the same. */
int cli_settle(struct cli *c, struct review *r, bool *queued, struct pl_err *e) PL_MUST;

/* Runs the loop until cond() or the deadline: 0, -PL_E_TIMEOUT, or why the link stopped. */
typedef bool (*cli_cond)(void *ctx);
int cli_wait(struct cli *c, cli_cond cond, void *ctx, uint64_t ms, struct pl_err *e) PL_MUST;

/* --- what people type
 * ------------------------------------------------------------------------------- */

/* "REV-2041" or "2041". */
int cli_review_id(const char *s, uint64_t *id, struct pl_err *e) PL_MUST;

/* "REV-2041/E-9", or "REV-2041" (entry stays root), or, for actions, "A-121" (found through the
 * reviews one can read). *entry points into s. */
int cli_split_id(struct cli *c, const char *s, uint64_t *review, const char **entry,
                 struct pl_err *e) PL_MUST;

/* Text operand: "-" is standard input, otherwise the words joined. Memory for free(). It is noted
 * with cli_typed. */
char *cli_text(struct cli *c, int argc, char **argv, struct pl_err *e);

/* Notes what was typed (copied): should the verb fail before it is in the journal or at the server,
 * it goes to a file. is_piped: it stands in no command line that one could repeat. */
void cli_typed(struct cli *c, const char *text, bool is_piped);

/* Is it an error that passes by itself: no server, no answer? */
bool cli_error_passes(int code);

/* Yes or no on the terminal; `preset` without one. */
bool cli_confirm(struct cli *c, const char *question, bool preset);

/* --- data out
 * --------------------------------------------------------------------------------------- */

/* {"schema": "plimsoll.NAME/1", "server": ..., "rev": ... , "as_of": ...}; rev 0: null. cli_json
 * adds `warnings`, and to lists (with `items`) a `next` of null where there is none. */
json_t *cli_envelope(struct cli *c, const char *name, uint64_t rev);

/* Rows for people and pipes. Cells are clean text; NULL is empty. */
struct cli_table;
struct cli_table *cli_table_new(const char *const *heads, size_t n);
void cli_table_row(struct cli_table *t, const char *const *cells);
/* Appends to c->out as a table or TSV; frees t. */
int cli_table_end(struct cli *c, struct cli_table *t, struct pl_err *e) PL_MUST;

/* Puts out the table, or `take_j` when JSON is wanted; frees both. */
int cli_list_end(struct cli *c, struct cli_table *t, json_t *take_j, struct pl_err *e) PL_MUST;

/* Puts `j` (stolen) out when --json, or its items one a line when --jsonl, with the fields that
 * were asked for; returns whether it did. */
bool cli_json(struct cli *c, json_t *take_j);
bool cli_wants_json(const struct cli *c);
/* The same for one object of a stream (watch), which is written at once. */
void cli_json_line(struct cli *c, json_t *take_j);
/* Writes a line of a stream at once. c->out_gone when nobody reads it any more. */
void cli_line(struct cli *c, const char *text);
/* Is the data for a person to read (a terminal), not for a pipe or a file? */
bool cli_is_for_eyes(const struct cli *c);

/* Adds formatted text to the data. */
void cli_print(struct cli *c, const char *fmt, ...) PL_PRINTF(2, 3);

/* Talk on standard error, unless --quiet or JSON is wanted (there, only errors stand on it). */
void cli_say(const struct cli *c, const char *fmt, ...) PL_PRINTF(2, 3);

/* What the caller must know although the verb goes on: on standard error, also when --quiet; with
 * --json among the `warnings` of the data or of the error. */
void cli_warn(struct cli *c, const char *fmt, ...) PL_PRINTF(2, 3);

#endif
