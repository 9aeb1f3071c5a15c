#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
#
# The audit log of a working server: 10,000 real events sealed while sealers are killed at random, two
# of them at once, exported, and read again by other code; an export continued; what was rewritten or
# lost is refused; a new epoch begins only by hand.
set -u
# shellcheck source=tests/integ/lib.sh
. "$(dirname "$0")/lib.sh"
command -v psql >/dev/null || exit 77
command -v go >/dev/null || { echo "go is not installed" && exit 77; }
load=$build/tests/bench/bench_client_live
[ -x "$load" ] || {
    echo "bench_client_live is not built"
    exit 77
}
tree=$(dirname "$0")/audit_tree.py
events=${PL_AUDIT_EVENTS:-10000}
rig audit --host 127.0.0.1
serve 1 --set limits.changesets_per_s=100000 --set limits.edit_bytes_per_s=1000MiB \
    --set limits.requests_per_s=100000 --set limits.connections_per_user=10000 \
    --set limits.connections_per_device=10000 --set limits.handshakes_per_s=10000 \
    --set limits.half_open=10000 --set limits.half_open_per_address=10000
join fay ben cyd

sql() { psql -h "$data/run" -p 5432 -U plimsoll -d plimsoll -XAtq -c "SET search_path = plm" -c "$1"; }
status() { "$server" audit status 2>>"$work/status.err" | awk -F'\t' -v k="$1" '$1 == k { print $2 }'; }
seal() { timeout 120 "$server" audit seal >>"$work/seal.log" 2>&1; }
is_sealed() {
    seal # not needed where a server seals by itself
    [ "$(status seal_lag_ms)" = 0 ] && [ "$(status sealed)" = "$(status entries)" ]
}
export_log() { timeout 120 "$server" audit export "$@" >"$work/export.out" 2>&1; }
reads() { # reads DIR [KIND...]: prints the number of entries
    timeout 120 python3 "$tree" "$@" || fail "the export does not hold: $*"
}

# ---- a review with acts of many kinds ---------------------------------------------------------------
rev=REV-$(review_new fay 'Expired certificate' ben:responder cyd:stakeholder) || fail "no review"
does ben timeline add "$rev" --at 2026-11-20T10:00:00Z 'it ran out'
does fay actions add "$rev" 'Renew by itself'
does ben comment add "$rev" 'Who was paged?'
does fay check "$rev"
until_true 60 is_sealed || fail "not sealed: $(cat "$work/seal.log")"
export_log "$work/log1" || fail "export: $(cat "$work/export.out")"
n=$(reads "$work/log1" 0101 0102 0104 0109 0201 0203 0301 0401 0701 0703)
[ "$n" -gt 20 ] || fail "only $n entries"
ok "a review's events are sealed, exported and read ($n)"

# ---- people read it, and their devices are witnesses --------------------------------------------------
wants 0 ben audit "$rev"
has out 'participation set'
has out 'ben: responder'
wants 0 ben audit "$rev" --kind 0201 --json
json out "len(j['items']) == 1 and j['items'][0]['by'] == 'fay' and j['items'][0]['number'] == 0"
wants 0 ben audit "$rev" --by ben --since 2020-01-01T00:00:00Z
lacks out 'review made'
other=REV-$(review_new ben 'Not for fay') || fail "no review"
wants 4 fay audit "$other"
until_true 60 is_sealed || fail "not sealed"
wants 0 ben audit "$rev" --proof 2
has out 'c2sp.org/tlog-proof@v1'
has err 'Checked: entry'
wants 3 ben audit "$rev" --proof 99999
ok "a review's log is read, with a proof that was checked"

# ---- many events, sealers killed at random, two at once ----------------------------------------------
killer() { # KILLER: starts sealers and kills them until the file "stop" is there
    local p i=0
    while [ ! -e "$work/stop" ]; do
        "$server" audit seal >>"$work/seal$1.log" 2>&1 &
        p=$!
        sleep "0.0$((RANDOM % 90 + 10))"
        sleep "0.$((RANDOM % 5))"
        kill -KILL "$p" 2>/dev/null && i=$((i + 1))
        wait "$p" 2>/dev/null
    done
    echo "$i" >"$work/kills$1"
}
killer 1 &
started+=($!)
killer 2 &
started+=($!)
secs=5
while [ "$(sql 'SELECT count(*) FROM audit_event')" -lt "$events" ]; do
    timeout 120 "$load" --config "$work/fay" --mode throughput --reviews 20 --clients 100 --rate 2000 \
        --secs $secs --pid "${pid[1]}" --pg "$(postmaster)" >"$work/load.out" 2>&1 ||
        fail "load: $(tail -n 3 "$work/load.out")"
done
: >"$work/stop"
until_true 60 test -s "$work/kills2" || fail "the second killer does not end"
until_true 60 test -s "$work/kills1" || fail "the first killer does not end"
until_true 120 is_sealed || fail "not sealed after the kills: $(tail -n 3 "$work/seal.log")"
[ "$(sql 'SELECT count(*) FROM log_checkpoint')" -gt 1 ] || fail "one checkpoint only"
[ "$(sql 'SELECT count(*) FROM log_leaf')" = "$(sql 'SELECT count(DISTINCT (review, rseq)) FROM log_leaf')" ] ||
    fail "an event has two places"
