// SPDX-License-Identifier: Apache-2.0
/*
 * Keys, requests and certificates: what we make satisfies OpenSSL's strict verification, and what
 * peers send is taken only in the forms of the allow-list.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <cmocka.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>

#include "plimsoll/tls/x509.h"

#include "support/pki.h"

static X509 *first_cert(const char *pem)
{
    BIO *b = BIO_new_mem_buf(pem, -1);
    X509 *cert = PEM_read_bio_X509(b, NULL, NULL, NULL);
    BIO_free(b);
    assert_non_null(cert);
    return cert;
}

/* OpenSSL's own judgement, strict, with the root as the only anchor. */
static int judge(const struct test_pki *p, const char *leaf_pem, int purpose)
{
    X509 *root = first_cert(p->root_pem);
    X509 *issuing = first_cert(p->issuing_pem);
    X509 *leaf = first_cert(leaf_pem);
    X509_STORE *store = X509_STORE_new();
    STACK_OF(X509) *between = sk_X509_new_null();
    X509_STORE_CTX *ctx = X509_STORE_CTX_new();
    assert_int_equal(X509_STORE_add_cert(store, root), 1);
    assert_int_equal(X509_STORE_set_flags(store, X509_V_FLAG_X509_STRICT), 1);
    assert_int_equal(sk_X509_push(between, issuing), 1);
    assert_int_equal(X509_STORE_CTX_init(ctx, store, leaf, between), 1);
    assert_int_equal(X509_STORE_CTX_set_purpose(ctx, purpose), 1);
    (void)X509_verify_cert(ctx);
    int result = X509_STORE_CTX_get_error(ctx);
    X509_STORE_CTX_free(ctx);
    sk_X509_free(between);
    X509_STORE_free(store);
    X509_free(root);
    X509_free(issuing);
    X509_free(leaf);
    return result;
}

static void x509_tree_passes_strict_verification(void **state)
{
    (void)state;
    struct test_pki p;
    struct test_device d;
    test_pki_init(&p, 0);
    test_device_init(&d, &p, UINT64_C(0x0123456789abcdef), 0);
    assert_int_equal(judge(&p, p.server_chain_pem, X509_PURPOSE_SSL_SERVER), X509_V_OK);
    assert_int_equal(judge(&p, d.chain_pem, X509_PURPOSE_SSL_CLIENT), X509_V_OK);
    assert_int_equal(judge(&p, d.chain_pem, X509_PURPOSE_SSL_SERVER), X509_V_ERR_INVALID_PURPOSE);
    assert_int_equal(judge(&p, p.server_chain_pem, X509_PURPOSE_SSL_CLIENT),
                     X509_V_ERR_INVALID_PURPOSE);
    X509 *server = first_cert(p.server_chain_pem);
    assert_int_equal(X509_check_host(server, p.server_name, 0, 0, NULL), 1);
    X509_free(server);
    test_device_release(&d);
    test_pki_release(&p);
}

static void x509_device_certificate_has_the_agreed_form(void **state)
{
    (void)state;
    struct test_pki p;
    struct test_device d;
    struct pl_chain chain;
    struct pl_cert_info info;
    const int64_t now_s = 1790000000;
    test_pki_init(&p, now_s);
    test_device_init(&d, &p, UINT64_C(0x0123456789abcdef), now_s);
    assert_int_equal(pl_chain_from_pem(d.chain_pem, &chain, NULL), 0);
    assert_int_equal(chain.n, 3);
    assert_int_equal(pl_cert_info(chain.der[0].data, chain.der[0].len, &info, NULL), 0);
    assert_memory_equal(info.spki, d.spki, sizeof(d.spki));
    assert_int_equal(info.not_before_us, (now_s - 300) * 1000000);
    assert_int_equal(info.not_after_us, (now_s + 200 * PL_DAY_S) * 1000000);
    assert_false(info.is_ca);
    assert_int_equal(pl_cert_info(chain.der[2].data, chain.der[2].len, &info, NULL), 0);
    assert_true(info.is_ca && info.is_self_signed);
    assert_memory_equal(info.spki, p.root_pin, sizeof(p.root_pin));
    assert_int_equal(pl_cert_info(chain.der[0].data, chain.der[0].len - 1, &info, NULL),
                     -PL_E_INVALID);
    pl_chain_release(&chain);

    X509 *cert = first_cert(d.chain_pem);
    STACK_OF(GENERAL_NAME) *names = X509_get_ext_d2i(cert, NID_subject_alt_name, NULL, NULL);
    assert_int_equal(sk_GENERAL_NAME_num(names), 1);
    const GENERAL_NAME *name = sk_GENERAL_NAME_value(names, 0);
    assert_int_equal(name->type, GEN_URI);
    assert_string_equal((const char *)ASN1_STRING_get0_data(name->d.uniformResourceIdentifier),
                        "plimsoll:dev:0123456789abcdef");
    assert_int_equal(X509_get_extended_key_usage(cert), XKU_SSL_CLIENT);
    assert_int_equal(X509_get_key_usage(cert), KU_DIGITAL_SIGNATURE);
    BIGNUM *serial = ASN1_INTEGER_to_BN(X509_get0_serialNumber(cert), NULL);
    assert_in_range(BN_num_bits(serial), 64, 127);
    BN_free(serial);
    sk_GENERAL_NAME_pop_free(names, GENERAL_NAME_free);
    X509_free(cert);
    test_device_release(&d);
    test_pki_release(&p);
}

