// SPDX-License-Identifier: Apache-2.0
/*
 * A member as the files of server/room know him: a cursor into the revisions, the refusals and the
 * presence that he has not been sent, and what the store knows of his session.
 *
 * JOINING: his session row or the room is awaited (again after a resync). HERE: he is sent
 * everything. LEAVING: out of the room; `left` is called at the end of the loop turn. Whatever
 * refers to him from the outside is a struct ask, which forgets him when he goes.
 */
#ifndef PLIMSOLL_SERVER_ROOM_MEMBER_INT_H
#define PLIMSOLL_SERVER_ROOM_MEMBER_INT_H

#include "room/room_int.h"

enum member_state { MEMBER_JOINING, MEMBER_HERE, MEMBER_LEAVING };

struct nack {
    uint64_t at_rev;
    struct pl_nack msg;
    char *why;
    struct nack *prev;
    struct nack *next;
};

struct member {
    struct rooms *rooms;
    struct room *room; /* NULL once it is LEAVING */
    enum member_state state;
    struct member_sink sink;
    uint64_t review;
    uint64_t client;
    uint64_t user;
    uint64_t device;
    uint64_t have;
    uint32_t rid;
    char *name;
    struct ask *ask_session;
    struct ask *ask_fetch;
    struct ask *ask_rights;
    bool recheck; /* rights changed again while they were asked for */

    /* session */
    bool has_session;
    bool restart; /* resync: send a snapshot whatever he has */
    uint32_t epoch;
    uint64_t last_seq;
    uint64_t last_rev;
    uint32_t last_code;
    char *last_why;
    uint32_t role;
    uint32_t status;
    uint64_t session_head;

    /* what he was sent */
    bool is_awake; /* wake was called and pull has not come to an end since */
    uint64_t cursor;
    uint64_t sync_at; /* Synced follows when the cursor is here */
    bool is_synced;
    struct room_snapshot *snap;
    size_t snap_off;
    struct pl_buf hold; /* frames fetched for him, from hold_rev on */
    size_t hold_off;
    uint64_t hold_rev;
    struct nack *nacks;
    unsigned n_nacks;
    bool was_told; /* of the present trouble */

    /* presence */
    uint64_t presence_gen; /* when it changed last */
    uint64_t seen_gen;
    bool presence_pending;
    struct pl_presence presence;

    /* letting go */
    int left_code;
    char *left_why;
    struct member *prev;
    struct member *next;
};

/* --- member.c */
void member_complete_join(struct member *m);
/* Those who wait for the room, or for revisions that their session knows of. `all_read`: the log
 * holds no more than the room. */
void room_complete_joins(struct room *room, bool all_read);
/* Tells him by Rights{code} (or Error, while joining) and lets him go at the end of the turn. */
void member_let_go(struct member *m, int code, const char *why);
void member_nack(struct member *m, uint64_t seq, int code, const char *why);
void member_check_rights(struct member *m);
void member_tell_rights(struct member *m);
void member_tell_trouble(struct member *m);
void member_send(struct member *m, const struct pl_msg *msg);
void member_destroy(struct member *m);
struct member *room_member(const struct room *room, uint64_t client, uint32_t epoch);

/* --- broadcast.c */
void member_wake(struct member *m);
void room_wake_all(struct room *room);

/* --- presence.c */
void presence_arrived(struct member *m);
void presence_left(struct room *room, const struct member *m);
/* Has changes sent out within ROOM_PRESENCE_MS (rooms.c). */
void presence_schedule(struct rooms *r);
void presence_tick(struct room *room);
bool presence_is_due(const struct member *m);
/* Appends Peer frames; false: out is full. */
bool presence_pull(struct member *m, struct pl_buf *out, size_t budget);
void presence_release(struct room *room);

/* --- catchup.c */
void member_fetch(struct member *m);

#endif
