// SPDX-License-Identifier: Apache-2.0
/*
 * Profiles on disk (trust.h). profile.conf holds what is not secret; which profile is the usual one
 * stands in profiles/.current.
 */
#include "net/trust.h"

#include <dirent.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "plimsoll/base/conf.h"
#include "plimsoll/base/file.h"
#include "plimsoll/base/hash.h"
#include "plimsoll/base/mem.h"
#include "plimsoll/base/str.h"
#include "plimsoll/tls/x509.h"

#include "net/trust_conf.h"

#define PATH_SIZE    (TRUST_PATH_MAX + 96)
#define CURRENT_FILE ".current"

static const struct pl_conf_opt opts[] = {
    PL_CONF_STR("server", "host", struct trust_conf, host, NULL, "Where the server is."),
    PL_CONF_NUM(PL_CONF_NUMBER, "server", "port", struct trust_conf, port, "7474", 1, 65535,
                "Its port."),
    PL_CONF_STR("server", "root", struct trust_conf, root_hex, NULL,
                "SHA-256 of the public key of its root."),
    PL_CONF_STR("person", "user", struct trust_conf, user_name, NULL, "Login name."),
    PL_CONF_STR("person", "name", struct trust_conf, display_name, NULL, "Name shown to others."),
    PL_CONF_NUM(PL_CONF_NUMBER, "person", "user_id", struct trust_conf, user, "0", 0, UINT64_MAX,
                "Number of the user."),
    PL_CONF_NUM(PL_CONF_NUMBER, "person", "device_id", struct trust_conf, device, "0", 0,
                UINT64_MAX, "Number of this device."),
};

static const struct pl_conf_table table = {opts, sizeof(opts) / sizeof(opts[0])};

const struct pl_conf_table *trust_conf_table(void)
{
    return &table;
}

/* ---- where ------------------------------------------------------------------------------------
 */

int trust_profiles_dir(const char *config_dir, char out[TRUST_PATH_MAX], struct pl_err *e)
{
    const char *given = config_dir != NULL ? config_dir : getenv("PLIMSOLL_CONFIG_DIR");
    const char *config = getenv("XDG_CONFIG_HOME");
    const char *home = getenv("HOME");
    int n;
    if (given != NULL && given[0] != '\0') {
        n = snprintf(out, TRUST_PATH_MAX, "%s/profiles", given);
    } else if (config != NULL && config[0] == '/') {
        n = snprintf(out, TRUST_PATH_MAX, "%s/plimsoll/profiles", config);
    } else if (home != NULL && home[0] == '/') {
        n = snprintf(out, TRUST_PATH_MAX, "%s/.config/plimsoll/profiles", home);
    } else {
        return pl_fail(e, PL_E_CONFIG, "no home directory: set HOME or PLIMSOLL_CONFIG_DIR");
    }
    return n < 0 || n >= TRUST_PATH_MAX ? pl_fail(e, PL_E_CONFIG, "the path is too long") : 0;
}

