// SPDX-License-Identifier: Apache-2.0
/*
 * Invites of facilitators in the database: what it takes to make one, what redeeming makes, and
 * what puts an end to one. Statements are built and signed here as a client does; that the server
 * checks them first is tested by test_signed.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "plimsoll/base/hash.h"
#include "plimsoll/base/rng.h"
#include "plimsoll/base/str.h"
#include "plimsoll/base/time.h"
#include "plimsoll/doc/perm.h"
#include "plimsoll/doc/schema.h"
#include "plimsoll/tls/statement.h"

#include "store/repo_identity.h"
#include "store/repo_invite.h"
#include "support/server/store_rig.h"
#include "support/unit.h"

#define MINUTE_US INT64_C(60000000)

static struct rig rig;
static struct rig_store st;
static struct rig_store keeper; /* who uses invites up */

/* A facilitator with a device of a real key, and his review. */
static struct {
    struct rig_person who;
    struct pl_key *key;
    uint8_t spki[PL_KEY_DER_MAX];
    size_t spki_n;
    uint64_t review;
} fac;

static struct {
    bool done;
    int rc;
    char why[PL_ERR_TEXT_MAX];
    uint64_t invite;
    int64_t expires_us;
    struct invite_result joined;
    char name[2][80];
    struct pl_invite_row rows[4];
    size_t n;
} got;

static void fac_new(void)
{
    uint8_t hash[32];
    char hex[65];
    pl_key_free(fac.key);
    fac.key = pl_key_new(NULL);
    fac.who = rig_person(&rig);
    fac.review = rig_review(&rig, fac.who);
    assert_int_equal(pl_key_public(fac.key, fac.spki, &fac.spki_n, NULL), 0);
    pl_sha256(fac.spki, fac.spki_n, hash);
    pl_hex_encode(hash, sizeof hash, hex);
    rig_sql(&rig, "UPDATE device SET spki_sha256 = '\\x%s' WHERE id = %llu", hex,
            (unsigned long long)fac.who.device);
}

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
    pl_key_free(fac.key);
    rig_store_close(&rig, &keeper);
    rig_store_close(&rig, &st);
    rig_close(&rig);
    return 0;
}

static int each(void **state)
{
    (void)state;
    fac_new();
    return 0;
}

static void answered(int rc, const struct pl_err *e)
{
    assert_false(got.done);
    assert_true((rc < 0) == (e != NULL));
    got.done = true;
    got.rc = rc;
    pl_strlcpy(got.why, e ? e->text : "", sizeof got.why);
}

static void on_added(void *ctx, int rc, uint64_t invite, int64_t expires_us, const struct pl_err *e)
{
    (void)ctx;
    answered(rc, e);
    got.invite = invite;
    got.expires_us = expires_us;
}

static void on_joined(void *ctx, int rc, const struct invite_result *r, const struct pl_err *e)
{
    (void)ctx;
    answered(rc, e);
    if (!r)
        return;
    got.joined = *r;
    pl_strlcpy(got.name[0], r->user_name, sizeof got.name[0]);
    pl_strlcpy(got.name[1], r->display_name, sizeof got.name[1]);
}

static void on_rows(void *ctx, int rc, const struct pl_invite_row *rows, size_t n,
                    const struct pl_err *e)
{
    (void)ctx;
    answered(rc, e);
    got.n = n;
    for (size_t i = 0; i < n && i < 4; i++)
        got.rows[i] = rows[i];
}

static void on_code(void *ctx, int rc, const struct pl_err *e)
{
    (void)ctx;
    answered(rc, e);
}

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

/* An invite that is about to be made; tests spoil it. */
struct draft {
    struct review_invite_new inv;
    struct pl_statement st;
    struct pl_buf seen, bytes;
    uint8_t sig[PL_KEY_SIGNATURE_MAX];
    size_t sig_n;
};

