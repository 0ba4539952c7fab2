"""A playbook on services of the test's own, in a process that can be killed: `python -m tests.servers.service_run`.

One argument, JSON: playbook and the folder of it, state, targets (with their kind), run (empty: plan one and print its
name first), kill (empty, or where `die_at` ends it).
"""

from __future__ import annotations

import functools
import json
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import psutil

from medflow_tui.actions import service, service_survey
from medflow_tui.clients.supervisors import supervisor
from medflow_tui.journal.append_log import AppendLog
from medflow_tui.journal.run_log import JOURNAL, RunFolder
from medflow_tui.model.canonical import canonical
from medflow_tui.model.performer import Login
from medflow_tui.model.procedure import Entry, Mark, RunState
from medflow_tui.model.target import Target
from medflow_tui.model.targets import KINDS
from medflow_tui.playbooks.load import parse, shipped
from medflow_tui.rules.standing import state_of
from medflow_tui.runner.mandate import Mandate
from medflow_tui.runner.process import Order, agreement_of
from tests.servers.runs import At, Bench, is_at
from tests.servers.service_steps import QUICK, TIMING

ROOT = Path(__file__).parents[2]


def hurry() -> None:
    """Short waits between two looks; what is awaited is the same."""
    service.TIMING = TIMING
    service.supervisor = functools.partial(supervisor, pace=QUICK)  # type: ignore[assignment]
    service_survey.OVER_S = 0.2


def target_from(table: Mapping[str, Any]) -> Target:
    rest = {key: tuple(value) if isinstance(value, list) else value for key, value in table.items()}
    return KINDS[rest.pop("kind")](**rest)


@dataclass(slots=True)
class Run:
    """One run, as a process of its own each time; `enter` stands before the program, `run` is its name once known."""

    playbook: str
    state: Path
    targets: Sequence[Mapping[str, Any]]
    enter: tuple[str, ...] = ()
    run: str = ""
    login: tuple[str, str] | None = None
    environment: dict[str, str] = field(default_factory=dict)
    shelf: Path = field(default_factory=shipped)

    def order(self, kill: str = "") -> dict[str, Any]:
        """The argument of the program."""
        return {
            "playbook": self.playbook,
            "shelf": str(self.shelf),
            "state": str(self.state),
            "targets": list(self.targets),
            "run": self.run,
            "kill": kill,
            "login": self.login,
        }

    def begin(self, kill: str = "") -> subprocess.Popen[str]:
        """Start it, or go on with it."""
        told = json.dumps(self.order(kill))
        child = subprocess.Popen(
            (*self.enter, sys.executable, "-m", "tests.servers.service_run", told),
            cwd=ROOT,
            env={**os.environ, "PYTHONPATH": str(ROOT), **self.environment},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        assert child.stdout is not None
        line = child.stdout.readline()
        if not line:
            raise AssertionError(child.communicate()[1][-2000:])
        self.run = line.strip()
        return child

    def end(self, kill: str = "", within_s: float = 120.0) -> int:
        """Its exit code: 0 all verified, 2 failed or refused, 3 waits; negative (or 137 by way of nsenter) when killed."""
        child = self.begin(kill)
        _, errors = child.communicate(timeout=within_s)
        assert child.returncode in (0, 2, 3, -signal.SIGKILL, 128 + signal.SIGKILL), errors[-2000:]
        return child.returncode

    def kill(self, child: subprocess.Popen[str]) -> None:
        """SIGKILL for the runner itself, whatever stands before it."""
        inner = psutil.Process(child.pid).children() if self.enter else []
        for each in (*inner, child):
            each.send_signal(signal.SIGKILL)
        child.communicate()

    @property
    def folder(self) -> RunFolder:
        return RunFolder(path=self.state / "runs" / self.run)

    def entries(self) -> tuple[Entry, ...]:
        return self.folder.entries()

    def standing(self) -> RunState:
        playbook = parse(self.folder.playbook.read_text(encoding="utf-8"), self.playbook)
        return state_of(playbook, self.run, self.entries(), alive=False)


def die_at(kill: str) -> None:
    """This process, at `LINE:MOMENT` of its journal or at `MARK STEP:MOMENT`; moments are before, torn and after.

    With `~SECONDS` after that time, wherever it is.
    """
    if kill.startswith("~"):
        clock = threading.Timer(float(kill[1:]), os.kill, (os.getpid(), signal.SIGKILL))
        clock.daemon = True
        clock.start()
        return
    told, _, moment = kill.partition(":")
    mark, _, step = told.partition(" ")
    at: At = int(told) if told.isdecimal() else (Mark(mark), step)
    real = AppendLog.append

    def append(self: AppendLog, record: dict[str, object]) -> None:
        if self.path.name != JOURNAL or not is_at(record, at):
            real(self, record)
            return
        if moment == "torn":
            text = canonical(record).encode()
            os.write(self.descriptor, text[: len(text) // 2])
        elif moment == "after":
            real(self, record)
        os.kill(os.getpid(), signal.SIGKILL)

    AppendLog.append = append  # type: ignore[method-assign,assignment]


def main(told: Mapping[str, Any]) -> int:
    hurry()
    bench = Bench(
        name=told["playbook"],
        shelf=Path(told["shelf"]),
        targets=tuple(target_from(each) for each in told["targets"]),
        state=Path(told["state"]),
        login=Login(username=told["login"][0], password=told["login"][1]) if told["login"] else None,
    )
    order = bench.order() if not told["run"] else again(bench, told["run"])
    sys.stdout.write(f"{order.folder.name}\n")
    sys.stdout.flush()
    if told["kill"]:
        die_at(told["kill"])
    from medflow_tui.runner.process import _exit_code

    return _exit_code(bench.run(order))


def again(bench: Bench, run: str) -> Order:
    folder = RunFolder(path=bench.state / "runs" / run)
    plan = agreement_of(folder)
    mandate = Mandate(
        who="tech2",
        reason="gone on with after a fall",
        typed=plan.confirm,
        plan_hash=plan.hash,
        login_age_s=0,
    )
    return Order(folder=folder.path, site_file="", state=bench.state, mandate=mandate, login=bench.login)


def await_that(holds: Any, within_s: float = 40.0) -> None:
    ends = time.monotonic() + within_s
    while not holds():
        assert time.monotonic() < ends
        time.sleep(0.02)


if __name__ == "__main__":
    sys.exit(main(json.loads(sys.argv[1])))
