// SPDX-License-Identifier: Apache-2.0
/*
 * The terminal as a pair of byte streams on the loop. Frames that the kernel does not take wait in
 * a buffer; while that is long the caller draws nothing, so a terminal that does not read costs a
 * bounded amount and no time.
 */
#include "ui/term.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <termios.h>
#include <unistd.h>

#include "plimsoll/base/buf.h"
#include "plimsoll/base/mem.h"
#include "plimsoll/base/str.h"

#define READ_SIZE    65536
#define BUSY         (64u * 1024u)
#define PENDING_MAX  (8u * 1024u * 1024u)
#define RESIZE_MS    30
#define CONTINUED_MS 500

static const char enter_text[] = "\033[?1049h\033[?2004h\033[?1004h";
static const char mouse_text[] = "\033[?1000h\033[?1006h";
static const char ask_text[] = "\033[?2026$p";
static const char leave_text[] = "\033[?2026l\033[?1006l\033[?1000l\033[?1004l\033[?2004l"
                                 "\033[r\033[0m\033[0 q\033[?25h\033[?1049l";
static const char sync_begin[] = "\033[?2026h";
static const char sync_end[] = "\033[?2026l";

enum { SIGNALS = 6 };
static const int signal_nos[SIGNALS] = {SIGTERM, SIGHUP, SIGINT, SIGWINCH, SIGCONT, SIGTSTP};

struct term {
    uv_loop_t *loop;
    int fd;
    struct term_handlers on;
    uv_poll_t poll;
    uv_signal_t signals[SIGNALS];
    uv_timer_t resize;
    int closing;
    bool was_busy, is_bar, has_bar, has_sync, asks_sync, has_mouse, is_inside;
    bool awaits_cont; /* the signal that ended our own stop is still to come */
    struct pl_buf pending;
    uint64_t written, continued_ms;
};

/* What a fatal signal needs; set while inside. */
static volatile sig_atomic_t crash_fd = -1;
static struct termios crash_tio;

/* --- leaving ----------------------------------------------------------------------------------
 */

/* Only async-signal-safe calls. */
static void restore(void)
{
    int fd = crash_fd;
    if (fd < 0)
        return;
    crash_fd = -1;
    ssize_t unused = write(fd, leave_text, sizeof(leave_text) - 1);
    (void)unused;
    (void)tcsetattr(fd, TCSANOW, &crash_tio);
}

static void on_crash(int signal_no)
{
    struct sigaction preset = {.sa_handler = SIG_DFL};
    restore();
    (void)sigaction(signal_no, &preset, NULL);
    (void)raise(signal_no);
}

static void catch_crashes(void)
{
    static const int fatal[] = {SIGSEGV, SIGABRT, SIGBUS, SIGILL, SIGFPE};
    static char stack[65536]; /* for a crash that is about the stack */
    static bool done;
    struct sigaction sa = {.sa_handler = on_crash, .sa_flags = (int)SA_RESETHAND | SA_ONSTACK};
    stack_t ss = {.ss_sp = stack, .ss_size = sizeof(stack)};
    if (done)
        return;
    done = true;
    (void)sigaltstack(&ss, NULL);
    for (size_t i = 0; i < sizeof(fatal) / sizeof(fatal[0]); i++)
        (void)sigaction(fatal[i], &sa, NULL);
    (void)atexit(restore);
}

/* --- bytes out --------------------------------------------------------------------------------
 */

static void on_poll(uv_poll_t *p, int status, int events);

static void watch(struct term *t)
{
    int events = UV_READABLE | (t->pending.len > 0 ? UV_WRITABLE : 0);
    (void)uv_poll_start(&t->poll, events, on_poll);
}

static void write_more(struct term *t)
{
    size_t at = 0;
    while (at < t->pending.len) {
        ssize_t n = write(t->fd, t->pending.data + at, t->pending.len - at);
        if (n < 0 && errno == EINTR)
            continue;
        if (n <= 0)
            break;
        at += (size_t)n;
    }
    t->written += at;
    pl_buf_consume(&t->pending, at);
}

