// SPDX-License-Identifier: Apache-2.0
/*
 * Revealing: what stands in the private drafts is copied into the review, entry by entry, under ids
 * that follow from those in the draft. What is there already is passed over, so a reveal that was
 * cut off, or is asked for twice, never doubles anything. One revision mostly; what does not fit
 * into it follows in the next, and the last one ends the seal.
 */
#include <stdlib.h>
#include <string.h>

#include "plimsoll/base/mem.h"
#include "plimsoll/doc/secret.h"
#include "plimsoll/merge/orderkey.h"

#include "review/conduct_int.h"

#define SLOTS_BUDGET (PL_CS_SLOTS_MAX - 2u)
#define BYTES_BUDGET (200u * 1024u) /* of texts; well inside a frame with the rest */
#define SLOT_BYTES   64u

struct reveal {
    struct conduct *c;
    const struct conduct_draft *draft;
    size_t bytes; /* of the changeset so far, about */
    bool is_full;
    bool has_last;
    struct pl_key last; /* key of the entry before */
};

/* Slots and bytes that the copy of an entry takes at most. */
static void cost_of(const struct pl_entry *en, uint32_t *slots, size_t *bytes)
{
    const struct pl_field *f = NULL;

    *slots = 2; /* creation, author */
    *bytes = 2 * SLOT_BYTES;
    for (size_t i = 0; (f = pl_field_at(pl_entry_kind(en), i)) != NULL; i++) {
        uint32_t n = pl_field_is_set(f) ? (uint32_t)pl_entry_set_count(en, f->number) : 1;
        *slots += n;
        *bytes += n * SLOT_BYTES;
        if (f->type == PL_FT_TEXT)
            *bytes += strlen(pl_entry_cstr(en, f->number));
        else if (pl_field_is_reg(f))
            *bytes += strlen(pl_entry_str(en, f->number));
    }
}

static bool has_room(struct reveal *r, const struct pl_entry *en)
{
    uint32_t slots = 0;
    size_t bytes = 0;

    cost_of(en, &slots, &bytes);
    if (r->c->cs->n > 0 &&
        (r->c->cs->n + slots > SLOTS_BUDGET || r->bytes + bytes > BYTES_BUDGET)) {
        r->is_full = true;
        return false;
    }
    r->bytes += bytes;
    return true;
}

/* A link of the draft as it leads in the review: to what is revealed, or to what stands there.
 * False: to nothing so far, and it is left out; link_late knows what comes later. */
static bool map_link(const struct reveal *r, const struct pl_field *f, struct pl_eid *eid)
{
    const struct pl_entry *there = pl_doc_entry(r->c->d, *eid);
    const struct pl_slot *made = NULL;

    if (there == NULL) {
        *eid = pl_secret_eid(r->draft->draft, *eid);
        there = pl_doc_entry(r->c->d, *eid);
        made = pl_cs_find(r->c->cs, PL_SLOT_CREATE, *eid, 0, NULL);
    }
    uint32_t kind = there != NULL ? pl_entry_kind(there) : made != NULL ? made->create_kind : 0;
    return kind != 0 && (f->ref == 0 || kind == f->ref);
}

static void copy_set(struct reveal *r, const struct pl_entry *en, const struct pl_field *f,
                     struct pl_eid to)
{
    struct pl_eid link;

    for (size_t i = 0; i < pl_entry_set_count(en, f->number); i++) {
        struct pl_elem el = *pl_entry_set_at(en, f->number, i);
        if (f->type == PL_FT_SET_EID) {
            if (!pl_eid_from_elem(&el, &link) || !map_link(r, f, &link))
                continue;
            pl_eid_to_elem(link, &el);
        }
        pl_cs_elem(r->c->cs, to, f->number, el.b, el.len, true);
    }
}

static void copy_text(struct reveal *r, const struct pl_entry *en, const struct pl_field *f,
                      struct pl_eid to)
{
    const char *s = pl_entry_cstr(en, f->number);
    struct pl_text empty;
    struct pl_op op;

