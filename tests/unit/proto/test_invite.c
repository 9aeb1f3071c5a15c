// SPDX-License-Identifier: Apache-2.0
/*
 * The text of invites: there and back, known bytes, and everything that a person's clipboard can do
 * to it.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "plimsoll/base/str.h"
#include "plimsoll/tls/invite.h"

static struct pl_invite sample(const char *host)
{
    struct pl_invite i = {.port = 7474, .kind = PL_INVITE_USER};
    (void)pl_strlcpy(i.host, host, sizeof(i.host));
    for (size_t n = 0; n < PL_SPKI_HASH; n++) {
        i.root_pin[n] = (uint8_t)n;
    }
    for (size_t n = 0; n < PL_INVITE_SECRET; n++) {
        i.secret[n] = (uint8_t)(0xf0 + n);
    }
    return i;
}

static void invite_survives_text(void **state)
{
    (void)state;
    static const char *const hosts[] = {"p.example.org", "192.0.2.7", "2001:db8::1", "fe80::1%eth0",
                                        "localhost"};
    for (size_t h = 0; h < sizeof(hosts) / sizeof(hosts[0]); h++) {
        struct pl_invite in = sample(hosts[h]);
        struct pl_invite out;
        char text[PL_INVITE_TEXT_SIZE];
        assert_int_equal(pl_invite_format(&in, text, NULL), 0);
        assert_int_equal(pl_invite_parse(text, strlen(text), &out, NULL), 0);
        assert_string_equal(out.host, in.host);
        assert_int_equal(out.port, in.port);
        assert_int_equal(out.kind, in.kind);
        assert_memory_equal(out.root_pin, in.root_pin, sizeof(in.root_pin));
        assert_memory_equal(out.secret, in.secret, sizeof(in.secret));
    }
}

static void invite_has_the_agreed_text(void **state)
{
    (void)state;
    struct pl_invite in = sample("p.example.org");
    char text[PL_INVITE_TEXT_SIZE];
    assert_int_equal(pl_invite_format(&in, text, NULL), 0);
    assert_string_equal(text, "plm1:p.example.org:7474:"
                              "040G00820C20A1G7104GM2RC1M70Y40H289H858P2W"
                              "C1J6GV3GEHW7ZGY7SF7X7NYVVZHYFTZFYFVZQZHQA0");
}

static void refused(const char *text)
{
    struct pl_invite out;
    struct pl_err e = {0};
    assert_int_equal(pl_invite_parse(text, strlen(text), &out, &e), -PL_E_INVITE);
    assert_int_equal(e.code, PL_E_INVITE);
    struct pl_invite zero;
    memset(&zero, 0, sizeof(zero));
    assert_memory_equal(&out, &zero, sizeof(out));
}

static void invite_forgives_case_blanks_and_hyphens(void **state)
{
    (void)state;
    struct pl_invite in = sample("p.example.org");
    struct pl_invite out;
    char text[PL_INVITE_TEXT_SIZE];
    char loose[2 * PL_INVITE_TEXT_SIZE];
    assert_int_equal(pl_invite_format(&in, text, NULL), 0);
    char *code = strrchr(text, ':') + 1;
    for (char *p = code; *p != '\0'; p++) {
        *p = pl_ascii_lower(*p);
    }
    (void)snprintf(loose, sizeof(loose), " \n%.*s%.10s-%s\r\n", (int)(code - text), text, code,
                   code + 10);
    assert_int_equal(pl_invite_parse(loose, strlen(loose), &out, NULL), 0);
    assert_memory_equal(out.secret, in.secret, sizeof(in.secret));
}

static void invite_refuses_every_slip(void **state)
{
    (void)state;
    struct pl_invite in = sample("p.example.org");
    char text[PL_INVITE_TEXT_SIZE];
    assert_int_equal(pl_invite_format(&in, text, NULL), 0);
    char *code = strrchr(text, ':') + 1;
    size_t n = strlen(code);
    assert_int_equal(n, PL_INVITE_CODE_LEN);
    /* A changed or lost character, neighbours swapped: 16 bits of check, and this is a fixed text.
     */
    int missed = 0;
    for (size_t i = 0; i < n; i++) {
        struct pl_invite out;
        char kept = code[i];
        code[i] = kept == 'Z' ? 'Y' : 'Z';
        missed += pl_invite_parse(text, strlen(text), &out, NULL) == 0;
        code[i] = kept;
        if (i + 1 < n && code[i] != code[i + 1]) {
            code[i] = code[i + 1];
            code[i + 1] = kept;
            missed += pl_invite_parse(text, strlen(text), &out, NULL) == 0;
            code[i + 1] = code[i];
            code[i] = kept;
        }
    }
    assert_int_equal(missed, 0);
    code[n - 1] = '\0';
    refused(text);
    refused("");
    refused("plm1:");
    refused("plm2:p.example.org:7474:0");
    refused("https://p.example.org/");
    refused("plm1:p.example.org:7474:");
    refused("plm1::7474:0");
}

static void host_refused(const char *text, uint16_t preset)
{
    char host[PL_INVITE_HOST_MAX + 1];
    uint16_t port;
    struct pl_err e;
    if (pl_host_port_parse(text, strlen(text), preset, host, &port, &e) != -PL_E_INVALID) {
        fail_msg("taken: %s", text);
    }
}

static void host_port_is_strict(void **state)
{
    (void)state;
    char host[PL_INVITE_HOST_MAX + 1];
    uint16_t port;
    assert_int_equal(pl_host_port_parse("[::1]:80", 8, 0, host, &port, NULL), 0);
    assert_string_equal(host, "::1");
    assert_int_equal(port, 80);
    assert_int_equal(pl_host_port_parse("a.b", 3, 7474, host, &port, NULL), 0);
    assert_int_equal(port, 7474);
    static const char *const bad[] = {
        "",        ":80",   "a:0",   "a:65536", "a:8x",    "a:",    "a b:1",    "::1",  "[a]:80",
        "[::1:80", "[]:80", "-a:80", "a/b:1",   "[::1]80", "a:1:2", "[::1%]:1", "a;b:1"};
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        host_refused(bad[i], 7474);
    }
    host_refused("a", 0);
}

static void invite_refuses_to_write_nonsense(void **state)
{
    (void)state;
    char text[PL_INVITE_TEXT_SIZE];
    struct pl_invite i = sample("a b");
    assert_int_equal(pl_invite_format(&i, text, NULL), -PL_E_INVALID);
    i = sample("a");
    i.port = 0;
    assert_int_equal(pl_invite_format(&i, text, NULL), -PL_E_INVALID);
    i = sample("a");
    i.kind = (enum pl_invite_kind)9;
    assert_int_equal(pl_invite_format(&i, text, NULL), -PL_E_INVALID);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(invite_survives_text),
        cmocka_unit_test(invite_has_the_agreed_text),
        cmocka_unit_test(invite_forgives_case_blanks_and_hyphens),
        cmocka_unit_test(invite_refuses_every_slip),
        cmocka_unit_test(host_port_is_strict),
        cmocka_unit_test(invite_refuses_to_write_nonsense),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
