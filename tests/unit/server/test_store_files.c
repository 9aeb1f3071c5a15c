// SPDX-License-Identifier: Apache-2.0
/*
 * Files in the database: resuming, the order of pieces, quotas with their own codes, rights under
 * the lock, replacing, and the sweep.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "plimsoll/base/hash.h"
#include "plimsoll/doc/perm.h"
#include "plimsoll/doc/schema.h"
#include "plimsoll/wire/limits.h"

#include "store/repo_file.h"
#include "support/server/store_rig.h"
#include "support/unit.h"

#define MATERIAL PL_PERM_BIT(PL_PERM_MATERIAL)

static struct rig rig;
static struct rig_store st;
static uint8_t chunk[PL_CHUNK_MAX];

static int setup(void **state)
{
    (void)state;
    rig_open(&rig);
    rig_store_open(&rig, &st, NULL);
    memset(chunk, 'x', sizeof chunk);
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    rig_store_close(&rig, &st);
    rig_close(&rig);
    return 0;
}

/* What any answer left behind; one is under way at a time. */
static struct {
    bool done;
    int rc;
    uint64_t file, held, rev;
    enum file_state state;
    uint32_t expired, chunks;
    uint64_t stale;
    size_t n;
    struct pl_sha256 sha;
} got;

static int answer(int rc)
{
    if (rc != 0)
        return rc;
    rig_until(&rig, &got.done);
    return got.rc;
}

static void begin(void)
{
    memset(&got, 0, sizeof got);
    pl_sha256_init(&got.sha);
}

static void answered(int rc, const struct pl_err *e)
{
    assert_false(got.done);
    assert_true((rc < 0) == (e != NULL));
    got.done = true;
    got.rc = rc;
}

static void on_held(void *ctx, int rc, uint64_t file, uint64_t held, const struct pl_err *e)
{
    (void)ctx;
    answered(rc, e);
    got.file = file;
    got.held = held;
}

static void on_row(void *ctx, int rc, const struct file_row *row, const struct pl_err *e)
{
    (void)ctx;
    answered(rc, e);
    if (row == NULL)
        return;
    got.state = row->state;
    got.held = row->held;
    got.rev = row->rev;
}

static void on_done(void *ctx, int rc, const struct pl_err *e)
{
    (void)ctx;
    answered(rc, e);
}

static void on_bytes(void *ctx, const uint8_t *bytes, size_t n)
{
    (void)ctx;
    pl_sha256_update(&got.sha, bytes, n);
    got.n += n;
}

static void on_data(void *ctx, int rc, const struct file_data *d, const struct pl_err *e)
{
    (void)ctx;
    answered(rc, e);
    got.n = d != NULL ? d->n : 0;
}

static void on_swept(void *ctx, int rc, const struct file_swept *r, const struct pl_err *e)
{
    (void)ctx;
    answered(rc, e);
    got.expired = r->expired;
    got.chunks = r->chunks;
    got.stale = r->stale;
}

static const struct pl_eid entry = {0xf000000000000007, 3};

static struct file_put put_of(uint64_t review, struct rig_person p, uint64_t size, uint8_t tag)
{
    return (struct file_put){.review = review,
                             .entry = entry,
                             .user = p.user,
                             .device = p.device,
                             .ops = MATERIAL,
                             .name = "a",
                             .media_type = "text/plain",
                             .size = size,
                             .sha256 = {tag},
                             .per_review = 100000,
                             .organisation = 100000000,
                             .uploads_user = 3,
                             .uploads_device = 3};
}

static int put(const struct file_put *p)
{
    begin();
    return answer(repo_file_put(st.s, p, on_held, NULL));
}

static int piece(uint64_t file, uint64_t user, uint64_t offset, size_t n)
{
    const struct file_piece p = {file, user, offset, chunk, n};
    begin();
    return answer(repo_file_chunk(st.s, &p, on_held, NULL));
}

static enum file_state look(uint64_t file)
{
    begin();
    int rc = answer(repo_file_look(st.s, file, 0, on_row, NULL));
    return rc == 0 ? got.state : 0;
}

static int checked(uint64_t file, uint64_t user, bool good)
{
    begin();
    return answer(repo_file_checked(st.s, file, user, good, on_done, NULL));
}

