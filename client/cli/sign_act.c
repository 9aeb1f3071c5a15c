// SPDX-License-Identifier: Apache-2.0
/*
 * See sign_act.h. The bytes are those of doc/shown.h and tls/statement.h; what is shown in words is
 * the same entries.
 */
#include "cli/sign_act.h"

#include <stdlib.h>
#include <string.h>

#include "plimsoll/base/hash.h"
#include "plimsoll/base/mem.h"
#include "plimsoll/base/str.h"
#include "plimsoll/base/time.h"
#include "plimsoll/doc/act.h"
#include "plimsoll/render/text.h"
#include "plimsoll/wire/limits.h"

#include "cli/cli_int.h"

static void show_entry(const struct cli_sign *s, const struct pl_entry *en)
{
    struct pl_buf b;
    pl_buf_init(&b, 2 * PL_REVIEW_TEXT_MAX);
    if (pl_text_entry(s->d, en, &b, NULL) == 0)
        cli_say(s->c, "%.*s", (int)b.len, (const char *)b.data);
    pl_buf_release(&b);
}

static void show_evidence(const struct cli_sign *s)
{
    size_t n = pl_doc_children(s->d, s->shown.entry, PL_KIND_EVIDENCE, NULL, 0);
    struct pl_entry **v = pl_xcalloc(n + 1, sizeof(struct pl_entry *));
    (void)pl_doc_children(s->d, s->shown.entry, PL_KIND_EVIDENCE, v, n);
    for (size_t i = 0; i < n; i++)
        show_entry(s, v[i]);
    free(v);
}

static void show(const struct cli_sign *s)
{
    const struct pl_entry *en = pl_doc_entry(s->d, s->shown.entry);
    const struct pl_entry *root = pl_doc_root(s->d);
    char label[120], safe[200];
    struct pl_buf b;
    (void)pl_entry_label(root, label, sizeof(label));
    pl_buf_init(&b, sizeof(safe));
    bool ok = pl_text_safe(label, strlen(label), &b) == 0;
    cli_say(s->c,
            "To be signed with the key of this device: %s, REV-%llu %.*s, as of revision %llu",
            s->what, (unsigned long long)s->review, ok ? (int)b.len : 0, (const char *)b.data,
            (unsigned long long)pl_doc_rev(s->d));
    pl_buf_release(&b);
    if (en != NULL && en != root)
        show_entry(s, en);
    if (s->shown.act == PL_ACT_VERIFY || s->shown.act == PL_ACT_DROP)
        show_evidence(s);
    if (s->shown.text[0] != '\0')
        cli_say(s->c, "because: %s", s->shown.text);
}

int cli_sign(struct cli_sign *s, struct pl_err *e)
{
    struct pl_act_terms terms = {.act = s->shown.act,
                                 .field = s->shown.field,
                                 .entry_client = s->shown.entry.client,
                                 .entry_n = s->shown.entry.n};
    uint8_t salt[PL_STATEMENT_NONCE];
    struct pl_buf seen;
    memset(&s->result, 0, sizeof(s->result));
    sign_salt(salt);
    int rc = pl_shown_hash(s->d, &s->shown, salt, terms.shown, e);
    if (rc < 0)
        return rc;
    bool silent = s->c->opt->quiet || s->c->opt->json;
    if (!silent)
        show(s);
    if (!silent && !cli_confirm(s->c, "Sign it?", true))
        return pl_fail(e, PL_E_USAGE, "not signed; nothing was done");
    pl_buf_init(&seen, PL_STATEMENT_BYTES);
    rc = pl_seen_act(&terms, salt, &seen);
    const struct sign_what what = {.kind = s->kind,
                                   .review = s->review,
                                   .object = pl_shown_object(s->d, &s->shown, s->review),
                                   .seen = &seen};
    if (rc == 0)
        rc = sign_act(&s->c->profile, &what, &s->result, e);
    pl_buf_release(&seen);
    return rc;
}

json_t *cli_sign_json(const struct cli_sign *s)
{
    struct pl_statement st;
    char hex[2 * PL_SHA256_BYTES + 1], at[PL_RFC3339_SIZE];
    uint8_t sum[PL_SHA256_BYTES];
    if (pl_statement_decode(s->result.statement.data, s->result.statement.len, &st, NULL) != 0)
        return NULL;
    pl_sha256(s->result.statement.data, PL_STATEMENT_HEAD, sum);
    pl_hex_encode(sum, sizeof(sum), hex);
    (void)pl_rfc3339_format(st.issued_us, 6, 0, at);
    return json_pack("{s:s, s:I, s:s, s:I, s:s}", "kind", s->what, "object", (json_int_t)st.object,
                     "sha256", hex, "device", (json_int_t)st.device, "at", at);
}
