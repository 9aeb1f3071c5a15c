// SPDX-License-Identifier: Apache-2.0
/*
 * Zone files (base/zone.h). A file has two blocks, the first with times of 32 bits for old readers,
 * which is passed over; the second lists moments, the offset that holds from each on, and a rule
 * line that is not read.
 */
#include "plimsoll/base/zone.h"

#include <stdlib.h>
#include <string.h>

#include "plimsoll/base/buf.h"
#include "plimsoll/base/file.h"
#include "plimsoll/base/mem.h"
#include "plimsoll/base/str.h"

#define ZONES     "/usr/share/zoneinfo"
#define HEAD      44u
#define TYPES_MAX 256u
#define OFFSET_S  93600 /* RFC 8536 3.2: less than 26 hours either way */
/* The files' "from the beginning" is -2^59; differences of such times do not overflow. */
#define TIME_S_MAX (INT64_C(1) << 60)
#define SECOND_US  INT64_C(1000000)

struct change {
    int64_t at_s;
    int32_t from_s; /* offsets east of UTC before and after */
    int32_t to_s;
};

struct pl_zone {
    size_t n;
    struct change v[];
};

struct counts {
    uint32_t isut, isstd, leap, time, type, chars;
};

static uint32_t u32(const uint8_t *p)
{
    return (uint32_t)p[0] << 24 | (uint32_t)p[1] << 16 | (uint32_t)p[2] << 8 | p[3];
}

/* The counts of a block, and how many bytes follow its head when a time has `width` bytes; 0: not a
 * block. */
static uint64_t read_head(const uint8_t *p, size_t n, unsigned width, struct counts *c)
{
    if (n < HEAD || memcmp(p, "TZif", 4) != 0 || p[4] < '2') {
        return 0;
    }
    c->isut = u32(p + 20);
    c->isstd = u32(p + 24);
    c->leap = u32(p + 28);
    c->time = u32(p + 32);
    c->type = u32(p + 36);
    c->chars = u32(p + 40);
    return (uint64_t)c->time * (width + 1) + (uint64_t)c->type * 6 + c->chars +
           (uint64_t)c->leap * (width + 4) + c->isstd + c->isut;
}

static int bad(struct pl_err *e)
{
    return pl_fail(e, PL_E_INVALID, "not a file of time zone rules");
}

/* Fills the changes from the second block. */
static int read_changes(struct pl_zone *z, const uint8_t *p, const struct counts *c,
                        struct pl_err *e)
{
    const uint8_t *which = p + (size_t)c->time * 8;
    const uint8_t *types = which + c->time;
    int32_t offset[TYPES_MAX];
    for (uint32_t i = 0; i < c->type; i++) {
        offset[i] = (int32_t)u32(types + (size_t)i * 6);
        if (offset[i] <= -OFFSET_S || offset[i] >= OFFSET_S) {
            return bad(e);
        }
    }
    int32_t before = offset[0];
    for (uint32_t i = 0; i < c->time; i++) {
        int64_t at = (int64_t)((uint64_t)u32(p + (size_t)i * 8) << 32 | u32(p + (size_t)i * 8 + 4));
        if (which[i] >= c->type || at < -TIME_S_MAX || at > TIME_S_MAX ||
            (i > 0 && at <= z->v[i - 1].at_s)) {
            return bad(e);
        }
        z->v[i] = (struct change){at, before, offset[which[i]]};
        before = offset[which[i]];
    }
    z->n = c->time;
    return 0;
}

struct pl_zone *pl_zone_parse(const void *bytes, size_t n, struct pl_err *e)
{
    const uint8_t *p = bytes;
    struct counts c;
    uint64_t skip = read_head(p, n, 4, &c);
    if (skip == 0 || skip > n - HEAD) {
        (void)bad(e);
        return NULL;
    }
    p += HEAD + skip;
    n -= HEAD + (size_t)skip;
    uint64_t size = read_head(p, n, 8, &c);
    if (size == 0 || size > n - HEAD || c.type == 0 || c.type > TYPES_MAX ||
        c.time > PL_ZONE_TIMES_MAX) {
        (void)bad(e);
        return NULL;
    }
    struct pl_zone *z = pl_xcalloc(1, sizeof(*z) + c.time * sizeof(z->v[0]));
    if (read_changes(z, p + HEAD, &c, e) != 0) {
        free(z);
        z = NULL;
    }
    return z;
}

/* Letters, digits and a few signs, and no way out of the folder. */
bool pl_zone_is_name(const char *name)
{
    static const char ok[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_+-/";
    size_t n = strlen(name);
    char first = pl_ascii_lower(name[0]);
    return n > 0 && n <= PL_ZONE_NAME_MAX && strspn(name, ok) == n && first >= 'a' &&
           first <= 'z' && name[n - 1] != '/' && strstr(name, "//") == NULL;
}

struct pl_zone *pl_zone_open(const char *name, struct pl_err *e)
{
    char path[512];
    struct pl_buf b;
    struct pl_zone *z = NULL;
    const char *dir = getenv("TZDIR");
    if (!pl_zone_is_name(name) ||
        pl_path_join(path, sizeof(path), dir != NULL && dir[0] != '\0' ? dir : ZONES, name) != 0) {
        (void)pl_fail(e, PL_E_INVALID, "'%.64s' is not the name of a time zone", name);
        return NULL;
    }
    if (pl_file_read_all(path, PL_ZONE_BYTES_MAX, &b, NULL) != 0) {
        (void)pl_fail(e, PL_E_NOENT, "the time zone '%.64s' is not known here", name);
    } else {
        z = pl_zone_parse(b.data, b.len, e);
    }
    pl_buf_release(&b);
    return z;
}

void pl_zone_free(struct pl_zone *z)
{
    free(z);
}

enum pl_zone_hour pl_zone_hour(const struct pl_zone *z, int64_t us)
{
    int64_t s = us / SECOND_US - (us % SECOND_US < 0 ? 1 : 0);
    size_t lo = 0;
    size_t hi = z->n;
    /* The last change at or before s is lo - 1, the next one lo. */
    while (lo < hi) {
        size_t mid = lo + (hi - lo) / 2;
        if (z->v[mid].at_s <= s) {
            lo = mid + 1;
        } else {
            hi = mid;
        }
    }
    if (lo > 0) {
        const struct change *last = &z->v[lo - 1];
        int64_t since = s - last->at_s;
        if (since < (int64_t)last->to_s - last->from_s) {
            return PL_ZONE_SKIPPED;
        }
        if (since < (int64_t)last->from_s - last->to_s) {
            return PL_ZONE_REPEATED;
        }
    }
    if (lo < z->n && z->v[lo].at_s - s <= (int64_t)z->v[lo].from_s - z->v[lo].to_s) {
        return PL_ZONE_REPEATED;
    }
    return PL_ZONE_PLAIN;
}
