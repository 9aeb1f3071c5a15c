// SPDX-License-Identifier: Apache-2.0
/*
 * A client that breaks the rules of uploads, on purpose (test_files.sh): file_raw CONFIG REVIEW
 * ENTRY. CONFIG: configuration folder of somebody who may attach files to ENTRY ("M-1"). Says "ok"
 * and ends with 0 when every wrong step was refused with the right code and a right upload still
 * works after it.
 */
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <uv.h>

#include "plimsoll/base/hash.h"
#include "plimsoll/base/str.h"
#include "plimsoll/wire/limits.h"

#include "model/acts.h"
#include "model/client.h"

#define STEP_MS 20000u

static uv_loop_t loop;
static uv_timer_t guard;
static struct trust_profile profile;
static struct client *client;
static struct review *review;
static uint64_t review_no;
static bool is_open, is_closed;
static uint8_t bytes[3 * PL_CHUNK_MAX];

/* The last answer. */
static unsigned answers;
static int code; /* 0, or of the error */
static uint64_t file, offset, rev;

static void die(const char *what)
{
    (void)fprintf(stderr, "file_raw: %s\n", what);
    exit(1);
}

static void on_guard(uv_timer_t *t)
{
    (void)t;
    die("no answer in time");
}

static void run_until(const bool *flag, const unsigned *count, unsigned n)
{
    (void)uv_timer_start(&guard, on_guard, STEP_MS, 0);
    while (!(flag != NULL && *flag) && !(count != NULL && *count >= n))
        (void)uv_run(&loop, UV_RUN_ONCE);
    (void)uv_timer_stop(&guard);
}

static void on_link(void *ctx, enum link_state state, int why_code, const char *why,
                    int64_t retry_ms)
{
    (void)ctx;
    (void)why_code;
    (void)retry_ms;
    if (state == LINK_STOPPED)
        die(why);
}

static void on_opened(void *ctx, int rc, const struct pl_err *e)
{
    (void)ctx;
    if (rc < 0)
        die(e->text);
    is_open = true;
}

static void on_reply(void *ctx, int rc, struct pl_msg *m, const struct pl_err *e)
{
    (void)ctx;
    answers++;
    code = rc < 0 ? e->code : 0;
    if (rc < 0)
        return;
    if (m->type == PL_MSG_FILE_READY) {
        file = m->u.file_ready.file;
        offset = m->u.file_ready.offset;
    } else if (m->type == PL_MSG_DONE) {
        rev = m->u.done.rev;
    }
}

static int ask(struct pl_msg *m)
{
    unsigned before = answers;
    client_call(client, m, STEP_MS, on_reply, NULL);
    run_until(NULL, &answers, before + 1);
    return code;
}

static void want(const char *what, int got, int wanted)
{
    if (got == wanted)
        return;
    (void)fprintf(stderr, "file_raw: %s: answered %s, not %s\n", what,
                  got ? pl_error_info(got)->token : "ok",
                  wanted ? pl_error_info(wanted)->token : "ok");
    exit(1);
}

static int put(struct pl_eid entry, uint64_t size, const uint8_t sum[PL_SHA256_BYTES])
{
    struct pl_msg m = {.type = PL_MSG_FILE_PUT};
    m.u.file_put.review = review_no;
    m.u.file_put.entry = entry;
    m.u.file_put.name = "../../etc/passwd";
    m.u.file_put.media_type = "text/plain";
    m.u.file_put.size = size;
    m.u.file_put.sha256 = (struct pl_bytes){sum, PL_SHA256_BYTES};
    return ask(&m);
}

static struct pl_msg piece_of(uint64_t of, uint64_t at, size_t n)
{
    struct pl_msg m = {.type = PL_MSG_FILE_CHUNK};
    m.u.file_chunk.file = of;
    m.u.file_chunk.offset = at;
    m.u.file_chunk.chunk = (struct pl_bytes){bytes, n};
    return m;
}

static int piece(uint64_t of, uint64_t at, size_t n)
{
    struct pl_msg m = piece_of(of, at, n);
    return ask(&m);
}

static int end(uint64_t of)
{
    struct pl_msg m = {.type = PL_MSG_FILE_END};
    m.u.file_end.file = of;
    return ask(&m);
}

static int get(uint64_t no, struct pl_eid entry, uint64_t at)
{
    struct pl_msg m = {.type = PL_MSG_FILE_GET};
    m.u.file_get.review = no;
    m.u.file_get.entry = entry;
    m.u.file_get.offset = at;
    return ask(&m);
}

