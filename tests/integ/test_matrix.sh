#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
#
# Every operation by every role in each status over the network (matrix.c holds it against
# doc/perm.def), and what that program cannot say by itself: invites, which are signed; people whose
# access has ended, who do not even get in.
set -u
# shellcheck source=tests/integ/lib.sh
. "$(dirname "$0")/lib.sh"
matrix=$build/tests/integ/matrix
[ -x "$matrix" ] || exit 77
command -v psql >/dev/null || exit 77

rig matrix
serve 1 --set limits.connections_per_device=20 --set limits.changesets_per_s=1000
join fac res sta non rem dis gone
rev=REV-$(review_new fac 'Matrix' res:responder sta:stakeholder rem:facilitator dis:facilitator \
    gone:facilitator) || fail "no review"
as fac people rm "$rev" rem >"$work/out" 2>&1 || fail "remove: $(cat "$work/out")"
"$server" user disable dis >"$work/out" 2>&1 || fail "disable: $(cat "$work/out")"
device=$("$server" device list gone --json | sed -nE 's/.*"id": "?([0-9]+).*/\1/p' | head -n 1)
"$server" device revoke "$device" >"$work/out" 2>&1 || fail "revoke: $(cat "$work/out")"

coproc run { "$matrix" "$work" "${rev#REV-}" fac res sta non rem 2>"$work/matrix.err"; }
# shellcheck disable=SC2154 # coproc sets it
matrix_pid=$run_PID
started+=("$matrix_pid")
exec 3>&"${run[1]}" 4<&"${run[0]}"
cells() {
    echo go >&3
    read -r -t 120 line <&4 || fail "$1: $(cat "$work/matrix.err")"
    case $line in
    "status $1:"*", ${2-0} wrong here") ok "$line" ;;
    *) fail "$line: $(cat "$work/matrix.err")" ;;
    esac
    # invites: the facilitator, until it is closed
    local who got
    for who in fac res sta non rem; do
        as "$who" invite new "$rev" --user "z$1$who" --name Zoe --role responder >"$work/out" 2>&1
        got=$?
        if [ "$who" = fac ] && [ "$1" != 4 ]; then
            [ $got = 0 ] || fail "status $1: $who invites: $got: $(cat "$work/out")"
        else
            [ $got = 4 ] || [ $got = 5 ] || fail "status $1: $who invites: $got: $(cat "$work/out")"
        fi
    done
    for who in dis gone; do
        as "$who" show "$rev" >"$work/out" 2>&1 && fail "status $1: $who reads"
        as "$who" list >"$work/out" 2>&1 && fail "status $1: $who gets in"
    done
}

# move STATUS: waives what stands in the way of it
move() {
    local i id
    for i in 1 2 3 4 5 6 7 8 9 10 11 12; do
        as fac status "$rev" "$1" >"$work/out" 2>&1 && return 0
        while read -r id; do
            as fac waive "$rev" "$id" --reason 'not what is tried here' >"$work/waive" 2>&1 ||
                fail "waive $id: $(cat "$work/waive")"
        done < <(grep -oE '\bT[0-9][0-9]\b' "$work/out" | sort -u)
    done
    fail "$1: $(cat "$work/out")"
}

cells 1
as fac set "$rev" session_start="$(date -u +%Y-%m-%dT%H:%M:%SZ)" >"$work/out" 2>&1 ||
    fail "set: $(cat "$work/out")"
move in_session
cells 2
move tracking
cells 3
for a in $(as fac actions list "$rev" | cut -f1); do
    as fac actions drop "$rev/$a" --reason 'not what is tried here' >"$work/out" 2>&1 ||
        fail "drop $a: $(cat "$work/out")"
done
move closed
as sta close "$rev" >"$work/out" 2>&1 || fail "close: $(cat "$work/out")"
cells 4

# A cell that is not as the table says would be seen: commenting while it is closed.
sql() { psql -qXAt -h "$data/run" -U plimsoll -d plimsoll -c "SET ROLE plm_owner" -c "$1" >"$work/out" 2>&1; }
sql 'INSERT INTO plm.perm VALUES (9, 4, 3)' || fail "psql: $(cat "$work/out")"
cells 4 1
grep -q 'comment, stakeholder: done' "$work/matrix.err" || fail "not that one: $(cat "$work/matrix.err")"
exec 3>&- 4<&-
eval "exec ${run[1]}>&- ${run[0]}<&-"
until_true 20 gone "$matrix_pid" || fail "matrix does not end"
ok "every cell, and who is shut out stays out"