static void x509_key_survives_pem(void **state)
{
    (void)state;
    struct pl_err e;
    struct pl_buf pem;
    uint8_t a[PL_SPKI_HASH];
    uint8_t b[PL_SPKI_HASH];
    pl_buf_init(&pem, PL_PEM_MAX);
    struct pl_key *k = pl_key_new(&e);
    assert_non_null(k);
    assert_int_equal(pl_key_to_pem(k, &pem, &e), 0);
    assert_int_equal(pl_buf_add_byte(&pem, 0), 0);
    struct pl_key *again = pl_key_from_pem((const char *)pem.data, &e);
    assert_non_null(again);
    assert_int_equal(pl_key_spki(k, a, &e), 0);
    assert_int_equal(pl_key_spki(again, b, &e), 0);
    assert_memory_equal(a, b, sizeof(a));
    assert_null(pl_key_from_pem("-----BEGIN PRIVATE KEY-----\n", &e));
    pl_key_free(k);
    pl_key_free(again);
    pl_key_free(NULL);
    pl_buf_release(&pem);
}

/* A request made by plain OpenSSL, encoded. */
static int raw_request(EVP_PKEY *key, const EVP_MD *md, unsigned char **der)
{
    X509_REQ *req = X509_REQ_new();
    assert_int_equal(X509_REQ_set_pubkey(req, key), 1);
    assert_true(X509_REQ_sign(req, key, md) > 0);
    *der = NULL;
    int n = i2d_X509_REQ(req, der);
    assert_true(n > 0);
    X509_REQ_free(req);
    return n;
}

static bool takes(EVP_PKEY *take_key, const EVP_MD *md)
{
    unsigned char *der;
    int n = raw_request(take_key, md, &der);
    struct pl_err e;
    struct pl_csr *r = pl_csr_parse(der, (size_t)n, &e);
    bool taken = r != NULL;
    if (!taken) {
        assert_int_equal(e.code, PL_E_INVALID);
    }
    pl_csr_free(r);
    OPENSSL_free(der);
    EVP_PKEY_free(take_key);
    return taken;
}

static EVP_PKEY *compressed_p256(void)
{
    EVP_PKEY *key = EVP_PKEY_Q_keygen(NULL, NULL, "EC", "P-256");
    assert_int_equal(EVP_PKEY_set_utf8_string_param(key, "point-format", "compressed"), 1);
    return key;
}

static void x509_takes_requests_of_the_allow_list_only(void **state)
{
    (void)state;
    assert_true(takes(EVP_PKEY_Q_keygen(NULL, NULL, "EC", "P-256"), EVP_sha256()));
    assert_true(takes(EVP_PKEY_Q_keygen(NULL, NULL, "EC", "P-256"), EVP_sha512()));
    assert_true(takes(EVP_PKEY_Q_keygen(NULL, NULL, "ED25519"), NULL));
    assert_false(takes(EVP_PKEY_Q_keygen(NULL, NULL, "EC", "P-256"), EVP_sha1()));
    assert_false(takes(EVP_PKEY_Q_keygen(NULL, NULL, "EC", "P-384"), EVP_sha256()));
    assert_false(takes(EVP_PKEY_Q_keygen(NULL, NULL, "EC", "secp256k1"), EVP_sha256()));
    assert_false(takes(EVP_PKEY_Q_keygen(NULL, NULL, "RSA", (size_t)2048), EVP_sha256()));
    assert_false(takes(EVP_PKEY_Q_keygen(NULL, NULL, "ED448"), NULL));
    assert_false(takes(compressed_p256(), EVP_sha256()));
}

