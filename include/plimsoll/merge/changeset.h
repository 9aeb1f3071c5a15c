// SPDX-License-Identifier: Apache-2.0
/*
 * A changeset: a sorted map from slots to values, applied atomically as one revision.
 *
 * A slot is an address inside a review: an entry plus what of it (creation, dead flag, place, a
 * register, an element of a set, a text). Only text against text has a real transform; on any other
 * equal slot the later commit wins, and different slots are independent. So transform is a merge
 * join of two sorted arrays.
 *
 * Order: entry id, slot kind, field, element bytes. At most one value a slot.
 */
#ifndef PLIMSOLL_MERGE_CHANGESET_H
#define PLIMSOLL_MERGE_CHANGESET_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "plimsoll/base/buf.h"
#include "plimsoll/base/err.h"
#include "plimsoll/merge/id.h"
#include "plimsoll/merge/op.h"

enum pl_slot_kind {
    PL_SLOT_CREATE = 1, /* kind, parent, key: once per entry */
    PL_SLOT_DEAD = 2,   /* removed (1) or restored (0) */
    PL_SLOT_PLACE = 3,  /* parent, key */
    PL_SLOT_REG = 4,    /* field = value or null */
    PL_SLOT_ELEM = 5,   /* field, elem: in the set (1) or not (0) */
    PL_SLOT_TEXT = 6    /* field: text op */
};

enum pl_value_type { PL_VAL_NULL = 0, PL_VAL_INT = 1, PL_VAL_STR = 2, PL_VAL_EID = 3 };

#define PL_KEY_MAX      64 /* bytes of an order key */
#define PL_ELEM_MAX     64 /* bytes of a set element */
#define PL_CS_SLOTS_MAX 256

/* A register value. STR is owned by whoever owns the struct (heap, NUL-terminated, clean text). */
struct pl_value {
    enum pl_value_type type;
    int64_t i;
    struct pl_eid eid;
    char *str;
    uint32_t str_len;
};

void pl_value_release(struct pl_value *v); /* becomes null */
void pl_value_copy(struct pl_value *dst_uninit, const struct pl_value *src);
bool pl_value_eq(const struct pl_value *a, const struct pl_value *b);
struct pl_value pl_value_int(int64_t i);
struct pl_value pl_value_eid(struct pl_eid eid);
struct pl_value pl_value_str(const char *s, size_t n); /* copies */

/* An order key: bytes compare as order. len 0 only for "none". */
struct pl_key {
    uint8_t len;
    char s[PL_KEY_MAX];
};

struct pl_elem {
    uint8_t len;
    uint8_t b[PL_ELEM_MAX];
};

struct pl_slot {
    enum pl_slot_kind kind;
    struct pl_eid eid;
    uint32_t field;        /* REG, ELEM, TEXT; else 0 */
    struct pl_elem elem;   /* ELEM; else len 0 */
    uint32_t create_kind;  /* CREATE: section of the entry */
    struct pl_eid parent;  /* CREATE, PLACE */
    struct pl_key key;     /* CREATE, PLACE */
    bool flag;             /* DEAD, ELEM */
    struct pl_value value; /* REG */
    struct pl_op op;       /* TEXT */
};

struct pl_cs {
    struct pl_slot **slots; /* sorted; each on the heap */
    uint32_t n;
    uint32_t cap;
};

/* An empty changeset is embedded by its owner and holds its slots on the heap. Copies are deep. */
void pl_cs_init(struct pl_cs *cs);
void pl_cs_release(struct pl_cs *cs); /* tolerates zeroed; leaves empty */
void pl_cs_copy(struct pl_cs *dst_uninit, const struct pl_cs *src);
void pl_cs_move(struct pl_cs *dst_uninit, struct pl_cs *src); /* src becomes empty */
bool pl_cs_is_empty(const struct pl_cs *cs);
bool pl_cs_eq(const struct pl_cs *a, const struct pl_cs *b);

/* The order of slots in a changeset and on the wire: negative, 0 (same slot) or positive. */
int pl_slot_cmp(const struct pl_slot *a, const struct pl_slot *b);

/* Puts one slot, composing with what is there (same slot: text composes, others replace).
 * take_slot is emptied. Used by the builders and by decode (decode first checks strict order). */
void pl_cs_put(struct pl_cs *cs, struct pl_slot *take_slot);

/* Builders. Each composes into cs. */
void pl_cs_create(struct pl_cs *cs, struct pl_eid eid, uint32_t kind, struct pl_eid parent,
                  const struct pl_key *key);
void pl_cs_dead(struct pl_cs *cs, struct pl_eid eid, bool dead);
void pl_cs_place(struct pl_cs *cs, struct pl_eid eid, struct pl_eid parent,
                 const struct pl_key *key);
void pl_cs_reg(struct pl_cs *cs, struct pl_eid eid, uint32_t field, const struct pl_value *v);
void pl_cs_elem(struct pl_cs *cs, struct pl_eid eid, uint32_t field, const void *elem, size_t n,
                bool in);
void pl_cs_text(struct pl_cs *cs, struct pl_eid eid, uint32_t field, struct pl_op *take_op);

/* The slot with this address, borrowed until the changeset changes; NULL if it is not there. */
const struct pl_slot *pl_cs_find(const struct pl_cs *cs, enum pl_slot_kind kind, struct pl_eid eid,
                                 uint32_t field, const struct pl_elem *elem_or_null);

/* a = first a, then b. No-op texts are dropped. CREATE on CREATE of one entry: -PL_E_BADOP and a is
 * unchanged. */
int pl_cs_compose(struct pl_cs *a, const struct pl_cs *b, struct pl_err *e) PL_MUST;

/* In place: later becomes later', earlier becomes earlier' (what later's own client applies to its
 * view: on equal non-text slots nothing). CREATE against CREATE of one entry: -PL_E_BADOP.
 * pl_cs_rebase changes only `later`, for the server and for catch-up over const history. */
int pl_cs_transform(struct pl_cs *later, struct pl_cs *earlier, struct pl_err *e) PL_MUST;
int pl_cs_rebase(struct pl_cs *later, const struct pl_cs *earlier, struct pl_err *e) PL_MUST;

/* What inversion and undo must know of the state before the changeset. */
struct pl_state_view {
    /* Each returns false if the entry does not exist. Borrowed results live until the state
     * changes. */
    bool (*reg)(void *ctx, struct pl_eid eid, uint32_t field, const struct pl_value **v);
    bool (*place)(void *ctx, struct pl_eid eid, struct pl_eid *parent, const struct pl_key **key);
    bool (*dead)(void *ctx, struct pl_eid eid, bool *dead);
    bool (*elem)(void *ctx, struct pl_eid eid, uint32_t field, const struct pl_elem *el, bool *in);
    const struct pl_text *(*text)(void *ctx, struct pl_eid eid, uint32_t field); /* NULL: empty */
    void *ctx;
};

/* out undoes cs, given the state BEFORE cs. CREATE is undone by DEAD=1. */
void pl_cs_invert(struct pl_cs *out_uninit, const struct pl_cs *cs,
                  const struct pl_state_view *before);

/* Gives every delete of every text op its deleted text, from the state before. -PL_E_BADOP if an op
 * does not fit. */
int pl_cs_fill_deleted(struct pl_cs *cs, const struct pl_state_view *before,
                       struct pl_err *e) PL_MUST;

#endif
