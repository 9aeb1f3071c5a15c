// SPDX-License-Identifier: Apache-2.0
/*
 * What was refused, in a form in which it can still be said: for each entry that the changeset
 * wrote to, a text that tells where it was meant to go, why it was refused, and what had been
 * typed; and the entry on which it can stand as a comment.
 */
#ifndef PLIMSOLL_CLIENT_MODEL_OFFER_H
#define PLIMSOLL_CLIENT_MODEL_OFFER_H

#include <stddef.h>

#include "plimsoll/doc/doc.h"

struct offer {
    struct pl_eid about; /* the entry that the refused change wrote to */
    struct pl_eid on; /* visible and can be commented; the review when the entry is gone or new */
    char *text;
};

struct offers {
    struct offer *items;
    size_t n;
};

/* `now`: the review as it is. Nothing typed is left out. */
void offers_of(struct offers *out_uninit, const struct pl_cs *lost, const struct pl_doc *now,
               const char *why);
void offers_release(struct offers *o);

/* "E-9, a new cause": what it was about, in one line, for free(). */
char *offers_about(const struct pl_cs *lost, const struct pl_doc *now);

#endif
