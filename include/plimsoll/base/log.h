// SPDX-License-Identifier: Apache-2.0
/*
 * Log lines: one event per line, `ts level event key=value ...` or JSON. Event names are stable
 * ("session.closed"). Every value is escaped, so text that a peer chose cannot forge a line or
 * reach a terminal. A context per layer (server, session, request) adds its ids to every line.
 *
 *     LOG_INFO(&s->log, "session.closed", KV_S("why", why), KV_U("rx", n));
 *
 * A line is at most PL_LOG_LINE_MAX bytes, longer values are cut, and it is written by one
 * write(2): lines of several threads do not mix. The sink is process-wide; the default is stderr
 * at level info. Never log message text or secrets.
 */
#ifndef PLIMSOLL_BASE_LOG_H
#define PLIMSOLL_BASE_LOG_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "plimsoll/base/err.h"

#define PL_LOG_LINE_MAX 4096 /* bytes of a line, newline included */
#define PL_LOG_CTX_MAX  4    /* pairs of one context */

enum pl_log_level {
    PL_LOG_ERR,   /* somebody must act */
    PL_LOG_WARN,  /* somebody should look */
    PL_LOG_INFO,  /* a fact of normal work */
    PL_LOG_DEBUG, /* for a person chasing a fault */
    PL_LOG_TRACE, /* every step */
};

enum pl_kv_type { PL_KV_END, PL_KV_STR, PL_KV_U64, PL_KV_I64, PL_KV_F64, PL_KV_BOOL };

/* A key and a value. Keys are literals of [a-z0-9_.]; strings are borrowed for the call. */
struct pl_kv {
    const char *key;
    enum pl_kv_type type;
    union {
        const char *str; /* NULL is written as - */
        uint64_t u64;
        int64_t i64;
        double f64;
        bool boolean;
    } v;
};

#define KV_S(k, x) ((struct pl_kv){.key = (k), .type = PL_KV_STR, .v.str = (x)})
#define KV_U(k, x) ((struct pl_kv){.key = (k), .type = PL_KV_U64, .v.u64 = (uint64_t)(x)})
#define KV_I(k, x) ((struct pl_kv){.key = (k), .type = PL_KV_I64, .v.i64 = (int64_t)(x)})
#define KV_F(k, x) ((struct pl_kv){.key = (k), .type = PL_KV_F64, .v.f64 = (double)(x)})
#define KV_B(k, x) ((struct pl_kv){.key = (k), .type = PL_KV_BOOL, .v.boolean = (x)})
/* The text of a struct pl_err, and the token of its code. */
#define KV_ERR(e) KV_S("err", (e)->text), KV_S("code", pl_error_info((e)->code)->token)
/* Picks by type: bool, signed, unsigned, floating or string. */
#define KV(k, x) \
    _Generic((x), bool                                                                             \
             : pl_kv_bool, char                                                                    \
             : pl_kv_i64, signed char                                                              \
             : pl_kv_i64, short                                                                    \
             : pl_kv_i64, int                                                                      \
             : pl_kv_i64, long                                                                     \
             : pl_kv_i64, long long                                                                \
             : pl_kv_i64, unsigned char                                                            \
             : pl_kv_u64, unsigned short                                                           \
             : pl_kv_u64, unsigned int                                                             \
             : pl_kv_u64, unsigned long                                                            \
             : pl_kv_u64, unsigned long long                                                       \
             : pl_kv_u64, float                                                                    \
             : pl_kv_f64, double                                                                   \
             : pl_kv_f64, char *                                                                   \
             : pl_kv_str, const char *                                                             \
             : pl_kv_str)((k), (x))

/* Behind KV. */
struct pl_kv pl_kv_bool(const char *key, bool v);
struct pl_kv pl_kv_i64(const char *key, int64_t v);
struct pl_kv pl_kv_u64(const char *key, uint64_t v);
struct pl_kv pl_kv_f64(const char *key, double v);
struct pl_kv pl_kv_str(const char *key, const char *v);

/* What every line of a layer carries. Embedded by its owner; parent and strings are borrowed and
 * must outlive it. Zeroed is an empty context. */
struct pl_log_ctx {
    const struct pl_log_ctx *parent;
    size_t count;
    struct pl_kv kv[PL_LOG_CTX_MAX];
};

