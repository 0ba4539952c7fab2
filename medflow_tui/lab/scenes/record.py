"""Records the scenes: a real lab is broken as the script says, and looked at with the real probes.

An hour of history is told in a minute: each round of readings is dated at its place in the invented hour. What is
concluded at the end is concluded from the last round, which has the time of the clock.
"""

from __future__ import annotations

import json
import re
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from types import MappingProxyType
from typing import Any, Protocol

from medflow_tui.config.load import load
from medflow_tui.journal.history import History, HistoryReader
from medflow_tui.lab import register
from medflow_tui.lab.control import send
from medflow_tui.lab.log_writer import append, service_line, service_log
from medflow_tui.lab.scenes import PLACE, Scene, folder, written
from medflow_tui.lab.scenes.script import STORIES, Complaint, Story, Turn
from medflow_tui.model.errors import LabError
from medflow_tui.model.health import Probe, Reading, Snapshot
from medflow_tui.model.log import Level, LogLine
from medflow_tui.model.performer import Login
from medflow_tui.model.plan import Plan
from medflow_tui.model.procedure import Phase, RunState
from medflow_tui.model.site import Site
from medflow_tui.model.target import Target
from medflow_tui.model.words import say
from medflow_tui.monitor.knowledge import Knowledge
from medflow_tui.runner.dispatch import Dispatch

CALM_MINUTES = range(60, 0, -5)
MOST_ROUNDS, BETWEEN_ROUNDS_S = 40, 2.0
LINES = 90
WHO = "amani"
JUST = timedelta(hours=1)
MOMENT = re.compile(r"\d{4}-\d\d-\d\dT[\d:.]+(\+00:00|Z)$")


class Log(Protocol):
    """Follows the log of a site."""

    def start(self) -> None: ...

    def stop(self) -> None: ...

    def lines(self) -> tuple[LogLine, ...]: ...

    def histogram(self) -> tuple[int, ...]: ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Eyes:
    """What the recorder looks and acts with; built by the wiring, because it is no part of the lab."""

    probe_of: Callable[[Site, Path], Callable[[Target], Probe]]
    log_of: Callable[[Site], Log]
    dispatch_of: Callable[[Site, Path], Dispatch]


def record(eyes: Eyes, told: Callable[[str], None], names: tuple[str, ...] = ()) -> None:
    """Record the scenes of these names, or all, into the package. LabError when one does not become what it should."""
    for story in STORIES:
        if names and story.name not in names:
            continue
        told(story.name)
        with tempfile.TemporaryDirectory(prefix="medflow-scene-") as place, running(Path(place)) as lab:
            scene = _Recorder(eyes, lab, story).take()
            text = written(scene).replace(lab["dir"], PLACE)
        (folder() / f"{story.name}.json").write_text(text, encoding="utf-8")


@contextmanager
def running(place: Path) -> Iterator[dict[str, Any]]:
    """A lab in a process of its own, as its lab file tells it; ended at the end."""
    command = (
        sys.executable,
        "-m",
        "medflow_tui.lab",
        "--headless",
        "--lifeline",
        "--dir",
        str(place / "lab"),
    )
    world = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    assert world.stdin is not None
    assert world.stdout is not None
    try:
        line = world.stdout.readline()
        if not line:
            raise LabError(say("the lab did not start"))
        yield register.choose(Path(json.loads(line)["site"]).parent)
    finally:
        world.stdin.close()
        world.wait()
        world.stdout.close()


