// SPDX-License-Identifier: Apache-2.0
/*
 * People, devices and invites.
 *
 * Each request returns 0 and later calls back once, or returns a negative code and never calls back
 * (-PL_E_UNAVAILABLE: no database; -PL_E_BUSY: queue full). `rc` in a callback is 0, the named
 * refusal, -PL_E_STORE, or -PL_E_UNAVAILABLE (outcome unknown). Everything given to a callback is
 * borrowed for the call; strings are never NULL. Requests copy what they are given. Every change
 * writes its audit event (stream 0) in the same transaction. `by_user` 0 is the operator on the
 * host.
 */
#ifndef PLIMSOLL_SERVER_STORE_REPO_IDENTITY_H
#define PLIMSOLL_SERVER_STORE_REPO_IDENTITY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "plimsoll/base/err.h"

struct store;

#define REPO_DEVICES_PER_USER 10u /* not revoked */
#define REPO_INVITES_OPEN     500u

/* --- devices ------------------------------------------------------------------------------------
 */

struct device_row {
    uint64_t device;
    uint64_t user;
    const char *user_name;
    const char *display_name;
    const char *device_name;
    int64_t enrolled_us;
    int64_t last_seen_us; /* 0: never */
    int64_t expires_us;   /* of the certificate issued last */
    int64_t revoked_us;   /* 0: not revoked */
    bool user_enabled;
};
typedef void (*device_cb)(void *ctx, int rc, const struct device_row *d, const struct pl_err *e);

/* The device whose certificate has this SHA-256 of its SubjectPublicKeyInfo (DER). Unknown:
 * -PL_E_AUTH. Revoked, or the user disabled: -PL_E_REVOKED, `d` is given all the same. Whether
 * expires_us has passed is the caller's to judge. */
int repo_device_find(struct store *s, const uint8_t spki_sha256[32], device_cb cb,
                     void *ctx) PL_MUST;

/* Devices of a user, newest first, revoked ones last; at most 100. n == 0: none, or no such user.
 */
typedef void (*devices_cb)(void *ctx, int rc, const struct device_row *rows, size_t n,
                           const struct pl_err *e);
int repo_devices(struct store *s, uint64_t user, devices_cb cb, void *ctx) PL_MUST;

typedef void (*identity_cb)(void *ctx, int rc, const struct pl_err *e);

/* Notes that the device was here; written at most once a minute, losing it is harmless. */
int repo_device_touch(struct store *s, uint64_t device, identity_cb cb, void *ctx) PL_MUST;

/* Names a device of `user`: 1-64 characters, clean text. -PL_E_NOENT: he has none of this number
 * that is in force. */
int repo_device_rename(struct store *s, uint64_t device, uint64_t user, const char *name,
                       identity_cb cb, void *ctx) PL_MUST;

/* Revokes a device for good and tells every server process (store_handlers.revoked). From the
 * commit on no append of it can commit. by_user may revoke his own devices, 0 any: else -PL_E_PERM.
 * No such device: -PL_E_NOENT. Already revoked: rc 0. */
int repo_device_revoke(struct store *s, uint64_t device, uint64_t by_user, uint64_t by_device,
                       identity_cb cb, void *ctx) PL_MUST;

/* --- users --------------------------------------------------------------------------------------
 */

struct user_row {
    uint64_t user;
    const char *user_name;
    const char *display_name;
    bool enabled;
    int64_t created_us;
    uint32_t devices; /* not revoked */
};
typedef void (*users_cb)(void *ctx, int rc, const struct user_row *rows, size_t n,
                         const struct pl_err *e);

/* Users by id above `after`, at most `limit` (1-1000). */
int repo_users(struct store *s, uint64_t after, uint32_t limit, users_cb cb, void *ctx) PL_MUST;

typedef void (*user_cb)(void *ctx, int rc, const struct user_row *u, const struct pl_err *e);

/* By login name, exactly; -PL_E_NOENT. */
int repo_user_find(struct store *s, const char *user_name, user_cb cb, void *ctx) PL_MUST;

/* Creates an enabled user. user_name: [a-z0-9][a-z0-9._-]{0,63}; display_name: 1-64 characters.
 * Bad name: -PL_E_INVALID; name taken: -PL_E_CONFLICT. */
int repo_user_add(struct store *s, const char *user_name, const char *display_name, user_cb cb,
                  void *ctx) PL_MUST;

/* Disabling ends all access at once, as revoking does, and is reported as revoked (device 0, user).
 * -PL_E_NOENT. */
int repo_user_enable(struct store *s, uint64_t user, bool enabled, identity_cb cb,
                     void *ctx) PL_MUST;

/* --- invites ------------------------------------------------------------------------------------
 */

/* Numbers as in the invite code. */
enum invite_kind {
    INVITE_USER = 1,     /* first device of a user */
    INVITE_DEVICE = 2,   /* a further device */
    INVITE_RECOVERY = 3, /* redeeming it revokes all older devices */
    INVITE_FIRST = 4     /* printed by init; refused when any device is enrolled */
};

struct invite_new {
    uint8_t secret_sha256[32];
    enum invite_kind kind;
    uint64_t user;   /* who will join; must exist and be enabled */
    uint64_t review; /* 0, or the review that it leads into ... */
    uint32_t role;   /* ... as (PL_ROLE_...) */
    int64_t expires_us;
    uint64_t by_user; /* 0: the operator. Else `user` himself, for a device: -PL_E_PERM. */
    uint64_t by_device;
};
typedef void (*invite_cb)(void *ctx, int rc, uint64_t invite, const struct pl_err *e);

/* -PL_E_NOENT (user, review), -PL_E_INVALID, -PL_E_PERM, -PL_E_QUOTA (REPO_INVITES_OPEN). */
int repo_invite_add(struct store *s, const struct invite_new *inv, invite_cb cb, void *ctx) PL_MUST;

/* Makes an unused invite worthless. -PL_E_NOENT: unknown or used. */
int repo_invite_revoke(struct store *s, uint64_t invite, uint64_t by_user, uint64_t by_device,
                       identity_cb cb, void *ctx) PL_MUST;

struct invite_redeem {
    uint8_t secret_sha256[32];
    uint8_t spki_sha256[32];
    const char *device_name; /* 1-64 characters; clean text */
    const char *user_name;   /* with an invite for a group; NULL or "" with any other */
    const char *display_name;
    int64_t expires_us; /* of the certificate that will be issued */
};
struct invite_result {
    uint64_t user;
    const char *user_name;
    const char *display_name;
    uint64_t device;
    uint64_t review; /* 0: none */
    uint32_t role;
    int64_t expires_us; /* to put into the certificate: the stored one when `again` */
    bool again;         /* the same key came again before the invite expired: issue again */
};
typedef void (*redeem_cb)(void *ctx, int rc, const struct invite_result *r, const struct pl_err *e);

/* Uses an invite up, registers the device, makes the membership: all or nothing. The certificate is
 * issued after this. Unknown, expired, revoked, used by another key, key already registered, user
 * disabled, inviter without the right by now: all -PL_E_INVITE with the same text. A name that is
 * bad or taken: -PL_E_INVALID, -PL_E_CONFLICT, with a text for the person who joins. More than
 * REPO_DEVICES_PER_USER, or a review that is full: -PL_E_QUOTA. Except for a name, nothing is left
 * of an attempt that fails. */
int repo_invite_redeem(struct store *s, const struct invite_redeem *r, redeem_cb cb,
                       void *ctx) PL_MUST;

#endif
