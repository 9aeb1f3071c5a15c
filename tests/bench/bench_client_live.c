// SPDX-License-Identifier: Apache-2.0
/*
 * Load driver: many thin clients in one process and on one clock, speaking the real protocol over
 * real TLS to a running server. A thin client holds no copy of the text, only its length, so that
 * the loader does not become the bottleneck; it keeps the rules of a real one: one changeset in
 * flight, keys typed meanwhile travel together in the next.
 *
 * An edit is one keystroke of one person. Open loop: a key counts from the time it was due, so a
 * late loader or server counts against the result. Visible: the revision that carries the key has
 * arrived at another client of the same review.
 *
 *   bench_client_live --config DIR --mode latency|throughput|memory [--clients N] [--reviews N]
 *                     [--rate EDITS_PER_S] [--secs S] [--pid SERVER_PID]
 */
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <uv.h>

#include "plimsoll/base/mem.h"
#include "plimsoll/base/rng.h"
#include "plimsoll/base/str.h"
#include "plimsoll/base/time.h"
#include "plimsoll/doc/schema.h"

#include "net/link.h"
#include "net/trust.h"

#define KEYS_MAX 4096 /* keys in one changeset or waiting */
#define SEQ_RING 1024

struct flight { /* a changeset and when its keys were due */
    uint64_t seq;
    unsigned n;
    uint64_t due_us[64];
};

struct thin {
    struct bench *b;
    struct link *link;
    unsigned index, room;
    uint64_t client, seq, rev;
    uint32_t epoch;
    uint32_t len; /* of the text at rev */
    bool is_open, is_up;
    bool in_flight;
    uint64_t waiting_us[KEYS_MAX];
    unsigned waiting;
    uint64_t next_due_us;
    struct flight ring[SEQ_RING];
    uint64_t acked;
    struct pl_prng rng;
};

struct bench {
    uv_loop_t loop;
    struct trust_profile profile;
    struct pl_tls_ctx *tls;
    struct thin *all;
    uint64_t *reviews;
    unsigned clients, rooms, opened, created, up;
    double rate; /* edits a second, all together */
    double secs;
    const char *mode;
    int pid;
    uv_timer_t tick;
    bool is_running, is_over;
    uint64_t start_us, end_us, warm_us;
    float *visible_ms, *ack_ms;
    size_t n_visible, n_ack, cap;
    uint64_t typed, nacks, max_lag_us;
};

static void die(const char *what, const char *why)
{
    (void)fprintf(stderr, "bench: %s: %s\n", what, why);
    exit(1);
}

static int by_value(const void *a, const void *b)
{
    float x = *(const float *)a;
    float y = *(const float *)b;
    return x < y ? -1 : x > y;
}

static double at(const float *v, size_t n, double q)
{
    return n ? (double)v[(size_t)((double)(n - 1) * q)] : 0.0;
}

static void note(struct bench *b, float **v, size_t *n, uint64_t due_us, uint64_t now)
{
    if (due_us < b->warm_us || due_us >= b->end_us || *n >= b->cap)
        return;
    (*v)[(*n)++] = (float)((double)(now - due_us) / 1000.0);
}

/* --- typing
 * --------------------------------------------------------------------------------------- */

static void submit(struct thin *t)
{
    struct pl_msg m = {.type = PL_MSG_SUBMIT};
    struct pl_op op;
    struct flight *f;
    if (t->in_flight || t->waiting == 0)
        return;
    unsigned n = t->waiting > 64 ? 64 : t->waiting;
    char text[64];
    memset(text, 'k', sizeof(text));
    uint32_t pos = t->len ? (uint32_t)pl_prng_below(&t->rng, t->len + 1) : 0;
    pl_op_init(&op, t->len);
    pl_op_retain(&op, pos);
    pl_op_insert(&op, text, n, n);
    m.u.submit.review = t->b->reviews[t->room];
    m.u.submit.epoch = t->epoch;
    m.u.submit.seq = ++t->seq;
    m.u.submit.base = t->rev;
    pl_cs_init(&m.u.submit.cs);
    pl_cs_text(&m.u.submit.cs, PL_EID_ROOT, PL_F_REVIEW_IMPACT, &op);
    f = &t->ring[t->seq % SEQ_RING];
    f->seq = t->seq;
    f->n = n;
    memcpy(f->due_us, t->waiting_us, n * sizeof(f->due_us[0]));
    t->waiting -= n;
    memmove(t->waiting_us, t->waiting_us + n, t->waiting * sizeof(t->waiting_us[0]));
    t->in_flight = true;
    if (!link_send(t->link, &m))
        die("send", "link is down");
    pl_cs_release(&m.u.submit.cs);
}

