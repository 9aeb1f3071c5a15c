#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
#
# Reading a review and its past, over a real server: any revision again with the bytes it had then,
# who changed what when, restoring, the timeline and its durations, causes and links, threads of
# comments, and what was typed offline into a section that was locked meanwhile.
set -u
# shellcheck source=tests/integ/lib.sh
. "$(dirname "$0")/lib.sh"
rig reading
serve 1
join fay ben cyd
rev=$(review_new fay 'Checkout outage' ben:responder cyd:stakeholder) || fail "no review"
review=REV-$rev

head_of() { as fay show "$review" --json | sed -nE 's/^.*"rev": *([0-9]+).*/\1/p' | head -n 1; }

# --- the past, byte for byte ------------------------------------------------------------------------
moments=()
remember() {
    local at
    at=$(head_of)
    as ben export "$review" --as json >"$work/then.$at.json" || fail "export"
    as ben export "$review" >"$work/then.$at.md" || fail "export"
    moments+=("$at")
}
wants 0 ben timeline add "$review" --at 2026-03-01T09:12:04Z --source pager 'alert fired, queue low'
remember
wants 0 ben timeline edit "$review" E-1 'alert fired, queue high'
wants 0 fay set "$review" severity=S2 --json
json out 'j["item"]["severity"] == "high"'
remember
wants 0 ben cause add "$review" --branch why --class technical 'no limit on retries'
wants 0 ben timeline rm "$review" E-1
remember
wants 0 fay session stage "$review" causes
before=$(date -u +%Y-%m-%dT%H:%M:%S.%NZ)
sleep 0.01
wants 0 ben observe add "$review" --col well 'the drill helped'
for at in "${moments[@]}"; do
    wants 0 cyd export "$review" --as json --at "$at"
    cmp -s "$work/out" "$work/then.$at.json" || fail "other bytes at revision $at"
    wants 0 cyd export "$review@$at"
    cmp -s "$work/out" "$work/then.$at.md" || fail "other Markdown at revision $at"
done
wants 0 cyd show "$review" --at "$before" --json
json out 'j["observations"] == [] and j["review"]["stage"] == "causes"'
wants 0 cyd show "$review@${moments[0]}" E-1
has out 'queue low'
wants 3 cyd show "$review" --at 9999
has err 'no revision 9999'
wants 3 cyd show "$review" --at 2020-01-01T00:00:00Z
has err 'did not exist'
wants 2 cyd show "$review" --at yesterday
has err 'neither a revision'
wants 3 cyd show "$review@1" E-1
has err 'did not exist at revision 1'
ok "any past revision, with the bytes that it had"

# --- diff -------------------------------------------------------------------------------------------
wants 0 cyd diff "$review@${moments[0]}" "$review@${moments[1]}"
has out '[-low-]{+high+}'
has out 'severity: none -> high'
wants 0 cyd diff "$review" "${moments[1]}" "${moments[2]}" --json
json out '[i["change"] for i in j["items"] if not i["part"]] == ["remove", "add"] or len(j["items"]) > 1'
json out 'any(i["change"] == "remove" and i["entry"] == "E-1" for i in j["items"])'
wants 2 cyd diff "$review" "${moments[1]}" "${moments[0]}"
has err 'older one first'
wants 2 cyd diff "$review"
has err 'since when'
ok "diff of two moments"

# --- history ----------------------------------------------------------------------------------------
wants 0 cyd history "$review/E-1"
has out 'added E-1: alert fired, queue low'
has out '[-low-]{+high+}'
has out 'removed E-1'
has out ben
wants 0 cyd history "$review"
has out 'went to the stage causes'
lacks out 'numbered'
wants 0 cyd history "$review" --all
has out 'numbered E-1'
wants 0 cyd history "$review" --who fay --json
json out 'all(i["by"] == "fay" for i in j["items"]) and len(j["items"]) > 1'
wants 0 cyd history "$review" --field severity --json
json out 'len(j["items"]) == 1 and j["items"][0]["changes"][0]["from"] == ""'
json out 'j["items"][0]["changes"][0]["to"] == "high"'
wants 2 cyd history "$review/E-1" --field bodi
has err "did you mean 'body'"
for i in $(seq 1 40); do
    echo "line $i" | as ben edit "$review" E-1 --append --file - --offline >/dev/null 2>&1
done
wants 0 ben observe add "$review" --col well 'a long one'
for i in 1 2 3 4 5 6 7; do # revisions of which few fit into an answer
    head -c 30000 /dev/urandom | base64 -w 70 >"$work/long$i"
    wants 0 ben edit "$review" O-2 --file "$work/long$i"
