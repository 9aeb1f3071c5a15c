// SPDX-License-Identifier: Apache-2.0
/*
 * See init_tls.h. The order makes every interruption harmless: a key is on disk before its
 * certificate, an issuer's certificate before what it signs.
 */
#include "ops/init_tls.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "plimsoll/base/file.h"
#include "plimsoll/base/hash.h"
#include "plimsoll/base/mem.h"
#include "plimsoll/base/time.h"
#include "plimsoll/tls/x509.h"

#include "ops/datadir.h"

#define PATH_SIZE (DATADIR_PATH_MAX + 64)

struct tls_dir {
    char path[PATH_SIZE]; /* DIR/tls */
    const char *organisation;
    int64_t now_s;
};

static void path_of(const struct tls_dir *d, const char *name, char out[PATH_SIZE + 32])
{
    (void)snprintf(out, PATH_SIZE + 32, "%s/%s", d->path, name);
}

static bool has(const struct tls_dir *d, const char *name)
{
    char path[PATH_SIZE + 32];
    path_of(d, name, path);
    return pl_file_exists(path);
}

static int put(const struct tls_dir *d, const char *name, const struct pl_buf *text,
               struct pl_err *e)
{
    char path[PATH_SIZE + 32];
    path_of(d, name, path);
    return pl_file_write_atomic(path, text->data, text->len, 0600, e);
}

/* For free(); NULL and *e on failure. */
static char *get(const struct tls_dir *d, const char *name, struct pl_err *e)
{
    char path[PATH_SIZE + 32];
    struct pl_buf text;
    char *out = NULL;
    path_of(d, name, path);
    if (pl_file_read_all(path, PL_PEM_MAX, &text, e) == 0) {
        out = text.len == 0 ? pl_xstrdup("") : pl_buf_steal(&text, NULL);
    }
    pl_buf_release(&text);
    return out;
}

static void drop(char *text)
{
    if (text != NULL) {
        pl_wipe(text, strlen(text));
        free(text);
    }
}

/* The key in the file, made first if there is none. */
static struct pl_key *key_of(const struct tls_dir *d, const char *name, struct pl_err *e)
{
    struct pl_key *key = NULL;
    struct pl_buf pem;
    if (has(d, name)) {
        char *text = get(d, name, e);
        key = text == NULL ? NULL : pl_key_from_pem(text, e);
        drop(text);
        return key;
    }
    pl_buf_init(&pem, PL_PEM_MAX);
    key = pl_key_new(e);
    if (key != NULL && (pl_key_to_pem(key, &pem, e) != 0 || put(d, name, &pem, e) != 0)) {
        pl_key_free(key);
        key = NULL;
    }
    if (pem.data != NULL) {
        pl_wipe(pem.data, pem.len);
    }
    pl_buf_release(&pem);
    return key;
}

static struct pl_issuer *issuer_of(const struct tls_dir *d, const char *cert, const char *key,
                                   struct pl_err *e)
{
    char *cert_pem = get(d, cert, e);
    char *key_pem = cert_pem == NULL ? NULL : get(d, key, e);
    struct pl_issuer *i = key_pem == NULL ? NULL : pl_issuer_from_pem(cert_pem, key_pem, e);
    free(cert_pem);
    drop(key_pem);
    return i;
}

/* Writes a certificate in DER as PEM, followed by other files of the folder. */
static int put_cert(const struct tls_dir *d, const char *name, const struct pl_buf *der,
                    const char *const *tail, struct pl_err *e)
{
    struct pl_buf pem;
    pl_buf_init(&pem, PL_PEM_MAX);
    int rc = pl_cert_to_pem(der->data, der->len, &pem, e);
    for (; rc == 0 && tail != NULL && *tail != NULL; tail++) {
        char *text = get(d, *tail, e);
        if (text == NULL) {
            rc = -PL_E_IO;
        } else if (pl_buf_add_str(&pem, text) != 0) {
            rc = pl_fail(e, PL_E_LIMIT, "the certificate chain is too long");
        }
        free(text);
    }
    if (rc == 0) {
        rc = put(d, name, &pem, e);
    }
    pl_buf_release(&pem);
    return rc;
}

