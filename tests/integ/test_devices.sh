#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
#
# One's own devices: adding, naming, revoking; what a revocation does to a connection that is open on
# another server process, and how soon; that others' devices are out of reach.
# shellcheck source=tests/integ/lib.sh
. "$(dirname "$0")/lib.sh"

rig devices
serve 1
serve 2
join ana ben
devices() { as ana device list --json | tr -d ' \n' | grep -o '"id":"[0-9]*","name":"[^"]*"'; }

as ana device add >"$work/code" 2>"$work/out" || fail "add: $(cat "$work/out")"
grep -q 'once, until' "$work/out" || fail "add does not say how long: $(cat "$work/out")"
as ana2 join --device phone - <"$work/code" >"$work/out" 2>&1 || fail "join: $(cat "$work/out")"
grep -q 'You are ana' "$work/out" || fail "who joined: $(cat "$work/out")"
as ana3 join - <"$work/code" >"$work/out" 2>&1 && fail "an invite for a device works twice"
devices | grep -q phone || fail "no phone: $(devices)"
ok "a further device by one's own invite, once"

as ana device rename phone 'Pocket phone' 2>"$work/out" || fail "rename: $(cat "$work/out")"
devices | grep -q '"Pocketphone"' || fail "not renamed: $(devices)"
as ana device rename this "$(printf 'two\nlines')" >"$work/out" 2>&1
[ $? = 2 ] || fail "a name of two lines: $(cat "$work/out")"
as ana device rename nothing x >"$work/out" 2>&1
[ $? = 3 ] || fail "renaming what is not there: $(cat "$work/out")"
ok "a device is named by its owner"

# ben can neither revoke nor name ana's device, by whatever number
id=$(devices | sed -nE 's/.*"id":"([0-9]+)","name":"Pocketphone".*/\1/p')
as ben device revoke "$id" >"$work/out" 2>&1
[ $? = 3 ] || fail "ben finds ana's device: $(cat "$work/out")"
as ana device revoke this >"$work/out" 2>&1
[ $? = 2 ] || fail "revoking oneself without --yes: $(cat "$work/out")"

review=$(review_new ana 'Devices') || fail "new"
# The phone follows a review on the second process; it is revoked through the first.
as ana2 watch "REV-$review" --server 127.0.0.1:"${port[2]}" >"$work/watch" 2>&1 &
watcher=$!
started+=("$watcher")
until_true 20 grep -q 'session\.ready.*device='"$id"'\b\|device='"$id"' .*session\.ready\|session\.ready' "$(log_of 2)" ||
    fail "the phone is not connected: $(cat "$work/watch")"
began=$(date +%s%3N)
as ana device revoke 'Pocket phone' 2>"$work/out" || fail "revoke: $(cat "$work/out")"
said=$(date +%s%3N)
until_true 10 grep -q 'session\.ended.*code=revoked' "$(log_of 2)" || fail "the connection lives on"
ended=$(date +%s%3N)
[ $((ended - said)) -le 1000 ] || fail "the connection ended $((ended - said)) ms after the answer"
as ana2 whoami >"$work/out" 2>&1
[ $? = 4 ] || fail "a revoked device is let in: $(cat "$work/out")"
devices | grep -q Pocket && fail "a revoked device is listed"
ok "revoked: dead on the other process $((ended - said)) ms after the answer, $((ended - began)) ms after the command"

as ana device revoke this --yes >"$work/out" 2>&1 || fail "revoking oneself: $(cat "$work/out")"
as ana whoami >"$work/out" 2>&1
[ $? = 4 ] || fail "it goes on: $(cat "$work/out")"
"$server" invite ana --recover --host 127.0.0.1 --port "${port[1]}" 2>/dev/null >"$work/code"
as ana4 join - <"$work/code" >"$work/out" 2>&1 || fail "recovery: $(cat "$work/out")"
as ana4 show "REV-$review" >/dev/null || fail "the recovered person has lost the review"
ok "who has revoked the last device comes back by the operator's recovery invite"
echo "all of devices holds"
