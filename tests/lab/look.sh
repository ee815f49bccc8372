#!/bin/sh
# Runs in the machine, as the user: everything that the live test wants to know of one state, in sections.
# $1 is gw-doctor, $2 says whether the home can be compared (`still`) or its gateway is started anew all the time.
doctor=$1
home=$HOME/.hermes
section() { printf '\n=== %s\n' "$1"; }
manifest() {
    find "$home" "$HOME/.config" -printf '%p %y %m %s %T@ %C@\n' 2>/dev/null | sort
    find "$home" "$HOME/.config" -type f -exec sha256sum {} + 2>/dev/null | sort
}

section text
"$doctor" check
code=$?
section exit
echo $code
section live
"$doctor" check --format json
"$doctor" snapshot >/tmp/snapshot.json
section replay
"$doctor" check --from /tmp/snapshot.json --format json
section snapshot
cat /tmp/snapshot.json

if [ "$2" = still ]; then
    # A gateway that is stopped writes nothing: what changes now, gw-doctor changed.
    gateways=$(pgrep -u "$(id -u)" -f 'gateway run')
    for pid in $gateways; do kill -STOP "$pid"; done
    manifest >/tmp/before
    for command in check plan snapshot; do
        strace -f -y -qq -s 64 -o "/tmp/trace.$command" "$doctor" "$command" --timeout 3 >/dev/null
    done
    manifest >/tmp/after
    for pid in $gateways; do kill -CONT "$pid"; done
    section changed
    diff /tmp/before /tmp/after
    section files
    wc -l </tmp/before
    section trace
    cat /tmp/trace.*
fi