static int make_root(const struct tls_dir *d, struct pl_err *e)
{
    if (has(d, "root.pem")) {
        return 0;
    }
    struct pl_buf der;
    pl_buf_init(&der, PL_CERT_MAX);
    struct pl_key *key = key_of(d, "root.key", e);
    int rc = key == NULL ? -PL_E_IO : pl_root_make(key, d->organisation, d->now_s, &der, e);
    if (rc == 0) {
        rc = put_cert(d, "root.pem", &der, NULL, e);
    }
    pl_key_free(key);
    pl_buf_release(&der);
    return rc;
}

static int make_issuing(const struct tls_dir *d, struct pl_err *e)
{
    if (has(d, "issuing.pem")) {
        return 0;
    }
    if (!has(d, "root.key")) {
        return pl_fail(e, PL_E_CONFLICT, "%s/root.key was taken away before init had ended",
                       d->path);
    }
    struct pl_buf der;
    pl_buf_init(&der, PL_CERT_MAX);
    struct pl_issuer *root = issuer_of(d, "root.pem", "root.key", e);
    struct pl_key *key = root == NULL ? NULL : key_of(d, "issuing.key", e);
    int rc =
        key == NULL ? -PL_E_IO : pl_issuing_make(root, key, d->organisation, d->now_s, &der, e);
    if (rc == 0) {
        rc = put_cert(d, "issuing.pem", &der, NULL, e);
    }
    pl_issuer_free(root);
    pl_key_free(key);
    pl_buf_release(&der);
    return rc;
}

static int make_server(const struct tls_dir *d, const uint8_t root_pin[32], struct pl_err *e)
{
    static const char *const tail[] = {"issuing.pem", "root.pem", NULL};
    if (has(d, "server.pem")) {
        return 0;
    }
    char name[PL_SERVER_NAME_SIZE];
    struct pl_buf der;
    pl_buf_init(&der, PL_CERT_MAX);
    pl_server_name(root_pin, name);
    struct pl_issuer *ca = issuer_of(d, "issuing.pem", "issuing.key", e);
    struct pl_key *key = ca == NULL ? NULL : key_of(d, "server.key", e);
    int rc = key == NULL ? -PL_E_IO : pl_server_cert_make(ca, key, name, d->now_s, &der, e);
    if (rc == 0) {
        rc = put_cert(d, "server.pem", &der, tail, e);
    }
    pl_issuer_free(ca);
    pl_key_free(key);
    pl_buf_release(&der);
    return rc;
}

static int read_pin(const struct tls_dir *d, uint8_t root_pin[32], struct pl_err *e)
{
    struct pl_chain chain = {0};
    struct pl_cert_info info;
    char *pem = get(d, "root.pem", e);
    int rc = pem == NULL ? -PL_E_IO : pl_chain_from_pem(pem, &chain, e);
    if (rc == 0) {
        rc = pl_cert_info(chain.der[0].data, chain.der[0].len, &info, e);
    }
    if (rc == 0) {
        memcpy(root_pin, info.spki, sizeof(info.spki));
    }
    pl_chain_release(&chain);
    free(pem);
    return rc;
}

int init_tls(const char *dir, const char *organisation, uint8_t root_pin[32], struct pl_err *e)
{
    struct tls_dir d = {.organisation = organisation, .now_s = pl_now_us() / 1000000};
    int rc;
    (void)snprintf(d.path, sizeof(d.path), "%s/" DATADIR_TLS, dir);
    if ((rc = pl_mkdir_p(d.path, 0700, e)) != 0 || (rc = make_root(&d, e)) != 0 ||
        (rc = make_issuing(&d, e)) != 0 || (rc = read_pin(&d, root_pin, e)) != 0) {
        return rc;
    }
    return make_server(&d, root_pin, e);
}
