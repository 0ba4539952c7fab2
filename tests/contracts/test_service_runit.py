"""A service of a real runit: told, measured, held over a new start of runit, interrupted."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from medflow_tui.clients.network import Deadline, UnreachableError
from medflow_tui.clients.supervisors import look
from medflow_tui.model.health import Cause
from medflow_tui.model.procedure import Outcome
from tests.servers.runit import UnavailableError, running
from tests.servers.service_steps import Work, killed_while, target_of

pytestmark = pytest.mark.real_server

SLOW = """#!/bin/sh
trap "echo term >> {log}; sleep 1; exit 0" TERM
echo $$ >> {log}
while :; do sleep 0.1; done
"""
FALLS = "#!/bin/sh\nsleep 0.2\nexit 3\n"


def scripts(folder: Path) -> dict[str, str]:
    texts = {"backend": SLOW, "falls": FALLS}
    return {name: text.format(log=folder / f"{name}.log") for name, text in texts.items()}


@pytest.fixture
def services(tmp_path: Path) -> Iterator[Path]:
    try:
        with running(tmp_path / "service", scripts(tmp_path)) as found:
            await_that(lambda: starts(tmp_path) == 1)
            yield found
    except UnavailableError as error:
        pytest.skip(str(error))


def await_that(holds: Callable[[], bool]) -> None:
    ends = time.monotonic() + 20
    while not holds():
        assert time.monotonic() < ends
        time.sleep(0.02)


def table(services: Path, name: str = "backend") -> dict[str, Any]:
    return {"name": "backend", "manager": "runit", "unit": str(services / name)}


def work(services: Path, tmp_path: Path, name: str = "backend") -> Work:
    return Work.at(target_of(table(services, name)), tmp_path)


def lines(tmp_path: Path, name: str = "backend") -> list[str]:
    path = tmp_path / f"{name}.log"
    return path.read_text().split() if path.exists() else []


def starts(tmp_path: Path) -> int:
    return sum(each.isdecimal() for each in lines(tmp_path))


def test_it_is_restarted_stopped_and_started(services: Path, tmp_path: Path) -> None:
    steps = work(services, tmp_path)
    before = int(lines(tmp_path)[0])
    prepared, _, verified = steps.whole("service.restart")
    assert (prepared.facts["before.pid"], verified.outcome) == (before, Outcome.PASS)
    assert verified.facts["now.pid"] == int(lines(tmp_path)[-1]) != before
    assert steps.whole("service.stop")[2].outcome is Outcome.PASS
    assert look(target_of(table(services)), Deadline.after(5)).state == "stopped"
    assert steps.whole("service.start")[2].outcome is Outcome.PASS


def test_a_service_that_falls_again_and_again_was_not_restarted(services: Path, tmp_path: Path) -> None:
    steps = work(services, tmp_path, "falls")
    steps.timeout_s = 12
    assert steps.whole("service.restart")[2].outcome is not Outcome.PASS


def test_held_it_stays_down_when_runit_starts_anew_and_the_release_gives_it_back(
    services: Path, tmp_path: Path
) -> None:
    folder, texts = tmp_path / "other", {"backend": SLOW.format(log=tmp_path / "backend.log")}
    before = starts(tmp_path)
    with running(folder, texts):
        await_that(lambda: starts(tmp_path) == before + 1)
        steps = work(folder, tmp_path)
        assert steps.whole("service.hold_acquire")[2].outcome is Outcome.PASS
    with running(folder, texts):
        assert steps.ask("service.hold_probe", lambda each: each.verify).outcome is Outcome.PASS
        assert starts(tmp_path) == before + 1
        assert steps.whole("service.hold_release")[2].outcome is Outcome.PASS
        assert starts(tmp_path) == before + 2
    with running(folder, texts):
        await_that(lambda: starts(tmp_path) == before + 3)


def test_killed_while_the_order_is_on_its_way_it_is_not_made_again(services: Path, tmp_path: Path) -> None:
    steps = work(services, tmp_path)
    killed_while(
        steps, table(services), "service.restart", stops="inside", when=lambda: "term" in lines(tmp_path)
    )
    reconciled, verified = steps.resumed("service.restart")
    assert (reconciled, verified.outcome) == (Outcome.PASS, Outcome.PASS)
    assert starts(tmp_path) == 2


def test_killed_before_the_order_it_is_made_once(services: Path, tmp_path: Path) -> None:
    steps = work(services, tmp_path)
    killed_while(steps, table(services), "service.restart", stops="before")
    reconciled, verified = steps.resumed("service.restart")
    assert (reconciled, verified.outcome) == (Outcome.FAIL, Outcome.PASS)
    assert starts(tmp_path) == 2


def test_a_service_that_is_not_there_is_not_known(services: Path) -> None:
    with pytest.raises(UnreachableError) as caught:
        look(target_of(table(services, "absent")), Deadline.after(5))
    assert caught.value.failure.cause is Cause.ABSENT
