#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
#
# The screens of a review, in tmux over a real server: every tab, menus for choices, comments,
# removing and undo, the mouse, three people in one text, and a refused edit whose text is kept.
set -u
# shellcheck source=tests/integ/lib.sh
. "$(dirname "$0")/../integ/lib.sh"
rig screens
# shellcheck source=tests/e2e/lib.sh
. "$(dirname "$0")/lib.sh"

serve 1
join ana ben cyd
rev=$(review_new ana 'Checkout outage' ben:responder cyd:stakeholder) || fail "no review"
{
    as ana timeline add "REV-$rev" --at 2026-03-01T09:12:04Z 'alert fired' &&
        as ana timeline add "REV-$rev" --at 2026-03-01T09:20:00Z 'traffic moved' &&
        as ana observe add "REV-$rev" --col well 'kill switch worked' &&
        as ana cause add "REV-$rev" 'no alert on replica lag' &&
        as ana actions add "REV-$rev" 'alert on lag above 30 s'
} >"$work/out" 2>&1 || fail "entries: $(cat "$work/out")"

open_as ana 100 30 "REV-$rev"
open_as ben 80 24 "REV-$rev"
open_as cyd 80 24 "REV-$rev"
for who in ana ben cyd; do expect "$who" '= saved'; done

# ---- tabs ------------------------------------------------------------------------------------------
tabs=('' '>1 Prep<' '>2 Time<' '>3 Well/Not<' '>4 Causes<' '>5 Actions<' '>6 Track<' '>7 Share<')
holds=('' 'Session starts' 'traffic moved' 'kill switch worked' 'no alert on replica lag'
    'alert on lag above 30 s' 'Nothing is committed yet' 'Visible to')
for tab in 1 2 3 4 5 6 7; do
    keys ana "$tab"
    expect ana "${tabs[$tab]}"
    expect ana "${holds[$tab]}"
done
keys ana ']'
expect ana "${tabs[1]}"
keys ana '['
expect ana "${tabs[7]}"
ok "seven tabs and what stands in them"

# ---- adding with a choice, choosing in a field ------------------------------------------------------
keys ana 3
expect ana "${tabs[3]}"
keys ana a
expect ana 'Column'
keys ana Down Enter
expect ana 'Observation:'
keys ana -l 'pager was silent'
keys ana Enter
expect ana 'Did not'
expect ana 'pager was silent'
keys ben 3
expect ben 'pager was silent'
keys ana Enter
expect ana 'Kind'
keys ana Home
until_true 5 shows ana '> ' || fail "nothing selected"
while ! screen ana | grep -q '> Kind'; do
    keys ana Down
    until_true 2 eval "screen ana | grep -q '> '"
    tries=$((${tries-0} + 1))
    [ "$tries" -lt 20 ] || { screen ana; fail "no field 'Kind' to choose"; }
done
keys ana Enter
expect ana 'surprise'
keys ana -l s
keys ana Enter
expect ana 'surprise'
keys ana Escape
expect_not ana 'Kind'
expect ben 'Surprising'
as ben observe list "REV-$rev" --json >"$work/out" || fail "observe list"
grep -q '"surprise"' "$work/out" || fail "the choice is not in the review: $(cat "$work/out")"
ok "an entry added over a menu; a choice made in a field, seen by others"

# ---- comments --------------------------------------------------------------------------------------
keys ana 4
expect ana 'no alert on replica lag'
keys ana c
expect ana 'Comment:'
keys ana -l 'who owns this alert?'
keys ana Enter
keys ana Enter
expect ana 'Question'
keys ana End
expect ana 'who owns this alert?'
keys ben 4
expect ben 'no alert on replica lag'
keys ben Enter
expect ben 'Question'
keys ben End
expect ben 'who owns this alert?'
keys ben Escape
keys ana Escape
# An escape and a key at once would be one key with Alt.
for who in ana ben; do expect_not "$who" 'Question'; done
ok "a comment, seen by the other"

