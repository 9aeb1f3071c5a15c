// SPDX-License-Identifier: Apache-2.0
/*
 * plimsolld: one table of commands. Each entry has its options, its function and its examples;
 * usage, completion and the manual's section are printed from the same table.
 *
 * Exit status: 0 done, 1 failure, 2 usage, 3 not found, 4 not allowed, 5 conflict, 6 unreachable, 9
 * findings.
 */
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "plimsoll/base/err.h"
#include "plimsoll/base/log.h"
#include "plimsoll/base/opt.h"
#include "plimsoll/base/str.h"
#include "plimsoll/doc/schema.h"
#include "plimsoll/tls/x509.h"

#include "keeper/helper.h"
#include "keeper/keeper.h"
#include "ops/admin.h"
#include "ops/admin_audit.h"
#include "ops/config.h"
#include "ops/datadir.h"
#include "ops/init.h"
#include "ops/pgcluster.h"
#include "ops/status.h"
#include "server.h"
#include "store/migrate.h"

#define PROGRAM "plimsolld"

/* Every command's options in one place; each uses some. */
struct options {
    const char *dir;
    bool json;
    const char *name, *listen, *database, *host;
    uint64_t port;
    struct pl_opt_list set;
    const char *review, *ttl;
    int role; /* index into roles */
    bool recover, remove, check;
    bool no_texts;
    const char *reason;
    char **args; /* as given, behind the command's name */
};

static const char *const roles[] = {"", "facilitator", "responder", "stakeholder", NULL};

#define AT(field) offsetof(struct options, field)
#define DIR_OPT                                                                               \
    {                                                                                         \
        0, "dir", PL_OPT_STRING, AT(dir), "DIR", NULL, "Data directory (else $PLIMSOLLD_DIR)" \
    }
#define JSON_OPT                                                                  \
    {                                                                             \
        0, "json", PL_OPT_FLAG, AT(json), NULL, NULL, "One JSON object on stdout" \
    }

static const struct pl_opt dir_opts[] = {DIR_OPT};
static const struct pl_opt list_opts[] = {DIR_OPT, JSON_OPT};

static const struct pl_opt init_opts[] = {
    DIR_OPT,
    {0, "name", PL_OPT_STRING, AT(name), "ORG", NULL, "The organisation's name"},
    {0, "listen", PL_OPT_STRING, AT(listen), "ADDR:PORT", NULL, "Where to listen (*:7474)"},
    {0, "host", PL_OPT_STRING, AT(host), "HOST", NULL, "The host that invites name"},
    {0, "database", PL_OPT_STRING, AT(database), "URL", NULL,
     "PostgreSQL to use instead of a private one"},
};

static const struct pl_opt serve_opts[] = {
    DIR_OPT,
    {0, "listen", PL_OPT_STRING, AT(listen), "ADDR:PORT", NULL, "Instead of the configured one"},
    {0, "database", PL_OPT_STRING, AT(database), "URL", NULL, "Instead of the configured one"},
    {0, "set", PL_OPT_LIST, AT(set), "SECTION.KEY=VALUE", NULL, "Override the configuration"},
};

static const struct pl_opt invite_opts[] = {
    DIR_OPT,
    JSON_OPT,
    {0, "name", PL_OPT_STRING, AT(name), "NAME", NULL, "Name shown to others, for a new user"},
    {0, "review", PL_OPT_STRING, AT(review), "REV", NULL, "The review that it leads into"},
    {0, "role", PL_OPT_CHOICE, AT(role), "ROLE", roles + 1, "As whom"},
    {0, "ttl", PL_OPT_STRING, AT(ttl), "TIME", NULL,
     "How long it is good (72h; further device 10m, recovery 1h)"},
    {0, "host", PL_OPT_STRING, AT(host), "HOST", NULL, "The server's address as seen from there"},
    {0, "port", PL_OPT_NUMBER, AT(port), "PORT", NULL, "And its port"},
    {0, "recover", PL_OPT_FLAG, AT(recover), NULL, NULL,
     "Using it revokes all older devices of the user"},
};

static const struct pl_opt root_opts[] = {
    DIR_OPT,
    {0, "remove", PL_OPT_FLAG, AT(remove), NULL, NULL,
     "Take the key out of the data directory afterwards"},
};

static const struct pl_opt rebuild_opts[] = {
    DIR_OPT,
    JSON_OPT,
    {0, "review", PL_OPT_STRING, AT(review), "REV", NULL, "Only this review"},
    {0, "check", PL_OPT_FLAG, AT(check), NULL, NULL,
     "Change nothing; exit 9 if anything is not what the log says"},
};