done
wants 0 ben restore "$review/E-1"
# A page after the other says what all at once says.
as cyd history "$review" --all --each --json >"$work/whole"
python3 - "$work" "$client" "$review" <<'PY' || fail "pages leave revisions out"
import json, os, subprocess, sys
work, client, review = sys.argv[1:]
home = work + "/cyd"
env = dict(os.environ, PLIMSOLL_CONFIG_DIR=home, XDG_STATE_HOME=home + "/state",
           XDG_CACHE_HOME=home + "/cache")
whole = [i["rev"] for i in json.load(open(work + "/whole"))["items"]]
assert whole == list(range(1, max(whole) + 1)), whole
for limit in (1, 3, 7):
    at, got = 1, []
    while at:
        out = subprocess.run([client, "history", review, "--all", "--each", "--limit", str(limit),
                              "--since", str(at), "--json"], env=env, stdout=subprocess.PIPE)
        page = json.loads(out.stdout)
        got += [i["rev"] for i in page["items"]]
        assert len(page["items"]) <= limit
        at = page["next"]
    assert got == whole, (limit, got, whole)
PY
ok "history: who, when, from what to what; no page leaves a revision out"

# --- restore ----------------------------------------------------------------------------------------
wants 5 ben restore "$review/E-1"
has err 'is not removed'
wants 0 ben restore "$review/E-1" --at "${moments[0]}"
wants 0 cyd show "$review/E-1"
has out 'queue low'
lacks out 'line 4'
before=$(head_of)
wants 0 ben restore "$review/E-1" --at "${moments[0]}"
has err 'nothing was changed'
[ "$(head_of)" = "$before" ] || fail "restoring what is there made a revision"
wants 3 ben restore "$review/E-1" --at 2
wants 4 cyd restore "$review/E-1" --at "${moments[1]}"
wants 0 cyd history "$review/E-1"
has out 'restored E-1'
ok "restore: from removal, and fields as they were"

# --- timeline ---------------------------------------------------------------------------------------
wants 0 ben timeline add "$review" --happened '2026-03-01 10:20' --zone Europe/Berlin --skew +90s \
    --precision about:5m --known 2026-03-01T10:00:00Z --source 'pager log' --lens response \
    --json 'first page answered'
