// SPDX-License-Identifier: Apache-2.0
/*
 * Epochs. After a failover that lost entries which were signed already, the log begins anew under
 * another origin: entry 0 (kind 0702) says which log it continues and how much of it is left, then
 * come the entries of that log in their order. Entry 0 has its number in the stream of the
 * organisation further back, where it was written. The third epoch begins with two such entries,
 * and so on. The tree without the newest of them is the old log's, as far as it is common.
 */
#include <string.h>

#include "verify_int.h"

bool vf_epoch_begins(struct verify *v)
{
    const struct leaf *l = v->leaf;
    if (l->kind != 0x0702 || l->stream != 0 || v->index != v->n_epochs ||
        v->n_epochs == EPOCHS_MAX) {
        return false;
    }
    struct epoch *x = &v->epochs[v->n_epochs++];
    x->is_waiting = true;
    x->number = l->number;
    x->time_us = l->time_us;
    memcpy(x->prev, l->prev, HASH_BYTES);
    memcpy(x->hash, v->leaf_hash, HASH_BYTES);
    return true;
}

void vf_epoch_pass(struct verify *v, struct stream *s)
{
    for (unsigned i = 0; s->id == 0 && i < v->n_epochs; i++) {
        struct epoch *x = &v->epochs[i];
        if (!x->is_waiting || x->number != s->next) {
            continue;
        }
        if (memcmp(x->prev, s->last, HASH_BYTES) != 0) {
            vf_find(
                v, PL_FINDING_STREAM_PREV,
                "entry %u, which begins an epoch and is the next number, does not continue this "
                "one",
                i);
        }
        x->is_waiting = false;
        s->next++;
        s->time_us = x->time_us;
        memcpy(s->last, x->hash, HASH_BYTES);
        i = UINT32_MAX; /* perhaps another one comes right behind it */
    }
}

/* The old log's tree: of each complete part its root, as the bits of its size say. */
void vf_epoch_add(struct verify *v)
{
    uint8_t h[HASH_BYTES];
    unsigned level = 0;
    if (v->n_epochs == 0 || v->index == 0) {
        return;
    }
    memcpy(h, v->leaf_hash, HASH_BYTES);
    for (; (v->old_entries >> level & 1) != 0; level++) {
        vf_hash_pair(v->old_peaks[level], h, h);
    }
    memcpy(v->old_peaks[level], h, HASH_BYTES);
    v->old_entries++;
    if (v->old_entries > v->epochs[0].common || !vf_since_wants(v, true, v->old_entries)) {
        return;
    }
    bool has = false;
    for (level = 0; level < 64; level++) {
        if ((v->old_entries >> level & 1) == 0) {
            continue;
        }
        if (has) {
            vf_hash_pair(v->old_peaks[level], h, h);
        } else {
            memcpy(h, v->old_peaks[level], HASH_BYTES);
            has = true;
        }
    }
    vf_since_reached(v, true, v->old_entries, h);
}

void vf_epoch(struct verify *v)
{
    uint64_t size = 0;
    uint64_t common = 0;
    if (!vf_take_u64(v, 47, &size) || vf_take_bytes(v, 48, HASH_BYTES) == NULL ||
        !vf_take_u64(v, 49, &common)) {
        return;
    }
    if (v->leaf->user != 0) {
        vf_find(v, PL_FINDING_ACT_ROLE, "only the operator on the host begins an epoch");
    }
    if (v->index >= v->n_epochs || common > size) {
        vf_find(v, PL_FINDING_GENESIS,
                "an epoch begins at entry 0, and has no more in common than was");
        return;
    }
    v->epochs[v->index].common = common;
    if (v->index == 0 && common < size) {
        vf_note_to(v, "the epoch says that %llu entries of the log before it were lost",
                   (unsigned long long)(size - common));
    }
}

void vf_epochs_end(struct verify *v)
{
    for (unsigned i = 0; i < v->n_epochs; i++) {
        if (v->epochs[i].is_waiting) {
            vf_find_in(v, PL_FINDING_STREAM_NUMBER, "tile/entries",
                       "stream 0 never comes to number %llu, which entry %u has",
                       (unsigned long long)v->epochs[i].number, i);
        }
    }
    for (size_t i = 0; i < v->o->n_since; i++) {
        if (v->since_use[i] != SINCE_OLD_EPOCH) {
            continue;
        }
        if (v->n_epochs == 0) {
            vf_find_in(v, PL_FINDING_GENESIS, v->o->since[i].name,
                       "the log continues that of %s and does not say so", v->since[i].origin);
        } else {
            vf_note_to(v, "%s had %llu entries, of which the new epoch has the first %llu",
                       v->o->since[i].name, (unsigned long long)v->since[i].size,
                       (unsigned long long)v->epochs[0].common);
        }
    }
}
