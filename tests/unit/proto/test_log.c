// SPDX-License-Identifier: Apache-2.0
/*
 * Log lines: escaping, contexts, cutting, JSON read back by an independent parser, files.
 */
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <jansson.h>

#include "plimsoll/base/file.h"
#include "plimsoll/base/log.h"
#include "plimsoll/base/utf8.h"
#include "support/unit.h"

static char last[PL_LOG_LINE_MAX + 1];
static size_t lines;

static void take(void *ctx, enum pl_log_level level, const char *line, size_t n)
{
    (void)ctx;
    (void)level;
    assert_true(n <= PL_LOG_LINE_MAX);
    memcpy(last, line, n);
    last[n] = '\0';
    lines++;
}

static void start(bool json, enum pl_log_level level)
{
    struct pl_log_options o = {.level = level, .json = json, .no_time = true};
    assert_int_equal(pl_log_open(&o, NULL), 0);
    pl_log_set_sink(take, NULL);
    lines = 0;
    last[0] = '\0';
}

TEST(log_writes_pairs_when_plain)
{
    start(false, PL_LOG_INFO);
    LOG_INFO(NULL, "session.closed", KV_S("why", "slow reader"), KV_U("rx", 17), KV_I("d", -3),
             KV_B("ok", true), KV_F("s", 0.25), KV_S("none", NULL), KV_S("empty", ""));
    assert_string_equal(last, "info session.closed why=\"slow reader\" rx=17 d=-3 ok=true s=0.25 "
                              "none=- empty=\"\"\n");
    LOG_WARN(NULL, "bare.event");
    assert_string_equal(last, "warn bare.event\n");
    LOG_DEBUG(NULL, "not.seen");
    assert_int_equal(lines, 2);
}

TEST(log_picks_the_type_when_generic)
{
    unsigned char uc = 200;
    int64_t i = -1;
    size_t z = 9;
    char text[] = "x";
    start(false, PL_LOG_TRACE);
    LOG_TRACE(NULL, "e", KV("a", uc), KV("b", i), KV("c", z), KV("d", text), KV("e", 1.5),
              KV("f", (bool)false));
    assert_string_equal(last, "trace e a=200 b=-1 c=9 d=x e=1.5 f=false\n");
}

TEST(log_escapes_when_a_peer_chose_the_text)
{
    start(false, PL_LOG_INFO);
    LOG_ERR(NULL, "e",
            KV_S("t", "a\nerr forged x=1\x1b[31m\"\\\xff\xE2\x80\xAE\xC2\x9B\x7f\xC3\xA9"));
    assert_string_equal(last, "err e t=\"a\\nerr forged x=1\\u{1b}[31m\\\"\\\\\\xff\\u{202e}\\u{9b}"
                              "\\u{7f}\xC3\xA9\"\n");
    assert_true(pl_utf8_is_clean(last, strlen(last), NULL));
}

TEST(log_adds_contexts_when_given)
{
    struct pl_log_ctx server;
    struct pl_log_ctx session;
    start(false, PL_LOG_INFO);
    pl_log_ctx_init(&server, NULL);
    pl_log_ctx_init(&session, &server);
    pl_log_ctx_set(&server, KV_S("listener", "main"));
    pl_log_ctx_set(&session, KV_U("session", 1));
    pl_log_ctx_set(&session, KV_U("session", 2));
    LOG_INFO(&session, "e", KV_U("x", 1));
    assert_string_equal(last, "info e listener=main session=2 x=1\n");
}

TEST(log_is_json_when_asked)
{
    char nasty[256];
    for (int i = 0; i < 255; i++)
        nasty[i] = (char)(i + 1);
    nasty[255] = '\0';
    start(true, PL_LOG_INFO);
    LOG_INFO(NULL, "e", KV_S("t", nasty), KV_S("n", NULL), KV_U("u", 18), KV_B("b", false),
             KV_F("inf", HUGE_VAL));
    json_t *j = json_loads(last, 0, NULL);
    assert_non_null(j);
    assert_string_equal(json_string_value(json_object_get(j, "level")), "info");
    assert_string_equal(json_string_value(json_object_get(j, "event")), "e");
    assert_true(json_is_null(json_object_get(j, "n")));
    assert_int_equal(json_integer_value(json_object_get(j, "u")), 18);
    assert_memory_equal(json_string_value(json_object_get(j, "t")), nasty, 0x7E);
    json_decref(j);
}

