"""Runs as root inside the machine: brings it into the state, sees that it is there, and runs the command.

Each state is a function. It acts on the real systemd, the real Hermes and real files, and ends by
making sure of what it was after; whatever cannot be made sure of ends the run. The act is the same on
every release. Where a release answers it in its own way, the function waits for that answer.
"""

import json
import os
import plistlib
import pwd
import shlex
import shutil
import signal
import subprocess
import sys
import time
import urllib.error
import urllib.request
from pathlib import Path

USER = "lab"
HOME = Path("/home/lab")
HERMES_HOME = HOME / ".hermes"
LAB = Path(os.environ.get("LAB", "/nowhere"))
RELEASES = ["0.19.0", "0.21.5", "0.22.2"]
RELEASE = os.environ.get("RELEASE", RELEASES[-1])
VENV = Path("/opt/hermes")
HERMES = VENV / "bin" / "hermes"
SHARED = Path("/run/lab")
PORT = 8642
KEY = "0123456789abcdef" * 3
# The machine has no network, where a start would try for half a minute to fetch what it could do with.
CONFIG = "model:\n  default: anthropic/claude-opus-4.6\nsecurity:\n  allow_lazy_installs: false\n"
UNIT = "hermes-gateway.service"
UNIT_FILE = HOME / ".config/systemd/user" / UNIT


def since(release):
    """True if the release of this machine is that one or a later one."""
    return RELEASES.index(RELEASE) >= RELEASES.index(release)


def environment():
    uid = pwd.getpwnam(USER).pw_uid
    return {
        "HOME": str(HOME), "USER": USER, "LOGNAME": USER, "SHELL": "/bin/bash", "LANG": "C.UTF-8", "TERM": "dumb",
        "PATH": f"{VENV}/bin:/usr/local/bin:/usr/bin:/bin:/usr/sbin:/sbin",
        "XDG_RUNTIME_DIR": f"/run/user/{uid}", "DBUS_SESSION_BUS_ADDRESS": f"unix:path=/run/user/{uid}/bus",
    }


def user(*words, check=True, **more):
    """Runs a command as the user, outside any session."""
    return subprocess.run(
        [str(word) for word in words], user=USER, group=USER, extra_groups=[], env=environment(), cwd="/",
        check=check, text=True, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, **more,
    ).stdout


def systemctl(*words, check=True):
    return user("systemctl", "--user", *words, check=check)


def hermes(*words, **more):
    return user(HERMES, *words, **more)


def session(*words, log="/tmp/session.log"):
    """Leaves a command running in a login session, as somebody's terminal would."""
    script = SHARED / f"terminal-{time.monotonic_ns()}"
    settings = " ".join(shlex.quote(f"{name}={value}") for name, value in environment().items())
    script.write_text(f"cd {HOME}\nexec env -i {settings} {shlex.join(map(str, words))}\n")
    script.chmod(0o644)
    with open(log, "wb") as out:
        subprocess.Popen(
            ["setsid", "su", USER, "-s", "/bin/bash", "--session-command", f". {script}"],
            stdin=subprocess.DEVNULL, stdout=out, stderr=out,
        )


def until(what, holds, seconds=60):
    end = time.monotonic() + seconds
    while True:
        try:
            if holds():
                return
        except (OSError, ValueError, KeyError, subprocess.CalledProcessError):
            pass
        if time.monotonic() > end:
            sys.exit(f"timed out: {what}\n{journal()}")
        time.sleep(0.05)


def journal():
    said = subprocess.run(["journalctl", "--no-pager", "-n", "40", "-o", "cat"], capture_output=True, text=True)
    return said.stdout


def unit(*names, name=UNIT):
    shown = systemctl("show", "-p", ",".join(names), name).splitlines()
    found = dict(line.split("=", 1) for line in shown if "=" in line)
    return [found.get(name, "") for name in names]


def health(port=PORT):
    with urllib.request.urlopen(f"http://127.0.0.1:{port}/health", timeout=2) as answer:
        return json.load(answer)


def is_healthy(port=PORT):
    return health(port).get("platform") == "hermes-agent"


def status(home=HERMES_HOME):
    return json.loads((home / "gateway_state.json").read_text())


def state(home=HERMES_HOME):
    return status(home)["gateway_state"]


def recorded_pid():
    return json.loads((HERMES_HOME / "gateway.pid").read_text())["pid"]


def listens():
    return subprocess.run(["ss", "-Hltn", f"sport = :{PORT}"], capture_output=True).stdout != b""


def write(path, text, mode=0o600):
    """Writes a file as the user would."""
    account = pwd.getpwnam(USER)
    for above in reversed([path.parent, *path.parent.parents]):
        if not above.exists():
            above.mkdir(mode=0o700)
            os.chown(above, account.pw_uid, account.pw_gid)
    path.write_text(text)
    path.chmod(mode)
    os.chown(path, account.pw_uid, account.pw_gid)


