// SPDX-License-Identifier: Apache-2.0
/*
 * Text that the review would not take is never thrown away: it goes into a file under
 * STATE/rescue/HOST that a person can read and copy from.
 */
#ifndef PLIMSOLL_CLIENT_SYNC_RESCUE_H
#define PLIMSOLL_CLIENT_SYNC_RESCUE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "plimsoll/base/buf.h"
#include "plimsoll/base/err.h"
#include "plimsoll/doc/doc.h"

struct rescue_options {
    const char *state_dir; /* $XDG_STATE_HOME/plimsoll */
    const char *host;
    uint64_t review;
    int64_t at_us; /* wall clock */
};

/* Appends a changeset as text: one paragraph a slot, with what was typed and what was deleted.
 * `doc` (may be NULL) gives names to entries. -PL_E_LIMIT when out is full. */
int rescue_describe(const struct pl_cs *cs, const struct pl_doc *doc, struct pl_buf *out) PL_MUST;

/* Writes a new file REVIEW-TIME-n.txt, mode 0600: head (review, time, reason), then the changeset.
 * `path` gets its name. Errors: -PL_E_IO; the caller should keep showing the text. */
int rescue_write(const struct rescue_options *o, int code, const char *why,
                 const struct pl_cs *lost, const struct pl_doc *doc, struct pl_buf *path,
                 struct pl_err *e) PL_MUST;

/* The same for the text that was given to a verb and did not become a change: typed-TIME-n.txt.
 * `review` may be 0, `verb` names what it was given to. */
int rescue_write_typed(const struct rescue_options *o, const char *verb, const char *why,
                       const char *text, struct pl_buf *path, struct pl_err *e) PL_MUST;

/* --- reading it back ----------------------------------------------------------------------------
 */

/* One refusal. Beside every text REVIEW-TIME-n.txt stands the changeset itself, in .cs. */
struct rescued {
    uint64_t review;
    unsigned number;  /* from 1 in its review, in the order of time; does not change */
    bool is_offered;  /* said again in another form */
    bool is_readable; /* else only path, review, number and is_offered are set */
    char *path;
    int code;
    int64_t at_us;
    char why[256];
    struct pl_cs cs;
};

struct rescue_list {
    struct rescued *items;
    size_t n;
};

/* What was refused by `host`, of one review or (0) of all, in order. A missing folder is an empty
 * list. Release the list also after an error. */
int rescue_list(const char *state_dir, const char *host, uint64_t review,
                struct rescue_list *out_uninit, struct pl_err *e) PL_MUST;
void rescue_list_release(struct rescue_list *l);

/* What was said again so far, in case it is interrupted: of the entry that the refused change wrote
 * to, the entry that was made for it. Kept in a file beside. False: nothing yet. */
bool rescue_said(const struct rescued *x, struct pl_eid about, struct pl_eid *said);
int rescue_note_said(const struct rescued *x, struct pl_eid about, struct pl_eid said,
                     struct pl_err *e) PL_MUST;

/* Notes that it was offered, so that it is not offered twice; the files stay. */
int rescue_mark_offered(struct rescued *x, struct pl_err *e) PL_MUST;

/* The bytes of a .cs file. -PL_E_LIMIT. */
int rescue_encode(int code, int64_t at_us, const char *why, const struct pl_cs *lost,
                  struct pl_buf *out) PL_MUST;

/* Moves a file that cannot be used into the folder, under a new name, which `path` (may be NULL)
 * gets. */
int rescue_move(const struct rescue_options *o, const char *file, struct pl_buf *path,
                struct pl_err *e) PL_MUST;

/* A host as a file name: everything but letters, digits, '.', '-', '_' and ':' becomes '_'. */
void rescue_host_name(char *out, size_t size, const char *host);

#endif
