// SPDX-License-Identifier: Apache-2.0
/*
 * Requests and reviews of one server, over a link that the test plays: an answer of another kind is
 * an error that names both, and whoever is called may end what would have been called next.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <uv.h>

#include "plimsoll/base/mem.h"
#include "plimsoll/wire/message.h"

#include "model/client.h"
#include "model/reply.h"
#include "support/pki.h"
#include "support/unit.h"

#define TIMEOUT_MS 60000

/* --- the link -----------------------------------------------------------------------------------
 */

struct link {
    struct link_handlers on;
    enum link_state state;
    unsigned sent;
};

static struct link the_link;

struct link *link_open(uv_loop_t *loop, const struct link_options *o, const struct link_handlers *h)
{
    (void)loop;
    (void)o;
    the_link = (struct link){.on = *h, .state = LINK_CONNECTING};
    return &the_link;
}

bool link_send(struct link *l, const struct pl_msg *m)
{
    (void)m;
    l->sent++;
    return true;
}

bool link_send_frame(struct link *l, const void *frame, size_t n)
{
    (void)frame;
    (void)n;
    l->sent++;
    return true;
}

void link_redial(struct link *l, const char *why)
{
    (void)l;
    (void)why;
}

void link_refuse(struct link *l, int code, const char *why)
{
    (void)code;
    (void)why;
    l->state = LINK_STOPPED;
}

enum link_state link_state(const struct link *l)
{
    return l->state;
}

uint64_t link_retry_in_ms(const struct link *l)
{
    (void)l;
    return 0;
}

void link_close(struct link *l, void (*cb)(void *ctx), void *ctx)
{
    l->state = LINK_STOPPED;
    cb(ctx);
}

static void up(void)
{
    const struct pl_welcome w = {
        .user_name = "ana", .display_name = "", .organisation = "", .server_version = ""};
    the_link.state = LINK_UP;
    the_link.on.up(the_link.on.ctx, &w);
}

static void down(void)
{
    the_link.state = LINK_DOWN;
    the_link.on.down(the_link.on.ctx, PL_E_CLOSED, "the cable was pulled", 1000);
}

/* --- a client -----------------------------------------------------------------------------------
 */

static struct {
    uv_loop_t loop;
    struct test_pki pki;
    struct test_device device;
    struct trust_profile profile;
    struct client *client;
} rig;

static void on_link(void *ctx, enum link_state state, int code, const char *why, int64_t retry_ms)
{
    (void)ctx;
    (void)state;
    (void)code;
    (void)why;
    (void)retry_ms;
}

static int set_up(void **state)
{
    const struct client_options o = {.state_dir = "/nowhere"};
    const struct client_handlers h = {on_link, NULL};
    struct pl_err e;
    (void)state;
    memset(&rig, 0, sizeof(rig));
    pl_err_init(&e);
    test_pki_init(&rig.pki, 0);
    test_device_init(&rig.device, &rig.pki, 7, 0);
    rig.profile = (struct trust_profile){.host = "127.0.0.1",
                                         .port = 7474,
                                         .user = 1,
                                         .device = 7,
                                         .chain_pem = rig.device.chain_pem,
                                         .key_pem = rig.device.key_pem};
    memcpy(rig.profile.root_pin, rig.pki.root_pin, sizeof(rig.profile.root_pin));
    (void)snprintf(rig.profile.server_name, sizeof(rig.profile.server_name), "%s",
                   rig.pki.server_name);
    return uv_loop_init(&rig.loop) < 0 ||
           client_new(&rig.client, &rig.loop, &rig.profile, &o, &h, &e) < 0;
}

static int tear_down(void **state)
{
    (void)state;
    client_close(rig.client, NULL, NULL);
    (void)uv_run(&rig.loop, UV_RUN_DEFAULT);
    test_device_release(&rig.device);
    test_pki_release(&rig.pki);
    return uv_loop_close(&rig.loop);
}

/* --- answers ------------------------------------------------------------------------------------
 */

struct asked {
    unsigned calls;
    int rc;
    enum pl_msg_type type;
    char text[PL_ERR_TEXT_MAX];
    struct asked *ends; /* another, whose asker goes away with the answer to this one */
};

static void on_reply(void *ctx, int rc, struct pl_msg *reply, const struct pl_err *e)
{
    struct asked *a = ctx;
    a->calls++;
    a->rc = rc;
    a->type = rc == 0 ? reply->type : PL_MSG_NONE;
    (void)snprintf(a->text, sizeof(a->text), "%s", e ? e->text : "");
    if (a->ends)
        client_forget(rig.client, a->ends);
}

/* Asks, answers with `with`, and says what came of it. */
static struct asked answer(enum pl_msg_type ask, enum pl_msg_type with)
{
    struct asked a = {.calls = 0};
    struct pl_msg m = {.type = ask};
    struct pl_msg reply = {.type = with};
    if (ask == PL_MSG_LIST)
        m.u.list.limit = 10;
    client_call(rig.client, &m, TIMEOUT_MS, on_reply, &a);
    reply.u.done.rid = m.u.whoami.rid;
    the_link.on.message(the_link.on.ctx, &reply);
    client_forget(rig.client, &a);
    return a;
}

