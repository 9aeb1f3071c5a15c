// SPDX-License-Identifier: Apache-2.0
/*
 * Decoder of terminal input. States: ground, after Esc, in CSI, in SS3, in a string (OSC, DCS ...),
 * in a bracketed paste. Text is collected per feed and handed over in one piece, so that a burst of
 * typing (or what an input method sends) is one edit.
 */
#include "ui/input.h"

#include <string.h>

#include "plimsoll/base/utf8.h"

enum { GROUND, ESC, CSI, SS3, STRING, STRING_ESC };

static const char paste_end[] = "\033[201~";
#define PASTE_END_LEN 6

void input_init(struct input *in, void (*event)(void *ctx, const struct input_event *ev), void *ctx)
{
    memset(in, 0, sizeof(*in));
    in->event = event;
    in->ctx = ctx;
    pl_buf_init(&in->text, 1u << 20);
    pl_buf_init(&in->paste, INPUT_PASTE_MAX);
}

void input_release(struct input *in)
{
    pl_buf_release(&in->text);
    pl_buf_release(&in->paste);
}

static void flush_text(struct input *in)
{
    if (in->text.len == 0)
        return;
    struct input_event ev = {.type = INPUT_TEXT};
    ev.text = (const char *)in->text.data;
    ev.n = in->text.len;
    in->event(in->ctx, &ev);
    pl_buf_clear(&in->text);
}

/* A burst longer than the buffer comes in pieces. */
static void add_text(struct input *in, const uint8_t *bytes, size_t n)
{
    if (pl_buf_add(&in->text, bytes, n) == 0)
        return;
    flush_text(in);
    PL_ASSERT(pl_buf_add(&in->text, bytes, n) == 0); /* some bytes into an empty buffer */
}

static void key(struct input *in, uint32_t k, unsigned mods)
{
    struct input_event ev = {.type = INPUT_KEY, .key = k, .mods = mods};
    flush_text(in);
    in->event(in->ctx, &ev);
}

/* --- paste
 * ------------------------------------------------------------------------------------------ */

/* Makes a paste clean in place: CR and CRLF become LF, what is not allowed in a text goes. */
static size_t clean(uint8_t *p, size_t n)
{
    size_t out = 0;
    size_t i = 0;
    while (i < n) {
        uint32_t ch = 0;
        size_t len = pl_utf8_decode(p + i, p + n, &ch);
        bool bad = len == 1 && p[i] >= 0x80;
        if (p[i] == '\r') {
            p[out++] = '\n';
            i += i + 1 < n && p[i + 1] == '\n' ? 2 : 1;
            continue;
        }
        if (!bad && pl_utf8_is_clean(p + i, len, NULL)) {
            memmove(p + out, p + i, len);
            out += len;
        }
        i += len;
    }
    return out;
}

static void paste_done(struct input *in)
{
    struct input_event ev = {.type = INPUT_PASTE};
    in->in_paste = false;
    if (in->paste_dropped > 0) {
        ev.type = INPUT_PASTE_TOO_LONG;
        ev.count = in->paste_dropped + in->paste.len;
    } else {
        ev.n = in->paste.len > 0 ? clean(in->paste.data, in->paste.len) : 0;
        ev.text = ev.n > 0 ? (const char *)in->paste.data : "";
    }
    in->event(in->ctx, &ev);
    pl_buf_release(&in->paste);
    in->paste_dropped = 0;
}

static void paste_add(struct input *in, const void *bytes, size_t n)
{
    if (pl_buf_add(&in->paste, bytes, n) < 0)
        in->paste_dropped += n;
}

/* Takes bytes of a paste up to its end marker; returns how many. */
static size_t paste_feed(struct input *in, const uint8_t *p, size_t n)
{
    size_t i = 0;
    while (i < n && in->in_paste) {
        if (in->paste_match == 0) {
            const uint8_t *esc = memchr(p + i, '\033', n - i);
            size_t run = esc ? (size_t)(esc - (p + i)) : n - i;
            paste_add(in, p + i, run);
            i += run;
            if (!esc)
                break;
        }
        if (p[i] == (uint8_t)paste_end[in->paste_match]) {
            in->paste_match++;
            i++;
            if (in->paste_match == PASTE_END_LEN) {
                in->paste_match = 0;
                paste_done(in);
            }
        } else {
            paste_add(in, paste_end, in->paste_match);
            in->paste_match = 0;
            if (p[i] != '\033') {
                paste_add(in, p + i, 1);
                i++;
            }
        }
    }
    return i;
}

/* --- sequences
 * -------------------------------------------------------------------------------------- */

static unsigned mods_of(int param)
{
    unsigned m = param > 1 ? (unsigned)param - 1 : 0;
    return (m & 1u ? MOD_SHIFT : 0) | (m & 2u ? MOD_ALT : 0) | (m & 4u ? MOD_CTRL : 0);
}

struct params {
    int v[8];
    unsigned n;
    uint8_t prefix; /* '?', '<', '>' or 0 */
};

