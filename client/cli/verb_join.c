// SPDX-License-Identifier: Apache-2.0
/*
 * Who this machine is: join, whoami, profiles.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "plimsoll/base/str.h"
#include "plimsoll/base/time.h"

#include "cli/cli_int.h"
#include "net/join.h"

struct join_opts {
    struct cli_common common;
    const char *device;
};

static const struct pl_opt join_opts[] = {
    CLI_COMMON,
    {0, "device", PL_OPT_STRING, offsetof(struct join_opts, device), "NAME", NULL,
     "name of this machine in your list of devices (its host name)"},
};

static void print_joined(struct cli *c, const struct join_result *r)
{
    char pin[2 * PL_SPKI_HASH + 1];
    pl_hex_encode(r->root_pin, 4, pin);
    json_t *j = cli_envelope(c, "join", 0);
    (void)json_object_set_new(j, "profile", json_string(r->profile));
    (void)json_object_set_new(j, "user", json_string(r->user_name));
    (void)json_object_set_new(j, "display_name", json_string(r->display_name));
    (void)json_object_set_new(
        j, "role", r->role ? json_string(pl_enum_name(PL_EN_ROLE, r->role)) : json_null());
    (void)json_object_set_new(j, "review",
                              r->review ? json_sprintf("REV-%llu", (unsigned long long)r->review)
                                        : json_null());
    if (cli_json(c, j))
        return;
    cli_print(c, "You are %s (%s) on %s:%u. Server root %s...\n", r->display_name, r->user_name,
              r->host, (unsigned)r->port, pin);
    if (r->review)
        cli_print(c, "Your review: plimsoll REV-%llu (as %s)\n", (unsigned long long)r->review,
                  pl_enum_name(PL_EN_ROLE, r->role));
    else
        cli_print(c, "Next: plimsoll list, or plimsoll new TITLE\n");
}

/* Reads the invite from standard input, so that it stands in no shell history. */
static int read_invite(char *out, size_t size, struct pl_err *e)
{
    if (!fgets(out, (int)size, stdin))
        return pl_fail(e, PL_E_USAGE, "no invite on standard input");
    out[strcspn(out, "\r\n")] = '\0';
    return 0;
}

static int run_join(struct cli *c, void *opts, int argc, char **argv, struct pl_err *e)
{
    const struct join_opts *o = opts;
    char invite[512];
    struct join_result r;
    int rc = 0;
    if (argc == 0 || pl_str_eq(argv[0], "-")) {
        rc = read_invite(invite, sizeof(invite), e);
    } else if (pl_strlcpy(invite, argv[0], sizeof(invite)) >= sizeof(invite)) {
        rc = pl_fail(e, PL_E_INVITE, "that is too long for an invite");
    }
    if (rc < 0)
        return rc;
    if (argc > 0) /* other users can read a command line */
        explicit_bzero(argv[0], strlen(argv[0]));
    struct join_options jo = {
        .profile = o->common.profile,
        .device_name = o->device,
        .timeout_ms = (unsigned)c->timeout_ms,
        .force = o->common.force,
    };
    memset(&r, 0, sizeof(r));
    rc = join_run(invite, &jo, &r, e);
    explicit_bzero(invite, sizeof(invite));
    if (rc == 0)
        print_joined(c, &r);
    return rc;
}

const struct cli_verb verb_join = {
    .opt = {"join", "[INVITE]", "enrol this machine by an invite", join_opts,
            sizeof(join_opts) / sizeof(join_opts[0]), 0, 1},
    .opt_size = sizeof(struct join_opts),
    .examples = "  plimsoll join plm1:review.example.net:7474:ABCD...\n"
                "  plimsoll join < invite.txt\n",
    .run = run_join,
};

/* --- whoami
 * ----------------------------------------------------------------------------------------- */

static const struct pl_opt common_opts[] = {CLI_COMMON};
#define COMMON_COUNT (sizeof(common_opts) / sizeof(common_opts[0]))

static void time_cell(char out[PL_RFC3339_SIZE], int64_t us)
{
    if (us == 0)
        out[0] = '\0';
    else
        (void)pl_rfc3339_format(us, 0, 0, out);
}