static void x509_refuses_requests_that_were_changed(void **state)
{
    (void)state;
    struct pl_err e;
    struct pl_buf der;
    struct pl_key *k = pl_key_new(&e);
    pl_buf_init(&der, PL_CSR_MAX);
    assert_int_equal(pl_csr_make(k, &der, &e), 0);
    struct pl_csr *good = pl_csr_parse(der.data, der.len, &e);
    assert_non_null(good);
    uint8_t a[PL_SPKI_HASH];
    uint8_t b[PL_SPKI_HASH];
    pl_csr_spki(good, a);
    assert_int_equal(pl_key_spki(k, b, &e), 0);
    assert_memory_equal(a, b, sizeof(a));
    pl_csr_free(good);
    assert_null(pl_csr_parse(der.data, der.len - 1, &e));
    assert_null(pl_csr_parse(der.data, 0, &e));
    for (size_t i = 0; i < der.len; i++) {
        der.data[i] ^= 0x01;
        assert_null(pl_csr_parse(der.data, der.len, &e));
        der.data[i] ^= 0x01;
    }
    assert_int_equal(pl_buf_add_byte(&der, 0), 0);
    assert_null(pl_csr_parse(der.data, der.len, &e));
    pl_buf_release(&der);
    pl_key_free(k);
}

static void x509_refuses_bad_names_and_issuers(void **state)
{
    (void)state;
    struct test_pki p;
    struct test_device d;
    struct pl_err e;
    struct pl_buf der;
    test_pki_init(&p, 0);
    test_device_init(&d, &p, 1, 0);
    pl_buf_init(&der, PL_CERT_MAX);
    struct pl_key *k = pl_key_new(&e);
    assert_int_equal(pl_root_make(k, "", 1790000000, &der, &e), -PL_E_INVALID);
    assert_int_equal(pl_root_make(k, "a\nb", 1790000000, &der, &e), -PL_E_INVALID);
    char long_name[80];
    memset(long_name, 'x', sizeof(long_name));
    long_name[PL_ORG_MAX + 1] = '\0';
    assert_int_equal(pl_root_make(k, long_name, 1790000000, &der, &e), -PL_E_INVALID);
    /* Configuration syntax must not come in through a server's name. */
    struct pl_issuer *ca = pl_issuer_from_pem(p.issuing_pem, p.issuing_key_pem, &e);
    assert_non_null(ca);
    assert_int_equal(pl_server_cert_make(ca, k, "a,DNS:b", 1790000000, &der, &e), -PL_E_INVALID);
    assert_int_equal(der.len, 0);
    pl_issuer_free(ca);
    /* A device is no CA, and keys must fit. */
    assert_null(pl_issuer_from_pem(d.chain_pem, d.key_pem, &e));
    assert_null(pl_issuer_from_pem(p.issuing_pem, p.root_key_pem, &e));
    pl_key_free(k);
    test_device_release(&d);
    test_pki_release(&p);
}

static void x509_chain_is_bounded(void **state)
{
    (void)state;
    struct test_pki p;
    struct pl_chain chain;
    test_pki_init(&p, 0);
    char *five = test_pem_join(p.server_chain_pem, p.root_pem, p.root_pem);
    assert_int_equal(pl_chain_from_pem(five, &chain, NULL), -PL_E_CONFIG);
    pl_chain_release(&chain);
    assert_int_equal(pl_chain_from_pem("", &chain, NULL), -PL_E_CONFIG);
    pl_chain_release(&chain);
    free(five);
    test_pki_release(&p);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(x509_tree_passes_strict_verification),
        cmocka_unit_test(x509_device_certificate_has_the_agreed_form),
        cmocka_unit_test(x509_key_survives_pem),
        cmocka_unit_test(x509_takes_requests_of_the_allow_list_only),
        cmocka_unit_test(x509_refuses_requests_that_were_changed),
        cmocka_unit_test(x509_refuses_bad_names_and_issuers),
        cmocka_unit_test(x509_chain_is_bounded),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
