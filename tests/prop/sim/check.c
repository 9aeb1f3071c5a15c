// SPDX-License-Identifier: Apache-2.0
/*
 * The properties. After every step: the view is base + in flight + pending (P5), carets are inside
 * of their texts (P11). At commits: no changeset twice (P7, in the store), no character more often
 * than it was typed and undone (P7, P8). At undo: nothing that I did not put there is removed (P9).
 * At rest: every copy is the fold of the log, byte for byte (P6), every character typed is there,
 * or was deleted by somebody, or refused (P7); what was refused never came (P8); typed runs are
 * unbroken (P11).
 */
#include "prop/sim/sim.h"

#include <string.h>

#include "plimsoll/base/utf8.h"
#include "plimsoll/doc/schema.h"
#include "plimsoll/wire/limits.h"

uint32_t sim_char_index(uint32_t scalar)
{
    uint32_t i = scalar - SIM_CHAR_FIRST;

    return scalar > SIM_CHAR_FIRST && i < SIM_CHARS ? i : SIM_CHARS;
}

static void set_bit(uint8_t *bits, uint32_t i)
{
    bits[i / 8] = (uint8_t)(bits[i / 8] | 1u << i % 8);
}

static bool get_bit(const uint8_t *bits, uint32_t i)
{
    return (bits[i / 8] >> i % 8 & 1) != 0;
}

/* Calls back for each of our characters in some UTF-8. */
static void each_char(const uint8_t *bytes, size_t n, struct sim_client *c,
                      void (*cb)(struct sim_client *c, uint32_t i))
{
    const uint8_t *p = bytes;

    while (p < bytes + n) {
        uint32_t scalar;
        p += pl_utf8_decode(p, bytes + n, &scalar);
        uint32_t i = sim_char_index(scalar);
        if (i < SIM_CHARS)
            cb(c, i);
    }
}

/* --- local changes ------------------------------------------------------------------------------
 */

static void note_insert(struct sim_client *c, uint32_t i)
{
    struct sim_char *ch = &c->w->chars[i];

    if (c->acting == ACT_EDIT)
        ch->author = (uint8_t)(c->no + 1);
    else
        ch->again++;
    set_bit(c->inserted, i);
}

static void note_delete(struct sim_client *c, uint32_t i)
{
    c->w->chars[i].deleted = true;
    if (c->acting == ACT_EDIT) {
        set_bit(c->deleted, i);
    } else if (!get_bit(c->inserted, i) && !(c->acting == ACT_REDO && get_bit(c->deleted, i))) {
        sim_fail(c->w, "P9: %s of client %u removes a character of client %u",
                 c->acting == ACT_UNDO ? "undo" : "redo", c->no, c->w->chars[i].author - 1u);
    }
}

static uint32_t char_at(const struct pl_text *t, uint32_t pos)
{
    struct pl_buf b;
    uint32_t scalar = 0;

    if (t == NULL || pos >= pl_text_len(t))
        return SIM_CHARS;
    pl_buf_init(&b, 8);
    if (pl_text_slice(t, pos, 1, &b) == 0)
        (void)pl_utf8_decode(b.data, b.data + b.len, &scalar);
    pl_buf_release(&b);
    return sim_char_index(scalar);
}

/* Something was put in at pos, by somebody who saw the character in front of it: what was typed
 * behind that at the same time may come to lie behind this. */
static void note_split(struct sim_client *c, const struct pl_slot *sl, uint32_t pos)
{
    const struct pl_text *t = pl_entry_text(pl_doc_entry(sync_view(c->sync), sl->eid), sl->field);
    uint32_t left = pos > 0 ? char_at(t, pos - 1) : SIM_CHARS;

    if (left < SIM_CHARS && !(c->acting == ACT_EDIT && left == c->run_last))
        c->w->chars[left].split = true;
}

