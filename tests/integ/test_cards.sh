#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
#
# Anonymous cards over a real server, with 20 known people and with everything in hand that the run
# leaves behind: all tables, the raw files of the data directory, the log, the export, the history.
# No field, order or time of it tells who wrote which card better than chance, nor who wrote at all.
# Then: a server killed in the middle of a collection, a card handed over twice, too few people.
#
# Chance: three orders (of writing, of connecting in the log, of names, which is that of user and
# device numbers too) against the order of the entries, by Spearman's rank correlation over four
# rounds of 20 cards. The mean of four has a standard deviation of 0.115 when there is no relation; 0.55 is beyond
# 4.7 of them. A server that commits in order of arrival or of names shows 1.0.
set -u
# shellcheck source=tests/integ/lib.sh
. "$(dirname "$0")/lib.sh"
ROUNDS=${ROUNDS-4}
LIMIT=0.55
rig cards
serve 1
people=()
for i in $(seq -w 1 20); do people+=("writer$i"); done
join fay "${people[@]}"
no=$(review_new fay 'Checkout outage') || fail "no review"
rev=REV-$no

sql() { psql -X -h "$data/run" -p 5432 -U plimsoll -d plimsoll -Atc "$1" 2>>"$work/psql.log"; }
has_sql() { [ "$(sql 'SELECT 1')" = 1 ]; }

# Like ${as}, without its time limit.
client_of() {
    local home=$work/$1
    shift
    PLIMSOLL_CONFIG_DIR=$home XDG_STATE_HOME=$home/state XDG_CACHE_HOME=$home/cache "$client" "$@"
}

waits() { grep -q 'waiting for a collection' "$work/send.$1"; }
# send_all WHO...: each waits for a collection in a process of his own
senders=()
send_all() {
    local who
    senders=()
    for who in "$@"; do
        : >"$work/send.$who"
        client_of "$who" card send "$rev" --wait 120s --timeout 60s >>"$work/send.$who" 2>&1 &
        senders+=($!)
        started+=($!)
    done
    for who in "$@"; do
        until_true 60 waits "$who" || fail "$who does not wait: $(cat "$work/send.$who")"
    done
}
senders_end() {
    local p rc=0
    for p in "${senders[@]}"; do wait "$p" || rc=1; done
    return $rc
}
cards_of() { as "$1" card list "$rev" 2>/dev/null | wc -l; }
observations() { as fay observe list "$rev" --json | tr -d '\n'; }

roles=(responder stakeholder)
for i in "${!people[@]}"; do does fay people add "$rev" "${people[$i]}" --role "${roles[$((i % 2))]}"; done
does fay set "$rev" session_start=2026-03-03T10:00:00Z
does fay rule add "$rev" 'We ask what made sense at the time.'
does fay waive "$rev" T36 --reason 'all have read the material on the phone'
refused 5 'in session' fay session cards "$rev" 5s
does fay session start "$rev"
refused 4 'responder' writer01 session cards "$rev" 5s
refused 2 'seconds' fay session cards "$rev" 4s
refused 2 'nothing else' writer02 observe add "$rev" --anonymous --set lens=detection 'too early'
refused 3 'never opened' writer02 observe add "$rev" --anonymous --col not 'too early'
for who in fay "${people[@]}"; do does "$who" show "$rev"; done
refused 4 'responders and stakeholders' fay observe add "$rev" --anonymous --col not 'the facilitator'
ok "20 people in a session"

# --- writing: promised, kept here, without a connection
lines=$(grep -c 'session\.ready' "$(log_of 1)")
does writer01 observe add "$rev" --anonymous --col not 'first version'
grep -q 'operates the server' "$work/out" || fail "the promise is not said whole: $(cat "$work/out")"
card=$(as writer01 card list "$rev" | cut -f1)
does writer01 card edit "$rev" "$card" 'second version'
as writer01 card list "$rev" | grep -q 'second version' || fail "not changed"
does writer01 card rm "$rev" "$(as writer01 card list "$rev" | cut -f1)"
[ "$(cards_of writer01)" = 0 ] || fail "not withdrawn"
[ "$(grep -c 'session\.ready' "$(log_of 1)")" = "$lines" ] || fail "writing a card connects"
[ "$(stat -c %a "$work"/writer01/state/plimsoll/secrets/*"$rev")" = 600 ] || fail "rights of the file"
ok "a card is written, changed and withdrawn on its author's machine alone"

