// SPDX-License-Identifier: Apache-2.0
/*
 * Reader of editing traces. The whole file is read into memory, and edits point into it.
 */
#include "support/trace.h"

#include <inttypes.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "plimsoll/base/buf.h"
#include "plimsoll/base/mem.h"
#include "plimsoll/base/utf8.h"

#define FILE_MAX (64 * 1024 * 1024)

/* The edits or events while they are being collected. */
struct loader {
    struct trace *t;
    const char *name;
    struct pl_reader r;
    size_t edits_cap;
    uint32_t *cursor; /* by client: where its last edit ended */
};

_Noreturn static void give_up(const char *name, const char *why)
{
    (void)fprintf(stderr, "trace %s: %s\n", name, why);
    (void)fflush(stdout);
    _Exit(2);
}

static uint8_t *read_file(const char *name, size_t *n)
{
    char path[512];
    (void)snprintf(path, sizeof path, "%s/tests/bench/traces/%s.trace", PL_SOURCE_DIR, name);
    FILE *f = fopen(path, "rbe");
    if (f == NULL)
        give_up(name, "cannot be opened");
    size_t cap = 64 * 1024;
    uint8_t *data = pl_xmalloc(cap);
    *n = 0;
    for (;;) {
        size_t got = fread(data + *n, 1, cap - *n, f);
        *n += got;
        if (got == 0)
            break;
        if (*n == cap) {
            cap *= 2;
            data = pl_xrealloc(data, cap, 1);
        }
    }
    if (ferror(f) != 0 || *n > FILE_MAX)
        give_up(name, "cannot be read");
    (void)fclose(f);
    return data;
}

static uint32_t read_number(struct loader *l)
{
    uint64_t v = pl_read_varint(&l->r);
    if (l->r.bad || v > UINT32_MAX)
        give_up(l->name, "is damaged");
    return (uint32_t)v;
}

static uint32_t read_position(struct loader *l, unsigned client)
{
    uint32_t z = read_number(l);
    int64_t delta = (z & 1) != 0 ? -(int64_t)(z / 2) - 1 : (int64_t)(z / 2);
    return (uint32_t)((int64_t)l->cursor[client] + delta);
}

/* Bytes of the next n scalars; the files hold valid UTF-8. */
static const uint8_t *read_text(struct loader *l, uint32_t n, uint32_t *nbytes)
{
    const uint8_t *start = l->r.p;
    const uint8_t *p = start;
    for (; n > 0 && p < l->r.end; n--) {
        uint32_t scalar;
        p += pl_utf8_decode(p, l->r.end, &scalar);
    }
    if (n > 0)
        give_up(l->name, "is cut short");
    *nbytes = (uint32_t)(p - start);
    l->r.p = p;
    return start;
}

static void add_edit(struct loader *l, unsigned client, uint32_t pos, uint32_t del,
                     uint32_t ins_chars)
{
    struct trace *t = l->t;
    if (t->nedits == l->edits_cap) {
        l->edits_cap = l->edits_cap == 0 ? 1024 : l->edits_cap * 2;
        t->edits = pl_xrealloc(t->edits, l->edits_cap, sizeof *t->edits);
    }
    struct trace_edit *ed = &t->edits[t->nedits++];
    *ed = (struct trace_edit){.pos = pos, .del = del, .ins_chars = ins_chars};
    ed->ins = read_text(l, ins_chars, &ed->ins_bytes);
    l->cursor[client] = pos + ins_chars;
}

static void read_seq_record(struct loader *l)
{
    uint32_t head = read_number(l);
    uint32_t n = head >> 2;
    uint32_t pos = read_position(l, 0);
    switch (head & 3) {
    case 0:
        for (uint32_t i = 0; i < n; i++)
            add_edit(l, 0, pos + i, 0, 1);
        break;
    case 1:
        for (uint32_t i = 0; i < n; i++)
            add_edit(l, 0, pos - i, 1, 0);
        break;
    case 2:
        for (uint32_t i = 0; i < n; i++)
            add_edit(l, 0, pos, 1, 0);
        break;
    default:
        add_edit(l, 0, pos, n, read_number(l));
        break;
    }
}

static void read_event(struct loader *l, struct trace_event *ev)
{
    uint32_t head = read_number(l);
    *ev = (struct trace_event){.kind = (enum trace_kind)(head & 3), .client = head >> 2, .n = 1};
    if (ev->client >= l->t->clients)
        give_up(l->name, "names a client that is not there");
    if (ev->kind == TRACE_RECV && l->t->mode == TRACE_EXACT)
        ev->n = read_number(l);
    if (ev->kind != TRACE_EDIT)
        return;
    ev->n = read_number(l);
    ev->first = (uint32_t)l->t->nedits;
    for (uint32_t i = 0; i < ev->n; i++) {
        uint32_t pos = read_position(l, ev->client);
        uint32_t del = read_number(l);
        add_edit(l, ev->client, pos, del, read_number(l));
    }
}

static enum trace_mode read_mode(struct loader *l)
{
    static const char *const modes[] = {"seq;", "exact;", "oneflight;"};
    const char *magic = "plimsoll-trace 1 ";
    const char *line = (const char *)l->r.p;
    const char *eol = memchr(line, '\n', pl_reader_left(&l->r));
    if (eol == NULL || strncmp(line, magic, strlen(magic)) != 0)
        give_up(l->name, "is no trace");
    l->r.p = (const uint8_t *)eol + 1;
    for (unsigned i = 0; i < 3; i++) {
        if (strncmp(line + strlen(magic), modes[i], strlen(modes[i])) == 0)
            return (enum trace_mode)i;
    }
    give_up(l->name, "has an unknown mode");
}

void trace_load(struct trace *t, const char *name)
{
    size_t n;
    *t = (struct trace){0};
    struct loader l = {.t = t, .name = name};
    t->file = read_file(name, &n);
    pl_reader_init(&l.r, t->file, n);
    t->mode = read_mode(&l);
    t->clients = read_number(&l);
    if (t->clients == 0 || t->clients > 64)
        give_up(name, "has no clients");
    t->end_bytes = read_number(&l);
    t->end = pl_read_bytes(&l.r, t->end_bytes);
    l.cursor = pl_xcalloc(t->clients, sizeof *l.cursor);
    uint32_t records = read_number(&l);
    if (t->mode != TRACE_SEQ)
        t->events = pl_xcalloc(records, sizeof *t->events);
    for (uint32_t i = 0; i < records; i++) {
        if (t->mode == TRACE_SEQ)
            read_seq_record(&l);
        else
            read_event(&l, &t->events[t->nevents++]);
    }
    free(l.cursor);
    if (l.r.bad || pl_reader_left(&l.r) != 0)
        give_up(name, "is damaged");
}

void trace_release(struct trace *t)
{
    free(t->edits);
    free(t->events);
    free(t->file);
    *t = (struct trace){0};
}