static const struct pl_opt export_opts[] = {
    DIR_OPT,
    {0, "no-texts", PL_OPT_FLAG, AT(no_texts), NULL, NULL,
     "Leave out what people wrote; hashes of it stay"},
};

static const struct pl_opt epoch_opts[] = {
    DIR_OPT,
    {0, "reason", PL_OPT_STRING, AT(reason), "TEXT", NULL, "Why the log begins anew"},
};

#define VERB_SERVE 1 /* index into verbs */
#define COUNT(a)   (sizeof(a) / sizeof((a)[0]))
#define OPTS(list) list, COUNT(list)

static const struct pl_opt_verb verbs[] = {
    {"init", NULL, "Make a data directory with keys, database and configuration", OPTS(init_opts),
     0, 0},
    {"serve", NULL, "Run the server", OPTS(serve_opts), 0, 0},
    {"status", NULL, "Say how things stand", OPTS(list_opts), 0, 0},
    {"invite", "USER", "Print an invite for a person or a further device", OPTS(invite_opts), 1, 1},
    {"user list", NULL, "List the people", OPTS(list_opts), 0, 0},
    {"user disable", "USER", "End all access of a person", OPTS(dir_opts), 1, 1},
    {"user enable", "USER", "Give it back", OPTS(dir_opts), 1, 1},
    {"device list", "[USER]", "List devices", OPTS(list_opts), 0, 1},
    {"device revoke", "DEVICE", "Revoke a device by its id", OPTS(dir_opts), 1, 1},
    {"root export", "FILE", "Copy the root's key and certificate, to keep them offline",
     OPTS(root_opts), 1, 1},
    {"migrate", NULL, "Bring the database to this version", OPTS(dir_opts), 0, 0},
    {"rebuild", NULL, "Make the tables that repeat what the log says again, from the log",
     OPTS(rebuild_opts), 0, 0},
    {"audit status", NULL, "Say how far the audit log is sealed", OPTS(list_opts), 0, 0},
    {"audit export", "FOLDER", "Write the audit log as files that others can check",
     OPTS(export_opts), 1, 1},
    {"audit dump-state", "FOLDER",
     "Print the rows of the database that an exported log must lead to, for plimsoll verify "
     "--state",
     OPTS(dir_opts), 1, 1},
    {"audit seal", NULL, "Seal what waits, when no server runs", OPTS(dir_opts), 0, 0},
    {"audit new-epoch", NULL, "Begin the log anew after a failover that lost entries",
     OPTS(epoch_opts), 0, 0},
    {"help", "[COMMAND|config|roles|completion|man]",
     "Tell more: of a command, the options of the configuration, ...", NULL, 0, 0, 2},
};

/* ---- commands ---------------------------------------------------------------------------------
 */

/* A command after its options were parsed; `args` are the operands, NULL at the end. */
typedef int (*run_cb)(const struct options *o, const char *dir, char *const *args,
                      struct pl_err *e);

static void print_fingerprint(const uint8_t pin[32])
{
    char hex[65];
    pl_hex_encode(pin, 32, hex);
    (void)fprintf(stderr, "Server root    %.32s\n               %s\n", hex, hex + 32);
}

static int run_init(const struct options *o, const char *dir, char *const *args, struct pl_err *e)
{
    (void)args;
    const struct init_options in = {
        .dir = dir,
        .organisation = o->name,
        .listen = o->listen,
        .database = o->database,
        .public_host = o->host,
    };
    struct init_result done;
    int rc = init_run(&in, &done, e);
    if (rc != 0) {
        return rc;
    }
    (void)fprintf(stderr,
                  done.was_done ? "%s is initialised already; nothing was changed.\n"
                                : "Initialised %s\n",
                  dir);
    print_fingerprint(done.root_pin);
    if (done.has_root_key) {
        (void)fprintf(stderr,
                      "The root's key is in %s/tls/root.key. The server does not need it: take it "
                      "offline with\n  " PROGRAM " root export --remove --dir %s FILE\n",
                      dir, dir);
    }
    const char *again = o->dir != NULL ? " --dir " : "";
    const char *where = o->dir != NULL ? o->dir : "";
    (void)fprintf(stderr, "Next: " PROGRAM " serve%s%s, and " PROGRAM " invite USER%s%s\n", again,
                  where, again, where);
    return 0;
}