static void type_due(struct thin *t, uint64_t now)
{
    struct bench *b = t->b;
    double gap = 1e6 * b->clients / b->rate;
    while (t->next_due_us <= now && t->next_due_us < b->end_us) {
        if (t->waiting < KEYS_MAX)
            t->waiting_us[t->waiting++] = t->next_due_us;
        else
            b->nacks++; /* hopelessly behind: counts as lost */
        if (now - t->next_due_us > b->max_lag_us && t->waiting == 1)
            b->max_lag_us = now - t->next_due_us;
        b->typed++;
        t->next_due_us += (uint64_t)gap;
    }
    submit(t);
}

static void on_tick(uv_timer_t *h)
{
    struct bench *b = h->data;
    uint64_t now = pl_mono_us();
    for (unsigned i = 0; i < b->clients; i++)
        type_due(&b->all[i], now);
    if (now > b->end_us) {
        bool waits = false;
        for (unsigned i = 0; i < b->clients; i++)
            waits |= b->all[i].in_flight || b->all[i].waiting;
        if (!waits || now > b->end_us + 5000000) {
            b->is_over = true;
            uv_stop(&b->loop);
        }
    }
}

/* --- messages
 * ------------------------------------------------------------------------------------- */

static uint32_t text_change(const struct pl_cs *cs, uint32_t len)
{
    const struct pl_slot *s = pl_cs_find(cs, PL_SLOT_TEXT, PL_EID_ROOT, PL_F_REVIEW_IMPACT, NULL);
    return s ? pl_op_result_len(&s->op) : len;
}

static void on_rev(struct thin *t, const struct pl_rev *r)
{
    struct bench *b = t->b;
    uint64_t now = pl_mono_us();
    t->rev = r->rev;
    t->len = text_change(&r->cs, t->len);
    if (r->client == t->client) {
        const struct flight *f = &t->ring[r->seq % SEQ_RING];
        for (unsigned i = 0; i < f->n; i++)
            note(b, &b->ack_ms, &b->n_ack, f->due_us[i], now);
        t->acked += f->n;
        t->in_flight = false;
        submit(t);
        return;
    }
    if (r->client == 0 || r->client > b->clients)
        return;
    const struct flight *f = &b->all[r->client - 1].ring[r->seq % SEQ_RING];
    if (f->seq == r->seq)
        for (unsigned i = 0; i < f->n; i++)
            note(b, &b->visible_ms, &b->n_visible, f->due_us[i], now);
}

static void open_room(struct thin *t)
{
    struct pl_msg m = {.type = PL_MSG_OPEN};
    m.u.open.rid = 1;
    m.u.open.review = t->b->reviews[t->room];
    m.u.open.client = t->client;
    if (!link_send(t->link, &m))
        die("open", "link is down");
}

static void create_room(struct bench *b)
{
    struct pl_msg m = {.type = PL_MSG_CREATE};
    uint8_t op_id[16];
    pl_random_bytes(op_id, sizeof(op_id));
    m.u.create.rid = b->created + 1;
    m.u.create.op_id = (struct pl_bytes){op_id, sizeof(op_id)};
    m.u.create.title = "Load";
    if (!link_send(b->all[0].link, &m))
        die("create", "link is down");
}

