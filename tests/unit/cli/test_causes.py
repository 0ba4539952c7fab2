"""Why a plan that was shown at a terminal was left: the audit says what it was, and not that some guard said no."""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Callable, Iterator
from contextlib import nullcontext, suppress
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

import pytest

import medflow_tui
from medflow_tui.cli.acting import Acting
from medflow_tui.cli.asking import Questions
from medflow_tui.cli.person import GONE, LeftError, LostError, Person
from medflow_tui.cli.speech import UnsaidError
from medflow_tui.journal.append_log import UnwritableError
from medflow_tui.journal.audit import verify
from medflow_tui.journal.orders import Orders
from medflow_tui.locale.language import Language
from medflow_tui.model.errors import MedflowError, RefusedError, SettingsError
from medflow_tui.model.performer import Login
from medflow_tui.model.plan import GuardResult
from medflow_tui.model.playbook import Text
from medflow_tui.model.procedure import Outcome
from medflow_tui.model.words import Phrase, say
from medflow_tui.rules.auditing.record import REASONS
from medflow_tui.rules.reasons import CAUSES, cause_of
from medflow_tui.runner import detached, surroundings
from medflow_tui.runner.dispatch import Dispatch
from medflow_tui.ui.present import audit as present
from tests.unit.runner.stage import NIGHT, Stage
from tests.unit.ui.test_plan_screen import ASKS, TWO

PHRASE, SOME = "RESTORE LAB", say("no")
HERE = (
    "medflow_tui.cli",
    "medflow_tui.config",
    "medflow_tui.journal",
    "medflow_tui.model",
    "medflow_tui.playbooks",
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Typing(Person):
    """Types a reason, and the phrase after `meanwhile`."""

    meanwhile: Callable[[], None]
    phrase: str = PHRASE

    def ask(self, question: Phrase) -> str:
        return "data is damaged"

    def confirm(self, question: Phrase, *, arm_after_s: float = 0.0) -> str:
        if PHRASE not in str(question.values.values()):
            return ""
        self.meanwhile()
        return self.phrase


def thrown(error: BaseException) -> Callable[[Stage], None]:
    def throw(stage: Stage) -> None:
        raise error

    return throw


def nothing(stage: Stage) -> None:
    """All goes on as before."""


def stop_all(stage: Stage) -> None:
    Orders(stage.state).set_passive(on=True, who="claire", reason="smoke")


def wait_long(stage: Stage) -> None:
    stage.time += timedelta(hours=1)


@pytest.fixture
def left(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[..., str]:
    def leave(
        meanwhile: Callable[[Stage], None], start: Callable[[Stage], None], phrase: str = PHRASE
    ) -> str:
        stage = Stage(tmp_path, ASKS, site=TWO)
        monkeypatch.setattr(surroundings, "_power", lambda: {"power": "mains"})
        monkeypatch.setattr(detached, "start", lambda *_: start(stage))
        login = Login(username="amani", password="invented", at=NIGHT)
        monkeypatch.setattr(Questions, "login", lambda _: login)
        dispatch = Dispatch(
            site=stage.site,
            state=stage.state,
            playbooks=(stage.playbook,),
            crew_for=lambda *_: nullcontext(stage),
            command=("false",),
            now=lambda: stage.time,
        )
        language = Language("en")
        person = Typing(speak=language.say, meanwhile=lambda: meanwhile(stage), phrase=phrase)
        one = Acting(dispatch=dispatch, language=language, person=person)
        with suppress(MedflowError, KeyboardInterrupt, ValueError):
            one.start(stage.playbook, {"backup": "backup-1"})
        records = verify(stage.state / "audit.jsonl").records
        (found,) = [each for each in records if each["ev"] == "plan.cancelled"]
        return str(found["result"]["why"])

    return leave


@pytest.mark.parametrize(
    ("meanwhile", "start", "cause"),
    [
        (stop_all, nothing, "passive"),
        (wait_long, nothing, "expired"),
        (thrown(LeftError(SOME)), nothing, "by_person"),
        (thrown(KeyboardInterrupt()), nothing, "by_person"),
        (thrown(LostError(GONE)), nothing, "line_lost"),
        (thrown(UnsaidError(SOME)), nothing, "line_lost"),
        (nothing, thrown(RefusedError(SOME, "timeout")), "timeout"),
        (nothing, thrown(RefusedError(SOME)), "guard"),
        (nothing, thrown(UnwritableError(SOME)), "unwritable"),
        (nothing, thrown(OSError(28, "No space left on device")), "unwritable"),
        (nothing, thrown(SettingsError(SOME)), "settings"),
        (nothing, thrown(ValueError("a fault of ours")), "fault"),
    ],
)
def test_the_true_cause_is_recorded(
    left: Callable[..., str],
    meanwhile: Callable[[Stage], None],
    start: Callable[[Stage], None],
    cause: str,
) -> None:
    assert left(meanwhile, start) == cause


def test_a_wrong_phrase_is_that(left: Callable[..., str]) -> None:
    assert left(nothing, nothing, "RESTORE") == "confirm_wrong"


@pytest.mark.parametrize(
    ("names", "cause"),
    [
        (("window",), "window"),
        (("limits",), "rate_limit"),
        (("passive",), "passive"),
        (("people", "role"), "no_role"),
        (("nobody_else",), "lock_held"),
        (("space",), "guard"),
        (("window", "passive"), "guard"),
    ],
)
def test_a_plan_that_would_not_start_is_left_for_what_stops_it(names: tuple[str, ...], cause: str) -> None:
    refusals = [
        GuardResult(id=each, outcome=Outcome.FAIL, stops=True, said=SOME, why=Text(), fix=Text())
        for each in names
    ]
    assert cause_of(refusals) == cause
    assert set(CAUSES.values()) <= set(REASONS)


def errors(kind: type[MedflowError] = MedflowError) -> Iterator[type[MedflowError]]:
    yield kind
    for each in kind.__subclasses__():
        yield from errors(each)


def test_every_error_has_a_cause_that_the_audit_keeps_and_shows_in_words() -> None:
    for package in HERE:
        found = importlib.import_module(package)
        for each in pkgutil.iter_modules(found.__path__, f"{package}."):
            importlib.import_module(each.name)
    assert medflow_tui.__name__
    assert {each.cause for each in errors()} <= set(REASONS)
    assert set(REASONS) == set(present.REASONS)
