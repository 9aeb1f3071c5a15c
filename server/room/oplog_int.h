// SPDX-License-Identifier: Apache-2.0
/*
 * Inside of the log of an open review, private to server/room/oplog*.c.
 *
 * A submission stays in the queue until it is answered; a batch only refers to it. `doc` is what is
 * committed, `work` is the same plus the batch under way. The work copy is made when the first
 * changeset comes, so that a review that is only read costs one document.
 */
#ifndef PLIMSOLL_SERVER_ROOM_OPLOG_INT_H
#define PLIMSOLL_SERVER_ROOM_OPLOG_INT_H

#include "room/oplog.h"

#include "plimsoll/base/hash.h"

#define HASH_FUNCTION(k, n, h) ((h) = pl_map_hash((k), (n)))
#include <uthash.h>
#include <utlist.h>

#include "plimsoll/wire/limits.h"

#define SALTS_DRAWN                                                              \
    32u /* at once: a system call for each would be a tenth of a revision's cost \
         */
#define DECODED_MAX \
    (2u * PL_BASE_LAG_MAX) /* newest revisions whose changeset is kept for rebasing */

/* A revision: its only encoding and, while it is young, its changeset. */
struct rev_rec {
    uint64_t rev;
    uint64_t client;
    uint64_t seq;
    uint64_t user;
    int64_t at_us;
    struct pl_cs cs;
    bool decoded;
    uint32_t n;
    uint8_t frame[];
};

/* A circular array of consecutive revisions. */
struct rev_ring {
    struct rev_rec **v;
    size_t cap;
    size_t first; /* index of the oldest */
    size_t n;
    size_t bytes;
};

struct submission {
    struct oplog_origin origin;
    struct pl_cs cs;
    oplog_judge_cb judge; /* makes the changeset, batch by batch; NULL: it is cs */
    void *judge_ctx;
    uint64_t at_rev; /* cs fits the document at this revision */
    size_t bytes;    /* memory, for the limit of the queue */
    size_t wire;     /* about what its frame takes */
    bool in_batch;
    bool is_settled; /* a command that what is before it in the batch made needless or refused */
    bool is_stuck;   /* code stands whatever the state is */
    int code;        /* positive: refused, waits to be stored */
    char *why;
    struct submission *prev;
    struct submission *next;
};

struct session {
    uint64_t client;
    uint32_t epoch;
    uint64_t last_seq;
    uint64_t last_rev;
    uint32_t last_code;
    char *last_why; /* NULL: none */
    struct submission *queued;
    UT_hash_handle hh;
};

struct batch_item {
    struct submission *sub; /* NULL: derived by the server from the one before */
    struct rev_rec *rec;
};

struct batch {
    struct oplog_batch out;
    struct batch_item *items;
    struct append_author *authors;
    size_t n;
    size_t cap;
    size_t changes; /* items that were submitted */
    struct submission **refused;
    struct append_refusal *refusals;
    size_t n_refused;
    size_t refused_cap;
    size_t n_settled;
    struct append_face face;
    struct append_effect effect;
    uint32_t effect_at;
    char *rows;            /* of the projections; NULL: none changes */
    int64_t numbers_first; /* reserve before the batch */
    unsigned numbers_left;
    uint64_t respaced_at;
    bool is_closed;    /* changed the status, or has an effect: what follows is judged afterwards */
    bool is_irregular; /* created entries or gave numbers: its inverse does not restore the work
                          copy */
};

/* Derived revisions: in the person's name; after the store refused one, in nobody's; then none. */
enum derive_level { DERIVE_NAMED, DERIVE_NAMELESS, DERIVE_NOTHING };

struct oplog {
    struct oplog_options opt;
    struct oplog_handlers h;
    struct pl_doc *doc;
    struct pl_doc *work; /* NULL until needed */
    struct rev_ring ring;
    struct session *sessions;
    struct submission *queue;
    size_t queued;
    size_t queue_bytes;
    struct batch batch;
    bool building;
    struct pl_buf body;
    int64_t last_us; /* of the newest revision */
    int64_t work_us; /* of the newest revision of the batch */
    int64_t numbers_first;
    unsigned numbers_left;
    int64_t given_first; /* came while a batch was under way */
    unsigned given_n;
    bool wants_actions; /* this review got actions since it was opened: keep a few numbers */
    enum derive_level derive;
    uint64_t respaced_at;
    struct pl_eid *waiting; /* committed entries that should have a number and have none */
    size_t n_waiting;
    size_t waiting_cap;
    uint8_t salts[SALTS_DRAWN][32];
    unsigned salts_left;
    struct oplog_stats stats;
};

/* --- oplog.c */
void sub_answer(struct oplog *l, struct submission *sub, uint64_t rev, int code, const char *why);
struct session *session_find(const struct oplog *l, uint64_t client);
void session_note(struct session *s, uint64_t seq, uint64_t rev, int code, const char *why);
struct rev_rec *ring_get(const struct oplog *l, uint64_t rev);
void ring_push(struct oplog *l, struct rev_rec *rec); /* takes rec */
struct rev_rec *rec_new(const uint8_t *frame, size_t n);
void rec_free(struct rev_rec *rec);

/* --- oplog_build.c */
/* Rebase, check, apply to the work copy and encode; refusal in e. Used for derived ones too.
 * Empties the candidate. */
struct candidate {
    struct submission *sub; /* NULL: derived */
    uint64_t user;
    uint64_t device;
    struct pl_cs cs;
    struct pl_caret caret;
    uint64_t ops;
};
#define BATCH_AGAIN 1
int batch_add(struct oplog *l, struct candidate *c, struct pl_err *e) PL_MUST;

/* --- oplog_derive.c */
/* What the server owes after the newest item of the batch: numbers and new spacing. */
void derive_after(struct oplog *l, const struct pl_cs *cs, uint64_t user);
/* Numbers for entries that wait for one. */
void derive_waiting(struct oplog *l);
/* A revision was committed: keeps the list of waiting entries. */
void derive_note(struct oplog *l, const struct pl_cs *cs);
/* Looks through a whole document, once. */
void derive_scan(struct oplog *l);
bool derive_has_work(const struct oplog *l);

#endif
