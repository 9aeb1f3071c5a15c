// SPDX-License-Identifier: Apache-2.0
/*
 * What command handlers may use: one struct, filled by server.c, borrowed by every session.
 */
#ifndef PLIMSOLL_SERVER_CMD_SERVICES_H
#define PLIMSOLL_SERVER_CMD_SERVICES_H

struct store;
struct rooms;
struct identity;
struct enrol;
struct config;
struct drafts;
struct cards;
struct pl_invite;
struct files;

struct services {
    const char *dir; /* data directory */
    struct store *store;
    struct rooms *rooms;
    struct identity *identity;
    struct enrol *enrol;
    const struct config *config;
    struct drafts *drafts;
    struct cards *cards;
    const struct pl_invite *place; /* what invites name: address and root; without a secret */
    struct files *files;
};

#endif
