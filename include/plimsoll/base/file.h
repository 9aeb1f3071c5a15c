// SPDX-License-Identifier: Apache-2.0
/*
 * Whole files, carefully: bounded reads, and writes that leave either the old or the new content
 * on disk, whatever happens in between. Blocking; not for the server's loop.
 */
#ifndef PLIMSOLL_BASE_FILE_H
#define PLIMSOLL_BASE_FILE_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

#include "plimsoll/base/buf.h"
#include "plimsoll/base/err.h"

/* Reads all of `path` into `out`, which is initialised here with the limit `max` and released by
 * the caller (also after an error). Only files, pipes and
 * character devices. -PL_E_NOENT if there is no such
 * file, -PL_E_TOO_LARGE beyond `max`, else -PL_E_IO. The bytes are followed by a NUL that is not
 * counted, so that text can be used as a string. */
int pl_file_read_all(const char *path, size_t max, struct pl_buf *out, struct pl_err *e) PL_MUST;

/* The same from what is open already, of whatever kind, to its end; `name` stands in errors. The
 * descriptor stays open. */
int pl_fd_read_all(int fd, const char *name, size_t max, struct pl_buf *out,
                   struct pl_err *e) PL_MUST;

/* Writes a file in one step: a temporary file in the same folder (O_EXCL, O_NOFOLLOW, `mode`
 * exactly), fsync, rename over `path`, fsync of the folder. On error nothing is left behind and
 * the old file is untouched, unless it was the fsync of the folder that failed: then the new one is
 * there, but a power cut may undo that. A `path` that is a symbolic link is replaced, not followed.
 */
int pl_file_write_atomic(const char *path, const void *bytes, size_t n, mode_t mode,
                         struct pl_err *e) PL_MUST;

/* As pl_file_write_atomic, but fails with -PL_E_CONFLICT if `path` exists, without a race. Where
 * the file system has neither RENAME_NOREPLACE nor hard links, the name is taken by an empty file
 * first: others may see that, and a crash may leave it. */
int pl_file_write_new(const char *path, const void *bytes, size_t n, mode_t mode,
                      struct pl_err *e) PL_MUST;

/* The mode for what a person asked to be written: 0644, less what the umask takes away. */
mode_t pl_file_mode_plain(void);

/* rename(2), then fsync of the folder that the file is in now. */
int pl_file_move(const char *from, const char *to, struct pl_err *e) PL_MUST;

/* The same, but fails with -PL_E_CONFLICT if `to` exists, in the ways of pl_file_write_new; `from`
 * is then still there. */
int pl_file_move_new(const char *from, const char *to, struct pl_err *e) PL_MUST;

/* Makes a folder and its missing parents with `mode` (umask applies to the parents). An existing
 * folder is fine and keeps its mode. */
int pl_mkdir_p(const char *path, mode_t mode, struct pl_err *e) PL_MUST;

/* Writes all bytes to a descriptor, going on after EINTR and short writes. */
int pl_fd_write_all(int fd, const void *bytes, size_t n, struct pl_err *e) PL_MUST;

/* Does the path exist (whatever it is)? */
bool pl_file_exists(const char *path);

/* Joins folder and name with one '/'. Returns 0, or -PL_E_LIMIT if it does not fit. */
int pl_path_join(char *out, size_t size, const char *dir, const char *name) PL_MUST;

#endif
