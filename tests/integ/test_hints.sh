#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
#
# What a new user is told, over a real server: the commands that `check` prints are typed as they
# stand and work, refusals say what may be done instead, both clocks of an event are seen, and every
# word for a mark or a lane is understood.
set -u
# shellcheck source=tests/integ/lib.sh
. "$(dirname "$0")/lib.sh"
rig hints
serve 1
join fay ben cyd
rev=$(review_new fay 'Checkout outage' ben:responder cyd:stakeholder) || fail "no review"
review=REV-$rev

# --- commands of the checks -------------------------------------------------------------------------
wants 0 ben timeline add "$review" --at 2026-03-01T09:12:04Z --lane X 'the old version goes back'
wants 0 ben actions add "$review" 'a limit on retries'
wants 0 fay check "$review"
has out "plimsoll edit $review/E-1.known_then"
has out "plimsoll attach add $review FILE makes a material M-n, then plimsoll link $review/E-1 M-n"
lacks out 'REV '
lacks out 'REV/'
echo 'the queue was low' >"$work/text"
wants 0 ben edit "$review/E-1.known_then" --file "$work/text"
wants 0 ben edit "$review" E-1.known_then --file "$work/text" --append
wants 0 fay edit "$review.impact" --file "$work/text"
wants 2 ben edit "$review/E-1.known" --file "$work/text"
has err "'known' is not a text of event"
wants 2 ben edit "$review/E-1.known_then" --field body --file "$work/text"
wants 0 fay check "$review"
lacks out 'known_then'
wants 0 ben attach add "$review" "$work/text" --title 'Log'
wants 0 ben link "$review/E-1" M-1
wants 0 fay check "$review"
lacks out 'names no source'
wants 0 fay check "$review" --gate
has out "plimsoll rule add $review 'We ask what made sense at the time'"
wants 0 fay rule add "$review" 'We ask what made sense at the time'
wants 0 fay session schedule "$review" --at 2026-03-05T14:00:00Z --for 60m
wants 0 fay check "$review" --gate
has out "plimsoll session pack $review, or plimsoll waive $review T36 --reason 'why'"
wants 0 fay waive "$review" T36 --reason 'all have read it on the phone'
wants 0 fay check "$review" --gate
lacks out 'T36'
ok "what check prints can be typed"

# --- who may do what --------------------------------------------------------------------------------
wants 4 cyd timeline add "$review" --at 2026-03-01T09:00:00Z 'not for a stakeholder'
has err "timeline, observations and causes: not for a stakeholder while $review is preparing; now open to: facilitator, responder"
has err "'plimsoll help roles'"
wants 4 fay people rm "$review" fay
has err "plimsoll people role $review USER --role facilitator"
wants 0 fay help roles
has out 'timeline, observations and causes'
wants 0 fay session seal "$review" observation
wants 4 cyd observe add "$review" --col well 'the drill helped'
has err 'private drafts, which are for responders'
wants 0 fay session reveal "$review" observation
wants 2 fay session timer "$review" 500ms
has err "whole minutes: 15, 15m, 1h; not '500ms'"
wants 2 fay session timer "$review" soon
has err "whole minutes: 15, 15m, 1h; not 'soon'"
ok "refusals say who may, when, and what to do"

# --- words -----------------------------------------------------------------------------------------
for sev in S1 sev1 1 critical CRITICAL; do
    wants 0 fay set "$review" severity=low
    wants 0 fay set "$review" "severity=$sev" --json
    json out 'j["item"]["severity"] == "critical"'
done
wants 2 fay set "$review" severity=S5
wants 0 fay set "$review" nothing_in=+M --json
json out 'j["item"]["nothing_in"] == ["communication"]'
wants 0 fay help words
has out 'impact_start     start'
has out 'triaged          triage, ack'
has out 'critical         s1, sev1, 1'
for name in happened:H detection:d response:R containment:C recovery:V decision:X communication:M; do
    wants 0 ben timeline add "$review" --at 2026-03-01T08:00:00Z --lane "${name#*:}" 'a word' --json
    json out 'j["item"]["lens"] == "'"${name%:*}"'"'
    wants 0 ben timeline list "$review" --lens "${name%:*}"
    has out 'a word'
done
ok "one name for each value, other words lead to it"

# --- what is there is named so that it can be typed -------------------------------------------------
wants 0 ben account add "$review" 'I saw the alert first.'
wants 0 ben account claim "$review/K-1" --event E-1 --at 2026-03-01T09:14:00Z --knew
has out Q-1
wants 0 ben show "$review/K-1" --json
json out 'j["children"]["claims"][0]["id"] == "Q-1" and j["children"]["claims"][0]["event"] == "E-1"'
wants 0 ben set "$review/Q-1" knew_then=no
wants 0 ben show "$review/K-1"
has out 'Q-1  E-1  2026-03-01T09:14:00Z, not known then'
wants 0 ben show "$review/ben"
has out 'ben  participant'
wants 0 fay show "$review"
lacks out '-?'
has out 'W-1  T36, fay, 20'
wants 0 fay export "$review"
has out '## Waived checks'
has out 'waived by fay, 20'
has out 'all have read it on the phone'
action=$(as ben actions list "$review" | cut -f1)
wants 0 ben show "$review/$action" --json
json out 'j["children"] == {"evidence": []}'
ok "nothing is called by a question mark; children stand in the JSON"
