// SPDX-License-Identifier: Apache-2.0
/*
 * See join.h. Order on disk: join.key (before anything is sent) -> device.key, device.pem ->
 * profile.conf -> join.key goes. An interruption at any point leaves either no profile and the key
 * to present again, or a whole profile.
 *
 * join.key begins with a line that says which invite it belongs to (a hash): another invite gets
 * another key, because a key enrols once.
 */
#include "net/join.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <unistd.h>

#include "plimsoll/base/file.h"
#include "plimsoll/base/hash.h"
#include "plimsoll/base/str.h"
#include "plimsoll/base/utf8.h"
#include "plimsoll/tls/x509.h"
#include "plimsoll/wire/limits.h"

#include "net/join_dial.h"
#include "net/trust_conf.h"

#define PATH_SIZE     (TRUST_PATH_MAX + 96)
#define CONF_NAME_MAX 150 /* bytes of a display name that fit into a line of profile.conf */
#define MARK          "Plimsoll-Invite: "

struct job {
    struct pl_invite invite;
    char profile[TRUST_PROFILE_MAX + 1];
    char dir[TRUST_PATH_MAX];
    int lock;
    struct pl_key *key;
    uint8_t spki[PL_SPKI_HASH];
};

static void path_of(const struct job *j, const char *name, char out[PATH_SIZE])
{
    (void)snprintf(out, PATH_SIZE, "%s/%s", j->dir, name);
}

static bool has(const struct job *j, const char *name)
{
    char path[PATH_SIZE];
    path_of(j, name, path);
    return pl_file_exists(path);
}

/* ---- the profile's name and folder ------------------------------------------------------------
 */

static int set_profile(struct job *j, const struct join_options *opt, const char *name,
                       struct pl_err *e)
{
    (void)pl_strlcpy(j->profile, name, sizeof(j->profile));
    return trust_profile_dir(opt->config_dir, name, j->dir, e);
}

/* A host as a profile's name: what cannot stand there becomes '-'. */
static void name_from_host(const char *host, char out[TRUST_PROFILE_MAX + 1])
{
    size_t n = pl_strlcpy(out, host, TRUST_PROFILE_MAX + 1);
    n = n < TRUST_PROFILE_MAX ? n : TRUST_PROFILE_MAX;
    for (size_t i = 0; i < n; i++) {
        if (out[i] == ':' || out[i] == '%') {
            out[i] = '-';
        }
    }
    if (out[0] == '-' || out[0] == '.') {
        out[0] = '0';
    }
}

static int choose_profile(struct job *j, const struct join_options *opt, struct pl_err *e)
{
    char name[TRUST_PROFILE_MAX + 1];
    int rc = set_profile(j, opt, opt->profile != NULL ? opt->profile : TRUST_DEFAULT, e);
    if (rc != 0 || opt->force || !has(j, TRUST_CONF_FILE)) {
        return rc;
    }
    if (opt->profile == NULL) {
        name_from_host(j->invite.host, name);
        rc = set_profile(j, opt, name, e);
        if (rc != 0 || !has(j, TRUST_CONF_FILE)) {
            return rc;
        }
    }
    return pl_fail(e, PL_E_CONFLICT,
                   "the profile '%s' exists: this machine has joined; choose another --profile or "
                   "use --force",
                   j->profile);
}