static void draft_sign(struct draft *d)
{
    const struct pl_invite_terms terms = {d->inv.user_name, d->inv.display_name, d->inv.role,
                                          d->inv.uses, d->inv.minutes};
    uint8_t salt[PL_STATEMENT_NONCE];
    pl_random_bytes(salt, sizeof salt);
    pl_buf_init(&d->seen, PL_STATEMENT_BYTES);
    pl_buf_init(&d->bytes, PL_STATEMENT_BYTES);
    assert_int_equal(pl_seen_invite(&terms, salt, &d->seen), 0);
    d->st.seen = d->seen.data;
    d->st.seen_n = d->seen.len;
    assert_int_equal(pl_statement_encode(&d->st, &d->bytes, NULL), 0);
    assert_int_equal(
        pl_statement_sign(fac.key, d->bytes.data, d->bytes.len, d->sig, &d->sig_n, NULL), 0);
    d->inv.act = (struct signed_bytes){
        .head = {d->bytes.data, PL_STATEMENT_HEAD},
        .seen = {d->bytes.data + PL_STATEMENT_HEAD, d->bytes.len - PL_STATEMENT_HEAD},
        .signature = {d->sig, d->sig_n},
        .key = {fac.spki, fac.spki_n},
    };
}

static void draft_begin(struct draft *d, const char *secret, const char *user_name, unsigned uses)
{
    memset(d, 0, sizeof *d);
    pl_sha256(secret, strlen(secret), d->inv.secret_sha256);
    d->inv.review = fac.review;
    d->inv.user_name = user_name;
    d->inv.display_name = user_name[0] ? "Somebody" : "";
    d->inv.role = PL_ROLE_RESPONDER;
    d->inv.uses = uses;
    d->inv.minutes = 30;
    d->inv.by_user = fac.who.user;
    d->inv.by_device = fac.who.device;
    d->inv.open_max = 5;
    d->inv.hour_max = 20;
    d->st.kind = PL_SIGNED_INVITE;
    d->st.review = fac.review;
    d->st.actor = fac.who.user;
    d->st.device = fac.who.device;
    d->st.issued_us = pl_now_us();
    pl_random_bytes(d->st.nonce, sizeof d->st.nonce);
    draft_sign(d);
}

static int draft_add(struct draft *d)
{
    begin();
    return wait_answer(repo_review_invite_add(st.s, &d->inv, on_added, NULL));
}

static void draft_end(struct draft *d)
{
    pl_buf_release(&d->seen);
    pl_buf_release(&d->bytes);
}

static int invite(const char *secret, const char *user_name, unsigned uses)
{
    struct draft d;
    draft_begin(&d, secret, user_name, uses);
    int rc = draft_add(&d);
    draft_end(&d);
    return rc;
}

static int joins(const char *secret, const char *key, const char *user_name, const char *name)
{
    struct invite_redeem r = {.device_name = "laptop",
                              .user_name = user_name,
                              .display_name = name,
                              .expires_us = pl_now_us() + MINUTE_US};
    pl_sha256(secret, strlen(secret), r.secret_sha256);
    pl_sha256(key, strlen(key), r.spki_sha256);
    begin();
    return wait_answer(repo_invite_redeem(keeper.s, &r, on_joined, NULL));
}

static int withdraw(uint64_t invite_no, struct rig_person by)
{
    const struct pl_invite_revoke r = {.review = fac.review, .invite = invite_no};
    begin();
    return wait_answer(repo_review_invite_revoke(st.s, &r, by.user, by.device, on_code, NULL));
}

static int list(struct rig_person who)
{
    begin();
    return wait_answer(repo_review_invites(st.s, fac.review, who.user, on_rows, NULL));
}

static int64_t users_called(const char *name)
{
    return rig_int(&rig, "SELECT count(*) FROM usr WHERE user_name = '%s'", name);
}

#define ULL(x) ((unsigned long long)(x))

/* --- tests --------------------------------------------------------------------------------------
 */