def configure(home=HERMES_HOME, key=KEY, port=PORT):
    lines = ["API_SERVER_ENABLED=true", "API_SERVER_HOST=127.0.0.1", f"API_SERVER_PORT={port}"]
    lines += [f"API_SERVER_KEY={key}"] if key else []
    write(home / ".env", "\n".join(lines) + "\n")
    write(home / "config.yaml", CONFIG)


def install(enable=True):
    hermes("gateway", "install", "--no-start-now", "--start-on-login" if enable else "--no-start-on-login")
    systemctl("enable" if enable else "disable", UNIT)


def install_system():
    """What `sudo hermes gateway install --system` leaves."""
    asked = ["gateway", "install", "--no-start-now", "--start-on-login", "--system", "--run-as-user", USER]
    root = {"HOME": "/root", "USER": "root", "LOGNAME": "root", "SUDO_USER": USER, "LANG": "C.UTF-8", "TERM": "dumb"}
    path = {"PATH": f"{VENV}/bin:/usr/sbin:/usr/bin:/sbin:/bin"}
    subprocess.run([HERMES, *asked], env=root | path, cwd="/", stdin=subprocess.DEVNULL, check=True)
    subprocess.run(["chown", "-R", f"{USER}:{USER}", HERMES_HOME], check=True)
    assert not UNIT_FILE.exists()


def start(name=UNIT):
    systemctl("start", name)


def wait_up(home=HERMES_HOME, port=PORT):
    until("the health endpoint", lambda: is_healthy(port))
    until("gateway_state.json says running", lambda: state(home) == "running", 20)
    until("the first tick", (home / "cron/ticker_last_success").exists, 20)


def is_restarting(times, status=None):
    """Asks twice: just before a start systemd has counted it, and still says that it waits."""
    for _ in range(2):
        sub, restarts, code = unit("SubState", "NRestarts", "ExecMainStatus")
        if sub != "auto-restart" or int(restarts) < times or status not in (None, int(code)):
            return False
        time.sleep(0.5)
    return True


def site_packages():
    return next((VENV / "lib").glob("python3.*/site-packages"))


def main_pid():
    return int(unit("MainPID")[0])


def script(name, text, home=HERMES_HOME):
    write(home / "scripts" / name, text, 0o755)


def create_job(name, schedule, file, *profile):
    said = hermes(*profile, "cron", "create", "--name", name, schedule, "--no-agent", "--script", file)
    return next(line.split(": ", 1)[1].strip() for line in said.splitlines() if "Created job" in line)


def edit_job(ident, key, value):
    path = HERMES_HOME / "cron/jobs.json"
    store = json.loads(path.read_text())
    for job in store["jobs"]:
        if job["id"] == ident:
            job[key] = value
    write(path, json.dumps(store, indent=2))


def job(ident):
    store = json.loads((HERMES_HOME / "cron/jobs.json").read_text())
    return next(job for job in store["jobs"] if job["id"] == ident)


def create_jobs():
    """Two jobs: the first tick runs the one that is returned, and the other waits for the night."""
    script("ok.sh", "echo ok\n")
    create_job("nightly-report", "0 4 * * *", "ok.sh")
    due = create_job("hourly-report", "every 60m", "ok.sh")
    edit_job(due, "next_run_at", hours_ago(0))
    return due


def wait_run(due):
    until("the job has run", lambda: job(due)["last_status"] == "ok", 90)
    until("its worker is gone", lambda: "hermes-worker" not in systemctl("list-units", "--plain", "--no-legend"), 20)


def hours_ago(hours):
    return time.strftime("%Y-%m-%dT%H:%M:%S.000000+00:00", time.gmtime(time.time() - 3600 * hours))


def healthy():
    install()
    start()
    wait_up()


def healthy_with_jobs():
    install()
    due = create_jobs()
    start()
    wait_up()
    wait_run(due)


def healthy_system():
    install_system()
    subprocess.run(["systemctl", "start", UNIT], check=True)
    wait_up()


def healthy_system_with_jobs():
    install_system()
    due = create_jobs()
    subprocess.run(["systemctl", "start", UNIT], check=True)
    wait_up()
    wait_run(due)


def three_profiles():
    """The default one and two more, each with a key and a job. One gateway serves them all from 0.21.5 on."""
    profiles = {"coder": PORT + 1, "work": PORT + 2}
    for name, port in profiles.items():
        hermes("profile", "create", name, "--no-alias")
        configure(HERMES_HOME / "profiles" / name, port=port)
        script("ok.sh", "echo ok\n", HERMES_HOME / "profiles" / name)
        create_job("nightly-report", "0 4 * * *", "ok.sh", "-p", name)
    install()
    start()
    wait_up()
    if since("0.21.5"):
        until("all are served", lambda: set(status()["served_profiles"]) >= set(profiles))
        for name in profiles:
            until(f"{name} is ticked", (HERMES_HOME / "profiles" / name / "cron/ticker_last_success").exists)
        return
    for name, port in profiles.items():
        hermes("-p", name, "gateway", "install", "--no-start-now", "--start-on-login")
        systemctl("enable", f"hermes-gateway-{name}.service")
        start(f"hermes-gateway-{name}.service")
    for name, port in profiles.items():
        wait_up(HERMES_HOME / "profiles" / name, port)


