// SPDX-License-Identifier: Apache-2.0
/*
 * The people of the kill test (test_kill.sh): one headless client on the real client model, with
 * its journal on disk, that may be killed at any moment; and the judge who reads the log.
 *
 *   kill type    types until SIGTERM: tokens that exist once, into a text that all share, and
 *                entries. Writes to --log: "S n" at its start, "B n" before token n is typed, "T n"
 *                after the client has taken it, "A n" when all from S to n is shown as saved, "R"
 *                when something was refused.
 *   kill dump    opens the review with the journal that was left behind, waits until everything is
 *                sent and --rev is reached, writes the copy to --out
 *   kill check   reads the whole log and one fresh copy and compares both with the logs of typing;
 *                prints head, tokens typed, tokens shown as saved
 *
 * A token is one character of the plane U+20000, which nobody else types: it cannot be cut in two,
 * and whatever happens to it shows. Dots are typed and deleted freely, to give deletes their turn.
 */
#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <uv.h>

#include "plimsoll/base/file.h"
#include "plimsoll/base/mem.h"
#include "plimsoll/base/rng.h"
#include "plimsoll/base/str.h"
#include "plimsoll/base/utf8.h"
#include "plimsoll/render/markdown.h"

#include "model/acts.h"
#include "model/client.h"

#define PEOPLE_MAX 12u
#define TOKENS     3500u /* of one person */
#define PLANE      0x20000u
#define ALL        (PEOPLE_MAX * TOKENS)
#define HISTORY    500u

struct person {
    uv_loop_t loop;
    uv_timer_t timer;
    uv_timer_t deadline;
    uv_signal_t term;
    struct trust_profile profile;
    struct client *client;
    struct review *review;
    struct pl_prng rng;
    const char *mode, *out;
    uint64_t id, review_id, want_rev, wait_s;
    int log; /* descriptor; -1: none */
    uint32_t next, acked;
    bool is_open, is_over;
    int status; /* exit */
    /* check */
    struct pl_doc *replay;
    const char *logs;
    uint8_t *in_log;   /* how often each token was inserted, by the log */
    uint8_t *in_copy;  /* how often it stands in a fresh copy */
    uint64_t from_rev; /* history still to read */
};

static void die(const char *what, const char *why)
{
    (void)fprintf(stderr, "kill: %s: %s\n", what, why);
    exit(1);
}

static uint32_t token_char(uint64_t person, uint32_t n)
{
    return PLANE + (uint32_t)person * TOKENS + n;
}

/* --- the log of one person ---------------------------------------------------------------------
 */

static void note(const struct person *p, char what, uint32_t n)
{
    char line[32];
    int len = snprintf(line, sizeof(line), "%c %u\n", what, n);
    if (p->log >= 0 && write(p->log, line, (size_t)len) != len)
        die("log", strerror(errno));
}

/* Calls back for every line "X n" of a log; a missing file has none. */
static void read_log(const char *path, void (*cb)(void *ctx, char what, uint32_t n), void *ctx)
{
    char line[64];
    FILE *f = fopen(path, "r");
    uint64_t n = 0;
    while (f && fgets(line, sizeof(line), f)) {
        line[strcspn(line, "\n")] = '\0';
        if (strlen(line) > 2 && pl_parse_u64(line + 2, &n) == 0)
            cb(ctx, line[0], (uint32_t)n);
    }
    if (f)
        (void)fclose(f);
}

static void count_begun(void *ctx, char what, uint32_t n)
{
    struct person *p = ctx;
    if (what == 'B' && n >= p->next)
        p->next = n + 1;
}

/* --- typing
 * -------------------------------------------------------------------------------------- */

static size_t view_len(const struct person *p)
{
    const struct pl_text *t = pl_entry_text(pl_doc_root(review_doc(p->review)), PL_F_REVIEW_IMPACT);
    return t ? pl_text_len(t) : 0;
}

static void put(struct person *p, size_t pos, uint32_t ndel, const void *ins, size_t n)
{
    struct pl_err e;
    pl_err_init(&e);
    if (act_splice(p->review, PL_EID_ROOT, PL_F_REVIEW_IMPACT, (uint32_t)pos, ndel, ins, n, true,
                   &e) < 0)
        die("typing", e.text);
}

