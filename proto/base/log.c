// SPDX-License-Identifier: Apache-2.0
/*
 * Log lines. A line is built in a buffer on the stack, cut at PL_LOG_LINE_MAX, and written by one
 * write(2). Values are escaped: in the text form anything but printable ASCII and UTF-8 becomes
 * \xHH and values with blanks, quotes or '=' are quoted; JSON gets JSON's escapes. Controls of
 * either kind and bidi overrides never come out raw. A sink that fails is given up silently: the
 * program must not die of a full log disk.
 */
#include "plimsoll/base/log.h"

#include <errno.h>
#include <fcntl.h>
#include <math.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "plimsoll/base/mem.h"
#include "plimsoll/base/str.h"
#include "plimsoll/base/time.h"
#include "plimsoll/base/utf8.h"

/* The one global of the program: where lines go. */
static struct {
    atomic_int level;
    atomic_int fd;
    bool json;
    bool no_time;
    char *path;
    pl_log_sink_cb sink;
    void *sink_ctx;
} sink = {.level = PL_LOG_INFO, .fd = STDERR_FILENO};

static const char *const level_names[] = {"err", "warn", "info", "debug", "trace"};

/* A line in the making. `room` always leaves space for the closing characters. */
struct line {
    char text[PL_LOG_LINE_MAX];
    size_t len;
    bool full;
};

#define LINE_ROOM (PL_LOG_LINE_MAX - 16)

static void add(struct line *l, const char *s, size_t n)
{
    if (l->full || l->len + n > LINE_ROOM) {
        l->full = true;
        return;
    }
    memcpy(l->text + l->len, s, n);
    l->len += n;
}

static void add_str(struct line *l, const char *s)
{
    add(l, s, strlen(s));
}

/* Closing characters may use the reserved space. */
static void add_end(struct line *l, const char *s)
{
    size_t n = strlen(s);
    PL_ASSERT(n <= PL_LOG_LINE_MAX - l->len);
    memcpy(l->text + l->len, s, n);
    l->len += n;
}

static void __attribute__((format(printf, 2, 3))) add_fmt(struct line *l, const char *fmt, ...)
{
    char text[64];
    va_list ap;
    va_start(ap, fmt);
    int n = vsnprintf(text, sizeof text, fmt, ap);
    va_end(ap);
    if (n > 0 && (size_t)n < sizeof text)
        add(l, text, (size_t)n);
}

/* One character of a value, escaped. Returns how many bytes of the input it took. */
static size_t add_escaped(struct line *l, const uint8_t *p, const uint8_t *end)
{
    uint32_t c;
    size_t n = pl_utf8_decode(p, end, &c);
    bool broken = n == 1 && *p >= 0x80;
    if (c == '"' || c == '\\') {
        add_fmt(l, "\\%c", (char)c);
    } else if (broken) {
        add_fmt(l, sink.json ? "\\ufffd" : "\\x%02x", *p);
    } else if (c == '\n') {
        add_str(l, "\\n");
    } else if (c == '\t') {
        add_str(l, "\\t");
    } else if (!pl_utf8_is_clean(p, n, NULL)) {
        add_fmt(l, sink.json ? "\\u%04x" : "\\u{%x}", c);
    } else {
        add(l, (const char *)p, n);
    }
    return n;
}

static bool needs_quotes(const char *s)
{
    if (*s == '\0')
        return true;
    for (; *s != '\0'; s++) {
        unsigned char c = (unsigned char)*s;
        if (c <= ' ' || c >= 0x7F || c == '"' || c == '\\' || c == '=')
            return true;
    }
    return false;
}

/* A string value, cut with "..." when the line is full. False if not even its start fits. */
static bool add_value(struct line *l, const char *s)
{
    bool quote = sink.json || needs_quotes(s);
    const uint8_t *p = (const uint8_t *)s;
    const uint8_t *end = p + strlen(s);
    if (quote)
        add_str(l, "\"");
    if (l->full)
        return false;
    while (p < end && !l->full)
        p += add_escaped(l, p, end);
    if (l->full)
        add_end(l, "...");
    if (quote)
        add_end(l, "\"");
    return true;
}

