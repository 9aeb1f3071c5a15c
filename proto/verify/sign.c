// SPDX-License-Identifier: Apache-2.0
/*
 * Signed acts. What a device has signed is put together again from the entry alone, field by field,
 * so a signature that holds says that the entry is what the person was shown and agreed to. The
 * public key is a file of the export and must have the hash under which the log enrolled the
 * device.
 */
#include <stdlib.h>
#include <string.h>

#include "plimsoll/base/mem.h"
#include "plimsoll/base/str.h"
#include "plimsoll/tls/x509.h"

#include "verify_int.h"

#define HEAD_BYTES   126u
#define SIGNED_FIELD 0x7001u
#define SIGNED_HEAD  25u                           /* algorithm, time, nonce */
#define SKEW_US      (UINT64_C(11) * 60 * 1000000) /* ten minutes, and one for waits */
#define KEY_MAX      512u

static uint8_t *put(uint8_t *p, uint64_t x, unsigned bytes)
{
    for (unsigned i = bytes; i-- > 0; x >>= 8) {
        p[i] = (uint8_t)x;
    }
    return p + bytes;
}

/* The statement's head; false: a field is missing, which was told. */
static bool build_head(struct verify *v, unsigned statement, const uint8_t *sig,
                       uint8_t out[HEAD_BYTES])
{
    const struct leaf *l = v->leaf;
    uint64_t object = 0;
    uint64_t review = l->stream;
    const uint8_t *seen = vf_take_bytes(v, 27, HASH_BYTES);
    if (seen == NULL || !vf_take_u64_or_0(v, 30, &object) ||
        (l->stream == 0 && !vf_take_u64_or_0(v, 24, &review))) {
        return false;
    }
    static const uint8_t magic[4] = {'P', 'L', 'S', '1'};
    uint8_t *p = out;
    memcpy(p, magic, sizeof(magic));
    p = put(p + 4, statement, 2);
    memcpy(p, v->pin, sizeof(v->pin));
    p = put(p + sizeof(v->pin), review, 8);
    p = put(p, object, 8);
    p = put(p, l->user, 8);
    p = put(p, l->device, 8);
    memcpy(p, sig + 1, 8 + 16);
    memcpy(p + 24, seen, HASH_BYTES);
    return true;
}

static void check_nonce(struct verify *v, const uint8_t *nonce)
{
    struct nonce *x = NULL;
    HASH_FIND(hh, v->nonces, nonce, sizeof(x->nonce), x);
    if (x != NULL) {
        vf_find(v, PL_FINDING_SIGN_NONCE, "its nonce stands in an earlier act");
        return;
    }
    x = pl_xcalloc(1, sizeof(*x));
    memcpy(x->nonce, nonce, sizeof(x->nonce));
    HASH_ADD(hh, v->nonces, nonce, sizeof(x->nonce), x);
}

/* The public key of the acting device; an empty `out` when it is not there or not the right one. */
static int load_key(struct verify *v, struct pl_buf *out, struct pl_err *e)
{
    const struct device *d = vf_device_find(v, v->leaf->device);
    char path[PATH_MAX_] = "keys/";
    uint8_t hash[HASH_BYTES];
    bool is_there = false;
    pl_buf_init(out, 0);
    if (d == NULL || d->user != v->leaf->user) {
        vf_find(v, PL_FINDING_SIGN_KEY, "device %llu of user %llu was never enrolled",
                (unsigned long long)v->leaf->device, (unsigned long long)v->leaf->user);
        return 0;
    }
    pl_hex_encode(d->key, HASH_BYTES, path + 5);
    int rc = vf_read_maybe(v, path, out, &is_there, e);
    if (rc != 0) {
        return rc;
    }
    pl_sha256(out->data, out->len, hash);
    if (!is_there || out->len > KEY_MAX || memcmp(hash, d->key, HASH_BYTES) != 0) {
        vf_find(v, PL_FINDING_SIGN_KEY, "%s %s", path,
                is_there ? "is not the key of that hash" : "is missing");
        pl_buf_release(out);
    }
    return 0;
}

