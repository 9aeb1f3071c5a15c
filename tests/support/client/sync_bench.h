// SPDX-License-Identifier: Apache-2.0
/*
 * A sync machine on the bench: what it sends is kept, and the answers of a server are put in by
 * hand. The document at the start is revision 1: the root's impact text "hello world", severity 2,
 * an event {0, 1} with body "abc" and a cause {0, 2}.
 */
#ifndef TESTS_SUPPORT_CLIENT_SYNC_BENCH_H
#define TESTS_SUPPORT_CLIENT_SYNC_BENCH_H

#include <stdbool.h>
#include <stdint.h>

#include "sync/sync.h"

#define BENCH_REVIEW 9
#define BENCH_CLIENT 0x77ULL
#define BENCH_OTHER  0x88ULL
#define BENCH_USER   5
#define BENCH_SENT   64
#define BENCH_EVENT  ((struct pl_eid){0, 1})
#define BENCH_CAUSE  ((struct pl_eid){0, 2})

struct bench_sent {
    enum pl_msg_type type;
    uint64_t seq, base, have, rev, token;
    uint32_t epoch, rid, undo_of;
    struct pl_caret caret;
    struct pl_cs cs;
};

struct bench {
    struct sync *s;
    int64_t now_us;
    uint64_t head; /* of the server */
    uint32_t epoch;
    struct pl_doc *doc; /* of the server */
    struct bench_sent sent[BENCH_SENT];
    unsigned n_sent;
    struct pl_buf saved, events; /* the journal, when keep is set */
    bool keep;
    unsigned changed, reset, refused, skipped, peers;
    int refused_code;
    struct pl_cs lost; /* the last one */
    uint64_t skipped_user;
    struct pl_peer peer;
};

/* A machine that is live at revision 1. */
void bench_init(struct bench *b);
/* The same without a connection and without a document. */
void bench_init_offline(struct bench *b);
void bench_release(struct bench *b);

/* Connects, answers Open; last_*: what the server tells about the session. */
void bench_connect(struct bench *b);
void bench_opened(struct bench *b, uint64_t last_seq, uint64_t last_rev, uint32_t last_code);
void bench_opened_snapshot(struct bench *b, uint64_t last_seq, uint64_t last_rev);
/* The last message sent of a type; NULL: none. */
struct bench_sent *bench_last(struct bench *b, enum pl_msg_type type);
unsigned bench_count(const struct bench *b, enum pl_msg_type type);

/* A revision by `client` (take_cs is moved); returns what sync_receive did. */
int bench_rev(struct bench *b, uint64_t client, uint64_t seq, struct pl_cs *take_cs);
/* Acknowledges the last Submit with what was sent. */
void bench_ack(struct bench *b);
void bench_nack(struct bench *b, int code, uint64_t at_rev);

/* Edits. Text edits are of the root's impact. */
int bench_type(struct bench *b, uint32_t pos, const char *text, bool group);
int bench_erase(struct bench *b, uint32_t pos, uint32_t n, bool group);
int bench_severity(struct bench *b, int64_t v);
struct pl_eid bench_create(struct bench *b, const char *text);
void bench_other_types(struct bench *b, uint32_t pos, const char *text);
void bench_other_erases(struct bench *b, uint32_t pos, uint32_t n);
void bench_other_severity(struct bench *b, int64_t v);

/* The root's impact text in the view; and the severity. */
const char *bench_text(struct bench *b);
int64_t bench_severity_now(struct bench *b);
/* Fails the test unless the view is base + in flight + pending. */
void bench_check(struct bench *b);
/* Starts again from the journal. */
void bench_restart(struct bench *b);

#endif
