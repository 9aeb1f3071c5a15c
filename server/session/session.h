// SPDX-License-Identifier: Apache-2.0
/*
 * One connection's conversation: bytes -> frames -> message -> handler, and frames back.
 *
 * States: HANDSHAKE -> (plimsoll-join/1) JOINING, or IDENTIFYING -> HELLO -> READY -> ENDED. A
 * device that is not in the registry never reaches HELLO. Deadlines: first frame, join, idle,
 * partial frame. Rates delay reading; they do not drop. Everything a connection owns goes with it.
 */
#ifndef PLIMSOLL_SERVER_SESSION_SESSION_H
#define PLIMSOLL_SERVER_SESSION_SESSION_H

#include <stdbool.h>
#include <stdint.h>

#include "net/stream.h"

struct sessions; /* all of this process */
struct services;

struct sessions_options {
    unsigned per_user;
    unsigned per_device;
    unsigned changesets_per_s; /* reading is delayed beyond; burst of two seconds */
    unsigned requests_per_s;
    uint64_t bytes_per_s; /* of edits */
    unsigned first_frame_ms;
    unsigned join_ms;
    unsigned ping_ms;         /* idle time before a Ping; twice unanswered ends it */
    const char *organisation; /* for Welcome; borrowed */
};

struct sessions *sessions_new(const struct services *services, const struct sessions_options *o);
/* Every session must have ended. */
void sessions_free(struct sessions *all);

/* For the listener: handlers, and the function that makes an owner. */
const struct stream_handlers *session_stream_handlers(void);
void *session_attach(void *ctx, struct stream *stream);

/* Tells everyone that the server goes away, and ends the sessions politely. */
void sessions_go_away(struct sessions *all, uint32_t reconnect_after_ms, const char *why);

/* Ends the sessions of a device. Without one (0), the sessions of a user, or all for user 0, have
 * the registry asked again, and end if it does not know them any more: the news may have been about
 * one review only, or may have been missed. */
void sessions_revoked(struct sessions *all, uint64_t device, uint64_t user);

struct sessions_stats {
    unsigned open, ready;
    uint64_t frames_in, frames_out, bad_frames, delayed;
};
void sessions_stats(const struct sessions *all, struct sessions_stats *out);

#endif
