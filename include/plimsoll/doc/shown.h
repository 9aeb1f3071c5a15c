// SPDX-License-Identifier: Apache-2.0
/*
 * What a person looks at when he signs an act on a review, as one hash: the client takes it of its
 * copy, shows the same and has it signed; the server takes it of the newest state. They are equal
 * only if nothing of it changed in between. It is the entries that the act is about with all their
 * fields, and the reason that is given; proto/README.md has the bytes.
 *
 * The salt is that of the statement: without it the hash of a short text could be guessed.
 */
#ifndef PLIMSOLL_DOC_SHOWN_H
#define PLIMSOLL_DOC_SHOWN_H

#include <stdint.h>

#include "plimsoll/base/err.h"
#include "plimsoll/doc/doc.h"

#define PL_SHOWN_BYTES 32
#define PL_SHOWN_SALT  16

struct pl_shown {
    uint32_t act;        /* PL_ACT_...; 0: asking to erase */
    struct pl_eid entry; /* the root: the review */
    uint32_t field;      /* asking to erase: its number, 0: all of the entry */
    const char *text;    /* the reason as it is sent, "" for none */
};

/* SHA-256 of what is shown. Verifying and dropping an action: the entry and its evidence; closing:
 * the whole review, removed entries too; otherwise the entry, nothing for the review itself.
 * -PL_E_NOENT: there is no such entry. */
int pl_shown_hash(const struct pl_doc *d, const struct pl_shown *s,
                  const uint8_t salt[PL_SHOWN_SALT], uint8_t out[PL_SHOWN_BYTES],
                  struct pl_err *e) PL_MUST;

/* The number that a statement on this act names as its object: of an action A-n its n, of a closing
 * the review, of a waiver the number of the check, of an erasure the short number of the entry. */
uint64_t pl_shown_object(const struct pl_doc *d, const struct pl_shown *s, uint64_t review);

#endif
