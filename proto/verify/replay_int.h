// SPDX-License-Identifier: Apache-2.0
/*
 * The state that the log has led to, entry by entry, and the functions that judge and change it:
 * one for each kind of event, called by replay.c while the entry is the one that is looked at.
 */
#ifndef PLIMSOLL_PROTO_VERIFY_REPLAY_INT_H
#define PLIMSOLL_PROTO_VERIFY_REPLAY_INT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define HASH_FUNCTION(k, n, h) ((h) = pl_map_hash((k), (n)))
#include <uthash.h>

#include "plimsoll/base/err.h"

#define HASH_BYTES 32

struct verify;

/* ---- the state that the log has led to ---------------------------------------------------------
 */

struct stream {
    uint64_t id, next, time_us;
    uint8_t last[HASH_BYTES];
    UT_hash_handle hh;
};

struct missing { /* a payload that is not there, until an event says that it was erased */
    uint8_t hash[HASH_BYTES];
    uint64_t index, stream, number;
    bool erased;
    UT_hash_handle hh;
};

struct user {
    uint64_t id;
    bool enabled;
    UT_hash_handle hh;
};

struct device {
    uint64_t id, user;
    uint8_t key[HASH_BYTES]; /* SHA-256 of its public key */
    bool revoked;
    UT_hash_handle hh;
};

struct invite {
    uint64_t id, user, review, end_us, by_user, by_device;
    unsigned kind, role, uses, used;
    bool revoked;
    UT_hash_handle hh;
};

struct review {
    uint64_t id, made_by, draft_of, revision;
    unsigned status, perm_epoch, facilitators;
    UT_hash_handle hh;
};

struct member_key {
    uint64_t review, user;
};
struct member {
    struct member_key key;
    unsigned role, duty; /* role 0: takes no part (any more) */
    bool involved;
    UT_hash_handle hh;
};

struct action_key {
    uint64_t review, client, n;
};
struct action {
    struct action_key key;
    uint64_t owner, done_by, verified_by;
    unsigned state;
    bool accepted;
    UT_hash_handle hh;
};

struct asked_key {
    uint64_t review, number;
};
struct asked { /* a person's request to erase something */
    struct asked_key key;
    UT_hash_handle hh;
};

/* An act that needs a signature: a later event of the same revision (0210) must bring it. */
struct unsigned_key {
    uint64_t review, revision, user, statement;
};
struct unsigned_act {
    struct unsigned_key key;
    struct missing at;
    UT_hash_handle hh;
};

struct nonce {
    uint8_t nonce[16];
    UT_hash_handle hh;
};

/* ---- judging -----------------------------------------------------------------------------------
 */

/* replay.c: what the entry says, judged by what the log said before. */
int vf_replay(struct verify *v, struct pl_err *e) PL_MUST;
void vf_replay_release(struct verify *v);

/* Fields of the entry that must be there and this long; false and a finding otherwise. */
bool vf_take_u64(struct verify *v, unsigned tag, uint64_t *out);
bool vf_take_u16(struct verify *v, unsigned tag, unsigned *out);
bool vf_take_u32(struct verify *v, unsigned tag, unsigned *out);
const uint8_t *vf_take_bytes(struct verify *v, unsigned tag, size_t n);
/* The same, but 0 when the field is not there. */
bool vf_take_u64_or_0(struct verify *v, unsigned tag, uint64_t *out);

/* replay_org.c */
struct user *vf_user_find(struct verify *v, uint64_t id);
struct device *vf_device_find(struct verify *v, uint64_t id);
bool vf_actor_is_good(struct verify *v);
void vf_user_added(struct verify *v);
void vf_user_enabled(struct verify *v);
void vf_user_disabled(struct verify *v);
void vf_device_enrolled(struct verify *v);
void vf_device_rekeyed(struct verify *v);
void vf_device_revoked(struct verify *v);
void vf_invite_issued(struct verify *v);
void vf_invite_redeemed(struct verify *v);
void vf_invite_revoked(struct verify *v);
void vf_pin(struct verify *v);
void vf_epoch(struct verify *v);

/* replay_review.c */
#define ROLE_FACILITATOR 1u
#define ROLE_RESPONDER   2u
#define ROLE_STAKEHOLDER 3u
#define STATUS_PREPARING 1u
#define STATUS_SESSION   2u
#define STATUS_TRACKING  3u
#define STATUS_CLOSED    4u
struct review *vf_review_find(struct verify *v, uint64_t id);
struct member *vf_member_find(struct verify *v, uint64_t review, uint64_t user);
/* The review of the entry's stream, or a finding. */
struct review *vf_review_here(struct verify *v);
/* May the actor do all these (bits of enum pl_perm_op) in the review as it is? A finding if not. */
bool vf_actor_may(struct verify *v, const struct review *r, uint64_t ops);
void vf_review_made(struct verify *v);
void vf_member(struct verify *v);
void vf_involved(struct verify *v);
void vf_status(struct verify *v);
void vf_waived(struct verify *v);
void vf_revision(struct verify *v);
void vf_erase_asked(struct verify *v);
void vf_erased(struct verify *v);

/* replay_action.c */
void vf_action(struct verify *v);

/* sign.c */
#define STATEMENT_INVITE 1u
#define STATEMENT_VERIFY 2u
#define STATEMENT_CLOSE  3u
#define STATEMENT_WAIVE  4u
#define STATEMENT_ERASE  6u
#define STATEMENT_RENEW  7u
#define STATEMENT_DROP   8u
/* The signature that the entry carries, as one over a statement of this kind; 0: the kind that
 * field 45 says. Must be called before the entry changes any state. */
int vf_check_signature(struct verify *v, unsigned statement, struct pl_err *e) PL_MUST;
/* The act of the entry must be signed by an event that is still to come. */
void vf_signature_due(struct verify *v, uint64_t revision, unsigned statement);
void vf_signed(struct verify *v);
void vf_signatures_end(struct verify *v);

#endif
