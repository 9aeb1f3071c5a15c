// SPDX-License-Identifier: Apache-2.0
/*
 * A review as JSON, form "plimsoll.review/1". Keys are the names of doc/fields.def, none is ever
 * missing; what is not set is null (texts: "", sets: []). Enumerations by name, times in RFC 3339
 * UTC, users by number, links by short id (by entry id "7f.3" while there is no number).
 *
 *   { "schema": "plimsoll.review/1", "id": "REV-2041", "rev": 12, "digest": "<16 hex>",
 *     "review": {fields},
 *     "participants": [entry, ...], "materials": ..., "rules", "agenda", "accounts", "events",
 *     "observations", "causes", "actions", "lessons", "comments", "anchors", "evidence", "claims",
 *     "waivers" }
 *   entry: { "id": "E-9", "eid": "7f.3", "parent": "<id of the entry above>", "created_by": user or
 *     null, "created_at": time or null, "changed_at": time or null, then the fields }
 *
 * Lists are in the order people see; removed entries are left out. One entry a line.
 */
#ifndef PLIMSOLL_RENDER_JSON_H
#define PLIMSOLL_RENDER_JSON_H

#include "plimsoll/doc/doc.h"

#define PL_JSON_SCHEMA "plimsoll.review/1"

/* Appends the whole review, entry by entry. -PL_E_LIMIT when `out` is full (its length is unchanged
 * then), -PL_E_NOMEM. */
int pl_render_json(const struct pl_doc *d, struct pl_buf *out, struct pl_err *e) PL_MUST;

/* Appends one entry as it stands in the whole (the root: the object of "review"). */
int pl_render_json_entry(const struct pl_doc *d, const struct pl_entry *en, struct pl_buf *out,
                         struct pl_err *e) PL_MUST;

/* The plural under which a kind stands in the whole: "events"; NULL for the review and unknown
 * kinds. */
const char *pl_json_list_name(uint32_t kind);

#endif