static bool add_typed(struct line *l, const struct pl_kv *kv)
{
    switch (kv->type) {
    case PL_KV_STR:
        if (kv->v.str != NULL)
            return add_value(l, kv->v.str);
        add_str(l, sink.json ? "null" : "-");
        break;
    case PL_KV_U64:
        add_fmt(l, "%llu", (unsigned long long)kv->v.u64);
        break;
    case PL_KV_I64:
        add_fmt(l, "%lld", (long long)kv->v.i64);
        break;
    case PL_KV_F64:
        if (isfinite(kv->v.f64)) {
            add_fmt(l, "%.6g", kv->v.f64);
        } else {
            add_str(l, sink.json ? "null" : "nan");
        }
        break;
    case PL_KV_BOOL:
        add_str(l, kv->v.boolean ? "true" : "false");
        break;
    case PL_KV_END:
        return false;
    }
    return !l->full;
}

/* A pair; a pair that does not fit is left out whole, and so is everything after it. */
static void add_kv(struct line *l, const struct pl_kv *kv)
{
    size_t before = l->len;
    add_str(l, sink.json ? ",\"" : " ");
    add_str(l, kv->key);
    add_str(l, sink.json ? "\":" : "=");
    if (l->full || !add_typed(l, kv))
        l->len = before;
}

/* The pairs of the contexts, outermost first. */
static void add_ctx(struct line *l, const struct pl_log_ctx *ctx)
{
    const struct pl_log_ctx *chain[8];
    size_t n = 0;
    for (; ctx != NULL && n < sizeof chain / sizeof chain[0]; ctx = ctx->parent)
        chain[n++] = ctx;
    while (n > 0) {
        const struct pl_log_ctx *c = chain[--n];
        for (size_t i = 0; i < c->count; i++)
            add_kv(l, &c->kv[i]);
    }
}

static void begin(struct line *l, enum pl_log_level level, const char *event)
{
    char when[PL_RFC3339_SIZE] = "";
    if (!sink.no_time)
        (void)pl_rfc3339_format(pl_now_us(), 0, 6, when);
    l->len = 0;
    l->full = false;
    if (sink.json) {
        add_str(l, "{");
        if (!sink.no_time)
            add_fmt(l, "\"ts\":\"%s\",", when);
        add_fmt(l, "\"level\":\"%s\",\"event\":", level_names[level]);
        (void)add_value(l, event);
    } else {
        if (!sink.no_time)
            add_fmt(l, "%s ", when);
        add_fmt(l, "%s ", level_names[level]);
        add_str(l, event);
    }
}

static void emit(struct line *l, enum pl_log_level level)
{
    add_end(l, sink.json ? "}\n" : "\n");
    if (sink.sink != NULL) {
        sink.sink(sink.sink_ctx, level, l->text, l->len);
        return;
    }
    ssize_t n;
    do {
        n = write(atomic_load(&sink.fd), l->text, l->len);
    } while (n < 0 && errno == EINTR);
}

bool pl_log_is_on(enum pl_log_level level)
{
    return (int)level <= atomic_load_explicit(&sink.level, memory_order_relaxed);
}

void pl_log_write(enum pl_log_level level, const struct pl_log_ctx *ctx, const char *event,
                  const struct pl_kv *kv)
{
    struct line l;
    if (!pl_log_is_on(level))
        return;
    begin(&l, level, event);
    add_ctx(&l, ctx);
    for (; kv->type != PL_KV_END; kv++)
        add_kv(&l, kv);
    emit(&l, level);
}

