// SPDX-License-Identifier: Apache-2.0
/*
 * Checks an exported audit log, offline and completely (proto/verify). Nothing of the server, its
 * database or this person's profile is asked: whoever checks brings the log's key and the
 * checkpoints that were kept, and believes nothing else.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "plimsoll/base/file.h"
#include "plimsoll/base/mem.h"
#include "plimsoll/base/str.h"
#include "plimsoll/verify/verify.h"

#include "cli/cli_int.h"

#define COUNT(a)       (sizeof(a) / sizeof((a)[0]))
#define NOTE_BYTES     65536u
#define STATE_BYTES    (1024u * 1024u * 1024u)
#define FINDINGS       9 /* exit status */
#define FINDINGS_SHOWN 1000u

struct verify_opts {
    struct cli_common common;
    struct pl_opt_list since, keys;
    const char *policy, *state, *pin;
};

static const struct pl_opt verify_opts[] = {
    CLI_COMMON,
    {0, "since", PL_OPT_LIST, offsetof(struct verify_opts, since), "FILE", NULL,
     "an older checkpoint that the log must continue (may be repeated)"},
    {0, "key", PL_OPT_LIST, offsetof(struct verify_opts, keys), "VKEY", NULL,
     "the log's key, NAME+ID+KEY (may be repeated)"},
    {0, "policy", PL_OPT_STRING, offsetof(struct verify_opts, policy), "FILE", NULL,
     "whose signatures are needed, instead of the export's own file"},
    {0, "pin", PL_OPT_STRING, offsetof(struct verify_opts, pin), "HEX", NULL,
     "the organisation's root, which signed acts name; else as the log says"},
    {0, "state", PL_OPT_STRING, offsetof(struct verify_opts, state), "FILE", NULL,
     "the rows that 'plimsolld audit dump-state' printed: the log must lead to just these"},
};

struct checking {
    struct cli *c;
    struct cli_table *t;
    json_t *items;
    uint64_t shown;
};

static void on_finding(void *ctx, const struct pl_log_finding *f)
{
    struct checking *k = ctx;
    char index[24] = "";
    char event[48] = "";
    if (k->shown++ >= FINDINGS_SHOWN)
        return;
    if (f->has_index)
        (void)snprintf(index, sizeof(index), "%llu", (unsigned long long)f->index);
    if (f->has_event)
        (void)snprintf(event, sizeof(event), "%llu/%llu", (unsigned long long)f->stream,
                       (unsigned long long)f->number);
    const char *row[] = {pl_finding_code(f->kind), f->file, index, event,
                         pl_finding_what(f->kind), f->why};
    cli_table_row(k->t, row);
    json_t *why = json_string(f->why); /* NULL when names in the export are not UTF-8 */
    json_t *file = json_string(f->file);
    json_t *j =
        json_pack("{s:s, s:s}", "code", pl_finding_code(f->kind), "what", pl_finding_what(f->kind));
    (void)json_object_set_new(j, "why", why ? why : json_string("?"));
    (void)json_object_set_new(j, "file", file ? file : json_string("?"));
    (void)json_object_set_new(j, "index", f->has_index ? json_string(index) : json_null());
    (void)json_object_set_new(j, "stream",
                              f->has_event ? json_sprintf("%llu", (unsigned long long)f->stream)
                                           : json_null());
    (void)json_object_set_new(j, "number",
                              f->has_event ? json_sprintf("%llu", (unsigned long long)f->number)
                                           : json_null());
    (void)json_array_append_new(k->items, j);
}

static void on_note(void *ctx, const char *text)
{
    struct checking *k = ctx;
    cli_warn(k->c, "%s", text);
}

/* What the options name, read. */
struct inputs {
    struct pl_buf since[PL_VERIFY_SINCE_MAX], policy, state;
    struct pl_verify_since olds[PL_VERIFY_SINCE_MAX];
    uint8_t pin[32];
};

static int read_inputs(const struct verify_opts *o, struct inputs *in, struct pl_err *e)
{
    int rc = 0;
    for (size_t i = 0; rc == 0 && i < o->since.count; i++) {
        rc = pl_file_read_all(o->since.values[i], NOTE_BYTES, &in->since[i], e);
        in->olds[i] = (struct pl_verify_since){
            o->since.values[i], in->since[i].len ? (const char *)in->since[i].data : "",
            in->since[i].len};
    }
    if (rc == 0 && o->policy)
        rc = pl_file_read_all(o->policy, NOTE_BYTES, &in->policy, e);
    if (rc == 0 && o->state)
        rc = pl_file_read_all(o->state, STATE_BYTES, &in->state, e);
    if (rc == 0 && o->pin && pl_hex_decode(o->pin, strlen(o->pin), in->pin, sizeof(in->pin)) != 0)
        rc = pl_fail(e, PL_E_USAGE, "--pin takes 64 hexadecimal digits, not '%.80s'", o->pin);
    if (rc == 0 && o->pin && strlen(o->pin) != 64)
        rc = pl_fail(e, PL_E_USAGE, "--pin takes 64 hexadecimal digits");
    return rc;
}

