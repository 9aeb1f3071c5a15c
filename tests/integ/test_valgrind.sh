#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
#
# plimsolld under valgrind through a short life: a join, two people who type into one review at the
# same time, an export, an orderly stop. No error, nothing definitely lost.
set -u
if ! command -v valgrind >/dev/null; then
    echo "valgrind is not installed"
    exit 77
fi
# shellcheck source=tests/integ/lib.sh
. "$(dirname "$0")/lib.sh"
kill=$build/tests/integ/kill
[ -x "$kill" ] || exit 77
if nm "$server" 2>/dev/null | grep -q __asan_init; then
    echo "a build with sanitizers does not run under valgrind"
    exit 77
fi

rig valgrind
PL_WRAP="valgrind -q --error-exitcode=9 --leak-check=full --errors-for-leak-kinds=definite --log-file=$work/valgrind.%p"
serve_start 1 --set limits.handshake=60s --set limits.first_frame=60s --set limits.join=60s
serve_wait 1 120
join ana ben
review=$(review_new ana 'Under valgrind' ben:responder) || fail "new: $(cat "$work/new.out")"
typist() {
    exec "$kill" type --config "$work/$1" --state "$work/$1/state" --review "$review" --id "$2" \
        --log "$work/$2.log" --seed "$2"
}
for k in 0 1; do
    typist "$([ $k = 0 ] && echo ana || echo ben)" $k &
    started+=($!)
done
typed() { grep -q '^A [0-9][0-9]' "$work/0.log" && grep -q '^A [0-9][0-9]' "$work/1.log"; }
until_true 90 typed || fail "the two do not get to type"
kill -TERM "${started[@]}"
for p in "${started[@]}"; do
    until_true 30 gone "$p" || fail "a typist does not end"
done
as ana export "$review" --as md --timeout 50s >"$work/copy.md" || fail "export"
kill -TERM "${pid[1]}"
until_true 90 gone "${pid[1]}" || fail "the server does not stop"
grep -q 'server\.stopped' "$(log_of 1)" || fail "the server did not stop in an orderly way"
found=$(cat "$work"/valgrind.* 2>/dev/null)
[ -z "$found" ] || fail "valgrind: $(printf '%s' "$found" | head -n 60)"
ok "valgrind has nothing to say"
