// SPDX-License-Identifier: Apache-2.0
/*
 * Joining against a small server in a thread: what lands on disk, what is presented again after a
 * cut, and what is refused.
 */
#include <ftw.h>
#include <netinet/in.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include "plimsoll/base/arena.h"
#include "plimsoll/base/file.h"
#include "plimsoll/base/str.h"
#include "plimsoll/base/time.h"
#include "plimsoll/tls/x509.h"
#include "plimsoll/wire/frame.h"
#include "plimsoll/wire/limits.h"
#include "plimsoll/wire/message.h"

#include "net/join.h"
#include "support/pki.h"
#include "support/unit.h"

enum mode { MODE_GOOD, MODE_DROP, MODE_REFUSE, MODE_OTHER_KEY, MODE_RUBBISH, MODE_SILENT };

static struct test_pki pki;
static char dir[64];
static struct join_result last; /* of join() */

/* One connection of the small server. */
struct server {
    pthread_t thread;
    enum mode mode;
    int listener;
    uint16_t port;
    bool got_hello;
    uint8_t spki[PL_SPKI_HASH]; /* of the request */
    uint8_t secret[PL_INVITE_SECRET];
    char device_name[300];
};

static int remove_one(const char *path, const struct stat *st, int type, struct FTW *where)
{
    (void)st;
    (void)type;
    (void)where;
    return remove(path);
}

static int group_setup(void **state)
{
    (void)state;
    test_pki_init(&pki, 0);
    return 0;
}

static int group_teardown(void **state)
{
    (void)state;
    test_pki_release(&pki);
    return 0;
}

static int setup(void **state)
{
    (void)state;
    (void)pl_strlcpy(dir, "/tmp/pl-join-XXXXXX", sizeof(dir));
    return mkdtemp(dir) == NULL;
}

static int teardown(void **state)
{
    (void)state;
    return nftw(dir, remove_one, 16, FTW_DEPTH | FTW_PHYS);
}

/* ---- the small server -------------------------------------------------------------------------
 */

static void send_out(int fd, struct pl_tls *t)
{
    struct pl_buf out;
    pl_tls_take_out(t, &out);
    (void)!send(fd, out.data, out.len, MSG_NOSIGNAL);
    pl_buf_release(&out);
}

static bool receive(int fd, struct pl_tls *t)
{
    uint8_t bytes[4096];
    ssize_t n = recv(fd, bytes, sizeof(bytes), 0);
    return n > 0 && pl_tls_feed(t, bytes, (size_t)n, NULL) == 0;
}

static void answer(const struct server *s, const struct pl_join_hello *hello, struct pl_buf *out)
{
    struct pl_msg m = {.type = PL_MSG_ERROR,
                       .u.error = {.code = PL_E_INVITE, .text = "not valid", .fatal = true}};
    struct pl_chain tail;
    struct pl_buf der;
    struct pl_err e;
    pl_buf_init(&der, PL_CERT_MAX);
    struct pl_issuer *ca = pl_issuer_from_pem(pki.issuing_pem, pki.issuing_key_pem, &e);
    struct pl_csr *csr = pl_csr_parse(hello->csr_der.p, hello->csr_der.n, &e);
    if (s->mode == MODE_OTHER_KEY) {
        struct pl_key *k = pl_key_new(&e);
        pl_csr_free(csr);
        PL_ASSERT(pl_csr_make(k, &der, &e) == 0);
        csr = pl_csr_parse(der.data, der.len, &e);
        pl_buf_clear(&der);
        pl_key_free(k);
    }
    PL_ASSERT(ca != NULL && csr != NULL);
    const int64_t now_s = pl_now_us() / 1000000;
    const struct pl_device_cert spec = {.device = 3, .now_s = now_s, .expires_s = now_s + 86400};
    PL_ASSERT(pl_device_cert_make(ca, csr, &spec, &der, &e) == 0);
    char *pems = test_pem_join(pki.issuing_pem, pki.root_pem, NULL);
    PL_ASSERT(pl_chain_from_pem(pems, &tail, &e) == 0);
    if (s->mode != MODE_REFUSE) {
        m.type = PL_MSG_JOIN_WELCOME;
        m.u.join_welcome = (struct pl_join_welcome){
            .user = 7,
            .user_name = "ana",
            .display_name = "Ana; the first",
            .device = 3,
            .chain_der = {{der.data, der.len},
                          {tail.der[0].data, tail.der[0].len},
                          {tail.der[1].data, tail.der[1].len}},
            .n_chain = 3,
        };
    }
    PL_ASSERT(pl_msg_encode(&m, out, &e) == 0);
    pl_chain_release(&tail);
    free(pems);
    pl_buf_release(&der);
    pl_csr_free(csr);
    pl_issuer_free(ca);
}

