// SPDX-License-Identifier: Apache-2.0
/*
 * Editing traces: recorded keystrokes for tests and benchmarks, from files that convert_trace.py
 * made (the format is described there). A file that cannot be read ends the test program with a
 * message: there is nothing to test without it.
 */
#ifndef TESTS_SUPPORT_TRACE_H
#define TESTS_SUPPORT_TRACE_H

#include <stddef.h>
#include <stdint.h>

enum trace_mode { TRACE_SEQ, TRACE_EXACT, TRACE_ONEFLIGHT };
enum trace_kind { TRACE_EDIT = 0, TRACE_RECV = 1, TRACE_SEND = 2, TRACE_COMMIT = 3 };

/* An edit: at pos delete `del` scalars, insert `ins` (bytes, not NUL-terminated, `chars` scalars).
 */
struct trace_edit {
    uint32_t pos;
    uint32_t del;
    const uint8_t *ins;
    uint32_t ins_bytes;
    uint32_t ins_chars;
};

/* A step of a schedule. */
struct trace_event {
    enum trace_kind kind;
    unsigned client;
    uint32_t n;     /* EDIT: number of edits; RECV: number of revisions */
    uint32_t first; /* EDIT: index of the first edit */
};

struct trace {
    enum trace_mode mode;
    unsigned clients;
    struct trace_edit *edits;
    size_t nedits;
    struct trace_event *events; /* none in TRACE_SEQ */
    size_t nevents;
    const uint8_t *end; /* the text that must come out */
    size_t end_bytes;
    uint8_t *file; /* what the pointers point into */
};

/* Loads tests/bench/traces/<name>.trace. */
void trace_load(struct trace *t, const char *name);
void trace_release(struct trace *t);

#endif
