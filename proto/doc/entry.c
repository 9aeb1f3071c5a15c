// SPDX-License-Identifier: Apache-2.0
/*
 * One entry: its registers, sets and texts, and reading them. Every writer here keeps the
 * document's digest and totals true: the old value's hash goes out, the new one's comes in.
 */
#include "doc_int.h"

#include <stdlib.h>
#include <string.h>

#include "plimsoll/base/mem.h"
#include "plimsoll/merge/digest.h"

static const struct pl_value null_value = {.type = PL_VAL_NULL};

struct pl_entry *entry_add(struct pl_doc *d, struct pl_eid eid, uint32_t kind)
{
    struct pl_entry *en = pl_mem_calloc(PL_MEM_DOC, 1, sizeof *en);

    en->id = (struct eid_key){eid.client, eid.n};
    en->kind = kind;
    HASH_ADD(hh, d->entries, id, sizeof en->id, en);
    d->count++;
    if (kind <= PL_KIND_MAX)
        d->count_of[kind]++;
    if (!pl_eid_is_root(eid))
        d->digest ^= pl_digest_create(eid, kind);
    return en;
}

void entry_free(struct pl_entry *en)
{
    for (uint32_t i = 0; i < en->regs_n; i++)
        pl_value_release(&en->regs[i].value);
    for (uint32_t i = 0; i < en->texts_n; i++) {
        pl_text_release(&en->texts[i]->text);
        free(en->texts[i]);
    }
    free(en->regs);
    free(en->sets);
    free(en->texts);
    free(en->kids);
    pl_mem_free(PL_MEM_DOC, en);
}

void entry_set_dead(struct pl_doc *d, struct pl_entry *en, bool dead)
{
    if (en->dead == dead)
        return;
    en->dead = dead;
    d->digest ^= pl_digest_dead(pl_entry_eid(en), true);
}

/* Index of the first register with a number >= field. */
static uint32_t reg_index(const struct pl_entry *en, uint32_t field)
{
    uint32_t i = 0;

    while (i < en->regs_n && en->regs[i].field < field)
        i++;
    return i;
}

static void note_number(struct pl_doc *d, const struct pl_entry *en, const struct pl_value *v)
{
    if (en->kind <= PL_KIND_MAX && v->type == PL_VAL_INT && v->i > d->max_no[en->kind])
        d->max_no[en->kind] = v->i;
}

static void insert_reg(struct pl_entry *en, uint32_t at, uint32_t field, const struct pl_value *v)
{
    if (en->regs_n == en->regs_cap) {
        en->regs_cap = en->regs_cap != 0 ? en->regs_cap * 2 : 4;
        en->regs = pl_xrealloc(en->regs, en->regs_cap, sizeof *en->regs);
    }
    memmove(&en->regs[at + 1], &en->regs[at], (en->regs_n - at) * sizeof *en->regs);
    en->regs[at].field = field;
    pl_value_copy(&en->regs[at].value, v);
    en->regs_n++;
}

void entry_set_reg(struct pl_doc *d, struct pl_entry *en, uint32_t field, const struct pl_value *v)
{
    struct pl_eid eid = pl_entry_eid(en);
    uint32_t at = reg_index(en, field);

    if (at < en->regs_n && en->regs[at].field == field) {
        d->digest ^= pl_digest_reg(eid, field, &en->regs[at].value);
        pl_value_release(&en->regs[at].value);
        if (v->type != PL_VAL_NULL) {
            pl_value_copy(&en->regs[at].value, v);
        } else {
            en->regs_n--;
            memmove(&en->regs[at], &en->regs[at + 1], (en->regs_n - at) * sizeof *en->regs);
        }
    } else if (v->type != PL_VAL_NULL) {
        insert_reg(en, at, field, v);
    }
    if (v->type != PL_VAL_NULL)
        d->digest ^= pl_digest_reg(eid, field, v);
    if (field == PL_F_NO)
        note_number(d, en, v);
    if (en->kind == PL_KIND_EVENT && field == PL_F_EVENT_HAPPENED_AT)
        tree_touch(en);
}

int elem_cmp(const struct pl_elem *a, const struct pl_elem *b)
{
    size_t n = a->len < b->len ? a->len : b->len;
    int c = memcmp(a->b, b->b, n);

    if (c != 0)
        return c;
    return (a->len > b->len) - (a->len < b->len);
}

/* Index of the first row that is not before (field, el); el NULL: before all of the field. */
static uint32_t set_index(const struct pl_entry *en, uint32_t field, const struct pl_elem *el)
{
    uint32_t lo = 0;
    uint32_t hi = en->sets_n;

    while (lo < hi) {
        uint32_t mid = lo + (hi - lo) / 2;
        const struct set_row *row = &en->sets[mid];
        bool before =
            row->field != field ? row->field < field : el != NULL && elem_cmp(&row->elem, el) < 0;
        if (before)
            lo = mid + 1;
        else
            hi = mid;
    }
    return lo;
}

static bool set_holds(const struct pl_entry *en, uint32_t at, uint32_t field,
                      const struct pl_elem *el)
{
    return at < en->sets_n && en->sets[at].field == field && elem_cmp(&en->sets[at].elem, el) == 0;
}

