#!/bin/sh
# Runs in the machine, as the user: the printed plan, unedited and answered with yes; what gw-doctor says then; what
# changed; and the plan once more, which must stop at a guard.
# $1 is gw-doctor, $2 says which service manager to ask.
doctor=$1
manager=${2:-auto}
work=$(mktemp -d)
section() { printf '\n=== %s\n' "$1"; }
manifest() {
    find "$HOME/.hermes" "$HOME/.config" "$HOME/Library" -printf '%p %y %m %l\n' 2>/dev/null | sort
    find "$HOME/.hermes" "$HOME/.config" "$HOME/Library" -type f -exec sha256sum {} + 2>/dev/null | sed 's/^\([^ ]*\)  \(.*\)/\2 \1/' | sort
}
services() {
    systemctl --user list-units --all --plain --no-legend --type service 2>/dev/null | awk '{ print "unit", $1, $3 }'
    systemctl --user list-unit-files --plain --no-legend --type service 2>/dev/null | awk '{ print "file", $1, $2 }'
    systemctl list-units --all --plain --no-legend --type service 'hermes*' 2>/dev/null | awk '{ print "system", $1, $3 }'
    systemctl list-unit-files --plain --no-legend 'hermes*' 2>/dev/null | awk '{ print "system-file", $1, $2 }'
    loginctl show-user "$(id -u)" -p Linger
}
pid() {
    case $manager in
    launchd) launchctl print "gui/$(id -u)/ai.hermes.gateway" | grep 'pid = ' ;;
    *) systemctl --user show -p MainPID hermes-gateway.service ;;
    esac
}

section before
"$doctor" check --manager "$manager"
code=$?
section before-exit
echo $code
section plan
"$doctor" plan --manager "$manager" | tee "$work"/plan.sh
manifest >"$work"/before
services >"$work"/services
section run
began=$(date +%s%N)
yes yes | sh "$work"/plan.sh 2>&1
code=$?
ended=$(date +%s%N)
section run-exit
echo $code
section seconds
echo "$(((ended - began) / 100000000))" | sed 's/.$/.&/; s/^[.]/0./'
section text
"$doctor" check --manager "$manager"
code=$?
section exit
echo $code
section home
manifest | diff "$work"/before - | sed -n 's/^[<>] \([^ ]*\) .*/\1/p' | sort -u
section services
services | diff "$work"/services - | grep '^[<>]'
pid >"$work"/pid
section again
yes yes | sh "$work"/plan.sh 2>&1
code=$?
section again-exit
echo $code
section same-process
pid | cmp - "$work"/pid && echo yes
