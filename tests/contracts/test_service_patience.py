"""How long each manager waits before it kills, from what it prints; and how MongoDB keeps its data."""

from __future__ import annotations

import json
import math
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import psutil
import pytest

from medflow_tui.actions import service_storage
from medflow_tui.actions.service_storage import data_path, free_at, of_storage
from medflow_tui.clients.command import Output
from medflow_tui.clients.network import Deadline
from medflow_tui.clients.supervisors import compose, launchd, pidfile, pm2, runit, systemd, windows
from medflow_tui.model.service import Verb
from medflow_tui.model.targets.mongodb import MongodbTarget
from medflow_tui.model.targets.process import ProcessTarget
from medflow_tui.rules.mongodb_log import reasons
from tests.servers.readings import tools

ACTIVE = "LoadState=loaded\nActiveState=active\nSubState=running\nMainPID=7\n"
POLITE = "KillMode=control-group\nSendSIGKILL=yes\nKillSignal=15\nRestartKillSignal=15\n"
BOX = {
    "Id": "abc123",
    "State": {"Status": "running", "Pid": 7},
    "HostConfig": {"RestartPolicy": {"Name": "always"}},
}


@pytest.mark.parametrize(
    ("told", "seconds"),
    [
        ("TimeoutStopUSec=1min 30s\n" + POLITE, 90.0),
        ("TimeoutStopUSec=10s\n" + POLITE, 10.0),
        ("TimeoutStopUSec=500ms\n" + POLITE, 0.5),
        ("TimeoutStopUSec=infinity\n" + POLITE, math.inf),
        ("TimeoutStopUSec=5s\n" + POLITE.replace("SIGKILL=yes", "SIGKILL=no"), math.inf),
        ("TimeoutStopUSec=5s\n" + POLITE.replace("control-group", "none"), math.inf),
        ("TimeoutStopUSec=10min\n" + POLITE.replace("KillSignal=15", "KillSignal=9", 1), 0.0),
        ("TimeoutStopUSec=10min\n" + POLITE.replace("RestartKillSignal=15", "RestartKillSignal=9"), 0.0),
        ("", None),
        ("TimeoutStopUSec=a while\n" + POLITE, None),
    ],
)
def test_systemd_says_when_it_kills(told: str, seconds: float | None) -> None:
    assert systemd.parse(ACTIVE + told).kills_after_s == seconds
    for each in ("TimeoutStopUSec", "KillMode", "SendSIGKILL", "KillSignal", "RestartKillSignal"):
        assert each in systemd.PROPERTIES.split(",")


@pytest.mark.parametrize(("told", "seconds"), [(None, 1.6), (0, 1.6), (10_000, 10.0), ("90000", 90.0)])
def test_pm2_kills_after_its_own_default_where_nothing_is_set(told: object, seconds: float) -> None:
    environment = {"status": "online", "pm_uptime": 1, "restart_time": 0}
    environment |= {} if told is None else {"kill_timeout": told}
    listed = json.dumps([{"name": "mongod", "pid": 7, "pm2_env": environment}])
    assert pm2.parse(listed, "mongod").kills_after_s == seconds


@pytest.mark.parametrize(("signal", "seconds"), [("", math.inf), ("SIGTERM", math.inf), ("SIGKILL", 0.0)])
def test_compose_is_told_to_wait_without_a_limit_and_may_still_have_a_signal_that_kills(
    signal: str, seconds: float
) -> None:
    told = json.dumps([{**BOX, "Config": {"StopSignal": signal, "StopTimeout": 10}}])
    assert compose.parse(told).kills_after_s == seconds
    target = ProcessTarget(name="mongodb", manager="compose", unit="mongodb", compose_project="medflow")
    for verb in Verb:
        for call in compose.Compose(target).calls(verb, compose.parse(told), {}):
            assert {"stop", "restart"}.isdisjoint(call.argv) or "-t -1" in " ".join(call.argv)


