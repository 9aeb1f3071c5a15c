// SPDX-License-Identifier: Apache-2.0
/*
 * A whole certificate tree in memory for tests: root, issuing CA, one server, any number of
 * devices. Everything asserts; strings are PEM and belong to the struct.
 */
#ifndef PLIMSOLL_TESTS_SUPPORT_PKI_H
#define PLIMSOLL_TESTS_SUPPORT_PKI_H

#include <stdint.h>

#include "plimsoll/tls/engine.h"
#include "plimsoll/tls/x509.h"

struct test_device {
    char *chain_pem; /* device, issuing CA, root */
    char *key_pem;
    uint8_t spki[PL_SPKI_HASH];
};

struct test_pki {
    char *root_pem, *root_key_pem;
    char *issuing_pem, *issuing_key_pem;
    char *server_chain_pem, *server_key_pem;
    char server_name[PL_SERVER_NAME_SIZE];
    uint8_t root_pin[PL_SPKI_HASH];
    uint8_t server_spki[PL_SPKI_HASH];
};

/* Makes the tree as if it were `now_s` (0: now). */
void test_pki_init(struct test_pki *p, int64_t now_s);
void test_pki_release(struct test_pki *p);

/* Enrols a device as if it were `now_s` (0: now). */
void test_device_init(struct test_device *d, const struct test_pki *p, uint64_t id, int64_t now_s);
void test_device_release(struct test_device *d);

/* PEM texts one behind the other; NULLs are skipped. For free(). */
char *test_pem_join(const char *a, const char *b, const char *c);

#endif
