// SPDX-License-Identifier: Apache-2.0
/*
 * The verifier over whole exports: a log that is in order has no findings; each tampering is found
 * and named. Logs that are signed well and say what must not be are made by support/loggen.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "plimsoll/base/mem.h"
#include "plimsoll/base/str.h"
#include "plimsoll/doc/perm.h"
#include "plimsoll/tls/statement.h"

#include "support/loggen.h"
#include "support/unit.h"

#define EDITS 300 /* more than one tile */

struct seen {
    unsigned of[PL_FINDING_KINDS];
    unsigned all, notes;
    struct pl_log_finding last[PL_FINDING_KINDS]; /* without its texts */
    char file[PL_FINDING_KINDS][128];
    char first[600];
};

static void on_finding(void *ctx, const struct pl_log_finding *f)
{
    struct seen *s = ctx;
    s->of[f->kind]++;
    s->last[f->kind] = *f;
    (void)pl_strlcpy(s->file[f->kind], f->file, sizeof(s->file[f->kind]));
    if (s->all++ == 0) {
        (void)snprintf(s->first, sizeof(s->first), "%s %s #%llu %llu/%llu: %s",
                       pl_finding_code(f->kind), f->file, (unsigned long long)f->index,
                       (unsigned long long)f->stream, (unsigned long long)f->number, f->why);
    }
}

static void on_note(void *ctx, const char *text)
{
    struct seen *s = ctx;
    (void)text;
    s->notes++;
}

static struct pl_verify_result result;

/* One key, given from outside; the rest as in `more` (NULL: nothing). */
static void verify_with(struct loggen *g, const struct pl_verify_options *more, struct seen *out)
{
    static char vkey[PL_VKEY_SIZE];
    static const char *keys[] = {vkey};
    struct pl_verify_options o = {0};
    struct pl_err e = {0};
    memset(out, 0, sizeof(*out));
    pl_vkey_print(&g->key.pub, vkey);
    if (more != NULL) {
        o = *more;
    }
    if (o.policy == NULL) {
        o.keys = keys;
        o.n_keys = 1;
    }
    o.source = loggen_source(g);
    o.finding = on_finding;
    o.note = on_note;
    o.ctx = out;
    if (pl_verify(&o, &result, &e) != 0) {
        fail_msg("%s", e.text);
    }
}

static void verify(struct loggen *g, struct seen *out)
{
    verify_with(g, NULL, out);
}

static void assert_clean(const struct seen *s)
{
    if (s->all != 0) {
        fail_msg("%u findings, first: %s", s->all, s->first);
    }
}

/* This one, at least once, and nothing that is not expected beside it. */
static void assert_found(const struct seen *s, enum pl_finding_kind kind)
{
    if (s->of[kind] == 0) {
        fail_msg("no %s among %u findings, first: %s", pl_finding_code(kind), s->all, s->first);
    }
}

static void assert_only(const struct seen *s, enum pl_finding_kind kind)
{
    assert_found(s, kind);
    if (s->of[kind] != s->all) {
        fail_msg("more than %s: %u of %u; first: %s", pl_finding_code(kind), s->of[kind], s->all,
                 s->first);
    }
}

static void begin(struct loggen *g)
{
    loggen_init(g);
    loggen_story(g, EDITS);
}

/* Sets a number in a field of an event. */
static void set_field(struct loggen_event *e, uint16_t tag, uint64_t value)
{
    for (size_t i = 0; i < e->fields.len;) {
        uint8_t *p = e->fields.data + i;
        size_t n = (size_t)p[2] * 256 + p[3];
        if ((unsigned)p[0] * 256 + p[1] == tag) {
            for (size_t k = n; k-- > 0; value >>= 8) {
                p[4 + k] = (uint8_t)value;
            }
        }
        i += 4 + n;
    }
}

static struct loggen_event *last_of(struct loggen *g, uint16_t kind)
{
    return &g->events[loggen_find(g, kind)];
}

/* Takes an event out of the list, as if it had never been. */
static void cut_event(struct loggen *g, size_t at)
{
    pl_buf_release(&g->events[at].fields);
    pl_buf_release(&g->events[at].leaf);
    free(g->events[at].payload);
    memmove(&g->events[at], &g->events[at + 1], (g->n - at - 1) * sizeof(g->events[0]));
    g->n--;
}