bool pl_log_write_rated(struct pl_log_rate *rate, enum pl_log_level level,
                        const struct pl_log_ctx *ctx, const char *event, const struct pl_kv *kv)
{
    uint32_t burst = rate->burst > 0 ? rate->burst : 5;
    uint32_t per_ms = rate->per_ms > 0 ? rate->per_ms : 10000;
    uint64_t now = pl_mono_ms();
    struct pl_kv all[24];
    size_t n = 0;
    if (!pl_log_is_on(level))
        return false;
    if (rate->window_ms == 0 || now - rate->window_ms >= per_ms) {
        rate->window_ms = now;
        rate->used = 0;
    }
    if (rate->used >= burst) {
        rate->suppressed++;
        return false;
    }
    rate->used++;
    if (rate->suppressed > 0)
        all[n++] = KV_U("suppressed", rate->suppressed);
    rate->suppressed = 0;
    for (; kv->type != PL_KV_END && n < sizeof all / sizeof all[0] - 1; kv++)
        all[n++] = *kv;
    all[n] = PL_LOG_KV_END;
    pl_log_write(level, ctx, event, all);
    return true;
}

void pl_log_ctx_init(struct pl_log_ctx *c, const struct pl_log_ctx *parent)
{
    c->parent = parent;
    c->count = 0;
}

void pl_log_ctx_set(struct pl_log_ctx *c, struct pl_kv kv)
{
    for (size_t i = 0; i < c->count; i++) {
        if (strcmp(c->kv[i].key, kv.key) == 0) {
            c->kv[i] = kv;
            return;
        }
    }
    PL_ASSERT(c->count < PL_LOG_CTX_MAX);
    c->kv[c->count++] = kv;
}

static int open_path(const char *path, int *fd, struct pl_err *e)
{
    *fd = open(path, O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC | O_NOCTTY, 0640);
    if (*fd < 0)
        return pl_fail(e, PL_E_IO, "cannot open log file %s: %s", path, strerrordesc_np(errno));
    return 0;
}

static void use_fd(int fd)
{
    int old = atomic_exchange(&sink.fd, fd);
    if (old != STDERR_FILENO && old >= 0)
        (void)close(old);
}

int pl_log_open(const struct pl_log_options *o, struct pl_err *e)
{
    int fd = STDERR_FILENO;
    if (o->path != NULL) {
        int rc = open_path(o->path, &fd, e);
        if (rc < 0)
            return rc;
    }
    char *path = o->path != NULL ? pl_xstrdup(o->path) : NULL;
    free(sink.path);
    sink.path = path;
    sink.json = o->json;
    sink.no_time = o->no_time;
    pl_log_set_level(o->level);
    use_fd(fd);
    return 0;
}

int pl_log_reopen(struct pl_err *e)
{
    int fd;
    if (sink.path == NULL)
        return 0;
    int rc = open_path(sink.path, &fd, e);
    if (rc < 0)
        return rc;
    use_fd(fd);
    return 0;
}

void pl_log_close(void)
{
    use_fd(STDERR_FILENO);
    free(sink.path);
    sink.path = NULL;
    sink.json = false;
    sink.no_time = false;
    pl_log_set_level(PL_LOG_INFO);
}

void pl_log_set_level(enum pl_log_level level)
{
    atomic_store_explicit(&sink.level, (int)level, memory_order_relaxed);
}

const char *pl_log_level_name(enum pl_log_level level)
{
    return level_names[level];
}

int pl_log_level_parse(const char *name, enum pl_log_level *out)
{
    for (unsigned i = 0; i < sizeof level_names / sizeof level_names[0]; i++) {
        if (pl_str_eq(name, level_names[i])) {
            *out = (enum pl_log_level)i;
            return 0;
        }
    }
    return -PL_E_INVALID;
}

void pl_log_set_sink(pl_log_sink_cb cb, void *ctx)
{
    sink.sink = cb;
    sink.sink_ctx = ctx;
}

struct pl_kv pl_kv_bool(const char *key, bool v)
{
    return KV_B(key, v);
}

struct pl_kv pl_kv_i64(const char *key, int64_t v)
{
    return KV_I(key, v);
}

struct pl_kv pl_kv_u64(const char *key, uint64_t v)
{
    return KV_U(key, v);
}

struct pl_kv pl_kv_f64(const char *key, double v)
{
    return KV_F(key, v);
}

struct pl_kv pl_kv_str(const char *key, const char *v)
{
    return KV_S(key, v);
}
