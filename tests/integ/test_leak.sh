#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
#
# Words are planted in every part of a review and of a private draft; then whoever may not read them
# asks for everything, by each verb and by each message (leak.c). None of the words may come out, nor
# stand in a file that a client of theirs keeps. Who may read is asked the same, so that the net is
# known to catch.
set -u
# shellcheck source=tests/integ/lib.sh
. "$(dirname "$0")/lib.sh"
leak=$build/tests/integ/leak
[ -x "$leak" ] || exit 77
command -v psql >/dev/null || exit 77

rig leak
serve 1 --set limits.connections_per_device=20 --set limits.requests_per_s=1000
join fay ben cyd eve non rem dis gone oth
does() {
    as "$@" >"$work/out" 2>&1 || fail "$*: $(cat "$work/out")"
}
rev=REV-$(review_new fay 'planted-title' ben:responder cyd:responder eve:stakeholder rem:responder \
    dis:responder gone:responder) || fail "no review"
review_new oth 'another one' non:responder >"$work/out" || fail "no other review"

# ---- planting -----------------------------------------------------------------------------------------
does fay set "$rev" services=planted-service impact_unit=planted-unit
does ben timeline add "$rev" --at 2026-03-01T09:12:04Z --mark start --source planted-source 'planted-event'
does ben observe add "$rev" --col well 'planted-observation'
does ben cause add "$rev" --branch why --class technical 'planted-cause'
does ben actions add "$rev" 'planted-action' --set tracker_key=planted-key
does ben comment add "$rev" 'planted-comment'
printf 'planted-file\n' >"$work/planted-name.txt"
does ben attach add "$rev" "$work/planted-name.txt"
does ben observe add "$rev" --col well 'planted-removed'
gone_id=$(as ben observe list "$rev" --jsonl | grep planted-removed | sed -nE 's/.*"id": *"([^"]+)".*/\1/p')
does ben observe rm "$rev/$gone_id"
does fay session seal "$rev" account
does fay session seal "$rev" observation
does ben account add "$rev" 'sealed-account'
does ben observe add "$rev" --col not 'sealed-observation'
for who in rem dis gone; do
    does "$who" account add "$rev" "sealed-$who"
done
does fay people rm "$rev" rem
"$server" user disable dis >"$work/out" 2>&1 || fail "disable: $(cat "$work/out")"
device=$("$server" device list gone --json | sed -nE 's/.*"id": "?([0-9]+).*/\1/p' | head -n 1)
"$server" device revoke "$device" >"$work/out" 2>&1 || fail "revoke: $(cat "$work/out")"
read -r -a file < <(psql -qXAt -F ' ' -h "$data/run" -U plimsoll -d plimsoll -c 'SET ROLE plm_owner' \
    -c 'SELECT entry_client, entry_n FROM plm.file WHERE state = 3') || fail "no file was shown"
last=20 # more than there are, drafts with them

# ---- asking -------------------------------------------------------------------------------------------
# everything WHO: by verbs, into $work/seen.WHO; by messages, into $work/wire.WHO. From a machine that
# has never held anything: what was given to somebody before his right ended cannot be taken back.
verbs=("show R" "history R" "export R --as json" "export R --as md" "timeline list R" "observe list R"
    "cause list R" "cause tree R" "account list R" "account disagreements R" "actions list R" "comment list R"
    "attach list R" "people list R" "rule list R" "agenda list R" "check R" "guide R" "status R" "metrics R"
    "invite list R" "diff R --from 1" "show R --at 3" "vote status R" "card list R" "timeline metrics R"
    "list" "actions list" "inbox" "metrics" "list --all")
everything() {
    local who=$1 verb r home=$work/fresh.$1
    mkdir -p "$home"
    cp -r "$work/$who/profiles" "$home/" || fail "no profile of $who"
    : >"$work/seen.$who"
    for r in "$rev" REV-3 REV-4 REV-5; do
        for verb in "${verbs[@]}"; do
            [ "$r" != "$rev" ] && [[ $verb != show* && $verb != history* && $verb != export* ]] && continue
            # shellcheck disable=SC2086 # words of a command
            as "fresh.$who" ${verb//R/$r} >>"$work/seen.$who" 2>&1
        done
    done
    as "fresh.$who" attach get "$rev/M-1" -o "$work/fresh.$who/got" >>"$work/seen.$who" 2>&1
    said=$(timeout 120 "$leak" "$work/$who" "$work/wire.$who" $last "${file[@]}" 2>&1) || fail "$who: $said"
}
# finds WORD WHO: it came out somewhere
finds() { grep -raq -- "$1" "$work/seen.$2" "$work/wire.$2" "$work/fresh.$2" 2>/dev/null; }

everything ben
for word in title service unit source event observation cause action key comment name file; do
    finds "planted-$word" ben || fail "ben may read planted-$word and does not find it: the net has a hole"
done
finds planted-removed ben || fail "what was removed stands in the history, and ben does not find it"
finds sealed-account ben || fail "ben does not find his own account"
ok "who may read finds all of it ($said)"

for who in non rem dis gone oth; do
    everything "$who"
    ! finds 'planted-' "$who" || fail "$who: $(grep -raho 'planted-[a-z]*' "$work/seen.$who" "$work/wire.$who" "$work/fresh.$who" | sort | uniq -c)"
    ! finds 'sealed-' "$who" || fail "$who: $(grep -raho 'sealed-[a-z]*' "$work/seen.$who" "$work/wire.$who" "$work/fresh.$who" | sort | uniq -c)"
    ok "$who finds none of it ($said)"
done
for who in fay cyd eve; do
    everything "$who"
    finds planted-event "$who" || fail "$who takes part and finds nothing"
    ! finds 'sealed-' "$who" || fail "$who: $(grep -raho 'sealed-[a-z]*' "$work/seen.$who" "$work/wire.$who" "$work/fresh.$who" | sort | uniq -c)"
    ok "$who finds what is for all, and nothing sealed ($said)"
done
grep -raq -e 'planted-' -e 'sealed-' "$(log_of 1)" && fail "it stands in the server's log"
ok "none of it in the server's log"