/* Moves the last n events to before the event at `at`. */
static void move_last(struct loggen *g, size_t n, size_t at)
{
    struct loggen_event *tail = pl_xmemdup(&g->events[g->n - n], n * sizeof(*tail));
    memmove(&g->events[at + n], &g->events[at], (g->n - n - at) * sizeof(*tail));
    memcpy(&g->events[at], tail, n * sizeof(*tail));
    free(tail);
    for (size_t i = 0; i < g->n; i++) {
        g->events[i].time_us = INT64_C(1767225600000000) + (int64_t)i * 1000;
    }
}

/* ---- in order ----------------------------------------------------------------------------------
 */

TEST(verify_accepts_a_log_that_is_in_order)
{
    struct loggen g;
    struct seen s;
    begin(&g);
    loggen_seal(&g);
    verify(&g, &s);
    assert_clean(&s);
    assert_int_equal(s.notes, 0);
    assert_int_equal(result.entries, g.n);
    assert_int_equal(result.size, g.n);
    assert_int_equal(result.streams, 3);
    assert_int_equal(result.erased, 1);
    assert_int_equal(result.signatures, 4); /* invite, verify, erase, close */
    assert_string_equal(result.origin, LOGGEN_ORIGIN);
    assert_false(result.own_keys);
    loggen_release(&g);
}

TEST(verify_accepts_every_size_around_a_tile)
{
    struct loggen g;
    struct seen s;
    loggen_init(&g);
    loggen_story(&g, 1);
    size_t rest = g.n - 1; /* what is not an edit */
    loggen_release(&g);
    for (size_t n = 253; n <= 260; n++) {
        loggen_init(&g);
        loggen_story(&g, n - rest);
        loggen_seal(&g);
        assert_int_equal(g.n, n);
        verify(&g, &s);
        assert_clean(&s);
        loggen_release(&g);
    }
}

/* ---- the twelve tamperings ----------------------------------------------------------------------
 */

TEST(verify_finds_1_a_byte_of_a_leaf)
{
    struct loggen g;
    struct seen s;
    begin(&g);
    loggen_seal(&g);
    struct loggen_file *f = loggen_file(&g, "tile/entries/000");
    f->bytes.data[2 + 90] ^= 1; /* of the random bytes of leaf 0: nothing but hashes can tell */
    verify(&g, &s);
    assert_found(&s, PL_FINDING_ROOT);
    assert_found(&s, PL_FINDING_TILE_DIFFERS);
    assert_string_equal(s.file[PL_FINDING_TILE_DIFFERS], "tile/1/000.p/1");
    assert_found(&s, PL_FINDING_STREAM_PREV);
    loggen_release(&g);
}

TEST(verify_finds_2_a_byte_of_a_tile)
{
    struct loggen g;
    struct seen s;
    begin(&g);
    loggen_seal(&g);
    loggen_file(&g, "tile/0/000")->bytes.data[5000] ^= 1;
    verify(&g, &s);
    assert_only(&s, PL_FINDING_TILE_DIFFERS);
    assert_string_equal(s.file[PL_FINDING_TILE_DIFFERS], "tile/0/000");
    loggen_release(&g);
}

TEST(verify_finds_3_two_leaves_that_were_swapped)
{
    struct loggen g;
    struct seen s;
    begin(&g);
    loggen_seal(&g);
    struct pl_buf b = g.events[100].leaf; /* and signs the tree of that */
    g.events[100].leaf = g.events[101].leaf;
    g.events[101].leaf = b;
    loggen_tree(&g);
    verify(&g, &s);
    assert_found(&s, PL_FINDING_STREAM_NUMBER);
    assert_int_equal(s.last[PL_FINDING_STREAM_NUMBER].stream, 1);
    loggen_release(&g);
}

