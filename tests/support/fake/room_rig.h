// SPDX-License-Identifier: Apache-2.0
/*
 * Rooms over the store in memory, and connections that behave like a client: they pull when woken,
 * keep a copy of the document and check that revisions come one by one. A program includes
 * room_rig.c, store.c and store_log.c itself, once. Failures abort.
 */
#ifndef PLIMSOLL_TESTS_SUPPORT_FAKE_ROOM_RIG_H
#define PLIMSOLL_TESTS_SUPPORT_FAKE_ROOM_RIG_H

#include "support/fake/store.h"

#include <stdlib.h>
#include <string.h>

#include "plimsoll/base/mem.h"
#include "plimsoll/doc/doc.h"
#include "plimsoll/merge/orderkey.h"
#include "plimsoll/wire/message.h"

#include "room/room.h"

#define RIG_REVIEW 41u

struct rig {
    uv_loop_t loop;
    struct store *store;
    struct rooms *rooms;
    bool closed;
    bool freed;
};

struct conn {
    struct rig *rig;
    struct member *m;
    uint64_t client;
    uint64_t user;
    uint64_t seq;
    bool is_woken;
    bool is_slow; /* does not pull */
    unsigned wakes;
    struct pl_doc *doc;
    uint64_t rev;
    struct pl_buf snapshot;
    struct pl_opened opened;
    bool was_opened;
    bool is_synced;
    unsigned revs, own, nacks, errors, rights, peers, gone, chunks, pulls;
    uint64_t acked_seq, acked_rev;
    struct pl_nack nack;
    uint64_t nack_seen_at; /* own revision when the last Nack came */
    struct pl_rights last_rights;
    uint32_t error_code;
    struct pl_peer peer;
    int left;
    struct pl_buf out;
};

/* The usual limits. */
struct rooms_options rig_options(void);
/* A loop, a store with one review, and rooms. */
void rig_init(struct rig *r, const struct rooms_options *o);
/* Rooms again, after rig_close_rooms: a server that was started again. */
void rig_open_rooms(struct rig *r, const struct rooms_options *o);
void rig_close_rooms(struct rig *r);
/* Everything; checks that no memory of rooms is left. */
void rig_end(struct rig *r);
/* For callbacks that only say that something is done. ctx: bool. */
void rig_on_flag(void *ctx);
/* One turn of the loop (wait: until something happens); then whoever was woken pulls. */
void rig_turn(struct rig *r, struct conn *conns, size_t n, bool wait);
/* Until nothing is under way any more, without waiting for timers. */
void rig_settle(struct rig *r, struct conn *conns, size_t n);
/* Turns with waiting until *flag is at least `value`. */
void rig_wait_for(struct rig *r, struct conn *c, size_t n, const unsigned *flag, unsigned value);
/* rig_init, n members who joined as clients 1, 2 ...; with one event in the review. */
void rig_start(struct rig *r, struct conn *c, size_t n);
void rig_start_event(struct rig *r, struct conn *c, size_t n);
extern const struct pl_eid rig_event;
/* Releases the connections, then rig_end. */
void rig_finish(struct rig *r, struct conn *c, size_t n);
/* All hold the newest revision, and the same. */
void rig_check_equal(const struct rig *r, struct conn *c, size_t n);

/* Joins as user client + 100, or as a given one, with the revision held. */
void conn_join(struct conn *c, struct rig *r, uint64_t client);
void conn_join_as(struct conn *c, struct rig *r, uint64_t client, uint64_t user);
void conn_leave(struct conn *c);
void conn_release(struct conn *c);
void conn_pull(struct conn *c);
/* Submits on the revision held, or on another. */
void conn_submit(struct conn *c, struct pl_cs *take_cs);
void conn_submit_on(struct conn *c, uint64_t base, struct pl_cs *take_cs);
/* Types at the end of the event; `times` times by the first, settling each time. */
void conn_type(struct conn *c, const char *s);
void conn_type_many(struct rig *r, struct conn *c, size_t n, unsigned times);

/* Changesets: a new entry; typing at the end of an entry's body as `d` knows it. */
struct pl_cs cs_create(struct pl_eid eid, uint32_t kind);
struct pl_cs cs_type(const struct pl_doc *d, struct pl_eid eid, const char *s);

#endif