# --- rounds: 20 known writers, then order, time and fields
rho() { # two files of words in order: Spearman's rank correlation
    awk 'NR == FNR { a[$1] = FNR; next } ($1 in a) { n++; d = a[$1] - FNR; s += d * d }
         END { r = 0; if (n > 1) r = 1 - 6 * s / (n * (n * n - 1)); printf "%d %.4f\n", n, r }' "$1" "$2"
}
: >"$work/rhos"
: >"$work/tokens"
for round in $(seq "$ROUNDS"); do
    : >"$work/wrote"
    for who in $(shuf -e "${people[@]}"); do
        word=$(printf '%s%s%s' "$RANDOM" "$RANDOM" "$RANDOM" | sha256sum | cut -c1-20)
        echo "$who $word" >>"$work/wrote"
        does "$who" observe add "$rev" --anonymous --col not "thing $word"
    done
    cat "$work"/writer*/state/plimsoll/secrets/*"$rev" | awk '$1 == "card" { print $2 }' >>"$work/tokens"
    # shellcheck disable=SC2046 # names
    send_all $(shuf -e "${people[@]}")
    as fay session cards "$rev" 5s >"$work/out" 2>&1 || fail "round $round: $(cat "$work/out")"
    senders_end || fail "round $round: a client did not hand over: $(cat "$work"/send.*)"
    observations | grep -o '"body": *"thing [0-9a-f]*"' | grep -o '[0-9a-f]\{20\}' |
        grep -F -f <(cut -d' ' -f2 "$work/wrote") >"$work/entries"
    [ "$(wc -l <"$work/entries")" = 20 ] || fail "round $round: $(wc -l <"$work/entries") of 20 cards"
    awk 'NR == FNR { who[$2] = $1; next } { print who[$1] }' "$work/wrote" "$work/entries" >"$work/order"
    cut -d' ' -f1 "$work/wrote" >"$work/by.writing"
    grep 'session\.ready' "$(log_of 1)" | sed -nE 's/.* user=([0-9]+) .*/\1/p' | tail -n 22 |
        awk '$1 > 1 { printf "writer%02d\n", $1 - 1 }' >"$work/by.connecting"
    printf '%s\n' "${people[@]}" >"$work/by.name"
    for by in writing connecting name; do
        echo "$by $(rho "$work/by.$by" "$work/order")" >>"$work/rhos"
    done
done
awk -v limit="$LIMIT" '$2 != 20 { bad = 1; print "  not 20 in " $0 } { s[$1] += $3; n[$1]++ } END { for (k in s) { m = s[k] / n[k]
         printf "  order of %s: mean rank correlation %+.2f over %d rounds\n", k, m, n[k]
         if (m > limit || m < -limit) bad = 1 } exit bad }' "$work/rhos" || fail "an order tells: $(cat "$work/rhos")"
for who in "${people[@]}"; do
    [ "$(cards_of "$who")" = 0 ] || fail "$who still keeps cards that are in the review"
done
ok "$ROUNDS rounds of 20 cards: no order of writing, connecting or names is in the review"

# --- fields and times of the review, as everybody can read them
observations >"$work/obs.json"
python3 - "$work/obs.json" "$work/fields" <<'PY' || fail "fields: $(cat "$work/fields")"
import json, sys
items = json.load(open(sys.argv[1]))["items"]
out = open(sys.argv[2], "w")
cards = [i for i in items if i.get("anonymous")]
keep = {}
for c in cards:
    rest = {k: v for k, v in c.items() if k not in ("id", "no", "eid", "body", "card", "key", "place", "text")}
    keep.setdefault(json.dumps(rest, sort_keys=True), 0)
    keep[json.dumps(rest, sort_keys=True)] += 1
    for k, v in c.items():
        if k in ("author", "by", "created_by", "user") and v:
            print("names an author:", k, v, file=out); sys.exit(1)
# what is left is the same for all cards of a round: at most one variant (its time) a round
if len(keep) > 4 or any(n != 20 for n in keep.values()):
    print("cards of a round differ:", keep, file=out); sys.exit(1)
PY
as fay history "$rev" --json >"$work/history.json"
python3 - "$work/history.json" "$work/fields" <<'PY' || fail "history: $(cat "$work/fields")"
import json, sys
out = open(sys.argv[2], "w")
items = json.load(open(sys.argv[1]))["items"]
rows = [r for r in items if "observation" in json.dumps(r) or "thing " in json.dumps(r)]
if not rows or any(r["user"] != 0 or r["by"] not in ("", "server") or not r["server_made"] for r in rows):
    print(rows[:3] or items[-3:], file=out); sys.exit(1)
