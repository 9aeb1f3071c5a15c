// SPDX-License-Identifier: Apache-2.0
/*
 * Reads a post-mortem that somebody wrote in Markdown into the parts of a review: title, summary,
 * impact, timeline, observations, causes, actions. It knows the usual headings ("Timeline", "What
 * went well", "Root cause", "Action items" ...), lists, tables and bold labels ("- **Impact**:
 * ..."); what it cannot place goes to `rest`, nothing is lost.
 *
 * Times are read from the beginning of a heading, item or table row ("13:06", "2017-11-30 16:22
 * PST", "Sep 27 2017 13:06", "**16:58 UTC** - ..."). A clock time takes the last date seen; a jump
 * back of more than six hours is the next day. The zone is the stamp's own, else that of "All times
 * in PST", else the caller's.
 *
 * "First detected 08:56", "Repaired ...", "Resolved ..." set an event's marker; such a line beside
 * a fuller event of the same minute gives that one its marker and is no event of its own, nor is a
 * line that is there already. A text that was wrapped in the file is one line again.
 */
#ifndef PLIMSOLL_RENDER_IMPORT_H
#define PLIMSOLL_RENDER_IMPORT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "plimsoll/base/err.h"
#include "plimsoll/merge/changeset.h"

#define PL_IMPORT_MAX     (4u * 1024u * 1024u) /* bytes of a document */
#define PL_IMPORT_NO_TIME INT64_MIN

struct pl_import_item {
    uint32_t kind;   /* observation: PL_OBSERVATION_... or 0; else 0 */
    bool done;       /* action: its box was ticked */
    int64_t at_us;   /* event: PL_IMPORT_NO_TIME when it could not be read */
    bool day_only;   /* event: the stamp was a date without a clock time */
    uint32_t marker; /* event: PL_MARKER_... that its words announce ("First detected ..."), or 0 */
    char *text;      /* clean text, not empty; Markdown as it was written */
};

struct pl_import_list {
    struct pl_import_item *items;
    size_t n;
    size_t cap;
};

struct pl_import {
    char *title;   /* one line, at most 200 characters; "" when there is none */
    char *summary; /* these three: "" when there is none */
    char *impact;
    char *rest;
    bool has_zone;    /* the document names a zone that was understood */
    unsigned n_parts; /* headings and labels that announced a known part */
    struct pl_import_list events;
    struct pl_import_list observations;
    struct pl_import_list causes;
    struct pl_import_list actions;
};

struct pl_import_opts {
    int offset_min;   /* minutes east of UTC of times without a zone */
    int64_t date_day; /* days since 1970 for times before any date; INT64_MIN: unknown */
};

/* Reads `n` bytes of Markdown; `o` may be NULL (UTC, no date). Bytes that are not clean text become
 * U+FFFD. -PL_E_LIMIT beyond PL_IMPORT_MAX; out is uninitialised before and untouched on failure.
 */
int pl_import_markdown(const char *md, size_t n, const struct pl_import_opts *o,
                       struct pl_import *out_uninit, struct pl_err *e) PL_MUST;
void pl_import_release(struct pl_import *im); /* tolerates zeroed */

/* Takes a changeset (releases it); not 0 stops and is returned. */
typedef int (*pl_import_cb)(void *ctx, struct pl_cs *take_cs);

/* Turns it into changesets for an empty review, each within the limits of a changeset: first the
 * header (title; the summary and impact become the impact text), then one entry after the other,
 * made as entries of `client` numbered from *next_n, which is moved on. What was not placed becomes
 * a material "Rest of the imported document". An event without a time gets none. */
int pl_import_changesets(const struct pl_import *im, uint64_t client, uint32_t *next_n,
                         pl_import_cb emit, void *ctx) PL_MUST;

#endif
