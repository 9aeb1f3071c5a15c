#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
#
# Sealed accounts and observations over a real server: what is written in private is seen by nobody
# else, in no list, no export and no message; it can be written offline and from two devices; a
# reveal brings all of it once, whatever is killed in the middle; what comes late is kept.
set -u
# shellcheck source=tests/integ/lib.sh
. "$(dirname "$0")/lib.sh"
rig sealed
serve 1
join fay ben cyd dan eve
no=$(review_new fay 'Checkout outage' ben:responder cyd:responder dan:responder eve:stakeholder)
rev=REV-$no

count() { as fay "$1" list "$rev" 2>/dev/null | wc -l; }

does fay timeline add "$rev" --at 2026-03-01T09:12:04Z 'alert fired'
refused 4 'responder' ben session seal "$rev" account
refused 2 'account' fay session seal "$rev" cause
does fay session seal "$rev" account
does fay session seal "$rev" observation
ok "sealed by the facilitator only"

# --- writing alone
does ben account add "$rev" 'ben-secret: the alert looked like the cache'
grep -q 'private draft' "$work/out" || fail "does not say where it is: $(cat "$work/out")"
draft=$(sed -nE 's|^(REV-[0-9]+)/K-1$|\1|p' "$work/out")
[ -n "$draft" ] || fail "no id of the draft: $(cat "$work/out")"
does ben account claim "$draft/K-1" --event E-1 --at 2026-03-01T09:14:00Z --did-not-know
does cyd account add "$rev" 'cyd-secret: I was on the phone'
does cyd observe add "$rev" --col not 'cyd-card: nobody knew the runbook'
does fay observe add "$rev" --col well 'fay-card: calm on the bridge'
refused 4 'stakeholder\|draft' eve observe add "$rev" --col not 'eve may not'
refused 2 'draft takes' ben timeline add "$draft" --at 2026-03-01T09:12:04Z 'not here'
refused 1 'draft' ben session stage "$draft" causes
refused 4 '' ben people add "$draft" cyd --role responder
# a raw edit into the review itself: an older client, or one that does not know
as dan journal list >/dev/null 2>&1
ok "accounts and observations go into the private draft"

for who in fay cyd dan eve; do
    {
        as "$who" show "$rev"
        as "$who" export "$rev" --as json
        as "$who" account list "$rev"
        as "$who" history "$rev" --json
        as "$who" list
    } >"$work/seen" 2>&1
    grep -q 'ben-secret' "$work/seen" && fail "$who reads ben's account"
    grep -q 'Private draft' "$work/seen" && fail "a draft stands in $who's list"
    as "$who" show "$draft" >"$work/seen" 2>&1 && fail "$who opens ben's draft"
    as "$who" history "$draft" >"$work/seen" 2>&1 && fail "$who reads the history of ben's draft"
    as "$who" people list "$draft" >"$work/seen" 2>&1 && fail "$who reads who is in ben's draft"
done
as ben account list "$rev" | grep -q 'ben-secret' || fail "ben does not see his own account"
as ben show "$rev" --mine | grep -q "K-1.*sealed.*ben-secret" || fail "show --mine: $(as ben show "$rev" --mine)"
as ben list | grep -q "$draft" && fail "the draft stands in its owner's list"
ok "nobody else sees it, in no list, export, history or message"

# --- two devices of one person
"$server" invite ben --device --host 127.0.0.1 --port "${port[1]}" >"$work/inv" 2>>"$work/invite.log" ||
    "$server" invite ben --host 127.0.0.1 --port "${port[1]}" >"$work/inv" 2>>"$work/invite.log"
as ben2 join - <"$work/inv" >"$work/join.log" 2>&1 || fail "second device: $(cat "$work/join.log")"
as ben2 account list "$rev" | grep -q 'ben-secret' || fail "the second device does not see the draft"
does ben2 account edit "$draft/K-1" 'ben-secret: the alert looked like the cache, it was not'
does ben account add "$rev" 'ben-second: later I looked at the graphs'
as ben2 show "$rev" --mine | grep -q 'ben-second' || fail "two devices differ"
ok "one person edits a draft from two devices"

# --- offline
does dan account add "$rev" 'dan-first: online once'
as dan account add "$rev" 'dan-offline: typed on the train' --offline >"$work/out" 2>&1 ||
    fail "offline: $(cat "$work/out")"