static void check_local_text(struct sim_client *c, const struct pl_slot *sl)
{
    struct pl_op_iter it;
    struct pl_comp k;
    uint32_t pos = 0;

    pl_op_iter_init(&it, &sl->op);
    while (pl_op_iter_next(&it, &k)) {
        if (k.kind == PL_INSERT) {
            each_char(k.bytes, k.nbytes, c, note_insert);
            note_split(c, sl, pos);
        } else if (k.kind == PL_DELETE && k.bytes != NULL) {
            each_char(k.bytes, k.nbytes, c, note_delete);
            c->w->root_deleted = c->w->root_deleted || pl_eid_is_root(sl->eid);
        }
        pos += k.kind == PL_DELETE ? 0 : k.n;
    }
}

static uint8_t *foreign_of(struct sim_client *c, const struct pl_slot *sl)
{
    return &c->foreign[(sl->eid.n * 31u + (uint32_t)sl->eid.client * 7u + sl->field +
                        (uint32_t)sl->kind * 13u) %
                       sizeof c->foreign];
}

void check_local(struct sim_client *c, const struct pl_cs *cs)
{
    for (uint32_t i = 0; i < cs->n; i++) {
        const struct pl_slot *sl = cs->slots[i];
        if (sl->kind == PL_SLOT_TEXT) {
            check_local_text(c, sl);
        } else if (sl->kind == PL_SLOT_REG) {
            if (c->acting != ACT_EDIT && *foreign_of(c, sl) != 0)
                sim_fail(c->w, "P9: undo of client %u sets a register that somebody else has set",
                         c->no);
            *foreign_of(c, sl) = 0;
        }
    }
}

void check_remote(struct sim_client *c, const struct pl_cs *cs, const struct pl_rev *r)
{
    (void)cs;
    if (r->client == c->id)
        return;
    for (uint32_t i = 0; i < r->cs.n; i++) {
        if (r->cs.slots[i]->kind == PL_SLOT_REG)
            *foreign_of(c, r->cs.slots[i]) = 1;
    }
}

/* --- refusals and commits -----------------------------------------------------------------------
 */

static void note_refused(struct sim_client *c, uint32_t i)
{
    c->w->chars[i].refused = true;
}

static void each_inserted(struct sim_client *c, const struct pl_cs *cs,
                          void (*cb)(struct sim_client *c, uint32_t i))
{
    for (uint32_t i = 0; i < cs->n; i++) {
        struct pl_op_iter it;
        struct pl_comp k;
        if (cs->slots[i]->kind != PL_SLOT_TEXT)
            continue;
        pl_op_iter_init(&it, &cs->slots[i]->op);
        while (pl_op_iter_next(&it, &k)) {
            if (k.kind == PL_INSERT)
                each_char(k.bytes, k.nbytes, c, cb);
        }
    }
}

void check_refused(struct sim_client *c, const struct pl_cs *lost)
{
    each_inserted(c, lost, note_refused);
}

static void note_committed(struct sim_client *c, uint32_t i)
{
    struct sim_char *ch = &c->w->chars[i];

    ch->committed++;
    if (ch->committed > 1u + ch->again)
        sim_fail(c->w,
                 "P7: a character of client %u came %u times, it was typed once and put back "
                 "%u times",
                 ch->author - 1u, ch->committed, ch->again);
}

void check_committed(struct world *w, const struct pl_rev *r)
{
    each_inserted(&w->clients[0], &r->cs, note_committed);
}

/* --- after a step -------------------------------------------------------------------------------
 */

void check_client(struct sim_client *c)
{
    struct pl_err e = {0};
    struct pl_caret at;

    if (c->w->failed || !c->touched)
        return;
    c->touched = false;
    if (!sync_invariant_holds(c->sync, &e))
        sim_fail(c->w, "P5: client %u: %s", c->no, e.text);
    if (c->peer.client != 0 && sync_map_caret(c->sync, &c->peer, &at)) {
        const struct pl_entry *en = pl_doc_entry(sync_view(c->sync), at.eid);
        const struct pl_text *t = en != NULL ? pl_entry_text(en, at.field) : NULL;
        if (at.head > (t != NULL ? pl_text_len(t) : 0))
            sim_fail(c->w, "P11: a peer's caret is beyond the text");
    }
}