# ---- removing and undo -----------------------------------------------------------------------------
keys ana 2
keys ben 2
expect ben 'traffic moved'
keys ana End
expect ana '> E-2'
keys ana x
expect ana 'removed E-2'
expect_not ben 'traffic moved'
keys ana u
expect ana 'traffic moved'
expect ben 'traffic moved'
keys ana U
expect_not ben 'traffic moved'
keys ana u
expect ben 'traffic moved'
ok "removed with x, back with u, gone with U, back again; the other sees each"

# ---- the mouse -------------------------------------------------------------------------------------
[ "$(flag ana mouse_sgr_flag)" = 1 ] || fail "the mouse is not on"
row_of() { screen "$1" | grep -nF -- "$2" | head -n 1 | cut -d: -f1; }
column_of() {
    local line=${2-}
    line=$(screen "$1" | grep -F -- "$line" | head -n 1)
    line=${line%%"$2"*}
    echo $((${#line} + 1))
}
click ana "$(($(column_of ana '4 Causes') + 2))" 2
expect ana "${tabs[4]}"
click ana "$(($(column_of ana '2 Time') + 2))" 2
expect ana "${tabs[2]}"
keys ana Home
expect ana '> E-1'
row=$(row_of ana 'traffic moved')
click ana 20 "$row"
expect ana '> E-2'
click ana 20 "$row"
expect ana 'Happened'
keys ana Escape
expect ana "${tabs[2]}"
click ana 20 5 64
expect ana '> E-1'
click ana "$(($(column_of ana 'e edit') + 1))" 30
expect ana 'EDIT'
keys ana -l ' at last'
expect ben 'alert fired at last'
row=$(row_of ana 'alert fired at last')
click ana 2 "$row"
keys ana -l 'An '
expect ben 'An alert fired at last'
keys ana Escape
expect_not ana 'EDIT'
click ana "$(($(column_of ana '3 Well') + 2))" 2
keys ana a
expect ana 'Column'
click ana 5 "$(row_of ana 'badly')"
expect ana 'Observation:'
keys ana Escape
expect_not ana 'Observation:'
ok "mouse: tabs, rows, twice opens, wheel, hints, caret in a text, menus"

# ---- three in one text -----------------------------------------------------------------------------
for who in ana ben cyd; do
    keys "$who" 2 Home
    expect "$who" '> E-1'
    keys "$who" e
    expect "$who" 'EDIT'
done
for who in ana ben; do
    keys "$who" -l " $who was here."
    for other in ana ben cyd; do expect "$other" "$who was here."; done
done
expect ana '[B]en:2'
expect ana '[C]yd:2'
expect ben '[A]na:2'
expect cyd '[A]na:2'
keys ben Home
expect cyd ',-ben-.'
keys ana Left # not at ben's place: one flag would cover the other
expect cyd ',-ana-.'
expect ben ',-ana-.'
ok "three people in one text: words, names and carets of each at the others"

# ---- refused ---------------------------------------------------------------------------------------
# ben writes while the server is away and is stopped; when he is back he may no longer write.
keys ana Escape
ben_pid=$(client_of ben)
kill -9 "${pid[1]}"
until_true 10 gone "${pid[1]}" || fail "the server lives"
expect ben 'OFFLINE'
keys ben -l 'Written too late. '
expect ben 'Written too late.'
expect ben '! offline 1 kept'
kill -STOP "$ben_pid"
serve 1
as ana people role "REV-$rev" ben --role stakeholder >"$work/out" 2>&1 || fail "role: $(cat "$work/out")"
kill -CONT "$ben_pid"
expect ben 'Refused:' 40
expect ben 'x refused 1'
keys ben Escape
expect_not ben 'EDIT'
keys ben K
expect ben 'What was refused'
expect ben 'Written too late.'
expect ben 'not for a stakeholder while'
expect ben "'plimsoll help roles'"
expect ben 'Kept in'
grep -rlq 'Written too late' "$work/ben/state/plimsoll/rescue" || fail "no file holds what was refused"
keys ben Escape
expect_not ben 'x refused'
shows ana 'Written too late' && fail "a refused edit is seen by others"
ok "a refused edit: said, shown, kept in a file, and the word goes when it has been looked at"