TEST(invite_makes_a_new_person_once)
{
    assert_int_equal(invite("one", "newcomer", 1), 0);
    uint64_t no = got.invite;
    assert_true(got.expires_us > pl_now_us() + 29 * MINUTE_US);
    assert_int_equal(users_called("newcomer"), 0); /* not before it is used */
    assert_int_equal(list(fac.who), 0);
    assert_int_equal(got.n, 1);
    assert_true(got.rows[0].invite == no && got.rows[0].uses_left == 1 && got.rows[0].used == 0);
    assert_true(got.rows[0].by_user == fac.who.user && got.rows[0].role == PL_ROLE_RESPONDER);
    assert_int_equal(joins("one", "one-key", "other", "Other"), -PL_E_INVALID); /* gives a name */
    assert_int_equal(joins("one", "one-key", "", ""), 0);
    assert_string_equal(got.name[0], "newcomer");
    assert_string_equal(got.name[1], "Somebody");
    assert_int_equal(got.joined.review, fac.review);
    assert_int_equal(got.joined.role, PL_ROLE_RESPONDER);
    assert_false(got.joined.again);
    uint64_t device = got.joined.device;
    assert_int_equal(joins("one", "one-key", "", ""), 0); /* the answer was lost */
    assert_true(got.joined.again && got.joined.device == device);
    assert_int_equal(joins("one", "other-key", "", ""), -PL_E_INVITE);
    assert_int_equal(rig_int(&rig,
                             "SELECT count(*) FROM membership m JOIN usr u ON u.id = m.usr WHERE"
                             " m.review = %llu AND u.user_name = 'newcomer' AND m.role = 2",
                             ULL(fac.review)),
                     1);
    assert_int_equal(list(fac.who), 0);
    assert_int_equal(got.n, 0);
    rig_sql(&rig, "UPDATE review_invite SET expires_us = created_us + 1 WHERE id = %llu", ULL(no));
    assert_int_equal(joins("one", "one-key", "", ""), -PL_E_INVITE); /* nor that after its end */
}

TEST(nobody_who_exists_can_be_invited)
{
    struct rig_person other = rig_person(&rig);
    rig_sql(&rig, "UPDATE usr SET user_name = 'known' WHERE id = %llu", ULL(other.user));
    assert_int_equal(invite("known", "known", 1), -PL_E_CONFLICT);
    assert_non_null(strstr(got.why, "enrolled here already"));
    /* somebody of that name appears later: his place is not given away either */
    assert_int_equal(invite("late", "late", 1), 0);
    uint64_t no = got.invite;
    rig_sql(&rig, "UPDATE usr SET user_name = 'late' WHERE id = %llu", ULL(other.user));
    assert_int_equal(joins("late", "late-key", "", ""), -PL_E_CONFLICT);
    assert_non_null(strstr(got.why, "taken"));
    assert_int_equal(rig_int(&rig, "SELECT count(*) FROM device WHERE usr = %llu", ULL(other.user)),
                     1);
    assert_int_equal(rig_int(&rig, "SELECT used FROM review_invite WHERE id = %llu", ULL(no)), 0);
    /* two open invites for one name */
    assert_int_equal(invite("dup1", "dup", 1), 0);
    no = got.invite;
    assert_int_equal(invite("dup2", "dup", 1), -PL_E_CONFLICT);
    assert_int_equal(withdraw(no, fac.who), 0);
    assert_int_equal(invite("dup2", "dup", 1), 0);
}