static void queue(struct term *t, const char *s, size_t n)
{
    /* Beyond the limit the terminal has been dead for long; what it misses no longer matters. */
    if (pl_buf_add(&t->pending, s, n) < 0)
        pl_buf_clear(&t->pending);
}

void term_frame(struct term *t, const uint8_t *bytes, size_t n)
{
    if (n == 0)
        return;
    if (t->has_sync)
        queue(t, sync_begin, sizeof(sync_begin) - 1);
    queue(t, (const char *)bytes, n);
    if (t->has_sync)
        queue(t, sync_end, sizeof(sync_end) - 1);
    write_more(t);
    watch(t);
}

bool term_is_busy(const struct term *t)
{
    return t->pending.len > BUSY;
}

uint64_t term_written(const struct term *t)
{
    return t->written;
}

void term_cursor_bar(struct term *t, bool bar)
{
    if (!t->has_bar || bar == t->is_bar)
        return;
    t->is_bar = bar;
    queue(t, bar ? "\033[6 q" : "\033[2 q", 5);
    write_more(t);
    watch(t);
}

void term_report(struct term *t, const struct input_event *ev)
{
    if (ev->key == 'y' && ev->is_private && ev->n_args >= 2 && ev->args[0] == 2026 && t->asks_sync)
        t->has_sync = ev->args[1] == 1 || ev->args[1] == 2;
}

/* --- entering ---------------------------------------------------------------------------------
 */

static void enter(struct term *t)
{
    struct termios raw = crash_tio;
    cfmakeraw(&raw);
    raw.c_cc[VMIN] = 1;
    raw.c_cc[VTIME] = 0;
    (void)tcsetattr(t->fd, TCSANOW, &raw); /* never waits for what a terminal does not take */
    crash_fd = t->fd;
    t->is_inside = true;
    queue(t, enter_text, sizeof(enter_text) - 1);
    if (t->has_mouse)
        queue(t, mouse_text, sizeof(mouse_text) - 1);
    if (t->has_bar)
        queue(t, t->is_bar ? "\033[6 q" : "\033[2 q", 5);
    if (t->asks_sync)
        queue(t, ask_text, sizeof(ask_text) - 1);
    write_more(t);
}

static void leave(struct term *t)
{
    struct pollfd p = {.fd = t->fd, .events = POLLOUT};
    if (!t->is_inside)
        return;
    t->is_inside = false;
    write_more(t);
    pl_buf_clear(&t->pending);
    (void)poll(&p, 1, 200);
    restore();
}

static void look_at_environment(struct term *t)
{
    const char *sync = getenv("PLIMSOLL_SYNC");
    const char *term = getenv("TERM");
    const char *mouse = getenv("PLIMSOLL_MOUSE");
    t->has_sync = sync && pl_str_eq(sync, "on");
    t->asks_sync = !sync || pl_str_eq(sync, "auto");
    t->has_bar = term && (pl_str_starts(term, "xterm") || pl_str_starts(term, "tmux") ||
                          pl_str_starts(term, "screen") || pl_str_starts(term, "foot") ||
                          pl_str_starts(term, "alacritty"));
    /* "off" sends nothing at all, so that the terminal's own selecting is left alone. */
    t->has_mouse = mouse && mouse[0] ? !pl_str_eq(mouse, "off") : t->has_bar;
    if (!t->has_bar)
        t->asks_sync = false; /* a terminal that may print the question */
}

/* --- events -----------------------------------------------------------------------------------
 */

static void on_poll(uv_poll_t *p, int status, int events)
{
    static uint8_t bytes[READ_SIZE];
    struct term *t = p->data;
    if (status < 0) {
        (void)uv_poll_stop(&t->poll);
        t->on.ended(t->on.ctx, 0);
        return;
    }
    if (events & UV_WRITABLE) {
        bool was_busy = term_is_busy(t);
        write_more(t);
        watch(t);
        if (was_busy && !term_is_busy(t))
            t->on.drained(t->on.ctx);
    }
    if (!(events & UV_READABLE))
        return;
    ssize_t n = read(t->fd, bytes, sizeof(bytes));
    if (n > 0) {
        t->on.bytes(t->on.ctx, bytes, (size_t)n);
    } else if (n == 0 || (errno != EAGAIN && errno != EINTR)) {
        (void)uv_poll_stop(&t->poll);
        t->on.ended(t->on.ctx, 0);
    }
}

