#!/bin/sh
# Stands for every program that a plan's script speaks to, under that program's name. What is so stands in files of
# $WORLD; what would have changed the host is noted in $WORLD/calls, and is so from then on.
# $WORLD/kill, if it is there, holds a signal and the number of the call at which the script gets it.
program=${0##*/}
count=$(($(cat "$WORLD/count" 2>/dev/null || echo 0) + 1))
echo "$count" >"$WORLD/count"
if [ -r "$WORLD/kill" ] && read -r signal at <"$WORLD/kill" && [ "$at" = "$count" ]; then
    # A terminal sends its signals to all that run in it; only a kill is meant for one.
    case $signal in
    KILL) kill -s KILL "$(cat "$WORLD/victim")" ;;
    *) kill -s "$signal" -- "-$(cat "$WORLD/victim")" ;;
    esac
fi
known() { cat "$WORLD/$1" 2>/dev/null; }
change() {
    echo "$program $*" >>"$WORLD/calls"
}
# up FILE: a gateway starts, takes its lock, and says that it runs. Its PID goes to the file.
up() {
    flock -F "$(known home)/gateway.lock" /bin/sleep 60 </dev/null >/dev/null 2>&1 &
    echo "$!" >"$WORLD/$1"
    echo "$!" >>"$WORLD/started"
    printf '{"gateway_state": "running", "pid": %s, "active_agents": 0}\n' "$!" >"$(known home)/gateway_state.json"
}

case $program in
id) known uid ;;
sleep)
    # A gateway that is awake again leaves marks.
    if [ -r "$WORLD/awake" ]; then echo mark >>"$(known home)/cron/ticker_heartbeat"; fi
    ;;
sudo)
    [ "$1" != -- ] || shift
    exec "$@"
    ;;
ss | lsof)
    [ ! -r "$WORLD/blind" ] || exit 1
    known listeners
    case $* in
    *p\ *) echo "users:((pid=$(known MainPID),),(pid=$(known loaded),))" ;;
    esac
    ;;
curl)
    # As long as that process serves, nothing answers.
    if [ -r "$WORLD/silent" ] && [ "$(known silent)" = "$(known MainPID)" ]; then exit 28; fi
    echo '{"platform": "hermes-agent"}'
    ;;
loginctl)
    case $1 in
    show-user) known Linger ;;
    *) change "$@" && echo yes >"$WORLD/Linger" ;;
    esac
    ;;
systemctl)
    [ "$1" != --user ] || shift
    case $1 in
    show) known "$3" ;;
    *)
        change "$@"
        case $1 in
        start | restart)
            echo active >"$WORLD/ActiveState"
            up MainPID
            ;;
        stop) echo inactive >"$WORLD/ActiveState" && echo 0 >"$WORLD/MainPID" ;;
        reset-failed) echo inactive >"$WORLD/ActiveState" ;;
        daemon-reload) echo no >"$WORLD/NeedDaemonReload" ;;
        enable) echo enabled >"$WORLD/UnitFileState" ;;
        disable) echo disabled >"$WORLD/UnitFileState" ;;
        esac
        ;;
    esac
    ;;
launchctl)
    case $1 in
    print)
        # launchctl itself can fail.
        [ ! -r "$WORLD/launchctl" ] || exit "$(known launchctl)"
        # A job that was booted out stays until its process has ended, which takes that many looks.
        if [ -r "$WORLD/ends" ]; then
            read -r ends <"$WORLD/ends"
            if [ "$ends" -gt 0 ]; then echo $((ends - 1)) >"$WORLD/ends"; else rm "$WORLD/loaded" "$WORLD/ends"; fi
        fi
        [ -r "$WORLD/loaded" ] || exit 113
        if [ -s "$WORLD/loaded" ]; then printf '\tpid = %s\n' "$(known loaded)"; fi
        ;;
    print-disabled) known disabled || true ;;
    *)
        change "$@"
        case $1 in
        bootout)
            if [ -r "$WORLD/draining" ]; then
                cp "$WORLD/draining" "$WORLD/ends"
                exit 36
            fi
            rm -f "$WORLD/loaded"
            ;;
        bootstrap | kickstart)
            up loaded
            ;;
        esac
        ;;
    esac
    ;;
esac
