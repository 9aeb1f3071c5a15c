// SPDX-License-Identifier: Apache-2.0
/*
 * sd_notify(3) without libsystemd: two fixed messages do not earn a library.
 */
#include "ops/sdnotify.h"

#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "plimsoll/base/str.h"

static void tell(const char *text)
{
    const char *path = getenv("NOTIFY_SOCKET");
    struct sockaddr_un un = {.sun_family = AF_UNIX};
    if (!path || (path[0] != '/' && path[0] != '@') || strlen(path) >= sizeof(un.sun_path))
        return;
    (void)pl_strlcpy(un.sun_path, path, sizeof(un.sun_path));
    size_t n = offsetof(struct sockaddr_un, sun_path) + strlen(path);
    if (path[0] == '@')
        un.sun_path[0] = '\0'; /* abstract */
    else
        n++;
    int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    if (fd < 0)
        return;
    (void)sendto(fd, text, strlen(text), MSG_NOSIGNAL, (struct sockaddr *)&un, (socklen_t)n);
    (void)close(fd);
}

void sdnotify_ready(void)
{
    tell("READY=1\n");
}

void sdnotify_stopping(void)
{
    tell("STOPPING=1\n");
}
