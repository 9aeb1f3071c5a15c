// SPDX-License-Identifier: Apache-2.0
/*
 * See place.h.
 */
#include "ops/place.h"

#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "plimsoll/base/str.h"

#include "ops/config.h"

/* "*", 0.0.0.0 and :: are no address to dial. */
static bool is_any(const char *host)
{
    return host[0] == '\0' || strcmp(host, "0.0.0.0") == 0 || strcmp(host, "::") == 0 ||
           strcmp(host, "any") == 0;
}

int place_choose(const struct place_wish *wish, const struct config *c, struct pl_invite *out,
                 struct pl_err *e)
{
    char listen_host[PL_INVITE_HOST_MAX + 1] = "";
    uint16_t listen_port = 0;
    const char *listen = c->listen;
    char any[32];
    if (pl_str_starts(listen, "*:")) {
        (void)snprintf(any, sizeof(any), "any%.20s", listen + 1);
        listen = any;
    }
    int rc = pl_host_port_parse(listen, strlen(listen), 0, listen_host, &listen_port, e);
    if (rc != 0) {
        pl_wrap(e, "server.listen");
        return rc;
    }
    const char *host = wish->host != NULL       ? wish->host
                       : c->public_host != NULL ? c->public_host
                       : is_any(listen_host)    ? NULL
                                                : listen_host;
    if (host != NULL) {
        (void)pl_strlcpy(out->host, host, sizeof(out->host));
    } else if (gethostname(out->host, sizeof(out->host) - 1) != 0) {
        return pl_fail(e, PL_E_USAGE, "this machine has no name; give --host");
    }
    uint64_t port = wish->port != 0          ? wish->port
                    : c->public_port != 0    ? c->public_port
                    : wish->listen_port != 0 ? wish->listen_port
                                             : listen_port;
    if (port == 0 || port > UINT16_MAX) {
        return pl_fail(e, PL_E_USAGE, "--port takes a number from 1 to 65535");
    }
    out->port = (uint16_t)port;
    return 0;
}