TEST(statement_must_be_of_this_person_device_time_and_new)
{
    struct draft d;
    struct rig_person p = rig_person(&rig);
    draft_begin(&d, "replay", "replayed", 1);
    assert_int_equal(draft_add(&d), 0);
    pl_sha256("replay2", 7, d.inv.secret_sha256);
    assert_int_equal(withdraw(got.invite, fac.who), 0);
    assert_int_equal(draft_add(&d), -PL_E_CONFLICT);
    assert_non_null(strstr(got.why, "used before"));
    draft_end(&d);
    for (int i = 0; i < 7; i++) {
        draft_begin(&d, "bad", "bad-one", 1);
        pl_buf_release(&d.seen);
        pl_buf_release(&d.bytes);
        switch (i) {
        case 0:
            d.st.review++;
            break;
        case 1:
            d.st.actor = p.user;
            break;
        case 2:
            d.st.device = p.device;
            break;
        case 3:
            d.st.kind = PL_SIGNED_ERASE;
            break;
        case 4:
            d.st.issued_us -= 11 * MINUTE_US;
            break;
        case 5:
            d.st.issued_us += 11 * MINUTE_US;
            break;
        default:
            break;
        }
        draft_sign(&d);
        if (i == 6)
            d.inv.act.seen.n--; /* not what the head holds the hash of */
        assert_int_equal(draft_add(&d), -PL_E_INVALID);
        draft_end(&d);
    }
    /* a key that is not the registered one of the device */
    draft_begin(&d, "bad", "bad-one", 1);
    rig_sql(&rig, "UPDATE device SET spki_sha256 = sha256('another') WHERE id = %llu",
            ULL(fac.who.device));
    assert_int_equal(draft_add(&d), -PL_E_INVALID);
    draft_end(&d);
    assert_int_equal(
        rig_int(&rig, "SELECT count(*) FROM review_invite WHERE user_name = 'bad-one'"), 0);
}

/* --- acts on a review: a revision and its statement, or neither --------------------------------
 */

static int64_t count_of(const char *table)
{
    return rig_int(&rig, "SELECT count(*) FROM plm.%s WHERE review = %llu", table, ULL(fac.review));
}

/* Appends with an editor in front of the signer; the verdict on the signer. */
static enum author_verdict append_signed(uint64_t head, const struct draft *d)
{
    static struct rig_append a;
    const struct append_effect x = {
        .kind = EFFECT_SIGNED, .act = &d->inv.act, .entry_client = 7, .entry_n = 9};
    rig_edit(&a, fac.review, head, fac.who, 0, 0, 0);
    rig_edit_more(&a, fac.who, 0, 0, 0);
    a.author[1].ops = PL_PERM_BIT(PL_PERM_WAIVE);
    a.req.effect = &x;
    a.req.effect_at = 1;
    if (rig_append(&st, &a) == APPEND_OK)
        return AUTHOR_OK;
    assert_int_equal(a.outcome, APPEND_REFUSED);
    assert_int_equal(a.verdict[0], AUTHOR_OK);
    return a.verdict[1];
}

TEST(signed_act_and_its_revision_go_together)
{
    struct draft d;
    draft_begin(&d, "act", "act", 1);
    d.st.kind = PL_SIGNED_WAIVE;
    d.st.object = 5;
    draft_end(&d);
    draft_sign(&d);
    assert_int_equal(append_signed(1, &d), AUTHOR_OK);
    const int64_t batches = count_of("rev_batch"), leaves = count_of("audit_event");
    assert_int_equal(count_of("signed_act"), 1);
    assert_int_equal(rig_int(&rig,
                             "SELECT count(*) FROM audit_event WHERE review = %llu AND kind = 528"
                             " AND position(tlv(35, '\\x0005') || tlv(36, int8send(7))"
                             " || tlv(37, int8send(9)) || tlv(45, '\\x0004') IN leaf) > 0",
                             ULL(fac.review)),
                     1);
    /* the same statement again, then one of another device: nothing is written */
    assert_int_equal(append_signed(3, &d), AUTHOR_REPLAYED);
    draft_end(&d);
    pl_random_bytes(d.st.nonce, sizeof d.st.nonce);
    d.st.device++;
    draft_sign(&d);
    assert_int_equal(append_signed(3, &d), AUTHOR_UNSIGNED);
    draft_end(&d);
    assert_int_equal(count_of("rev_batch"), batches);
    assert_int_equal(count_of("audit_event"), leaves);
    assert_int_equal(count_of("signed_act"), 1);
    /* behind the head: neither */
    d.st.device--;
    draft_sign(&d);
    static struct rig_append a;
    const struct append_effect x = {.kind = EFFECT_SIGNED, .act = &d.inv.act};
    rig_edit(&a, fac.review, 1, fac.who, 0, 0, 0);
    a.author[0].ops = PL_PERM_BIT(PL_PERM_WAIVE);
    a.req.effect = &x;
    assert_int_equal(rig_append(&st, &a), APPEND_BEHIND);
    assert_int_equal(count_of("signed_act"), 1);
    assert_int_equal(append_signed(3, &d), AUTHOR_OK);
    assert_int_equal(count_of("signed_act"), 2);
    draft_end(&d);
}

