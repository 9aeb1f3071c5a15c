// SPDX-License-Identifier: Apache-2.0
/*
 * Files in the document: who may attach one to an entry, and the changeset that shows it. The same
 * permission as for writing the entry (doc/perm.h), locks of sections included. Pure, as conduct.h:
 * the room calls it while it builds a batch, and again when the batch was lost.
 */
#ifndef PLIMSOLL_SERVER_REVIEW_ATTACH_H
#define PLIMSOLL_SERVER_REVIEW_ATTACH_H

#include <stdbool.h>
#include <stdint.h>

#include "plimsoll/base/err.h"
#include "plimsoll/base/hash.h"
#include "plimsoll/doc/doc.h"
#include "plimsoll/merge/changeset.h"

/* May `user` attach a file to this entry now? *ops: what the database has to judge by. -PL_E_NOENT:
 * no such entry, or it is removed; -PL_E_INVALID: not a material or evidence; -PL_E_PERM, LOCKED.
 */
int attach_may(const struct pl_doc *d, struct pl_eid entry, uint64_t user, uint64_t *ops,
               struct pl_err *e) PL_MUST;

struct attach {
    struct pl_eid entry;
    uint64_t user;
    const char *name, *media_type;
    uint64_t size;
    uint8_t sha256[PL_SHA256_BYTES];
};

/* The changeset (initialised, empty) that shows the file; it stays empty when it is shown already.
 * Errors of attach_may. */
int attach_judge(const struct pl_doc *d, const struct attach *a, struct pl_cs *cs, uint64_t *ops,
                 struct pl_err *e) PL_MUST;

/* Does the entry show a file with this checksum? */
bool attach_is_shown(const struct pl_doc *d, struct pl_eid entry,
                     const uint8_t sha256[PL_SHA256_BYTES]);

#endif
