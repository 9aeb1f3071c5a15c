// SPDX-License-Identifier: Apache-2.0
/*
 * A room is one open review on this server process: its committed document, the ring of its newest
 * revisions, the queue of submitted changesets, and the people who are here.
 *
 * submit -> queue -> (rebase one by one over what was committed since its base, check, number) ->
 * batch -> store append -> committed -> document, ring -> members. A member is a cursor into the
 * ring, not a queue: it pulls when its connection can take more, so a slow reader costs nothing and
 * nothing is dropped. Upward traffic goes through the member's sink; this folder never includes
 * session/. Acknowledgement and broadcast happen only after the append is durable.
 */
#ifndef PLIMSOLL_SERVER_ROOM_ROOM_H
#define PLIMSOLL_SERVER_ROOM_ROOM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <uv.h>

#include "plimsoll/base/buf.h"
#include "plimsoll/base/err.h"
#include "plimsoll/wire/message.h"

struct append_effect;
struct pl_doc;
struct store;
struct rooms; /* all open rooms: registry */
struct room;
struct member; /* one opened review on one connection */

struct rooms_options {
    unsigned ring_revs;     /* 10000 */
    size_t ring_bytes;      /* 4 MiB */
    unsigned snapshot_revs; /* 500 */
    size_t snapshot_bytes;  /* 256 KiB */
    unsigned idle_close_ms; /* 60000: room dropped after its last member left */
    size_t queue_bytes;     /* 4 MiB: submitted, not committed; beyond: reading stops */
};

struct rooms *rooms_new(uv_loop_t *loop, struct store *s, const struct rooms_options *opt);
/* Stops taking submissions (later ones are refused with GOING_AWAY) and waits until what is queued
 * has an outcome (or, while the database is away, what is under way), then cb. Members stay and can
 * still pull. */
void rooms_close(struct rooms *r, void (*cb)(void *ctx), void *ctx);
/* Ends it, after rooms_close and when all members have left. The memory goes, and cb comes, when
 * the last answer of the store has come and the handles are closed. */
void rooms_free(struct rooms *r, void (*cb)(void *ctx), void *ctx);
/* Set once: told of each review whose log has been read, when it can be asked for (rooms_doc) and
 * written to. Not called from inside a call of the rooms' user. */
void rooms_on_open(struct rooms *r, void (*cb)(void *ctx, uint64_t review), void *ctx);
/* From the store's handlers. */
void rooms_store_up(struct rooms *r);
void rooms_store_down(struct rooms *r);
void rooms_hint(struct rooms *r, uint64_t review, uint64_t head);

/* What a member's connection must offer. Frames are whole wire frames. None of these may close the
 * member inside; they may mark the connection for closing. */
struct member_sink {
    /* A small urgent frame (Opened, Nack, Rights, Error, Synced): always taken, bounded in number.
     */
    void (*send)(void *ctx, const uint8_t *frame, size_t n);
    /* "There is something to pull": the connection calls member_pull when it can take bytes. */
    void (*wake)(void *ctx);
    /* The room has let the member go (code: why); the member is gone after this call. */
    void (*left)(void *ctx, uint64_t review, int code, const char *why);
    void *ctx;
};

struct member_options {
    uint64_t review;
    uint64_t client; /* 0: read only */
    uint64_t have;
    uint64_t user;
    uint64_t device;
    const char *name; /* copied */
    uint32_t rid;     /* of the Open, for Opened or Error */
};

/* Opens the room if needed, the session row (fence), and sends Opened (or Error with rid through
 * the sink, then `left`). An older member of the same client is let go with FENCED. */
struct member *member_join(struct rooms *r, const struct member_options *o,
                           const struct member_sink *sink);
/* Leaves; no more sink calls. Room may close later. */
void member_leave(struct member *m);

/* Takes a changeset (moved out of *take). Answers by Rev (own client, seq) or Nack, later. */
void member_submit(struct member *m, struct pl_submit *take);
void member_presence(struct member *m, const struct pl_presence *p);
void member_resync(struct member *m, const struct pl_resync *r);

/* Appends frames this member has not had (snapshot chunks, revisions, peers) to `out` until about
 * `budget` bytes; returns true if there is more now. */
bool member_pull(struct member *m, struct pl_buf *out, size_t budget);

/* True while the room's queue is over its limit: the connection should stop reading. */
bool member_is_choked(const struct member *m);

/* Server-made revision in the name of a person (membership, status ...): checked, appended, then cb
 * with its revision, or rc < 0 and e. take_cs is moved; it is understood on the newest revision. */
struct rooms_act {
    uint64_t review;
    uint64_t user; /* 0: nobody */
    uint64_t device;
    const struct append_effect *effect; /* of a command: see oplog.h; lives until cb. NULL: none */
};
typedef void (*server_rev_cb)(void *ctx, int rc, uint64_t rev, const struct pl_err *e);
void rooms_server_rev(struct rooms *r, const struct rooms_act *act, struct pl_cs *take_cs,
                      server_rev_cb cb, void *ctx);

/* A command: judged on the newest state while a batch is built, again if that batch is lost. Fills
 * cs (initialised, empty) and the permission bits that the database asks for under its lock;
 * negative with a reason to refuse. Leaving cs empty means that it is so already: cb gets the head.
 */
typedef int (*room_judge_cb)(void *ctx, const struct pl_doc *newest, int64_t now_us,
                             struct pl_cs *cs, uint64_t *ops, struct pl_err *e);
/* As rooms_server_rev, with a judge instead of a changeset. judge_ctx must live until cb. */
void rooms_command(struct rooms *r, const struct rooms_act *act, room_judge_cb judge,
                   void *judge_ctx, server_rev_cb cb, void *ctx);

/* A person's rights or device changed: members are told or let go. user 0: everyone is re-checked.
 */
void rooms_rights_changed(struct rooms *r, uint64_t user, uint64_t device);

/* Who is here (for People): calls cb per member. */
void rooms_here(struct rooms *r, uint64_t review, void (*cb)(void *ctx, uint64_t user), void *ctx);

/* The committed document of an open review, as far as this process has it; NULL: not open. Borrowed
 * until the end of the loop turn. */
const struct pl_doc *rooms_doc(const struct rooms *r, uint64_t review);

/* A short-lived message (News) to everyone who is in the review on this process. */
void rooms_tell(struct rooms *r, uint64_t review, const struct pl_msg *m);

struct rooms_stats {
    size_t rooms, members, queued, ring_bytes;
    uint64_t committed, nacks, rebases;
};
void rooms_stats(const struct rooms *r, struct rooms_stats *out);

#endif
