// SPDX-License-Identifier: Apache-2.0
/*
 * The changeset as a map from slots to values: values, order of slots, putting and finding, the
 * builders, and composition.
 *
 * Slots stand on the heap, one allocation each, behind a sorted array of pointers: a changeset of a
 * keystroke is one slot, and moving slots between changesets moves pointers. A put into an occupied
 * slot composes texts and replaces anything else; a text that became a no-op leaves the map.
 */
#include "plimsoll/merge/changeset.h"

#include <stdlib.h>
#include <string.h>

#include "plimsoll/base/mem.h"

#include "slot.h"

void pl_value_release(struct pl_value *v)
{
    free(v->str);
    *v = (struct pl_value){.type = PL_VAL_NULL};
}

void pl_value_copy(struct pl_value *dst, const struct pl_value *src)
{
    *dst = *src;
    if (src->type == PL_VAL_STR)
        *dst = pl_value_str(src->str, src->str_len);
    else
        dst->str = NULL;
}

bool pl_value_eq(const struct pl_value *a, const struct pl_value *b)
{
    if (a->type != b->type)
        return false;
    switch (a->type) {
    case PL_VAL_NULL:
        return true;
    case PL_VAL_INT:
        return a->i == b->i;
    case PL_VAL_STR:
        return a->str_len == b->str_len && memcmp(a->str, b->str, a->str_len) == 0;
    case PL_VAL_EID:
        return pl_eid_eq(a->eid, b->eid);
    }
    PL_BUG("value type");
}

struct pl_value pl_value_int(int64_t i)
{
    return (struct pl_value){.type = PL_VAL_INT, .i = i};
}

struct pl_value pl_value_eid(struct pl_eid eid)
{
    return (struct pl_value){.type = PL_VAL_EID, .eid = eid};
}

struct pl_value pl_value_str(const char *s, size_t n)
{
    PL_ASSERT(n < UINT32_MAX);
    struct pl_value v = {.type = PL_VAL_STR, .str = pl_xmalloc(n + 1), .str_len = (uint32_t)n};
    if (n > 0)
        memcpy(v.str, s, n);
    v.str[n] = '\0';
    return v;
}

static int compare_bytes(const uint8_t *a, size_t an, const uint8_t *b, size_t bn)
{
    int c = memcmp(a, b, an < bn ? an : bn);
    return c != 0 ? c : (an > bn) - (an < bn);
}

int pl_slot_cmp(const struct pl_slot *a, const struct pl_slot *b)
{
    int c = pl_eid_cmp(a->eid, b->eid);
    if (c != 0)
        return c;
    if (a->kind != b->kind)
        return a->kind < b->kind ? -1 : 1;
    if (a->field != b->field)
        return a->field < b->field ? -1 : 1;
    if (a->elem.len == 0 && b->elem.len == 0)
        return 0;
    return compare_bytes(a->elem.b, a->elem.len, b->elem.b, b->elem.len);
}

void slot_free(struct pl_slot *s)
{
    free(s->value.str);
    pl_op_release(&s->op);
    free(s);
}

struct pl_slot *slot_copy(const struct pl_slot *s)
{
    struct pl_slot *out = pl_xmalloc(sizeof *out);
    *out = *s;
    pl_value_copy(&out->value, &s->value);
    pl_op_copy(&out->op, &s->op);
    return out;
}

static bool same_content(const struct pl_slot *a, const struct pl_slot *b)
{
    switch (a->kind) {
    case PL_SLOT_CREATE:
    case PL_SLOT_PLACE:
        return a->create_kind == b->create_kind && pl_eid_eq(a->parent, b->parent) &&
               a->key.len == b->key.len && memcmp(a->key.s, b->key.s, a->key.len) == 0;
    case PL_SLOT_DEAD:
    case PL_SLOT_ELEM:
        return a->flag == b->flag;
    case PL_SLOT_REG:
        return pl_value_eq(&a->value, &b->value);
    case PL_SLOT_TEXT:
        return pl_op_eq(&a->op, &b->op);
    }
    PL_BUG("slot kind");
}

