// SPDX-License-Identifier: Apache-2.0
/*
 * Signed acts as the server checks them: against the session that they came by, and its key.
 */
#include <string.h>

#include "plimsoll/base/buf.h"

#include "auth/signed.h"
#include "support/unit.h"

#define NOW_US    INT64_C(1767225600000000)
#define MINUTE_US INT64_C(60000000)

static const uint8_t organisation[PL_SPKI_HASH] = {1, 2, 3};
static const uint8_t salt[PL_STATEMENT_NONCE] = {9};

static struct {
    struct pl_key *key, *other;
    struct pl_statement st;
    struct pl_buf seen, bytes;
    uint8_t spki[PL_KEY_DER_MAX], sig[PL_KEY_SIGNATURE_MAX];
    size_t spki_n, sig_n;
    struct signed_want want;
    struct signed_act act;
    struct pl_err e;
} t;

static void sign_with(const struct pl_key *key)
{
    pl_buf_release(&t.bytes);
    pl_buf_init(&t.bytes, PL_STATEMENT_BYTES);
    assert_int_equal(pl_statement_encode(&t.st, &t.bytes, NULL), 0);
    assert_int_equal(pl_statement_sign(key, t.bytes.data, t.bytes.len, t.sig, &t.sig_n, NULL), 0);
    t.act = (struct signed_act){{t.bytes.data, t.bytes.len}, {t.sig, t.sig_n}, {t.spki, t.spki_n}};
}

static int setup(void **state)
{
    const struct pl_invite_terms terms = {"ben", "Ben Example", 2, 1, 60};
    (void)state;
    t.key = pl_key_new(NULL);
    t.other = pl_key_new(NULL);
    assert_true(t.key && t.other);
    assert_int_equal(pl_key_public(t.key, t.spki, &t.spki_n, NULL), 0);
    pl_buf_init(&t.seen, PL_STATEMENT_BYTES);
    pl_buf_init(&t.bytes, PL_STATEMENT_BYTES);
    assert_int_equal(pl_seen_invite(&terms, salt, &t.seen), 0);
    t.st = (struct pl_statement){.kind = PL_SIGNED_INVITE,
                                 .review = 91,
                                 .actor = 5,
                                 .device = 3,
                                 .issued_us = NOW_US,
                                 .seen = t.seen.data,
                                 .seen_n = t.seen.len};
    memcpy(t.st.organisation, organisation, sizeof organisation);
    t.want = (struct signed_want){.kind = PL_SIGNED_INVITE,
                                  .organisation = organisation,
                                  .review = 91,
                                  .actor = 5,
                                  .device = 3,
                                  .now_us = NOW_US};
    sign_with(t.key);
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    pl_key_free(t.key);
    pl_key_free(t.other);
    pl_buf_release(&t.seen);
    pl_buf_release(&t.bytes);
    return 0;
}

static int check(void)
{
    struct pl_statement out;
    pl_err_init(&t.e);
    return signed_check(&t.want, &t.act, &out, &t.e);
}

TEST(signed_act_passes_when_all_fits)
{
    struct pl_statement out;
    assert_int_equal(signed_check(&t.want, &t.act, &out, &t.e), 0);
    assert_int_equal(out.actor, 5);
    const struct signed_bytes parts = signed_parts(&t.act);
    assert_int_equal(parts.head.n, PL_STATEMENT_HEAD);
    assert_int_equal(parts.seen.n, t.seen.len);
    assert_memory_equal(parts.seen.p, t.seen.data, t.seen.len);
}

TEST(signed_act_is_refused_when_the_session_is_another)
{
    static const uint8_t elsewhere[PL_SPKI_HASH] = {7};
    for (int i = 0; i < 6; i++) {
        const struct signed_want good = t.want;
        t.want.kind += i == 0;
        t.want.review += i == 1;
        t.want.object += i == 2;
        t.want.actor += i == 3;
        t.want.device += i == 4;
        t.want.organisation = i == 5 ? elsewhere : organisation;
        assert_int_equal(check(), -PL_E_INVALID);
        assert_non_null(strstr(t.e.text, "of another"));
        t.want = good;
    }
    assert_int_equal(check(), 0);
}

TEST(signed_act_is_refused_when_it_is_not_of_these_minutes)
{
    static const struct {
        int64_t off_us;
        int rc;
    } cases[] = {
        {SIGNED_MINUTES * MINUTE_US, 0},
        {-SIGNED_MINUTES * MINUTE_US, 0},
        {SIGNED_MINUTES * MINUTE_US + 1, -PL_E_CLOCK},
        {-SIGNED_MINUTES * MINUTE_US - 1, -PL_E_CLOCK},
        {INT64_MAX - NOW_US, -PL_E_CLOCK},
        {INT64_MIN + NOW_US, -PL_E_CLOCK},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        t.st.issued_us = NOW_US + cases[i].off_us;
        sign_with(t.key);
        assert_int_equal(check(), cases[i].rc);
    }
}

TEST(signed_act_is_refused_when_the_key_is_not_the_sessions)
{
    sign_with(t.other);
    assert_int_equal(check(), -PL_E_SIGNATURE);
    sign_with(t.key);
    assert_int_equal(check(), 0);
    assert_int_equal(pl_key_public(t.other, t.spki, &t.spki_n, NULL), 0);
    assert_int_equal(check(), -PL_E_SIGNATURE);
    t.act.key.n = 0; /* a session whose key is of a kind that we do not take */
    assert_int_equal(check(), -PL_E_SIGNATURE);
}

TEST(signed_act_is_refused_when_something_is_missing)
{
    t.act.signature.n = 0;
    assert_int_equal(check(), -PL_E_SIGNATURE);
    sign_with(t.key);
    t.act.statement.n = 0;
    assert_int_equal(check(), -PL_E_SIGNATURE);
    sign_with(t.key);
    t.act.statement.n--;
    assert_int_equal(check(), -PL_E_INVALID);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(signed_act_passes_when_all_fits, setup, teardown),
        cmocka_unit_test_setup_teardown(signed_act_is_refused_when_the_session_is_another, setup,
                                        teardown),
        cmocka_unit_test_setup_teardown(signed_act_is_refused_when_it_is_not_of_these_minutes,
                                        setup, teardown),
        cmocka_unit_test_setup_teardown(signed_act_is_refused_when_the_key_is_not_the_sessions,
                                        setup, teardown),
        cmocka_unit_test_setup_teardown(signed_act_is_refused_when_something_is_missing, setup,
                                        teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
