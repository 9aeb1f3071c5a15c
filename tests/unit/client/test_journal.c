// SPDX-License-Identifier: Apache-2.0
/*
 * The journal on disk: what was typed is there after a crash, slots are locked and adopted, the
 * file stays bounded, a full disk is survived, rescue files are written.
 */
#include "journal_rig.h"

/* --- crash and tail ------------------------------------------------------------------------------
 */

TEST(journal_has_what_was_typed_when_the_process_died)
{
    struct desk d;
    uint64_t client;

    desk_init(&d);
    assert_false(start(&d));
    client = sync_client(d.s);
    type(&d, 0, "hello");
    type(&d, 5, " you");
    die(&d);
    assert_false(start(&d));
    assert_string_equal(text_of(d.s), "hello you");
    assert_int_equal(sync_client(d.s), client);
    assert_false(sync_is_saved(d.s));
    desk_release(&d);
}

TEST(journal_appends_a_keystroke_in_few_bytes)
{
    struct desk d;
    long before;

    desk_init(&d);
    start(&d);
    type(&d, 0, "hello");
    before = size_of(journal_path(d.j));
    type(&d, 5, "!");
    assert_in_range(size_of(journal_path(d.j)) - before, 20, 100);
    desk_release(&d);
}

/* --- slots ---------------------------------------------------------------------------------------
 */

TEST(journal_gives_a_second_process_its_own_slot_and_client_id)
{
    const struct sync_handlers h = {.send = on_send};
    struct desk d;

    desk_init(&d);
    start(&d);
    type(&d, 0, "first");
    struct journal *second = open_slot(&d, -1, NULL);
    assert_non_null(second);
    assert_string_not_equal(journal_path(second), journal_path(d.j));
    struct sync *s = journal_start(second, &h, NULL);
    assert_true(sync_client(s) != sync_client(d.s));
    assert_string_equal(text_of(s), "");
    sync_free(s);
    journal_close(second, NULL);
    struct pl_err e = {0};
    assert_null(open_slot(&d, 0, &e));
    assert_int_equal(e.code, PL_E_BUSY);
    desk_release(&d);
}

TEST(journal_adopts_left_over_work_first)
{
    struct desk a;
    struct desk b;

    desk_init(&a);
    start(&a); /* slot 0, nothing typed */
    b = a;
    b.j = NULL;
    b.s = NULL;
    start(&b); /* slot 1 */
    type(&b, 0, "left over");
    die(&b);
    die(&a);
    start(&a);
    assert_string_equal(text_of(a.s), "left over");
    desk_release(&a);
}

/* --- bounds --------------------------------------------------------------------------------------
 */

TEST(journal_is_rewritten_when_it_has_overgrown)
{
    struct desk d;
    char block[4001];
    long most = 0;

    memset(block, 'k', sizeof block - 1);
    block[4000] = '\0';
    desk_init(&d);
    start(&d);
    for (int i = 0; i < 2000; i++) {
        assert_int_equal(type(&d, 0, block), 0);
        struct pl_cs cs;
        struct pl_op op;
        pl_op_splice(&op, pl_entry_text(pl_doc_root(sync_view(d.s)), PL_F_REVIEW_IMPACT), 0, 4000,
                     "", 0);
        pl_cs_init(&cs);
        pl_cs_text(&cs, PL_EID_ROOT, PL_F_REVIEW_IMPACT, &op);
        assert_int_equal(sync_edit(d.s, &cs, false, false, 1, NULL), 0);
        if (size_of(journal_path(d.j)) > most)
            most = size_of(journal_path(d.j));
    }
    assert_true(most > 500000);
    assert_true(most < 1200000);
    type(&d, 0, "end");
    die(&d);
    start(&d);
    assert_string_equal(text_of(d.s), "end");
    desk_release(&d);
}

TEST(journal_is_fsynced_within_fifty_milliseconds)
{
    struct desk d;

    desk_init(&d);
    start(&d);
    type(&d, 0, "a"); /* the first write is a whole file, already synced */
    assert_int_equal(journal_sync_due(d.j), -1);
    type(&d, 1, "b");
    assert_int_equal(journal_sync_due(d.j), 50000);
    pl_env_fake_advance_us(&d.env, 30000);
    type(&d, 2, "c");
    assert_int_equal(journal_sync_due(d.j), 20000);
    pl_env_fake_advance_us(&d.env, 30000);
    assert_int_equal(journal_sync_due(d.j), 0);
    int fd = journal_sync_take(d.j);
    assert_true(fd >= 0);
    assert_int_equal(journal_sync_due(d.j), -1);
    type(&d, 3, "d"); /* while the worker is at it */
    int rc = fdatasync(fd);
    assert_int_equal(rc, 0);
    (void)close(fd);
    journal_sync_done(d.j, 0);
    assert_int_equal(journal_sync_due(d.j), 50000);
    journal_sync(d.j, d.s);
    assert_int_equal(journal_sync_due(d.j), -1);
    desk_release(&d);
}