static void type_run(struct person *p)
{
    size_t pos = (size_t)pl_prng_below(&p->rng, view_len(p) + 1);
    uint32_t run = 1 + (uint32_t)pl_prng_below(&p->rng, 5);
    for (uint32_t i = 0; i < run && p->next < TOKENS; i++) {
        uint8_t utf8[4];
        size_t n = pl_utf8_encode(token_char(p->id, p->next), utf8);
        note(p, 'B', p->next);
        put(p, pos + i, 0, utf8, n);
        note(p, 'T', p->next++);
    }
}

static void type_entry(struct person *p)
{
    char text[8] = "";
    struct act_field f[] = {{"body", text}};
    struct pl_err e;
    pl_err_init(&e);
    if (p->next >= TOKENS)
        return;
    text[pl_utf8_encode(token_char(p->id, p->next), (uint8_t *)text)] = '\0';
    note(p, 'B', p->next);
    if (act_add(p->review, PL_KIND_EVENT, PL_EID_ROOT, f, 1, NULL, &e) < 0)
        die("adding an entry", e.text);
    note(p, 'T', p->next++);
}

/* Deletes a dot somewhere behind a random place, if there is one. */
static void delete_dot(struct person *p)
{
    const char *s = pl_entry_cstr(pl_doc_root(review_doc(p->review)), PL_F_REVIEW_IMPACT);
    size_t n = strlen(s);
    size_t from = pl_utf8_offset(s, n, (size_t)pl_prng_below(&p->rng, view_len(p) + 1));
    const char *dot = memchr(s + from, '.', n - from);
    if (dot)
        put(p, pl_utf8_count(s, (size_t)(dot - s)), 1, "", 0);
}

static void note_saved(struct person *p)
{
    if (p->next > p->acked && sync_is_saved(review_sync(p->review))) {
        p->acked = p->next;
        note(p, 'A', p->next - 1);
    }
}

static void on_type(uv_timer_t *t)
{
    struct person *p = t->data;
    uint64_t dice = pl_prng_below(&p->rng, 100);
    if (p->is_open) {
        note_saved(p);
        if (dice < 60)
            type_run(p);
        else if (dice < 75)
            put(p, (size_t)pl_prng_below(&p->rng, view_len(p) + 1), 0, ".", 1);
        else if (dice < 90)
            delete_dot(p);
        else
            type_entry(p);
    }
    (void)uv_timer_start(t, on_type, 10 + pl_prng_below(&p->rng, 200), 0);
}

/* --- a copy to compare
 * ---------------------------------------------------------------------------- */

static void write_file(const struct person *p, const char *end, const void *bytes, size_t n)
{
    char path[1024];
    (void)snprintf(path, sizeof(path), "%s.%s", p->out, end);
    FILE *f = fopen(path, "w");
    if (!f || fwrite(bytes, 1, n, f) != n || fclose(f) != 0)
        die(path, "cannot be written");
}

static void dump_copy(const struct person *p, struct pl_doc *copy)
{
    struct pl_buf b;
    struct pl_err e;
    char digest[64];
    pl_err_init(&e);
    pl_buf_init(&b, 256u << 20);
    if (pl_doc_encode(copy, &b, &e) < 0)
        die("encode", e.text);
    write_file(p, "doc", b.data, b.len);
    pl_buf_release(&b);
    pl_buf_init(&b, 256u << 20);
    if (pl_render_markdown(copy, &b, &e) < 0)
        die("export", e.text);
    write_file(p, "md", b.data, b.len);
    pl_buf_release(&b);
    int n = snprintf(digest, sizeof(digest), "%llu %016llx\n", (unsigned long long)pl_doc_rev(copy),
                     (unsigned long long)pl_doc_digest(copy));
    write_file(p, "digest", digest, (size_t)n);
}

/* Both, what is committed and what is shown, must be the same here: nothing local is left. */
static void dump(struct person *p)
{
    struct pl_doc *base = pl_doc_dup(sync_base(review_sync(p->review)));
    struct pl_doc *view = pl_doc_dup(review_doc(p->review));
    if (pl_doc_digest(base) != pl_doc_digest(view))
        die("dump", "the view is not what is committed");
    if (p->out)
        dump_copy(p, base);
    pl_doc_free(base);
    pl_doc_free(view);
}

