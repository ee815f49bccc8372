#!/bin/sh
# Runs in the machine, as the user: the printed plan, unedited; what gw-doctor says then; and the plan once more.
doctor=$1
section() { printf '\n=== %s\n' "$1"; }
section plan
"$doctor" plan | tee /tmp/plan.sh
section run
sh /tmp/plan.sh 2>&1
code=$?
section run-exit
echo $code
section text
"$doctor" check
code=$?
section exit
echo $code
pid() { systemctl --user show -p MainPID hermes-gateway.service; }
pid >/tmp/pid
section again
sh /tmp/plan.sh 2>&1
code=$?
section again-exit
echo $code
section same-process
pid | cmp - /tmp/pid && echo yes
