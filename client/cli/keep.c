// SPDX-License-Identifier: Apache-2.0
/*
 * What was typed for a verb that failed. A change that reached the journal of its review is safe
 * and delivered later; a text that did not get so far (no copy of the review here, no access, a
 * request that only the server can answer) is written to a file in the rescue folder, which is
 * named. When even that fails nothing is claimed. A slip in the command line is no loss: the text
 * stands there.
 */
#include <stdlib.h>
#include <string.h>

#include "plimsoll/base/mem.h"
#include "plimsoll/base/str.h"
#include "plimsoll/base/time.h"

#include "cli/cli_int.h"
#include "sync/rescue.h"

#define EXIT_DENIED 4
#define EXIT_AWAY   6

void cli_typed(struct cli *c, const char *text, bool is_piped)
{
    free(c->typed);
    c->typed = pl_xstrdup(text);
    c->typed_is_piped = is_piped;
}

bool cli_error_passes(int code)
{
    return pl_error_info(code)->exit_status == EXIT_AWAY;
}

/* Is the text nowhere but in what is about to end? */
static bool is_at_risk(const struct cli *c, const struct pl_err *e)
{
    int status = pl_error_info(e->code)->exit_status;
    if (!c->typed || !c->typed[0] || c->is_kept)
        return false;
    return c->typed_is_piped || status == EXIT_AWAY || status == EXIT_DENIED || c->opening.rc < 0;
}

void cli_keep_typed(struct cli *c, const struct pl_err *e)
{
    char dir[1024];
    char host[300] = "elsewhere";
    struct pl_buf path;
    struct pl_err none;
    if (!is_at_risk(c, e))
        return;
    pl_err_init(&none);
    pl_buf_init(&path, sizeof(dir) + 256);
    if (c->client)
        client_host(c->client, host, sizeof(host));
    int rc = client_state_preset(dir, sizeof(dir), &none);
    struct rescue_options o = {dir, host, c->opening.id, pl_now_us()};
    if (rc == 0)
        rc = rescue_write_typed(&o, c->verb, e->text, c->typed, &path, &none);
    if (rc == 0)
        cli_warn(c, "what you typed is kept in %.*s", (int)path.len, (const char *)path.data);
    else
        cli_warn(c, "what you typed is not kept: %s", none.text);
    pl_buf_release(&path);
}
