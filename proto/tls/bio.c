// SPDX-License-Identifier: Apache-2.0
/*
 * The BIO between OpenSSL and the engine: reads take from the bytes that were fed, writes append to
 * the output. No descriptor, nothing blocks. An empty input is "retry", a network that has ended is
 * the end of the file; an output at its limit is an error (the engine asks before it writes, so
 * only a flood of the peer's making can meet it).
 *
 * Every control that is not listed answers 0: a negative default would make OpenSSL believe that
 * the kernel does the encryption.
 */
#include "internal.h"

#include <string.h>

#include <openssl/bio.h>
#include <openssl/crypto.h>

static BIO_METHOD *method;
static CRYPTO_ONCE method_once = CRYPTO_ONCE_STATIC_INIT;

static int bio_read(BIO *b, char *out, int size)
{
    struct pl_tls *t = BIO_get_data(b);
    BIO_clear_retry_flags(b);
    if (t == NULL || size <= 0) {
        return 0;
    }
    size_t left = t->in.len - t->in_at;
    if (left == 0) {
        if (t->in_ended) {
            return 0;
        }
        BIO_set_retry_read(b);
        return -1;
    }
    size_t n = left < (size_t)size ? left : (size_t)size;
    memcpy(out, t->in.data + t->in_at, n);
    t->in_at += n;
    return (int)n;
}

static int bio_write(BIO *b, const char *bytes, int size)
{
    struct pl_tls *t = BIO_get_data(b);
    BIO_clear_retry_flags(b);
    if (t == NULL || size < 0 || pl_buf_add(&t->out, bytes, (size_t)size) != 0) {
        return -1;
    }
    return size;
}

static long bio_ctrl(BIO *b, int command, long number, void *pointer)
{
    (void)number;
    (void)pointer;
    const struct pl_tls *t = BIO_get_data(b);
    switch (command) {
    case BIO_CTRL_FLUSH:
        return 1;
    case BIO_CTRL_EOF:
        return t != NULL && t->in_ended && t->in.len == t->in_at;
    case BIO_CTRL_PENDING:
        return t == NULL ? 0 : (long)(t->in.len - t->in_at);
    case BIO_CTRL_WPENDING:
        return t == NULL ? 0 : (long)t->out.len;
    default:
        return 0;
    }
}

static int bio_create(BIO *b)
{
    BIO_set_init(b, 1);
    return 1;
}

static void make_method(void)
{
    BIO_METHOD *m = BIO_meth_new(BIO_get_new_index() | BIO_TYPE_SOURCE_SINK, "plimsoll");
    if (m == NULL) {
        return;
    }
    if (BIO_meth_set_read(m, bio_read) != 1 || BIO_meth_set_write(m, bio_write) != 1 ||
        BIO_meth_set_ctrl(m, bio_ctrl) != 1 || BIO_meth_set_create(m, bio_create) != 1) {
        BIO_meth_free(m);
        return;
    }
    method = m;
}

BIO *tls_bio_new(struct pl_tls *t)
{
    if (CRYPTO_THREAD_run_once(&method_once, make_method) != 1 || method == NULL) {
        return NULL;
    }
    BIO *b = BIO_new(method);
    if (b != NULL) {
        BIO_set_data(b, t);
    }
    return b;
}