def starting():
    """A start whose imports take their time, as they do from a slow disk."""
    slow = "import sys, time; 'run' in sys.orig_argv and time.sleep(600)\n"
    (site_packages() / "slow.pth").write_text(slow)
    install()
    start()
    until("it sleeps", lambda: "nanosleep" in Path(f"/proc/{main_pid()}/wchan").read_text(), 20)
    assert unit("ActiveState", "SubState") == ["active", "running"]


def stopped():
    """`systemctl stop`: a planned stop, from 0.21.5 on; a signal from nobody knows where, before."""
    healthy()
    systemctl("stop", UNIT)
    ended, left = (["inactive", "success", "0"], "stopped") if since("0.21.5") else (["failed", "exit-code", "1"], "running")
    assert unit("ActiveState", "Result", "ExecMainStatus") == ended, unit("ActiveState", "Result", "ExecMainStatus")
    assert state() == left, state()


def not_installed():
    assert not UNIT_FILE.exists() and not listens()


def installed_not_enabled_not_running():
    install(enable=False)
    assert unit("ActiveState") == ["inactive"]


def foreground_owns_port():
    install()
    session("nohup", HERMES, "gateway", "run")
    wait_up()
    assert unit("ActiveState") == ["inactive"]


def port_stolen_by_foreign():
    install()
    session("python3", "-m", "http.server", "--bind", "127.0.0.1", "--directory", "/tmp", str(PORT))
    until("the stranger listens", listens, 20)
    start()
    until("the gateway gives up", lambda: unit("ActiveState", "ExecMainStatus") == ["failed", "78"])


def runs_without_listening():
    install()
    start()
    until("it runs", lambda: state() == "running" and unit("SubState") == ["running"])
    until("the first tick", (HERMES_HOME / "cron/ticker_last_success").exists, 20)
    assert not listens()


def api_key_missing():
    configure(key=None)
    runs_without_listening()


def aiohttp_missing():
    site = site_packages()
    for found in [site / "aiohttp", *site.glob("aiohttp-*.dist-info")]:
        subprocess.run(["rm", "-r", found], check=True)
    if not since("0.21.5"):
        return runs_without_listening()
    install()
    start()
    until("it ends a second time", lambda: is_restarting(1, 1), 120)


def wedged_process():
    healthy()
    pid = main_pid()
    os.kill(pid, signal.SIGSTOP)
    until("it is stopped", lambda: "State:\tT" in Path(f"/proc/{pid}/status").read_text(), 10)


def frozen():
    healthy()
    systemctl("freeze", UNIT)
    assert unit("FreezerState", "ActiveState") == ["frozen", "active"]


def frozen_past_systemd():
    """By the file of a group above it, as some tools that save power do: systemd is not asked."""
    healthy()
    pid = main_pid()
    group = next(line[3:] for line in Path(f"/proc/{pid}/cgroup").read_text().splitlines() if line.startswith("0::"))
    group = Path("/sys/fs/cgroup") / group.strip("/")
    (group.parent / "cgroup.freeze").write_text("1")
    until("it is frozen", lambda: "frozen 1" in (group / "cgroup.events").read_text(), 10)
    assert unit("FreezerState", "ActiveState") == ["running", "active"]


def held_by_debugger():
    healthy()
    pid = main_pid()
    attach = f"import ctypes, time; ctypes.CDLL(None).ptrace(16, {pid}, None, None); time.sleep(1000)"
    subprocess.Popen([sys.executable, "-c", attach], stdin=subprocess.DEVNULL)
    until("it is held", lambda: "State:\tt" in Path(f"/proc/{pid}/status").read_text(), 10)


def small_home():
    """Puts the home on a file system of its own, of 24 MiB."""
    account = pwd.getpwnam(USER)
    kept = Path("/run/kept")
    shutil.copytree(HERMES_HOME, kept)
    options = f"size=24m,mode=700,uid={account.pw_uid},gid={account.pw_gid}"
    subprocess.run(["mount", "-t", "tmpfs", "-o", options, "tmpfs", HERMES_HOME], check=True)
    subprocess.run(["cp", "-a", f"{kept}/.", HERMES_HOME], check=True)
    subprocess.run(["chown", "-R", f"{USER}:{USER}", HERMES_HOME], check=True)


def disk_full():
    small_home()
    healthy()
    for size in ["64k", "1k"]:
        user("dd", "if=/dev/zero", f"of={HERMES_HOME}/fill-{size}", f"bs={size}", check=False)
    room = os.statvfs(HERMES_HOME)
    assert room.f_bavail == 0, room


