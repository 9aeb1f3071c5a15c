#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
#
# The keeper, a process of its own that holds the CA's key: the serving process has it neither in
# memory nor open; it dies with its server and is started again when it dies; joins go on after that,
# one key for each invite; it believes no order; the server's certificate is renewed while serving.
# shellcheck source=tests/integ/lib.sh
. "$(dirname "$0")/lib.sh"
command -v openssl >/dev/null || exit 77
command -v python3 >/dev/null || exit 77

rig keeper
serve 1

psql_app() { # as the database's owner of the cluster
    local as=()
    [ "$(id -u)" = 0 ] && as=(runuser -u postgres --)
    "${as[@]}" psql -h "$data/run" -d plimsoll -U postgres -qAtX -c "SET search_path = plm; $1"
}
keeper_of() { pgrep -P "${pid[1]}" -f '^plimsolld keeper' | head -n 1; }
has_keeper() { alive "$(keeper_of)" && "$server" status | grep -q "process $(keeper_of): database there"; }
until_true 20 has_keeper || fail "no keeper: $("$server" status)"

# ---- where the key is ----------------------------------------------------------------------------
# Does this process's memory hold the bytes of the private scalar?
cat >"$work/look.py" <<'PY'
import sys
pid, scalar = sys.argv[1], bytes.fromhex(sys.argv[2])
needles = (scalar, scalar[::-1], sys.argv[2].encode())
found = False
with open(f"/proc/{pid}/maps") as maps, open(f"/proc/{pid}/mem", "rb", 0) as mem:
    for line in maps:
        span, rights = line.split()[:2]
        if "r" not in rights or "[v" in line:
            continue
        at, end = (int(x, 16) for x in span.split("-"))
        try:
            mem.seek(at)
            held = mem.read(end - at)
        except OSError:
            continue
        found = found or any(n in held for n in needles)
