#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
#
# The tables that repeat what documents say: kept in step with the log through a life with two
# servers and kill -9, made again by `plimsolld rebuild` to the same rows, compared by --check. And
# what is asked of them: actions over all reviews, the inbox, metrics; filters, pages, exit
# statuses, and nothing for who may not read.
set -u
# shellcheck source=tests/integ/lib.sh
. "$(dirname "$0")/lib.sh"
command -v psql >/dev/null || exit 77
rig projections
serve 1
serve 2
join fay ben cyd eve

does() { as "$@" >"$work/out" 2>"$work/err" || fail "$*: $(cat "$work/err")"; }
# exits STATUS WHO VERB...: stdout in $work/out
exits() {
    local want=$1 got=0
    shift
    as "$@" >"$work/out" 2>"$work/err" || got=$?
    [ $got = "$want" ] || fail "$*: exit $got, not $want: $(cat "$work/out" "$work/err")"
}
# json EXPRESSION over j, of the last output
json() {
    python3 -c 'import json, sys
j = json.load(open(sys.argv[1]))
sys.exit(not eval(sys.argv[2]))' "$work/out" "$1" || fail "not $1: $(cat "$work/out")"
}
ago() { date -u -d "$1" +%Y-%m-%dT%H:%M:%SZ; }
sql() { psql -h "$data/run" -p 5432 -U plimsoll -d plimsoll -XAtq -c "SET search_path = plm" -c "$1"; }
tables() {
    local t
    for t in fact marker participant action lesson; do
        echo "-- $t"
        sql "SELECT to_jsonb(t) FROM $t t ORDER BY 1"
    done
}
# rebuild STATUS [ARGS]
rebuild() {
    local want=$1 got=0
    shift
    timeout 120 "$server" rebuild "$@" >"$work/rebuild.out" 2>"$work/rebuild.err" || got=$?
    [ $got = "$want" ] || fail "rebuild $*: exit $got, not $want: $(cat "$work/rebuild.err")"
}
sql 'SELECT 1' >"$work/out" 2>&1 || {
    echo "psql cannot reach the private database: $(cat "$work/out")"
    exit 77
}

# ---- a review with everything ----------------------------------------------------------------------
rev=REV-$(review_new fay 'Expired certificate' ben:responder cyd:stakeholder) || fail "no review"
does fay set "$rev" severity=high kind=operations services=+shop "session_start=$(ago '1 hour')" \
    session_minutes=60
does ben timeline add "$rev" --at "$(ago '-100 hours')" --mark start --source ticket 'it ran out'
does ben timeline add "$rev" --at "$(ago '-99 hours')" --mark detect --lane D --source pager \
    --set detected_by=alert --set precision=about --set precision_s=120 'the probe alerted'
does ben timeline add "$rev" --at "$(ago '-98 hours')" --mark recover --lane V --source log 'renewed'
does fay rule add "$rev" 'We ask what made sense at the time.'
exits 9 ben inbox --fail-on due --json
json '{"attend", "rules"} <= {i["kind"] for i in j["items"]}'
does ben rule accept "$rev"
does ben attend "$rev" yes
exits 0 ben inbox --fail-on due --json
json 'j["items"] == []'
does fay waive "$rev" T36 --reason 'everyone has read the material on the phone'
does fay session start "$rev"
does ben cause add "$rev" --branch why --class technical --factor misconfiguration 'no alert'
does ben cause add "$rev" --branch slow --class process --factor unclear_procedure 'a retired host'
does ben cause agree "$rev/F-1" yes
add() {
    does ben actions add "$rev" "$@" --control detection --kind alerting --owner ben \
        --finish 'a test certificate pages' --set impact=3 --set feasibility=2 --set tracker_key=OPS-7 \
        --set tracker_url=https://tracker.example/OPS-7 --set 'measure_what=days of notice' \
        --set measure_unit=days --set measure_baseline=0 --set measure_target=14
    tr -d '\n' <"$work/out"
}
a=$(add 'Alert on certificates that run out' --due "$(date -u -d '+3 days' +%F)")
b=$(add 'Alert on the renewal job' --due "$(ago '-1 hour')")
does ben actions add "$rev" 'An idea' --control prevention
does fay actions commit "$rev/$a"
does fay actions commit "$rev/$b"
exits 9 ben inbox --fail-on due --json
json '[i["kind"] for i in j["items"]] == ["late", "accept"] and j["items"][0]["late_s"] > 3000'
does ben actions accept "$rev/$a"
does ben inbox --json
json 'sorted(i["kind"] for i in j["items"]) == ["due", "late"]'
does fay set "$rev" 'na_contain=there was nothing to contain'
does fay session end "$rev"
rebuild 0 --check
ok "the inbox follows what is accepted; the tables are those of the log"

