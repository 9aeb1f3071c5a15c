// SPDX-License-Identifier: Apache-2.0
/*
 * A witness: signs a log's checkpoint when it continues the one signed before (tlog/witness.h). One
 * request on standard input, its answer on standard output, the exit status says which it is; what
 * carries both (ssh, cron, a web server) is the operator's choice. What was signed is on disk
 * before it is answered, and two at once wait for each other.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <unistd.h>

#include "plimsoll/base/env.h"
#include "plimsoll/base/file.h"
#include "plimsoll/base/hash.h"
#include "plimsoll/base/mem.h"
#include "plimsoll/base/rng.h"
#include "plimsoll/base/str.h"
#include "plimsoll/base/time.h"
#include "plimsoll/tlog/witness.h"

#include "cli/cli_int.h"

#define COUNT(a)  (sizeof(a) / sizeof((a)[0]))
#define KEY_BYTES 1024u

struct witness_opts {
    struct cli_common common;
    const char *state, *key, *log;
};

static const struct pl_opt witness_opts[] = {
    CLI_COMMON,
    {0, "state", PL_OPT_STRING, offsetof(struct witness_opts, state), "FILE", NULL,
     "where the last checkpoint that was signed is kept"},
    {0, "key", PL_OPT_STRING, offsetof(struct witness_opts, key), "FILE", NULL,
     "the witness's own key, from 'witness keygen'"},
    {0, "log", PL_OPT_STRING, offsetof(struct witness_opts, log), "VKEY", NULL,
     "the log's key, NAME+ID+KEY"},
};

struct keygen_opts {
    struct cli_common common;
    const char *key;
};

static const struct pl_opt keygen_opts[] = {
    CLI_COMMON,
    {0, "key", PL_OPT_STRING, offsetof(struct keygen_opts, key), "FILE", NULL,
     "the file for the key, which must not exist yet"},
};

/* ---- the key ----------------------------------------------------------------------------------
 */

static int run_keygen(struct cli *c, void *opts, int argc, char **argv, struct pl_err *e)
{
    const struct keygen_opts *o = opts;
    uint8_t seed[32];
    char text[PL_SKEY_SIZE];
    char vkey[PL_VKEY_SIZE];
    struct pl_skey k;
    (void)argc;
    if (!o->key)
        return pl_fail(e, PL_E_USAGE, "--key FILE is missing: where to keep it");
    pl_env_random_bytes(pl_env_system(), seed, sizeof(seed));
    int rc = pl_skey_from_seed(argv[0], PL_NOTE_COSIGNATURE, seed, &k, e);
    if (rc == 0) {
        pl_skey_print(&k, text);
        rc = pl_file_write_new(o->key, text, strlen(text), 0600, e);
    }
    if (rc == 0) {
        pl_vkey_print(&k.pub, vkey);
        cli_print(c, "%s\n", vkey);
    }
    pl_wipe(seed, sizeof(seed));
    pl_wipe(text, sizeof(text));
    pl_wipe(&k, sizeof(k));
    return rc;
}

static int read_key(const char *path, struct pl_skey *k, struct pl_err *e)
{
    struct pl_buf b;
    int rc = pl_file_read_all(path, KEY_BYTES, &b, e);
    if (rc == 0)
        rc = pl_skey_parse(b.len ? (const char *)b.data : "", k, e);
    if (rc == 0 && k->pub.type != PL_NOTE_COSIGNATURE)
        rc = pl_fail(e, PL_E_INVALID, "%s is not the key of a witness", path);
    if (b.len > 0)
        pl_wipe(b.data, b.len);
    pl_buf_release(&b);
    return rc;
}

/* ---- what was signed last -----------------------------------------------------------------------
 */

