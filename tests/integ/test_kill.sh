#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
#
# Twelve people type while servers, PostgreSQL's processes and the people's own programs are killed
# at random moments (kill -9), over one and two server processes on one database. Then everything
# is started again, the people come back with their journals, and: every edit that was shown as
# saved is in the log exactly once, every edit that was typed has arrived, nobody's edit is doubled,
# and all copies are the same to the byte, also as the servers export them.
#
#   PL_SEED       first seed (default: random; printed)
#   PL_SEEDS      how many, default 10; each is one review
#   PL_KILLS      how many processes are killed in each, default 7
set -u
# shellcheck source=tests/integ/lib.sh
. "$(dirname "$0")/lib.sh"
kill=$build/tests/integ/kill
[ -x "$kill" ] || exit 77
seed=${PL_SEED-$((RANDOM * 32768 + RANDOM))}
seeds=${PL_SEEDS-10}
victims=${PL_KILLS-7}
people=12
users=(ana ben cem dua)
declare -a typist=()
declare -A kills=([server]=0 [backend]=0 [postmaster]=0 [client]=0)
typed_all=0
saved_all=0
options=(--set limits.connections_per_user=100 --set limits.connections_per_device=100
    --set limits.handshakes_per_s=1000 --set limits.half_open_per_address=256
    --set limits.snapshot_revisions=64 --set limits.room_idle=200ms)

# pick N: a number below N in $picked (RANDOM counts on only in this shell, not in a subshell)
pick() { picked=$((RANDOM % $1)); }
nap_ms() { sleep "$(printf '0.%03d' "$1")"; }

user_of() { echo "${users[$(($1 % ${#users[@]}))]}"; }

# any_server: the address of one of them in $picked
any_server() {
    pick "$nodes"
    picked=127.0.0.1:${port[$((picked + 1))]}
}

# person K MODE ARGS...: runs the helper with K's device and disk; three share one machine
person() {
    local k=$1 mode=$2 user
    user=$(user_of "$k")
    shift 2
    exec "$kill" "$mode" --config "$work/$user" --state "$work/$user/state-$review" --id "$k" \
        --review "$review" "$@"
}

type_start() {
    local k=$1
    any_server
    person "$k" type --server "$picked" --log "$logs/$k.log" --seed $((seed * 32768 + RANDOM)) \
        2>>"$logs/$k.err" &
    typist[k]=$!
    disown "${typist[$k]}"
}

kill_server() {
    pick "$nodes"
    local i=$((picked + 1))
    kill -9 "${pid[$i]}" 2>/dev/null
    kills[server]=$((kills[server] + 1))
    pick 300
    nap_ms "$picked"
    serve_start "$i" "${options[@]}"
}

kill_backend() {
    local pm all
    pm=$(postmaster)
    alive "$pm" || return
    mapfile -t all < <(pgrep -P "$pm")
    [ ${#all[@]} -gt 0 ] || return
    pick ${#all[@]}
    kill -9 "${all[$picked]}" 2>/dev/null
    kills[backend]=$((kills[backend] + 1))
}

kill_postmaster() {
    local pm
    pm=$(postmaster)
    alive "$pm" || return
    local all=()
    pick 2
    [ "$picked" = 0 ] && mapfile -t all < <(pgrep -P "$pm")
    kill -9 "$pm" "${all[@]}" 2>/dev/null
    kills[postmaster]=$((kills[postmaster] + 1))
}

kill_client() {
    pick $people
    local k=$picked
    kill -9 "${typist[$k]}" 2>/dev/null
    kills[client]=$((kills[client] + 1))
    type_start "$k"
}

havoc() {
    pick 10
    case $picked in
    0 | 1 | 2) kill_server ;;
    3 | 4) kill_backend ;;
    5) kill_postmaster ;;
    *) kill_client ;;
    esac
}

