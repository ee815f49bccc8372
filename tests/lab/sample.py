#!/usr/bin/env python3
"""Runs in the machine, as the user: looks at a gateway again and again while it comes and goes.

    sample.py GW_DOCTOR auto|launchd ACTION...

For each action it waits for a healthy gateway, starts to look every 100 ms, carries the action out, goes on until the
gateway has come to rest, and prints one JSON object a look:

    {"action": …, "ms": since the action, "served": [before, after], "exit": …, "diagnoses": […], "claims": […]}

`served` says whether the health endpoint answered just before and just after the look. It is the truth that the look
is held against; `claims` are the failures and warnings that it made.
"""

import json
import os
import signal
import subprocess
import sys
import threading
import time
import urllib.request

PORT = 8642
UNIT = "hermes-gateway.service"
HERMES = "/opt/hermes/bin/hermes"
INTERVAL = 0.1
CALM = 3.0


def sh(*words):
    return subprocess.run(words, stdin=subprocess.DEVNULL, capture_output=True, text=True)


def serves():
    try:
        with urllib.request.urlopen(f"http://127.0.0.1:{PORT}/health", timeout=1) as answer:
            return answer.status == 200
    except OSError:
        return False


def until(holds, seconds=90):
    end = time.monotonic() + seconds
    while not holds():
        if time.monotonic() > end:
            sys.exit("timed out")
        time.sleep(0.05)


class Systemd:
    name = "auto"

    def pid(self):
        return int(sh("systemctl", "--user", "show", "-P", "MainPID", UNIT).stdout or 0)

    def restart(self):
        sh("systemctl", "--user", "restart", UNIT)

    def stop(self):
        sh("systemctl", "--user", "stop", UNIT)

    def start(self):
        sh("systemctl", "--user", "reset-failed", UNIT)
        sh("systemctl", "--user", "start", UNIT)

    def edit(self, text):
        """Gives the unit a drop-in, or takes it away."""
        folder = os.path.expanduser(f"~/.config/systemd/user/{UNIT}.d")
        os.makedirs(folder, exist_ok=True)
        file = f"{folder}/sample.conf"
        if text is None:
            os.remove(file)
            os.rmdir(folder)
        else:
            with open(file, "w") as out:
                out.write(text)
        sh("systemctl", "--user", "daemon-reload")

    def loop(self):
        """The program that it starts from now on fails at once."""
        self.edit('[Service]\nExecStart=\nExecStart=/bin/sh -c "exit 1"\nRestartSec=1\nRestartSteps=0\n')
        os.kill(self.pid(), signal.SIGKILL)
        time.sleep(12)

    def end_loop(self):
        self.edit(None)
        sh("systemctl", "--user", "reset-failed", UNIT)


class Launchd:
    name = "launchd"
    job = f"gui/{os.getuid()}/ai.hermes.gateway"
    plist = os.path.expanduser("~/Library/LaunchAgents/ai.hermes.gateway.plist")

    def pid(self):
        lines = sh("launchctl", "print", self.job).stdout.splitlines()
        return next((int(line.split(" = ")[1]) for line in lines if line.startswith("\tpid = ")), 0)

    def restart(self):
        sh("launchctl", "kickstart", "-k", self.job)

    def stop(self):
        sh("launchctl", "bootout", self.job)

    def start(self):
        sh("launchctl", "bootstrap", self.job.rsplit("/", 1)[0], self.plist)


def actions(manager):
    """Each with what it does, and whether the gateway is back afterwards."""
    return {
        "hermes-restart": (lambda: sh(HERMES, "gateway", "restart"), True),
        "hermes-stop": (lambda: sh(HERMES, "gateway", "stop"), False),
        "hermes-start": (lambda: sh(HERMES, "gateway", "start"), True),
        "restart": (manager.restart, True),
        "stop": (manager.stop, False),
        "start": (manager.start, True),
        "kill": (lambda: os.kill(manager.pid(), signal.SIGKILL), True),
        "term": (lambda: os.kill(manager.pid(), signal.SIGTERM), True),
    } | ({"loop": (manager.loop, False)} if manager.name == "auto" else {})


def look(doctor, manager):
    said = sh(doctor, "check", "--manager", manager, "--format", "json")
    try:
        report = json.loads(said.stdout)
    except ValueError:
        return {"exit": said.returncode, "diagnoses": [], "claims": [], "error": said.stderr[-400:]}
    gateway = report["gateways"][0]
    claims = [f for f in gateway["findings"] if f["verdict"] in ("failure", "warning")]
    return {
        "exit": said.returncode,
        "diagnoses": [found["id"] for found in gateway["diagnoses"]],
        "summary": gateway["diagnoses"][0]["summary"] if gateway["diagnoses"] else None,
        "claims": [[found["check"], found["verdict"], found["claim"]] for found in claims],
    }


def sample(doctor, action, manager):
    act, is_back = actions(manager)[action]
    began = []
    done = threading.Event()

    def carry_out():
        time.sleep(2 * INTERVAL)
        pid = manager.pid()
        began.append(time.monotonic())
        act()
        if is_back:
            # A signal ends it a moment later.
            until(lambda: manager.pid() not in (0, pid) and serves())
        time.sleep(CALM)
        done.set()

    threading.Thread(target=carry_out, daemon=True).start()
    end = time.monotonic() + 120
    while not done.is_set() and time.monotonic() < end:
        start = time.monotonic()
        before = serves()
        found = look(doctor, manager.name)
        after = serves()
        ms = round((start - began[0]) * 1000) if began else -1
        print(json.dumps({"action": action, "ms": ms, "served": [before, after], **found}), flush=True)
        time.sleep(max(0, INTERVAL - (time.monotonic() - start)))
    if not done.is_set():
        sys.exit(f"{action} did not come to an end")
    if action == "loop":
        manager.end_loop()


def main(doctor, manager, *wanted):
    manager = Launchd() if manager == "launchd" else Systemd()
    print("\n=== looks")
    for action in wanted:
        is_start = action in ("start", "hermes-start")
        if is_start and serves():
            manager.stop()
            until(lambda: manager.pid() == 0)
        elif not is_start and not serves():
            manager.start()
            until(serves)
            time.sleep(CALM)
        sample(doctor, action, manager)
    print("\n=== exit\n0")


main(*sys.argv[1:])
