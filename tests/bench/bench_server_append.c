// SPDX-License-Identifier: Apache-2.0
/*
 * What durable appends cost, from the floor upwards, on a throw-away PostgreSQL with its default
 * durability: bench_server_append [SECONDS]. One JSON line each:
 *   disk    write and fdatasync of 8 KiB, one after the other
 *   commit  the smallest durable transaction, one connection
 *   call    plimsoll_append over one blocking connection
 *   single  one review through the store, one append at a time: latency
 *   reviews 20 reviews through the store, each with an append under way all the time
 */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "plimsoll/base/mem.h"
#include "plimsoll/base/str.h"
#include "plimsoll/base/time.h"

#include "support/server/store_rig.h"
#include "support/unit.h"

#define SAMPLES_MAX 200000u
#define REVIEWS     20

static struct rig rig;
static struct rig_store st;
static struct rig_person ana;
static uint64_t span_us = 3000000;
static uint32_t *samples;
static size_t n_samples;

static void sample(uint64_t us)
{
    if (n_samples < SAMPLES_MAX)
        samples[n_samples++] = us > UINT32_MAX ? UINT32_MAX : (uint32_t)us;
}

static int by_value(const void *a, const void *b)
{
    uint32_t x = *(const uint32_t *)a;
    uint32_t y = *(const uint32_t *)b;
    return x < y ? -1 : x > y;
}

static uint32_t quantile(unsigned permille)
{
    return n_samples ? samples[(n_samples - 1) * permille / 1000] : 0;
}

static void report(const char *name, uint64_t count, uint64_t us)
{
    qsort(samples, n_samples, sizeof *samples, by_value);
    printf("{\"bench\":\"append\",\"case\":\"%s\",\"n\":%llu,\"per_s\":%.0f,\"p50_us\":%u,"
           "\"p90_us\":%u,\"p99_us\":%u,\"max_us\":%u}\n",
           name, (unsigned long long)count, (double)count * 1e6 / (double)us, quantile(500),
           quantile(900), quantile(990), quantile(1000));
    fflush(stdout);
    n_samples = 0;
}

static void bench_disk(void)
{
    static char block[8192];
    char path[128];
    snprintf(path, sizeof path, "%s/bench", rig.pg.dir);
    int fd = open(path, O_RDWR | O_CREAT, 0600);
    uint64_t count = 0;
    uint64_t from = pl_mono_us();
    uint64_t now = from;
    while (fd >= 0 && now - from < span_us) {
        if (pwrite(fd, block, sizeof block, 0) != (ssize_t)sizeof block || fdatasync(fd) != 0)
            break;
        uint64_t end = pl_mono_us();
        sample(end - now);
        now = end;
        count++;
    }
    report("disk", count, now - from);
    if (fd >= 0)
        close(fd);
}

static void bench_sql(const char *name, const char *sql)
{
    uint64_t count = 0;
    PGresult *res = PQprepare(rig.sql, name, sql, 0, NULL);
    if (PQresultStatus(res) != PGRES_COMMAND_OK)
        fail_msg("%s", PQerrorMessage(rig.sql));
    PQclear(res);
    uint64_t from = pl_mono_us();
    uint64_t now = from;
    while (now - from < span_us) {
        res = PQexecPrepared(rig.sql, name, 0, NULL, NULL, NULL, 1);
        if (PQresultStatus(res) != PGRES_TUPLES_OK && PQresultStatus(res) != PGRES_COMMAND_OK)
            fail_msg("%s", PQerrorMessage(rig.sql));
        PQclear(res);
        uint64_t end = pl_mono_us();
        sample(end - now);
        now = end;
        count++;
    }
    report(name, count, now - from);
}

/* The bare function, in the shape in which the store calls it. */
static void bench_call(void)
{
    char sql[1024];
    uint64_t review = rig_review(&rig, ana);
    uint32_t epoch = rig_session(&st, review, 7, ana, NULL);
    rig_sql(&rig, "SET plan_cache_mode = force_generic_plan");
    snprintf(sql, sizeof sql,
             "SELECT outcome FROM plimsoll_append(%llu, (SELECT head FROM review WHERE id = %llu),"
             " false, 1, 1, '\\x0102030405060708', '{7}', '{%llu}', '{%llu}', '{%u}',"
             " ARRAY[(SELECT head FROM review WHERE id = %llu)], '{128}', ARRAY[sha256('s')],"
             " ARRAY[sha256('c')], '{}', '{}', '{}', '{}', '{}', NULL, 0, 0, 0, 0, 0)",
             (unsigned long long)review, (unsigned long long)review, (unsigned long long)ana.user,
             (unsigned long long)ana.device, epoch, (unsigned long long)review);
    bench_sql("call", sql);
}

