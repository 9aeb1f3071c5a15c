// SPDX-License-Identifier: Apache-2.0
/*
 * The hash tree against the public vectors (tests/data/merkle), against the recursive definition
 * of RFC 9162, and against itself: every proof it makes holds, and none holds with a bit turned.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <jansson.h>
#include <sodium.h>

#include "plimsoll/base/str.h"
#include "plimsoll/tlog/tree.h"

#include "support/unit.h"

#define LEAVES 70

/* Text that is too short stands for some other hash, none at all each for one of its own. */
static struct pl_hash hash_of(const json_t *text)
{
    static uint32_t others;
    struct pl_hash h = {{0}};
    uint8_t bin[64] = {0};
    size_t n = 0;
    const char *s = json_is_string(text) ? json_string_value(text) : "";
    assert_int_equal(sodium_base642bin(bin, sizeof(bin), s, strlen(s), NULL, &n, NULL,
                                       sodium_base64_VARIANT_ORIGINAL),
                     0);
    if (n > 0) {
        memcpy(h.b, bin, n < sizeof(h.b) ? n : sizeof(h.b));
    } else {
        others++;
        memcpy(h.b, &others, sizeof(others));
    }
    return h;
}

static uint64_t number(const json_t *o, const char *key)
{
    const json_t *v = json_object_get(o, key);
    uint64_t n = (uint64_t)json_integer_value(v);
    if (json_is_string(v)) {
        assert_int_equal(pl_parse_u64(json_string_value(v), &n), 0);
    }
    return n;
}

static int check_vector(const json_t *v)
{
    struct pl_proof p = {0};
    const json_t *list = json_object_get(v, "proof");
    size_t i;
    const json_t *one;
    json_array_foreach(list, i, one)
    {
        assert_true(p.n < PL_PROOF_MAX);
        p.h[p.n++] = hash_of(one);
    }
    if (json_object_get(v, "size1") != NULL) {
        struct pl_hash a = hash_of(json_object_get(v, "root1"));
        struct pl_hash b = hash_of(json_object_get(v, "root2"));
        return pl_tree_check_growth(number(v, "size1"), number(v, "size2"), &a, &b, &p, NULL);
    }
    struct pl_hash leaf = hash_of(json_object_get(v, "leafHash"));
    struct pl_hash root = hash_of(json_object_get(v, "root"));
    return pl_tree_check_leaf(number(v, "treeSize"), number(v, "leafIdx"), &leaf, &p, &root, NULL);
}

TEST(tree_agrees_with_public_vectors)
{
    char path[512];
    char line[4096];
    size_t count = 0;
    (void)snprintf(path, sizeof(path), "%s/tests/data/merkle/vectors.jsonl", PL_SOURCE_DIR);
    FILE *f = fopen(path, "r");
    assert_non_null(f);
    while (fgets(line, sizeof(line), f) != NULL) {
        json_t *v = json_loads(line, 0, NULL);
        assert_non_null(v);
        bool refused = check_vector(v) != 0;
        if (refused != (bool)json_boolean_value(json_object_get(v, "wantErr"))) {
            fail_msg("%s: %s", json_string_value(json_object_get(v, "name")),
                     refused ? "refused" : "accepted");
        }
        json_decref(v);
        count++;
    }
    (void)fclose(f);
    assert_int_equal(count, 196);
}

/* ---- against the definition --------------------------------------------------------------------
 */

struct nodes {
    struct pl_hash h[8][LEAVES];
    size_t n[8];
};

static void keep(void *ctx, unsigned level, uint64_t index, const struct pl_hash *h)
{
    struct nodes *all = ctx;
    assert_int_equal(index, all->n[level]);
    all->h[level][all->n[level]++] = *h;
}

static bool give(void *ctx, unsigned level, uint64_t index, struct pl_hash *out)
{
    const struct nodes *all = ctx;
    if (level >= 8 || index >= all->n[level]) {
        return false;
    }
    *out = all->h[level][index];
    return true;
}

