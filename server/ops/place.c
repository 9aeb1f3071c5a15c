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

/* server.listen as address and port; the port is the one that is listened on, if that is known. */
static int parse_listen(const struct config *c, uint16_t real_port,
                        char host[PL_INVITE_HOST_MAX + 1], uint16_t *port, struct pl_err *e)
{
    const char *colon = strrchr(c->listen, ':');
    size_t n = colon != NULL ? (size_t)(colon - c->listen) : 0;
    if (n == 1 && c->listen[0] == '*') {
        n = 0; /* no address to dial */
    }
    const char *text = n == 0 && colon != NULL ? "any" : c->listen;
    int rc = pl_host_port_parse(text, n != 0 ? n : strlen(text), 1, host, port, e);
    uint64_t configured = 0;
    if (rc == 0 &&
        (colon == NULL || pl_parse_u64(colon + 1, &configured) != 0 || configured > UINT16_MAX)) {
        rc = pl_fail(e, PL_E_INVALID, "a port must stand behind the address");
    }
    *port = real_port != 0 ? real_port : (uint16_t)configured;
    return rc;
}

int place_choose(const struct place_wish *wish, const struct config *c, struct pl_invite *out,
                 struct pl_err *e)
{
    char listen_host[PL_INVITE_HOST_MAX + 1] = "";
    uint16_t listen_port = 0;
    int rc = parse_listen(c, wish->listen_port, listen_host, &listen_port, e);
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
    uint64_t port = wish->port != 0       ? wish->port
                    : c->public_port != 0 ? c->public_port
                                          : listen_port;
    if (port == 0 || port > UINT16_MAX) {
        return pl_fail(e, PL_E_USAGE, "--port takes a number from 1 to 65535");
    }
    out->port = (uint16_t)port;
    return 0;
}
