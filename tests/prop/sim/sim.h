// SPDX-License-Identifier: Apache-2.0
/*
 * The whole protocol in one process: clients (client/sync), two server nodes (server/room/oplog),
 * an in-memory store with sessions and compare-and-append, and a network that loses, delays and
 * repeats.
 *
 * A schedule is a list of steps whose numbers are taken modulo what there is, so that any part of
 * it can be left out and the rest still runs: that is how a failing one is made smaller. Every
 * typed character is a scalar of its own, so that loss, doubling and broken runs can be told
 * exactly. A check that fails sets world.failed and ends the run.
 */
#ifndef TESTS_PROP_SIM_H
#define TESTS_PROP_SIM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "plimsoll/base/env.h"
#include "plimsoll/base/rng.h"
#include "plimsoll/wire/message.h"

#include "room/oplog.h"
#include "sync/sync.h"

#define SIM_CLIENTS    5
#define SIM_NODES      2
#define SIM_REVIEW     77
#define SIM_CHARS      8192
#define SIM_CHAR_FIRST 0x3400u
#define SIM_CLIENT_ID  0x1000u
#define SIM_STEPS_MAX  700

/* --- schedule -----------------------------------------------------------------------------------
 */

struct step {
    uint32_t kind;
    uint32_t a, b, c, d;
};

struct settings {
    unsigned clients;
    unsigned nodes;
    unsigned snap_lag;  /* a client further behind is given a snapshot */
    unsigned ring_revs; /* of a node */
    bool keep_root;     /* nothing is deleted of the root's text: for following typed runs */
    bool no_fence;      /* the broken store of negative control 2 */
};

struct schedule {
    uint64_t seed;
    struct settings set;
    struct step steps[SIM_STEPS_MAX];
    unsigned n;
};

/* --- network ------------------------------------------------------------------------------------
 */

struct packet {
    struct packet *prev, *next; /* utlist */
    size_t n;
    uint8_t bytes[];
};

/* One connection of one client to one node; both directions are in order. A dead one still delivers
 * what was sent to the server, late. Lives until the run ends. */
struct conn {
    struct conn *prev, *next;
    unsigned client;
    unsigned node;
    bool dead; /* the client has let it go */
    bool cut;  /* the server does not listen any more */
    struct packet *up, *down;
    struct packet *last_submit; /* repeated by a dead connection */
    /* the server's side */
    bool open;
    uint32_t epoch;
    uint64_t next_rev;
    bool synced;
};

/* --- store --------------------------------------------------------------------------------------
 */

struct stored_session {
    uint32_t epoch;
    uint64_t last_seq, last_rev;
    uint32_t last_code;
};

struct stored_rev {
    uint8_t *frame;
    size_t n;
    uint64_t client, seq;
};

struct append_copy {
    bool used;
    uint64_t expect_head;
    uint32_t n_revs;
    struct pl_buf body;
    struct append_author authors[64];
    size_t n_authors;
    struct append_refusal refusals[64];
    size_t n_refusals;
};

struct sim_store {
    struct stored_rev *revs; /* revision i + 1 */
    size_t n, cap;
    struct pl_doc *fold;
    struct stored_session sessions[SIM_CLIENTS];
    uint32_t roles[SIM_CLIENTS];
    struct pl_buf snapshot;
    uint64_t snapshot_rev;
};

/* --- nodes --------------------------------------------------------------------------------------
 */

enum append_state { APPEND_NONE, APPEND_SENT, APPEND_DONE };

struct node {
    struct world *w;
    unsigned no;
    struct oplog *log;
    enum append_state state;
    struct append_copy append;
    enum append_outcome outcome;
    enum author_verdict verdicts[64];
    struct append_copy orphan; /* of a node that died: may still arrive */
};

/* --- clients ------------------------------------------------------------------------------------
 */

enum acting { ACT_NONE, ACT_EDIT, ACT_UNDO, ACT_REDO };

