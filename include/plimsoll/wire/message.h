// SPDX-License-Identifier: Apache-2.0
/*
 * Messages as plain C structs, so that nobody but the codec sees the generated types.
 *
 * Decode: frame -> verify (non-allocating pre-scan) -> budgeted unpack -> checked struct. Strings
 * and byte ranges of a decoded message live in the arena given to pl_msg_decode; changesets own
 * heap memory and go with pl_msg_release. For encoding, the caller fills a struct whose strings it
 * borrows; encode never changes or frees it.
 */
#ifndef PLIMSOLL_WIRE_MESSAGE_H
#define PLIMSOLL_WIRE_MESSAGE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "plimsoll/base/arena.h"
#include "plimsoll/base/buf.h"
#include "plimsoll/base/err.h"
#include "plimsoll/merge/changeset.h"
#include "plimsoll/wire/bytes.h"
#include "plimsoll/wire/message_review.h"

enum pl_msg_type {
    PL_MSG_NONE = 0,
#define PL_MESSAGE(name, number, proto, field, direction, state) PL_MSG_##name = (number),
#include "plimsoll/wire/messages.def"
#undef PL_MESSAGE
};

/* A caret or selection in a text field. set == false: none. */
struct pl_caret {
    bool set;
    struct pl_eid eid;
    uint32_t field;
    uint32_t anchor;
    uint32_t head;
};

#define PL_CHAIN_MAX 4

/* Strings are NUL-terminated, clean UTF-8, never NULL after decode ("" when absent). When encoding,
 * NULL counts as "". Field meanings: proto/schema/. */
/* clang-format off */
struct pl_join_hello {
    struct pl_bytes secret, csr_der; const char *device_name, *user_name, *display_name;
};
struct pl_join_welcome {
    uint64_t user; const char *user_name, *display_name; uint64_t device;
    struct pl_bytes chain_der[PL_CHAIN_MAX]; size_t n_chain; uint64_t review; uint32_t role;
};
struct pl_hello { uint32_t version_min, version_max; uint64_t features; const char *client_version; };
struct pl_welcome {
    uint32_t version; uint64_t features, user; const char *user_name, *display_name;
    uint64_t device; const char *organisation; int64_t server_us; const char *server_version;
    int64_t cert_expires_us;
};
struct pl_error { uint32_t rid, code; const char *text; bool fatal; uint64_t review; };
struct pl_ping { uint64_t token; };
struct pl_pong { uint64_t token; int64_t server_us; };
struct pl_goaway { uint32_t reconnect_after_ms; const char *text; };
struct pl_open { uint32_t rid; uint64_t review, client, have; };
struct pl_opened {
    uint32_t rid; uint64_t review; uint32_t epoch; uint64_t last_seq, last_rev; uint32_t last_code;
    const char *last_why; uint64_t head; bool snapshot; uint32_t role, status; uint64_t perms;
};
struct pl_leave { uint64_t review; };
struct pl_submit {
    uint64_t review; uint32_t epoch; uint64_t seq, base; struct pl_cs cs; struct pl_caret caret_after;
    uint32_t undo_of;
};
struct pl_rev {
    uint64_t review, rev, client, seq, user; int64_t at_us; struct pl_cs cs;
    struct pl_caret caret_after; uint32_t undo_of; uint64_t hash, base;
};
struct pl_nack { uint64_t review, seq; uint32_t code; uint64_t at_rev; const char *why; };
struct pl_snapshot { uint64_t review, rev, total, offset; struct pl_bytes chunk; };
struct pl_synced { uint64_t review, rev; };
struct pl_resync { uint32_t rid; uint64_t review, rev, hash; };
struct pl_rights { uint64_t review; uint32_t role, status; uint64_t perms; uint32_t code; const char *why; };
enum pl_presence_state { PL_PRESENT_READING = 1, PL_PRESENT_TYPING = 2, PL_PRESENT_AWAY = 3 };
struct pl_presence { uint64_t review, rev; struct pl_caret caret; uint32_t state, stage; };
struct pl_peer {
    uint64_t review, client, user; const char *name; uint32_t role; bool gone; uint64_t rev;
    struct pl_caret caret; uint32_t state, stage;
};
struct pl_list { uint32_t rid; uint64_t after; uint32_t limit; bool mine; };
struct pl_review_row {
    uint64_t review; const char *title; uint32_t status, stage, severity, kind, role; uint64_t head;
    int64_t created_us, changed_us; uint32_t attendance; bool rules_open;
};
struct pl_list_reply { uint32_t rid; struct pl_review_row *items; size_t n; uint64_t next; };
struct pl_create { uint32_t rid; struct pl_bytes op_id; const char *title; uint32_t severity, kind; };
struct pl_created { uint32_t rid; uint64_t review; };
struct pl_people { uint32_t rid; uint64_t review; };
struct pl_person { uint64_t user; const char *user_name, *display_name; uint32_t role; bool here; };
struct pl_people_reply { uint32_t rid; struct pl_person *items; size_t n; };
struct pl_member_set { uint32_t rid; uint64_t review; const char *user_name; uint32_t role, duty; };
struct pl_done { uint32_t rid; uint64_t rev; };
struct pl_whoami { uint32_t rid; };
/* What is done to a device of one's own: Device.what. */
enum pl_device_what { PL_DEVICE_REVOKE = 1, PL_DEVICE_RENAME = 2 };
struct pl_device_invite { uint32_t rid; };
struct pl_device { uint32_t rid, what; uint64_t device; const char *name; };
struct pl_device_row {
    uint64_t device; const char *name; int64_t enrolled_us, last_seen_us, expires_us; bool current;
};
struct pl_whoami_reply {
    uint32_t rid; uint64_t user; const char *user_name, *display_name; struct pl_device_row *devices;
    size_t n;
};
struct pl_history { uint32_t rid; uint64_t review, from_rev; uint32_t limit; };
struct pl_history_reply { uint32_t rid; uint64_t review; struct pl_rev *revs; size_t n; uint64_t next; };
struct pl_audit { uint32_t rid; uint64_t review, from; uint32_t limit; };
struct pl_audit_reply { uint32_t rid; uint64_t review, next; struct pl_bytes leaves; };
struct pl_audit_proof { uint32_t rid; uint64_t review, number; };
struct pl_audit_proof_reply { uint32_t rid; uint64_t index; struct pl_bytes leaf, checkpoint, hashes; };
struct pl_audit_growth { uint32_t rid; uint64_t from; };
struct pl_audit_growth_reply {
    uint32_t rid; const char *vkey; struct pl_bytes checkpoint, hashes; uint64_t lag_us;
};
/* clang-format on */