TEST(log_cuts_and_stays_whole_when_too_long)
{
    static char text[3 * PL_LOG_LINE_MAX];
    for (int json = 0; json < 2; json++) {
        for (size_t n = PL_LOG_LINE_MAX - 80; n < PL_LOG_LINE_MAX + 20; n++) {
            start(json != 0, PL_LOG_INFO);
            memset(text, '"', n);
            memset(text, 'a', n / 2 * 2 == n ? n : n / 2);
            text[n] = '\0';
            LOG_INFO(NULL, "e", KV_S("first", "x"), KV_S("t", text), KV_U("after", 1));
            assert_int_equal(lines, 1);
            assert_int_equal(last[strlen(last) - 1], '\n');
            if (json) {
                json_t *j = json_loads(last, 0, NULL);
                assert_non_null(j);
                assert_string_equal(json_string_value(json_object_get(j, "first")), "x");
                json_decref(j);
            }
        }
    }
}

TEST(log_keeps_quiet_when_rated)
{
    struct pl_log_rate rate = {.burst = 3, .per_ms = 100000};
    start(false, PL_LOG_INFO);
    for (int i = 0; i < 10; i++)
        LOG_RATED(&rate, PL_LOG_WARN, NULL, "peer.noise", KV_I("i", i));
    assert_int_equal(lines, 3);
    assert_int_equal(rate.suppressed, 7);
    rate.window_ms -= 100001;
    LOG_RATED(&rate, PL_LOG_WARN, NULL, "peer.noise");
    assert_string_equal(last, "warn peer.noise suppressed=7\n");
}

TEST(log_goes_to_a_file_when_named)
{
    char dir[] = "/tmp/plimsoll-log-XXXXXX";
    char path[64];
    char moved[64];
    struct pl_buf b;
    assert_non_null(mkdtemp(dir));
    (void)snprintf(path, sizeof path, "%s/log", dir);
    (void)snprintf(moved, sizeof moved, "%s/log.1", dir);
    pl_log_set_sink(NULL, NULL);
    struct pl_log_options o = {.level = PL_LOG_INFO, .path = path};
    assert_int_equal(pl_log_open(&o, NULL), 0);
    LOG_INFO(NULL, "one");
    assert_int_equal(rename(path, moved), 0);
    assert_int_equal(pl_log_reopen(NULL), 0);
    LOG_INFO(NULL, "two");
    pl_log_close();
    assert_int_equal(pl_file_read_all(moved, 1000, &b, NULL), 0);
    assert_non_null(strstr((char *)b.data, "Z info one\n"));
    pl_buf_release(&b);
    assert_int_equal(pl_file_read_all(path, 1000, &b, NULL), 0);
    assert_non_null(strstr((char *)b.data, "Z info two\n"));
    pl_buf_release(&b);
    o.path = "/nonexistent/folder/log";
    assert_int_equal(pl_log_open(&o, NULL), -PL_E_IO);
    assert_int_equal(unlink(path) + unlink(moved) + rmdir(dir), 0);
}

TEST(log_levels_have_names_when_parsed)
{
    enum pl_log_level level = PL_LOG_ERR;
    assert_int_equal(pl_log_level_parse("debug", &level), 0);
    assert_int_equal(level, PL_LOG_DEBUG);
    assert_int_equal(pl_log_level_parse("loud", &level), -PL_E_INVALID);
    assert_string_equal(pl_log_level_name(PL_LOG_TRACE), "trace");
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        UNIT(log_writes_pairs_when_plain),
        UNIT(log_picks_the_type_when_generic),
        UNIT(log_escapes_when_a_peer_chose_the_text),
        UNIT(log_adds_contexts_when_given),
        UNIT(log_is_json_when_asked),
        UNIT(log_cuts_and_stays_whole_when_too_long),
        UNIT(log_keeps_quiet_when_rated),
        UNIT(log_goes_to_a_file_when_named),
        UNIT(log_levels_have_names_when_parsed),
    };
    return RUN(tests);
}