static void on_resize(uv_timer_t *timer)
{
    struct term *t = timer->data;
    t->on.resized(t->on.ctx);
}

static void come_back(struct term *t)
{
    uv_update_time(t->loop);
    t->continued_ms = uv_now(t->loop);
    enter(t);
    watch(t);
    t->on.resumed(t->on.ctx);
}

static void on_signal(uv_signal_t *s, int signal_no)
{
    struct term *t = s->data;
    if (signal_no == SIGWINCH) {
        (void)uv_timer_start(&t->resize, on_resize, RESIZE_MS, 0);
    } else if (signal_no == SIGTSTP) {
        term_suspend(t);
    } else if (signal_no == SIGCONT) {
        /* The one that ended our own stop: we are back already. After a kill -STOP the shell has
         * had the terminal in the meantime. */
        bool is_known = t->awaits_cont && uv_now(t->loop) - t->continued_ms < CONTINUED_MS;
        t->awaits_cont = false;
        if (!is_known)
            come_back(t);
    } else {
        t->on.ended(t->on.ctx, signal_no);
    }
}

void term_suspend(struct term *t)
{
    uv_signal_t *stop = &t->signals[SIGNALS - 1];
    leave(t);
    (void)uv_signal_stop(stop); /* back to its preset: stopping */
    (void)raise(SIGTSTP);
    /* Continued, or stopping is not possible here. SIGCONT may come as well. */
    (void)uv_signal_start(stop, on_signal, SIGTSTP);
    t->awaits_cont = true;
    come_back(t);
}

void term_size(const struct term *t, int *rows, int *cols)
{
    struct winsize w;
    *rows = 24;
    *cols = 80;
    if (ioctl(t->fd, TIOCGWINSZ, &w) == 0 && w.ws_row > 0 && w.ws_col > 0) {
        *rows = w.ws_row;
        *cols = w.ws_col;
    }
}

/* --- life -------------------------------------------------------------------------------------
 */

int term_open(struct term **out, uv_loop_t *loop, const struct term_handlers *h, struct pl_err *e)
{
    int fd = open("/dev/tty", O_RDWR | O_NOCTTY | O_NONBLOCK | O_CLOEXEC);
    if (fd < 0 || tcgetattr(fd, &crash_tio) < 0) {
        if (fd >= 0)
            (void)close(fd);
        return pl_fail(e, PL_E_IO, "no terminal to draw on");
    }
    struct term *t = pl_mem_calloc(PL_MEM_VIEW, 1, sizeof(*t));
    t->loop = loop;
    t->fd = fd;
    t->on = *h;
    pl_buf_init(&t->pending, PENDING_MAX);
    look_at_environment(t);
    if (uv_poll_init(loop, &t->poll, fd) < 0) {
        (void)close(fd);
        pl_mem_free(PL_MEM_VIEW, t);
        return pl_fail(e, PL_E_IO, "the terminal cannot be watched");
    }
    t->poll.data = t;
    PL_ASSERT(uv_timer_init(loop, &t->resize) == 0);
    t->resize.data = t;
    for (int i = 0; i < SIGNALS; i++) {
        PL_ASSERT(uv_signal_init(loop, &t->signals[i]) == 0);
        t->signals[i].data = t;
        (void)uv_signal_start(&t->signals[i], on_signal, signal_nos[i]);
    }
    catch_crashes();
    enter(t);
    watch(t);
    *out = t;
    return 0;
}

static void on_closed(uv_handle_t *h)
{
    struct term *t = h->data;
    if (--t->closing > 0)
        return;
    (void)close(t->fd);
    pl_buf_release(&t->pending);
    pl_mem_free(PL_MEM_VIEW, t);
}

void term_close(struct term *t)
{
    if (!t)
        return;
    leave(t);
    t->closing = SIGNALS + 2;
    for (int i = 0; i < SIGNALS; i++)
        uv_close((uv_handle_t *)&t->signals[i], on_closed);
    uv_close((uv_handle_t *)&t->resize, on_closed);
    uv_close((uv_handle_t *)&t->poll, on_closed);
}
