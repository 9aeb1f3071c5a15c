// SPDX-License-Identifier: Apache-2.0
/*
 * What every test of the store needs: a temporary PostgreSQL with the schema, a loop, a blocking
 * connection to look and meddle with, people, devices and reviews, and a store that is up. Waiting
 * is for a condition, with a guard of 60 s; failures end the test through cmocka.
 */
#ifndef TESTS_SUPPORT_SERVER_STORE_RIG_H
#define TESTS_SUPPORT_SERVER_STORE_RIG_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <libpq-fe.h>
#include <uv.h>

#include "store/repo_log.h"
#include "store/store.h"
#include "support/pgtemp.h"

struct rig_person {
    uint64_t user;
    uint64_t device;
};

/* One store with what it reported. */
struct rig_store {
    struct store *s;
    struct rig *rig;
    unsigned ups, downs, hints, revocations;
    uint64_t hint_review, hint_head;
    uint64_t revoked_device, revoked_user;
    bool closed;
};

struct rig {
    struct pgtemp pg;
    uv_loop_t loop;
    uv_timer_t guard;
    PGconn *sql;
    unsigned names; /* of people made */
};

/* Cluster, schema, loop. */
void rig_open(struct rig *r);
/* Asserts that nothing was left in the loop. */
void rig_close(struct rig *r);

/* Opens a store and waits until it is up. opt NULL: 2 writers, 2 readers. */
void rig_store_open(struct rig *r, struct rig_store *st, const struct store_options *opt);
void rig_store_close(struct rig *r, struct rig_store *st);

/* Runs the loop until the flag is set, or the number reaches at least `n`. */
void rig_until(struct rig *r, const bool *flag);
void rig_until_count(struct rig *r, const unsigned *count, unsigned n);
/* Runs the loop for what is ready. */
void rig_turn(struct rig *r);

/* Blocking SQL over r->sql, formatted with the arguments; fails the test on an error. */
void rig_sql(struct rig *r, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
int64_t rig_int(struct rig *r, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
/* SQLSTATE of a statement that must fail; valid until the next call. */
const char *rig_sqlstate(struct rig *r, const char *sql);
/* A further connection of its own. */
PGconn *rig_connect(struct rig *r);

/* A user with one device, and a review of his with revision 1. */
struct rig_person rig_person(struct rig *r);
uint64_t rig_review(struct rig *r, struct rig_person p);
void rig_member(struct rig *r, uint64_t review, struct rig_person p, int role);

/* Brings a review to a status, one step at a time as the database wants it. */
void rig_status(struct rig *r, uint64_t review, int status);

/* SQL from a form: $R review, $U user, $D device, $N the login name that rig_person gave. */
void rig_fill(char *out, size_t size, const char *form, uint64_t review, struct rig_person p);

/* --- appends ---------------------------------------------------------------------------------- */

#define RIG_FRAME 16

/* An append that lives until its answer; fill `author` and call rig_append_start. */
struct rig_append {
    struct append_author author[4];
    uint8_t frames[4][RIG_FRAME];
    struct append_request req;
    bool done;
    unsigned *count; /* raised at the answer; may be NULL */
    /* the answer */
    enum append_outcome outcome;
    uint64_t head;
    enum author_verdict verdict[4];
    size_t n_batches;
    uint64_t first_rev, last_rev; /* of all batches */
    uint8_t body[64];             /* beginning of the first batch */
    int err;
};

/* A batch of one edit by a person in session; frames are made from client and seq. */
void rig_edit(struct rig_append *a, uint64_t review, uint64_t head, struct rig_person p,
              uint64_t client, uint32_t epoch, uint64_t seq);
/* Puts one more author behind. */
void rig_edit_more(struct rig_append *a, struct rig_person p, uint64_t client, uint32_t epoch,
                   uint64_t seq);
void rig_append_start(struct rig_store *st, struct rig_append *a);
enum append_outcome rig_append(struct rig_store *st, struct rig_append *a);

struct rig_session {
    bool done;
    int rc;
    struct session_row row;
    char why[64];
};
/* Opens a session and waits; returns its epoch, 0 when it was refused (see *out, may be NULL). */
uint32_t rig_session(struct rig_store *st, uint64_t review, uint64_t client, struct rig_person p,
                     struct rig_session *out);

/* Checks log, sessions, and the chain of leaves of a review from the first row to the last, with
 * everything recomputed here; returns the head. */
uint64_t rig_check_log(struct rig *r, uint64_t review);

#endif
