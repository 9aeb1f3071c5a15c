// SPDX-License-Identifier: Apache-2.0
/*
 * See pki.h. Uses only what the programs use: a fault in x509.c shows here first.
 */
#include "support/pki.h"

#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "plimsoll/base/mem.h"

static int64_t moment(int64_t now_s)
{
    return now_s != 0 ? now_s : (int64_t)time(NULL);
}

static char *to_pem(struct pl_buf *take_der)
{
    struct pl_buf pem;
    pl_buf_init(&pem, PL_PEM_MAX);
    PL_ASSERT(pl_cert_to_pem(take_der->data, take_der->len, &pem, NULL) == 0);
    pl_buf_release(take_der);
    return pl_buf_steal(&pem, NULL);
}

static char *key_to_pem(const struct pl_key *k)
{
    struct pl_buf pem;
    pl_buf_init(&pem, PL_PEM_MAX);
    PL_ASSERT(pl_key_to_pem(k, &pem, NULL) == 0);
    return pl_buf_steal(&pem, NULL);
}

char *test_pem_join(const char *a, const char *b, const char *c)
{
    return pl_xasprintf("%s%s%s", a != NULL ? a : "", b != NULL ? b : "", c != NULL ? c : "");
}

void test_pki_init(struct test_pki *p, int64_t now_s)
{
    struct pl_err e;
    struct pl_buf der;
    memset(p, 0, sizeof(*p));
    pl_buf_init(&der, PL_CERT_MAX);
    now_s = moment(now_s);
    struct pl_key *root_key = pl_key_new(&e);
    struct pl_key *issuing_key = pl_key_new(&e);
    struct pl_key *server_key = pl_key_new(&e);
    PL_ASSERT(root_key != NULL && issuing_key != NULL && server_key != NULL);
    p->root_key_pem = key_to_pem(root_key);
    p->issuing_key_pem = key_to_pem(issuing_key);
    p->server_key_pem = key_to_pem(server_key);
    PL_ASSERT(pl_key_spki(root_key, p->root_pin, &e) == 0);
    PL_ASSERT(pl_key_spki(server_key, p->server_spki, &e) == 0);
    pl_server_name(p->root_pin, p->server_name);

    PL_ASSERT(pl_root_make(root_key, "Test organisation", now_s, &der, &e) == 0);
    p->root_pem = to_pem(&der);
    struct pl_issuer *root = pl_issuer_from_pem(p->root_pem, p->root_key_pem, &e);
    PL_ASSERT(root != NULL);
    PL_ASSERT(pl_issuing_make(root, issuing_key, "Test organisation", now_s, &der, &e) == 0);
    p->issuing_pem = to_pem(&der);
    struct pl_issuer *issuing = pl_issuer_from_pem(p->issuing_pem, p->issuing_key_pem, &e);
    PL_ASSERT(issuing != NULL);
    PL_ASSERT(pl_server_cert_make(issuing, server_key, p->server_name, now_s, &der, &e) == 0);
    char *server_pem = to_pem(&der);
    p->server_chain_pem = test_pem_join(server_pem, p->issuing_pem, p->root_pem);
    free(server_pem);
    pl_issuer_free(root);
    pl_issuer_free(issuing);
    pl_key_free(root_key);
    pl_key_free(issuing_key);
    pl_key_free(server_key);
}

void test_pki_release(struct test_pki *p)
{
    free(p->root_pem);
    free(p->root_key_pem);
    free(p->issuing_pem);
    free(p->issuing_key_pem);
    free(p->server_chain_pem);
    free(p->server_key_pem);
}

void test_device_init(struct test_device *d, const struct test_pki *p, uint64_t id, int64_t now_s)
{
    struct pl_err e;
    struct pl_buf der;
    pl_buf_init(&der, PL_CERT_MAX);
    struct pl_key *key = pl_key_new(&e);
    struct pl_issuer *issuing = pl_issuer_from_pem(p->issuing_pem, p->issuing_key_pem, &e);
    PL_ASSERT(key != NULL && issuing != NULL);
    PL_ASSERT(pl_csr_make(key, &der, &e) == 0);
    struct pl_csr *csr = pl_csr_parse(der.data, der.len, &e);
    PL_ASSERT(csr != NULL);
    pl_buf_clear(&der);
    const struct pl_device_cert spec = {
        .device = id,
        .now_s = moment(now_s),
        .expires_s = moment(now_s) + PL_DEVICE_DAYS * PL_DAY_S,
    };
    PL_ASSERT(pl_device_cert_make(issuing, csr, &spec, &der, &e) == 0);
    char *pem = to_pem(&der);
    d->chain_pem = test_pem_join(pem, p->issuing_pem, p->root_pem);
    d->key_pem = key_to_pem(key);
    pl_csr_spki(csr, d->spki);
    free(pem);
    pl_csr_free(csr);
    pl_issuer_free(issuing);
    pl_key_free(key);
}

void test_device_release(struct test_device *d)
{
    free(d->chain_pem);
    free(d->key_pem);
}
