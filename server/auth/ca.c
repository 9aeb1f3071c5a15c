// SPDX-License-Identifier: Apache-2.0
/*
 * See ca.h. Signing takes some 50 microseconds and is done inside the call; only the answer waits
 * for the next turn of the loop.
 */
#include "auth/ca.h"

#include <stddef.h>

#include "plimsoll/base/mem.h"

#include "auth/defer.h"

struct ca {
    struct pl_issuer *issuer;
    struct pl_chain tail; /* issuing CA, root */
    struct defer *defer;
};

struct order {
    struct defer_task task;
    ca_cb cb;
    void *ctx;
    int rc;
    struct pl_chain chain;
    struct pl_err e;
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
    return rc;
}

struct ca *ca_new(uv_loop_t *loop, const struct ca_material *m, struct pl_err *e)
{
    struct ca *ca = pl_mem_calloc(PL_MEM_AUTH, 1, sizeof(*ca));
    ca->issuer = pl_issuer_from_pem(m->issuing_pem, m->issuing_key_pem, e);
    if (ca->issuer == NULL || load_tail(ca, m, e) != 0) {
        ca_free(ca);
        return NULL;
    }
    ca->defer = defer_new(loop);
    return ca;
}

void ca_free(struct ca *ca)
{
    if (ca == NULL) {
        return;
    }
    defer_free(ca->defer);
    pl_issuer_free(ca->issuer);
    pl_chain_release(&ca->tail);
    pl_mem_free(PL_MEM_AUTH, ca);
}

static void on_task(struct defer_task *task)
{
    struct order *o = (struct order *)(void *)((char *)task - offsetof(struct order, task));
    o->cb(o->ctx, o->rc, o->rc == 0 ? &o->chain : NULL, &o->e);
    pl_chain_release(&o->chain);
    pl_mem_free(PL_MEM_AUTH, o);
}

/* The new certificate first, then copies of the tail. */
static int issue(const struct ca *ca, const struct pl_csr *csr, const struct pl_device_cert *spec,
                 struct pl_chain *out, struct pl_err *e)
{
    for (size_t i = 0; i < PL_CHAIN_CERTS_MAX; i++) {
        pl_buf_init(&out->der[i], PL_CERT_MAX);
    }
    int rc = pl_device_cert_make(ca->issuer, csr, spec, &out->der[0], e);
    for (size_t i = 0; rc == 0 && i < ca->tail.n; i++) {
        if (pl_buf_add(&out->der[i + 1], ca->tail.der[i].data, ca->tail.der[i].len) != 0) {
            rc = pl_fail(e, PL_E_INTERNAL, "a certificate of the chain is too long");
        }
    }
    out->n = 1 + ca->tail.n;
    return rc;
}

void ca_issue_device(struct ca *ca, const struct pl_csr *csr, const struct pl_device_cert *spec,
                     ca_cb cb, void *ctx)
{
    struct order *o = pl_mem_calloc(PL_MEM_AUTH, 1, sizeof(*o));
    o->cb = cb;
    o->ctx = ctx;
    o->task.run = on_task;
    o->rc = issue(ca, csr, spec, &o->chain, &o->e);
    defer_post(ca->defer, &o->task);
}
