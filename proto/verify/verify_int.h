// SPDX-License-Identifier: Apache-2.0
/*
 * What the parts of the verifier share: one check under way, its own readers of notes and leaves,
 * and the state that the log has led to so far. No reader of proto/tlog is used here, on purpose: a
 * mistake there must not be made here again.
 */
#ifndef PLIMSOLL_PROTO_VERIFY_VERIFY_INT_H
#define PLIMSOLL_PROTO_VERIFY_VERIFY_INT_H

#define HASH_FUNCTION(k, n, h) ((h) = pl_map_hash((k), (n)))
#include <uthash.h>

#include "plimsoll/base/hash.h"
#include "plimsoll/verify/verify.h"

#include "replay_int.h"

#define HASH_BYTES  32
#define TILE_WIDTH  256u
#define TILE_LEVELS 8
#define EPOCHS_MAX  16
#define PATH_MAX_   96 /* of a file in the export */

/* ---- notes, policies ---------------------------------------------------------------------------
 */

struct key {
    char name[PL_VERIFY_ORIGIN_MAX];
    uint8_t id[4], type, pub[32];
};

struct note {
    const char *text, *sigs; /* the text with its last newline; the lines of signatures */
    size_t text_n, sigs_n;
};

struct checkpoint {
    char origin[PL_VERIFY_ORIGIN_MAX];
    uint64_t size;
    uint8_t root[HASH_BYTES];
};

bool vf_key_read(const char *s, size_t n, struct key *out);
bool vf_note_read(const char *s, size_t n, struct note *out);
bool vf_note_is_signed(const struct note *n, const struct key *k);
bool vf_checkpoint_read(const struct note *n, struct checkpoint *out);
/* Base64 in its one form; -1, or how many bytes it is, at most cap. */
int vf_base64_read(const char *s, size_t n, uint8_t *out, size_t cap);

#define POLICY_LOGS  32
#define POLICY_NAMES 64
struct policy {
    struct key logs[POLICY_LOGS];
    size_t n_logs;
    struct policy_item {
        char name[PL_VERIFY_ORIGIN_MAX];
        bool is_witness;
        struct key key;
        uint64_t members; /* bits of items before this one */
        unsigned need;
    } items[POLICY_NAMES];
    size_t n_items;
    int quorum; /* an item, -1: none */
};

/* -PL_E_INVALID with the line that is wrong. */
int vf_policy_read(const char *s, size_t n, struct policy *out, struct pl_err *e) PL_MUST;
/* Does the note carry the quorum? *witnesses: how many have signed it at all. */
bool vf_policy_holds(const struct policy *p, const struct note *n, uint64_t *witnesses);

/* ---- leaves ------------------------------------------------------------------------------------
 */

struct leaf {
    unsigned outcome, kind;
    uint64_t stream, number, time_us, user, device;
    const uint8_t *prev, *commitment; /* 32 bytes each */
    const uint8_t *fields;
    size_t fields_n;
};

/* NULL, or what is wrong with it. */
const char *vf_leaf_read(const uint8_t *b, size_t n, struct leaf *out);
/* The bytes of a field, or NULL. */
const uint8_t *vf_leaf_field(const struct leaf *l, unsigned tag, size_t *n);

/* A check under way. */
struct verify {
    const struct pl_verify_options *o;
    struct pl_verify_result *r;
    struct policy policy;
    struct checkpoint top;
    struct checkpoint since[PL_VERIFY_SINCE_MAX];
    enum { SINCE_BAD, SINCE_OURS, SINCE_OLD_EPOCH, SINCE_DONE } since_use[PL_VERIFY_SINCE_MAX];

    /* the tree: the hashes at its right edge, a tile of each level */
    uint64_t entries;
    uint8_t tile[TILE_LEVELS][TILE_WIDTH][HASH_BYTES];
    unsigned in_tile[TILE_LEVELS];
    uint64_t tiles[TILE_LEVELS]; /* full ones so far */

    /* the entry that is looked at; leaf is NULL outside of one */
    char file[PATH_MAX_];
    uint64_t index;
    const struct leaf *leaf;
    uint8_t leaf_hash[HASH_BYTES];

    /* The entries that begin an epoch, newest first, until their stream has come to them; and the
     * tree without them, which is that of the epoch before. */
    struct epoch {
        bool is_waiting;
        uint64_t number, time_us, common;
        uint8_t prev[HASH_BYTES], hash[HASH_BYTES];
    } epochs[EPOCHS_MAX];
    unsigned n_epochs;
    uint64_t old_entries;
    uint8_t old_peaks[64][HASH_BYTES];

