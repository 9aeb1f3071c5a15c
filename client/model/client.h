// SPDX-License-Identifier: Apache-2.0
/*
 * What screens and verbs work with: one server (link), requests with answers, and open reviews with
 * their journals. Both programs faces, full screen and command line, go through this and through
 * model/acts.h, so that whatever one can do the other does the same way.
 *
 * Works without a server: a review that this machine has a journal or cached copy of can be opened
 * and edited; what is typed is kept and sent when the link is back.
 */
#ifndef PLIMSOLL_CLIENT_MODEL_CLIENT_H
#define PLIMSOLL_CLIENT_MODEL_CLIENT_H

#include <stdbool.h>
#include <stdint.h>
#include <uv.h>

#include "plimsoll/base/err.h"
#include "plimsoll/wire/message.h"

#include "net/link.h"
#include "net/trust.h"
#include "sync/sync.h"

struct client;
struct review; /* one open review */

struct client_options {
    const char *state_dir; /* NULL: $XDG_STATE_HOME/plimsoll, else ~/.local/state/plimsoll */
    const char *server;    /* "host:port" instead of the profile's; NULL */
    bool offline;          /* do not dial */
    bool watch_log;        /* hold the server's audit log against what this device saw (seen.h) */
};

struct client_handlers {
    /* The link changed. why is "" when it went well. retry_ms: next attempt, -1 never. */
    void (*link)(void *ctx, enum link_state state, int code, const char *why, int64_t retry_ms);
    void *ctx;
};

/* Starts dialling. profile is borrowed and must outlive it. */
int client_new(struct client **out, uv_loop_t *loop, const struct trust_profile *profile,
               const struct client_options *o, const struct client_handlers *h,
               struct pl_err *e) PL_MUST;

/* Closes reviews (journals fsynced), then the link; cb when the loop no longer knows it. */
void client_close(struct client *c, void (*cb)(void *ctx), void *ctx);

enum link_state client_link_state(const struct client *c);
uint64_t client_retry_in_ms(const struct client *c);
/* Dials now, if it was waiting. */
void client_redial(struct client *c);

/* "host:port" of the profile. */
void client_host(const struct client *c, char *out, size_t size);
/* What journals are filed under: server and device, since the server ties a session to the device
 * that began it. */
void client_journal_host(const struct client *c, char *out, size_t size);

/* The folder of journals and rescue files when nothing else is asked for. */
int client_state_preset(char *out, size_t size, struct pl_err *e) PL_MUST;

/* What was seen of the server's audit log; NULL unless watch_log. Is a question about it under way?
 * When the server's log is not the one seen, the link stops with PL_E_ROLLBACK. */
struct seen;
const struct seen *client_seen(const struct client *c);
bool client_asks_log(const struct client *c);
/* Asks now (and at each connection), if it is up. */
void client_ask_log(struct client *c);

/* Greeting of the server: who we are there. NULL until first up. Borrowed. */
const struct pl_welcome *client_welcome(const struct client *c);
/* The server's time now, microseconds since 1970, as its greeting said and this machine has counted
 * on since; this machine's own time before the first greeting. */
int64_t client_server_us(const struct client *c);
/* A request: its rid is set here. It is sent when the link is up, and answered once: with the reply
 * (borrowed, of the kind that belongs to the request: model/reply.h), or rc < 0 (-PL_E_TIMEOUT,
 * -PL_E_CLOSED, -PL_E_BAD_MESSAGE for an answer of another kind, or what an Error message said).
 * m's strings must live until this returns. */
typedef void (*client_reply_cb)(void *ctx, int rc, struct pl_msg *reply, const struct pl_err *e);
void client_call(struct client *c, struct pl_msg *m, uint64_t timeout_ms, client_reply_cb cb,
                 void *ctx);
/* Requests with this ctx end without being answered: who asked is going away. */
void client_forget(struct client *c, const void *ctx);

/* --- reviews ------------------------------------------------------------------------------------
 */

struct review_handlers {
    /* First copy is here (rc 0), or it cannot be opened (rc < 0): close it, here or later. */
    void (*opened)(void *ctx, int rc, const struct pl_err *e);
    /* As struct sync_handlers; each may be NULL. */
    void (*changed)(void *ctx, const struct pl_cs *cs, const struct pl_rev *rev, bool remote);
    void (*reset)(void *ctx);
    void (*refused)(void *ctx, int code, const char *why, const struct pl_cs *lost);
    void (*status)(void *ctx);
    void (*peer)(void *ctx, const struct pl_peer *p);
    void (*undo_skipped)(void *ctx, struct pl_eid eid, uint32_t field, uint64_t user);
    /* ok false: what is typed is only in memory, since the disk refuses; true: it is safe again.
     * Comes from inside of edits: do not change the review in it. */
    void (*journal)(void *ctx, bool ok, const char *why);
    /* A word of the server to everyone in the review: News. */
    void (*news)(void *ctx, uint32_t kind, const char *text);
    void *ctx;
};

/* Opens a review: from its journal when there is one (so it is there at once), then from the
 * server. read_only: no session, no journal (verbs that only show). */
int review_open(struct review **out, struct client *c, uint64_t id, bool read_only,
                const struct review_handlers *h, struct pl_err *e) PL_MUST;

/* Calls `opened` now if a copy is here already, and not at the next turn of the loop. */
void review_hurry(struct review *r);

/* Journal to disk, leave the room, free. Unsaved edits stay in the journal. */
void review_close(struct review *r);

struct sync *review_sync(struct review *r);
const struct pl_doc *review_doc(const struct review *r); /* the view */
uint64_t review_id(const struct review *r);
uint64_t review_user(const struct review *r); /* who we are on its server */
/* Writes and fsyncs the journal now; an error when what was typed is only in memory. */
int review_keep(struct review *r, struct pl_err *e) PL_MUST;
/* NULL: what is typed is safe on this machine's disk (or nothing can be typed). Else the reason why
 * it is only in memory; borrowed until the next change. */
const char *review_journal_trouble(const struct review *r);
/* NULL, or the file to which the journal was put aside because it was damaged when it was opened
 * ("": it could not be moved). What could be read of it is in the review. */
const char *review_damaged_path(const struct review *r);
/* File that holds what the last refusal took away; "" when there was none. */
const char *review_rescue_path(const struct review *r);
/* Why there is no such file for it although something was taken away: what the disk said. */
const char *review_rescue_trouble(const struct review *r);
bool review_is_loaded(const struct review *r); /* a copy is here */

/* People who are here now, oneself not included; borrowed until the next loop turn. */
size_t review_peers(const struct review *r, const struct pl_peer **out, size_t max);

/* A local change now: sync_edit with this loop's clock. take_cs is moved. */
int review_edit(struct review *r, struct pl_cs *take_cs, bool group, struct pl_err *e) PL_MUST;
int review_undo(struct review *r, struct pl_err *e) PL_MUST; /* 1 done, 0 nothing to do */
int review_redo(struct review *r, struct pl_err *e) PL_MUST;
void review_caret(struct review *r, const struct pl_caret *caret, enum pl_presence_state state,
                  uint32_t stage);

#endif
