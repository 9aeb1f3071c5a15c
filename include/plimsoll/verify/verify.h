// SPDX-License-Identifier: Apache-2.0
/*
 * Checks an exported audit log (C2SP tlog-tiles, see proto/verify/README.md) completely and
 * offline: signatures, every entry, every tile, the chains of the streams, payloads, signed acts,
 * and whether each act was allowed by what the log itself said before. Everything is told as a
 * finding, and the check goes on as far as it makes sense.
 *
 * It is written apart from what writes the log: it shares SHA-256, Ed25519 and the check of a
 * device's signature with it, no reader of any format. Pure: bytes come from a source.
 */
#ifndef PLIMSOLL_VERIFY_VERIFY_H
#define PLIMSOLL_VERIFY_VERIFY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "plimsoll/base/buf.h"
#include "plimsoll/base/err.h"

#define PL_VERIFY_FILE_MAX \
    (17u * 1024u * 1024u) /* of one file: a bundle of 256 entries of 64 KiB */
#define PL_VERIFY_ORIGIN_MAX 128
#define PL_VERIFY_SINCE_MAX  16 /* older checkpoints */

enum pl_finding_kind {
#define FINDING(name, code, what) PL_FINDING_##name,
#include "plimsoll/verify/findings.def"
    PL_FINDING_KINDS
};

/* The stable code ("tile.differs") and what it means. Static texts. */
const char *pl_finding_code(enum pl_finding_kind kind);
const char *pl_finding_what(enum pl_finding_kind kind);

/* Texts are borrowed for the call. */
struct pl_log_finding {
    enum pl_finding_kind kind;
    const char *file; /* in the export; "" when it is about no file */
    bool has_index;   /* index, stream, number: of the entry that it is about */
    bool has_event;
    uint64_t index;
    uint64_t stream, number;
    const char *why; /* a sentence: what is there, what should be */
};

/* Where the export's files come from. */
struct pl_verify_source {
    void *ctx;
    /* All of a file, path relative to the export. `out` is initialised here and released by the
     * caller, also after an error. -PL_E_NOENT: there is none. */
    int (*read)(void *ctx, const char *path, size_t max, struct pl_buf *out, struct pl_err *e);
    /* Names what is in a folder, in any order; is_dir for folders. -PL_E_NOENT: there is none. */
    int (*list)(void *ctx, const char *path,
                void (*each)(void *each_ctx, const char *name, bool is_dir), void *each_ctx,
                struct pl_err *e);
};

/* A folder as a source; `path` is borrowed for as long as the source is used. */
struct pl_verify_source pl_verify_dir(const char *path);

struct pl_verify_since {
    const char *name; /* for findings */
    const char *note;
    size_t n;
};

/* Pointers are borrowed for the call. */
struct pl_verify_options {
    struct pl_verify_source source;
    const char *const *keys; /* of the log, NAME+ID+KEY; those of the policy count too */
    size_t n_keys;
    const char *policy; /* text of a c2sp.org/tlog-policy; NULL: that of the export */
    size_t policy_n;
    const struct pl_verify_since *since;
    size_t n_since;
    const uint8_t *pin; /* 32 bytes, the organisation in signed acts; NULL: as the log says */
    /* What the tables hold (lines as proto/verify/README.md has them); NULL: not compared. */
    const char *state;
    size_t state_n;
    void (*finding)(void *ctx, const struct pl_log_finding *f);
    void (*note)(void *ctx, const char *text); /* what was not checked, and why; NULL ok */
    void *ctx;
};

struct pl_verify_result {
    char origin[PL_VERIFY_ORIGIN_MAX];
    uint64_t size; /* as the checkpoint says */
    uint8_t root[32];
    bool own_keys; /* the keys are those that the export brought itself */
    uint64_t entries, streams, payloads, erased, signatures, witnesses, tiles, rows;
    uint64_t findings;
};

/* Checks an export. 0 also with findings: they are told and counted. An error means that the check
 * itself could not be made: -PL_E_NOENT without a checkpoint, -PL_E_USAGE for keys that are none,
 * -PL_E_IO. */
int pl_verify(const struct pl_verify_options *o, struct pl_verify_result *out,
              struct pl_err *e) PL_MUST;

#endif
