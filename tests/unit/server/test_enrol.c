// SPDX-License-Identifier: Apache-2.0
/*
 * Enrolment and identity lookup with the keeper and the store played by this file: their requests
 * are answered when a test says so.
 */
#include <stdlib.h>
#include <string.h>
#include <uv.h>

#include "plimsoll/base/mem.h"
#include "plimsoll/base/str.h"
#include "plimsoll/base/time.h"
#include "plimsoll/tls/x509.h"

#include "auth/enrol.h"
#include "auth/identity.h"
#include "keeper/keeper.h"
#include "store/repo_identity.h"
#include "support/unit.h"

/* ---- keeper and store, played
 * ------------------------------------------------------------------------
 */

static struct {
    int refuse; /* what the requests return */
    keeper_cb join;
    device_cb device;
    void *ctx;
    unsigned asked;
    uint8_t secret[16];
    size_t csr_n;
    char device_name[64];
} fake;

void keeper_join(struct keeper *k, const struct keeper_joining *o, keeper_cb cb, void *ctx)
{
    (void)k;
    fake.asked++;
    assert_int_equal(o->secret_n, sizeof(fake.secret));
    memcpy(fake.secret, o->secret, sizeof(fake.secret));
    fake.csr_n = o->csr_n;
    (void)pl_strlcpy(fake.device_name, o->device_name, sizeof(fake.device_name));
    fake.join = cb;
    fake.ctx = ctx;
}

int repo_device_find(struct store *s, const uint8_t spki_sha256[32], device_cb cb, void *ctx)
{
    (void)s;
    (void)spki_sha256;
    fake.asked++;
    fake.device = cb;
    fake.ctx = ctx;
    return fake.refuse;
}

int repo_device_touch(struct store *s, uint64_t device, identity_cb cb, void *ctx)
{
    (void)s;
    (void)device;
    (void)cb;
    (void)ctx;
    return -PL_E_BUSY;
}

/* ---- fixture ----------------------------------------------------------------------------------
 */

struct world {
    uv_loop_t loop;
    struct enrol *enrol;
    struct identity *identity;
    struct pl_key *key;
    struct pl_buf csr;
    /* what came back */
    unsigned answers;
    int rc;
    char text[PL_ERR_TEXT_MAX];
    uint64_t user, device;
    size_t n_chain;
};

static int setup(void **state)
{
    struct world *w = pl_xcalloc(1, sizeof(*w));
    struct pl_err e;
    memset(&fake, 0, sizeof(fake));
    assert_int_equal(uv_loop_init(&w->loop), 0);
    const struct enrol_limits limits = {
        .per_source_per_min = 3, .total_per_min = 5, .in_flight = 2};
    w->enrol = enrol_new(&w->loop, NULL, &limits);
    w->identity = identity_new(&w->loop, NULL);
    w->key = pl_key_new(&e);
    pl_buf_init(&w->csr, PL_CSR_MAX);
    assert_int_equal(pl_csr_make(w->key, &w->csr, &e), 0);
    *state = w;
    return 0;
}

static void turn(struct world *w)
{
    (void)uv_run(&w->loop, UV_RUN_NOWAIT);
    (void)uv_run(&w->loop, UV_RUN_NOWAIT);
}

static int teardown(void **state)
{
    struct world *w = *state;
    enrol_free(w->enrol);
    identity_free(w->identity);
    (void)uv_run(&w->loop, UV_RUN_DEFAULT);
    assert_int_equal(uv_loop_close(&w->loop), 0);
    pl_key_free(w->key);
    pl_buf_release(&w->csr);
    free(w);
    return 0;
}

static void on_enrolled(void *ctx, int rc, const struct pl_join_welcome *welcome,
                        const struct pl_err *e)
{
    struct world *w = ctx;
    w->answers++;
    w->rc = rc;
    (void)pl_strlcpy(w->text, e->text, sizeof(w->text));
    assert_int_equal(welcome != NULL, rc == 0);
    if (welcome != NULL) {
        w->user = welcome->user;
        w->device = welcome->device;
        w->n_chain = welcome->n_chain;
        assert_string_equal(welcome->user_name, "ana");
        assert_memory_equal(welcome->chain_der[0].p, "leaf", 4);
    }
}

static void redeem_from(struct world *w, uint8_t source, const void *csr, size_t csr_n,
                        size_t secret_n, const char *name)
{
    static const uint8_t secret[32] = {1, 2, 3};
    uint8_t key[ENROL_SOURCE_KEY] = {4, source};
    const struct enrol_request r = {
        .secret = {secret, secret_n},
        .csr_der = {csr, csr_n},
        .device_name = name,
        .source_key = key,
    };
    unsigned before = w->answers;
    enrol_redeem(w->enrol, &r, on_enrolled, w);
    assert_int_equal(w->answers, before); /* never from inside the call */
}

