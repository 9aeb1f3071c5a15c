#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
#
# A server that still waits for its database at the start ends at once when it is told to.
. "${PL_SRC:?}/tests/integ/lib.sh"
rig stop-early
command -v flock >/dev/null || exit 77
lock=$data/pg/../cluster.lock
[ -e "$lock" ] || lock=$(find "$data" -name cluster.lock | head -n 1)
[ -n "$lock" ] || fail "no lock of the cluster in $data"
exec 9>>"$lock"
flock -x 9 || fail "cannot take the lock"
serve_start 1 9>&-
# Before it becomes the server, the child of this shell has our descriptor of the lock too.
waits_for_lock() {
    [ "$(cat "/proc/${pid[1]}/comm")" = plimsolld ] &&
        find "/proc/${pid[1]}/fd" -lname '*cluster.lock' | grep -q .
}
until_true 10 waits_for_lock || fail "server does not come to the lock"
gone "${pid[1]}" && fail "server did not wait"
kill -TERM "${pid[1]}"
until_true 5 gone "${pid[1]}" || fail "server goes on waiting after SIGTERM"
grep -q 'server.stopped' "$(log_of 1)" || fail "it did not say that it stopped"
ok "a waiting start ends on SIGTERM"
exec 9>&-
serve 1
ok "and starts when nothing is in the way"
