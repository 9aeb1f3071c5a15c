// SPDX-License-Identifier: Apache-2.0
/*
 * Inside of the client's copy of a review, private to client/sync.
 *
 * Local changes stand in a list of batches, each of a size that one Submit can carry: the one under
 * way (`inflight`, frozen) and those behind it (`queue`). view = base + inflight + queue, always.
 * Undo steps remember by batch number which changeset each of their parts went with.
 */
#ifndef PLIMSOLL_CLIENT_SYNC_SYNC_INT_H
#define PLIMSOLL_CLIENT_SYNC_SYNC_INT_H

#include "sync/sync.h"

#include "plimsoll/wire/limits.h"

#include "sync/fault.h"

#define SYNC_BATCH_BYTES 40960u /* soft: a batch takes no more edits beyond it */
#define SYNC_UNDO_STEPS  1000u
#define SYNC_UNDO_BYTES  (16u * 1024u * 1024u)
#define SYNC_OVER_COMPS  256u /* components of a chunk of an undo step's `over` */
#define SYNC_GROUP_US    1000000
#define SYNC_RING        1024u /* text ops of past revisions kept for peers' carets */
#define SYNC_RING_COMPS  64u   /* an op with more components is not kept */
#define SYNC_DELTA_BYTES (8u * 1024u * 1024u)
#define SYNC_DELTA_LAZY                                                      \
    32768u /* others' revisions are journaled when so much has come together \
            */
#define SYNC_LAZY_US        1000000
#define SYNC_ACK_MIN_US     2000000
#define SYNC_REOPEN_MIN_US  500000
#define SYNC_REOPEN_MAX_US  30000000
#define SYNC_PRESENCE_US    (1000000 / PL_PRESENCE_PER_S)
#define SYNC_PRESENCE_AGAIN 5000000 /* an unchanged caret is told again before it expires */

/* A changeset of local changes that are not acknowledged. */
struct sync_batch {
    struct pl_cs cs;
    uint64_t id;             /* ascending; never 0 */
    uint32_t undo_of;        /* 1 undo, 2 redo, 0 neither or mixed */
    bool more;               /* first part of a batch cut in two: the rest has the same id */
    bool carried;            /* over a snapshot: the server holds it in another form */
    bool hit;                /* lost slots by a refusal that is being worked off */
    int64_t since_us;        /* first change in it; 0: not known (from the journal) */
    struct sync_batch *prev; /* utlist */
    struct sync_batch *next;
};

/* Part of an undo step that belongs to one changeset. */
struct undo_part {
    uint64_t batch; /* 0: acknowledged */
    struct pl_cs cs;
};

/* A step: parts from old to new; to undo, the newest is applied first. `over`: what happened to the
 * texts of the view since the step was made and before the step above it was, oldest first, in
 * chunks. The parts are carried over it only when the step is wanted. */
struct undo_step {
    struct pl_cs *over;
    uint32_t n_over;
    uint32_t cap_over;
    struct undo_part *parts;
    uint32_t n;
    uint32_t cap;
    size_t bytes;  /* about */
    int64_t at_us; /* last edit that joined */
    int mode;      /* what may join: 0 nothing, 1 typing, 2 erasing */
    char last;     /* last character typed, as far as it matters */
    struct pl_eid eid;
    uint32_t field;
    uint32_t edge;          /* where the next character would have to go */
    struct undo_step *prev; /* utlist; head is the top */
    struct undo_step *next;
};

struct undo_stack {
    struct undo_step *top;
    uint32_t n;
    size_t bytes;
};

/* A text op of a past revision without its text, for mapping positions. */
struct ring_op {
    uint64_t rev;
    struct pl_eid eid;
    uint32_t field;
    uint32_t n; /* components; UINT32_MAX: too many, positions in this field are lost */
    uint64_t *comps;
};

enum sync_flight { FLIGHT_NONE, FLIGHT_UNSENT, FLIGHT_SENT, FLIGHT_COMMITTED };

struct sync {
    uint64_t review;
    uint64_t client;
    struct sync_handlers h;
    bool muted;     /* replaying: handlers are not called, nothing is journaled */
    bool joins_all; /* replaying an edit that was composed into any batch with room */
    int64_t now_us;

