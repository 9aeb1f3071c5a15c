// SPDX-License-Identifier: Apache-2.0
/*
 * See oplog_project.h. A row is made from the state before and from the state after, and is given
 * to the database only if the two differ: typing in a text that no table repeats costs nothing
 * there.
 */
#include "room/oplog_project.h"

#include <jansson.h>
#include <stdlib.h>
#include <string.h>

#include "plimsoll/base/mem.h"
#include "plimsoll/doc/durations.h"

#define LABEL_BYTES 401 /* of an action's first line; clients show 200 characters of it */
#define US_PER_S    1000000

/* --- rows ---------------------------------------------------------------------------------------
 */

static json_t *object_new(void)
{
    json_t *j = json_object();

    PL_ASSERT(j != NULL);
    return j;
}

static void put(json_t *j, const char *key, json_t *take_v)
{
    int rc = json_object_set_new(j, key, take_v);

    PL_ASSERT(rc == 0);
}

static void put_int(json_t *j, const char *key, int64_t v)
{
    put(j, key, json_integer((json_int_t)v));
}

/* Texts of a document are UTF-8 without NUL; anything else would be a fault. */
static void put_str(json_t *j, const char *key, const char *s)
{
    put(j, key, json_string(s));
}

/* What is unset stays out: null in the table. */
static void put_reg(json_t *j, const char *key, const struct pl_entry *en, uint32_t field)
{
    const struct pl_value *v = pl_entry_reg(en, field);

    if (v->type == PL_VAL_INT)
        put_int(j, key, v->i);
    else if (v->type == PL_VAL_STR && v->str_len > 0)
        put_str(j, key, pl_entry_str(en, field));
}

static void put_bool(json_t *j, const char *key, const struct pl_entry *en, uint32_t field)
{
    const struct pl_value *v = pl_entry_reg(en, field);

    if (v->type == PL_VAL_INT)
        put(j, key, json_boolean(v->i != 0));
}

static void put_eid(json_t *j, const char *client, const char *n, struct pl_eid eid)
{
    put_int(j, client, (int64_t)eid.client);
    put_int(j, n, eid.n);
}

static json_t *keyed(struct pl_eid eid)
{
    json_t *j = object_new();

    put_eid(j, "client", "n", eid);
    return j;
}

static json_t *participant_row(const struct pl_entry *en)
{
    json_t *j = keyed(pl_entry_eid(en));

    put_int(j, "usr", pl_entry_int(en, PL_F_PARTICIPANT_USER, 0));
    put_int(j, "role", pl_entry_int(en, PL_F_PARTICIPANT_ROLE, 0));
    put_reg(j, "duty", en, PL_F_PARTICIPANT_DUTY);
    put_reg(j, "attendance", en, PL_F_PARTICIPANT_ATTENDANCE);
    put_bool(j, "involved", en, PL_F_PARTICIPANT_INVOLVED);
    put_reg(j, "rules_accepted_us", en, PL_F_PARTICIPANT_RULES_ACCEPTED_AT);
    return j;
}

static const struct {
    const char *key;
    uint32_t field;
} action_fields[] = {
    {"control", PL_F_ACTION_CONTROL},
    {"kind", PL_F_ACTION_KIND},
    {"impact", PL_F_ACTION_IMPACT},
    {"feasibility", PL_F_ACTION_FEASIBILITY},
    {"owner", PL_F_ACTION_OWNER},
    {"due_us", PL_F_ACTION_DUE},
    {"tracker_key", PL_F_ACTION_TRACKER_KEY},
    {"tracker_url", PL_F_ACTION_TRACKER_URL},
    {"accepted_us", PL_F_ACTION_ACCEPTED_AT},
    {"done_by", PL_F_ACTION_DONE_BY},
    {"done_us", PL_F_ACTION_DONE_AT},
    {"verified_by", PL_F_ACTION_VERIFIED_BY},
    {"verified_us", PL_F_ACTION_VERIFIED_AT},
    {"effect_due_us", PL_F_ACTION_EFFECT_DUE},
    {"effect_result", PL_F_ACTION_EFFECT_RESULT},
    {"effect_us", PL_F_ACTION_EFFECT_AT},
};

