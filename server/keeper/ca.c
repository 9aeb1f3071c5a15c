// SPDX-License-Identifier: Apache-2.0
/*
 * See ca.h.
 */
#include "keeper/ca.h"

#include <stdlib.h>
#include <string.h>

#include "plimsoll/base/mem.h"

struct ca {
    struct pl_issuer *issuer;
    struct pl_chain tail; /* issuing CA, root */
    uint8_t root_pin[PL_SPKI_HASH];
};

static int load_tail(struct ca *ca, const struct ca_material *m, struct pl_err *e)
{
    struct pl_cert_info issuing;
    struct pl_cert_info root;
    char *both = pl_xasprintf("%s\n%s", m->issuing_pem, m->root_pem);
    int rc = pl_chain_from_pem(both, &ca->tail, e);
    free(both);
    if (rc != 0) {
        return rc;
    }
    if (ca->tail.n != 2) {
        return pl_fail(e, PL_E_CONFIG, "issuing CA and root must be one certificate each");
    }
    rc = pl_cert_info(ca->tail.der[0].data, ca->tail.der[0].len, &issuing, e);
    if (rc == 0) {
        rc = pl_cert_info(ca->tail.der[1].data, ca->tail.der[1].len, &root, e);
    }
    if (rc == 0 && (!root.is_self_signed || issuing.is_self_signed || !issuing.is_ca)) {
        rc = pl_fail(e, PL_E_CONFIG, "issuing CA and root are not what they should be");
    }
    if (rc == 0) {
        memcpy(ca->root_pin, root.spki, sizeof(ca->root_pin));
    }
    return rc;
}

struct ca *ca_new(const struct ca_material *m, struct pl_err *e)
{
    struct ca *ca = pl_mem_calloc(PL_MEM_AUTH, 1, sizeof(*ca));
    ca->issuer = pl_issuer_from_pem(m->issuing_pem, m->issuing_key_pem, e);
    if (ca->issuer == NULL || load_tail(ca, m, e) != 0) {
        ca_free(ca);
        return NULL;
    }
    return ca;
}

void ca_free(struct ca *ca)
{
    if (ca == NULL) {
        return;
    }
    pl_issuer_free(ca->issuer);
    pl_chain_release(&ca->tail);
    pl_mem_free(PL_MEM_AUTH, ca);
}

const uint8_t *ca_root_pin(const struct ca *ca)
{
    return ca->root_pin;
}

static void begin(struct pl_chain *out)
{
    memset(out, 0, sizeof(*out));
    for (size_t i = 0; i < PL_CHAIN_CERTS_MAX; i++) {
        pl_buf_init(&out->der[i], PL_CERT_MAX);
    }
}

/* The new certificate is there: copies of the tail behind it. */
static int finish(const struct ca *ca, struct pl_chain *out, struct pl_err *e)
{
    for (size_t i = 0; i < ca->tail.n; i++) {
        if (pl_buf_add(&out->der[i + 1], ca->tail.der[i].data, ca->tail.der[i].len) != 0) {
            return pl_fail(e, PL_E_INTERNAL, "a certificate of the chain is too long");
        }
    }
    out->n = 1 + ca->tail.n;
    return 0;
}

int ca_device(const struct ca *ca, const struct pl_csr *csr, const struct pl_device_cert *spec,
              struct pl_chain *out_uninit, struct pl_err *e)
{
    begin(out_uninit);
    int rc = pl_device_cert_make(ca->issuer, csr, spec, &out_uninit->der[0], e);
    return rc == 0 ? finish(ca, out_uninit, e) : rc;
}

int ca_server(const struct ca *ca, const struct pl_csr *csr, int64_t now_s,
              struct pl_chain *out_uninit, struct pl_err *e)
{
    char name[PL_SERVER_NAME_SIZE];
    begin(out_uninit);
    pl_server_name(ca->root_pin, name);
    int rc = pl_server_cert_renew(ca->issuer, csr, name, now_s, &out_uninit->der[0], e);
    return rc == 0 ? finish(ca, out_uninit, e) : rc;
}
