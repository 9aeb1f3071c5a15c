// SPDX-License-Identifier: Apache-2.0
/*
 * Tells systemd how we are (sd_notify(3)): one datagram to the socket in $NOTIFY_SOCKET. Without
 * that variable nothing happens.
 */
#ifndef PLIMSOLL_SERVER_OPS_SDNOTIFY_H
#define PLIMSOLL_SERVER_OPS_SDNOTIFY_H

/* The service answers clients now. */
void sdnotify_ready(void);

/* A stop has begun. */
void sdnotify_stopping(void);

#endif
