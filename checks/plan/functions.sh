# The functions of a plan's script. A script holds those that it calls, and those that these call. An empty line
# stands between two functions, none within one, and none is called before it stands here.

# stop WHY: the world is not as it was; what is not done yet is not done.
stop() {
    printf 'stopped: %s. Nothing further was changed.\n' "$1" >&2
    if [ -n "$fallback" ]; then "$fallback"; fi
    exit 1
}

# came_late WHAT: a step was taken, and what it is for did not come.
came_late() {
    printf 'it did not work: %s.\n' "$1" >&2
    if [ -n "$fallback" ]; then "$fallback"; fi
    exit 2
}

# as_root COMMAND: what only root may do.
as_root() {
    if [ "$(id -u)" = 0 ]; then
        "$@"
    elif command -v sudo >/dev/null 2>&1; then
        sudo -- "$@"
    else
        stop "root has to run this: $*"
    fi
}

system_systemctl() {
    case $1 in
    show) systemctl "$@" ;;
    *) as_root systemctl "$@" ;;
    esac
}

# you_agree QUESTION: only the one who runs this can know.
you_agree() {
    printf '%s [yes/no] ' "$1" >&2
    answer=
    IFS= read -r answer || true
    [ "$answer" = yes ] || stop 'that was no yes'
}

# state_of PID: its letter first, or nothing where it is gone.
state_of() {
    if [ -r /proc/self/stat ]; then
        sed 's/.*) //' "/proc/$1/stat" 2>/dev/null | cut -c 1
    else
        ps -o stat= -p "$1" 2>/dev/null
    fi
}

# is_alive PID: it exists, and is more than a zombie.
is_alive() {
    case "$(state_of "$1")" in
    '' | Z*) return 1 ;;
    esac
}

still_stopped() {
    case "$(state_of "$1")" in
    [Tt]*) ;;
    *) stop "PID $1 is not stopped any more" ;;
    esac
}

# still_silent URL: nothing answers there. No credential is sent.
still_silent() {
    command -v curl >/dev/null 2>&1 || stop "$1 cannot be asked once more, for want of curl"
    if curl -s --noproxy '*' -m 5 -o /dev/null "$1"; then stop "$1 answers now"; fi
}

# marks_of FILE...: how long each that is there is, and when it was written.
marks_of() {
    for mark; do
        [ ! -e "$mark" ] || stat -L -c '%n %s %Y' -- "$mark" 2>/dev/null || stat -L -f '%N %z %m' "$mark"
    done
}

# no_marks SECONDS FILE...: for that long nothing is written to them.
no_marks() {
    left=$1
    shift
    printf 'watching for %s s whether the gateway leaves a mark\n' "$left" >&2
    was=$(marks_of "$@")
    while [ "$left" -gt 0 ]; do
        left=$((left - 1))
        sleep 1
        [ "$(marks_of "$@")" = "$was" ] || stop 'the gateway leaves marks again'
    done
}

# until_gone PID SECONDS
until_gone() {
    left=$2
    while is_alive "$1"; do
        [ "$left" -gt 0 ] || came_late "PID $1 still lives after $2 s"
        left=$((left - 1))
        sleep 1
    done
}

# nobody_locks FILE: no gateway holds the lock of its home, or has it open where locks cannot be seen.
nobody_locks() {
    [ -e "$1" ] || return 0
    if [ -r /proc/locks ]; then
        inode=$(stat -c %i -- "$1")
        if grep -q "FLOCK .*:$inode " /proc/locks; then stop "a gateway holds $1"; fi
    else
        command -v lsof >/dev/null 2>&1 || stop "who has $1 open cannot be told, for want of lsof"
        [ -z "$(lsof -t -- "$1" 2>/dev/null)" ] || stop "a gateway has $1 open"
    fi
}

# locked_by FILE PID: that process holds the lock of the home.
locked_by() {
    if [ -r /proc/locks ]; then
        inode=$(stat -c %i -- "$1") || return 1
        grep -Eq "FLOCK .* $2 [^ ]*:$inode " /proc/locks
    else
        lsof -t -- "$1" 2>/dev/null | grep -qx "$2"
    fi
}

holds_lock() { locked_by "$1" "$2" || stop "PID $2 does not hold $1 any more"; }

# listeners_of PORT: a line for each, or an error where that cannot be told.
listeners_of() {
    if command -v ss >/dev/null 2>&1; then
        ss -Hltn "sport = :$1"
    elif command -v lsof >/dev/null 2>&1; then
        lsof -nP -iTCP:"$1" -sTCP:LISTEN -t 2>/dev/null || true
    else
        [ -r /proc/net/tcp ] || return 1
        # 0A: it listens.
        cat /proc/net/tcp /proc/net/tcp6 2>/dev/null | grep ":$(printf '%04X' "$1") [0-9A-F:]* 0A " || true
    fi
}

# free_port PORT: nobody listens there.
free_port() {
    found=$(listeners_of "$1") || stop "who listens on port $1 cannot be told, for want of ss or lsof"
    [ -z "$found" ] || stop "somebody listens on port $1 now"
}