struct pl_msg {
    enum pl_msg_type type;
    union {
#define PL_MESSAGE(name, number, proto, field, direction, state) struct pl_##field field;
#include "plimsoll/wire/messages.def"
#undef PL_MESSAGE
    } u;
};

enum pl_msg_dir { PL_DIR_C2S = 1, PL_DIR_S2C = 2, PL_DIR_BOTH = 3 };
enum pl_msg_state { PL_STATE_JOIN = 0, PL_STATE_HELLO = 1, PL_STATE_READY = 2 };

struct pl_msg_info {
    enum pl_msg_type type;
    const char *name; /* proto name, for logs */
    enum pl_msg_dir direction;
    enum pl_msg_state state;
};

/* NULL for an unknown type. */
const struct pl_msg_info *pl_msg_info(uint32_t type);

/* Who is reading: the server refuses unknown fields, the client ignores them. */
enum pl_side { PL_SIDE_SERVER, PL_SIDE_CLIENT };

/* Decodes one payload. -PL_E_UNKNOWN_MESSAGE, -PL_E_BAD_MESSAGE, -PL_E_BAD_TEXT, -PL_E_BADOP,
 * -PL_E_LIMIT with a reason; on failure there is nothing to release. */
int pl_msg_decode(struct pl_msg *out_uninit, uint32_t type, const void *payload, size_t n,
                  enum pl_side reader, struct pl_arena *arena, struct pl_err *e) PL_MUST;

/* Frees the changesets inside; arena memory goes with the arena. */
void pl_msg_release(struct pl_msg *m);

/* Appends a whole frame (header and payload) to out. */
int pl_msg_encode(const struct pl_msg *m, struct pl_buf *out, struct pl_err *e) PL_MUST;

/* Changeset alone in its protobuf form: for journals. */
int pl_cs_encode(const struct pl_cs *cs, struct pl_buf *out, struct pl_err *e) PL_MUST;
int pl_cs_decode(struct pl_cs *out_uninit, const void *bytes, size_t n, struct pl_err *e) PL_MUST;

#endif
