#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
#
# A review from preparing to closed by verbs alone, three roles: each gate first refuses and names
# what is missing, then opens; an action is committed, accepted, done with evidence, verified and
# judged by different people.
set -u
# shellcheck source=tests/integ/lib.sh
. "$(dirname "$0")/lib.sh"
rig life
serve 1
join fay ben cyd
rev=REV-$(review_new fay 'Expired certificate' ben:responder cyd:stakeholder) || fail "no review"

ago() { date -u -d "$1" +%Y-%m-%dT%H:%M:%SZ; }

# ---- preparing -------------------------------------------------------------------------------------
refused 7 'rule' fay session start "$rev"
refused 4 '' ben session start "$rev"
does fay set "$rev" severity=high kind=operations "session_start=$(ago '1 hour')" session_minutes=60
does ben timeline add "$rev" --at "$(ago '-100 hours')" --mark start --source ticket \
    'the certificate of the shop ran out'
does ben timeline add "$rev" --at "$(ago '-99 hours')" --mark detect --lane D --source pager \
    --set detected_by=alert 'the probe alerted'
does ben timeline add "$rev" --at "$(ago '-98 hours')" --mark recover --lane V --source log \
    'a new certificate was served'
does fay rule add "$rev" 'We ask what made sense at the time.'
does ben rule accept "$rev"
does fay waive "$rev" T36 --reason 'everyone has read the material on the phone'
does fay session start "$rev"
ok "the first gate: refused without rules and time, then open"

# ---- in session ------------------------------------------------------------------------------------
refused 7 'T3[14]' fay session end "$rev"
does ben cause add "$rev" --branch why --class technical --factor misconfiguration \
    'the renewal job had no alert'
does ben cause add "$rev" --branch slow --class process --factor unclear_procedure \
    'the runbook named a retired host'
does ben cause agree "$rev/F-1" yes
does ben actions add "$rev" 'Alert on certificates that run out within 14 days' --control detection \
    --kind alerting --owner ben --due "$(date -u -d '+20 days' +%F)" --finish 'a test certificate pages' \
    --set impact=3 --set feasibility=3 --set tracker_key=OPS-7 --set "measure_what=days of notice" \
    --set measure_unit=days --set measure_baseline=0 --set measure_target=14
action=$(as fay actions list "$rev" | cut -f1)
refused 4 '' ben actions commit "$rev/$action"
does fay actions commit "$rev/$action"
does ben actions accept "$rev/$action"
[ -z "$(as fay check "$rev" --gate 2>"$work/out")" ] ||
    fail "in the way: $(as fay check "$rev" --gate 2>&1)"
grep -q 'tracking is open' "$work/out" || fail "check --gate: $(cat "$work/out")"
does fay session end "$rev"
ok "the second gate: refused without causes and actions, then open"

# ---- tracking --------------------------------------------------------------------------------------
refused 7 '' fay status "$rev" closed
does ben actions start "$rev/$action"
refused 7 'evidence' ben actions 'done' "$rev/$action"
does ben actions proof "$rev/$action" CHG-88 --kind change
does ben actions 'done' "$rev/$action"
refused 4 '' ben actions verify "$rev/$action"
does cyd actions verify "$rev/$action"
refused 7 '' fay status "$rev" closed
refused 4 '' ben actions effect "$rev/$action" --result effective
does cyd actions effect "$rev/$action" --result effective --value 14 --note 'paged in the drill'
does fay status "$rev" closed
[ "$(as fay status "$rev" | cut -f1)" = tracking ] || fail "one person closed the review"
refused 4 '' fay close "$rev"
does cyd close "$rev"
[ "$(as ben status "$rev" | cut -f1)" = closed ] || fail "not closed"
refused 4 '' ben timeline add "$rev" --at "$(ago '-90 hours')" 'too late'
refused 2 'reason' fay status "$rev" tracking
does fay status "$rev" tracking --reason 'an action was forgotten'
ok "the last gate: an action done, verified, judged, each by who may; closed by two; opened again with a reason"
