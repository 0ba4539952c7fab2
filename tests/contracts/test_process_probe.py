"""The process probe: a real pid file, recorded output of each service manager, managers that are not here."""

from __future__ import annotations

import json
import os
import signal
import stat
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import psutil
import pytest

from medflow_tui.clients.command import run
from medflow_tui.clients.network import Deadline, UnreachableError
from medflow_tui.clients.supervisors import launchd, pm2, systemd
from medflow_tui.model.health import Cause, Health, Reading
from medflow_tui.model.targets.process import ProcessTarget
from medflow_tui.probes.process import build
from medflow_tui.rules.judging import Context, judge, judge_failure
from tests.servers.readings import tools

SECRET = "PHI_ENCRYPTION_KEY_planted_3f9a"
SLACK_S = 1.0

SYSTEMD_RUNNING = """LoadState=loaded
ActiveState=active
SubState=running
MainPID=4711
NRestarts=3
ExecMainStartTimestamp=Mon 2026-11-23 06:42:12 UTC
ExecMainStatus=0
MemoryMax=524288000
"""
SYSTEMD_FALLING = """LoadState=loaded
ActiveState=activating
SubState=auto-restart
MainPID=0
NRestarts=12
ExecMainStartTimestamp=Mon 2026-11-23 06:42:12 UTC
ExecMainStatus=1
MemoryMax=infinity
"""
SYSTEMD_OLD = """LoadState=loaded
ActiveState=inactive
SubState=dead
MainPID=0
ExecMainStartTimestamp=
ExecMainStatus=0
MemoryLimit=18446744073709551615
"""
LAUNCHD_RUNNING = """gui/501/com.medflow.MATRIX = {
\tactive count = 1
\tpath = /Users/medflow/Library/LaunchAgents/com.medflow.MATRIX.plist
\ttype = LaunchAgent
\tstate = running

\tprogram = /usr/local/bin/node
\targuments = {
\t\t/usr/local/bin/node
\t\t/Users/medflow/magloire/backend/server.js
\t}

\tdefault environment = {
\t\tPATH => /usr/bin:/bin:/usr/sbin:/sbin
\t}

\tdomain = gui/501 [100007]
\truns = 4
\tpid = 4711
\timmediate reason = semaphore
\tlast exit code = 1

\tspawn type = daemon (3)
\tjob state = running
}
"""
LAUNCHD_FAILED = """gui/501/com.medflow.MATRIX = {
\tactive count = 0
\tstate = not running
\truns = 9
\tlast exit code = 78: EX_CONFIG
}
"""


def pm2_entry(name: str, status: str, pid: int, **more: object) -> dict[str, object]:
    environment = {
        "name": name,
        "status": status,
        "pm_uptime": 1795416132000,
        "restart_time": 3,
        "unstable_restarts": 0,
        "max_memory_restart": 524288000,
        "PHI_ENCRYPTION_KEY": SECRET,
        "env": {"JWT_SECRET": SECRET},
        **more,
    }
    return {
        "pid": pid,
        "name": name,
        "pm_id": 0,
        "pm2_env": environment,
        "monit": {"memory": 323000000, "cpu": 2},
    }


def look(target: ProcessTarget, folder: Path, deadline_s: float = 4.0) -> Reading:
    (reading,) = build(target, tools(folder)).read(deadline_s)
    return reading


def health(reading: Reading, target: ProcessTarget) -> Health:
    return judge(reading, target, Context(now=reading.observed_at)).health


@dataclass(frozen=True)
class Sleeper:
    pid: int
    pid_file: Path


@pytest.fixture
def sleeper(tmp_path: Path) -> Iterator[Sleeper]:
    child = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(600)"])
    try:
        path = tmp_path / "backend.pid"
        path.write_text(f"{child.pid}\n")
        yield Sleeper(child.pid, path)
    finally:
        if child.poll() is None:
            child.send_signal(signal.SIGCONT)
            child.kill()
        child.wait()


