// SPDX-License-Identifier: Apache-2.0
/*
 * A file on its way to or from a review, piece by piece: never whole in memory, several pieces
 * under way, SHA-256 as it goes. A lost link, a busy server or one that is being restarted only
 * cost time: it goes on where the other side stands. What stands in the way for good ends it.
 *
 * A download is written beside its place (NAME.part, with a lock on it) and gets its name when its
 * checksum is right; begun again, even by another process, it goes on with what is there.
 */
#ifndef PLIMSOLL_CLIENT_MODEL_TRANSFER_H
#define PLIMSOLL_CLIENT_MODEL_TRANSFER_H

#include <stdbool.h>
#include <stdint.h>

#include "plimsoll/base/err.h"
#include "plimsoll/base/hash.h"
#include "plimsoll/merge/id.h"

struct client;
struct transfer;

struct transfer_result {
    uint64_t rev; /* uploads: the revision that shows the file */
    uint64_t size;
    uint8_t sha256[PL_SHA256_BYTES];
    uint64_t resumed_at; /* bytes that were there already */
};

struct transfer_handlers {
    /* Bytes that the other side (upload) or the disk (download) has. May be NULL. */
    void (*progress)(void *ctx, uint64_t done, uint64_t total);
    /* Once, never from inside of transfer_put and transfer_get; the transfer is gone after it. */
    void (*ended)(void *ctx, int rc, const struct transfer_result *r, const struct pl_err *e);
    void *ctx;
};

struct transfer_options {
    uint64_t review;
    struct pl_eid entry;
    const char *path;       /* of the file here */
    const char *name;       /* upload: shown name; NULL: the last part of path */
    const char *media_type; /* upload; NULL: by the name */
    bool force;             /* download: replace what has this name */
    const char *sha256_hex; /* download: what the document says; required, as is the size */
    uint64_t size;
    uint64_t patience_ms; /* gives up after so long without progress; 0: a minute */
};

/* Begins an upload of a regular file: hashed first, then sent. -PL_E_NOENT, IO, INVALID (empty, not
 * a file), FILE_SIZE. Everything is copied. */
int transfer_put(struct transfer **out, struct client *c, const struct transfer_options *o,
                 const struct transfer_handlers *h, struct pl_err *e) PL_MUST;

/* Opens a file as transfer_put does, with the same errors, and without waiting for the other end of
 * a pipe: whether it could be sent. The descriptor, for close(2), or an error. */
int transfer_open_file(const char *path, uint64_t *size, struct pl_err *e) PL_MUST;

/* Begins a download. -PL_E_CONFLICT: `path` exists, or another process is at it; IO. */
int transfer_get(struct transfer **out, struct client *c, const struct transfer_options *o,
                 const struct transfer_handlers *h, struct pl_err *e) PL_MUST;

/* Ends it without a word; what is on both sides stays for a later try. */
void transfer_cancel(struct transfer *t);

/* The media type that the end of a name stands for; "application/octet-stream" when unknown. */
const char *transfer_media_type(const char *name);

#endif