print("found" if found else "none")
PY
scalar_of() { openssl ec -in "$1" -noout -text 2>/dev/null | sed -n '/priv:/,/pub:/p' | grep '^ ' | tr -d ' :\n' | sed 's/^00//'; }
issuing=$(scalar_of "$data/tls/issuing.key")
own=$(scalar_of "$data/tls/server.key")
[ ${#issuing} -ge 60 ] || fail "no scalar: $issuing"
join ana
if [ "$(id -u)" = 0 ] && python3 "$work/look.py" "${pid[1]}" "$own" >"$work/look.out" 2>&1; then
    grep -q found "$work/look.out" || fail "the server's own key is not found in it: the search is blind"
    [ "$(python3 "$work/look.py" "${pid[1]}" "$issuing")" = none ] ||
        fail "the CA's key is in the serving process's memory"
    [ "$(python3 "$work/look.py" "$(keeper_of)" "$issuing")" = found ] || fail "the keeper has no key"
    ok "the CA's key is in the keeper's memory and not in the server's"
else
    echo "skip: reading another process's memory is not allowed here"
fi
ls -l "/proc/${pid[1]}/fd" >"$work/fds"
! grep -qE 'issuing\.key|log\.key|/log/' "$work/fds" || fail "the serving process has a key open"
for p in "/proc/$(keeper_of)/fd/"*; do
    readlink "$p"
done >"$work/fds"
! grep -qE '\.key$|TCP' "$work/fds" || fail "the keeper holds: $(cat "$work/fds")"
[ "$(sed -nE 's/^Max core file size +([0-9]+) .*/\1/p' "/proc/$(keeper_of)/limits")" = 0 ] || fail "the keeper may dump core"
grep -q '^NoNewPrivs:.1' "/proc/$(keeper_of)/status" || fail "the keeper may gain privileges"
ok "no key is open"

"$server" keeper >"$work/out" 2>&1 && fail "somebody can run a keeper"
grep -q "started by 'serve' alone" "$work/out" || fail "keeper by hand: $(cat "$work/out")"

# ---- it dies ---------------------------------------------------------------------------------------
# Invites of people who join while the keeper is killed again and again: each joins in the end.
people=12
for i in $(seq $people); do
    "$server" invite "p$i" --host 127.0.0.1 --port "${port[1]}" 2>/dev/null >"$work/p$i.invite" || fail "invite"
done
keep_joining() {
    local i=$1 n
    for n in $(seq 200); do
        as "p$i" join - <"$work/p$i.invite" >"$work/p$i.out" 2>&1 && return 0
        grep -qE 'cannot enrol|does not answer|reach|no answer' "$work/p$i.out" || break
        sleep 0.1
    done
    cp "$work/p$i.out" "$work/p$i.failed"
}
for i in $(seq $people); do
    keep_joining "$i" &
    started+=($!)
done
kills=0
another_keeper() { [ -n "$(keeper_of)" ] && [ "$(keeper_of)" != "$k" ]; }
k=
while [ $kills -lt 4 ]; do
    until_true 15 another_keeper || break
    k=$(keeper_of)
    if kill -9 "$k" 2>/dev/null; then kills=$((kills + 1)); fi
done
wait
for i in $(seq $people); do
    [ ! -e "$work/p$i.failed" ] || fail "p$i did not join: $(cat "$work/p$i.failed")"
    as "p$i" whoami >/dev/null || fail "p$i is not known"
done
[ $kills -gt 0 ] || fail "nothing was killed"
[ "$(psql_app 'SELECT count(*) FROM device')" = $((people + 1)) ] || fail "devices: $(psql_app 'SELECT * FROM device')"
[ "$(psql_app 'SELECT count(*) FROM (SELECT i.id FROM invite i JOIN certificate c ON c.device = i.used_device
    GROUP BY i.id HAVING count(DISTINCT c.spki_sha256) > 1) x')" = 0 ] || fail "two keys for one invite"
[ "$(psql_app 'SELECT count(*) FROM certificate c JOIN device d ON d.id = c.device WHERE c.spki_sha256 <> d.spki_sha256')" = 0 ] ||
    fail "a certificate for another key"
[ "$(psql_app "SELECT (SELECT count(*) FROM certificate) = (SELECT count(*) FROM audit_event WHERE kind = x'010A'::int4)")" = t ] ||
    fail "certificates and events differ"
as ana whoami >/dev/null || fail "ana was disturbed"
ok "$people people joined while the keeper was killed $kills times, one key each"

# ---- it is stopped: the rest goes on -----------------------------------------------------------------
until_true 20 has_keeper || fail "no keeper again"
"$server" invite kim --host 127.0.0.1 --port "${port[1]}" 2>/dev/null >"$work/kim.invite"
kill -STOP "$(keeper_of)"
as kim join - <"$work/kim.invite" >"$work/out" 2>&1 && fail "joined without a keeper"
grep -q 'cannot enrol devices now' "$work/out" || fail "join without a keeper: $(cat "$work/out")"
as ana whoami >/dev/null || fail "serving does not go on without a keeper"
until_true 30 grep -q 'keeper\.silent' "$(log_of 1)" || fail "a silent keeper is not noticed"
until_true 20 has_keeper || fail "a silent keeper is not replaced"
as kim join - <"$work/kim.invite" >"$work/out" 2>&1 || fail "join afterwards: $(cat "$work/out")"
ok "a keeper that is silent is replaced, and who waited joins with the same invite"

# ---- it believes nobody ------------------------------------------------------------------------------
# An invite whose act was forged in the database: a facilitator's name under what he did not sign.
review=$(review_new ana 'Forged') || fail "new: $(cat "$work/new.out")"
as ana invite new "REV-$review" --user dee --name Dee --role responder >"$work/dee.invite" 2>"$work/out" ||
    fail "invite: $(cat "$work/out")"
as ana invite new "REV-$review" --user eli --name Eli --role stakeholder >"$work/eli.invite" 2>"$work/out" ||
    fail "invite: $(cat "$work/out")"
psql_app "UPDATE review_invite SET role = 1 WHERE user_name = 'eli'"
as eli join - <"$work/eli.invite" >"$work/out" 2>&1 && fail "a forged role is enrolled"
grep -q 'invite is not valid' "$work/out" || fail "forged role: $(cat "$work/out")"
grep -q 'keeper\.forged_invite' "$(log_of 1)" || fail "a forgery is not logged"
[ "$(psql_app "SELECT count(*) FROM usr WHERE user_name = 'eli'")" = 0 ] || fail "eli exists"
as dee join - <"$work/dee.invite" >"$work/out" 2>&1 || fail "dee: $(cat "$work/out")"
ok "an invite that says what nobody signed is refused, an honest one taken"

app_may() { psql_app "SELECT has_$1_privilege('plm_app', $2)"; }
[ "$(app_may table "'device', 'INSERT'")" = f ] || fail "the server's role can make devices"
[ "$(psql_app "SELECT bool_or(has_function_privilege('plm_app', oid, 'EXECUTE')) FROM pg_proc WHERE proname = 'plimsoll_join'")" = f ] ||
    fail "the server's role can use invites up"
ok "the server's role can neither make devices nor use invites up"

# ---- not too many ------------------------------------------------------------------------------------
kill "${pid[1]}"
until_true 20 gone "${pid[1]}" || fail "the server does not end"
n=$(psql_app 'SELECT count(*) FROM certificate' 2>/dev/null)
[ -z "$n" ] || fail "PostgreSQL runs on"
serve 1 --set limits.certificates_per_hour=1
"$server" invite max --host 127.0.0.1 --port "${port[1]}" 2>/dev/null >"$work/max.invite"
as max join - <"$work/max.invite" >"$work/out" 2>&1 && fail "more certificates than may be in an hour"
grep -q 'too many attempts' "$work/out" || fail "too many: $(cat "$work/out")"
ok "no more certificates in an hour than configured"

# ---- it dies with its server -------------------------------------------------------------------------
until_true 20 has_keeper || fail "no keeper"
k=$(keeper_of)
kill -9 "${pid[1]}"
until_true 10 gone "$k" || fail "the keeper outlives its server"
serve 1
ok "the keeper ends with its server"

# ---- the server's certificate ------------------------------------------------------------------------
ends() { # of the certificate that is served, in days from now
    echo | timeout 10 openssl s_client -connect 127.0.0.1:"${port[1]}" -alpn plimsoll-join/1 2>/dev/null |
        openssl x509 -noout -checkend $((86400 * $1)) >/dev/null
}
ends 300 || fail "the first certificate is short"
name=$(openssl x509 -in "$data/tls/server.pem" -noout -ext subjectAltName | grep -o 'd-[0-9a-f]*\.plimsoll\.internal')
openssl req -new -key "$data/tls/server.key" -subj "/CN=$name" -out "$work/short.csr" 2>/dev/null
printf 'basicConstraints=critical,CA:FALSE\nkeyUsage=critical,digitalSignature\nextendedKeyUsage=serverAuth\nsubjectAltName=DNS:%s\nsubjectKeyIdentifier=hash\nauthorityKeyIdentifier=keyid\n' "$name" >"$work/ext"
openssl x509 -req -in "$work/short.csr" -CA "$data/tls/issuing.pem" -CAkey "$data/tls/issuing.key" -days 5 \
    -set_serial 77 -extfile "$work/ext" -out "$work/short.pem" 2>/dev/null || fail "no short certificate"
cat "$work/short.pem" "$data/tls/issuing.pem" "$data/tls/root.pem" >"$data/tls/server.pem"
kill -HUP "${pid[1]}"
until_true 20 grep -q 'tls\.server_certificate_renewed' "$(log_of 1)" || fail "not renewed"
until_true 10 ends 300 || fail "the short certificate is still served"
openssl x509 -in "$data/tls/server.pem" -noout -checkend $((86400 * 300)) >/dev/null || fail "not on disk"
as ana whoami >/dev/null || fail "ana does not trust the new certificate"
ok "the server's certificate is renewed through the keeper while it serves"
echo "all of the keeper holds"
