// SPDX-License-Identifier: Apache-2.0
/*
 * See spawn.h. A new program image, not a copy of this one: the keeper begins with nothing that the
 * network has touched, and the serving process never has anything that the keeper reads.
 */
#include "keeper/spawn.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#include "plimsoll/base/mem.h"
#include "plimsoll/base/str.h"

#include "keeper/keeper.h"
#include "keeper/line.h"

#define ARGS_MAX  256u
#define PATH_SIZE 4096
#define EXIT_EXEC 127

/* The program's own file; when it was replaced meanwhile, the kernel's way to the old one. */
static void own_path(char out[PATH_SIZE])
{
    ssize_t n = readlink("/proc/self/exe", out, PATH_SIZE - 1);
    out[n > 0 ? n : 0] = '\0';
    if (n <= 0 || access(out, X_OK) != 0)
        (void)pl_strlcpy(out, "/proc/self/exe", PATH_SIZE);
}

_Noreturn static void become(const char *path, char *const *argv, int fd)
{
    struct sigaction preset = {.sa_handler = SIG_DFL};
    sigset_t none;
    for (int s = 1; s < NSIG; s++)
        (void)sigaction(s, &preset, NULL);
    (void)sigemptyset(&none);
    (void)sigprocmask(SIG_SETMASK, &none, NULL);
    if (fd == KEEPER_FD)
        (void)fcntl(fd, F_SETFD, 0);
    else
        (void)dup2(fd, KEEPER_FD);
    (void)close_range(KEEPER_FD + 1, ~0U, 0);
    (void)execv(path, argv);
    _exit(EXIT_EXEC);
}

int keeper_spawn(char *const *args, int *fd, pid_t *pid, struct pl_err *e)
{
    static char name[] = "plimsolld";
    static char verb[] = KEEPER_VERB;
    char path[PATH_SIZE];
    char *argv[ARGS_MAX + 3] = {name, verb};
    int fds[2];
    size_t n = 0;
    for (; args != NULL && args[n] != NULL; n++) {
        if (n == ARGS_MAX)
            return pl_fail(e, PL_E_USAGE, "too many arguments");
        argv[n + 2] = args[n];
    }
    own_path(path);
    int rc = line_pair(fds, e);
    if (rc != 0)
        return rc;
    *pid = fork();
    if (*pid == 0)
        become(path, argv, fds[1]);
    int saved = errno;
    (void)close(fds[1]);
    if (*pid < 0) {
        (void)close(fds[0]);
        return pl_fail(e, PL_E_IO, "a new process: %s", strerror(saved));
    }
    *fd = fds[0];
    return 0;
}

int keeper_harden(int fd, struct pl_err *e)
{
    static const int deaf[] = {SIGINT, SIGTERM, SIGHUP, SIGPIPE};
    struct sigaction ignore = {.sa_handler = SIG_IGN};
    struct rlimit none = {0, 0};
    struct ucred peer = {0};
    socklen_t n = sizeof(peer);
    int type = 0;
    socklen_t type_n = sizeof(type);
    if (getsockopt(fd, SOL_SOCKET, SO_TYPE, &type, &type_n) != 0 || type != SOCK_SEQPACKET ||
        getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &peer, &n) != 0 || peer.pid != getppid())
        return pl_fail(e, PL_E_USAGE, "'" KEEPER_VERB "' is started by 'serve' alone");
    for (size_t i = 0; i < sizeof(deaf) / sizeof(deaf[0]); i++)
        (void)sigaction(deaf[i], &ignore, NULL);
    if (prctl(PR_SET_DUMPABLE, 0) != 0 || setrlimit(RLIMIT_CORE, &none) != 0 ||
        prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0 || prctl(PR_SET_PDEATHSIG, SIGKILL) != 0)
        return pl_fail(e, PL_E_INTERNAL, "hardening the keeper: %s", strerror(errno));
    (void)prctl(PR_SET_NAME, "plimsoll-keeper");
    (void)fcntl(fd, F_SETFD, FD_CLOEXEC);
    /* A parent that died before the line above has closed its end: that is read as the end. */
    return 0;
}
