// SPDX-License-Identifier: Apache-2.0
/*
 * The file holds a line a dismissal: key in hex, client in hex, counter; client and counter 0 are
 * the whole review. It is replaced as a whole.
 */
#include "model/dismiss.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "plimsoll/base/file.h"
#include "plimsoll/base/mem.h"
#include "plimsoll/base/str.h"

#include "sync/rescue.h"

#define FILE_MAX  (1u << 20)
#define LINE_SIZE 48
#define LINES_MAX 10000

struct dismissal {
    uint64_t key;
    struct pl_eid eid;
};

struct dismissals {
    char *dir, *path;
    struct dismissal *items;
    size_t n;
};

static bool parse_hex(const char *s, size_t n, uint64_t *out)
{
    uint8_t b[8];

    if (n != 16 || pl_hex_decode(s, n, b, sizeof(b)) != 0)
        return false;
    *out = 0;
    for (size_t i = 0; i < sizeof(b); i++)
        *out = *out << 8 | b[i];
    return true;
}

/* "0123456789abcdef 0123456789abcdef 7" */
static bool parse_line(const char *s, size_t n, struct dismissal *out)
{
    uint64_t counter = 0;

    if (n < 35 || s[16] != ' ' || s[33] != ' ' || !parse_hex(s, 16, &out->key) ||
        !parse_hex(s + 17, 16, &out->eid.client) || pl_parse_u64n(s + 34, n - 34, &counter) != 0 ||
        counter > UINT32_MAX)
        return false;
    out->eid.n = (uint32_t)counter;
    return true;
}

static void put(struct dismissals *d, struct dismissal x)
{
    d->items = pl_xrealloc(d->items, d->n + 1, sizeof(*d->items));
    d->items[d->n++] = x;
}

int dismissals_load(struct dismissals **out, const char *state_dir, const char *host,
                    uint64_t review, struct pl_err *e)
{
    struct dismissals *d = pl_xcalloc(1, sizeof(*d));
    struct dismissal x;
    struct pl_buf b;
    char clean[256];
    int rc = 0;

    rescue_host_name(clean, sizeof(clean), host);
    d->dir = pl_xasprintf("%s/coach/%s", state_dir, clean);
    d->path = pl_xasprintf("%s/%" PRIu64 ".txt", d->dir, review);
    pl_buf_init(&b, FILE_MAX);
    if (pl_file_exists(d->path))
        rc = pl_file_read_all(d->path, FILE_MAX, &b, e);
    const char *at = (const char *)b.data;
    const char *end = b.len > 0 ? at + b.len : at;
    while (rc == 0 && at < end) {
        const char *stop = memchr(at, '\n', (size_t)(end - at));
        size_t n = stop ? (size_t)(stop - at) : (size_t)(end - at);
        if (d->n < LINES_MAX && parse_line(at, n, &x))
            put(d, x);
        at += n + 1;
    }
    pl_buf_release(&b);
    if (rc < 0)
        dismissals_free(d);
    else
        *out = d;
    return rc;
}

void dismissals_free(struct dismissals *d)
{
    if (!d)
        return;
    free(d->dir);
    free(d->path);
    free(d->items);
    free(d);
}

bool dismissals_has(const struct dismissals *d, uint64_t key, struct pl_eid eid)
{
    for (size_t i = 0; i < d->n; i++)
        if (d->items[i].key == key &&
            (pl_eid_is_root(d->items[i].eid) || pl_eid_eq(d->items[i].eid, eid)))
            return true;
    return false;
}

static int save(const struct dismissals *d, struct pl_err *e)
{
    struct pl_buf b;
    int rc = pl_mkdir_p(d->dir, 0700, e);

    pl_buf_init(&b, FILE_MAX);
    for (size_t i = 0; rc == 0 && i < d->n; i++)
        rc = pl_buf_printf(&b, "%016" PRIx64 " %016" PRIx64 " %u\n", d->items[i].key,
                           d->items[i].eid.client, d->items[i].eid.n);
    if (rc == 0)
        rc = pl_file_write_atomic(d->path, b.data ? (const void *)b.data : "", b.len, 0600, e);
    pl_buf_release(&b);
    return rc;
}

int dismissals_add(struct dismissals *d, uint64_t key, struct pl_eid eid, struct pl_err *e)
{
    if (dismissals_has(d, key, eid))
        return 0;
    if (d->n >= LINES_MAX)
        return pl_fail(e, PL_E_LIMIT, "%s holds as many dismissals as it may", d->path);
    put(d, (struct dismissal){key, eid});
    return save(d, e);
}

int dismissals_remove(struct dismissals *d, uint64_t key, struct pl_err *e)
{
    size_t kept = 0;

    for (size_t i = 0; i < d->n; i++)
        if (d->items[i].key != key)
            d->items[kept++] = d->items[i];
    int gone = (int)(d->n - kept);
    d->n = kept;
    int rc = gone > 0 ? save(d, e) : 0;
    return rc < 0 ? rc : gone;
}
