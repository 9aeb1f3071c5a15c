#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
#
# Files over a real server: attached, listed, fetched, packed; rights by role and status; quotas, each
# with its own error; going on after a kill of the client and of the server in the middle; two server
# processes; and a hostile client that breaks the order of pieces.
set -u
# shellcheck source=tests/integ/lib.sh
. "$(dirname "$0")/lib.sh"
rig files
small=(--set files.max_size=2MiB --set files.per_review=6000000 --set files.organisation=8000000)
serve 1 "${small[@]}"
join fay ben cyd dan
rev=REV-$(review_new fay 'Checkout outage' ben:responder cyd:stakeholder) || fail "no review"

does() { as "$@" >"$work/out" 2>"$work/err" || fail "$*: $(cat "$work/out" "$work/err")"; }
sum() { sha256sum "$1" | cut -d' ' -f1; }
# json FILE EXPRESSION
random() { head -c "$2" /dev/urandom >"$work/$1"; }

# --- attach, list, get, pack ------------------------------------------------------------------
random graph.png 50001
does ben attach add "$rev" "$work/graph.png" --title 'Errors by minute' --kind metrics --json
json out 'j["item"]["id"] == "M-1" and j["item"]["file_size"] == 50001'
json out 'j["item"]["file_type"] == "image/png" and j["item"]["title"] == "Errors by minute"'
json out "j['item']['file_sha256'] == '$(sum "$work/graph.png")'"
does cyd attach get "$rev/M-1" -o "$work/got.png"
cmp -s "$work/graph.png" "$work/got.png" || fail "another file came back"
grep -q "$(sum "$work/graph.png")  $work/got.png" "$work/out" || fail "no checksum: $(cat "$work/out")"
refused 5 '--force' cyd attach get "$rev/M-1" -o "$work/got.png"
does cyd attach get "$rev/M-1" -o "$work/got.png" --force
(umask 077 && does cyd attach get "$rev/M-1" -o "$work/private.png" &&
    does cyd export "$rev" -o "$work/private.md") || exit 1
[ "$(stat -c %a "$work/private.png" "$work/private.md" | xargs)" = '600 600' ] || fail "the umask is not heeded"
mkdir "$work/into"
does cyd attach get "$rev/M-1" -o "$work/into"
cmp -s "$work/graph.png" "$work/into/graph.png" || fail "not under its own name"
find "$work" -name '*.part' | grep -q . && fail "something is left behind"
printf 'line\n' >"$work/-rf ..‮gpj.log"
does ben attach add "$rev" "$work/-rf ..‮gpj.log" --json
json out 'j["item"]["file_name"] == "_rf ..gpj.log"'
does fay attach list "$rev"
[ "$(wc -l <"$work/out")" = 2 ] || fail "list: $(cat "$work/out")"
does fay materials pack "$rev" -o "$work/pack"
(cd "$work/pack" && sha256sum -c --quiet SHA256SUMS) || fail "the pack does not check"
[ "$(wc -l <"$work/pack/SHA256SUMS")" = 3 ] || fail "pack: $(cat "$work/pack/SHA256SUMS")"
cp "$work/pack/SHA256SUMS" "$work/first"
does fay materials pack "$rev" -o "$work/pack"
cmp -s "$work/first" "$work/pack/SHA256SUMS" || fail "a second pack differs"
ok "attached, listed, fetched with checksum, packed"

# --- removed and restored, replaced -----------------------------------------------------------
random other.png 20000
does ben attach add "$rev/M-1" "$work/other.png"
does fay attach get "$rev/M-1" -o "$work/replaced.png"
cmp -s "$work/other.png" "$work/replaced.png" || fail "not the new file"
ok "replaced"

# --- no right ---------------------------------------------------------------------------------
refused 4 'stakeholder' cyd attach add "$rev/M-1" "$work/graph.png"
refused 4 'role' dan attach get "$rev/M-1" -o "$work/dan.png"
refused 4 '' dan attach add "$rev/M-1" "$work/graph.png"
[ -e "$work/dan.png" ] && fail "dan has it"
does ben observe add "$rev" --col well 'the bridge was up'
refused 2 'materials and evidence' ben attach add "$rev/O-1" "$work/graph.png"
refused 3 'no file' ben attach get "$rev/O-1" -o "$work/x"
refused 3 'cannot open' ben attach add "$rev" "$work/nowhere"
mkdir "$work/folder"
refused 2 'not a file' ben attach add "$rev/M-1" "$work/folder"
: >"$work/empty"
refused 2 'empty' ben attach add "$rev/M-1" "$work/empty"
mkfifo "$work/pipe"
refused 2 'not a file' ben attach add "$rev" "$work/pipe" # nobody writes: it must not wait
refused 2 'not a file' ben attach add "$rev" /dev/zero
refused 2 'not a file' ben attach add "$rev" "$work/folder"
[ "$(as ben attach list "$rev" | grep -c -e pipe -e zero -e folder)" = 0 ] ||
    fail "a material was made for what cannot be attached"
ok "no right, no file"