struct sim_client {
    struct world *w;
    unsigned no;
    uint64_t id;
    struct sync *sync;
    struct conn *conn;    /* NULL: offline */
    struct pl_buf saved;  /* the journal: whole state */
    struct pl_buf events; /* and what came after */
    struct pl_caret caret;
    enum acting acting;
    bool touched;        /* since the last check */
    uint32_t run_last;   /* last character of the run that is being typed; 0: none */
    struct pl_peer peer; /* last one heard of */
    uint8_t inserted[SIM_CHARS / 8];
    uint8_t deleted[SIM_CHARS / 8];
    uint8_t foreign[64]; /* registers last set by somebody else, by hash of the slot */
};

/* What is known of a typed character. */
struct sim_char {
    uint8_t author; /* client + 1; 0: never typed */
    bool deleted;   /* somebody deleted it, at some time */
    bool refused;
    bool split;     /* something was put right behind it on purpose */
    uint16_t again; /* inserted again by undo and redo */
    uint16_t committed;
    uint32_t run_next; /* the one typed right after it in one go; 0: none */
};

struct sim_counts {
    uint64_t runs, steps, revs, edits, undos, refused, fenced, resends, duplicates, snapshots,
        crashes, failovers, behind, pairs;
};

struct world {
    const struct schedule *schedule;
    struct settings set;
    struct pl_env_fake env;
    int64_t now_us;
    struct sim_store store;
    struct node nodes[SIM_NODES];
    struct sim_client clients[SIM_CLIENTS];
    struct conn *conns;
    struct sim_char chars[SIM_CHARS];
    uint32_t n_chars;  /* given out */
    bool root_deleted; /* somebody deleted something of the text of the root */
    bool failed;
    char why[400];
    struct sim_counts *counts;
};

/* Notes the first failure. */
void sim_fail(struct world *w, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

/* net.c */
struct conn *conn_new(struct world *w, unsigned client, unsigned node);
void conn_drop(struct world *w, struct conn *c);
void conn_free_all(struct world *w);
void packet_add(struct packet **list, const struct pl_buf *bytes);
void packet_send(struct packet **list, const struct pl_msg *m);
struct packet *packet_take(struct packet **list);
/* Delivers one packet; false when there was none. */
bool conn_deliver_up(struct world *w, struct conn *c);
bool conn_deliver_down(struct world *w, struct conn *c);

/* store.c */
void store_init(struct world *w);
void store_release(struct sim_store *s);
uint64_t store_head(const struct sim_store *s);
enum append_outcome store_append(struct world *w, const struct append_copy *a,
                                 enum author_verdict *verdicts);
void store_session_open(struct world *w, unsigned client);
void store_snapshot(struct world *w);
void append_copy_release(struct append_copy *a);

/* node.c */
void node_init(struct world *w, unsigned no);
void node_release(struct node *n);
/* Builds a batch, or lets the store do what it was asked, or takes the answer. */
void node_step(struct node *n, uint32_t how);
void node_kill(struct node *n);
/* What the store has and the node does not. */
void node_poll(struct node *n);
void node_receive(struct node *n, struct conn *c, const struct pl_msg *m);
bool node_is_busy(const struct node *n);
bool node_run_orphan(struct node *n);

/* client.c */
void client_init(struct world *w, unsigned no);
void client_release(struct sim_client *c);
void client_connect(struct sim_client *c, unsigned node);
void client_receive(struct sim_client *c, const struct pl_msg *m);
void client_crash(struct sim_client *c);
void client_tick(struct sim_client *c);
void client_undo(struct sim_client *c, bool redo);

/* edit.c */
void client_edit(struct sim_client *c, const struct step *s);

/* check.c */
/* A change of a client's view, made by itself. */
void check_local(struct sim_client *c, const struct pl_cs *cs);
void check_remote(struct sim_client *c, const struct pl_cs *cs, const struct pl_rev *r);
void check_refused(struct sim_client *c, const struct pl_cs *lost);
void check_committed(struct world *w, const struct pl_rev *r);
void check_client(struct sim_client *c);
void check_rest(struct world *w);
uint32_t sim_char_index(uint32_t scalar); /* SIM_CHARS: not one of ours */

/* Runs a schedule. True when all is well; else why is filled. */
bool sim_run(const struct schedule *s, struct sim_counts *counts, char why[400]);
void schedule_make(struct schedule *s, uint64_t seed);

#endif