# ---- actions ---------------------------------------------------------------------------------------
does ben actions list --json
json 'j["schema"] == "plimsoll.actions.list/1" and j["total"] == 3 and j["next"] is None'
json '[i["priority"] for i in j["items"]] == ["critical", "high", "high"]'
json 'j["items"][1]["score"] == 6 and j["items"][1]["tracker_url"] == "https://tracker.example/OPS-7"'
json 'j["items"][1]["owner"] == "ben" and j["items"][0]["owner"] is None'
for filter in "--mine:2" "--owner ben:2" "--owner cyd:0" "--overdue:1" "--state committed:2" \
    "--state idea --state dropped:1" "--text renewal:1" "--text ops-7:2" "--due-before $(ago '+1 day'):1" \
    "--review $rev:3" "--effect-due:0" "--review REV-999:0"; do
    # shellcheck disable=SC2086 # words
    does ben actions list ${filter%:*} --json
    json "j['total'] == ${filter##*:}" || fail "$filter"
done
does ben actions list --limit 2 --json
json 'len(j["items"]) == 2 and j["next"] == "2"'
does ben actions list --limit 2 --after 2 --json
json 'len(j["items"]) == 1 and j["next"] is None'
exits 9 ben actions list --fail-on late
exits 9 ben actions list --fail-on unowned
exits 0 ben actions list --fail-on unproved
exits 0 ben actions list --owner cyd --fail-on late,unowned,unproved
exits 2 ben actions list --fail-on ugly
exits 3 ben actions list --owner nobody
exits 2 ben actions list "$rev" --offline --fail-on late # never "none" without having looked
exits 2 ben actions list "$rev" --offline --text renewal
exits 0 ben actions list --review "$rev" --offline --mine
does fay actions list # all of its reviews, though she owns none
[ "$(wc -l <"$work/out")" = 3 ] || fail "$(cat "$work/out")"
grep -q "OPS-7.*https://tracker" "$work/out" || fail "$(cat "$work/out")"
ok "actions: filters, order, pages, exit statuses"

# ---- nothing for who may not read ------------------------------------------------------------------
secret() { ! grep -qiE 'certificate|renewal|OPS-7|REV-1|shop' "$work/out" "$work/err"; }
for verb in "actions list" "actions list --review $rev" "actions list --text renewal" "inbox" "metrics" \
    "metrics --service shop" "list"; do
    for form in --json --tsv; do
        # shellcheck disable=SC2086 # words
        does eve $verb $form
        secret || fail "$verb tells eve: $(cat "$work/out")"
    done
done
does eve metrics --json
json 'j["reviews"] == 0'
does fay visibility "$rev" organisation
does eve actions list --json
json 'j["total"] == 3'
does eve metrics --json
json 'j["reviews"] == 1'
does eve inbox --json # she may read it, but it is not hers to do
json 'j["items"] == []'
does fay visibility "$rev" participants
does eve actions list --json
json 'j["total"] == 0'
ok "rows only of reviews that one may read"

# ---- done, verified, not effective, followed up ----------------------------------------------------
does ben actions start "$rev/$a"
does ben actions proof "$rev/$a" CHG-88 --kind change
does ben actions 'done' "$rev/$a"
does cyd inbox --json
json '[i["kind"] for i in j["items"]] == ["verify"]'
does cyd actions verify "$rev/$a"
does cyd inbox --json
json 'j["items"] == []'
exits 7 cyd actions effect "$rev/$a" --result not_effective
does cyd actions effect "$rev/$a" --result not_effective --follow-up "$b" --value 2 --note 'never paged'
does ben actions list --state not_effective --json
json 'len(j["items"]) == 1 and j["items"][0]["effect"]["result"] == "not_effective"'
json 'j["items"][0]["proofs"] == 1 and j["items"][0]["verified_at"] is not None'
[ "$(sql "SELECT count(*) FROM action x JOIN action y ON (y.client, y.n) = (x.follow_client, x.follow_n)
          WHERE x.effect_result = 3 AND y.label LIKE 'Alert on the renewal%'")" = 1 ] ||
    fail "the follow-up is not in the table: $(tables)"
ok "not effective: refused without a follow-up, then in the table with it"

# ---- metrics ---------------------------------------------------------------------------------------
does ben metrics --by month --json
json 'j["durations"]["detect"]["n"] == 1 and abs(j["durations"]["detect"]["median_s"] - 3600) <= 1'
json 'j["durations"]["contain"]["not_applicable"] == 1'
json 'j["durations"]["detect"]["rough"] == 1 and j["durations"]["triage"]["pending"] == 1'
json 'j["actions"]["open"] == 1 and j["actions"]["overdue"] == 1 and j["actions"]["verified"] == 1'
json 'j["window"]["high"]["inside"] == 1 and j["window"]["high"]["share"] == 1.0'
json 'len(j["periods"]) == 1 and j["periods"][0]["reviews"] == 1'
for filter in "--severity S2:1" "--severity low:0" "--kind operations:1" "--service shop:1" "--service x:0" \
    "--class process:1" "--class people:0" "--from $(ago '-90 hours'):0" "--to $(ago '-90 hours'):1"; do
    # shellcheck disable=SC2086 # words
    does ben metrics ${filter%:*} --json
    json "j['reviews'] == ${filter##*:}" || fail "$filter"