# --- evidence ---------------------------------------------------------------------------------
does ben actions add "$rev" 'alert on the queue'
does ben actions proof "$rev/A-1" --file "$work/graph.png" --note 'the drill' --json
json out 'j["item"]["kind"] == "file" and j["item"]["file_name"] == "graph.png"'
v=$(python3 -c 'import json, sys; print(json.load(open(sys.argv[1]))["item"]["id"])' "$work/out")
does cyd attach get "$rev/$v" -o "$work/evidence.png"
cmp -s "$work/graph.png" "$work/evidence.png" || fail "another file came back"
ok "evidence"

# --- limits, each with its own error ----------------------------------------------------------
random big 2097153
refused 1 'this server takes' ben attach add "$rev" "$work/big" --title big
random two 2000000
does ben attach add "$rev" "$work/two" --title two
does ben attach add "$rev" "$work/graph.png" --title again
does ben attach add "$rev" "$work/two" --title three
random four 2000000
refused 1 'of this review' ben attach add "$rev" "$work/four" --title four
rev2=REV-$(review_new fay 'Another' ben:responder) || fail "no review"
does ben attach add "$rev2" "$work/four" --title four
refused 1 'whole organisation' ben attach add "$rev2" "$work/two" --title five
ok "too large, quota of the review, quota of the organisation"

# --- breaking the rules -----------------------------------------------------------------------
timeout 100 "$build/tests/integ/file_raw" "$work/ben" "${rev2#REV-}" M-1 >"$work/raw.out" 2>&1 ||
    fail "$(cat "$work/raw.out")"
does ben attach list "$rev2" --json
json out 'j["items"][0]["file_name"] == "passwd"'
ok "pieces out of order, beyond the size, at the end of numbers, an early end, a wrong checksum"

# --- going on ---------------------------------------------------------------------------------
# 16 pieces a second after the first 32: slow enough to be cut off in the middle
slow=(--set limits.requests_per_s=4 --set files.uploads_per_device=1)
kill -TERM "${pid[1]}"
until_true 30 gone "${pid[1]}" || fail "server 1 does not end"
serve 1 "${slow[@]}"
rev=REV-$(review_new fay 'Third' ben:responder) || fail "no review"
sql() { psql -h "$data/run" -p 5432 -U plimsoll -d plimsoll -qAtX -c "$1"; }
# background WHO ARGS...: the client itself, to be killed; its number in $bg
background() {
    local home=$work/$1
    shift
    PLIMSOLL_CONFIG_DIR=$home XDG_STATE_HOME=$home/state XDG_CACHE_HOME=$home/cache \
        "$client" "$@" >"$work/bg.out" 2>"$work/bg.err" &
    bg=$!
    started+=("$bg")
}
held() { sql "SELECT coalesce(max(held), 0) FROM plm.file WHERE state = 1 AND size = 2000000"; }
half_way() { [ "$(held)" -ge "$1" ]; }

# what the breaker of rules left gives way after a minute
sql "UPDATE plm.file SET touched_us = touched_us - 61000000 WHERE state = 1"

random slow1 2000000
background ben attach add "$rev" "$work/slow1"
until_true 30 half_way 400000 || fail "no upload half way: $(held)"
refused 6 'under way' ben attach add "$rev" "$work/graph.png" # M-2 waits for another try
does fay set "$rev" severity=low # edits pass
kill -9 "$bg"
until_true 10 gone "$bg"
before=$(held)
does ben attach add "$rev" "$work/slow1" --json
json out 'j["item"]["id"] == "M-1"'
[ "$(sql "SELECT count(*) FROM plm.file WHERE size = 2000000 AND review = ${rev#REV-}")" = 1 ] ||
    fail "it began anew"
[ "$before" -ge 400000 ] || fail "only $before bytes were held after the kill"
background fay attach get "$rev/M-1" -o "$work/slow1.back"
part_there() { [ "$(stat -c %s "$work/slow1.back.part" 2>/dev/null || echo 0)" -ge 300000 ]; }
until_true 30 part_there || fail "no download half way"
kill -9 "$bg"
until_true 10 gone "$bg"
[ -e "$work/slow1.back" ] && fail "half a file has its name"
does fay attach get "$rev/M-1" -o "$work/slow1.back" --json
json out 'j["resumed_at"] > 0'
cmp -s "$work/slow1" "$work/slow1.back" || fail "another file came back"
ok "the client is killed in the middle, up and down"

random slow2 2000000
background ben attach add "$rev" "$work/slow2"
until_true 30 half_way 400000 || fail "no upload half way: $(held)"
kill -9 "${pid[1]}"
until_true 10 gone "${pid[1]}"
serve 1 "${slow[@]}"
until_true 60 gone "$bg"
wait "$bg" || fail "the upload failed: $(cat "$work/bg.err")"
serve 2 "${slow[@]}"
does fay attach get "$rev/M-3" -o "$work/slow2.back" --server "127.0.0.1:${port[2]}"
cmp -s "$work/slow2" "$work/slow2.back" || fail "another file came back"
ok "the server is killed in the middle"

random slow3 2000000
background ben attach add "$rev" "$work/slow3"
until_true 30 half_way 400000 || fail "no upload half way: $(held)"
kill -9 "$bg"
does ben attach add "$rev" "$work/slow3" --server "127.0.0.1:${port[2]}"
does fay attach get "$rev/M-4" -o "$work/slow3.back"
cmp -s "$work/slow3" "$work/slow3.back" || fail "another file came back"
ok "begun at one process, ended at another"