def test_runit_never_kills_unless_the_site_has_its_own_script(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    line = f"run: {tmp_path}: (pid 7) 45s"
    monkeypatch.setattr("shutil.which", lambda name: f"/usr/bin/{name}")
    monkeypatch.setattr(runit, "run", lambda argv, deadline: Output(code=0, text=line, errors=""))
    target = ProcessTarget(name="mongodb", manager="runit", unit=str(tmp_path))
    assert runit.look(target, Deadline.after(5)).kills_after_s == math.inf
    (tmp_path / "control").mkdir()
    (tmp_path / "control" / "t").touch()
    assert runit.look(target, Deadline.after(5)).kills_after_s is None


def test_the_others_never_kill(tmp_path: Path) -> None:
    target = ProcessTarget(name="mongodb", manager="pidfile", pid_file=str(tmp_path / "pid"))
    assert pidfile.look(target, Deadline.after(5)).kills_after_s == math.inf
    (tmp_path / "pid").write_text(f"{psutil.Process().pid}\n")
    assert pidfile.look(target, Deadline.after(5)).kills_after_s == math.inf
    assert windows.parse("running", 7).kills_after_s == math.inf
    assert launchd.parse("job = {\n\tstate = running\n\tpid = 7\n}\n").kills_after_s == math.inf


def test_where_the_data_lies_is_read_from_the_command_or_the_file_it_names(tmp_path: Path) -> None:
    config = tmp_path / "mongod.conf"
    config.write_text("storage:\n  dbPath: /srv/mongodb  \n  journal:\n    enabled: true\n")
    assert data_path(("mongod", "--config", str(config))) == "/srv/mongodb"
    assert data_path(("mongod", "-f", str(config), "--dbpath", "/other")) == "/other"
    assert data_path(("mongod", "--config", str(tmp_path))) == data_path(("mongod",)) == ""
    assert free_at(str(tmp_path)) == pytest.approx(psutil.disk_usage(str(tmp_path)).free, rel=0.2)
    assert free_at("") is free_at(str(tmp_path / "none")) is None


class Told:
    """A server that tells these answers."""

    def __init__(self, answers: Mapping[str, Any]) -> None:
        self.answers = answers

    def __enter__(self) -> Told:
        return self

    def __exit__(self, *_: object) -> None:
        return

    def ask_if_told(self, command: str, value: object = 1, **more: object) -> Any:
        return self.answers.get(command)


ON_DISK = {
    "serverStatus": {"storageEngine": {"persistent": True}},
    "buildInfo": {"versionArray": [7, 0, 5, 0]},
}
OLD = {**ON_DISK, "buildInfo": {"versionArray": [5, 0, 0, 0]}}


@pytest.mark.parametrize(
    ("answers", "facts"),
    [
        ({**ON_DISK, "dbStats": {"fsTotalSize": 3 << 30, "fsUsedSize": 2 << 30}}, {"db_journal": True, "db_free_mib": 1024}),
        ({"serverStatus": {"storageEngine": {"persistent": False}}}, {"db_journal": False}),
        ({**OLD, "getCmdLineOpts": {"parsed": {"storage": {"journal": {"enabled": False}}}}}, {"db_journal": False}),
        ({**OLD, "getCmdLineOpts": {"parsed": {"storage": {"dbPath": "/none-such"}}}}, {"db_journal": True}),
        (OLD, {}),
        ({}, {}),
    ],
)  # fmt: skip
def test_the_journal_and_the_room_are_by_the_servers_own_word(
    answers: Mapping[str, Any],
    facts: Mapping[str, Any],
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
) -> None:
    connected: Callable[..., Told] = lambda *_: Told(answers)  # noqa: E731
    monkeypatch.setattr(service_storage, "connected", connected)
    target = MongodbTarget(name="mongodb", address="mongodb://127.0.0.1:1")
    assert of_storage(target, 0, tools(tmp_path)) == facts


def test_a_server_that_does_not_answer_is_measured_by_its_process(tmp_path: Path) -> None:
    with psutil.Popen(["sleep", "30"]) as child:
        try:
            target = MongodbTarget(name="mongodb", address="mongodb://127.0.0.1:1")
            assert of_storage(target, child.pid, tools(tmp_path)) == {}
            monkey = pytest.MonkeyPatch()
            with monkey.context() as patched:
                patched.setattr(service_storage, "_command", lambda pid: ("mongod", f"--dbpath={tmp_path}"))
                assert of_storage(target, child.pid, tools(tmp_path))["db_free_mib"]
        finally:
            child.kill()


def test_only_what_came_since_its_last_start_is_a_reason() -> None:
    old = '{"s":"E","msg":"No space left on device"}'
    start = '{"s":"I","id":4615611,"msg":"MongoDB starting"}'
    assert reasons([old]) == ("disk_full",)
    assert reasons([old, start]) == ()
    assert reasons([start, "Address already in use", "checksum error"]) == ("damaged", "port_taken")