# same_process PID TICKS COMMAND: the process is the one that was seen.
same_process() {
    [ -r "/proc/$1/stat" ] || stop "PID $1 is gone"
    [ "$(sed 's/.*) //' "/proc/$1/stat" | cut -d' ' -f20)" = "$2" ] || stop "PID $1 is another process now"
    [ "$(tr '\0' ' ' <"/proc/$1/cmdline" | sed 's/ $//')" = "$3" ] || stop "PID $1 runs another command now"
}

# same_by_ps PID START COMMAND: the process is the one that was seen, where there is no /proc.
same_by_ps() {
    [ "$(TZ=UTC LC_ALL=C ps -o lstart= -p "$1" | sed 's/ *$//')" = "$2" ] || stop "PID $1 is another process now"
    [ "$(ps -ww -o command= -p "$1" | sed 's/ *$//')" = "$3" ] || stop "PID $1 runs another command now"
}

# same_file FILE SIZE TIME: it was not written since.
same_file() {
    now=$(stat -L -c '%s %Y' -- "$1" 2>/dev/null || stat -L -f '%z %m' "$1" 2>/dev/null) || stop "$1 is gone"
    [ "$now" = "$2 $3" ] || stop "$1 was written since"
}

readable() { [ -r "$1" ] || stop "$1 cannot be read"; }

# no_turns STATUS-FILE: a restart now would cut nothing off.
no_turns() {
    grep -Eq '"active_agents": *0([^0-9]|$)' "$1" || stop "turns are under way, or $1 does not say: try again later"
}

# writer_of STATUS-FILE: the live process that says in it that it runs, or nothing.
writer_of() {
    [ -r "$1" ] || return 0
    grep -Eq '"gateway_state": *"(running|degraded)"' "$1" || return 0
    writer=$(sed -n 's/.*"pid": *\([0-9][0-9]*\).*/\1/p' "$1" | head -n 1)
    if [ -n "$writer" ] && is_alive "$writer"; then printf '%s\n' "$writer"; fi
}

# unit_is SYSTEMCTL UNIT PROPERTY VALUE
unit_is() { [ "$("$1" show -p "$3" --value "$2")" = "$4" ]; }

still_is() { unit_is "$@" || stop "$3 of $2 is not $4 any more"; }

# until_unit_is SYSTEMCTL UNIT PROPERTY VALUE SECONDS
until_unit_is() {
    left=$5
    until unit_is "$1" "$2" "$3" "$4"; do
        [ "$left" -gt 0 ] || came_late "$3 of $2 is not $4"
        left=$((left - 1))
        sleep 1
    done
}

# unit_idle SYSTEMCTL UNIT: the unit is there, has no process, and is not about to get one.
unit_idle() {
    unit_is "$1" "$2" LoadState loaded || stop "systemd does not know $2"
    case "$("$1" show -p ActiveState --value "$2")" in
    inactive | failed) ;;
    *) stop "$2 is not idle any more" ;;
    esac
}

# unit_runs SYSTEMCTL UNIT PID: the unit still has that main process.
unit_runs() {
    unit_is "$1" "$2" ActiveState active || stop "$2 is not active any more"
    unit_is "$1" "$2" MainPID "$3" || stop "PID $3 is not the main process of $2 any more"
}

# unit_has SYSTEMCTL UNIT PID: the process is the unit's main one, or stands in its group.
unit_has() {
    [ -n "$3" ] || return 1
    unit_is "$1" "$2" MainPID "$3" || grep -q "/$2\$" "/proc/$3/cgroup" 2>/dev/null
}

# until_runs SYSTEMCTL UNIT OLD-PID STATUS-FILE SECONDS: a new process of the unit says that it runs.
until_runs() {
    left=$5
    until ! unit_is "$1" "$2" MainPID "$3" && unit_has "$1" "$2" "$(writer_of "$4")"; do
        if unit_is "$1" "$2" ActiveState failed; then came_late "$2 failed"; fi
        [ "$left" -gt 0 ] || came_late "$2 did not come up in $5 s"
        left=$((left - 1))
        sleep 1
    done
}

not_lingering() { [ "$(loginctl show-user "$1" -p Linger --value)" = no ] || stop "uid $1 lingers already"; }

user_lingers() { [ "$(loginctl show-user "$1" -p Linger --value)" = yes ] || came_late "uid $1 does not linger"; }

# until_listens PID PORT: the process holds the listener.
until_listens() {
    if ! command -v ss >/dev/null 2>&1 && ! command -v lsof >/dev/null 2>&1; then
        printf 'not asked, for want of ss and lsof: who listens on port %s\n' "$2" >&2
        return 0
    fi
    left=30
    until if command -v ss >/dev/null 2>&1; then
        ss -Hltnp "sport = :$2" | grep -q "pid=$1,"
    else
        lsof -nP -a -p "$1" -iTCP:"$2" -sTCP:LISTEN >/dev/null 2>&1
    fi; do
        [ "$left" -gt 0 ] || came_late "PID $1 runs and does not listen on port $2"
        left=$((left - 1))
        sleep 1
    done
}

