// SPDX-License-Identifier: Apache-2.0
/*
 * Files: limits, modes, replacing, refusing, and that nothing is left behind.
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "plimsoll/base/file.h"
#include "support/unit.h"

static char dir[64];

/* File systems that lack one way of taking a new name: these stand in front of libc's. 0: as it
 * is; else the error that they give. */
static int renameat2_gives, link_gives;

int renameat2(int from_dir, const char *from, int to_dir, const char *to, unsigned flags)
{
    if (renameat2_gives == 0)
        return (int)syscall(SYS_renameat2, from_dir, from, to_dir, to, flags);
    errno = renameat2_gives;
    return -1;
}

int link(const char *from, const char *to)
{
    if (link_gives == 0)
        return (int)syscall(SYS_linkat, AT_FDCWD, from, AT_FDCWD, to, 0);
    errno = link_gives;
    return -1;
}

static int set_up(void **state)
{
    (void)state;
    (void)snprintf(dir, sizeof dir, "/tmp/plimsoll-file-XXXXXX");
    return mkdtemp(dir) == NULL;
}

/* Removes the test's folder, two levels deep. */
static int tear_down(void **state)
{
    (void)state;
    for (int pass = 0; pass < 3; pass++) {
        DIR *d = opendir(dir);
        for (struct dirent *f = d ? readdir(d) : NULL; f != NULL; f = readdir(d)) {
            char path[400];
            (void)snprintf(path, sizeof path, "%s/%s", dir, f->d_name);
            (void)remove(path);
            (void)snprintf(path, sizeof path, "%s/%s/b", dir, f->d_name);
            (void)remove(path);
        }
        if (d != NULL)
            (void)closedir(d);
    }
    return rmdir(dir);
}

static const char *in_dir(const char *name)
{
    static char path[4][200];
    static unsigned turn;
    char *out = path[turn++ % 4];
    (void)snprintf(out, sizeof path[0], "%s/%s", dir, name);
    return out;
}

static size_t entries(void)
{
    size_t n = 0;
    DIR *d = opendir(dir);
    assert_non_null(d);
    while (readdir(d) != NULL)
        n++;
    (void)closedir(d);
    return n - 2;
}

static void assert_content(const char *path, const char *text)
{
    struct pl_buf b;
    assert_int_equal(pl_file_read_all(path, 1000, &b, NULL), 0);
    assert_int_equal(b.len, strlen(text));
    assert_string_equal((char *)b.data, text);
    pl_buf_release(&b);
}

TEST(file_reads_back_when_written)
{
    struct stat st;
    assert_int_equal(pl_file_write_atomic(in_dir("a"), "hello", 5, 0640, NULL), 0);
    assert_content(in_dir("a"), "hello");
    assert_int_equal(stat(in_dir("a"), &st), 0);
    assert_int_equal(st.st_mode & 07777, 0640);
    assert_int_equal(pl_file_write_atomic(in_dir("a"), "", 0, 0600, NULL), 0);
    assert_content(in_dir("a"), "");
    assert_int_equal(stat(in_dir("a"), &st), 0);
    assert_int_equal(st.st_mode & 07777, 0600);
    assert_int_equal(entries(), 1);
}

TEST(file_limits_when_read)
{
    struct pl_buf b;
    struct pl_err e;
    assert_int_equal(pl_file_write_atomic(in_dir("a"), "12345", 5, 0600, NULL), 0);
    assert_int_equal(pl_file_read_all(in_dir("a"), 5, &b, &e), 0);
    pl_buf_release(&b);
    assert_int_equal(pl_file_read_all(in_dir("a"), 4, &b, &e), -PL_E_TOO_LARGE);
    pl_buf_release(&b);
    assert_int_equal(pl_file_read_all(in_dir("a"), 6, &b, &e), 0);
    pl_buf_release(&b);
    assert_int_equal(pl_file_read_all(in_dir("none"), 6, &b, &e), -PL_E_NOENT);
    assert_non_null(strstr(e.text, "No such file"));
    pl_buf_release(&b);
    assert_int_equal(pl_file_read_all(dir, 6, &b, &e), -PL_E_IO);
    pl_buf_release(&b);
    assert_int_equal(pl_file_read_all("/proc/self/status", 100000, &b, &e), 0);
    assert_true(b.len > 100);
    pl_buf_release(&b);
    assert_int_equal(pl_file_read_all("/dev/null", 6, &b, &e), 0);
    assert_int_equal(b.len, 0);
    pl_buf_release(&b);
    assert_int_equal(pl_file_read_all("/dev/zero", 6, &b, &e), -PL_E_TOO_LARGE);
    pl_buf_release(&b);
}

TEST(file_reads_what_is_open)
{
    struct pl_buf b;
    struct pl_err e;
    int fd[2];
    assert_int_equal(pipe(fd), 0);
    assert_int_equal(write(fd[1], "words", 5), 5);
    (void)close(fd[1]);
    assert_int_equal(pl_fd_read_all(fd[0], "standard input", 100, &b, &e), 0);
    assert_string_equal((const char *)b.data, "words");
    pl_buf_release(&b);
    (void)close(fd[0]);
    assert_int_equal(pl_fd_read_all(-1, "standard input", 100, &b, &e), -PL_E_IO);
    assert_non_null(strstr(e.text, "standard input"));
    pl_buf_release(&b);
}

TEST(file_leaves_nothing_when_it_fails)
{
    struct pl_err e;
    assert_int_equal(mkdir(in_dir("d"), 0700), 0);
    assert_int_equal(pl_file_write_atomic(in_dir("d"), "x", 1, 0600, &e), -PL_E_IO);
    assert_int_equal(pl_file_write_atomic(in_dir("no/where"), "x", 1, 0600, &e), -PL_E_NOENT);
    assert_int_equal(entries(), 1);
}

