// SPDX-License-Identifier: Apache-2.0
/*
 * Issues certificates: the only user of the issuing CA's private key, in the keeper's process.
 * Whether somebody may have one is decided before (keeper/helper.c). Signing takes some 50
 * microseconds and is done in the call.
 */
#ifndef PLIMSOLL_SERVER_KEEPER_CA_H
#define PLIMSOLL_SERVER_KEEPER_CA_H

#include <stdint.h>

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
struct ca *ca_new(const struct ca_material *m, struct pl_err *e);
void ca_free(struct ca *ca); /* NULL ok */

/* SHA-256 of the root's key. */
const uint8_t *ca_root_pin(const struct ca *ca);

/* The new certificate, the issuing CA and the root. Release the chain also after an error. */
int ca_device(const struct ca *ca, const struct pl_csr *csr, const struct pl_device_cert *spec,
              struct pl_chain *out_uninit, struct pl_err *e) PL_MUST;

/* The same for the server's own key. */
int ca_server(const struct ca *ca, const struct pl_csr *csr, int64_t now_s,
              struct pl_chain *out_uninit, struct pl_err *e) PL_MUST;

#endif
