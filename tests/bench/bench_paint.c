// SPDX-License-Identifier: Apache-2.0
/*
 * A terminal that measures: runs a program on a pseudo-terminal, presses keys, and takes the time
 * until what it draws has arrived. A program that asks for synchronized updates is told that they
 * are known here, and its frame ends with their end; of any other program the frame ends with the
 * last byte before 12 ms of silence.
 *
 *   bench_paint --mode start|key|stall --ready TEXT [--name NAME] [--n N] [--setup KEYS]...
 *               [--key KEYS] [--rows N] [--cols N] -- COMMAND [ARGUMENT...]
 *
 *   start  from fork until TEXT has arrived, N times
 *   key    after the setup, N keys of --key one after the other: time to the end of the frame,
 *          bytes a key, memory of the program
 *   stall  nobody reads while N keys are pressed; then how much had piled up, how much the program
 *          grew, and how long after reading again until what was typed last is there
 *
 * KEYS: \r \e \\ as usual; after each --setup the screen must have been quiet. One JSON line.
 */
#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <poll.h>
#include <pty.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "plimsoll/base/buf.h"
#include "plimsoll/base/str.h"
#include "plimsoll/base/time.h"

#define SILENCE_US UINT64_C(12000)
#define PAUSE_US   UINT64_C(20000) /* between keys */
#define LIMIT_US   UINT64_C(10000000)
#define SETUP_MAX  16
#define RUNS_MAX   10000

static const char sync_question[] = "\033[?2026$p";
static const char sync_answer[] = "\033[?2026;2$y";
static const char sync_end[] = "\033[?2026l";
static const char last_words[] = "the last words";

struct options {
    const char *mode, *ready, *name, *key;
    const char *setup[SETUP_MAX];
    size_t n_setup;
    unsigned n;
    struct winsize size;
    char **command;
};

struct tty {
    pid_t pid;
    int fd;
    bool has_sync, is_dead;
    uint64_t bytes, last_us; /* read in all, when the last one came */
    struct pl_buf seen;      /* the newest output */
};

/* --- the terminal ------------------------------------------------------------------------------
 */

static int start(struct tty *t, const struct options *o)
{
    memset(t, 0, sizeof(*t));
    pl_buf_init(&t->seen, 16u << 20);
    t->pid = forkpty(&t->fd, NULL, NULL, &o->size);
    if (t->pid < 0)
        return -1;
    if (t->pid == 0) {
        (void)setenv("TERM", "xterm-256color", 1);
        (void)setenv("LC_ALL", "C.UTF-8", 1);
        (void)execvp(o->command[0], o->command);
        _exit(127);
    }
    return fcntl(t->fd, F_SETFL, O_NONBLOCK);
}

static void end(struct tty *t)
{
    (void)kill(t->pid, SIGKILL);
    (void)waitpid(t->pid, NULL, 0);
    (void)close(t->fd);
    pl_buf_release(&t->seen);
}

static void press(struct tty *t, const char *keys)
{
    for (size_t i = 0; keys[i]; i++) {
        char c = keys[i];
        if (c == '\\' && keys[i + 1]) {
            c = keys[++i];
            c = c == 'r' ? '\r' : c == 'e' ? '\033' : c;
        }
        struct pollfd p = {.fd = t->fd, .events = POLLOUT};
        while (write(t->fd, &c, 1) < 0 && errno == EAGAIN)
            if (poll(&p, 1, 1000) == 0)
                return; /* it does not take keys: what follows will say so */
    }
}

/* Reads what is there, waiting at most so long for it; false when nothing came. */
static bool take(struct tty *t, uint64_t wait_us)
{
    struct pollfd p = {.fd = t->fd, .events = POLLIN};
    struct timespec ts = {.tv_sec = (time_t)(wait_us / 1000000),
                          .tv_nsec = (long)(wait_us % 1000000) * 1000};
    if (t->is_dead || ppoll(&p, 1, &ts, NULL) <= 0)
        return false;
    uint8_t *to = pl_buf_reserve(&t->seen, 65536);
    if (!to) {
        pl_buf_consume(&t->seen, t->seen.len / 2);
        to = pl_buf_reserve(&t->seen, 65536);
    }
    ssize_t n = to ? read(t->fd, to, 65536) : -1;
    if (n <= 0) {
        t->is_dead = n == 0 || errno != EAGAIN;
        return false;
    }
    t->last_us = pl_mono_us();
    t->seen.len += (size_t)n;
    t->bytes += (uint64_t)n;
    if (!t->has_sync && memmem(t->seen.data, t->seen.len, sync_question, strlen(sync_question))) {
        t->has_sync = true;
        press(t, sync_answer);
    }
    return true;
}

