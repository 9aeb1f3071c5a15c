// SPDX-License-Identifier: Apache-2.0
/*
 * `plimsolld invite`: finds or creates the person, notes the invite's hash, prints its text once.
 * The secret exists only in that text.
 */
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "plimsoll/base/conf.h"
#include "plimsoll/base/hash.h"
#include "plimsoll/base/rng.h"
#include "plimsoll/base/str.h"
#include "plimsoll/base/time.h"
#include "plimsoll/doc/schema.h"
#include "plimsoll/tls/invite.h"

#include "ops/admin.h"
#include "ops/datadir.h"
#include "ops/local.h"
#include "ops/place.h"
#include "store/repo_identity.h"

#define US_PER_MS    INT64_C(1000)
#define TTL_USER     "72h"
#define TTL_DEVICE   "10m"
#define TTL_RECOVERY "1h"
#define TTL_MAX_MS   (UINT64_C(31) * 86400 * 1000)

struct person {
    struct local_answer answer;
    uint64_t user;
    uint32_t devices;
    bool enabled;
};

static void on_person(void *ctx, int rc, const struct user_row *u, const struct pl_err *e)
{
    struct person *p = ctx;
    if (rc == 0) {
        p->user = u->user;
        p->devices = u->devices;
        p->enabled = u->enabled;
    }
    local_done(&p->answer, rc, e);
}

static int find_or_add(struct local *l, const struct admin_invite *i, struct person *p,
                       struct pl_err *e)
{
    memset(p, 0, sizeof(*p));
    int rc =
        local_wait(l, repo_user_find(local_store(l), i->user_name, on_person, p), &p->answer, e);
    if (rc == -PL_E_NOENT) {
        const char *name = i->display_name != NULL ? i->display_name : i->user_name;
        memset(p, 0, sizeof(*p));
        rc = local_wait(l, repo_user_add(local_store(l), i->user_name, name, on_person, p),
                        &p->answer, e);
        if (rc == -PL_E_INVALID) {
            rc = pl_fail(e, PL_E_INVALID,
                         "a login name has small letters, digits, '.', '_', '-' and begins with a "
                         "letter or digit; a name has 1 to 64 characters");
        }
    } else if (rc == 0 && !p->enabled) {
        rc = pl_fail(e, PL_E_CONFLICT, "%s is disabled; run 'plimsolld user enable %s' first",
                     i->user_name, i->user_name);
    } else if (rc == 0 && i->display_name != NULL) {
        (void)fprintf(stderr, "%s is known already; --name is ignored.\n", i->user_name);
    }
    return rc;
}

static int parse_ttl(const char *text, uint64_t *ms, struct pl_err *e)
{
    struct ttl {
        uint64_t ms;
    } value = {0};
    const struct pl_conf_opt opt =
        PL_CONF_NUM(PL_CONF_DURATION, "invite", "ttl", struct ttl, ms, NULL, 1000, TTL_MAX_MS, "");
    const struct pl_conf_table table = {&opt, 1};
    int rc = pl_conf_set(&table, "invite.ttl", text, &value, e);
    if (rc != 0) {
        return pl_fail(e, PL_E_USAGE, "--ttl takes a time such as 30m, 72h or 7d, at most 31d");
    }
    *ms = value.ms;
    return 0;
}

static int parse_review(const char *text, uint64_t *review, struct pl_err *e)
{
    uint32_t kind = 0;
    int64_t no = 0;
    if (pl_parse_u64(text, review) == 0 && *review > 0 && *review <= INT64_MAX) {
        return 0;
    }
    if (pl_short_id_parse(text, strlen(text), &kind, &no, e) != 0 || kind != PL_KIND_REVIEW) {
        return pl_fail(e, PL_E_USAGE, "--review takes an id such as REV-12");
    }
    *review = (uint64_t)no;
    return 0;
}

struct added {
    struct local_answer answer;
    uint64_t invite;
};