/* --- trouble -------------------------------------------------------------------------------------
 */

static void set_file_limit(rlim_t n)
{
    struct rlimit r;

    assert_int_equal(getrlimit(RLIMIT_FSIZE, &r), 0);
    r.rlim_cur = n;
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &r), 0);
}

TEST(journal_goes_on_in_memory_when_the_disk_is_full_and_writes_all_later)
{
    const struct sigaction ignore = {.sa_handler = SIG_IGN};
    struct desk d;
    char block[3001];

    memset(block, 'f', sizeof block - 1);
    block[3000] = '\0';
    assert_int_equal(sigaction(SIGXFSZ, &ignore, NULL), 0);
    desk_init(&d);
    start(&d);
    type(&d, 0, "before ");
    set_file_limit(1000);
    assert_int_equal(type(&d, 7, block), 0);
    assert_int_equal(type(&d, 3007, " after"), 0);
    assert_int_equal(d.told_bad, 1);
    assert_false(journal_is_ok(d.j));
    assert_int_equal(journal_sync_due(d.j), JOURNAL_RETRY_US);
    set_file_limit(RLIM_INFINITY);
    pl_env_fake_advance_us(&d.env, JOURNAL_RETRY_US);
    assert_int_equal(journal_sync_due(d.j), 0);
    journal_sync(d.j, d.s);
    assert_int_equal(d.told_good, 1);
    assert_true(journal_is_ok(d.j));
    die(&d);
    start(&d);
    assert_int_equal(strlen(text_of(d.s)), 7 + 3000 + 6);
    desk_release(&d);
}

TEST(journal_tells_when_the_folder_cannot_be_used)
{
    struct desk d;
    struct pl_err e = {0};
    char file[80];

    desk_init(&d);
    (void)snprintf(file, sizeof file, "%s/journal", d.dir);
    assert_int_equal(pl_file_write_new(file, "", 0, 0600, NULL), 0);
    assert_null(open_slot(&d, -1, &e));
    assert_int_equal(e.code, PL_E_IO);
    desk_release(&d);
}

/* --- list, export, drop, rescue
 * ------------------------------------------------------------------- */

struct listed {
    unsigned n;
    struct journal_info last;
    char host[64];
};

static void on_list(void *ctx, const struct journal_info *i)
{
    struct listed *l = ctx;

    l->n++;
    l->last = *i;
    (void)snprintf(l->host, sizeof l->host, "%s", i->host);
}

TEST(journal_lists_exports_and_drops)
{
    struct listed l = {0};
    struct desk d;
    struct pl_buf out;
    char path[JOURNAL_PATH_MAX];

    desk_init(&d);
    assert_int_equal(journal_list(d.dir, on_list, &l, NULL), 0);
    assert_int_equal(l.n, 0);
    start(&d);
    type(&d, 0, "keep this");
    assert_int_equal(journal_list(d.dir, on_list, &l, NULL), 0);
    assert_int_equal(l.n, 1);
    assert_true(l.last.in_use);
    assert_int_equal(l.last.review, REVIEW);
    assert_int_equal(l.last.pending_slots, 1);
    assert_string_equal(l.host, "server.example:7500");
    (void)snprintf(path, sizeof path, "%s", journal_path(d.j));
    assert_int_equal(journal_drop(d.dir, "server.example:7500", REVIEW, 0, NULL), -PL_E_BUSY);
    pl_buf_init(&out, 100000);
    assert_int_equal(journal_export(path, &out, NULL), 0);
    assert_int_equal(pl_buf_add_byte(&out, 0), 0);
    assert_non_null(strstr((const char *)out.data, "typed:\nkeep this\n"));
    pl_buf_release(&out);
    die(&d);
    assert_int_equal(journal_drop(d.dir, "server.example:7500", REVIEW, 0, NULL), 0);
    assert_int_equal(journal_drop(d.dir, "server.example:7500", REVIEW, 0, NULL), -PL_E_NOENT);
    desk_release(&d);
}

