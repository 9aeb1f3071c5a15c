// SPDX-License-Identifier: Apache-2.0
/*
 * What a person can do in a review, as functions that build and apply one changeset: the one place
 * that screens and verbs share. Each returns 0 or an error that says what, why and what next, and
 * changes nothing then. Ids of new entries come back in *eid.
 */
#ifndef PLIMSOLL_CLIENT_MODEL_ACTS_H
#define PLIMSOLL_CLIENT_MODEL_ACTS_H

#include <stdbool.h>
#include <stdint.h>

#include "plimsoll/base/err.h"
#include "plimsoll/doc/doc.h"
#include "plimsoll/doc/schema.h"

#include "model/client.h"

/* A field to set while adding or later: value as text, parsed by the schema ("none" clears). */
struct act_field {
    const char *name; /* schema name, e.g. "happened_at" */
    const char *value;
};

/* Adds an entry of `kind` under `parent` at the end (events find their place by time), with fields
 * and, for TEXT fields, their first text. */
int act_add(struct review *r, uint32_t kind, struct pl_eid parent, const struct act_field *fields,
            size_t n_fields, struct pl_eid *eid, struct pl_err *e) PL_MUST;

/* Sets fields of an entry (root: the header) as one change. "+tag" / "-tag" style for sets: name
 * with value "+x" or "-x". */
int act_set(struct review *r, struct pl_eid eid, const struct act_field *fields, size_t n_fields,
            struct pl_err *e) PL_MUST;

/* Removes or restores (soft). */
int act_remove(struct review *r, struct pl_eid eid, bool removed, struct pl_err *e) PL_MUST;

/* Makes an entry what it was in `then`, another state of the same review: its fields, and whether
 * it is removed, as one edit; what only commands and the server change stays (the state of an
 * action). 1: done; 0: it is as it was. -PL_E_NOENT: it did not exist then. */
int act_restore(struct review *r, struct pl_eid eid, const struct pl_doc *then,
                struct pl_err *e) PL_MUST;

/* Moves an entry behind `after` (NULL eid root: to the front) under `parent`. */
int act_move(struct review *r, struct pl_eid eid, struct pl_eid parent, const struct pl_eid *after,
             struct pl_err *e) PL_MUST;

/* Replaces `ndel` scalars at `pos` of a text field by `ins`; group: part of the same typing. */
int act_splice(struct review *r, struct pl_eid eid, uint32_t field, uint32_t pos, uint32_t ndel,
               const char *ins, size_t n, bool group, struct pl_err *e) PL_MUST;

/* Makes the text of a field `text`, by the smallest edits (line and word diff), so that others'
 * concurrent edits survive. `base`: the text that `text` was made from (NULL: the present one): a
 * three-way merge, never an overwrite. */
int act_rewrite(struct review *r, struct pl_eid eid, uint32_t field, const char *base,
                const char *text, struct pl_err *e) PL_MUST;

/* "no such field", with the nearest name. */
int act_unknown_field(uint32_t kind, const char *name, struct pl_err *e) PL_MUST;

/* Finds an entry by what a person types: short id ("E-9", "A-121"), or a raw id. */
int act_find(const struct pl_doc *d, const char *id, uint32_t kind_or_0, struct pl_entry **out,
             struct pl_err *e) PL_MUST;

#endif
