// SPDX-License-Identifier: Apache-2.0
/* review/attach.h: who may attach a file to what, when, and what the revision says. */
#include "review/attach.h"

#include <string.h>

#include "plimsoll/doc/perm.h"
#include "plimsoll/merge/orderkey.h"

#include "support/sample.h"
#include "support/unit.h"

enum { FAY = 1, BEN = 2, CYD = 3, NOBODY = 9 };

static struct pl_doc *doc;
static struct pl_eid material, action, evidence, event;
static struct pl_err err;

static void person(uint32_t user, int64_t role)
{
    struct pl_eid eid = sample_add(doc, PL_KIND_PARTICIPANT, PL_EID_ROOT, 0);
    sample_int(doc, eid, PL_F_PARTICIPANT_USER, user);
    sample_int(doc, eid, PL_F_PARTICIPANT_ROLE, role);
}

static int set_up(void **state)
{
    (void)state;
    doc = pl_doc_new();
    pl_err_init(&err);
    sample_int(doc, PL_EID_ROOT, PL_F_REVIEW_STATUS, PL_STATUS_PREPARING);
    person(FAY, PL_ROLE_FACILITATOR);
    person(BEN, PL_ROLE_RESPONDER);
    person(CYD, PL_ROLE_STAKEHOLDER);
    material = sample_add(doc, PL_KIND_MATERIAL, PL_EID_ROOT, BEN);
    event = sample_add(doc, PL_KIND_EVENT, PL_EID_ROOT, BEN);
    action = sample_add(doc, PL_KIND_ACTION, PL_EID_ROOT, BEN);
    evidence = sample_add(doc, PL_KIND_EVIDENCE, action, BEN);
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    pl_doc_free(doc);
    return 0;
}

static int may(struct pl_eid entry, uint64_t user)
{
    uint64_t ops = 0;
    int rc = attach_may(doc, entry, user, &ops, &err);
    assert_true(rc < 0 || ops != 0);
    return rc;
}

TEST(materials_by_role_and_status)
{
    assert_int_equal(may(material, FAY), 0);
    assert_int_equal(may(material, BEN), 0);
    assert_int_equal(may(material, CYD), -PL_E_PERM);
    assert_int_equal(may(material, NOBODY), -PL_E_PERM);
    sample_int(doc, PL_EID_ROOT, PL_F_REVIEW_STATUS, PL_STATUS_TRACKING);
    assert_int_equal(may(material, BEN), -PL_E_PERM);
    sample_int(doc, PL_EID_ROOT, PL_F_REVIEW_STATUS, PL_STATUS_CLOSED);
    assert_int_equal(may(material, FAY), -PL_E_PERM);
    assert_int_equal(may(evidence, BEN), -PL_E_PERM);
}

TEST(evidence_by_who_owns_the_action)
{
    assert_int_equal(may(evidence, BEN), 0);
    assert_int_equal(may(evidence, CYD), -PL_E_PERM); /* somebody else's idea */
    sample_int(doc, PL_EID_ROOT, PL_F_REVIEW_STATUS, PL_STATUS_TRACKING);
    sample_int(doc, action, PL_F_ACTION_STATE, PL_STATE_IN_PROGRESS);
    sample_int(doc, action, PL_F_ACTION_OWNER, CYD);
    assert_int_equal(may(evidence, CYD), 0);
    assert_int_equal(may(evidence, BEN), -PL_E_PERM);
    assert_int_equal(may(evidence, FAY), -PL_E_PERM);
}

TEST(other_entries_and_removed_ones)
{
    struct pl_cs cs;
    assert_int_equal(may(event, BEN), -PL_E_INVALID);
    assert_int_equal(may(PL_EID_ROOT, BEN), -PL_E_INVALID);
    assert_int_equal(may((struct pl_eid){77, 77}, BEN), -PL_E_NOENT);
    pl_cs_init(&cs);
    pl_cs_dead(&cs, material, true);
    sample_commit(doc, BEN, &cs);
    assert_int_equal(may(material, BEN), -PL_E_NOENT);
}

TEST(locked_sections)
{
    sample_elem(doc, PL_EID_ROOT, PL_F_REVIEW_LOCKED, "material");
    assert_int_equal(may(material, BEN), -PL_E_LOCKED);
    assert_int_equal(may(material, FAY), 0);
    assert_int_equal(may(evidence, BEN), 0);
    sample_elem(doc, PL_EID_ROOT, PL_F_REVIEW_LOCKED, "action");
    assert_int_equal(may(evidence, BEN), -PL_E_LOCKED);
}

TEST(one_revision_shows_it)
{
    struct attach a = {material, BEN, "graph.png", "image/png", 5000, {1, 2, 3}};
    struct pl_cs cs;
    uint64_t ops = 0;
    pl_cs_init(&cs);
    assert_int_equal(attach_judge(doc, &a, &cs, &ops, &err), 0);
    assert_int_equal(ops, PL_PERM_BIT(PL_PERM_MATERIAL));
    assert_int_equal(cs.n, 4);
    assert_int_equal(pl_doc_check(doc, &cs, true, &err), 0);
    assert_int_equal(pl_doc_check(doc, &cs, false, &err),
                     -PL_E_INVALID); /* nobody else writes it */
    sample_commit(doc, BEN, &cs);
    assert_true(attach_is_shown(doc, material, a.sha256));
    const struct pl_entry *en = pl_doc_entry(doc, material);
    assert_string_equal(pl_entry_str(en, PL_F_MATERIAL_FILE_NAME), "graph.png");
    assert_int_equal(pl_entry_int(en, PL_F_MATERIAL_FILE_SIZE, 0), 5000);
    pl_cs_init(&cs);
    assert_int_equal(attach_judge(doc, &a, &cs, &ops, &err), 0);
    assert_true(pl_cs_is_empty(&cs)); /* it is so already */
    a.sha256[0] = 9;
    assert_false(attach_is_shown(doc, material, a.sha256));
    assert_int_equal(attach_judge(doc, &a, &cs, &ops, &err), 0);
    assert_int_equal(cs.n, 1);
    pl_cs_release(&cs);
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(materials_by_role_and_status, set_up, tear_down),
        cmocka_unit_test_setup_teardown(evidence_by_who_owns_the_action, set_up, tear_down),
        cmocka_unit_test_setup_teardown(other_entries_and_removed_ones, set_up, tear_down),
        cmocka_unit_test_setup_teardown(locked_sections, set_up, tear_down),
        cmocka_unit_test_setup_teardown(one_revision_shows_it, set_up, tear_down),
    };
    return RUN(tests);
}
