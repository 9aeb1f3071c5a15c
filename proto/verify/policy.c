// SPDX-License-Identifier: Apache-2.0
/*
 * Whose signatures a checkpoint needs, as c2sp.org/tlog-policy writes it: lines "log VKEY [URL]",
 * "witness NAME VKEY [URL]", "group NAME any|all|K MEMBER...", "quorum NAME|none". A group names
 * only what stands above it, so one pass from the top decides everything.
 */
#include <string.h>

#include "plimsoll/base/mem.h"
#include "plimsoll/base/str.h"

#include "verify_int.h"

#define WORDS_MAX 66

struct words {
    const char *s[WORDS_MAX];
    size_t len[WORDS_MAX];
    size_t n;
};

static bool word_is(const struct words *w, size_t i, const char *s)
{
    return i < w->n && w->len[i] == strlen(s) && memcmp(w->s[i], s, w->len[i]) == 0;
}

static bool split(const char *s, size_t n, struct words *out)
{
    size_t at = 0;
    out->n = 0;
    while (at < n) {
        size_t from = at;
        while (at < n && s[at] != ' ' && s[at] != '\t') {
            at++;
        }
        if (at > from) {
            if (out->n == WORDS_MAX) {
                return false;
            }
            out->s[out->n] = s + from;
            out->len[out->n++] = at - from;
        }
        at++;
    }
    return true;
}

static int item_of(const struct policy *p, const struct words *w, size_t i)
{
    for (size_t k = 0; i < w->n && k < p->n_items; k++) {
        if (w->len[i] == strlen(p->items[k].name) &&
            memcmp(w->s[i], p->items[k].name, w->len[i]) == 0) {
            return (int)k;
        }
    }
    return -1;
}

/* A new name in the policy; NULL: there is no room, or it is taken. */
static struct policy_item *item_add(struct policy *p, const struct words *w, size_t i)
{
    if (i >= w->n || p->n_items == POLICY_NAMES || w->len[i] >= PL_VERIFY_ORIGIN_MAX ||
        word_is(w, i, "none") || item_of(p, w, i) >= 0) {
        return NULL;
    }
    struct policy_item *it = &p->items[p->n_items];
    memcpy(it->name, w->s[i], w->len[i]);
    return it;
}

static bool add_log(struct policy *p, const struct words *w)
{
    struct key k;
    if ((w->n != 2 && w->n != 3) || p->n_logs == POLICY_LOGS ||
        !vf_key_read(w->s[1], w->len[1], &k) || k.type != 1) {
        return false;
    }
    for (size_t i = 0; i < p->n_logs; i++) {
        if (memcmp(p->logs[i].pub, k.pub, sizeof(k.pub)) == 0) {
            return false;
        }
    }
    p->logs[p->n_logs++] = k;
    return true;
}

static bool add_witness(struct policy *p, const struct words *w)
{
    struct key k;
    if ((w->n != 3 && w->n != 4) || !vf_key_read(w->s[2], w->len[2], &k) || k.type != 4) {
        return false;
    }
    for (size_t i = 0; i < p->n_items; i++) {
        if (p->items[i].is_witness && memcmp(p->items[i].key.pub, k.pub, sizeof(k.pub)) == 0) {
            return false;
        }
    }
    struct policy_item *it = item_add(p, w, 1);
    if (it == NULL) {
        return false;
    }
    it->is_witness = true;
    it->key = k;
    p->n_items++;
    return true;
}

static bool add_group(struct policy *p, const struct words *w)
{
    uint64_t need = 0;
    uint64_t members = 0;
    struct policy_item *it = item_add(p, w, 1);
    if (it == NULL || w->n < 4) {
        return false;
    }
    for (size_t i = 3; i < w->n; i++) {
        int k = item_of(p, w, i);
        if (k < 0 || (members >> k & 1) != 0) {
            return false;
        }
        members |= UINT64_C(1) << k;
    }
    size_t n = w->n - 3;
    if (word_is(w, 2, "any")) {
        need = 1;
    } else if (word_is(w, 2, "all")) {
        need = n;
    } else if (pl_parse_u64n(w->s[2], w->len[2], &need) != 0) {
        return false;
    }
    if (need < 1 || need > n) {
        return false;
    }
    it->members = members;
    it->need = (unsigned)need;
    p->n_items++;
    return true;
}

static bool set_quorum(struct policy *p, const struct words *w, bool *has)
{
    if (w->n != 2 || *has) {
        return false;
    }
    *has = true;
    p->quorum = word_is(w, 1, "none") ? -1 : item_of(p, w, 1);
    return p->quorum >= 0 || word_is(w, 1, "none");
}

static bool is_line(const char *s, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        if (((unsigned char)s[i] < ' ' && s[i] != '\t') || s[i] == 0x7f) {
            return false;
        }
    }
    return true;
}

/* A line without words, or one that says nothing, is good. */
static bool take_line(struct policy *out, const struct words *w, bool *has_quorum)
{
    if (w->n == 0 || w->s[0][0] == '#')
        return true;
    if (word_is(w, 0, "log"))
        return add_log(out, w);
    if (word_is(w, 0, "witness"))
        return add_witness(out, w);
    if (word_is(w, 0, "group"))
        return add_group(out, w);
    return word_is(w, 0, "quorum") && set_quorum(out, w, has_quorum);
}

int vf_policy_read(const char *s, size_t n, struct policy *out, struct pl_err *e)
{
    bool has_quorum = false;
    unsigned line = 0;
    memset(out, 0, sizeof(*out));
    out->quorum = -1;
    for (const char *end = s + n; s < end;) {
        struct words w;
        const char *stop = memchr(s, '\n', (size_t)(end - s));
        line++;
        if (stop == NULL || !is_line(s, (size_t)(stop - s)) || !split(s, (size_t)(stop - s), &w)) {
            return pl_fail(e, PL_E_INVALID, "line %u of the policy is not text", line);
        }
        s = stop + 1;
        if (!take_line(out, &w, &has_quorum)) {
            return pl_fail(e, PL_E_INVALID, "line %u of the policy is wrong", line);
        }
    }
    return has_quorum ? 0 : pl_fail(e, PL_E_INVALID, "the policy has no quorum line");
}

bool vf_policy_holds(const struct policy *p, const struct note *n, uint64_t *witnesses)
{
    uint64_t have = 0;
    *witnesses = 0;
    for (size_t i = 0; i < p->n_items; i++) {
        const struct policy_item *it = &p->items[i];
        bool good = it->is_witness ? vf_note_is_signed(n, &it->key)
                                   : (unsigned)__builtin_popcountll(have & it->members) >= it->need;
        have |= good ? UINT64_C(1) << i : 0;
        *witnesses += it->is_witness && good ? 1 : 0;
    }
    return p->quorum < 0 || (have >> p->quorum & 1) != 0;
}
