// SPDX-License-Identifier: Apache-2.0
/*
 * What projections cost and give, through the store on a throw-away PostgreSQL:
 * bench_server_projection [SECONDS]. One JSON line each:
 *   append          one review, one append at a time; `plain` changes no row, `rows` one row of an
 *                   action each time, in turns; and how much longer the latter takes
 *   actions         10,000 actions in 1,000 reviews: the first page, those of one owner, by text,
 *                   and all pages
 *   metrics         1,000 reviews: all pages
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "plimsoll/base/mem.h"
#include "plimsoll/base/str.h"
#include "plimsoll/base/time.h"

#include "store/repo_projection.h"
#include "support/server/store_rig.h"
#include "support/unit.h"

#define SAMPLES_MAX 200000u
#define REVIEWS     1000
#define ROUNDS      30

static struct rig rig;
static struct rig_store st;
static struct rig_person ana;
static uint64_t span_us = 3000000;

struct samples {
    uint32_t *v;
    size_t n;
};

static void sample(struct samples *s, uint64_t us)
{
    if (s->n < SAMPLES_MAX)
        s->v[s->n++] = us > UINT32_MAX ? UINT32_MAX : (uint32_t)us;
}

static int by_value(const void *a, const void *b)
{
    uint32_t x = *(const uint32_t *)a;
    uint32_t y = *(const uint32_t *)b;
    return x < y ? -1 : x > y;
}

static uint32_t quantile(struct samples *s, unsigned permille)
{
    qsort(s->v, s->n, sizeof *s->v, by_value);
    return s->n ? s->v[(s->n - 1) * permille / 1000] : 0;
}

static void samples_init(struct samples *s)
{
    s->v = pl_xcalloc(SAMPLES_MAX, sizeof *s->v);
    s->n = 0;
}

/* --- append -------------------------------------------------------------------------------------
 */

static void bench_append(void)
{
    struct samples plain;
    struct samples rows;
    struct rig_append a;
    uint64_t review = rig_review(&rig, ana);
    uint32_t epoch = rig_session(&st, review, 7, ana, NULL);
    uint64_t head = 1;
    char json[600];

    samples_init(&plain);
    samples_init(&rows);
    uint64_t from = pl_mono_us();
    for (uint64_t now = from; now - from < 2 * span_us;) {
        bool with = head % 2 == 0;
        (void)snprintf(json, sizeof json,
                       "{\"action\":[{\"client\":7,\"n\":%llu,\"no\":%llu,\"label\":\"Alert on "
                       "certificates %llu\",\"state\":2,\"priority\":1,\"control\":1,\"impact\":3,"
                       "\"owner\":1,\"due_us\":1,\"evidence\":0,\"created_us\":1}]}",
                       (unsigned long long)(head % 50), (unsigned long long)(head % 50 + 1),
                       (unsigned long long)head);
        rig_edit(&a, review, head, ana, 7, epoch, head);
        a.req.rows = with ? json : NULL;
        assert_int_equal(rig_append(&st, &a), APPEND_OK);
        head = a.head;
        uint64_t end = pl_mono_us();
        sample(with ? &rows : &plain, end - now);
        now = end;
    }
    printf("{\"bench\":\"projection\",\"case\":\"append\",\"n\":%zu,\"plain_p50_us\":%u,"
           "\"plain_p99_us\":%u,\"rows_p50_us\":%u,\"rows_p99_us\":%u,\"ratio_p50\":%.2f}\n",
           plain.n + rows.n, quantile(&plain, 500), quantile(&plain, 990), quantile(&rows, 500),
           quantile(&rows, 990), (double)quantile(&rows, 500) / (double)quantile(&plain, 500));
    free(plain.v);
    free(rows.v);
}

/* --- questions ----------------------------------------------------------------------------------
 */

static void fill(void)
{
    rig_sql(&rig,
            "INSERT INTO review (id, head, title, status, stage, visibility, severity, kind,"
            " op_id, created_by, created_us) SELECT 100000 + g, 1, 'Review ' || g, 3, 6,"
            " 1 + g %% 2, 1 + g %% 4, 1 + g %% 4, decode(md5('b' || g), 'hex'), %llu, g"
            " FROM generate_series(1, %d) g",
            (unsigned long long)ana.user, REVIEWS);
    rig_sql(&rig,
            "INSERT INTO membership (review, usr, role, since_us) SELECT id, %llu, 1, 1 FROM"
            " review WHERE id > 100000 AND id %% 2 = 0",
            (unsigned long long)ana.user);
    rig_sql(&rig,
            "INSERT INTO fact SELECT id, ARRAY['shop', 's' || id %% 20], 6, 0, 3, 20, NULL, NULL"
            " FROM review WHERE id > 100000");
    rig_sql(&rig, "INSERT INTO marker SELECT r.id, m, 1, m, 1767225600000000 + r.id * 1000000"
                  " + m * 60000000 * (1 + r.id %% 7), 0, false FROM review r,"
                  " generate_series(1, 5) m WHERE r.id > 100000");
    rig_sql(&rig,
            "INSERT INTO action (review, client, n, no, label, state, priority, control, owner,"
            " due_us, tracker_key, evidence, created_us) SELECT r.id, 9, k, (r.id - 100000) * 10"
            " + k, 'Alert on certificate ' || k || ' of ' || r.id, 1 + (r.id + k) %% 9, 1 + k %%"
            " 3, 1 + k %% 3, 1 + (r.id + k) %% 40, 1767225600000000, 'OPS-' || k, 1, 5"
            " FROM review r, generate_series(1, 10) k WHERE r.id > 100000");
    rig_sql(&rig, "ANALYZE");
}

