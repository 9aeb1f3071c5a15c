// SPDX-License-Identifier: Apache-2.0
/*
 * Tiles: the paths that the specification prints, and a whole tree read back from its tiles alone.
 */
#include <string.h>

#include "plimsoll/tlog/tile.h"

#include "support/unit.h"

#define LEAVES 70001
#define LEVELS 3

TEST(tile_has_the_path_of_the_specification)
{
    static const struct {
        struct pl_tile t;
        const char *path;
    } known[] = {
        {{0, 0, 256}, "tile/0/000"},
        {{0, 1234067, 256}, "tile/0/x001/x234/067"},
        {{0, 273, 112}, "tile/0/273.p/112"},
        {{1, 1, 17}, "tile/1/001.p/17"},
        {{2, 0, 1}, "tile/2/000.p/1"},
        {{PL_TILE_ENTRIES, 1000, 256}, "tile/entries/x001/000"},
        {{7, PL_TREE_MAX / 256, 255}, "tile/7/x018/x014/x398/x509/x481/984.p/255"},
    };
    for (size_t i = 0; i < sizeof(known) / sizeof(known[0]); i++) {
        char path[PL_TILE_PATH_SIZE];
        struct pl_tile t;
        pl_tile_path(&known[i].t, path);
        assert_string_equal(path, known[i].path);
        assert_int_equal(pl_tile_parse(path, &t, NULL), 0);
        assert_int_equal(t.level, known[i].t.level);
        assert_int_equal(t.index, known[i].t.index);
        assert_int_equal(t.width, known[i].t.width);
    }
}

TEST(tile_path_has_one_form)
{
    static const char *const bad[] = {
        "",
        "tile",
        "tile/",
        "tile/0",
        "tile/0/",
        "tile/8/000",
        "tile/00/000",
        "tile/0/00",
        "tile/0/0000",
        "tile/0/x000/000",
        "tile/0/000/000",
        "tile/0/x001",
        "tile/0/000.p/0",
        "tile/0/000.p/256",
        "tile/0/000.p/01",
        "tile/0/000.p/",
        "tile/0/000.p/1/",
        "tile/0/000/../000",
        "tile/entries",
        "/tile/0/000",
        "tile/0/x999/x999/x999/x999/x999/x999/x999/999",
    };
    struct pl_tile t;
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        assert_int_equal(pl_tile_parse(bad[i], &t, NULL), -PL_E_INVALID);
    }
}

TEST(tile_count_is_that_of_the_specification)
{
    unsigned width;
    assert_int_equal(pl_tile_count(70000, 0, &width), 274);
    assert_int_equal(width, 112);
    assert_int_equal(pl_tile_count(70000, 1, &width), 2);
    assert_int_equal(width, 17);
    assert_int_equal(pl_tile_count(70000, 2, &width), 1);
    assert_int_equal(width, 1);
    assert_int_equal(pl_tile_count(70000, 3, &width), 0);
    assert_int_equal(width, 0);
    assert_int_equal(pl_tile_count(512, PL_TILE_ENTRIES, &width), 2);
    assert_int_equal(width, 256);
}

/* Level 0 of each tile row: all that is stored. */
static struct pl_hash stored[LEVELS][LEAVES];
static size_t stored_n[LEVELS];

static void keep(void *ctx, unsigned level, uint64_t index, const struct pl_hash *h)
{
    (void)ctx;
    if (level % PL_TILE_HEIGHT == 0) {
        assert_int_equal(index, stored_n[level / PL_TILE_HEIGHT]);
        stored[level / PL_TILE_HEIGHT][index] = *h;
        stored_n[level / PL_TILE_HEIGHT]++;
    }
}

static bool give(void *ctx, unsigned level, uint64_t index, struct pl_hash *out)
{
    (void)ctx;
    struct pl_tile_part p = pl_tile_of_node(level, index);
    size_t first = (size_t)p.index * PL_TILE_WIDTH + p.offset;
    if (p.level >= LEVELS || first + p.count > stored_n[p.level]) {
        return false;
    }
    *out = pl_tile_fold(&stored[p.level][first], p.count);
    return true;
}

TEST(tile_gives_every_node_of_a_tree)
{
    static struct pl_tree t;
    struct pl_hash at_half = {{0}};
    struct pl_hash read;
    struct pl_proof p;
    memset(stored_n, 0, sizeof(stored_n));
    memset(&t, 0, sizeof(t));
    for (uint32_t i = 0; i < LEAVES; i++) {
        struct pl_hash leaf = pl_tree_leaf(&i, sizeof(i));
        pl_tree_add(&t, &leaf, keep, NULL);
        if (i + 1 == LEAVES / 2) {
            at_half = pl_tree_root(&t);
        }
    }
    struct pl_hash root = pl_tree_root(&t);
    assert_int_equal(pl_tree_root_of(LEAVES, give, NULL, &read, NULL), 0);
    assert_true(pl_hash_equal(&root, &read));
    for (uint64_t i = 0; i < LEAVES; i += 997) {
        assert_int_equal(pl_tree_prove_leaf(LEAVES, i, give, NULL, &p, NULL), 0);
        assert_int_equal(pl_tree_check_leaf(LEAVES, i, &stored[0][i], &p, &root, NULL), 0);
    }
    assert_int_equal(pl_tree_prove_growth(LEAVES / 2, LEAVES, give, NULL, &p, NULL), 0);
    assert_int_equal(pl_tree_check_growth(LEAVES / 2, LEAVES, &at_half, &root, &p, NULL), 0);
}

TEST(bundle_gives_its_leaves_back)
{
    struct pl_buf b;
    const uint8_t *leaf = NULL;
    size_t n = 0;
    size_t at = 0;
    pl_buf_init(&b, 64);
    assert_int_equal(pl_bundle_add(&b, "one", 3, NULL), 0);
    assert_int_equal(pl_bundle_add(&b, "", 0, NULL), 0);
    assert_int_equal(pl_bundle_add(&b, "three", 5, NULL), 0);
    assert_int_equal(pl_bundle_next(b.data, b.len, &at, &leaf, &n, NULL), 1);
    assert_memory_equal(leaf, "one", 3);
    assert_int_equal(pl_bundle_next(b.data, b.len, &at, &leaf, &n, NULL), 1);
    assert_int_equal(n, 0);
    assert_int_equal(pl_bundle_next(b.data, b.len, &at, &leaf, &n, NULL), 1);
    assert_int_equal(n, 5);
    assert_int_equal(pl_bundle_next(b.data, b.len, &at, &leaf, &n, NULL), 0);
    at = 7;
    assert_int_equal(pl_bundle_next(b.data, b.len - 1, &at, &leaf, &n, NULL), -PL_E_INVALID);
    static const uint8_t big[UINT16_MAX + 1];
    assert_int_equal(pl_bundle_add(&b, big, sizeof(big), NULL), -PL_E_LIMIT);
    pl_buf_release(&b);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        UNIT(tile_has_the_path_of_the_specification),
        UNIT(tile_path_has_one_form),
        UNIT(tile_count_is_that_of_the_specification),
        UNIT(tile_gives_every_node_of_a_tree),
        UNIT(bundle_gives_its_leaves_back),
    };
    return RUN(tests);
}