static int override(struct config *c, const struct options *o, struct pl_err *e)
{
    int rc = 0;
    if (o->listen != NULL) {
        rc = pl_conf_set(config_table(), "server.listen", o->listen, c, e);
    }
    if (rc == 0 && o->database != NULL) {
        rc = pl_conf_set(config_table(), "database.url", o->database, c, e);
    }
    for (size_t i = 0; rc == 0 && i < o->set.count; i++) {
        char key[128];
        const char *value = strchr(o->set.values[i], '=');
        size_t n = value == NULL ? 0 : (size_t)(value - o->set.values[i]);
        if (n == 0 || n >= sizeof(key)) {
            return pl_fail(e, PL_E_USAGE, "--set takes SECTION.KEY=VALUE, not '%.80s'",
                           o->set.values[i]);
        }
        memcpy(key, o->set.values[i], n);
        key[n] = '\0';
        rc = pl_conf_set(config_table(), key, value + 1, c, e);
    }
    return rc;
}

static int run_serve(const struct options *o, const char *dir, char *const *args, struct pl_err *e)
{
    (void)args;
    struct config c;
    int rc = datadir_config(dir, &c, e);
    if (rc != 0) {
        return rc;
    }
    rc = override(&c, o, e);
    if (rc == 0) {
        const struct server_options so = {.dir = dir, .config = &c, .args = o->args};
        rc = server_run(&so, e);
    }
    config_release(&c);
    return rc;
}

/* The keeper's process (keeper/helper.h): no command for people. Its arguments are those of serve.
 */
static int run_keeper(int argc, char **argv, struct pl_err *e)
{
    struct options o = {.role = -1};
    char dir[DATADIR_PATH_MAX];
    struct config c;
    int at = 0;
    int rc = pl_opt_parse(&verbs[VERB_SERVE], argc, argv, &o, &at, e);
    if (rc == 0) {
        rc = datadir_resolve(o.dir, dir, e);
    }
    if (rc == 0) {
        rc = datadir_config(dir, &c, e);
    }
    if (rc != 0) {
        return rc;
    }
    rc = override(&c, &o, e);
    if (rc == 0) {
        const struct helper_options h = {.dir = dir, .config = &c, .fd = KEEPER_FD};
        rc = helper_run(&h, e);
    }
    config_release(&c);
    return rc;
}

static int run_status(const struct options *o, const char *dir, char *const *args, struct pl_err *e)
{
    (void)args;
    return status_print(dir, o->json, e);
}

static int run_invite(const struct options *o, const char *dir, char *const *args, struct pl_err *e)
{
    const struct admin a = {.dir = dir, .json = o->json};
    const struct admin_invite i = {
        .user_name = args[0],
        .display_name = o->name,
        .review = o->review,
        .role = o->role < 0 ? 0 : (uint32_t)pl_enum_value(PL_EN_ROLE, roles[o->role + 1]),
        .ttl = o->ttl,
        .host = o->host,
        .port = o->port,
        .recover = o->recover,
    };
    return admin_invite(&a, &i, e);
}

static int run_user_list(const struct options *o, const char *dir, char *const *args,
                         struct pl_err *e)
{
    (void)args;
    const struct admin a = {.dir = dir, .json = o->json};
    return admin_user_list(&a, e);
}

static int run_user_disable(const struct options *o, const char *dir, char *const *args,
                            struct pl_err *e)
{
    const struct admin a = {.dir = dir, .json = o->json};
    return admin_user_enable(&a, args[0], false, e);
}

static int run_user_enable(const struct options *o, const char *dir, char *const *args,
                           struct pl_err *e)
{
    const struct admin a = {.dir = dir, .json = o->json};
    return admin_user_enable(&a, args[0], true, e);
}

static int run_device_list(const struct options *o, const char *dir, char *const *args,
                           struct pl_err *e)
{
    const struct admin a = {.dir = dir, .json = o->json};
    return admin_device_list(&a, args[0], e);
}

static int run_device_revoke(const struct options *o, const char *dir, char *const *args,
                             struct pl_err *e)
{
    const struct admin a = {.dir = dir, .json = o->json};
    uint64_t device = 0;
    if (pl_parse_u64(args[0], &device) != 0 || device == 0) {
        return pl_fail(e, PL_E_USAGE,
                       "a device is named by its number; see '" PROGRAM " device list'");
    }
    return admin_device_revoke(&a, device, e);
}

static int run_root_export(const struct options *o, const char *dir, char *const *args,
                           struct pl_err *e)
{
    int rc = datadir_check(dir, e);
    if (rc == 0) {
        rc = init_export_root(dir, args[0], o->remove, e);
    }
    if (rc == 0) {
        (void)fprintf(stderr,
                      "%s holds the root's key%s. Move it to a medium that is not on a network.\n",
                      args[0], o->remove ? "; the data directory does not any more" : "");
    }
    return rc;
}