TEST(signed_acts_are_kept)
{
    assert_int_equal(invite("kept", "kept", 1), 0);
    assert_string_equal(rig_sqlstate(&rig, "DELETE FROM signed_act"), "PL001");
    assert_string_equal(rig_sqlstate(&rig, "UPDATE signed_act SET signature = 'x'"), "PL001");
    assert_string_equal(rig_sqlstate(&rig, "UPDATE signed_act SET seen = NULL, at_us = 1"),
                        "PL001");
    assert_string_equal(rig_sqlstate(&rig, "TRUNCATE signed_act CASCADE"), "PL001");
    assert_string_equal(rig_sqlstate(&rig, "UPDATE review_invite SET used = 2"), "23514");
    assert_string_equal(rig_sqlstate(&rig, "UPDATE review_invite SET uses = 2"), "23514");
    assert_string_equal(rig_sqlstate(&rig, "UPDATE review_invite SET user_name = NULL"), "23514");
    /* the leaf of the event holds the hash of what was seen, and the signature */
    assert_int_equal(
        rig_int(&rig, "SELECT count(*) FROM audit_event e JOIN signed_act a ON a.id ="
                      " (SELECT act FROM review_invite WHERE user_name = 'kept')"
                      " WHERE e.review = 0 AND e.kind = 257 AND e.actor = a.usr"
                      " AND position(tlv(27, sha256(a.seen)) IN e.leaf) > 0"
                      " AND position(signed_tlv(a.head, a.signature, a.spki) IN e.leaf) > 0"),
        1);
    rig_sql(&rig, "UPDATE signed_act SET seen = NULL");
    assert_int_equal(rig_int(&rig, "SELECT count(*) FROM signed_act WHERE seen IS NOT NULL"), 0);
}

TEST(only_who_may_and_not_too_many)
{
    struct rig_person p = rig_person(&rig);
    struct draft d;
    char name[16];
    rig_member(&rig, fac.review, p, PL_ROLE_RESPONDER);
    draft_begin(&d, "no", "nope", 1);
    rig_status(&rig, fac.review, 4);
    assert_int_equal(draft_add(&d), -PL_E_PERM); /* closed */
    rig_status(&rig, fac.review, 1);
    d.inv.hour_max = 0;
    assert_int_equal(draft_add(&d), -PL_E_SLOW_DOWN);
    draft_end(&d);
    for (int i = 0; i < 5; i++) {
        snprintf(name, sizeof name, "many%d", i);
        assert_int_equal(invite(name, name, 1), 0);
    }
    uint64_t no = got.invite;
    assert_int_equal(invite("many5", "many5", 1), -PL_E_QUOTA);
    assert_int_equal(list(p), -PL_E_PERM);
    assert_int_equal(withdraw(no, p), -PL_E_PERM);
    assert_int_equal(withdraw(no + 100, fac.who), -PL_E_NOENT);
    assert_int_equal(withdraw(no, fac.who), 0);
    assert_int_equal(withdraw(no, fac.who), 0);
    assert_int_equal(joins("many4", "m4", "", ""), -PL_E_INVITE);
    assert_int_equal(invite("many5", "many5", 1), 0);
    assert_int_equal(joins("many4x", "m4", "", ""), -PL_E_INVITE);
}