static bool is_good_name(const char *name)
{
    static const char set[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._-";
    size_t n = strlen(name);
    return n > 0 && n <= TRUST_PROFILE_MAX && strspn(name, set) == n && name[0] != '.' &&
           name[0] != '-';
}

int trust_profile_dir(const char *config_dir, const char *name, char out[TRUST_PATH_MAX],
                      struct pl_err *e)
{
    char all[TRUST_PATH_MAX];
    if (!is_good_name(name)) {
        return pl_fail(e, PL_E_INVALID, "not a name for a profile: %.80s", name);
    }
    int rc = trust_profiles_dir(config_dir, all, e);
    if (rc == 0 && pl_path_join(out, TRUST_PATH_MAX, all, name) != 0) {
        rc = pl_fail(e, PL_E_CONFIG, "the path is too long");
    }
    return rc;
}

static bool is_complete(const char *profiles, const char *name)
{
    char path[PATH_SIZE];
    (void)snprintf(path, sizeof(path), "%s/%s/" TRUST_CONF_FILE, profiles, name);
    return pl_file_exists(path);
}

/* ---- which ------------------------------------------------------------------------------------
 */

static int compare_names(const void *a, const void *b)
{
    return strcmp(a, b);
}

int trust_list(const char *config_dir, struct trust_names *out, struct pl_err *e)
{
    char all[TRUST_PATH_MAX];
    out->count = 0;
    int rc = trust_profiles_dir(config_dir, all, e);
    if (rc != 0) {
        return rc;
    }
    DIR *d = opendir(all);
    if (d == NULL) {
        return errno == ENOENT ? 0 : pl_fail(e, PL_E_IO, "%s: %s", all, strerror(errno));
    }
    const struct dirent *entry;
    while ((entry = readdir(d)) != NULL && out->count < TRUST_PROFILES_MAX) {
        if (is_good_name(entry->d_name) && is_complete(all, entry->d_name)) {
            (void)pl_strlcpy(out->names[out->count++], entry->d_name, TRUST_PROFILE_MAX + 1);
        }
    }
    (void)closedir(d);
    qsort(out->names, out->count, sizeof(out->names[0]), compare_names);
    return 0;
}

/* The name in profiles/.current if that profile is complete. */
static bool read_current(const char *config_dir, char out[TRUST_PROFILE_MAX + 1])
{
    char all[TRUST_PATH_MAX];
    char path[PATH_SIZE];
    struct pl_buf text;
    if (trust_profiles_dir(config_dir, all, NULL) != 0) {
        return false;
    }
    (void)snprintf(path, sizeof(path), "%s/" CURRENT_FILE, all);
    out[0] = '\0';
    if (pl_file_read_all(path, TRUST_PROFILE_MAX + 1, &text, NULL) == 0 && text.len > 0) {
        size_t n = strcspn((const char *)text.data, "\n");
        if (n <= TRUST_PROFILE_MAX) {
            memcpy(out, text.data, n);
            out[n] = '\0';
        }
    }
    pl_buf_release(&text);
    return is_good_name(out) && is_complete(all, out);
}

/* Several and none marked: all of them, with who one is there, and what to do. */
static int several(const char *config_dir, const struct trust_names *names, struct pl_err *e)
{
    char all[150] = "";
    size_t i = 0;
    for (; i < names->count; i++) {
        struct trust_profile p;
        char one[120];
        bool is_read = trust_load(config_dir, names->names[i], &p, NULL) == 0;
        (void)snprintf(one, sizeof(one), "%s%.30s (%.24s on %.40s)", i > 0 ? ", " : "",
                       names->names[i], is_read ? p.user_name : "?", is_read ? p.host : "?");
        trust_release(&p);
        if (strlen(all) + strlen(one) >= sizeof(all) - 8) {
            break;
        }
        (void)pl_strlcat(all, one, sizeof(all));
    }
    return pl_fail(e, PL_E_USAGE,
                   "several profiles: %s%s; 'plimsoll profile use NAME' chooses one, or --profile",
                   all, i < names->count ? " ..." : "");
}

/* What is used when nothing is asked for. */
static int choose_preset(const char *config_dir, char out[TRUST_PROFILE_MAX + 1], struct pl_err *e)
{
    struct trust_names names;
    const char *found = NULL;
    if (read_current(config_dir, out)) {
        return 0;
    }
    int rc = trust_list(config_dir, &names, e);
    if (rc != 0) {
        return rc;
    }
    if (names.count == 0) {
        return pl_fail(e, PL_E_AUTH,
                       "this machine has not joined a server yet; whoever runs one gives invites");
    }
    for (size_t i = 0; i < names.count; i++) {
        if (names.count == 1 || strcmp(names.names[i], TRUST_DEFAULT) == 0) {
            found = names.names[i]; /* the default is what the first join made */
        }
    }
    if (found == NULL) {
        return several(config_dir, &names, e);
    }
    (void)pl_strlcpy(out, found, TRUST_PROFILE_MAX + 1);
    return 0;
}

bool trust_in_use(const char *config_dir, char out[TRUST_PROFILE_MAX + 1])
{
    return choose_preset(config_dir, out, NULL) == 0;
}

int trust_choose(const char *config_dir, const char *asked, char out[TRUST_PROFILE_MAX + 1],
                 struct pl_err *e)
{
    if (asked == NULL || asked[0] == '\0') {
        asked = getenv("PLIMSOLL_PROFILE");
    }
    if (asked == NULL || asked[0] == '\0') {
        return choose_preset(config_dir, out, e);
    }
    if (!is_good_name(asked)) {
        return pl_fail(e, PL_E_INVALID, "not a name for a profile: %.80s", asked);
    }
    (void)pl_strlcpy(out, asked, TRUST_PROFILE_MAX + 1);
    return 0;
}

int trust_use(const char *config_dir, const char *name, struct pl_err *e)
{
    char all[TRUST_PATH_MAX];
    char path[PATH_SIZE];
    char line[TRUST_PROFILE_MAX + 2];
    int rc = trust_profiles_dir(config_dir, all, e);
    if (rc != 0) {
        return rc;
    }
    if (!is_good_name(name) || !is_complete(all, name)) {
        return pl_fail(e, PL_E_NOENT, "there is no profile '%.80s'", name);
    }
    int n = snprintf(line, sizeof(line), "%s\n", name);
    (void)snprintf(path, sizeof(path), "%s/" CURRENT_FILE, all);
    return pl_file_write_atomic(path, line, (size_t)n, 0600, e);
}

/* ---- one profile ------------------------------------------------------------------------------
 */

static int read_text(const char *dir, const char *name, bool is_secret, char **out,
                     struct pl_err *e)
{
    char path[PATH_SIZE];
    struct pl_buf text;
    struct stat st;
    (void)snprintf(path, sizeof(path), "%s/%s", dir, name);
    if (is_secret && stat(path, &st) == 0 && (st.st_mode & 077) != 0) {
        return pl_fail(e, PL_E_IO, "%s can be read by others; run: chmod 600 %s", path, path);
    }
    int rc = pl_file_read_all(path, PL_PEM_MAX, &text, e);
    if (rc == 0) {
        *out = text.len == 0 ? pl_xstrdup("") : pl_buf_steal(&text, NULL);
    }
    pl_buf_release(&text);
    return rc;
}

static int take_conf(struct trust_profile *p, const struct trust_conf *c, struct pl_err *e)
{
    if (c->host == NULL || c->root_hex == NULL ||
        pl_hex_decode(c->root_hex, strlen(c->root_hex), p->root_pin, sizeof(p->root_pin)) != 0 ||
        pl_strlcpy(p->host, c->host, sizeof(p->host)) >= sizeof(p->host)) {
        return pl_fail(e, PL_E_CONFIG, "the profile '%s' is damaged; join again", p->name);
    }
    p->port = (uint16_t)c->port;
    p->user = c->user;
    p->device = c->device;
    p->user_name = pl_xstrdup(c->user_name != NULL ? c->user_name : "");
    p->display_name = pl_xstrdup(c->display_name != NULL ? c->display_name : p->user_name);
    pl_server_name(p->root_pin, p->server_name);
    return 0;
}

static int read_expiry(struct trust_profile *p, struct pl_err *e)
{
    struct pl_chain chain;
    struct pl_cert_info info;
    int rc = pl_chain_from_pem(p->chain_pem, &chain, e);
    if (rc == 0) {
        rc = pl_cert_info(chain.der[0].data, chain.der[0].len, &info, e);
    }
    if (rc == 0) {
        p->cert_expires_us = info.not_after_us;
    }
    pl_chain_release(&chain);
    return rc;
}

int trust_load(const char *config_dir, const char *name, struct trust_profile *out_uninit,
               struct pl_err *e)
{
    struct trust_profile *p = out_uninit;
    struct trust_conf conf = {0};
    char path[PATH_SIZE];
    memset(p, 0, sizeof(*p));
    int rc = trust_profile_dir(config_dir, name, p->dir, e);
    if (rc != 0) {
        return rc;
    }
    (void)pl_strlcpy(p->name, name, sizeof(p->name));
    (void)snprintf(path, sizeof(path), "%s/" TRUST_CONF_FILE, p->dir);
    if (!pl_file_exists(path)) {
        return pl_fail(e, PL_E_AUTH, "there is no profile '%s' on this machine", name);
    }
    if ((rc = pl_conf_defaults(&table, &conf, e)) != 0 ||
        (rc = pl_conf_read(&table, path, &conf, e)) != 0 || (rc = take_conf(p, &conf, e)) != 0 ||
        (rc = read_text(p->dir, TRUST_KEY_FILE, true, &p->key_pem, e)) != 0 ||
        (rc = read_text(p->dir, TRUST_CERT_FILE, false, &p->chain_pem, e)) != 0) {
        goto out;
    }
    rc = read_expiry(p, e);
out:
    pl_conf_release(&table, &conf);
    return rc;
}

void trust_release(struct trust_profile *p)
{
    if (p->key_pem != NULL) {
        pl_wipe(p->key_pem, strlen(p->key_pem));
    }
    free(p->key_pem);
    free(p->chain_pem);
    free(p->user_name);
    free(p->display_name);
    memset(p, 0, sizeof(*p));
}

struct pl_tls_ctx *trust_tls_ctx(const struct trust_profile *p, struct pl_err *e)
{
    return pl_tls_client_ctx(p->root_pin, p->server_name, p->chain_pem, p->key_pem, e);
}