static void on_dump(uv_timer_t *t)
{
    struct person *p = t->data;
    struct sync_status st;
    if (!p->is_open)
        return;
    sync_status(review_sync(p->review), &st);
    if (st.link != SYNC_LIVE || !sync_is_saved(review_sync(p->review)) || st.rev < p->want_rev)
        return;
    dump(p);
    p->is_over = true;
    uv_stop(&p->loop);
}

/* --- the judge
 * ------------------------------------------------------------------------------------ */

static void fault(struct person *p, const char *what, uint64_t person, uint32_t n)
{
    (void)fprintf(stderr, "kill: %s: token %u of person %llu\n", what, n,
                  (unsigned long long)person);
    p->status = 1;
}

static void count_tokens(uint8_t *counts, const void *bytes, size_t n)
{
    const uint8_t *s = bytes;
    const uint8_t *end = s + n;
    uint32_t c = 0;
    while (s < end) {
        s += pl_utf8_decode(s, end, &c);
        if (c >= PLANE && c < PLANE + ALL && counts[c - PLANE] < UINT8_MAX)
            counts[c - PLANE]++;
    }
}

static void count_rev(struct person *p, const struct pl_rev *r)
{
    struct pl_rev_meta meta = {
        .rev = r->rev, .user = r->user, .client = r->client, .at_us = r->at_us};
    struct pl_err e;
    pl_err_init(&e);
    for (uint32_t i = 0; i < r->cs.n; i++) {
        struct pl_op_iter it;
        struct pl_comp c;
        if (r->cs.slots[i]->kind != PL_SLOT_TEXT)
            continue;
        pl_op_iter_init(&it, &r->cs.slots[i]->op);
        while (pl_op_iter_next(&it, &c))
            if (c.kind == PL_INSERT)
                count_tokens(p->in_log, c.bytes, c.nbytes);
    }
    if (r->rev != pl_doc_rev(p->replay) + 1)
        die("check", "the log has a gap");
    if (pl_doc_apply(p->replay, &r->cs, &meta, &e) < 0)
        die("replay", e.text);
}

static void count_entry(void *ctx, struct pl_entry *en)
{
    struct person *p = ctx;
    uint32_t field = pl_entry_kind(en) == PL_KIND_EVENT ? PL_F_EVENT_BODY : PL_F_REVIEW_IMPACT;
    if (pl_entry_kind(en) != PL_KIND_EVENT && pl_entry_kind(en) != PL_KIND_REVIEW)
        return;
    const char *s = pl_entry_cstr(en, field);
    count_tokens(p->in_copy, s, strlen(s));
}

struct judged {
    struct person *p;
    uint64_t person;
    uint8_t *seen; /* per token: BEGUN, SAVED */
    uint32_t from; /* first token of the process that wrote the line */
    unsigned typed;
};

#define BEGUN 1u
#define SAVED 2u

static void judge_line(void *ctx, char what, uint32_t n)
{
    struct judged *j = ctx;
    if (what == 'R')
        fault(j->p, "refused", j->person, n);
    if (what == 'S')
        j->from = n;
    if (n >= TOKENS || what == 'R')
        return;
    uint32_t at = (uint32_t)j->person * TOKENS + n;
    if (what == 'B') {
        j->seen[n] |= BEGUN;
    } else if (what == 'T') {
        j->typed++;
        if (j->p->in_log[at] != 1)
            fault(j->p, j->p->in_log[at] ? "typed and doubled in the log" : "typed and lost",
                  j->person, n);
        if (j->p->in_copy[at] != 1)
            fault(j->p, "typed and not once in the copy", j->person, n);
    } else if (what == 'A') {
        for (uint32_t i = j->from; i <= n; i++)
            j->seen[i] |= SAVED;
    }
}