def home_read_only():
    healthy()
    subprocess.run(["mount", "--bind", HERMES_HOME, HERMES_HOME], check=True)
    subprocess.run(["mount", "-o", "remount,bind,ro", HERMES_HOME], check=True)


def mounted_over():
    """A copy of the home without its records is mounted over it while the gateway runs."""
    healthy()
    # A younger one may still be making its files.
    until("it is some seconds old", lambda: time.time() - os.stat(f"/proc/{main_pid()}").st_mtime > 7, 20)
    other = Path("/srv/other")
    subprocess.run(["cp", "-a", HERMES_HOME, other], check=True)
    for name in ["gateway.pid", "gateway.lock", "gateway_state.json"]:
        (other / name).unlink(missing_ok=True)
    subprocess.run(["mount", "--bind", other, HERMES_HOME], check=True)


def package_removed():
    healthy()
    subprocess.run(["rm", "-r", site_packages() / "hermes_cli"], check=True)


def started_by_timer():
    """Its own unit is not enabled, and a timer that is starts it."""
    install()
    systemctl("disable", UNIT)
    timer = UNIT_FILE.with_name("hermes-gateway.timer")
    write(timer, f"[Timer]\nOnStartupSec=1\nUnit={UNIT}\n[Install]\nWantedBy=timers.target\n", 0o644)
    systemctl("daemon-reload")
    systemctl("enable", "--now", timer.name)
    until("the timer has started it", lambda: unit("ActiveState") == ["active"], 60)
    wait_up()
    assert unit("UnitFileState") == ["disabled"]


def stale_pid_file():
    healthy()
    pid = main_pid()
    os.kill(pid, signal.SIGKILL)
    until("systemd sees the end", lambda: is_restarting(0), 20)
    systemctl("stop", UNIT)
    until("it is gone", lambda: not Path(f"/proc/{pid}").exists(), 20)
    assert (HERMES_HOME / "gateway.pid").exists() and state() == "running"


def break_import():
    """Takes away what reads config.yaml, as an upgrade does that ends half-way."""
    subprocess.run(["rm", "-r", site_packages() / ("ruamel" if since("0.22.2") else "yaml")], check=True)


def crash_loop():
    install()
    break_import()
    start()
    until("two restarts", lambda: is_restarting(2, 1))


def open_journal():
    """Lets the user read the journal, which this machine keeps in memory."""
    subprocess.run(["chmod", "-R", "o+rX", "/run/log/journal"], check=True)


def crash_loop_told_by_journal():
    """The same, and the user may read the journal, as on most hosts."""
    crash_loop()
    open_journal()


def code_half_updated():
    """A file of its code is cut off in the middle."""
    install()
    main = site_packages() / "hermes_cli/main.py"
    main.write_text(main.read_text()[:20000] + "\ndef (\n")
    start()
    until("two restarts", lambda: is_restarting(2, 1))
    open_journal()


def program_without_its_interpreter():
    """The first line of the program names an interpreter that is not there."""
    install()
    program = HOME / "start-hermes"
    write(program, "#!/opt/no/such/python\n", 0o755)
    text = UNIT_FILE.read_text()
    line = next(line for line in text.splitlines() if line.startswith("ExecStart="))
    write(UNIT_FILE, text.replace(line, f"ExecStart={program} gateway run"), 0o644)
    systemctl("daemon-reload")
    start()
    until("two restarts", lambda: is_restarting(2, 203))
    open_journal()


def cron_ticker_stalled():
    script("ok.sh", "echo ok\n")
    install()
    create_job("nightly-report", "every 30m", "ok.sh")
    jobs = HERMES_HOME / "cron/jobs.json"
    kept = jobs.read_text()
    jobs.unlink()
    user("mkfifo", jobs)
    start()
    until("the health endpoint", is_healthy)
    until("the ticker hangs in its store", ticker_hangs, 30)
    jobs.unlink()
    write(jobs, kept)
    then = time.time() - 1500
    write(HERMES_HOME / "cron/ticker_heartbeat", f"{then} {main_pid()}" if since("0.22.2") else f"{then:.2f}\n")
    os.utime(HERMES_HOME / "cron/ticker_heartbeat", (then, then))


def ticker_hangs():
    """Some thread of the gateway sleeps in the open of a FIFO."""
    waits = Path(f"/proc/{main_pid()}/task").glob("*/wchan")
    return any("fifo" in wait.read_text() or "partner" in wait.read_text() for wait in waits)


def cron_overdue_job():
    script("ok.sh", "echo ok\n")
    script("hang.sh", "sleep 86400\n")
    write(HERMES_HOME / "config.yaml", f"{CONFIG}cron:\n  script_timeout_seconds: 80000\n")
    install()
    edit_job(create_job("hung-import", "every 6h", "hang.sh"), "next_run_at", hours_ago(0))
    session("nohup", HERMES, "cron", "tick")
    hangs = ["pgrep", "-f", "scripts/hang.sh"]
    until("a tick by hand hangs", lambda: subprocess.run(hangs, stdout=subprocess.DEVNULL).returncode == 0, 30)
    edit_job(create_job("nightly-report", "every 30m", "ok.sh"), "next_run_at", hours_ago(3))
    start()
    wait_up()


