// SPDX-License-Identifier: Apache-2.0
/*
 * Enrols this machine by an invite: makes a key, dials, pins the root that the invite names, sends
 * the invite's secret and a certificate request, stores what comes back.
 *
 * The key is on disk (join.key) before the secret leaves the machine, and it is what a later
 * attempt with the same invite presents again: a cut anywhere in between costs a repetition, not
 * the invite. Blocking, with an absolute deadline.
 */
#ifndef PLIMSOLL_CLIENT_NET_JOIN_H
#define PLIMSOLL_CLIENT_NET_JOIN_H

#include <stdbool.h>
#include <stdint.h>

#include "plimsoll/base/err.h"

#include "net/trust.h"

#define JOIN_TIMEOUT_MS 15000u

struct join_options {
    const char *config_dir;  /* NULL: see trust_profiles_dir */
    const char *profile;     /* NULL: "default", or the server's host if that is taken */
    const char *device_name; /* NULL: this machine's host name */
    const char *user_name;   /* who one is, with an invite for a group; else NULL or "" */
    const char *display_name;
    unsigned timeout_ms; /* 0: JOIN_TIMEOUT_MS */
    bool force;          /* replace a profile of that name */
};

struct join_result {
    char profile[TRUST_PROFILE_MAX + 1];
    char in_use[TRUST_PROFILE_MAX + 1]; /* what verbs use from now on: the first one joined stays */
    uint64_t user, device;
    char user_name[65 * 4];
    char display_name[65 * 4];
    uint64_t review; /* the review it leads into, or 0 */
    uint32_t role;
    uint8_t root_pin[PL_SPKI_HASH];
    char host[PL_INVITE_HOST_MAX + 1];
    uint16_t port;
    int64_t cert_expires_us;
};

/* `invite` is the text; the caller wipes it. -PL_E_INVITE: malformed or refused; -PL_E_PIN: another
 * server answered; -PL_E_CONFLICT: the profile exists, or the login name is taken (the same invite
 * takes another); -PL_E_INVALID: a name that cannot be; -PL_E_UNREACHABLE, -PL_E_TIMEOUT,
 * -PL_E_TLS: try again with the same invite. */
int join_run(const char *invite, const struct join_options *opt, struct join_result *out,
             struct pl_err *e) PL_MUST;

#endif