TEST(verify_finds_4_a_last_leaf_that_was_dropped)
{
    struct loggen g;
    struct seen s;
    char path[64];
    begin(&g);
    loggen_seal(&g);
    (void)snprintf(path, sizeof(path), "tile/entries/001.p/%zu", g.n - 256);
    struct loggen_file *f = loggen_file(&g, path);
    f->bytes.len -= 2 + g.events[g.n - 1].leaf.len;
    verify(&g, &s);
    assert_found(&s, PL_FINDING_BUNDLE_FORM);
    assert_found(&s, PL_FINDING_SIZE);
    assert_found(&s, PL_FINDING_ROOT);
    loggen_release(&g);
}

TEST(verify_finds_5_a_size_that_was_forged)
{
    struct loggen g;
    struct seen s;
    begin(&g);
    loggen_seal(&g);
    struct loggen_file *f = loggen_file(&g, "checkpoint");
    char *digit = strchr((char *)f->bytes.data, '\n');
    digit[3] = digit[3] == '9' ? '8' : (char)(digit[3] + 1);
    verify(&g, &s);
    assert_found(&s, PL_FINDING_NOTE_SIGNATURE);
    assert_true(s.of[PL_FINDING_FILE_MISSING] + s.of[PL_FINDING_BUNDLE_FORM] > 0);
    assert_found(&s, PL_FINDING_SIZE);
    loggen_release(&g);
}

TEST(verify_finds_6_the_key_of_another)
{
    struct loggen g;
    struct seen s;
    struct pl_skey other;
    uint8_t seed[32] = {99};
    begin(&g);
    loggen_seal(&g);
    assert_int_equal(pl_skey_from_seed(LOGGEN_ORIGIN, PL_NOTE_ED25519, seed, &other, NULL), 0);
    char *note = loggen_checkpoint(&g, g.n, &other);
    loggen_put(&g, "checkpoint", note, strlen(note));
    free(note);
    verify(&g, &s);
    assert_only(&s, PL_FINDING_NOTE_SIGNATURE);
    loggen_release(&g);
}

TEST(verify_finds_7_an_older_checkpoint_played_again)
{
    struct loggen g;
    struct seen s;
    begin(&g);
    loggen_seal(&g);
    char *now = loggen_checkpoint(&g, g.n, &g.key);
    char *old = loggen_checkpoint(&g, 200, &g.key);
    struct pl_verify_since since = {"kept", old, strlen(old)};
    const struct pl_verify_options o = {.since = &since, .n_since = 1};
    verify_with(&g, &o, &s); /* it has grown since: in order */
    assert_clean(&s);
    loggen_put(&g, "checkpoint", old, strlen(old)); /* back to the older one */
    since = (struct pl_verify_since){"kept", now, strlen(now)};
    verify_with(&g, &o, &s);
    assert_found(&s, PL_FINDING_SINCE_ROLLBACK);
    assert_string_equal(s.file[PL_FINDING_SINCE_ROLLBACK], "kept");
    free(now);
    free(old);
    loggen_release(&g);
}

TEST(verify_finds_8_an_event_deleted_before_it_was_sealed)
{
    struct loggen g;
    struct seen s;
    begin(&g);
    g.events[150].dropped = true;
    loggen_seal(&g);
    verify(&g, &s);
    assert_found(&s, PL_FINDING_STREAM_NUMBER);
    assert_found(&s, PL_FINDING_STREAM_PREV);
    assert_int_equal(s.last[PL_FINDING_STREAM_NUMBER].index, 150);
    assert_int_equal(s.last[PL_FINDING_STREAM_NUMBER].stream, 1);
    assert_int_equal(s.of[PL_FINDING_ROOT], 0); /* signed well */
    loggen_release(&g);
}

TEST(verify_finds_9_a_payload_erased_without_an_event)
{
    struct loggen g;
    struct seen s;
    begin(&g);
    g.events[120].no_blob = true; /* the erasure of the story names only the last that is missing */
    size_t named = loggen_find(&g, 0x0602);
    loggen_seal(&g);
    assert_true(named > 120);
    verify(&g, &s);
    assert_only(&s, PL_FINDING_BLOB_MISSING);
    loggen_release(&g);
}

