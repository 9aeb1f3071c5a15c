// SPDX-License-Identifier: Apache-2.0
/*
 * The tree of entries: who hangs where, in which order, and who can be seen. The children of an
 * entry are sorted by kind, then (events) by happened_at, then by key and id; sorting is put off
 * until somebody reads, and after few changes it is an insertion pass over an almost sorted array.
 * A view with local edits may hold a cycle for a moment: nothing here follows one.
 */
#include "doc_int.h"

#include <stdlib.h>
#include <string.h>

#include "plimsoll/base/mem.h"
#include "plimsoll/merge/digest.h"
#include "plimsoll/merge/orderkey.h"

#define FEW_CHANGES 8 /* up to here an insertion pass is cheaper than a full sort */

static int64_t sort_time(const struct pl_entry *en)
{
    return en->kind == PL_KIND_EVENT ? pl_entry_int(en, PL_F_EVENT_HAPPENED_AT, INT64_MAX) : 0;
}

static int order_cmp(const struct pl_entry *a, const struct pl_entry *b)
{
    if (a->kind != b->kind)
        return a->kind < b->kind ? -1 : 1;
    int64_t ta = sort_time(a);
    int64_t tb = sort_time(b);
    if (ta != tb)
        return ta < tb ? -1 : 1;
    int c = pl_key_cmp(&a->key, &b->key);
    return c != 0 ? c : pl_eid_cmp(pl_entry_eid(a), pl_entry_eid(b));
}

static int order_qsort(const void *a, const void *b)
{
    return order_cmp(*(struct pl_entry *const *)a, *(struct pl_entry *const *)b);
}

static void insertion_pass(struct pl_entry **v, uint32_t n)
{
    for (uint32_t i = 1; i < n; i++) {
        struct pl_entry *en = v[i];
        uint32_t at = i;
        while (at > 0 && order_cmp(v[at - 1], en) > 0) {
            v[at] = v[at - 1];
            at--;
        }
        v[at] = en;
    }
}

static void sort_kids(struct pl_entry *en)
{
    if (en->unsorted == 0)
        return;
    if (en->unsorted <= FEW_CHANGES)
        insertion_pass(en->kids, en->kids_n);
    else
        qsort(en->kids, en->kids_n, sizeof(struct pl_entry *), order_qsort);
    en->unsorted = 0;
}

void tree_touch(struct pl_entry *en)
{
    if (en->parent != NULL && en->parent->unsorted < UINT32_MAX)
        en->parent->unsorted++;
}

static void take_out(struct pl_entry *en)
{
    struct pl_entry *p = en->parent;

    for (uint32_t i = p->kids_n; i-- > 0;) {
        if (p->kids[i] == en) {
            p->kids_n--;
            memmove(&p->kids[i], &p->kids[i + 1], (p->kids_n - i) * sizeof(struct pl_entry *));
            return;
        }
    }
    PL_BUG("entry is not among its parent's children");
}

void tree_place(struct pl_doc *d, struct pl_entry *en, struct pl_entry *parent,
                const struct pl_key *key)
{
    struct pl_eid eid = pl_entry_eid(en);

    if (en->parent != NULL)
        d->digest ^= pl_digest_place(eid, en->parent_eid, &en->key);
    if (en->parent != parent) {
        if (en->parent != NULL)
            take_out(en);
        if (parent->kids_n == parent->kids_cap) {
            parent->kids_cap = parent->kids_cap != 0 ? parent->kids_cap * 2 : 4;
            parent->kids = pl_xrealloc(parent->kids, parent->kids_cap, sizeof(struct pl_entry *));
        }
        parent->kids[parent->kids_n++] = en;
        en->parent = parent;
        en->parent_eid = pl_entry_eid(parent);
    }
    en->key = *key;
    tree_touch(en);
    d->digest ^= pl_digest_place(eid, en->parent_eid, &en->key);
}

struct pl_entry *pl_doc_root(const struct pl_doc *d)
{
    return d->root;
}

struct pl_entry *pl_doc_entry(const struct pl_doc *d, struct pl_eid eid)
{
    struct eid_key id = {eid.client, eid.n};
    struct pl_entry *en = NULL;

    HASH_FIND(hh, d->entries, &id, sizeof id, en);
    return en;
}

struct pl_entry *pl_doc_find_no(const struct pl_doc *d, uint32_t kind, int64_t no)
{
    for (struct pl_entry *en = d->entries; en != NULL; en = en->hh.next) {
        if (en->kind == kind && pl_entry_int(en, PL_F_NO, 0) == no && no > 0)
            return en;
    }
    return NULL;
}

