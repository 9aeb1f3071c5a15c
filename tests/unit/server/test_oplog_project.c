// SPDX-License-Identifier: Apache-2.0
/*
 * Projections: rows changed batch by batch are, at every revision, those made from the whole
 * document; typing in what no table repeats changes none; a batch that is lost takes its rows
 * along; a second process derives the same. A model of the tables plays the database.
 */
#include "oplog_rig.h"

#include "room/oplog_project.h"

#include <jansson.h>
#include <stdio.h>

#include "plimsoll/base/rng.h"
#include "plimsoll/base/str.h"

static const char *const tables[] = {"fact", "marker", "participant", "action", "lesson"};

/* The database: one object, "table key" to row. */
static char *key_of(const char *table, const json_t *row)
{
    char key[96];
    json_t *m = json_object_get(row, "marker");

    if (strcmp(table, "fact") == 0)
        (void)snprintf(key, sizeof key, "fact");
    else if (strcmp(table, "marker") == 0)
        (void)snprintf(key, sizeof key, "marker %lld", (long long)json_integer_value(m));
    else
        (void)snprintf(key, sizeof key, "%s %lld %lld", table,
                       (long long)json_integer_value(json_object_get(row, "client")),
                       (long long)json_integer_value(json_object_get(row, "n")));
    return pl_xstrdup(key);
}

static bool is_whole(const json_t *row)
{
    return json_object_size(row) > 2;
}

#define T0_US INT64_C(1772359380000000) /* 2026-03-01 */

static unsigned take_rows(json_t *db, const char *text)
{
    unsigned n = 0;

    if (text == NULL)
        return 0;
    json_t *all = json_loads(text, 0, NULL);
    assert_non_null(all);
    for (size_t t = 0; t < sizeof tables / sizeof tables[0]; t++) {
        json_t *list = json_object_get(all, tables[t]);
        size_t i;
        json_t *row;
        json_array_foreach(list, i, row)
        {
            char *key = key_of(tables[t], row);
            n++;
            if (is_whole(row))
                assert_int_equal(json_object_set(db, key, row), 0);
            else
                assert_int_equal(json_object_del(db, key), 0);
            free(key);
        }
    }
    json_decref(all);
    return n;
}

static void assert_whole(const json_t *db, const struct pl_doc *d)
{
    json_t *want = json_object();
    char *text = project_all(d);

    (void)take_rows(want, text);
    if (!json_equal(db, want)) {
        char *have = json_dumps(db, JSON_SORT_KEYS | JSON_INDENT(1));
        fail_msg("revision %llu\n%s\nshould be\n%s", (unsigned long long)pl_doc_rev(d), have, text);
    }
    free(text);
    json_decref(want);
}

static struct pl_cs setting(struct pl_eid eid, uint32_t field, int64_t v)
{
    struct pl_cs cs;
    struct pl_value val = pl_value_int(v);

    pl_cs_init(&cs);
    pl_cs_reg(&cs, eid, field, &val);
    return cs;
}

/* A log that starts with its header's row in place. */
static json_t *db_new(const struct rig *r)
{
    json_t *db = json_object();
    char *text = project_all(oplog_doc(r->l));

    (void)take_rows(db, text);
    free(text);
    return db;
}

static unsigned commit_into(struct rig *r, json_t *db)
{
    const struct oplog_batch *b = oplog_build_batch(r->l);

    assert_non_null(b);
    unsigned n = take_rows(db, b->rows);
    oplog_commit(r->l);
    assert_whole(db, oplog_doc(r->l));
    return n;
}

static unsigned change(struct rig *r, json_t *db, struct pl_cs *take_cs)
{
    assert_int_equal(submit(r, ANN, take_cs), OPLOG_QUEUED);
    return commit_into(r, db);
}

