// SPDX-License-Identifier: Apache-2.0
/*
 * The server's configuration: plimsolld.conf in the data directory, one table (config.c) from which
 * reading, the sample file and the manual page are made. Every limit of quality is here, with its
 * preset; a value outside of its range is refused with file and line.
 */
#ifndef PLIMSOLL_SERVER_OPS_CONFIG_H
#define PLIMSOLL_SERVER_OPS_CONFIG_H

#include <stdbool.h>
#include <stdint.h>

#include "plimsoll/base/conf.h"
#include "plimsoll/base/err.h"

struct config {
    /* [server] */
    char *listen; /* ADDRESS:PORT; * for all addresses */
    char *organisation;
    char *public_host;    /* what invites name; NULL: the listen address */
    uint64_t public_port; /* 0: the port of listen */
    uint64_t shutdown_ms;
    /* [database] */
    char *url;        /* NULL: the private cluster in the data directory */
    char *owner_url;  /* for migrations; NULL: url */
    char *keeper_url; /* for the keeper; NULL: url */
    uint64_t writers, readers, queue_max, statement_ms, deadline_ms;
    /* [log] */
    int log_level;
    bool log_json;
    /* [limits] */
    uint64_t connections, connections_per_address, connections_per_user, connections_per_device;
    uint64_t half_open, half_open_per_address, handshakes_per_s;
    uint64_t handshake_ms, first_frame_ms, join_ms, ping_ms, stall_ms;
    uint64_t changesets_per_s, requests_per_s, edit_bytes_per_s;
    uint64_t ring_revisions, ring_bytes, queue_bytes, room_idle_ms;
    uint64_t snapshot_revisions, snapshot_bytes;
    uint64_t joins_per_minute_per_address, joins_per_minute;
    uint64_t invites_open, invites_per_hour;
    uint64_t certificates_per_hour;
    /* [files] */
    uint64_t file_max, files_per_review, files_organisation;
    uint64_t uploads_per_user, uploads_per_device, upload_expiry_ms;
};

/* The table, for samples and manual pages. */
const struct pl_conf_table *config_table(void);

/* Presets, then the file (a missing file is an error). */
int config_load(struct config *c, const char *path, struct pl_err *e) PL_MUST;

/* Presets only. */
int config_defaults(struct config *c, struct pl_err *e) PL_MUST;

void config_release(struct config *c);

#endif
