// SPDX-License-Identifier: Apache-2.0
/*
 * People, devices, invites, lists of reviews, participants: what the store answers and what stands
 * in the organisation's audit chain afterwards.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "plimsoll/base/hash.h"
#include "plimsoll/base/str.h"
#include "plimsoll/base/time.h"
#include "plimsoll/doc/schema.h"

#include "store/repo_identity.h"
#include "store/repo_review.h"
#include "support/server/store_rig.h"
#include "support/unit.h"

static struct rig rig;
static struct rig_store st;
static struct rig_store keeper; /* who uses invites up */

static int setup(void **state)
{
    (void)state;
    rig_open(&rig);
    rig_store_open(&rig, &st, NULL);
    const struct store_options o = {.writers = 1, .readers = 1, .role = "plm_ca", .plain = true};
    rig_store_open(&rig, &keeper, &o);
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    rig_store_close(&rig, &keeper);
    rig_store_close(&rig, &st);
    rig_close(&rig);
    return 0;
}

/* What any answer left behind; one is under way at a time. */
static struct {
    bool done;
    int rc;
    uint64_t id;
    size_t n;
    struct device_row device;
    struct invite_result invite;
    struct member_result member;
    struct pl_review_row review[8];
    struct pl_person person[8];
    uint64_t next;
    char name[8][64];
} got;

static int wait_answer(int rc)
{
    if (rc != 0)
        return rc;
    rig_until(&rig, &got.done);
    return got.rc;
}

static void begin(void)
{
    memset(&got, 0, sizeof got);
}

static void answered(int rc, const struct pl_err *e)
{
    assert_false(got.done);
    assert_true((rc < 0) == (e != NULL));
    got.done = true;
    got.rc = rc;
}

static void on_code(void *ctx, int rc, const struct pl_err *e)
{
    (void)ctx;
    answered(rc, e);
}

static void on_user(void *ctx, int rc, const struct user_row *u, const struct pl_err *e)
{
    (void)ctx;
    answered(rc, e);
    if (!u)
        return;
    got.id = u->user;
    pl_strlcpy(got.name[0], u->user_name, sizeof got.name[0]);
    pl_strlcpy(got.name[1], u->display_name, sizeof got.name[1]);
}

static void on_users(void *ctx, int rc, const struct user_row *rows, size_t n,
                     const struct pl_err *e)
{
    (void)ctx;
    answered(rc, e);
    got.n = n;
    got.id = n ? rows[n - 1].user : 0;
}

static void on_device(void *ctx, int rc, const struct device_row *d, const struct pl_err *e)
{
    (void)ctx;
    answered(rc, e);
    if (d)
        got.device = *d;
}

static void on_devices(void *ctx, int rc, const struct device_row *rows, size_t n,
                       const struct pl_err *e)
{
    (void)ctx;
    answered(rc, e);
    got.n = n;
    if (n)
        got.device = rows[0];
}

static void on_id(void *ctx, int rc, uint64_t id, const struct pl_err *e)
{
    (void)ctx;
    answered(rc, e);
    got.id = id;
}

static void on_redeemed(void *ctx, int rc, const struct invite_result *r, const struct pl_err *e)
{
    (void)ctx;
    answered(rc, e);
    if (!r)
        return;
    got.invite = *r;
    pl_strlcpy(got.name[0], r->user_name, sizeof got.name[0]);
}

static void on_reviews(void *ctx, int rc, const struct pl_review_row *rows, size_t n, uint64_t next,
                       const struct pl_err *e)
{
    (void)ctx;
    answered(rc, e);
    got.n = n;
    got.next = next;
    for (size_t i = 0; i < n && i < 8; i++) {
        got.review[i] = rows[i];
        pl_strlcpy(got.name[i], rows[i].title, sizeof got.name[i]);
    }
}

static void on_people(void *ctx, int rc, const struct pl_person *rows, size_t n,
                      const struct pl_err *e)
{
    (void)ctx;
    answered(rc, e);
    got.n = n;
    for (size_t i = 0; i < n && i < 8; i++)
        got.person[i] = rows[i];
}

static void on_member(void *ctx, int rc, const struct member_result *r, const struct pl_err *e)
{
    (void)ctx;
    answered(rc, e);
    if (r)
        got.member = *r;
}

/* --- requests, waited for -----------------------------------------------------------------------
 */

static int add_user(const char *name, const char *display)
{
    begin();
    return wait_answer(repo_user_add(st.s, name, display, on_user, NULL));
}

