// SPDX-License-Identifier: Apache-2.0
/*
 * `audit`: what the server's log holds of a review, event by event, and the proof that one of them
 * is in the signed tree, as a text (c2sp.org/tlog-proof) that others can check. The proof is
 * checked here, with the key that this device has seen, before it is shown.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "plimsoll/base/mem.h"
#include "plimsoll/base/str.h"
#include "plimsoll/base/time.h"
#include "plimsoll/doc/checks.h"
#include "plimsoll/doc/schema.h"
#include "plimsoll/tlog/leaf.h"
#include "plimsoll/tlog/prooftext.h"
#include "plimsoll/tlog/tile.h"

#include "cli/cli_int.h"
#include "model/acts.h"
#include "model/seen.h"

#define COUNT(a)     (sizeof(a) / sizeof((a)[0]))
#define DETAIL_SIZE  200
#define PROOF_SIZE   (16 * 1024)
#define SEALED_TRIES 40 /* for the event to be sealed, 100 ms each */
#define TRY_MS       100

struct audit_opts {
    struct cli_common common;
    const char *kind, *who, *since, *proof;
    uint64_t limit;
};

static const struct pl_opt audit_opts[] = {
    CLI_COMMON,
    {0, "kind", PL_OPT_STRING, offsetof(struct audit_opts, kind), "WORD", NULL,
     "only events whose number (0301) or words have this"},
    {0, "by", PL_OPT_STRING, offsetof(struct audit_opts, who), "USER", NULL,
     "only what this participant did; 'me'"},
    {0, "since", PL_OPT_STRING, offsetof(struct audit_opts, since), "TIME", NULL,
     "only from this time on"},
    {0, "limit", PL_OPT_SOME, offsetof(struct audit_opts, limit), "N", NULL, "at most N events"},
    {0, "proof", PL_OPT_STRING, offsetof(struct audit_opts, proof), "NUMBER", NULL,
     "instead, the proof that event NUMBER of the review is in the signed log"},
};

/* Kinds of events: sql/README.md. */
static const struct {
    uint16_t kind;
    const char *words;
} kinds[] = {
    {0x0201, "review made"},
    {0x0203, "participation set"},
    {0x0204, "involvement declared"},
    {0x0206, "status changed"},
    {0x0207, "check waived"},
    {0x0208, "waiver taken back"},
    {0x0210, "act signed"},
    {0x0301, "revision"},
    {0x0304, "vote opened"},
    {0x0305, "vote counted"},
    {0x0401, "action proposed"},
    {0x0402, "action committed"},
    {0x0403, "action in progress"},
    {0x0404, "action done"},
    {0x0405, "action verified"},
    {0x0406, "action effective"},
    {0x0407, "action partly effective"},
    {0x0408, "action not effective"},
    {0x0409, "action cannot be told"},
    {0x040A, "action dropped"},
    {0x040B, "action merged"},
    {0x0420, "action's people changed"},
    {0x0601, "erasure asked"},
    {0x0602, "erased"},
    {0x0603, "legal hold begun"},
    {0x0604, "legal hold ended"},
    {0x0801, "refused"},
};

static const char *kind_words(uint16_t kind)
{
    for (size_t i = 0; i < COUNT(kinds); i++)
        if (kinds[i].kind == kind)
            return kinds[i].words;
    return "event";
}

/* ---- one event --------------------------------------------------------------------------------
 */

struct look {
    struct cli *c;
    const struct audit_opts *o;
    const struct pl_doc *d;
    int64_t who; /* 0: everybody */
    int64_t since_us;
    uint64_t next, n;
    struct cli_table *t;
    json_t *items;
};

static uint64_t number_of(const struct pl_leaf *l, uint16_t tag)
{
    const uint8_t *p = NULL;
    size_t n = 0;
    uint64_t v = 0;
    if (!pl_leaf_field(l, tag, &p, &n) || n > 8)
        return 0;
    while (n-- > 0)
        v = v << 8 | *p++;
    return v;
}

