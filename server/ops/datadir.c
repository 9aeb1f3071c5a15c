// SPDX-License-Identifier: Apache-2.0
/*
 * The data directory (datadir.h): finding it and reading what a serving process needs from it.
 */
#include "ops/datadir.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "plimsoll/base/file.h"
#include "plimsoll/base/hash.h"
#include "plimsoll/base/log.h"
#include "plimsoll/base/mem.h"
#include "plimsoll/base/str.h"
#include "plimsoll/base/time.h"
#include "plimsoll/tls/x509.h"

#include "ops/pgcluster.h"

#define PATH_SIZE (DATADIR_PATH_MAX + 64)

/* Where it is when nobody says. */
static int preset_dir(char *out, size_t size, struct pl_err *e)
{
    const char *data = getenv("XDG_DATA_HOME");
    const char *home = getenv("HOME");
    int n;
    if (geteuid() == 0) {
        n = snprintf(out, size, "/var/lib/plimsoll");
    } else if (data != NULL && data[0] == '/') {
        n = snprintf(out, size, "%s/plimsolld", data);
    } else if (home != NULL && home[0] == '/') {
        n = snprintf(out, size, "%s/.local/share/plimsolld", home);
    } else {
        return pl_fail(e, PL_E_USAGE, "no home directory; give --dir");
    }
    return n < 0 || (size_t)n >= size ? pl_fail(e, PL_E_USAGE, "the path is too long") : 0;
}

int datadir_resolve(const char *given, char out[DATADIR_PATH_MAX], struct pl_err *e)
{
    char here[DATADIR_PATH_MAX];
    if (given == NULL) {
        given = getenv("PLIMSOLLD_DIR");
    }
    if (given == NULL || given[0] == '\0') {
        return preset_dir(out, DATADIR_PATH_MAX, e);
    }
    if (given[0] == '/') {
        return pl_strlcpy(out, given, DATADIR_PATH_MAX) < DATADIR_PATH_MAX
                   ? 0
                   : pl_fail(e, PL_E_USAGE, "the path is too long");
    }
    if (getcwd(here, sizeof(here)) == NULL) {
        return pl_fail(e, PL_E_IO, "the working directory: %s", strerror(errno));
    }
    return pl_path_join(out, DATADIR_PATH_MAX, here, given) == 0
               ? 0
               : pl_fail(e, PL_E_USAGE, "the path is too long");
}

int datadir_check(const char *dir, struct pl_err *e)
{
    char path[PATH_SIZE];
    (void)snprintf(path, sizeof(path), "%s/" DATADIR_CONF, dir);
    if (access(path, R_OK) == 0) {
        return 0;
    }
    if (errno == ENOENT || errno == ENOTDIR) {
        return pl_fail(e, PL_E_NOENT, "%s is not initialised; run 'plimsolld init --dir %s'", dir,
                       dir);
    }
    return pl_fail(e, PL_E_IO, "%s: %s", path, strerror(errno));
}

int datadir_config(const char *dir, struct config *out, struct pl_err *e)
{
    char path[PATH_SIZE];
    memset(out, 0, sizeof(*out));
    int rc = datadir_check(dir, e);
    if (rc != 0) {
        return rc;
    }
    (void)snprintf(path, sizeof(path), "%s/" DATADIR_CONF, dir);
    return config_load(out, path, e);
}

int datadir_conninfo(const char *dir, const struct config *c, char *out, size_t size,
                     struct pl_err *e)
{
    return datadir_conninfo_as(dir, c, "plm_app", out, size, e);
}

int datadir_conninfo_as(const char *dir, const struct config *c, const char *role, char *out,
                        size_t size, struct pl_err *e)
{
    if (c->url == NULL) {
        return pgcluster_conninfo(dir, role, out, size, e);
    }
    bool is_keeper = role != NULL && (pl_str_eq(role, "plm_ca") || pl_str_eq(role, "plm_seal"));
    const char *url = role == NULL && c->owner_url != NULL ? c->owner_url
                      : is_keeper && c->keeper_url != NULL ? c->keeper_url
                                                           : c->url;
    return pl_strlcpy(out, url, size) < size
               ? 0
               : pl_fail(e, PL_E_CONFIG, "the connection string is too long");
}