    struct pl_doc *base;
    struct pl_doc *view;
    uint64_t rev;
    uint64_t seq;        /* last one used */
    uint64_t last_batch; /* last batch number given out */
    uint32_t last_n;     /* last entry counter given out */
    struct sync_batch *inflight;
    struct sync_batch *queue;
    enum sync_flight flight;
    uint64_t resend_rev; /* UNSENT after BEHIND: not before this revision is held */

    enum sync_link link;
    bool gone;
    bool redial;
    bool want_snapshot; /* our copy is no good: the next Open asks for all */
    uint32_t rid;
    uint32_t epoch;
    uint32_t role;
    uint32_t status;
    uint64_t perms;
    uint64_t live_rev; /* live when this revision is held */
    uint64_t
        decided; /* number of our session that the server has decided and we do not know; or 0 */
    unsigned refused;
    unsigned acked;
    int64_t reopen_us; /* 0: not due */
    unsigned reopens;  /* in a row */
    int64_t wait_us;   /* since when an answer is awaited; 0: none is */
    int64_t rtt_us;
    uint64_t ping_token; /* 0: none out */
    int64_t ping_us;
    unsigned pongs; /* since wait_us */

    struct pl_buf snap;
    uint64_t snap_rev;
    uint64_t snap_total;
    bool in_snapshot;
    uint64_t opened_last_rev; /* of the in-flight changeset, when FLIGHT_COMMITTED */

    struct undo_stack undo;
    struct undo_stack redo;

    struct pl_caret caret; /* in the view */
    enum pl_presence_state presence;
    uint32_t stage;
    bool caret_dirty;
    int64_t presence_us;
    struct ring_op *ring; /* SYNC_RING of them */
    uint32_t ring_at;
    uint64_t ring_from; /* positions at this revision or later can be mapped */

    struct pl_buf delta;
    bool must_save;
    bool journal_due;
    int64_t lazy_us; /* since when others' revisions wait for the journal */

#ifdef PL_SYNC_FAULTS
    struct pl_rev held; /* SYNC_FAULT_COMPOSED */
    unsigned n_held;
#endif
};

/* --- batch.c ---------------------------------------------------------------------------------- */

struct sync_batch *sync_batch_new(struct sync *s, struct pl_cs *take_cs);
void sync_batch_free(struct sync_batch *b);
/* Upper bound of the encoded size. */
size_t sync_cs_cost(const struct pl_cs *cs);
/* Moves a first part of `cs`, within the limits, to `head`: entries before what is in them, so that
 * each part stands by itself. True while something is left in cs. */
bool sync_cs_cut(struct pl_cs *cs, struct pl_cs *head_uninit, size_t max_bytes);
/* Puts one piece of an edit (within the limits) into the queue, composed into its last batch when
 * it goes on with that; returns its batch. */
struct sync_batch *sync_queue_add(struct sync *s, const struct pl_cs *cs, uint32_t undo_of);
/* Drops batches that have become empty. */
void sync_queue_tidy(struct sync *s);
/* Moves slot i of `from` into `to`, composing. */
void sync_slot_move(struct pl_cs *to, struct pl_cs *from, uint32_t i);
/* Moves the head of the queue to inflight with the next seq. */
void sync_take_off(struct sync *s);
/* A new view from base, inflight and queue. Old entry pointers are dead after it. */
void sync_rebuild_view(struct sync *s);
/* Transforms all local changes over `c` (later: they; c becomes what the view takes). */
int sync_local_over(struct sync *s, struct pl_cs *c, struct pl_err *e) PL_MUST;

/* --- local.c ---------------------------------------------------------------------------------- */

/* Does the change fit the view? Gives its texts what they delete. */
int sync_judge(struct sync *s, struct pl_cs *cs, struct pl_err *e) PL_MUST;
/* Applies a judged changeset, texts filled, to the view and queues it; its inverse goes to `step`
 * of `st` (both may be NULL). */
void sync_local_apply(struct sync *s, struct pl_cs *take_cs, uint32_t undo_of,
                      struct undo_stack *st, struct undo_step *step);
/* Journals, and sends what can be sent now. */
void sync_flush(struct sync *s);
/* Sends the in-flight changeset under the present epoch. */
void sync_send_inflight(struct sync *s);
/* Calls the journal handler if something waits for it. */
void sync_journal(struct sync *s);

/* --- link.c ----------------------------------------------------------------------------------- */