static const char *name_of(const struct look *k, uint64_t user)
{
    const char *s = user == 0 ? "server" : pl_doc_user_name(k->d, (int64_t)user);
    return s != NULL && s[0] != '\0' ? s : "somebody";
}

static void entry_words(const struct look *k, const struct pl_leaf *l, char *out, size_t size)
{
    struct pl_eid eid = {number_of(l, 36), (uint32_t)number_of(l, 37)};
    const struct pl_entry *en = pl_doc_entry(k->d, eid);
    if (pl_eid_is_root(eid))
        (void)snprintf(out, size, "the review");
    else if (en != NULL && pl_entry_kind(en) == PL_KIND_ACTION)
        (void)snprintf(out, size, "A-%lld", (long long)pl_entry_int(en, PL_F_NO, 0));
    else
        (void)snprintf(out, size, "an entry");
}

static void detail(const struct look *k, const struct pl_leaf *l, char *out, size_t size)
{
    const struct pl_check_info *check = pl_check_info((uint32_t)number_of(l, 35));
    const char *a = pl_enum_name(PL_EN_STATUS, (int64_t)number_of(l, 32));
    const char *b = pl_enum_name(PL_EN_STATUS, (int64_t)number_of(l, 33));
    const char *role = pl_enum_name(PL_EN_ROLE, (int64_t)number_of(l, 18));
    char entry[32];
    entry_words(k, l, entry, sizeof(entry));
    out[0] = '\0';
    if (l->kind == 0x0301)
        (void)snprintf(out, size, "%llu", (unsigned long long)number_of(l, 1));
    else if (l->kind == 0x0206)
        (void)snprintf(out, size, "%s to %s", a ? a : "?", b ? b : "?");
    else if (l->kind == 0x0203 || l->kind == 0x0201)
        (void)snprintf(out, size, "%s: %s", name_of(k, number_of(l, 16)), role ? role : "none");
    else if (l->kind == 0x0204)
        (void)snprintf(out, size, "%s: %s", name_of(k, number_of(l, 16)),
                       number_of(l, 29) ? "involved" : "not involved");
    else if (l->kind == 0x0207 || l->kind == 0x0208)
        (void)snprintf(out, size, "%s, %s", check ? check->id : "?", entry);
    else if (l->kind >> 8 == 4 && number_of(l, 39) != 0)
        (void)snprintf(out, size, "%s, owner %s", entry, name_of(k, number_of(l, 39)));
    else if (l->kind >> 8 == 4)
        (void)snprintf(out, size, "%s", entry);
    else if (l->kind == 0x0305)
        (void)snprintf(out, size, "%llu voted", (unsigned long long)number_of(l, 66));
}

static json_t *fields_json(const struct pl_leaf *l)
{
    json_t *j = json_object();
    const uint8_t *p = l->fields;
    const uint8_t *end = l->fields + l->fields_len;
    while (end - p >= 4) {
        size_t n = (size_t)p[2] << 8 | p[3];
        char tag[8];
        char *hex = pl_xmalloc(2 * n + 1);
        (void)snprintf(tag, sizeof(tag), "%x", (unsigned)(p[0] << 8 | p[1]));
        if (p[0] == 0) /* decimal, as the tables write them; only 7001 is hexadecimal */
            (void)snprintf(tag, sizeof(tag), "%u", (unsigned)p[1]);
        pl_hex_encode(p + 4, n, hex);
        (void)json_object_set_new(j, tag, json_string(hex));
        free(hex);
        p += 4 + n;
    }
    return j;
}

static bool is_wanted(const struct look *k, const struct pl_leaf *l, const char *number,
                      const char *words)
{
    if (k->o->kind && strcmp(k->o->kind, number) != 0 && strstr(words, k->o->kind) == NULL)
        return false;
    return l->time_us >= k->since_us && (k->who == 0 || (uint64_t)k->who == l->user) &&
           (k->o->limit == 0 || k->n < k->o->limit);
}

