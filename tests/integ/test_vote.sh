#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
#
# Dot voting over two server processes on one data directory: who may, how many dots, counts hidden
# until the end, merged entries, a server killed around the counting; and afterwards nothing in the
# database, the data directory, the logs or what clients were sent tells who chose what.
set -u
# shellcheck source=tests/integ/lib.sh
. "$(dirname "$0")/lib.sh"
rig vote
serve 1
serve 2
join fay ben cyd dan eve
rev=REV-$(review_new fay 'Checkout outage' ben:responder cyd:stakeholder dan:responder) || fail "no review"

second() { echo "127.0.0.1:${port[2]}"; }
# field ENTRY NAME: of an observation, as JSON has it
field() {
    as fay observe list "$rev" --jsonl | grep "\"id\": *\"$1\"" |
        sed -nE "s/.*\"$2\": *\"?([^\",}]*).*/\1/p"
}
# votes ENTRY: its counted dots, empty when none
votes() { field "$1" votes | grep -v null; }
sql() { psql -X -h "$data/run" -p 5432 -U plimsoll -d plimsoll -Atc "$1" 2>>"$work/psql.log"; }

# ---- a review in session ---------------------------------------------------------------------------
does fay rule add "$rev" 'We ask what made sense at the time.'
does fay set "$rev" severity=high kind=operations "session_start=$(date -u +%FT%TZ)" session_minutes=60
does ben timeline add "$rev" --at 2026-03-01T09:00:00Z --mark start --source log 'errors began'
does ben rule accept "$rev"
for check in $(as fay check "$rev" --gate 2>/dev/null | grep -oE '^T[0-9]+' | sort -u); do
    does fay waive "$rev" "$check" --reason 'of no matter here'
done
for text in one two three four five; do
    does ben observe add "$rev" --col not "card $text"
done
refused 5 'in session' fay vote open "$rev" observation
does fay session start "$rev"
ok "a review in session"

# ---- who may, and how many -------------------------------------------------------------------------
refused 4 'responder' ben vote open "$rev" observation
refused 5 'no cause' fay vote open "$rev" cause
refused 2 'dots' fay vote open "$rev" observation --dots 21
refused 5 'no vote is open' ben vote cast "$rev/O-1"
does fay vote open "$rev" observation --dots 3
refused 5 'count it first' fay vote open "$rev" observation
refused 7 'count it first' fay session end "$rev"
refused 4 'does not vote' fay vote cast "$rev/O-1"
does fay vote status "$rev"
grep -q 'dots left' "$work/out" && fail "a facilitator has dots: $(cat "$work/out")"
refused 4 '' eve vote cast "$rev/O-1"
does ben cause add "$rev" --branch why --class technical 'a cause'
refused 2 'observation' ben vote cast "$rev/F-1"
does ben vote cast "$rev/O-1" 2
does ben vote cast "$rev/O-2" 1 --server "$(second)"
refused 1 'dots left' ben vote cast "$rev/O-3" 1
refused 1 'dots left' ben vote cast "$rev/O-3" 1 --server "$(second)"
does ben vote cast "$rev/O-2" 0
does ben vote cast "$rev/O-3" 1
does cyd vote cast "$rev/O-4" 3 --server "$(second)"
does dan vote cast "$rev/O-3" 1
as ben vote status "$rev" >"$work/out" || fail "status"
grep -q '3 of 3 have voted' "$work/out" || fail "status: $(cat "$work/out")"
grep -qP '^O-1\t2' "$work/out" || fail "status: $(cat "$work/out")"
grep -qP '^O-3\t1' "$work/out" || fail "status: $(cat "$work/out")"
grep -q 'O-4' "$work/out" && fail "ben sees what cyd chose: $(cat "$work/out")"
as fay vote status "$rev" | grep -q 'O-' && fail "the facilitator sees choices"
[ -z "$(votes O-1)$(votes O-4)" ] || fail "counts show before the end"
ok "rights, limits, one's own dots and nobody else's"

# ---- merging while a vote is open ------------------------------------------------------------------
refused 4 'responder' ben merge "$rev/O-2" O-1
refused 2 'cause' fay merge "$rev/O-2" F-1
refused 2 'one review' fay merge "$rev/O-2" REV-99/O-4
does ben comment add "$rev/O-3" 'a remark on the third'
does fay merge "$rev/O-3" O-4
refused 5 'already' fay merge "$rev/O-3" O-1
refused 5 'merged itself' fay merge "$rev/O-1" O-3
as ben vote status "$rev" 2>&1 | grep -qP '^O-4\t1' || fail "dots did not follow: $(as ben vote status "$rev")"
does ben observe vote "$rev/O-3" 1
as cyd comment list "$rev/O-4" | grep -q 'a remark on the third' || fail "the comment is not reached"
does dan vote cast "$rev/O-5" 2
refused 1 'dots left' dan vote cast "$rev/O-2" 1
does dan vote cast "$rev/O-5" 1
as fay observe list "$rev" | grep -q 'merged into O-4' || fail "a merged card does not say so"
ok "dots follow a merge"

