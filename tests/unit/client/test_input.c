// SPDX-License-Identifier: Apache-2.0
/*
 * The decoder of terminal input. Every stream is fed whole, byte by byte, and cut at each place:
 * the events must be the same, text pieces joined.
 */
#include "support/unit.h"

#include <stdio.h>
#include <string.h>

#include "plimsoll/base/buf.h"
#include "plimsoll/base/utf8.h"

#include "ui/input.h"

#define LOG_MAX 65536

struct record {
    char log[LOG_MAX];
    size_t n;
    bool in_text;
};

static void put(struct record *r, const char *s, size_t n)
{
    assert_true(r->n + n + 1 < LOG_MAX);
    memcpy(r->log + r->n, s, n);
    r->n += n;
    r->log[r->n] = '\0';
}

static void puts_to(struct record *r, const char *s)
{
    put(r, s, strlen(s));
}

/* Writes events down: text(abc) key(110001,2) ... */
static void on_event(void *ctx, const struct input_event *ev)
{
    struct record *r = ctx;
    char line[128] = "";
    if (ev->type == INPUT_TEXT) {
        assert_true(pl_utf8_is_clean(ev->text, ev->n, NULL));
        puts_to(r, r->in_text ? "" : "text:");
        put(r, ev->text, ev->n);
        r->in_text = true;
        return;
    }
    puts_to(r, r->in_text ? "\n" : "");
    r->in_text = false;
    if (ev->type == INPUT_KEY)
        (void)snprintf(line, sizeof(line), "key %x %u\n", ev->key, ev->mods);
    else if (ev->type == INPUT_MOUSE)
        (void)snprintf(line, sizeof(line), "mouse %d %d %d %u\n", (int)ev->mouse, ev->row, ev->col,
                       ev->mods);
    else if (ev->type == INPUT_FOCUS)
        (void)snprintf(line, sizeof(line), "focus %d\n", ev->flag);
    else if (ev->type == INPUT_REPORT)
        (void)snprintf(line, sizeof(line), "report %c %d %u %d %d\n", (int)ev->key, ev->is_private,
                       ev->n_args, ev->args[0], ev->args[1]);
    else if (ev->type == INPUT_PASTE_TOO_LONG)
        (void)snprintf(line, sizeof(line), "too long\n");
    puts_to(r, line);
    if (ev->type == INPUT_PASTE) {
        assert_true(pl_utf8_is_clean(ev->text, ev->n, NULL));
        puts_to(r, "paste:");
        put(r, ev->text, ev->n);
        puts_to(r, "\n");
    }
}

static void run(struct record *r, const char *bytes, size_t n, size_t cut, bool single)
{
    struct input in;
    memset(r, 0, sizeof(*r));
    input_init(&in, on_event, r);
    if (single) {
        for (size_t i = 0; i < n; i++)
            input_feed(&in, (const uint8_t *)bytes + i, 1);
    } else {
        input_feed(&in, (const uint8_t *)bytes, cut);
        input_feed(&in, (const uint8_t *)bytes + cut, n - cut);
    }
    if (input_is_waiting(&in))
        input_timeout(&in);
    input_release(&in);
}

static void check(const char *bytes, const char *want)
{
    static struct record r;
    size_t n = strlen(bytes);
    for (size_t cut = 0; cut <= n; cut++) {
        run(&r, bytes, n, cut, false);
        assert_string_equal(r.log, want);
    }
    run(&r, bytes, n, 0, true);
    assert_string_equal(r.log, want);
}

static const char *key(uint32_t k, unsigned mods)
{
    static char line[4][64];
    static unsigned at;
    char *s = line[at++ % 4];
    (void)snprintf(s, 64, "key %x %u\n", k, mods);
    return s;
}

TEST(input_gives_text_in_one_piece)
{
    check("hello", "text:hello");
    check("gr\xc3\xbc\xc3\x9f \xe6\x97\xa5\xf0\x9f\x91\x8d", "text:gr\xc3\xbc\xc3\x9f "
                                                             "\xe6\x97\xa5\xf0\x9f\x91\x8d");
    check("e\xcc\x81x", "text:e\xcc\x81x");
}

TEST(input_drops_bytes_that_are_no_text)
{
    check("a\xff"
          "b\xc3("
          "c",
          "text:ab(c");
    check("a\xe2\x80\xae"
          "b",
          "text:ab"); /* a bidi override cannot be typed */
    check("\xed\xa0\x80x", "text:x");
}