/* Makes an empty context under `parent` (may be NULL). */
void pl_log_ctx_init(struct pl_log_ctx *c, const struct pl_log_ctx *parent);

/* Adds a pair, or replaces the pair of the same key. At most PL_LOG_CTX_MAX pairs. */
void pl_log_ctx_set(struct pl_log_ctx *c, struct pl_kv kv);

struct pl_log_options {
    enum pl_log_level level; /* the last level that is written */
    bool json;
    bool no_time;     /* journald stamps lines itself */
    const char *path; /* file to append to, made 0640; NULL is stderr */
};

/* Opens the sink; on error the old one stays. Call it before other threads start. */
int pl_log_open(const struct pl_log_options *o, struct pl_err *e) PL_MUST;

/* Opens the same path again, after rotation. */
int pl_log_reopen(struct pl_err *e) PL_MUST;

/* Back to stderr at info. */
void pl_log_close(void);

/* Changes the level alone. Thread-safe. */
void pl_log_set_level(enum pl_log_level level);

/* "err", "warn", "info", "debug", "trace" and back; -PL_E_INVALID if unknown. */
const char *pl_log_level_name(enum pl_log_level level);
int pl_log_level_parse(const char *name, enum pl_log_level *out) PL_MUST;

/* Gives every finished line (with its newline) to `cb` instead of the file; NULL stops that. For
 * the client's own log view and for tests. Not thread-safe. */
typedef void (*pl_log_sink_cb)(void *ctx, enum pl_log_level level, const char *line, size_t n);
void pl_log_set_sink(pl_log_sink_cb cb, void *ctx);

/* Would a line of this level be written? */
bool pl_log_is_on(enum pl_log_level level);

/* Writes a line. `kv` ends with a pair of type PL_KV_END. Use the macros below. */
void pl_log_write(enum pl_log_level level, const struct pl_log_ctx *ctx, const char *event,
                  const struct pl_kv *kv);

/* Limits lines that a peer can cause: at most `burst` per `per_ms`, then silence; the first line
 * after the silence carries suppressed=N. Zeroed means 5 lines per 10 s. Not thread-safe. */
struct pl_log_rate {
    uint32_t burst;
    uint32_t per_ms;
    uint64_t window_ms; /* start of the window, monotonic */
    uint32_t used;
    uint64_t suppressed;
};

/* As pl_log_write, within the limit. Returns whether it was written. */
bool pl_log_write_rated(struct pl_log_rate *rate, enum pl_log_level level,
                        const struct pl_log_ctx *ctx, const char *event, const struct pl_kv *kv);

#define PL_LOG_KV_END ((struct pl_kv){.key = NULL, .type = PL_KV_END, .v.u64 = 0})
#define PL_LOG_AT(level, ctx, event, ...)                                               \
    do {                                                                                \
        if (pl_log_is_on(level))                                                        \
            pl_log_write((level), (ctx), (event), (const struct pl_kv[]){__VA_ARGS__}); \
    } while (0)
#define PL_LOG_RATED_AT(rate, level, ctx, event, ...)                      \
    do {                                                                   \
        if (pl_log_is_on(level))                                           \
            (void)pl_log_write_rated((rate), (level), (ctx), (event),      \
                                     (const struct pl_kv[]){__VA_ARGS__}); \
    } while (0)

/* LOG_x(ctx, "event.name", pairs...); ctx may be NULL. */
#define LOG_ERR(...)   PL_LOG_AT(PL_LOG_ERR, __VA_ARGS__, PL_LOG_KV_END)
#define LOG_WARN(...)  PL_LOG_AT(PL_LOG_WARN, __VA_ARGS__, PL_LOG_KV_END)
#define LOG_INFO(...)  PL_LOG_AT(PL_LOG_INFO, __VA_ARGS__, PL_LOG_KV_END)
#define LOG_DEBUG(...) PL_LOG_AT(PL_LOG_DEBUG, __VA_ARGS__, PL_LOG_KV_END)
#define LOG_TRACE(...) PL_LOG_AT(PL_LOG_TRACE, __VA_ARGS__, PL_LOG_KV_END)

/* LOG_RATED(&rate, PL_LOG_WARN, ctx, "event.name", pairs...) */
#define LOG_RATED(rate, ...) PL_LOG_RATED_AT(rate, __VA_ARGS__, PL_LOG_KV_END)

#endif