static void bench_single(void)
{
    struct rig_append a;
    uint64_t review = rig_review(&rig, ana);
    uint32_t epoch = rig_session(&st, review, 7, ana, NULL);
    uint64_t head = 1;
    uint64_t from = pl_mono_us();
    uint64_t now = from;
    while (now - from < span_us) {
        rig_edit(&a, review, head, ana, 7, epoch, head);
        assert_int_equal(rig_append(&st, &a), APPEND_OK);
        head = a.head;
        uint64_t end = pl_mono_us();
        sample(end - now);
        now = end;
    }
    report("single", head - 1, now - from);
}

/* `batch` authors in each append: what piles up in a busy room. */
static void bench_reviews(const char *name, unsigned batch)
{
    static struct rig_append a[REVIEWS];
    uint64_t review[REVIEWS];
    uint64_t head[REVIEWS];
    uint64_t began[REVIEWS];
    uint64_t count = 0;
    unsigned answers = 0;
    struct store_stats before;
    struct store_stats after;
    for (int i = 0; i < REVIEWS; i++) {
        review[i] = rig_review(&rig, ana);
        head[i] = 1;
        for (unsigned k = 0; k < batch; k++)
            (void)rig_session(&st, review[i], 7 + k, ana, NULL);
        memset(&a[i], 0, sizeof a[i]);
    }
    store_stats(st.s, &before);
    uint64_t from = pl_mono_us();
    uint64_t now = from;
    for (bool going = true; going || answers > 0;) {
        now = pl_mono_us();
        going = now - from < span_us;
        for (int i = 0; i < REVIEWS; i++) {
            bool idle = a[i].req.review == 0;
            if (!idle && !a[i].done)
                continue;
            if (!idle) {
                assert_int_equal(a[i].outcome, APPEND_OK);
                head[i] = a[i].head;
                sample(now - began[i]);
                count += batch;
                answers--;
            }
            a[i].req.review = 0;
            if (!going)
                continue;
            rig_edit(&a[i], review[i], head[i], ana, 7, 1, head[i]);
            for (unsigned k = 1; k < batch; k++)
                rig_edit_more(&a[i], ana, 7 + k, 1, head[i]);
            began[i] = now;
            answers++;
            rig_append_start(&st, &a[i]);
        }
        if (answers > 0)
            uv_run(&rig.loop, UV_RUN_ONCE);
    }
    store_stats(st.s, &after);
    report(name, count, now - from);
    printf("{\"bench\":\"append\",\"case\":\"%s\",\"appends\":%llu,\"flushes\":%llu}\n", name,
           (unsigned long long)(after.appends - before.appends),
           (unsigned long long)(after.units - before.units));
}

static void report_settings(void)
{
    PGresult *res =
        PQexec(rig.sql, "SELECT current_setting('server_version'),"
                        " current_setting('synchronous_commit'),"
                        " current_setting('wal_sync_method'), current_setting('fsync')");
    printf("{\"bench\":\"append\",\"postgresql\":\"%s\",\"synchronous_commit\":\"%s\","
           "\"wal_sync_method\":\"%s\",\"fsync\":\"%s\",\"cores\":%ld}\n",
           PQgetvalue(res, 0, 0), PQgetvalue(res, 0, 1), PQgetvalue(res, 0, 2),
           PQgetvalue(res, 0, 3), sysconf(_SC_NPROCESSORS_ONLN));
    PQclear(res);
}

int main(int argc, char **argv)
{
    uint64_t seconds = 3;
    if (argc > 1 && (pl_parse_u64(argv[1], &seconds) != 0 || seconds < 1 || seconds > 600)) {
        fprintf(stderr, "usage: bench_server_append [SECONDS]\n");
        return 2;
    }
    span_us = seconds * 1000000;
    samples = pl_xcalloc(SAMPLES_MAX, sizeof *samples);
    rig_open(&rig);
    rig_store_open(&rig, &st, NULL);
    ana = rig_person(&rig);
    report_settings();
    bench_disk();
    bench_sql("commit", "UPDATE counter SET next = next + 1");
    bench_call();
    bench_single();
    bench_reviews("reviews", 1);
    bench_reviews("reviews_batch4", 4);
    rig_store_close(&rig, &st);
    rig_close(&rig);
    free(samples);
    return 0;
}
