// SPDX-License-Identifier: Apache-2.0
/*
 * Handshakes. What must work: both protocols. What must be refused: a wrong root, no certificate, a
 * foreign or expired one, one of the other kind, other ALPN names, TLS 1.2. Where our own client
 * would not misbehave, plain OpenSSL plays it.
 */
#include <string.h>
#include <time.h>

#include "support/tls_pair.h"
#include "support/tls_raw.h"

static void tls_agrees_when_both_have_certificates(void **state)
{
    (void)state;
    struct pl_tls *c;
    struct pl_tls *s;
    uint8_t spki[PL_SPKI_HASH];
    char buf[16];
    connect_pair(&c, &s);
    assert_true(pl_tls_is_ready(c) && pl_tls_is_ready(s));
    assert_string_equal(pl_tls_alpn(c), PL_ALPN_EDIT);
    assert_string_equal(pl_tls_alpn(s), PL_ALPN_EDIT);
    assert_true(pl_tls_peer_spki(s, spki));
    assert_memory_equal(spki, device.spki, sizeof(spki));
    assert_true(pl_tls_peer_spki(c, spki));
    assert_memory_equal(spki, pki.server_spki, sizeof(spki));
    assert_int_equal(pl_tls_write(c, "ping", 4, NULL), 0);
    carry(c, s);
    assert_int_equal(pl_tls_read(s, buf, sizeof(buf), NULL), 4);
    assert_memory_equal(buf, "ping", 4);
    assert_int_equal(pl_tls_read(s, buf, sizeof(buf), NULL), 0);
    pl_tls_free(c);
    pl_tls_free(s);
}

static void tls_joins_when_client_has_no_certificate(void **state)
{
    (void)state;
    struct pl_tls *s = new_server();
    struct pl_tls *c = new_client(pki.root_pin, pki.server_name, NULL, PL_ALPN_JOIN);
    int rc_c = 0;
    int rc_s = 0;
    uint8_t spki[PL_SPKI_HASH];
    shake(c, s, &rc_c, &rc_s);
    assert_int_equal(rc_c, 1);
    assert_int_equal(rc_s, 1);
    assert_string_equal(pl_tls_alpn(s), PL_ALPN_JOIN);
    assert_false(pl_tls_peer_spki(s, spki));
    pl_tls_free(c);
    pl_tls_free(s);
}

static void tls_takes_no_certificate_of_a_device_that_joins(void **state)
{
    (void)state;
    struct pl_tls *s = new_server();
    struct pl_tls *c = new_client(pki.root_pin, pki.server_name, &device, PL_ALPN_JOIN);
    int rc_c = 0;
    int rc_s = 0;
    uint8_t spki[PL_SPKI_HASH];
    shake(c, s, &rc_c, &rc_s);
    assert_int_equal(rc_s, 1);
    assert_false(pl_tls_peer_spki(s, spki));
    pl_tls_free(c);
    pl_tls_free(s);
}

static void refuse_server(const uint8_t *pin, const char *name, int code)
{
    struct pl_tls *s = new_server();
    struct pl_tls *c = new_client(pin, name, &device, PL_ALPN_EDIT);
    struct pl_err e;
    int rc_c = 0;
    int rc_s = 0;
    shake(c, s, &rc_c, &rc_s);
    assert_int_equal(rc_c, -code);
    assert_int_equal(pl_tls_handshake(c, &e), -code);
    assert_int_equal(e.code, code);
    assert_false(pl_tls_is_ready(c));
    /* The alert has reached the server: it does not see a working connection. */
    char buf[8];
    assert_true(pl_tls_handshake(s, &e) < 0 || pl_tls_read(s, buf, sizeof(buf), &e) < 0);
    pl_tls_free(c);
    pl_tls_free(s);
}

static void tls_refuses_server_when_pin_differs(void **state)
{
    (void)state;
    uint8_t pin[PL_SPKI_HASH];
    memcpy(pin, pki.root_pin, sizeof(pin));
    pin[31] ^= 1;
    refuse_server(pin, pki.server_name, PL_E_PIN);
    /* The server's own key is not the root's. */
    refuse_server(pki.server_spki, pki.server_name, PL_E_PIN);
}

static void tls_refuses_server_when_name_differs(void **state)
{
    (void)state;
    refuse_server(pki.root_pin, "d-00000000000000000000000000000000.plimsoll.internal", PL_E_PIN);
}

/* A client that the server must refuse: the client notices at its first read. */
static void refuse_device(const struct test_device *d)
{
    struct pl_tls *s = new_server();
    struct pl_tls *c = new_client(pki.root_pin, pki.server_name, d, PL_ALPN_EDIT);
    struct pl_err e;
    char buf[8];
    int rc_c = 0;
    int rc_s = 0;
    shake(c, s, &rc_c, &rc_s);
    assert_int_equal(rc_s, -PL_E_AUTH);
    assert_int_equal(rc_c, 1);
    assert_int_equal(pl_tls_read(c, buf, sizeof(buf), &e), -PL_E_AUTH);
    assert_int_equal(pl_tls_read(c, buf, sizeof(buf), &e), -PL_E_AUTH);
    assert_int_equal(pl_tls_write(c, "x", 1, NULL), -PL_E_AUTH);
    pl_tls_free(c);
    pl_tls_free(s);
}

