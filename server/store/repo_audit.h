// SPDX-License-Identifier: Apache-2.0
/*
 * Reading the audit log: how its tree stands, its entries and hashes, and what its commitments are
 * about (sql/0015_seal.sql). Requests and callbacks as in repo_identity.h; what a callback gets is
 * borrowed for the call.
 */
#ifndef PLIMSOLL_SERVER_STORE_REPO_AUDIT_H
#define PLIMSOLL_SERVER_STORE_REPO_AUDIT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "plimsoll/base/err.h"

struct store;

#define REPO_LOG_HASH 32u

struct log_state_row {
    uint32_t epoch; /* 0: no tree yet */
    const char *origin, *vkey;
    uint64_t size;       /* of the tree */
    uint64_t sealed;     /* of the newest checkpoint; 0: none */
    const uint8_t *root; /* of it, 32 bytes; NULL: none */
    const char *note;    /* the checkpoint as it was signed; "" none */
    int64_t lag_us;      /* age of the oldest event that no checkpoint covers; 0: none */
};
typedef void (*log_state_cb)(void *ctx, int rc, const struct log_state_row *row,
                             const struct pl_err *e);
int repo_log_state(struct store *s, log_state_cb cb, void *ctx) PL_MUST;

/* Entries from..to-1 of the tree, in order; fewer where it ends. */
struct log_entry_row {
    uint64_t index, review, number;
    const uint8_t *leaf;
    size_t leaf_len;
};
typedef void (*log_entries_cb)(void *ctx, int rc, const struct log_entry_row *rows, size_t n,
                               const struct pl_err *e);
int repo_log_entries(struct store *s, uint32_t epoch, uint64_t from, uint64_t to, log_entries_cb cb,
                     void *ctx) PL_MUST;

/* The events of one stream from a number on, at most `limit` and as many as fit into
 * PL_AUDIT_BYTES_MAX: index is 0. */
int repo_log_stream(struct store *s, uint64_t review, uint64_t from, uint32_t limit,
                    log_entries_cb cb, void *ctx) PL_MUST;

/* One event of a stream: n is 1 (0: there is none such); index UINT64_MAX: it has no place yet. */
int repo_log_leaf(struct store *s, uint64_t review, uint64_t number, log_entries_cb cb,
                  void *ctx) PL_MUST;

/* The right edge of the tree of `size` leaves: each hash in order of level and index. */
struct log_hash_row {
    int32_t level;
    uint64_t index;
    const uint8_t *hash;
    size_t n;
};
typedef void (*log_edge_cb)(void *ctx, int rc, const struct log_hash_row *rows, size_t n,
                            const struct pl_err *e);
int repo_log_edge(struct store *s, uint32_t epoch, uint64_t size, log_edge_cb cb,
                  void *ctx) PL_MUST;

/* Runs of hashes: `count` of tile level `level` from `first` on, for each of `n` (at most 256). */
struct log_run {
    int32_t level;
    uint64_t first;
    uint32_t count;
};
struct log_bytes {
    const uint8_t *p;
    size_t n; /* 32 * count, fewer where the tree ends */
};
typedef void (*log_hashes_cb)(void *ctx, int rc, const struct log_bytes *runs, size_t n,
                              const struct pl_err *e);
int repo_log_hashes(struct store *s, uint32_t epoch, const struct log_run *runs, size_t n,
                    log_hashes_cb cb, void *ctx) PL_MUST;

/* What edits' commitments are about: batches behind (review, last_rev), at most `limit`. `salts`:
 * for each revision of the batch 33 bytes, 1 and the salt, or zeros when it is erased. */
struct log_payload_row {
    uint64_t review, first_rev, last_rev;
    const uint8_t *body, *salts;
    size_t body_len, salts_len;
};
typedef void (*log_payloads_cb)(void *ctx, int rc, const struct log_payload_row *rows, size_t n,
                                const struct pl_err *e);
int repo_log_payloads(struct store *s, uint64_t review, uint64_t last_rev, uint32_t limit,
                      log_payloads_cb cb, void *ctx) PL_MUST;

/* The keys by which signed acts were checked: SubjectPublicKeyInfo, DER, each once. */
typedef void (*log_keys_cb)(void *ctx, int rc, const struct log_bytes *keys, size_t n,
                            const struct pl_err *e);
int repo_log_keys(struct store *s, log_keys_cb cb, void *ctx) PL_MUST;

/* What the tables hold of what the log tells, a line each; events behind the first `size` of the
 * tree first (sql/0020_state.sql). */
int repo_log_rows(struct store *s, uint64_t size, log_keys_cb cb, void *ctx) PL_MUST;

/* Writes the event that the log was exported. */
typedef void (*log_done_cb)(void *ctx, int rc, const struct pl_err *e);
int repo_log_exported(struct store *s, uint64_t size, bool texts, log_done_cb cb,
                      void *ctx) PL_MUST;

#endif
