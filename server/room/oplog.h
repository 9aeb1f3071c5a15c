// SPDX-License-Identifier: Apache-2.0
/*
 * The log of one open review, without a loop and without a database: the committed document, a ring
 * of its newest revisions, the sessions that write, and the queue of what they submitted.
 *
 * submit -> queue -> oplog_build_batch (rebase over what was committed since, check, number,
 * encode)
 * -> the caller appends the batch -> oplog_commit. When the append loses: oplog_abort, then
 * oplog_catch_up with what others wrote, then build again; when authors were refused: oplog_refuse.
 * After an unknown outcome: oplog_abort, oplog_catch_up with what the log holds; submissions found
 * there are answered, the rest is built again. At most one batch is under way.
 *
 * Batches are tried on a second document. A lost batch is taken back by its inverse, in proportion
 * to its changes; only a lost batch that created entries costs a copy of the document.
 */
#ifndef PLIMSOLL_SERVER_ROOM_OPLOG_H
#define PLIMSOLL_SERVER_ROOM_OPLOG_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "plimsoll/base/env.h"
#include "plimsoll/base/err.h"
#include "plimsoll/doc/doc.h"
#include "plimsoll/wire/message.h"

#include "store/repo_log.h"

#define OPLOG_BATCH_CHANGES 256u
#define OPLOG_BATCH_BYTES   (256u * 1024u)
#define OPLOG_KEY_RESPACE   40u /* an order key longer than this has its siblings spaced anew */

struct oplog;

/* Who submits what; `ctx` comes back with the answer. client 0: the server itself, for `user`. */
struct oplog_origin {
    uint64_t client;
    uint32_t epoch;
    uint64_t seq;
    uint64_t base; /* revision the changeset was made on */
    uint64_t user;
    uint64_t device;
    struct pl_caret caret_after;
    uint32_t undo_of;
    /* Commands: what their revision does besides; read after each judging. NULL, or kind NONE:
     * none. */
    const struct append_effect *effect;
    void *ctx;
};

/* Every queued submission is answered exactly once: rev > 0: committed and durable; else refused
 * with `code` (positive PL_E_...) as judged at the head of now. Codes that are not stored: BEHIND
 * (catch up, submit again), FENCED (the session is not the newest, or knows less than the log: it
 * must resume), GOING_AWAY. Called from build, commit, refuse, catch_up, session and free; must not
 * call the oplog. */
struct oplog_handlers {
    void (*answer)(void *ctx, const struct oplog_origin *o, uint64_t rev, int code,
                   const char *why);
    void *ctx;
};

struct oplog_options {
    uint64_t review;
    unsigned ring_revs;       /* newest revisions kept */
    size_t ring_bytes;        /* of their frames; at least the newest revision is kept */
    size_t queue_bytes;       /* oplog_is_full beyond this */
    const struct pl_env *env; /* clock and salts; borrowed */
};

/* take_doc: the committed state so far, NULL for revision 0. */
struct oplog *oplog_new(const struct oplog_options *opt, struct pl_doc *take_doc,
                        const struct oplog_handlers *h);
/* What is queued is answered with GOING_AWAY. NULL ok. */
void oplog_free(struct oplog *l);

uint64_t oplog_head(const struct oplog *l);
/* The committed document; borrowed, changes with commit and catch_up. */
const struct pl_doc *oplog_doc(const struct oplog *l);
/* State hash of the committed document. */
uint64_t oplog_digest(struct oplog *l);

/* Oldest revision of the ring; head + 1 when it is empty. */
uint64_t oplog_ring_first(const struct oplog *l);
/* The frame of a revision in the ring, borrowed until the oplog changes; NULL if it is not there.
 */
const uint8_t *oplog_frame(const struct oplog *l, uint64_t rev, size_t *n);

/* --- sessions ----------------------------------------------------------------------------------
 */

/* What the store knows of a session, at its opening. Submissions of older epochs that are still
 * queued are answered FENCED; those in the batch under way are left to the store's verdict. */
struct oplog_session {
    uint64_t client;
    uint32_t epoch;
    uint64_t last_seq;
    uint64_t last_rev; /* revision of last_seq; 0: it was refused, or nothing was submitted */
    uint32_t last_code;
    const char *last_why; /* copied; NULL ok */
};
void oplog_session_open(struct oplog *l, const struct oplog_session *o);
/* The session's member is gone; what it submitted stays queued. */
void oplog_session_close(struct oplog *l, uint64_t client, uint32_t epoch);
/* What is known now, or false. Borrowed until the oplog changes. */
bool oplog_session_get(const struct oplog *l, uint64_t client, struct oplog_session *out);

/* --- submitting --------------------------------------------------------------------------------
 */

enum oplog_taken {
    OPLOG_QUEUED = 0,
    OPLOG_UNDER_WAY = 1, /* the same (client, seq) is queued already: its answer will come */
    OPLOG_KNOWN = 2      /* the same (client, seq) was answered before: see oplog_session_get */
};

