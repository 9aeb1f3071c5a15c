#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
#
# Who takes part stands in a table and in the document. A server killed between the two leaves them
# different: when the review opens again they become the same by themselves, in both directions, and
# repeating the command that had no answer shows what it did.
set -u
# shellcheck source=tests/integ/lib.sh
. "$(dirname "$0")/lib.sh"
command -v psql >/dev/null || exit 77
rig people
serve 1
join fay ben cyd
no=$(review_new fay 'Expired certificate' ben:responder) || fail "no review"
rev=REV-$no
sql() { psql -X -h "$data/run" -p 5432 -U plimsoll -d plimsoll -Atqc "$1" 2>>"$work/psql.log"; }
[ "$(sql 'SELECT 1')" = 1 ] || {
    echo "psql cannot ask the database here"
    exit 77
}
# Participants as the document has them.
shown() {
    as fay show "$rev" --json | python3 -c '
import json, sys
def walk(x):
    if isinstance(x, dict):
        if x.get("kind") == "participant" or "handle" in x:
            print(x.get("handle"), x.get("role"))
        for v in x.values():
            walk(v)
    elif isinstance(x, list):
        for v in x:
            walk(v)
walk(json.load(sys.stdin))' | sort -u | tr '\n' ';'
}
shows() { [ "$(shown)" = "$1" ]; }
killed() {
    kill -KILL "${pid[1]}"
    until_true 20 gone "${pid[1]}" || fail "the server does not die"
}

shows 'ben responder;fay facilitator;' || fail "at first: $(shown)"
killed
cat >"$work/lost.sql" <<SQL
INSERT INTO plm.membership (review, usr, role, duty, since_us)
    SELECT $no, id, 3, 0, plm.now_us() FROM plm.usr WHERE user_name = 'cyd';
UPDATE plm.membership SET role = 3 WHERE review = $no
    AND usr = (SELECT id FROM plm.usr WHERE user_name = 'ben');
SQL
sql "$(cat "$work/lost.sql")" || fail "psql: $(cat "$work/psql.log")"
serve 1
until_true 20 shows 'ben stakeholder;cyd stakeholder;fay facilitator;' || fail "after: $(shown)"
ok "who was added and changed without a revision is shown when the review opens"

killed
sql "DELETE FROM plm.membership WHERE review = $no
    AND usr = (SELECT id FROM plm.usr WHERE user_name = 'cyd')" || fail "psql"
serve 1
until_true 20 shows 'ben stakeholder;fay facilitator;' || fail "removed: $(shown)"
ok "who was removed without a revision is shown no longer"

# The review is open by now, so nothing is compared: the repeated command shows it.
sql "INSERT INTO plm.membership (review, usr, role, duty, since_us)
    SELECT $no, id, 2, 0, plm.now_us() FROM plm.usr WHERE user_name = 'cyd'" || fail "psql"
as fay people add "$rev" cyd --role responder >"$work/out" 2>&1 || fail "$(cat "$work/out")"
shows 'ben stakeholder;cyd responder;fay facilitator;' || fail "repeated: $(shown)"
as ben observe add "$rev" --col well 'short' >"$work/out" 2>&1 && fail "a stakeholder observes"
ok "a command that is repeated shows what it did"
