// SPDX-License-Identifier: Apache-2.0
/*
 * Zone files: the hours around known changes of clocks, and malformed files.
 */
#include <string.h>

#include "plimsoll/base/str.h"
#include "plimsoll/base/time.h"
#include "plimsoll/base/zone.h"

#include "support/unit.h"

/* A file with one type before (+1 h), and from 1000 s on +2 h, from 100000 s on +1 h again. */
static size_t sample(uint8_t *out)
{
    static const uint8_t empty[] = {0,
                                    0,
                                    0,
                                    0,
                                    0,
                                    0,
                                    0,
                                    0,
                                    0,
                                    0,
                                    0,
                                    0,
                                    0,
                                    0,
                                    0,
                                    0,
                                    0,
                                    0,
                                    0,
                                    1,
                                    0,
                                    0,
                                    0,
                                    1,
                                    /* one type, one character */ 0,
                                    0,
                                    0,
                                    0,
                                    0,
                                    0,
                                    0};
    static const uint8_t counts[] = {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0,
                                     0, 0, 0, 2, 0, 0, 0, 2, 0, 0, 0, 1};
    static const uint8_t body[] = {0, 0, 0, 0,    0,    0,    3, 0xe8, 0, 0,    0,
                                   0, 0, 1, 0x86, 0xa0, 1,    0, 0,    0, 0x0e, 0x10,
                                   0, 0, 0, 0,    0x1c, 0x20, 1, 0,    0};
    uint8_t *p = out;
    memcpy(p, "TZif2\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0", 20);
    memcpy(p + 20, empty, sizeof(empty));
    p += 20 + sizeof(empty);
    memcpy(p, "TZif2\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0", 20);
    memcpy(p + 20, counts, sizeof(counts));
    p += 20 + sizeof(counts);
    memcpy(p, body, sizeof(body));
    return (size_t)(p - out) + sizeof(body);
}

static enum pl_zone_hour at(const struct pl_zone *z, int64_t s)
{
    return pl_zone_hour(z, s * 1000000);
}

TEST(zone_tells_the_hours_of_its_changes)
{
    uint8_t file[256];
    size_t n = sample(file);
    struct pl_zone *z = pl_zone_parse(file, n, NULL);
    assert_non_null(z);
    assert_int_equal(at(z, -5), PL_ZONE_PLAIN);
    assert_int_equal(at(z, 999), PL_ZONE_PLAIN);
    assert_int_equal(at(z, 1000), PL_ZONE_SKIPPED);
    assert_int_equal(at(z, 4599), PL_ZONE_SKIPPED);
    assert_int_equal(at(z, 4600), PL_ZONE_PLAIN);
    assert_int_equal(at(z, 96399), PL_ZONE_PLAIN);
    assert_int_equal(at(z, 96400), PL_ZONE_REPEATED);
    assert_int_equal(at(z, 99999), PL_ZONE_REPEATED);
    assert_int_equal(at(z, 100000), PL_ZONE_REPEATED);
    assert_int_equal(at(z, 103599), PL_ZONE_REPEATED);
    assert_int_equal(at(z, 103600), PL_ZONE_PLAIN);
    pl_zone_free(z);
}

TEST(zone_is_refused_when_its_file_is_cut_off_or_wrong)
{
    static const struct {
        size_t at;
        uint8_t byte;
    } wrong[] = {
        {0, 'X'},          {4, 0},           {51, 'X'},           {51 + 32, 0xff}, {51 + 39, 0},
        {51 + 44 + 16, 9}, {51 + 44 + 5, 2}, {51 + 44 + 18, 0x70}};
    uint8_t file[256];
    struct pl_err e;
    size_t n = sample(file);
    for (size_t i = 0; i < n; i++) {
        assert_null(pl_zone_parse(file, i, &e));
        assert_int_equal(e.code, PL_E_INVALID);
    }
    for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
        (void)sample(file);
        file[wrong[i].at] = wrong[i].byte;
        assert_null(pl_zone_parse(file, n, &e));
    }
}

TEST(zone_of_the_machine_knows_the_clocks_of_berlin)
{
    struct pl_err e;
    struct pl_zone *z = pl_zone_open("Europe/Berlin", &e);
    int64_t us;
    if (z == NULL && e.code == PL_E_NOENT) {
        skip();
    }
    assert_non_null(z);
    static const struct {
        const char *when;
        enum pl_zone_hour hour;
    } known[] = {
        {"2025-10-25T23:59:59Z", PL_ZONE_PLAIN},    {"2025-10-26T00:00:00Z", PL_ZONE_REPEATED},
        {"2025-10-26T01:59:59Z", PL_ZONE_REPEATED}, {"2025-10-26T02:00:00Z", PL_ZONE_PLAIN},
        {"2026-03-29T00:59:59Z", PL_ZONE_PLAIN},    {"2026-03-29T01:30:00Z", PL_ZONE_SKIPPED},
        {"2026-03-29T02:00:00Z", PL_ZONE_PLAIN},    {"2026-07-01T12:00:00Z", PL_ZONE_PLAIN},
    };
    for (size_t i = 0; i < sizeof(known) / sizeof(known[0]); i++) {
        assert_int_equal(pl_rfc3339_parse(known[i].when, strlen(known[i].when), &us, NULL), 0);
        assert_int_equal(pl_zone_hour(z, us), known[i].hour);
    }
    pl_zone_free(z);
}

TEST(zone_is_not_opened_outside_of_its_folder)
{
    static const char *const bad[] = {"",        "/etc/passwd",   "../../../etc/passwd",
                                      "Europe/", "Eur ope",       "Europe",
                                      "+UTC",    "Europe//Berlin"};
    struct pl_err e;
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        assert_null(pl_zone_open(bad[i], &e));
    }
    assert_null(pl_zone_open("No/Such", &e));
}

TEST(zone_names_have_a_form_when_they_can_be_one)
{
    static const char *const good[] = {
        "UTC",     "Europe/Berlin",          "Etc/GMT+5",
        "EST5EDT", "America/Port-au-Prince", "America/Argentina/San_Luis"};
    char longest[PL_ZONE_NAME_MAX + 2];
    for (size_t i = 0; i < sizeof(good) / sizeof(good[0]); i++) {
        assert_true(pl_zone_is_name(good[i]));
    }
    memset(longest, 'a', sizeof(longest));
    longest[PL_ZONE_NAME_MAX + 1] = '\0';
    assert_false(pl_zone_is_name(longest));
    longest[PL_ZONE_NAME_MAX] = '\0';
    assert_true(pl_zone_is_name(longest));
    assert_false(pl_zone_is_name("/UTC"));
    assert_false(pl_zone_is_name("Europe/"));
    assert_false(pl_zone_is_name("Europe//Berlin"));
    assert_false(pl_zone_is_name("5EST"));
    assert_false(pl_zone_is_name("a.b"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        UNIT(zone_names_have_a_form_when_they_can_be_one),
        UNIT(zone_tells_the_hours_of_its_changes),
        UNIT(zone_is_refused_when_its_file_is_cut_off_or_wrong),
        UNIT(zone_of_the_machine_knows_the_clocks_of_berlin),
        UNIT(zone_is_not_opened_outside_of_its_folder),
    };
    return RUN(tests);
}