static int show(uint64_t file, uint64_t rev)
{
    begin();
    return answer(repo_file_show(st.s, file, rev, on_done, NULL));
}

static int sweep(uint64_t expire_ms, uint64_t stale_ms)
{
    begin();
    return answer(repo_file_sweep(st.s, expire_ms, stale_ms, 2, on_swept, NULL));
}

TEST(pieces_in_order_only)
{
    struct rig_person p = rig_person(&rig);
    struct rig_person other = rig_person(&rig);
    uint64_t review = rig_review(&rig, p);
    struct file_put f = put_of(review, p, 40000, 1);
    assert_int_equal(put(&f), 0);
    uint64_t file = got.file;
    assert_int_equal(got.held, 0);
    assert_int_equal(piece(file, p.user, 16384, 16384), -PL_E_BAD_STATE); /* a gap */
    assert_int_equal(got.held, 0);
    assert_int_equal(piece(file, p.user, 0, 100), -PL_E_INVALID); /* short, not the last */
    assert_int_equal(piece(file, other.user, 0, 16384), -PL_E_NOENT);
    assert_int_equal(piece(file + 1000, p.user, 0, 16384), -PL_E_NOENT);
    assert_int_equal(piece(file, p.user, 0, 16384), 0);
    assert_int_equal(got.held, 16384);
    assert_int_equal(piece(file, p.user, 0, 16384), 0); /* again: passed over */
    assert_int_equal(got.held, 16384);
    assert_int_equal(put(&f), 0); /* resumed */
    assert_int_equal(got.file, file);
    assert_int_equal(got.held, 16384);
    assert_int_equal(checked(file, p.user, true), -PL_E_NOENT); /* not whole yet */
    assert_int_equal(piece(file, p.user, 16384, 16384), 0);
    assert_int_equal(piece(file, p.user, 32768, 16384), -PL_E_INVALID); /* beyond the size */
    assert_int_equal(piece(file, p.user, UINT64_MAX - 10, 16384), -PL_E_BAD_STATE);
    assert_int_equal(piece(file, p.user, INT64_MAX, 16384), -PL_E_BAD_STATE);
    assert_int_equal(piece(file, p.user, 32768, 7232), 0);
    assert_int_equal(got.held, 40000);
    assert_int_equal(piece(file, p.user, 40000, 16384), -PL_E_INVALID);
    const struct file_pieces to = {on_bytes, on_done, NULL};
    begin();
    assert_int_equal(answer(repo_file_pieces(st.s, file, 1, &to)), 0);
    assert_int_equal(got.n, 40000 - 16384);
}

TEST(rights_are_judged_under_the_lock)
{
    struct rig_person p = rig_person(&rig);
    struct rig_person other = rig_person(&rig);
    uint64_t review = rig_review(&rig, p);
    struct file_put f = put_of(review, other, 100, 1);
    assert_int_equal(put(&f), -PL_E_PERM);
    rig_member(&rig, review, other, PL_ROLE_STAKEHOLDER);
    assert_int_equal(put(&f), -PL_E_PERM);
    rig_sql(&rig, "UPDATE membership SET role = 2 WHERE usr = %lld", (long long)other.user);
    assert_int_equal(put(&f), 0);
    f.ops = 0;
    assert_int_equal(put(&f), -PL_E_PERM); /* nothing asked for is nothing granted */
    f.ops = MATERIAL | PL_PERM_BIT(PL_PERM_OWNER_ONLY);
    assert_int_equal(put(&f), -PL_E_PERM);
    f.ops = MATERIAL;
    rig_status(&rig, review, 3);
    assert_int_equal(put(&f), -PL_E_PERM);
    f.review = review + 100000;
    assert_int_equal(put(&f), -PL_E_NOENT);
    f.review = review;
    rig_sql(&rig, "UPDATE device SET revoked_us = 1 WHERE id = %lld", (long long)other.device);
    assert_int_equal(put(&f), -PL_E_REVOKED);
}