TEST(rows_follow_an_action_and_its_evidence)
{
    struct rig r;
    struct pl_eid a;
    struct pl_eid v;
    struct pl_key key;

    rig_init(&r);
    join(&r, ANN, 1);
    json_t *db = db_new(&r);
    oplog_give_numbers(r.l, 100, 8);
    struct pl_cs cs = creation(&r, ANN, PL_KIND_ACTION, &a);
    assert_int_equal(change(&r, db, &cs), 1);
    cs = typing(a, 0, 0, "Own every rule\nmore");
    assert_int_equal(change(&r, db, &cs), 1);
    cs = typing(a, 19, 19, " and more"); /* behind the first line */
    assert_int_equal(change(&r, db, &cs), 0);
    cs = setting(a, PL_F_ACTION_CONTROL, PL_CONTROL_PREVENTION);
    assert_int_equal(change(&r, db, &cs), 1);
    cs = setting(a, PL_F_ACTION_CONTROL, PL_CONTROL_PREVENTION); /* as it was */
    assert_int_equal(change(&r, db, &cs), 0);
    pl_cs_init(&cs);
    v = (struct pl_eid){ANN, ++r.entries};
    assert_int_equal(pl_key_between(&key, NULL, NULL, ANN, 1, NULL), 0);
    pl_cs_create(&cs, v, PL_KIND_EVIDENCE, a, &key);
    assert_int_equal(change(&r, db, &cs), 1);
    pl_cs_init(&cs);
    pl_cs_dead(&cs, v, true);
    assert_int_equal(change(&r, db, &cs), 1);
    pl_cs_init(&cs);
    pl_cs_dead(&cs, a, true);
    assert_int_equal(change(&r, db, &cs), 1);
    assert_int_equal(json_object_size(db), 1); /* the facts */
    pl_cs_init(&cs);
    pl_cs_dead(&cs, a, false);
    assert_int_equal(change(&r, db, &cs), 1);
    json_decref(db);
    rig_end(&r);
}

TEST(rows_follow_markers_and_causes)
{
    struct rig r;
    struct pl_eid e1 = {0, 0};
    struct pl_eid e2 = {0, 0};
    struct pl_eid f = {0, 0};

    rig_init(&r);
    join(&r, ANN, 1);
    json_t *db = db_new(&r);
    struct pl_cs cs = creation(&r, ANN, PL_KIND_EVENT, &e1);
    assert_int_equal(change(&r, db, &cs), 0);
    cs = creation(&r, ANN, PL_KIND_EVENT, &e2);
    assert_int_equal(change(&r, db, &cs), 0);
    cs = setting(e1, PL_F_EVENT_MARKER, PL_MARKER_DETECTED);
    assert_int_equal(change(&r, db, &cs), 0); /* no time yet */
    cs = setting(e1, PL_F_EVENT_HAPPENED_AT, T0_US);
    assert_int_equal(change(&r, db, &cs), 1);
    cs = setting(e2, PL_F_EVENT_HAPPENED_AT, T0_US - 1);
    assert_int_equal(change(&r, db, &cs), 0);
    cs = setting(e2, PL_F_EVENT_MARKER, PL_MARKER_DETECTED); /* the earlier one counts */
    assert_int_equal(change(&r, db, &cs), 1);
    cs = typing(e2, 0, 0, "the alert fired");
    assert_int_equal(change(&r, db, &cs), 0);
    pl_cs_init(&cs);
    pl_cs_dead(&cs, e2, true);
    assert_int_equal(change(&r, db, &cs), 1);
    cs = creation(&r, ANN, PL_KIND_CAUSE, &f);
    assert_int_equal(change(&r, db, &cs), 0);
    cs = setting(f, PL_F_CAUSE_CLASS, PL_CLASS_PROCESS);
    assert_int_equal(change(&r, db, &cs), 1);
    json_decref(db);
    rig_end(&r);
}

TEST(rows_of_a_lost_batch_are_made_anew_on_what_others_wrote)
{
    struct rig a;
    struct rig b;
    struct pl_eid act;

    rig_init(&a);
    join(&a, ANN, 1);
    json_t *db = db_new(&a);
    oplog_give_numbers(a.l, 1, 8);
    struct pl_cs cs = creation(&a, ANN, PL_KIND_ACTION, &act);
    (void)change(&a, db, &cs);
    rig_second(&b, &a);
    join(&b, BOB, 1);
    cs = setting(act, PL_F_ACTION_IMPACT, 3);
    assert_int_equal(submit(&b, BOB, &cs), OPLOG_QUEUED);
    assert_non_null(oplog_build_batch(b.l)->rows);
    oplog_abort(b.l, false); /* somebody else was first */
    cs = setting(act, PL_F_ACTION_FEASIBILITY, 2);
    assert_int_equal(change(&a, db, &cs), 1);
    bring_up(&b, &a);
    assert_int_equal(commit_into(&b, db), 1); /* has both now */
    json_decref(db);
    oplog_free(b.l);
    rig_end(&a);
}

/* --- a random life ------------------------------------------------------------------------------
 */

#define LIFE_STEPS 400

struct life {
    struct rig r;
    struct pl_prng rng;
    struct pl_eid v[200];
    uint32_t kind[200];
    size_t n;
};

