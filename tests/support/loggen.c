// SPDX-License-Identifier: Apache-2.0
/*
 * Events, whole acts and a story for tests of the verifier (loggen.h); sealing them is in
 * loggen_seal.c.
 */
#include "support/loggen.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "plimsoll/base/mem.h"
#include "plimsoll/doc/perm.h"
#include "plimsoll/tls/statement.h"

#define T0_US INT64_C(1767225600000000)

void loggen_init(struct loggen *g)
{
    uint8_t seed[32];
    memset(g, 0, sizeof(*g));
    g->origin = LOGGEN_ORIGIN;
    memset(g->pin, 0x5a, sizeof(g->pin));
    memset(seed, 7, sizeof(seed));
    PL_ASSERT(pl_skey_from_seed(g->origin, PL_NOTE_ED25519, seed, &g->key, NULL) == 0);
    memset(seed, 8, sizeof(seed));
    PL_ASSERT(
        pl_skey_from_seed("witness.example/w", PL_NOTE_COSIGNATURE, seed, &g->witness, NULL) == 0);
    for (size_t i = 1; i < LOGGEN_PEOPLE; i++) {
        g->device[i] = pl_key_new(NULL);
        PL_ASSERT(g->device[i] != NULL && pl_key_spki(g->device[i], g->spki[i], NULL) == 0);
    }
}

void loggen_release(struct loggen *g)
{
    for (size_t i = 0; i < g->n; i++) {
        pl_buf_release(&g->events[i].fields);
        pl_buf_release(&g->events[i].leaf);
        free(g->events[i].payload);
    }
    while (g->n_files > 0) {
        loggen_remove(g, g->files[0].path);
    }
    for (size_t i = 1; i < LOGGEN_PEOPLE; i++) {
        pl_key_free(g->device[i]);
    }
    free(g->files);
    free(g->events);
}

/* ---- events -----------------------------------------------------------------------------------
 */

struct loggen_event *loggen_event(struct loggen *g, uint16_t kind, uint64_t stream, uint64_t user)
{
    if (g->n == g->cap) {
        g->cap = g->cap * 2 + 64;
        g->events = pl_xrealloc(g->events, g->cap, sizeof(*g->events));
    }
    struct loggen_event *e = &g->events[g->n++];
    memset(e, 0, sizeof(*e));
    e->kind = kind;
    e->stream = stream;
    e->user = user;
    e->device = user;
    e->time_us = T0_US + (int64_t)g->n * 1000;
    pl_buf_init(&e->fields, PL_LEAF_MAX);
    pl_buf_init(&e->leaf, PL_LEAF_MAX);
    return e;
}

void loggen_bytes(struct loggen_event *e, uint16_t tag, const void *bytes, size_t n)
{
    uint8_t head[4] = {(uint8_t)(tag >> 8), (uint8_t)tag, (uint8_t)(n >> 8), (uint8_t)n};
    PL_ASSERT(pl_buf_add(&e->fields, head, sizeof(head)) == 0);
    PL_ASSERT(pl_buf_add(&e->fields, bytes, n) == 0);
    e->n_fields++;
}

void loggen_num(struct loggen_event *e, uint16_t tag, uint64_t value, unsigned bytes)
{
    uint8_t b[8];
    for (unsigned i = bytes; i-- > 0; value >>= 8) {
        b[i] = (uint8_t)value;
    }
    loggen_bytes(e, tag, b, bytes);
}

void loggen_sign(struct loggen *g, struct loggen_event *e, uint16_t statement, uint64_t object)
{
    struct pl_buf seen;
    struct pl_buf bytes;
    uint8_t salt[PL_STATEMENT_NONCE] = {1};
    uint8_t field[1 + 8 + PL_STATEMENT_NONCE + PL_KEY_SIGNATURE_MAX] = {1};
    size_t n = 0;
    struct pl_statement s = {.kind = statement,
                             .review = e->stream,
                             .object = object,
                             .actor = e->user,
                             .device = e->device,
                             .issued_us = e->time_us};
    for (size_t i = 0; e->stream == 0 && i + 12 <= e->fields.len;) { /* field 24: the review */
        const uint8_t *p = e->fields.data + i;
        if (p[0] == 0 && p[1] == 24) {
            s.review = p[11];
        }
        i += 4 + (size_t)p[2] * 256 + p[3];
    }
    memcpy(s.organisation, g->pin, sizeof(s.organisation));
    s.nonce[0] = (uint8_t)(++g->nonces >> 8);
    s.nonce[1] = (uint8_t)g->nonces;
    pl_buf_init(&seen, PL_STATEMENT_BYTES);
    pl_buf_init(&bytes, PL_STATEMENT_BYTES);
    PL_ASSERT(pl_seen_add(&seen, PL_SEEN_SALT, salt, sizeof(salt)) == 0);
    s.seen = seen.data;
    s.seen_n = seen.len;
    PL_ASSERT(pl_statement_encode(&s, &bytes, NULL) == 0);
    memcpy(field + 1, bytes.data + 70, 8 + PL_STATEMENT_NONCE);
    PL_ASSERT(pl_statement_sign(g->device[e->user], bytes.data, bytes.len, field + 25, &n, NULL) ==
              0);
    loggen_bytes(e, PL_LEAF_TAG_SIGNED, field, 25 + n);
    pl_buf_release(&seen);
    pl_buf_release(&bytes);
}