# until_answers URL: Hermes answers there. No credential is sent.
until_answers() {
    if ! command -v curl >/dev/null 2>&1; then
        printf 'not asked, for want of curl: %s\n' "$1" >&2
        return 0
    fi
    left=30
    until curl -s --noproxy '*' -m 5 "$1" | grep -q hermes; do
        [ "$left" -gt 0 ] || came_late "$1 does not answer as Hermes does"
        left=$((left - 1))
        sleep 1
    done
}

# proven_unit SYSTEMCTL UNIT STATUS-FILE LOCK: what gw-doctor looks at, once more. Leaves the PID in `gateway`.
proven_unit() {
    gateway=$(writer_of "$3")
    unit_has "$1" "$2" "$gateway" || came_late "$3 does not say that a process of $2 runs"
    locked_by "$4" "$gateway" || came_late "PID $gateway does not hold $4"
}

# job_pid TARGET: the process of a loaded job, or nothing. launchctl is never put into a pipe whose end would
# be taken for its own.
job_pid() {
    shown=$(launchctl print "$1" 2>/dev/null) || return 0
    printf '%s\n' "$shown" | sed -n 's/^	pid = \([0-9]*\)$/\1/p' | head -n 1
}

job_runs() { [ "$(job_pid "$1")" = "$2" ] || stop "PID $2 is not the process of $1 any more"; }

# is_loaded TARGET: no answer but 113 is taken for absence.
is_loaded() {
    code=0
    launchctl print "$1" >/dev/null 2>&1 || code=$?
    case $code in
    0) return 0 ;;
    113) return 1 ;;
    *) stop "launchctl print $1 ended with $code" ;;
    esac
}

job_idle() {
    if is_loaded "$1" && [ -n "$(job_pid "$1")" ]; then stop "$1 has a process now"; fi
}

still_loaded() { is_loaded "$1" || stop "launchd does not know $1 any more"; }

not_loaded() { if is_loaded "$1"; then stop "$1 is loaded now"; fi; }

# is_among_disabled LIST LABEL: LIST is what launchctl print-disabled prints.
is_among_disabled() { printf '%s\n' "$1" | grep -Eq "\"$2\" => (disabled|true)"; }

not_disabled() {
    listed=$(launchctl print-disabled "$1") || stop "launchctl print-disabled $1 failed"
    if is_among_disabled "$listed" "$2"; then stop "an override keeps $2 out of $1"; fi
}

came_to_be_enabled() {
    listed=$(launchctl print-disabled "$1") || came_late "launchctl print-disabled $1 failed"
    if is_among_disabled "$listed" "$2"; then came_late "an override still keeps $2 out of $1"; fi
}

# until_job_runs TARGET OLD-PID STATUS-FILE SECONDS: the job has a new process, and a live gateway says that it runs.
until_job_runs() {
    left=$4
    until now=$(job_pid "$1") && [ -n "$now" ] && [ "$now" != "$2" ] && [ -n "$(writer_of "$3")" ]; do
        [ "$left" -gt 0 ] || came_late "$1 did not come up in $4 s"
        left=$((left - 1))
        sleep 1
    done
}

# proven_job TARGET STATUS-FILE LOCK: what gw-doctor looks at, once more. Leaves the PID in `gateway`.
proven_job() {
    [ -n "$(job_pid "$1")" ] || came_late "$1 has no process"
    gateway=$(writer_of "$2")
    [ -n "$gateway" ] || came_late "$2 does not say that a gateway runs"
    locked_by "$3" "$gateway" || came_late "PID $gateway does not hold $3"
}

is_gone() {
    code=0
    launchctl print "$1" >/dev/null 2>&1 || code=$?
    [ "$code" = 113 ]
}

# until_not_loaded TARGET SECONDS: a job stays there until its process has ended.
until_not_loaded() {
    left=$2
    until is_gone "$1"; do
        [ "$left" -gt 0 ] || came_late "$1 is still loaded after $2 s"
        left=$((left - 1))
        sleep 1
    done
}

# is_anew TARGET OLD-PID: somebody loaded it meanwhile.
is_anew() {
    now=$(job_pid "$1")
    [ -n "$now" ] && [ "$now" != "$2" ]
}

# reload_job TARGET DOMAIN PLIST PID SECONDS BOOTSTRAP: nothing may come between bootout and bootstrap. So both are done by a
# process of their own, which no hang-up and no interrupt ends, and which goes on if this script is killed.
reload_job() {
    (
        trap '' HUP INT TERM
        # 36 only says that it is still under way: what counts is looked at below.
        launchctl bootout "$1" || true
        left=$5
        while [ "$left" -gt 0 ] && { is_alive "$4" || ! is_gone "$1"; }; do
            left=$((left - 1))
            sleep 1
        done
        # Whatever happened to the old process, the job must not stay unloaded.
        tries=30
        until launchctl bootstrap "$2" "$3" || is_anew "$1" "$4"; do
            tries=$((tries - 1))
            [ "$tries" -gt 0 ] || came_late "$1 could not be loaded again: run $6"
            sleep 2
        done
    ) || exit 2
}