static int take_whoami(void *ctx, struct pl_msg *m, struct pl_err *e)
{
    static const char *const heads[] = {"DEVICE", "NAME", "ENROLLED", "LAST SEEN", "EXPIRES", ""};
    struct cli *c = ctx;
    const struct pl_whoami_reply *w = &m->u.whoami_reply;
    json_t *j = cli_envelope(c, "whoami", 0);
    json_t *items = json_array();
    (void)json_object_set_new(j, "user", json_string(w->user_name));
    (void)json_object_set_new(j, "display_name", json_string(w->display_name));
    struct cli_table *t = cli_table_new(heads, 6);
    for (size_t i = 0; i < w->n; i++) {
        const struct pl_device_row *d = &w->devices[i];
        char id[24], enrolled[PL_RFC3339_SIZE], seen[PL_RFC3339_SIZE], expires[PL_RFC3339_SIZE];
        (void)snprintf(id, sizeof(id), "%llu", (unsigned long long)d->device);
        time_cell(enrolled, d->enrolled_us);
        time_cell(seen, d->last_seen_us);
        time_cell(expires, d->expires_us);
        const char *row[] = {id, d->name, enrolled, seen, expires, d->current ? "this one" : ""};
        cli_table_row(t, row);
        (void)json_array_append_new(items,
                                    json_pack("{s:s, s:s, s:s, s:s, s:s, s:b}", "id", id, "name",
                                              d->name, "enrolled_at", enrolled, "last_seen_at",
                                              seen, "expires_at", expires, "current", d->current));
    }
    (void)json_object_set_new(j, "devices", items);
    if (!cli_wants_json(c))
        cli_print(c, "%s\t%s\n", w->user_name, w->display_name);
    return cli_list_end(c, t, j, e);
}

static int run_whoami(struct cli *c, void *opts, int argc, char **argv, struct pl_err *e)
{
    struct pl_msg m = {.type = PL_MSG_WHOAMI};
    (void)opts;
    (void)argc;
    (void)argv;
    int rc = cli_connect(c, e);
    return rc < 0 ? rc : cli_call(c, &m, take_whoami, c, e);
}

const struct cli_verb verb_whoami = {
    .opt = {"whoami", NULL, "who you are to the server, and your devices", common_opts,
            COMMON_COUNT, 0, 0},
    .opt_size = sizeof(struct cli_common),
    .examples = "  plimsoll whoami --json\n",
    .run = run_whoami,
};

/* --- profiles
 * ---------------------------------------------------------------------------------------- */

static int run_profile_list(struct cli *c, void *opts, int argc, char **argv, struct pl_err *e)
{
    static const char *const heads[] = {"PROFILE", "SERVER", "USER", ""};
    struct trust_names names;
    char used[TRUST_PROFILE_MAX + 1] = "";
    struct pl_err none;
    (void)opts;
    (void)argc;
    (void)argv;
    int rc = trust_list(NULL, &names, e);
    if (rc < 0)
        return rc;
    if (trust_choose(NULL, NULL, used, &none) < 0)
        used[0] = '\0';
    json_t *j = cli_envelope(c, "profile.list", 0);
    json_t *items = json_array();
    struct cli_table *t = cli_table_new(heads, 4);
    for (size_t i = 0; i < names.count; i++) {
        struct trust_profile p;
        char server[300] = "?";
        const char *user = "?";
        bool is_used = pl_str_eq(names.names[i], used);
        if (trust_load(NULL, names.names[i], &p, &none) == 0) {
            (void)snprintf(server, sizeof(server), "%s:%u", p.host, (unsigned)p.port);
            user = p.user_name;
        }
        const char *row[] = {names.names[i], server, user, is_used ? "in use" : ""};
        cli_table_row(t, row);
        (void)json_array_append_new(items,
                                    json_pack("{s:s, s:s, s:s, s:b}", "profile", names.names[i],
                                              "server", server, "user", user, "current", is_used));
        trust_release(&p);
    }
    (void)json_object_set_new(j, "items", items);
    return cli_list_end(c, t, j, e);
}

const struct cli_verb verb_profile_list = {
    .opt = {"profile list", NULL, "servers that this machine has joined", common_opts, COMMON_COUNT,
            0, 0},
    .opt_size = sizeof(struct cli_common),
    .examples = "  plimsoll profile list\n",
    .fields = "profile,server,user,current",
    .run = run_profile_list,
};

static int run_profile_use(struct cli *c, void *opts, int argc, char **argv, struct pl_err *e)
{
    (void)opts;
    (void)argc;
    int rc = trust_use(NULL, argv[0], e);
    if (rc == 0)
        cli_say(c, "profile %s is used from now on", argv[0]);
    return rc;
}

const struct cli_verb verb_profile_use = {
    .opt = {"profile use", "NAME", "choose the server that is used without --profile", common_opts,
            COMMON_COUNT, 1, 1},
    .opt_size = sizeof(struct cli_common),
    .examples = "  plimsoll profile use work\n",
    .run = run_profile_use,
};