/* SHA-256 of what loggen_sign shows: the salt alone. */
static void add_seen(struct loggen_event *e)
{
    static const uint8_t seen[20] = {0, 1, 0, 16, 1};
    uint8_t hash[32];
    pl_sha256(seen, sizeof(seen), hash);
    loggen_bytes(e, 27, hash, sizeof(hash));
}

/* ---- acts -------------------------------------------------------------------------------------
 */

/* Invite kind 1: `by` 0 the operator, else a facilitator of review 1 as responder. */
static void invite(struct loggen *g, uint64_t id, uint64_t by, uint64_t user)
{
    struct loggen_event *e = loggen_event(g, 0x0101, 0, by);
    if (by == 0) {
        loggen_num(e, 16, user, 8);
    }
    loggen_num(e, 18, by == 0 ? 0 : 2, 2);
    loggen_num(e, 21, id, 8);
    loggen_num(e, 22, 1, 2);
    loggen_num(e, 24, by == 0 ? 0 : 1, 8);
    if (by != 0) {
        loggen_num(e, 25, 1, 2);
        add_seen(e);
        loggen_num(e, 28, (uint64_t)T0_US * 2, 8);
        loggen_sign(g, e, PL_SIGNED_INVITE, 0);
    }
}

void loggen_join(struct loggen *g, uint64_t user, uint64_t invite_id)
{
    struct loggen_event *e = loggen_event(g, 0x0102, 0, user);
    loggen_num(e, 16, user, 8);
    loggen_num(e, 21, invite_id, 8);
    e = loggen_event(g, 0x0104, 0, user);
    loggen_num(e, 16, user, 8);
    loggen_num(e, 17, user, 8);
    loggen_bytes(e, 23, g->spki[user], 32);
}

static void add_user(struct loggen *g, uint64_t by, uint64_t user, uint64_t invite_id)
{
    struct loggen_event *e = loggen_event(g, 0x0109, 0, by);
    loggen_num(e, 16, user, 8);
    if (by != 0) {
        loggen_num(e, 21, invite_id, 8);
    }
}

void loggen_review(struct loggen *g, uint64_t review, uint64_t user)
{
    struct loggen_event *e = loggen_event(g, 0x0201, review, user);
    loggen_num(e, 16, user, 8);
    loggen_num(e, 18, 1, 2);
    loggen_revision(g, review, user, 0, "made");
}

void loggen_member(struct loggen *g, uint64_t review, uint64_t by, uint64_t user, unsigned role,
                   unsigned before)
{
    uint64_t epoch = 2;
    for (size_t i = 0; i < g->n; i++) {
        epoch += g->events[i].kind == 0x0203 && g->events[i].stream == review ? 1 : 0;
    }
    struct loggen_event *e = loggen_event(g, 0x0203, review, by);
    loggen_num(e, 16, user, 8);
    loggen_num(e, 18, role, 2);
    loggen_num(e, 19, before, 2);
    loggen_num(e, 20, 0, 2);
    loggen_num(e, 26, epoch, 4);
}

void loggen_revision(struct loggen *g, uint64_t review, uint64_t user, uint64_t ops,
                     const char *text)
{
    struct loggen_event *e = loggen_event(g, 0x0301, review, user);
    bool is_act = text == NULL || ops == 0;
    loggen_num(e, 1, ++g->revision[review], 8);
    loggen_num(e, 2, is_act ? 0 : 1000 + user, 8);
    loggen_num(e, 3, is_act ? 0 : g->revision[review], 8);
    loggen_num(e, 4, ops, 8);
    e->payload = pl_xstrdup(text == NULL ? "act" : text);
}

void loggen_status(struct loggen *g, uint64_t review, uint64_t user, unsigned before,
                   unsigned after, uint64_t asked)
{
    loggen_revision(g, review, user,
                    PL_PERM_BIT(after == 4 ? PL_PERM_CLOSE_CONFIRM : PL_PERM_FACILITATE), NULL);
    struct loggen_event *e = loggen_event(g, 0x0206, review, user);
    loggen_num(e, 1, g->revision[review], 8);
    loggen_num(e, 32, before, 2);
    loggen_num(e, 33, after, 2);
    if (after == 4) {
        loggen_num(e, 34, asked, 8);
    }
}

void loggen_action(struct loggen *g, uint64_t review, uint64_t user, const struct loggen_action *a)
{
    loggen_revision(g, review, user, 0, NULL);
    struct loggen_event *e = loggen_event(g, (uint16_t)(0x0400 + a->after), review, user);
    loggen_num(e, 1, g->revision[review], 8);
    loggen_num(e, 36, 1002, 8);
    loggen_num(e, 37, 9, 8);
    loggen_num(e, 38, a->before, 2);
    loggen_num(e, 39, a->owner, 8);
    loggen_num(e, 40, a->done_by, 8);
    loggen_num(e, 41, a->verified_by, 8);
    loggen_num(e, 42, a->accepted, 2);
}