static int invite(const char *secret, enum invite_kind kind, uint64_t user, uint64_t review,
                  struct rig_person by)
{
    struct invite_new inv = {.kind = kind,
                             .user = user,
                             .review = review,
                             .role = review ? PL_ROLE_RESPONDER : 0,
                             .expires_us = pl_now_us() + 60000000,
                             .by_user = by.user,
                             .by_device = by.device};
    pl_sha256(secret, strlen(secret), inv.secret_sha256);
    begin();
    return wait_answer(repo_invite_add(st.s, &inv, on_id, NULL));
}

static int redeem(const char *secret, const char *key)
{
    struct invite_redeem r = {.device_name = "laptop", .expires_us = pl_now_us() + 1000000};
    pl_sha256(secret, strlen(secret), r.secret_sha256);
    pl_sha256(key, strlen(key), r.spki_sha256);
    begin();
    return wait_answer(repo_invite_redeem(keeper.s, &r, on_redeemed, NULL));
}

static int find_device(const char *key)
{
    uint8_t spki[32];
    pl_sha256(key, strlen(key), spki);
    begin();
    return wait_answer(repo_device_find(st.s, spki, on_device, NULL));
}

static int member(uint64_t review, struct rig_person by, const char *name, uint32_t role)
{
    struct member_change m = {.review = review,
                              .by_user = by.user,
                              .by_device = by.device,
                              .user_name = name,
                              .role = role};
    begin();
    return wait_answer(repo_member_set(st.s, &m, on_member, NULL));
}

static const struct rig_person host = {0, 0};

/* --- tests --------------------------------------------------------------------------------------
 */

TEST(first_invite_enrols_once)
{
    assert_int_equal(add_user("zoe", "Zoë Z."), 0);
    uint64_t zoe = got.id;
    assert_int_equal(invite("s1", INVITE_FIRST, zoe, 0, host), 0);
    assert_int_equal(invite("s2", INVITE_FIRST, zoe, 0, host), 0);
    assert_int_equal(redeem("s0", "k1"), -PL_E_INVITE);
    assert_int_equal(redeem("s1", "k1"), 0);
    assert_int_equal(got.invite.user, zoe);
    assert_string_equal(got.name[0], "zoe");
    assert_false(got.invite.again);
    uint64_t device = got.invite.device;
    int64_t expires = got.invite.expires_us;
    assert_int_equal(redeem("s1", "k1"), 0); /* the answer was lost */
    assert_true(got.invite.again);
    assert_int_equal(got.invite.device, device);
    assert_int_equal(got.invite.expires_us, expires);
    assert_int_equal(redeem("s1", "k2"), -PL_E_INVITE);
    assert_int_equal(redeem("s2", "k2"), -PL_E_INVITE); /* there is a device now */
    assert_int_equal(find_device("k1"), 0);
    assert_int_equal(got.device.device, device);
    assert_int_equal(got.device.user, zoe);
    assert_int_equal(got.device.last_seen_us, 0);
    begin();
    assert_int_equal(wait_answer(repo_device_touch(st.s, device, on_code, NULL)), 0);
    assert_int_equal(find_device("k1"), 0);
    assert_true(got.device.last_seen_us > 0);
    assert_int_equal(find_device("k2"), -PL_E_AUTH);
}

TEST(users_are_checked_and_listed)
{
    assert_int_equal(add_user("Upper", "U"), -PL_E_INVALID);
    assert_int_equal(add_user("", "U"), -PL_E_INVALID);
    assert_int_equal(add_user("ok", ""), -PL_E_INVALID);
    assert_int_equal(add_user("kim", "Kim"), 0);
    uint64_t kim = got.id;
    assert_int_equal(add_user("kim", "Other"), -PL_E_CONFLICT);
    begin();
    assert_int_equal(wait_answer(repo_user_find(st.s, "kim", on_user, NULL)), 0);
    assert_int_equal(got.id, kim);
    assert_string_equal(got.name[1], "Kim");
    begin();
    assert_int_equal(wait_answer(repo_user_find(st.s, "nobody", on_user, NULL)), -PL_E_NOENT);
    begin();
    assert_int_equal(wait_answer(repo_users(st.s, kim - 1, 1, on_users, NULL)), 0);
    assert_int_equal(got.n, 1);
    assert_int_equal(got.id, kim);
    begin();
    assert_int_equal(wait_answer(repo_user_enable(st.s, 4711, false, on_code, NULL)), -PL_E_NOENT);
}

