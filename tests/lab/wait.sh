#!/bin/sh
# Runs in the machine, as the user: what gw-doctor says when it is told to wait while the gateway comes and goes.
# $1 is gw-doctor.
doctor=$1
work=$(mktemp -d)
section() { printf '\n=== %s\n' "$1"; }

systemctl --user restart hermes-gateway
section settle
"$doctor" check --settle 60 --format json
code=$?
section settle-exit
echo $code

# Whether the first look comes before the start or after it is all the same to what is said in the end.
systemctl --user stop hermes-gateway
"$doctor" check --wait-until healthy --timeout 90 --format json >"$work"/up &
waiting=$!
systemctl --user start hermes-gateway
wait $waiting
code=$?
section up
cat "$work"/up
section up-exit
echo $code

systemctl --user stop hermes-gateway
section down
"$doctor" check --wait-until healthy --timeout 1 --format json 2>"$work"/said
code=$?
section exit
echo $code
section said
cat "$work"/said
