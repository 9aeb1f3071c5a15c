// SPDX-License-Identifier: Apache-2.0
/*
 * Every number of the protocol and of a review in one place. Both sides and proto/README.md use
 * these; a server may be configured lower, never higher.
 */
#ifndef PLIMSOLL_WIRE_LIMITS_H
#define PLIMSOLL_WIRE_LIMITS_H

/* Frames: bytes of type + payload. */
#define PL_FRAME_HEADER           6u    /* u32be length, u16be type; length counts type + payload */
#define PL_FRAME_MAX_JOIN         4096u /* client -> server on plimsoll-join/1 */
#define PL_FRAME_MAX_EARLY        16384u  /* client -> server until Welcome */
#define PL_FRAME_MAX_CLIENT       65536u  /* client -> server after */
#define PL_FRAME_MAX_SERVER       262144u /* server -> client */
#define PL_CHUNK_MAX              16384u  /* snapshot and file chunks */
#define PL_PARTIAL_PROGRESS_BYTES 1024u   /* a partial frame must grow by this ... */
#define PL_PARTIAL_PROGRESS_MS    10000u  /* ... in this time */

/* Messages. */
#define PL_MSG_DEPTH_MAX         8u
#define PL_MSG_FIELDS_MAX        4096u  /* client -> server */
#define PL_MSG_FIELDS_MAX_SERVER 32768u /* server -> client: pages of rows */
#define PL_UNPACK_BUDGET(frame)  (16u * (frame) + 65536u)
#define PL_UNPACK_BUDGET_MAX     (4u * 1024u * 1024u)

#define PL_SECRET_BYTES 16u   /* JoinHello.secret */
#define PL_OP_ID_BYTES  16u   /* Create.op_id */
#define PL_CSR_MAX      2048u /* bytes of JoinHello.csr_der */
#define PL_CERT_MAX     4096u /* bytes of one certificate of JoinWelcome */
#define PL_CERTS_MAX    4u    /* certificates of JoinWelcome */
#define PL_LIST_MAX     200u  /* rows of a ListReply */
#define PL_PEOPLE_MAX   4096u /* people of a PeopleReply */
#define PL_DEVICES_MAX  64u   /* devices of a WhoamiReply */
#define PL_HISTORY_MAX  500u  /* revisions of a HistoryReply */

#define PL_NOTE_MAX         2000u  /* characters of Act.text and Card.text, several lines */
#define PL_VOTES_MAX        20u    /* rows of a SessionReply */
#define PL_CARDS_MAX        20u    /* cards of a Cards */
#define PL_CARDS_PAD_MAX    49152u /* bytes of Cards.pad */
#define PL_CARDS_FRAME      49152u /* type and payload of every Cards, filled up with pad */
#define PL_CARD_TOKEN_BYTES 16u    /* Card.token */
#define PL_FILE_NAME_MAX    200u   /* characters of the name of a file */
#define PL_MEDIA_TYPE_MAX   128u   /* characters of its media type */
#define PL_INVITES_MAX      200u   /* rows of an InvitesReply */
#define PL_STATEMENT_MAX    1024u  /* bytes of InviteNew.statement */
#define PL_SIGNATURE_MAX    256u   /* bytes of InviteNew.signature */
#define PL_ACTIONS_PAGE_MAX 200u   /* rows of an ActionsReply */
#define PL_AUDIT_MAX        500u   /* events of an AuditReply */
#define PL_AUDIT_BYTES_MAX  200000u
#define PL_AUDIT_LEAF_MAX   4096u
#define PL_AUDIT_NOTE_MAX   4096u /* a checkpoint with its signatures */
#define PL_AUDIT_PROOF_MAX  2048u /* 64 hashes */
#define PL_METRICS_PAGE_MAX 200u  /* rows of a MetricsReply */
#define PL_SERVICES_MAX     20u   /* services of a MetricRow */
#define PL_NEWS_MAX         400u  /* characters of News.text */

/* Files. */
#define PL_FILE_BYTES_MAX   1073741824u /* of one file; a server takes less: [files] max_size */
#define PL_FILE_CHUNKS_OPEN 4u          /* FileChunk or FileGet of one connection without answer */

/* Times. */
#define PL_HANDSHAKE_MS   5000u
#define PL_FIRST_FRAME_MS 5000u
#define PL_JOIN_MS        10000u
#define PL_PING_MS        30000u
#define PL_WRITE_STALL_MS 20000u

/* Edits. */
#define PL_CHANGESET_BYTES_MAX 49152u
#define PL_CHANGESET_SLOTS_MAX 256u
#define PL_BASE_LAG_MAX        256u /* head - base of a Submit; beyond: BEHIND */
#define PL_HASH_EVERY          64u

/* A review. Characters are Unicode scalar values. */
#define PL_TEXT_FIELD_MAX   1048576u /* bytes and characters of one text field */
#define PL_TITLE_MAX        200u
#define PL_NAME_MAX         64u
#define PL_STR_MAX          2000u /* other one-line strings (URLs) */
#define PL_ENTRIES_MAX      5000u
#define PL_COMMENTS_MAX     20000u
#define PL_ACTIONS_MAX      500u
#define PL_PARTICIPANTS_MAX 200u
#define PL_SET_MAX          200u /* elements of one set */
#define PL_DEPTH_MAX        32u  /* of the entry tree */
#define PL_REVIEW_TEXT_MAX  (20u * 1024u * 1024u)
#define PL_SNAPSHOT_MAX     (64u * 1024u * 1024u)

/* People and rates. */
#define PL_ROOMS_PER_CONNECTION 8u
#define PL_PRESENCE_PER_S       10u
#define PL_PRESENCE_EXPIRE_MS   15000u

#endif
