// SPDX-License-Identifier: Apache-2.0
/*
 * The audit log: proto/schema/audit.proto.
 */
#include "audit.pb-c.h"

#include "codec_fields.h"

/* clang-format off */
#define AUDIT(NUM, STR, SHOWN, BYTES, TEXT, EID) NUM(rid) NUM(review) NUM(from) NUM(limit)
#define AUDIT_REPLY(NUM, STR, SHOWN, BYTES, TEXT, EID) \
    NUM(rid) NUM(review) NUM(next) BYTES(leaves, 0, PL_AUDIT_BYTES_MAX)
#define PROOF(NUM, STR, SHOWN, BYTES, TEXT, EID) NUM(rid) NUM(review) NUM(number)
#define PROOF_REPLY(NUM, STR, SHOWN, BYTES, TEXT, EID)                      \
    NUM(rid) NUM(index) BYTES(leaf, 1, PL_AUDIT_LEAF_MAX)                   \
    BYTES(checkpoint, 1, PL_AUDIT_NOTE_MAX) BYTES(hashes, 0, PL_AUDIT_PROOF_MAX)
#define GROWTH(NUM, STR, SHOWN, BYTES, TEXT, EID) NUM(rid) NUM(from)
#define GROWTH_REPLY(NUM, STR, SHOWN, BYTES, TEXT, EID)                     \
    NUM(rid) STR(vkey, PL_TITLE_MAX) BYTES(checkpoint, 0, PL_AUDIT_NOTE_MAX) \
    BYTES(hashes, 0, PL_AUDIT_PROOF_MAX) NUM(lag_us)
/* clang-format on */

CODEC_PAGE(audit, Audit, AUDIT, PL_AUDIT_MAX)
CODEC_MESSAGE(audit_reply, audit_reply, AuditReply, AUDIT_REPLY)
CODEC_MESSAGE(audit_proof, audit_proof, AuditProof, PROOF)
CODEC_MESSAGE(audit_proof_reply, audit_proof_reply, AuditProofReply, PROOF_REPLY)
CODEC_MESSAGE(audit_growth, audit_growth, AuditGrowth, GROWTH)
CODEC_MESSAGE(audit_growth_reply, audit_growth_reply, AuditGrowthReply, GROWTH_REPLY)
