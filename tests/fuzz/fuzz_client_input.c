// SPDX-License-Identifier: Apache-2.0
/*
 * The decoder of terminal input. The first byte chooses how the rest is fed and wrapped; whatever
 * the bytes: events are the same however the stream is cut, every text is clean, keys and places
 * are in range, memory stays below the limits, and after silence the decoder is free again. Bytes
 * without an escape, and what stands between the markers of a paste, are compared with a decoder
 * that is written from the rules: not a character is lost, none is added.
 */
#include <stdlib.h>
#include <string.h>

#include "plimsoll/base/buf.h"
#include "plimsoll/base/utf8.h"

#include "ui/input.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);

#define LOG_MAX   (8u * 1024u * 1024u)
#define TEXT_MAX  (1u << 20)
#define LONG_TEXT (INPUT_PASTE_MAX + 100000u)

enum { REPEAT = 64 }; /* flag of the first byte: so often that limits are reached */

struct record {
    struct pl_buf log;  /* events, text runs joined */
    struct pl_buf text; /* all of TEXT */
    struct pl_buf paste;
    size_t events, keys, pastes, too_long;
    uint64_t dropped;
    bool logs, in_text;
};

static void put(struct pl_buf *b, const void *bytes, size_t n)
{
    PL_ASSERT(n == 0 || pl_buf_add(b, bytes, n) == 0);
}

static void check_place(const struct input_event *ev)
{
    if (ev->type == INPUT_MOUSE) {
        PL_ASSERT(ev->row >= 0 && ev->col >= 0 && ev->row <= 1000000 && ev->col <= 1000000);
        PL_ASSERT(ev->mouse <= MOUSE_WHEEL_DOWN);
    }
    PL_ASSERT(ev->n_args <= 4);
    PL_ASSERT((ev->mods & ~(MOD_SHIFT | MOD_ALT | MOD_CTRL)) == 0);
    if (ev->type == INPUT_KEY)
        PL_ASSERT(ev->key > 0 && ev->key <= IK_F12 && ev->key != KEYS_BASE);
}

static void log_text(struct record *r, const struct input_event *ev)
{
    put(&r->log, "\1", r->in_text ? 0 : 1);
    put(&r->log, ev->text, ev->n);
}

static void log_event(struct record *r, const struct input_event *ev)
{
    const uint32_t head[] = {2,
                             ev->type,
                             ev->key,
                             ev->mods,
                             ev->mouse,
                             (uint32_t)ev->row,
                             (uint32_t)ev->col,
                             ev->flag,
                             (uint32_t)ev->count,
                             ev->n_args};
    put(&r->log, head, sizeof(head));
    put(&r->log, ev->args, sizeof(ev->args));
    if (ev->type == INPUT_PASTE)
        put(&r->log, ev->text, ev->n);
}

static void on_event(void *ctx, const struct input_event *ev)
{
    struct record *r = ctx;
    r->events++;
    bool is_text = ev->type == INPUT_TEXT || ev->type == INPUT_PASTE;
    if (is_text)
        PL_ASSERT(ev->text != NULL && pl_utf8_is_clean(ev->text, ev->n, NULL));
    check_place(ev);
    if (ev->type == INPUT_TEXT) {
        PL_ASSERT(ev->n > 0);
        put(&r->text, ev->text, ev->n);
        if (r->logs)
            log_text(r, ev);
        r->in_text = true;
        return;
    }
    r->in_text = false;
    r->keys += ev->type == INPUT_KEY;
    r->pastes += ev->type == INPUT_PASTE;
    r->too_long += ev->type == INPUT_PASTE_TOO_LONG;
    r->dropped = ev->count;
    if (ev->type == INPUT_PASTE) {
        pl_buf_clear(&r->paste);
        put(&r->paste, ev->text, ev->n);
    }
    if (r->logs)
        log_event(r, ev);
}

static void record_init(struct record *r, bool logs)
{
    memset(r, 0, sizeof(*r));
    r->logs = logs;
    pl_buf_init(&r->log, LOG_MAX);
    pl_buf_init(&r->text, LOG_MAX);
    pl_buf_init(&r->paste, LOG_MAX);
}

static void record_release(struct record *r)
{
    pl_buf_release(&r->log);
    pl_buf_release(&r->text);
    pl_buf_release(&r->paste);
}

/* Feeds in pieces of sizes drawn from `cut`; 0: in one. */
static void feed(struct input *in, const uint8_t *p, size_t n, uint32_t cut)
{
    while (n > 0) {
        cut = cut * 1664525u + (cut ? 1013904223u : 0);
        size_t k = cut == 0 ? n : 1 + (cut >> 24) % (1u << (cut >> 21 & 7));
        k = k < n ? k : n;
        input_feed(in, p, k);
        PL_ASSERT(in->text.len == 0 && in->text.cap <= TEXT_MAX * 2);
        PL_ASSERT(in->paste.len <= INPUT_PASTE_MAX && in->paste.cap <= INPUT_PASTE_MAX * 2);
        PL_ASSERT(in->n_seq <= sizeof(in->seq) && in->want_utf8 <= 4);
        p += k;
        n -= k;
    }
}

