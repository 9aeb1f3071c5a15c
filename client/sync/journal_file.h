// SPDX-License-Identifier: Apache-2.0
/*
 * The bytes of a journal: "PLIMJNL1", then records u32be length | u8 kind | payload | u64be XXH3-64
 * of kind and payload, seeded with the record's offset. The first record is a whole state, events
 * follow. Pure: reading never trusts a length beyond what is there.
 */
#ifndef PLIMSOLL_CLIENT_SYNC_JOURNAL_FILE_H
#define PLIMSOLL_CLIENT_SYNC_JOURNAL_FILE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "plimsoll/base/buf.h"
#include "plimsoll/base/err.h"

#include "sync/sync.h"

#define JOURNAL_MAGIC_BYTES 8
#define JOURNAL_RECORD_MAX  (128u * 1024u * 1024u)

enum journal_kind { JOURNAL_WHOLE = 1, JOURNAL_EVENTS = 2 };

int journal_put_magic(struct pl_buf *out) PL_MUST;
/* Appends a record that will stand at `offset` of the file. */
int journal_put_record(struct pl_buf *out, enum journal_kind kind, uint64_t offset,
                       const void *payload, size_t n) PL_MUST;

struct journal_reader {
    const uint8_t *bytes;
    size_t n;
    size_t at; /* everything before it is good */
};
struct journal_record {
    enum journal_kind kind;
    const uint8_t *payload; /* borrowed from the file's bytes */
    size_t n;
};
/* False: this is no journal. */
bool journal_reader_init(struct journal_reader *r, const void *bytes, size_t n);
/* False: the end, or a torn or damaged record; r->at tells how far it is good. */
bool journal_reader_next(struct journal_reader *r, struct journal_record *out);
/* After the end: is there a whole record somewhere behind it? Then the file is damaged in the
 * middle, and not torn. */
bool journal_reader_goes_on(const struct journal_reader *r);

/* The machine that the bytes describe, as far as they are good; NULL if not even the first state
 * can be used. *good: length of the good part. *misfit: there are whole records behind it that do
 * not fit, or that follow on damage: the file must be kept.
 */
struct sync *journal_load(const void *bytes, size_t n, const struct sync_handlers *h, size_t *good,
                          bool *misfit);

#endif