static struct params read_params(const uint8_t *s, size_t n)
{
    struct params p = {.n = 0};
    size_t i = 0;
    if (n > 0 && (s[0] == '?' || s[0] == '<' || s[0] == '>'))
        p.prefix = s[i++];
    int v = 0;
    bool any = false;
    bool sub = false; /* after ':' comes a detail that we do not need */
    for (; i <= n; i++) {
        uint8_t c = i < n ? s[i] : ';';
        if (c >= '0' && c <= '9' && !sub) {
            v = v < 100000 ? v * 10 + (c - '0') : v;
            any = true;
        } else if (c == ':') {
            sub = true;
        } else if (c == ';') {
            if (p.n < 8 && (any || i < n))
                p.v[p.n++] = v;
            v = 0;
            any = false;
            sub = false;
        }
    }
    return p;
}

static void mouse(struct input *in, const struct params *p, uint8_t final)
{
    struct input_event ev = {.type = INPUT_MOUSE};
    if (p->n < 3)
        return;
    int b = p->v[0];
    ev.button = b & 3;
    ev.mods = (b & 4 ? MOD_SHIFT : 0) | (b & 8 ? MOD_ALT : 0) | (b & 16 ? MOD_CTRL : 0);
    ev.col = p->v[1] > 0 ? p->v[1] - 1 : 0;
    ev.row = p->v[2] > 0 ? p->v[2] - 1 : 0;
    if (b & 64)
        ev.mouse = b & 1 ? MOUSE_WHEEL_DOWN : MOUSE_WHEEL_UP;
    else if (final == 'm')
        ev.mouse = MOUSE_RELEASE;
    else
        ev.mouse = b & 32 ? MOUSE_DRAG : MOUSE_PRESS;
    flush_text(in);
    in->event(in->ctx, &ev);
}

static uint32_t tilde_key(int n)
{
    static const uint32_t keys[] = {
        [1] = IK_HOME,      [2] = IK_INSERT, [3] = IK_DELETE, [4] = IK_END,  [5] = IK_PAGE_UP,
        [6] = IK_PAGE_DOWN, [7] = IK_HOME,   [8] = IK_END,    [11] = IK_F1,  [12] = IK_F2,
        [13] = IK_F3,       [14] = IK_F4,    [15] = IK_F5,    [17] = IK_F6,  [18] = IK_F7,
        [19] = IK_F8,       [20] = IK_F9,    [21] = IK_F10,   [23] = IK_F11, [24] = IK_F12};
    return n > 0 && (size_t)n < sizeof(keys) / sizeof(keys[0]) ? keys[n] : 0;
}

static uint32_t letter_key(uint8_t final)
{
    switch (final) {
    case 'A':
        return IK_UP;
    case 'B':
        return IK_DOWN;
    case 'C':
        return IK_RIGHT;
    case 'D':
        return IK_LEFT;
    case 'H':
        return IK_HOME;
    case 'F':
        return IK_END;
    case 'P':
        return IK_F1;
    case 'Q':
        return IK_F2;
    case 'R':
        return IK_F3;
    case 'S':
        return IK_F4;
    case 'M':
        return IK_ENTER;
    default:
        return 0;
    }
}

/* Kitty's CSI u and xterm's modifyOtherKeys: a scalar with modifiers. */
static void coded_key(struct input *in, int code, unsigned mods)
{
    uint32_t k = (uint32_t)code;
    if (code == 13)
        k = IK_ENTER;
    else if (code == 9)
        k = IK_TAB;
    else if (code == 27)
        k = IK_ESC;
    else if (code == 127 || code == 8)
        k = IK_BACKSPACE;
    else if (code < 32 || code > 0x10FFFF)
        return;
    else if (!(mods & (MOD_CTRL | MOD_ALT))) {
        uint8_t u[4];
        size_t n = pl_utf8_encode(k, u);
        if (pl_utf8_is_clean(u, n, NULL))
            add_text(in, u, n);
        return;
    }
    key(in, k, mods);
}

static void report(struct input *in, const struct params *p, uint8_t final)
{
    struct input_event ev = {.type = INPUT_REPORT, .key = final, .is_private = p->prefix != 0};
    for (unsigned i = 0; i < p->n && i < 4; i++)
        ev.args[ev.n_args++] = p->v[i];
    flush_text(in);
    in->event(in->ctx, &ev);
}

