// SPDX-License-Identifier: Apache-2.0
/*
 * An edit of one text: a walk over it that retains, inserts and deletes scalars.
 *
 * Canonical form, always: every count > 0; no two neighbours of one kind; insert before delete at
 * the same place; no trailing retain. The empty op is identity. `base_len` is the length of the
 * text the op applies to. In memory a delete may also carry the deleted text (for undo and
 * rollback); on the wire it is a count only.
 *
 * Transform follows ot.js / ot-text-unicode with this tie rule: of two inserts at one place, the
 * LATER committed one goes LEFT. Small ops live inside the struct, so that a keystroke allocates
 * nothing; never copy a pl_op by assignment, use pl_op_copy / pl_op_move.
 */
#ifndef PLIMSOLL_MERGE_OP_H
#define PLIMSOLL_MERGE_OP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "plimsoll/base/buf.h"
#include "plimsoll/base/err.h"
#include "plimsoll/merge/text.h"

enum pl_comp_kind { PL_RETAIN = 0, PL_INSERT = 1, PL_DELETE = 2 };

#define PL_OP_INLINE_COMPS 4
#define PL_OP_INLINE_TEXT  24

struct pl_op {
    uint32_t base_len; /* scalars */
    uint32_t ncomps;
    uint32_t comps_cap; /* 0: inline */
    uint32_t ins_len;   /* bytes of inserted text, all inserts in order */
    uint32_t ins_cap;   /* 0: inline */
    uint32_t del_len;   /* bytes of deleted text kept, all deletes in order */
    uint32_t del_cap;
    uint32_t tail;    /* retained since the last component; written down by the next one */
    bool has_deleted; /* every delete's text is in del */
    union {
        uint64_t inl[PL_OP_INLINE_COMPS]; /* n << 2 | kind */
        uint64_t *heap;
    } comps;
    union {
        uint8_t inl[PL_OP_INLINE_TEXT];
        uint8_t *heap;
    } ins;
    uint8_t *del;
};

/* Identity on a text of base_len scalars. */
void pl_op_init(struct pl_op *op, uint32_t base_len);
void pl_op_release(struct pl_op *op); /* tolerates zeroed */
void pl_op_copy(struct pl_op *dst_uninit, const struct pl_op *src);
/* Moves src into dst (dst uninitialised before, src becomes an empty initialised op). */
void pl_op_move(struct pl_op *dst_uninit, struct pl_op *src);

/* Building, left to right; each call keeps the op canonical. Zero counts are ignored. `deleted`
 * is the text being deleted (or NULL when unknown; then has_deleted becomes false). */
void pl_op_retain(struct pl_op *op, uint32_t n);
void pl_op_insert(struct pl_op *op, const void *utf8, uint32_t nbytes, uint32_t nchars);
void pl_op_delete(struct pl_op *op, uint32_t n, const void *deleted, uint32_t deleted_bytes);

/* A single splice of a text: at pos delete ndel, insert. Reads the deleted text from t. */
void pl_op_splice(struct pl_op *out_uninit, const struct pl_text *t, uint32_t pos, uint32_t ndel,
                  const void *ins, uint32_t ins_bytes);

/* Does it change nothing? Are two the same change? Characters of the text that results. */
bool pl_op_is_noop(const struct pl_op *op);
bool pl_op_eq(const struct pl_op *a, const struct pl_op *b); /* ignores deleted text */
uint32_t pl_op_result_len(const struct pl_op *op);

/* Walking: component i, its count and, for an insert, where its text starts. */
struct pl_op_iter {
    const struct pl_op *op;
    uint32_t i;
    uint32_t ins_off;
    uint32_t del_off;
};
struct pl_comp {
    enum pl_comp_kind kind;
    uint32_t n; /* scalars */
    const uint8_t
        *bytes; /* insert: the text; delete with has_deleted: the deleted text; else NULL */
    uint32_t nbytes;
};
void pl_op_iter_init(struct pl_op_iter *it, const struct pl_op *op);
bool pl_op_iter_next(struct pl_op_iter *it, struct pl_comp *out);

/* Wire form: varints (n << 2 | kind), one per component, preceded by a varint count, then the
 * inserted UTF-8 in order. Decode accepts canonical input only (counts, order, clean text, consumed
 * length <= base_len) and allocates at most in proportion to n. `out` is uninitialised before and,
 * on failure (-PL_E_BADOP, -PL_E_BAD_TEXT, -PL_E_LIMIT), after: nothing to release. */
int pl_op_encode(const struct pl_op *op, struct pl_buf *out) PL_MUST;
int pl_op_decode(struct pl_op *out_uninit, uint32_t base_len, const void *bytes, size_t n,
                 struct pl_err *e) PL_MUST;

/* Applies to t. base_len must equal the text's length, else -PL_E_BADOP and t is unchanged.
 * With `fill_deleted`, op is given the text that it deletes (for undo). */
int pl_op_apply(const struct pl_op *op, struct pl_text *t, struct pl_err *e) PL_MUST;
int pl_op_apply_fill(struct pl_op *op, struct pl_text *t, struct pl_err *e) PL_MUST;

/* out = first a, then b. a's result length must be b's base_len (asserted). */
void pl_op_compose(struct pl_op *out_uninit, const struct pl_op *a, const struct pl_op *b);

/* In place: a = first a, then b. Same result as compose; a keystroke at the end of the last typed
 * run costs no copy of a. */
void pl_op_append(struct pl_op *a, const struct pl_op *b);

/* TP1: given `earlier` (committed first) and `later` on one base, gives later' (to apply after
 * earlier) and earlier' (to apply after later). On insert/insert at one place the later goes left.
 * Either output may be NULL. */
void pl_op_transform(const struct pl_op *later, const struct pl_op *earlier,
                     struct pl_op *later_out_uninit, struct pl_op *earlier_out_uninit);

/* The same in place. A single splice against an op of any size costs a walk over its components but
 * no copy. rebase changes only `later`. */
void pl_op_cross(struct pl_op *later, struct pl_op *earlier);
void pl_op_rebase(struct pl_op *later, const struct pl_op *earlier);

/* Gives op the text that it deletes, read from the text it applies to. Same checks and error as
 * apply; neither t nor, on failure, op changes. */
int pl_op_fill(struct pl_op *op, const struct pl_text *t, struct pl_err *e) PL_MUST;

/* out undoes op; op must have its deleted text (asserted has_deleted or no delete). */
void pl_op_invert(struct pl_op *out_uninit, const struct pl_op *op);

/* Where a position goes through op. LEFT: an insert exactly at pos leaves it before the insert
 * (carets of others' edits: keeps to the character on its left). RIGHT: after it. */
enum pl_affinity { PL_LEFT, PL_RIGHT };
uint32_t pl_op_map_pos(const struct pl_op *op, uint32_t pos, enum pl_affinity aff);

#endif
