// SPDX-License-Identifier: Apache-2.0
/*
 * People, devices, invites: one statement per request, all judging done by sql/0006_identity.sql.
 * Everything goes over the readers; audit events are written by the SQL functions.
 */
#include "store/repo_identity.h"

#include <stdlib.h>
#include <string.h>

#include "plimsoll/base/mem.h"

#include "store/internal.h"

static struct pg_job *new_job(enum pg_stmt stmt, pg_done_cb done, void (*cb)(void), void *ctx)
{
    struct pg_job *job = pg_job_new(stmt, done);
    job->user_cb = cb;
    job->user_ctx = ctx;
    return job;
}

#define NEW_JOB(stmt, done, cb, ctx) new_job((stmt), (done), (void (*)(void))(cb), (ctx))

/* The first column is a code: gives 0 or the negative code with `what` in the text. */
static int code_of(int rc, const struct pg_result *res, const char *what, struct pl_err *e)
{
    if (rc != 0)
        return rc;
    if (pg_rows(res) != 1)
        return pl_fail(e, PL_E_STORE, "%s: no answer row", what);
    return store_code(e, pg_get_u32(res, 0, 0), what);
}

/* Requests that answer with a code alone. */
static void code_done(struct pg_job *job, int rc, const struct pg_result *res,
                      const struct pl_err *e)
{
    struct pl_err own = {0};
    int code = code_of(rc, res, pg_stmt_info(job->stmt)->name, &own);
    ((identity_cb)job->user_cb)(job->user_ctx, code, code == 0 ? NULL : e ? e : &own);
}

/* Requests that answer with nothing. */
static void plain_done(struct pg_job *job, int rc, const struct pg_result *res,
                       const struct pl_err *e)
{
    identity_cb cb = (identity_cb)job->user_cb;
    (void)res;
    if (cb)
        cb(job->user_ctx, rc, e);
}

/* --- devices ------------------------------------------------------------------------------------
 */

static void device_from(struct device_row *d, const struct pg_result *res, size_t i)
{
    d->device = pg_get_u64(res, i, 0);
    d->user = pg_get_u64(res, i, 1);
    d->user_name = pg_get_text(res, i, 2);
    d->display_name = pg_get_text(res, i, 3);
    d->device_name = pg_get_text(res, i, 4);
    d->enrolled_us = pg_get_i64(res, i, 5);
    d->last_seen_us = pg_get_i64(res, i, 6);
    d->expires_us = pg_get_i64(res, i, 7);
    d->revoked_us = pg_get_i64(res, i, 8);
    d->user_enabled = pg_get_bool(res, i, 9);
}

static void device_done(struct pg_job *job, int rc, const struct pg_result *res,
                        const struct pl_err *e)
{
    device_cb cb = (device_cb)job->user_cb;
    struct device_row d = {0};
    struct pl_err own;
    if (rc == 0 && pg_rows(res) == 0)
        rc = pl_fail(&own, PL_E_AUTH, "no device with this key");
    if (rc != 0) {
        cb(job->user_ctx, rc, NULL, e ? e : &own);
        return;
    }
    device_from(&d, res, 0);
    if (d.revoked_us != 0)
        rc = pl_fail(&own, PL_E_REVOKED, "device %llu is revoked", (unsigned long long)d.device);
    else if (!d.user_enabled)
        rc = pl_fail(&own, PL_E_REVOKED, "user %s is disabled", d.user_name);
    cb(job->user_ctx, rc, &d, rc == 0 ? NULL : &own);
}

int repo_device_find(struct store *s, const uint8_t spki_sha256[32], device_cb cb, void *ctx)
{
    struct pg_job *job = NEW_JOB(STMT_DEVICE_FIND, device_done, cb, ctx);
    pg_arg_bytes(job, spki_sha256, 32);
    return store_submit_reader(s, job);
}

static void devices_done(struct pg_job *job, int rc, const struct pg_result *res,
                         const struct pl_err *e)
{
    size_t n = rc == 0 ? pg_rows(res) : 0;
    struct device_row *rows = pl_xcalloc(n + 1, sizeof *rows);
    for (size_t i = 0; i < n; i++)
        device_from(&rows[i], res, i);
    ((devices_cb)job->user_cb)(job->user_ctx, rc, rows, n, e);
    free(rows);
}

int repo_devices(struct store *s, uint64_t user, devices_cb cb, void *ctx)
{
    struct pg_job *job = NEW_JOB(STMT_DEVICES, devices_done, cb, ctx);
    pg_arg_u64(job, user);
    return store_submit_reader(s, job);
}