void pl_cs_init(struct pl_cs *cs)
{
    *cs = (struct pl_cs){0};
}

void pl_cs_release(struct pl_cs *cs)
{
    for (uint32_t i = 0; i < cs->n; i++)
        slot_free(cs->slots[i]);
    free(cs->slots);
    *cs = (struct pl_cs){0};
}

void pl_cs_copy(struct pl_cs *dst, const struct pl_cs *src)
{
    *dst = (struct pl_cs){0};
    if (src->n == 0)
        return;
    dst->slots = pl_xcalloc(src->n, sizeof(struct pl_slot *));
    dst->cap = src->n;
    for (uint32_t i = 0; i < src->n; i++)
        dst->slots[dst->n++] = slot_copy(src->slots[i]);
}

void pl_cs_move(struct pl_cs *dst, struct pl_cs *src)
{
    *dst = *src;
    *src = (struct pl_cs){0};
}

bool pl_cs_is_empty(const struct pl_cs *cs)
{
    return cs->n == 0;
}

bool pl_cs_eq(const struct pl_cs *a, const struct pl_cs *b)
{
    if (a->n != b->n)
        return false;
    for (uint32_t i = 0; i < a->n; i++) {
        if (pl_slot_cmp(a->slots[i], b->slots[i]) != 0 || !same_content(a->slots[i], b->slots[i]))
            return false;
    }
    return true;
}

bool cs_search(const struct pl_cs *cs, const struct pl_slot *key, uint32_t *at)
{
    uint32_t lo = 0;
    uint32_t hi = cs->n;
    /* Decoding puts in order: look at the end first. */
    if (hi > 0 && pl_slot_cmp(cs->slots[hi - 1], key) < 0) {
        *at = hi;
        return false;
    }
    while (lo < hi) {
        uint32_t mid = lo + (hi - lo) / 2;
        int c = pl_slot_cmp(cs->slots[mid], key);
        if (c == 0) {
            *at = mid;
            return true;
        }
        if (c < 0)
            lo = mid + 1;
        else
            hi = mid;
    }
    *at = lo;
    return false;
}

static void insert_at(struct pl_cs *cs, uint32_t at, struct pl_slot *slot)
{
    if (cs->n == cs->cap) {
        cs->cap = cs->cap == 0 ? 1 : cs->cap * 2;
        cs->slots = pl_xrealloc(cs->slots, cs->cap, sizeof(struct pl_slot *));
    }
    memmove(cs->slots + at + 1, cs->slots + at, (cs->n - at) * sizeof(struct pl_slot *));
    cs->slots[at] = slot;
    cs->n++;
}

static void remove_at(struct pl_cs *cs, uint32_t at)
{
    slot_free(cs->slots[at]);
    cs->n--;
    memmove(cs->slots + at, cs->slots + at + 1, (cs->n - at) * sizeof(struct pl_slot *));
}

/* Puts a slot that stands on the heap already. */
static void put(struct pl_cs *cs, struct pl_slot *take_slot)
{
    uint32_t at;
    bool is_text = take_slot->kind == PL_SLOT_TEXT;
    if (!cs_search(cs, take_slot, &at)) {
        if (is_text && pl_op_is_noop(&take_slot->op))
            slot_free(take_slot);
        else
            insert_at(cs, at, take_slot);
        return;
    }
    if (!is_text) {
        slot_free(cs->slots[at]);
        cs->slots[at] = take_slot;
        return;
    }
    pl_op_append(&cs->slots[at]->op, &take_slot->op);
    slot_free(take_slot);
    if (pl_op_is_noop(&cs->slots[at]->op))
        remove_at(cs, at);
}

