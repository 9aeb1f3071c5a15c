// SPDX-License-Identifier: Apache-2.0
/*
 * Audit logs made for tests: events are listed, changed at will, and then sealed into an export
 * with a real key of the log, real keys of devices and real signatures. So a log can be made that
 * is signed well and yet says what must not be. Files are in memory; loggen_save writes them to a
 * folder. Uses the project's own writers (proto/tlog), none of the verifier's code. Everything
 * asserts.
 */
#ifndef PLIMSOLL_TESTS_SUPPORT_LOGGEN_H
#define PLIMSOLL_TESTS_SUPPORT_LOGGEN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "plimsoll/base/buf.h"
#include "plimsoll/tlog/leaf.h"
#include "plimsoll/tlog/note.h"
#include "plimsoll/tls/x509.h"
#include "plimsoll/verify/verify.h"

#define LOGGEN_PEOPLE 5 /* users and devices 1 to 4 have a key each */
#define LOGGEN_ORIGIN "plimsoll.internal/test/e1"

struct loggen_event {
    uint16_t kind;
    uint8_t outcome;
    uint64_t stream, user, device;
    int64_t time_us; /* 0: a millisecond after the event before */
    struct pl_buf fields;
    uint16_t n_fields;
    char *payload; /* NULL: none */
    bool no_blob;  /* the payload does not go into the export */
    bool dropped;  /* it is written into its stream and then not sealed */
    /* after sealing */
    uint64_t number;
    struct pl_buf leaf;
};

struct loggen_file {
    char *path;
    struct pl_buf bytes;
};

struct loggen {
    struct pl_skey key, witness;
    const char *origin;
    uint8_t pin[32];
    struct pl_key *device[LOGGEN_PEOPLE];
    uint8_t spki[LOGGEN_PEOPLE][PL_SPKI_HASH];
    struct loggen_event *events;
    size_t n, cap;
    struct loggen_file *files; /* after sealing; sorted by nothing */
    size_t n_files, cap_files;
    uint64_t revision[8]; /* of review i */
    uint64_t nonces;
    bool with_witness; /* the policy asks for it, and it signs */
};

void loggen_init(struct loggen *g);
void loggen_release(struct loggen *g);

/* A new event, at the end; fields follow in ascending order of tags. Pointers to events are good
 * until the next one. User i acts by device i; 0 is the operator. */
struct loggen_event *loggen_event(struct loggen *g, uint16_t kind, uint64_t stream, uint64_t user);
void loggen_num(struct loggen_event *e, uint16_t tag, uint64_t value, unsigned bytes);
void loggen_bytes(struct loggen_event *e, uint16_t tag, const void *bytes, size_t n);
/* Fields 27 (if missing) and 7001: signed by the actor's device as a statement of this kind. Last.
 */
void loggen_sign(struct loggen *g, struct loggen_event *e, uint16_t statement, uint64_t object);

/* Whole acts. */
void loggen_join(struct loggen *g, uint64_t user, uint64_t invite);
void loggen_review(struct loggen *g, uint64_t review, uint64_t user);
void loggen_member(struct loggen *g, uint64_t review, uint64_t by, uint64_t user, unsigned role,
                   unsigned before);
/* A revision of a review with these bits of rights; a text of a client's, or an act (text NULL). */
void loggen_revision(struct loggen *g, uint64_t review, uint64_t user, uint64_t ops,
                     const char *text);
void loggen_status(struct loggen *g, uint64_t review, uint64_t user, unsigned before,
                   unsigned after, uint64_t asked);
struct loggen_action {
    unsigned before, after; /* 0x20: owner or acceptance changed */
    uint64_t owner, done_by, verified_by;
    bool accepted;
};
void loggen_action(struct loggen *g, uint64_t review, uint64_t user, const struct loggen_action *a);
/* 0210: the statement of the last revision's act. */
void loggen_signed(struct loggen *g, uint64_t review, uint64_t user, uint16_t statement,
                   uint64_t object);

/* A review from making to closing, with everything that the verifier replays, and `edits` texts. */
void loggen_story(struct loggen *g, size_t edits);

/* Numbers, hashes, tiles, bundles, payloads, keys, policy, checkpoint. Again after changes. */
void loggen_seal(struct loggen *g);
/* The checkpoint of the first `size` events as it was sealed; for free(). */
char *loggen_checkpoint(struct loggen *g, uint64_t size, const struct pl_skey *key);
/* Tiles, bundles and checkpoint again, from the leaves as they are (events not dropped). */
void loggen_tree(struct loggen *g);

struct loggen_file *loggen_file(struct loggen *g, const char *path);
void loggen_put(struct loggen *g, const char *path, const void *bytes, size_t n);
void loggen_remove(struct loggen *g, const char *path);
/* Where the event's leaf is, by its position in the list; SIZE_MAX: of the last event of a kind. */
size_t loggen_find(const struct loggen *g, uint16_t kind);
struct pl_verify_source loggen_source(struct loggen *g);
void loggen_save(struct loggen *g, const char *dir);

#endif
