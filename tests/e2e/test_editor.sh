#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
#
# Two people in one text, in two terminals of tmux, over a real server: each sees the other's words
# and name; the state line tells saved, offline and saved again around a kill -9 of the server, and
# what was typed meanwhile arrives; wide and combining characters, a paste, undo, resize.
set -u
export LC_ALL=C.UTF-8
# shellcheck source=tests/integ/lib.sh
. "$(dirname "$0")/../integ/lib.sh"

rig editor
serve 1
join ana ben
rev=$(review_new ana 'Checkout outage' ben:responder) || fail "no review"
as ana timeline add "REV-$rev" --at 2026-03-01T09:12:04Z 'alert fired' >"$work/out" || fail "no event"

# shellcheck source=tests/e2e/lib.sh
. "$(dirname "$0")/lib.sh"

open_as ana 100 30 "REV-$rev"
open_as ben 80 24 "REV-$rev"
for who in ana ben; do
    expect "$who" '1 Prep'
    keys "$who" 2
    expect "$who" 'alert fired'
    keys "$who" Enter
    expect "$who" 'E-1'
    keys "$who" e
    expect "$who" 'EDIT'
done
ok "two people have the text open"

keys ana -l ' by ana'
keys ben -l ' 漢字 é by ben'
for who in ana ben; do
    expect "$who" 'by ana'
    expect "$who" '漢字 é by ben'
    expect "$who" '= saved'
done
expect ana '[B]en'
expect ben '[A]na'
ok "each sees the other's words and name, wide and combining characters whole"

printf 'first pasted line\nsecond pasted line\n' >"$work/paste"
terminal load-buffer "$work/paste"
terminal paste-buffer -p -t ana
expect ben 'second pasted line'
keys ana C-_
until_true 20 eval '! shows ben "second pasted line"' || fail "undo does not take the paste back"
shows ben 'by ben' || fail "undo took what somebody else wrote"
ok "a paste is one step of undo, and undo leaves others' words alone"

kill -9 "${pid[1]}"
until_true 10 gone "${pid[1]}" || fail "the server lives"
expect ana 'OFFLINE'
keys ana -l ' typed offline'
expect ana 'typed offline'
expect ana 'kept'
serve 1
expect ben 'typed offline'
expect ana '= saved'
ok "what was typed without a server is kept, shown as kept, and arrives"

terminal resize-window -t ben -x 60 -y 16
expect ben 'typed offline'
terminal resize-window -t ben -x 120 -y 40
expect ben '2 Time'
ok "another size"

for who in ana ben; do
    as "$who" export "REV-$rev" --as md -o "$work/$who.md" || fail "export of $who"
done
cmp "$work/ana.md" "$work/ben.md" || fail "the copies differ"
grep -q 'typed offline' "$work/ana.md" || fail "the text is not in the export"
ok "both copies are equal"

# A journal that is slow to read: a pipe that nobody writes. The first frame does not wait for it.
was=$(client_of ana)
kill -9 "$was"
until_true 10 gone "$was" || fail "ana's client lives"
log=$(find "$work/ana/state" -name "$rev.0.log")
mv "$log" "$log.kept" || fail "no journal of ana's: $(find "$work/ana/state")"
mkfifo "$log" || fail "no pipe"
in_terminal slow 100 30 "$(env_of ana) $client REV-$rev"
expect slow "Opening REV-$rev"
kill -9 "$(client_of slow)"
ok "the first frame says what is being opened, before the journal is read"

# A review that cannot be opened is let go of: its journal is free for others.
hidden=$(review_new ben 'Not for ana') || fail "no review of ben's"
in_terminal shut 100 30 "$(env_of ana) $client REV-$hidden"
expect shut 'Reviews'
has_lock() { find "/proc/$(client_of shut)/fd" -lname "*/$hidden.0.lock" | grep -q .; }
[ -e "$(find "$work/ana/state" -name "$hidden.0.lock")" ] || fail "it was never tried"
until_true 5 eval '! has_lock' || fail "a review that was refused holds its journal"
ok "a review that cannot be opened is let go of"