static void on_message(void *ctx, struct pl_msg *m)
{
    struct thin *t = ctx;
    struct bench *b = t->b;
    if (m->type == PL_MSG_REV) {
        on_rev(t, &m->u.rev);
    } else if (m->type == PL_MSG_CREATED) {
        b->reviews[m->u.created.rid - 1] = m->u.created.review;
        if (++b->created == b->rooms)
            uv_stop(&b->loop);
        else
            create_room(b);
    } else if (m->type == PL_MSG_OPENED) {
        t->epoch = m->u.opened.epoch;
        t->seq = m->u.opened.last_seq;
    } else if (m->type == PL_MSG_SYNCED) {
        if (!t->is_open && ++b->opened == b->clients)
            uv_stop(&b->loop);
        t->is_open = true;
    } else if (m->type == PL_MSG_NACK) {
        b->nacks++;
        (void)fprintf(stderr, "bench: nack %u %s\n", m->u.nack.code, m->u.nack.why);
        t->in_flight = false;
    } else if (m->type == PL_MSG_ERROR) {
        die("server", m->u.error.text);
    }
}

static void on_up(void *ctx, const struct pl_welcome *w)
{
    struct thin *t = ctx;
    (void)w;
    t->is_up = true;
    if (++t->b->up == t->b->clients)
        uv_stop(&t->b->loop);
}

static void on_down(void *ctx, int code, const char *why, int64_t retry_ms)
{
    (void)ctx;
    (void)code;
    (void)retry_ms;
    die("link", why);
}

/* --- runs
 * ----------------------------------------------------------------------------------------- */

static void connect_all(struct bench *b)
{
    struct link_options lo = {.host = b->profile.host, .port = b->profile.port, .tls = b->tls};
    for (unsigned i = 0; i < b->clients; i++) {
        struct thin *t = &b->all[i];
        struct link_handlers lh = {on_up, on_down, on_message, t};
        t->b = b;
        t->index = i;
        t->room = b->rooms ? i % b->rooms : 0;
        t->client = i + 1; /* small numbers: a revision names its thin client by it */
        pl_prng_init(&t->rng, i + 1);
        t->link = link_open(&b->loop, &lo, &lh);
        if (i % 50 == 49)
            for (int k = 0; k < 20; k++)
                (void)uv_run(&b->loop, UV_RUN_NOWAIT);
    }
    if (b->up < b->clients)
        (void)uv_run(&b->loop, UV_RUN_DEFAULT);
}

static double rss_kb(int pid)
{
    char path[64];
    char line[256];
    double kb = 0;
    (void)snprintf(path, sizeof(path), "/proc/%d/status", pid);
    FILE *f = fopen(path, "r");
    if (!f)
        return 0;
    while (fgets(line, sizeof(line), f)) {
        if (pl_str_starts(line, "VmRSS:"))
            kb = strtod(line + 6, NULL);
    }
    (void)fclose(f);
    return kb;
}

static void run_memory(struct bench *b, double before_kb)
{
    double after = rss_kb(b->pid);
    (void)printf("{\"bench\":\"memory\",\"connections\":%u,\"kb_per_connection\":%.1f,"
                 "\"rss_at_0_mb\":%.1f}\n",
                 b->clients, (after - before_kb) / b->clients, before_kb / 1024);
}

