"""Steps on a service as a run would make them, with what it would have written down; and one that is killed half-way."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import psutil

from medflow_tui.actions.service import Timing, Watched, performers_of
from medflow_tui.actions.service_capture import sealing
from medflow_tui.actions.service_ready import Ready
from medflow_tui.clients.supervisors import supervisor
from medflow_tui.clients.supervisors.telling import Pace
from medflow_tui.model.canonical import Fact
from medflow_tui.model.performer import Finding, Performer, Task
from medflow_tui.model.procedure import Effect, Outcome, Step, Text
from medflow_tui.model.targets.process import ProcessTarget
from medflow_tui.model.words import say
from tests.servers.readings import tools

ROOT = Path(__file__).parents[2]
QUICK = Pace(every_s=0.05, steady_s=0.5)
TIMING = Timing(every_s=0.05, settle_s=15.0, ends_s=3.0, ready_every_s=0.05, errors_over_s=0.1)
KILLED = """
import json, sys
from pathlib import Path
from tests.servers.service_steps import Work, target_of
order = json.loads(sys.argv[1])
work = Work.at(target_of(order["target"]), Path(order["folder"]))
work.past = {key: dict(value) for key, value in order["past"].items()}
performer, task = work.performer(order["action"]), work.task(order["action"])
prepared = performer.prepare(task)
print(json.dumps(dict(prepared.facts)), flush=True)
if order["stops"] == "before":
    sys.stdin.read()
work.past[order["action"]] = dict(prepared.facts)
performer.carry_out(work.task(order["action"]))
print("carried out", flush=True)
sys.stdin.read()
"""


@contextmanager
def behind_a_pid_file(folder: Path, code: str) -> Iterator[dict[str, Any]]:
    """The table of a target: this program, which gets the path of `lives.log` and is gone afterwards."""
    try:
        yield {
            "name": "backend",
            "manager": "pidfile",
            "pid_file": str(folder / "backend.pid"),
            "start": [sys.executable, "-c", code, str(folder / "lives.log")],
            "start_in": str(folder),
            "output": str(folder / "backend.log"),
        }
    finally:
        family = [each for each in psutil.process_iter(["cwd"]) if each.info["cwd"] == str(folder)]
        for each in family:
            each.kill()
        psutil.wait_procs(family, timeout=5)


def never_ready(asked_ms: int, deadline: object) -> tuple[Outcome, Any]:
    return Outcome.FAIL, say("not asked in this test")


def target_of(table: Mapping[str, Any]) -> ProcessTarget:
    return ProcessTarget(**{**table, "start": tuple(table.get("start", ()))})


@dataclass(slots=True)
class Work:
    """The steps of one run on one service; `past` is what a journal would hold, by step."""

    performers: Mapping[str, Performer]
    folder: Path
    timeout_s: int = 25
    past: dict[str, dict[str, Fact]] = field(default_factory=dict)

    @classmethod
    def at(cls, target: ProcessTarget, folder: Path, ready: Ready = never_ready) -> Work:
        watched = Watched(
            name="backend",
            supervisor=supervisor(target, pace=QUICK),
            ready=ready,
            capture=sealing(target, tools(folder / "state"), folder / "run"),
        )
        return cls(performers=performers_of(watched, TIMING), folder=folder)

    def performer(self, action: str) -> Performer:
        return self.performers[action]

    def task(self, action: str) -> Task:
        step = Step(
            id=action,
            title=Text(en=action),
            action=action,
            effect=Effect.DISRUPTIVE,
            timeout_s=self.timeout_s,
        )
        return Task(step=step, past=dict(self.past), tell=lambda said, facts: None)

    def ask(self, action: str, question: Callable[[Performer], Callable[[Task], Finding]]) -> Finding:
        found = question(self.performer(action))(self.task(action))
        self.past[action] = {**self.past.get(action, {}), **found.facts}
        return found

    def whole(self, action: str) -> tuple[Finding, Finding, Finding]:
        """Prepare, carry out, verify; ends at what is no pass before anything was done."""
        prepared = self.ask(action, lambda each: each.prepare)
        if prepared.outcome is not Outcome.PASS:
            return prepared, prepared, prepared
        carried = self.ask(action, lambda each: each.carry_out)
        return prepared, carried, self.ask(action, lambda each: each.verify)

    def resumed(self, action: str) -> tuple[Outcome, Finding]:
        """What a run does after an interruption: reconcile, start again only what was certainly not done, verify."""
        reconciled = self.ask(action, lambda each: each.reconcile)
        match reconciled.outcome:
            case Outcome.PASS:
                return reconciled.outcome, self.ask(action, lambda each: each.verify)
            case Outcome.FAIL:
                return reconciled.outcome, self.whole(action)[2]
            case Outcome.UNKNOWN:
                return reconciled.outcome, reconciled


def killed_while(
    work: Work,
    table: Mapping[str, Any],
    action: str,
    *,
    stops: str,
    when: Callable[[], bool] | None = None,
    enter: tuple[str, ...] = (),
) -> None:
    """Make the step in a process of its own and kill that: `before` the change, when `when` holds, or `after` it.

    What it had written down before (the intent) is in `work.past` afterwards, and nothing else of it.
    """
    order = {
        "target": dict(table),
        "folder": str(work.folder),
        "action": action,
        "stops": stops,
        "past": work.past,
    }
    argv = (*enter, sys.executable, "-c", KILLED, json.dumps(order))
    child = subprocess.Popen(
        argv,
        cwd=ROOT,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert child.stdout is not None
    try:
        work.past[action] = json.loads(child.stdout.readline())
        if stops == "after":
            assert child.stdout.readline() == "carried out\n"
        ends = time.monotonic() + 20
        while when is not None and not when():
            assert child.poll() is None
            assert time.monotonic() < ends
            time.sleep(0.01)
    finally:
        inner = (
            psutil.Process(child.pid).children() if enter else []
        )  # what nsenter has started in the namespace
        for each in (*inner, child):
            each.send_signal(signal.SIGKILL)
        child.communicate()


def make(order: Mapping[str, Any]) -> dict[str, Any]:
    """One thing done with a step, as told in plain data, for a process that runs elsewhere."""
    work = Work.at(target_of(order["target"]), Path(order["folder"]))
    work.past = {key: dict(value) for key, value in order["past"].items()}
    action, question = order["action"], order["question"]
    match question:
        case "whole":
            found = work.whole(action)
        case "resumed":
            reconciled, verified = work.resumed(action)
            found = (Finding(outcome=reconciled), verified)
        case _:
            found = (work.ask(action, lambda each: getattr(each, question)),)
    said = [each.said.text.format_map(_Loose(each.said.values)) for each in found]
    return {
        "outcomes": [each.outcome.value for each in found],
        "said": said,
        "past": work.past,
        "calls": work.performer(action).calls,
    }


class _Loose(dict[str, Any]):
    """Values of a sentence, without their forms."""

    def __init__(self, values: Mapping[str, Any]) -> None:
        super().__init__({name: _Plain(str(value)) for name, value in values.items()})


class _Plain(str):
    def __format__(self, form: str) -> str:
        return str(self)


if __name__ == "__main__":
    print(json.dumps(make(json.loads(sys.argv[1])), default=list))
