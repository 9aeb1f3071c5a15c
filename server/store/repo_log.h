// SPDX-License-Identifier: Apache-2.0
/*
 * The log of a review: append, read, sessions, snapshots.
 *
 * Append is compare-and-append (sql function plimsoll_append): it commits a batch of revisions
 * after `expect_head`, or nothing. In the same transaction it re-reads role, device and session of
 * every author under the lock, stores sequence numbers, and writes one audit event with its place
 * in the review's hash chain per author. A batch holds at most one changeset of a client. Requests
 * of one loop turn share one flush (one pipeline sync), ordered by review id. The caller keeps at
 * most one append per review under way.
 */
#ifndef PLIMSOLL_SERVER_STORE_REPO_LOG_H
#define PLIMSOLL_SERVER_STORE_REPO_LOG_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "plimsoll/base/err.h"

struct signed_bytes; /* store/repo_invite.h */
struct store;

/* One changeset of a batch. client 0: the server's own, in the name of `user` (0: nobody). */
struct append_author {
    uint64_t client;
    uint64_t user;
    uint64_t device;
    uint32_t epoch;
    uint64_t seq;
    uint64_t ops;        /* permission bits it needs (doc/perm.h) */
    uint32_t rev_offset; /* its revision is expect_head + 1 + rev_offset */
    uint8_t salt[32];
    uint8_t commitment[32]; /* SHA-256("PLC1" || salt || its Rev frame's payload) */
};

/* A changeset that the server refused by itself: stored, so that it stays refused. */
struct append_refusal {
    uint64_t client;
    uint32_t epoch;
    uint64_t seq;
    uint32_t code;
    const char *why;
};

enum append_outcome {
    APPEND_OK,     /* committed and durable */
    APPEND_BEHIND, /* somebody else appended: `batches` bring you up to date; nothing was written */
    APPEND_REFUSED, /* at least one author may not: see verdicts; nothing but refusals was written
                     */
    APPEND_UNKNOWN, /* connection lost or deadline: read the log to find out */
    APPEND_FAILED   /* the database refused (disk full, read only ...): nothing was written */
};

enum author_verdict {
    AUTHOR_OK,
    AUTHOR_PERM,
    AUTHOR_REVOKED,
    AUTHOR_FENCED,
    AUTHOR_DUPLICATE,
    AUTHOR_LOCKED,
    AUTHOR_STALE,    /* the votes that it opens or counts are others by now */
    AUTHOR_REPLAYED, /* its statement was used before */
    AUTHOR_UNSIGNED  /* the store does not take its statement */
};

/* What a revision does beside the log, in the same transaction: to the table of votes
 * (sql/0007_votes.sql), or that it rests on a signed act (sql/0013_acts.sql). */
enum append_effect_kind { EFFECT_NONE, EFFECT_BALLOT_OPEN, EFFECT_BALLOT_COUNT, EFFECT_SIGNED };
struct append_effect {
    enum append_effect_kind kind;
    uint32_t round;
    uint32_t ballot;                /* PL_BALLOT_..., OPEN */
    uint32_t dots;                  /* for each person, OPEN */
    uint64_t version;               /* of the choices that were summed up, COUNT */
    const struct signed_bytes *act; /* SIGNED; borrowed until the answer */
    uint64_t entry_client;          /* SIGNED: the entry, 0, 0 for the review */
    uint32_t entry_n;
};

/* Consecutive revisions as stored: frames (header and Rev payload) one behind the other. */
struct log_batch {
    uint64_t first_rev;
    uint64_t last_rev;
    const uint8_t *body;
    size_t n;
};

struct append_result {
    enum append_outcome outcome;
    uint64_t head;                       /* after it, or as found */
    const enum author_verdict *verdicts; /* per author; APPEND_REFUSED only */
    const struct log_batch *batches;     /* APPEND_BEHIND; borrowed for the callback */
    size_t n_batches;
    const struct pl_err *err; /* FAILED, UNKNOWN */
};
typedef void (*append_cb)(void *ctx, const struct append_result *r);

/* What lists show of a review, as it is after the batch. severity, kind 0: unset; status, stage,
 * visibility 0: as before. */
struct append_face {
    const char *title;
    uint32_t status;
    uint32_t stage;
    uint32_t visibility;
    uint32_t severity;
    uint32_t kind;
};

