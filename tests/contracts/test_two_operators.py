"""Two operators confirm the same playbook at the same instant: one of them acts, the other is told who does."""

from __future__ import annotations

import json
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from medflow_tui.journal.run_log import RunFolder
from medflow_tui.model.procedure import Mark, Outcome
from medflow_tui.runner.process import Order
from tests.servers.queue_clinic import PROGRAM, Clinic, clinic, environment, in_trouble
from tests.servers.sync_backend import RETRY, START
from tests.servers.valkey import running as valkey

ROUNDS, SUCCEEDED, REFUSED = 3, 0, 2


@pytest.fixture
def here(tmp_path: Path) -> Iterator[Clinic]:
    folder = tmp_path / "valkey"
    folder.mkdir()
    with valkey(folder) as server, clinic(server.port, tmp_path / "state") as found:
        in_trouble(found)
        yield found


def asked_by(who: str, order: Order) -> Order:
    return replace(order, mandate=replace(order.mandate, who=who))


def ready() -> subprocess.Popen[bytes]:
    """The process of a run that has read everything but its order."""
    child = subprocess.Popen(
        (sys.executable, str(PROGRAM), "--stay"),
        stdin=subprocess.PIPE,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        env=environment(),
    )
    assert child.stdin is not None
    return child


def at_once(here: Clinic, orders: tuple[Order, ...]) -> dict[str, int]:
    """Exit codes by the run; whoever acts first is held at its first change until the others have ended."""
    over = threading.Event()

    def stop(asked: str, moment: str) -> None:
        if (asked, moment) == (START, "before"):
            assert over.wait(30)

    here.backend.on_post = stop
    children = {each.folder.name: (ready(), each.written()) for each in orders}
    for child, written in children.values():
        child.stdin.write(written[:-1])  # type: ignore[union-attr]
        child.stdin.flush()  # type: ignore[union-attr]
    for child, written in children.values():
        child.stdin.write(written[-1:])  # type: ignore[union-attr]
        child.stdin.close()  # type: ignore[union-attr]
    first = _first_over([child for child, _ in children.values()])
    over.set()
    assert first, "nobody was refused while the other acted"
    return {name: child.wait(60) for name, (child, _) in children.items()}


def _first_over(children: list[subprocess.Popen[bytes]], within_s: float = 30.0) -> bool:
    ends = time.monotonic() + within_s
    while time.monotonic() < ends:
        if any(each.poll() is not None for each in children):
            return True
        time.sleep(0.02)
    return False


@pytest.mark.parametrize("round_", range(ROUNDS))
def test_one_acts_and_the_other_is_told_who(here: Clinic, round_: int) -> None:
    orders = tuple(asked_by(who, here.order()) for who in ("amani", "doudou"))
    codes = at_once(here, orders if round_ % 2 else orders[::-1])
    assert sorted(codes.values()) == [SUCCEEDED, REFUSED]
    winner = next(each for each in orders if codes[each.folder.name] == SUCCEEDED)
    loser = next(each for each in orders if each is not winner)
    end = RunFolder(path=loser.folder).entries()[-1]
    assert (end.mark, end.outcome) == (Mark.RUN_ENDED, Outcome.FAIL)
    assert end.said.text == "{who} is acting here since {since}, run {run}"
    assert (end.said.values["who"], end.said.values["run"]) == (winner.mandate.who, winner.folder.name)
    assert not any(
        each.mark in (Mark.INTENDED, Mark.LOCKED) for each in RunFolder(path=loser.folder).entries()
    )
    assert here.backend.posts == {START: 1, RETRY: 1}
    assert not list((here.state / "locks").glob("*.lock"))
    lines = (here.state / "audit.jsonl").read_text().splitlines()
    records = [json.loads(each) for each in lines]
    told = [(each["run"], each["ev"], (each.get("result") or {}).get("outcome")) for each in records]
    for order, outcome in ((winner, "pass"), (loser, "fail")):
        name = order.folder.name
        assert (name, Mark.RUN_STARTED.value, None) in told
        assert told.count((name, Mark.RUN_ENDED.value, outcome)) == 1
    assert not [each for each in told if each[:2] == (loser.folder.name, Mark.INTENDED.value)]
    (denied,) = [each for each in records if each["ev"] == "attempt.denied"]
    assert (denied["run"], denied["plan_hash"]) == (loser.folder.name, loser.mandate.plan_hash)
    assert denied["result"] == {
        "why": "lock_held",
        "held_by": winner.mandate.who,
        "held_run": winner.folder.name,
    }
    assert not any(each["ev"] == "guard.result" for each in records if each["run"] == loser.folder.name)