static void put_event(struct look *k, const struct pl_leaf *l, const uint8_t *bytes, size_t n)
{
    char number[24];
    char kind[8];
    char at[PL_RFC3339_SIZE];
    char what[DETAIL_SIZE];
    char hash[65];
    struct pl_hash h = pl_tree_leaf(bytes, n);
    const char *words = kind_words(l->kind);
    (void)snprintf(kind, sizeof(kind), "%04x", l->kind);
    if (!is_wanted(k, l, kind, words))
        return;
    (void)snprintf(number, sizeof(number), "%llu", (unsigned long long)l->number);
    (void)pl_rfc3339_format(l->time_us, 0, 0, at);
    detail(k, l, what, sizeof(what));
    pl_hex_encode(&h, sizeof(h), hash);
    const char *by = name_of(k, l->user);
    cli_table_row(k->t, (const char *const[]){number, at, by, words, what});
    json_t *j =
        json_pack("{s:I, s:s, s:s, s:s, s:s, s:s, s:I, s:I, s:b, s:s, s:o}", "number",
                  (json_int_t)l->number, "kind", kind, "what", words, "detail", what, "at", at,
                  "by", by, "user", (json_int_t)l->user, "device", (json_int_t)l->device, "denied",
                  l->outcome != 0, "leaf_hash", hash, "fields", fields_json(l));
    (void)json_array_append_new(k->items, j);
    k->n++;
}

static int take_events(void *ctx, struct pl_msg *m, struct pl_err *e)
{
    struct look *k = ctx;
    const struct pl_bytes *b = &m->u.audit_reply.leaves;
    const uint8_t *leaf = NULL;
    size_t n = 0;
    size_t at = 0;
    int more = 1;
    k->next = m->u.audit_reply.next;
    while ((more = pl_bundle_next(b->p, b->n, &at, &leaf, &n, e)) == 1) {
        struct pl_leaf l;
        int rc = pl_leaf_decode(leaf, n, &l, e);
        if (rc < 0)
            return rc;
        put_event(k, &l, leaf, n);
    }
    return more;
}

/* ---- the list ---------------------------------------------------------------------------------
 */

static int find_who(struct look *k, struct pl_err *e)
{
    const struct pl_welcome *w = client_welcome(k->c->client);
    size_t n = pl_doc_list(k->d, PL_KIND_PARTICIPANT, NULL, 0);
    if (!k->o->who)
        return 0;
    if (strcmp(k->o->who, "me") == 0 && w != NULL) {
        k->who = (int64_t)w->user;
        return 0;
    }
    struct pl_entry **all = pl_xcalloc(n + 1, sizeof(struct pl_entry *));
    n = pl_doc_list(k->d, PL_KIND_PARTICIPANT, all, n);
    for (size_t i = 0; i < n; i++) {
        int64_t user = pl_entry_int(all[i], PL_F_PARTICIPANT_USER, 0);
        const char *name = pl_doc_user_name(k->d, user);
        if (user != 0 && name != NULL && strcmp(name, k->o->who) == 0)
            k->who = user;
    }
    free(all);
    return k->who != 0 ? 0 : pl_fail(e, PL_E_NOENT, "no participant '%.64s'", k->o->who);
}

static int list(struct cli *c, struct look *k, uint64_t id, struct pl_err *e)
{
    static const char *const heads[] = {"NUMBER", "TIME", "BY", "EVENT", "WHAT"};
    struct pl_msg m = {.type = PL_MSG_AUDIT};
    int rc = find_who(k, e);
    if (rc == 0 && k->o->since &&
        pl_rfc3339_parse(k->o->since, strlen(k->o->since), &k->since_us, NULL) < 0)
        rc = pl_fail(e, PL_E_USAGE, "--since takes a time such as 2026-12-03T14:00:00Z");
    if (rc < 0)
        return rc;
    k->t = cli_table_new(heads, COUNT(heads));
    k->items = json_array();
    do {
        m.u.audit.review = id;
        m.u.audit.from = k->next;
        m.u.audit.limit = PL_AUDIT_MAX;
        rc = cli_call(c, &m, take_events, k, e);
    } while (rc == 0 && k->next != 0 && (k->o->limit == 0 || k->n < k->o->limit));
    json_t *j = cli_envelope(c, "audit", 0);
    (void)json_object_set_new(j, "items", k->items);
    int end = cli_list_end(c, k->t, j, e);
    return rc < 0 ? rc : end;
}