struct append_request {
    uint64_t review;
    uint64_t expect_head;
    bool lock_first;     /* every try after a loss */
    uint32_t n_revs;     /* may be 0 when there are only refusals */
    const uint8_t *body; /* n_revs frames; borrowed until the callback */
    size_t n_body;
    const struct append_author *authors; /* borrowed until the callback */
    size_t n_authors;
    const struct append_refusal *refusals;
    size_t n_refusals;
    const struct append_face *face;     /* borrowed; NULL: the batch changes none of it */
    const struct append_effect *effect; /* borrowed; NULL: none */
    uint32_t effect_at;                 /* rev_offset of the revision that has it */
    const char *rows; /* rows of projections that change (room/oplog_project.h), NULL: none;
                         borrowed until the callback */
    append_cb cb;
    void *ctx;
};
/* Returns 0 and calls back once, or a negative code and never calls back (-PL_E_UNAVAILABLE, BUSY;
 * -PL_E_INVALID: every revision needs exactly one author, in the order of revisions). BEHIND may
 * bring only the first part of what is missing (1 MiB): append again, or fetch. AUTHOR_LOCKED is
 * never given: locks of sections are part of the document, which cannot have moved when an append
 * is OK. Rights are judged by role and status before the batch.
 *
 * lock_first queues for the review's turn among all server processes. Answered BEHIND it keeps the
 * turn for 50 ms: an append that comes in that time, with all of `batches` taken in, cannot lose.
 * So: first try without, every further try with it, from inside the callback or right after. */
int repo_append(struct store *s, const struct append_request *r, struct pl_err *e) PL_MUST;

/* Asks that other server processes be told of a new head (coalesced per loop turn, after commit).
 */
void repo_hint(struct store *s, uint64_t review, uint64_t head);

/* Opens or resumes a session: bumps the epoch (fence). client belongs to another device or person:
 * -PL_E_AUTH. Not a participant and review not visible: -PL_E_PERM. No such review: -PL_E_NOENT. */
struct session_row {
    uint32_t epoch;
    uint64_t last_seq;
    uint64_t last_rev;
    uint32_t last_code;
    const char *last_why;
    uint32_t role;   /* 0: none, may only read (visibility organisation) */
    uint32_t status; /* of the review */
    uint64_t head;
};
typedef void (*session_cb)(void *ctx, int rc, const struct session_row *row,
                           const struct pl_err *e);
int repo_session_open(struct store *s, uint64_t review, uint64_t client, uint64_t user,
                      uint64_t device, session_cb cb, void *ctx) PL_MUST;

/* Newest good snapshot at or below `max_rev` (0: any), then all batches after it, in pieces: cb is
 * called with snapshot (maybe n == 0: none yet), then batches, last with done == true. The first
 * batch may begin at or below the snapshot's revision: skip what you have. An error ends it too. */
struct load_part {
    uint64_t snap_rev;
    uint64_t snap_hash; /* state hash, as given to repo_snapshot_put */
    const uint8_t *snap;
    size_t n_snap;
    const struct log_batch *batches;
    size_t n_batches;
    uint64_t head;
    bool done;
};
typedef void (*load_cb)(void *ctx, int rc, const struct load_part *part, const struct pl_err *e);
int repo_load(struct store *s, uint64_t review, uint64_t max_rev, load_cb cb, void *ctx) PL_MUST;

/* Batches that hold revisions > after_rev, at most max_bytes (at least one batch), in order, in one
 * callback with done == true; the first batch may begin before after_rev + 1. No batches: up to
 * date. */
int repo_fetch(struct store *s, uint64_t review, uint64_t after_rev, size_t max_bytes, load_cb cb,
               void *ctx) PL_MUST;

/* Stores a snapshot (hash: state hash). Losing is harmless; rc only for logs. */
typedef void (*done_cb)(void *ctx, int rc, const struct pl_err *e);
int repo_snapshot_put(struct store *s, uint64_t review, uint64_t rev, const void *bytes, size_t n,
                      uint64_t hash, done_cb cb, void *ctx) PL_MUST;

/* Marks a snapshot bad (hash did not match): it is thrown away. */
int repo_snapshot_drop(struct store *s, uint64_t review, uint64_t rev, done_cb cb,
                       void *ctx) PL_MUST;

/* Next `n` organisation-wide numbers for actions (never reused). */
typedef void (*number_cb)(void *ctx, int rc, int64_t first, const struct pl_err *e);
int repo_action_numbers(struct store *s, unsigned n, number_cb cb, void *ctx) PL_MUST;

/* Heads of reviews, for the poll behind the hints: those that exist, in order of id. */
typedef void (*heads_cb)(void *ctx, int rc, const uint64_t *reviews, const uint64_t *heads,
                         size_t n);
int repo_heads(struct store *s, const uint64_t *reviews, size_t n, heads_cb cb, void *ctx) PL_MUST;

/* Role of a person now (0: none), status and visibility: after a hint that membership changed. */
typedef void (*rights_cb)(void *ctx, int rc, uint32_t role, uint32_t status, uint32_t visibility);
int repo_rights(struct store *s, uint64_t review, uint64_t user, rights_cb cb, void *ctx) PL_MUST;

#endif
