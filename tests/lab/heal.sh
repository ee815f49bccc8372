#!/bin/sh
# Runs in the machine, as the user: the printed plan, unedited; what gw-doctor says then; and the plan once more.
doctor=$1
manager=${2:-auto}
work=$(mktemp -d)
section() { printf '\n=== %s\n' "$1"; }
section plan
"$doctor" plan --manager "$manager" | tee "$work"/plan.sh
section run
sh "$work"/plan.sh 2>&1
code=$?
section run-exit
echo $code
section text
"$doctor" check --manager "$manager"
code=$?
section exit
echo $code
pid() {
    case $manager in
    launchd) launchctl print "gui/$(id -u)/ai.hermes.gateway" | grep 'pid = ' ;;
    *) systemctl --user show -p MainPID hermes-gateway.service ;;
    esac
}
pid >"$work"/pid
section again
sh "$work"/plan.sh 2>&1
code=$?
section again-exit
echo $code
section same-process
pid | cmp - "$work"/pid && echo yes
