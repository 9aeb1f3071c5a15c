#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
#
# A disk that takes no more while somebody types: the screen says that it is not kept, offline, in
# the question before it ends, and in the message; and that it is saved as soon as the server has it.
# And what the server refuses while no file takes it: held and shown to the end, in whatever review.
set -u
export LC_ALL=C.UTF-8
# shellcheck source=tests/integ/lib.sh
. "$(dirname "$0")/../integ/lib.sh"

rig disk-full
serve 1
join ana
rev=$(review_new ana 'Checkout outage') || fail "no review"
as ana timeline add "REV-$rev" --at 2026-03-01T09:12:04Z 'alert fired' >"$work/out" || fail "no event"

# shellcheck source=tests/e2e/lib.sh
. "$(dirname "$0")/lib.sh"

# No file of hers may be longer than 16 or 32 KiB (shells count differently).
in_terminal ana 100 30 "trap '' XFSZ; ulimit -f 32; $(env_of ana) $client REV-$rev"
expect ana '1 Prep'
keys ana 2
expect ana 'alert fired'
keys ana Enter
expect ana 'E-1'
keys ana e
expect ana 'EDIT'
keys ana -l ' first'
expect ana '= saved'

kill -9 "${pid[1]}"
until_true 10 gone "${pid[1]}" || fail "the server lives"
expect ana 'OFFLINE'
keys ana -l ' second'
expect ana 'kept on this machine'
ok "what fits is kept, and said to be"

yes 'a line that needs room' | head -c 40000 >"$work/paste"
terminal load-buffer "$work/paste"
terminal paste-buffer -p -t ana
expect ana 'NOT KEPT'
expect ana 'ONLY IN MEMORY'
expect_not ana 'kept on this machine.'
ok "what the disk refuses is not said to be kept"

keys ana Escape
expect_not ana 'EDIT'
keys ana C-c
expect ana 'to quit loses them'
keys ana Escape
expect_not ana 'to quit loses them'
ok "the question before the end says it too"

serve 1
expect ana '= saved'
ok "saved by the server, in spite of the disk"

# ---- refused, and no file for it --------------------------------------------------------------------
# ben's folder for what is refused is a file. He writes while the server is away, and may not later.
other=$(review_new ana 'Another one') || fail "no second review"
join ben
for r in "$rev" "$other"; do
    as ana people add "REV-$r" ben --role responder >"$work/out" 2>&1 || fail "people: $(cat "$work/out")"
done
mkdir -p "$work/ben/state/plimsoll" && : >"$work/ben/state/plimsoll/rescue"
open_as ben 100 30 "REV-$rev"
expect ben '1 Prep'
keys ben 2
expect ben 'alert fired'
keys ben Enter
expect ben 'E-1'
keys ben e
expect ben 'EDIT'
ben_pid=$(client_of ben)
kill -9 "${pid[1]}"
until_true 10 gone "${pid[1]}" || fail "the server lives"
expect ben 'OFFLINE'
keys ben -l 'Written too late. '
expect ben '! offline 1 kept'
kill -STOP "$ben_pid"
serve 1
as ana people role "REV-$rev" ben --role stakeholder >"$work/out" 2>&1 || fail "role: $(cat "$work/out")"
kill -CONT "$ben_pid"
expect ben 'Your text is ONLY HERE (' 40
lacks ben 'Your text is kept' || fail "said to be kept without a file"
ok "what is refused and in no file is not said to be kept"

keys ben Escape
expect_not ben 'EDIT'
keys ben Escape
keys ben Escape
expect ben 'Another one'
for _ in 1 2 3; do
    screen ben | grep -q '^ *> .*Another one' && break
    keys ben Down
done
keys ben Enter
expect ben '1 Prep'
expect ben "REV-$other"
keys ben K
expect ben 'Written too late.'
expect ben 'ONLY HERE, copy it'
keys ben Escape
expect_not ben 'ONLY HERE, copy it'
ok "it can still be read after another review was opened"

keys ben C-c
expect ben 'ONLY HERE (K): 1'
keys ben Escape
expect_not ben 'ONLY HERE (K): 1'
ok "the question before the end counts it, also when connected"