/* MTH of RFC 9162 2.1.1, level by level: pairs are joined, an odd one goes up as it is. */
static struct pl_hash plain_root(const struct nodes *all, size_t n)
{
    struct pl_hash row[LEAVES];
    memcpy(row, all->h[0], n * sizeof(row[0]));
    for (; n > 1; n = (n + 1) / 2) {
        for (size_t i = 0; i < n / 2; i++) {
            row[i] = pl_tree_node(&row[2 * i], &row[2 * i + 1]);
        }
        if (n % 2 != 0) {
            row[n / 2] = row[n - 1];
        }
    }
    return n == 0 ? pl_tree_empty() : row[0];
}

static void fill(struct pl_tree *t, struct nodes *all, struct pl_hash root[LEAVES + 1])
{
    memset(t, 0, sizeof(*t));
    memset(all, 0, sizeof(*all));
    root[0] = pl_tree_root(t);
    for (size_t i = 0; i < LEAVES; i++) {
        char text[16];
        int n = snprintf(text, sizeof(text), "leaf %zu", i);
        struct pl_hash leaf = pl_tree_leaf(text, (size_t)n);
        pl_tree_add(t, &leaf, keep, all);
        root[i + 1] = pl_tree_root(t);
    }
}

TEST(tree_has_the_root_of_the_definition)
{
    static struct nodes all;
    struct pl_tree t;
    struct pl_hash root[LEAVES + 1];
    fill(&t, &all, root);
    for (size_t n = 0; n <= LEAVES; n++) {
        struct pl_hash plain = plain_root(&all, n);
        struct pl_hash read;
        assert_int_equal(pl_tree_root_of(n, give, &all, &read, NULL), 0);
        assert_true(pl_hash_equal(&plain, &root[n]));
        assert_true(pl_hash_equal(&plain, &read));
    }
}

TEST(tree_proves_each_leaf_and_nothing_else)
{
    static struct nodes all;
    struct pl_tree t;
    struct pl_hash root[LEAVES + 1];
    struct pl_proof p;
    fill(&t, &all, root);
    for (uint64_t n = 1; n <= LEAVES; n++) {
        for (uint64_t i = 0; i < n; i++) {
            assert_int_equal(pl_tree_prove_leaf(n, i, give, &all, &p, NULL), 0);
            assert_int_equal(pl_tree_check_leaf(n, i, &all.h[0][i], &p, &root[n], NULL), 0);
            assert_int_not_equal(
                pl_tree_check_leaf(n, i, &all.h[0][(i + 1) % LEAVES], &p, &root[n], NULL), 0);
            if (p.n > 0) {
                p.h[(i + n) % p.n].b[n % 32] ^= 1;
                assert_int_not_equal(pl_tree_check_leaf(n, i, &all.h[0][i], &p, &root[n], NULL), 0);
            }
        }
        assert_int_equal(pl_tree_prove_leaf(n, n, give, &all, &p, NULL), -PL_E_INVALID);
    }
}

TEST(tree_proves_growth_and_nothing_else)
{
    static struct nodes all;
    struct pl_tree t;
    struct pl_hash root[LEAVES + 1];
    struct pl_proof p;
    fill(&t, &all, root);
    for (uint64_t n = 1; n <= LEAVES; n++) {
        for (uint64_t m = 1; m <= n; m++) {
            assert_int_equal(pl_tree_prove_growth(m, n, give, &all, &p, NULL), 0);
            assert_int_equal(pl_tree_check_growth(m, n, &root[m], &root[n], &p, NULL), 0);
            if (m < n) {
                assert_int_not_equal(pl_tree_check_growth(m, n, &root[m - 1], &root[n], &p, NULL),
                                     0);
                p.h[m % p.n].b[0] ^= 0x80;
                assert_int_not_equal(pl_tree_check_growth(m, n, &root[m], &root[n], &p, NULL), 0);
            }
        }
    }
    assert_int_equal(pl_tree_prove_growth(5, 4, give, &all, &p, NULL), -PL_E_INVALID);
    assert_int_equal(pl_tree_prove_growth(LEAVES, LEAVES + 1, give, &all, &p, NULL), -PL_E_NOENT);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        UNIT(tree_agrees_with_public_vectors),
        UNIT(tree_has_the_root_of_the_definition),
        UNIT(tree_proves_each_leaf_and_nothing_else),
        UNIT(tree_proves_growth_and_nothing_else),
    };
    return RUN(tests);
}
