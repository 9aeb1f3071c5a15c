// SPDX-License-Identifier: Apache-2.0
/*
 * The check from its beginning to its end: whom to believe, the checkpoint, every entry, what is
 * left over. What is found is told and the check goes on; only what keeps it from being made (no
 * checkpoint, files that cannot be read, keys that are none) is an error.
 */
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "plimsoll/base/mem.h"
#include "plimsoll/base/str.h"

#include "verify_int.h"

/* ---- telling ----------------------------------------------------------------------------------
 */

static const struct {
    const char *code, *what;
} kinds[] = {
#define FINDING(name, code, what) {code, what},
#include "plimsoll/verify/findings.def"
};

const char *pl_finding_code(enum pl_finding_kind kind)
{
    return kinds[kind].code;
}

const char *pl_finding_what(enum pl_finding_kind kind)
{
    return kinds[kind].what;
}

static void PL_PRINTF(3, 0)
    tell(struct verify *v, struct pl_log_finding *f, const char *fmt, va_list ap)
{
    char why[400];
    (void)vsnprintf(why, sizeof(why), fmt, ap);
    f->why = why;
    v->r->findings++;
    v->o->finding(v->o->ctx, f);
}

void vf_find_in(struct verify *v, enum pl_finding_kind kind, const char *file, const char *fmt, ...)
{
    struct pl_log_finding f = {.kind = kind, .file = file};
    va_list ap;
    va_start(ap, fmt);
    tell(v, &f, fmt, ap);
    va_end(ap);
}

void vf_find(struct verify *v, enum pl_finding_kind kind, const char *fmt, ...)
{
    struct pl_log_finding f = {.kind = kind,
                               .file = v->file,
                               .has_index = true,
                               .has_event = true,
                               .index = v->index,
                               .stream = v->leaf->stream,
                               .number = v->leaf->number};
    va_list ap;
    va_start(ap, fmt);
    tell(v, &f, fmt, ap);
    va_end(ap);
}

void vf_find_entry(struct verify *v, enum pl_finding_kind kind, const struct missing *m,
                   const char *fmt, ...)
{
    char file[PATH_MAX_];
    uint64_t left = v->top.size - m->index / TILE_WIDTH * TILE_WIDTH;
    vf_tile_path(-1, m->index / TILE_WIDTH, left < TILE_WIDTH ? (unsigned)left : TILE_WIDTH, file);
    struct pl_log_finding f = {.kind = kind,
                               .file = file,
                               .has_index = true,
                               .has_event = true,
                               .index = m->index,
                               .stream = m->stream,
                               .number = m->number};
    va_list ap;
    va_start(ap, fmt);
    tell(v, &f, fmt, ap);
    va_end(ap);
}

void vf_note_to(struct verify *v, const char *fmt, ...)
{
    char text[400];
    va_list ap;
    if (v->o->note == NULL) {
        return;
    }
    va_start(ap, fmt);
    (void)vsnprintf(text, sizeof(text), fmt, ap);
    va_end(ap);
    v->o->note(v->o->ctx, text);
}

/* ---- whom to believe --------------------------------------------------------------------------
 */

/* The keys that were given, else those of the policy that was given, else those of the export. */
static int load_keys(struct verify *v, struct pl_err *e)
{
    struct pl_buf b;
    struct pl_err why;
    bool is_there = true;
    int rc = 0;
    pl_buf_init(&b, 0);
    v->policy.quorum = -1;
    if (v->o->policy != NULL) {
        rc = vf_policy_read(v->o->policy, v->o->policy_n, &v->policy, e);
        rc = rc == 0 ? 0 : -PL_E_USAGE;
    } else {
        rc = vf_read_maybe(v, "policy", &b, &is_there, e);
        if (rc == 0 && is_there &&
            vf_policy_read(b.data == NULL ? "" : (const char *)b.data, b.len, &v->policy, &why) !=
                0) {
            vf_find_in(v, PL_FINDING_POLICY_FORM, "policy", "%s", why.text);
        }
        v->r->own_keys = v->o->n_keys == 0;
    }
    if (rc == 0 && v->o->n_keys > 0 && v->o->policy == NULL) {
        v->policy.n_logs = 0; /* the export does not say itself who may sign it */
    }
    for (size_t i = 0; rc == 0 && i < v->o->n_keys; i++) {
        struct key k;
        if (v->policy.n_logs == POLICY_LOGS ||
            !vf_key_read(v->o->keys[i], strlen(v->o->keys[i]), &k) || k.type != 1) {
            rc = pl_fail(e, PL_E_USAGE, "not a key of a log (NAME+ID+KEY): %.100s", v->o->keys[i]);
            break;
        }
        v->policy.logs[v->policy.n_logs++] = k;
    }
    pl_buf_release(&b);
    if (rc == 0 && v->policy.n_logs == 0) {
        return pl_fail(e, PL_E_USAGE, "no key to check the log by: give one, or a policy with one");
    }
    return rc;
}

/* ---- checkpoints ------------------------------------------------------------------------------
 */

bool vf_is_by_log(const struct verify *v, const struct note *n, const char *origin)
{
    for (size_t i = 0; i < v->policy.n_logs; i++) {
        if (strcmp(v->policy.logs[i].name, origin) == 0 &&
            vf_note_is_signed(n, &v->policy.logs[i])) {
            return true;
        }
    }
    return false;
}

