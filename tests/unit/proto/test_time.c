// SPDX-License-Identifier: Apache-2.0
/*
 * Time: the calendar against libc's timegm over 400 years, RFC 3339 there and back.
 */
#include <string.h>
#include <time.h>

#include "plimsoll/base/rng.h"
#include "plimsoll/base/time.h"
#include "support/unit.h"

TEST(time_dates_agree_with_libc_when_every_day)
{
    for (int64_t day = -719528; day < 2932897; day++) { /* years 0 to 9999 */
        int y;
        int m;
        int d;
        pl_civil_from_days(day, &y, &m, &d);
        if (pl_days_from_civil(y, m, d) != day || d < 1 || d > pl_days_in_month(y, m))
            fail_msg("day %lld", (long long)day);
        if (day % 97 == 0) {
            time_t t = day * 86400;
            struct tm tm;
            assert_non_null(gmtime_r(&t, &tm));
            if (tm.tm_year + 1900 != y || tm.tm_mon + 1 != m || tm.tm_mday != d)
                fail_msg("day %lld: %d-%d-%d", (long long)day, y, m, d);
        }
    }
}

static int64_t parsed(const char *text)
{
    int64_t us = INT64_MIN;
    if (pl_rfc3339_parse(text, strlen(text), &us, NULL) < 0)
        return INT64_MIN;
    return us;
}

TEST(time_parses_rfc3339_when_well_formed)
{
    int64_t us;
    int offset = 99;
    assert_true(parsed("1970-01-01T00:00:00Z") == 0);
    assert_true(parsed("1970-01-01t00:00:00.5z") == 500000);
    assert_true(parsed("1970-01-01 01:00:00.0000019+01:00") == 1);
    assert_true(parsed("1969-12-31T23:59:59.999999Z") == -1);
    assert_true(parsed("2000-02-29T12:00:00-00:00") == INT64_C(951825600000000));
    assert_true(parsed("0000-01-01T00:00:00Z") == PL_TIME_MIN_US);
    assert_true(parsed("9999-12-31T23:59:59.999999Z") == PL_TIME_MAX_US);
    assert_int_equal(pl_rfc3339_parse("2026-03-01T14:02:07-03:30", 25, &us, &offset), 0);
    assert_int_equal(offset, -210);
    assert_true(us == parsed("2026-03-01T17:32:07Z"));
}

TEST(time_refuses_when_malformed)
{
    static const char *const bad[] = {
        "",
        "2026",
        "2026-03-01",
        "2026-03-01T14:02Z",
        "2026-03-01T14:02:07",
        "2026-3-01T14:02:07Z",
        "2026-03-01T14:02:60Z",
        "2026-03-01T24:00:00Z",
        "2026-02-29T00:00:00Z",
        "1900-02-29T00:00:00Z",
        "2026-13-01T00:00:00Z",
        "2026-00-01T00:00:00Z",
        "2026-01-00T00:00:00Z",
        "2026-03-01T14:02:07.Z",
        "2026-03-01T14:02:07Z ",
        "2026-03-01T14:02:07+24:00",
        "2026-03-01T14:02:07+1:00",
        "2026-03-01T14:02:07+0100",
        "20260301T140207Z",
        "2026-03-01_14:02:07Z",
        "0000-01-01T00:00:00+00:01",
        "9999-12-31T23:59:59-00:01",
        "-026-01-01T00:00:00Z",
    };
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        if (parsed(bad[i]) != INT64_MIN)
            fail_msg("'%s' was taken", bad[i]);
    }
}

TEST(time_formats_when_asked)
{
    char out[PL_RFC3339_SIZE];
    int64_t us = INT64_C(1772373727250999); /* 2026-03-01T14:02:07.250999Z */
    assert_int_equal(pl_rfc3339_format(us, 0, 0, out), 20);
    assert_string_equal(out, "2026-03-01T14:02:07Z");
    (void)pl_rfc3339_format(us, 0, 3, out);
    assert_string_equal(out, "2026-03-01T14:02:07.250Z");
    (void)pl_rfc3339_format(us, -210, 6, out);
    assert_string_equal(out, "2026-03-01T10:32:07.250999-03:30");
    (void)pl_rfc3339_format(-1, 60, 1, out);
    assert_string_equal(out, "1970-01-01T00:59:59.9+01:00");
    (void)pl_rfc3339_format(INT64_MAX, 0, 0, out);
    assert_string_equal(out, "9999-12-31T23:59:59Z");
    (void)pl_rfc3339_format(INT64_MIN, 5000, 6, out);
    assert_string_equal(out, "0000-01-01T23:59:00.000000+23:59");
}

TEST(time_round_trips_when_random)
{
    struct pl_prng r;
    pl_prng_init(&r, 1);
    for (int i = 0; i < 20000; i++) {
        char out[PL_RFC3339_SIZE];
        int64_t back;
        int offset;
        int64_t us = pl_prng_range(&r, PL_TIME_MIN_US + INT64_C(86400000000),
                                   PL_TIME_MAX_US - INT64_C(86400000000));
        int want = (int)pl_prng_range(&r, -1439, 1439);
        size_t n = pl_rfc3339_format(us, want, 6, out);
        assert_int_equal(pl_rfc3339_parse(out, n, &back, &offset), 0);
        assert_true(back == us && offset == want);
    }
}

TEST(time_weekday_is_right_when_known)
{
    struct pl_civil c;
    pl_civil_from_us(0, 0, &c);
    assert_int_equal(c.weekday, 4);
    pl_civil_from_us(-1, 0, &c);
    assert_int_equal(c.weekday, 3);
    pl_civil_from_us(INT64_C(1772373727250999), 0, &c);
    assert_int_equal(c.weekday, 0);
    assert_int_equal(c.us, 250999);
}

TEST(time_clocks_run_when_read)
{
    uint64_t a = pl_mono_us();
    assert_true(pl_mono_us() >= a);
    assert_true(pl_mono_ms() >= a / 1000);
    assert_true(pl_now_us() > INT64_C(1600000000000000));
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        UNIT(time_dates_agree_with_libc_when_every_day),
        UNIT(time_parses_rfc3339_when_well_formed),
        UNIT(time_refuses_when_malformed),
        UNIT(time_formats_when_asked),
        UNIT(time_round_trips_when_random),
        UNIT(time_weekday_is_right_when_known),
        UNIT(time_clocks_run_when_read),
    };
    return RUN(tests);
}
