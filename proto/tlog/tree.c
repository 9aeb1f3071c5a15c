// SPDX-License-Identifier: Apache-2.0
/*
 * The hash tree (tlog/tree.h). RFC 9162 defines it by recursion; here each walk goes down from the
 * root in a loop, and a range that is not complete is the fold of its complete parts.
 */
#include "plimsoll/tlog/tree.h"

#include <string.h>

struct pl_hash pl_tree_leaf(const void *leaf, size_t n)
{
    static const uint8_t tag = 0;
    struct pl_sha256 s;
    struct pl_hash h;
    pl_sha256_init(&s);
    pl_sha256_update(&s, &tag, 1);
    pl_sha256_update(&s, leaf, n);
    pl_sha256_final(&s, h.b);
    return h;
}

struct pl_hash pl_tree_node(const struct pl_hash *left, const struct pl_hash *right)
{
    static const uint8_t tag = 1;
    struct pl_sha256 s;
    struct pl_hash h;
    pl_sha256_init(&s);
    pl_sha256_update(&s, &tag, 1);
    pl_sha256_update(&s, left->b, sizeof(left->b));
    pl_sha256_update(&s, right->b, sizeof(right->b));
    pl_sha256_final(&s, h.b);
    return h;
}

struct pl_hash pl_tree_empty(void)
{
    struct pl_hash h;
    pl_sha256("", 0, h.b);
    return h;
}

bool pl_hash_equal(const struct pl_hash *a, const struct pl_hash *b)
{
    return memcmp(a->b, b->b, sizeof(a->b)) == 0;
}

void pl_tree_add(struct pl_tree *t, const struct pl_hash *leaf, pl_tree_node_cb made, void *ctx)
{
    PL_ASSERT(t->size < PL_TREE_MAX);
    struct pl_hash h = *leaf;
    unsigned level = 0;
    if (made != NULL) {
        made(ctx, 0, t->size, &h);
    }
    for (; (t->size >> level & 1) != 0; level++) {
        h = pl_tree_node(&t->peak[level], &h);
        if (made != NULL) {
            made(ctx, level + 1, t->size >> (level + 1), &h);
        }
    }
    t->peak[level] = h;
    t->size++;
}

struct pl_hash pl_tree_root(const struct pl_tree *t)
{
    bool has = false;
    struct pl_hash h = pl_tree_empty();
    for (unsigned level = 0; level < 63; level++) {
        if ((t->size >> level & 1) != 0) {
            h = has ? pl_tree_node(&t->peak[level], &h) : t->peak[level];
            has = true;
        }
    }
    return h;
}

/* ---- proofs -----------------------------------------------------------------------------------
 */

struct walk {
    pl_tree_read_cb read;
    void *ctx;
    struct pl_err *e;
};

/* The hash of leaves [lo, lo + n): lo is a multiple of the power of two that is at least n. */
static int range(const struct walk *w, uint64_t lo, uint64_t n, struct pl_hash *out)
{
    struct pl_hash part;
    bool has = false;
    uint64_t end = lo + n;
    for (unsigned level = 0; n != 0; level++) {
        if ((n >> level & 1) == 0) {
            continue;
        }
        n ^= UINT64_C(1) << level;
        end -= UINT64_C(1) << level;
        if (!w->read(w->ctx, level, end >> level, &part)) {
            return pl_fail(w->e, PL_E_NOENT, "node %llu of level %u of the log is missing",
                           (unsigned long long)(end >> level), level);
        }
        *out = has ? pl_tree_node(&part, out) : part;
        has = true;
    }
    return 0;
}

/* The greatest power of two below n; n > 1. */
static uint64_t split(uint64_t n)
{
    uint64_t k = 1;
    while (k < n - k) {
        k *= 2;
    }
    return k;
}

static void reverse(struct pl_proof *p)
{
    for (size_t i = 0; i < p->n / 2; i++) {
        struct pl_hash h = p->h[i];
        p->h[i] = p->h[p->n - 1 - i];
        p->h[p->n - 1 - i] = h;
    }
}

int pl_tree_prove_leaf(uint64_t size, uint64_t index, pl_tree_read_cb read, void *ctx,
                       struct pl_proof *out, struct pl_err *e)
{
    const struct walk w = {read, ctx, e};
    uint64_t lo = 0;
    uint64_t n = size;
    out->n = 0;
    if (index >= size || size > PL_TREE_MAX) {
        return pl_fail(e, PL_E_INVALID, "there is no leaf %llu in a log of %llu",
                       (unsigned long long)index, (unsigned long long)size);
    }
    while (n > 1) {
        uint64_t k = split(n);
        bool left = index - lo < k;
        int rc =
            left ? range(&w, lo + k, n - k, &out->h[out->n]) : range(&w, lo, k, &out->h[out->n]);
        if (rc != 0) {
            return rc;
        }
        out->n++;
        lo += left ? 0 : k;
        n = left ? k : n - k;
    }
    reverse(out);
    return 0;
}

