// SPDX-License-Identifier: Apache-2.0
/*
 * One's own devices: an invite for a further one (ten minutes, once), taking one's access away,
 * naming one. The database judges whose they are; a revoked device's connections are ended by the
 * news of it (session.h), also that which asked.
 */
#include <string.h>

#include "plimsoll/base/hash.h"
#include "plimsoll/base/mem.h"
#include "plimsoll/base/rng.h"
#include "plimsoll/base/time.h"
#include "plimsoll/base/utf8.h"
#include "plimsoll/tls/invite.h"

#include "cmd/caller.h"
#include "cmd/cmd.h"
#include "cmd/services.h"
#include "store/repo_identity.h"

#define TTL_US (INT64_C(600) * 1000000)

struct device_call {
    struct call *call;
    int64_t expires_us;
    char code[PL_INVITE_TEXT_SIZE];
};

static void on_done(void *ctx, int rc, const struct pl_err *e)
{
    struct call *k = ctx;
    if (rc < 0) {
        call_fail(k, -rc, "%s",
                  rc == -PL_E_NOENT || rc == -PL_E_PERM ? "you have no such device" : e->text);
        return;
    }
    struct pl_msg m = {.type = PL_MSG_DONE};
    m.u.done.rid = call_rid(k);
    call_reply(k, &m);
}

static void device_call_end(struct device_call *d)
{
    pl_wipe(d->code, sizeof(d->code));
    pl_mem_free(PL_MEM_REQUEST, d);
}

static void on_added(void *ctx, int rc, uint64_t invite, const struct pl_err *e)
{
    struct device_call *d = ctx;
    if (rc < 0) {
        call_fail(d->call, -rc, "%s", e->text);
    } else {
        struct pl_msg m = {.type = PL_MSG_INVITE_CODE};
        m.u.invite_code.rid = call_rid(d->call);
        m.u.invite_code.invite = invite;
        m.u.invite_code.code = d->code;
        m.u.invite_code.expires_us = d->expires_us;
        call_reply(d->call, &m);
    }
    device_call_end(d);
}

void cmd_device_invite(struct caller *c, struct pl_msg *msg)
{
    struct call *k = call_begin(c, msg->u.device_invite.rid);
    if (k == NULL)
        return;
    struct pl_err e;
    struct pl_invite inv = *c->services->place;
    struct device_call *d = pl_mem_calloc(PL_MEM_REQUEST, 1, sizeof(*d));
    d->call = k;
    d->expires_us = pl_now_us() + TTL_US;
    struct invite_new n = {
        .kind = INVITE_DEVICE,
        .user = c->user,
        .expires_us = d->expires_us,
        .by_user = c->user,
        .by_device = c->device,
    };
    inv.kind = PL_INVITE_DEVICE;
    pl_random_bytes(inv.secret, sizeof(inv.secret));
    pl_sha256(inv.secret, sizeof(inv.secret), n.secret_sha256);
    int rc = pl_invite_format(&inv, d->code, &e);
    pl_wipe(&inv, sizeof(inv));
    if (rc != 0) {
        rc = pl_fail(&e, PL_E_CONFIG,
                     "this server does not know the address that an invite should name: "
                     "server.public_host");
    } else if ((rc = repo_invite_add(c->services->store, &n, on_added, d)) != 0) {
        (void)pl_fail(&e, -rc, "%s", pl_error_info(rc)->title);
    }
    if (rc != 0) {
        call_fail(k, -rc, "%s", e.text);
        device_call_end(d);
    }
}

static bool is_good_name(const char *name)
{
    size_t n = strlen(name);
    return n > 0 && strpbrk(name, "\n\t") == NULL && pl_utf8_is_clean(name, n, NULL);
}

void cmd_device(struct caller *c, struct pl_msg *msg)
{
    const struct pl_device *m = &msg->u.device;
    int rc = 0;
    struct call *k = call_begin(c, m->rid);
    if (k == NULL)
        return;
    switch (m->what) {
    case PL_DEVICE_REVOKE:
        rc = repo_device_revoke(c->services->store, m->device, c->user, c->device, on_done, k);
        break;
    case PL_DEVICE_RENAME:
        if (is_good_name(m->name))
            rc = repo_device_rename(c->services->store, m->device, c->user, m->name, on_done, k);
        else
            call_fail(k, PL_E_INVALID, "a device's name is one line of 1 to 64 characters");
        break;
    default:
        call_fail(k, PL_E_INVALID, "that cannot be done to a device");
        break;
    }
    if (rc < 0)
        call_fail(k, -rc, "%s", pl_error_info(rc)->title);
}