def cron_corrupt_jobs_json():
    script("ok.sh", "echo ok\n")
    healthy()
    create_job("nightly-report", "every 30m", "ok.sh")
    systemctl("stop", UNIT)
    jobs = HERMES_HOME / "cron/jobs.json"
    write(jobs, jobs.read_text()[:400])
    for mark in (HERMES_HOME / "cron").glob("ticker_*"):
        mark.unlink()
    start()
    until("the health endpoint", is_healthy)
    logs = HERMES_HOME / "logs"
    until("a tick fails", lambda: any("Cron tick error" in log.read_text() for log in logs.glob("*.log")), 30)


def unreadable_home():
    healthy()
    systemctl("stop", UNIT)
    subprocess.run(["chown", "-R", "root:root", HERMES_HOME], check=True)
    HERMES_HOME.chmod(0o700)
    start()
    until("it cannot be entered", lambda: is_restarting(1, 200))


def edited_not_reloaded():
    healthy()
    write(UNIT_FILE, UNIT_FILE.read_text().replace("[Service]", "[Service]\nNice=1"), 0o644)
    until("systemd sees the edit", lambda: unit("NeedDaemonReload") == ["yes"], 10)


def drop_in(text):
    write(Path(f"{UNIT_FILE}.d") / "lab.conf", text, 0o644)
    systemctl("daemon-reload")


def failed_with_75():
    """Hermes has a helper that brings it back after a planned restart; what is left without it is made here."""
    install()
    drop_in("[Service]\nExecStart=\nExecStart=/bin/sh -c 'exit 75'\nRestart=no\nRestartForceExitStatus=\n")
    start()
    left = "inactive" if since("0.21.5") else "failed"  # 75 is a success since the unit says so.
    until("it is left with 75", lambda: unit("ActiveState", "ExecMainStatus") == [left, "75"])
    (Path(f"{UNIT_FILE}.d") / "lab.conf").unlink()
    Path(f"{UNIT_FILE}.d").rmdir()
    systemctl("daemon-reload")


def start_limit_hit():
    install()
    mended = HOME / "mended"
    drop_in(f"[Unit]\nStartLimitIntervalSec=3600\nStartLimitBurst=3\n[Service]\nRestartSec=1\nExecStartPre=/usr/bin/test -e {mended}\n")
    systemctl("start", UNIT, check=False)
    until("systemd gives up", lambda: unit("ActiveState") == ["failed"], 120)
    write(mended, "")
    refused = subprocess.run(
        ["systemctl", "--user", "start", UNIT], user=USER, group=USER, extra_groups=[], env=environment(),
        stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
    )
    assert refused.returncode != 0, "a start without a reset is refused"


def masked():
    UNIT_FILE.unlink(missing_ok=True)
    systemctl("mask", UNIT)
    assert unit("LoadState") == ["masked"]


def fatal_config_mended():
    port_stolen_by_foreign()
    lines = (HERMES_HOME / ".env").read_text().replace(f"={PORT}\n", f"={PORT + 1}\n")
    time.sleep(1.1)  # systemd notes the end of a process by the whole second.
    write(HERMES_HOME / ".env", lines)


def port_freed():
    port_stolen_by_foreign()
    subprocess.run(["pkill", "-f", "http.server"], check=True)
    until("nobody listens", lambda: not listens(), 20)


def not_enabled():
    healthy()
    systemctl("disable", UNIT)
    assert unit("UnitFileState", "ActiveState") == ["disabled", "active"]


def not_lingering():
    healthy()
    with_sudo()
    # With its last session the user's manager would end.
    session("sleep", "1000")
    until("a session", lambda: user("loginctl", "show-user", USER, "-p", "Sessions", "--value").strip() != "", 20)
    subprocess.run(["loginctl", "disable-linger", USER], check=True)


def two_gateways():
    """Hermes looks for the first one in several ways; the second one here looks in none."""
    healthy()
    first = main_pid()
    for name in ["gateway.lock", "gateway.pid"]:
        (HERMES_HOME / name).unlink()
    kept = (HERMES_HOME / ".env").read_text()
    write(HERMES_HOME / ".env", kept.replace(f"={PORT}\n", f"={PORT + 1000}\n"))
    blind = HOME / "second/hermes"
    write(blind, "import gateway.status as status\nstatus.get_running_pid = lambda *_, **__: None\nfrom hermes_cli.main import main\nmain()\n", 0o755)
    session("nohup", VENV / "bin/python", blind, "gateway", "run", "--force", log="/tmp/second.log")
    try:
        until("a second one holds the new lock", lambda: recorded_pid() not in (None, first), 60)
        until("the second one runs", lambda: state() == "running", 60)
    except SystemExit:
        sys.exit(Path("/tmp/second.log").read_text()[-3000:])
    write(HERMES_HOME / ".env", kept)



