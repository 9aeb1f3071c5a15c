// SPDX-License-Identifier: Apache-2.0
/*
 * One review as this client holds it: committed copy (base), the changeset on its way (inflight),
 * what was typed since (pending), and the view = base + inflight + pending, which screens show.
 *
 * Pure state machine: messages in, messages out through handlers, no sockets, no loop, no clock of
 * its own. One changeset in flight; its content is frozen; revisions are transformed one by one,
 * never composed. Every local change is given to the journal before it is sent. Handlers may read
 * the machine, but must not call sync_edit, sync_undo, sync_redo, sync_receive or sync_free.
 */
#ifndef PLIMSOLL_CLIENT_SYNC_SYNC_H
#define PLIMSOLL_CLIENT_SYNC_SYNC_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "plimsoll/base/err.h"
#include "plimsoll/doc/doc.h"
#include "plimsoll/wire/message.h"

struct sync;

enum sync_link { SYNC_OFFLINE, SYNC_OPENING, SYNC_CATCHING_UP, SYNC_LIVE };

/* What a screen shows per review. */
struct sync_status {
    enum sync_link link;
    uint64_t rev;              /* committed revision held */
    bool inflight;             /* a changeset is under way */
    size_t pending_slots;      /* slots typed and not sent */
    int64_t oldest_unsaved_us; /* mono time of the oldest local change not acknowledged; 0: none */
    uint32_t role, status;
    uint64_t perms;
    unsigned refused; /* changesets put aside since open, not yet looked at */
    unsigned acked;   /* changesets that have become durable since it was opened here */
    bool gone;        /* access ended; read only from here */
};

struct sync_handlers {
    /* Encode and send m now (only called between sync_connected and sync_disconnected). */
    void (*send)(void *ctx, const struct pl_msg *m);
    /* There is something to keep: the handler takes it with sync_take_delta or sync_save. It is
     * called before `send` of what it describes. NULL: nothing is kept. */
    void (*journal)(void *ctx, struct sync *s);
    /* The view changed. cs: what was applied to the view (borrowed); remote: by someone else.
     * Carets and layouts are mapped by it. */
    void (*changed)(void *ctx, const struct pl_cs *cs, const struct pl_rev *rev_or_null,
                    bool remote);
    /* The view was rebuilt (snapshot, resync, refusal): sync_view() is another document now. Where
     * it could be told, `changed` was called first, so that carets have been mapped. */
    void (*reset)(void *ctx);
    /* A changeset was refused and rolled back; `lost` is what no longer stands in the view. */
    void (*refused)(void *ctx, int code, const char *why, const struct pl_cs *lost);
    void (*status)(void *ctx);
    void (*peer)(void *ctx, const struct pl_peer *p);
    /* An undo or redo entry was dropped because `user` changed the same slot. */
    void (*undo_skipped)(void *ctx, struct pl_eid eid, uint32_t field, uint64_t user);
    void *ctx;
};

/* A new, empty copy of `review` for session `client` (random 64 bits). Client 0 is a reader without
 * a session: it follows the review, and every edit of it is refused with -PL_E_PERM. */
struct sync *sync_new(uint64_t review, uint64_t client, const struct sync_handlers *h);
void sync_free(struct sync *s);

/* The journal's content, for writing and for starting again after a crash: committed document,
 * in-flight and pending changesets, counters. Undo steps are not kept. */
int sync_save(const struct sync *s, struct pl_buf *out, struct pl_err *e) PL_MUST;
struct sync *sync_load(const void *bytes, size_t n, const struct sync_handlers *h,
                       struct pl_err *e);

/* What happened since the last take or save, as events that sync_replay understands; appended to
 * `out`. 0: taken (maybe nothing); 1: too much changed for events, use sync_save and call
 * sync_saved; negative: `out` is full, nothing is taken. */
int sync_take_delta(struct sync *s, struct pl_buf *out, struct pl_err *e) PL_MUST;
/* What sync_save gave last is safe; deltas count from it. */
void sync_saved(struct sync *s);
/* Plays events onto a machine made by sync_load, before it is connected. Torn or foreign bytes:
 * -PL_E_INVALID, and everything before them has been played. */
int sync_replay(struct sync *s, const void *bytes, size_t n, struct pl_err *e) PL_MUST;

/* Link. Connected sends Open; the answers come through sync_receive. */
void sync_connected(struct sync *s, int64_t now_us);
void sync_disconnected(struct sync *s);

/* Any message of this review. now_us: monotonic. A negative result means "out of step": the machine
 * has already asked for a resync; the text is for the log. */
int sync_receive(struct sync *s, const struct pl_msg *m, int64_t now_us, struct pl_err *e) PL_MUST;

/* A local change: judged, applied to the view, put on the undo stack (unless !undoable), composed
 * into pending, journaled, sent when nothing is in flight. take_cs is moved. `group`: may join the
 * undo step before it (typing). Fails without effect when the document refuses it. */
int sync_edit(struct sync *s, struct pl_cs *take_cs, bool undoable, bool group, int64_t now_us,
              struct pl_err *e) PL_MUST;
/* Tells where the caret will be after pending edits (rides along). */
void sync_caret(struct sync *s, const struct pl_caret *caret, enum pl_presence_state state,
                uint32_t stage, int64_t now_us);

/* 1: something was undone/redone, 0: nothing to do. */
int sync_undo(struct sync *s, int64_t now_us, struct pl_err *e) PL_MUST;
int sync_redo(struct sync *s, int64_t now_us, struct pl_err *e) PL_MUST;

/* Timers: acks overdue (sends Ping at max(2 s, 4 x rtt + 1 s)), presence due. Call about every
 * 100 ms while connected. Returns false when the link should be torn down and redialled. */
bool sync_tick(struct sync *s, int64_t now_us);

const struct pl_doc *sync_view(const struct sync *s);
const struct pl_doc *sync_base(const struct sync *s);
void sync_status(const struct sync *s, struct sync_status *out);
uint64_t sync_review(const struct sync *s);
uint64_t sync_client(const struct sync *s);
/* Next id for an entry created here. Journaled with the rest. */
struct pl_eid sync_next_eid(struct sync *s);

/* True when nothing local is waiting: everything typed is durable in the log. */
bool sync_is_saved(const struct sync *s);

/* view == base + inflight + pending: for tests and debug builds. */
bool sync_invariant_holds(const struct sync *s, struct pl_err *e);

/* Other people's caret as a position in the present view, or false if unknown. */
bool sync_map_caret(const struct sync *s, const struct pl_peer *p, struct pl_caret *out);

#endif