TEST(input_knows_control_keys)
{
    check("\r", key(IK_ENTER, 0));
    check("\n", key('j', MOD_CTRL));
    check("\t", key(IK_TAB, 0));
    check("\x7f", key(IK_BACKSPACE, 0));
    check("\x03", key('c', MOD_CTRL));
    check("\x1f", key('_', MOD_CTRL));
    check("\033_\033\\", ""); /* APC string, swallowed */
    check("\033d", key('d', MOD_ALT));
    check("\033\x7f", key(IK_BACKSPACE, MOD_ALT));
}

TEST(input_knows_cursor_and_function_keys)
{
    check("\033[A", key(IK_UP, 0));
    check("\033OB", key(IK_DOWN, 0));
    check("\033[1;5C", key(IK_RIGHT, MOD_CTRL));
    check("\033[1;3D", key(IK_LEFT, MOD_ALT));
    check("\033[H", key(IK_HOME, 0));
    check("\033[4~", key(IK_END, 0));
    check("\033[5~", key(IK_PAGE_UP, 0));
    check("\033[3;2~", key(IK_DELETE, MOD_SHIFT));
    check("\033OP", key(IK_F1, 0));
    check("\033[24~", key(IK_F12, 0));
    check("\033[Z", key(IK_TAB, MOD_SHIFT));
    check("\033[27;5;13~", key(IK_ENTER, MOD_CTRL));
    check("\033[97;5u", key('a', MOD_CTRL));
    check("\033[228u", "text:\xc3\xa4");
}

TEST(input_settles_a_lone_escape_by_time)
{
    check("\033", key(IK_ESC, 0));
    check("\033[", key('[', MOD_ALT));
    char want[128];
    (void)snprintf(want, sizeof(want), "%s%s", key(IK_ESC, 0), key(IK_UP, 0));
    check("\033\033[A", want);
}

TEST(input_swallows_what_it_does_not_know)
{
    check("\033[?1;2$zx", "report z 1 2 1 2\ntext:x");
    check("\033]11;rgb:0/0/0\033\\x", "text:x");
    check("\033]0;title\x07x", "text:x");
    check("\033P+r\033\\x", "text:x");
    check("\033[999;999;999~x", "text:x");
    check("\033[?2026;2$y", "report y 1 2 2026 2\n");
}

TEST(input_reads_mouse_and_focus)
{
    check("\033[<0;10;5M", "mouse 0 4 9 0\n");
    check("\033[<0;10;5m", "mouse 1 4 9 0\n");
    check("\033[<65;1;1M", "mouse 4 0 0 0\n");
    check("\033[I\033[O", "focus 1\nfocus 0\n");
}

TEST(input_reads_a_paste_as_one)
{
    check("a\033[200~one\rtwo\r\nthree\033[201~b", "text:a\npaste:one\ntwo\nthree\ntext:b");
    check("\033[200~x\033[31my\033[201~", "paste:x[31my\n"); /* no escape gets through */
    check("\033[200~\033\033[201~", "paste:\n");
    check("\033[200~\033[20\033[201~", "paste:[20\n");
    check("\033[200~\033[201~", "paste:\n");
}

TEST(input_refuses_a_paste_over_the_limit)
{
    struct record r = {.n = 0};
    struct input in;
    static uint8_t block[65536];
    memset(block, 'x', sizeof(block));
    input_init(&in, on_event, &r);
    input_feed(&in, (const uint8_t *)"\033[200~", 6);
    for (int i = 0; i < 20; i++)
        input_feed(&in, block, sizeof(block));
    input_feed(&in, (const uint8_t *)"\033[201~ok", 8);
    assert_string_equal(r.log, "too long\ntext:ok");
    input_release(&in);
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        UNIT(input_gives_text_in_one_piece),
        UNIT(input_drops_bytes_that_are_no_text),
        UNIT(input_knows_control_keys),
        UNIT(input_knows_cursor_and_function_keys),
        UNIT(input_settles_a_lone_escape_by_time),
        UNIT(input_swallows_what_it_does_not_know),
        UNIT(input_reads_mouse_and_focus),
        UNIT(input_reads_a_paste_as_one),
        UNIT(input_refuses_a_paste_over_the_limit),
    };
    return RUN(tests);
}
