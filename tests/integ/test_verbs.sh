#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
#
# The verbs against a real server: what they print plain and as JSON, exit statuses, what is kept
# without a server and sent later, what damaged journals do. Contents are checked, not only statuses.
. "$(dirname "$0")/lib.sh"

rig verbs
serve 1
join ana ben
rev=$(review_new ana 'Checkout outage' ben:responder) || fail "new"
review=REV-$rev

# wants STATUS WHO ARGS...: stdout in $work/out, stderr in $work/err
wants() {
    local want=$1 got=0
    shift
    as "$@" >"$work/out" 2>"$work/err" || got=$?
    [ "$got" = "$want" ] || fail "exit $got instead of $want: $*: $(cat "$work/err")"
}
has() { grep -qF -- "$2" "$work/$1" || fail "no '$2' in: $(cat "$work/$1")"; }
# json FILE EXPRESSION: the file is one JSON object j of which the expression holds
json() {
    python3 -c 'import json, sys
j = json.load(open(sys.argv[1]))
sys.exit(not eval(sys.argv[2]))' "$work/$1" "$2" || fail "not $2: $(cat "$work/$1")"
}

# --- data -------------------------------------------------------------------------------------
long=$(printf 'long %.0s' {1..200})end
wants 0 ana timeline add "$review" --at 2026-03-01T09:12:04Z "$long"
has out E-1
wants 0 ana timeline list "$review"
has out "$long" # never cut in a pipe
wants 0 ana timeline list "$review" --json
json out 'j["items"][0]["id"] == "E-1" and j["next"] is None and j["warnings"] == []'
wants 0 ana timeline list "$review" --json=id,happened_at
json out 'j["items"] == [{"id": "E-1", "happened_at": "2026-03-01T09:12:04Z"}]'
wants 0 ana list --json=help
has out severity
wants 0 ana show "$review" --section event --json
json out 'j["section"] == "event" and len(j["items"]) == 1'
wants 0 ana show "$review"
has out 2026-03-01T09:12:04Z
for verb in list whoami "people list $review" "history $review" "observe list $review" \
    "cause list $review" "actions list" "comment list $review" "journal list" "profile list"; do
    # shellcheck disable=SC2086 # words
    wants 0 ana $verb --json
    json out 'j["schema"].startswith("plimsoll.") and j["warnings"] == []'
done
wants 0 ana export "$review"
cp "$work/out" "$work/first"
wants 0 ana export "$review"
cmp -s "$work/out" "$work/first" || fail "the same revision gave other bytes"
ok "data, plain and as JSON"

# --- exit statuses ----------------------------------------------------------------------------
wants 2 ana list --bogus --json
json err 'j["schema"] == "plimsoll.error/1" and j["exit"] == 2 and j["code"] == "usage"'
wants 2 ana list --json=titles
has err "did you mean 'title'"
wants 3 ana show REV-9999
wants 3 ana people add REV-9999 ben
has err REV-9999
wants 4 ben people add "$review" ana
wants 5 ana edit "$review" --if-rev 1 --file /dev/null
wants 6 ana list --server 127.0.0.1:1 --json
json err 'j["exit"] == 6 and "refused" in j["message"]'
as ana export "$review" 2>"$work/err" | true
status=${PIPESTATUS[0]}
[ "$status" = 0 ] || [ "$status" = 141 ] || fail "a closed pipe gave $status"
[ -s "$work/err" ] && fail "a closed pipe is not quiet"
ok "exit statuses"

# --- without a server -------------------------------------------------------------------------
from=$SECONDS
wants 0 ana set "$review" severity=high --server 127.0.0.1:1 --queue --json
json out 'j["queued"] is True and j["item"]["severity"] == "high"'
[ $((SECONDS - from)) -le 4 ] || fail "--queue waited for a server that refuses"
wants 0 ana journal list --json
json out 'j["items"][0]["waiting"] > 0'
wants 6 ana journal send --server 127.0.0.1:1
wants 0 ana journal send --json
json out 'j["items"][0]["sent"] is True'
wants 0 ben show "$review" --json
json out 'j["review"]["severity"] == "high"'
wants 0 ana set "$review" severity=low --offline --json
json out 'j["queued"] is True'
wants 0 ana journal send
log=$(find "$work/ana/state" -name '*.log' -path '*journal*' | head -n 1)
printf 'garbage' | dd of="$log" conv=notrunc status=none || fail "no journal to damage"
wants 0 ana set "$review" severity=medium --json
json out '"damaged" in j["warnings"][0]'
ok "queue, send, damaged journals"

# --- help -------------------------------------------------------------------------------------
wants 0 ana help
has out 'help keys'
wants 0 ana completion bash
bash -n "$work/out" || fail "the completion does not parse"
ok "help"