cp -r "$work/log1" "$work/log2"
export_log "$work/log2" || fail "export: $(cat "$work/export.out")"
n=$(reads "$work/log2")
[ "$n" -ge "$events" ] || fail "only $n entries in the export"
until_true 60 is_sealed || fail "the export itself is not sealed"
export_log "$work/log3" || fail "export: $(cat "$work/export.out")"
reads "$work/log3" 0606 >/dev/null
# Readers that share nothing with the server: our verifier, and the Go project's sumdb packages.
"$server" audit dump-state "$work/log3" >"$work/rows" 2>"$work/rows.err" || fail "rows: $(cat "$work/rows.err")"
key=$(awk '$1 == "log" { print $2 }' "$work/log3/policy")
timeout 300 "$client" verify --key "$key" --since "$work/log1/checkpoint" --state "$work/rows" "$work/log3" >"$work/verify.out" 2>&1 ||
    fail "plimsoll verify: $(tail -n 12 "$work/verify.out")"
sed 's/^\(member 1 2 role=\)2/\11/' "$work/rows" >"$work/rows.bad"
cmp -s "$work/rows" "$work/rows.bad" && fail "no such row: $(grep -c . "$work/rows")"
"$client" verify --state "$work/rows.bad" "$work/log3" >"$work/verify.out" 2>&1
[ $? = 9 ] || fail "a changed row is not found"
grep -q '^state.extra.*member 1 2 role=1' "$work/verify.out" ||
    fail "a changed row: $(head "$work/verify.out")"
(cd "$(dirname "$0")/judge" && GO111MODULE=off GOPATH=/usr/share/gocode GOCACHE=$work/gocache HOME=$work \
    timeout 300 go build -o "$work/judge" judge.go) >"$work/go.out" 2>&1 || fail "judge: $(cat "$work/go.out")"
timeout 300 "$work/judge" "$work/log3" "$key" >"$work/judge.out" 2>&1 || fail "judge: $(cat "$work/judge.out")"
[ "$(awk '{ print $1 }' "$work/judge.out")" -ge "$events" ] || fail "the judge read $(cat "$work/judge.out")"
ok "Go's note and tlog accept it, and plimsoll verify: $(cat "$work/judge.out")"
ok "$n events, $(cat "$work/kills1") and $(cat "$work/kills2") sealers killed, a tree without a hole"

# ---- what was rewritten is seen ------------------------------------------------------------------------
export_log --no-texts "$work/log4" || fail "export without texts"
[ ! -e "$work/log4/blobs" ] || fail "texts although --no-texts"
mkdir "$work/full" && : >"$work/full/x"
export_log "$work/full" && fail "exports into a folder that holds something else"
before=$(status sealed)
sql "BEGIN; SELECT audit_add(0, 263, 1, 0, 0, 1, tlv(16, int8send(1))) FROM generate_series(1, 3);
     DELETE FROM log_pending WHERE id = (SELECT max(id) - 1 FROM log_pending); COMMIT" >/dev/null
until_true 60 grep -q 'event before it is missing\|seal.alarm' "$work/seal.log" "$(log_of 1)" ||
    { seal; grep -q 'event before it is missing' "$work/seal.log"; } ||
    { grep -q 'seal.alarm' "$(log_of 1)"; } || fail "a deleted event is not noticed"
[ "$(status sealed)" -le $((before + 1)) ] || fail "sealed over a gap"
ok "a deleted event stops the sealer"

# ---- a log that was cut is refused by who saw more ----------------------------------------------------
wants 0 cyd list
sql "ALTER TABLE log_checkpoint DISABLE TRIGGER append_only;
     DELETE FROM log_checkpoint WHERE size > (SELECT min(size) FROM log_checkpoint);
     ALTER TABLE log_checkpoint ENABLE ALWAYS TRIGGER append_only" >/dev/null
wants 4 cyd list
has err 'this device has seen'
wants 4 cyd comment add "$rev" 'never mind'
as cyd --help >/dev/null || fail "help needs no server"
ok "a device that saw more refuses a log that was cut"

# ---- a new epoch, by hand only --------------------------------------------------------------------------
"$server" audit new-epoch --reason 'test' >"$work/epoch.out" 2>&1 && fail "an epoch without need"
sql "ALTER TABLE log_leaf DISABLE TRIGGER append_only;
     DELETE FROM log_pending; DELETE FROM log_leaf WHERE idx >= (SELECT max(size) FROM log_checkpoint);
     ALTER TABLE log_leaf ENABLE ALWAYS TRIGGER append_only;
     ALTER TABLE log_tile DISABLE TRIGGER append_only;
     DELETE FROM log_tile WHERE (n + 1) * 256 > (SELECT max(idx) + 1 FROM log_leaf) OR lvl > 0;
     ALTER TABLE log_tile ENABLE ALWAYS TRIGGER append_only" >/dev/null
seal && fail "seals a tree that lost leaves"
common=$(sql 'SELECT max(size) FROM log_checkpoint')
timeout 120 "$server" audit new-epoch --reason 'standby promoted' >"$work/epoch.out" 2>&1 ||
    fail "new-epoch: $(cat "$work/epoch.out")"
until_true 120 is_sealed || fail "the new epoch is not sealed: $(tail -n 3 "$work/seal.log")"
export_log "$work/log1" && fail "continues the export of another epoch"
export_log "$work/log5" || fail "export: $(cat "$work/export.out")"
grep -q '/e2$' "$work/log5/checkpoint" || fail "not epoch 2"
[ "$(sql "SELECT count(*) FROM log_leaf a JOIN log_leaf b USING (review, rseq)
          WHERE a.epoch = 1 AND b.epoch = 2 AND b.idx = a.idx + 1 AND a.idx < $common")" = "$common" ] ||
    fail "the common part has another order"
reads "$work/log5" 0702 >/dev/null
wants 0 cyd list
has err 'began anew'
ok "a new epoch begins by hand, with what both have in its old order"