class _Recorder:
    """One scene. `_at` dates the rounds."""

    def __init__(self, eyes: Eyes, lab: dict[str, Any], story: Story) -> None:
        self._eyes, self._lab, self._story = eyes, lab, story
        self._state = Path(lab["state"])
        self._site = load(Path(lab["site"])).site
        build = eyes.probe_of(self._site, self._state)
        self._probes = {each.name: build(each) for each in self._site.targets}
        self._knowledge = Knowledge(self._site.targets)
        self._end = _now()
        self._history = History(self._state, _now)

    def take(self) -> Scene:
        self._history.start()
        turns = {turn.minutes: turn for turn in self._story.turns}
        for minutes in sorted({*CALM_MINUTES, *turns}, reverse=True):
            turn = turns.get(minutes)
            if turn is not None:
                self._play(turn)
            else:
                self._round(self._before(minutes))
        for complaint in self._story.complaints:
            self._write(complaint)
        self._round(_now())
        snapshot = self._round(_now())
        self._history.stop()
        log, errors = self._read_log()
        past = HistoryReader(self._state)
        since = snapshot.at - timedelta(days=1)
        plan, runs = self._mend() if self._story.mend else (None, ())
        return Scene(
            name=self._story.name,
            snapshot=snapshot,
            log=log,
            errors=errors,
            changes=tuple(change for name in self._story.remember for change in past.changes(name)),
            samples=MappingProxyType({name: past.samples(name, since) for name in self._story.remember}),
            plan=plan,
            runs=runs,
        )

    def _before(self, minutes: float) -> datetime:
        return self._end - timedelta(minutes=minutes)

    def _play(self, turn: Turn) -> None:
        at = self._before(turn.minutes)
        self._round(at - timedelta(seconds=BETWEEN_ROUNDS_S))
        for fault in turn.faults:
            send(self._lab, "break", fault)
        for _ in range(MOST_ROUNDS):
            verdict = self._round(at).find(turn.target)
            if verdict is not None and verdict.health is turn.becomes and not verdict.soft:
                return
            at += timedelta(seconds=BETWEEN_ROUNDS_S)
            time.sleep(BETWEEN_ROUNDS_S / 4)
        raise LabError(
            say("{target} did not become {state:word}", target=turn.target, state=turn.becomes.value)
        )

    def _round(self, at: datetime) -> Snapshot:
        """Every target once, all readings dated `at`, and every moment in them moved as far."""
        with ThreadPoolExecutor(max_workers=len(self._probes)) as pool:
            found = pool.map(lambda each: self._probes[each.name].read(each.deadline_s), self._site.targets)
            for target, readings in zip(self._site.targets, found, strict=True):
                dated = tuple(_moved(each, at) for each in readings)
                for before, after in self._knowledge.absorb(target.name, dated, at):
                    self._history.record(before, after)
        snapshot = self._knowledge.snapshot(at)
        return replace(
            snapshot,
            verdicts=tuple(replace(each, values=_scalars(each.values)) for each in snapshot.verdicts),
        )

    def _write(self, complaint: Complaint) -> None:
        at = self._before(complaint.minutes)
        for _ in range(complaint.times):
            line = service_line(complaint.context, complaint.level, complaint.text, at)
            append(service_log(Path(self._lab["dir"])), line)
            at += timedelta(seconds=0.5)

    def _read_log(self) -> tuple[tuple[LogLine, ...], tuple[int, ...]]:
        log = self._eyes.log_of(self._site)
        log.start()
        before: tuple[LogLine, ...] = ()
        while not before or before != log.lines():
            before = log.lines()
            time.sleep(1.0)
        log.stop()
        newest = before[-LINES:]
        told = [each for each in before if each in newest or each.level >= Level.WARN]
        return tuple(sorted(told, key=lambda each: each.at or self._end)), log.histogram()

    def _mend(self) -> tuple[Plan, tuple[RunState, ...]]:
        """The plan of the playbook that fits, and two states of its run: in the middle and at the end."""
        dispatch = self._eyes.dispatch_of(self._site, self._state)
        playbook = dispatch.playbooks[0]
        login = Login(username=WHO, password=self._lab["accounts"][WHO], at=dispatch.now())
        plan = dispatch.plan(playbook, login)
        run = dispatch.start(
            playbook,
            plan,
            who=WHO,
            reason="device images missing since morning",
            typed=plan.confirm,
            login=login,
        )
        follower = dispatch.follower(run.run)
        seen: list[RunState] = []
        while not (state := follower.poll().state).phase.is_over:
            if state.phase is Phase.RUNNING and state.changed and state not in seen:
                seen.append(state)
            time.sleep(0.02)
        return plan, (seen[len(seen) // 2], state)


def _moved(reading: Reading, at: datetime) -> Reading:
    """The same, seen at another moment: what had just happened had just happened then; a schedule keeps its hours."""
    seen = reading.observed_at.replace(microsecond=0)

    def moved(value: Any) -> Any:
        match value:
            case datetime():
                return value + (at - seen) if abs(value - seen) < JUST else value
            case str() if MOMENT.match(value):
                return moved(datetime.fromisoformat(value)).isoformat()
            case Mapping():
                return {name: moved(each) for name, each in value.items()}
            case tuple() | list():
                return type(value)(moved(each) for each in value)
        return value

    return replace(reading, observed_at=at, values=MappingProxyType(moved(reading.values)))


def _now() -> datetime:
    return datetime.now(UTC).replace(microsecond=0)


def _scalars(values: Any) -> Any:
    """What a picture may show of the values; the rest is left out, to keep scenes small."""
    return MappingProxyType({name: each for name, each in values.items() if name.startswith("api_")})
