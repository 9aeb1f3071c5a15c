// SPDX-License-Identifier: Apache-2.0
/*
 * See admin.h. Each command opens the database, asks, prints, closes.
 */
#include "ops/admin.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "plimsoll/base/mem.h"
#include "plimsoll/base/str.h"

#include "ops/admin_out.h"
#include "ops/local.h"
#include "store/repo_identity.h"

#define PAGE 500u

/* A list of users, kept beyond the callback. */
struct user {
    uint64_t id;
    char user_name[65];
    char display_name[4 * 64 + 1];
    bool enabled;
    uint32_t devices;
    int64_t created_us;
};

struct user_page {
    struct local_answer answer;
    struct user users[PAGE];
    size_t n;
};

static void on_users(void *ctx, int rc, const struct user_row *rows, size_t n,
                     const struct pl_err *e)
{
    struct user_page *p = ctx;
    for (size_t i = 0; rc == 0 && i < n && i < PAGE; i++) {
        struct user *u = &p->users[p->n++];
        u->id = rows[i].user;
        u->enabled = rows[i].enabled;
        u->devices = rows[i].devices;
        u->created_us = rows[i].created_us;
        (void)pl_strlcpy(u->user_name, rows[i].user_name, sizeof(u->user_name));
        (void)pl_strlcpy(u->display_name, rows[i].display_name, sizeof(u->display_name));
    }
    local_done(&p->answer, rc, e);
}

static int get_page(struct local *l, uint64_t after, struct user_page *p, struct pl_err *e)
{
    p->n = 0;
    memset(&p->answer, 0, sizeof(p->answer));
    int rc = repo_users(local_store(l), after, PAGE, on_users, p);
    return local_wait(l, rc, &p->answer, e);
}

int admin_user_list(const struct admin *a, struct pl_err *e)
{
    static const char *const columns[] = {"id", "user", "name", "enabled", "devices", "created"};
    struct local *l;
    int rc = local_open(a->dir, &l, e);
    if (rc != 0) {
        return rc;
    }
    struct out_table *t = out_table_new("plimsolld.users/1", columns, 6, a->json);
    struct user_page *p = pl_xcalloc(1, sizeof(*p));
    uint64_t after = 0;
    do {
        rc = get_page(l, after, p, e);
        for (size_t i = 0; rc == 0 && i < p->n; i++) {
            const struct user *u = &p->users[i];
            out_id(t, u->id);
            out_text(t, u->user_name);
            out_text(t, u->display_name);
            out_bool(t, u->enabled);
            out_count(t, u->devices);
            out_time(t, u->created_us);
            after = u->id;
        }
    } while (rc == 0 && p->n == PAGE);
    free(p);
    out_table_end(t);
    local_close(l);
    return rc;
}

struct find {
    struct local_answer answer;
    uint64_t user;
};

static void on_found(void *ctx, int rc, const struct user_row *u, const struct pl_err *e)
{
    struct find *f = ctx;
    f->user = rc == 0 ? u->user : 0;
    local_done(&f->answer, rc, e);
}

static int find_user(struct local *l, const char *user_name, uint64_t *user, struct pl_err *e)
{
    struct find f = {0};
    int rc = local_wait(l, repo_user_find(local_store(l), user_name, on_found, &f), &f.answer, e);
    *user = f.user;
    return rc == -PL_E_NOENT ? pl_fail(e, PL_E_NOENT, "there is no user '%.64s'", user_name) : rc;
}

static void on_done(void *ctx, int rc, const struct pl_err *e)
{
    local_done(ctx, rc, e);
}

int admin_user_enable(const struct admin *a, const char *user_name, bool enabled, struct pl_err *e)
{
    struct local *l;
    uint64_t user = 0;
    struct local_answer answer = {0};
    int rc = local_open(a->dir, &l, e);
    if (rc != 0) {
        return rc;
    }
    rc = find_user(l, user_name, &user, e);
    if (rc == 0) {
        rc = local_wait(l, repo_user_enable(local_store(l), user, enabled, on_done, &answer),
                        &answer, e);
    }
    local_close(l);
    if (rc == 0) {
        (void)fprintf(stderr, "%s is %s.\n", user_name,
                      enabled ? "enabled" : "disabled; all connections end");
    }
    return rc;
}

struct device_print {
    struct local_answer answer;
    struct out_table *table;
};

static void on_devices(void *ctx, int rc, const struct device_row *rows, size_t n,
                       const struct pl_err *e)
{
    struct device_print *p = ctx;
    for (size_t i = 0; rc == 0 && i < n; i++) {
        out_id(p->table, rows[i].device);
        out_text(p->table, rows[i].user_name);
        out_text(p->table, rows[i].device_name);
        out_time(p->table, rows[i].enrolled_us);
        out_time(p->table, rows[i].last_seen_us);
        out_time(p->table, rows[i].expires_us);
        out_time(p->table, rows[i].revoked_us);
    }
    local_done(&p->answer, rc, e);
}

static int print_devices(struct local *l, uint64_t user, struct out_table *t, struct pl_err *e)
{
    struct device_print p = {.table = t};
    return local_wait(l, repo_devices(local_store(l), user, on_devices, &p), &p.answer, e);
}

static int print_all_devices(struct local *l, struct out_table *t, struct pl_err *e)
{
    struct user_page *p = pl_xcalloc(1, sizeof(*p));
    uint64_t after = 0;
    int rc;
    do {
        rc = get_page(l, after, p, e);
        for (size_t i = 0; rc == 0 && i < p->n; i++) {
            after = p->users[i].id;
            rc = print_devices(l, after, t, e);
        }
    } while (rc == 0 && p->n == PAGE);
    free(p);
    return rc;
}

int admin_device_list(const struct admin *a, const char *user_name, struct pl_err *e)
{
    static const char *const columns[] = {"id",        "user",    "name",   "enrolled",
                                          "last_seen", "expires", "revoked"};
    struct local *l;
    uint64_t user = 0;
    int rc = local_open(a->dir, &l, e);
    if (rc != 0) {
        return rc;
    }
    if (user_name != NULL) {
        rc = find_user(l, user_name, &user, e);
    }
    if (rc == 0) {
        struct out_table *t = out_table_new("plimsolld.devices/1", columns, 7, a->json);
        rc = user != 0 ? print_devices(l, user, t, e) : print_all_devices(l, t, e);
        out_table_end(t);
    }
    local_close(l);
    return rc;
}

int admin_device_revoke(const struct admin *a, uint64_t device, struct pl_err *e)
{
    struct local *l;
    struct local_answer answer = {0};
    int rc = local_open(a->dir, &l, e);
    if (rc != 0) {
        return rc;
    }
    rc = local_wait(l, repo_device_revoke(local_store(l), device, 0, 0, on_done, &answer), &answer,
                    e);
    local_close(l);
    if (rc == -PL_E_NOENT) {
        return pl_fail(e, PL_E_NOENT, "there is no device %llu", (unsigned long long)device);
    }
    if (rc == 0) {
        (void)fprintf(stderr, "Device %llu is revoked; its connections end.\n",
                      (unsigned long long)device);
    }
    return rc;
}
