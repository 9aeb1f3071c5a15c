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
 *                     [--rate EDITS_PER_S] [--secs S] [--pid SERVER_PID] [--pg POSTMASTER_PID]
 *
 * One JSON line. Processor time is that of the server process and of the postmaster with all its
 * children, over the measured part. "missing" counts deliveries that never came.
 */
#include <errno.h>
#include <dirent.h>
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/timerfd.h>
#include <unistd.h>

#include <uv.h>

#include "plimsoll/base/mem.h"
#include "plimsoll/base/rng.h"
#include "plimsoll/base/str.h"
#include "plimsoll/base/time.h"
#include "plimsoll/doc/schema.h"

#include "net/link.h"
#include "net/trust.h"

#define KEYS_MAX 4096 /* waiting keys of one person */
#define SEQ_RING 1024
#define STEP_US  200u /* keys that fall due within this are typed together */
#define SETTLE_S 5u   /* for what is on its way at the end */
#define IDLE_MS  1500u

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
    uint64_t pid, pg;
    int clock; /* timerfd: the next key that is due */
    uv_poll_t tick;
    double cpu_s, pg_cpu_s;
    bool is_warm, is_cold, is_over; /* the measured part has begun, has ended */
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
        if (now - t->next_due_us > b->max_lag_us)
            b->max_lag_us = now - t->next_due_us;
        b->typed++;
        t->next_due_us += (uint64_t)gap;
    }
    submit(t);
}

/* --- processor time
 * ------------------------------------------------------------------------------ */

/* User and system time of a process in seconds; with_dead: also of its children that have ended.
 * *parent (may be NULL) gets its parent. */
static double cpu_of(uint64_t pid, bool with_dead, unsigned *parent)
{
    char path[64];
    char line[1024];
    unsigned ppid = 0;
    unsigned long u = 0;
    unsigned long s = 0;
    long cu = 0;
    long cs = 0;
    (void)snprintf(path, sizeof(path), "/proc/%llu/stat", (unsigned long long)pid);
    FILE *f = fopen(path, "r");
    size_t n = f ? fread(line, 1, sizeof(line) - 1, f) : 0;
    if (f)
        (void)fclose(f);
    line[n] = '\0';
    const char *p = strrchr(line, ')');
    if (!p || sscanf(p + 2, "%*c %u %*d %*d %*d %*d %*u %*u %*u %*u %*u %lu %lu %ld %ld", &ppid, &u,
                     &s, &cu, &cs) != 5)
        return 0;
    if (parent)
        *parent = ppid;
    double ticks = (double)u + (double)s + (with_dead ? (double)cu + (double)cs : 0.0);
    return ticks / (double)sysconf(_SC_CLK_TCK);
}

static double cpu_of_cluster(uint64_t postmaster)
{
    DIR *d = postmaster ? opendir("/proc") : NULL;
    const struct dirent *de = NULL;
    double sum = postmaster ? cpu_of(postmaster, true, NULL) : 0;
    while (d && (de = readdir(d))) {
        uint64_t pid = 0;
        unsigned parent = 0;
        if (pl_parse_u64(de->d_name, &pid) < 0)
            continue;
        double s = cpu_of(pid, false, &parent);
        if (parent == postmaster)
            sum += s;
    }
    if (d)
        (void)closedir(d);
    return sum;
}

static void take_cpu(struct bench *b, double sign)
{
    if (b->pid)
        b->cpu_s += sign * cpu_of(b->pid, false, NULL);
    b->pg_cpu_s += sign * cpu_of_cluster(b->pg);
}

/* --- the clock
 * ----------------------------------------------------------------------------------- */

static void set_clock(struct bench *b, uint64_t now)
{
    uint64_t next = now + 1000000;
    for (unsigned i = 0; i < b->clients; i++)
        if (b->all[i].next_due_us < next)
            next = b->all[i].next_due_us;
    if (now >= b->end_us)
        next = now + 10000;
    if (next < now + STEP_US)
        next = now + STEP_US;
    struct itimerspec at = {.it_value = {(time_t)(next / 1000000), (long)(next % 1000000) * 1000}};
    if (timerfd_settime(b->clock, TFD_TIMER_ABSTIME, &at, NULL) < 0)
        die("timerfd", strerror(errno));
}

