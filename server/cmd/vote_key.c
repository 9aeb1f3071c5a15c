// SPDX-License-Identifier: Apache-2.0
/*
 * Keys of votes (vote_key.h). Two processes that make the key at the same time: one file wins, and
 * both read it.
 */
#include "cmd/vote_key.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "plimsoll/base/file.h"
#include "plimsoll/base/hash.h"
#include "plimsoll/base/mem.h"
#include "plimsoll/base/rng.h"

#define KEY_BYTES 32u
#define PATH_SIZE 1200u
#define FOLDER    "votes"

static int key_path(char out[PATH_SIZE], const char *dir, uint64_t review, uint32_t round)
{
    int n = snprintf(out, PATH_SIZE, "%s/" FOLDER "/%llu-%u.key", dir, (unsigned long long)review,
                     round);
    return n > 0 && (unsigned)n < PATH_SIZE ? 0 : -PL_E_IO;
}

static int key_read(const char *path, uint8_t key[KEY_BYTES], struct pl_err *e)
{
    struct pl_buf b;

    int rc = pl_file_read_all(path, KEY_BYTES, &b, e);
    if (rc == 0 && b.len != KEY_BYTES)
        rc = pl_fail(e, PL_E_IO, "%s: not a key", path);
    if (rc == 0) {
        memcpy(key, b.data, KEY_BYTES);
        pl_wipe(b.data, KEY_BYTES);
    }
    pl_buf_release(&b);
    return rc;
}

static int key_make(const char *dir, const char *path, struct pl_err *e)
{
    char folder[PATH_SIZE];
    uint8_t key[KEY_BYTES];
    int rc = pl_path_join(folder, sizeof folder, dir, FOLDER);

    if (rc != 0)
        return pl_fail(e, PL_E_IO, "the path of the data directory is too long");
    rc = pl_mkdir_p(folder, 0700, e);
    pl_random_bytes(key, sizeof key);
    if (rc == 0)
        rc = pl_file_write_new(path, key, sizeof key, 0600, e);
    pl_wipe(key, sizeof key);
    return rc == -PL_E_CONFLICT ? 0 : rc; /* another process was first */
}

static void hash_id(const uint8_t key[KEY_BYTES], const char *what, const uint8_t *p, size_t n,
                    uint8_t out[VOTE_ID_BYTES])
{
    struct pl_sha256 h;
    uint8_t sum[PL_SHA256_BYTES];

    pl_sha256_init(&h);
    pl_sha256_update(&h, key, KEY_BYTES);
    pl_sha256_update(&h, what, 4);
    pl_sha256_update(&h, p, n); /* of one length for each `what` */
    pl_sha256_final(&h, sum);
    memcpy(out, sum, VOTE_ID_BYTES);
}

int vote_id_make(const char *dir, uint64_t review, uint32_t round, uint64_t user, bool make,
                 struct vote_id *out, struct pl_err *e)
{
    char path[PATH_SIZE];
    uint8_t key[KEY_BYTES];
    uint8_t who[8];

    if (key_path(path, dir, review, round) != 0)
        return pl_fail(e, PL_E_IO, "the path of the data directory is too long");
    int rc = key_read(path, key, e);
    if (rc == -PL_E_NOENT && make) {
        rc = key_make(dir, path, e);
        if (rc == 0)
            rc = key_read(path, key, e);
    }
    if (rc != 0)
        return rc;
    for (unsigned i = 0; i < sizeof who; i++)
        who[i] = (uint8_t)(user >> (56 - 8 * i));
    hash_id(key, "PLV1", who, sizeof who, out->voter);
    hash_id(key, "PLVC", who, 0, out->check);
    pl_wipe(key, sizeof key);
    return 0;
}

void vote_key_forget(const char *dir, uint64_t review, uint32_t round)
{
    char path[PATH_SIZE];

    if (key_path(path, dir, review, round) == 0)
        (void)unlink(path);
}