def two_supervisors():
    healthy()
    with_sudo()
    text = UNIT_FILE.read_text().replace("[Service]", f"[Service]\nUser={USER}").replace("default.target", "multi-user.target")
    other = Path("/etc/systemd/system") / UNIT
    other.write_text(text.replace(" --replace", ""))
    subprocess.run(["systemctl", "daemon-reload"], check=True)
    subprocess.run(["systemctl", "enable", "-q", UNIT], check=True)


def outlast_the_installation():
    """A start may still write a little of its code for a minute: what is written later is an update."""
    time.sleep(62)


def reinstalled():
    """The same release has been installed once more."""
    healthy()
    outlast_the_installation()
    (site_packages() / "hermes_cli/__init__.py").touch()


def stale_code():
    """The release after this one has been installed, which is this one with another number."""
    healthy()
    if not since("0.21.5"):
        outlast_the_installation()  # Its health endpoint tells the version on disk: only the time of the code is left.
    new = RELEASE[:-1] + str(int(RELEASE[-1]) + 1)
    site = site_packages()
    old_info, info = [site / f"hermes_agent-{release}.dist-info" for release in [RELEASE, new]]
    shutil.move(old_info, info)  # A rename would not leave the lower layer of the machine's file system.
    for file in [info / "METADATA", site / "hermes_cli/__init__.py"]:
        file.write_text(file.read_text().replace(RELEASE, new))


def upgraded():
    """The release before this one runs, and pip has put this one in its place."""
    subprocess.run(["umount", VENV], check=True)
    subprocess.run(["mount", "--bind", LAB / RELEASES[RELEASES.index(RELEASE) - 1], VENV], check=True)
    healthy()
    if RELEASE == "0.21.5":
        outlast_the_installation()  # As in `stale_code`.
    upgrade(site_packages(), next((LAB / RELEASE / "lib").glob("python3.*/site-packages")))
    until("it still answers", is_healthy, 10)


def upgrade(site, new):
    """Does as pip does: of each package that differs, the old files go, and the new ones come."""
    packages = lambda site: {info.name.split("-")[0]: info for info in site.glob("*.dist-info")}
    files = lambda info: [row.rsplit(",", 2)[0].strip('"') for row in (info / "RECORD").read_text().splitlines()]
    old = packages(site)
    for name, info in packages(new).items():
        if name in old and old[name].name == info.name:
            continue
        gone = [site / file for file in files(old[name])] if name in old else []
        for file in gone:
            file.unlink(missing_ok=True)
        for directory in sorted({above for file in gone for above in file.parents if site in above.parents}, reverse=True):
            if directory.is_dir() and not any(directory.iterdir()):
                directory.rmdir()
        for file in files(info):
            if not file.startswith("..") and "__pycache__" not in file:
                (site / file).parent.mkdir(parents=True, exist_ok=True)
                shutil.copyfile(new / file, site / file)
    for name in ["hermes_cli", "gateway"]:
        subprocess.run([VENV / "bin/python", "-m", "compileall", "-q", site / name], check=True)


def with_sudo():
    """A sudo that asks nobody: this script, which is root, runs what the user's stub asks for."""
    import threading

    pipes = Path("/run/sudo")
    pipes.mkdir()
    pipes.chmod(0o777)
    os.mkfifo(pipes / "asked")
    os.chmod(pipes / "asked", 0o666)
    stub = Path("/usr/bin/sudo")
    stub.write_text(
        "#!/bin/sh\n[ \"$1\" != -- ] || shift\nanswer=/run/sudo/$$\nmkfifo \"$answer\"\n"
        "printf '%s %s\\n' \"$answer\" \"$*\" >/run/sudo/asked\nread -r code <\"$answer\"\nrm \"$answer\"\nexit \"$code\"\n"
    )
    stub.chmod(0o755)

    def serve():
        while True:
            with open(pipes / "asked") as asked:
                for line in asked:
                    answer, *words = line.split()
                    Path(answer).write_text(f"{subprocess.run(words).returncode}\n")

    threading.Thread(target=serve, daemon=True).start()


# The same gateway under launchd's stand-in.

LABEL = "ai.hermes.gateway"
PLIST = HOME / "Library/LaunchAgents" / f"{LABEL}.plist"
STAND_IN = Path(__file__).resolve().parents[2] / "target/debug/launchctl"
RUN = [f"{VENV}/bin/python", "-m", "hermes_cli.main", "gateway", "run"]


def launchctl(*words, check=True):
    return user("launchctl", *words, check=check)


def domain(kind="gui"):
    return f"{kind}/{pwd.getpwnam(USER).pw_uid}"


