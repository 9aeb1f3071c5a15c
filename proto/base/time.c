// SPDX-License-Identifier: Apache-2.0
/*
 * Clocks, the calendar and RFC 3339, without libc's calendar: it depends on TZ, on locale and on
 * hidden state. The parser takes what section 5.6 of the RFC allows and nothing else.
 */
#include "plimsoll/base/time.h"

#include <stdbool.h>
#include <stdio.h>
#include <time.h>

#define US_PER_SECOND INT64_C(1000000)
#define US_PER_MINUTE (60 * US_PER_SECOND)
#define US_PER_DAY    (86400 * US_PER_SECOND)

static uint64_t read_clock_us(clockid_t id)
{
    struct timespec ts;
    int rc = clock_gettime(id, &ts);
    PL_ASSERT(rc == 0);
    return (uint64_t)ts.tv_sec * (uint64_t)US_PER_SECOND + (uint64_t)ts.tv_nsec / 1000;
}

int64_t pl_now_us(void)
{
    return (int64_t)read_clock_us(CLOCK_REALTIME);
}

uint64_t pl_mono_us(void)
{
    return read_clock_us(CLOCK_MONOTONIC);
}

uint64_t pl_mono_ms(void)
{
    return pl_mono_us() / 1000;
}

int64_t pl_days_from_civil(int year, int month, int day)
{
    /* years start in March, so that the leap day comes last */
    int64_t y = month <= 2 ? (int64_t)year - 1 : year;
    int64_t era = (y >= 0 ? y : y - 399) / 400;
    int64_t yoe = y - era * 400;
    int64_t doy = (153 * (month > 2 ? month - 3 : month + 9) + 2) / 5 + day - 1;
    int64_t doe = yoe * 365 + yoe / 4 - yoe / 100 + doy;
    return era * 146097 + doe - 719468;
}

void pl_civil_from_days(int64_t days, int *year, int *month, int *day)
{
    int64_t z = days + 719468;
    int64_t era = (z >= 0 ? z : z - 146096) / 146097;
    int64_t doe = z - era * 146097;
    int64_t yoe = (doe - doe / 1460 + doe / 36524 - doe / 146096) / 365;
    int64_t doy = doe - (365 * yoe + yoe / 4 - yoe / 100);
    int64_t mp = (5 * doy + 2) / 153;
    *day = (int)(doy - (153 * mp + 2) / 5 + 1);
    *month = (int)(mp < 10 ? mp + 3 : mp - 9);
    *year = (int)(yoe + era * 400 + (*month <= 2));
}

