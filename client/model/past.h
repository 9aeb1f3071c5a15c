// SPDX-License-Identifier: Apache-2.0
/*
 * A review as it stood at a moment: which moment is meant, and the document grown from its first
 * revision up to it. Who feeds it brings the revisions in order (pages of History); nothing here
 * asks a server.
 */
#ifndef PLIMSOLL_CLIENT_MODEL_PAST_H
#define PLIMSOLL_CLIENT_MODEL_PAST_H

#include <stdbool.h>
#include <stdint.h>

#include "plimsoll/base/err.h"
#include "plimsoll/doc/doc.h"
#include "plimsoll/wire/message.h"

/* A moment: a revision, or the last one that was made up to a time. */
struct past_point {
    uint64_t rev;  /* 0: by time */
    int64_t at_us; /* by time */
};

/* "120", or a time in RFC 3339. -PL_E_USAGE says what is expected. */
int past_parse(const char *s, struct past_point *out, struct pl_err *e) PL_MUST;

/* Does the revision lie behind the moment? Revisions are in order of number; of time, too, but for
 * clocks that were set back. */
bool past_is_beyond(const struct past_point *p, const struct pl_rev *r);

/* Applies a revision to a document that stands at the one before. -PL_E_BAD_STATE when one is
 * missing in between. */
int past_apply(struct pl_doc *d, const struct pl_rev *r, struct pl_err *e) PL_MUST;

/* 0 when the document `d`, grown up to `p`, is what was asked for; else -PL_E_NOENT with the
 * reason: there is no such revision (yet), or there was no review at that time. `head`: the newest
 * one. */
int past_check(const struct past_point *p, const struct pl_doc *d, uint64_t review, uint64_t head,
               struct pl_err *e) PL_MUST;

#endif