def under_launchd():
    """Does the rest of this script where the stand-in is the first process, as launchd is: what it starts, and what
    loses its parent, are children of PID 1 alike. Ends as that does."""
    for name in ["launchctl", "osascript"]:
        subprocess.run(["install", "-m", "755", STAND_IN, f"/usr/bin/{name}"], check=True)
    account = pwd.getpwnam(USER)
    state = Path("/run/launchd-stand-in")
    state.mkdir()
    os.chown(state, account.pw_uid, account.pw_gid)
    as_user = ["setpriv", f"--reuid={account.pw_uid}", f"--regid={account.pw_gid}", "--clear-groups"]
    daemon = ["/usr/bin/launchctl", "--stand-in", str(state), f"uid={account.pw_uid}", "managername=Aqua"]
    namespaces = subprocess.Popen(
        ["unshare", "--mount", "--pid", "--fork", "--mount-proc", *as_user, *daemon], env=environment(), cwd="/",
        text=True, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL,
    )
    assert namespaces.stdout.readline().strip() == "ready"
    first = Path(f"/proc/{namespaces.pid}/task/{namespaces.pid}/children").read_text().strip()
    enter = ["nsenter", f"--target={first}", "--mount", "--pid"]
    ran = subprocess.run([*enter, sys.executable, __file__], env={**os.environ, INSIDE: "1"})
    sys.exit(ran.returncode)


# Set where the stand-in is the first process.
INSIDE = "UNDER_LAUNCHD"


def mac(*settings):
    """A Mac, and what no transcript tells of it."""
    assert Path("/proc/1/comm").read_text().strip() == "launchctl"
    if settings:
        launchctl("--set", *settings)


# Runs as the user, with the release's own code. What it prints is not the answer.
GENERATE = """
import sys
from hermes_cli import gateway
open(sys.argv[1], "w").write(gateway.generate_launchd_plist())
"""


def plist(**changes):
    """As the release itself writes it, but for these keys."""
    generated = HOME / "generated.plist"
    user(VENV / "bin/python", "-c", GENERATE, generated)
    text = generated.read_text()
    generated.unlink()
    if changes:
        text = plistlib.dumps(plistlib.loads(text.encode()) | changes, sort_keys=False).decode()
    logs = HERMES_HOME / "logs"
    logs.mkdir(parents=True, exist_ok=True)
    account = pwd.getpwnam(USER)
    os.chown(logs, account.pw_uid, account.pw_gid)
    write(PLIST, text, 0o644)


def bootstrap(kind="gui"):
    launchctl("bootstrap", domain(kind), PLIST)


def printed(kind="gui"):
    return launchctl("print", f"{domain(kind)}/{LABEL}", check=False)


def line(key, kind="gui"):
    found = [line.strip() for line in printed(kind).splitlines() if line.startswith(f"\t{key} = ")]
    return found[0].split(" = ", 1)[1] if found else None


def mac_healthy(**changes):
    mac()
    plist(**changes)
    bootstrap()
    wait_up()


def mac_wrapper():
    mac_healthy(ProgramArguments=["/bin/sh", "-c", " ".join(RUN) + "; exit $?"])


def timestamps():
    """The arguments of Hermes' own wrapper, which writes the time before each line."""
    return [RUN[0], "-m", "hermes_cli.stderr_timestamp", "--error-log", str(HERMES_HOME / "logs/gateway.error.log"), "--", *RUN]


def mac_wrapper_timestamps():
    """As 0.20.5 to 0.21.3 write it; where the release has no such module, it is a stub."""
    module = site_packages() / "hermes_cli/stderr_timestamp.py"
    if not module.exists():
        module.write_text(
            "import signal, subprocess, sys\n"
            "child = subprocess.Popen(sys.argv[sys.argv.index('--') + 1:])\n"
            "signal.signal(signal.SIGTERM, lambda *_: child.terminate())\n"
            "sys.exit(child.wait())\n"
        )
    mac_healthy(ProgramArguments=[*timestamps(), "--external-supervisor"])


def mac_wrapper_osascript():
    """As 0.21.4 and 0.21.5 write it, but for the wrapper."""
    inner = " ".join([*RUN, "--external-supervisor"])
    mac_healthy(ProgramArguments=["/usr/bin/osascript", "-e", f'do shell script "exec {inner} >> /tmp/osascript.log 2>&1"'])


def mac_foreground():
    mac()
    plist()
    session("nohup", HERMES, "gateway", "run")
    wait_up()


def mac_interrupted_restart():
    mac_healthy()
    pid = recorded_pid()
    stamp = time.strftime("%Y-%m-%d %H:%M:%S +0000", time.gmtime())
    write(HERMES_HOME / "logs/launchd-reload.log", f"[{stamp}] Launchd reload helper started for {domain()}/{LABEL}\n")
    launchctl("bootout", f"{domain()}/{LABEL}", check=False)
    until("it is gone", lambda: not Path(f"/proc/{pid}").exists())
    until("it is not loaded", lambda: "Could not find service" in printed())


