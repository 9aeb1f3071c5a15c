// SPDX-License-Identifier: Apache-2.0
/*
 * How long does the coach take? Prints JSON lines, CPU time, best of several runs:
 *
 *   {"bench":"coach_line", ...}    a line of about 1,000 characters of the labelled sentences
 *   {"bench":"coach_hostile", ...} a mebibyte of "should have "
 *   {"bench":"coach_new", ...}     making the tables
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "plimsoll/base/buf.h"
#include "plimsoll/base/file.h"
#include "plimsoll/base/mem.h"
#include "plimsoll/coach/coach.h"

static double now_us(void)
{
    struct timespec ts;
    (void)clock_gettime(CLOCK_THREAD_CPUTIME_ID, &ts);
    return (double)ts.tv_sec * 1e6 + (double)ts.tv_nsec / 1e3;
}

static double best_scan_us(const struct pl_coach *c, const char *text, size_t n, int runs)
{
    double best = 1e12;
    for (int i = 0; i < runs; i++) {
        double from = now_us();
        (void)pl_coach_scan(c, text, n, NULL, 0);
        double took = now_us() - from;
        best = took < best ? took : best;
    }
    return best;
}

/* The sentences of the corpus in a row, without labels. */
static size_t load(char *line, size_t max)
{
    struct pl_buf b;
    size_t n = 0;
    if (pl_file_read_all(PL_SOURCE_DIR "/tests/data/coach/sentences.tsv", 1 << 20, &b, NULL) != 0)
        exit(1);
    for (char *at = (char *)b.data; at && *at;) {
        char *end = strchr(at, '\n');
        size_t k = end ? (size_t)(end - at) : strlen(at);
        char *tab = memchr(at, '\t', k);
        char *text = tab ? memchr(tab + 1, '\t', k - (size_t)(tab + 1 - at)) : NULL;
        if (at[0] != '#' && text && text[1] != '>') {
            size_t m = k - (size_t)(text + 1 - at);
            if (n + m + 1 > max)
                break;
            memcpy(line + n, text + 1, m);
            n += m;
            line[n++] = ' ';
        }
        at = end ? end + 1 : NULL;
    }
    pl_buf_release(&b);
    return n;
}

int main(void)
{
    static const char *const names[] = {"Mira Castell", "Tom Okafor", "Priya", "Jonas Lind"};
    static char line[1000];
    const size_t big = 1 << 20;
    double from = now_us();
    struct pl_coach *c = pl_coach_new(names, 4);
    double made = now_us() - from;
    size_t n = load(line, sizeof line);
    double us = best_scan_us(c, line, n, 2000);
    printf("{\"bench\":\"coach_line\",\"bytes\":%zu,\"us\":%.1f,\"mb_per_s\":%.1f}\n", n, us,
           (double)n / us);
    char *text = pl_xmalloc(big);
    for (size_t i = 0; i < big; i++)
        text[i] = "should have "[i % 12];
    us = best_scan_us(c, text, big, 3);
    printf("{\"bench\":\"coach_hostile\",\"bytes\":%zu,\"ms\":%.1f}\n", big, us / 1e3);
    printf("{\"bench\":\"coach_new\",\"us\":%.0f}\n", made);
    free(text);
    pl_coach_free(c);
    return 0;
}