/* Waits for whoever works with the same file; the lock is a file beside it, which stays. */
static int lock_state(const char *path, int *fd, struct pl_err *e)
{
    char *name = pl_xasprintf("%s.lock", path);
    *fd = open(name, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
    int rc = 0;
    if (*fd < 0 || flock(*fd, LOCK_EX) < 0)
        rc = pl_fail(e, PL_E_IO, "%.150s: %s", name, strerror(errno));
    free(name);
    return rc;
}

/* size 0: nothing was signed yet. */
static int read_state(const char *path, struct pl_checkpoint *last, struct pl_err *e)
{
    struct pl_buf b;
    memset(last, 0, sizeof(*last));
    int rc = pl_file_read_all(path, PL_CHECKPOINT_SIZE, &b, e);
    if (rc == 0)
        rc = pl_checkpoint_parse(b.len ? (const char *)b.data : "", b.len, last, e);
    else if (rc == -PL_E_NOENT)
        rc = 0;
    pl_buf_release(&b);
    return rc;
}

static int write_state(const char *path, const struct pl_checkpoint *next, struct pl_err *e)
{
    char text[PL_CHECKPOINT_SIZE];
    pl_checkpoint_print(next, text);
    return pl_file_write_atomic(path, text, strlen(text), 0600, e);
}

/* ---- one request ------------------------------------------------------------------------------
 */

/* Exit status by the answer; the same numbers as elsewhere say much the same. */
static int status_of(enum pl_witness_status s)
{
    switch (s) {
    case PL_WITNESS_SIGN:
        return 0;
    case PL_WITNESS_BAD:
        return 2;
    case PL_WITNESS_UNSIGNED:
        return 4;
    case PL_WITNESS_UNKNOWN:
        return 3;
    case PL_WITNESS_CONFLICT:
        return 5;
    case PL_WITNESS_PROOF:
        return 7;
    }
    return 1;
}

static int answer(struct cli *c, const struct witness_opts *o, const struct pl_vkey *log,
                  const struct pl_skey *k, const struct pl_buf *body, struct pl_err *e)
{
    struct pl_checkpoint last;
    struct pl_checkpoint next;
    struct pl_buf line;
    size_t at = 0;
    struct pl_err why = {0};
    const char *text = body->len ? (const char *)body->data : "";
    int rc = read_state(o->state, &last, e);
    if (rc != 0)
        return pl_fail(e, PL_E_IO, "the state of the witness cannot be read: see %s", o->state);
    if (last.size > 0 && strcmp(last.origin, log->name) != 0)
        return pl_fail(e, PL_E_CONFIG, "%s is the state of %s, not of %s", o->state, last.origin,
                       log->name);
    enum pl_witness_status s = pl_witness_judge(log, &last, text, body->len, &next, &at, &why);
    if (s != PL_WITNESS_SIGN) {
        if (s == PL_WITNESS_CONFLICT)
            cli_print(c, "%llu\n", (unsigned long long)last.size);
        cli_warn(c, "%d: %s", (int)s, why.text);
        return status_of(s);
    }
    pl_buf_init(&line, PL_NOTE_MAX_BYTES);
    rc = write_state(o->state, &next, e); /* before anybody hears of it */
    if (rc == 0)
        rc = pl_witness_line(text + at, body->len - at, k, (uint64_t)(pl_now_us() / 1000000), &line,
                             e);
    if (rc == 0)
        cli_print(c, "%.*s", (int)line.len, (const char *)line.data);
    pl_buf_release(&line);
    return rc;
}

static int run_witness(struct cli *c, void *opts, int argc, char **argv, struct pl_err *e)
{
    const struct witness_opts *o = opts;
    struct pl_vkey log;
    struct pl_skey k = {0};
    struct pl_buf body;
    int fd = -1;
    (void)argc;
    (void)argv;
    if (!o->state || !o->key || !o->log)
        return pl_fail(e, PL_E_USAGE, "--state, --key and --log are all needed");
    int rc = pl_vkey_parse(o->log, &log, e);
    pl_buf_init(&body, PL_WITNESS_BODY_MAX);
    if (rc == 0)
        rc = read_key(o->key, &k, e);
    if (rc == 0)
        rc = pl_fd_read_all(STDIN_FILENO, "standard input", PL_WITNESS_BODY_MAX, &body, e);
    if (rc == 0)
        rc = lock_state(o->state, &fd, e);
    if (rc == 0)
        rc = answer(c, o, &log, &k, &body, e);
    if (fd >= 0)
        (void)close(fd);
    pl_wipe(&k, sizeof(k));
    pl_buf_release(&body);
    /* 2 to 7 are answers; what keeps the witness from answering is 1 */
    return rc < 0 && rc != -PL_E_USAGE ? -PL_E_IO : rc;
}

const struct cli_verb verb_witness = {
    .opt =
        {"witness", NULL,
         "sign a log's checkpoint (c2sp.org/tlog-witness, add-checkpoint on standard input): exit "
         "0 signed, 2 bad request, 3 another log, 4 not signed by the log, 5 not the size signed "
         "last (which is printed) or a fork, 7 a false proof, 1 failure",
         witness_opts, COUNT(witness_opts), 0, 0},
    .opt_size = sizeof(struct witness_opts),
    .examples = "  plimsoll witness --state last --key witness.key --log "
                "plimsoll.internal/d-0a/e1+1c2d3e4f+AXyz < request\n",
    .run = run_witness,
};

const struct cli_verb verb_witness_keygen = {
    .opt = {"witness keygen", "NAME", "make a witness's key; its public half is printed",
            keygen_opts, COUNT(keygen_opts), 1, 1},
    .opt_size = sizeof(struct keygen_opts),
    .examples = "  plimsoll witness keygen witness.example.org/w1 --key witness.key\n",
    .run = run_keygen,
};
