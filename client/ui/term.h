// SPDX-License-Identifier: Apache-2.0
/*
 * The terminal: raw mode, what is sent on entering and leaving, bytes in and frames out without
 * ever waiting for either, size changes and stopping. The terminal is restored on every way out:
 * term_close, exit(), a fatal signal. One terminal at a time.
 *
 * It opens the terminal anew, so that its being non-blocking is nobody else's business.
 */
#ifndef PLIMSOLL_CLIENT_UI_TERM_H
#define PLIMSOLL_CLIENT_UI_TERM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <uv.h>

#include "plimsoll/base/err.h"

#include "ui/input.h"

struct term;

struct term_handlers {
    void (*bytes)(void *ctx, const uint8_t *bytes, size_t n);
    void (*drained)(void *ctx);              /* it was busy, and is not any more */
    void (*resized)(void *ctx);              /* see term_size */
    void (*resumed)(void *ctx);              /* stopped and continued: draw everything */
    void (*ended)(void *ctx, int signal_no); /* signal, or 0: the terminal has gone */
    void *ctx;
};

/* Enters. No handler is called from inside this. */
int term_open(struct term **out, uv_loop_t *loop, const struct term_handlers *h,
              struct pl_err *e) PL_MUST;
/* Restores the terminal at once; the memory goes when the loop has run. NULL ok. */
void term_close(struct term *t);

void term_size(const struct term *t, int *rows, int *cols);

/* More than 64 KiB wait to leave: draw no more for now. */
bool term_is_busy(const struct term *t);
/* One frame, wrapped as a synchronized update when the terminal knows that. */
void term_frame(struct term *t, const uint8_t *bytes, size_t n);
/* A bar while editing, a block otherwise. */
void term_cursor_bar(struct term *t, bool bar);
/* An answer of the terminal. */
void term_report(struct term *t, const struct input_event *ev);
/* As Ctrl-Z: leaves, stops, and comes back. */
void term_suspend(struct term *t);
/* Bytes written in all. */
uint64_t term_written(const struct term *t);

#endif
