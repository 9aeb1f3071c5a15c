// SPDX-License-Identifier: Apache-2.0
/*
 * One's own devices: device list, add, revoke, rename. A device is named by its number, by its name
 * when only one has it, or by "this".
 */
#include <stdio.h>
#include <string.h>

#include "plimsoll/base/str.h"
#include "plimsoll/base/time.h"

#include "cli/cli_int.h"

static const struct pl_opt common_opts[] = {CLI_COMMON};
#define COMMON_COUNT (sizeof(common_opts) / sizeof(common_opts[0]))

struct wanted {
    const char *word;
    uint64_t device;
    bool is_current;
    unsigned count;
};

static int take_devices(void *ctx, struct pl_msg *m, struct pl_err *e)
{
    struct wanted *w = ctx;
    const struct pl_whoami_reply *r = &m->u.whoami_reply;
    uint64_t id = 0;
    bool is_number = pl_parse_u64(w->word, &id) == 0;
    (void)e;
    for (size_t i = 0; i < r->n; i++) {
        const struct pl_device_row *d = &r->devices[i];
        bool is_it = pl_str_eq(w->word, "this") ? d->current
                     : is_number                ? d->device == id
                                                : pl_str_eq(d->name, w->word);
        if (is_it) {
            w->count++;
            w->device = d->device;
            w->is_current = d->current;
        }
    }
    return 0;
}

/* Connects and finds the device that the word means. */
static int find(struct cli *c, const char *word, struct wanted *w, struct pl_err *e)
{
    struct pl_msg m = {.type = PL_MSG_WHOAMI};
    *w = (struct wanted){.word = word};
    int rc = cli_connect(c, e);
    if (rc == 0)
        rc = cli_call(c, &m, take_devices, w, e);
    if (rc < 0)
        return rc;
    if (w->count == 0)
        return pl_fail(e, PL_E_NOENT, "you have no device '%.80s'; see 'plimsoll device list'",
                       word);
    if (w->count > 1)
        return pl_fail(e, PL_E_USAGE, "%u devices are called '%.80s': name it by its number",
                       w->count, word);
    return 0;
}

static void done(struct cli *c, const char *verb, const struct wanted *w)
{
    json_t *j = cli_envelope(c, verb, 0);
    (void)json_object_set_new(j, "device", json_sprintf("%llu", (unsigned long long)w->device));
    (void)cli_json(c, j);
}

const struct cli_verb verb_device_list = {
    .opt = {"device list", NULL, "your devices", common_opts, COMMON_COUNT, 0, 0},
    .opt_size = sizeof(struct cli_common),
    .examples = "  plimsoll device list\n",
    .run = cli_run_whoami,
};

static int take_code(void *ctx, struct pl_msg *msg, struct pl_err *e)
{
    struct cli *c = ctx;
    const struct pl_invite_code *r = &msg->u.invite_code;
    char until[PL_RFC3339_SIZE];
    (void)e;
    (void)pl_rfc3339_format(r->expires_us, 0, 0, until);
    json_t *j = cli_envelope(c, "device.add", 0);
    (void)json_object_set_new(j, "code", json_string(r->code));
    (void)json_object_set_new(j, "expires_at", json_string(until));
    if (cli_json(c, j))
        return 0;
    cli_say(
        c,
        "For one more device of yours, once, until %s. Whoever has the line becomes you; on the "
        "other machine:\n  plimsoll join INVITE",
        until);
    cli_print(c, "%s\n", r->code);
    return 0;
}

static int run_add(struct cli *c, void *opts, int argc, char **argv, struct pl_err *e)
{
    struct pl_msg m = {.type = PL_MSG_DEVICE_INVITE};
    (void)opts;
    (void)argc;
    (void)argv;
    int rc = cli_connect(c, e);
    return rc < 0 ? rc : cli_call(c, &m, take_code, c, e);
}

const struct cli_verb verb_device_add = {
    .opt = {"device add", NULL, "an invite for one more device of yours", common_opts, COMMON_COUNT,
            0, 0},
    .opt_size = sizeof(struct cli_common),
    .examples = "  plimsoll device add\n",
    .run = run_add,
};

static int run_revoke(struct cli *c, void *opts, int argc, char **argv, struct pl_err *e)
{
    const struct cli_common *o = opts;
    struct pl_msg m = {.type = PL_MSG_DEVICE};
    struct wanted w;
    (void)argc;
    int rc = find(c, argv[0], &w, e);
    if (rc < 0)
        return rc;
    if (w.is_current && !o->yes && !o->force)
        return pl_fail(e, PL_E_USAGE,
                       "that is this machine: it would have to join again; --yes if you mean it");
    m.u.device = (struct pl_device){.what = PL_DEVICE_REVOKE, .device = w.device, .name = ""};
    rc = cli_call(c, &m, NULL, NULL, e);
    if (rc == -PL_E_REVOKED && w.is_current)
        rc = 0; /* the end came before the answer */
    if (rc == 0) {
        done(c, "device.revoke", &w);
        cli_say(c, "device %llu has no access any more", (unsigned long long)w.device);
    }
    return rc;
}

const struct cli_verb verb_device_revoke = {
    .opt = {"device revoke", "DEVICE", "take the access of one of your devices away, for good",
            common_opts, COMMON_COUNT, 1, 1},
    .opt_size = sizeof(struct cli_common),
    .examples = "  plimsoll device revoke 12\n  plimsoll device revoke laptop\n",
    .run = run_revoke,
};

static int run_rename(struct cli *c, void *opts, int argc, char **argv, struct pl_err *e)
{
    struct pl_msg m = {.type = PL_MSG_DEVICE};
    struct wanted w;
    (void)opts;
    (void)argc;
    int rc = find(c, argv[0], &w, e);
    m.u.device = (struct pl_device){.what = PL_DEVICE_RENAME, .device = w.device, .name = argv[1]};
    if (rc == 0)
        rc = cli_call(c, &m, NULL, NULL, e);
    if (rc == 0) {
        done(c, "device.rename", &w);
        cli_say(c, "device %llu is called %s now", (unsigned long long)w.device, argv[1]);
    }
    return rc;
}

const struct cli_verb verb_device_rename = {
    .opt = {"device rename", "DEVICE NAME", "name one of your devices", common_opts, COMMON_COUNT,
            2, 2},
    .opt_size = sizeof(struct cli_common),
    .examples = "  plimsoll device rename this 'Work laptop'\n",
    .run = run_rename,
};