static int run_migrate(const struct options *o, const char *dir, char *const *args,
                       struct pl_err *e)
{
    (void)o;
    (void)args;
    char conninfo[2 * DATADIR_PATH_MAX + 128];
    struct pgcluster *cluster = NULL;
    struct migrate_state state = {0};
    struct config c;
    int rc = datadir_config(dir, &c, e);
    if (rc != 0) {
        return rc;
    }
    if (c.url == NULL) {
        rc = pgcluster_acquire(dir, &cluster, e);
    }
    if (rc == 0) {
        rc = datadir_conninfo_as(dir, &c, NULL, conninfo, sizeof(conninfo), e);
    }
    if (rc == 0) {
        rc = migrate_run(conninfo, &state, e);
    }
    pgcluster_release(cluster);
    config_release(&c);
    if (rc == 0) {
        (void)fprintf(stderr, "The database is at version %d.\n", state.have);
    }
    return rc;
}

static int run_rebuild(const struct options *o, const char *dir, char *const *args,
                       struct pl_err *e)
{
    (void)args;
    const struct admin a = {.dir = dir, .json = o->json};
    return admin_rebuild(&a, o->review, o->check, e);
}

static int run_audit_status(const struct options *o, const char *dir, char *const *args,
                            struct pl_err *e)
{
    (void)args;
    const struct admin a = {.dir = dir, .json = o->json};
    return admin_audit_status(&a, e);
}

static int run_audit_export(const struct options *o, const char *dir, char *const *args,
                            struct pl_err *e)
{
    const struct admin a = {.dir = dir};
    return admin_audit_export(&a, args[0], !o->no_texts, e);
}

static int run_audit_dump_state(const struct options *o, const char *dir, char *const *args,
                                struct pl_err *e)
{
    const struct admin a = {.dir = dir, .json = o->json};
    return admin_audit_dump_state(&a, args[0], e);
}

static int run_audit_seal(const struct options *o, const char *dir, char *const *args,
                          struct pl_err *e)
{
    (void)o;
    (void)args;
    const struct admin a = {.dir = dir};
    return admin_audit_seal(&a, e);
}

static int run_audit_new_epoch(const struct options *o, const char *dir, char *const *args,
                               struct pl_err *e)
{
    (void)args;
    const struct admin a = {.dir = dir};
    return admin_audit_new_epoch(&a, o->reason, e);
}

static int run_help(const struct options *o, const char *dir, char *const *args, struct pl_err *e);

/* Same order as verbs. */
static const struct command {
    run_cb run;
    const char *examples;
} commands[] = {
    {run_init,
     "  plimsolld init --name 'Example Org'\n"
     "  plimsolld init --dir ./data --listen 127.0.0.1:7474\n"
     "  plimsolld init --database 'host=db.example.org dbname=plimsoll sslmode=verify-full'\n"},
    {run_serve, "  plimsolld serve\n  plimsolld serve --dir ./data --set log.level=debug\n"},
    {run_status, "  plimsolld status\n  plimsolld status --json\n"},
    {run_invite, "  plimsolld invite ana --name 'Ana Example'\n"
                 "  plimsolld invite ben --review REV-12 --role responder --ttl 2h\n"
                 "  plimsolld invite ana --recover\n"},
    {run_user_list, "  plimsolld user list\n"},
    {run_user_disable, "  plimsolld user disable ana\n"},
    {run_user_enable, "  plimsolld user enable ana\n"},
    {run_device_list, "  plimsolld device list\n  plimsolld device list ana --json\n"},
    {run_device_revoke, "  plimsolld device revoke 12\n"},
    {run_root_export, "  plimsolld root export --remove /media/stick/plimsoll-root.pem\n"},
    {run_migrate, "  plimsolld migrate\n"},
    {run_rebuild, "  plimsolld rebuild --check\n  plimsolld rebuild --review REV-12\n"},
    {run_audit_status, "  plimsolld audit status\n  plimsolld audit status --json\n"},
    {run_audit_export,
     "  plimsolld audit export ./log\n  plimsolld audit export --no-texts ./log\n"},
    {run_audit_dump_state,
     "  plimsolld audit dump-state log > rows\n  plimsoll verify --state rows log\n"},
    {run_audit_seal, "  plimsolld audit seal\n"},
    {run_audit_new_epoch, "  plimsolld audit new-epoch --reason 'standby promoted, 4 s lost'\n"},
    {run_help, "  plimsolld help invite\n  plimsolld help config > plimsolld.conf.sample\n"},
};

