// SPDX-License-Identifier: Apache-2.0
/*
 * Inside model/: what client.c and review.c share.
 */
#ifndef PLIMSOLL_CLIENT_MODEL_CLIENT_INT_H
#define PLIMSOLL_CLIENT_MODEL_CLIENT_INT_H

#include "model/client.h"

#define CLIENT_PATH_MAX 1024
#define PEERS_MAX       256

struct journal;
struct request;
struct sync_work;

struct client {
    uv_loop_t *loop;
    const struct trust_profile *profile;
    struct client_handlers on;
    struct pl_tls_ctx *tls;
    struct link *link; /* NULL: offline */
    uv_timer_t tick;
    uv_timer_t soon; /* what must not be done inside a handler, and fsyncs that fall due */
    struct request *requests;
    struct review *reviews;
    uint32_t next_rid;
    char state_dir[CLIENT_PATH_MAX];
    struct seen *seen; /* NULL: the log is not watched */
    bool asks_log;
    struct client *log_ctx; /* its address is the context of the question */
    char down_why[PL_ERR_TEXT_MAX];
    bool has_welcome;
    struct pl_welcome welcome;
    int64_t ahead_us; /* the server's clock before ours, at the greeting */
    char *welcome_strings[4];
    int closing_parts;
    void (*close_cb)(void *ctx);
    void *close_ctx;
};

struct review {
    struct client *client;
    uint64_t id;
    struct sync *sync;
    struct journal *journal; /* NULL: read only, or no disk */
    struct sync_work *work;
    struct review_handlers on;
    bool is_connected; /* the machine has been told of the link */
    bool was_opened;   /* `opened` has been called */
    int error_code;    /* what the server said about our Open */
    char error_text[PL_ERR_TEXT_MAX];
    char rescue_path[CLIENT_PATH_MAX];
    char rescue_why[PL_ERR_TEXT_MAX];  /* no file could be written: why */
    char journal_why[PL_ERR_TEXT_MAX]; /* the disk refuses: why */
    struct pl_peer *peers[PEERS_MAX];  /* names owned */
    size_t n_peers;
    bool hands_cards;     /* answers collections of anonymous cards (cards.c) */
    bool must_note;       /* what it takes to write a card, when it is here as it is now */
    bool cards_due;       /* look at them at the next turn */
    uint32_t cards_round; /* the last one answered on this connection */
    void (*cards_done)(void *ctx, int rc, const struct pl_err *e);
    void *cards_ctx;
    bool is_due; /* this round has not come to it yet (client.c) */
    struct review *prev, *next;
};

/* client.c */
/* Asks for review_soon of every review at the next turn of the loop. */
void client_schedule(struct client *c);
void client_flush_requests(struct client *c);
void client_set_welcome(struct client *c, const struct pl_welcome *w);

/* review.c */
int client_state_dir(struct client *c, const char *asked, struct pl_err *e) PL_MUST;
void review_link_up(struct review *r);
void review_link_down(struct review *r);
void review_message(struct review *r, struct pl_msg *m);
bool review_tick(struct review *r); /* false: redial */
/* Tells that it was opened, starts fsyncs. Microseconds until it wants to be called again; -1:
 * not by time; 0: something was told, and the list of reviews may have changed. */
int64_t review_soon(struct review *r);

#endif