TEST(verify_finds_10_a_bad_signature_of_a_client)
{
    struct loggen g;
    struct seen s;
    begin(&g);
    struct loggen_event *e = last_of(&g, 0x0101);
    e->fields.data[e->fields.len - 3] ^= 1;
    loggen_seal(&g);
    verify(&g, &s);
    assert_only(&s, PL_FINDING_SIGN_FALSE);
    loggen_release(&g);

    begin(&g); /* a good one, of another object */
    set_field(last_of(&g, 0x0210), 30, 77);
    loggen_seal(&g);
    verify(&g, &s);
    assert_only(&s, PL_FINDING_SIGN_FALSE);
    loggen_release(&g);
}

TEST(verify_finds_11_a_transition_that_is_none)
{
    struct loggen g;
    struct seen s;
    loggen_init(&g);
    loggen_story(&g, EDITS);
    size_t back =
        loggen_find(&g, 0x0206); /* the closing: from tracking straight to where it was not */
    set_field(&g.events[back], 32, 1);
    loggen_seal(&g);
    verify(&g, &s);
    assert_only(&s, PL_FINDING_ACT_ORDER);
    assert_int_equal(s.last[PL_FINDING_ACT_ORDER].index, back);
    loggen_release(&g);
}

TEST(verify_finds_12_an_action_verified_by_its_owner)
{
    struct loggen g;
    struct seen s;
    begin(&g);
    size_t at = loggen_find(&g, 0x0405);
    set_field(&g.events[at], 41, 2);
    g.events[at].user = g.events[at].device = 2;
    cut_event(&g, at + 1); /* Cleo's signature; Ben signs for himself */
    loggen_signed(&g, 1, 2, PL_SIGNED_VERIFY, 1);
    struct loggen_event *sig = &g.events[g.n - 1];
    set_field(sig, 1, 0); /* of the revision of the act */
    for (size_t i = 0; i < 8; i++) {
        sig->fields.data[4 + i] = g.events[at].fields.data[4 + i];
    }
    move_last(&g, 1, at + 1);
    loggen_seal(&g);
    verify(&g, &s);
    assert_found(&s, PL_FINDING_ACT_SELF);
    assert_int_equal(s.last[PL_FINDING_ACT_SELF].index, at);
    loggen_release(&g);
}

/* ---- more
 * ---------------------------------------------------------------------------------------- */

TEST(verify_finds_acts_without_their_signature)
{
    for (size_t i = 0; i < 2; i++) { /* of verifying, of closing */
        struct loggen g;
        struct seen s;
        begin(&g);
        for (size_t k = g.n; k-- > 0;) {
            if (g.events[k].kind == 0x0210 && (i == 0) == (k + 1 < g.n)) {
                cut_event(&g, k);
                break;
            }
        }
        loggen_seal(&g);
        verify(&g, &s);
        assert_only(&s, PL_FINDING_SIGN_MISSING);
        loggen_release(&g);
    }
}

TEST(verify_finds_a_statement_that_is_used_twice)
{
    struct loggen g;
    struct seen s;
    begin(&g);
    g.nonces--; /* the next has the nonce of the last */
    loggen_signed(&g, 1, 3, PL_SIGNED_CLOSE, 1);
    loggen_seal(&g);
    verify(&g, &s);
    assert_only(&s, PL_FINDING_SIGN_NONCE);
    loggen_release(&g);
}

TEST(verify_finds_a_key_that_is_missing_or_another)
{
    struct loggen g;
    struct seen s;
    char path[80] = "keys/";
    begin(&g);
    loggen_seal(&g);
    pl_hex_encode(g.spki[2], 32, path + 5);
    loggen_file(&g, path)->bytes.data[20] ^= 1;
    verify(&g, &s);
    assert_only(&s, PL_FINDING_SIGN_KEY);
    loggen_remove(&g, path);
    verify(&g, &s);
    assert_only(&s, PL_FINDING_SIGN_KEY);
    loggen_release(&g);
}

/* Who acts at the end of the story, appended to it. */
static void expect_after(void (*act)(struct loggen *g), enum pl_finding_kind kind)
{
    struct loggen g;
    struct seen s;
    begin(&g);
    act(&g);
    loggen_seal(&g);
    verify(&g, &s);
    assert_only(&s, kind);
    loggen_release(&g);
}

