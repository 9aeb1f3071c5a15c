// SPDX-License-Identifier: Apache-2.0
/*
 * Files of materials and evidence: their bytes in chunks, and what is known of each before the
 * document shows it. States and rules: sql/0008_files.sql.
 *
 * Requests and callbacks as in repo_identity.h: 0 and one callback, or a negative code and none;
 * what a callback gets is borrowed for the call; requests copy what they are given, unless the
 * member says "borrowed". Chunks share no transaction with anything else: they are committed
 * without waiting for the disk.
 */
#ifndef PLIMSOLL_SERVER_STORE_REPO_FILE_H
#define PLIMSOLL_SERVER_STORE_REPO_FILE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "plimsoll/base/err.h"
#include "plimsoll/base/hash.h"
#include "plimsoll/merge/id.h"

struct store;

enum file_state { FILE_ARRIVING = 1, FILE_CHECKED = 2, FILE_SHOWN = 3 };

struct file_put {
    uint64_t review;
    struct pl_eid entry;
    uint64_t user, device;
    uint64_t ops; /* permissions that the entry asks for; 0 is refused */
    const char *name, *media_type;
    uint64_t size;
    uint8_t sha256[PL_SHA256_BYTES];
    uint64_t per_review, organisation;     /* quotas, bytes */
    uint32_t uploads_user, uploads_device; /* quotas, unfinished files */
};

/* Upload `file`, of which the server holds `held` bytes. -PL_E_NOENT, PERM, REVOKED, QUOTA (the
 * review's), STORAGE (the organisation's), UPLOADS. */
typedef void (*file_held_cb)(void *ctx, int rc, uint64_t file, uint64_t held,
                             const struct pl_err *e);
int repo_file_put(struct store *s, const struct file_put *p, file_held_cb cb, void *ctx) PL_MUST;

struct file_piece {
    uint64_t file, user, offset;
    const uint8_t *bytes; /* borrowed until the callback */
    size_t n;
};
/* Adds the next chunk. One that is held already changes nothing. -PL_E_NOENT; -PL_E_BAD_STATE: not
 * the next one; -PL_E_INVALID: short although not the last, or beyond the size. */
int repo_file_chunk(struct store *s, const struct file_piece *p, file_held_cb cb,
                    void *ctx) PL_MUST;

struct file_row {
    uint64_t file, review;
    struct pl_eid entry;
    uint64_t user, device;
    const char *name, *media_type;
    uint64_t size, held, rev;
    const uint8_t *sha256;
    enum file_state state;
};
/* What is known of a file; user 0: anybody's. -PL_E_NOENT. */
typedef void (*file_row_cb)(void *ctx, int rc, const struct file_row *row, const struct pl_err *e);
int repo_file_look(struct store *s, uint64_t file, uint64_t user, file_row_cb cb,
                   void *ctx) PL_MUST;

/* Up to 8 chunks from number `no` on, in order: `each` per chunk, then cb. */
typedef void (*file_bytes_cb)(void *ctx, const uint8_t *bytes, size_t n);
typedef void (*file_done_cb)(void *ctx, int rc, const struct pl_err *e);
struct file_pieces {
    file_bytes_cb each;
    file_done_cb done;
    void *ctx;
};
int repo_file_pieces(struct store *s, uint64_t file, uint32_t no,
                     const struct file_pieces *to) PL_MUST;

/* The whole file was read: it is good, or it is dropped. -PL_E_NOENT. */
int repo_file_checked(struct store *s, uint64_t file, uint64_t user, bool good, file_done_cb cb,
                      void *ctx) PL_MUST;
/* Revision `rev` shows a checked file; 0: none does, it is dropped. */
int repo_file_show(struct store *s, uint64_t file, uint64_t rev, file_done_cb cb,
                   void *ctx) PL_MUST;

/* One chunk of the file that an entry shows, from the chunk's beginning. */
struct file_data {
    uint64_t size;
    const uint8_t *sha256;
    const char *name, *media_type;
    const uint8_t *bytes;
    size_t n;
};
struct file_read {
    uint64_t review;
    struct pl_eid entry;
    uint64_t user, device;
    uint32_t no;
};
/* -PL_E_PERM: no such review, or not readable for this person; -PL_E_NOENT: the entry has no file,
 * or it ends before this chunk. */
typedef void (*file_data_cb)(void *ctx, int rc, const struct file_data *d, const struct pl_err *e);
int repo_file_read(struct store *s, const struct file_read *r, file_data_cb cb, void *ctx) PL_MUST;

/* Drops what expired and deletes up to `chunks` chunks of what was dropped. */
struct file_swept {
    uint32_t expired, chunks;
    uint64_t stale; /* a checked file that no revision is known to show; 0: none */
};
typedef void (*file_swept_cb)(void *ctx, int rc, const struct file_swept *r,
                              const struct pl_err *e);
int repo_file_sweep(struct store *s, uint64_t expire_ms, uint64_t stale_ms, uint32_t chunks,
                    file_swept_cb cb, void *ctx) PL_MUST;

#endif