def pidfile(path: Path) -> ProcessTarget:
    return ProcessTarget(name="backend process", manager="pidfile", pid_file=str(path))


def test_a_process_by_its_pid_file_is_read_with_memory_and_then_with_its_processor(
    sleeper: Sleeper, tmp_path: Path
) -> None:
    target = pidfile(sleeper.pid_file)
    probe = build(target, tools(tmp_path))
    first, second = (probe.read(4.0)[0] for _ in range(2))
    assert (first.values["state"], first.values["pid"]) == ("running", sleeper.pid)
    assert first.values["memory"] > 1_000_000
    assert (first.values["cpu_percent"], first.values["restarts"]) == (None, 0)
    assert second.values["cpu_percent"] >= 0
    assert health(second, target) is Health.OK


def test_a_process_that_ended_is_stopped_not_running(sleeper: Sleeper, tmp_path: Path) -> None:
    os.kill(sleeper.pid, signal.SIGKILL)
    os.waitid(os.P_PID, sleeper.pid, os.WEXITED | os.WNOWAIT)  # ended, and not collected yet: a zombie
    target = pidfile(sleeper.pid_file)
    reading = look(target, tmp_path)
    assert reading.values["state"] == "stopped"
    assert health(reading, target) is Health.CRITICAL


def test_a_pid_that_was_given_to_another_process_is_stopped(sleeper: Sleeper, tmp_path: Path) -> None:
    before = psutil.Process(sleeper.pid).create_time() - 3600
    os.utime(sleeper.pid_file, (before, before))
    reading = look(pidfile(sleeper.pid_file), tmp_path)
    assert (reading.values["state"], reading.values["word"]) == ("stopped", "pid given to another process")


def test_without_its_pid_file_a_process_is_stopped_and_a_spoiled_file_is_unknown(tmp_path: Path) -> None:
    target = pidfile(tmp_path / "absent.pid")
    assert health(look(target, tmp_path), target) is Health.CRITICAL
    for spoiled in (b"", b"node\n", b"\xff\xff"):
        path = tmp_path / "spoiled.pid"
        path.write_bytes(spoiled)
        assert health(look(pidfile(path), tmp_path), target) is Health.UNKNOWN


def test_a_new_start_is_a_restart_that_survives_our_own(sleeper: Sleeper, tmp_path: Path) -> None:
    target = pidfile(sleeper.pid_file)
    assert look(target, tmp_path).values["restarts"] == 0
    later = datetime.now(UTC) + timedelta(hours=1)
    fresh = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(600)"])
    try:
        started = psutil.Process(fresh.pid).create_time()
        os.utime(sleeper.pid_file, (started + 10, started + 10))
        sleeper.pid_file.write_text(str(fresh.pid))
        remembered = sorted((tmp_path / "lives").glob("*.json"))
        for path in remembered:
            lives = json.loads(path.read_text())
            lives[-1]["started_at"] = (later - timedelta(hours=3)).isoformat()
            path.write_text(json.dumps(lives))
        assert look(target, tmp_path).values["restarts"] == 1
        assert look(target, tmp_path).values["restarts"] == 1
    finally:
        fresh.kill()
        fresh.wait()


def test_a_state_folder_that_cannot_be_written_costs_only_the_memory(
    sleeper: Sleeper, tmp_path: Path
) -> None:
    blocked = tmp_path / "state"
    blocked.write_text("a file where a folder should be")
    reading = look(pidfile(sleeper.pid_file), blocked)
    assert reading.failure is None
    assert reading.values["state"] == "running"