static void redeem(struct world *w, uint8_t source)
{
    redeem_from(w, source, w->csr.data, w->csr.len, 16, "laptop");
}

/* What the keeper says when all is well. */
static void say_good(void)
{
    struct pl_chain chain = {0};
    for (chain.n = 0; chain.n < 3; chain.n++) {
        pl_buf_init(&chain.der[chain.n], 16);
        assert_int_equal(pl_buf_add_str(&chain.der[chain.n], "leaf"), 0);
    }
    const struct keeper_answer good = {
        .chain = &chain, .user = 7, .user_name = "ana", .display_name = "Ana", .device = 3};
    fake.join(fake.ctx, 0, &good, NULL);
    pl_chain_release(&chain);
}

static void say_bad(int code, const char *text)
{
    struct pl_err e;
    (void)pl_fail(&e, code, "%s", text);
    fake.join(fake.ctx, -code, NULL, &e);
}

/* ---- enrol ------------------------------------------------------------------------------------
 */

static void enrol_gives_what_the_keeper_gives(void **state)
{
    struct world *w = *state;
    static const uint8_t secret[16] = {1, 2, 3};
    redeem(w, 1);
    assert_int_equal(fake.asked, 1);
    assert_string_equal(fake.device_name, "laptop");
    assert_memory_equal(fake.secret, secret, sizeof(secret));
    assert_int_equal(fake.csr_n, w->csr.len);
    assert_int_equal(w->answers, 0);
    say_good();
    assert_int_equal(w->answers, 1);
    assert_int_equal(w->rc, 0);
    assert_int_equal(w->user, 7);
    assert_int_equal(w->device, 3);
    assert_int_equal(w->n_chain, 3);
}

static void enrol_says_the_same_for_every_bad_invite(void **state)
{
    struct world *w = *state;
    redeem(w, 1);
    say_bad(PL_E_INVITE, "expired yesterday");
    assert_int_equal(w->rc, -PL_E_INVITE);
    assert_string_equal(w->text, "the invite is not valid");
    redeem(w, 1);
    say_bad(PL_E_STORE, "42P01 relation usr");
    assert_int_equal(w->rc, -PL_E_UNAVAILABLE);
    assert_null(strstr(w->text, "42P01"));
}

static void enrol_tells_what_is_wrong_with_a_name(void **state)
{
    struct world *w = *state;
    redeem(w, 1);
    say_bad(PL_E_CONFLICT, "the login name ana is taken");
    assert_int_equal(w->rc, -PL_E_CONFLICT);
    assert_string_equal(w->text, "the login name ana is taken");
}

static void enrol_refuses_malformed_requests_before_the_keeper(void **state)
{
    struct world *w = *state;
    redeem_from(w, 1, w->csr.data, w->csr.len - 1, 16, "laptop");
    turn(w);
    assert_int_equal(w->rc, -PL_E_BAD_MESSAGE);
    redeem_from(w, 1, w->csr.data, w->csr.len, 15, "laptop");
    turn(w);
    assert_int_equal(w->rc, -PL_E_BAD_MESSAGE);
    redeem_from(w, 1, w->csr.data, w->csr.len, 16, "two\nlines");
    turn(w);
    assert_int_equal(w->rc, -PL_E_BAD_MESSAGE);
    assert_int_equal(w->answers, 3);
    assert_int_equal(fake.asked, 0);
}

static void enrol_limits_by_address_and_in_all(void **state)
{
    struct world *w = *state;
    for (int i = 0; i < 3; i++) {
        redeem(w, 1);
        say_bad(PL_E_UNAVAILABLE, "");
        assert_int_equal(w->rc, -PL_E_UNAVAILABLE);
    }
    redeem(w, 1);
    turn(w);
    assert_int_equal(w->rc, -PL_E_SLOW_DOWN);
    for (uint8_t source = 2; source < 4; source++) {
        redeem(w, source);
        say_bad(PL_E_UNAVAILABLE, "");
        assert_int_equal(w->rc, -PL_E_UNAVAILABLE);
    }
    redeem(w, 4);
    turn(w);
    assert_int_equal(w->rc, -PL_E_SLOW_DOWN);
    assert_int_equal(fake.asked, 5);
}

static void enrol_is_busy_when_too_many_are_under_way(void **state)
{
    struct world *w = *state;
    redeem(w, 1);
    void *first = fake.ctx;
    redeem(w, 2);
    void *second = fake.ctx;
    redeem(w, 3);
    turn(w);
    assert_int_equal(w->answers, 1);
    assert_int_equal(w->rc, -PL_E_BUSY);
    /* The two that are left are answered by enrol_free; the keeper still holds both. */
    enrol_free(w->enrol);
    w->enrol = NULL;
    assert_int_equal(w->answers, 3);
    assert_int_equal(w->rc, -PL_E_UNAVAILABLE);
    fake.ctx = first;
    say_good();
    fake.ctx = second;
    say_bad(PL_E_INVITE, "");
    assert_int_equal(w->answers, 3);
}