static int open_folder(struct job *j, struct pl_err *e)
{
    int rc = pl_mkdir_p(j->dir, 0700, e);
    if (rc != 0) {
        return rc;
    }
    j->lock = open(j->dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (j->lock < 0 || flock(j->lock, LOCK_EX | LOCK_NB) != 0) {
        return errno == EWOULDBLOCK
                   ? pl_fail(e, PL_E_CONFLICT, "another join is at work in %s", j->dir)
                   : pl_fail(e, PL_E_IO, "%s: %s", j->dir, strerror(errno));
    }
    return 0;
}

/* ---- the key ----------------------------------------------------------------------------------
 */

static void mark_of(const struct pl_invite *invite, char out[sizeof(MARK) + 64])
{
    uint8_t sum[PL_SHA256_BYTES];
    char hex[2 * PL_SHA256_BYTES + 1];
    pl_sha256(invite->secret, sizeof(invite->secret), sum);
    pl_hex_encode(sum, sizeof(sum), hex);
    (void)snprintf(out, sizeof(MARK) + 64, MARK "%s", hex);
}

/* The key of an earlier attempt with this invite, if there is one. */
static struct pl_key *earlier_key(const struct job *j, const char *mark)
{
    char path[PATH_SIZE];
    struct pl_buf text;
    struct pl_key *key = NULL;
    path_of(j, TRUST_JOIN_FILE, path);
    if (pl_file_read_all(path, PL_PEM_MAX, &text, NULL) == 0 && text.len > 0 &&
        pl_str_starts((const char *)text.data, mark)) {
        key = pl_key_from_pem((const char *)text.data, NULL);
    }
    if (text.data != NULL) {
        pl_wipe(text.data, text.len);
    }
    pl_buf_release(&text);
    return key;
}

static int write_key(const struct job *j, const char *name, const char *mark, struct pl_err *e)
{
    char path[PATH_SIZE];
    struct pl_buf text;
    pl_buf_init(&text, PL_PEM_MAX);
    path_of(j, name, path);
    int rc = mark == NULL ? 0 : pl_buf_printf(&text, "%s\n", mark);
    if (rc == 0) {
        rc = pl_key_to_pem(j->key, &text, e);
    }
    if (rc == 0) {
        rc = pl_file_write_atomic(path, text.data, text.len, 0600, e);
    }
    if (text.data != NULL) {
        pl_wipe(text.data, text.len);
    }
    pl_buf_release(&text);
    return rc;
}

static int prepare_key(struct job *j, struct pl_err *e)
{
    char mark[sizeof(MARK) + 64];
    mark_of(&j->invite, mark);
    j->key = earlier_key(j, mark);
    if (j->key == NULL) {
        j->key = pl_key_new(e);
        if (j->key == NULL) {
            return -PL_E_INTERNAL;
        }
        int rc = write_key(j, TRUST_JOIN_FILE, mark, e);
        if (rc != 0) {
            return rc;
        }
    }
    return pl_key_spki(j->key, j->spki, e);
}

/* ---- the answer -------------------------------------------------------------------------------
 */

/* The chain must be for our key, and end at the pinned root. */
static int check_chain(const struct job *j, const struct pl_join_welcome *w, int64_t *expires_us,
                       struct pl_err *e)
{
    struct pl_cert_info leaf;
    struct pl_cert_info root;
    if (w->n_chain < 2) {
        return pl_fail(e, PL_E_BAD_MESSAGE, "the server's answer holds no certificate chain");
    }
    const struct pl_bytes *last = &w->chain_der[w->n_chain - 1];
    int rc = pl_cert_info(w->chain_der[0].p, w->chain_der[0].n, &leaf, e);
    if (rc == 0) {
        rc = pl_cert_info(last->p, last->n, &root, e);
    }
    if (rc == 0 && (memcmp(leaf.spki, j->spki, PL_SPKI_HASH) != 0 || leaf.is_ca ||
                    memcmp(root.spki, j->invite.root_pin, PL_SPKI_HASH) != 0)) {
        rc = pl_fail(e, PL_E_BAD_MESSAGE, "the server's answer holds somebody else's certificate");
    }
    *expires_us = rc == 0 ? leaf.not_after_us : 0;
    return rc;
}

static int write_chain(const struct job *j, const struct pl_join_welcome *w, struct pl_err *e)
{
    char path[PATH_SIZE];
    struct pl_buf pem;
    int rc = 0;
    pl_buf_init(&pem, PL_PEM_MAX);
    path_of(j, TRUST_CERT_FILE, path);
    for (size_t i = 0; rc == 0 && i < w->n_chain; i++) {
        rc = pl_cert_to_pem(w->chain_der[i].p, w->chain_der[i].n, &pem, e);
    }
    if (rc == 0) {
        rc = pl_file_write_atomic(path, pem.data, pem.len, 0600, e);
    }
    pl_buf_release(&pem);
    return rc;
}

/* A name as a value of profile.conf, where it serves display only: cut, and without the sign that
 * begins a comment. */
static void plain_name(const char *name, char out[CONF_NAME_MAX + 1])
{
    size_t n = strlen(name);
    while (n > CONF_NAME_MAX || (n > 0 && !pl_utf8_is_valid(name, n))) {
        n--;
    }
    memcpy(out, name, n);
    out[n] = '\0';
    for (char *p = out; *p != '\0'; p++) {
        if (*p == ';' || *p == '\n' || *p == '\t') {
            *p = ',';
        }
    }
}

static int write_conf(const struct job *j, const struct pl_join_welcome *w, struct pl_err *e)
{
    char path[PATH_SIZE];
    char hex[2 * PL_SPKI_HASH + 1];
    char name[CONF_NAME_MAX + 1];
    struct pl_buf text;
    pl_buf_init(&text, PL_CONF_FILE_MAX);
    pl_hex_encode(j->invite.root_pin, PL_SPKI_HASH, hex);
    plain_name(w->display_name, name);
    int rc = pl_buf_printf(&text,
                           "# Written by 'plimsoll join'.\n[server]\nhost = %s\nport = %u\n"
                           "root = %s\n\n[person]\nuser = %s\nname = %s\nuser_id = %llu\n"
                           "device_id = %llu\n",
                           j->invite.host, j->invite.port, hex, w->user_name, name,
                           (unsigned long long)w->user, (unsigned long long)w->device);
    if (rc == 0) {
        path_of(j, TRUST_CONF_FILE, path);
        rc = pl_file_write_atomic(path, text.data, text.len, 0600, e);
    }
    pl_buf_release(&text);
    return rc;
}

static int drop_file(const struct job *j, const char *name, struct pl_err *e)
{
    char path[PATH_SIZE];
    path_of(j, name, path);
    return unlink(path) == 0 || errno == ENOENT
               ? 0
               : pl_fail(e, PL_E_IO, "%s: %s", path, strerror(errno));
}

static int store(const struct job *j, const struct pl_join_welcome *w, struct pl_err *e)
{
    int rc;
    /* A profile that is replaced ends first: old and new must not mix. */
    if ((rc = drop_file(j, TRUST_CONF_FILE, e)) != 0 ||
        (rc = write_key(j, TRUST_KEY_FILE, NULL, e)) != 0 || (rc = write_chain(j, w, e)) != 0 ||
        (rc = write_conf(j, w, e)) != 0) {
        return rc;
    }
    return drop_file(j, TRUST_JOIN_FILE, e);
}

/* ---- all of it --------------------------------------------------------------------------------
 */

static void tell(const struct job *j, const struct pl_join_welcome *w, struct join_result *out)
{
    (void)pl_strlcpy(out->profile, j->profile, sizeof(out->profile));
    (void)pl_strlcpy(out->host, j->invite.host, sizeof(out->host));
    out->port = j->invite.port;
    memcpy(out->root_pin, j->invite.root_pin, sizeof(out->root_pin));
    out->user = w->user;
    out->device = w->device;
    out->review = w->review;
    out->role = w->role;
    (void)pl_strlcpy(out->user_name, w->user_name, sizeof(out->user_name));
    (void)pl_strlcpy(out->display_name, w->display_name, sizeof(out->display_name));
}

/* This machine's name in the list of a person's devices. */
static void name_device(const char *given, char out[4 * PL_NAME_MAX + 1])
{
    char host[256] = "";
    if (given == NULL) {
        (void)gethostname(host, sizeof(host) - 1);
        given = host;
    }
    size_t n = strlen(given);
    size_t end = pl_utf8_is_clean(given, n, NULL) ? pl_utf8_offset(given, n, PL_NAME_MAX) : 0;
    memcpy(out, given, end);
    out[end] = '\0';
    if (end == 0) {
        (void)pl_strlcpy(out, "device", 4 * PL_NAME_MAX + 1);
    }
}

static int enrol(struct job *j, const struct join_options *opt, struct join_result *out,
                 struct pl_err *e)
{
    char device_name[4 * PL_NAME_MAX + 1];
    struct pl_buf csr;
    struct pl_arena arena;
    struct pl_join_welcome w;
    pl_buf_init(&csr, PL_CSR_MAX);
    pl_arena_init(&arena, PL_UNPACK_BUDGET_MAX);
    name_device(opt->device_name, device_name);
    int rc = pl_csr_make(j->key, &csr, e);
    if (rc == 0) {
        const struct pl_join_hello hello = {
            .secret = {j->invite.secret, sizeof(j->invite.secret)},
            .csr_der = {csr.data, csr.len},
            .device_name = device_name,
            .user_name = opt->user_name != NULL ? opt->user_name : "",
            .display_name = opt->display_name != NULL ? opt->display_name : "",
        };
        unsigned ms = opt->timeout_ms != 0 ? opt->timeout_ms : JOIN_TIMEOUT_MS;
        rc = join_exchange(&j->invite, &hello, ms, &arena, &w, e);
    }
    if (rc == 0) {
        rc = check_chain(j, &w, &out->cert_expires_us, e);
    }
    if (rc == 0) {
        rc = store(j, &w, e);
    }
    if (rc == 0) {
        tell(j, &w, out);
    }
    pl_arena_release(&arena);
    pl_buf_release(&csr);
    return rc;
}

/* The profile that was used before stays in use, and is marked, so that two are no riddle. */
static int keep_in_use(const struct job *j, const struct join_options *opt, const char *before,
                       struct join_result *out, struct pl_err *e)
{
    const char *used = before[0] != '\0' ? before : j->profile;
    (void)pl_strlcpy(out->in_use, used, sizeof(out->in_use));
    return strcmp(used, j->profile) == 0 ? 0 : trust_use(opt->config_dir, used, e);
}

int join_run(const char *invite, const struct join_options *opt, struct join_result *out,
             struct pl_err *e)
{
    static const struct join_options presets;
    struct job j = {.lock = -1};
    char before[TRUST_PROFILE_MAX + 1] = "";
    int rc;
    opt = opt != NULL ? opt : &presets;
    memset(out, 0, sizeof(*out));
    if ((rc = pl_invite_parse(invite, strlen(invite), &j.invite, e)) != 0 ||
        (rc = choose_profile(&j, opt, e)) != 0 || (rc = open_folder(&j, e)) != 0 ||
        (rc = prepare_key(&j, e)) != 0) {
        goto out;
    }
    if (!trust_in_use(opt->config_dir, before)) {
        before[0] = '\0';
    }
    rc = enrol(&j, opt, out, e);
    if (rc == 0) {
        rc = keep_in_use(&j, opt, before, out, e);
    }
out:
    pl_key_free(j.key);
    pl_wipe(&j.invite, sizeof(j.invite));
    if (j.lock >= 0) {
        (void)close(j.lock);
    }
    return rc;
}
