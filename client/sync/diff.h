// SPDX-License-Identifier: Apache-2.0
/*
 * What lies between two texts, or between two documents: for bringing local changes over a snapshot
 * when the revisions in between cannot be had, and for taking back a text from an external editor.
 */
#ifndef PLIMSOLL_CLIENT_SYNC_DIFF_H
#define PLIMSOLL_CLIENT_SYNC_DIFF_H

#include <stddef.h>

#include "plimsoll/doc/doc.h"
#include "plimsoll/merge/op.h"

/* An op that makes `to` of `from` (clean UTF-8, any length). After trimming what is common at both
 * ends: the shortest edit script by E. Myers, "An O(ND) Difference Algorithm and Its Variations"
 * (1986), while it has at most DIFF_EDITS_MAX insertions and deletions of single characters; beyond
 * that the middle is replaced as a whole. */
#define DIFF_EDITS_MAX 512
void diff_text(struct pl_op *out_uninit, const char *from, size_t n_from, const char *to,
               size_t n_to);

/* A changeset that makes `to` of `from`. What only `from` has stays as it is (entries cannot be
 * uncreated). */
void diff_docs(struct pl_cs *out_uninit, const struct pl_doc *from, const struct pl_doc *to);

/* Adds to `out` what makes the fields of `now` those of `then`, another state of the same entry;
 * what only the server writes is left alone, and so are the fields of `skip` (bits 1 << number). */
void diff_entry_fields(struct pl_cs *out, const struct pl_entry *now, const struct pl_entry *then,
                       uint64_t skip);

#endif
