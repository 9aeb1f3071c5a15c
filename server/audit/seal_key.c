// SPDX-License-Identifier: Apache-2.0
/*
 * See seal_key.h. All files are small and written in one step; blocking, which for the sealer is
 * part of its promise: nothing goes on before the bytes are on disk.
 */
#include "audit/seal_key.h"

#include <stdio.h>
#include <string.h>

#include "plimsoll/base/buf.h"
#include "plimsoll/base/file.h"
#include "plimsoll/base/hash.h"
#include "plimsoll/base/rng.h"
#include "plimsoll/base/str.h"

#define FILE_MAX 256u

static int path_of(const char *log_dir, const char *name, char out[SEAL_PATH_SIZE],
                   struct pl_err *e)
{
    if (pl_path_join(out, SEAL_PATH_SIZE, log_dir, name) != 0) {
        return pl_fail(e, PL_E_LIMIT, "the path of %s is too long", log_dir);
    }
    return 0;
}

static int make_key(const char *path, struct pl_err *e)
{
    uint8_t seed[SEAL_SEED];
    char text[2 * SEAL_SEED + 2];
    pl_random_bytes(seed, sizeof(seed));
    pl_hex_encode(seed, sizeof(seed), text);
    text[sizeof(text) - 2] = '\n';
    int rc = pl_file_write_new(path, text, sizeof(text) - 1, 0600, e);
    pl_wipe(seed, sizeof(seed));
    pl_wipe(text, sizeof(text));
    return rc;
}

int seal_key_make(const char *dir, struct pl_err *e)
{
    char log_dir[SEAL_PATH_SIZE];
    char path[SEAL_PATH_SIZE];
    int rc = path_of(dir, SEAL_DIR, log_dir, e);
    if (rc != 0 || (rc = pl_mkdir_p(log_dir, 0700, e)) != 0 ||
        (rc = path_of(log_dir, SEAL_KEY_FILE, path, e)) != 0) {
        return rc;
    }
    if (!pl_file_exists(path) && (rc = make_key(path, e)) != 0) {
        return rc;
    }
    if ((rc = path_of(log_dir, SEAL_EPOCH_FILE, path, e)) != 0) {
        return rc;
    }
    return pl_file_exists(path) ? 0 : seal_epoch_write(log_dir, 1, e);
}

int seal_key_read(const char *log_dir, uint8_t seed[SEAL_SEED], struct pl_err *e)
{
    char path[SEAL_PATH_SIZE];
    struct pl_buf text;
    int rc = path_of(log_dir, SEAL_KEY_FILE, path, e);
    if (rc != 0) {
        return rc;
    }
    rc = pl_file_read_all(path, FILE_MAX, &text, e);
    if (rc == 0) {
        const char *hex = (const char *)text.data;
        size_t len = text.len > 0 && hex[text.len - 1] == '\n' ? text.len - 1 : text.len;
        if (len != (size_t)2 * SEAL_SEED || pl_hex_decode(hex, len, seed, SEAL_SEED) != 0) {
            rc = pl_fail(e, PL_E_INVALID, "%s does not hold a key", path);
        }
    }
    if (text.data != NULL) {
        pl_wipe(text.data, text.len);
    }
    pl_buf_release(&text);
    return rc;
}

int seal_epoch_read(const char *log_dir, uint32_t *epoch, struct pl_err *e)
{
    char path[SEAL_PATH_SIZE];
    struct pl_buf text;
    uint64_t v = 0;
    int rc = path_of(log_dir, SEAL_EPOCH_FILE, path, e);
    if (rc != 0) {
        return rc;
    }
    rc = pl_file_read_all(path, FILE_MAX, &text, e);
    if (rc == 0) {
        size_t len = text.len > 0 && text.data[text.len - 1] == '\n' ? text.len - 1 : text.len;
        if (len == 0 || pl_parse_u64n((const char *)text.data, len, &v) != 0 || v == 0 ||
            v > 100000) {
            rc = pl_fail(e, PL_E_INVALID, "%s does not hold the number of an epoch", path);
        }
    }
    pl_buf_release(&text);
    *epoch = (uint32_t)v;
    return rc;
}

int seal_epoch_write(const char *log_dir, uint32_t epoch, struct pl_err *e)
{
    char path[SEAL_PATH_SIZE];
    char text[16];
    int rc = path_of(log_dir, SEAL_EPOCH_FILE, path, e);
    if (rc != 0) {
        return rc;
    }
    int n = snprintf(text, sizeof(text), "%u\n", epoch);
    return pl_file_write_atomic(path, text, (size_t)n, 0600, e);
}

void seal_deployment(const uint8_t root_pin[32], char out[SEAL_ORIGIN_SIZE])
{
    char hex[33];
    pl_hex_encode(root_pin, 16, hex);
    (void)snprintf(out, SEAL_ORIGIN_SIZE, "plimsoll.internal/%s", hex);
}

void seal_origin(const char *deployment, uint32_t epoch, char out[SEAL_ORIGIN_SIZE])
{
    (void)snprintf(out, SEAL_ORIGIN_SIZE, "%.80s/e%u", deployment, epoch);
}