static void take_hello(struct server *s, const struct pl_join_hello *hello)
{
    struct pl_csr *csr = pl_csr_parse(hello->csr_der.p, hello->csr_der.n, NULL);
    PL_ASSERT(csr != NULL && hello->secret.n == PL_INVITE_SECRET);
    pl_csr_spki(csr, s->spki);
    memcpy(s->secret, hello->secret.p, PL_INVITE_SECRET);
    (void)pl_strlcpy(s->device_name, hello->device_name, sizeof(s->device_name));
    s->got_hello = true;
    pl_csr_free(csr);
}

static void serve_one(struct server *s, int fd, struct pl_tls *t)
{
    struct pl_frame_reader reader;
    struct pl_frame frame;
    struct pl_arena arena;
    struct pl_buf out;
    struct pl_msg m;
    uint8_t plain[4096];
    pl_frame_reader_init(&reader, PL_FRAME_MAX_JOIN);
    pl_arena_init(&arena, 1 << 20);
    pl_buf_init(&out, 1 << 20);
    int state;
    while ((state = pl_tls_handshake(t, NULL)) == 0) {
        send_out(fd, t);
        if (!receive(fd, t)) {
            break;
        }
    }
    send_out(fd, t);
    while (state == 1 && !s->got_hello) {
        long n = pl_tls_read(t, plain, sizeof(plain), NULL);
        if (n < 0 || (n == 0 && !receive(fd, t))) {
            break;
        }
        pl_frame_feed(&reader, plain, (size_t)n);
        if (n > 0 && pl_frame_next(&reader, &frame, NULL) == 1) {
            PL_ASSERT(pl_msg_decode(&m, frame.type, frame.payload, frame.n, PL_SIDE_SERVER, &arena,
                                    NULL) == 0);
            take_hello(s, &m.u.join_hello);
            answer(s, &m.u.join_hello, &out);
        }
    }
    if (s->got_hello && s->mode != MODE_DROP && s->mode != MODE_SILENT) {
        if (s->mode == MODE_RUBBISH) {
            memset(out.data, 0xff, out.len);
        }
        PL_ASSERT(pl_tls_write(t, out.data, out.len, NULL) == 0);
        pl_tls_shutdown(t);
        send_out(fd, t);
    }
    if (s->mode == MODE_SILENT) {
        (void)receive(fd, t); /* until the client gives up */
    }
    pl_frame_reader_release(&reader);
    pl_arena_release(&arena);
    pl_buf_release(&out);
}

static void *run_server(void *ctx)
{
    struct server *s = ctx;
    struct pl_tls_ctx *c =
        pl_tls_server_ctx(pki.server_chain_pem, pki.server_key_pem, pki.issuing_pem, NULL);
    struct pl_tls *t = pl_tls_new_server(c, NULL);
    int fd = accept(s->listener, NULL, NULL);
    if (fd >= 0) {
        serve_one(s, fd, t);
        (void)close(fd);
    }
    pl_tls_free(t);
    pl_tls_ctx_unref(c);
    return NULL;
}

static void server_start(struct server *s, enum mode mode)
{
    struct sockaddr_in a = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t n = sizeof(a);
    memset(s, 0, sizeof(*s));
    s->mode = mode;
    s->listener = socket(AF_INET, SOCK_STREAM, 0);
    assert_true(s->listener >= 0);
    assert_int_equal(bind(s->listener, (const struct sockaddr *)&a, sizeof(a)), 0);
    assert_int_equal(listen(s->listener, 4), 0);
    assert_int_equal(getsockname(s->listener, (struct sockaddr *)&a, &n), 0);
    s->port = ntohs(a.sin_port);
    assert_int_equal(pthread_create(&s->thread, NULL, run_server, s), 0);
}

