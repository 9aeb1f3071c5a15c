// SPDX-License-Identifier: Apache-2.0
/*
 * Who this machine is: join, whoami, profiles.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "plimsoll/base/str.h"
#include "plimsoll/base/time.h"
#include "plimsoll/tls/invite.h"
#include "plimsoll/wire/limits.h"

#include "cli/cli_int.h"
#include "net/join.h"

struct join_opts {
    struct cli_common common;
    const char *device;
    const char *user, *name;
};

static const struct pl_opt join_opts[] = {
    CLI_COMMON,
    {0, "device", PL_OPT_STRING, offsetof(struct join_opts, device), "NAME", NULL,
     "name of this machine in your list of devices (its host name)"},
    {0, "user", PL_OPT_STRING, offsetof(struct join_opts, user), "USER", NULL,
     "login name you want, when the invite is for a group"},
    {0, "name", PL_OPT_STRING, offsetof(struct join_opts, name), "NAME", NULL,
     "name shown to others, when the invite is for a group"},
};

/* A second profile: which one it is, and which one is used all the same. */
static void print_in_use(struct cli *c, const struct join_result *r)
{
    struct trust_profile p;
    struct pl_err none;
    bool is_read = trust_load(NULL, r->in_use, &p, &none) == 0;
    cli_print(
        c,
        "This machine had joined before: '%s' is a profile of its own, for %s. In use stays "
        "'%s' (%s).\nUse the new one: plimsoll profile use %s, or --profile %s with a verb.\n",
        r->profile, r->display_name, r->in_use, is_read ? p.display_name : "?", r->profile,
        r->profile);
    trust_release(&p);
}

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
    (void)json_object_set_new(j, "in_use", json_string(r->in_use));
    if (cli_json(c, j))
        return;
    cli_print(c, "You are %s (%s) on %s:%u. Server root %s...\n", r->display_name, r->user_name,
              r->host, (unsigned)r->port, pin);
    if (r->review)
        cli_print(c, "Your review: plimsoll REV-%llu (as %s)\n", (unsigned long long)r->review,
                  pl_enum_name(PL_EN_ROLE, r->role));
    else
        cli_print(c, "Next: plimsoll list, or plimsoll new TITLE\n");
    if (!pl_str_eq(r->profile, r->in_use))
        print_in_use(c, r);
}

/* Reads the invite from standard input, so that it stands in no shell history. */
static int read_invite(char *out, size_t size, struct pl_err *e)
{
    if (!fgets(out, (int)size, stdin))
        return pl_fail(e, PL_E_USAGE, "no invite on standard input");
    out[strcspn(out, "\r\n")] = '\0';
    return 0;
}

/* Asks on the terminal; false when nobody answers. */
static bool ask(const char *question, char *out, size_t size)
{
    (void)fprintf(stderr, "%s ", question);
    if (!fgets(out, (int)size, stdin))
        return false;
    out[strcspn(out, "\r\n")] = '\0';
    return out[0] != '\0';
}

/* Who one will be, with an invite for a group; with any other it is known. */
struct names {
    char user[80];
    char name[4 * PL_NAME_MAX + 2];
};

static int ask_names(struct cli *c, const struct join_opts *o, struct names *out, struct pl_err *e)
{
    bool can_ask = !c->opt->no_input && isatty(STDIN_FILENO) && isatty(STDERR_FILENO);
    (void)pl_strlcpy(out->user, o->user ? o->user : "", sizeof(out->user));
    (void)pl_strlcpy(out->name, o->name ? o->name : "", sizeof(out->name));
    if (!o->user && (!can_ask || !ask("Login name you want (small letters and digits):", out->user,
                                      sizeof(out->user))))
        return pl_fail(e, PL_E_USAGE,
                       "this invite is for a group: say who you are with --user and --name");
    if (!pl_user_name_is_good(out->user))
        return pl_fail(e, PL_E_USAGE,
                       "'%.70s' cannot be a login name: small letters, digits, '.', '_', '-'",
                       out->user);
    if (!o->name && (!can_ask || !ask("Name shown to others:", out->name, sizeof(out->name))))
        (void)pl_strlcpy(out->name, out->user, sizeof(out->name));
    return 0;
}

static int choose_names(struct cli *c, const struct join_opts *o, const char *invite,
                        struct names *out, struct pl_err *e)
{
    struct pl_invite parsed;
    out->user[0] = out->name[0] = '\0';
    int rc = pl_invite_parse(invite, strlen(invite), &parsed, e);
    bool is_group = parsed.kind == PL_INVITE_GROUP;
    explicit_bzero(&parsed, sizeof(parsed));
    if (rc == -PL_E_INVITE || rc == -PL_E_INVALID) {
        char why[160];
        (void)snprintf(why, sizeof(why), "%.150s", e->text);
        return pl_fail(e, PL_E_USAGE,
                       "that is not a whole invite (%s); one is a single line, plm1:HOST:PORT:CODE",
                       why);
    }
    if (rc == 0 && is_group)
        return ask_names(c, o, out, e);
    if (rc == 0 && (o->user || o->name))
        return pl_fail(e, PL_E_USAGE, "this invite says who you are: leave out --user and --name");
    return rc;
}

static int run_join(struct cli *c, void *opts, int argc, char **argv, struct pl_err *e)
{
    const struct join_opts *o = opts;
    char invite[512];
    struct join_result r;
    struct names names;
    int rc = 0;
    if (argc == 0 || pl_str_eq(argv[0], "-")) {
        rc = read_invite(invite, sizeof(invite), e);
    } else if (pl_strlcpy(invite, argv[0], sizeof(invite)) >= sizeof(invite)) {
        rc = pl_fail(e, PL_E_INVITE, "that is too long for an invite");
    }
    if (rc < 0)
        return rc;
    rc = choose_names(c, o, invite, &names, e);
    if (argc > 0) /* other users can read a command line */
        explicit_bzero(argv[0], strlen(argv[0]));
    struct join_options jo = {
        .profile = o->common.profile,
        .device_name = o->device,
        .user_name = names.user,
        .display_name = names.name,
        .timeout_ms = (unsigned)c->timeout_ms,
        .force = o->common.force,
    };
    memset(&r, 0, sizeof(r));
    if (rc == 0)
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
                "  plimsoll join < invite.txt\n"
                "  plimsoll join --user dee --name 'Dee Example' < group-invite.txt\n",
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

int cli_run_whoami(struct cli *c, void *opts, int argc, char **argv, struct pl_err *e)
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
    .run = cli_run_whoami,
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