int repo_device_touch(struct store *s, uint64_t device, identity_cb cb, void *ctx)
{
    struct pg_job *job = NEW_JOB(STMT_DEVICE_TOUCH, plain_done, cb, ctx);
    pg_arg_u64(job, device);
    return store_submit_reader(s, job);
}

int repo_device_rename(struct store *s, uint64_t device, uint64_t user, const char *name,
                       identity_cb cb, void *ctx)
{
    struct pg_job *job = NEW_JOB(STMT_DEVICE_RENAME, code_done, cb, ctx);
    pg_arg_u64(job, device);
    pg_arg_u64(job, user);
    pg_arg_text(job, name);
    return store_submit_reader(s, job);
}

int repo_device_revoke(struct store *s, uint64_t device, uint64_t by_user, uint64_t by_device,
                       identity_cb cb, void *ctx)
{
    struct pg_job *job = NEW_JOB(STMT_DEVICE_REVOKE, code_done, cb, ctx);
    pg_arg_u64(job, device);
    pg_arg_u64(job, by_user);
    pg_arg_u64(job, by_device);
    pg_arg_u32(job, store_node(s));
    return store_submit_reader(s, job);
}

/* --- users --------------------------------------------------------------------------------------
 */

static void user_from(struct user_row *u, const struct pg_result *res, size_t i)
{
    u->user = pg_get_u64(res, i, 0);
    u->user_name = pg_get_text(res, i, 1);
    u->display_name = pg_get_text(res, i, 2);
    u->enabled = pg_get_bool(res, i, 3);
    u->created_us = pg_get_i64(res, i, 4);
    u->devices = pg_get_u32(res, i, 5);
}

static void users_done(struct pg_job *job, int rc, const struct pg_result *res,
                       const struct pl_err *e)
{
    size_t n = rc == 0 ? pg_rows(res) : 0;
    struct user_row *rows = pl_xcalloc(n + 1, sizeof *rows);
    for (size_t i = 0; i < n; i++)
        user_from(&rows[i], res, i);
    ((users_cb)job->user_cb)(job->user_ctx, rc, rows, n, e);
    free(rows);
}

int repo_users(struct store *s, uint64_t after, uint32_t limit, users_cb cb, void *ctx)
{
    struct pg_job *job = NEW_JOB(STMT_USERS, users_done, cb, ctx);
    pg_arg_u64(job, after);
    pg_arg_u64(job, limit < 1 ? 1 : limit > 1000 ? 1000 : limit);
    return store_submit_reader(s, job);
}

static void user_done(struct pg_job *job, int rc, const struct pg_result *res,
                      const struct pl_err *e)
{
    user_cb cb = (user_cb)job->user_cb;
    struct user_row u = {0};
    struct pl_err own;
    if (rc == 0 && pg_rows(res) == 0)
        rc = pl_fail(&own, PL_E_NOENT, "there is no such user");
    if (rc == 0)
        user_from(&u, res, 0);
    cb(job->user_ctx, rc, rc == 0 ? &u : NULL, rc == 0 ? NULL : e ? e : &own);
}

int repo_user_find(struct store *s, const char *user_name, user_cb cb, void *ctx)
{
    struct pg_job *job = NEW_JOB(STMT_USER_FIND, user_done, cb, ctx);
    pg_arg_text(job, user_name);
    return store_submit_reader(s, job);
}

/* job->extra: both names, each with its NUL. */
static void user_add_done(struct pg_job *job, int rc, const struct pg_result *res,
                          const struct pl_err *e)
{
    struct pl_err own = {0};
    const char *names = job->extra;
    struct user_row u = {0};
    rc = code_of(rc, res, names, &own);
    if (rc == 0) {
        u.user = pg_get_u64(res, 0, 1);
        u.created_us = pg_get_i64(res, 0, 2);
        u.user_name = names;
        u.display_name = names + strlen(names) + 1;
        u.enabled = true;
    }
    ((user_cb)job->user_cb)(job->user_ctx, rc, rc == 0 ? &u : NULL, rc == 0 ? NULL : e ? e : &own);
}

