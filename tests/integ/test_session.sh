#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
#
# Conducting by verbs, over a real server: stage and timer, locks that hold for edits of others and
# for those made offline, lead, hands, attendance, ground rules, a doubt about neutrality. Each is
# refused first to who may not.
set -u
# shellcheck source=tests/integ/lib.sh
. "$(dirname "$0")/lib.sh"
rig session
serve 1
join fay gus ben cyd
rev=REV-$(review_new fay 'Checkout outage' gus:facilitator ben:responder cyd:stakeholder) ||
    fail "no review"

# field NAME: of the header, as JSON has it
field() { as fay show "$rev" --json | tr -d '\n' | sed -nE "s/.*\"$1\": *\"?([^\",}]*).*/\1/p"; }

refused 4 'responder' ben session stage "$rev" timeline
refused 2 'stage' fay session stage "$rev" lunch
does fay session stage "$rev" timeline
[ "$(field stage)" = timeline ] || fail "stage: $(field stage)"
does fay session next "$rev"
[ "$(field stage)" = analyse ] || fail "stage: $(field stage)"
does fay session timer "$rev" 15m
first=$(field stage_ends_at)
[ -n "$first" ] || fail "no timer"
does fay session timer "$rev" +5m
[ "$(field stage_ends_at)" != "$first" ] || fail "the timer was not extended"
does fay session timer "$rev" stop
refused 5 'timer' fay session timer "$rev" +5m
ok "stage and timer"

# A minute that somebody watches while the rest goes on; looked at further down.
short=REV-$(review_new fay 'A short stage' ben:responder) || fail "no second review"
does fay session timer "$short" 1m
PLIMSOLL_CONFIG_DIR=$work/ben XDG_STATE_HOME=$work/ben/watcher timeout 180 "$client" watch "$short" \
    >"$work/timer.out" 2>/dev/null &
watcher=$!
as fay status "$short" | grep -q ' left of 1:00 (' || fail "status tells no timer"
as fay status "$short" --json | tr -d '\n' | grep -q '"timer": *{"state": *"running"' ||
    fail "status tells no timer in JSON"

does ben timeline add "$rev" --at 2026-03-01T09:12:04Z 'alert fired'
refused 4 'responder' ben session lock "$rev" event
does fay session lock "$rev" event
refused 7 "locked" ben timeline add "$rev" --at 2026-03-01T09:20:00Z 'too late'
grep -rlq 'too late' "$work/ben" || fail "what was refused is nowhere on ben's machine"
does fay timeline add "$rev" --at 2026-03-01T09:21:00Z 'the facilitator may'
does ben observe add "$rev" --col well 'other sections are open'
does ben comment add "$rev/E-1" 'comments are never locked'
does fay session unlock "$rev" event
does ben timeline add "$rev" --at 2026-03-01T09:22:00Z 'open again'
ok "a locked section: refused, kept, facilitators and comments pass, open again"

refused 4 'facilitator' fay session lead "$rev" ben
does fay session lead "$rev" gus
does gus session lead "$rev"
[ "$(field lead)" = gus ] || [ "$(field lead)" = 2 ] || fail "lead: $(field lead)"
ok "the lead goes from one facilitator to another, and to nobody else"

refused 5 'hand' fay session call "$rev" cyd
does cyd hand "$rev"
does fay session call "$rev" cyd
does cyd attend "$rev" yes
refused 5 'ground rules' cyd rule accept "$rev"
refused 4 'facilitator' fay challenge "$rev" 'of myself'
does ben challenge "$rev" 'owns the service'
[ "$(field neutrality)" = challenged ] || fail "neutrality: $(field neutrality)"
does gus answer "$rev" 'handed it over in May'
[ "$(field neutrality)" = answered ] || fail "neutrality: $(field neutrality)"
as cyd show "$rev" >"$work/out" 2>&1
for words in 'owns the service' 'handed it over in May'; do
    grep -q "$words" "$work/out" || fail "show has no '$words': $(cat "$work/out")"
    as cyd export "$rev" --as md 2>&1 | grep -q "$words" || fail "Markdown has no '$words'"
    as cyd history "$rev" 2>&1 | grep -q "$words" || fail "history has no '$words'"
done
ok "hands, attendance, rules, a doubt and its answer"

does fay people involved "$rev" me yes --reason 'was on call'
refused 7 'incident' fay session lead "$rev"
ok "who took part in the incident cannot take the lead"

until_true 70 grep -q 'time is up' "$work/timer.out" || fail "nobody is told that the time is up"
kill "$watcher"
sed -nE 's/^-\t-\ttimer\t(time is up|.*\().*/\1/p' "$work/timer.out" >"$work/timer.lines"
sed -nE 's/^-\t-\ttimer\t.*\(([0-9]+) %\)$/\1/p' "$work/timer.out" >"$work/timer.percents"
[ "$(wc -l <"$work/timer.lines")" = 4 ] || fail "warned $(wc -l <"$work/timer.lines") times"
{ read -r _ && read -r late && read -r final; } <"$work/timer.percents" || fail "no percents"
((late <= 20 && late > 10)) || fail "warned first at $late %"
((final <= 5)) || fail "warned last at $final %"
ok "a stage's time runs out before everybody's eyes"

does fay visibility "$rev" organisation
does fay session focus "$rev/E-1" timeline
does fay session pack "$rev"
as fay session stage "$rev" share --json 2>/dev/null | grep -q '"plimsoll.act/1"' || fail "no JSON"
kill -9 "${pid[1]}"
until_true 10 gone "${pid[1]}"
serve 1
[ "$(field stage)" = share ] || fail "stage after a kill: $(field stage)"
ok "what was conducted is durable"