void pl_cs_put(struct pl_cs *cs, struct pl_slot *take_slot)
{
    struct pl_slot *slot = pl_xmalloc(sizeof *slot);
    *slot = *take_slot;
    *take_slot = (struct pl_slot){.kind = slot->kind};
    put(cs, slot);
}

void pl_cs_create(struct pl_cs *cs, struct pl_eid eid, uint32_t kind, struct pl_eid parent,
                  const struct pl_key *key)
{
    struct pl_slot s = {
        .kind = PL_SLOT_CREATE, .eid = eid, .create_kind = kind, .parent = parent, .key = *key};
    pl_cs_put(cs, &s);
}

void pl_cs_dead(struct pl_cs *cs, struct pl_eid eid, bool dead)
{
    struct pl_slot s = {.kind = PL_SLOT_DEAD, .eid = eid, .flag = dead};
    pl_cs_put(cs, &s);
}

void pl_cs_place(struct pl_cs *cs, struct pl_eid eid, struct pl_eid parent,
                 const struct pl_key *key)
{
    struct pl_slot s = {.kind = PL_SLOT_PLACE, .eid = eid, .parent = parent, .key = *key};
    pl_cs_put(cs, &s);
}

void pl_cs_reg(struct pl_cs *cs, struct pl_eid eid, uint32_t field, const struct pl_value *v)
{
    struct pl_slot s = {.kind = PL_SLOT_REG, .eid = eid, .field = field};
    pl_value_copy(&s.value, v);
    pl_cs_put(cs, &s);
}

void pl_cs_elem(struct pl_cs *cs, struct pl_eid eid, uint32_t field, const void *elem, size_t n,
                bool in)
{
    PL_ASSERT(n <= PL_ELEM_MAX);
    struct pl_slot s = {.kind = PL_SLOT_ELEM, .eid = eid, .field = field, .flag = in};
    s.elem.len = (uint8_t)n;
    if (n > 0)
        memcpy(s.elem.b, elem, n);
    pl_cs_put(cs, &s);
}

void pl_cs_text(struct pl_cs *cs, struct pl_eid eid, uint32_t field, struct pl_op *take_op)
{
    struct pl_slot s = {.kind = PL_SLOT_TEXT, .eid = eid, .field = field};
    pl_op_move(&s.op, take_op);
    pl_cs_put(cs, &s);
}

const struct pl_slot *pl_cs_find(const struct pl_cs *cs, enum pl_slot_kind kind, struct pl_eid eid,
                                 uint32_t field, const struct pl_elem *elem)
{
    struct pl_slot key = {.kind = kind, .eid = eid, .field = field};
    uint32_t at;
    if (elem != NULL)
        key.elem = *elem;
    return cs_search(cs, &key, &at) ? cs->slots[at] : NULL;
}

int pl_cs_compose(struct pl_cs *a, const struct pl_cs *b, struct pl_err *e)
{
    for (uint32_t i = 0; i < b->n; i++) {
        const struct pl_slot *s = b->slots[i];
        uint32_t at;
        if (!cs_search(a, s, &at))
            continue;
        if (s->kind == PL_SLOT_CREATE)
            return pl_fail(e, PL_E_BADOP, "an entry is created twice");
        if (s->kind == PL_SLOT_TEXT && pl_op_result_len(&a->slots[at]->op) != s->op.base_len)
            return pl_fail(e, PL_E_BADOP, "an edit of a text of %u characters, which has %u",
                           s->op.base_len, pl_op_result_len(&a->slots[at]->op));
    }
    for (uint32_t i = 0; i < b->n; i++) {
        const struct pl_slot *s = b->slots[i];
        uint32_t at;
        /* The common case, more typing in one text, copies nothing. */
        if (s->kind == PL_SLOT_TEXT && cs_search(a, s, &at)) {
            pl_op_append(&a->slots[at]->op, &s->op);
            if (pl_op_is_noop(&a->slots[at]->op))
                remove_at(a, at);
        } else {
            put(a, slot_copy(s));
        }
    }
    return 0;
}