TEST(device_is_refused_when_revoked_or_user_disabled)
{
    unsigned told = st.revocations;
    assert_int_equal(add_user("lee", "Lee"), 0);
    uint64_t lee = got.id;
    assert_int_equal(invite("lee1", INVITE_USER, lee, 0, host), 0);
    assert_int_equal(redeem("lee1", "lee-key"), 0);
    uint64_t device = got.invite.device;
    begin();
    assert_int_equal(wait_answer(repo_user_enable(st.s, lee, false, on_code, NULL)), 0);
    assert_int_equal(find_device("lee-key"), -PL_E_REVOKED);
    rig_until_count(&rig, &st.revocations, told + 1);
    assert_int_equal(st.revoked_user, lee);
    assert_int_equal(st.revoked_device, 0);
    begin();
    assert_int_equal(wait_answer(repo_user_enable(st.s, lee, true, on_code, NULL)), 0);
    assert_int_equal(find_device("lee-key"), 0);
    struct rig_person p = rig_person(&rig);
    begin();
    assert_int_equal(wait_answer(repo_device_revoke(st.s, device, p.user, p.device, on_code, NULL)),
                     -PL_E_PERM);
    begin();
    assert_int_equal(wait_answer(repo_device_revoke(st.s, device, lee, device, on_code, NULL)), 0);
    assert_int_equal(find_device("lee-key"), -PL_E_REVOKED);
    assert_int_equal(got.device.device, device);
    begin();
    assert_int_equal(wait_answer(repo_device_revoke(st.s, device, 0, 0, on_code, NULL)), 0);
    begin();
    assert_int_equal(wait_answer(repo_devices(st.s, lee, on_devices, NULL)), 0);
    assert_int_equal(got.n, 1);
    assert_true(got.device.revoked_us > 0);
}

TEST(invites_obey_who_may_and_limits)
{
    struct rig_person p = rig_person(&rig);
    struct rig_person q = rig_person(&rig);
    uint64_t review = rig_review(&rig, p);
    assert_int_equal(invite("a", INVITE_USER, q.user, review, q), -PL_E_PERM);
    assert_int_equal(invite("a", INVITE_DEVICE, q.user, 0, p), -PL_E_PERM);
    assert_int_equal(invite("a", INVITE_RECOVERY, p.user, 0, p), -PL_E_PERM);
    assert_int_equal(invite("a", INVITE_USER, 99999, 0, host), -PL_E_NOENT);
    assert_int_equal(invite("a", INVITE_USER, q.user, 99999, host), -PL_E_NOENT);
    /* into a private draft not even the operator: it could never be redeemed */
    uint64_t draft = rig_review(&rig, q);
    rig_sql(&rig, "UPDATE review SET draft_of = %llu WHERE id = %llu", (unsigned long long)review,
            (unsigned long long)draft);
    assert_int_equal(invite("a", INVITE_USER, p.user, draft, host), -PL_E_NOENT);
    /* nobody but the operator enrols a device of somebody else, also not the review's facilitator:
     * whoever redeems it would be that person */
    assert_int_equal(invite("a", INVITE_USER, q.user, review, p), -PL_E_PERM);
    assert_int_equal(invite("a", INVITE_USER, q.user, 0, p), -PL_E_PERM);
    assert_int_equal(invite("a", INVITE_DEVICE, p.user, review, p), -PL_E_PERM);
    assert_int_equal(invite("a", INVITE_USER, q.user, review, host), 0);
    uint64_t id = got.id;
    assert_int_equal(invite("b", INVITE_USER, q.user, review, host), 0);
    begin();
    assert_int_equal(wait_answer(repo_invite_revoke(st.s, id, q.user, q.device, on_code, NULL)),
                     -PL_E_PERM);
    begin();
    assert_int_equal(wait_answer(repo_invite_revoke(st.s, id, 0, 0, on_code, NULL)), 0);
    begin();
    assert_int_equal(wait_answer(repo_invite_revoke(st.s, id, 0, 0, on_code, NULL)), -PL_E_NOENT);
    assert_int_equal(redeem("a", "q2"), -PL_E_INVITE);
    assert_int_equal(redeem("b", "q2"), 0);
    assert_int_equal(got.invite.review, review);
    assert_int_equal(got.invite.role, PL_ROLE_RESPONDER);
    assert_int_equal(rig_int(&rig, "SELECT role FROM membership WHERE review = %llu AND usr = %llu",
                             (unsigned long long)review, (unsigned long long)q.user),
                     PL_ROLE_RESPONDER);
    rig_sql(&rig, "UPDATE membership SET role = 3 WHERE review = %llu AND usr = %llu",
            (unsigned long long)review, (unsigned long long)got.invite.user);
    assert_int_equal(redeem("b", "q2"),
                     0); /* the answer was lost, and his role is another by now */
    assert_true(got.invite.again);
    assert_int_equal(got.invite.role, PL_ROLE_STAKEHOLDER);
    /* one that a facilitator made while that was allowed, and an inviter who is disabled meanwhile
     */
    struct rig_person r = rig_person(&rig);
    assert_int_equal(invite("c", INVITE_USER, r.user, review, host), 0);
    rig_sql(&rig, "UPDATE invite SET by_usr = %llu WHERE id = %llu", (unsigned long long)p.user,
            (unsigned long long)got.id);
    assert_int_equal(redeem("c", "r2"), -PL_E_INVITE);
    assert_int_equal(invite("d", INVITE_DEVICE, r.user, 0, r), 0);
    rig_sql(&rig, "UPDATE usr SET enabled = false WHERE id = %llu", (unsigned long long)r.user);
    assert_int_equal(redeem("d", "r2"), -PL_E_INVITE);
}