static void write_when_closed(struct loggen *g)
{
    loggen_revision(g, 1, 2, PL_PERM_BIT(PL_PERM_CONTENT), "late");
}

static void write_as_stranger(struct loggen *g)
{
    loggen_revision(g, 1, 4, PL_PERM_BIT(PL_PERM_READ), "who is this");
}

static void write_when_disabled(struct loggen *g)
{
    struct loggen_event *e = loggen_event(g, 0x0108, 0, 0);
    loggen_num(e, 16, 2, 8);
    loggen_revision(g, 1, 2, PL_PERM_BIT(PL_PERM_READ), "revoked");
}

static void write_by_revoked_device(struct loggen *g)
{
    struct loggen_event *e = loggen_event(g, 0x0106, 0, 2);
    loggen_num(e, 16, 2, 8);
    loggen_num(e, 17, 2, 8);
    loggen_revision(g, 1, 2, PL_PERM_BIT(PL_PERM_READ), "revoked");
}

static void write_by_foreign_device(struct loggen *g)
{
    loggen_revision(g, 1, 2, PL_PERM_BIT(PL_PERM_READ), "not mine");
    g->events[g->n - 1].device = 3;
}

static void change_own_role(struct loggen *g)
{
    loggen_review(g, 3, 1);
    loggen_member(g, 3, 1, 3, 1, 0);
    loggen_member(g, 3, 1, 1, 2, 1);
}

static void add_member_as_responder(struct loggen *g)
{
    loggen_review(g, 3, 1);
    loggen_member(g, 3, 1, 2, 2, 0);
    loggen_member(g, 3, 2, 3, 2, 0);
}

static void leave_no_facilitator(struct loggen *g)
{
    loggen_review(g, 3, 1);
    loggen_member(g, 3, 0, 1, 2, 1);
}

static void enrol_without_invite(struct loggen *g)
{
    struct loggen_event *e = loggen_event(g, 0x0104, 0, 2);
    loggen_num(e, 16, 2, 8);
    loggen_num(e, 17, 4, 8);
    loggen_bytes(e, 23, g->spki[4], 32);
}

static void redeem_twice(struct loggen *g)
{
    struct loggen_event *e = loggen_event(g, 0x0102, 0, 3);
    e->device = 4;
    loggen_num(e, 16, 3, 8);
    loggen_num(e, 21, 3, 8);
    e = loggen_event(g, 0x0104, 0, 3);
    e->device = 4;
    loggen_num(e, 16, 3, 8);
    loggen_num(e, 17, 4, 8);
    loggen_bytes(e, 23, g->spki[4], 32);
}

static void close_alone(struct loggen *g)
{
    loggen_review(g, 3, 1);
    loggen_status(g, 3, 1, 1, 2, 0);
    loggen_status(g, 3, 1, 2, 3, 0);
    loggen_status(g, 3, 1, 3, 4, 1);
    loggen_signed(g, 3, 1, PL_SIGNED_CLOSE, 3);
}

static void skip_the_session(struct loggen *g)
{
    loggen_review(g, 3, 1);
    loggen_status(g, 3, 1, 1, 3, 0);
}

static void event_in_wrong_stream(struct loggen *g)
{
    struct loggen_event *e = loggen_event(g, 0x0109, 1, 0);
    loggen_num(e, 16, 4, 8);
}

static void field_missing(struct loggen *g)
{
    (void)loggen_event(g, 0x0109, 0, 0);
}

static void erase_what_never_was(struct loggen *g)
{
    static const uint8_t hash[32] = {1};
    struct loggen_event *e = loggen_event(g, 0x0602, 1, 0);
    loggen_bytes(e, 45, hash, 1); /* the generator fills 44 and 60 of those that have them */
    loggen_num(e, 60, 0, 8);
}

