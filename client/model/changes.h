// SPDX-License-Identifier: Apache-2.0
/*
 * What one revision did, as a list of changes that a person can read: which entry, which field,
 * from what to what. The same for every screen and verb that shows history.
 *
 * Made from the document before the revision and the revision itself; names of entries and people
 * come from a later document, since numbers are given after an entry is made. Nothing here fails;
 * strings are the list's and never NULL.
 */
#ifndef PLIMSOLL_CLIENT_MODEL_CHANGES_H
#define PLIMSOLL_CLIENT_MODEL_CHANGES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "plimsoll/base/buf.h"
#include "plimsoll/doc/doc.h"

enum change_kind {
    CHANGE_ADD,     /* made; `to` is its label */
    CHANGE_REMOVE,  /* `from` is its label */
    CHANGE_RESTORE, /* `to` is its label */
    CHANGE_MOVE, /* from and to: the entry above ("review"), the same when only the order changed */
    CHANGE_SET,  /* from, to: values as they are typed, "" when unset */
    CHANGE_PUT,  /* `to` came into a set */
    CHANGE_TAKE, /* `from` went out of it */
    CHANGE_TEXT  /* from: what was deleted, to: what was inserted; `diff` both in their place */
};

struct change {
    enum change_kind kind;
    struct pl_eid eid;
    uint32_t entry_kind;
    char id[PL_SHORT_ID_MAX];     /* "E-9", "review", or the kind while there is no number */
    const struct pl_field *field; /* SET, PUT, TAKE, TEXT; else NULL */
    char *from, *to, *diff;
    bool is_part;  /* of an entry that the same revision makes */
    bool is_quiet; /* bookkeeping that goes with something else: a number, a time of an act */
    char *words;   /* a phrase without a subject: "moved the review to in session" */
};

struct changes {
    struct change *items;
    size_t n, cap;
};

/* `before`: the document that cs applies to. `now`: for names; may be `before`. */
void changes_of(struct changes *out_uninit, const struct pl_doc *before, const struct pl_cs *cs,
                const struct pl_doc *now);
/* The change of one text between two contents, as if one revision had made it. */
void changes_of_text(struct changes *out_uninit, const struct pl_doc *now, struct pl_eid eid,
                     const struct pl_field *f, const char *from, const char *to);
void changes_release(struct changes *cs); /* tolerates zeroed */

/* The phrases joined by ", ", without parts and quiet ones, at most `max` of them ("and 3 more"),
 * for free(). Only those of `eid` and of `field`, when not NULL; then parts count, too. "" when
 * nothing is to be told. */
char *changes_words(const struct changes *cs, const struct pl_eid *eid,
                    const struct pl_field *field, size_t max);

/* "…took [-ten-]{+two+} minutes…": what op does to `text`, with a little of what stands around it.
 * Appends; -PL_E_LIMIT when out is full. */
int changes_diff(const struct pl_op *op, const char *text, struct pl_buf *out) PL_MUST;

/* "review", "E-9", or the name of the kind while it has no number. */
void changes_entry_name(const struct pl_doc *now, struct pl_eid eid, uint32_t kind,
                        char out[PL_SHORT_ID_MAX]);

/* Fills c->words and c->is_quiet; in changes_words.c. */
void change_word(struct change *c, const struct pl_doc *now);

#endif