@pytest.mark.parametrize(
    ("manager", "program"),
    [("systemd", "/run/systemd/system"), ("pm2", "pm2"), ("launchd", "launchctl"), ("windows", "")],
)
def test_a_manager_that_is_not_on_this_machine_is_unknown(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, manager: str, program: str
) -> None:
    monkeypatch.setattr(systemd, "BOOTED", tmp_path / "absent")
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.delattr(psutil, "win_service_get", raising=False)
    target = ProcessTarget(name="backend", manager=manager, unit="medflow", pm2_home=str(tmp_path / "absent"))
    reading = look(target, tmp_path)
    assert reading.failure is not None
    assert reading.failure.cause is Cause.UNSUPPORTED
    assert health(reading, target) is Health.UNKNOWN


def test_systemd_says_state_restarts_limit_and_start() -> None:
    seen = systemd.parse(SYSTEMD_RUNNING)
    assert (seen.state, seen.pid, seen.restarts, seen.memory_limit) == ("running", 4711, 3, 500 * 1024 * 1024)
    assert seen.started_at == datetime(2026, 11, 23, 6, 42, 12, tzinfo=UTC)
    assert seen.exit_code is None


def test_a_unit_that_systemd_starts_again_and_again_is_not_starting() -> None:
    seen = systemd.parse(SYSTEMD_FALLING)
    assert (seen.state, seen.pid, seen.exit_code, seen.memory_limit) == ("restarting", None, 1, None)


def test_an_older_systemd_without_some_properties_is_understood() -> None:
    seen = systemd.parse(SYSTEMD_OLD)
    assert (seen.state, seen.restarts, seen.memory_limit, seen.started_at) == ("stopped", None, None, None)


@pytest.mark.parametrize(
    ("text", "cause"), [("", Cause.FORBIDDEN), ("LoadState=not-found\nActiveState=inactive\n", Cause.ABSENT)]
)
def test_a_unit_that_systemd_does_not_know_is_absent(text: str, cause: Cause) -> None:
    with pytest.raises(UnreachableError) as caught:
        systemd.parse(text)
    assert caught.value.failure.cause is cause


def test_pm2_is_understood_behind_its_banner_and_its_secrets_are_dropped() -> None:
    listed = [pm2_entry("medflow-face-service", "online", 12), pm2_entry("medflow-backend", "online", 4711)]
    seen = pm2.parse(f">>>> In-memory PM2 is out-of-date\n{json.dumps(listed)}\n", "medflow-backend")
    assert (seen.state, seen.pid, seen.restarts, seen.memory_limit) == ("running", 4711, 3, 524288000)
    assert SECRET not in repr(seen)


@pytest.mark.parametrize(
    ("status", "state"),
    [
        ("online", "running"),
        ("errored", "failed"),
        ("stopped", "stopped"),
        ("waiting restart", "restarting"),
        ("launching", "starting"),
    ],
)
def test_each_state_of_pm2_has_its_word(status: str, state: str) -> None:
    assert pm2.parse(json.dumps([pm2_entry("b", status, 0)]), "b").state == state


def test_instances_of_pm2_are_judged_by_the_worst() -> None:
    listed = [pm2_entry("b", "online", 7), pm2_entry("b", "errored", 0), pm2_entry("b", "online", 8)]
    seen = pm2.parse(json.dumps(listed), "b")
    assert (seen.state, seen.online, seen.instances, seen.restarts) == ("failed", 2, 3, 9)


def test_what_pm2_prints_is_never_quoted_in_an_error() -> None:
    for text in ("", "[", f'["{SECRET}"]', f"[{SECRET}]", f'{{"a": "{SECRET}"}}'):
        with pytest.raises(UnreachableError) as caught:
            pm2.parse(text, "medflow-backend")
        assert SECRET not in f"{caught.value!r} {caught.value.failure}"
        assert caught.value.__cause__ is None
        assert caught.value.__context__ is None


