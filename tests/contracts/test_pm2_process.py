"""The process probe against a real PM2 with a private home."""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path

import psutil
import pytest

from medflow_tui.model.health import Cause, Health, Reading
from medflow_tui.model.targets.process import ProcessTarget
from medflow_tui.probes.process import build
from medflow_tui.rules.judging import Context, judge
from tests.servers.pm2 import Pm2, UnavailableError, end, running
from tests.servers.readings import tools

pytestmark = pytest.mark.real_server

SECRET = "JWT_planted_9c41d2"
APP = "setInterval(() => {}, 1000)\n"
DEADLINE_S, SLACK_S = 30.0, 1.0


@pytest.fixture
def pm2(monkeypatch: pytest.MonkeyPatch) -> Iterator[Pm2]:
    try:
        with running() as found:
            monkeypatch.setenv("PATH", f"{found.program}{os.pathsep}{os.environ['PATH']}")
            yield found
    except UnavailableError as error:
        pytest.skip(str(error))


def start(pm2: Pm2) -> None:
    app = pm2.home / "server.js"
    app.write_text(APP)
    pm2.call(
        "start", str(app), "--name", "medflow-backend", "--max-memory-restart", "500M", JWT_SECRET=SECRET
    )


def target(pm2: Pm2, unit: str = "medflow-backend") -> ProcessTarget:
    return ProcessTarget(name="backend", manager="pm2", unit=unit, pm2_home=str(pm2.home))


def look(pm2: Pm2, state: Path, unit: str = "medflow-backend", deadline_s: float = DEADLINE_S) -> Reading:
    (reading,) = build(target(pm2, unit), tools(state)).read(deadline_s)
    return reading


def health(pm2: Pm2, reading: Reading) -> Health:
    return judge(reading, target(pm2), Context(now=datetime.now(UTC))).health


def await_reading(pm2: Pm2, state: Path, holds: Callable[[Reading], bool]) -> Reading:
    ends = time.monotonic() + 30
    while True:
        reading = look(pm2, state)
        if holds(reading):
            return reading
        assert time.monotonic() < ends, reading.failure


def test_a_process_of_pm2_is_seen_through_its_life(pm2: Pm2, tmp_path: Path) -> None:
    start(pm2)
    first = look(pm2, tmp_path)
    pid = first.values["pid"]
    assert psutil.Process(pid).ppid() == pm2.daemon
    assert (first.values["state"], first.values["restarts"], health(pm2, first)) == ("running", 0, Health.OK)
    assert first.values["memory"] > 10_000_000
    assert first.values["memory_limit"] == 500 * 1024 * 1024
    assert abs((datetime.now(UTC) - first.values["started_at"]).total_seconds()) < 60
    assert SECRET in pm2.call("jlist"), "PM2 does print it"
    assert SECRET not in repr(first)
    os.kill(pid, signal.SIGKILL)
    again = await_reading(pm2, tmp_path, lambda each: each.values["pid"] not in (None, pid))
    assert again.values["restarts"] == 1
    pm2.call("stop", "medflow-backend")
    stopped = look(pm2, tmp_path)
    assert (stopped.values["state"], health(pm2, stopped)) == ("stopped", Health.CRITICAL)
    absent = look(pm2, tmp_path, unit="medflow-face-service")
    assert absent.failure is not None
    assert absent.failure.cause is Cause.ABSENT


def test_a_frozen_daemon_says_nothing_at_the_deadline(pm2: Pm2, tmp_path: Path) -> None:
    start(pm2)
    os.kill(pm2.daemon, signal.SIGSTOP)
    started = time.monotonic()
    reading = look(pm2, tmp_path, deadline_s=3.0)
    assert time.monotonic() - started < 3.0 + SLACK_S
    assert reading.failure is not None
    assert reading.failure.cause is Cause.OVERRUN
    assert health(pm2, reading) is Health.UNKNOWN  # the process itself may well run


def test_a_daemon_that_is_gone_is_not_started_by_looking(pm2: Pm2, tmp_path: Path) -> None:
    end(psutil.Process(pm2.daemon))
    reading = look(pm2, tmp_path)
    assert reading.failure is not None
    assert reading.failure.cause is Cause.REFUSED
    assert health(pm2, reading) is Health.CRITICAL
    homes = [
        each
        for each in psutil.process_iter(["cmdline"])
        if str(pm2.home) in " ".join(each.info["cmdline"] or ())
    ]
    assert homes == []
