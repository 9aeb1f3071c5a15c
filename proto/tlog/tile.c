// SPDX-License-Identifier: Apache-2.0
/*
 * Tiles (tlog/tile.h).
 */
#include "plimsoll/tlog/tile.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "plimsoll/base/str.h"

void pl_tile_path(const struct pl_tile *t, char out[PL_TILE_PATH_SIZE])
{
    char part[7][8];
    size_t parts = 0;
    uint64_t n = t->index;
    do {
        PL_ASSERT(parts < sizeof(part) / sizeof(part[0]));
        (void)snprintf(part[parts], sizeof(part[parts]), "%s%03u", parts == 0 ? "" : "x",
                       (unsigned)(n % 1000));
        parts++;
        n /= 1000;
    } while (n > 0);
    size_t at = (size_t)(t->level == PL_TILE_ENTRIES
                             ? snprintf(out, PL_TILE_PATH_SIZE, "tile/entries")
                             : snprintf(out, PL_TILE_PATH_SIZE, "tile/%d", t->level));
    while (parts-- > 0) {
        at += (size_t)snprintf(out + at, PL_TILE_PATH_SIZE - at, "/%s", part[parts]);
    }
    if (t->width < PL_TILE_WIDTH) {
        (void)snprintf(out + at, PL_TILE_PATH_SIZE - at, ".p/%u", t->width);
    }
}

/* Reads what it can; whether the form is the one form, the caller finds by writing it again. */
static bool parse_loosely(const char *s, struct pl_tile *out)
{
    uint64_t n = 0;
    uint64_t part;
    out->width = PL_TILE_WIDTH;
    if (strncmp(s, "tile/", 5) != 0) {
        return false;
    }
    s += 5;
    size_t len = strcspn(s, "/");
    if (len == 7 && strncmp(s, "entries", 7) == 0) {
        out->level = PL_TILE_ENTRIES;
    } else if (pl_parse_u64n(s, len, &n) == 0 && n <= PL_TILE_LEVEL_MAX) {
        out->level = (int)n;
    } else {
        return false;
    }
    n = 0;
    for (s += len; *s == '/'; s += len) {
        s += s[1] == 'x' ? 2 : 1;
        len = strcspn(s, "/.");
        if (len != 3 || pl_parse_u64n(s, 3, &part) != 0 || n > UINT64_MAX / 1000 - 1) {
            return false;
        }
        n = n * 1000 + part;
    }
    out->index = n;
    if (strncmp(s, ".p/", 3) == 0) {
        if (pl_parse_u64(s + 3, &part) != 0 || part == 0 || part >= PL_TILE_WIDTH) {
            return false;
        }
        out->width = (unsigned)part;
        return true;
    }
    return *s == '\0';
}

int pl_tile_parse(const char *path, struct pl_tile *out, struct pl_err *e)
{
    char again[PL_TILE_PATH_SIZE];
    memset(out, 0, sizeof(*out));
    if (strlen(path) < PL_TILE_PATH_SIZE && parse_loosely(path, out) &&
        out->index <= PL_TREE_MAX / PL_TILE_WIDTH) {
        pl_tile_path(out, again);
        if (strcmp(again, path) == 0) {
            return 0;
        }
    }
    return pl_fail(e, PL_E_INVALID, "not the path of a tile: %.80s", path);
}

uint64_t pl_tile_count(uint64_t size, int level, unsigned *last_width)
{
    unsigned shift = level == PL_TILE_ENTRIES ? 0 : (unsigned)level * PL_TILE_HEIGHT;
    uint64_t hashes = shift < 64 ? size >> shift : 0;
    unsigned rest = (unsigned)(hashes % PL_TILE_WIDTH);
    *last_width = hashes == 0 ? 0 : rest == 0 ? PL_TILE_WIDTH : rest;
    return hashes / PL_TILE_WIDTH + (rest != 0 ? 1 : 0);
}

struct pl_tile_part pl_tile_of_node(unsigned level, uint64_t index)
{
    unsigned up = level % PL_TILE_HEIGHT;
    uint64_t first = index << up;
    return (struct pl_tile_part){
        .level = (int)(level / PL_TILE_HEIGHT),
        .index = first / PL_TILE_WIDTH,
        .offset = (unsigned)(first % PL_TILE_WIDTH),
        .count = 1u << up,
    };
}

struct pl_hash pl_tile_fold(const struct pl_hash *h, unsigned count)
{
    struct pl_hash row[PL_TILE_WIDTH];
    PL_ASSERT(count > 0 && count <= PL_TILE_WIDTH && (count & (count - 1)) == 0);
    memcpy(row, h, count * sizeof(row[0]));
    for (; count > 1; count /= 2) {
        for (unsigned i = 0; i < count / 2; i++) {
            row[i] = pl_tree_node(&row[2 * i], &row[2 * i + 1]);
        }
    }
    return row[0];
}

int pl_bundle_add(struct pl_buf *bundle, const void *leaf, size_t n, struct pl_err *e)
{
    const uint8_t len[2] = {(uint8_t)(n >> 8), (uint8_t)n};
    if (n > UINT16_MAX || pl_buf_add(bundle, len, sizeof(len)) != 0 ||
        pl_buf_add(bundle, leaf, n) != 0) {
        return pl_fail(e, PL_E_LIMIT, "a leaf of %zu bytes does not fit into its bundle", n);
    }
    return 0;
}

int pl_bundle_next(const uint8_t *bytes, size_t n, size_t *at, const uint8_t **leaf, size_t *len,
                   struct pl_err *e)
{
    if (*at == n) {
        return 0;
    }
    if (n - *at >= 2) {
        *len = (size_t)bytes[*at] << 8 | bytes[*at + 1];
        if (n - *at - 2 >= *len) {
            *leaf = bytes + *at + 2;
            *at += 2 + *len;
            return 1;
        }
    }
    return pl_fail(e, PL_E_INVALID, "the bundle of entries is cut off at byte %zu", *at);
}
