// SPDX-License-Identifier: Apache-2.0
/*
 * Statements: what a person signs with the key of his device when he does something of weight
 * (invites somebody, verifies, closes ...). The client builds the bytes from what it shows, the
 * server compares them with what it was asked to do, and keeps them with the signature: so neither
 * the server nor its database can invent an act of a device whose key it does not have.
 *
 *     head, 126 bytes:  "PLS1" | kind 2 | organisation 32 | review 8 | object 8 | actor 8
 *                       | device 8 | time_us 8 | nonce 16 | SHA-256 of what was seen 32
 *     what was seen:    (tag 2, length 2, bytes)*, tags ascending, the first a salt of 16 bytes
 *
 * Numbers are big-endian. The signature is over the head alone: what was seen (names, texts) may be
 * erased one day and the signature still be checked. "PLS1" at the beginning keeps these bytes
 * apart from everything else that the key signs: TLS (64 blanks) and certificate requests (0x30).
 */
#ifndef PLIMSOLL_TLS_STATEMENT_H
#define PLIMSOLL_TLS_STATEMENT_H

#include <stddef.h>
#include <stdint.h>

#include "plimsoll/base/buf.h"
#include "plimsoll/base/err.h"
#include "plimsoll/tls/engine.h"
#include "plimsoll/tls/x509.h"

#define PL_STATEMENT_HEAD  126
#define PL_STATEMENT_NONCE 16
#define PL_STATEMENT_SHOWN 32
#define PL_STATEMENT_BYTES 1024 /* of head and what was seen */

/* Kinds of signed acts; numbers are stable. */
enum pl_signed_kind {
    PL_SIGNED_INVITE = 1,
    PL_SIGNED_VERIFY = 2,
    PL_SIGNED_CLOSE = 3,
    PL_SIGNED_WAIVE = 4,
    PL_SIGNED_PUBLISH = 5,
    PL_SIGNED_ERASE = 6,
    PL_SIGNED_RENEW = 7, /* a new key of a device; signed by the old one */
    PL_SIGNED_DROP = 8,  /* an action */
};

/* Tags of what was seen. Numbers are 4 bytes, or 8 where it says so. */
enum pl_seen_tag {
    PL_SEEN_SALT = 1, /* 16 random bytes, so that the hash tells nothing about short texts */
    PL_SEEN_USER_NAME = 2,
    PL_SEEN_DISPLAY_NAME = 3,
    PL_SEEN_ROLE = 4,
    PL_SEEN_USES = 5,
    PL_SEEN_MINUTES = 6,
    PL_SEEN_ACT = 7,    /* number of the act, doc/acts.def; 0: erasing */
    PL_SEEN_ENTRY = 8,  /* u64 client, u32 n; zeros: the review */
    PL_SEEN_FIELD = 9,  /* number of the field; 0: none, or all */
    PL_SEEN_SHOWN = 10, /* 32 bytes: pl_shown_hash of what the person looked at */
    PL_SEEN_KEY = 20    /* SHA-256 of a public key, 32 bytes */
};

struct pl_statement {
    uint32_t kind;                      /* enum pl_signed_kind; any number of 16 bits is kept */
    uint8_t organisation[PL_SPKI_HASH]; /* the pin of its root */
    uint64_t review;                    /* 0: none */
    uint64_t object; /* what in it, as the kind says; 0: nothing, or not known yet */
    uint64_t actor, device;
    int64_t issued_us;
    uint8_t nonce[PL_STATEMENT_NONCE]; /* random; a server takes each once */
    const uint8_t *seen;
    size_t seen_n;
};

/* Appends the bytes. -PL_E_INVALID: what was seen is not in its form; -PL_E_LIMIT: more than
 * PL_STATEMENT_BYTES, or than `out` takes. */
int pl_statement_encode(const struct pl_statement *s, struct pl_buf *out, struct pl_err *e) PL_MUST;

/* Reads n bytes; out->seen points into them. Whatever is not exactly what pl_statement_encode
 * writes is -PL_E_INVALID. */
int pl_statement_decode(const void *bytes, size_t n, struct pl_statement *out,
                        struct pl_err *e) PL_MUST;

/* Appends one field of what was seen; the first is the salt, tags ascend. -PL_E_LIMIT. */
int pl_seen_add(struct pl_buf *out, uint32_t tag, const void *bytes, size_t n) PL_MUST;
int pl_seen_add_u32(struct pl_buf *out, uint32_t tag, uint32_t v) PL_MUST;

/* The bytes of a field and their number, or NULL when it is not there. */
const uint8_t *pl_seen_find(const struct pl_statement *s, uint32_t tag, size_t *n);

/* What is seen of an invite: all that it grants. Names are empty for a group. */
struct pl_invite_terms {
    const char *user_name, *display_name;
    uint32_t role, uses, minutes;
};

/* Appends it; -PL_E_LIMIT. Whoever checks calls this too and compares the bytes. */
int pl_seen_invite(const struct pl_invite_terms *t, const uint8_t salt[PL_STATEMENT_NONCE],
                   struct pl_buf *out) PL_MUST;

/* What is seen of an act on a review: what is done to what, and the hash of what the person looked
 * at (doc/shown.h), made with the same salt. */
struct pl_act_terms {
    uint32_t act, field;
    uint64_t entry_client; /* id of the entry; 0, 0: the review */
    uint32_t entry_n;
    uint8_t shown[PL_STATEMENT_SHOWN];
};

/* As pl_seen_invite. */
int pl_seen_act(const struct pl_act_terms *t, const uint8_t salt[PL_STATEMENT_NONCE],
                struct pl_buf *out) PL_MUST;

/* Signs the head of a statement. *sig_n: how long the signature is. */
int pl_statement_sign(const struct pl_key *k, const void *statement, size_t n,
                      uint8_t sig[PL_KEY_SIGNATURE_MAX], size_t *sig_n, struct pl_err *e) PL_MUST;

/* Checks the signature of a statement by a public key (SubjectPublicKeyInfo in DER, P-256 or
 * Ed25519). -PL_E_INVALID: it is none, of whatever reason. The statement itself is not looked at
 * beyond its length: decode it. */
int pl_statement_verify(const void *spki, size_t spki_n, const void *statement, size_t n,
                        const void *sig, size_t sig_n, struct pl_err *e) PL_MUST;

#endif
