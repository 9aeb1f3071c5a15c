// SPDX-License-Identifier: Apache-2.0
/*
 * The hash tree of the audit log, as RFC 9162 section 2.1 (the same tree as RFC 6962): leaves are
 * only added, a root commits to all of them, and short proofs show that a leaf is in a tree or that
 * a tree continues an older one. Sizes are up to 2^62 leaves. Pure: nodes come from a callback.
 */
#ifndef PLIMSOLL_TLOG_TREE_H
#define PLIMSOLL_TLOG_TREE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "plimsoll/base/err.h"
#include "plimsoll/base/hash.h"

#define PL_TREE_MAX  (UINT64_C(1) << 62)
#define PL_PROOF_MAX 64 /* hashes of the longest proof */

struct pl_hash {
    uint8_t b[PL_SHA256_BYTES];
};

/* SHA-256(00 || leaf) and SHA-256(01 || left || right). */
struct pl_hash pl_tree_leaf(const void *leaf, size_t n);
struct pl_hash pl_tree_node(const struct pl_hash *left, const struct pl_hash *right);
/* The root of a tree without leaves: SHA-256 of nothing. */
struct pl_hash pl_tree_empty(void);
bool pl_hash_equal(const struct pl_hash *a, const struct pl_hash *b);

/* What is needed to go on adding: the root of the complete subtree for each bit of the size. */
struct pl_tree {
    uint64_t size;
    struct pl_hash peak[63]; /* peak[i] counts if bit i of size is set */
};

/* A complete node came into being: `index` counts the nodes of `level` from the left, level 0 are
 * the leaf hashes. */
typedef void (*pl_tree_node_cb)(void *ctx, unsigned level, uint64_t index, const struct pl_hash *h);

/* Adds a leaf hash. `made` (NULL ok) gets every node that is complete now, the leaf first. */
void pl_tree_add(struct pl_tree *t, const struct pl_hash *leaf, pl_tree_node_cb made, void *ctx);
struct pl_hash pl_tree_root(const struct pl_tree *t);

struct pl_proof {
    size_t n;
    struct pl_hash h[PL_PROOF_MAX];
};

/* Gives the complete node `index` of `level`; false when it cannot. */
typedef bool (*pl_tree_read_cb)(void *ctx, unsigned level, uint64_t index, struct pl_hash *out);

/* That leaf `index` is in the tree of `size` leaves; that the tree of `size` continues that of
 * `old` (RFC 9162 2.1.3.1, 2.1.4.1). -PL_E_INVALID for numbers that do not fit, -PL_E_NOENT when a
 * node cannot be read. At most 2 log2(size) nodes are asked for. */
int pl_tree_prove_leaf(uint64_t size, uint64_t index, pl_tree_read_cb read, void *ctx,
                       struct pl_proof *out, struct pl_err *e) PL_MUST;
int pl_tree_prove_growth(uint64_t old, uint64_t size, pl_tree_read_cb read, void *ctx,
                         struct pl_proof *out, struct pl_err *e) PL_MUST;

/* Root of the first `size` leaves, from complete nodes. */
int pl_tree_root_of(uint64_t size, pl_tree_read_cb read, void *ctx, struct pl_hash *out,
                    struct pl_err *e) PL_MUST;

/* Checks of these proofs (RFC 9162 2.1.3.2, 2.1.4.2): 0 or -PL_E_INVALID with the reason. */
int pl_tree_check_leaf(uint64_t size, uint64_t index, const struct pl_hash *leaf,
                       const struct pl_proof *p, const struct pl_hash *root,
                       struct pl_err *e) PL_MUST;
int pl_tree_check_growth(uint64_t old, uint64_t size, const struct pl_hash *old_root,
                         const struct pl_hash *root, const struct pl_proof *p,
                         struct pl_err *e) PL_MUST;

#endif