_Static_assert(COUNT(commands) == COUNT(verbs), "one function per verb");

/* ---- dispatch ---------------------------------------------------------------------------------
 */

static void print_usage(size_t i, FILE *out)
{
    pl_opt_print_usage(PROGRAM, &verbs[i], out);
    (void)fprintf(out, "\nExamples:\n%s", commands[i].examples);
}

static int run_help(const struct options *o, const char *dir, char *const *args, struct pl_err *e)
{
    (void)o;
    (void)dir;
    if (args[0] == NULL) {
        pl_opt_print_verbs(PROGRAM, verbs, COUNT(verbs), stdout);
    } else if (strcmp(args[0], "config") == 0) {
        pl_conf_print_sample(config_table(), stdout);
    } else if (strcmp(args[0], "roles") == 0) {
        (void)fputs(migrate_roles(), stdout);
    } else if (strcmp(args[0], "completion") == 0) {
        pl_opt_print_completion(PROGRAM, verbs, COUNT(verbs), stdout);
    } else if (strcmp(args[0], "man") == 0 && args[1] != NULL) {
        if (strcmp(args[1], "config") != 0) {
            return pl_fail(e, PL_E_USAGE, "help man takes 'config' or nothing, not '%.80s'",
                           args[1]);
        }
        pl_conf_print_man(config_table(), stdout);
    } else if (strcmp(args[0], "man") == 0) {
        pl_opt_print_man(PROGRAM, verbs, COUNT(verbs), stdout);
    } else {
        char *words[4] = {NULL, args[0], args[1], NULL};
        int used = 0;
        const struct pl_opt_verb *v =
            pl_opt_find_verb(verbs, COUNT(verbs), args[1] == NULL ? 2 : 3, words, &used, e);
        if (v == NULL) {
            return -PL_E_USAGE;
        }
        print_usage((size_t)(v - verbs), stdout);
    }
    return 0;
}

static int run(int argc, char **argv, struct pl_err *e)
{
    struct options o = {.role = -1};
    char dir[DATADIR_PATH_MAX];
    int used = 0;
    int at = 0;
    const struct pl_opt_verb *v = pl_opt_find_verb(verbs, COUNT(verbs), argc, argv, &used, e);
    if (v == NULL) {
        return -PL_E_USAGE;
    }
    size_t i = (size_t)(v - verbs);
    argc -= used;
    argv += used;
    o.args = argv + 1;
    int rc = pl_opt_parse(v, argc, argv, &o, &at, e);
    if (rc == PL_OPT_HELP_SEEN) {
        print_usage(i, stdout);
        return 0;
    }
    if (rc == 0) {
        rc = datadir_resolve(o.dir, dir, e);
    }
    return rc != 0 ? rc : commands[i].run(&o, dir, argv + at, e);
}

int main(int argc, char **argv)
{
    struct sigaction ignore = {.sa_handler = SIG_IGN};
    struct pl_err e;
    pl_err_init(&e);
    (void)sigaction(SIGPIPE, &ignore, NULL);
    pl_log_set_level(PL_LOG_WARN); /* commands talk to a person; serve sets its own level */
    if (argc < 2) {
        pl_opt_print_verbs(PROGRAM, verbs, COUNT(verbs), stderr);
        return 2;
    }
    if (strcmp(argv[1], "--version") == 0) {
        (void)printf(PROGRAM " %s\n", PL_VERSION);
        return 0;
    }
    if (strcmp(argv[1], "--help") == 0 || strcmp(argv[1], "-h") == 0) {
        pl_opt_print_verbs(PROGRAM, verbs, COUNT(verbs), stdout);
        return 0;
    }
    int rc = strcmp(argv[1], KEEPER_VERB) == 0 ? run_keeper(argc - 1, argv + 1, &e)
                                               : run(argc, argv, &e);
    if (fflush(stdout) != 0 && rc == 0) {
        rc = pl_fail(&e, PL_E_IO, "writing to stdout failed");
    }
    if (rc >= 0) {
        return rc; /* what a command found */
    }
    const struct pl_error_info *info = pl_error_info(rc);
    (void)fprintf(stderr, PROGRAM ": %s\n", e.text[0] != '\0' ? e.text : info->title);
    if (rc == -PL_E_USAGE) {
        (void)fprintf(stderr, "See '" PROGRAM " --help'.\n");
    }
    return info->exit_status;
}