int pl_days_in_month(int year, int month)
{
    static const int days[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
    if (month < 1 || month > 12)
        return 0;
    bool leap = (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;
    return days[month - 1] + (month == 2 && leap);
}

static int64_t clamp(int64_t v, int64_t lo, int64_t hi)
{
    return v < lo ? lo : v > hi ? hi : v;
}

void pl_civil_from_us(int64_t us, int offset_min, struct pl_civil *out)
{
    offset_min = (int)clamp(offset_min, -1439, 1439);
    us = clamp(us, PL_TIME_MIN_US, PL_TIME_MAX_US) + offset_min * US_PER_MINUTE;
    us = clamp(us, PL_TIME_MIN_US, PL_TIME_MAX_US);
    int64_t days = (us >= 0 ? us : us - (US_PER_DAY - 1)) / US_PER_DAY;
    int64_t rest = us - days * US_PER_DAY;
    pl_civil_from_days(days, &out->year, &out->month, &out->day);
    out->us = (int)(rest % US_PER_SECOND);
    int seconds = (int)(rest / US_PER_SECOND);
    out->hour = seconds / 3600;
    out->minute = seconds / 60 % 60;
    out->second = seconds % 60;
    out->weekday = (int)(((days + 4) % 7 + 7) % 7); /* 1970-01-01 was a Thursday */
    out->offset_min = offset_min;
}

int pl_civil_to_us(const struct pl_civil *c, int64_t *us)
{
    if (c->year < 0 || c->year > 9999 || c->day < 1 || c->day > pl_days_in_month(c->year, c->month))
        return -PL_E_INVALID;
    if (c->hour < 0 || c->hour > 23 || c->minute < 0 || c->minute > 59 || c->second < 0 ||
        c->second > 59 || c->us < 0 || c->us > 999999)
        return -PL_E_INVALID;
    if (c->offset_min < -1439 || c->offset_min > 1439)
        return -PL_E_INVALID;
    int64_t seconds = pl_days_from_civil(c->year, c->month, c->day) * 86400 + c->hour * 3600 +
                      c->minute * 60 + c->second - c->offset_min * 60;
    int64_t v = seconds * US_PER_SECOND + c->us;
    if (v < PL_TIME_MIN_US || v > PL_TIME_MAX_US)
        return -PL_E_INVALID;
    *us = v;
    return 0;
}

size_t pl_rfc3339_format(int64_t us, int offset_min, int digits, char out[PL_RFC3339_SIZE])
{
    struct pl_civil c;
    pl_civil_from_us(us, offset_min, &c);
    char fraction[16] = "";
    if (digits > 0) {
        (void)snprintf(fraction, sizeof fraction, ".%06d", c.us % 1000000);
        if (digits < 6)
            fraction[1 + digits] = '\0';
    }
    char zone[8] = "Z";
    if (c.offset_min != 0) {
        int min = c.offset_min < 0 ? -c.offset_min : c.offset_min;
        (void)snprintf(zone, sizeof zone, "%c%02d:%02d", c.offset_min < 0 ? '-' : '+',
                       min / 60 % 100, min % 60);
    }
    int n = snprintf(out, PL_RFC3339_SIZE, "%04d-%02d-%02dT%02d:%02d:%02d%s%s", c.year, c.month,
                     c.day, c.hour, c.minute, c.second, fraction, zone);
    PL_ASSERT(n > 0 && n < PL_RFC3339_SIZE);
    return (size_t)n;
}

/* A cursor over the text that remembers a fault. */
struct scan {
    const char *p;
    const char *end;
    bool bad;
};

static int digits(struct scan *s, int count)
{
    int v = 0;
    for (int i = 0; i < count; i++) {
        if (s->p == s->end || *s->p < '0' || *s->p > '9') {
            s->bad = true;
            return 0;
        }
        v = v * 10 + (*s->p++ - '0');
    }
    return v;
}

/* Takes one character out of `set`; 0 when another one stands there. */
static char one_of(struct scan *s, const char *set)
{
    for (; s->p < s->end && *set != '\0'; set++) {
        if (*s->p == *set)
            return *s->p++;
    }
    return '\0';
}

static void expect(struct scan *s, const char *set)
{
    if (one_of(s, set) == '\0')
        s->bad = true;
}

static int fraction(struct scan *s)
{
    int us = digits(s, 1);
    int count = 1;
    while (s->p < s->end && *s->p >= '0' && *s->p <= '9') {
        if (count < 6) {
            us = us * 10 + (*s->p - '0');
            count++;
        }
        s->p++;
    }
    for (; count < 6; count++)
        us *= 10;
    return us;
}

static int zone(struct scan *s)
{
    if (one_of(s, "Zz") != '\0')
        return 0;
    char sign = one_of(s, "+-");
    int hour = digits(s, 2);
    expect(s, ":");
    int minute = digits(s, 2);
    if (sign == '\0' || hour > 23 || minute > 59)
        s->bad = true;
    int min = hour * 60 + minute;
    return sign == '-' ? -min : min;
}

int pl_rfc3339_parse(const char *text, size_t n, int64_t *us, int *offset_min)
{
    struct scan s = {text, text + n, false};
    struct pl_civil c = {0};
    c.year = digits(&s, 4);
    expect(&s, "-");
    c.month = digits(&s, 2);
    expect(&s, "-");
    c.day = digits(&s, 2);
    expect(&s, "Tt ");
    c.hour = digits(&s, 2);
    expect(&s, ":");
    c.minute = digits(&s, 2);
    expect(&s, ":");
    c.second = digits(&s, 2);
    if (one_of(&s, ".") != '\0')
        c.us = fraction(&s);
    c.offset_min = zone(&s);
    if (s.bad || s.p != s.end)
        return -PL_E_INVALID;
    int rc = pl_civil_to_us(&c, us);
    if (rc == 0 && offset_min != NULL)
        *offset_min = c.offset_min;
    return rc;
}