/* ---- identity ---------------------------------------------------------------------------------
 */

static void on_who(void *ctx, int rc, const struct identity_who *who, const struct pl_err *e)
{
    struct world *w = ctx;
    w->answers++;
    w->rc = rc;
    (void)pl_strlcpy(w->text, e->text, sizeof(w->text));
    assert_int_equal(who != NULL, rc == 0);
    if (who != NULL) {
        w->user = who->user;
        w->device = who->device;
    }
}

static struct device_row row_of(int64_t expires_us)
{
    return (struct device_row){.device = 3,
                               .user = 7,
                               .user_name = "ana",
                               .display_name = "Ana",
                               .device_name = "laptop",
                               .expires_us = expires_us,
                               .user_enabled = true};
}

static const uint8_t some_spki[PL_SPKI_HASH] = {9};

static void identity_finds_who_it_is(void **state)
{
    struct world *w = *state;
    struct device_row d = row_of(pl_now_us() + 1000000000);
    identity_find(w->identity, some_spki, on_who, w);
    fake.device(fake.ctx, 0, &d, NULL);
    assert_int_equal(w->answers, 1);
    assert_int_equal(w->rc, 0);
    assert_int_equal(w->user, 7);
    assert_int_equal(w->device, 3);
    identity_touch(w->identity, 3);
}

static void refused(struct world *w, int store_rc, const struct device_row *d, int want)
{
    unsigned before = w->answers;
    identity_find(w->identity, some_spki, on_who, w);
    fake.device(fake.ctx, store_rc, d, NULL);
    assert_int_equal(w->answers, before + 1);
    assert_int_equal(w->rc, want);
}

static void identity_gives_one_answer_for_every_refusal(void **state)
{
    struct world *w = *state;
    struct device_row old = row_of(pl_now_us() - 1);
    char text[PL_ERR_TEXT_MAX];
    refused(w, -PL_E_AUTH, NULL, -PL_E_AUTH);
    (void)pl_strlcpy(text, w->text, sizeof(text));
    refused(w, -PL_E_REVOKED, &old, -PL_E_AUTH);
    assert_string_equal(w->text, text);
    refused(w, 0, &old, -PL_E_AUTH);
    assert_string_equal(w->text, text);
    refused(w, -PL_E_STORE, NULL, -PL_E_UNAVAILABLE);
    fake.refuse = -PL_E_BUSY;
    identity_find(w->identity, some_spki, on_who, w);
    assert_int_equal(w->answers, 4);
    turn(w);
    assert_int_equal(w->answers, 5);
    assert_int_equal(w->rc, -PL_E_UNAVAILABLE);
}

static void identity_asks_again_when_a_revocation_came_in_between(void **state)
{
    struct world *w = *state;
    struct device_row d = row_of(pl_now_us() + 1000000000);
    identity_find(w->identity, some_spki, on_who, w);
    identity_revoked(w->identity, 3, 0);
    fake.device(fake.ctx, 0, &d, NULL); /* read before the revocation */
    assert_int_equal(w->answers, 0);
    assert_int_equal(fake.asked, 2);
    fake.device(fake.ctx, -PL_E_REVOKED, &d, NULL);
    assert_int_equal(w->rc, -PL_E_AUTH);
}

static void identity_answers_what_is_open_when_it_ends(void **state)
{
    struct world *w = *state;
    struct device_row d = row_of(pl_now_us() + 1000000000);
    identity_find(w->identity, some_spki, on_who, w);
    identity_free(w->identity);
    w->identity = NULL;
    assert_int_equal(w->answers, 1);
    assert_int_equal(w->rc, -PL_E_UNAVAILABLE);
    fake.device(fake.ctx, 0, &d, NULL);
    assert_int_equal(w->answers, 1);
}

#define WITH_WORLD(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        WITH_WORLD(enrol_gives_what_the_keeper_gives),
        WITH_WORLD(enrol_says_the_same_for_every_bad_invite),
        WITH_WORLD(enrol_tells_what_is_wrong_with_a_name),
        WITH_WORLD(enrol_refuses_malformed_requests_before_the_keeper),
        WITH_WORLD(enrol_limits_by_address_and_in_all),
        WITH_WORLD(enrol_is_busy_when_too_many_are_under_way),
        WITH_WORLD(identity_finds_who_it_is),
        WITH_WORLD(identity_gives_one_answer_for_every_refusal),
        WITH_WORLD(identity_asks_again_when_a_revocation_came_in_between),
        WITH_WORLD(identity_answers_what_is_open_when_it_ends),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
