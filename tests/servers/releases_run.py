"""Runs of the playbooks of versions: a quick clinic, an npm of the test's own, and somebody who answers."""

from __future__ import annotations

import os
import sys
import threading
import time
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

import pytest

from medflow_tui.actions import service, service_survey
from medflow_tui.clients.supervisors import supervisor
from medflow_tui.journal.run_log import RunFolder
from medflow_tui.model.errors import RefusedError
from medflow_tui.model.procedure import Move, Phase, StepKind
from medflow_tui.runner.channel import speak
from medflow_tui.runner.follow import Follower
from medflow_tui.runner.process import Assembly, Order, carry_out
from medflow_tui.runner.wishes import Stopping, Wish
from tests.servers.releases_site import COMMIT, Clinic
from tests.servers.runs import Bench
from tests.servers.service_steps import QUICK, TIMING

GOOD_NPM = """
import pathlib, tarfile, sys
assert sys.argv[1:] == ["ci"], sys.argv
with tarfile.open("eyes.tgz") as tar:
    place = pathlib.Path("node_modules/eyes")
    place.mkdir(parents=True, exist_ok=True)
    for name in ("package.json", "main.js"):
        (place / name).write_bytes(tar.extractfile("package/" + name).read())
print("added 1 package in 5ms")
"""
CHANGES = ("install", "build", "save", "stop", "run_script", "switch", "start")
ANSWERS = {"together.item1": "2.0.0", "together.item2": COMMIT[:8], "together.item3": "none", "seen": "works"}


def hurry(monkeypatch: pytest.MonkeyPatch) -> None:
    """Looks at services come quickly after each other."""
    monkeypatch.setattr(service, "TIMING", replace(TIMING, settle_s=3.0))
    monkeypatch.setattr(service, "supervisor", lambda target: supervisor(target, pace=QUICK))
    monkeypatch.setattr(service_survey, "OVER_S", 0.1)


def set_npm(folder: Path, monkeypatch: pytest.MonkeyPatch, body: str = GOOD_NPM) -> None:
    """An npm of that body, first on the PATH."""
    for name, value in with_path(folder / "programs", "npm", body).items():
        monkeypatch.setenv(name, value)


def bench_of(clinic: Clinic, tmp_path: Path, **inputs: str) -> Bench:
    """The bench of a deployment."""
    return clinic.bench("deployment", tmp_path / "state", **{"version": "2.0.0", "script": "none", **inputs})


def run_answered(bench: Bench, order: Order, answers: Mapping[str, str]) -> Move:
    """Begin it or go on with it; each question is answered as it is asked: `step.item` or `step` (a choice)."""
    stopping, over = Stopping(), threading.Event()
    playbook = bench.playbook

    def answer() -> None:
        follower, said = Follower(RunFolder(path=order.folder)), set[str]()
        while not over.wait(0.01):
            state = follower.poll().state
            step = playbook.step(state.step)
            if state.phase is not Phase.WAITING or step is None or step.kind is StepKind.ACTION:
                continue
            open_items = [each.id for each in step.items if each.id not in state.answered]
            for item in open_items or [""]:
                name = f"{step.id}.{item}" if item else step.id
                if name in said or (step.items and not item):
                    continue
                said.add(name)
                word = answers.get(name, "")
                wish = Wish(
                    what="answer", who="tech1", session="one", step=step.id, item=item,
                    choice="" if item else word, text=word if item else "",
                )  # fmt: skip
                if not _heard(order, wish):
                    stopping.ask()
                    return

    person = threading.Thread(target=answer)
    person.start()
    try:
        return carry_out(order, lambda order: Assembly(site=bench.site, crew=bench.crew()), stopping)
    finally:
        over.set()
        person.join()


def with_path(folder: Path, name: str, body: str) -> dict[str, str]:
    """A program of that name, first on the PATH."""
    folder.mkdir(exist_ok=True)
    program = folder / name
    program.write_text(f"#!{sys.executable}\n{body}")
    program.chmod(0o755)
    return {"PATH": f"{folder}{os.pathsep}{os.environ['PATH']}"}


def _heard(order: Order, wish: Wish) -> bool:
    """A run that only begins to listen gets some time."""
    for _ in range(5):
        try:
            speak(order.folder, wish)
        except RefusedError:
            time.sleep(0.1)
        else:
            return True
    return False