    if (s[0] == '\0')
        return;
    pl_text_init(&empty);
    pl_op_splice(&op, &empty, 0, 0, s, (uint32_t)strlen(s));
    pl_cs_text(r->c->cs, to, f->number, &op);
    pl_text_release(&empty);
}

static void copy_reg(struct reveal *r, const struct pl_entry *en, const struct pl_field *f,
                     struct pl_eid to)
{
    struct pl_value v;

    pl_value_copy(&v, pl_entry_reg(en, f->number));
    bool is_kept = v.type != PL_VAL_NULL && (v.type != PL_VAL_EID || map_link(r, f, &v.eid));
    if (is_kept)
        pl_cs_reg(r->c->cs, to, f->number, &v);
    pl_value_release(&v);
}

static void copy_fields(struct reveal *r, const struct pl_entry *en, struct pl_eid to)
{
    const struct pl_field *f = NULL;

    for (size_t i = 0; (f = pl_field_at(pl_entry_kind(en), i)) != NULL; i++) {
        if ((f->flags & PL_FF_SERVER) != 0)
            continue;
        if (f->type == PL_FT_TEXT)
            copy_text(r, en, f, to);
        else if (pl_field_is_set(f))
            copy_set(r, en, f, to);
        else
            copy_reg(r, en, f, to);
    }
}

static int key_for(struct reveal *r, struct pl_eid eid, struct pl_key *key)
{
    int rc = r->has_last ? pl_key_between(key, &r->last, NULL, 0, eid.n, r->c->e)
                         : pl_doc_place_after(r->c->d, PL_EID_ROOT, NULL, true, eid, key, r->c->e);

    r->last = *key;
    r->has_last = rc == 0;
    return rc;
}

static int copy_entry(struct reveal *r, const struct pl_entry *en, struct pl_eid parent)
{
    struct pl_eid to = pl_secret_eid(r->draft->draft, pl_entry_eid(en));
    uint32_t kind = pl_entry_kind(en);
    struct pl_key key;

    if (pl_doc_entry(r->c->d, to) != NULL || !has_room(r, en))
        return 0;
    if (kind == PL_KIND_CLAIM)
        key = *pl_entry_key(en); /* beside its siblings from the same draft */
    else if (key_for(r, to, &key) != 0)
        return -r->c->e->code;
    pl_cs_create(r->c->cs, to, kind, parent, &key);
    copy_fields(r, en, to);
    if (kind == PL_KIND_CLAIM)
        return 0;
    struct pl_value v = pl_value_int((int64_t)r->draft->user);
    pl_cs_reg(r->c->cs, to,
              kind == PL_KIND_ACCOUNT ? (uint32_t)PL_F_ACCOUNT_AUTHOR
                                      : (uint32_t)PL_F_OBSERVATION_AUTHOR,
              &v);
    return 0;
}

static int copy_claims(struct reveal *r, const struct pl_entry *account)
{
    struct pl_eid parent = pl_secret_eid(r->draft->draft, pl_entry_eid(account));
    size_t n = pl_doc_children(r->draft->doc, pl_entry_eid(account), PL_KIND_CLAIM, NULL, 0);
    struct pl_entry **v = pl_xcalloc(n + 1, sizeof(struct pl_entry *));
    int rc = 0;

    (void)pl_doc_children(r->draft->doc, pl_entry_eid(account), PL_KIND_CLAIM, v, n);
    for (size_t i = 0; i < n && rc == 0 && !r->is_full; i++)
        rc = copy_entry(r, v[i], parent);
    free(v);
    return rc;
}