static void run_load(struct bench *b)
{
    create_room(b);
    (void)uv_run(&b->loop, UV_RUN_DEFAULT);
    for (unsigned i = 0; i < b->clients; i++)
        open_room(&b->all[i]);
    (void)uv_run(&b->loop, UV_RUN_DEFAULT);
    b->cap = (size_t)(b->rate * (b->secs + 2) * (b->clients / b->rooms + 1)) + 1024;
    b->visible_ms = pl_xcalloc(b->cap, sizeof(float));
    b->ack_ms = pl_xcalloc(b->cap, sizeof(float));
    b->start_us = pl_mono_us();
    b->warm_us = b->start_us + 1000000;
    b->end_us = b->warm_us + (uint64_t)(b->secs * 1e6);
    for (unsigned i = 0; i < b->clients; i++)
        b->all[i].next_due_us =
            b->start_us + (uint64_t)(1e6 / b->rate * i) + pl_random_u64() % 1000;
    (void)uv_timer_init(&b->loop, &b->tick);
    b->tick.data = b;
    (void)uv_timer_start(&b->tick, on_tick, 0, 1);
    (void)uv_run(&b->loop, UV_RUN_DEFAULT);
    qsort(b->visible_ms, b->n_visible, sizeof(float), by_value);
    qsort(b->ack_ms, b->n_ack, sizeof(float), by_value);
    uint64_t acked = 0;
    for (unsigned i = 0; i < b->clients; i++)
        acked += b->all[i].acked;
    (void)printf("{\"bench\":\"%s\",\"reviews\":%u,\"clients\":%u,\"rate\":%.0f,"
                 "\"typed\":%llu,\"acked\":%llu,\"nacks\":%llu,\"edits_per_s\":%.0f,"
                 "\"p50_ms\":%.3f,\"p90_ms\":%.3f,\"p99_ms\":%.3f,\"max_ms\":%.3f,"
                 "\"ack_p50_ms\":%.3f,\"ack_p99_ms\":%.3f,\"loader_lag_ms\":%.1f}\n",
                 b->mode, b->rooms, b->clients, b->rate, (unsigned long long)b->typed,
                 (unsigned long long)acked, (unsigned long long)b->nacks,
                 (double)b->n_ack / b->secs, at(b->visible_ms, b->n_visible, 0.5),
                 at(b->visible_ms, b->n_visible, 0.9), at(b->visible_ms, b->n_visible, 0.99),
                 at(b->visible_ms, b->n_visible, 1.0), at(b->ack_ms, b->n_ack, 0.5),
                 at(b->ack_ms, b->n_ack, 0.99), (double)b->max_lag_us / 1000);
    free(b->visible_ms);
    free(b->ack_ms);
}

int main(int argc, char **argv)
{
    static const struct option opts[] = {{"config", 1, NULL, 'c'},  {"mode", 1, NULL, 'm'},
                                         {"clients", 1, NULL, 'n'}, {"reviews", 1, NULL, 'r'},
                                         {"rate", 1, NULL, 'e'},    {"secs", 1, NULL, 's'},
                                         {"pid", 1, NULL, 'p'},     {NULL, 0, NULL, 0}};
    static struct bench b = {.clients = 5, .rooms = 1, .rate = 25, .secs = 5, .mode = "latency"};
    const char *config = NULL;
    struct pl_err e;
    int o;
    while ((o = getopt_long(argc, argv, "", opts, NULL)) != -1) {
        switch (o) {
        case 'c':
            config = optarg;
            break;
        case 'm':
            b.mode = optarg;
            break;
        case 'n':
            b.clients = (unsigned)strtoul(optarg, NULL, 10);
            break;
        case 'r':
            b.rooms = (unsigned)strtoul(optarg, NULL, 10);
            break;
        case 'e':
            b.rate = strtod(optarg, NULL);
            break;
        case 's':
            b.secs = strtod(optarg, NULL);
            break;
        case 'p':
            b.pid = (int)strtol(optarg, NULL, 10);
            break;
        default:
            return 2;
        }
    }
    pl_err_init(&e);
    if (trust_load(config, "default", &b.profile, &e) < 0)
        die("profile", e.text);
    b.tls = trust_tls_ctx(&b.profile, &e);
    if (!b.tls)
        die("tls", e.text);
    (void)uv_loop_init(&b.loop);
    b.all = pl_xcalloc(b.clients, sizeof(*b.all));
    b.reviews = pl_xcalloc(b.rooms, sizeof(*b.reviews));
    double before = b.pid ? rss_kb(b.pid) : 0;
    connect_all(&b);
    if (pl_str_eq(b.mode, "memory"))
        run_memory(&b, before);
    else
        run_load(&b);
    return 0;
}
