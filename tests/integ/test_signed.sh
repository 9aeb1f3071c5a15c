#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
#
# Acts that are signed: verifying, closing, waiving, dropping. What the verbs say and the log keeps;
# what changed between looking and signing; statements that do not fit; who may not at all.
set -u
# shellcheck source=tests/integ/lib.sh
. "$(dirname "$0")/lib.sh"
cheat=$build/tests/integ/acts
[ -x "$cheat" ] || exit 77

rig signed
serve 1
serve 2
join fay ben cyd
no=$(review_new fay 'Signed' ben:responder cyd:stakeholder) || fail "new"
rev=REV-$no

ago() { date -u -d "$1" +%Y-%m-%dT%H:%M:%SZ; }
sql() { psql -X -h "$data/run" -p 5432 -U plimsoll -d plimsoll -Atqc "$1" 2>>"$work/psql.log"; }

# --- waiving ----------------------------------------------------------------------------------------
does fay waive "$rev" T36 --reason 'read on the phone'
grep -q 'To be signed with the key of this device: waive' "$work/out" || fail "not shown: $(cat "$work/out")"
grep -q 'because: T36 read on the phone' "$work/out" || fail "no reason shown: $(cat "$work/out")"
grep -q 'waived; signed' "$work/out" || fail "not said: $(cat "$work/out")"
refused 4 '' ben waive "$rev" T05 --reason 'no right'
timeout 120 "$cheat" --config "$work/fay" --other "$work/ben" --review "$no" ||
    fail "a spoilt statement was not refused as it must"
ok "waiving is signed; spoilt, foreign and repeated statements are refused"

# --- into the session -------------------------------------------------------------------------------
does fay set "$rev" severity=high kind=operations "session_start=$(ago '1 hour')" session_minutes=60
does ben timeline add "$rev" --at "$(ago '-100 hours')" --mark start --source ticket 'the queue filled'
does ben timeline add "$rev" --at "$(ago '-99 hours')" --mark detect --lane D --source pager \
    --set detected_by=alert 'the probe alerted'
does ben timeline add "$rev" --at "$(ago '-98 hours')" --mark recover --lane V --source log 'it was emptied'
does fay rule add "$rev" 'We speak of systems.'
does ben rule accept "$rev"
does fay session start "$rev"
does ben cause add "$rev" --branch why --class technical --factor misconfiguration 'no limit'
does ben cause add "$rev" --branch slow --class process --factor unclear_procedure 'an old runbook'
does ben cause agree "$rev/F-1" yes
does ben actions add "$rev" 'Watch the queue'
does ben actions add "$rev" 'Limit the queue' --control detection \
    --kind alerting --owner ben --due "$(date -u -d '+20 days' +%F)" --finish 'a test pages' \
    --set impact=3 --set feasibility=3 --set tracker_key=OPS-7 --set "measure_what=days of notice" \
    --set measure_unit=days --set measure_baseline=0 --set measure_target=14
first=$(as fay actions list "$rev" --text Watch | cut -f1)
second=$(as fay actions list "$rev" --text Limit | cut -f1)

# --- dropping, and what changed meanwhile -----------------------------------------------------------
# asked WHO EXPECT MEANWHILE... -- ARGS...: runs a verb on a terminal, does MEANWHILE when it asks to
# sign, and says yes; its exit status must be EXPECT.
asked() {
    python3 - "$@" <<'PY'
import os, pty, select, subprocess, sys, time

who, expect, *rest = sys.argv[1:]
cut = rest.index("--")
meanwhile, args = rest[:cut], rest[cut + 1:]
pid, fd = pty.fork()
if pid == 0:
    os.execve("/bin/bash", ["bash", "-c", 'as_seen "$@"', "x", who, *args], os.environ)
said = b""
done = False
end = time.time() + 60
while time.time() < end:
    r, _, _ = select.select([fd], [], [], 1)
    if r:
        try:
            got = os.read(fd, 4096)
        except OSError:
            break
        if not got:
            break
        said += got
    if b"Sign it?" in said and not done:
        done = True
        if meanwhile:
            subprocess.run(["bash", "-c", 'as "$@"', "x", *meanwhile], check=True,
                           stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
                           stderr=subprocess.DEVNULL)
        os.write(fd, b"y\n")
_, status = os.waitpid(pid, 0)
code = os.waitstatus_to_exitcode(status)
sys.stdout.write(said.decode(errors="replace"))
sys.exit(0 if done and code == int(expect) else 1)
PY
}
# as `as`, but in front of its terminal
as_seen() {
    local home=$work/$1
    shift
    PLIMSOLL_CONFIG_DIR=$home XDG_STATE_HOME=$home/state XDG_CACHE_HOME=$home/cache exec "$client" "$@"
}
export -f as as_seen
export work client build

asked fay 5 ben actions edit "$rev/$first" --set impact=2 -- actions drop "$rev/$first" \
    --reason 'the queue went' >"$work/out" || fail "signed what had changed: $(cat "$work/out")"