int vf_check_signature(struct verify *v, unsigned statement, struct pl_err *e)
{
    uint8_t head[HEAD_BYTES];
    struct pl_buf key;
    size_t n = 0;
    const uint8_t *sig = vf_leaf_field(v->leaf, SIGNED_FIELD, &n);
    if (sig == NULL) {
        vf_find(v, PL_FINDING_SIGN_MISSING, "kind %04x without field 7001", v->leaf->kind);
        return 0;
    }
    if (n <= SIGNED_HEAD || (sig[0] != 1 && sig[0] != 2)) {
        vf_find(v, PL_FINDING_SIGN_FORM, "field 7001 has %zu bytes, algorithm %u", n, sig[0]);
        return 0;
    }
    if (statement == 0 && !vf_take_u16(v, 45, &statement)) {
        return 0;
    }
    uint64_t issued = 0;
    for (unsigned i = 1; i <= 8; i++) {
        issued = issued << 8 | sig[i];
    }
    if (issued + SKEW_US < v->leaf->time_us || issued > v->leaf->time_us + SKEW_US) {
        vf_find(v, PL_FINDING_SIGN_FORM,
                "it was signed at %llu, more than ten minutes from the event",
                (unsigned long long)issued);
    }
    check_nonce(v, sig + 9);
    if (!v->has_pin) {
        v->unpinned++;
        return 0;
    }
    if (!build_head(v, statement, sig, head)) {
        return 0;
    }
    int rc = load_key(v, &key, e);
    if (rc == 0 && key.len > 0) {
        if (pl_key_verify(key.data, key.len, head, sizeof(head), sig + SIGNED_HEAD, n - SIGNED_HEAD,
                          NULL) != 0) {
            vf_find(v, PL_FINDING_SIGN_FALSE, "the key of device %llu has not signed this",
                    (unsigned long long)v->leaf->device);
        } else {
            v->r->signatures++;
        }
    }
    pl_buf_release(&key);
    return rc;
}

/* ---- acts that another event signs -------------------------------------------------------------
 */

static const char *statement_name(unsigned kind)
{
    switch (kind) {
    case STATEMENT_VERIFY:
        return "verifying an action";
    case STATEMENT_CLOSE:
        return "closing";
    case STATEMENT_WAIVE:
        return "waiving a check";
    case STATEMENT_DROP:
        return "dropping an action";
    default:
        return "this";
    }
}

void vf_signature_due(struct verify *v, uint64_t revision, unsigned statement)
{
    struct unsigned_act *x = NULL;
    const struct unsigned_key key = {v->leaf->stream, revision, v->leaf->user, statement};
    HASH_FIND(hh, v->unsigned_acts, &key, sizeof(key), x);
    if (x != NULL) {
        return;
    }
    x = pl_xcalloc(1, sizeof(*x));
    x->key = key;
    x->at.index = v->index;
    x->at.stream = v->leaf->stream;
    x->at.number = v->leaf->number;
    HASH_ADD(hh, v->unsigned_acts, key, sizeof(x->key), x);
}

void vf_signed(struct verify *v)
{
    struct unsigned_key key = {.review = v->leaf->stream, .user = v->leaf->user};
    struct unsigned_act *x = NULL;
    unsigned statement = 0;
    if (!vf_actor_is_good(v) || !vf_take_u64(v, 1, &key.revision) ||
        !vf_take_u16(v, 45, &statement)) {
        return;
    }
    key.statement = statement;
    HASH_FIND(hh, v->unsigned_acts, &key, sizeof(key), x);
    if (x != NULL) {
        HASH_DEL(v->unsigned_acts, x);
        free(x);
    }
}

void vf_signatures_end(struct verify *v)
{
    struct unsigned_act *x;
    struct unsigned_act *next;
    HASH_ITER (hh, v->unsigned_acts, x, next) {
        vf_find_entry(v, PL_FINDING_SIGN_MISSING, &x->at,
                      "%s in revision %llu by user %llu: no event brings the signature",
                      statement_name((unsigned)x->key.statement),
                      (unsigned long long)x->key.revision, (unsigned long long)x->key.user);
    }
}