TEST(devices_have_a_limit_and_recovery_makes_it_one)
{
    struct rig_person q = rig_person(&rig);
    char secret[16];
    for (int i = 0; i < 9; i++) {
        snprintf(secret, sizeof secret, "more%d", i);
        assert_int_equal(invite(secret, INVITE_DEVICE, q.user, 0, q), 0);
        assert_int_equal(redeem(secret, secret), 0);
    }
    assert_int_equal(invite("q9", INVITE_DEVICE, q.user, 0, q), 0);
    assert_int_equal(redeem("q9", "q9"), -PL_E_QUOTA);
    assert_int_equal(invite("rec", INVITE_RECOVERY, q.user, 0, host), 0);
    assert_int_equal(redeem("rec", "new"), 0);
    assert_int_equal(rig_int(&rig,
                             "SELECT count(*) FROM device WHERE usr = %llu AND revoked_us IS NULL",
                             (unsigned long long)q.user),
                     1);
    rig_sql(&rig, "UPDATE invite SET expires_us = 1 WHERE usr = %llu", (unsigned long long)q.user);
    assert_int_equal(redeem("rec", "new"), -PL_E_INVITE);
}

TEST(review_is_made_once_per_op_id)
{
    struct rig_person p = rig_person(&rig);
    struct review_create c = {.user = p.user,
                              .device = p.device,
                              .title = "Payments down",
                              .severity = 2,
                              .kind = 1,
                              .stage = 1,
                              .visibility = 1,
                              .body = (const uint8_t *)"frame",
                              .n_body = 5};
    memset(c.op_id, 0x5a, sizeof c.op_id);
    struct pl_sha256 h;
    pl_sha256_init(&h);
    pl_sha256_update(&h, "PLC1", 4);
    pl_sha256_update(&h, c.salt, sizeof c.salt);
    pl_sha256_update(&h, c.body, c.n_body);
    pl_sha256_final(&h, c.commitment);
    begin();
    assert_int_equal(wait_answer(repo_review_reserve(st.s, c.op_id, p.user, on_id, NULL)), 0);
    uint64_t id = c.review = got.id;
    begin();
    assert_int_equal(wait_answer(repo_review_create(st.s, &c, on_id, NULL)), 0);
    assert_int_equal(got.id, id);
    begin();
    assert_int_equal(wait_answer(repo_review_reserve(st.s, c.op_id, p.user, on_id, NULL)), 1);
    assert_int_equal(got.id, id);
    c.review = id + 500; /* a second attempt that did not ask again */
    begin();
    assert_int_equal(wait_answer(repo_review_create(st.s, &c, on_id, NULL)), 0);
    assert_int_equal(got.id, id);
    c.review = id; /* another op with an id that is taken */
    memset(c.op_id, 0x5b, sizeof c.op_id);
    begin();
    assert_int_equal(wait_answer(repo_review_create(st.s, &c, on_id, NULL)), -PL_E_CONFLICT);
    c.device = 0;
    begin();
    assert_int_equal(wait_answer(repo_review_create(st.s, &c, on_id, NULL)), -PL_E_REVOKED);
    assert_int_equal(rig_check_log(&rig, id), 1);
}

