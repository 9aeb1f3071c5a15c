// SPDX-License-Identifier: Apache-2.0
/*
 * Writing into a budgeted buffer without asking after every word: the first failure sticks and is
 * looked at once, at the end. Private to proto/render.
 */
#ifndef PLIMSOLL_PROTO_RENDER_SINK_H
#define PLIMSOLL_PROTO_RENDER_SINK_H

#include <stddef.h>
#include <stdint.h>

#include "plimsoll/doc/doc.h"

struct sink {
    struct pl_buf *b;
    size_t start; /* length of the buffer before */
    int rc;
};

void sink_init(struct sink *s, struct pl_buf *b);
/* 0, or the failure: then the buffer is as long as before. */
int sink_end(struct sink *s, struct pl_err *e);

void put(struct sink *s, const char *text); /* trusted text */
void put_bytes(struct sink *s, const char *text, size_t n);
void putf(struct sink *s, const char *fmt, ...) PL_PRINTF(2, 3);
void put_safe(struct sink *s, const char *text, size_t n); /* any text, made clean */
void put_id(struct sink *s, const struct pl_entry *en);
/* "2026-03-01 10:03" (UTC, to the second when there is one); nothing for null. */
void put_time(struct sink *s, const struct pl_value *v);
/* Name of an enumeration's value, '_' as blank; nothing for null. */
void put_enum(struct sink *s, const struct pl_entry *en, uint32_t field);
/* Name of a user, or "user 7"; nothing for 0. */
void put_user(struct sink *s, const struct pl_doc *d, int64_t user);

/* All visible entries of a kind in order; the caller frees. *n is 0 and NULL when there are none.
 */
struct pl_entry **list_of(const struct pl_doc *d, uint32_t kind, size_t *n);
struct pl_entry **children_of(const struct pl_doc *d, const struct pl_entry *parent, uint32_t kind,
                              size_t *n);

#endif