static void server_join(struct server *s)
{
    (void)shutdown(s->listener, SHUT_RDWR);
    assert_int_equal(pthread_join(s->thread, NULL), 0);
    (void)close(s->listener);
}

static void make_invite(const struct server *s, uint8_t secret, char out[PL_INVITE_TEXT_SIZE])
{
    struct pl_invite i = {.host = "127.0.0.1", .port = s->port, .kind = PL_INVITE_USER};
    memcpy(i.root_pin, pki.root_pin, sizeof(i.root_pin));
    memset(i.secret, secret, sizeof(i.secret));
    assert_int_equal(pl_invite_format(&i, out, NULL), 0);
}

/* Joins once; the server's view is in *s. */
static int join(enum mode mode, uint8_t secret, const char *profile, struct server *s,
                struct pl_err *e)
{
    char invite[PL_INVITE_TEXT_SIZE];
    struct join_result r;
    const struct join_options o = {.config_dir = dir,
                                   .profile = profile,
                                   .device_name = "laptop",
                                   .timeout_ms = mode == MODE_SILENT ? 300 : 0};
    server_start(s, mode);
    make_invite(s, secret, invite);
    int rc = join_run(invite, &o, &r, e);
    server_join(s);
    last = r;
    if (rc == 0) {
        assert_string_equal(r.user_name, "ana");
        assert_string_equal(r.display_name, "Ana; the first");
        assert_int_equal(r.user, 7);
        assert_int_equal(r.device, 3);
    }
    return rc;
}

/* ---- tests ------------------------------------------------------------------------------------
 */

static mode_t mode_of(const char *name)
{
    char path[256];
    struct stat st;
    (void)snprintf(path, sizeof(path), "%s/profiles/default/%s", dir, name);
    return stat(path, &st) == 0 ? st.st_mode & 0777 : 0;
}

TEST(join_makes_a_profile_that_loads)
{
    struct server s;
    struct pl_err e;
    struct trust_profile p;
    struct trust_names names;
    char name[TRUST_PROFILE_MAX + 1];
    assert_int_equal(trust_choose(dir, NULL, name, &e), -PL_E_AUTH);
    assert_int_equal(join(MODE_GOOD, 1, NULL, &s, &e), 0);
    assert_string_equal(s.device_name, "laptop");
    assert_int_equal(s.secret[0], 1);
    assert_int_equal(mode_of(""), 0700);
    assert_int_equal(mode_of("device.key"), 0600);
    assert_int_equal(mode_of("join.key"), 0);
    assert_int_equal(trust_choose(dir, NULL, name, &e), 0);
    assert_string_equal(name, "default");
    assert_int_equal(trust_list(dir, &names, &e), 0);
    assert_int_equal(names.count, 1);
    assert_int_equal(trust_load(dir, name, &p, &e), 0);
    assert_string_equal(p.host, "127.0.0.1");
    assert_int_equal(p.port, s.port);
    assert_string_equal(p.server_name, pki.server_name);
    assert_string_equal(p.user_name, "ana");
    assert_int_equal(p.device, 3);
    struct pl_tls_ctx *c = trust_tls_ctx(&p, &e);
    assert_non_null(c);
    pl_tls_ctx_unref(c);
    trust_release(&p);
}