static void judge(struct person *p)
{
    unsigned typed = 0;
    unsigned saved = 0;
    pl_doc_each(review_doc(p->review), count_entry, p);
    for (uint64_t who = 0; who < PEOPLE_MAX; who++) {
        char path[1024];
        struct judged j = {.p = p, .person = who, .seen = pl_xcalloc(TOKENS, 1)};
        (void)snprintf(path, sizeof(path), "%s/%llu.log", p->logs, (unsigned long long)who);
        read_log(path, judge_line, &j);
        for (uint32_t n = 0; n < TOKENS; n++) {
            uint8_t times = p->in_log[(uint32_t)who * TOKENS + n];
            if (times > 1)
                fault(p, "doubled", who, n);
            if (times && !(j.seen[n] & BEGUN))
                fault(p, "never typed", who, n);
            if (j.seen[n] == (BEGUN | SAVED) && times != 1)
                fault(p, "saved and not once in the log", who, n);
            saved += j.seen[n] == (BEGUN | SAVED);
        }
        typed += j.typed;
        free(j.seen);
    }
    struct pl_doc *copy = pl_doc_dup(review_doc(p->review));
    if (pl_doc_digest(p->replay) != pl_doc_digest(copy))
        die("check", "the log replayed is not the copy that the server gives");
    if (p->out)
        dump_copy(p, copy);
    pl_doc_free(copy);
    (void)printf("%llu %u %u\n", (unsigned long long)pl_doc_rev(p->replay), typed, saved);
    p->is_over = true;
    uv_stop(&p->loop);
}

static void ask_history(struct person *p);

static void on_history(void *ctx, int rc, struct pl_msg *m, const struct pl_err *e)
{
    struct person *p = ctx;
    if (rc < 0)
        die("history", e->text);
    for (size_t i = 0; i < m->u.history_reply.n; i++)
        count_rev(p, &m->u.history_reply.revs[i]);
    p->from_rev = m->u.history_reply.next;
    if (p->from_rev)
        ask_history(p);
    else
        judge(p);
}

static void ask_history(struct person *p)
{
    struct pl_msg m = {.type = PL_MSG_HISTORY};
    m.u.history.review = p->review_id;
    m.u.history.from_rev = p->from_rev;
    m.u.history.limit = HISTORY;
    client_call(p->client, &m, 20000, on_history, p);
}

static void on_check(uv_timer_t *t)
{
    struct person *p = t->data;
    struct sync_status st;
    if (!p->is_open)
        return;
    sync_status(review_sync(p->review), &st);
    if (st.link != SYNC_LIVE)
        return;
    (void)uv_timer_stop(t);
    p->replay = pl_doc_new();
    p->in_log = pl_xcalloc(ALL, 1);
    p->in_copy = pl_xcalloc(ALL, 1);
    p->from_rev = 1;
    ask_history(p);
}

/* --- life
 * ----------------------------------------------------------------------------------------- */

static void on_link(void *ctx, enum link_state state, int code, const char *why, int64_t retry_ms)
{
    (void)ctx;
    (void)code;
    (void)retry_ms;
    if (state == LINK_STOPPED)
        die("link", why);
}

static void on_opened(void *ctx, int rc, const struct pl_err *e)
{
    struct person *p = ctx;
    if (rc < 0)
        die("open", e->text);
    p->is_open = true;
}

static void on_refused(void *ctx, int code, const char *why, const struct pl_cs *lost)
{
    struct person *p = ctx;
    (void)lost;
    (void)fprintf(stderr, "kill: person %llu was refused: %s\n", (unsigned long long)p->id, why);
    note(p, 'R', (uint32_t)code);
    p->status = 1;
}

static void on_status(void *ctx)
{
    struct person *p = ctx;
    if (p->is_open && pl_str_eq(p->mode, "type"))
        note_saved(p);
}

static void on_term(uv_signal_t *h, int signum)
{
    struct person *p = h->data;
    (void)signum;
    p->is_over = true;
    uv_stop(&p->loop);
}

static void on_deadline(uv_timer_t *t)
{
    struct person *p = t->data;
    struct sync_status st;
    sync_status(review_sync(p->review), &st);
    (void)fprintf(stderr,
                  "kill: %s of person %llu is not done in time: link %d, rev %llu, in flight %d, "
                  "pending %zu\n",
                  p->mode, (unsigned long long)p->id, (int)st.link, (unsigned long long)st.rev,
                  st.inflight, st.pending_slots);
    exit(1);
}