static void csi(struct input *in, uint8_t final)
{
    struct params p = read_params(in->seq, in->n_seq);
    unsigned mods = p.n > 1 ? mods_of(p.v[1]) : 0;
    uint32_t k = letter_key(final);
    if (p.prefix == '<' && (final == 'M' || final == 'm')) {
        mouse(in, &p, final);
    } else if (p.prefix != 0 || final == 'c' || final == 'y') {
        report(in, &p, final);
    } else if (final == '~' && p.n > 0 && p.v[0] == 200) {
        flush_text(in);
        in->in_paste = true;
        in->paste_match = 0;
    } else if (final == '~' && p.n > 2 && p.v[0] == 27) {
        coded_key(in, p.v[2], mods);
    } else if (final == '~' && p.n > 0) {
        if (tilde_key(p.v[0]) != 0)
            key(in, tilde_key(p.v[0]), mods);
    } else if (final == 'u' && p.n > 0) {
        coded_key(in, p.v[0], mods);
    } else if (final == 'Z') {
        key(in, IK_TAB, MOD_SHIFT);
    } else if (final == 'I' || final == 'O') {
        struct input_event ev = {.type = INPUT_FOCUS, .flag = final == 'I'};
        flush_text(in);
        in->event(in->ctx, &ev);
    } else if (k != 0 && final != 'M') {
        key(in, k, mods);
    }
}

/* --- ground
 * ----------------------------------------------------------------------------------------- */

static void control(struct input *in, uint8_t c, unsigned mods)
{
    if (c == '\r' || c == '\n')
        key(in, c == '\n' ? 'j' : IK_ENTER, c == '\n' ? mods | MOD_CTRL : mods);
    else if (c == '\t')
        key(in, IK_TAB, mods);
    else if (c == 0x7f || c == 0x08)
        key(in, IK_BACKSPACE, c == 0x08 ? mods | MOD_CTRL : mods);
    else if (c == 0)
        key(in, ' ', mods | MOD_CTRL);
    else if (c <= 26)
        key(in, (uint32_t)('a' + c - 1), mods | MOD_CTRL);
    else
        key(in, (uint32_t)('@' + c), mods | MOD_CTRL);
}

static void utf8_byte(struct input *in, uint8_t c)
{
    bool continues = (c & 0xc0) == 0x80;
    if (in->want_utf8 == 0 || !continues) { /* what was broken off is dropped, this is not */
        in->want_utf8 = c >= 0xf0 ? 4 : c >= 0xe0 ? 3 : c >= 0xc2 ? 2 : 0;
        in->n_utf8 = 0;
        if (in->want_utf8 == 0)
            return; /* a stray byte */
    }
    in->utf8[in->n_utf8++] = c;
    if (in->n_utf8 < in->want_utf8)
        return;
    if (pl_utf8_is_clean(in->utf8, in->n_utf8, NULL))
        add_text(in, in->utf8, in->n_utf8);
    in->want_utf8 = 0;
}

static void ground(struct input *in, uint8_t c)
{
    if (c >= 0x80) {
        utf8_byte(in, c);
        return;
    }
    in->want_utf8 = 0;
    if (c == 0x1b) {
        flush_text(in);
        in->state = ESC;
    } else if (c < 0x20 || c == 0x7f) {
        control(in, c, 0);
    } else {
        add_text(in, &c, 1);
    }
}

static void after_esc(struct input *in, uint8_t c)
{
    in->state = GROUND;
    in->n_seq = 0;
    if (c == '[') {
        in->state = CSI;
    } else if (c == 'O') {
        in->state = SS3;
    } else if (c == ']' || c == 'P' || c == '_' || c == '^' || c == 'X') {
        in->state = STRING;
    } else if (c == 0x1b) {
        key(in, IK_ESC, 0);
        in->state = ESC;
    } else if (c < 0x20 || c == 0x7f) {
        control(in, c, MOD_ALT);
    } else if (c < 0x80) {
        key(in, c, MOD_ALT);
    } else {
        key(in, IK_ESC, 0);
        ground(in, c);
    }
}

static void one(struct input *in, uint8_t c)
{
    switch (in->state) {
    case ESC:
        after_esc(in, c);
        break;
    case CSI:
        if (c >= 0x40 && c <= 0x7e) {
            in->state = GROUND;
            csi(in, c);
        } else if (c < 0x20) {
            in->state = GROUND; /* broken off */
            ground(in, c);
        } else if (in->n_seq < sizeof(in->seq)) {
            in->seq[in->n_seq++] = c;
        }
        break;
    case SS3:
        in->state = GROUND;
        if (letter_key(c) != 0)
            key(in, letter_key(c), 0);
        break;
    case STRING:
        if (c == 0x07)
            in->state = GROUND;
        else if (c == 0x1b)
            in->state = STRING_ESC;
        break;
    case STRING_ESC:
        in->state = c == '\\' ? GROUND : STRING;
        break;
    default:
        ground(in, c);
        break;
    }
}

void input_feed(struct input *in, const uint8_t *bytes, size_t n)
{
    size_t i = 0;
    while (i < n) {
        if (in->in_paste)
            i += paste_feed(in, bytes + i, n - i);
        else
            one(in, bytes[i++]);
    }
    flush_text(in);
}

bool input_is_waiting(const struct input *in)
{
    return in->state != GROUND && !in->in_paste;
}

void input_timeout(struct input *in)
{
    int was = in->state;
    in->state = GROUND;
    if (was == ESC)
        key(in, IK_ESC, 0);
    else if (was == CSI && in->n_seq == 0)
        key(in, '[', MOD_ALT);
    else if (was == SS3)
        key(in, 'O', MOD_ALT);
}
