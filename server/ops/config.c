// SPDX-License-Identifier: Apache-2.0
/*
 * The table of options. Presets follow the limits of the protocol page; benchmarks that need more
 * say so.
 */
#include "ops/config.h"

#include <string.h>

#include "plimsoll/wire/limits.h"

static const char *const levels[] = {"err", "warn", "info", "debug", "trace", NULL};

#define STR(sec, key, field, def, text) PL_CONF_STR(sec, key, struct config, field, def, text)
#define NUM(sec, key, field, def, lo, hi, text) \
    PL_CONF_NUM(PL_CONF_NUMBER, sec, key, struct config, field, def, lo, hi, text)
#define MS(sec, key, field, def, lo, hi, text) \
    PL_CONF_NUM(PL_CONF_DURATION, sec, key, struct config, field, def, lo, hi, text)
#define SIZE(sec, key, field, def, lo, hi, text) \
    PL_CONF_NUM(PL_CONF_SIZE, sec, key, struct config, field, def, lo, hi, text)

static const struct pl_conf_opt opts[] = {
    STR("server", "listen", listen, "*:7474", "Address and port to listen on; * is every address."),
    STR("server", "organisation", organisation, "Plimsoll", "Name shown to those who connect."),
    STR("server", "public_host", public_host, NULL,
        "Host that invites name. Without it, the listen address, or this machine's name."),
    NUM("server", "public_port", public_port, "0", 0, 65535,
        "Port that invites name; 0 is the port of listen."),
    MS("server", "shutdown", shutdown_ms, "20s", 1000, 120000,
       "How long a stop waits for edits that are on their way."),

    STR("database", "url", url, NULL,
        "PostgreSQL to use, as a libpq connection string. Without it, the private cluster in the "
        "data directory. Its login is plm_app or a member of it; see 'plimsolld help roles'."),
    STR("database", "owner_url", owner_url, NULL,
        "The same for migrations, with a login that is a member of plm_owner; without it, url."),
    STR("database", "keeper_url", keeper_url, NULL,
        "The same for the keeper, with a login that is a member of plm_ca and plm_seal; without "
        "it, "
        "url."),
    NUM("database", "writers", writers, "2", 1, 8, "Connections that append to logs."),
    NUM("database", "readers", readers, "2", 1, 8, "Connections that read."),
    NUM("database", "queue", queue_max, "4096", 16, 65536,
        "Requests that may wait per connection; beyond, the answer is 'busy'."),
    MS("database", "statement_timeout", statement_ms, "3s", 100, 60000,
       "PostgreSQL gives a statement up after this."),
    MS("database", "deadline", deadline_ms, "4s", 200, 120000,
       "The server gives a connection up after this; the outcome is looked up again."),

    PL_CONF_ENUM("log", "level", struct config, log_level, "info", levels,
                 "How much is logged: err, warn, info, debug, trace."),
    PL_CONF_BOOL("log", "json", struct config, log_json, "no", "Log lines as JSON."),

    NUM("limits", "connections", connections, "10000", 1, 100000, "Connections in all."),
    NUM("limits", "connections_per_address", connections_per_address, "1024", 1, 100000,
        "Connections of one address (IPv6: one /64)."),
    NUM("limits", "connections_per_user", connections_per_user, "10", 1, 10000,
        "Connections of one person."),
    NUM("limits", "connections_per_device", connections_per_device, "4", 1, 10000,
        "Connections of one device."),
    NUM("limits", "half_open", half_open, "256", 1, 10000, "Unfinished handshakes in all."),
    NUM("limits", "half_open_per_address", half_open_per_address, "64", 1, 10000,
        "Unfinished handshakes of one address."),
    NUM("limits", "handshakes_per_s", handshakes_per_s, "100", 1, 10000,
        "New connections a second; the rest wait in the backlog."),
    MS("limits", "handshake", handshake_ms, "5s", 500, 60000,
       "From accepting a connection to the end of its handshake."),
    MS("limits", "first_frame", first_frame_ms, "5s", 500, 60000, "From the handshake to Hello."),
    MS("limits", "join", join_ms, "10s", 500, 60000, "For a whole enrolment."),
    MS("limits", "ping", ping_ms, "30s", 1000, 600000,
       "Silence before a Ping; two without answer end the connection."),
    MS("limits", "stall", stall_ms, "20s", 1000, 600000,
       "A reader who takes nothing for this long is disconnected."),
    NUM("limits", "changesets_per_s", changesets_per_s, "50", 1, 100000,
        "Changesets a second of one connection, with a burst of two seconds; beyond, it waits."),
    NUM("limits", "requests_per_s", requests_per_s, "60", 1, 100000,
        "Other requests a second of one connection."),
    SIZE("limits", "edit_bytes_per_s", edit_bytes_per_s, "1MiB", 65536, 1073741824,
         "Bytes of edits a second of one connection."),
    NUM("limits", "ring_revisions", ring_revisions, "10000", 64, 1000000,
        "Newest revisions of an open review kept in memory."),
    SIZE("limits", "ring_bytes", ring_bytes, "4MiB", 65536, 1073741824, "The same in bytes."),
    SIZE("limits", "queue_bytes", queue_bytes, "4MiB", 65536, 1073741824,
         "Edits of a review that wait for the database; beyond, their senders are not read."),
    MS("limits", "room_idle", room_idle_ms, "60s", 100, 86400000,
       "A review is put away this long after the last person left."),
    NUM("limits", "snapshot_revisions", snapshot_revisions, "500", 16, 100000,
        "A snapshot is written after this many revisions ..."),
    SIZE("limits", "snapshot_bytes", snapshot_bytes, "256KiB", 4096, 1073741824,
         "... or this many bytes of them."),
    NUM("limits", "joins_per_minute_per_address", joins_per_minute_per_address, "60", 1, 100000,
        "Enrolments of one address a minute (a whole team may sit behind one)."),
    NUM("limits", "joins_per_minute", joins_per_minute, "120", 1, 100000,
        "Enrolments a minute in all."),
    NUM("limits", "invites_open", invites_open, "50", 1, 200,
        "Invites of facilitators in a review that can still be used."),
    NUM("limits", "invites_per_hour", invites_per_hour, "60", 1, 100000,
        "Invites that a facilitator may make in an hour."),
    NUM("limits", "certificates_per_hour", certificates_per_hour, "600", 1, 100000,
        "Certificates that the keeper signs in an hour."),

    SIZE("files", "max_size", file_max, "64MiB", 16384, PL_FILE_BYTES_MAX,
         "Largest file that can be attached."),
    SIZE("files", "per_review", files_per_review, "512MiB", 16384, 1099511627776,
         "All files of a review, with those on their way."),
    SIZE("files", "organisation", files_organisation, "16GiB", 16384, 1125899906842624,
         "All files of all reviews."),
    NUM("files", "uploads_per_user", uploads_per_user, "4", 1, 1000,
        "Unfinished uploads of one person; one left alone for a minute gives way."),
    NUM("files", "uploads_per_device", uploads_per_device, "2", 1, 1000,
        "Unfinished uploads of one device."),
    MS("files", "upload_expiry", upload_expiry_ms, "24h", 1000, 2592000000,
       "An upload that nobody goes on with is dropped after this."),
};

static const struct pl_conf_table table = {opts, sizeof(opts) / sizeof(opts[0])};

const struct pl_conf_table *config_table(void)
{
    return &table;
}

int config_defaults(struct config *c, struct pl_err *e)
{
    memset(c, 0, sizeof(*c));
    int rc = pl_conf_defaults(&table, c, e);
    if (rc < 0)
        config_release(c);
    return rc;
}

int config_load(struct config *c, const char *path, struct pl_err *e)
{
    int rc = config_defaults(c, e);
    if (rc < 0)
        return rc;
    rc = pl_conf_read(&table, path, c, e);
    if (rc < 0)
        config_release(c);
    return rc;
}

void config_release(struct config *c)
{
    pl_conf_release(&table, c);
}