TEST(group_takes_as_many_as_it_says)
{
    char key[16];
    char name[16];
    assert_int_equal(invite("team", "", 3), 0);
    uint64_t no = got.invite;
    assert_int_equal(joins("team", "t0", "", ""), -PL_E_INVALID);
    assert_int_equal(joins("team", "t0", "Upper", "U"), -PL_E_INVALID);
    assert_int_equal(joins("team", "t0", "team0", ""), -PL_E_INVALID);
    for (int i = 0; i < 2; i++) {
        snprintf(key, sizeof key, "t%d", i);
        snprintf(name, sizeof name, "team%d", i);
        assert_int_equal(joins("team", key, name, "Team"), 0);
        assert_int_equal(got.joined.role, PL_ROLE_RESPONDER);
    }
    assert_int_equal(joins("team", "t2", "team1", "Team"), -PL_E_CONFLICT);
    assert_non_null(strstr(got.why, "choose another"));
    assert_int_equal(joins("team", "t1", "whatever", "Team"), 0); /* the answer was lost */
    assert_true(got.joined.again);
    assert_string_equal(got.name[0], "team1");
    assert_int_equal(list(fac.who), 0);
    assert_true(got.n == 1 && got.rows[0].used == 2 && got.rows[0].uses_left == 1);
    assert_int_equal(joins("team", "t2", "team2", "Team"), 0);
    assert_int_equal(joins("team", "t3", "team3", "Team"), -PL_E_INVITE);
    assert_int_equal(joins("team", "t0", "", ""), 0); /* who was in gets his answer all the same */
    assert_int_equal(
        rig_int(&rig, "SELECT count(*) FROM review_invite_use WHERE invite = %llu", ULL(no)), 3);
    assert_int_equal(users_called("team3"), 0);
    assert_int_equal(rig_int(&rig,
                             "SELECT count(*) FROM audit_event WHERE kind = 258 AND review = 0"
                             " AND position(tlv(21, int8send(%llu)) IN leaf) > 0",
                             ULL(no)),
                     3);
}

TEST(group_has_its_own_bounds)
{
    struct draft d;
    static const struct {
        unsigned uses, minutes;
        uint32_t role;
        const char *name;
    } bad[] = {
        {21, 30, PL_ROLE_RESPONDER, ""},
        {20, 61, PL_ROLE_RESPONDER, ""},
        {20, 0, PL_ROLE_RESPONDER, ""},
        {20, 30, PL_ROLE_FACILITATOR, ""},
        {20, 30, 4, ""},
        {2, 30, PL_ROLE_RESPONDER, "ann"},
        {1, 30, PL_ROLE_RESPONDER, ""},
        {0, 30, PL_ROLE_RESPONDER, ""},
        {1, 10081, PL_ROLE_RESPONDER, "ann"},
        {1, 30, PL_ROLE_RESPONDER, "Ann"},
    };
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        draft_begin(&d, "b", bad[i].name, bad[i].uses);
        d.inv.minutes = bad[i].minutes;
        d.inv.role = bad[i].role;
        assert_int_equal(draft_add(&d), -PL_E_INVALID);
        draft_end(&d);
    }
}

TEST(withdrawn_at_once_and_who_is_in_stays)
{
    assert_int_equal(invite("w", "", 20), 0);
    uint64_t no = got.invite;
    assert_int_equal(joins("w", "w1", "w1", "W"), 0);
    struct rig_person in = {got.joined.user, got.joined.device};
    assert_int_equal(withdraw(no, fac.who), 0);
    assert_int_equal(joins("w", "w2", "w2", "W"), -PL_E_INVITE);
    assert_int_equal(joins("w", "w1", "", ""), 0);
    assert_true(got.joined.user == in.user && got.joined.device == in.device);
    begin();
    assert_int_equal(wait_answer(repo_device_revoke(st.s, in.device, 0, 0, on_code, NULL)), 0);
    assert_int_equal(joins("w", "w1", "", ""), -PL_E_INVITE);
}