static void on_added(void *ctx, int rc, uint64_t invite, const struct pl_err *e)
{
    struct added *a = ctx;
    a->invite = invite;
    local_done(&a->answer, rc, e);
}

static void print_invite(const struct admin *a, const char *text, const char *user_name,
                         const struct invite_new *inv)
{
    static const char *const kinds[] = {"", "new user", "further device", "recovery", "first user"};
    char until[PL_RFC3339_SIZE];
    (void)pl_rfc3339_format(inv->expires_us, 0, 0, until);
    if (a->json) {
        json_t *o = json_pack("{s:s, s:s, s:s, s:s, s:s}", "schema", "plimsolld.invite/1", "invite",
                              text, "user", user_name, "kind", kinds[inv->kind], "expires", until);
        PL_ASSERT(o != NULL);
        (void)json_dumpf(o, stdout, JSON_INDENT(1));
        (void)putchar('\n');
        json_decref(o);
        return;
    }
    (void)fprintf(stderr,
                  "Invite for %s (%s), once, until %s. Hand it over in private; there:\n"
                  "  plimsoll join INVITE\n",
                  user_name, kinds[inv->kind], until);
    (void)printf("%s\n", text);
}

static int add_invite(struct local *l, const struct admin *a, const struct admin_invite *i,
                      struct invite_new *inv, struct pl_err *e)
{
    struct pl_invite invite = {.kind = (enum pl_invite_kind)inv->kind};
    struct datadir_tls tls;
    struct added added = {0};
    char text[PL_INVITE_TEXT_SIZE];
    int rc = datadir_tls_load(a->dir, &tls, e);
    memcpy(invite.root_pin, tls.root_pin, sizeof(invite.root_pin));
    datadir_tls_release(&tls);
    if (rc == 0) {
        const struct place_wish wish = {.host = i->host, .port = i->port};
        rc = place_choose(&wish, local_config(l), &invite, e);
    }
    if (rc == 0) {
        pl_random_bytes(invite.secret, sizeof(invite.secret));
        pl_sha256(invite.secret, sizeof(invite.secret), inv->secret_sha256);
        rc = pl_invite_format(&invite, text, e);
    }
    if (rc == 0) {
        rc =
            local_wait(l, repo_invite_add(local_store(l), inv, on_added, &added), &added.answer, e);
    }
    if (rc == 0) {
        print_invite(a, text, i->user_name, inv);
    }
    pl_wipe(&invite, sizeof(invite));
    pl_wipe(text, sizeof(text));
    return rc;
}

int admin_invite(const struct admin *a, const struct admin_invite *i, struct pl_err *e)
{
    struct local *l;
    struct person person;
    struct invite_new inv = {0};
    uint64_t ttl_ms = 0;
    int rc = 0;
    if (i->ttl != NULL && (rc = parse_ttl(i->ttl, &ttl_ms, e)) != 0) {
        return rc;
    }
    if (i->review != NULL && (rc = parse_review(i->review, &inv.review, e)) != 0) {
        return rc;
    }
    if ((i->review != NULL) != (i->role != 0)) {
        return pl_fail(e, PL_E_USAGE, "--review and --role go together");
    }
    inv.role = i->role;
    if ((rc = local_open(a->dir, &l, e)) != 0) {
        return rc;
    }
    if ((rc = find_or_add(l, i, &person, e)) != 0) {
        goto out;
    }
    inv.user = person.user;
    inv.kind = i->recover ? INVITE_RECOVERY : person.devices > 0 ? INVITE_DEVICE : INVITE_USER;
    if (ttl_ms == 0) {
        rc = parse_ttl(inv.kind == INVITE_USER     ? TTL_USER
                       : inv.kind == INVITE_DEVICE ? TTL_DEVICE
                                                   : TTL_RECOVERY,
                       &ttl_ms, e);
        PL_ASSERT(rc == 0);
    }
    inv.expires_us = pl_now_us() + (int64_t)ttl_ms * US_PER_MS;
    rc = add_invite(l, a, i, &inv, e);
out:
    local_close(l);
    return rc;
}