bool pl_entry_is_visible(const struct pl_doc *d, const struct pl_entry *en)
{
    const struct pl_entry *slow = en;
    uint32_t steps = 0;

    /* The slow walker takes every second step, the first one when the fast one has taken two: it
     * meets the fast one only in a cycle. */
    for (const struct pl_entry *up = en; up != NULL; up = up->parent, steps++) {
        if (up->dead)
            return false;
        if (up == d->root)
            return true;
        if (steps >= 2 && steps % 2 == 0) {
            slow = slow->parent;
            if (slow == up)
                return false;
        }
    }
    return false;
}

/* The run of children of one kind (0: all) in the sorted array. */
static uint32_t kind_begin(const struct pl_entry *p, uint32_t kind)
{
    uint32_t lo = 0;
    uint32_t hi = p->kids_n;

    while (lo < hi) {
        uint32_t mid = lo + (hi - lo) / 2;
        if (p->kids[mid]->kind < kind)
            lo = mid + 1;
        else
            hi = mid;
    }
    return lo;
}

static size_t add_kids(struct pl_entry *p, uint32_t kind, struct pl_entry **out, size_t max)
{
    size_t n = 0;

    sort_kids(p);
    for (uint32_t i = kind_begin(p, kind); i < p->kids_n; i++) {
        struct pl_entry *en = p->kids[i];
        if (kind != 0 && en->kind != kind)
            break;
        if (en->dead)
            continue;
        if (n < max)
            out[n] = en;
        n++;
    }
    return n;
}

size_t pl_doc_children(const struct pl_doc *d, struct pl_eid parent, uint32_t kind,
                       struct pl_entry **out, size_t max)
{
    struct pl_entry *p = pl_doc_entry(d, parent);

    if (p == NULL || !pl_entry_is_visible(d, p))
        return 0;
    return add_kids(p, kind, out, max);
}

/* Walks what can be seen, parents before children, with a stack of places in children arrays. An
 * entry has one parent and the root none, so a walk from the root meets no cycle. */
struct walk {
    struct walk_frame {
        struct pl_entry *en;
        uint32_t next;
    } * frames;
    size_t n;
    size_t cap;
};

static void walk_push(struct walk *w, struct pl_entry *en)
{
    if (w->n == w->cap) {
        w->cap = w->cap != 0 ? w->cap * 2 : 16;
        w->frames = pl_xrealloc(w->frames, w->cap, sizeof *w->frames);
    }
    sort_kids(en);
    w->frames[w->n++] = (struct walk_frame){en, 0};
}

static struct pl_entry *walk_next(struct walk *w)
{
    while (w->n > 0) {
        struct walk_frame *top = &w->frames[w->n - 1];
        if (top->next == top->en->kids_n) {
            w->n--;
            continue;
        }
        struct pl_entry *kid = top->en->kids[top->next++];
        if (kid->dead)
            continue;
        walk_push(w, kid);
        return kid;
    }
    return NULL;
}

size_t pl_doc_list(const struct pl_doc *d, uint32_t kind, struct pl_entry **out, size_t max)
{
    const struct pl_kind_info *info = pl_kind_info(kind);
    struct walk w = {.n = 0};
    size_t n = 0;

    if (d->root->dead)
        return 0;
    if (kind == PL_KIND_REVIEW) {
        if (max > 0)
            out[0] = d->root;
        return 1;
    }
    if (info != NULL && info->parents == 1U << PL_KIND_REVIEW)
        return add_kids(d->root, kind, out, max);
    walk_push(&w, d->root);
    for (struct pl_entry *en = walk_next(&w); en != NULL; en = walk_next(&w)) {
        if (kind != 0 && en->kind != kind)
            continue;
        if (n < max)
            out[n] = en;
        n++;
    }
    free(w.frames);
    return n;
}

void pl_doc_each(const struct pl_doc *d, void (*cb)(void *ctx, struct pl_entry *en), void *ctx)
{
    for (struct pl_entry *en = d->entries; en != NULL; en = en->hh.next)
        cb(ctx, en);
}

int pl_doc_place_after(const struct pl_doc *d, struct pl_eid parent, const struct pl_entry *after,
                       bool at_end, struct pl_eid for_eid, struct pl_key *out, struct pl_err *e)
{
    const struct pl_entry *p = pl_doc_entry(d, parent);
    const struct pl_key *lo = after != NULL ? &after->key : NULL;
    const struct pl_key *hi = NULL;

    if (p == NULL)
        return pl_fail(e, PL_E_NOENT, "there is no such place");
    for (uint32_t i = 0; i < p->kids_n; i++) {
        const struct pl_key *key = &p->kids[i]->key;
        if (pl_eid_eq(pl_entry_eid(p->kids[i]), for_eid))
            continue;
        if (after == NULL && at_end) {
            if (lo == NULL || pl_key_cmp(key, lo) > 0)
                lo = key;
        } else if ((lo == NULL || pl_key_cmp(key, lo) > 0) &&
                   (hi == NULL || pl_key_cmp(key, hi) < 0)) {
            hi = key;
        }
    }
    return pl_key_between(out, lo, hi, for_eid.client, for_eid.n, e);
}