static void start(struct person *p, const char *config, const char *state, const char *server)
{
    struct pl_err e;
    pl_err_init(&e);
    bool reads = pl_str_eq(p->mode, "check");
    struct client_options co = {.state_dir = state, .server = server};
    struct client_handlers ch = {on_link, p};
    struct review_handlers rh = {
        .opened = on_opened, .refused = on_refused, .status = on_status, .ctx = p};
    if (trust_load(config, "default", &p->profile, &e) < 0 || uv_loop_init(&p->loop) < 0 ||
        client_new(&p->client, &p->loop, &p->profile, &co, &ch, &e) < 0 ||
        review_open(&p->review, p->client, p->review_id, reads, &rh, &e) < 0)
        die("start", e.text);
    (void)uv_timer_init(&p->loop, &p->timer);
    (void)uv_timer_init(&p->loop, &p->deadline);
    (void)uv_signal_init(&p->loop, &p->term);
    p->timer.data = p->deadline.data = p->term.data = p;
    (void)uv_signal_start(&p->term, on_term, SIGTERM);
    if (pl_str_eq(p->mode, "type"))
        (void)uv_timer_start(&p->timer, on_type, 1, 0);
    else
        (void)uv_timer_start(&p->timer, reads ? on_check : on_dump, 5, 5);
    if (p->wait_s)
        (void)uv_timer_start(&p->deadline, on_deadline, p->wait_s * 1000, 0);
}

static void finish(struct person *p)
{
    uv_close((uv_handle_t *)&p->timer, NULL);
    uv_close((uv_handle_t *)&p->deadline, NULL);
    uv_close((uv_handle_t *)&p->term, NULL);
    client_close(p->client, NULL, NULL);
    (void)uv_run(&p->loop, UV_RUN_DEFAULT);
    trust_release(&p->profile);
    pl_doc_free(p->replay);
    free(p->in_log);
    free(p->in_copy);
}

/* --- command line
 * ------------------------------------------------------------------------------ */

enum { CONFIG, STATE, SERVER, REVIEW, ID, SEED, LOG, OUT, REV, WAIT, LOGS, OPTIONS };

static uint64_t number(const char *s, uint64_t preset)
{
    uint64_t n = preset;
    if (s && pl_parse_u64(s, &n) < 0)
        die("not a number", s);
    return n;
}

static void read_options(int argc, char **argv, const char *value[OPTIONS])
{
    static const char *const names[OPTIONS] = {"config", "state", "server", "review", "id",  "seed",
                                               "log",    "out",   "rev",    "wait",   "logs"};
    struct option opts[OPTIONS + 1];
    int o = 0;
    memset(opts, 0, sizeof(opts));
    for (int i = 0; i < OPTIONS; i++)
        opts[i] = (struct option){names[i], 1, NULL, i + 1};
    while ((o = getopt_long(argc, argv, "", opts, NULL)) != -1) {
        if (o < 1 || o > OPTIONS)
            exit(2);
        value[o - 1] = optarg;
    }
}

static void open_log(struct person *p, const char *path)
{
    read_log(path, count_begun, p);
    p->acked = p->next;
    p->log = open(path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
    if (p->log < 0)
        die(path, strerror(errno));
    note(p, 'S', p->next);
}

int main(int argc, char **argv)
{
    static struct person p = {.log = -1};
    const char *v[OPTIONS] = {NULL};
    struct sigaction ignore = {.sa_handler = SIG_IGN};
    if (argc < 2)
        die("usage", "kill type|dump|check --config DIR ...");
    p.mode = argv[1];
    read_options(argc - 1, argv + 1, v);
    p.out = v[OUT];
    p.logs = v[LOGS];
    p.review_id = number(v[REVIEW], 0);
    p.id = number(v[ID], 0) % PEOPLE_MAX;
    p.want_rev = number(v[REV], 0);
    p.wait_s = number(v[WAIT], 0);
    (void)sigaction(SIGPIPE, &ignore, NULL);
    pl_prng_init(&p.rng, number(v[SEED], 1));
    if (v[LOG])
        open_log(&p, v[LOG]);
    start(&p, v[CONFIG], v[STATE], v[SERVER]);
    (void)uv_run(&p.loop, UV_RUN_DEFAULT);
    finish(&p);
    return p.is_over ? p.status : 1;
}
