// SPDX-License-Identifier: Apache-2.0
/*
 * Inside of server/room: what rooms.c (registry, loop handles), room.c (appends), catchup.c
 * (loading and reading), member.c (joining, submitting, rights), broadcast.c (pulling), presence.c
 * and snapshot.c share.
 *
 * Life: a room is LOADING until its log is read, OPEN until it fails or idles, then GONE; it is
 * freed when no answer of the store is owed any more. Requests to the store about a member go
 * through a struct ask, which forgets the member when he leaves. Nothing calls `left` from inside a
 * call of the connection: who is let go waits in `leaving` for the end of the loop turn.
 */
#ifndef PLIMSOLL_SERVER_ROOM_ROOM_INT_H
#define PLIMSOLL_SERVER_ROOM_ROOM_INT_H

#include "room/oplog.h"
#include "room/room.h"

#include "plimsoll/base/hash.h"

#ifndef HASH_FUNCTION
#define HASH_FUNCTION(k, n, h) ((h) = pl_map_hash((k), (n)))
#endif
#include <uthash.h>
#include <utlist.h>

#include "plimsoll/base/log.h"

#define ROOM_FETCH_BYTES    (256u * 1024u)
#define ROOM_FAR_BEHIND     10000u /* revisions: a snapshot is sent instead */
#define ROOM_NACKS_MAX      32u    /* unread refusals of one member; beyond he is let go */
#define ROOM_RETRY_MIN_MS   250u
#define ROOM_RETRY_MAX_MS   10000u
#define ROOM_LOAD_TRIES     4u
#define ROOM_POLL_MS        1000u
#define ROOM_PRESENCE_MS    100u
#define ROOM_LEAVE_REVS     50u /* tail that is worth a snapshot when the last member leaves */
#define ROOM_SEND_FRAME_MAX 8192u

enum room_state { ROOM_LOADING, ROOM_OPEN, ROOM_GONE };

/* A question to the store; freed by its answer. */
struct ask {
    struct room *room;
    struct member *member; /* NULL when he left, or when it is the room's */
};

/* Encoded state, shared by those who are being sent it. */
struct room_snapshot {
    unsigned refs;
    uint64_t rev;
    struct pl_buf bytes;
};

/* A server-made revision that waits for the room, or for its answer. */
struct server_change {
    struct room *room; /* NULL: answered, waits for its callback */
    uint64_t user;
    uint64_t device;
    struct pl_cs cs;
    room_judge_cb judge; /* instead of cs; NULL: none */
    void *judge_ctx;
    const struct append_effect *effect;
    server_rev_cb cb;
    void *ctx;
    int rc;
    uint64_t rev;
    struct pl_err err;
    struct server_change *prev;
    struct server_change *next;
};

struct room {
    struct rooms *rooms;
    uint64_t review;
    enum room_state state;
    struct pl_log_ctx log;
    struct oplog *oplog; /* NULL while loading the snapshot */
    struct member *members;
    struct server_change *changes; /* wait for the room to open, or for their answer */
    unsigned asks;                 /* answers owed by the store */
    bool is_dirty;                 /* in the list of rooms to look after at the end of the turn */
    struct room *next_dirty;

    /* loading */
    unsigned load_tries;
    bool load_bad; /* the snapshot is no good: the rest of it is not looked at */
    uint64_t load_snap_rev;
    struct pl_err load_err;

    /* appends */
    bool is_appending;
    bool lock_first;
    bool must_read; /* an outcome is unknown: read the log before anything else */
    bool is_reading;
    uint64_t told_head; /* newest head heard of */
    uint64_t retry_ms;  /* not before (monotonic); 0: now */
    unsigned backoff_ms;
    char trouble[128]; /* why nothing can be stored now; "": fine */
    bool asks_numbers;
    bool fetch_failed; /* a member's reading failed: wake him again later */

    /* snapshots */
    uint64_t snap_rev;
    size_t snap_tail; /* bytes of revisions since */
    bool is_snapping;
    struct room_snapshot *cached;

    /* people */
    uint32_t status; /* of the review, as members were told */
    uint64_t presence_gen;
    bool presence_dirty;
    struct gone_peer *gone;
    uint64_t idle_since_ms; /* 0: somebody is here */
    bool was_used;          /* somebody got in; else it is closed at once */
    UT_hash_handle hh;
};

/* Somebody left: his peers are told once. */
struct gone_peer {
    uint64_t client;
    uint64_t user;
    uint64_t gen;
    uint64_t at_ms;
    struct gone_peer *prev;
    struct gone_peer *next;
};

struct rooms {
    uv_loop_t *loop;
    struct store *store;
    struct rooms_options opt;
    const struct pl_env *env;
    struct room *by_review;
    struct room *dirty;
    struct member *leaving;
    struct server_change *answered;
    uv_check_t check;
    uv_idle_t idle; /* keeps the loop from sleeping while something is due */
    uv_timer_t poll;
    uv_timer_t presence;
    bool presence_on;
    bool store_up;
    bool is_closing; /* takes no more submissions */
    bool is_freeing;
    unsigned handles;
    unsigned rooms_alive; /* GONE ones too */
    bool polls;           /* repo_heads is under way */
    uint64_t polled_ms;
    void (*opened)(void *ctx, uint64_t review);
    void *opened_ctx;
    void (*closed)(void *ctx);
    void *closed_ctx;
    void (*freed)(void *ctx);
    void *freed_ctx;
    uint64_t committed, nacks, rebases; /* of rooms that are gone */
};

/* --- rooms.c */
struct room *rooms_find(const struct rooms *r, uint64_t review);
/* The open room, or a new one that starts loading. NULL: the store is away (e says so). */
struct room *rooms_need(struct rooms *r, uint64_t review, struct pl_err *e);
/* Has the room looked after (appends, answers) at the end of this loop turn. */
void room_touch(struct room *room);
void rooms_wake_loop(struct rooms *r);
uint64_t rooms_now_ms(const struct rooms *r);
struct ask *ask_new(struct room *room, struct member *m);
/* Ends an ask: returns its room; *member is NULL if he left. The room may be freed by room_let_go.
 */
struct room *ask_end(struct ask *a, struct member **member);
/* Frees a GONE room that nothing refers to any more. Call last. */
void room_settle(struct room *room);
void server_change_done(struct room *room, struct server_change *c, int rc, uint64_t rev,
                        const struct pl_err *e);

/* --- room.c */
struct room *room_new(struct rooms *r, uint64_t review);
void room_look_after(struct room *room); /* pump and numbers */
void room_opened(struct room *room);
/* Everybody is let go with `code`; the room is GONE. */
void room_end(struct room *room, int code, const char *why);
/* The head moved: members, rights, snapshots. `own`: by an append of this process. */
void room_moved(struct room *room, uint64_t before, bool own);
void room_trouble(struct room *room, const char *why); /* NULL: over */
struct oplog *room_oplog_new(struct room *room, struct pl_doc *take_doc);

/* --- catchup.c */
int room_load(struct room *room, struct pl_err *e) PL_MUST;
/* Reads what the log has beyond the head. */
void room_read_on(struct room *room);
int room_take_batches(struct room *room, const struct log_batch *batches, size_t n,
                      struct pl_err *e) PL_MUST;

/* --- snapshot.c */
void snapshot_consider(struct room *room, uint64_t before, bool own);
void snapshot_leave(struct room *room); /* the last member left */
/* A snapshot that the ring carries on from, made if need be; with a reference. */
struct room_snapshot *snapshot_get(struct room *room, struct pl_err *e);
void snapshot_unref(struct room_snapshot *s);

#endif
