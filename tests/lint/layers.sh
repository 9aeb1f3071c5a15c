#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
#
# Who may include whom. A folder includes itself and the folders listed for it here, no other:
# upward traffic goes through callbacks. Libraries belong to one folder each.
set -u
cd "$(dirname "$0")/../.." || exit 1
status=0

# allow FOLDER INCLUDABLE...: plimsoll/X for proto, bare folder names for server and client
declare -A allowed
allow() {
    local folder=$1
    shift
    allowed[$folder]=" $* "
}
allow proto/base
allow proto/merge base
allow proto/wire base merge
allow proto/tls base
allow proto/doc base merge coach
allow proto/render base doc merge
allow proto/coach base
allow proto/anon base
allow proto/tlog base
allow proto/verify base tls doc

low="ops"
allow server/ops
allow server/net $low
allow server/store $low
allow server/audit $low store
allow server/keeper $low store audit
allow server/auth $low store audit keeper
allow server/room $low store audit auth
allow server/review
allow server/publish $low store audit auth
allow server/search $low store audit auth
allow server/notify $low store audit auth
allow server/feed $low store audit auth
allow server/jobs $low store audit auth
allow server/cmd $low store audit auth room review publish search notify feed jobs
allow server/session $low store audit auth net room review publish search notify feed jobs cmd

allow client/net
allow client/sync
allow client/model net sync
allow client/coach
allow client/export model sync
allow client/import model sync
allow client/cli net model sync export import coach
allow client/ui net model sync export import coach

complain() {
    echo "$1: $2"
    status=1
}

# includes FOLDER...: prints "file:line:included" of every source in them
includes() {
    grep -rnHE --include='*.[ch]' '^#include' "$@" | sed -E 's/#include *["<]([^">]+)[">].*/\1/'
}
# folder_of PATH: its first folder in include/plimsoll, proto, server or client, as proto/X, server/X;
# without a process: this runs some thousand times.
folder_of() {
    local rest=${1#include/plimsoll/}
    folder=proto
    [ "$rest" = "$1" ] && folder=${1%%/*} rest=${1#*/}
    folder=$folder/${rest%%/*}
}

# Between the folders of proto/: the sources and the headers that belong to them.
while IFS=: read -r file line what; do
    folder_of "$file"
    case $what in
    plimsoll/*)
        target=${what#plimsoll/} target=${target%%/*}
        [ "$what" = plimsoll/wire/limits.h ] && continue # numbers only, for everybody
        if [ "proto/$target" != "$folder" ] && [[ ${allowed[$folder]-} != *" $target "* ]]; then
            complain "$file:$line" "$folder may not include $what"
        fi
        ;;
    uv.h | uv/* | libpq* | curses.h | ncurses* | sys/socket.h | netinet/* | netdb.h)
        complain "$file:$line" "proto/ is free of loops, sockets and databases: $what"
        ;;
    esac
done < <(includes include/plimsoll proto)

# Between the folders of each program. Files directly in server/ and client/ compose all, and so
# do the commands of the host in server/ops, which set up and administer a whole server.
host_commands='^server/ops/(init|admin[a-z_]*|local)\.[ch]$'
for program in server client; do
    other=client
    [ $program = client ] && other=server
    while IFS=: read -r file line what; do
        folder_of "$file"
        [[ $what == */* ]] || continue
        target=${what%%/*}
        if [[ $what == "$other"/* || $what == ../* ]]; then
            complain "$file:$line" "$program/ may not include $what"
        fi
        [ -d "$program/$target" ] || continue
        [ -f "$folder" ] && continue # server/main.c and its like
        [[ $file =~ $host_commands ]] && continue
        if [ "$program/$target" != "$folder" ] && [[ ${allowed[$folder]-} != *" $target "* ]]; then
            complain "$file:$line" "$folder may not include $what"
        fi
    done < <(includes $program)
done

# only PATTERN FOLDER-PATTERN WHY
only() {
    local hits
    hits=$(grep -rnE --include='*.[ch]' "^#include *[\"<]$1" include proto server client |
        grep -vE "^($2)")
    if [ -n "$hits" ]; then
        echo "$hits"
        complain "    ^" "$3"
    fi
}
only 'openssl/' 'proto/tls/' 'only proto/tls uses OpenSSL'
only 'libpq' 'server/store/' 'only server/store uses libpq'
only '[^">]*\.pb-c\.h' 'proto/wire/codec' 'only the codec sees the generated schema'
only '(ncurses|curses|term)' 'client/ui/' 'only client/ui draws'
exit $status
