// SPDX-License-Identifier: Apache-2.0
/*
 * Inside of a document, private to proto/doc. Entries live in one hash by id and are never
 * destroyed before the document; each knows its children as an array that is sorted when somebody
 * asks for it, so that applying a changeset costs what it touches and nothing else.
 *
 * Registers and sets are small sorted arrays. Texts stand on the heap one by one, since the
 * document chains those whose hash is stale.
 */
#ifndef PLIMSOLL_PROTO_DOC_INT_H
#define PLIMSOLL_PROTO_DOC_INT_H

#include "plimsoll/base/hash.h"

#define HASH_FUNCTION(k, n, h) ((h) = pl_map_hash((k), (n)))
#include <uthash.h>

#include "plimsoll/doc/doc.h"
#include "plimsoll/doc/schema.h"

/* Map key of an entry: no padding, so that its bytes can be hashed. */
struct eid_key {
    uint64_t client;
    uint64_t n;
};

struct reg {
    uint32_t field;
    struct pl_value value; /* never null: clearing removes the row */
};

struct set_row {
    uint32_t field;
    struct pl_elem elem;
};

struct text_row {
    uint32_t field;
    bool stale; /* hash is not that of text; the row is in the document's chain */
    struct pl_eid eid;
    uint64_t hash;
    struct text_row *next_stale;
    struct pl_text text;
};

struct pl_entry {
    struct eid_key id;
    UT_hash_handle hh;
    struct pl_eid parent_eid;
    struct pl_entry *parent; /* NULL only for the root */
    struct pl_entry **kids;  /* sorted when unsorted == 0 */
    uint32_t kids_n;
    uint32_t kids_cap;
    uint32_t unsorted; /* how many changes of order since the last sort */
    uint32_t kind;
    bool dead;
    struct reg *regs;
    uint32_t regs_n;
    uint32_t regs_cap;
    uint32_t sets_n;
    uint32_t sets_cap;
    struct set_row *sets; /* by field, then element bytes */
    struct text_row **texts;
    uint32_t texts_n;
    uint64_t created_by;
    int64_t created_us;
    int64_t changed_us;
    struct pl_key key;
};

struct pl_doc {
    struct pl_entry *entries; /* uthash */
    struct pl_entry *root;
    struct text_row *stale;
    uint64_t rev;
    uint64_t digest; /* of everything but stale texts */
    size_t text_bytes;
    size_t count;
    uint32_t count_of[PL_KIND_MAX + 1]; /* known kinds, dead ones included */
    int64_t max_no[PL_KIND_MAX + 1];
};

/* --- entry.c: one entry's contents; the digest of the document is kept by these ---- */

struct pl_entry *entry_add(struct pl_doc *d, struct pl_eid eid, uint32_t kind);
void entry_free(struct pl_entry *en); /* contents and struct; the hash is the caller's */
void entry_set_dead(struct pl_doc *d, struct pl_entry *en, bool dead);
void entry_set_reg(struct pl_doc *d, struct pl_entry *en, uint32_t field, const struct pl_value *v);
void entry_set_elem(struct pl_doc *d, struct pl_entry *en, uint32_t field, const struct pl_elem *el,
                    bool in);
/* The text for writing, made when it is not there; marks its hash stale. */
struct text_row *entry_write_text(struct pl_doc *d, struct pl_entry *en, uint32_t field);
struct text_row *entry_find_text(const struct pl_entry *en, uint32_t field);
/* First row of a set and how many follow it. */
const struct set_row *entry_set_rows(const struct pl_entry *en, uint32_t field, size_t *n);
int elem_cmp(const struct pl_elem *a, const struct pl_elem *b);

/* --- words.c: is it this word? Case, '-' and '_' do not matter in what was typed ----- */

bool doc_word_is(const char *s, size_t n, const char *word);

/* --- tree.c ------------------------------------------------------------------------ */

/* Hangs `en` under `parent`, out of where it was. */
void tree_place(struct pl_doc *d, struct pl_entry *en, struct pl_entry *parent,
                const struct pl_key *key);
/* The order of en's siblings may have changed. */
void tree_touch(struct pl_entry *en);

#endif
