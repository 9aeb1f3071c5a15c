#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
#
# A server that is stopped in the middle of a collection of cards: who waits for it with 'card send'
# goes on waiting, since it comes back.
set -u
# shellcheck source=tests/integ/lib.sh
. "$(dirname "$0")/lib.sh"
rig cards-stop
serve 1
join fay ben cyd dan eve gil
rev=REV-$(review_new fay 'Checkout outage' ben:responder cyd:responder dan:responder eve:responder gil:stakeholder) ||
    fail "no review"

does fay rule add "$rev" 'We ask what made sense at the time.'
does fay set "$rev" severity=high kind=operations "session_start=$(date -u +%FT%TZ)" session_minutes=60
does ben rule accept "$rev"
for check in $(as fay check "$rev" --gate 2>/dev/null | grep -oE '^T[0-9]+' | sort -u); do
    does fay waive "$rev" "$check" --reason 'of no matter here'
done
does fay session start "$rev"
does ben show "$rev"
does ben observe add "$rev" --anonymous --col not 'a card'

as ben card send "$rev" --wait 60s >"$work/send" 2>&1 &
sender=$!
started+=("$sender")
until_true 20 grep -q 'waiting' "$work/send" || fail "not waiting"
as fay session cards "$rev" 30s >"$work/cards" 2>&1 &
started+=($!)
until_true 20 grep -q 'are collected' "$work/cards" || fail "no collection: $(cat "$work/cards")"
kill -TERM "${pid[1]}"
until_true 20 gone "${pid[1]}" || fail "it does not stop"
until_true 2 gone "$sender" && fail "it gave up: $(cat "$work/send")"
[ "$(as ben card list "$rev" | wc -l)" = 1 ] || fail "the card is gone"
ok "a server that is restarted is waited for, and the card is still here"