TEST(reviews_are_listed_to_those_who_may_read)
{
    struct rig_person p = rig_person(&rig);
    struct rig_person q = rig_person(&rig);
    uint64_t a = rig_review(&rig, p);
    uint64_t b = rig_review(&rig, p);
    uint64_t c = rig_review(&rig, p);
    begin();
    assert_int_equal(wait_answer(repo_reviews(st.s, p.user, 0, 2, false, on_reviews, NULL)), 0);
    assert_int_equal(got.n, 2);
    assert_int_equal(got.review[0].review, c);
    assert_int_equal(got.review[0].role, PL_ROLE_FACILITATOR);
    assert_int_equal(got.review[0].head, 1);
    assert_string_equal(got.name[0], "Title");
    assert_int_equal(got.next, b);
    begin();
    assert_int_equal(wait_answer(repo_reviews(st.s, p.user, b, 2, true, on_reviews, NULL)), 0);
    assert_int_equal(got.n, 1);
    assert_int_equal(got.review[0].review, a);
    assert_int_equal(got.next, 0);
    begin();
    assert_int_equal(wait_answer(repo_reviews(st.s, q.user, 0, 200, false, on_reviews, NULL)), 0);
    assert_int_equal(got.n, 0);
    rig_sql(&rig, "UPDATE review SET visibility = 2 WHERE id = %llu", (unsigned long long)b);
    begin();
    assert_int_equal(wait_answer(repo_reviews(st.s, q.user, 0, 200, false, on_reviews, NULL)), 0);
    assert_int_equal(got.n, 1);
    assert_int_equal(got.review[0].role, 0);
    begin();
    assert_int_equal(wait_answer(repo_reviews(st.s, q.user, 0, 200, true, on_reviews, NULL)), 0);
    assert_int_equal(got.n, 0);
}

TEST(participants_are_set_by_facilitators_only)
{
    struct rig_person p = rig_person(&rig);
    char p_name[16];
    snprintf(p_name, sizeof p_name, "p%u", rig.names);
    struct rig_person q = rig_person(&rig);
    char q_name[16];
    snprintf(q_name, sizeof q_name, "p%u", rig.names);
    uint64_t review = rig_review(&rig, p);
    begin();
    assert_int_equal(wait_answer(repo_people(st.s, review, q.user, on_people, NULL)), -PL_E_PERM);
    assert_int_equal(member(review, q, q_name, PL_ROLE_RESPONDER), -PL_E_PERM);
    assert_int_equal(member(review, p, "nobody", PL_ROLE_RESPONDER), -PL_E_NOENT);
    assert_int_equal(member(review + 999, p, q_name, PL_ROLE_RESPONDER), -PL_E_NOENT);
    assert_int_equal(member(review, p, q_name, 9), -PL_E_INVALID);
    assert_int_equal(member(review, p, p_name, PL_ROLE_RESPONDER), -PL_E_PERM); /* oneself */
    assert_int_equal(member(review, host, p_name, PL_ROLE_RESPONDER), -PL_E_GATE);
    unsigned told = st.revocations;
    assert_int_equal(member(review, p, q_name, PL_ROLE_FACILITATOR), 0);
    assert_true(got.member.changed);
    assert_int_equal(got.member.user, q.user);
    assert_int_equal(got.member.old_role, 0);
    assert_int_equal(got.member.role, PL_ROLE_FACILITATOR);
    rig_until_count(&rig, &st.revocations, told + 1);
    assert_int_equal(st.revoked_user, q.user);
    assert_int_equal(member(review, p, q_name, PL_ROLE_FACILITATOR), 0);
    assert_false(got.member.changed);
    rig_status(&rig, review, 4);
    assert_int_equal(member(review, q, p_name, PL_ROLE_STAKEHOLDER), -PL_E_PERM); /* closed */
    rig_status(&rig, review, 3);
    assert_int_equal(member(review, q, p_name, PL_ROLE_STAKEHOLDER), 0);
    begin();
    assert_int_equal(wait_answer(repo_people(st.s, review, p.user, on_people, NULL)), 0);
    assert_int_equal(got.n, 2);
    assert_int_equal(got.person[0].user, q.user);
    assert_int_equal(got.person[1].role, PL_ROLE_STAKEHOLDER);
    assert_int_equal(member(review, q, p_name, 0), 0);
    assert_int_equal(got.member.old_role, PL_ROLE_STAKEHOLDER);
    begin();
    assert_int_equal(wait_answer(repo_people(st.s, 0, p.user, on_people, NULL)), 0);
    assert_true(got.n >= 2);
    begin();
    assert_int_equal(wait_answer(repo_people(st.s, 99999, p.user, on_people, NULL)), -PL_E_NOENT);
    assert_int_equal(rig_check_log(&rig, review), 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        UNIT(first_invite_enrols_once), /* first: no device yet */
        UNIT(users_are_checked_and_listed),
        UNIT(device_is_refused_when_revoked_or_user_disabled),
        UNIT(invites_obey_who_may_and_limits),
        UNIT(devices_have_a_limit_and_recovery_makes_it_one),
        UNIT(review_is_made_once_per_op_id),
        UNIT(reviews_are_listed_to_those_who_may_read),
        UNIT(participants_are_set_by_facilitators_only),
    };
    return cmocka_run_group_tests(tests, setup, teardown);
}