int pl_tree_prove_growth(uint64_t old, uint64_t size, pl_tree_read_cb read, void *ctx,
                         struct pl_proof *out, struct pl_err *e)
{
    const struct walk w = {read, ctx, e};
    uint64_t lo = 0;
    uint64_t m = old;
    uint64_t n = size;
    int rc = 0;
    out->n = 0;
    if (old > size || size > PL_TREE_MAX) {
        return pl_fail(e, PL_E_INVALID, "a log of %llu leaves has not grown to %llu",
                       (unsigned long long)old, (unsigned long long)size);
    }
    if (old == 0 || old == size) {
        return 0;
    }
    while (m != n && rc == 0) {
        uint64_t k = split(n);
        bool left = m <= k;
        rc = left ? range(&w, lo + k, n - k, &out->h[out->n]) : range(&w, lo, k, &out->h[out->n]);
        out->n++;
        lo += left ? 0 : k;
        m -= left ? 0 : k;
        n = left ? k : n - k;
    }
    /* The subtree where both end: known to whoever has the old root, if it is the whole old tree.
     */
    if (rc == 0 && lo != 0) {
        rc = range(&w, lo, n, &out->h[out->n++]);
    }
    reverse(out);
    return rc;
}

int pl_tree_root_of(uint64_t size, pl_tree_read_cb read, void *ctx, struct pl_hash *out,
                    struct pl_err *e)
{
    const struct walk w = {read, ctx, e};
    *out = pl_tree_empty();
    if (size > PL_TREE_MAX) {
        return pl_fail(e, PL_E_INVALID, "a log has at most 2^62 leaves");
    }
    return range(&w, 0, size, out);
}

/* ---- checking ---------------------------------------------------------------------------------
 */

static int bad(struct pl_err *e, const char *what)
{
    return pl_fail(e, PL_E_INVALID, "the proof does not hold: %s", what);
}

int pl_tree_check_leaf(uint64_t size, uint64_t index, const struct pl_hash *leaf,
                       const struct pl_proof *p, const struct pl_hash *root, struct pl_err *e)
{
    if (index >= size) {
        return bad(e, "the leaf is behind the end of the log");
    }
    uint64_t fn = index;
    uint64_t sn = size - 1;
    struct pl_hash r = *leaf;
    for (size_t i = 0; i < p->n; i++) {
        if (sn == 0) {
            return bad(e, "it is too long");
        }
        if ((fn & 1) != 0 || fn == sn) {
            r = pl_tree_node(&p->h[i], &r);
            while ((fn & 1) == 0 && fn != 0) {
                fn >>= 1;
                sn >>= 1;
            }
        } else {
            r = pl_tree_node(&r, &p->h[i]);
        }
        fn >>= 1;
        sn >>= 1;
    }
    if (sn != 0) {
        return bad(e, "it is too short");
    }
    return pl_hash_equal(&r, root) ? 0 : bad(e, "it leads to another root");
}

/* RFC 9162 2.1.4.2 from step 2 on: `first` is the hash that both trees share. */
static int grow(uint64_t old, uint64_t size, const struct pl_hash *want_old,
                const struct pl_hash *want, const struct pl_proof *p, struct pl_err *e)
{
    uint64_t fn = old - 1;
    uint64_t sn = size - 1;
    size_t i = 0;
    while ((fn & 1) != 0) {
        fn >>= 1;
        sn >>= 1;
    }
    bool whole = (old & (old - 1)) == 0; /* the old tree is one complete subtree of the new one */
    if (!whole && p->n == 0) {
        return bad(e, "it is empty");
    }
    struct pl_hash fr = whole ? *want_old : p->h[i++];
    struct pl_hash sr = fr;
    for (; i < p->n; i++) {
        if (sn == 0) {
            return bad(e, "it is too long");
        }
        if ((fn & 1) != 0 || fn == sn) {
            fr = pl_tree_node(&p->h[i], &fr);
            sr = pl_tree_node(&p->h[i], &sr);
            while ((fn & 1) == 0 && fn != 0) {
                fn >>= 1;
                sn >>= 1;
            }
        } else {
            sr = pl_tree_node(&sr, &p->h[i]);
        }
        fn >>= 1;
        sn >>= 1;
    }
    if (sn != 0) {
        return bad(e, "it is too short");
    }
    if (!pl_hash_equal(&fr, want_old)) {
        return bad(e, "it leads to another old root");
    }
    return pl_hash_equal(&sr, want) ? 0 : bad(e, "it leads to another root");
}

int pl_tree_check_growth(uint64_t old, uint64_t size, const struct pl_hash *old_root,
                         const struct pl_hash *root, const struct pl_proof *p, struct pl_err *e)
{
    if (old > size) {
        return bad(e, "the log has become shorter");
    }
    if (old == size) {
        struct pl_hash empty = pl_tree_empty();
        if (p->n != 0) {
            return bad(e, "it is too long");
        }
        if (old == 0 && !pl_hash_equal(old_root, &empty)) {
            return bad(e, "an empty log has another root");
        }
        return pl_hash_equal(old_root, root) ? 0 : bad(e, "one size, two roots");
    }
    if (old == 0) {
        return bad(e, "every log continues an empty one: nothing would be shown");
    }
    return grow(old, size, old_root, root, p, e);
}
