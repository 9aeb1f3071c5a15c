// SPDX-License-Identifier: Apache-2.0
/*
 * What a batch does beyond editing texts, as events for the audit log: status, involvement, waived
 * checks, actions. Read from the changesets one by one, so that each event names the revision that
 * made it and thereby the person. Kinds and fields: proto/README.md, Events.
 */
#ifndef PLIMSOLL_SERVER_ROOM_OPLOG_EVENTS_H
#define PLIMSOLL_SERVER_ROOM_OPLOG_EVENTS_H

#include <stddef.h>

#include "plimsoll/doc/doc.h"

struct oplog_events;

struct oplog_events *oplog_events_new(const struct pl_doc *before, const struct pl_doc *after);
/* The changeset of revision `ord` of the batch, counted from 1; in order. */
void oplog_events_add(struct oplog_events *v, size_t ord, const struct pl_cs *cs);
/* Frees it and gives the rows (project_change; NULL: none) with the list "event" put in, if there
 * is any. For free(). */
char *oplog_events_end(struct oplog_events *v, char *take_rows);

#endif