/* How the inviter loses the right to it. */
static void lose(int how)
{
    struct rig_person second = rig_person(&rig);
    rig_member(&rig, fac.review, second, PL_ROLE_FACILITATOR);
    begin();
    switch (how) {
    case 0:
        rig_sql(&rig, "SELECT member_write(%llu, %llu, 2, 0, 1, 0, 0, 0)", ULL(fac.review),
                ULL(fac.who.user));
        break;
    case 1:
        rig_sql(&rig, "SELECT member_write(%llu, %llu, 0, 0, 1, 0, 0, 0)", ULL(fac.review),
                ULL(fac.who.user));
        break;
    case 2:
        assert_int_equal(wait_answer(repo_user_enable(st.s, fac.who.user, false, on_code, NULL)),
                         0);
        break;
    case 3:
        rig_status(&rig, fac.review, 4);
        break;
    default:
        rig_sql(&rig, "UPDATE device SET revoked_us = 1 WHERE id = %llu", ULL(fac.who.device));
        break;
    }
}

TEST(inviter_who_lost_the_right_kills_it)
{
    for (int how = 0; how < 5; how++) {
        char name[16];
        fac_new();
        snprintf(name, sizeof name, "lost%d", how);
        assert_int_equal(invite(name, "", 5), 0);
        uint64_t no = got.invite;
        lose(how);
        assert_int_equal(joins(name, name, name, "Late"), -PL_E_INVITE);
        assert_int_equal(users_called(name), 0);
        if (how > 2)
            continue;
        /* he gets the right back: the invite does not */
        assert_int_equal(rig_int(&rig,
                                 "SELECT (revoked_us IS NOT NULL)::int FROM review_invite"
                                 " WHERE id = %llu",
                                 ULL(no)),
                         1);
        rig_sql(&rig, "UPDATE usr SET enabled = true WHERE id = %llu", ULL(fac.who.user));
        rig_member(&rig, fac.review, fac.who, PL_ROLE_FACILITATOR);
        assert_int_equal(joins(name, name, name, "Late"), -PL_E_INVITE);
    }
}

TEST(full_review_takes_nobody)
{
    assert_int_equal(invite("full", "", 2), 0);
    rig_sql(
        &rig,
        "WITH u AS (INSERT INTO usr (user_name, display_name, created_us) SELECT 'crowd' || g,"
        " 'C', 1 FROM generate_series(1, 199) g RETURNING id) INSERT INTO membership (review, usr,"
        " role, since_us) SELECT %llu, id, 3, 1 FROM u",
        ULL(fac.review));
    assert_int_equal(joins("full", "full1", "full1", "F"), -PL_E_QUOTA);
    assert_int_equal(users_called("full1"), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(invite_makes_a_new_person_once, each),
        cmocka_unit_test_setup(nobody_who_exists_can_be_invited, each),
        cmocka_unit_test_setup(statement_must_be_of_this_person_device_time_and_new, each),
        cmocka_unit_test_setup(signed_act_and_its_revision_go_together, each),
        cmocka_unit_test_setup(signed_acts_are_kept, each),
        cmocka_unit_test_setup(only_who_may_and_not_too_many, each),
        cmocka_unit_test_setup(group_takes_as_many_as_it_says, each),
        cmocka_unit_test_setup(group_has_its_own_bounds, each),
        cmocka_unit_test_setup(withdrawn_at_once_and_who_is_in_stays, each),
        cmocka_unit_test_setup(inviter_who_lost_the_right_kills_it, each),
        cmocka_unit_test_setup(full_review_takes_nobody, each),
    };
    return cmocka_run_group_tests(tests, setup, teardown);
}