json out 'j["item"]["happened_at"] == "2026-03-01T09:18:30Z" and j["item"]["source_skew_ms"] == 90000'
json out 'j["item"]["source_zone"] == "Europe/Berlin" and j["item"]["precision"] == "about"'
json out 'j["item"]["precision_s"] == 300 and j["item"]["known_at"] == "2026-03-01T10:00:00Z"'
wants 2 ben timeline add "$review" --at '2026-03-01 10:20' 'no zone'
has err 'no time zone'
wants 2 ben timeline add "$review" --at '2026-03-29 02:30' --zone Europe/Berlin 'skipped hour'
has err 'was skipped'
wants 2 ben timeline add "$review" --at '2025-10-26 02:30' --zone Europe/Berlin 'hour seen twice'
has err '2025-10-26T02:30:00+02:00 and 2025-10-26T02:30:00+01:00'
wants 2 ben timeline add "$review" --at 2026-03-01T09:12:04Z --zone Mars/Olympus 'no such zone'
has err 'not a time zone'
wants 0 ben timeline add "$review" --at 2026-03-01T09:02:00Z 'queue grows'
wants 0 ben timeline add "$review" --at 2026-03-01T11:02:00Z --lane V 'queue is empty'
wants 0 cyd timeline list "$review" --json=id,happened_at
json out '[i["id"] for i in j["items"]] == ["E-3", "E-1", "E-2", "E-4"]'
wants 0 cyd timeline list "$review" --zone America/New_York
has out '2026-03-01T04:02:00-05:00'
wants 0 cyd timeline list "$review" --lanes
has out 'first page answered'
wants 2 cyd timeline list "$review" --lane Q
has err "not a lens"
wants 0 cyd timeline metrics "$review" --json
json out 'all(i["state"] == "pending" and i["value_s"] is None for i in j["items"])'
has out 'no event is marked impact_start'
wants 2 ben timeline mark begin "$review/E-3"
has err 'impact_start, detected, triaged, contained, recovered'
wants 0 ben timeline mark start "$review/E-3"
wants 0 ben timeline mark Detected "$review" E-1
wants 0 ben timeline mark triage "$review/E-2"
wants 0 ben timeline mark recover "$review/E-4"
wants 0 fay set "$review" na_contain='a fault, nothing to contain'
wants 0 cyd timeline metrics "$review" --json
json out '[(i["name"], i["state"], i["value_s"], i["band_s"]) for i in j["items"]] == [("detect", "recorded", 604, 0), ("triage", "recorded", 386, 300), ("contain", "not_applicable", None, None), ("recover", "recorded", 7200, 0)]'
wants 5 ben timeline mark detect "$review/E-4"
wants 5 ben timeline mark detect "$review/E-4" --replace
has err 'E-1 is marked detected already'
has err '--move takes the mark off that event'
wants 0 ben timeline mark detect "$review/E-4" --replace --also --json
json out '"E-1 is marked detected, too" in j["warnings"][0]'
wants 0 ben timeline mark recover "$review/E-4" --replace
wants 5 ben timeline edit "$review" E-2 --mark detected
has err 'E-1 is marked detected already'
wants 5 ben timeline add "$review" --at 2026-03-01T09:14:00Z --mark detected 'a second alarm'
has err 'E-1 is marked detected already'
wants 0 ben timeline edit "$review" E-2 --mark detected --move
has err 'E-1 is not marked detected any more'
has err 'E-2 is not marked triaged any more'
wants 0 cyd timeline list "$review" --mark detect --json=id
json out '[i["id"] for i in j["items"]] == ["E-2"]'
wants 0 ben timeline edit "$review" E-1 --mark detect --move
wants 0 ben set "$review/E-2" marker=recover
has err 'E-4 is marked recovered, too'
wants 0 ben timeline edit "$review" E-2 --mark ack
wants 0 cyd timeline list "$review"
has out "$(printf 'E-2\t2026-03-01T09:18:30Z\t2026-03-01T10:00:00Z\tabout 300 s\tresponse\ttriaged\tpager log\t')"
wants 0 cyd timeline list "$review" --lanes
has out "$(printf '2026-03-01T09:18:30Z\t+41 min 30 s\t')"
has out 'triaged'
wants 0 ben timeline edit "$review" E-2 --known 2026-03-01T09:10:00Z --json
json out '"known at 2026-03-01T09:10:00Z, before it happened at 2026-03-01T09:18:30Z" in j["warnings"][0]'
wants 0 ben timeline edit "$review" E-2 'first page was answered'
lacks err 'before it happened'
wants 0 ben set "$review/E-2" known_at=2026-03-01T10:00:00Z
lacks err 'before it happened'
wants 0 ben timeline edit "$review" E-2 'first page answered'
wants 0 cyd timeline gaps "$review" --min 20m --json
json out '[(i["from"], i["to"], i["gap_s"], i["in_response"]) for i in j["items"]] == [("E-2", "E-4", 6210, True)]'
wants 0 cyd timeline gaps "$review" --min 5m
[ "$(wc -l <"$work/out")" = 3 ] || fail "gaps: $(cat "$work/out")"
ok "timeline: two clocks, zones, precision; marks, durations, gaps"

# --- causes and links -------------------------------------------------------------------------------
wants 0 ben cause add "$review" --branch why --class process --factor change_control --parent F-1 \
    'limits are not part of a "change"'
wants 0 ben cause add "$review" --branch slow --class people --factor communication 'two teams, one pager'
wants 0 fay status "$review"
wants 0 ben cause link "$review/F-1" E-1 O-1
wants 0 ben cause link "$review" F-1 E-2
wants 0 ben actions add "$review" 'limit retries'
action=$(as ben actions list "$review" | cut -f1)
wants 0 ben link "$review/$action" F-1
wants 0 ben link "$review/O-1" E-2
wants 2 ben link "$review/O-1" O-1
has err 'itself'
wants 3 ben link "$review/O-1" E-99
wants 2 ben link "$review/O-1" REV-77/E-1
has err 'one review'
wants 2 ben cause link "$review/E-1" O-1
wants 0 cyd show "$review/E-1"
has out 'Linked from: F-1'
wants 0 cyd show "$review/F-1" --json
json out 'j["linked_from"] == ["'"$action"'"]'
wants 0 cyd cause tree "$review"
has out 'Why did it happen?'
has out 'Why was it not seen sooner? - nothing yet'
has out "seen in E-1, O-1, E-2; addressed by $action"
has out '    - F-2 [process/change_control]'
wants 0 cyd cause tree "$review" --json
json out '[(i["id"], i["depth"], i["under"], i["branch"]) for i in j["items"]] == [("F-1", 0, None, "why_happened"), ("F-2", 1, "F-1", "why_happened"), ("F-3", 0, None, "why_slow")]'
wants 0 cyd cause tree "$review" --format dot
has out 'F2 -> F1;'
has out 'not part of a \"change\"'
wants 0 cyd cause tree "$review" --format mermaid
has out 'F1 --> Q1'
has out '#quot;change#quot;'
wants 5 ben cause edit "$review" F-1 --parent F-2
wants 0 ben cause edit "$review" F-2 --parent none
wants 0 ben cause edit "$review" F-2 --parent F-3
wants 0 cyd cause list "$review" --branch slow --json=id
json out '[i["id"] for i in j["items"]] == ["F-3"]'
wants 0 cyd cause list "$review" --class process --json=id
json out '[i["id"] for i in j["items"]] == ["F-2"]'
wants 0 ben cause link "$review/F-1" E-1 --remove
wants 3 ben cause link "$review/F-1" E-1 --remove
has err 'not linked'
ok "causes: tree, links, parents without cycles"