static bool has_seen(const struct tty *t, const char *text)
{
    return t->seen.len > 0 && memmem(t->seen.data, t->seen.len, text, strlen(text));
}

static bool wait_for(struct tty *t, const char *text)
{
    uint64_t until = pl_mono_us() + LIMIT_US;
    while (!has_seen(t, text)) {
        uint64_t now = pl_mono_us();
        if (now >= until || t->is_dead)
            return false;
        (void)take(t, until - now);
    }
    return true;
}

/* Until nothing has come for so long, at most three seconds. */
static void settle(struct tty *t, uint64_t silence_us)
{
    uint64_t until = pl_mono_us() + 3000000;
    while (take(t, silence_us) && pl_mono_us() < until)
        ;
    pl_buf_clear(&t->seen);
}

static double rss_mb(const struct tty *t)
{
    char path[64];
    char line[256];
    double kb = -1024;
    (void)snprintf(path, sizeof(path), "/proc/%d/status", (int)t->pid);
    FILE *f = fopen(path, "re");
    while (f && fgets(line, sizeof(line), f))
        if (pl_str_starts(line, "VmRSS:"))
            kb = strtod(line + 6, NULL);
    if (f)
        (void)fclose(f);
    return kb / 1024;
}

static int get_ready(struct tty *t, const struct options *o)
{
    if (start(t, o) < 0 || !wait_for(t, o->ready)) {
        (void)fprintf(stderr, "%s: '%s' did not appear\n", o->name, o->ready);
        return -1;
    }
    settle(t, 100000);
    for (size_t i = 0; i < o->n_setup; i++) {
        press(t, o->setup[i]);
        settle(t, 200000);
    }
    return t->is_dead ? -1 : 0;
}

/* --- the modes ---------------------------------------------------------------------------------
 */

static int by_size(const void *a, const void *b)
{
    const uint64_t *x = a;
    const uint64_t *y = b;
    return *x < *y ? -1 : *x > *y;
}

static double at_ms(uint64_t *us, unsigned n, unsigned percent)
{
    qsort(us, n, sizeof(*us), by_size);
    unsigned i = n * percent / 100;
    return (double)us[i < n ? i : n - 1] / 1000.0;
}

static int run_start(const struct options *o, uint64_t *us)
{
    struct tty t;
    for (unsigned i = 0; i < o->n; i++) {
        uint64_t from = pl_mono_us();
        bool ok = start(&t, o) == 0 && wait_for(&t, o->ready);
        us[i] = t.last_us - from;
        end(&t);
        if (!ok) {
            (void)fprintf(stderr, "%s: '%s' did not appear\n", o->name, o->ready);
            return 1;
        }
    }
    (void)printf("{\"bench\":\"paint\",\"what\":\"start\",\"program\":\"%s\",\"n\":%u,"
                 "\"p50_ms\":%.2f,\"max_ms\":%.2f}\n",
                 o->name, o->n, at_ms(us, o->n, 50), at_ms(us, o->n, 100));
    return 0;
}

/* Presses one key; microseconds until its frame has arrived, 0: nothing was drawn. */
static uint64_t time_key(struct tty *t, const char *key)
{
    uint64_t from = pl_mono_us();
    uint64_t until = from + 1000000;
    pl_buf_clear(&t->seen);
    press(t, key);
    if (t->has_sync) {
        while (!has_seen(t, sync_end) && pl_mono_us() < until && !t->is_dead)
            (void)take(t, until - from);
        return has_seen(t, sync_end) ? t->last_us - from : 0;
    }
    if (!take(t, 1000000))
        return 0;
    while (take(t, SILENCE_US))
        ;
    return t->last_us - from;
}

