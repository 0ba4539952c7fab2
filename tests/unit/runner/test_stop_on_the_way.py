"""A stop asked for while nothing works but the run waits: it is heard; and the stop that leads back does not end the way."""

from __future__ import annotations

import time
from pathlib import Path

import pytest

from medflow_tui.model.performer import Finding, Task
from medflow_tui.model.procedure import Act, Mark, Then
from medflow_tui.rules.in_flight import past_with_holds
from medflow_tui.runner import lookout
from medflow_tui.runner.channel import speak
from tests.unit.runner.stage import FAIL, PASS, Background, Stage
from tests.unit.runner.test_runner import QUIET, on_mains, until, wish

__all__ = ["on_mains"]


class KilledError(BaseException):
    """As the runner would be: nothing more is written."""


@pytest.fixture
def stage(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Stage:
    monkeypatch.setattr(lookout, "TICK_S", 0.01)
    return Stage(tmp_path, QUIET.replace('class = "R4"', 'class = "R3"'))


def waits(halted: list[str], within_s: float = 8.0) -> object:
    def wait(task: Task) -> None:
        halted.append("waits")
        ends = time.monotonic() + within_s
        while time.monotonic() < ends and not task.halted():
            time.sleep(0.01)
        halted.append(task.halted())

    return wait


def killed(stage: Stage, action: str, *, what: str = "carry_out") -> None:
    def die(task: Task) -> None:
        raise KilledError

    service = stage.services[action]
    service.before[what] = die
    with pytest.raises(KilledError):
        stage.start()
    del service.before[what]


def stop_now(stage: Stage, then: Then = Then.PAUSE) -> None:
    assert stage.folder is not None
    speak(stage.folder.path, wish("stop", then=then.value, now=True))


def test_while_it_asks_what_was_done_before_the_interruption(stage: Stage) -> None:
    killed(stage, "mongo.switch")
    halted: list[str] = []
    stage.services["mongo.switch"].before["reconcile"] = waits(halted)  # type: ignore[assignment]
    running = Background(stage.go_on)
    until(lambda: halted)
    stop_now(stage)
    assert running.result().act is Act.PAUSE
    assert halted == ["waits", "stop"]


def test_while_it_asks_whether_a_step_is_undone(stage: Stage) -> None:
    stage.services["mongo.verify"].says["verify"] = FAIL
    killed(stage, "mongo.switch_back")
    halted: list[str] = []
    stage.services["mongo.switch_back"].before["reconcile"] = waits(halted)  # type: ignore[assignment]
    running = Background(stage.go_on)
    until(lambda: halted)
    stop_now(stage)
    running.result()
    assert halted[:2] == ["waits", "stop"]


def test_the_stop_that_leads_back_ends_none_of_the_steps_that_undo(stage: Stage) -> None:
    halted, back = list[str](), list[str]()
    stage.services["mongo.switch"].before["carry_out"] = waits(halted)  # type: ignore[assignment]
    for what in ("reconcile", "carry_out", "verify"):
        stage.services["mongo.switch_back"].before[what] = waits(back, 0.1)  # type: ignore[assignment]
    running = stage.in_background()
    until(lambda: halted)
    stop_now(stage, Then.ROLL_BACK)
    running.result()
    assert halted == ["waits", "stop"]
    assert back == ["waits", ""] * 3


def test_what_a_hold_meets_outside_its_step_is_written_down_with_the_intent(stage: Stage) -> None:
    """It is asked to end there: who that was, and when, must be known to what follows and after an interruption."""
    stage.services["service.start"].says["prepare"] = Finding(outcome=PASS, facts={"before.pid": 7})
    stage.services["service.stop"].says["carry_out"] = FAIL
    assert stage.start().outcome is FAIL
    released = [each for each in stage.entries if each.mark is Mark.HOLD_TAKING]
    assert [dict(each.facts) for each in released] == [{"hold": "app_stopped", "app_stopped.before.pid": 7}]
    assert stage.tasks["service.start verify"].own() == {"before.pid": 7}
    assert past_with_holds(released) == {"app_stopped": released[0].facts}
