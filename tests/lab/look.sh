#!/bin/sh
# Runs in the machine, as the user: everything that the live test wants to know of one state, in sections.
# $1 is gw-doctor, $2 says whether the home can be compared (`still`) or its gateway is started anew all the time,
# $3 which service manager to ask.
doctor=$1
manager=${3:-auto}
home=$HOME/.hermes
work=$(mktemp -d)
section() { printf '\n=== %s\n' "$1"; }
manifest() {
    find "$home" "$HOME/.config" -printf '%p %y %m %s %T@ %C@\n' 2>/dev/null | sort
    find "$home" "$HOME/.config" -type f -exec sha256sum {} + 2>/dev/null | sort
}

section text
"$doctor" check --manager "$manager"
code=$?
section exit
echo $code
# A host that moves may have moved between the report and the snapshot: then both are taken again.
verdicts() { grep -E '"(check|verdict)": ' "$1"; }
for _ in 1 2 3 4 5; do
    "$doctor" check --manager "$manager" --format json >"$work"/live
    "$doctor" snapshot --manager "$manager" >"$work"/snapshot.json
    "$doctor" check --manager "$manager" --from "$work"/snapshot.json --format json >"$work"/replay
    verdicts "$work"/live >"$work"/verdicts
    verdicts "$work"/replay | cmp -s - "$work"/verdicts && break
done
section live
cat "$work"/live
section replay
cat "$work"/replay
section snapshot
cat "$work"/snapshot.json
# Nothing is read from these but that they hold no secret.
for format in markdown html github junit sarif prometheus nagios; do
    section "$format"
    "$doctor" check --manager "$manager" --format "$format"
done

if [ "$2" = still ]; then
    # A gateway that is stopped writes nothing: what changes now, gw-doctor changed.
    gateways=$(pgrep -u "$(id -u)" -f 'gateway run')
    for pid in $gateways; do kill -STOP "$pid"; done
    manifest >"$work"/before
    for command in check plan snapshot; do
        strace -f -y -qq -s 64 -o "$work/trace.$command" "$doctor" "$command" --manager "$manager" --timeout 3 >/dev/null
    done
    manifest >"$work"/after
    for pid in $gateways; do kill -CONT "$pid"; done
    section changed
    diff "$work"/before "$work"/after
    section files
    wc -l <"$work"/before
    section trace
    cat "$work"/trace.*
fi