static json_t *action_row(const struct pl_doc *d, const struct pl_entry *en)
{
    json_t *j = keyed(pl_entry_eid(en));
    const struct pl_value *next = pl_entry_reg(en, PL_F_ACTION_FOLLOW_UP);
    int64_t priority = pl_action_priority(en);
    char label[LABEL_BYTES];

    (void)pl_entry_label(en, label, sizeof label);
    put_str(j, "label", label);
    put_int(j, "no", pl_entry_int(en, PL_F_NO, 0));
    put_int(j, "state", pl_entry_int(en, PL_F_ACTION_STATE, PL_STATE_IDEA));
    if (priority != 0)
        put_int(j, "priority", priority);
    for (size_t i = 0; i < sizeof action_fields / sizeof action_fields[0]; i++)
        put_reg(j, action_fields[i].key, en, action_fields[i].field);
    if (next->type == PL_VAL_EID)
        put_eid(j, "follow_client", "follow_n", next->eid);
    put_int(j, "evidence",
            (int64_t)pl_doc_children(d, pl_entry_eid(en), PL_KIND_EVIDENCE, NULL, 0));
    put_int(j, "created_us", pl_entry_created_us(en));
    return j;
}

static json_t *lesson_row(const struct pl_entry *en)
{
    json_t *j = keyed(pl_entry_eid(en));

    put_int(j, "no", pl_entry_int(en, PL_F_NO, 0));
    put_str(j, "title", pl_entry_str(en, PL_F_TITLE));
    put_str(j, "summary", pl_entry_cstr(en, PL_F_LESSON_SUMMARY));
    put_reg(j, "outcome", en, PL_F_LESSON_OUTCOME);
    return j;
}

/* NULL: there is no such row. */
static json_t *entry_row(const struct pl_doc *d, struct pl_eid eid)
{
    const struct pl_entry *en = pl_doc_entry(d, eid);

    if (en == NULL || !pl_entry_is_visible(d, en))
        return NULL;
    switch (pl_entry_kind(en)) {
    case PL_KIND_PARTICIPANT:
        return participant_row(en);
    case PL_KIND_ACTION:
        return action_row(d, en);
    case PL_KIND_LESSON:
        return lesson_row(en);
    default:
        return NULL;
    }
}

static const char *table_of(uint32_t kind)
{
    switch (kind) {
    case PL_KIND_PARTICIPANT:
        return "participant";
    case PL_KIND_ACTION:
        return "action";
    case PL_KIND_LESSON:
        return "lesson";
    default:
        return NULL;
    }
}

static json_t *marker_row(const struct pl_doc *d, int64_t marker)
{
    const struct pl_entry *en = pl_marker_event(d, marker);
    bool is_open = false;

    if (en == NULL || pl_entry_reg(en, PL_F_EVENT_HAPPENED_AT)->type != PL_VAL_INT)
        return NULL;
    json_t *j = keyed(pl_entry_eid(en));
    put_int(j, "marker", marker);
    put_int(j, "at_us", pl_entry_int(en, PL_F_EVENT_HAPPENED_AT, 0));
    put_int(j, "band_s", pl_event_band_us(en, &is_open) / US_PER_S);
    put(j, "is_open", json_boolean(is_open));
    return j;
}

/* --- the header ---------------------------------------------------------------------------------
 */

static json_t *services_of(const struct pl_entry *root)
{
    json_t *a = json_array();
    size_t n = pl_entry_set_count(root, PL_F_REVIEW_SERVICES);

    for (size_t i = 0; i < n; i++) {
        const struct pl_elem *el = pl_entry_set_at(root, PL_F_REVIEW_SERVICES, i);
        int rc = json_array_append_new(a, json_stringn((const char *)el->b, el->len));
        PL_ASSERT(rc == 0);
    }
    return a;
}

static int64_t classes_of(const struct pl_doc *d)
{
    size_t n = pl_doc_list(d, PL_KIND_CAUSE, NULL, 0);
    struct pl_entry **v = pl_xcalloc(n + 1, sizeof(struct pl_entry *));
    int64_t bits = 0;

    n = pl_doc_list(d, PL_KIND_CAUSE, v, n);
    for (size_t i = 0; i < n; i++) {
        if (pl_entry_reg(v[i], PL_F_CAUSE_MERGED_INTO)->type != PL_VAL_NULL)
            continue; /* the other one counts */
        int64_t class = pl_entry_int(v[i], PL_F_CAUSE_CLASS, 0);
        if (class > 0 && class <= PL_CLASS_PEOPLE)
            bits |= INT64_C(1) << class;
    }
    free(v);
    return bits;
}

static int64_t na_of(const struct pl_doc *d)
{
    struct pl_duration all[PL_DURATION_MAX];
    int64_t bits = 0;

    pl_durations(d, all);
    for (unsigned i = 0; i < PL_DURATION_MAX; i++)
        bits |= all[i].state == PL_DURATION_NA ? INT64_C(1) << i : 0;
    return bits;
}