TEST(verify_judges_each_act_by_the_log)
{
    expect_after(write_when_closed, PL_FINDING_ACT_ROLE);
    expect_after(write_as_stranger, PL_FINDING_ACT_ACTOR);
    expect_after(write_when_disabled, PL_FINDING_ACT_ACTOR);
    expect_after(write_by_revoked_device, PL_FINDING_ACT_ACTOR);
    expect_after(write_by_foreign_device, PL_FINDING_ACT_ACTOR);
    expect_after(change_own_role, PL_FINDING_ACT_SELF);
    expect_after(add_member_as_responder, PL_FINDING_ACT_ROLE);
    expect_after(leave_no_facilitator, PL_FINDING_ACT_ORDER);
    expect_after(enrol_without_invite, PL_FINDING_ACT_ROLE);
    expect_after(redeem_twice, PL_FINDING_ACT_ORDER);
    expect_after(close_alone, PL_FINDING_ACT_SELF);
    expect_after(skip_the_session, PL_FINDING_ACT_ORDER);
    expect_after(event_in_wrong_stream, PL_FINDING_ACT_PLACE);
    expect_after(field_missing, PL_FINDING_LEAF_FIELD);
    expect_after(erase_what_never_was, PL_FINDING_LEAF_FIELD);
}

static void expect_state(const struct loggen_action *steps, const uint64_t *users, size_t n,
                         enum pl_finding_kind kind)
{
    struct loggen g;
    struct seen s;
    loggen_init(&g);
    loggen_story(&g, 5);
    loggen_review(&g, 3, 1);
    loggen_member(&g, 3, 1, 2, 2, 0);
    loggen_member(&g, 3, 1, 3, 3, 0);
    loggen_status(&g, 3, 1, 1, 2, 0);
    loggen_status(&g, 3, 1, 2, 3, 0);
    for (size_t i = 0; i < n; i++) {
        loggen_action(&g, 3, users[i], &steps[i]);
    }
    loggen_seal(&g);
    verify(&g, &s);
    assert_found(&s, kind);
    assert_int_equal(s.last[kind].stream, 3);
    loggen_release(&g);
}

TEST(verify_judges_actions_by_the_log)
{
    /* done, and nobody had committed it */
    expect_state((const struct loggen_action[]){{0, 1, 2, 0, 0, false}, {1, 4, 2, 2, 0, false}},
                 (const uint64_t[]){2, 2}, 2, PL_FINDING_ACT_ORDER);
    /* a facilitator owns it */
    expect_state((const struct loggen_action[]){{0, 1, 0, 0, 0, false}, {1, 2, 1, 0, 0, false}},
                 (const uint64_t[]){2, 1}, 2, PL_FINDING_ACT_ORDER);
    /* accepted by another than its owner */
    expect_state((const struct loggen_action[]){{0, 1, 0, 0, 0, false},
                                                {1, 2, 2, 0, 0, false},
                                                {2, 0x20, 2, 0, 0, true}},
                 (const uint64_t[]){2, 1, 3}, 3, PL_FINDING_ACT_SELF);
    /* marked done by another than its owner */
    expect_state((const struct loggen_action[]){{0, 1, 0, 0, 0, false},
                                                {1, 2, 2, 0, 0, false},
                                                {2, 4, 2, 3, 0, false}},
                 (const uint64_t[]){2, 1, 3}, 3, PL_FINDING_ACT_ROLE);
    /* dropped by a responder */
    expect_state((const struct loggen_action[]){{0, 1, 0, 0, 0, false}, {1, 10, 0, 0, 0, false}},
                 (const uint64_t[]){2, 2}, 2, PL_FINDING_ACT_ROLE);
    /* dropped, without a signature */
    expect_state((const struct loggen_action[]){{0, 1, 0, 0, 0, false}, {1, 10, 0, 0, 0, false}},
                 (const uint64_t[]){2, 1}, 2, PL_FINDING_SIGN_MISSING);
}

TEST(verify_asks_for_the_quorum_of_the_policy)
{
    struct loggen g;
    struct seen s;
    begin(&g);
    g.with_witness = true;
    loggen_seal(&g);
    verify(&g, &s);
    assert_clean(&s);
    assert_int_equal(result.witnesses, 1);
    g.with_witness = false;
    char *note = loggen_checkpoint(&g, g.n, &g.key);
    loggen_put(&g, "checkpoint", note, strlen(note));
    free(note);
    verify(&g, &s);
    assert_only(&s, PL_FINDING_NOTE_QUORUM);
    loggen_release(&g);
}