TEST(rescue_writes_what_was_refused)
{
    struct desk d;
    struct pl_buf path;
    struct pl_buf text;
    struct pl_value v = pl_value_int(2);
    struct pl_cs cs;
    struct pl_op op;

    desk_init(&d);
    const struct rescue_options o = {
        .state_dir = d.dir, .host = "../evil/host", .review = 3, .at_us = d.env.now_us};
    pl_cs_init(&cs);
    pl_op_init(&op, 4);
    pl_op_insert(&op, "typed words", 11, 11);
    pl_op_delete(&op, 2, "xy", 2);
    pl_cs_text(&cs, PL_EID_ROOT, PL_F_REVIEW_IMPACT, &op);
    pl_cs_reg(&cs, PL_EID_ROOT, PL_F_REVIEW_SEVERITY, &v);
    for (int i = 1; i <= 2; i++) {
        char expect[160];
        pl_buf_init(&path, 1000);
        assert_int_equal(rescue_write(&o, PL_E_PERM, "not yours", &cs, NULL, &path, NULL), 0);
        assert_int_equal(pl_buf_add_byte(&path, 0), 0);
        (void)snprintf(expect, sizeof expect, "%s/rescue/_._evil_host/3-20260101T000000-%d.txt",
                       d.dir, i);
        assert_string_equal((const char *)path.data, expect);
        assert_int_equal(pl_file_read_all((const char *)path.data, 10000, &text, NULL), 0);
        assert_non_null(strstr((const char *)text.data, "typed words"));
        assert_non_null(strstr((const char *)text.data, "deleted:\nxy"));
        assert_non_null(strstr((const char *)text.data, "not yours"));
        pl_buf_release(&text);
        pl_buf_release(&path);
    }
    pl_cs_release(&cs);
    desk_release(&d);
}

TEST(rescue_remembers_what_was_said_of_each_entry)
{
    static const struct pl_eid about[] = {{1, 1}, {UINT64_MAX, UINT32_MAX}, {0, 0}};
    struct desk d;
    struct pl_buf path;
    struct pl_value v = pl_value_int(2);
    struct pl_eid said = PL_EID_ROOT;
    struct rescue_list l;
    struct pl_cs cs;

    desk_init(&d);
    const struct rescue_options o = {
        .state_dir = d.dir, .host = "h", .review = 3, .at_us = d.env.now_us};
    pl_cs_init(&cs);
    pl_cs_reg(&cs, PL_EID_ROOT, PL_F_REVIEW_SEVERITY, &v);
    pl_buf_init(&path, 1000);
    assert_int_equal(rescue_write(&o, PL_E_LOCKED, "", &cs, NULL, &path, NULL), 0);
    assert_int_equal(rescue_list(d.dir, "h", 3, &l, NULL), 0);
    assert_int_equal(l.n, 1);
    for (uint32_t i = 0; i < 3; i++) {
        assert_false(rescue_said(&l.items[0], about[i], &said));
        assert_int_equal(rescue_note_said(&l.items[0], about[i], (struct pl_eid){9, i}, NULL), 0);
    }
    /* what was refused in its turn is said once more */
    assert_int_equal(rescue_note_said(&l.items[0], about[0], (struct pl_eid){9, 7}, NULL), 0);
    rescue_list_release(&l);
    assert_int_equal(rescue_list(d.dir, "h", 3, &l, NULL), 0);
    assert_int_equal(l.n, 1); /* the note is no refusal */
    for (uint32_t i = 0; i < 3; i++) {
        assert_true(rescue_said(&l.items[0], about[i], &said));
        assert_int_equal(said.client, 9);
        assert_int_equal(said.n, i == 0 ? 7 : i);
    }
    assert_int_equal(rescue_mark_offered(&l.items[0], NULL), 0);
    assert_false(rescue_said(&l.items[0], about[0], &said));
    rescue_list_release(&l);
    pl_buf_release(&path);
    pl_cs_release(&cs);
    desk_release(&d);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        UNIT(journal_has_what_was_typed_when_the_process_died),
        UNIT(journal_appends_a_keystroke_in_few_bytes),
        UNIT(journal_gives_a_second_process_its_own_slot_and_client_id),
        UNIT(journal_adopts_left_over_work_first),
        UNIT(journal_is_rewritten_when_it_has_overgrown),
        UNIT(journal_is_fsynced_within_fifty_milliseconds),
        UNIT(journal_goes_on_in_memory_when_the_disk_is_full_and_writes_all_later),
        UNIT(journal_tells_when_the_folder_cannot_be_used),
        UNIT(journal_lists_exports_and_drops),
        UNIT(rescue_writes_what_was_refused),
        UNIT(rescue_remembers_what_was_said_of_each_entry),
    };

    return RUN(tests);
}
