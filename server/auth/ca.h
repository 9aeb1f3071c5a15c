// SPDX-License-Identifier: Apache-2.0
/*
 * Issues certificates to devices. The only user of the issuing CA's private key; the interface is
 * narrow and answers later, so that a process of its own can take the key over without a change
 * elsewhere. Whether a device may have a certificate is decided before (auth/enrol).
 */
#ifndef PLIMSOLL_SERVER_AUTH_CA_H
#define PLIMSOLL_SERVER_AUTH_CA_H

#include <stdint.h>
#include <uv.h>

#include "plimsoll/base/err.h"
#include "plimsoll/tls/x509.h"

struct ca;

/* Files of the data directory as PEM texts, borrowed for the call. */
struct ca_material {
    const char *issuing_pem;
    const char *issuing_key_pem;
    const char *root_pem;
};

/* Checks that key and certificates fit. NULL and *e on failure. */
struct ca *ca_new(uv_loop_t *loop, const struct ca_material *m, struct pl_err *e);

/* Orders under way are answered with -PL_E_UNAVAILABLE from in here; the memory goes at a later
 * turn of the loop. NULL ok. */
void ca_free(struct ca *ca);

/* The new certificate, the issuing CA and the root, borrowed for the call. `chain` is NULL unless
 * rc is 0; rc: -PL_E_INTERNAL, -PL_E_UNAVAILABLE. */
typedef void (*ca_cb)(void *ctx, int rc, const struct pl_chain *chain, const struct pl_err *e);

/* Issues for the key of a checked request; `csr` and `spec` are borrowed for the call only. The
 * callback comes once, never from inside this call. */
void ca_issue_device(struct ca *ca, const struct pl_csr *csr, const struct pl_device_cert *spec,
                     ca_cb cb, void *ctx);

#endif