# --- comments ---------------------------------------------------------------------------------------
wants 0 cyd comment add "$review/F-1" 'which release?'
wants 0 ben comment reply "$review/C-1" 'the one of Tuesday'
wants 0 fay comment reply "$review/C-2" 'thanks'
wants 0 cyd comment add "$review" 'when was the pager handed over?'
wants 2 ben comment reply "$review/F-1" 'not a comment'
has err 'is not a comment'
wants 0 cyd comment list "$review" --json
json out '[(i["id"], i["on"], i["depth"], i["by"]) for i in j["items"]] == [("C-4", "review", 0, "cyd"), ("C-1", "F-1", 0, "cyd"), ("C-2", "C-1", 1, "ben"), ("C-3", "C-2", 2, "fay")]'
wants 0 ben comment resolve "$review/C-3"
wants 0 cyd comment list "$review" --open --json=id
json out '[i["id"] for i in j["items"]] == ["C-4"]'
wants 0 cyd comment reopen "$review/C-1"
wants 0 cyd comment list "$review/F-1"
[ "$(wc -l <"$work/out")" = 3 ] || fail "comments on F-1: $(cat "$work/out")"
wants 0 cyd show "$review/F-1" --comments
has out 'C-2 on C-1, ben'
has out 'the one of Tuesday'
ok "comments: threads, resolved and reopened by their first"

# --- typed offline into a section that was locked meanwhile ---------------------------------------
stop() {
    kill -TERM "${pid[1]}"
    until_true 30 gone "${pid[1]}" || fail "the server does not end"
}
stop
wants 0 ben timeline add "$review" --at 2026-03-01T09:40:00Z --queue 'typed offline: the cache was cold'
wants 0 ben timeline edit "$review" E-2 --queue 'typed offline: page answered by two people'
serve 1
wants 0 fay session lock "$review" event
wants 7 ben journal send
wants 0 ben journal refused "$review" --json
json out 'len(j["items"]) >= 1 and all(i["code"] == "locked" and not i["offered"] for i in j["items"])'
cp "$work/out" "$work/refused"
many=$(python3 -c 'import json, sys; print(len(json.load(open(sys.argv[1]))["items"]))' "$work/out")
wants 0 ben journal refused
has out 'locked by the facilitator'
# An offer that is broken off behind its comments is taken up again, and says nothing twice.
first=$(python3 -c 'import json, sys; print(json.load(open(sys.argv[1]))["items"][0]["path"])' "$work/refused")
mkdir "${first%.cs}.offered" || fail "no $first"
wants 1 ben journal offer "$review" 1 --as comment
wants 0 ben journal refused "$review" --json
json out 'not any(i["offered"] for i in j["items"])'
wants 1 ben journal offer "$review" 1 --as comment
rmdir "${first%.cs}.offered"
for i in $(seq 1 "$many"); do
    wants 0 ben journal offer "$review" "$i" --as comment
done
wants 5 ben journal offer "$review" 1
has err 'offered already'
wants 0 ben journal refused "$review"
[ ! -s "$work/out" ] || fail "offered, and still listed: $(cat "$work/out")"
wants 0 cyd comment list "$review" --json
json out 'any("typed offline: the cache was cold" in i["body"] and "new event" in i["body"] and i["on"] == "review" for i in j["items"])'
json out 'any("answered by two people" in i["body"] and i["on"] == "E-2" for i in j["items"])'
json out 'sum("typed offline" in i["body"] for i in j["items"]) == 2'
wants 7 ben timeline add "$review" --at 2026-03-01T09:41:00Z 'offered as an action'
has err 'kept in'
wants 0 ben journal offer "$review" --as action
wants 0 cyd actions list "$review"
has out 'Meant as a new event'
wants 0 cyd timeline list "$review"
lacks out 'typed offline'
wants 0 fay session unlock "$review" event
ok "typed offline, locked meanwhile: refused, kept, offered once, read by others"