static void check_top(struct verify *v, const char *s, size_t n)
{
    struct note note;
    if (!vf_note_read(s, n, &note) || !vf_checkpoint_read(&note, &v->top)) {
        vf_find_in(v, PL_FINDING_NOTE_FORM, "checkpoint",
                   "it is not a signed note with origin, size, root");
        return;
    }
    if (!vf_is_by_log(v, &note, v->top.origin)) {
        vf_find_in(v, PL_FINDING_NOTE_SIGNATURE, "checkpoint",
                   "no key that is trusted has signed it for %s", v->top.origin);
    }
    if (!vf_policy_holds(&v->policy, &note, &v->r->witnesses)) {
        vf_find_in(v, PL_FINDING_NOTE_QUORUM, "checkpoint",
                   "%llu have, which is not what the policy asks for",
                   (unsigned long long)v->r->witnesses);
    }
}

/* ---- the whole --------------------------------------------------------------------------------
 */

static void on_any(void *ctx, const char *name, bool is_dir)
{
    (void)ctx;
    (void)name;
    (void)is_dir;
}

static int look_for_blobs(struct verify *v, struct pl_err *e)
{
    int rc = v->o->source.list(v->o->source.ctx, "blobs", on_any, NULL, e);
    v->has_blobs = rc == 0;
    return rc == -PL_E_NOENT ? 0 : rc;
}

/* "organisation": the pin that signed acts name, in hexadecimal digits. The log's origin has its
 * first half, so the file need not be believed. */
static int load_pin(struct verify *v, struct pl_err *e)
{
    struct pl_buf b;
    bool is_there = false;
    const char *mark = strchr(v->top.origin, '/');
    int rc = vf_read_maybe(v, "organisation", &b, &is_there, e);
    if (rc == 0 && is_there && !v->has_pin) {
        if (b.len == 65 && mark != NULL && strlen(mark) > 33 && memcmp(b.data, mark + 1, 32) == 0 &&
            mark[33] == '/' &&
            pl_hex_decode((const char *)b.data, 64, v->pin, sizeof(v->pin)) == 0) {
            v->has_pin = true;
        } else {
            vf_find_in(v, PL_FINDING_SIGN_KEY, "organisation",
                       "it is not the pin that the log's origin begins with");
        }
    }
    pl_buf_release(&b);
    return rc;
}

static void tell_unchecked(struct verify *v)
{
    if (v->r->own_keys) {
        vf_note_to(
            v, "the log's key was taken from the export itself: give it with --key or --policy");
    }
    if (v->unchecked > 0) {
        vf_note_to(v, "the export has no payloads: %llu commitments were not checked",
                   (unsigned long long)v->unchecked);
    }
    if (v->unpinned > 0) {
        vf_note_to(v, "the organisation's pin is not known: %llu signatures were not checked",
                   (unsigned long long)v->unpinned);
    }
    if (v->unknown_kinds > 0) {
        vf_note_to(v, "%llu events are of kinds that this version does not know: not replayed",
                   (unsigned long long)v->unknown_kinds);
    }
}

static int run(struct verify *v, struct pl_err *e)
{
    struct pl_buf note;
    int rc = vf_read_file(v, "checkpoint", &note, e);
    if (rc == 0) {
        rc = load_keys(v, e);
    }
    if (rc == 0) {
        rc = look_for_blobs(v, e);
    }
    if (rc == 0) {
        check_top(v, note.data == NULL ? "" : (const char *)note.data, note.len);
        vf_since_begin(v);
        rc = load_pin(v, e);
    }
    if (rc == 0) {
        rc = vf_check_entries(v, e);
    }
    pl_buf_release(&note);
    if (rc == 0) {
        rc = vf_tree_end(v, e);
    }
    if (rc == 0) {
        rc = vf_check_stray_tiles(v, e);
    }
    if (rc == 0 && v->o->state != NULL) {
        rc = vf_state_later(v, e);
    }
    if (rc == 0) {
        vf_epochs_end(v);
        vf_signatures_end(v);
        rc = vf_blobs_end(v, e);
    }
    if (rc == 0 && v->o->state != NULL) {
        vf_state_compare(v);
    }
    if (rc == 0) {
        tell_unchecked(v);
    }
    return rc;
}

int pl_verify(const struct pl_verify_options *o, struct pl_verify_result *out, struct pl_err *e)
{
    PL_ASSERT(o->n_since <= PL_VERIFY_SINCE_MAX);
    struct verify *v = pl_xcalloc(1, sizeof(*v));
    memset(out, 0, sizeof(*out));
    v->o = o;
    v->r = out;
    if (o->pin != NULL) {
        memcpy(v->pin, o->pin, sizeof(v->pin));
        v->has_pin = true;
    }
    int rc = run(v, e);
    (void)pl_strlcpy(out->origin, v->top.origin, sizeof(out->origin));
    out->size = v->top.size;
    memcpy(out->root, v->top.root, HASH_BYTES);
    vf_replay_release(v);
    free(v->seen_blobs);
    free(v);
    return rc;
}
