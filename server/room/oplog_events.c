// SPDX-License-Identifier: Apache-2.0
/*
 * See oplog_events.h. What an action was before a revision is what it was before the batch, changed
 * by the revisions of the batch that came earlier: only the registers that events tell of are
 * followed. Numbers in fields are big-endian; the database puts field 1, the revision, in front.
 */
#include "room/oplog_events.h"

#include <jansson.h>
#include <stdlib.h>
#include <string.h>

#include "plimsoll/base/buf.h"
#include "plimsoll/base/mem.h"
#include "plimsoll/base/str.h"
#include "plimsoll/doc/checks.h"

#define KIND_INVOLVED      0x0204u
#define KIND_STATUS        0x0206u
#define KIND_WAIVED        0x0207u
#define KIND_UNWAIVED      0x0208u
#define KIND_ACTION        0x0400u /* with the state; below without a change of it */
#define KIND_ACTION_PEOPLE 0x0420u

#define FIELDS_MAX 256u

/* What events tell of an action. */
struct state {
    int64_t state, owner, done_by, verified_by;
    bool accepted;
};

struct followed {
    struct pl_eid eid;
    struct state now, then; /* then: before the revision at hand */
    bool touched;
};

struct oplog_events {
    const struct pl_doc *before, *after;
    struct followed *action;
    size_t n, cap;
    int64_t status, asked_by;
    json_t *list; /* NULL: none yet */
};

/* ---- one event --------------------------------------------------------------------------------
 */

struct fields {
    struct pl_buf b;
    int64_t n;
};

static void field(struct fields *f, unsigned tag, uint64_t v, unsigned bytes)
{
    const uint8_t head[4] = {(uint8_t)(tag >> 8), (uint8_t)tag, 0, (uint8_t)bytes};
    int rc = pl_buf_add(&f->b, head, sizeof head);

    while (bytes-- > 0)
        rc |= pl_buf_add_byte(&f->b, (uint8_t)(v >> (8 * bytes)));
    PL_ASSERT(rc == 0);
    f->n++;
}

static void fields_begin(struct fields *f)
{
    pl_buf_init(&f->b, FIELDS_MAX);
    f->n = 0;
}

static void fields_end(struct oplog_events *v, struct fields *f, size_t ord, uint32_t kind)
{
    char hex[2 * FIELDS_MAX + 1];
    json_t *j = json_object();
    int rc = 0;

    pl_hex_encode(f->b.data, f->b.len, hex);
    if (v->list == NULL)
        v->list = json_array();
    rc |= json_object_set_new(j, "ord", json_integer((json_int_t)ord));
    rc |= json_object_set_new(j, "kind", json_integer((json_int_t)kind));
    rc |= json_object_set_new(j, "n", json_integer((json_int_t)f->n));
    rc |= json_object_set_new(j, "fields", json_string(hex));
    rc |= json_array_append_new(v->list, j);
    PL_ASSERT(rc == 0);
    pl_buf_release(&f->b);
}

/* ---- actions ----------------------------------------------------------------------------------
 */

static int64_t reg_int(const struct pl_entry *en, uint32_t f)
{
    return en == NULL ? 0 : pl_entry_int(en, f, 0);
}

static struct followed *follow(struct oplog_events *v, struct pl_eid eid)
{
    for (size_t i = 0; i < v->n; i++) {
        if (pl_eid_eq(v->action[i].eid, eid))
            return &v->action[i];
    }
    if (v->n == v->cap) {
        v->cap = v->cap == 0 ? 8 : v->cap * 2;
        v->action = pl_xrealloc(v->action, v->cap, sizeof *v->action);
    }
    const struct pl_entry *en = pl_doc_entry(v->before, eid);
    struct followed *a = &v->action[v->n++];
    *a = (struct followed){.eid = eid};
    if (en != NULL)
        a->now = (struct state){
            .state = pl_entry_int(en, PL_F_ACTION_STATE, PL_STATE_IDEA),
            .owner = reg_int(en, PL_F_ACTION_OWNER),
            .done_by = reg_int(en, PL_F_ACTION_DONE_BY),
            .verified_by = reg_int(en, PL_F_ACTION_VERIFIED_BY),
            .accepted = pl_entry_reg(en, PL_F_ACTION_ACCEPTED_AT)->type == PL_VAL_INT,
        };
    a->then = a->now;
    return a;
}

static void see_action(struct oplog_events *v, const struct pl_slot *s)
{
    struct followed *a = follow(v, s->eid);
    int64_t i = s->kind == PL_SLOT_REG && s->value.type == PL_VAL_INT ? s->value.i : 0;

    a->touched = true;
    if (s->kind == PL_SLOT_CREATE && a->now.state == 0)
        a->now.state = PL_STATE_IDEA;
    if (s->kind != PL_SLOT_REG)
        return;
    switch (s->field) {
    case PL_F_ACTION_STATE:
        a->now.state = i != 0 ? i : PL_STATE_IDEA;
        break;
    case PL_F_ACTION_OWNER:
        a->now.owner = i;
        break;
    case PL_F_ACTION_DONE_BY:
        a->now.done_by = i;
        break;
    case PL_F_ACTION_VERIFIED_BY:
        a->now.verified_by = i;
        break;
    case PL_F_ACTION_ACCEPTED_AT:
        a->now.accepted = s->value.type == PL_VAL_INT;
        break;
    default:
        break;
    }
}