/* --- at rest ------------------------------------------------------------------------------------
 */

static bool same_bytes(const struct pl_doc *a, const struct pl_doc *b)
{
    struct pl_buf x;
    struct pl_buf y;

    pl_buf_init(&x, PL_SNAPSHOT_MAX);
    pl_buf_init(&y, PL_SNAPSHOT_MAX);
    bool same = pl_doc_encode(a, &x, NULL) == 0 && pl_doc_encode(b, &y, NULL) == 0 &&
                x.len == y.len && memcmp(x.data, y.data, x.len) == 0;
    pl_buf_release(&x);
    pl_buf_release(&y);
    return same;
}

struct rest {
    struct world *w;
    bool only_inserts; /* nothing was ever deleted of the text at hand */
    uint16_t seen[SIM_CHARS];
};

/* Runs are only followed in texts of which nothing was ever deleted: behind a deleted range an op's
 * insertions move in front of it, and what is typed next meets others' text there in a tie that was
 * none when it was typed. */
static bool is_run_whole(const struct rest *r, uint32_t last, uint32_t i)
{
    const struct sim_char *a = &r->w->chars[last];
    const struct sim_char *b = &r->w->chars[a->run_next];

    if (a->run_next == 0 || a->split || b->committed == 0 || a->refused || b->refused)
        return true;
    r->w->counts->pairs++;
    return a->run_next == i;
}

static void check_text(struct rest *r, const char *text, size_t n)
{
    const uint8_t *p = (const uint8_t *)text;
    const uint8_t *end = p + n;
    uint32_t last = SIM_CHARS;

    while (p < end) {
        uint32_t scalar;
        p += pl_utf8_decode(p, end, &scalar);
        uint32_t i = sim_char_index(scalar);
        if (i < SIM_CHARS)
            r->seen[i]++;
        if (last < SIM_CHARS && r->only_inserts && !is_run_whole(r, last, i))
            sim_fail(r->w, "P11: a typed run of client %u is broken",
                     r->w->chars[last].author - 1u);
        last = i;
    }
}

static void check_entry(void *ctx, struct pl_entry *en)
{
    uint32_t field = pl_entry_kind(en) == PL_KIND_REVIEW ? PL_F_REVIEW_IMPACT : PL_F_BODY;
    const char *text = pl_entry_cstr(en, field);
    struct rest *r = ctx;

    r->only_inserts = pl_eid_is_root(pl_entry_eid(en)) && !r->w->root_deleted;
    check_text(r, text, strlen(text));
}

static void check_chars(struct rest *r)
{
    for (uint32_t i = 1; i <= r->w->n_chars; i++) {
        const struct sim_char *ch = &r->w->chars[i];
        if (ch->author == 0)
            continue;
        if (ch->committed == 0 && !ch->refused && !ch->deleted)
            sim_fail(r->w, "P7: a character of client %u was lost", ch->author - 1u);
        if (ch->refused && ch->committed > ch->again)
            sim_fail(r->w, "P8: a refused character of client %u came after all", ch->author - 1u);
        if (ch->committed > 0 && !ch->deleted && r->seen[i] != 1)
            sim_fail(r->w, "P7: a committed character of client %u stands %u times in the text",
                     ch->author - 1u, r->seen[i]);
    }
}

void check_rest(struct world *w)
{
    struct rest r = {.w = w};

    for (unsigned i = 0; i < w->set.nodes && !w->failed; i++) {
        if (!same_bytes(oplog_doc(w->nodes[i].log), w->store.fold))
            sim_fail(w, "P6: node %u is not the fold of the log", i);
    }
    for (unsigned i = 0; i < w->set.clients && !w->failed; i++) {
        const struct sync *s = w->clients[i].sync;
        if (!same_bytes(sync_base(s), w->store.fold))
            sim_fail(w, "P6: client %u is not the fold of the log", i);
        else if (!same_bytes(sync_view(s), w->store.fold))
            sim_fail(w, "P6: the view of client %u is not the fold of the log", i);
    }
    pl_doc_each(w->store.fold, check_entry, &r);
    check_chars(&r);
}