void loggen_signed(struct loggen *g, uint64_t review, uint64_t user, uint16_t statement,
                   uint64_t object)
{
    struct loggen_event *e = loggen_event(g, 0x0210, review, user);
    loggen_num(e, 1, g->revision[review], 8);
    add_seen(e);
    loggen_num(e, 30, object, 8);
    loggen_num(e, 36, 0, 8);
    loggen_num(e, 37, 0, 8);
    loggen_num(e, 45, statement, 2);
    loggen_sign(g, e, statement, object);
}

/* ---- the story --------------------------------------------------------------------------------
 */

/* Ana (1, facilitator) and Cleo (3) by the operator, Ben (2) by Ana's invite. */
static void tell_beginning(struct loggen *g)
{
    struct loggen_event *e;
    (void)loggen_event(g, 0x0701, 0, 0);
    e = loggen_event(g, 0x0705, 0, 0);
    loggen_bytes(e, 46, g->pin, 32);
    for (uint64_t user = 1; user <= 3; user += 2) {
        add_user(g, 0, user, 0);
        invite(g, user, 0, user);
        loggen_join(g, user, user);
    }
    loggen_review(g, 1, 1);
    invite(g, 2, 1, 2);
    add_user(g, 1, 2, 2);
    loggen_join(g, 2, 2);
    loggen_member(g, 1, 1, 2, 2, 0);
    loggen_member(g, 1, 1, 3, 3, 0);
    e = loggen_event(g, 0x0801, 1, 2);
    e->outcome = 1;
    loggen_num(e, 4, 1, 8);
}

/* Ben's private draft for review 1. */
static void tell_draft(struct loggen *g)
{
    struct loggen_event *e = loggen_event(g, 0x0201, 2, 2);
    loggen_num(e, 16, 2, 8);
    loggen_num(e, 18, 1, 2);
    loggen_num(e, 31, 1, 8);
    loggen_revision(g, 2, 2, 0, "made");
    loggen_revision(g, 2, 2, PL_PERM_BIT(PL_PERM_ACCOUNT), "what I knew");
}

static void tell_tracking(struct loggen *g)
{
    static const struct {
        uint64_t user;
        struct loggen_action a;
    } steps[] = {
        {2, {0, 1, 0, 0, 0, false}}, {1, {1, 2, 2, 0, 0, false}}, {2, {2, 0x20, 2, 0, 0, true}},
        {2, {2, 3, 2, 0, 0, true}},  {2, {3, 4, 2, 2, 0, true}},  {3, {4, 5, 2, 2, 3, true}},
        {3, {5, 6, 2, 2, 3, true}},
    };
    for (size_t i = 0; i < sizeof(steps) / sizeof(steps[0]); i++) {
        if (i == 3) {
            loggen_status(g, 1, 1, 2, 3, 0);
        }
        loggen_action(g, 1, steps[i].user, &steps[i].a);
        if (steps[i].a.after == 5) {
            loggen_signed(g, 1, 3, PL_SIGNED_VERIFY, 1);
        }
    }
}

/* Ben asks to have a text of his erased; the operator does. */
static void tell_erasure(struct loggen *g, size_t text)
{
    static const uint8_t zero[32];
    struct loggen_event *e = loggen_event(g, 0x0601, 1, 2);
    add_seen(e);
    loggen_num(e, 30, 5, 8);
    loggen_num(e, 36, 1002, 8);
    loggen_num(e, 37, 3, 8);
    loggen_num(e, 43, 0, 2);
    loggen_num(e, 45, PL_SIGNED_ERASE, 2);
    loggen_sign(g, e, PL_SIGNED_ERASE, 5);
    loggen_revision(g, 1, 0, 0, NULL);
    e = loggen_event(g, 0x0602, 1, 0);
    loggen_num(e, 1, g->revision[1], 8);
    loggen_bytes(e, 44, zero, 32); /* the commitment comes with sealing */
    loggen_num(e, 60, 0, 8);       /* and the number of the request */
    g->events[text].no_blob = true;
}

void loggen_story(struct loggen *g, size_t edits)
{
    tell_beginning(g);
    tell_draft(g);
    loggen_status(g, 1, 1, 1, 2, 0);
    size_t first = g->n;
    for (size_t i = 0; i < edits; i++) {
        char text[64];
        (void)snprintf(text, sizeof(text), "text %zu", i);
        loggen_revision(g, 1, 2, PL_PERM_BIT(PL_PERM_CONTENT), text);
    }
    tell_tracking(g);
    tell_erasure(g, first);
    loggen_status(g, 1, 3, 3, 4, 1);
    loggen_signed(g, 1, 3, PL_SIGNED_CLOSE, 1);
}