/* ---- TLS files --------------------------------------------------------------------------------
 */

static int read_pem(const char *dir, const char *name, char **out, struct pl_err *e)
{
    char path[PATH_SIZE];
    struct pl_buf text;
    (void)snprintf(path, sizeof(path), "%s/" DATADIR_TLS "/%s", dir, name);
    int rc = pl_file_read_all(path, PL_PEM_MAX, &text, e);
    if (rc == 0) {
        *out = text.len == 0 ? pl_xstrdup("") : pl_buf_steal(&text, NULL);
    }
    pl_buf_release(&text);
    return rc;
}

/* Spki and end of the first certificate of a PEM text. */
static int first_info(const char *pem, struct pl_cert_info *info, struct pl_err *e)
{
    struct pl_chain chain;
    int rc = pl_chain_from_pem(pem, &chain, e);
    if (rc == 0) {
        rc = pl_cert_info(chain.der[0].data, chain.der[0].len, info, e);
    }
    pl_chain_release(&chain);
    return rc;
}

int datadir_tls_load(const char *dir, struct datadir_tls *out_uninit, struct pl_err *e)
{
    struct datadir_tls *t = out_uninit;
    struct pl_cert_info info;
    int rc;
    memset(t, 0, sizeof(*t));
    if ((rc = read_pem(dir, "server.pem", &t->server_chain, e)) != 0 ||
        (rc = read_pem(dir, "server.key", &t->server_key, e)) != 0 ||
        (rc = read_pem(dir, "issuing.pem", &t->issuing, e)) != 0 ||
        (rc = read_pem(dir, "root.pem", &t->root, e)) != 0 ||
        (rc = first_info(t->root, &info, e)) != 0) {
        return rc;
    }
    memcpy(t->root_pin, info.spki, sizeof(t->root_pin));
    rc = first_info(t->server_chain, &info, e);
    t->server_expires_us = rc == 0 ? info.not_after_us : 0;
    return rc;
}

int datadir_tls_put_chain(const char *dir, const struct pl_chain *chain, struct pl_err *e)
{
    char path[PATH_SIZE];
    struct pl_buf pem;
    int rc = 0;
    pl_buf_init(&pem, PL_PEM_MAX);
    for (size_t i = 0; rc == 0 && i < chain->n; i++) {
        rc = pl_cert_to_pem(chain->der[i].data, chain->der[i].len, &pem, e);
    }
    if (rc == 0) {
        (void)snprintf(path, sizeof(path), "%s/" DATADIR_TLS "/server.pem", dir);
        rc = pl_file_write_atomic(path, pem.data, pem.len, 0600, e);
    }
    pl_buf_release(&pem);
    return rc;
}

int datadir_ca_load(const char *dir, struct datadir_ca *out_uninit, struct pl_err *e)
{
    struct datadir_ca *c = out_uninit;
    struct pl_cert_info info;
    char *chain = NULL;
    int rc;
    memset(c, 0, sizeof(*c));
    if ((rc = read_pem(dir, "issuing.pem", &c->issuing, e)) == 0 &&
        (rc = read_pem(dir, "issuing.key", &c->issuing_key, e)) == 0 &&
        (rc = read_pem(dir, "root.pem", &c->root, e)) == 0 &&
        (rc = read_pem(dir, "server.pem", &chain, e)) == 0 &&
        (rc = first_info(chain, &info, e)) == 0) {
        memcpy(c->server_spki, info.spki, sizeof(c->server_spki));
    }
    free(chain);
    return rc;
}

static void drop_secret(char *text)
{
    if (text != NULL) {
        pl_wipe(text, strlen(text));
        free(text);
    }
}

void datadir_tls_release(struct datadir_tls *t)
{
    free(t->server_chain);
    free(t->issuing);
    free(t->root);
    drop_secret(t->server_key);
    memset(t, 0, sizeof(*t));
}

void datadir_ca_release(struct datadir_ca *c)
{
    free(c->issuing);
    free(c->root);
    drop_secret(c->issuing_key);
    memset(c, 0, sizeof(*c));
}
