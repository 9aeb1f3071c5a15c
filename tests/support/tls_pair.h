// SPDX-License-Identifier: Apache-2.0
/*
 * Two engines in one process, joined by memory: for tests of TLS. Included by one file per program,
 * which runs group_setup and group_teardown around its tests.
 */
#ifndef PLIMSOLL_TESTS_SUPPORT_TLS_PAIR_H
#define PLIMSOLL_TESTS_SUPPORT_TLS_PAIR_H

#include <string.h>

#include "plimsoll/tls/engine.h"

#include "support/pki.h"
#include "support/unit.h"

static struct test_pki pki;
static struct test_device device;

static inline int group_setup(void **state)
{
    (void)state;
    test_pki_init(&pki, 0);
    test_device_init(&device, &pki, 7, 0);
    return 0;
}

static inline int group_teardown(void **state)
{
    (void)state;
    test_device_release(&device);
    test_pki_release(&pki);
    return 0;
}

static inline struct pl_tls_ctx *server_ctx(void)
{
    struct pl_err e;
    struct pl_tls_ctx *c =
        pl_tls_server_ctx(pki.server_chain_pem, pki.server_key_pem, pki.issuing_pem, &e);
    assert_non_null(c);
    return c;
}

static inline struct pl_tls *new_server(void)
{
    struct pl_tls_ctx *c = server_ctx();
    struct pl_tls *t = pl_tls_new_server(c, NULL);
    assert_non_null(t);
    pl_tls_ctx_unref(c);
    return t;
}

static inline struct pl_tls *new_client(const uint8_t *pin, const char *name,
                                        const struct test_device *d, const char *alpn)
{
    struct pl_err e;
    struct pl_tls_ctx *c = pl_tls_client_ctx(pin, name, d == NULL ? NULL : d->chain_pem,
                                             d == NULL ? NULL : d->key_pem, &e);
    assert_non_null(c);
    struct pl_tls *t = pl_tls_new_client(c, alpn, &e);
    assert_non_null(t);
    pl_tls_ctx_unref(c);
    return t;
}

/* Moves what `from` has to send into `to`; returns the number of bytes. */
static inline size_t carry(struct pl_tls *from, struct pl_tls *to)
{
    struct pl_buf out;
    pl_tls_take_out(from, &out);
    size_t n = out.len;
    if (n > 0) {
        assert_int_equal(pl_tls_feed(to, out.data, n, NULL), 0);
    }
    pl_buf_release(&out);
    return n;
}

/* Runs the handshake until both are done or one fails. */
static inline void shake(struct pl_tls *c, struct pl_tls *s, int *client_rc, int *server_rc)
{
    for (int i = 0; i < 20; i++) {
        *client_rc = pl_tls_handshake(c, NULL);
        carry(c, s);
        *server_rc = pl_tls_handshake(s, NULL);
        carry(s, c);
        if (*client_rc < 0 || (*client_rc == 1 && *server_rc != 0)) {
            return;
        }
    }
    fail_msg("the handshake does not end");
}

static inline void connect_pair(struct pl_tls **c, struct pl_tls **s)
{
    int rc_c = 0;
    int rc_s = 0;
    *s = new_server();
    *c = new_client(pki.root_pin, pki.server_name, &device, PL_ALPN_EDIT);
    shake(*c, *s, &rc_c, &rc_s);
    assert_int_equal(rc_c, 1);
    assert_int_equal(rc_s, 1);
}

#endif