static void wrong_steps(struct pl_eid entry, const uint8_t sum[PL_SHA256_BYTES])
{
    want("an empty file", put(entry, 0, sum), PL_E_INVALID);
    want("a size beyond all", put(entry, UINT64_MAX, sum), PL_E_FILE_SIZE);
    want("a size like a negative one", put(entry, (uint64_t)1 << 63, sum), PL_E_FILE_SIZE);
    want("an entry that is not there", put((struct pl_eid){1, 1}, 100, sum), PL_E_NOENT);
    want("the review itself", put(PL_EID_ROOT, 100, sum), PL_E_INVALID);
    want("put", put(entry, 40000, sum), 0);
    uint64_t f = file;
    want("the second piece first", piece(f, PL_CHUNK_MAX, PL_CHUNK_MAX), PL_E_BAD_STATE);
    want("a short piece", piece(f, 0, 100), PL_E_INVALID);
    want("a piece at the end of numbers", piece(f, UINT64_MAX - 5, 100), PL_E_INVALID);
    want("a piece beyond any file", piece(f, PL_FILE_BYTES_MAX, PL_CHUNK_MAX), PL_E_BAD_STATE);
    want("somebody else's file", piece(f + 1000, 0, PL_CHUNK_MAX), PL_E_NOENT);
    want("a file at the end of numbers", piece(UINT64_MAX, 0, PL_CHUNK_MAX), PL_E_NOENT);
    want("end of nothing", end(f), PL_E_BAD_STATE);
    want("end of no file", end(f + 1000), PL_E_NOENT);
    want("piece 1", piece(f, 0, PL_CHUNK_MAX), 0);
    want("piece 1 again", piece(f, 0, PL_CHUNK_MAX), 0);
    want("end too early", end(f), PL_E_BAD_STATE);
    want("piece 2", piece(f, PL_CHUNK_MAX, PL_CHUNK_MAX), 0);
    want("more than was announced", piece(f, 2 * PL_CHUNK_MAX, PL_CHUNK_MAX), PL_E_INVALID);
    want("another file", get(review_no, (struct pl_eid){1, 1}, 0), PL_E_NOENT);
    want("a review that is not there", get(review_no + 1000, entry, 0), PL_E_PERM);
    want("bytes at the end of numbers", get(review_no, entry, UINT64_MAX), PL_E_INVALID);
}

/* More pieces at once than may be without answer: some are refused, none is lost silently. */
static void crowd(struct pl_eid entry, const uint8_t sum[PL_SHA256_BYTES])
{
    want("put", put(entry, 40000, sum), 0);
    uint64_t f = file;
    unsigned before = answers;
    for (unsigned i = 0; i < 12; i++) {
        struct pl_msg m = piece_of(f, 0, PL_CHUNK_MAX);
        client_call(client, &m, STEP_MS, on_reply, NULL);
    }
    run_until(NULL, &answers, before + 12);
    want("after a crowd", piece(f, 0, PL_CHUNK_MAX), 0);
}

static void right_upload(struct pl_eid entry)
{
    uint8_t sum[PL_SHA256_BYTES];
    size_t n = sizeof(bytes) - 7;
    struct pl_sha256 h;
    /* every piece begins with the same bytes: pieces are sent from the front of `bytes` */
    pl_sha256_init(&h);
    pl_sha256_update(&h, bytes, PL_CHUNK_MAX);
    pl_sha256_update(&h, bytes, PL_CHUNK_MAX);
    pl_sha256_update(&h, bytes, PL_CHUNK_MAX - 7);
    pl_sha256_final(&h, sum);
    want("put", put(entry, n, sum), 0);
    for (uint64_t at = 0; at < n; at += PL_CHUNK_MAX)
        want("piece", piece(file, at, n - at < PL_CHUNK_MAX ? n - (size_t)at : PL_CHUNK_MAX), 0);
    want("end", end(file), 0);
    uint64_t first = rev;
    want("end again", end(file), 0);
    if (rev != first)
        die("the second end made another revision");
    want("the same again", put(entry, n, sum), 0);
    if (offset != n)
        die("a file that is there is asked for again");
}

static void on_client_closed(void *ctx)
{
    (void)ctx;
    is_closed = true;
}

int main(int argc, char **argv)
{
    struct pl_err e;
    struct pl_entry *en = NULL;
    uint8_t wrong[PL_SHA256_BYTES] = {1};
    uint8_t crowded[PL_SHA256_BYTES] = {2};
    char name[TRUST_PROFILE_MAX + 1];
    struct sigaction ignore = {.sa_handler = SIG_IGN};
    pl_err_init(&e);
    if (argc != 4 || pl_parse_u64(argv[2], &review_no) < 0)
        die("usage: file_raw CONFIG REVIEW ENTRY");
    (void)sigaction(SIGPIPE, &ignore, NULL);
    memset(bytes, 'p', sizeof(bytes));
    if (uv_loop_init(&loop) < 0 || uv_timer_init(&loop, &guard) < 0)
        die("no loop");
    const struct client_handlers h = {on_link, NULL};
    const struct client_options o = {0};
    const struct review_handlers rh = {.opened = on_opened};
    if (trust_choose(argv[1], NULL, name, &e) < 0 || trust_load(argv[1], name, &profile, &e) < 0 ||
        client_new(&client, &loop, &profile, &o, &h, &e) < 0 ||
        review_open(&review, client, review_no, true, &rh, &e) < 0)
        die(e.text);
    run_until(&is_open, NULL, 0);
    if (act_find(review_doc(review), argv[3], 0, &en, &e) < 0)
        die(e.text);
    struct pl_eid entry = pl_entry_eid(en);
    wrong_steps(entry, wrong);
    want("put", put(entry, 40000, wrong), 0);
    if (offset != 2 * PL_CHUNK_MAX)
        die("what was sent right is not held");
    want("piece 3", piece(file, offset, 40000 - 2 * PL_CHUNK_MAX), 0);
    want("a wrong checksum", end(file), PL_E_CHECKSUM);
    want("what was wrong is gone", end(file), PL_E_NOENT);
    crowd(entry, crowded);
    right_upload(entry);
    client_close(client, on_client_closed, NULL);
    run_until(&is_closed, NULL, 0);
    trust_release(&profile);
    (void)puts("ok");
    return 0;
}
