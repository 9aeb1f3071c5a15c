// SPDX-License-Identifier: Apache-2.0
/*
 * Journals that are not as they were written: a torn tail is cut off, anything else is put aside
 * whole and said; a lock that cannot be had is an error.
 */
#include "journal_rig.h"

TEST(journal_cuts_a_torn_tail_wherever_it_is_torn)
{
    struct desk d;
    char path[JOURNAL_PATH_MAX];
    long whole;
    long two;

    desk_init(&d);
    start(&d);
    type(&d, 0, "one");
    type(&d, 3, "two");
    whole = size_of(journal_path(d.j));
    type(&d, 6, "three");
    two = size_of(journal_path(d.j));
    (void)snprintf(path, sizeof path, "%s", journal_path(d.j));
    die(&d);
    for (long n = two - 1; n >= whole; n--) {
        assert_int_equal(truncate(path, n), 0);
        assert_false(start(&d));
        assert_string_equal(text_of(d.s), "onetwo");
        die(&d);
        assert_int_equal(size_of(path), whole);
    }
    start(&d);
    type(&d, 6, "four");
    die(&d);
    start(&d);
    assert_string_equal(text_of(d.s), "onetwofour");
    desk_release(&d);
}

/* Flips a bit at `at` of the file; returns what it holds then. */
static void flip(const char *path, long at, struct pl_buf *b)
{
    assert_int_equal(pl_file_read_all(path, JOURNAL_FILE_MAX, b, NULL), 0);
    b->data[at] ^= 4;
    assert_int_equal(pl_file_write_atomic(path, b->data, b->len, 0600, NULL), 0);
}

TEST(journal_stops_at_a_flipped_bit_and_keeps_what_is_before_it)
{
    struct desk d;
    char path[JOURNAL_PATH_MAX];
    struct pl_buf b;
    long whole;

    desk_init(&d);
    start(&d);
    type(&d, 0, "one");
    whole = size_of(journal_path(d.j));
    type(&d, 3, "two");
    (void)snprintf(path, sizeof path, "%s", journal_path(d.j));
    die(&d);
    flip(path, whole + 10, &b);
    pl_buf_release(&b);
    assert_false(start(&d));
    assert_string_equal(text_of(d.s), "one");
    desk_release(&d);
}

/* Behind the flipped bit there is more: nothing of it may be cut off. */
TEST(journal_keeps_a_file_that_is_damaged_in_the_middle)
{
    struct desk d;
    char path[JOURNAL_PATH_MAX];
    struct pl_buf b;
    struct pl_buf kept;
    long whole;

    desk_init(&d);
    start(&d);
    type(&d, 0, "one");
    whole = size_of(journal_path(d.j));
    type(&d, 3, "two");
    type(&d, 6, "three");
    (void)snprintf(path, sizeof path, "%s", journal_path(d.j));
    die(&d);
    for (int at = 0; at < 11; at++) { /* its length, its kind, its payload */
        char aside[JOURNAL_PATH_MAX];
        flip(path, whole + at, &b);
        assert_true(start(&d));
        assert_string_equal(text_of(d.s), "one");
        (void)snprintf(aside, sizeof aside, "%s", journal_damaged_path(d.j));
        die(&d);
        assert_int_equal(pl_file_read_all(aside, JOURNAL_FILE_MAX, &kept, NULL), 0);
        assert_int_equal(kept.len, b.len);
        assert_memory_equal(kept.data, b.data, b.len);
        assert_false(start(&d)); /* what could be read was written at once */
        assert_string_equal(text_of(d.s), "one");
        die(&d);
        b.data[whole + at] ^= 4;
        assert_int_equal(pl_file_write_atomic(path, b.data, b.len, 0600, NULL), 0);
        pl_buf_release(&b);
        pl_buf_release(&kept);
    }
    assert_false(start(&d));
    assert_string_equal(text_of(d.s), "onetwothree");
    desk_release(&d);
}

/* What flock answers in the tests below; 0: what the kernel says. */
static int lock_error;

int flock(int fd, int op)
{
    errno = lock_error;
    return lock_error != 0 ? -1 : (int)syscall(SYS_flock, fd, op);
}

TEST(journal_says_so_when_a_lock_cannot_be_had)
{
    struct desk d;
    struct pl_err e = {0};

    desk_init(&d);
    lock_error = EIO;
    assert_null(open_slot(&d, -1, &e));
    assert_int_equal(e.code, PL_E_IO);
    lock_error = EWOULDBLOCK;
    assert_null(open_slot(&d, -1, &e));
    assert_int_equal(e.code, PL_E_BUSY);
    lock_error = ENOLCK; /* this file system has no locks */
    d.j = open_slot(&d, -1, &e);
    assert_non_null(d.j);
    lock_error = 0;
    desk_release(&d);
}

TEST(journal_moves_a_file_it_cannot_use_to_rescue)
{
    struct desk d;
    char path[JOURNAL_PATH_MAX];
    char rescue[128];

    desk_init(&d);
    start(&d);
    type(&d, 0, "one");
    (void)snprintf(path, sizeof path, "%s", journal_path(d.j));
    die(&d);
    assert_int_equal(pl_file_write_atomic(path, "rubbish", 7, 0600, NULL), 0);
    assert_true(start(&d));
    assert_string_equal(text_of(d.s), "");
    (void)snprintf(rescue, sizeof rescue, "%s/rescue/server.example:7500/12-20260101T000000-1.log",
                   d.dir);
    assert_int_equal(size_of(rescue), 7);
    type(&d, 0, "new");
    die(&d);
    assert_false(start(&d));
    assert_string_equal(text_of(d.s), "new");
    desk_release(&d);
}

TEST(journal_keeps_a_file_it_cannot_use_when_there_is_no_rescue_folder)
{
    struct desk d;
    char path[JOURNAL_PATH_MAX];
    char beside[JOURNAL_PATH_MAX + 16];
    char rescue[128];

    desk_init(&d);
    start(&d);
    type(&d, 0, "one");
    (void)snprintf(path, sizeof path, "%s", journal_path(d.j));
    die(&d);
    (void)snprintf(rescue, sizeof rescue, "%s/rescue", d.dir);
    assert_int_equal(pl_file_write_atomic(rescue, "", 0, 0600, NULL), 0); /* a file in its place */
    assert_int_equal(pl_file_write_atomic(path, "rubbish", 7, 0600, NULL), 0);
    assert_true(start(&d));
    (void)snprintf(beside, sizeof beside, "%s.damaged-1", path);
    assert_string_equal(journal_damaged_path(d.j), beside);
    type(&d, 0, "new");
    die(&d);
    assert_int_equal(size_of(beside), 7);
    assert_false(start(&d));
    assert_string_equal(text_of(d.s), "new");
    desk_release(&d);
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        UNIT(journal_cuts_a_torn_tail_wherever_it_is_torn),
        UNIT(journal_stops_at_a_flipped_bit_and_keeps_what_is_before_it),
        UNIT(journal_keeps_a_file_that_is_damaged_in_the_middle),
        UNIT(journal_says_so_when_a_lock_cannot_be_had),
        UNIT(journal_moves_a_file_it_cannot_use_to_rescue),
        UNIT(journal_keeps_a_file_it_cannot_use_when_there_is_no_rescue_folder),
    };
    return RUN(tests);
}