static int copy_draft(struct reveal *r, uint32_t kind)
{
    size_t n = pl_doc_list(r->draft->doc, kind, NULL, 0);
    struct pl_entry **v = pl_xcalloc(n + 1, sizeof(struct pl_entry *));
    int rc = 0;

    (void)pl_doc_list(r->draft->doc, kind, v, n);
    for (size_t i = 0; i < n && rc == 0 && !r->is_full; i++) {
        rc = copy_entry(r, v[i], PL_EID_ROOT);
        if (rc == 0 && !r->is_full && kind == PL_KIND_ACCOUNT)
            rc = copy_claims(r, v[i]);
    }
    free(v);
    return rc;
}

/* --- links to what comes later ------------------------------------------------------------------
 */

static bool is_made(const struct reveal *r, struct pl_eid eid)
{
    return pl_cs_find(r->c->cs, PL_SLOT_CREATE, eid, 0, NULL) != NULL;
}

/* Links from an entry to what this revision makes: they led to nothing when it was copied, further
 * up in this revision or in one before. */
static void link_late(struct reveal *r, const struct pl_entry *en)
{
    struct pl_eid from = pl_secret_eid(r->draft->draft, pl_entry_eid(en));
    const struct pl_entry *there = pl_doc_entry(r->c->d, from);
    size_t n = pl_entry_set_count(en, PL_F_LINKS);

    if (there != NULL ? !pl_entry_is_visible(r->c->d, there) : !is_made(r, from))
        return;
    for (size_t i = 0; i < n && r->c->cs->n < SLOTS_BUDGET; i++) {
        struct pl_elem el;
        struct pl_eid to;
        if (!pl_eid_from_elem(pl_entry_set_at(en, PL_F_LINKS, i), &to) ||
            pl_doc_entry(r->c->d, to) != NULL)
            continue;
        to = pl_secret_eid(r->draft->draft, to);
        if (!is_made(r, to))
            continue;
        pl_eid_to_elem(to, &el);
        pl_cs_elem(r->c->cs, from, PL_F_LINKS, el.b, el.len, true);
    }
}

static void link_draft(struct reveal *r, uint32_t kind)
{
    size_t n = pl_doc_list(r->draft->doc, kind, NULL, 0);
    struct pl_entry **v = pl_xcalloc(n + 1, sizeof(struct pl_entry *));

    (void)pl_doc_list(r->draft->doc, kind, v, n);
    for (size_t i = 0; i < n; i++)
        link_late(r, v[i]);
    free(v);
}

/* ------------------------------------------------------------------------------------------------
 */

int act_reveal(struct conduct *c)
{
    const struct pl_kind_info *k = pl_kind_by_name(c->act->text);
    struct reveal r = {.c = c};
    int rc = 0;

    if (k == NULL || (k->number != PL_KIND_ACCOUNT && k->number != PL_KIND_OBSERVATION))
        return pl_fail(c->e, PL_E_INVALID, "revealed can be 'account' or 'observation'");
    if (c->who->more != NULL)
        *c->who->more = false;
    if (c->who->next != NULL)
        *c->who->next = false;
    if (!pl_secret_is_sealed(c->d, k->number))
        return 0;
    if (c->who->drafts == NULL) {
        if (c->who->more != NULL)
            *c->who->more = true;
        return pl_fail(c->e, PL_E_BAD_STATE, "the drafts were not read");
    }
    for (size_t i = 0; i < c->who->n_drafts && rc == 0 && !r.is_full; i++) {
        r.draft = &c->who->drafts[i];
        rc = copy_draft(&r, k->number);
    }
    for (size_t i = 0; i < c->who->n_drafts && rc == 0; i++) {
        r.draft = &c->who->drafts[i];
        link_draft(&r, PL_KIND_ACCOUNT);
        link_draft(&r, PL_KIND_OBSERVATION);
    }
    if (rc == 0 && !r.is_full && !c->who->drafts_go_on)
        put_elem(c, c->root, PL_F_REVIEW_SEALED, k->name, false);
    if (c->who->next != NULL)
        *c->who->next = !r.is_full && c->who->drafts_go_on;
    if (c->who->more != NULL)
        *c->who->more = r.is_full;
    return rc;
}
