"""A second person is passed over at a terminal only by the word for it, a long reason and the louder phrase."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import nullcontext
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from medflow_tui.cli.acting import Acting
from medflow_tui.cli.asking import Questions
from medflow_tui.cli.following import Following
from medflow_tui.cli.person import LeftError, Person
from medflow_tui.locale.language import Language
from medflow_tui.model.performer import Login
from medflow_tui.model.words import Phrase, say
from medflow_tui.runner import detached, surroundings
from medflow_tui.runner.dispatch import Dispatch
from tests.unit.runner.stage import NIGHT, Stage
from tests.unit.ui.test_plan_screen import ASKS, TWO, WHY

PHRASE = "RESTORE LAB"


@dataclass(frozen=True, slots=True, kw_only=True)
class Scripted(Person):
    """Types one line after another; then leaves."""

    lines: Iterator[str]
    heard: list[str] = field(default_factory=list)

    def ask(self, question: Phrase) -> str:
        self.heard.append(question.text)
        try:
            return next(self.lines)
        except StopIteration:
            raise LeftError(say("left, nothing done")) from None

    def confirm(self, question: Phrase, *, arm_after_s: float = 0.0) -> str:
        return self.ask(question)


@pytest.fixture
def acting(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Callable[..., tuple[int, list[Any], list[str]]]:
    """Someone who acts on the stage, where a second person must agree; what the process would be told."""
    orders: list[Any] = []
    monkeypatch.setattr(surroundings, "_power", lambda: {"power": "mains"})
    monkeypatch.setattr(detached, "start", lambda command, order: orders.append(order))
    monkeypatch.setattr(Following, "follow", lambda following: 0)
    login = Login(username="amani", password="invented", at=NIGHT)
    monkeypatch.setattr(Questions, "login", lambda questions: login)
    stage = Stage(tmp_path, ASKS, site=TWO)

    def act(*lines: str, role: str = "dba") -> tuple[int, list[Any], list[str]]:
        source = (
            ASKS if role == "dba" else ASKS.replace('roles = ["dba"]\nreason', 'roles = ["boss"]\nreason')
        )
        playing = Stage(tmp_path / role, source, site=TWO)
        dispatch = Dispatch(
            site=playing.site,
            state=playing.state,
            playbooks=(playing.playbook,),
            crew_for=lambda *_: nullcontext(playing),
            command=("false",),
            now=lambda: stage.time,
        )
        language = Language("en")
        person = Scripted(speak=language.say, lines=iter(("data is damaged", *lines)))
        one = Acting(dispatch=dispatch, language=language, person=person)
        code = one.person.guarded(lambda: one.start(playing.playbook, {"backup": "backup-1"}))
        return code, orders, person.heard

    return act


def test_with_its_word_a_reason_and_the_louder_phrase(acting: Any) -> None:
    code, orders, _ = acting("OVERRIDE", "too short", WHY, f"OVERRIDE {PHRASE}")
    assert (code, orders[0].mandate.override, orders[0].mandate.typed) == (0, WHY, f"OVERRIDE {PHRASE}")


@pytest.mark.parametrize("lines", [("OVERRIDE", WHY, PHRASE), ("OVERRIDE",), ("OVERRIDE", "too short")])
def test_with_less_nothing_is_started(acting: Any, lines: tuple[str, ...]) -> None:
    assert acting(*lines)[:2] == (1, [])


@pytest.mark.parametrize("word", ["", "override", PHRASE])
def test_without_its_word_a_second_person_is_waited_for(acting: Any, word: str) -> None:
    code, orders, _ = acting(word, PHRASE)
    assert (code, orders[0].mandate.override, orders[0].mandate.typed) == (0, "", PHRASE)


def test_whose_role_may_not_is_not_asked(acting: Any) -> None:
    code, orders, heard = acting(PHRASE, role="boss")
    assert (code, orders[0].mandate.override) == (0, "")
    assert not any("to pass over" in each for each in heard)


def test_a_reason_is_kept_without_names(acting: Any) -> None:
    secret = f"{WHY} password=hunter2"
    _, orders, _ = acting("OVERRIDE", secret, f"OVERRIDE {PHRASE}")
    assert "hunter2" not in orders[0].mandate.override