static void on_tick(uv_poll_t *h, int status, int events)
{
    struct bench *b = h->data;
    uint64_t times = 0;
    uint64_t now = pl_mono_us();
    (void)status;
    (void)events;
    (void)!read(b->clock, &times, sizeof(times));
    for (unsigned i = 0; i < b->clients; i++)
        type_due(&b->all[i], now);
    if (!b->is_warm && now >= b->warm_us) {
        b->is_warm = true;
        take_cpu(b, -1);
    }
    if (!b->is_cold && now >= b->end_us) {
        b->is_cold = true;
        take_cpu(b, 1);
    }
    if (now > b->end_us) {
        bool waits = false;
        for (unsigned i = 0; i < b->clients; i++)
            waits |= b->all[i].in_flight || b->all[i].waiting;
        /* one round more: the last revisions are on their way to the others */
        if ((!waits && now > b->end_us + 200000) || now > b->end_us + SETTLE_S * 1000000u) {
            b->is_over = true;
            uv_stop(&b->loop);
            return;
        }
    }
    set_clock(b, now);
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

static double rss_kb(uint64_t pid)
{
    char path[64];
    char line[256];
    unsigned long kb = 0;
    (void)snprintf(path, sizeof(path), "/proc/%llu/status", (unsigned long long)pid);
    FILE *f = fopen(path, "r");
    while (f && fgets(line, sizeof(line), f) && sscanf(line, "VmRSS: %lu", &kb) != 1) {
    }
    if (f)
        (void)fclose(f);
    return (double)kb;
}

static void on_idle(uv_timer_t *t)
{
    uv_stop(t->loop);
}

static void run_memory(struct bench *b, double before_kb)
{
    uv_timer_t idle;
    (void)uv_timer_init(&b->loop, &idle);
    (void)uv_timer_start(&idle, on_idle, IDLE_MS, 0);
    (void)uv_run(&b->loop, UV_RUN_DEFAULT);
    double after = rss_kb(b->pid);
    (void)printf("{\"bench\":\"memory\",\"connections\":%u,\"kb_per_connection\":%.1f,"
                 "\"rss_at_0_mb\":%.1f,\"rss_mb\":%.1f}\n",
                 b->clients, (after - before_kb) / b->clients, before_kb / 1024, after / 1024);
}

static void prepare(struct bench *b)
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
    b->clock = timerfd_create(CLOCK_MONOTONIC, TFD_NONBLOCK | TFD_CLOEXEC);
    if (b->clock < 0)
        die("timerfd", strerror(errno));
    (void)uv_poll_init(&b->loop, &b->tick, b->clock);
    b->tick.data = b;
    (void)uv_poll_start(&b->tick, UV_READABLE, on_tick);
    set_clock(b, b->start_us);
}

static void report(const struct bench *b)
{
    uint64_t acked = 0;
    double per_10k = b->n_ack ? 10000.0 / (double)b->n_ack : 0;
    double wanted = (double)b->n_ack * ((double)b->clients / b->rooms - 1);
    for (unsigned i = 0; i < b->clients; i++)
        acked += b->all[i].acked;
    (void)printf("{\"bench\":\"%s\",\"reviews\":%u,\"clients\":%u,\"rate\":%.0f,"
                 "\"typed\":%llu,\"acked\":%llu,\"nacks\":%llu,\"missing\":%.0f,"
                 "\"edits_per_s\":%.0f,\"p50_ms\":%.3f,\"p90_ms\":%.3f,\"p99_ms\":%.3f,"
                 "\"max_ms\":%.3f,\"ack_p50_ms\":%.3f,\"ack_p99_ms\":%.3f,\"loader_lag_ms\":%.1f,"
                 "\"cpu_s_per_10k_edits\":%.3f,\"pg_cpu_s_per_10k_edits\":%.3f}\n",
                 b->mode, b->rooms, b->clients, b->rate, (unsigned long long)b->typed,
                 (unsigned long long)acked, (unsigned long long)b->nacks,
                 wanted - (double)b->n_visible, (double)b->n_ack / b->secs,
                 at(b->visible_ms, b->n_visible, 0.5), at(b->visible_ms, b->n_visible, 0.9),
                 at(b->visible_ms, b->n_visible, 0.99), at(b->visible_ms, b->n_visible, 1.0),
                 at(b->ack_ms, b->n_ack, 0.5), at(b->ack_ms, b->n_ack, 0.99),
                 (double)b->max_lag_us / 1000, b->cpu_s * per_10k, b->pg_cpu_s * per_10k);
}

static void run_load(struct bench *b)
{
    prepare(b);
    (void)uv_run(&b->loop, UV_RUN_DEFAULT);
    qsort(b->visible_ms, b->n_visible, sizeof(float), by_value);
    qsort(b->ack_ms, b->n_ack, sizeof(float), by_value);
    report(b);
    free(b->visible_ms);
    free(b->ack_ms);
}

/* --- command line
 * -------------------------------------------------------------------------------- */

enum { CONFIG, MODE, CLIENTS, REVIEWS, RATE, SECS, PID, PG, OPTIONS };

static void read_options(int argc, char **argv, const char *value[OPTIONS])
{
    static const struct option opts[] = {{"config", 1, NULL, CONFIG + 1},
                                         {"mode", 1, NULL, MODE + 1},
                                         {"clients", 1, NULL, CLIENTS + 1},
                                         {"reviews", 1, NULL, REVIEWS + 1},
                                         {"rate", 1, NULL, RATE + 1},
                                         {"secs", 1, NULL, SECS + 1},
                                         {"pid", 1, NULL, PID + 1},
                                         {"pg", 1, NULL, PG + 1},
                                         {NULL, 0, NULL, 0}};
    int o = 0;
    while ((o = getopt_long(argc, argv, "", opts, NULL)) != -1) {
        if (o < 1 || o > OPTIONS)
            exit(2);
        value[o - 1] = optarg;
    }
}

static uint64_t number(const char *s, uint64_t preset)
{
    uint64_t n = preset;
    if (s && (pl_parse_u64(s, &n) < 0 || n > 100000000))
        die("not a number", s);
    return n;
}

int main(int argc, char **argv)
{
    static struct bench b = {.mode = "latency"};
    const char *v[OPTIONS] = {NULL};
    struct pl_err e;
    read_options(argc, argv, v);
    if (v[MODE])
        b.mode = v[MODE];
    b.clients = (unsigned)number(v[CLIENTS], 5);
    b.rooms = (unsigned)number(v[REVIEWS], 1);
    b.rate = (double)number(v[RATE], 25);
    b.secs = (double)number(v[SECS], 5);
    b.pid = number(v[PID], 0);
    b.pg = number(v[PG], 0);
    pl_err_init(&e);
    if (trust_load(v[CONFIG], "default", &b.profile, &e) < 0)
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