TEST(verify_finds_what_does_not_belong_to_the_export)
{
    struct loggen g;
    struct seen s;
    begin(&g);
    loggen_seal(&g);
    loggen_put(&g, "tile/0/000.p/3", loggen_file(&g, "tile/0/000")->bytes.data, 96);
    verify(&g, &s); /* the right edge of an older tree may lie there */
    assert_clean(&s);
    loggen_file(&g, "tile/0/000.p/3")->bytes.data[95] ^= 1;
    verify(&g, &s);
    assert_only(&s, PL_FINDING_TILE_DIFFERS);
    loggen_remove(&g, "tile/0/000.p/3");
    loggen_put(&g, "tile/0/007", "x", 1);
    verify(&g, &s);
    assert_only(&s, PL_FINDING_FILE_STRAY);
    loggen_remove(&g, "tile/0/007");
    loggen_put(&g, "blobs/more", "x", 1);
    verify(&g, &s);
    assert_only(&s, PL_FINDING_BLOB_STRAY);
    loggen_remove(&g, "blobs/more");
    loggen_remove(&g, "tile/1/000.p/1");
    verify(&g, &s);
    assert_only(&s, PL_FINDING_FILE_MISSING);
    loggen_release(&g);
}

TEST(verify_finds_payloads_that_are_wrong_or_kept)
{
    struct loggen g;
    struct seen s;
    begin(&g);
    loggen_seal(&g);
    for (size_t i = 0; i < g.n_files; i++) {
        if (strncmp(g.files[i].path, "blobs/", 6) == 0) {
            g.files[i].bytes.data[33] ^= 1;
            break;
        }
    }
    verify(&g, &s);
    assert_only(&s, PL_FINDING_BLOB_DIFFERS);
    loggen_release(&g);
}

/* What the tables would hold after the story with no edits. */
TEST(verify_compares_the_tables_with_the_log)
{
    struct loggen g;
    struct seen s;
    begin(&g);
    loggen_seal(&g);
    struct pl_verify_options o = {.state = "nothing\n", .state_n = 8};
    verify_with(&g, &o, &s);
    assert_int_equal(s.of[PL_FINDING_STATE_EXTRA], 1);
    assert_true(s.of[PL_FINDING_STATE_MISSING] > 10);
    assert_int_equal(s.of[PL_FINDING_STATE_MISSING], result.rows);
    loggen_release(&g);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        UNIT(verify_accepts_a_log_that_is_in_order),
        UNIT(verify_accepts_every_size_around_a_tile),
        UNIT(verify_finds_1_a_byte_of_a_leaf),
        UNIT(verify_finds_2_a_byte_of_a_tile),
        UNIT(verify_finds_3_two_leaves_that_were_swapped),
        UNIT(verify_finds_4_a_last_leaf_that_was_dropped),
        UNIT(verify_finds_5_a_size_that_was_forged),
        UNIT(verify_finds_6_the_key_of_another),
        UNIT(verify_finds_7_an_older_checkpoint_played_again),
        UNIT(verify_finds_8_an_event_deleted_before_it_was_sealed),
        UNIT(verify_finds_9_a_payload_erased_without_an_event),
        UNIT(verify_finds_10_a_bad_signature_of_a_client),
        UNIT(verify_finds_11_a_transition_that_is_none),
        UNIT(verify_finds_12_an_action_verified_by_its_owner),
        UNIT(verify_finds_acts_without_their_signature),
        UNIT(verify_finds_a_statement_that_is_used_twice),
        UNIT(verify_finds_a_key_that_is_missing_or_another),
        UNIT(verify_judges_each_act_by_the_log),
        UNIT(verify_judges_actions_by_the_log),
        UNIT(verify_asks_for_the_quorum_of_the_policy),
        UNIT(verify_finds_what_does_not_belong_to_the_export),
        UNIT(verify_finds_payloads_that_are_wrong_or_kept),
        UNIT(verify_compares_the_tables_with_the_log),
    };
    return RUN(tests);
}
