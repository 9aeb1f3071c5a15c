#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
#
# Rights that end in the middle of an edit, on two server processes of one database: revoke.c counts
# what is committed behind the end (nothing may be) and how long anything of it stays open. PL_RUNS=200
# for the long form. Then real clients: what somebody had typed and could not send any more is still on
# his machine.
set -u
# shellcheck source=tests/integ/lib.sh
. "$(dirname "$0")/lib.sh"
revoke=$build/tests/integ/revoke
[ -x "$revoke" ] || exit 77
command -v psql >/dev/null || exit 77

rig revoke
limits=(--set limits.connections_per_device=20 --set limits.changesets_per_s=10000
    --set limits.handshakes_per_s=1000)
serve 1 "${limits[@]}"
serve 2 "${limits[@]}"
join fay ben cyd dan
rev=REV-$(review_new fay 'Revoked' ben:responder cyd:responder dan:responder) || fail "no review"

conninfo="host=$data/run user=plimsoll dbname=plimsoll"
timeout $((120 + 5 * ${PL_RUNS:-12})) "$revoke" "$work" "${rev#REV-}" fay ben "${port[1]}" "${port[2]}" \
    "$server" "$conninfo" >"$work/revoke.out" 2>&1 || fail "$(cat "$work/revoke.out")"
ok "$(tail -n 1 "$work/revoke.out") ($(head -n 1 "$work/revoke.out"))"

# ---- what could not be sent -------------------------------------------------------------------------
device_of() { "$server" device list "$1" --json | sed -nE 's/.*"id": "?([0-9]+).*/\1/p' | head -n 1; }
declare -A end=([ben]="fay people rm $rev ben" [cyd]="user disable cyd" [dan]="device revoke $(device_of dan)")
for who in ben cyd dan; do
    as "$who" observe add "$rev" --col well "$who is here" >"$work/out" 2>&1 || fail "$who: $(cat "$work/out")"
    as "$who" observe add "$rev" --col well --offline "words of $who that nobody has" \
        >"$work/out" 2>&1 || fail "$who keeps nothing: $(cat "$work/out")"
    # shellcheck disable=SC2086 # words of a command
    if [ "$who" = ben ]; then as ${end[$who]}; else "$server" ${end[$who]}; fi >"$work/out" 2>&1 ||
        fail "${end[$who]}: $(cat "$work/out")"
    for _ in 1 2; do
        as "$who" journal send >"$work/out" 2>&1 && fail "$who sends after the end: $(cat "$work/out")"
        grep -raq "words of $who that nobody has" "$work/$who/state" || fail "the words of $who are gone"
    done
    as "$who" journal list >"$work/out" 2>&1
    grep -q "$rev" "$work/out" || fail "$who is not told that something waits: $(cat "$work/out")"
    as fay show "$rev" | grep -q "words of $who" && fail "the words of $who went in"
done
ok "removed, disabled, revoked: what was typed stays on its machine, and out of the review"
