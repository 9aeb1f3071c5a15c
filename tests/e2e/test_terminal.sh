#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
#
# The terminal is given back on every way out: Ctrl-Z and fg, signals that end, crashes. And a
# terminal that stops reading neither blocks the client nor lets it grow.
# shellcheck disable=SC2016 # expressions for eval
set -u
# shellcheck source=tests/integ/lib.sh
. "$(dirname "$0")/../integ/lib.sh"
rig terminal
# shellcheck source=tests/e2e/lib.sh
. "$(dirname "$0")/lib.sh"

serve 1
join ana
rev=$(review_new ana 'Checkout outage') || fail "no review"
as ana timeline add "REV-$rev" --at 2026-03-01T09:12:04Z 'alert fired' >"$work/out" || fail "no event"

# A shell with job control, whose prompt says "ready$".
in_terminal shell 90 24 "$(env_of ana) PS1='ready\$ ' bash --noprofile --norc -i"
expect shell 'ready$'
run() {
    keys shell -l "$client REV-$rev"
    keys shell Enter
    expect shell '1 Prep'
    until_true 5 eval '[ "$(flag shell alternate_on)" = 1 ]' || fail "not on the other screen"
}
# The terminal is the shell's: its screen, lines and echo, no mouse.
given_back() {
    until_true 10 eval '[ "$(flag shell alternate_on)" = 0 ]' || fail "$1: still the other screen"
    [ "$(flag shell mouse_any_flag)" = 0 ] || fail "$1: the mouse is still taken"
    keys shell -l 'stty -a | grep -c " icanon .*"; stty -a | grep -oE " echo |-echo " | tr -d " "'
    keys shell Enter
    until_true 10 eval 'screen shell | grep -qx echo' || {
        screen shell
        fail "$1: the terminal is not as it was"
    }
    keys shell -l 'clear'
    keys shell Enter
    until_true 10 eval '! screen shell | grep -qx echo' || fail "$1: the shell does not answer"
}
inner() { pgrep -P "$(flag shell pane_pid)" -x plimsoll; }

run
keys shell 2
expect shell 'alert fired'
keys shell C-z
given_back "Ctrl-Z"
keys shell -l fg
keys shell Enter
expect shell 'alert fired'
[ "$(flag shell alternate_on)" = 1 ] || fail "fg: not on the other screen"
keys shell e
expect shell 'EDIT'
keys shell -l ' after all'
expect shell 'alert fired after all'
ok "Ctrl-Z gives the terminal back, fg goes on where it was"

kill -STOP "$(inner)"
expect shell 'Stopped'
keys shell -l 'fg'
keys shell Enter
keys shell -l ' and again'
expect shell 'alert fired after all and again'
ok "stopped by a signal and continued: everything is drawn again"

for signal in TERM SEGV ABRT BUS; do
    expect shell '= saved'
    kill -"$signal" "$(inner)"
    given_back "$signal"
    run
done
keys shell 2
expect shell 'alert fired after all and again'
keys shell Escape
expect shell 'Reviews 1' # an escape and a key at once would be one key with Alt
keys shell q
given_back "q"
ok "TERM, SEGV, ABRT, BUS and q give the terminal back"

export PLIMSOLL_CONFIG_DIR=$work/ana XDG_STATE_HOME=$work/ana/state
timeout 60 "$build/tests/bench/bench_paint" --mode stall --ready 'REV-' --setup 2 --setup e \
    --n 9800 -- "$client" "REV-$rev" >"$work/stall" 2>&1 || fail "stall: $(cat "$work/stall")"
grown=$(sed -nE 's/.*"grown_mb":(-?[0-9]+).*/\1/p' "$work/stall")
[ "${grown:-99}" -lt 4 ] || fail "a terminal that does not read: $(cat "$work/stall")"
as ana show "REV-$rev" >"$work/out" || fail "show"
as ana timeline list "REV-$rev" --json >"$work/out" || fail "list"
grep -q 'the last words' "$work/out" || fail "what was typed meanwhile did not get to the server"
ok "a terminal that stops reading: $(cat "$work/stall")"
