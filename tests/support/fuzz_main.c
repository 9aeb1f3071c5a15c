// SPDX-License-Identifier: Apache-2.0
/*
 * Replays files through a fuzz target without libFuzzer, so that the corpus is tested by every
 * compiler and sanitizer: each argument is a file or a folder of files. Without any file the
 * empty input alone is run. A crash names its file on the last line printed.
 */
#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "plimsoll/base/buf.h"
#include "plimsoll/base/file.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);
int LLVMFuzzerInitialize(int *argc, char ***argv) __attribute__((weak));

#define INPUT_MAX (4u * 1024u * 1024u)

/* Runs one file from memory of its exact size, so that a read beyond it is seen. */
static int run_file(const char *path)
{
    struct pl_buf b;
    struct pl_err e;
    int rc = pl_file_read_all(path, INPUT_MAX, &b, &e);
    if (rc == 0) {
        uint8_t *exact = malloc(b.len > 0 ? b.len : 1);
        if (exact != NULL && b.len > 0)
            memcpy(exact, b.data, b.len);
        (void)printf("%s\n", path);
        (void)fflush(stdout);
        if (exact != NULL)
            (void)LLVMFuzzerTestOneInput(exact, b.len);
        free(exact);
    } else {
        (void)fprintf(stderr, "%s\n", e.text);
    }
    pl_buf_release(&b);
    return rc;
}

static int run_folder(const char *path)
{
    struct dirent **names;
    int rc = 0;
    int n = scandir(path, &names, NULL, alphasort);
    for (int i = 0; i < n; i++) {
        char file[4096];
        if (names[i]->d_name[0] != '.') {
            if (pl_path_join(file, sizeof file, path, names[i]->d_name) < 0 || run_file(file) < 0)
                rc = -1;
        }
        free(names[i]);
    }
    if (n >= 0)
        free(names);
    return rc;
}

int main(int argc, char **argv)
{
    int failed = 0;
    if (LLVMFuzzerInitialize != NULL)
        (void)LLVMFuzzerInitialize(&argc, &argv);
    (void)LLVMFuzzerTestOneInput((const uint8_t *)"", 0);
    for (int i = 1; i < argc; i++) {
        struct stat st;
        if (stat(argv[i], &st) < 0)
            continue; /* a target without a corpus yet */
        if ((S_ISDIR(st.st_mode) ? run_folder(argv[i]) : run_file(argv[i])) < 0)
            failed = 1;
    }
    return failed;
}