TEST(join_presents_the_same_key_when_the_answer_was_lost)
{
    struct server first;
    struct server second;
    struct server third;
    struct pl_err e;
    assert_int_equal(join(MODE_DROP, 1, NULL, &first, &e), -PL_E_TLS);
    assert_true(first.got_hello);
    assert_int_equal(mode_of("join.key"), 0600);
    assert_int_equal(mode_of("profile.conf"), 0);
    assert_int_equal(join(MODE_GOOD, 1, NULL, &second, &e), 0);
    assert_memory_equal(first.spki, second.spki, PL_SPKI_HASH);
    /* Another invite, another key; another profile, because the first is taken. */
    assert_int_equal(join(MODE_GOOD, 2, NULL, &third, &e), 0);
    assert_memory_not_equal(first.spki, third.spki, PL_SPKI_HASH);
    char path[128];
    (void)snprintf(path, sizeof(path), "%s/profiles/127.0.0.1/profile.conf", dir);
    assert_true(pl_file_exists(path));
    /* The first stays in use, and the second says so. */
    char name[TRUST_PROFILE_MAX + 1];
    assert_string_equal(last.profile, "127.0.0.1");
    assert_string_equal(last.in_use, "default");
    assert_int_equal(trust_choose(dir, NULL, name, &e), 0);
    assert_string_equal(name, "default");
}

TEST(trust_lists_profiles_when_none_is_chosen)
{
    struct server s;
    struct server t;
    struct pl_err e;
    char name[TRUST_PROFILE_MAX + 1];
    char mark[128];
    assert_int_equal(join(MODE_GOOD, 1, "home", &s, &e), 0);
    assert_string_equal(last.in_use, "home");
    assert_int_equal(join(MODE_GOOD, 2, "work", &t, &e), 0);
    assert_string_equal(last.in_use, "home");
    assert_int_equal(trust_choose(dir, NULL, name, &e), 0);
    assert_string_equal(name, "home");
    (void)snprintf(mark, sizeof(mark), "%s/profiles/.current", dir);
    assert_int_equal(unlink(mark), 0);
    assert_int_equal(trust_choose(dir, NULL, name, &e), -PL_E_USAGE);
    assert_non_null(strstr(e.text, "home (ana on 127.0.0.1), work (ana on 127.0.0.1)"));
    assert_non_null(strstr(e.text, "profile use NAME"));
}

TEST(join_takes_a_new_key_when_the_invite_is_another)
{
    struct server first;
    struct server second;
    struct pl_err e;
    assert_int_equal(join(MODE_DROP, 1, "p", &first, &e), -PL_E_TLS);
    assert_int_equal(join(MODE_GOOD, 2, "p", &second, &e), 0);
    assert_memory_not_equal(first.spki, second.spki, PL_SPKI_HASH);
}

TEST(join_says_what_the_server_says)
{
    struct server s;
    struct pl_err e;
    assert_int_equal(join(MODE_REFUSE, 1, NULL, &s, &e), -PL_E_INVITE);
    assert_string_equal(e.text, "not valid");
    assert_int_equal(mode_of("profile.conf"), 0);
}

TEST(join_refuses_answers_that_are_not_for_it)
{
    struct server s;
    struct pl_err e;
    assert_int_equal(join(MODE_OTHER_KEY, 1, NULL, &s, &e), -PL_E_BAD_MESSAGE);
    assert_int_equal(join(MODE_RUBBISH, 1, NULL, &s, &e), -PL_E_TOO_LARGE);
    assert_int_equal(mode_of("device.pem"), 0);
}

TEST(join_gives_up_when_the_server_is_silent)
{
    struct server s;
    struct pl_err e;
    uint64_t begun = pl_mono_ms();
    assert_int_equal(join(MODE_SILENT, 1, NULL, &s, &e), -PL_E_TIMEOUT);
    assert_in_range(pl_mono_ms() - begun, 250, 5000);
}

TEST(join_sends_nothing_when_the_root_is_another)
{
    struct server s;
    struct pl_err e;
    struct join_result r;
    char invite[PL_INVITE_TEXT_SIZE];
    const struct join_options o = {.config_dir = dir};
    struct test_pki other;
    test_pki_init(&other, 0);
    server_start(&s, MODE_GOOD);
    struct pl_invite i = {.host = "127.0.0.1", .port = s.port, .kind = PL_INVITE_USER};
    memcpy(i.root_pin, other.root_pin, sizeof(i.root_pin));
    assert_int_equal(pl_invite_format(&i, invite, NULL), 0);
    assert_int_equal(join_run(invite, &o, &r, &e), -PL_E_PIN);
    server_join(&s);
    assert_false(s.got_hello);
    test_pki_release(&other);
}