static void tell_action(struct oplog_events *v, size_t ord, struct followed *a)
{
    const struct state *x = &a->now;
    bool is_same = x->state == a->then.state && x->owner == a->then.owner &&
                   x->done_by == a->then.done_by && x->verified_by == a->then.verified_by &&
                   x->accepted == a->then.accepted;
    struct fields f;

    if (is_same)
        return;
    fields_begin(&f);
    field(&f, 36, a->eid.client, 8);
    field(&f, 37, a->eid.n, 8);
    field(&f, 38, (uint64_t)a->then.state, 2);
    field(&f, 39, (uint64_t)x->owner, 8);
    field(&f, 40, (uint64_t)x->done_by, 8);
    field(&f, 41, (uint64_t)x->verified_by, 8);
    field(&f, 42, x->accepted, 2);
    fields_end(v, &f, ord,
               x->state != a->then.state ? KIND_ACTION | (uint32_t)x->state : KIND_ACTION_PEOPLE);
    a->then = a->now;
}

/* ---- the review, people, waivers --------------------------------------------------------------
 */

static void tell_status(struct oplog_events *v, size_t ord, const struct pl_slot *s)
{
    int64_t now = s->value.type == PL_VAL_INT ? s->value.i : 0;
    struct fields f;

    if (now == v->status)
        return;
    fields_begin(&f);
    field(&f, 32, (uint64_t)v->status, 2);
    field(&f, 33, (uint64_t)now, 2);
    if (now == PL_STATUS_CLOSED)
        field(&f, 34, (uint64_t)v->asked_by, 8);
    fields_end(v, &f, ord, KIND_STATUS);
    v->status = now;
}

static void tell_involved(struct oplog_events *v, size_t ord, const struct pl_slot *s,
                          const struct pl_entry *en)
{
    struct fields f;

    fields_begin(&f);
    field(&f, 16, (uint64_t)reg_int(en, PL_F_PARTICIPANT_USER), 8);
    field(&f, 29, s->value.type == PL_VAL_INT && s->value.i != 0, 2);
    fields_end(v, &f, ord, KIND_INVOLVED);
}

static void tell_waiver(struct oplog_events *v, size_t ord, const struct pl_slot *s,
                        const struct pl_entry *en)
{
    const struct pl_value *entry = pl_entry_reg(en, PL_F_WAIVER_ENTRY);
    struct pl_eid eid = entry->type == PL_VAL_EID ? entry->eid : PL_EID_ROOT;
    bool is_back = s->kind == PL_SLOT_DEAD && s->flag;
    struct fields f;

    fields_begin(&f);
    field(&f, 35, pl_check_by_id(pl_entry_str(en, PL_F_WAIVER_CHECK)), 2);
    field(&f, 36, eid.client, 8);
    field(&f, 37, eid.n, 8);
    fields_end(v, &f, ord, is_back ? KIND_UNWAIVED : KIND_WAIVED);
}

/* ---- a revision -------------------------------------------------------------------------------
 */

static void see_slot(struct oplog_events *v, size_t ord, const struct pl_slot *s)
{
    const struct pl_entry *en = pl_doc_entry(v->after, s->eid);

    if (en == NULL)
        return;
    switch (pl_entry_kind(en)) {
    case PL_KIND_REVIEW:
        if (s->kind == PL_SLOT_REG && s->field == PL_F_REVIEW_STATUS)
            tell_status(v, ord, s);
        break;
    case PL_KIND_PARTICIPANT:
        if (s->kind == PL_SLOT_REG && s->field == PL_F_PARTICIPANT_INVOLVED)
            tell_involved(v, ord, s, en);
        break;
    case PL_KIND_WAIVER:
        if (s->kind == PL_SLOT_CREATE || s->kind == PL_SLOT_DEAD)
            tell_waiver(v, ord, s, en);
        break;
    case PL_KIND_ACTION:
        see_action(v, s);
        break;
    default:
        break;
    }
}

struct oplog_events *oplog_events_new(const struct pl_doc *before, const struct pl_doc *after)
{
    struct oplog_events *v = pl_xcalloc(1, sizeof *v);
    const struct pl_entry *root = pl_doc_root(before);

    v->before = before;
    v->after = after;
    v->status = reg_int(root, PL_F_REVIEW_STATUS);
    v->asked_by = reg_int(root, PL_F_REVIEW_CLOSE_ASKED_BY);
    return v;
}

void oplog_events_add(struct oplog_events *v, size_t ord, const struct pl_cs *cs)
{
    const struct pl_slot *s;

    for (uint32_t i = 0; i < cs->n; i++)
        see_slot(v, ord, cs->slots[i]);
    for (size_t i = 0; i < v->n; i++) {
        if (v->action[i].touched)
            tell_action(v, ord, &v->action[i]);
        v->action[i].touched = false;
    }
    s = pl_cs_find(cs, PL_SLOT_REG, PL_EID_ROOT, PL_F_REVIEW_CLOSE_ASKED_BY, NULL);
    if (s != NULL)
        v->asked_by = s->value.type == PL_VAL_INT ? s->value.i : 0;
}

char *oplog_events_end(struct oplog_events *v, char *take_rows)
{
    json_t *all = NULL;
    char *text = take_rows;

    if (v->list != NULL) {
        all = take_rows != NULL ? json_loads(take_rows, 0, NULL) : json_object();
        PL_ASSERT(all != NULL && json_object_set_new(all, "event", v->list) == 0);
        text = json_dumps(all, JSON_COMPACT);
        PL_ASSERT(text != NULL);
        json_decref(all);
        free(take_rows);
    }
    free(v->action);
    free(v);
    return text;
}
