// SPDX-License-Identifier: Apache-2.0
/*
 * The files of a profile, shared by who writes them (join) and who reads them (trust).
 */
#ifndef PLIMSOLL_CLIENT_NET_TRUST_CONF_H
#define PLIMSOLL_CLIENT_NET_TRUST_CONF_H

#include <stdint.h>

#include "plimsoll/base/conf.h"

#define TRUST_KEY_FILE  "device.key"
#define TRUST_CERT_FILE "device.pem"
#define TRUST_CONF_FILE "profile.conf"
#define TRUST_JOIN_FILE "join.key"

/* profile.conf as read; strings belong to it. */
struct trust_conf {
    char *host;
    uint64_t port;
    char *root_hex;
    char *user_name;
    char *display_name;
    uint64_t user;
    uint64_t device;
};

const struct pl_conf_table *trust_conf_table(void);

#endif
