// SPDX-License-Identifier: Apache-2.0
/*
 * Profiles: what this machine knows about a server and about itself there.
 *
 *     $XDG_CONFIG_HOME/plimsoll/profiles/NAME/   0700
 *         device.key    private key (PKCS#8 PEM, 0600)
 *         device.pem    device certificate, issuing CA, root
 *         profile.conf  address, root pin, names; written last: with it the profile is complete
 *         join.key      a key whose enrolment is under way (see join.h)
 *
 * Every file appears in one rename. Blocking; before or beside the loop.
 */
#ifndef PLIMSOLL_CLIENT_NET_TRUST_H
#define PLIMSOLL_CLIENT_NET_TRUST_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "plimsoll/base/err.h"
#include "plimsoll/tls/engine.h"
#include "plimsoll/tls/invite.h"

#define TRUST_PATH_MAX     1024
#define TRUST_PROFILE_MAX  64
#define TRUST_PROFILES_MAX 100
#define TRUST_DEFAULT      "default"

struct trust_profile {
    char name[TRUST_PROFILE_MAX + 1];
    char dir[TRUST_PATH_MAX];
    char host[PL_INVITE_HOST_MAX + 1];
    uint16_t port;
    uint8_t root_pin[PL_SPKI_HASH];
    char server_name[64]; /* what the server's certificate must name */
    uint64_t user;
    uint64_t device;
    char *user_name; /* login name */
    char *display_name;
    char *chain_pem;
    char *key_pem;
    int64_t cert_expires_us;
};

/* The folder of all profiles: `config_dir`/profiles, config_dir NULL: $PLIMSOLL_CONFIG_DIR, else
 * $XDG_CONFIG_HOME/plimsoll, else ~/.config/plimsoll. Relative values of XDG are ignored. */
int trust_profiles_dir(const char *config_dir, char out[TRUST_PATH_MAX], struct pl_err *e) PL_MUST;

/* The folder of one profile; checks the name ([A-Za-z0-9][A-Za-z0-9._-]*). Need not exist. */
int trust_profile_dir(const char *config_dir, const char *name, char out[TRUST_PATH_MAX],
                      struct pl_err *e) PL_MUST;

/* Which profile to use: `asked`, else $PLIMSOLL_PROFILE, else the one marked by trust_use, else the
 * only one there is, else "default". -PL_E_AUTH: none yet ("join first"); -PL_E_USAGE: several,
 * none of them marked or the default. */
int trust_choose(const char *config_dir, const char *asked, char out[TRUST_PROFILE_MAX + 1],
                 struct pl_err *e) PL_MUST;

/* The profile that is used on this machine when neither an option nor the environment names one;
 * false when there is none, or several and none is chosen. */
bool trust_in_use(const char *config_dir, char out[TRUST_PROFILE_MAX + 1]);

/* Reads a profile. -PL_E_AUTH: there is none of that name; -PL_E_IO for a key that others can read;
 * -PL_E_CONFIG for a broken one. Release also after an error. */
int trust_load(const char *config_dir, const char *name, struct trust_profile *out_uninit,
               struct pl_err *e) PL_MUST;

/* Wipes the key. Tolerates zeroed. */
void trust_release(struct trust_profile *p);

/* Marks a profile as the one to use. */
int trust_use(const char *config_dir, const char *name, struct pl_err *e) PL_MUST;

/* Names of the complete profiles, sorted; at most TRUST_PROFILES_MAX. */
struct trust_names {
    size_t count;
    char names[TRUST_PROFILES_MAX][TRUST_PROFILE_MAX + 1];
};
int trust_list(const char *config_dir, struct trust_names *out, struct pl_err *e) PL_MUST;

/* A TLS context to connect with this profile; unref it. */
struct pl_tls_ctx *trust_tls_ctx(const struct trust_profile *p, struct pl_err *e);

#endif