def test_pm2_without_its_daemon_is_not_asked_because_asking_starts_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    mark, program = tmp_path / "asked", tmp_path / "pm2"
    program.write_text(f"#!/bin/sh\ntouch {mark}\n")
    program.chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}{os.pathsep}{os.environ['PATH']}")
    home = tmp_path / "home"
    home.mkdir()
    target = ProcessTarget(name="backend", manager="pm2", unit="medflow-backend", pm2_home=str(home))
    for pid in ("", "999999999", "not a number"):
        (home / "pm2.pid").write_text(pid)
        reading = look(target, tmp_path)
        assert reading.failure is not None
        assert reading.failure.text.text == "PM2 does not run"
    assert not mark.exists()


def test_launchd_says_state_pid_and_runs() -> None:
    seen = launchd.parse(LAUNCHD_RUNNING)
    assert (seen.state, seen.pid, seen.restarts, seen.exit_code) == ("running", 4711, 3, None)
    failed = launchd.parse(LAUNCHD_FAILED)
    assert (failed.state, failed.pid, failed.exit_code) == ("failed", None, 78)


def test_launchd_is_asked_for_this_persons_agents_before_the_systems(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    program = tmp_path / "launchctl"
    program.write_text(f'#!/bin/sh\necho "$@" >> {tmp_path}/calls\nexit 113\n')
    program.chmod(program.stat().st_mode | stat.S_IXUSR)
    monkeypatch.setenv("PATH", f"{tmp_path}{os.pathsep}{os.environ['PATH']}")
    target = ProcessTarget(name="backend", manager="launchd", unit="com.medflow.MATRIX")
    reading = look(target, tmp_path)
    assert reading.failure is not None
    assert reading.failure.cause is Cause.ABSENT
    uid = os.getuid()
    assert (tmp_path / "calls").read_text().splitlines() == [
        f"print gui/{uid}/com.medflow.MATRIX",
        "print system/com.medflow.MATRIX",
    ]


class RecordedService:
    """As psutil answers for a Windows service."""

    def __init__(self, status: str, pid: int | None) -> None:
        self._status, self._pid = status, pid

    def status(self) -> str:
        return self._status

    def pid(self) -> int | None:
        return self._pid

    def start_type(self) -> str:
        return "automatic"


@pytest.mark.parametrize(
    ("status", "state"),
    [("running", "running"), ("stopped", "stopped"), ("paused", "stopped"), ("start_pending", "starting")],
)
def test_a_windows_service_is_read_through_psutil(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, status: str, state: str
) -> None:
    pid = os.getpid() if status == "running" else None
    monkeypatch.setattr(psutil, "win_service_get", lambda name: RecordedService(status, pid), raising=False)
    reading = look(ProcessTarget(name="backend", manager="windows", unit="PM2"), tmp_path)
    assert (reading.values["state"], reading.values["pid"]) == (state, pid)


def test_a_windows_service_that_does_not_exist_is_absent(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def absent(name: str) -> None:
        raise psutil.NoSuchProcess(pid=None, name=name)

    monkeypatch.setattr(psutil, "win_service_get", absent, raising=False)
    reading = look(ProcessTarget(name="backend", manager="windows", unit="PM2"), tmp_path)
    assert reading.failure is not None
    assert reading.failure.cause is Cause.ABSENT


def test_a_program_that_hangs_is_killed_at_the_deadline_with_its_children(tmp_path: Path) -> None:
    program = tmp_path / "hangs"
    program.write_text(f"#!/bin/sh\nsleep 600 &\necho $! > {tmp_path}/child\nwait\n")
    program.chmod(0o755)
    started = time.monotonic()
    with pytest.raises(UnreachableError) as caught:
        run((str(program),), Deadline.after(1.0))
    assert time.monotonic() - started < 1.0 + SLACK_S
    assert caught.value.failure.cause is Cause.OVERRUN
    child = int((tmp_path / "child").read_text())
    _, alive = psutil.wait_procs([psutil.Process(child)] if psutil.pid_exists(child) else [], timeout=2)
    assert not [each for each in alive if each.status() != psutil.STATUS_ZOMBIE]


def test_a_program_that_prints_without_end_is_stopped_early_and_not_kept(tmp_path: Path) -> None:
    before = psutil.Process().memory_info().rss
    started = time.monotonic()
    with pytest.raises(UnreachableError) as caught:
        run(("yes", "x" * 1000), Deadline.after(30.0))
    assert time.monotonic() - started < 10.0
    assert caught.value.failure.cause is Cause.OVERRUN
    assert psutil.Process().memory_info().rss - before < 100 * 1024 * 1024


def test_a_grandchild_that_keeps_the_output_open_holds_nobody_past_the_deadline(tmp_path: Path) -> None:
    started = time.monotonic()
    with pytest.raises(UnreachableError):
        run(("sh", "-c", "setsid sleep 3 & echo done"), Deadline.after(1.0))
    assert time.monotonic() - started < 1.0 + SLACK_S


@pytest.mark.parametrize(
    "text",
    [
        "",
        "[PM2] no process",
        "[" * 100_000,
        "[1, 2]",
        '{"name": "backend"}',
        '[{"name": "backend"}]',
        '[{"name": "backend", "pm2_env": "x"}]',
        '[{"name": "backend", "pid": 7, "pm2_env": {"status": ["online"]}}]',
        '[{"name": "backend", "pid": 7, "pm2_env": {"status": "hibernating"}}]',
    ],
    ids=range(9),
)
def test_what_pm2_never_prints_is_no_word_on_the_process(text: str) -> None:
    with pytest.raises(UnreachableError) as caught:
        pm2.parse(text, "backend")
    assert judge_failure(caught.value.failure).health is Health.UNKNOWN


@pytest.mark.parametrize(
    "noise", ["[PM2] Spawning PM2 daemon", "[PM2][WARN] [x]", ">>>> In-memory PM2 is out-of-date"]
)
@pytest.mark.parametrize(
    "more",
    [
        '"restart_time": "many"',
        '"pm_uptime": 1e30',
        '"pm_uptime": NaN',
        '"pm_uptime": -5e15',
        '"max_memory_restart": 1e999',
        '"exit_code": []',
    ],
)
def test_pm2_is_read_among_lines_of_banner_and_odd_figures_are_left_out(noise: str, more: str) -> None:
    line = f'[{{"name": "backend", "pid": 7, "pm2_env": {{"status": "online", {more}}}}}]'
    seen = pm2.parse(f"{noise}\n{line}\n{noise}\n", "backend")
    assert (seen.state, seen.pid, seen.started_at, seen.memory_limit) == ("running", 7, None, None)


@pytest.mark.parametrize("text", ["", "ActiveState=", "ActiveState=dreaming"])
def test_what_systemd_never_prints_is_no_word_on_the_unit(text: str) -> None:
    with pytest.raises(UnreachableError) as caught:
        systemd.parse(text)
    assert judge_failure(caught.value.failure).health is Health.UNKNOWN


def test_a_number_without_end_is_none() -> None:
    assert systemd.parse("ActiveState=active\nMainPID=" + "9" * 5000).pid is None


def test_a_program_gets_an_environment_without_our_secrets(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MEDFLOW_MONGO_PASSWORD", SECRET)
    output = run(("env",), Deadline.after(2.0), {"PM2_HOME": "/nowhere"})
    assert SECRET not in output.text
    assert "PM2_HOME=/nowhere" in output.text
    assert "LC_ALL=C" in output.text
    assert "HOME" not in repr(output)


def test_a_look_at_a_process_writes_only_below_the_state_folder(sleeper: Sleeper, tmp_path: Path) -> None:
    state = tmp_path / "state"
    before = {each for each in tmp_path.rglob("*") if state not in (each, *each.parents)}
    build(replace(pidfile(sleeper.pid_file), name="back/end"), tools(state)).read(4.0)
    assert {each for each in tmp_path.rglob("*") if state not in (each, *each.parents)} == before
    assert [each.name for each in (state / "lives").iterdir()] == ["back_end.json"]