/* After silence, text is text again. */
static void check_free(struct input *in, struct record *r)
{
    if (input_is_waiting(in))
        input_timeout(in);
    PL_ASSERT(!input_is_waiting(in));
    if (in->in_paste) {
        feed(in, (const uint8_t *)"\033[201~", 6, 0);
        PL_ASSERT(!in->in_paste);
    }
    pl_buf_clear(&r->text);
    feed(in, (const uint8_t *)"z", 1, 0);
    PL_ASSERT(r->text.len == 1 && r->text.data[0] == 'z');
}

static void check_cuts(const uint8_t *p, size_t n, uint32_t cut)
{
    struct record whole;
    struct record pieces;
    struct input a;
    struct input b;
    record_init(&whole, true);
    record_init(&pieces, true);
    input_init(&a, on_event, &whole);
    input_init(&b, on_event, &pieces);
    feed(&a, p, n, 0);
    feed(&b, p, n, cut | 1);
    PL_ASSERT(whole.log.len == pieces.log.len &&
              (whole.log.len == 0 || memcmp(whole.log.data, pieces.log.data, whole.log.len) == 0));
    PL_ASSERT(input_is_waiting(&a) == input_is_waiting(&b));
    check_free(&a, &whole);
    check_free(&b, &pieces);
    input_release(&a);
    input_release(&b);
    record_release(&whole);
    record_release(&pieces);
}

/* --- by the rules -------------------------------------------------------------------------------
 */

/* What is left of the bytes as a text; controls are counted, and in a paste CR and CRLF are line
 * ends. */
static void naive(const uint8_t *p, size_t n, bool is_paste, struct pl_buf *out, size_t *controls)
{
    for (size_t i = 0; i < n;) {
        uint32_t c = 0;
        size_t len = pl_utf8_decode(p + i, p + n, &c);
        bool is_valid = len > 1 || p[i] < 0x80;
        if (is_valid && (c < 0x20 || c == 0x7f)) {
            ++*controls;
            if (is_paste && c == '\r') {
                put(out, "\n", 1);
                len += i + 1 < n && p[i + 1] == '\n';
            } else if (is_paste && (c == '\n' || c == '\t')) {
                put(out, p + i, 1);
            }
        } else if (is_valid && pl_utf8_is_clean(p + i, len, NULL)) {
            put(out, p + i, len);
        }
        i += len;
    }
}

static bool equal(const struct pl_buf *a, const struct pl_buf *b)
{
    return a->len == b->len && (a->len == 0 || memcmp(a->data, b->data, a->len) == 0);
}

/* Without an escape every character arrives as text, every control as a key. */
static void check_plain(const uint8_t *p, size_t n, uint32_t cut)
{
    struct record r;
    struct input in;
    struct pl_buf want;
    size_t controls = 0;
    if (n > 0 && memchr(p, '\033', n))
        return;
    record_init(&r, false);
    pl_buf_init(&want, LOG_MAX);
    input_init(&in, on_event, &r);
    feed(&in, p, n, cut);
    naive(p, n, false, &want, &controls);
    PL_ASSERT(equal(&want, &r.text) && r.keys == controls);
    input_release(&in);
    pl_buf_release(&want);
    record_release(&r);
}

static bool holds_marker(const uint8_t *p, size_t n)
{
    return n >= 6 && memmem(p, n, "\033[201~", 6) != NULL;
}

/* Between its markers a paste arrives once, whole, or is said to be too long. */
static void check_paste(const uint8_t *p, size_t n, uint32_t cut)
{
    struct record r;
    struct input in;
    struct pl_buf want;
    size_t controls = 0;
    if (holds_marker(p, n))
        return;
    record_init(&r, false);
    pl_buf_init(&want, LOG_MAX);
    input_init(&in, on_event, &r);
    feed(&in, (const uint8_t *)"\033[200~", 6, cut);
    feed(&in, p, n, cut);
    PL_ASSERT(in.in_paste && r.events == 0);
    feed(&in, (const uint8_t *)"\033[201~", 6, cut);
    PL_ASSERT(!in.in_paste && in.paste.cap == 0 && r.keys == 0 && r.text.len == 0);
    if (n <= INPUT_PASTE_MAX) {
        naive(p, n, true, &want, &controls);
        PL_ASSERT(r.pastes == 1 && r.too_long == 0 && equal(&want, &r.paste));
    } else {
        PL_ASSERT(r.pastes == 0 && r.too_long == 1 && r.dropped == n);
    }
    check_free(&in, &r);
    input_release(&in);
    pl_buf_release(&want);
    record_release(&r);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
    if (n < 2)
        return 0;
    uint32_t cut = data[0] * 2654435761u + (uint32_t)n;
    static unsigned long_ones;
    bool is_long = data[0] == REPEAT && long_ones++ % 1024 == 0; /* slow: the first, then some */
    uint8_t *copy = NULL;
    data++;
    n--;
    if (is_long) {
        copy = malloc(LONG_TEXT);
        PL_ASSERT(copy != NULL);
        for (size_t i = 0; i < LONG_TEXT; i++)
            copy[i] = data[i % n];
        data = copy;
        n = LONG_TEXT;
        cut = 0;
    }
    if (!is_long)
        check_cuts(data, n, cut);
    check_plain(data, n, cut);
    check_paste(data, n, cut);
    free(copy);
    return 0;
}