TEST(each_quota_has_its_code)
{
    struct rig_person p = rig_person(&rig);
    uint64_t review = rig_review(&rig, p);
    struct file_put f = put_of(review, p, 60000, 1);
    assert_int_equal(put(&f), 0);
    f.sha256[0] = 2;
    assert_int_equal(put(&f), -PL_E_QUOTA);
    f.per_review = 1000000;
    f.organisation = 60001;
    assert_int_equal(put(&f), -PL_E_STORAGE);
    f.organisation = 100000000;
    f.uploads_device = 1;
    assert_int_equal(put(&f), -PL_E_UPLOADS);
    f.uploads_device = 3;
    f.uploads_user = 1;
    assert_int_equal(put(&f), -PL_E_UPLOADS);
    rig_sql(&rig, "UPDATE file SET touched_us = touched_us - 61000000 WHERE usr = %lld",
            (long long)p.user);
    assert_int_equal(put(&f), 0); /* the one left alone gives way */
    assert_int_equal(rig_int(&rig, "SELECT count(*) FROM file WHERE usr = %lld AND state < 3",
                             (long long)p.user),
                     1);
}

/* A whole file of one piece. */
static uint64_t whole(uint64_t review, struct rig_person p, uint8_t tag)
{
    struct file_put f = put_of(review, p, 1000, tag);
    assert_int_equal(put(&f), 0);
    uint64_t file = got.file;
    assert_int_equal(piece(file, p.user, 0, 1000), 0);
    assert_int_equal(checked(file, p.user, true), 0);
    return file;
}

static int read_at(uint64_t review, struct rig_person p, uint32_t no)
{
    const struct file_read r = {review, entry, p.user, p.device, no};
    begin();
    return answer(repo_file_read(st.s, &r, on_data, NULL));
}

TEST(the_newest_revision_wins)
{
    struct rig_person p = rig_person(&rig);
    struct rig_person other = rig_person(&rig);
    uint64_t review = rig_review(&rig, p);
    uint64_t a = whole(review, p, 1);
    assert_int_equal(read_at(review, p, 0), -PL_E_NOENT); /* no revision shows it yet */
    uint64_t b = whole(review, p, 2);
    uint64_t c = whole(review, p, 3);
    assert_int_equal(show(b, 7), 0);
    assert_int_equal(show(a, 5), 0); /* its answer came late */
    assert_int_equal(look(a), 0);
    assert_int_equal(look(b), FILE_SHOWN);
    assert_int_equal(read_at(review, p, 0), 0);
    assert_int_equal(got.n, 1000);
    assert_int_equal(read_at(review, p, 1), -PL_E_NOENT);
    assert_int_equal(read_at(review, other, 0), -PL_E_PERM);
    assert_int_equal(read_at(review + 100000, p, 0), -PL_E_PERM);
    rig_sql(&rig, "UPDATE review SET visibility = 2 WHERE id = %lld", (long long)review);
    assert_int_equal(read_at(review, other, 0), 0);
    assert_int_equal(show(c, 9), 0);
    assert_int_equal(look(b), 0);
    assert_int_equal(look(c), FILE_SHOWN);
    assert_int_equal(show(c, 9), 0); /* again */
    assert_int_equal(look(c), FILE_SHOWN);
    assert_int_equal(piece(c, p.user, 0, 1000), 0); /* passed over */
    assert_int_equal(piece(c, p.user, 1000, 16384), -PL_E_BAD_STATE);
}

/* A server died between the revision and its note in the table: the document shows these files. */
TEST(a_checked_file_gives_way_to_nothing_and_each_has_its_turn)
{
    struct rig_person p = rig_person(&rig);
    uint64_t review = rig_review(&rig, p);
    uint64_t a = whole(review, p, 1);
    uint64_t b = whole(review, p, 2);
    rig_sql(&rig, "UPDATE file SET touched_us = id WHERE usr = %lld", (long long)p.user);
    struct file_put f = put_of(review, p, 1000, 3);
    f.uploads_user = f.uploads_device = 1;
    assert_int_equal(put(&f), 0);
    assert_int_equal(look(a), FILE_CHECKED);
    assert_int_equal(look(b), FILE_CHECKED);
    assert_int_equal(sweep(1000000, 1000000), 0);
    assert_int_equal(got.stale, a);
    assert_int_equal(sweep(1000000, 1000000), 0); /* nobody could say what becomes of a */
    assert_int_equal(got.stale, b);
    assert_int_equal(sweep(1000000, 1000000), 0);
    assert_int_equal(got.stale, 0);
    rig_sql(&rig, "UPDATE file SET state = 4 WHERE usr = %lld", (long long)p.user);
}