TEST(file_is_not_replaced_when_new_is_asked)
{
    struct pl_err e;
    assert_int_equal(pl_file_write_new(in_dir("a"), "1", 1, 0600, &e), 0);
    assert_int_equal(pl_file_write_new(in_dir("a"), "2", 1, 0600, &e), -PL_E_CONFLICT);
    assert_content(in_dir("a"), "1");
    assert_int_equal(entries(), 1);
}

/* A new file comes, an old one stays, nothing else is left: written and moved. */
static void check_new(void)
{
    struct pl_err e;
    assert_int_equal(pl_file_write_new(in_dir("a"), "1", 1, 0600, &e), 0);
    assert_int_equal(pl_file_write_new(in_dir("a"), "2", 1, 0600, &e), -PL_E_CONFLICT);
    assert_content(in_dir("a"), "1");
    assert_int_equal(pl_file_move_new(in_dir("a"), in_dir("b"), &e), 0);
    assert_content(in_dir("b"), "1");
    assert_false(pl_file_exists(in_dir("a")));
    assert_int_equal(pl_file_write_new(in_dir("a"), "3", 1, 0600, &e), 0);
    assert_int_equal(pl_file_move_new(in_dir("a"), in_dir("b"), &e), -PL_E_CONFLICT);
    assert_content(in_dir("a"), "3");
    assert_content(in_dir("b"), "1");
    assert_int_equal(entries(), 2);
    assert_int_equal(unlink(in_dir("a")), 0);
    assert_int_equal(unlink(in_dir("b")), 0);
}

TEST(file_is_new_when_the_file_system_lacks_a_way)
{
    static const int lacks[] = {EINVAL, ENOSYS, EOPNOTSUPP};
    static const int no_links[] = {EPERM, EOPNOTSUPP, ENOSYS, EMLINK};
    link_gives = EPERM; /* it needs no hard links */
    check_new();
    for (size_t i = 0; i < sizeof lacks / sizeof lacks[0]; i++) {
        renameat2_gives = lacks[i];
        link_gives = 0;
        check_new();
        for (size_t k = 0; k < sizeof no_links / sizeof no_links[0]; k++) {
            link_gives = no_links[k];
            check_new();
        }
    }
    renameat2_gives = EROFS; /* what another way would not mend is told */
    assert_int_equal(pl_file_write_new(in_dir("a"), "1", 1, 0600, NULL), -PL_E_IO);
    assert_int_equal(entries(), 0);
    renameat2_gives = link_gives = 0;
}

TEST(file_replaces_a_link_when_the_target_is_one)
{
    struct stat st;
    assert_int_equal(pl_file_write_atomic(in_dir("real"), "real", 4, 0600, NULL), 0);
    assert_int_equal(symlink(in_dir("real"), in_dir("link")), 0);
    assert_int_equal(pl_file_write_atomic(in_dir("link"), "new", 3, 0600, NULL), 0);
    assert_int_equal(lstat(in_dir("link"), &st), 0);
    assert_true(S_ISREG(st.st_mode));
    assert_content(in_dir("real"), "real");
}

TEST(file_makes_folders_when_missing)
{
    struct stat st;
    struct pl_err e;
    assert_int_equal(pl_mkdir_p(in_dir("a/b"), 0710, &e), 0);
    assert_int_equal(stat(in_dir("a/b"), &st), 0);
    assert_int_equal(st.st_mode & 07777, 0710);
    assert_int_equal(pl_mkdir_p(in_dir("a//b/"), 0700, &e), 0);
    assert_int_equal(pl_mkdir_p("/", 0700, &e), 0);
    assert_true(pl_mkdir_p("", 0700, &e) < 0);
    assert_int_equal(pl_file_write_atomic(in_dir("f"), "x", 1, 0600, NULL), 0);
    assert_true(pl_mkdir_p(in_dir("f"), 0700, &e) < 0);
    assert_true(pl_mkdir_p(in_dir("f/g"), 0700, &e) < 0);
    assert_true(pl_file_exists(in_dir("f")));
    assert_false(pl_file_exists(in_dir("f2")));
}

TEST(file_paths_join_when_they_fit)
{
    char out[6];
    assert_int_equal(pl_path_join(out, sizeof out, "ab", "cd"), 0);
    assert_string_equal(out, "ab/cd");
    assert_int_equal(pl_path_join(out, sizeof out, "ab/", "cd"), 0);
    assert_string_equal(out, "ab/cd");
    assert_int_equal(pl_path_join(out, sizeof out, "", "cd"), 0);
    assert_string_equal(out, "cd");
    assert_int_equal(pl_path_join(out, sizeof out, "abc", "cd"), -PL_E_LIMIT);
}

#define FILE_UNIT(f) cmocka_unit_test_setup_teardown(f, set_up, tear_down)

int main(void)
{
    static const struct CMUnitTest tests[] = {
        FILE_UNIT(file_reads_back_when_written),
        FILE_UNIT(file_limits_when_read),
        FILE_UNIT(file_reads_what_is_open),
        FILE_UNIT(file_leaves_nothing_when_it_fails),
        FILE_UNIT(file_is_not_replaced_when_new_is_asked),
        FILE_UNIT(file_is_new_when_the_file_system_lacks_a_way),
        FILE_UNIT(file_replaces_a_link_when_the_target_is_one),
        FILE_UNIT(file_makes_folders_when_missing),
        UNIT(file_paths_join_when_they_fit),
    };
    return RUN(tests);
}