PY
ok "no field of the review or its history names anybody; cards of a round have one time"

# --- all tables
if has_sql; then
    pg_dump -h "$data/run" -p 5432 -U plimsoll -d plimsoll >"$work/dump.sql" 2>>"$work/psql.log" || fail "pg_dump"
    for who in "${people[@]}"; do
        grep -F "$who" "$work/dump.sql" | grep -F -f "$work/tokens" && fail "a row has $who beside a card"
    done
    # A leaf has actor and device from its 33rd byte on, and its first field, the revision, at 139: all
    # leaves of the batches with cards are nobody's, by no device.
    sql "SELECT DISTINCT encode(substring(e.leaf FROM 33 FOR 16), 'hex')
           FROM plm.audit_event e JOIN plm.rev_batch b ON b.review = e.review
          WHERE e.kind = 769 AND e.review = $no
            AND position(convert_to('thing ', 'UTF8') IN b.body) > 0
            AND ('x' || encode(substring(e.leaf FROM 139 FOR 8), 'hex'))::bit(64)::int8
                BETWEEN b.first_rev AND b.last_rev" >"$work/leaves"
    [ "$(cat "$work/leaves")" = "$(printf '0%.0s' {1..32})" ] || fail "leaves of cards: $(cat "$work/leaves")"
    sql "SELECT count(DISTINCT b.at_us) - count(*) FROM plm.rev_batch b WHERE b.review = $no
            AND position(convert_to('thing ', 'UTF8') IN b.body) > 0" >"$work/batches"
    [ "$(cat "$work/batches")" = 0 ] || fail "batches of cards: $(cat "$work/batches")"
    sql "SELECT count(*) FROM plm.rev_batch b, plm.usr u WHERE b.review = $no
            AND position(convert_to('thing ', 'UTF8') IN b.body) > 0 AND u.user_name LIKE 'writer%'
            AND position(convert_to(u.user_name, 'UTF8') IN b.body) > 0" >"$work/bodies"
    [ "$(cat "$work/bodies")" = 0 ] || fail "a batch of cards names a writer"
    sql "SELECT count(*) FROM plm.audit_event e JOIN plm.usr u ON u.id = e.actor
          WHERE e.review = $no AND e.kind = 769 AND u.user_name LIKE 'writer%'" >"$work/leaves.named"
    [ "$(cat "$work/leaves.named")" = 0 ] || fail "an audit leaf of a revision names a writer"
    sql "SELECT count(*) FROM plm.session s JOIN plm.usr u ON u.id = s.usr
          WHERE s.review = $no AND u.user_name LIKE 'writer%'" >"$work/sessions.named"
    [ "$(cat "$work/sessions.named")" = 0 ] || fail "a session of a writer"
    sql "CHECKPOINT" >/dev/null
    ok "all tables: no row, audit leaf or session joins a card to a person"
else
    echo "note: tables not looked at: psql cannot ask the database here"
fi

# --- raw files of the data directory: no name near a card (large rows are compressed there, so that
# the tables above are the stricter look)
grep -rhaoE ".{0,100}thing [0-9a-f]{20}.{0,100}" "$data" --binary-files=text >"$work/raw" 2>/dev/null
grep -aE 'writer[0-9][0-9]' "$work/raw" && fail "a raw file has a name beside a card"
grep -F -f "$work/tokens" "$(log_of 1)" && fail "the log has a token"
grep 'thing ' "$(log_of 1)" && fail "the log has a text"
ok "raw files and the log: no name beside a card, no card in the log"

# --- who wrote at all: ten write, ten do not; the log must look the same for both
half=()
for i in "${!people[@]}"; do [ $((RANDOM % 2)) = 0 ] && half+=("${people[$i]}"); done
for who in "${half[@]}"; do does "$who" observe add "$rev" --anonymous 'silent or not'; done
lines=$(wc -l <"$(log_of 1)")
send_all "${people[@]}"
does fay session cards "$rev" 5s
[ "$(tail -n 1 "$work/out")" = "${#half[@]}" ] || fail "${#half[@]} cards were written: $(cat "$work/out")"
senders_end || fail "not all answered"
until_true 20 test "$(tail -n +"$((lines + 1))" "$(log_of 1)" | grep -c 'session\.ended')" -ge 20
tail -n +"$((lines + 1))" "$(log_of 1)" | grep 'session\.ended' | sed -nE 's/.* user=([0-9]+) .* rx=([0-9]+) .*/\1 \2/p' |
    awk '$1 > 1' | sort >"$work/rx"