# all_of WHAT ARGS...: every person does it at the same time
all_of() {
    local what=$1 k bad=0 waits=()
    shift
    for ((k = 0; k < people; k++)); do
        any_server
        local args=(--server "$picked" "$@")
        [ "$what" = copies ] && args+=(--out "$logs/copy$k")
        person "$k" dump --wait 90 "${args[@]}" 2>>"$logs/$k.err" &
        waits+=($!)
    done
    for k in "${waits[@]}"; do
        wait "$k" || bad=1
    done
    return $bad
}

lost() {
    cp -r "$logs" "$work/failed" 2>/dev/null
    cat "$logs"/*.err "$logs"/check.out 2>/dev/null | tail -n 20
    fail "seed $seed (PL_SEED=$seed PL_SEEDS=1): $*"
}

settle() {
    local k i
    for ((k = 0; k < people; k++)); do # some stop in an orderly way, some do not
        kill -"$([ $((k % 3)) = 0 ] && echo 9 || echo TERM)" "${typist[$k]}" 2>/dev/null
    done
    for ((k = 0; k < people; k++)); do
        # a signal that meets the shell between its fork and its exec is swallowed by the shell's trap
        until_true 5 gone "${typist[$k]}" || kill -TERM "${typist[$k]}" 2>/dev/null
        until_true 20 gone "${typist[$k]}" || lost "person $k does not end"
    done
    for ((i = 1; i <= nodes; i++)); do
        alive "${pid[$i]}" || serve_start "$i" "${options[@]}"
        serve_wait "$i" 60
    done
}

judge() {
    local head typed saved k i
    any_server
    (person 0 check --server "$picked" --logs "$logs" --out "$logs/fresh" --wait 60) >"$logs/check.out" \
        2>"$logs/check.err" || lost "the judge: $(head -n 5 "$logs/check.err")"
    read -r head typed saved <"$logs/check.out"
    all_of copies --rev "$head" || lost "not all copies reach revision $head"
    for ((k = 0; k < people; k++)); do
        for i in doc md digest; do
            cmp -s "$logs/fresh.$i" "$logs/copy$k.$i" || lost "copy $k.$i is another one"
        done
    done
    for ((i = 1; i <= nodes; i++)); do
        as "${users[i]}" export "$review" --as md --server "127.0.0.1:${port[$i]}" >"$logs/export$i.md" \
            2>>"$logs/check.err" || lost "export from server $i"
        cmp -s "$logs/fresh.md" "$logs/export$i.md" || lost "server $i exports another copy"
    done
    typed_all=$((typed_all + typed))
    saved_all=$((saved_all + saved))
    [ "$typed" -gt 0 ] || lost "nobody typed"
}

one_seed() {
    local k
    RANDOM=$((seed % 32768))
    nodes=$((1 + seed % 2))
    review=$(review_new ana "Seed $seed" ben:responder cem:responder dua:responder) ||
        fail "new: $(cat "$work/new.out")"
    [ -n "$review" ] || fail "no number of the review in: $(cat "$work/new.out")"
    logs=$work/seed$seed
    mkdir "$logs"
    [ "$nodes" = 2 ] && ! alive "${pid[2]-}" && serve 2 "${options[@]}"
    for ((k = 0; k < people; k++)); do
        type_start "$k"
    done
    until_true 30 test -s "$logs/0.log" || lost "nobody begins to type"
    for ((k = 0; k < victims; k++)); do
        pick 500
        nap_ms $((20 + picked))
        havoc
    done
    settle
    all_of sent || lost "not everything that was typed could be sent"
    judge
    rm -rf "$logs" "$work"/*/state-"$review"
}

rig kill
serve 1 "${options[@]}"
join "${users[@]}"
echo "first seed $seed"
for ((run = 0; run < seeds; run++)); do
    one_seed
    seed=$((seed + 1))
done
ok "$seeds seeds, $people people: $typed_all tokens typed, $saved_all shown as saved, none lost or doubled;" \
    "killed: ${kills[server]} servers, ${kills[postmaster]} postmasters, ${kills[backend]} backends," \
    "${kills[client]} clients"
