// SPDX-License-Identifier: Apache-2.0
/*
 * Every entry, in its order: read, hashed into the tree, checked against the one before in its
 * stream, and replayed.
 */
#include <stdio.h>
#include <string.h>

#include "plimsoll/base/mem.h"

#include "verify_int.h"

static struct stream *stream_of(struct verify *v, uint64_t id)
{
    struct stream *s = NULL;
    HASH_FIND(hh, v->streams, &id, sizeof(id), s);
    if (s == NULL) {
        s = pl_xcalloc(1, sizeof(*s));
        s->id = id;
        HASH_ADD(hh, v->streams, id, sizeof(s->id), s);
        v->r->streams++;
    }
    return s;
}

static void advance(struct stream *s, uint64_t number, uint64_t time_us, const uint8_t *hash)
{
    s->next = number + 1;
    s->time_us = time_us;
    memcpy(s->last, hash, HASH_BYTES);
}

void vf_check_chain(struct verify *v)
{
    static const uint8_t zeros[HASH_BYTES];
    const struct leaf *l = v->leaf;
    struct stream *s = stream_of(v, l->stream);
    bool is_gap = l->number != s->next;
    if (is_gap) {
        vf_find(v, PL_FINDING_STREAM_NUMBER, "number %llu was expected, not %llu",
                (unsigned long long)s->next, (unsigned long long)l->number);
    }
    if (memcmp(l->prev, s->next == 0 ? zeros : s->last, HASH_BYTES) != 0) {
        vf_find(v, PL_FINDING_STREAM_PREV,
                "it names another entry than the one before in its stream%s",
                is_gap ? " (something is missing between them)" : "");
    }
    if (s->next > 0 && l->time_us <= s->time_us) {
        vf_find(v, PL_FINDING_STREAM_TIME, "%llu is not after %llu", (unsigned long long)l->time_us,
                (unsigned long long)s->time_us);
    }
    if (!is_gap || l->number > s->next) {
        advance(s, l->number, l->time_us, v->leaf_hash);
    }
    vf_epoch_pass(v, s);
}

int vf_check_entry(struct verify *v, const uint8_t *b, size_t n, struct pl_err *e)
{
    struct leaf l;
    vf_tree_hash_leaf(b, n, v->leaf_hash);
    int rc = vf_tree_add(v, v->leaf_hash, e);
    if (rc == 0 && vf_since_wants(v, false, v->entries)) {
        uint8_t root[HASH_BYTES];
        vf_tree_root(v, root);
        vf_since_reached(v, false, v->entries, root);
    }
    const char *wrong = vf_leaf_read(b, n, &l);
    if (rc != 0 || wrong != NULL) {
        if (wrong != NULL) {
            vf_find_in(v, PL_FINDING_LEAF_FORM, v->file, "entry %llu: %s",
                       (unsigned long long)v->index, wrong);
        }
        return rc;
    }
    v->leaf = &l;
    v->r->entries++;
    if (!vf_epoch_begins(v)) {
        vf_check_chain(v);
    }
    vf_epoch_add(v);
    rc = vf_check_blob(v, e);
    if (rc == 0) {
        rc = vf_replay(v, e);
    }
    v->leaf = NULL;
    return rc;
}

/* The leaves of one bundle; *whole is false when it does not have as many as it should. */
static int check_bundle(struct verify *v, const struct pl_buf *b, unsigned want, bool *whole,
                        struct pl_err *e)
{
    size_t at = 0;
    unsigned have = 0;
    int rc = 0;
    while (rc == 0 && at < b->len && have < want) {
        size_t n = b->len - at >= 2 ? (size_t)b->data[at] * 256 + b->data[at + 1] : 0;
        if (b->len - at < 2 || b->len - at - 2 < n) {
            vf_find_in(v, PL_FINDING_BUNDLE_FORM, v->file, "it is cut off behind %u entries", have);
            *whole = false;
            return 0;
        }
        rc = vf_check_entry(v, b->data + at + 2, n, e);
        at += 2 + n;
        have++;
        v->index++;
    }
    if (rc == 0 && (have < want || at < b->len)) {
        vf_find_in(v, PL_FINDING_BUNDLE_FORM, v->file,
                   have < want ? "it has %u entries, not %u"
                               : "bytes follow its %u entries (of %u)",
                   have, want);
        *whole = have == want;
    }
    return rc;
}

int vf_check_entries(struct verify *v, struct pl_err *e)
{
    bool whole = true;
    int rc = 0;
    for (uint64_t i = 0; rc == 0 && whole && i * TILE_WIDTH < v->top.size; i++) {
        struct pl_buf b;
        bool is_there = false;
        uint64_t left = v->top.size - i * TILE_WIDTH;
        unsigned want = left < TILE_WIDTH ? (unsigned)left : TILE_WIDTH;
        vf_tile_path(-1, i, want, v->file);
        rc = vf_read_maybe(v, v->file, &b, &is_there, e);
        if (rc == 0 && !is_there) {
            vf_find_in(v, PL_FINDING_FILE_MISSING, v->file, "the bundle of %u entries is missing",
                       want);
            whole = false;
        } else if (rc == 0) {
            rc = check_bundle(v, &b, want, &whole, e);
        }
        pl_buf_release(&b);
    }
    return rc;
}