static void tls_refuses_client_when_it_has_no_certificate(void **state)
{
    (void)state;
    refuse_device(NULL);
}

static void tls_refuses_client_when_another_ca_signed(void **state)
{
    (void)state;
    struct test_pki other;
    struct test_device d;
    test_pki_init(&other, 0);
    test_device_init(&d, &other, 7, 0);
    refuse_device(&d);
    test_device_release(&d);
    test_pki_release(&other);
}

static void tls_refuses_client_when_certificate_has_expired(void **state)
{
    (void)state;
    struct test_device d;
    test_device_init(&d, &pki, 8, (int64_t)time(NULL) - (PL_DEVICE_DAYS + 1) * PL_DAY_S);
    refuse_device(&d);
    test_device_release(&d);
}

static void tls_refuses_client_when_it_shows_a_server_certificate(void **state)
{
    (void)state;
    struct test_device d = {.chain_pem = pki.server_chain_pem, .key_pem = pki.server_key_pem};
    refuse_device(&d);
}

static void tls_refuses_server_when_it_shows_a_device_certificate(void **state)
{
    (void)state;
    struct pl_err e;
    struct pl_tls_ctx *sc =
        pl_tls_server_ctx(device.chain_pem, device.key_pem, pki.issuing_pem, &e);
    assert_non_null(sc);
    struct pl_tls *s = pl_tls_new_server(sc, &e);
    struct pl_tls *c = new_client(pki.root_pin, pki.server_name, &device, PL_ALPN_EDIT);
    int rc_c = 0;
    int rc_s = 0;
    shake(c, s, &rc_c, &rc_s);
    assert_int_equal(rc_c, -PL_E_PIN);
    pl_tls_free(c);
    pl_tls_free(s);
    pl_tls_ctx_unref(sc);
}

static void refuse_raw(const char *alpn, int version, const struct test_device *d, int code,
                       int want_reason)
{
    struct raw r;
    int reason;
    struct pl_tls *s = new_server();
    raw_client(&r, alpn, version, d);
    assert_int_equal(raw_shake(&r, s, &reason), -code);
    assert_int_equal(reason, want_reason);
    raw_release(&r);
    pl_tls_free(s);
}

static void tls_refuses_client_when_alpn_is_foreign(void **state)
{
    (void)state;
    refuse_raw("h2", TLS1_3_VERSION, &device, PL_E_TLS, SSL_R_TLSV1_ALERT_NO_APPLICATION_PROTOCOL);
    refuse_raw("plimsoll/12", TLS1_3_VERSION, &device, PL_E_TLS,
               SSL_R_TLSV1_ALERT_NO_APPLICATION_PROTOCOL);
}

static void tls_refuses_client_when_it_offers_no_alpn(void **state)
{
    (void)state;
    refuse_raw(NULL, TLS1_3_VERSION, NULL, PL_E_AUTH, SSL_R_TLSV13_ALERT_CERTIFICATE_REQUIRED);
    /* With a good certificate OpenSSL is content; the engine is not. */
    refuse_raw(NULL, TLS1_3_VERSION, &device, PL_E_TLS, 0);
}

static void tls_refuses_client_when_it_speaks_tls12(void **state)
{
    (void)state;
    refuse_raw(PL_ALPN_EDIT, TLS1_2_VERSION, &device, PL_E_TLS, SSL_R_TLSV1_ALERT_PROTOCOL_VERSION);
}

static void tls_refuses_bytes_that_are_not_tls(void **state)
{
    (void)state;
    struct pl_tls *s = new_server();
    static const char http[] = "GET / HTTP/1.1\r\nHost: x\r\n\r\n";
    assert_int_equal(pl_tls_feed(s, http, sizeof(http) - 1, NULL), 0);
    assert_int_equal(pl_tls_handshake(s, NULL), -PL_E_TLS);
    assert_int_equal(pl_tls_handshake(s, NULL), -PL_E_TLS);
    pl_tls_free(s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(tls_agrees_when_both_have_certificates),
        cmocka_unit_test(tls_joins_when_client_has_no_certificate),
        cmocka_unit_test(tls_takes_no_certificate_of_a_device_that_joins),
        cmocka_unit_test(tls_refuses_server_when_pin_differs),
        cmocka_unit_test(tls_refuses_server_when_name_differs),
        cmocka_unit_test(tls_refuses_client_when_it_has_no_certificate),
        cmocka_unit_test(tls_refuses_client_when_another_ca_signed),
        cmocka_unit_test(tls_refuses_client_when_certificate_has_expired),
        cmocka_unit_test(tls_refuses_client_when_it_shows_a_server_certificate),
        cmocka_unit_test(tls_refuses_server_when_it_shows_a_device_certificate),
        cmocka_unit_test(tls_refuses_client_when_alpn_is_foreign),
        cmocka_unit_test(tls_refuses_client_when_it_offers_no_alpn),
        cmocka_unit_test(tls_refuses_client_when_it_speaks_tls12),
        cmocka_unit_test(tls_refuses_bytes_that_are_not_tls),
    };
    return cmocka_run_group_tests(tests, group_setup, group_teardown);
}
