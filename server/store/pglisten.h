// SPDX-License-Identifier: Apache-2.0
/*
 * The connection that listens: hints of other server processes, revocations, and the sign of life
 * of this process (table node), every 2 s. Work never goes over it. After a loss it listens again
 * and says so, because notifications of the gap are gone.
 *
 * Channel "plimsoll", payloads: "h NODE REVIEW:HEAD ..." new heads, "r DEVICE USER" look at the
 * rights again, "n NODE" a server process has come. Anything else is ignored: a newer server may
 * send it.
 */
#ifndef PLIMSOLL_SERVER_STORE_PGLISTEN_H
#define PLIMSOLL_SERVER_STORE_PGLISTEN_H

#include <stdbool.h>
#include <stdint.h>
#include <uv.h>

struct pglisten;

struct pglisten_handlers {
    void (*up)(void *ctx, bool again); /* listening; again: after a loss */
    void (*hint)(void *ctx, uint64_t review, uint64_t head);
    void (*revoked)(void *ctx, uint64_t device, uint64_t user);
    void (*closed)(void *ctx); /* freed after this */
};

struct pglisten *pglisten_new(uv_loop_t *loop, const char *conninfo, unsigned deadline_ms,
                              const struct pglisten_handlers *h, void *ctx);
void pglisten_close(struct pglisten *l);

/* The number of this process in table node; 0 before the first connection. */
uint32_t pglisten_node(const struct pglisten *l);

/* Is any other server process there? Unknown counts as yes. */
bool pglisten_has_others(const struct pglisten *l);
bool pglisten_is_up(const struct pglisten *l);

#endif