static int run_key(const struct options *o, uint64_t *us)
{
    struct tty t;
    unsigned missed = 0;
    if (get_ready(&t, o) < 0) {
        end(&t);
        return 1;
    }
    uint64_t bytes = t.bytes;
    for (unsigned i = 0; i < o->n; i++) {
        us[i] = time_key(&t, o->key);
        missed += us[i] == 0;
        uint64_t next = pl_mono_us() + PAUSE_US;
        for (uint64_t now = pl_mono_us(); now < next; now = pl_mono_us())
            (void)take(&t, next - now); /* acknowledgements and the like */
    }
    bytes = t.bytes - bytes;
    double rss = rss_mb(&t);
    bool dead = t.is_dead;
    end(&t);
    (void)printf("{\"bench\":\"paint\",\"what\":\"key\",\"program\":\"%s\",\"n\":%u,\"missed\":%u,"
                 "\"p50_ms\":%.3f,\"p99_ms\":%.3f,\"bytes_per_key\":%.1f,\"rss_mb\":%.1f}\n",
                 o->name, o->n, missed, at_ms(us, o->n, 50), at_ms(us, o->n, 99),
                 (double)bytes / o->n, rss);
    return dead || missed == o->n;
}

static int run_stall(const struct options *o)
{
    struct tty t;
    int piled = 0;
    if (get_ready(&t, o) < 0) {
        end(&t);
        return 1;
    }
    double before = rss_mb(&t);
    for (unsigned i = 0; i < o->n; i++) {
        press(&t, o->key);
        (void)poll(NULL, 0, 1);
    }
    press(&t, last_words);
    (void)poll(NULL, 0, 300);
    double after = rss_mb(&t);
    uint64_t from = pl_mono_us();
    uint64_t bytes = t.bytes;
    bool ok = wait_for(&t, last_words);
    uint64_t took = t.last_us - from;
    piled = (int)(t.bytes - bytes);
    end(&t);
    (void)printf("{\"bench\":\"paint\",\"what\":\"stall\",\"program\":\"%s\",\"n\":%u,"
                 "\"seen\":%s,\"resume_ms\":%.1f,\"piled_bytes\":%d,\"rss_mb\":%.1f,"
                 "\"grown_mb\":%.1f}\n",
                 o->name, o->n, ok ? "true" : "false", (double)took / 1000.0, piled, after,
                 after - before);
    return ok ? 0 : 1;
}

/* --- the command line --------------------------------------------------------------------------
 */

static int usage(void)
{
    (void)fprintf(stderr, "usage: bench_paint --mode start|key|stall --ready TEXT [--name NAME] "
                          "[--n N] [--setup KEYS]... [--key KEYS] [--rows N] [--cols N] -- "
                          "COMMAND...\n");
    return 2;
}

static bool take_option(struct options *o, int c)
{
    uint64_t n = 0;
    if ((c == 'n' || c == 'x' || c == 'y') && pl_parse_u64(optarg, &n) < 0)
        return false;
    if (c == 'm')
        o->mode = optarg;
    else if (c == 'r')
        o->ready = optarg;
    else if (c == 'a')
        o->name = optarg;
    else if (c == 'k')
        o->key = optarg;
    else if (c == 's' && o->n_setup < SETUP_MAX)
        o->setup[o->n_setup++] = optarg;
    else if (c == 'n' && n > 0 && n <= RUNS_MAX)
        o->n = (unsigned)n;
    else if (c == 'y' && n > 0 && n < 1000)
        o->size.ws_row = (unsigned short)n;
    else if (c == 'x' && n > 0 && n < 1000)
        o->size.ws_col = (unsigned short)n;
    else
        return false;
    return true;
}

int main(int argc, char **argv)
{
    static uint64_t us[RUNS_MAX];
    static const struct option known[] = {
        {"mode", 1, NULL, 'm'}, {"ready", 1, NULL, 'r'}, {"name", 1, NULL, 'a'},
        {"n", 1, NULL, 'n'},    {"setup", 1, NULL, 's'}, {"key", 1, NULL, 'k'},
        {"rows", 1, NULL, 'y'}, {"cols", 1, NULL, 'x'},  {NULL, 0, NULL, 0}};
    struct options o = {.mode = "", .name = "program", .key = "x", .n = 20};
    int c = 0;
    o.size.ws_row = 24;
    o.size.ws_col = 80;
    while ((c = getopt_long(argc, argv, "+", known, NULL)) != -1)
        if (!take_option(&o, c))
            return usage();
    o.command = argv + optind;
    if (!o.ready || !o.command[0])
        return usage();
    if (pl_str_eq(o.mode, "start"))
        return run_start(&o, us);
    if (pl_str_eq(o.mode, "key"))
        return run_key(&o, us);
    return pl_str_eq(o.mode, "stall") ? run_stall(&o) : usage();
}
