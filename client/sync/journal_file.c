// SPDX-License-Identifier: Apache-2.0
/*
 * Reading and writing records of a journal. A record that ends beyond the file or whose checksum is
 * wrong ends the reading: after a crash that is the torn tail. With a whole record somewhere behind
 * it (checksums are seeded with the place, so it cannot be one by chance) it is damage: what comes
 * later builds on what is missing, so it is not played, and the file must not be cut.
 */
#include "sync/journal_file.h"

#include <string.h>

#include "plimsoll/base/hash.h"

#define MAGIC       "PLIMJNL1"
#define RECORD_HEAD 5
#define RECORD_TAIL 8

/* Rubbish that looks like so many records is not a tail that a crash has torn. */
#define SCAN_HASH_MAX ((size_t)1024 * 1024 * 1024)

int journal_put_magic(struct pl_buf *out)
{
    return pl_buf_add(out, MAGIC, JOURNAL_MAGIC_BYTES);
}

int journal_put_record(struct pl_buf *out, enum journal_kind kind, uint64_t offset,
                       const void *payload, size_t n)
{
    size_t start = out->len;
    int rc = n > JOURNAL_RECORD_MAX ? -PL_E_LIMIT : 0;

    if (rc == 0)
        rc = pl_buf_add_u32be(out, (uint32_t)n);
    if (rc == 0)
        rc = pl_buf_add_byte(out, (uint8_t)kind);
    if (rc == 0)
        rc = pl_buf_add(out, payload, n);
    if (rc == 0)
        rc = pl_buf_add_u64be(out, pl_xxh3_64_seed(out->data + start + 4, n + 1, offset));
    if (rc != 0)
        out->len = start;
    return rc;
}

bool journal_reader_init(struct journal_reader *r, const void *bytes, size_t n)
{
    *r = (struct journal_reader){.bytes = bytes, .n = n};
    if (n < JOURNAL_MAGIC_BYTES || memcmp(bytes, MAGIC, JOURNAL_MAGIC_BYTES) != 0)
        return false;
    r->at = JOURNAL_MAGIC_BYTES;
    return true;
}

/* Reads the record at r->at, or returns false. *hashed grows by what was read for the checksum. */
static bool read_record(const struct journal_reader *r, struct journal_record *out, size_t *hashed)
{
    struct pl_reader in;

    pl_reader_init(&in, r->bytes + r->at, r->n - r->at);
    uint32_t n = pl_read_u32be(&in);
    const uint8_t *body = n <= JOURNAL_RECORD_MAX ? pl_read_bytes(&in, (size_t)n + 1) : NULL;
    uint64_t sum = pl_read_u64be(&in);
    if (in.bad || body == NULL || (body[0] != JOURNAL_WHOLE && body[0] != JOURNAL_EVENTS))
        return false;
    *hashed += (size_t)n + 1;
    if (sum != pl_xxh3_64_seed(body, (size_t)n + 1, r->at))
        return false;
    *out = (struct journal_record){.kind = (enum journal_kind)body[0], .payload = body + 1, .n = n};
    return true;
}

bool journal_reader_next(struct journal_reader *r, struct journal_record *out)
{
    size_t hashed = 0;

    if (!read_record(r, out, &hashed))
        return false;
    r->at += RECORD_HEAD + out->n + RECORD_TAIL;
    return true;
}

bool journal_reader_goes_on(const struct journal_reader *r)
{
    struct journal_reader at = *r;
    struct journal_record rec;
    size_t hashed = 0;

    while (at.at + RECORD_HEAD + RECORD_TAIL < at.n) {
        at.at++;
        if (read_record(&at, &rec, &hashed) || hashed > SCAN_HASH_MAX)
            return true;
    }
    return false;
}

struct sync *journal_load(const void *bytes, size_t n, const struct sync_handlers *h, size_t *good,
                          bool *misfit)
{
    struct journal_reader r;
    struct journal_record rec;
    struct sync *s = NULL;

    *good = 0;
    *misfit = false;
    if (!journal_reader_init(&r, bytes, n) || !journal_reader_next(&r, &rec) ||
        rec.kind != JOURNAL_WHOLE)
        return NULL;
    s = sync_load(rec.payload, rec.n, h, NULL);
    *good = r.at;
    while (s != NULL && journal_reader_next(&r, &rec)) {
        if (rec.kind != JOURNAL_EVENTS || sync_replay(s, rec.payload, rec.n, NULL) != 0) {
            *misfit = true;
            break;
        }
        *good = r.at;
    }
    if (s != NULL && !*misfit)
        *misfit = journal_reader_goes_on(&r);
    return s;
}