[ "$(cut -d' ' -f2 "$work/rx" | sort -u | wc -l)" = 1 ] || fail "received messages tell who wrote: $(cat "$work/rx")"
ok "the log says the same of those who wrote and of those who did not"

# --- a server that dies in the middle of a collection
for who in writer03 writer07; do does "$who" observe add "$rev" --anonymous "kill $who"; done
cp -r "$work/writer03/state/plimsoll/secrets" "$work/kept"
send_all writer0{1,2,3,4,5,6,7,8}
as fay session cards "$rev" 60s >"$work/cards.out" 2>&1 &
started+=($!)
until_true 20 grep -q 'are collected' "$work/cards.out" || fail "no collection"
sleep 1
kill -9 "${pid[1]}"
until_true 10 gone "${pid[1]}"
for p in "${senders[@]}"; do kill "$p" 2>/dev/null; done
wait "${senders[@]}" 2>/dev/null
grep -raqF 'kill writer0' "$data" && fail "cards of a collection that did not end are on the server's disk"
serve 1
[ "$(cards_of writer03)$(cards_of writer07)" = 11 ] || fail "a card was lost with the server"
as fay show "$rev" --json | grep -q 'kill writer0' && fail "half a collection is in the review"
ok "the collection dies with the server, cards stay with their authors, none reaches its disk"
left=$(as fay show "$rev" --json | tr -d '\n' | grep -o '"cards_until": *"[^"]*"')
until_true 90 as fay session cards "$rev" 5s --json || true
# a round needs people: so wait until the old one is over, then collect for real
over() { ! as fay session cards "$rev" 5s 2>&1 | grep -q 'already'; }
until_true 90 over || fail "the collection of the dead server never ends ($left)"
send_all writer0{1,2,3,4,5,6,7,8}
does fay session cards "$rev" 5s
senders_end || fail "$(cat "$work"/send.writer0*)"
[ "$(observations | grep -o 'kill writer0[0-9]' | sort | tr '\n' ' ')" = 'kill writer03 kill writer07 ' ] ||
    fail "after the kill: $(observations | grep -o 'kill writer0[0-9]')"
ok "the next collection brings each card once"

# --- a client that dies before it has seen its card hands it over again
rm -r "$work/writer03/state/plimsoll/secrets"
mv "$work/kept" "$work/writer03/state/plimsoll/secrets"
send_all writer0{1,2,3,4}
does fay session cards "$rev" 5s
senders_end
[ "$(observations | grep -o 'kill writer03' | wc -l)" = 1 ] || fail "a card came in twice"
[ "$(cards_of writer03)" = 0 ] || fail "a card that is in the review is still kept"
ok "a card that is handed over twice is there once"

# --- too few
does writer05 observe add "$rev" --anonymous 'only three are here'
send_all writer0{5,6,7}
refused 7 'stay on their machines' fay session cards "$rev" 5s
senders_end && fail "three people are no crowd"
grep -q '4 are needed' "$work/send.writer05" || fail "$(cat "$work/send.writer05")"
[ "$(cards_of writer05)" = 1 ] || fail "the card of a refused collection is lost"
small=REV-$(review_new fay 'Three people' writer01:responder writer02:responder writer03:stakeholder)
as writer01 show "$small" >/dev/null 2>&1
refused 7 'not anonymous' writer01 observe add "$small" --anonymous 'who else'
[ "$(as writer01 card list "$small" 2>/dev/null | wc -l)" = 0 ] || fail "kept all the same"
ok "fewer than four: refused when writing, and when too few answered; cards are kept"

# --- watch hands over too
does writer06 observe add "$rev" --anonymous 'from a watcher'
for who in writer06 writer07 writer08 writer09; do
    client_of "$who" watch "$rev" --for 60s >"$work/watch.$who" 2>&1 &
    started+=($!)
done
for who in writer06 writer07 writer08 writer09; do
    until_true 30 grep -q watching "$work/watch.$who" || fail "watch: $(cat "$work/watch.$who")"
done
does fay session cards "$rev" 5s
observations | grep -q 'from a watcher' || fail "watch did not hand over"
ok "watch hands over by itself"
