// SPDX-License-Identifier: Apache-2.0
/*
 * What is typed survives this process: one append-only file per open review under
 * STATE/journal/HOST/REVIEW.<n>.log, written before anything is sent.
 *
 * journal_open takes a free slot n (its lock file is held while the journal is open), first of all
 * one that a process left behind with unsent changes; journal_start makes the sync machine from it;
 * the machine's `journal` handler is journal_keep. Records carry a checksum; a torn tail is cut
 * off. The file is rewritten when it has grown to twice of what it must hold, so it stays bounded.
 * When the disk refuses, everything goes on in memory, the `status` callback is told, and the whole
 * state is written as soon as it can be. Blocking, but for the fsync, which may run on a worker.
 */
#ifndef PLIMSOLL_CLIENT_SYNC_JOURNAL_H
#define PLIMSOLL_CLIENT_SYNC_JOURNAL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "plimsoll/base/buf.h"
#include "plimsoll/base/env.h"
#include "plimsoll/base/err.h"

#include "sync/sync.h"

#define JOURNAL_SLOTS_MAX   64
#define JOURNAL_SYNC_US     50000   /* fsync at latest so long after a write */
#define JOURNAL_RETRY_US    5000000 /* after the disk refused */
#define JOURNAL_SLACK_BYTES (1024u * 1024u)
#define JOURNAL_FILE_MAX    (256u * 1024u * 1024u)

struct journal;

struct journal_options {
    const char *state_dir; /* $XDG_STATE_HOME/plimsoll */
    const char *host;      /* of the server, "name" or "name:port" */
    uint64_t review;
    int slot;                 /* -1: choose; else exactly this one */
    const struct pl_env *env; /* borrowed */
    /* ok == false: what is typed is only in memory, `why` tells the reason; true: it is safe again.
     * NULL ok. */
    void (*status)(void *ctx, bool ok, const struct pl_err *why);
    void *ctx;
};

/* -PL_E_BUSY in e: every slot (or the one asked for) is in use by other processes; -PL_E_IO: the
 * folder cannot be used. NULL then: the review can still be edited without a journal. */
struct journal *journal_open(const struct journal_options *o, struct pl_err *e);

/* The machine as the journal has it, or a new one with a fresh client id when the slot was empty.
 * h->ctx is the caller's; its `journal` handler must call journal_keep. A file that cannot be used
 * is moved to STATE/rescue (or beside its place, or left), never deleted or written over, and
 * *damaged (may be NULL) is set. Once per journal. */
struct sync *journal_start(struct journal *j, const struct sync_handlers *h, bool *damaged);

/* NULL, or where journal_start put a damaged file ("": it stayed where it was). Borrowed. */
const char *journal_damaged_path(const struct journal *j);

/* Writes what happened in s since the last time. Never fails towards the caller: see `status`. */
void journal_keep(struct journal *j, struct sync *s);

/* Microseconds until the file must be fsynced or a refused write tried again (0: now), or -1. */
int64_t journal_sync_due(const struct journal *j);
/* fsync here and now, or the retry that is due. */
void journal_sync(struct journal *j, struct sync *s);
/* For a worker thread: a duplicate descriptor to fdatasync() and close(), or -1 when there is
 * nothing to do. Then journal_sync_done with the result (0 or errno), on the loop's thread. */
int journal_sync_take(struct journal *j);
void journal_sync_done(struct journal *j, int error);

/* Writes the rest, fsyncs, lets the slot go. s may be NULL: the file stays as it is. */
void journal_close(struct journal *j, struct sync *s);

const char *journal_path(const struct journal *j);
bool journal_is_ok(const struct journal *j);

/* --- for `plimsoll journal ...`
 * ------------------------------------------------------------------- */

struct journal_info {
    const char *host;
    uint64_t review;
    int slot;
    const char *path;
    bool in_use;  /* by a running process */
    bool damaged; /* what could be read is told below */
    uint64_t client;
    uint64_t rev;
    bool inflight;
    size_t pending_slots; /* with those in flight: 0 means that nothing waits to be sent */
    size_t bytes;
    int64_t changed_us; /* file time */
};

/* Calls back for every journal under state_dir, in no order. 0, or -PL_E_IO. */
int journal_list(const char *state_dir, void (*cb)(void *ctx, const struct journal_info *i),
                 void *ctx, struct pl_err *e) PL_MUST;

/* What waits in a journal, as text for people (rescue.h). Whatever can be read is written; only an
 * unreadable file or a full `out` is an error. */
int journal_export(const char *path, struct pl_buf *out, struct pl_err *e) PL_MUST;

/* Deletes a journal with all that waits in it. -PL_E_BUSY while a process has it open. */
int journal_drop(const char *state_dir, const char *host, uint64_t review, int slot,
                 struct pl_err *e) PL_MUST;

#endif