TEST(what_nobody_wants_is_swept)
{
    struct rig_person p = rig_person(&rig);
    uint64_t review = rig_review(&rig, p);
    struct file_put f = put_of(review, p, 60000, 1);
    rig_sql(&rig, "UPDATE file SET state = 4");
    do
        assert_int_equal(sweep(1000000, 1000000), 0);
    while (got.chunks > 0);
    assert_int_equal(rig_int(&rig, "SELECT count(*) FROM file"), 0);
    assert_int_equal(put(&f), 0);
    uint64_t file = got.file;
    for (uint64_t at = 0; at < 3; at++)
        assert_int_equal(piece(file, p.user, at * 16384, 16384), 0);
    assert_int_equal(sweep(1000000, 1000000), 0);
    assert_int_equal(got.expired, 0);
    assert_int_equal(look(file), FILE_ARRIVING);
    rig_sql(&rig, "UPDATE file SET touched_us = 1");
    assert_int_equal(sweep(1000, 1000), 0);
    assert_int_equal(got.expired, 1);
    assert_int_equal(got.chunks, 2);
    assert_int_equal(sweep(1000, 1000), 0);
    assert_int_equal(got.chunks, 1);
    assert_int_equal(sweep(1000, 1000), 0);
    assert_int_equal(rig_int(&rig, "SELECT count(*) FROM file"), 0);
    uint64_t kept = whole(review, p, 4);
    rig_sql(&rig, "UPDATE file SET touched_us = 1");
    assert_int_equal(sweep(1000, 1000), 0);
    assert_int_equal(got.stale, kept); /* a checked file is asked about, not dropped */
    assert_int_equal(show(kept, 0), 0);
    assert_int_equal(look(kept), 0);
}

TEST(a_wrong_sum_drops_it)
{
    struct rig_person p = rig_person(&rig);
    struct rig_person other = rig_person(&rig);
    uint64_t review = rig_review(&rig, p);
    struct file_put f = put_of(review, p, 1000, 1);
    assert_int_equal(put(&f), 0);
    uint64_t file = got.file;
    assert_int_equal(piece(file, p.user, 0, 1000), 0);
    assert_int_equal(checked(file, other.user, false), -PL_E_NOENT);
    assert_int_equal(checked(file, p.user, false), 0);
    assert_int_equal(look(file), 0);
    assert_int_equal(put(&f), 0);
    assert_int_not_equal(got.file, file);
    assert_int_equal(got.held, 0);
}

TEST(the_table_refuses_what_cannot_be)
{
    assert_string_equal(rig_sqlstate(&rig, "INSERT INTO file_chunk VALUES (999999, 0, '\\x00')"),
                        "23503");
    struct rig_person p = rig_person(&rig);
    uint64_t review = rig_review(&rig, p);
    uint64_t file = whole(review, p, 1);
    char sql[200];
    (void)snprintf(sql, sizeof sql, "UPDATE file SET held = size + 1 WHERE id = %llu",
                   (unsigned long long)file);
    assert_string_equal(rig_sqlstate(&rig, sql), "23514");
    (void)snprintf(sql, sizeof sql, "UPDATE file SET state = 3 WHERE id = %llu",
                   (unsigned long long)file);
    assert_string_equal(rig_sqlstate(&rig, sql), "23514"); /* shown by no revision */
    (void)snprintf(sql, sizeof sql, "UPDATE file SET sha256 = '\\x00' WHERE id = %llu",
                   (unsigned long long)file);
    assert_string_equal(rig_sqlstate(&rig, sql), "23514");
    (void)snprintf(sql, sizeof sql, "INSERT INTO file_chunk VALUES (%llu, 9, '')",
                   (unsigned long long)file);
    assert_string_equal(rig_sqlstate(&rig, sql), "23514");
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        UNIT(pieces_in_order_only),
        UNIT(rights_are_judged_under_the_lock),
        UNIT(each_quota_has_its_code),
        UNIT(the_newest_revision_wins),
        UNIT(a_checked_file_gives_way_to_nothing_and_each_has_its_turn),
        UNIT(what_nobody_wants_is_swept),
        UNIT(a_wrong_sum_drops_it),
        UNIT(the_table_refuses_what_cannot_be),
    };
    return cmocka_run_group_tests(tests, setup, teardown);
}
