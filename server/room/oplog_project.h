// SPDX-License-Identifier: Apache-2.0
/*
 * The rows that tables repeat of a document (sql/0010_projections.sql), as one JSON object with a
 * list of rows for each table. A pure function of the document: what one server process derives
 * from a batch is what another derives from the log, and what `plimsolld rebuild` makes again.
 */
#ifndef PLIMSOLL_SERVER_ROOM_OPLOG_PROJECT_H
#define PLIMSOLL_SERVER_ROOM_OPLOG_PROJECT_H

#include <stddef.h>

#include "plimsoll/doc/doc.h"

/* Which rows the changesets of a batch may have changed. */
struct project_touched {
    struct pl_eid *v; /* entries with a row of their own */
    size_t n;
    size_t cap;
    bool facts;
    bool markers;
};

/* Notes what `cs` touches; `after` has it applied, `before` is the state before the batch. Costs a
 * look-up per slot. Starts from zeroes. */
void project_touch(struct project_touched *t, const struct pl_doc *before,
                   const struct pl_doc *after, const struct pl_cs *cs);
void project_release(struct project_touched *t);

/* The rows that differ between two states, among those touched; a row that is gone has only its
 * key. For free(); NULL: none. */
char *project_change(struct project_touched *t, const struct pl_doc *before,
                     const struct pl_doc *after);

/* All rows of a document and, as `review`, the fields that the table of reviews repeats. For
 * free(). */
char *project_all(const struct pl_doc *d);

#endif
