// SPDX-License-Identifier: Apache-2.0
/*
 * Older checkpoints that somebody kept: the log must have all their entries still. As every entry
 * is read in order, the tree has at some moment just the size of each, and must have its root.
 */
#include <string.h>

#include "plimsoll/base/str.h"

#include "verify_int.h"

/* What is before the epoch: "plimsoll.internal/d/e" of ".../e2". */
static size_t without_epoch(const char *origin)
{
    size_t n = strlen(origin);
    while (n > 0 && origin[n - 1] >= '0' && origin[n - 1] <= '9') {
        n--;
    }
    return n;
}

/* An older checkpoint: of this log, and not of a larger one. Its root is compared on the way. */
static void check_older(struct verify *v, size_t i)
{
    const struct pl_verify_since *s = &v->o->since[i];
    struct checkpoint *c = &v->since[i];
    struct note note;
    if (!vf_note_read(s->note, s->n, &note) || !vf_checkpoint_read(&note, c)) {
        vf_find_in(v, PL_FINDING_SINCE_FORM, s->name, "it is not a signed checkpoint");
        return;
    }
    size_t n = without_epoch(c->origin);
    if (strcmp(c->origin, v->top.origin) != 0) {
        uint64_t was = 0;
        uint64_t is = 0;
        if (n == without_epoch(v->top.origin) && strncmp(c->origin, v->top.origin, n) == 0 &&
            pl_parse_u64(c->origin + n, &was) == 0 && pl_parse_u64(v->top.origin + n, &is) == 0 &&
            was < is) {
            v->since_use[i] = SINCE_OLD_EPOCH;
            if (!vf_is_by_log(v, &note, c->origin)) {
                vf_find_in(v, PL_FINDING_SINCE_FORM, s->name,
                           "no key that is trusted has signed it");
            }
        } else {
            vf_find_in(v, PL_FINDING_SINCE_EPOCH, s->name, "it is of %s, the export of %s",
                       c->origin, v->top.origin);
        }
        return;
    }
    if (!vf_is_by_log(v, &note, c->origin)) {
        vf_find_in(v, PL_FINDING_SINCE_FORM, s->name, "no key that is trusted has signed it");
    } else if (c->size > v->top.size) {
        vf_find_in(v, PL_FINDING_SINCE_ROLLBACK, s->name,
                   "it had %llu entries then and has %llu now", (unsigned long long)c->size,
                   (unsigned long long)v->top.size);
    } else {
        v->since_use[i] = SINCE_OURS;
    }
}

void vf_since_begin(struct verify *v)
{
    uint8_t root[HASH_BYTES];
    for (size_t i = 0; i < v->o->n_since; i++) {
        check_older(v, i);
    }
    vf_tree_root(v, root);
    vf_since_reached(v, false, 0, root); /* one of an empty log */
}

static bool is_wanted(const struct verify *v, size_t i, bool old_epoch, uint64_t size)
{
    return v->since_use[i] == (old_epoch ? SINCE_OLD_EPOCH : SINCE_OURS) &&
           v->since[i].size == size;
}

bool vf_since_wants(const struct verify *v, bool old_epoch, uint64_t size)
{
    for (size_t i = 0; i < v->o->n_since; i++) {
        if (is_wanted(v, i, old_epoch, size)) {
            return true;
        }
    }
    return false;
}

void vf_since_reached(struct verify *v, bool old_epoch, uint64_t size, const uint8_t *root)
{
    for (size_t i = 0; i < v->o->n_since; i++) {
        if (!is_wanted(v, i, old_epoch, size)) {
            continue;
        }
        if (memcmp(root, v->since[i].root, HASH_BYTES) != 0) {
            vf_find_in(v, PL_FINDING_SINCE_FORK, v->o->since[i].name,
                       "the first %llu entries lead to another root than was signed then",
                       (unsigned long long)size);
        }
        v->since_use[i] = SINCE_DONE;
    }
}
