#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
#
# What a newcomer meets on the command line: a second join on one machine, options in front of the
# verb, words that are no verbs, an invite that was cut, the coach in a pipeline, who is here, files
# that are no post-mortem. Each answer has to say what to do next.
. "$(dirname "$0")/lib.sh"

rig manners
serve 1
join ana ben
rev=$(review_new ana 'Checkout outage' ben:responder) || fail "new"
review=REV-$rev

wants() {
    local want=$1 got=0
    shift
    as "$@" >"$work/out" 2>"$work/err" </dev/null || got=$?
    [ "$got" = "$want" ] || fail "exit $got instead of $want: $*: $(cat "$work/err")"
}

# --- a second person on one machine ---------------------------------------------------------------
"$server" invite cyd --name Cyd --host 127.0.0.1 --port "${port[1]}" 2>>"$work/invite.log" |
    as ana join - >"$work/out" || fail "second join"
has out "'127.0.0.1' is a profile of its own, for Cyd"
has out "In use stays 'default'"
has out 'plimsoll profile use 127.0.0.1'
wants 0 ana whoami
has out ana
wants 0 ana --profile 127.0.0.1 whoami
has out cyd
wants 0 ana profile list
has out 'in use'
wants 2 ana join plm1:127.0.0.1:7474:ABCD
has err 'not a whole invite'
lacks err 'too old'
ok "a second join, a cut invite"

# --- options and words ----------------------------------------------------------------------------
wants 0 ana --json show "$review"
has out '"schema"'
wants 0 ana -q --timeout 20s --json=id list
has out "$review"
wants 2 ana --bogus list
has err "unknown option '--bogus'"
wants 2 ana
has err 'needs a terminal'
for word in file search publish feed events; do
    wants 2 ana "$word"
    grep -qE 'did you mean|yet' "$work/err" || fail "$word: $(cat "$work/err")"
done
wants 0 ana session lock "$review" events
wants 0 ana session unlock "$review" timeline
wants 2 ana session lock "$review" nothing
has err 'there are review, material'
wants 0 ana help man
has out '.Nm plimsoll' # for plimsoll(1)
script -qec "'$client' help man" /dev/null >"$work/out" </dev/null
has out 'man plimsolld.conf'
has out 'plimsoll VERB --help'
has out 'timeline mark'
lacks out '.Nm'
ok "options in front of the verb, words that are no verbs"

# --- texts of several lines -----------------------------------------------------------------------
many=REV-$(review_new ana 'Several lines' ben:responder) || fail "no review"
printf 'one\n\n two\nthree\n' | as ana rule add "$many" - >"$work/out" 2>"$work/err" || fail "rules"
[ "$(paste -sd, "$work/out")" = R-1,R-2,R-3 ] || fail "not an id for each rule: $(cat "$work/out")"
printf 'first\nsecond\n' | as ana agenda add "$many" - --set minutes=5 --json >"$work/out" || fail "agenda"
grep -q '"items":\[.*"G-1".*"G-2"' "$work/out" || fail "not both items: $(cat "$work/out")"
printf 'a card\nan\001other\n' | as ben observe add "$many" - >"$work/out" 2>"$work/err" && fail "bad text"
has err 'line 2 has a character'
wants 0 ben observe list "$many"
[ ! -s "$work/out" ] || fail "half of it was added: $(cat "$work/out")"
wants 0 ben timeline add "$many" --at 2026-03-01T09:12:04Z $'Alarm\nof the queue'
[ "$(cat "$work/out")" = E-1 ] || fail "a text of two lines is one event"
wants 2 ben timeline add "$many" --at 2026-03-01T09:12:04Z --source $'pager\nlog' 'Alarm'
has err 'source: one line'
wants 2 ana set "$many" title=$'One\ntwo'
has err 'title: one line'
wants 2 ana new $'One\ntwo'
has err 'one line'
wants 2 ana rule add "$many" '  '
ok "a text of several lines is one entry, an entry a line, or refused by name"

# --- the coach ------------------------------------------------------------------------------------
wants 0 ana coach -
wants 0 ana coach "$review" --strict
wants 0 ana observe add "$review" --col badly 'Ben should have known better'
wants 7 ana coach "$review" --strict
wants 7 ana coach "$review" --mine --strict
wants 0 ana coach "$review"
printf 'Ben should have known better\n' | as ana coach - --strict >/dev/null && fail "no findings"
wants 0 ana help exit-codes
grep -q '^7 .*coach --strict' "$work/out" || fail "the help does not say what --strict exits with"
ok "the coach and its exit status"

# --- who is here ----------------------------------------------------------------------------------
as ben watch "$review" --for 20s >"$work/ben.seen" 2>&1 &
started+=($!)
until_true 20 grep -q watching "$work/ben.seen" || fail "ben does not watch"
as ana watch "$review" --jsonl --count 1 >"$work/ana.seen" 2>"$work/ana.talk" &
watcher=$!
started+=("$watcher")
until_true 20 grep -q watching "$work/ana.talk" || fail "ana does not watch"
wants 0 ben timeline add "$review" --at 2026-03-01T09:00:00Z 'Alarm'
wait "$watcher" || fail "watch"
grep -q '"what":"add event: Alarm' "$work/ana.seen" || fail "not seen: $(cat "$work/ana.seen")"
! grep -qF '"by":""' "$work/ana.seen" || fail "somebody without a name: $(cat "$work/ana.seen")"
! grep -qP -- '-\t-\t\t' "$work/ben.seen" || fail "somebody without a name: $(cat "$work/ben.seen")"
ok "watch names who is here"

# --- import ---------------------------------------------------------------------------------------
root=$(cd "$(dirname "$0")/../.." && pwd)
wants 0 ana new --from "$root/LICENSE" 'No post-mortem'
has err 'does not look like a post-mortem'
wants 0 ana new --from "$root/tests/data/postmortems/2026-03-30-ingress-nginx-rollback.md"
lacks err 'does not look like'
made=$(cat "$work/out")
wants 0 ana timeline list "$made" --json
[ "$(grep -o '"marker":"detected"' "$work/out" | wc -l)" = 1 ] || fail "marks: $(cat "$work/out")"
ok "what is imported, and a warning when nothing was found"
