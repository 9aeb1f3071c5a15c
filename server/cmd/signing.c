// SPDX-License-Identifier: Apache-2.0
/*
 * See signing.h. What was seen has one encoding, so it is made again here and compared.
 */
#include "cmd/signing.h"

#include <string.h>

#include "plimsoll/base/time.h"
#include "plimsoll/doc/act.h"
#include "plimsoll/tls/invite.h"

#include "cmd/caller.h"
#include "cmd/services.h"

int signing_take(struct signing *s, const struct caller *c, struct pl_bytes statement,
                 struct pl_bytes signature, struct pl_err *e)
{
    struct pl_statement first = {0};

    if (statement.n > sizeof s->statement || signature.n > sizeof s->signature)
        return pl_fail(e, PL_E_INVALID, "the statement is too long");
    if (statement.n > 0)
        memcpy(s->statement, statement.p, statement.n);
    if (signature.n > 0)
        memcpy(s->signature, signature.p, signature.n);
    memcpy(s->key, c->key, c->key_n);
    const struct signed_act act = {
        {s->statement, statement.n}, {s->signature, signature.n}, {s->key, c->key_n}};
    if (statement.n > 0 && pl_statement_decode(s->statement, statement.n, &first, e) != 0)
        return -PL_E_INVALID;
    const struct signed_want want = {
        .kind = s->kind,
        .organisation = c->services->place->root_pin,
        .review = s->review,
        .object = first.object, /* signing_match looks at it */
        .actor = c->user,
        .device = c->device,
        .now_us = pl_now_us(),
    };
    int rc = signed_check(&want, &act, &s->st, e);
    if (rc == 0)
        s->parts = signed_parts(&act);
    return rc;
}

static int make_seen(const struct pl_doc *d, const struct pl_shown *shown, const uint8_t *salt,
                     struct pl_buf *out, struct pl_err *e)
{
    struct pl_act_terms terms = {.act = shown->act,
                                 .field = shown->field,
                                 .entry_client = shown->entry.client,
                                 .entry_n = shown->entry.n};
    int rc = pl_shown_hash(d, shown, salt, terms.shown, e);

    if (rc == 0)
        rc = pl_seen_act(&terms, salt, out);
    return rc;
}

int signing_match(const struct signing *s, const struct pl_doc *d, const struct pl_shown *shown,
                  struct pl_err *e)
{
    struct pl_buf now;
    size_t n = 0;
    const uint8_t *salt = pl_seen_find(&s->st, PL_SEEN_SALT, &n);

    if (s->st.object != pl_shown_object(d, shown, s->review))
        return pl_fail(e, PL_E_INVALID, "the statement is of another object than the message");
    pl_buf_init(&now, PL_STATEMENT_BYTES);
    int rc = make_seen(d, shown, salt, &now, e);
    /* The last of it is the hash of what was shown; before it stands what is asked for. */
    if (rc == 0 && (now.len != s->st.seen_n ||
                    memcmp(now.data, s->st.seen, now.len - PL_STATEMENT_SHOWN) != 0))
        rc = pl_fail(e, PL_E_INVALID, "the statement is of another act than the message");
    else if (rc == 0 && memcmp(now.data, s->st.seen, now.len) != 0)
        rc = pl_fail(e, PL_E_CONFLICT, "it has changed since you looked; look again");
    pl_buf_release(&now);
    return rc;
}