# For the search at the end: the voters' numbers, and the longest part of the key without a line feed.
sql "SELECT encode(voter, 'hex') FROM plm.vote" | sort -u >"$work/voters"
cp "$data"/votes/*.key "$work/keyfile" || fail "no key"
od -An -v -tx1 "$work/keyfile" | tr -d ' \n' | sed 's/../& /g; s/0a /\n/g' | awk '{print length, $0}' |
    sort -n | tail -n 1 | cut -d' ' -f2- | sed -E 's/([0-9a-f]{2}) ?/\\x\1/g' >"$work/key"

# ---- the server dies while it counts ---------------------------------------------------------------
# In the moments after the verb was started; then the verb again until it says that it is counted.
for delay in 0 0.05 0.1 0.15 0.2 0.3; do
    as fay vote close "$rev" >"$work/close.out" 2>&1 &
    closing=$!
    sleep "$delay"
    kill -9 "${pid[1]}"
    until_true 10 gone "${pid[1]}"
    wait $closing
    serve 1
    as fay vote status "$rev" | grep -q '^closed' && break
    as ben vote status "$rev" 2>&1 | grep -q '3 of 3 have voted' || fail "votes were lost"
done
closes() { as fay vote close "$rev" >"$work/out" 2>&1; }
until_true 30 closes || fail "close: $(cat "$work/out")"
does fay vote close "$rev"
grep -qP '^O-4\t5' "$work/out" || fail "counted: $(cat "$work/out")"
[ "$(votes O-1) $(votes O-2) $(votes O-3) $(votes O-4) $(votes O-5)" = '2  1 5 1' ] ||
    fail "counted: $(votes O-1) $(votes O-2) $(votes O-3) $(votes O-4) $(votes O-5)"
as cyd vote status "$rev" --server "$(second)" | grep -q '3 voted' || fail "not counted: $(as cyd vote status "$rev")"
refused 5 'no vote is open' ben vote cast "$rev/O-1"
[ "$(as fay history "$rev" | grep -c 'ballot_counted')" -le 1 ] || fail "counted twice"
ok "counted once, by a server that was killed around it"

# ---- what is left ----------------------------------------------------------------------------------
[ -z "$(ls "$data/votes")" ] || fail "a key is left: $(ls "$data/votes")"
as fay observe list "$rev" --sort -votes | head -n 1 | grep -q '^O-4' || fail "not sorted"
as fay export "$rev" >"$work/out" || fail "export"
grep -q '5 dots' "$work/out" || fail "no dots in the export: $(grep O-4 "$work/out")"
grep -q 'merged into O-4' "$work/out" || fail "no merge in the export"
grep -q 'a remark on the third' "$work/out" || fail "the merged card's comment is gone"
does fay merge "$rev/O-3" --undo
[ "$(votes O-3) $(votes O-4)" = '1 4' ] || fail "taken back: $(votes O-3) $(votes O-4)"
does fay merge "$rev/O-3" O-4
[ "$(votes O-3) $(votes O-4)" = '1 5' ] || fail "merged again: $(votes O-3) $(votes O-4)"
ok "counts add up in merges and come apart again"

# Nobody who has the database, its log or the data directory afterwards finds out who chose what: the
# rows are gone, what is left of them names nobody, and the key that would is nowhere.
if [ -s "$work/voters" ]; then
    [ "$(sql 'SELECT count(*) FROM plm.vote')$(sql 'SELECT count(*) FROM plm.ballot')" = 00 ] ||
        fail "the vote is left in the tables"
    sql 'SELECT body FROM plm.rev_batch' >"$work/frames"
    for table in $(sql "SELECT tablename FROM pg_tables WHERE schemaname = 'plm'"); do
        sql "SELECT t::text FROM plm.$table t"
    done >"$work/dump"
    [ -s "$work/dump" ] || fail "no dump"
    while read -r voter; do
        grep -qF "${voter#x}" "$work/dump" "$work/frames" && fail "a voter's number is in the database"
    done <"$work/voters"
    LC_ALL=C grep -rqaP "$(cat "$work/key")" "$data" && fail "the key is in the data directory"
    LC_ALL=C grep -qaP "$(cat "$work/key")" "$work/keyfile" || fail "the search for the key finds nothing"
    grep -hE 'vote|O-[0-9]|dots' "$work"/server*.log && fail "the log speaks of votes"
    ok "nothing that is left tells who chose what"
else
    echo "note: not looked at: psql cannot ask the database here"
fi

# ---- a second vote ---------------------------------------------------------------------------------
does fay vote open "$rev" observation --dots 1
[ -z "$(votes O-1)$(votes O-4)" ] || fail "old counts stand in a new vote"
does ben vote cast "$rev/O-2"
does fay vote close "$rev" --server "$(second)"
until_true 10 test -n "$(votes O-2)"
[ "$(votes O-2)/$(votes O-4)" = 1/ ] || fail "second count: $(votes O-2) $(votes O-4)"
ok "a second vote starts from nothing"