# --- guide and coach --------------------------------------------------------------------------------
wants 0 fay guide "$review"
has out causes
wants 0 fay guide "$review" --next --json
json out 'j["items"][0]["stage"] == "causes" and j["items"][0]["number"] == 1'
wants 0 fay guide "$review" --next --json
json out '[i["number"] for i in j["items"]] == [2]'
wants 0 fay guide causes --next 3 --json
json out '[i["number"] for i in j["items"]] == [3]'
wants 2 fay guide lunch
wants 0 ben cause add "$review" --branch why --class people 'The operator should have checked.'
wants 0 ben cause add "$review" --branch why --class people '> The operator should have checked.'
wants 4 ben coach "$review"
has err --mine
wants 7 fay coach "$review" --strict
wants 0 fay coach "$review" --json
json out '{i["section"]: i["count"] for i in j["items"]}["cause"] == 1'
lacks out ben
wants 0 ben coach "$review" --mine --json
json out 'len(j["items"]) == 1 and j["items"][0]["entry"] == "F-4" and j["items"][0]["line"] == 1'
finding=$(sed -nE 's/.*"finding": *"([0-9a-f]+)".*/\1/p' "$work/out")
wants 0 cyd coach "$review" --mine
[ ! -s "$work/out" ] || fail "somebody else's text is shown: $(cat "$work/out")"
wants 2 ben coach dismiss "$review/F-4" what
wants 0 ben coach dismiss "$review/F-4" "$finding"
wants 0 ben coach "$review" --mine --json
json out 'j["items"] == [] and j["dismissed"] == 1'
wants 0 ben cause edit "$review" F-5 'The operator should have checked.'
wants 0 ben coach "$review" --mine --json
json out '[i["entry"] for i in j["items"]] == ["F-5"]'
wants 0 ben coach dismiss "$review" "$finding" --for-good
wants 0 ben coach "$review" --mine --json
json out 'j["items"] == [] and j["dismissed"] == 2'
wants 0 fay coach "$review" --json
json out '{i["section"]: i["count"] for i in j["items"]}["cause"] == 2'
wants 0 ben coach dismiss "$review" "$finding" --undo
wants 0 ben coach "$review" --mine --json
json out 'len(j["items"]) == 2'
ok "guide step by step; the coach: own findings, counts for the facilitator, dismissed in private"

# --- what is said to wrong words --------------------------------------------------------------------
wants 2 ben timeline rm "$review" F-1
has err 'F-1 is of kind cause'
wants 2 fay set "$review" zone=Mars/Olympus
has err 'look like Europe/Berlin'
wants 2 fay set "$review" status=closed
has err 'not set by hand'
wants 4 cyd timeline add "$review" --at 2026-03-01T09:00:00Z 'not for a stakeholder'
has err 'not for a stakeholder'
wants 2 ben actions add "$review" --owner nobody 'whose?'
has err 'people list'
wants 2 ben show "$review" --section lunch
has err 'observation'
wants 0 ben show "$review" --section causes
has out F-1
wants 2 ben cause agree "$review/F-1" maybe
has err 'yes, no, back'
ok "wrong words: what happened, why, what next"

# --- many changes in one revision -----------------------------------------------------------------
# A reveal copies all drafts at once.
wants 0 fay session seal "$review" observation
seq -f 'card %g' 1 80 | as ben observe add "$review" - --col well >/dev/null 2>&1 || fail "80 cards"
wants 0 fay session reveal "$review" observation
wants 0 cyd history "$review" --all --each --json
json out 'any(i["more"] and len(i["changes"]) == 200 < i["changes_total"] for i in j["items"])'
json out 'all(i["more"] or len(i["changes"]) == i["changes_total"] for i in j["items"])'
json out 'any("--whole" in w for w in j["warnings"])'
wants 0 cyd history "$review" --all --each --json --whole
json out 'not j["warnings"] and any(i["changes_total"] > 200 for i in j["items"])'
json out 'all(not i["more"] and len(i["changes"]) == i["changes_total"] for i in j["items"])'
ok "history: a large revision in part says so, and whole when it is asked for"
