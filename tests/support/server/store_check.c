// SPDX-License-Identifier: Apache-2.0
/*
 * The log and its audit chain, checked by an own reading of the leaf's bytes (sql/README.md):
 * nothing here uses the database's functions.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "plimsoll/base/buf.h"
#include "plimsoll/base/hash.h"

#include "support/server/store_rig.h"
#include "support/unit.h"

#define KIND_EDIT 0x0301

struct leaf {
    uint32_t kind;
    uint64_t rseq;
    uint64_t time_us;
    const uint8_t *prev;
    const uint8_t *commitment;
    uint64_t rev; /* tag 1 */
};

static uint32_t read_u16(struct pl_reader *r)
{
    uint32_t hi = pl_read_u8(r);
    return hi << 8 | pl_read_u8(r);
}

static void leaf_parse(struct leaf *l, uint64_t stream, const uint8_t *p, size_t n)
{
    struct pl_reader r;
    uint32_t last_tag = 0;
    memset(l, 0, sizeof *l);
    pl_reader_init(&r, p, n);
    assert_memory_equal(pl_read_bytes(&r, 5), "PLA1\x01", 5);
    assert_int_equal(pl_read_u8(&r), 0);
    l->kind = read_u16(&r);
    assert_int_equal(pl_read_u64be(&r), stream);
    l->rseq = pl_read_u64be(&r);
    l->time_us = pl_read_u64be(&r);
    (void)pl_read_bytes(&r, 8 + 8 + 4);
    l->prev = pl_read_bytes(&r, 32);
    (void)pl_read_bytes(&r, 16);
    l->commitment = pl_read_bytes(&r, 32);
    for (uint32_t fields = read_u16(&r); fields > 0 && !r.bad; fields--) {
        uint32_t tag = read_u16(&r);
        uint32_t len = read_u16(&r);
        const uint8_t *v = pl_read_bytes(&r, len);
        assert_true(tag > last_tag);
        last_tag = tag;
        for (uint32_t i = 0; tag == 1 && v && i < len; i++)
            l->rev = l->rev << 8 | v[i];
    }
    assert_false(r.bad);
    assert_int_equal(pl_reader_left(&r), 0);
}

static PGresult *query(struct rig *r, const char *sql, uint64_t review)
{
    char id[24];
    const char *values[] = {id};
    snprintf(id, sizeof id, "%llu", (unsigned long long)review);
    PGresult *res = PQexecParams(r->sql, sql, 1, NULL, values, NULL, NULL, 1);
    if (PQresultStatus(res) != PGRES_TUPLES_OK)
        fail_msg("%s", PQresultErrorMessage(res));
    return res;
}

static uint64_t get_u64(const PGresult *res, int row, int col)
{
    struct pl_reader r;
    pl_reader_init(&r, PQgetvalue(res, row, col), (size_t)PQgetlength(res, row, col));
    return pl_read_u64be(&r);
}

/* Commitment of revision `rev`: recomputed from the stored salt and its part of the batch's body.
 */
static void check_commitment(const PGresult *log, uint64_t rev, const uint8_t *commitment)
{
    for (int i = 0; i < PQntuples(log); i++) {
        uint64_t first = get_u64(log, i, 0);
        uint64_t last = get_u64(log, i, 1);
        if (rev < first || rev > last)
            continue;
        size_t n = (size_t)PQgetlength(log, i, 2) / (size_t)(last - first + 1);
        const char *payload = PQgetvalue(log, i, 2) + (rev - first) * n;
        /* bytea[]: 12 bytes of header, 8 of its one dimension, then length and bytes of each */
        const char *salt = PQgetvalue(log, i, 3) + 20 + (rev - first) * 36 + 4;
        uint8_t sum[32];
        struct pl_sha256 h;
        pl_sha256_init(&h);
        pl_sha256_update(&h, "PLC1", 4);
        pl_sha256_update(&h, salt, 32);
        pl_sha256_update(&h, payload, n);
        pl_sha256_final(&h, sum);
        assert_memory_equal(sum, commitment, 32);
        return;
    }
    fail_msg("revision %llu is not in the log", (unsigned long long)rev);
}

static uint64_t check_batches(const PGresult *log)
{
    uint64_t at = 0;
    for (int i = 0; i < PQntuples(log); i++) {
        assert_int_equal(get_u64(log, i, 0), at + 1);
        at = get_u64(log, i, 1);
    }
    return at;
}

uint64_t rig_check_log(struct rig *r, uint64_t review)
{
    static const uint8_t tag = 0;
    uint8_t hash[32] = {0};
    uint64_t time_us = 0;
    uint64_t rev = 0;
    PGresult *log = query(r,
                          "SELECT first_rev, last_rev, body, salts FROM rev_batch"
                          " WHERE review = $1 ORDER BY last_rev",
                          review);
    PGresult *ev = query(r,
                         "SELECT rseq, leaf, leaf_hash FROM audit_event WHERE review = $1"
                         " ORDER BY rseq",
                         review);
    uint64_t head = check_batches(log);
    for (int i = 0; i < PQntuples(ev); i++) {
        const uint8_t *bytes = (const uint8_t *)PQgetvalue(ev, i, 1);
        size_t n = (size_t)PQgetlength(ev, i, 1);
        struct leaf l;
        struct pl_sha256 h;
        leaf_parse(&l, review, bytes, n);
        assert_int_equal(l.rseq, i);
        assert_int_equal(get_u64(ev, i, 0), i);
        assert_true(l.time_us > time_us);
        time_us = l.time_us;
        assert_memory_equal(l.prev, hash, 32);
        pl_sha256_init(&h);
        pl_sha256_update(&h, &tag, 1);
        pl_sha256_update(&h, bytes, n);
        pl_sha256_final(&h, hash);
        assert_memory_equal(PQgetvalue(ev, i, 2), hash, 32);
        if (l.kind == KIND_EDIT) {
            assert_int_equal(l.rev, rev + 1); /* one leaf per revision, in their order */
            rev = l.rev;
            check_commitment(log, rev, l.commitment);
        }
    }
    assert_int_equal(rev, head);
    assert_int_equal(
        rig_int(r, "SELECT head FROM review WHERE id = %llu", (unsigned long long)review), head);
    assert_int_equal(rig_int(r, "SELECT (next_seq = %d)::int FROM stream WHERE id = %llu",
                             PQntuples(ev), (unsigned long long)review),
                     1);
    PQclear(log);
    PQclear(ev);
    return head;
}
