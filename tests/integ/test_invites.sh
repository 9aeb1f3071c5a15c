#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
#
# Facilitators invite: one person, a group, on two server processes of one database. What is refused:
# taking over somebody who exists, statements that do not fit, used, withdrawn and expired invites,
# names that are taken, invites of somebody who is a facilitator no more.
set -u
# shellcheck source=tests/integ/lib.sh
. "$(dirname "$0")/lib.sh"
cheat=$build/tests/integ/invites
[ -x "$cheat" ] || exit 77

rig invites
serve 1 --set limits.joins_per_minute_per_address=1000 --set limits.joins_per_minute=1000
serve 2 --set limits.joins_per_minute_per_address=1000 --set limits.joins_per_minute=1000
join ana ben
rev=$(review_new ana 'Checkout outage' ben:responder) || fail "new"
review=REV-$rev

wants() {
    local want=$1 got=0
    shift
    as "$@" >"$work/out" 2>"$work/err" </dev/null || got=$?
    [ "$got" = "$want" ] || fail "exit $got instead of $want: $*: $(cat "$work/err")"
}
# The number of the invite made last.
number() { sed -nE 's/^Invite ([0-9]+) .*/\1/p' "$work/err"; }

# --- one person ---------------------------------------------------------------------------------
wants 0 ana invite new "$review" --user dee --name 'Dee Example' --role responder --for 3d
[ "$(wc -l <"$work/out")" = 1 ] || fail "more than the code on stdout"
dee=$(cat "$work/out")
[[ $dee == plm1:127.0.0.1:${port[1]}:* ]] || fail "not an invite: $dee"
has err 'plimsoll join INVITE'
wants 0 ana invite list "$review" --json
json out 'len(j["items"]) == 1 and j["items"][0]["user"] == "dee" and "plm1" not in str(j)'
wants 2 dee join --user dee "$dee" # it names the person already
as dee join - <<<"$dee" >"$work/out" 2>&1 || fail "dee: $(cat "$work/out")"
has out 'Dee Example'
wants 4 eve join "$dee"
wants 0 dee show "$review"
wants 0 ana people list "$review"
has out dee
shows_dee() { as ana show "$review" --section participant --json | grep -q '"Dee Example"'; }
until_true 10 shows_dee || fail "dee is not shown in the review"
ok "one person, once"

# Time runs for this one during the rest.
wants 0 ana invite new "$review" --group --uses 2 --for 1m
short=$(cat "$work/out")
short_over=$(($(date +%s) + 61))

# --- who exists is not invited -------------------------------------------------------------------
wants 5 ana invite new "$review" --user ben
has err 'people add'
wants 3 ana people add "$review" nobody-here
has err 'invite new'
wants 4 ben invite new "$review" --user fay
wants 4 ben invite list "$review"
wants 2 ana invite new "$review" --user 'Bad Name'
wants 2 ana invite new "$review" --group --for 2h
wants 2 ana invite new "$review" --group --uses 4294967298
wants 2 ana invite new "$review" --group --role facilitator
wants 3 ana invite revoke "$review" 99999
timeout 120 "$cheat" --config "$work/ana" --other "$work/ben" --known ben --review "$rev" ||
    fail "a spoilt statement was not refused as it must"
ok "takeover, tampering and replay are refused"

# --- a group on two servers ----------------------------------------------------------------------
wants 0 ana invite new "$review" --group --uses 20 --for 30m --role stakeholder --json
group=$(python3 -c 'import json, sys; print(json.load(open(sys.argv[1]))["code"])' "$work/out")
json out 'j["uses"] == 20 and j["user"] is None and j["role"] == "stakeholder"'
wants 2 zoe join "$group" # says who one is
has err '--user'
wants 5 zoe join --user ana --name 'Not Ana' "$group"
has err 'taken'
through_2=${group/:${port[1]}:/:${port[2]}:}
jobs=()
for i in {1..24}; do
    code=$group
    [ $((i % 2)) = 0 ] && code=$through_2
    as "team$i" join --user "team$i" --name "Team $i" "$code" >"$work/team$i.log" 2>&1 &
    jobs+=($!)
done
in=0
out=0
for job in "${jobs[@]}"; do
    wait "$job"
    case $? in
    0) in=$((in + 1)) ;;
    4) out=$((out + 1)) ;;
    esac
done
[ "$in:$out" = 20:4 ] || fail "$in of 24 got in, $out were refused: $(cat "$work"/team*.log)"
wants 0 ana people list "$review" --json
json out 'sum(x["user"].startswith("team") and x["role"] == "stakeholder" for x in j["items"]) == 20'
wants 0 ana people list --everyone --json
json out 'sum(x["user"].startswith("team") for x in j["items"]) == 20'
all_shown() {
    [ "$(as ana show "$review" --section participant --json | grep -o '"Team [0-9]*"' | sort -u | wc -l)" = 20 ]
}
until_true 20 all_shown || fail "not all of the group are shown in the review"
wants 4 zoe join --user zoe "$through_2"
ok "a group of 20 through two servers, four too many"

# --- the same key again ---------------------------------------------------------------------------
wants 0 ana invite new "$review" --group --uses 2 --for 30m
code=$(cat "$work/out")
number=$(number)
as gil join --user gil "$code" >"$work/out" 2>&1 || fail "gil: $(cat "$work/out")"
wants 0 gil whoami --json
json out 'j["user"] == "gil" and len(j["devices"]) == 1'
wants 0 ana invite list "$review"
has out 'a group'
wants 0 ana invite revoke "$review" "$number"
wants 4 hal join --user hal "$code"
wants 0 gil show "$review"
ok "withdrawn at once, and who is in stays"

# --- the inviter's right ends ---------------------------------------------------------------------
wants 0 ana people role "$review" ben --role facilitator
wants 0 ben invite new "$review" --user ivy
ivy=$(cat "$work/out")
wants 0 ben invite new "$review" --group --uses 3
group=$(cat "$work/out")
wants 0 ana people role "$review" ben --role responder
wants 4 ivy join "$ivy"
wants 4 jon join --user jon "$group"
wants 0 ana people role "$review" ben --role facilitator
wants 4 ivy join "$ivy" # it does not come back to life
wants 0 ben invite new "$review" --user ivy
ivy=$(cat "$work/out")
"$server" user disable ben >/dev/null || fail "disable"
wants 4 ivy join "$ivy"
ok "with the inviter's right the invite ends"

# --- expired --------------------------------------------------------------------------------------
is_over() { [ "$(date +%s)" -ge "$short_over" ]; }
until_true 90 is_over || fail "no minute passes"
wants 4 hal join --user hal "$short"
ok "expired"

# --- nothing secret is left behind ------------------------------------------------------------------
for code in "$dee" "$group" "$ivy"; do
    ! grep -rqF "${code##*:}" "$data/pg/base" "$(log_of 1)" "$(log_of 2)" || fail "a code is on disk"
done
for i in 1 2; do
    alive "${pid[$i]}" || fail "server $i has died"
    kill -TERM "${pid[$i]}"
    until_true 30 gone "${pid[$i]}" || fail "server $i does not stop"
    grep -q 'server\.stopped' "$(log_of $i)" || fail "server $i did not stop in an orderly way"
done
ok "no code on any disk, and both servers stop without a leak"