void entry_set_elem(struct pl_doc *d, struct pl_entry *en, uint32_t field, const struct pl_elem *el,
                    bool in)
{
    uint32_t at = set_index(en, field, el);

    if (set_holds(en, at, field, el) == in)
        return;
    d->digest ^= pl_digest_elem(pl_entry_eid(en), field, el, true);
    if (!in) {
        en->sets_n--;
        memmove(&en->sets[at], &en->sets[at + 1], (en->sets_n - at) * sizeof *en->sets);
        return;
    }
    if (en->sets_n == en->sets_cap) {
        en->sets_cap = en->sets_cap != 0 ? en->sets_cap * 2 : 2;
        en->sets = pl_xrealloc(en->sets, en->sets_cap, sizeof *en->sets);
    }
    memmove(&en->sets[at + 1], &en->sets[at], (en->sets_n - at) * sizeof *en->sets);
    en->sets[at] = (struct set_row){field, *el};
    en->sets_n++;
}

const struct set_row *entry_set_rows(const struct pl_entry *en, uint32_t field, size_t *n)
{
    uint32_t at = set_index(en, field, NULL);
    uint32_t end = at;

    while (end < en->sets_n && en->sets[end].field == field)
        end++;
    *n = end - at;
    return *n != 0 ? &en->sets[at] : NULL;
}

struct text_row *entry_find_text(const struct pl_entry *en, uint32_t field)
{
    for (uint32_t i = 0; i < en->texts_n; i++) {
        if (en->texts[i]->field == field)
            return en->texts[i];
    }
    return NULL;
}

struct text_row *entry_write_text(struct pl_doc *d, struct pl_entry *en, uint32_t field)
{
    struct text_row *row = entry_find_text(en, field);

    if (row == NULL) {
        uint32_t at = en->texts_n;
        row = pl_xcalloc(1, sizeof *row);
        row->field = field;
        row->eid = pl_entry_eid(en);
        pl_text_init(&row->text);
        en->texts = pl_xrealloc(en->texts, at + 1, sizeof *en->texts);
        for (; at > 0 && en->texts[at - 1]->field > field; at--)
            en->texts[at] = en->texts[at - 1];
        en->texts[at] = row;
        en->texts_n++;
    }
    if (!row->stale) {
        d->digest ^= row->hash;
        row->stale = true;
        row->next_stale = d->stale;
        d->stale = row;
    }
    return row;
}

/* --- reading ----------------------------------------------------------------------- */

struct pl_eid pl_entry_eid(const struct pl_entry *en)
{
    return (struct pl_eid){en->id.client, (uint32_t)en->id.n};
}

uint32_t pl_entry_kind(const struct pl_entry *en)
{
    return en->kind;
}

struct pl_eid pl_entry_parent(const struct pl_entry *en)
{
    return en->parent_eid;
}

const struct pl_key *pl_entry_key(const struct pl_entry *en)
{
    return &en->key;
}

bool pl_entry_is_dead(const struct pl_entry *en)
{
    return en->dead;
}

uint64_t pl_entry_created_by(const struct pl_entry *en)
{
    return en->created_by;
}

uint64_t pl_entry_author(const struct pl_doc *d, const struct pl_entry *en)
{
    const struct pl_entry *account = en;
    int64_t user = 0;

    if (en->kind == PL_KIND_CLAIM)
        account = pl_doc_entry(d, pl_entry_parent(en));
    if (account != NULL && account->kind == PL_KIND_ACCOUNT)
        user = pl_entry_int(account, PL_F_ACCOUNT_AUTHOR, 0);
    else if (en->kind == PL_KIND_OBSERVATION)
        user = pl_entry_int(en, PL_F_OBSERVATION_AUTHOR, 0);
    return user != 0 ? (uint64_t)user : en->created_by;
}

int64_t pl_entry_created_us(const struct pl_entry *en)
{
    return en->created_us;
}

int64_t pl_entry_changed_us(const struct pl_entry *en)
{
    return en->changed_us;
}

const struct pl_value *pl_entry_reg(const struct pl_entry *en, uint32_t field)
{
    uint32_t at = reg_index(en, field);

    return at < en->regs_n && en->regs[at].field == field ? &en->regs[at].value : &null_value;
}

int64_t pl_entry_int(const struct pl_entry *en, uint32_t field, int64_t if_null)
{
    const struct pl_value *v = pl_entry_reg(en, field);

    return v->type == PL_VAL_INT ? v->i : if_null;
}

const char *pl_entry_str(const struct pl_entry *en, uint32_t field)
{
    const struct pl_value *v = pl_entry_reg(en, field);

    return v->type == PL_VAL_STR ? v->str : "";
}

const struct pl_text *pl_entry_text(const struct pl_entry *en, uint32_t field)
{
    const struct text_row *row = entry_find_text(en, field);

    return row != NULL ? &row->text : NULL;
}

const char *pl_entry_cstr(const struct pl_entry *en, uint32_t field)
{
    struct text_row *row = entry_find_text(en, field);

    return row != NULL ? pl_text_cstr(&row->text) : "";
}

bool pl_entry_has(const struct pl_entry *en, uint32_t field, const void *elem, size_t n)
{
    struct pl_elem el = {.len = 0};

    if (n > PL_ELEM_MAX)
        return false;
    el.len = (uint8_t)n;
    memcpy(el.b, elem, n);
    return set_holds(en, set_index(en, field, &el), field, &el);
}

size_t pl_entry_set_count(const struct pl_entry *en, uint32_t field)
{
    size_t n = 0;

    (void)entry_set_rows(en, field, &n);
    return n;
}

const struct pl_elem *pl_entry_set_at(const struct pl_entry *en, uint32_t field, size_t i)
{
    size_t n = 0;
    const struct set_row *rows = entry_set_rows(en, field, &n);

    return i < n ? &rows[i].elem : NULL;
}
