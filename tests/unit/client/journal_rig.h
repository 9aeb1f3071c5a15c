// SPDX-License-Identifier: Apache-2.0
/*
 * What the tests of the journal share: a desk with a state folder of its own, a machine and its
 * journal, with a clock that stands still.
 */
#ifndef PLIMSOLL_TESTS_JOURNAL_RIG_H
#define PLIMSOLL_TESTS_JOURNAL_RIG_H

#include "support/unit.h"

#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "plimsoll/base/env.h"
#include "plimsoll/base/file.h"
#include "plimsoll/base/mem.h"
#include "plimsoll/doc/schema.h"
#include "plimsoll/wire/limits.h"

#include "sync/journal.h"
#include "sync/journal_file.h"
#include "sync/journal_slot.h"
#include "sync/rescue.h"

#define REVIEW 12

struct desk {
    char dir[64];
    struct pl_env_fake env;
    struct journal *j;
    struct sync *s;
    unsigned sent;
    unsigned told_bad, told_good;
};

static inline void on_send(void *ctx, const struct pl_msg *m)
{
    struct desk *d = ctx;

    (void)m;
    d->sent++;
}

static inline void on_journal(void *ctx, struct sync *s)
{
    struct desk *d = ctx;

    journal_keep(d->j, s);
}

static inline void on_status(void *ctx, bool ok, const struct pl_err *why)
{
    struct desk *d = ctx;

    if (ok) {
        d->told_good++;
    } else {
        assert_non_null(why);
        assert_true(why->text[0] != '\0');
        d->told_bad++;
    }
}

static inline void desk_init(struct desk *d)
{
    memset(d, 0, sizeof *d);
    (void)snprintf(d->dir, sizeof d->dir, "/tmp/plimsoll-journal-XXXXXX");
    assert_non_null(mkdtemp(d->dir));
    pl_env_fake_init(&d->env, 1);
}

static inline int remove_one(const char *path, const struct stat *st, int type, struct FTW *at)
{
    (void)st;
    (void)type;
    (void)at;
    return remove(path);
}

static inline void desk_release(struct desk *d)
{
    sync_free(d->s);
    journal_close(d->j, NULL);
    (void)nftw(d->dir, remove_one, 16, FTW_DEPTH | FTW_PHYS);
}

static inline struct journal *open_slot(struct desk *d, int slot, struct pl_err *e)
{
    const struct journal_options o = {.state_dir = d->dir,
                                      .host = "server.example:7500",
                                      .review = REVIEW,
                                      .slot = slot,
                                      .env = &d->env.env,
                                      .status = on_status,
                                      .ctx = d};

    return journal_open(&o, e);
}

static inline bool start(struct desk *d)
{
    const struct sync_handlers h = {.send = on_send, .journal = on_journal, .ctx = d};
    bool damaged = false;

    d->j = open_slot(d, -1, NULL);
    assert_non_null(d->j);
    d->s = journal_start(d->j, &h, &damaged);
    assert_non_null(d->s);
    return damaged;
}

/* The process dies: nothing is closed in order, only descriptors. */
static inline void die(struct desk *d)
{
    sync_free(d->s);
    d->s = NULL;
    journal_close(d->j, NULL);
    d->j = NULL;
}

static inline int type(struct desk *d, uint32_t pos, const char *text)
{
    const struct pl_text *t = pl_entry_text(pl_doc_root(sync_view(d->s)), PL_F_REVIEW_IMPACT);
    const struct pl_text empty = {0};
    struct pl_cs cs;
    struct pl_op op;

    pl_op_splice(&op, t != NULL ? t : &empty, pos, 0, text, (uint32_t)strlen(text));
    pl_cs_init(&cs);
    pl_cs_text(&cs, PL_EID_ROOT, PL_F_REVIEW_IMPACT, &op);
    return sync_edit(d->s, &cs, true, true, (int64_t)d->env.mono_us, NULL);
}

static inline const char *text_of(const struct sync *s)
{
    return pl_entry_cstr(pl_doc_root(sync_view(s)), PL_F_REVIEW_IMPACT);
}

static inline long size_of(const char *path)
{
    struct stat st;

    return stat(path, &st) == 0 ? (long)st.st_size : -1;
}

#endif