done
does ben metrics --plain
grep -q 'Time to detect: median 1 h 00 min, quartiles' "$work/out" || fail "$(cat "$work/out")"
LC_ALL=C does ben metrics --chart --by quarter
grep -q '####' "$work/out" || fail "$(cat "$work/out")"
grep -qP '[^\x00-\x7f]' "$work/out" && fail "not ASCII: $(cat "$work/out")"
LC_ALL=C.UTF-8 does ben metrics --chart --by quarter
grep -q '█' "$work/out" || fail "$(cat "$work/out")"
does ben metrics
[ "$(cut -f2 "$work/out" | tr '\n' ' ')" = "detect triage contain recover " ] || fail "$(cat "$work/out")"
ok "metrics: figures, filters, text, bars, words"

# ---- pages, with rows that the log does not know ---------------------------------------------------
tables >"$work/before"
sql "INSERT INTO action (review, client, n, no, label, state, evidence, created_us)
     SELECT 1, 77, g, 1000 + g, 'planted ' || g || repeat('x', 150), 1, 0, g
     FROM generate_series(1, 450) g" || fail "planting"
sql "UPDATE action SET owner = 3, label = 'changed' WHERE label LIKE 'Alert on the renewal%'"
sql "DELETE FROM marker WHERE marker = 2"
sql "UPDATE review SET title = 'Another title' WHERE id = 1"
does ben actions list --json
json 'j["total"] == 453 and len({i["id"] for i in j["items"]}) == 453'
rebuild 9 --check
grep -q 'REV-1' "$work/rebuild.out" || fail "$(cat "$work/rebuild.out")"
grep -q 'action has .*planted' "$work/rebuild.err" || fail "$(cat "$work/rebuild.err")"
rebuild 9 --check --review "$rev" --json
grep -q '"differences": 455' "$work/rebuild.out" || fail "$(cat "$work/rebuild.out")"
rebuild 3 --review REV-999
rebuild 0
rebuild 0 --check
tables >"$work/after"
cmp -s "$work/before" "$work/after" || fail "not as before: $(diff "$work/before" "$work/after" | head)"
[ "$(sql 'SELECT title FROM review WHERE id = 1')" = 'Expired certificate' ] || fail "the title"
ok "pages; rebuild finds what was planted, changed and taken away, and mends it"

# ---- a life with kill -9 ---------------------------------------------------------------------------
other=REV-$(review_new ben 'Second' fay:responder) || fail "no second review"
live() { # WHO SERVER: adds and changes until told to stop
    local i=0
    while [ ! -e "$work/stop" ]; do
        i=$((i + 1))
        as "$1" actions add "$other" "work $i of $1" --owner "$1" --server "127.0.0.1:${port[$2]}" \
            --timeout 3s >/dev/null 2>&1
        as "$1" timeline add "$other" --at "$(ago "-$i min")" --mark detect \
            --server "127.0.0.1:${port[$2]}" --timeout 3s "event $i" >/dev/null 2>&1
    done
}
live ben 1 &
one=$!
live fay 2 &
two=$!
actions_of() { sql "SELECT count(*) FROM action WHERE review = ${other#REV-}"; }
for i in 1 2 3; do
    had=$(actions_of)
    until_true 60 eval "[ \$(actions_of) -gt $((had + 1)) ]" || fail "nobody gets on"
    victim=$((i % 2 + 1))
    kill -9 "${pid[$victim]}"
    until_true 10 gone "${pid[$victim]}"
    rebuild 0 --check # while the other one serves
    serve "$victim"
done
touch "$work/stop"
wait "$one" "$two"
rebuild 0 --check
tables >"$work/before"
rebuild 0
tables >"$work/after"
cmp -s "$work/before" "$work/after" || fail "not as before: $(diff "$work/before" "$work/after" | head)"
as ben journal send >/dev/null 2>&1
as fay journal send >/dev/null 2>&1
does ben actions list --review "$other" --json
cp "$work/out" "$work/across"
does ben show "$other" --section action --json
python3 -c 'import json, sys
a = {i["id"] for i in json.load(open(sys.argv[1]))["items"]}
b = {i["id"] for i in json.load(open(sys.argv[2]))["items"]}
sys.exit(a != b or len(a) < 4)' "$work/across" "$work/out" || fail "the table is not the document"
ok "two servers, kill -9: the tables are those of the log at every moment ($(actions_of) actions)"

# ---- without a server ------------------------------------------------------------------------------
for i in 1 2; do
    kill -TERM "${pid[$i]}"
    until_true 30 gone "${pid[$i]}" || fail "server $i does not stop"
done
rebuild 0 --check
rebuild 0 --review "$other"
ok "rebuild without a server"