int repo_user_add(struct store *s, const char *user_name, const char *display_name, user_cb cb,
                  void *ctx)
{
    struct pg_job *job = NEW_JOB(STMT_USER_ADD, user_add_done, cb, ctx);
    size_t a = strlen(user_name) + 1;
    size_t b = strlen(display_name) + 1;
    char *names = pl_xmalloc(a + b);
    memcpy(names, user_name, a);
    memcpy(names + a, display_name, b);
    job->extra = names;
    pg_arg_text(job, user_name);
    pg_arg_text(job, display_name);
    pg_arg_u32(job, store_node(s));
    return store_submit_reader(s, job);
}

int repo_user_enable(struct store *s, uint64_t user, bool enabled, identity_cb cb, void *ctx)
{
    struct pg_job *job = NEW_JOB(STMT_USER_ENABLE, code_done, cb, ctx);
    pg_arg_u64(job, user);
    pg_arg_bool(job, enabled);
    pg_arg_u32(job, store_node(s));
    return store_submit_reader(s, job);
}

/* --- invites ------------------------------------------------------------------------------------
 */

static void invite_done(struct pg_job *job, int rc, const struct pg_result *res,
                        const struct pl_err *e)
{
    struct pl_err own = {0};
    rc = code_of(rc, res, "invite", &own);
    ((invite_cb)job->user_cb)(job->user_ctx, rc, rc == 0 ? pg_get_u64(res, 0, 1) : 0,
                              rc == 0 ? NULL
                              : e     ? e
                                      : &own);
}

int repo_invite_add(struct store *s, const struct invite_new *inv, invite_cb cb, void *ctx)
{
    struct pg_job *job = NEW_JOB(STMT_INVITE_ADD, invite_done, cb, ctx);
    pg_arg_bytes(job, inv->secret_sha256, sizeof inv->secret_sha256);
    pg_arg_u32(job, (uint32_t)inv->kind);
    pg_arg_u64(job, inv->user);
    pg_arg_u64(job, inv->review);
    pg_arg_u32(job, inv->role);
    pg_arg_i64(job, inv->expires_us);
    pg_arg_u64(job, inv->by_user);
    pg_arg_u64(job, inv->by_device);
    pg_arg_u32(job, store_node(s));
    pg_arg_u32(job, REPO_INVITES_OPEN);
    return store_submit_reader(s, job);
}

int repo_invite_revoke(struct store *s, uint64_t invite, uint64_t by_user, uint64_t by_device,
                       identity_cb cb, void *ctx)
{
    struct pg_job *job = NEW_JOB(STMT_INVITE_REVOKE, code_done, cb, ctx);
    pg_arg_u64(job, invite);
    pg_arg_u64(job, by_user);
    pg_arg_u64(job, by_device);
    pg_arg_u32(job, store_node(s));
    return store_submit_reader(s, job);
}

static void redeem_done(struct pg_job *job, int rc, const struct pg_result *res,
                        const struct pl_err *e)
{
    redeem_cb cb = (redeem_cb)job->user_cb;
    struct pl_err own = {0};
    rc = code_of(rc, res, "joining", &own);
    if (rc != 0 && !e && res && pg_rows(res) == 1 && pg_get_text(res, 0, 9)[0] != '\0')
        rc = pl_fail(&own, -rc, "%s", pg_get_text(res, 0, 9));
    if (rc != 0) {
        cb(job->user_ctx, rc, NULL, e ? e : &own);
        return;
    }
    struct invite_result r = {
        .user = pg_get_u64(res, 0, 1),
        .user_name = pg_get_text(res, 0, 2),
        .display_name = pg_get_text(res, 0, 3),
        .device = pg_get_u64(res, 0, 4),
        .review = pg_get_u64(res, 0, 5),
        .role = pg_get_u32(res, 0, 6),
        .expires_us = pg_get_i64(res, 0, 7),
        .again = pg_get_bool(res, 0, 8),
    };
    cb(job->user_ctx, 0, &r, NULL);
}

int repo_invite_redeem(struct store *s, const struct invite_redeem *r, redeem_cb cb, void *ctx)
{
    struct pg_job *job = NEW_JOB(STMT_REDEEM, redeem_done, cb, ctx);
    pg_arg_bytes(job, r->secret_sha256, sizeof r->secret_sha256);
    pg_arg_bytes(job, r->spki_sha256, sizeof r->spki_sha256);
    pg_arg_text(job, r->device_name);
    pg_arg_i64(job, r->expires_us);
    pg_arg_u32(job, store_node(s));
    pg_arg_u32(job, REPO_DEVICES_PER_USER);
    pg_arg_text(job, r->user_name ? r->user_name : "");
    pg_arg_text(job, r->display_name ? r->display_name : "");
    return store_submit_reader(s, job);
}