TEST(join_says_unreachable_when_nobody_listens)
{
    struct server s;
    struct pl_err e;
    struct join_result r;
    char invite[PL_INVITE_TEXT_SIZE];
    const struct join_options o = {.config_dir = dir};
    server_start(&s, MODE_GOOD);
    make_invite(&s, 1, invite);
    server_join(&s);
    assert_int_equal(join_run(invite, &o, &r, &e), -PL_E_UNREACHABLE);
    assert_int_equal(join_run("plm1:nonsense", &o, &r, &e), -PL_E_INVITE);
}

TEST(join_keeps_a_profile_unless_forced)
{
    struct server s;
    struct server t;
    struct pl_err e;
    struct trust_profile p;
    assert_int_equal(join(MODE_GOOD, 1, "p", &s, &e), 0);
    assert_int_equal(join(MODE_GOOD, 2, "p", &t, &e), -PL_E_CONFLICT);
    assert_false(t.got_hello);
    char invite[PL_INVITE_TEXT_SIZE];
    struct join_result r;
    const struct join_options o = {.config_dir = dir, .profile = "p", .force = true};
    server_start(&t, MODE_GOOD);
    make_invite(&t, 2, invite);
    assert_int_equal(join_run(invite, &o, &r, &e), 0);
    server_join(&t);
    assert_int_equal(trust_load(dir, "p", &p, &e), 0);
    assert_int_equal(p.port, t.port);
    trust_release(&p);
}

TEST(trust_refuses_keys_that_others_can_read)
{
    struct server s;
    struct pl_err e;
    struct trust_profile p;
    char path[128];
    assert_int_equal(join(MODE_GOOD, 1, "p", &s, &e), 0);
    (void)snprintf(path, sizeof(path), "%s/profiles/p/device.key", dir);
    assert_int_equal(chmod(path, 0644), 0);
    assert_int_equal(trust_load(dir, "p", &p, &e), -PL_E_IO);
    trust_release(&p);
}

TEST(trust_chooses_by_mark_and_refuses_bad_names)
{
    struct server s;
    struct pl_err e;
    char name[TRUST_PROFILE_MAX + 1];
    struct trust_profile p;
    assert_int_equal(join(MODE_GOOD, 1, "b", &s, &e), 0);
    assert_int_equal(join(MODE_GOOD, 2, "a", &s, &e), 0);
    assert_int_equal(trust_choose(dir, NULL, name, &e), 0);
    assert_string_equal(name, "b"); /* the first */
    assert_int_equal(trust_use(dir, "a", &e), 0);
    assert_int_equal(trust_choose(dir, NULL, name, &e), 0);
    assert_string_equal(name, "a");
    assert_int_equal(trust_use(dir, "c", &e), -PL_E_NOENT);
    assert_int_equal(trust_choose(dir, "../x", name, &e), -PL_E_INVALID);
    assert_int_equal(trust_load(dir, "../x", &p, &e), -PL_E_INVALID);
    trust_release(&p);
    assert_int_equal(trust_load(dir, "c", &p, &e), -PL_E_AUTH);
    trust_release(&p);
}

#define JOIN_TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
    (void)unsetenv("PLIMSOLL_PROFILE");
    const struct CMUnitTest tests[] = {
        JOIN_TEST(join_makes_a_profile_that_loads),
        JOIN_TEST(join_presents_the_same_key_when_the_answer_was_lost),
        JOIN_TEST(join_takes_a_new_key_when_the_invite_is_another),
        JOIN_TEST(trust_lists_profiles_when_none_is_chosen),
        JOIN_TEST(join_says_what_the_server_says),
        JOIN_TEST(join_refuses_answers_that_are_not_for_it),
        JOIN_TEST(join_gives_up_when_the_server_is_silent),
        JOIN_TEST(join_sends_nothing_when_the_root_is_another),
        JOIN_TEST(join_says_unreachable_when_nobody_listens),
        JOIN_TEST(join_keeps_a_profile_unless_forced),
        JOIN_TEST(trust_refuses_keys_that_others_can_read),
        JOIN_TEST(trust_chooses_by_mark_and_refuses_bad_names),
    };
    return cmocka_run_group_tests(tests, group_setup, group_teardown);
}