void sync_open(struct sync *s);
/* Out of step: asks for a snapshot. Returns rc for the caller to pass on. */
int sync_resync(struct sync *s, int rc);
/* Opens again after a while, twice as long each time. */
void sync_reopen_later(struct sync *s);
/* True for a refusal that is none: the same change may be sent again. */
bool sync_code_is_retry(uint32_t code);
void sync_set_gone(struct sync *s);
int sync_on_opened(struct sync *s, const struct pl_opened *m, struct pl_err *e) PL_MUST;
void sync_on_rights(struct sync *s, const struct pl_rights *m);
void sync_on_error(struct sync *s, const struct pl_error *m);
void sync_on_pong(struct sync *s, const struct pl_pong *m);
/* Live, if everything has come that was to come. */
void sync_check_live(struct sync *s);

/* --- receive.c -------------------------------------------------------------------------------- */

int sync_take_rev(struct sync *s, const struct pl_rev *r, struct pl_err *e) PL_MUST;
#ifdef PL_SYNC_FAULTS
void sync_fault_flush(struct sync *s);
#endif
void sync_tell_status(struct sync *s);
void sync_tell_changed(struct sync *s, const struct pl_cs *cs, const struct pl_rev *r, bool remote);
void sync_tell_reset(struct sync *s);

/* --- refuse.c --------------------------------------------------------------------------------- */

/* Rolls the in-flight changeset back, and of the queue what cannot stand without it. */
void sync_refuse(struct sync *s, int code, const char *why);
/* Puts aside everything local. */
void sync_refuse_all(struct sync *s, int code, const char *why);
/* Moves what cannot stand without `lost` (or, same_slot, sets a slot of it again) out of the queue
 * into it; batches that gave something are marked `hit`. */
void sync_collect_dependent(struct sync *s, struct pl_cs *lost, bool same_slot);
/* Tells that `lost` was put aside. */
void sync_tell_refused(struct sync *s, int code, const char *why, const struct pl_cs *lost);

/* --- snapshot.c ------------------------------------------------------------------------------- */

int sync_on_snapshot(struct sync *s, const struct pl_snapshot *m, struct pl_err *e) PL_MUST;
void sync_snapshot_start(struct sync *s);

/* --- undo.c ----------------------------------------------------------------------------------- */

struct undo_step *sync_undo_push(struct undo_stack *st);
void sync_undo_pop(struct undo_stack *st, struct undo_step *step);
void sync_undo_clear(struct undo_stack *st);
/* The inverse of what went into `batch` joins the step (moved). */
void sync_undo_add(struct undo_stack *st, struct undo_step *step, uint64_t batch,
                   struct pl_cs *take_inverse);
/* The top step if `cs` continues it; NULL: begin a new one. Then notes where it ended. */
struct undo_step *sync_undo_joins(struct sync *s, const struct pl_cs *cs);
void sync_undo_note(struct sync *s, struct undo_step *step, const struct pl_cs *cs, bool group);
/* A change of the view that is no step: both stacks will have to be carried over its texts. */
void sync_undo_map(struct sync *s, const struct pl_cs *view_cs);
/* Slots that somebody else set leave both stacks. */
void sync_undo_skip(struct sync *s, const struct pl_cs *cs, uint64_t user);
void sync_undo_acked(struct sync *s, uint64_t batch);
/* Steps of batch `gone` and of batches marked `hit` go; the others will be carried over `view_cs`.
 */
void sync_undo_refused(struct sync *s, uint64_t gone, const struct pl_cs *view_cs,
                       const struct pl_cs *lost);

/* --- caret.c ---------------------------------------------------------------------------------- */

void sync_ring_add(struct sync *s, const struct pl_rev *r);
void sync_ring_reset(struct sync *s); /* positions before the present revision cannot be mapped */
void sync_ring_free(struct sync *s);
void sync_caret_map(struct sync *s, const struct pl_cs *view_cs);
void sync_presence_due(struct sync *s);
void sync_tell_peer_of_rev(struct sync *s, const struct pl_rev *r);

/* --- save.c ----------------------------------------------------------------------------------- */

void sync_note_edit(struct sync *s, const struct pl_cs *cs, uint32_t undo_of);
void sync_note_send(struct sync *s);
void sync_note_rev(struct sync *s, const struct pl_rev *r);
void sync_note_refused(struct sync *s, int code);
void sync_note_all(struct sync *s); /* only a full save will do */

#endif
