// SPDX-License-Identifier: Apache-2.0
/*
 * The tables against the log. The list of the tables has a line for each row; first, as "leaf HEX",
 * the events that were written after the export's checkpoint, which are replayed behind its
 * entries. Then each row that the log leads to must be in the list, and no other.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "plimsoll/base/mem.h"
#include "plimsoll/base/str.h"

#include "verify_int.h"

#define LINE_SIZE 256
#define LEAF_MAX  4096u

struct row {
    bool found;
    UT_hash_handle hh;
    char line[];
};

/* ---- events behind the checkpoint --------------------------------------------------------------
 */

static int later_leaf(struct verify *v, const char *hex, size_t n, struct pl_err *e)
{
    uint8_t b[LEAF_MAX];
    struct leaf l;
    if (n % 2 != 0 || n / 2 > sizeof(b) || pl_hex_decode(hex, n, b, n / 2) != 0) {
        vf_find_in(v, PL_FINDING_STATE_FORM, v->file,
                   "a leaf that is not one in hexadecimal digits");
        return 0;
    }
    vf_tree_hash_leaf(b, n / 2, v->leaf_hash);
    const char *wrong = vf_leaf_read(b, n / 2, &l);
    if (wrong != NULL) {
        vf_find_in(v, PL_FINDING_LEAF_FORM, v->file, "entry %llu: %s", (unsigned long long)v->index,
                   wrong);
        return 0;
    }
    v->leaf = &l;
    vf_check_chain(v);
    int rc = vf_replay(v, e);
    v->leaf = NULL;
    v->index++;
    return rc;
}

int vf_state_later(struct verify *v, struct pl_err *e)
{
    const char *s = v->o->state;
    const char *end = s + v->o->state_n;
    bool has_blobs = v->has_blobs;
    int rc = 0;
    v->has_blobs = false; /* of the export, which is older */
    (void)pl_strlcpy(v->file, "tables", sizeof(v->file));
    while (rc == 0 && s < end) {
        const char *stop = memchr(s, '\n', (size_t)(end - s));
        size_t n = stop == NULL ? (size_t)(end - s) : (size_t)(stop - s);
        if (n > 5 && memcmp(s, "leaf ", 5) == 0) {
            rc = later_leaf(v, s + 5, n - 5, e);
        }
        s += n + (stop == NULL ? 0 : 1);
    }
    v->has_blobs = has_blobs;
    return rc;
}

/* ---- rows -------------------------------------------------------------------------------------
 */

static void add_row(struct row **all, const char *s, size_t n)
{
    struct row *r = NULL;
    HASH_FIND(hh, *all, s, n, r);
    if (r == NULL) {
        r = pl_xcalloc(1, sizeof(*r) + n + 1);
        memcpy(r->line, s, n);
        HASH_ADD_KEYPTR(hh, *all, r->line, n, r);
    }
}

static struct row *read_rows(const char *s, size_t n)
{
    struct row *all = NULL;
    const char *end = s + n;
    while (s < end) {
        const char *stop = memchr(s, '\n', (size_t)(end - s));
        size_t len = stop == NULL ? (size_t)(end - s) : (size_t)(stop - s);
        if (len > 0 && (len < 5 || memcmp(s, "leaf ", 5) != 0)) {
            add_row(&all, s, len);
        }
        s += len + (stop == NULL ? 0 : 1);
    }
    return all;
}

struct comparison {
    struct verify *v;
    struct row *have;
};

static void expect(struct comparison *c, const char *fmt, ...) PL_PRINTF(2, 3);

static void expect(struct comparison *c, const char *fmt, ...)
{
    char line[LINE_SIZE];
    struct row *r = NULL;
    va_list ap;
    va_start(ap, fmt);
    int n = vsnprintf(line, sizeof(line), fmt, ap);
    va_end(ap);
    PL_ASSERT(n > 0 && n < LINE_SIZE);
    c->v->r->rows++;
    HASH_FIND(hh, c->have, line, (size_t)n, r);
    if (r == NULL) {
        vf_find_in(c->v, PL_FINDING_STATE_MISSING, "tables", "%s", line);
    } else {
        r->found = true;
    }
}

#define LL(x) ((long long)(x))

static void expect_organisation(struct comparison *c)
{
    char hex[2 * HASH_BYTES + 1];
    for (const struct user *u = c->v->users; u != NULL; u = u->hh.next) {
        expect(c, "user %lld enabled=%d", LL(u->id), u->enabled);
    }
    for (const struct device *d = c->v->devices; d != NULL; d = d->hh.next) {
        pl_hex_encode(d->key, HASH_BYTES, hex);
        expect(c, "device %lld user=%lld key=%s revoked=%d", LL(d->id), LL(d->user), hex,
               d->revoked);
    }
    for (const struct invite *i = c->v->invites; i != NULL; i = i->hh.next) {
        expect(c, "invite %lld review=%lld role=%u used=%u revoked=%d", LL(i->id), LL(i->review),
               i->role, i->used, i->revoked);
    }
    for (const struct stream *s = c->v->streams; s != NULL; s = s->hh.next) {
        pl_hex_encode(s->last, HASH_BYTES, hex);
        expect(c, "stream %lld next=%lld last=%s", LL(s->id), LL(s->next), hex);
    }
}

static void expect_reviews(struct comparison *c)
{
    for (const struct review *r = c->v->reviews; r != NULL; r = r->hh.next) {
        expect(c, "review %lld status=%u head=%lld perm_epoch=%u made_by=%lld draft_of=%lld",
               LL(r->id), r->status, LL(r->revision), r->perm_epoch, LL(r->made_by),
               LL(r->draft_of));
    }
    for (const struct member *m = c->v->members; m != NULL; m = m->hh.next) {
        if (m->role != 0) {
            expect(c, "member %lld %lld role=%u duty=%u", LL(m->key.review), LL(m->key.user),
                   m->role, m->duty);
        }
    }
    for (const struct action *a = c->v->actions; a != NULL; a = a->hh.next) {
        expect(
            c,
            "action %lld %lld %lld state=%u owner=%lld done_by=%lld verified_by=%lld accepted=%d",
            LL(a->key.review), LL(a->key.client), LL(a->key.n), a->state, LL(a->owner),
            LL(a->done_by), LL(a->verified_by), a->accepted);
    }
}

void vf_state_compare(struct verify *v)
{
    struct comparison c = {v, read_rows(v->o->state, v->o->state_n)};
    struct row *r;
    struct row *next;
    expect_organisation(&c);
    expect_reviews(&c);
    HASH_ITER (hh, c.have, r, next) {
        if (!r->found) {
            vf_find_in(v, PL_FINDING_STATE_EXTRA, "tables", "%s", r->line);
        }
        HASH_DEL(c.have, r);
        free(r);
    }
}
