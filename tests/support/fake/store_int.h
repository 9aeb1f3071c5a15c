// SPDX-License-Identifier: Apache-2.0
/*
 * Inside of the store in memory: what store.c (life, scripting) and store_log.c (the contract of
 * store/repo_log.h) share.
 */
#ifndef PLIMSOLL_TESTS_SUPPORT_FAKE_STORE_INT_H
#define PLIMSOLL_TESTS_SUPPORT_FAKE_STORE_INT_H

#include "support/fake/store.h"

#include <utlist.h>

struct fake_batch {
    struct log_batch b;
    struct fake_batch *prev, *next;
};

struct fake_session {
    uint64_t client, user;
    uint32_t epoch, last_code;
    uint64_t last_seq, last_rev;
    char *last_why;
    struct fake_session *next;
};

struct fake_snapshot {
    uint64_t rev, hash;
    uint8_t *bytes;
    size_t n;
    struct fake_snapshot *next;
};

struct fake_review {
    uint64_t id, head;
    uint32_t status, visibility;
    struct fake_batch *log;
    struct fake_session *sessions;
    struct fake_snapshot *snapshots; /* newest first */
    struct fake_review *next;
};

struct fake_user {
    uint64_t user;
    uint32_t role;
    struct fake_user *next;
};

/* An answer that waits for the loop. */
struct fake_answer {
    void (*give)(struct store *s, struct fake_answer *a);
    uint64_t review, client, user, number;
    size_t max_bytes;
    int rc;
    union {
        append_cb append;
        session_cb session;
        load_cb load;
        done_cb done;
        number_cb number;
        heads_cb heads;
        rights_cb rights;
    } cb;
    void *ctx;
    struct append_result result;
    enum author_verdict *verdicts;
    struct session_row row;
    uint64_t *reviews;
    size_t n;
    struct fake_answer *prev, *next;
};

struct store {
    uv_idle_t idle;
    bool up, held;
    enum fake_outcome next;
    int64_t numbers;
    struct fake_review *reviews;
    struct fake_user *users;
    struct fake_answer *queue;
    struct fake_counts counts;
};

/* An answer that the loop gives later. */
struct fake_answer *fake_answer_new(struct store *s,
                                    void (*give)(struct store *, struct fake_answer *), void *ctx);
struct fake_review *fake_review_find(struct store *s, uint64_t id);
/* Aborts when there is none. */
struct fake_review *fake_review_must(struct store *s, uint64_t id);
struct fake_session *fake_session_of(struct fake_review *r, uint64_t client);
uint32_t fake_role_of(const struct store *s, uint64_t user);
void fake_log_add(struct fake_review *r, const uint8_t *body, size_t n, uint32_t revs);

#endif
