// SPDX-License-Identifier: Apache-2.0
/*
 * From terminal bytes to events: printable text, keys, mouse, paste, focus, answers to queries. A
 * pure state machine over bytes in any pieces; time comes in by input_timeout, which settles a lone
 * Esc. Never blocks, never loses a byte of text; unknown sequences are swallowed whole. Sources:
 * ECMA-48, xterm's ctlseqs, the kitty keyboard protocol.
 */
#ifndef PLIMSOLL_CLIENT_UI_INPUT_H
#define PLIMSOLL_CLIENT_UI_INPUT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "plimsoll/base/buf.h"

enum input_type {
    INPUT_TEXT, /* printable characters, a burst of one read at most */
    INPUT_KEY,
    INPUT_MOUSE,
    INPUT_PASTE,          /* a whole bracketed paste */
    INPUT_PASTE_TOO_LONG, /* ... that was over the limit and was dropped; count: bytes */
    INPUT_FOCUS,          /* flag: in or out */
    INPUT_REPORT          /* answer to a query: final byte in key, numbers in args */
};

/* Keys without a character. Control letters are INPUT_KEY with key = the letter and MOD_CTRL. */
enum input_key {
    KEYS_BASE = 0x110000,
    IK_UP,
    IK_DOWN,
    IK_LEFT,
    IK_RIGHT,
    IK_HOME,
    IK_END,
    IK_PAGE_UP,
    IK_PAGE_DOWN,
    IK_INSERT,
    IK_DELETE,
    IK_BACKSPACE,
    IK_TAB,
    IK_ENTER,
    IK_ESC,
    IK_F1,
    IK_F2,
    IK_F3,
    IK_F4,
    IK_F5,
    IK_F6,
    IK_F7,
    IK_F8,
    IK_F9,
    IK_F10,
    IK_F11,
    IK_F12
};

#define MOD_SHIFT 1u
#define MOD_ALT   2u
#define MOD_CTRL  4u

enum mouse_what { MOUSE_PRESS, MOUSE_RELEASE, MOUSE_DRAG, MOUSE_WHEEL_UP, MOUSE_WHEEL_DOWN };

struct input_event {
    enum input_type type;
    uint32_t key; /* scalar or enum input_key; REPORT: final byte */
    unsigned mods;
    const char *text; /* TEXT, PASTE: clean UTF-8 (line ends as \n), borrowed for the call */
    size_t n;
    enum mouse_what mouse;
    int button;   /* MOUSE: 0 left, 1 middle, 2 right; of a release as of its press */
    int row, col; /* from 0 */
    bool flag;
    uint64_t count;
    int args[4];
    unsigned n_args;
    bool is_private; /* REPORT: CSI ? ... */
};

struct input {
    int state;
    uint8_t seq[64]; /* the sequence being read */
    size_t n_seq;
    struct pl_buf text; /* run of printable bytes */
    struct pl_buf paste;
    uint64_t paste_dropped;
    bool in_paste;
    uint8_t utf8[4];
    unsigned n_utf8, want_utf8;
    size_t paste_match; /* bytes of the end marker seen */
    void (*event)(void *ctx, const struct input_event *ev);
    void *ctx;
};

#define INPUT_PASTE_MAX (1024u * 1024u + 4096u)

void input_init(struct input *in, void (*event)(void *ctx, const struct input_event *ev),
                void *ctx);
void input_release(struct input *in);

/* Decodes; events come from inside. */
void input_feed(struct input *in, const uint8_t *bytes, size_t n);

/* Is an Esc (or another beginning) waiting for its rest? Then call input_timeout after 25 ms (100
 * ms over ssh) without bytes. */
bool input_is_waiting(const struct input *in);
void input_timeout(struct input *in);

#endif
