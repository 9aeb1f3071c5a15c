// SPDX-License-Identifier: Apache-2.0
/*
 * Inside session/: the struct that session.c, handshake.c and router.c share.
 */
#ifndef PLIMSOLL_SERVER_SESSION_SESSION_INTERNAL_H
#define PLIMSOLL_SERVER_SESSION_SESSION_INTERNAL_H

#include "plimsoll/base/arena.h"
#include "plimsoll/base/buf.h"
#include "plimsoll/base/fsm.h"
#include "plimsoll/base/log.h"
#include "plimsoll/wire/frame.h"

#include "cmd/caller.h"
#include "session/rate.h"
#include "session/session.h"

enum session_state {
    SESSION_HANDSHAKE,
    SESSION_IDENTIFYING,
    SESSION_JOINING,
    SESSION_HELLO,
    SESSION_READY,
    SESSION_ENDED
};

struct lookup; /* an identity or enrolment question under way */

struct session {
    struct caller caller;
    struct sessions *all;
    struct stream *stream;
    struct pl_fsm fsm;
    struct pl_log_ctx log;
    struct pl_frame_reader reader;
    struct pl_arena arena; /* of the message being handled */
    struct pl_buf out;     /* replies that wait for the next flush */
    struct lookup *lookup;
    struct rate changesets, requests, bytes;
    bool is_paused;
    bool is_flooded;   /* a notice did not fit: it ends at the next tick */
    bool is_ending;    /* drop was asked for; nothing more is handled */
    bool must_recheck; /* ask the registry again who this is */
    bool got_join;     /* the one JoinHello has come */
    uint64_t id;
    uint64_t state_ms;   /* entered the present state */
    uint64_t heard_ms;   /* last frame */
    unsigned pings;      /* unanswered */
    size_t partial_seen; /* progress of an incomplete frame */
    uint64_t partial_ms;
    uint64_t rx, tx; /* frames */
    int64_t cert_expires_us;
    struct session *prev, *next;
};

struct sessions {
    const struct services *services;
    struct sessions_options opt;
    struct session *list;
    struct sessions_stats stats;
    struct pl_log_rate bad_rate;
    uint64_t next_id;
    bool going_away;
};

/* session.c */
void session_enter(struct session *s, enum session_state state);
void session_send(struct session *s, const struct pl_msg *m);
/* Error to the peer (when it speaks frames already), then the end. First reason wins. */
void session_drop(struct session *s, int code, const char *why);
/* Stops or goes on reading as rates and full rooms demand. */
void session_regulate(struct session *s, uint64_t now_ms);

/* handshake.c */
void handshake_begin(struct session *s);
void handshake_hello(struct session *s, const struct pl_hello *h);
void handshake_join(struct session *s, const struct pl_join_hello *j);
/* Asks the registry again when that is due; ends the session if it is known no more. */
void handshake_recheck(struct session *s);
/* The session ends while a question is under way. */
void handshake_forget(struct session *s);

/* router.c */
void router_frame(struct session *s, const struct pl_frame *f);

#endif