static void release_inputs(struct inputs *in)
{
    for (size_t i = 0; i < PL_VERIFY_SINCE_MAX; i++)
        pl_buf_release(&in->since[i]);
    pl_buf_release(&in->policy);
    pl_buf_release(&in->state);
    free(in);
}

static int report(struct checking *k, const struct pl_verify_result *r, struct pl_err *e)
{
    char root[65];
    pl_hex_encode(r->root, sizeof(r->root), root);
    json_t *j = cli_envelope(k->c, "verify", 0);
    (void)json_object_set_new(j, "ok", json_boolean(r->findings == 0));
    (void)json_object_set_new(j, "origin", json_string(r->origin));
    (void)json_object_set_new(j, "root", json_string(root));
    const struct {
        const char *name;
        uint64_t n;
    } counts[] = {{"size", r->size},
                  {"entries", r->entries},
                  {"streams", r->streams},
                  {"tiles", r->tiles},
                  {"payloads", r->payloads},
                  {"erased", r->erased},
                  {"signatures", r->signatures},
                  {"witnesses", r->witnesses},
                  {"rows", r->rows},
                  {"findings", r->findings}};
    for (size_t i = 0; i < COUNT(counts); i++)
        (void)json_object_set_new(j, counts[i].name, json_integer((json_int_t)counts[i].n));
    (void)json_object_set_new(j, "items", k->items);
    int rc = cli_list_end(k->c, k->t, j, e);
    if (k->shown > FINDINGS_SHOWN)
        cli_warn(k->c, "%llu findings more are not shown",
                 (unsigned long long)(k->shown - FINDINGS_SHOWN));
    cli_say(k->c,
            "%s: %llu entries in %llu streams, %llu payloads (%llu erased), %llu signatures, %llu "
            "witnesses: %llu findings",
            r->origin, (unsigned long long)r->entries, (unsigned long long)r->streams,
            (unsigned long long)r->payloads, (unsigned long long)r->erased,
            (unsigned long long)r->signatures, (unsigned long long)r->witnesses,
            (unsigned long long)r->findings);
    return rc < 0 ? rc : r->findings > 0 ? FINDINGS : 0;
}

static int run_verify(struct cli *c, void *opts, int argc, char **argv, struct pl_err *e)
{
    static const char *const heads[] = {"CODE", "FILE", "ENTRY", "STREAM/NO", "WHAT", "WHY"};
    const struct verify_opts *o = opts;
    struct pl_verify_result r;
    struct inputs *in = pl_xcalloc(1, sizeof(*in));
    struct checking k = {.c = c, .t = cli_table_new(heads, COUNT(heads)), .items = json_array()};
    (void)argc;
    int rc = read_inputs(o, in, e);
    if (rc == 0) {
        const struct pl_verify_options v = {
            .source = pl_verify_dir(argv[0]),
            .keys = o->keys.values,
            .n_keys = o->keys.count,
            .policy = o->policy ? (in->policy.len ? (const char *)in->policy.data : "") : NULL,
            .policy_n = in->policy.len,
            .since = in->olds,
            .n_since = o->since.count,
            .pin = o->pin ? in->pin : NULL,
            .state = o->state ? (in->state.len ? (const char *)in->state.data : "") : NULL,
            .state_n = in->state.len,
            .finding = on_finding,
            .note = on_note,
            .ctx = &k,
        };
        rc = pl_verify(&v, &r, e);
    }
    release_inputs(in);
    if (rc != 0) { /* 0, 1, 9 are all that there is, beside 2 for what was not understood */
        char *text = pl_xstrdup(e->text);
        struct pl_err drop;
        json_decref(k.items);
        if (cli_table_end(c, k.t, &drop) != 0) /* nothing is printed when a verb fails */
            c->out_failed = false;
        rc = rc == -PL_E_USAGE ? rc : pl_fail(e, PL_E_IO, "%s", text);
        free(text);
        return rc;
    }
    return report(&k, &r, e);
}

const struct cli_verb verb_verify = {
    .opt = {"verify", "FOLDER",
            "check an exported audit log completely, without a server: exit 0 clean, 9 findings, 1 "
            "failure",
            verify_opts, COUNT(verify_opts), 1, 1},
    .opt_size = sizeof(struct verify_opts),
    .fields = "code,what,why,file,index,stream,number,ok,origin,root,size,entries,streams,tiles,"
              "payloads,erased,signatures,witnesses,rows,findings",
    .examples = "  plimsoll verify log --key plimsoll.internal/d-0a/e1+1c2d3e4f+AXyz\n"
                "  plimsoll verify log --policy policy --since last-year.checkpoint --json\n"
                "  plimsolld audit dump-state log > rows; plimsoll verify --state rows log\n",
    .run = run_verify,
};
