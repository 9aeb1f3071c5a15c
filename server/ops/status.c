// SPDX-License-Identifier: Apache-2.0
/*
 * See status.h.
 */
#include "ops/status.h"

#include <stdio.h>

#include "plimsoll/base/file.h"
#include "plimsoll/base/str.h"
#include "plimsoll/base/time.h"

#include "ops/admin_out.h"
#include "ops/alive.h"
#include "ops/datadir.h"
#include "ops/pgcluster.h"

#define US_PER_DAY (INT64_C(86400) * 1000000)

struct keepers {
    struct out_table *table;
    unsigned count;
};

static void on_keeper(void *ctx, const char *pid, const char *line)
{
    struct keepers *k = ctx;
    char text[ALIVE_LINE_MAX + 32];
    k->count++;
    (void)snprintf(text, sizeof(text), "process %.12s: %s", pid, line);
    out_text(k->table, "keeper");
    out_text(k->table, text);
}

/* The processes that hold the keys, one for each that serves. */
static void print_keepers(const char *dir, struct out_table *t)
{
    struct keepers k = {.table = t};
    alive_each(dir, on_keeper, &k);
    if (k.count == 0) {
        out_text(t, "keeper");
        out_text(t, "does not run");
    }
}

int status_print(const char *dir, bool json, struct pl_err *e)
{
    static const char *const columns[] = {"what", "value"};
    struct config c;
    struct datadir_tls tls;
    struct pgcluster_status pg = {0};
    char text[DATADIR_PATH_MAX + 64];
    int rc = datadir_config(dir, &c, e);
    if (rc != 0) {
        return rc;
    }
    rc = datadir_tls_load(dir, &tls, e);
    struct out_table *t = out_table_new("plimsolld.status/1", columns, 2, json);
    out_text(t, "directory");
    out_text(t, dir);
    out_text(t, "organisation");
    out_text(t, c.organisation);
    out_text(t, "listen");
    out_text(t, c.listen);
    out_text(t, "root");
    pl_hex_encode(tls.root_pin, sizeof(tls.root_pin), text);
    out_text(t, text);
    out_text(t, "server_certificate_ends");
    out_time(t, tls.server_expires_us);
    out_text(t, "server_certificate_days_left");
    out_count(t, tls.server_expires_us > pl_now_us()
                     ? (uint64_t)((tls.server_expires_us - pl_now_us()) / US_PER_DAY)
                     : 0);
    (void)snprintf(text, sizeof(text), "%s/" DATADIR_TLS "/root.key", dir);
    out_text(t, "root_key");
    out_text(t, pl_file_exists(text) ? "here" : "offline");
    print_keepers(dir, t);
    out_text(t, "database");
    if (c.url != NULL) {
        out_text(t, "external");
    } else {
        pgcluster_status(dir, &pg);
        out_text(t, pg.is_ready ? "running" : pg.is_running ? "starting" : "stopped");
    }
    out_table_end(t);
    datadir_tls_release(&tls);
    config_release(&c);
    return rc;
}