static struct pl_cs random_step(struct life *x)
{
    static const uint32_t kinds[] = {PL_KIND_EVENT, PL_KIND_ACTION, PL_KIND_CAUSE, PL_KIND_LESSON};
    static const uint32_t fields[][6] = {
        {PL_F_EVENT_MARKER, PL_F_EVENT_HAPPENED_AT, PL_F_EVENT_PRECISION},
        {PL_F_ACTION_STATE, PL_F_ACTION_IMPACT, PL_F_ACTION_OWNER, PL_F_ACTION_DUE,
         PL_F_ACTION_PRIORITY, PL_F_ACTION_CONTROL},
        {PL_F_CAUSE_CLASS, PL_F_CAUSE_QUESTION},
        {PL_F_LESSON_OUTCOME},
    };
    struct pl_cs cs;
    uint64_t what = pl_prng_below(&x->rng, 8);

    pl_cs_init(&cs);
    if (x->n == 0 || (what == 0 && x->n < 200)) {
        uint64_t k = pl_prng_below(&x->rng, 4);
        x->kind[x->n] = (uint32_t)k;
        x->v[x->n] = make_entry(&x->r, &cs, ANN, kinds[k]);
        x->n++;
        return cs;
    }
    size_t i = (size_t)pl_prng_below(&x->rng, x->n);
    uint32_t k = x->kind[i];
    if (what == 1) {
        pl_cs_dead(&cs, x->v[i], pl_prng_one_in(&x->rng, 2));
        return cs;
    }
    const struct pl_entry *en = pl_doc_entry(oplog_doc(x->r.l), x->v[i]);
    if (what == 2 && k != 3 && en != NULL) {
        const struct pl_text *t = pl_entry_text(en, PL_F_BODY);
        size_t len = t != NULL ? pl_text_len(t) : 0;
        pl_cs_release(&cs);
        return typing(x->v[i], (uint32_t)len, (uint32_t)pl_prng_below(&x->rng, len + 1), "a\nb");
    }
    uint32_t field = 0;
    while (field == 0)
        field = fields[k][pl_prng_below(&x->rng, 6)];
    bool is_time =
        (k == 0 && field == PL_F_EVENT_HAPPENED_AT) || (k == 1 && field == PL_F_ACTION_DUE);
    struct pl_value v =
        pl_value_int((is_time ? T0_US : 0) + (int64_t)pl_prng_below(&x->rng, 3) + 1);
    pl_cs_reg(&cs, x->v[i], field, &v);
    return cs;
}

TEST(rows_are_those_of_the_document_through_a_random_life)
{
    const char *seed = getenv("PL_SEED");
    uint64_t first = 1;
    struct life x;

    if (seed != NULL)
        assert_int_equal(pl_parse_u64(seed, &first), 0);
    memset(&x, 0, sizeof x);
    rig_init(&x.r);
    join(&x.r, ANN, 1);
    pl_prng_init(&x.rng, first);
    json_t *db = db_new(&x.r);
    for (unsigned step = 0; step < LIFE_STEPS; step++) {
        struct pl_cs cs = random_step(&x);
        if (oplog_wants_numbers(x.r.l) > 0)
            oplog_give_numbers(x.r.l, 1000 + step * 64, oplog_wants_numbers(x.r.l));
        /* By the server: nothing is refused for what it means. */
        const struct oplog_origin o = {
            .client = ANN, .epoch = 1, .seq = ++x.r.seq[ANN], .base = oplog_head(x.r.l)};
        assert_true(submit_as(&x.r, &o, &cs) >= 0);
        const struct oplog_batch *b = oplog_build_batch(x.r.l);
        if (b != NULL && pl_prng_one_in(&x.rng, 5)) {
            oplog_abort(x.r.l, pl_prng_one_in(&x.rng, 2));
            b = oplog_build_batch(x.r.l);
        }
        if (b == NULL)
            continue;
        (void)take_rows(db, b->rows);
        oplog_commit(x.r.l);
        assert_whole(db, oplog_doc(x.r.l));
        x.r.n = 0;
    }
    json_decref(db);
    rig_end(&x.r);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(rows_follow_an_action_and_its_evidence),
        cmocka_unit_test(rows_follow_markers_and_causes),
        cmocka_unit_test(rows_of_a_lost_batch_are_made_anew_on_what_others_wrote),
        cmocka_unit_test(rows_are_those_of_the_document_through_a_random_life),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