does dan journal send
as dan show "$rev" --mine | grep -q 'dan-offline' || fail "what was typed offline is not in the draft"
ok "written offline, sent later"

# --- the gate
as fay check "$rev" --json >"$work/out" 2>&1
does fay set "$rev" session_start=2026-03-03T10:00:00Z
does fay rule add "$rev" 'We ask what made sense at the time.'
does fay waive "$rev" T36 --reason 'all have read the material on the phone'
does fay session start "$rev"
refused 7 'sealed' fay session end "$rev"
ok "the session does not end while something is sealed"

# --- removing somebody
does fay people rm "$rev" dan
refused 4 '' dan show "$draft"
as dan show "$rev" --mine >"$work/out" 2>&1 && fail "dan is out and still reads"
[ "$(count account)" = 0 ] || fail "accounts before the reveal: $(count account)"

# --- the reveal, with the server killed in the middle of it, again and again
refused 4 'responder' ben session reveal "$rev" account
for i in 1 2 3 4 5 6; do
    as fay session reveal "$rev" account >"$work/reveal.out" 2>&1 &
    reveal=$!
    started+=("$reveal")
    [ "$i" -gt 1 ] && sleep "0.0$((i * 2))"
    kill -9 "${pid[1]}"
    until_true 10 gone "${pid[1]}"
    wait $reveal
    serve 1
    n=$(count account)
    [ "$n" = 0 ] || [ "$n" = 3 ] || fail "half a reveal: $n accounts"
done
does fay session reveal "$rev" account
does fay session reveal "$rev" account
as fay account list "$rev" --json >"$work/accounts.json"
[ "$(count account)" = 3 ] || fail "revealed: $(count account), not 3: $(as fay account list "$rev")"
for word in ben-secret ben-second cyd-secret; do
    [ "$(grep -o "\"[^\"]*${word}[^\"]*\"" "$work/accounts.json" | sort -u | wc -l)" = 1 ] ||
        fail "$word is there not once"
done
grep -q 'dan-' "$work/accounts.json" && fail "the account of somebody who was removed was revealed"
as fay account list "$rev" | grep -q "ben.*ben-secret: the alert looked like the cache, it was not" ||
    fail "author or newest text: $(as fay account list "$rev")"
as eve export "$rev" --as json | grep -q '"claim\|happened_at' || fail "the claim did not come"
as ben show "$rev" --mine | grep -q 'revealed as K-' || fail "$(as ben show "$rev" --mine)"
ok "revealed once and whole, with authors and claims, after six kills"

# --- the other section is still sealed, then revealed
[ "$(count observe)" = 1 ] || fail "the facilitator sees $(count observe) observations, not his own one"
does fay session reveal "$rev" observation
[ "$(count observe)" = 2 ] || fail "observations: $(count observe)"
does fay observe add "$rev" --col luck 'open again'
[ "$(count observe)" = 3 ] || fail "observations after the reveal: $(count observe)"
ok "each section has a seal of its own"

# --- somebody comes back, and what comes late
does fay people add "$rev" dan --role responder
as dan show "$rev" --mine | grep -q 'dan-first.*' || fail "dan's draft is lost"
as dan show "$rev" --mine | grep -q 'kept in the draft' || fail "$(as dan show "$rev" --mine)"
does fay session seal "$rev" account
does fay session reveal "$rev" account
[ "$(count account)" = 5 ] || fail "accounts of who came back: $(count account)"
ok "who comes back has his draft; the next reveal takes along what came late"

# --- large: more than one revision
does fay session seal "$rev" observation
seq 1 130 | sed 's/^/line-/' | as cyd observe add "$rev" - >"$work/out" 2>&1 || fail "$(cat "$work/out")"
before=$(count observe)
as fay session reveal "$rev" observation >"$work/reveal.out" 2>&1 &
reveal=$!
started+=("$reveal")
sleep 0.03
kill -9 "${pid[1]}"
until_true 10 gone "${pid[1]}"
wait $reveal
serve 1
does fay session reveal "$rev" observation
[ "$(as fay observe list "$rev" | grep -c 'line-')" = 130 ] ||
    fail "130 lines became $(as fay observe list "$rev" | grep -c 'line-') (before: $before)"
[ "$(as fay observe list "$rev" | grep -o 'line-[0-9]*' | sort -u | wc -l)" = 130 ] || fail "doubled"
ok "a large reveal is finished by a second one"