def mac_detached_fallback():
    mac()
    plist()
    write(HERMES_HOME / ".gateway-launchd-unsupported", json.dumps({"written_at": hours_ago(1), "reason": "launchd domain unsupported (exit 5)"}))
    launcher = timestamps() if since("0.21.5") else RUN
    with open("/tmp/detached.log", "wb") as log:
        subprocess.Popen(
            ["setsid", "--fork", *launcher, "--replace"], user=USER, group=USER, extra_groups=[], env=environment(), cwd=HOME,
            stdin=subprocess.DEVNULL, stdout=log, stderr=log,
        )
    wait_up()


def mac_disabled():
    mac()
    plist()
    launchctl("disable", f"{domain()}/{LABEL}")


def without_replace(**changes):
    """The definition of the release, with arguments that push nobody out, which 0.19 does not write."""
    return plist(**changes) if since("0.21.5") else plist(ProgramArguments=RUN, **changes)


def mac_two_domains():
    mac()
    without_replace(ThrottleInterval=20)  # Looks are to fall between two attempts.
    bootstrap()
    wait_up()
    bootstrap("user")
    until("the second one fails", lambda: int(line("runs", "user") or 0) >= 1 and line("state", "user") != "running")


def mac_crash_loop():
    mac()
    plist(ThrottleInterval=10)
    break_import()
    bootstrap()
    until("a few runs", lambda: int(line("runs") or 0) >= 2 and line("state") == "spawn scheduled")


def mac_parked():
    mac_healthy()
    launchctl("--set", f"on-demand-count:{domain()}=1")
    os.kill(recorded_pid(), signal.SIGUSR1)
    until("the restart is held back", lambda: line("pended nondemand spawn"))
    # AppleScript knows one code only for a command that failed.
    assert line("last exit code").startswith("1" if RELEASE == "0.21.5" else "75"), line("last exit code")


def mac_wedged():
    mac_healthy()
    os.kill(recorded_pid(), signal.SIGSTOP)


def mac_old_definition():
    mac_healthy()
    plist(ProgramArguments=[*RUN, "--external-supervisor"])


STATES = {
    function.__name__.replace("_", "-"): function
    for function in [
        healthy, healthy_with_jobs, healthy_system, healthy_system_with_jobs, three_profiles, starting, stopped, upgraded, reinstalled, not_installed, installed_not_enabled_not_running, foreground_owns_port, port_stolen_by_foreign,
        api_key_missing, aiohttp_missing, wedged_process, frozen, frozen_past_systemd, held_by_debugger, disk_full, home_read_only, mounted_over, package_removed, started_by_timer, stale_pid_file, crash_loop, crash_loop_told_by_journal, code_half_updated, program_without_its_interpreter, cron_ticker_stalled,
        cron_overdue_job, cron_corrupt_jobs_json, unreadable_home,
        edited_not_reloaded, failed_with_75, start_limit_hit, masked, fatal_config_mended, port_freed, not_enabled, not_lingering,
        two_gateways, two_supervisors, stale_code,
        mac_healthy, mac_wrapper, mac_wrapper_timestamps, mac_wrapper_osascript, mac_foreground, mac_interrupted_restart, mac_detached_fallback, mac_disabled,
        mac_two_domains, mac_crash_loop, mac_parked, mac_old_definition, mac_wedged,
    ]
}


def releases(name):
    """Those that have the state."""
    return RELEASES[1:] if name == "upgraded" else RELEASES


def main():
    name = (SHARED / "state").read_text()
    os.chdir("/")
    if INSIDE in os.environ:
        return reach(name)
    account = pwd.getpwnam(USER)
    bus = Path(f"/run/user/{account.pw_uid}/bus")
    until("the user's manager", lambda: bus.exists() and systemctl("is-system-running", check=False).strip() in ("running", "degraded"))
    configure()
    if name.startswith("mac-"):
        under_launchd()
    reach(name)


def reach(name):
    """Brings the machine into the state, and runs the command there."""
    STATES[name]()
    command = [os.fsdecode(word) for word in (SHARED / "command").read_bytes().split(b"\0")]
    status = run(command)
    (SHARED / "status.part").write_text(str(status))
    (SHARED / "status.part").rename(SHARED / "status")


def run(command):
    """Runs the command in a login session of the user."""
    script = SHARED / "enter"
    settings = " ".join(shlex.quote(f"{name}={value}") for name, value in environment().items())
    cwd = shlex.quote((SHARED / "cwd").read_text())
    script.write_text(f"cd {cwd} || cd\nexec env -i {settings} {shlex.join(command)}\n")
    script.chmod(0o644)
    with open(SHARED / "stdout", "wb") as out, open(SHARED / "stderr", "wb") as err:
        words = ["su", USER, "-s", "/bin/bash", "--session-command", f". {script}"]
        return subprocess.run(words, stdin=subprocess.DEVNULL, stdout=out, stderr=err).returncode


if __name__ == "__main__":
    try:
        main()
    except BaseException as error:  # The one who waits outside must hear of it.
        import traceback

        traceback.print_exc()
        (SHARED / "stderr").write_text(f"lab: could not reach the state: {error}\n")
        (SHARED / "status").write_text("125")
        raise