struct page {
    bool done;
    size_t n;
    size_t rows; /* so far */
    bool more;
    int64_t no;
    uint64_t review;
};

static void on_actions(void *ctx, int rc, const struct pl_action_row *rows, size_t n, bool more,
                       const struct pl_err *e)
{
    struct page *p = ctx;
    if (rc != 0)
        fail_msg("%s", e->text);
    p->done = true;
    p->n = n;
    p->rows += n;
    p->more = more;
    p->no = n > 0 ? rows[n - 1].no : 0;
    p->review = n > 0 ? rows[n - 1].review : 0;
}

static void bench_actions(const char *name, struct pl_actions q, bool all)
{
    struct samples s;
    size_t rows = 0;
    samples_init(&s);
    for (unsigned i = 0; i < ROUNDS; i++) {
        struct page p = {.more = true};
        uint64_t from = pl_mono_us();
        q.after_no = 0;
        q.after_review = 0;
        do {
            p.done = false;
            assert_int_equal(repo_actions(st.s, ana.user, &q, pl_now_us(), on_actions, &p), 0);
            rig_until(&rig, &p.done);
            q.after_no = p.no;
            q.after_review = p.review;
        } while (all && p.more);
        sample(&s, pl_mono_us() - from);
        rows = p.rows;
    }
    printf("{\"bench\":\"projection\",\"case\":\"actions_%s\",\"rows\":%zu,\"p50_us\":%u,"
           "\"max_us\":%u}\n",
           name, rows, quantile(&s, 500), quantile(&s, 1000));
    free(s.v);
}

static void on_metrics(void *ctx, int rc, const struct pl_metric_row *rows, size_t n, bool more,
                       const struct pl_err *e)
{
    struct page *p = ctx;
    if (rc != 0)
        fail_msg("%s", e->text);
    p->done = true;
    p->rows += n;
    p->more = more;
    p->review = n > 0 ? rows[n - 1].review : 0;
}

static void bench_metrics(void)
{
    struct samples s;
    size_t rows = 0;
    samples_init(&s);
    for (unsigned i = 0; i < ROUNDS; i++) {
        struct pl_metrics q = {.limit = 200, .service = ""};
        struct page p = {.more = true};
        uint64_t from = pl_mono_us();
        do {
            p.done = false;
            assert_int_equal(repo_metrics(st.s, ana.user, &q, pl_now_us(), on_metrics, &p), 0);
            rig_until(&rig, &p.done);
            q.after = p.review;
        } while (p.more);
        sample(&s, pl_mono_us() - from);
        rows = p.rows;
    }
    printf("{\"bench\":\"projection\",\"case\":\"metrics_all\",\"rows\":%zu,\"p50_us\":%u,"
           "\"max_us\":%u}\n",
           rows, quantile(&s, 500), quantile(&s, 1000));
    free(s.v);
}

int main(int argc, char **argv)
{
    uint64_t seconds = 3;
    if (argc > 1 && (pl_parse_u64(argv[1], &seconds) != 0 || seconds < 1 || seconds > 600)) {
        fprintf(stderr, "usage: bench_server_projection [SECONDS]\n");
        return 2;
    }
    span_us = seconds * 1000000;
    rig_open(&rig);
    rig_store_open(&rig, &st, NULL);
    ana = rig_person(&rig);
    bench_append();
    fill();
    bench_actions("page", (struct pl_actions){.limit = 200, .text = ""}, false);
    bench_actions("owner", (struct pl_actions){.limit = 200, .owner = 5, .text = ""}, true);
    bench_actions("text", (struct pl_actions){.limit = 200, .text = "certificate 7 of"}, true);
    bench_actions("all", (struct pl_actions){.limit = 200, .text = ""}, true);
    bench_metrics();
    rig_store_close(&rig, &st);
    rig_close(&rig);
    return 0;
}
