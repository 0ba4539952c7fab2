"""Stop now, while a step only looks: it is broken off within a moment, and what was not seen is not called well."""

from __future__ import annotations

import threading
import time
from dataclasses import replace
from pathlib import Path

import pytest

from medflow_tui.actions.checking import Close, Eyes, Look, Subject
from medflow_tui.actions.power_check import Kinds
from medflow_tui.model.performer import Finding, Performer, Task
from medflow_tui.model.playbook import Effect, Step, Text
from medflow_tui.model.procedure import NO_FACTS, Outcome
from medflow_tui.model.site import Site
from medflow_tui.model.targets.backups import BackupsTarget
from medflow_tui.model.words import SILENCE
from medflow_tui.wiring import probe_of
from tests.servers.queue_clinic import clinic, in_trouble
from tests.servers.readings import tools
from tests.servers.valkey import running as valkey

BROKEN = "broken off: somebody asked to stop"
STEP = Step(id="look", title=Text(), action="a.b", effect=Effect.READ, timeout_s=60)


def broken_off(performer: Performer) -> Finding:
    """What it says when somebody asks to stop 0.3 s after its begin."""
    asked = threading.Event()
    threading.Timer(0.3, asked.set).start()
    began = time.monotonic()
    task = Task(
        step=STEP, past={}, tell=lambda said, facts: None, halted=lambda: "stop" if asked.is_set() else ""
    )
    found = performer.verify(task)
    assert time.monotonic() - began < 10
    return found


@pytest.mark.parametrize("kind", [Look, Close])
def test_a_check_of_many_looks(kind: type[Look] | type[Close], tmp_path: Path) -> None:
    (tmp_path / "backups").mkdir()
    target = BackupsTarget(name="backups", folder=str(tmp_path / "backups"))
    subject = Subject(
        kinds=("backups",),
        numbers=lambda seen: NO_FACTS,
        message=lambda facts: SILENCE,
        settled=lambda _: False,
    )
    given = replace(tools(tmp_path), probe_of=probe_of(tools(tmp_path)))
    site = Site(code="LAB", name="Lab", environment="lab", targets=(target,))
    eyes = Eyes(subject=subject, site=site, tools=given, targets=(target,))
    found = broken_off(kind(eyes))
    assert (found.outcome, found.said.text) == (Outcome.UNKNOWN, BROKEN)
    assert broken_off(Kinds(eyes, ("backups",))).outcome is Outcome.UNKNOWN


def test_a_queue_that_nobody_works_on_is_watched_no_longer(tmp_path: Path) -> None:
    folder = tmp_path / "valkey"
    folder.mkdir()
    with valkey(folder) as server, clinic(server.port, tmp_path / "state") as here:
        in_trouble(here)
        with here.crew() as crew:
            performer = crew.performer("medflow_queue.watch")
            assert performer is not None
            found = broken_off(performer)
            assert (found.outcome, found.said.text) == (Outcome.UNKNOWN, BROKEN)