/* ---- a proof ----------------------------------------------------------------------------------
 */

static bool knows_log(void *ctx)
{
    struct cli *c = ctx;
    return !client_asks_log(c->client);
}

static int take_proof(void *ctx, struct pl_msg *m, struct pl_err *e)
{
    struct cli *c = ctx;
    const struct pl_audit_proof_reply *r = &m->u.audit_proof_reply;
    struct pl_checkpoint cp;
    struct pl_buf text;
    int rc = seen_check_leaf(client_seen(c->client), r, &cp, e);
    if (rc < 0)
        return rc;
    const struct pl_proof_text p = {.leaf = r->leaf.p,
                                    .leaf_n = r->leaf.n,
                                    .index = r->index,
                                    .hashes = r->hashes.p,
                                    .n = r->hashes.n / 32,
                                    .note = (const char *)r->checkpoint.p,
                                    .note_n = r->checkpoint.n};
    pl_buf_init(&text, PROOF_SIZE);
    rc = pl_proof_text(&p, &text, e);
    if (rc == 0)
        cli_print(c, "%.*s", (int)text.len, (const char *)text.data);
    pl_buf_release(&text);
    if (rc == 0)
        cli_say(c, "Checked: entry %llu of the %llu that %s has signed.",
                (unsigned long long)r->index, (unsigned long long)cp.size, cp.origin);
    return rc;
}

static bool never(void *ctx)
{
    (void)ctx;
    return false;
}

static int prove(struct cli *c, uint64_t id, uint64_t number, struct pl_err *e)
{
    struct pl_msg m = {.type = PL_MSG_AUDIT_PROOF};
    int rc = cli_wait(c, knows_log, c, c->timeout_ms, e);
    for (int i = 0; rc == 0 && i < SEALED_TRIES; i++) {
        m.u.audit_proof.review = id;
        m.u.audit_proof.number = number;
        rc = cli_call(c, &m, take_proof, c, e);
        if (rc != -PL_E_BUSY)
            return rc;
        if (cli_wait(c, never, c, TRY_MS, NULL) < 0 && c->stop_code != 0)
            return rc;
        rc = i + 1 < SEALED_TRIES ? 0 : rc; /* until it is sealed */
    }
    return rc;
}

static int run_audit(struct cli *c, void *opts, int argc, char **argv, struct pl_err *e)
{
    const struct audit_opts *o = opts;
    struct look k = {.c = c, .o = o};
    struct review *r = NULL;
    uint64_t id = 0;
    uint64_t number = 0;
    (void)argc;
    int rc = cli_review_id(argv[0], &id, e);
    if (rc == 0 && o->proof && pl_parse_u64(o->proof, &number) < 0)
        rc = pl_fail(e, PL_E_USAGE, "--proof takes the number of an event: 'audit' shows them");
    if (rc == 0)
        rc = cli_connect(c, e);
    if (rc == 0 && o->proof)
        return prove(c, id, number, e);
    if (rc == 0)
        rc = cli_open(c, id, true, &r, e);
    if (rc < 0)
        return rc;
    k.d = review_doc(r);
    return list(c, &k, id, e);
}

const struct cli_verb verb_audit = {
    .opt = {"audit", "REVIEW", "what the signed log holds of a review, with proofs", audit_opts,
            COUNT(audit_opts), 1, 1},
    .opt_size = sizeof(struct audit_opts),
    .examples = "  plimsoll audit REV-1 --by ben --since 2026-12-03T14:00:00Z\n"
                "  plimsoll audit REV-1 --kind 0206 --json\n"
                "  plimsoll audit REV-1 --proof 12 -o event-12.tlog-proof\n",
    .fields = "number,kind,what,detail,at,by,user,device,denied,leaf_hash,fields",
    .run = run_audit,
};