    bool has_blobs;
    uint64_t unchecked; /* payloads, without blobs/ */
    uint64_t unknown_kinds;
    struct stream *streams;
    struct missing *missing;
    uint64_t *seen_blobs; /* the first 8 bytes of each that is there */
    size_t n_seen, cap_seen;

    uint8_t pin[32];
    bool has_pin;
    uint64_t unpinned;                     /* signatures that no organisation is known for */
    uint64_t joining_user, joining_device; /* an invite was used, the device comes next */
    struct user *users;
    struct device *devices;
    struct invite *invites;
    struct review *reviews;
    struct member *members;
    struct action *actions;
    struct asked *asked;
    struct unsigned_act *unsigned_acts;
    struct nonce *nonces;
};

/* ---- telling -----------------------------------------------------------------------------------
 */

/* About a file ("" none), or about the entry that is looked at. */
void vf_find_in(struct verify *v, enum pl_finding_kind kind, const char *file, const char *fmt, ...)
    PL_PRINTF(4, 5);
void vf_find(struct verify *v, enum pl_finding_kind kind, const char *fmt, ...) PL_PRINTF(3, 4);
void vf_note_to(struct verify *v, const char *fmt, ...) PL_PRINTF(2, 3);

/* About an entry that was read before. */
void vf_find_entry(struct verify *v, enum pl_finding_kind kind, const struct missing *m,
                   const char *fmt, ...) PL_PRINTF(4, 5);

/* ---- parts -------------------------------------------------------------------------------------
 */

int vf_read_file(struct verify *v, const char *path, struct pl_buf *out, struct pl_err *e) PL_MUST;
/* A file that may be missing: false and an empty `out`. Fails for anything else. */
int vf_read_maybe(struct verify *v, const char *path, struct pl_buf *out, bool *is_there,
                  struct pl_err *e) PL_MUST;

/* epoch.c: a log that continues another one. True: this entry begins an epoch, and its place in its
 * stream comes later. */
bool vf_epoch_begins(struct verify *v);
/* The stream of the organisation has come to its next number: is it that of such an entry? */
void vf_epoch_pass(struct verify *v, struct stream *s);
void vf_epoch_add(struct verify *v);
void vf_epochs_end(struct verify *v);

/* since.c: older checkpoints. */
void vf_since_begin(struct verify *v);
/* Compares the roots of those that have this size: of this log, or of the epoch before. */
void vf_since_reached(struct verify *v, bool old_epoch, uint64_t size, const uint8_t *root);
bool vf_since_wants(const struct verify *v, bool old_epoch, uint64_t size);
bool vf_is_by_log(const struct verify *v, const struct note *n, const char *origin);

/* tree.c */
void vf_hash_pair(const uint8_t *left, const uint8_t *right, uint8_t out[HASH_BYTES]);
void vf_tree_hash_leaf(const uint8_t *leaf, size_t n, uint8_t out[HASH_BYTES]);
/* Adds a leaf; compares each tile that is full now. */
int vf_tree_add(struct verify *v, const uint8_t leaf_hash[HASH_BYTES], struct pl_err *e) PL_MUST;
void vf_tree_root(const struct verify *v, uint8_t out[HASH_BYTES]);
/* Compares the tiles at the right edge, the size and the root. */
int vf_tree_end(struct verify *v, struct pl_err *e) PL_MUST;
/* "tile/<level>/..." (level -1: entries), width 256 for a full one. */
void vf_tile_path(int level, uint64_t index, unsigned width, char out[PATH_MAX_]);

/* files.c: what is in the folders of tiles and belongs to no tree. */
int vf_check_stray_tiles(struct verify *v, struct pl_err *e) PL_MUST;

/* entries.c */
int vf_check_entries(struct verify *v, struct pl_err *e) PL_MUST;
void vf_check_chain(struct verify *v);
int vf_check_entry(struct verify *v, const uint8_t *b, size_t n, struct pl_err *e) PL_MUST;

/* blobs.c */
int vf_check_blob(struct verify *v, struct pl_err *e) PL_MUST;
void vf_blob_erased(struct verify *v, const uint8_t hash[HASH_BYTES]);
int vf_blobs_end(struct verify *v, struct pl_err *e) PL_MUST;

/* state.c: the events that are not in the export yet; then what the tables hold. */
int vf_state_later(struct verify *v, struct pl_err *e) PL_MUST;
void vf_state_compare(struct verify *v);

#endif