grep -q 'changed since you looked; look again' "$work/out" || fail "not said: $(cat "$work/out")"
asked fay 0 ben comment add "$rev/$second" 'beside it' -- actions drop "$rev/$first" \
    --reason 'the queue went' >"$work/out" || fail "not dropped: $(cat "$work/out")"
as fay actions list "$rev" --all --json | grep -q '"dropped"' || fail "not dropped"
ok "what changed between looking and signing is refused, what is beside it is not"

# --- verifying and closing --------------------------------------------------------------------------
does fay actions commit "$rev/$second"
does ben actions accept "$rev/$second"
does fay session end "$rev"
does ben actions proof "$rev/$second" CHG-1 --kind change
does ben actions 'done' "$rev/$second"
refused 4 'owner' ben actions verify "$rev/$second"
as cyd actions verify "$rev/$second" --json >"$work/out" 2>/dev/null </dev/null || fail "verify"
python3 - "$work/out" "${second#A-}" <<'PY' || fail "no proof: $(cat "$work/out")"
import json, sys
j = json.load(open(sys.argv[1]))
s = j["signed"]
sys.exit(not (s["kind"] == "verify" and s["object"] == int(sys.argv[2]) and len(s["sha256"]) == 64))
PY
refused 5 'verified' cyd actions verify "$rev/$second"
does cyd actions effect "$rev/$second" --result effective --value 14 --note 'paged in the drill'
does fay status "$rev" closed
refused 4 'second person' fay close "$rev"
asked cyd 5 ben comment add "$rev" 'wait' -- close "$rev" >"$work/out" ||
    fail "closed what had changed: $(cat "$work/out")"
grep -q 'changed since you looked' "$work/out" || fail "not said: $(cat "$work/out")"
does cyd close "$rev"
grep -q 'closed; signed' "$work/out" || fail "not said: $(cat "$work/out")"
ok "verified and closed by a second person, signed"

# --- what the log holds ------------------------------------------------------------------------------
if ! command -v psql >/dev/null || ! sql 'SELECT 1' >/dev/null; then
    echo "note: tables not looked at: psql cannot ask the database here"
    exit 0
fi
for kind in 2:1 3:1 8:1; do
    [ "$(sql "SELECT count(*) FROM plm.signed_act WHERE kind = ${kind%:*} AND review = $no")" = "${kind#*:}" ] ||
        fail "signed acts of kind $kind: $(sql 'SELECT kind, count(*) FROM plm.signed_act GROUP BY kind')"
done
[ "$(sql "SELECT count(*) FROM plm.signed_act WHERE review = $no")" = \
    "$(sql "SELECT count(*) FROM plm.audit_event WHERE review = $no AND kind = 528")" ] ||
    fail "not one leaf for each act"
# each leaf ends with the signature that stands in the table
[ "$(sql "SELECT count(*) FROM plm.signed_act s JOIN plm.audit_event e ON e.review = s.review
    AND e.kind = 528 AND e.actor = s.usr
    AND position(plm.signed_tlv(s.head, s.signature, s.spki) IN e.leaf) > 0
    AND position(sha256(s.seen) IN e.leaf) > 0 WHERE s.review = $no")" = \
    "$(sql "SELECT count(*) FROM plm.signed_act WHERE review = $no")" ] || fail "leaves do not fit"
# and openssl agrees, without any of our code
sql "SELECT encode(head, 'hex') || ' ' || encode(signature, 'hex') || ' ' || encode(spki, 'hex')
    FROM plm.signed_act WHERE kind = 3 AND review = $no" >"$work/act"
python3 - "$work" <<'PY' || fail "no act"
import sys
for name, text in zip(("head", "sig", "spki"), open(sys.argv[1] + "/act").read().split()):
    open(f"{sys.argv[1]}/{name}.bin", "wb").write(bytes.fromhex(text))
PY
openssl pkey -pubin -inform DER -in "$work/spki.bin" -out "$work/spki.pem" || fail "no key"
openssl dgst -sha256 -verify "$work/spki.pem" -signature "$work/sig.bin" "$work/head.bin" \
        >/dev/null || fail "openssl does not take the signature"
ok "acts and leaves go together, and openssl takes the signature"

# --- and the verifier takes them from an export --------------------------------------------------------
is_sealed() { "$server" audit status 2>/dev/null | awk -F'\t' '$1 == "seal_lag_ms" { exit $2 != 0 }'; }
until_true 30 is_sealed || fail "not sealed"
"$server" audit export "$work/log" >"$work/export" 2>&1 || fail "export: $(cat "$work/export")"
signed=$(sql "SELECT count(*) FROM plm.signed_act")
"$client" verify --json "$work/log" >"$work/verify" 2>&1 || fail "verify: $(cat "$work/verify")"
[ "$(jq .signatures "$work/verify")" = "$signed" ] || fail "of $signed signatures: $(cat "$work/verify")"
tr 0-9a-f 1-9a-f0 <"$work/log/organisation" >"$work/other" && cp "$work/other" "$work/log/organisation"
"$client" verify "$work/log" >"$work/verify" 2>&1 && fail "another organisation is not noticed"
ok "plimsoll verify takes all $signed signatures from an export"