static json_t *fact_row(const struct pl_doc *d)
{
    const struct pl_entry *root = pl_doc_root(d);
    json_t *j = object_new();

    put(j, "services", services_of(root));
    put_int(j, "classes", classes_of(d));
    put_int(j, "na", na_of(d));
    put_int(j, "rules", (int64_t)pl_doc_list(d, PL_KIND_RULE, NULL, 0));
    put_reg(j, "session_us", root, PL_F_REVIEW_SESSION_STARTED_AT);
    put_reg(j, "closed_us", root, PL_F_REVIEW_CLOSED_AT);
    put_reg(j, "draft_of", root, PL_F_REVIEW_DRAFT_OF);
    put_reg(j, "close_asked_by", root, PL_F_REVIEW_CLOSE_ASKED_BY);
    put_reg(j, "closed_by", root, PL_F_REVIEW_CLOSED_BY);
    return j;
}

/* What the append keeps in the table of reviews (struct append_face). */
static json_t *face_row(const struct pl_doc *d)
{
    static const struct {
        const char *key;
        uint32_t field;
    } fields[] = {
        {"status", PL_F_REVIEW_STATUS},
        {"stage", PL_F_REVIEW_STAGE},
        {"visibility", PL_F_REVIEW_VISIBILITY},
        {"severity", PL_F_REVIEW_SEVERITY},
        {"kind", PL_F_REVIEW_KIND},
    };
    const struct pl_entry *root = pl_doc_root(d);
    json_t *j = object_new();

    put_str(j, "title", pl_entry_str(root, PL_F_REVIEW_TITLE));
    for (size_t i = 0; i < sizeof fields / sizeof fields[0]; i++)
        put_int(j, fields[i].key, pl_entry_int(root, fields[i].field, 0));
    return j;
}

/* --- what is touched ----------------------------------------------------------------------------
 */

static void touch_entry(struct project_touched *t, struct pl_eid eid)
{
    if (t->n > 0 && pl_eid_eq(t->v[t->n - 1], eid))
        return; /* slots of one entry stand side by side */
    if (t->n == t->cap) {
        t->cap = t->cap == 0 ? 16 : t->cap * 2;
        t->v = pl_xrealloc(t->v, t->cap, sizeof *t->v);
    }
    t->v[t->n++] = eid;
}

static bool is_fact_field(uint32_t field)
{
    switch (field) {
    case PL_F_REVIEW_SERVICES:
    case PL_F_REVIEW_NA_DETECT:
    case PL_F_REVIEW_NA_TRIAGE:
    case PL_F_REVIEW_NA_CONTAIN:
    case PL_F_REVIEW_NA_RECOVER:
    case PL_F_REVIEW_SESSION_STARTED_AT:
    case PL_F_REVIEW_CLOSED_AT:
    case PL_F_REVIEW_CLOSED_BY:
    case PL_F_REVIEW_CLOSE_ASKED_BY:
    case PL_F_REVIEW_DRAFT_OF:
        return true;
    default:
        return false;
    }
}

static bool is_marker_field(uint32_t field)
{
    return field == PL_F_EVENT_MARKER || field == PL_F_EVENT_HAPPENED_AT ||
           field == PL_F_EVENT_PRECISION || field == PL_F_EVENT_PRECISION_S;
}

/* Evidence counts for the action above it, before and after a move. */
static void touch_above(struct project_touched *t, const struct pl_doc *d, struct pl_eid eid)
{
    const struct pl_entry *en = pl_doc_entry(d, eid);

    if (en != NULL)
        touch_entry(t, pl_entry_parent(en));
}

static void touch_slot(struct project_touched *t, const struct pl_doc *before,
                       const struct pl_doc *after, const struct pl_slot *s)
{
    const struct pl_entry *en = pl_doc_entry(after, s->eid);
    bool is_place =
        s->kind == PL_SLOT_CREATE || s->kind == PL_SLOT_DEAD || s->kind == PL_SLOT_PLACE;

    if (en == NULL)
        return;
    switch (pl_entry_kind(en)) {
    case PL_KIND_REVIEW:
        t->facts = t->facts || is_fact_field(s->field);
        break;
    case PL_KIND_PARTICIPANT:
    case PL_KIND_ACTION:
    case PL_KIND_LESSON:
        touch_entry(t, s->eid);
        break;
    case PL_KIND_EVIDENCE:
        if (is_place) {
            touch_above(t, before, s->eid);
            touch_above(t, after, s->eid);
        }
        break;
    case PL_KIND_EVENT:
        t->markers = t->markers || is_place || is_marker_field(s->field);
        break;
    case PL_KIND_RULE:
        t->facts = t->facts || is_place;
        break;
    case PL_KIND_CAUSE:
        t->facts = t->facts || is_place || s->field == PL_F_CAUSE_CLASS ||
                   s->field == PL_F_CAUSE_MERGED_INTO;
        break;
    default:
        break;
    }
}

