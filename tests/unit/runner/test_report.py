"""Playbooks, plans and runs as lines of text, in both languages."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest

from medflow_tui.locale.language import Language
from medflow_tui.model.health import EMPTY, Health, Verdict
from medflow_tui.model.performer import Performer, Survey
from medflow_tui.model.plan import Plan, phrase_from, phrase_record
from medflow_tui.model.procedure import Phase, RunState, StepStand, StepState
from medflow_tui.model.site import Site
from medflow_tui.model.words import say
from medflow_tui.playbooks.load import load, shipped
from medflow_tui.rules.choosing import fitting
from medflow_tui.runner.preview import make_plan
from medflow_tui.runner.report import Report

AT = datetime(2026, 11, 23, 14, 32, tzinfo=UTC)
BOOK = load(shipped() / "device-sync-failure.toml")


class Calls:
    """A crew that has measured something and does nothing."""

    def __init__(self, survey: Survey) -> None:
        self._survey = survey

    def survey(self) -> Survey:
        return self._survey

    def performer(self, action: str) -> Performer | None:
        return None


def plan(tmp_path: Path, **facts: int) -> Plan:
    site = Site(code="MATRIX", name="MATRIX Kinshasa", environment="drill")
    survey = Survey(facts=facts, targets={"backend": "http://127.0.0.1:5002"}, role="admin", operator="Amani")
    return make_plan(BOOK, site, Calls(survey), tmp_path, now=AT)


def report(language: str) -> Report:
    return Report(speak=Language(language).say, language=language)


@pytest.mark.parametrize(
    ("language", "title", "step"),
    [
        ("en", "Device sync failure", "Retry 3 failed jobs"),
        ("fr", "Panne de synchronisation des appareils", "Relancer 3 tâches en échec"),
    ],
)
def test_a_plan_is_told_in_the_operators_language(
    tmp_path: Path, language: str, title: str, step: str
) -> None:
    text = "\n".join(report(language).planned(plan(tmp_path, waiting=14, failed=3, expired=1, devices=8)))
    assert title in text
    assert step in text
    assert "14" in text
    assert "{" not in text


def test_a_guard_that_does_not_hold_says_why_and_what_to_do(tmp_path: Path) -> None:
    lines = report("en").planned(plan(tmp_path))
    place = next(number for number, line in enumerate(lines) if "Redis cannot be read" in line)
    assert lines[place].startswith(" ?")
    assert lines[place + 1 : place + 3] == (
        "     The queue lives in Redis; a full Redis throws jobs away.",
        "     Give Redis room, or find what fills it.",
    )


def test_what_was_not_measured_leaves_no_braces_behind(tmp_path: Path) -> None:
    for language in ("en", "fr"):
        assert "{" not in "".join(report(language).planned(plan(tmp_path)))
        assert "{" not in "".join(report(language).shown(BOOK))


def test_lists_and_runs_are_one_line_each(tmp_path: Path) -> None:
    found = report("en")
    assert found.listed((BOOK,)) == ("device-sync-failure  R3  Device sync failure",)
    run = RunState(run="r1", phase=Phase.INTERRUPTED, who="tech1", said=say("4 wait"))
    assert found.runs((run,)) == ("r1  tech1  interrupted, 4 wait",)
    steps = tuple(StepState(id=each.id, stand=StepStand.DONE, said=say("ok")) for each in BOOK.steps)
    lines = found.run(replace(run, steps=steps), BOOK, {"failed": 3, "devices": 8})
    assert lines[4].startswith(" ✔ Retry 3 failed jobs")


def test_the_hash_of_a_plan_is_that_of_its_content(tmp_path: Path) -> None:
    one, other = plan(tmp_path, failed=3), plan(tmp_path, failed=4)
    assert one.hash == plan(tmp_path, failed=3).hash
    assert one.hash != other.hash
    assert one.hash != replace(one, confirm="OTHER").hash
    assert len(one.short) == 9


def test_a_phrase_comes_back_from_the_journal() -> None:
    phrase = say("{n:number} since {at:when}", n=3, at=AT).also(say("and {x}", x="y"))
    assert phrase_from(phrase_record(phrase)) == phrase
    assert phrase_record(say("{ms:ms}", ms=1.6)) == {"text": "{ms:ms}", "values": {"ms": 2}}


def test_a_playbook_fits_what_is_in_trouble() -> None:
    def seen(kind: str, health: Health) -> Verdict:
        return Verdict(target=kind, kind=kind, pane="devices", label=kind, health=health, evidence=say("x"))

    assert fitting((BOOK,), EMPTY) == ()
    calm = replace(EMPTY, verdicts=(seen("queue", Health.OK), seen("redis", Health.CRITICAL)))
    assert fitting((BOOK,), calm) == ()
    trouble = replace(EMPTY, verdicts=(seen("queue", Health.CRITICAL), seen("redis", Health.OK)))
    assert fitting((BOOK,), trouble) == (BOOK,)
    assert fitting((BOOK,), trouble, "redis") == ()