/* Takes a changeset (take_cs is emptied in any case). An enum oplog_taken, or, without any effect:
 * -PL_E_FENCED (no such session, other epoch), -PL_E_BEHIND (base more than PL_BASE_LAG_MAX behind
 * the head or older than the ring), -PL_E_BAD_STATE (base beyond the head, an older seq, or another
 * changeset of this client is queued), -PL_E_BUSY (the queue is over twice its limit). */
int oplog_submit(struct oplog *l, const struct oplog_origin *o, struct pl_cs *take_cs,
                 struct pl_err *e) PL_MUST;

/* Makes a changeset on the document as it stands when the batch is made, and again when that batch
 * was lost; the server's own writes may be in it. cs comes initialised and empty, *ops as 0: the
 * permissions that the store asks for under its lock. Leaving cs empty means that it is so already.
 * Negative with a reason: refused. Must not call the oplog. */
typedef int (*oplog_judge_cb)(void *ctx, const struct pl_doc *newest, int64_t now_us,
                              struct pl_cs *cs, uint64_t *ops, struct pl_err *e);

/* Queues a judge instead of a changeset. Of o only user, device, effect and ctx count: it is client
 * 0. judge_ctx and *effect must live until the answer. OPLOG_QUEUED or -PL_E_BUSY. The answer to an
 * empty changeset is the head. */
int oplog_command(struct oplog *l, const struct oplog_origin *o, oplog_judge_cb judge,
                  void *judge_ctx, struct pl_err *e) PL_MUST;

/* True while the queue is over its limit in bytes. */
bool oplog_is_full(const struct oplog *l);
/* Is there anything to build a batch of? */
bool oplog_has_work(const struct oplog *l);

/* --- batches -----------------------------------------------------------------------------------
 */

/* What to append: see struct append_request. Borrowed until commit, abort or refuse. Server-made
 * revisions (numbers, spacing) stand behind the changeset that called for them, as client 0: so
 * client 0 may occur more than once in a batch. */
struct oplog_batch {
    uint64_t expect_head;
    uint32_t n_revs;
    const uint8_t *body;
    size_t n_body;
    const struct append_author *authors; /* one per revision, in order */
    size_t n_authors;
    const struct append_refusal *refusals;
    size_t n_refusals;
    const struct append_face *face; /* what lists show, if the batch changes any of it; else NULL */
    const struct append_effect *effect; /* of the revision at index effect_at; NULL: none */
    uint32_t effect_at;
    const char *rows; /* of the projections, if any changes; else NULL */
};

/* Makes the next batch of the queue, at most OPLOG_BATCH_CHANGES changesets and about
 * OPLOG_BATCH_BYTES; NULL when there is nothing to write. A batch ends behind a change of the
 * review's status, since the store judges rights by the status before it, and behind an effect. No
 * batch may be under way. */
const struct oplog_batch *oplog_build_batch(struct oplog *l);
bool oplog_is_building(const struct oplog *l); /* a batch is under way */

/* The batch is durable: its revisions are the newest now. */
void oplog_commit(struct oplog *l);

/* Nothing was written, or nobody knows (`unknown`: numbers taken for it are not used again): what
 * was in the batch is queued again, in order. */
void oplog_abort(struct oplog *l, bool unknown);

/* Nothing but refusals was written. verdicts[n_authors]: who was fenced is answered; what may not
 * be is refused with the next batch, so that it is stored, and answered then; the rest is queued
 * again. Returns how many were settled so or so: 0 means that building again would be refused
 * again. */
size_t oplog_refuse(struct oplog *l, const enum author_verdict *verdicts);

/* Revisions written by others (or by this process with an outcome unknown): frames one behind the
 * other, oldest first. Those not beyond the head are skipped; a gap, a frame of another review or
 * one that does not fit the document is -PL_E_STORE: the review must be loaded again. No batch may
 * be under way. */
int oplog_catch_up(struct oplog *l, const void *body, size_t n, struct pl_err *e) PL_MUST;

/* --- numbers of actions -------------------------------------------------------------------------
 */

/* How many numbers of the organisation should be reserved now (0: enough). */
unsigned oplog_wants_numbers(const struct oplog *l);
/* Gives n numbers from `first`. Actions that wait for one get it with the next batch. */
void oplog_give_numbers(struct oplog *l, int64_t first, unsigned n);

struct oplog_stats {
    size_t queued; /* submissions */
    size_t queue_bytes;
    size_t ring_revs;
    size_t ring_bytes;
    uint64_t committed; /* revisions of own batches */
    uint64_t refused;
    uint64_t rebases; /* changeset over changeset */
    uint64_t lost;    /* batches taken back */
    uint64_t copies;  /* of the document, for a batch taken back */
};
void oplog_stats(const struct oplog *l, struct oplog_stats *out);

/* The document of the snapshot that a loading begins with, checked against its revision and hash:
 * *doc is the caller's, NULL when there is no snapshot. -PL_E_STORE: it is not what was stored;
 * forget it (repo_snapshot_drop) and load again. */
struct load_part;
int oplog_snapshot(const struct load_part *part, struct pl_doc **doc, struct pl_err *e) PL_MUST;

#endif