TEST(client_names_both_when_an_answer_is_of_another_kind)
{
    up();
    struct asked a = answer(PL_MSG_WHOAMI, PL_MSG_WHOAMI_REPLY);
    assert_int_equal(a.calls, 1);
    assert_int_equal(a.rc, 0);
    assert_int_equal(a.type, PL_MSG_WHOAMI_REPLY);
    a = answer(PL_MSG_LIST, PL_MSG_DONE);
    assert_int_equal(a.calls, 1);
    assert_int_equal(a.rc, -PL_E_BAD_MESSAGE);
    assert_string_equal(a.text, "the server answered List with Done");
    a = answer(PL_MSG_WHOAMI, PL_MSG_LIST_REPLY);
    assert_int_equal(a.rc, -PL_E_BAD_MESSAGE);
}

TEST(client_passes_over_what_is_no_answer)
{
    up();
    struct asked a = answer(PL_MSG_WHOAMI, PL_MSG_GOAWAY);
    assert_int_equal(a.calls, 0);
}

TEST(reply_is_known_for_each_request_of_the_client)
{
    unsigned requests = 0;
    for (uint32_t type = 1; type < 256; type++) {
        const struct pl_msg_info *info = pl_msg_info(type);
        enum pl_msg_type reply = info ? reply_type(info->type) : PL_MSG_NONE;
        struct pl_msg right = {.type = reply};
        struct pl_msg wrong = {.type = reply == PL_MSG_DONE ? PL_MSG_CREATED : PL_MSG_DONE};
        struct pl_err e;
        if (reply == PL_MSG_NONE)
            continue;
        requests++;
        pl_err_init(&e);
        assert_int_equal(info->direction, PL_DIR_C2S);
        assert_int_equal(pl_msg_info(reply)->direction, PL_DIR_S2C);
        assert_true(reply_is_one(reply));
        assert_int_equal(reply_check(info->type, &right, &e), 0);
        assert_int_equal(reply_check(info->type, &wrong, &e), -PL_E_BAD_MESSAGE);
        assert_non_null(strstr(e.text, info->name));
    }
    assert_true(requests >= 20);
    assert_false(reply_is_one(PL_MSG_REV));
    assert_false(reply_is_one(PL_MSG_ERROR));
}

/* --- the one called ends the next ---------------------------------------------------------------
 */

static void ask(struct asked *a)
{
    struct pl_msg m = {.type = PL_MSG_WHOAMI};
    client_call(rig.client, &m, TIMEOUT_MS, on_reply, a);
}

TEST(client_ends_no_request_twice_when_a_callback_ends_the_next)
{
    struct asked last = {.calls = 0};
    struct asked next = {.calls = 0};
    struct asked first = {.ends = &next};
    up();
    ask(&first);
    ask(&next);
    ask(&last);
    down();
    assert_int_equal(first.calls, 1);
    assert_int_equal(first.rc, -PL_E_CLOSED);
    assert_int_equal(next.calls, 0);
    assert_int_equal(last.calls, 1);
}

struct seen {
    unsigned calls;
    struct review *r;
    struct seen *closes;
};

static void on_status(void *ctx)
{
    struct seen *s = ctx;
    s->calls++;
    if (s->closes && s->closes->r)
        review_close(s->closes->r);
    if (s->closes)
        s->closes->r = NULL;
}

static void open_one(struct seen *s, uint64_t id)
{
    const struct review_handlers h = {.status = on_status, .ctx = s};
    struct pl_err e;
    pl_err_init(&e);
    assert_int_equal(review_open(&s->r, rig.client, id, true, &h, &e), 0);
    s->calls = 0;
}

static void check_round(void (*event)(void), void (*before)(void))
{
    struct seen last = {.calls = 0};
    struct seen next = {.calls = 0};
    struct seen first = {.calls = 0};
    if (before)
        before();
    open_one(&first, 1);
    open_one(&next, 2);
    open_one(&last, 3);
    first.closes = &next;
    event();
    assert_true(first.calls > 0);
    assert_int_equal(next.calls, 0);
    assert_true(last.calls > 0);
    first.closes = NULL;
    review_close(first.r);
    review_close(last.r);
}

TEST(client_goes_on_behind_a_review_that_a_handler_closed)
{
    check_round(up, NULL);
    check_round(down, up);
}

#define CLIENT_UNIT(f) cmocka_unit_test_setup_teardown(f, set_up, tear_down)

int main(void)
{
    static const struct CMUnitTest tests[] = {
        CLIENT_UNIT(client_names_both_when_an_answer_is_of_another_kind),
        CLIENT_UNIT(client_passes_over_what_is_no_answer),
        UNIT(reply_is_known_for_each_request_of_the_client),
        CLIENT_UNIT(client_ends_no_request_twice_when_a_callback_ends_the_next),
        CLIENT_UNIT(client_goes_on_behind_a_review_that_a_handler_closed),
    };
    return RUN(tests);
}