void project_touch(struct project_touched *t, const struct pl_doc *before,
                   const struct pl_doc *after, const struct pl_cs *cs)
{
    for (uint32_t i = 0; i < cs->n; i++)
        touch_slot(t, before, after, cs->slots[i]);
}

void project_release(struct project_touched *t)
{
    free(t->v);
    *t = (struct project_touched){0};
}

/* --- differences --------------------------------------------------------------------------------
 */

static void add_row(json_t *all, const char *table, json_t *take_row)
{
    json_t *list = json_object_get(all, table);

    if (list == NULL) {
        list = json_array();
        put(all, table, list);
    }
    int rc = json_array_append_new(list, take_row);
    PL_ASSERT(rc == 0);
}

/* Takes all three: the key alone says that the row is gone. */
static void add_change(json_t *all, const char *table, json_t *take_before, json_t *take_after,
                       json_t *take_key)
{
    bool is_same =
        take_before == take_after /* neither is there */ ||
        (take_before != NULL && take_after != NULL && json_equal(take_before, take_after));

    if (!is_same)
        add_row(all, table, json_incref(take_after != NULL ? take_after : take_key));
    json_decref(take_before);
    json_decref(take_after);
    json_decref(take_key);
}

static int eid_cmp(const void *a, const void *b)
{
    return pl_eid_cmp(*(const struct pl_eid *)a, *(const struct pl_eid *)b);
}

static void entry_changes(json_t *all, struct project_touched *t, const struct pl_doc *before,
                          const struct pl_doc *after)
{
    if (t->n > 1)
        qsort(t->v, t->n, sizeof *t->v, eid_cmp);
    for (size_t i = 0; i < t->n; i++) {
        const struct pl_entry *en = pl_doc_entry(after, t->v[i]);
        const char *table = en != NULL ? table_of(pl_entry_kind(en)) : NULL;
        if (table == NULL || (i > 0 && pl_eid_eq(t->v[i], t->v[i - 1])))
            continue;
        add_change(all, table, entry_row(before, t->v[i]), entry_row(after, t->v[i]),
                   keyed(t->v[i]));
    }
}

static json_t *marker_key(int64_t marker)
{
    json_t *j = object_new();

    put_int(j, "marker", marker);
    return j;
}

static char *dump(json_t *take_all)
{
    char *text = json_object_size(take_all) > 0 ? json_dumps(take_all, JSON_COMPACT) : NULL;

    PL_ASSERT(text != NULL || json_object_size(take_all) == 0);
    json_decref(take_all);
    return text;
}

char *project_change(struct project_touched *t, const struct pl_doc *before,
                     const struct pl_doc *after)
{
    if (t->n == 0 && !t->facts && !t->markers)
        return NULL;
    json_t *all = object_new();
    if (t->facts)
        add_change(all, "fact", fact_row(before), fact_row(after), NULL);
    for (int64_t m = PL_MARKER_IMPACT_START; t->markers && m <= PL_MARKER_RECOVERED; m++)
        add_change(all, "marker", marker_row(before, m), marker_row(after, m), marker_key(m));
    entry_changes(all, t, before, after);
    return dump(all);
}

static void add_kind(json_t *all, const struct pl_doc *d, uint32_t kind)
{
    size_t n = pl_doc_list(d, kind, NULL, 0);
    struct pl_entry **v = pl_xcalloc(n + 1, sizeof(struct pl_entry *));

    n = pl_doc_list(d, kind, v, n);
    for (size_t i = 0; i < n; i++)
        add_row(all, table_of(kind), entry_row(d, pl_entry_eid(v[i])));
    free(v);
}

char *project_all(const struct pl_doc *d)
{
    json_t *all = object_new();

    add_row(all, "review", face_row(d));
    add_row(all, "fact", fact_row(d));
    for (int64_t m = PL_MARKER_IMPACT_START; m <= PL_MARKER_RECOVERED; m++) {
        json_t *row = marker_row(d, m);
        if (row != NULL)
            add_row(all, "marker", row);
    }
    add_kind(all, d, PL_KIND_PARTICIPANT);
    add_kind(all, d, PL_KIND_ACTION);
    add_kind(all, d, PL_KIND_LESSON);
    return dump(all);
}
