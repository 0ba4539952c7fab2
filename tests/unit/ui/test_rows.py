"""A row is a sentence in fixed columns, and the second line says what is wrong, at every width."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from medflow_tui.locale.language import Language
from medflow_tui.model.health import EPOCH, Health, Judgement, Verdict
from medflow_tui.model.words import say
from medflow_tui.ui.present.health import UNICODE
from medflow_tui.ui.present.line import Line, width
from medflow_tui.ui.present.rows import Look, freshness, row, summary

NOW = datetime(2026, 1, 15, 14, 32, tzinfo=UTC)
LOOK = Look(language=Language("en"), glyphs=UNICODE, now=NOW)
CALM = Verdict(
    target="solix-oct",
    kind="share",
    pane="devices",
    label="Optovue Solix",
    health=Health.OK,
    evidence=say("{age:duration} old", age=660),
    observed_at=NOW,
    since=NOW - timedelta(hours=3),
    latency_ms=3.0,
    judgement=Judgement(
        health=Health.OK,
        evidence=say("old"),
        threshold=say("a new file every {due:duration}", due=14400),
        limit=say("max {time:duration}", time=14400),
    ),
    spark=(Health.OK,) * 4,
)
TROUBLE = replace(
    CALM,
    health=Health.CRITICAL,
    evidence=say("host answers, share does not"),
    since=NOW - timedelta(minutes=4),
    latency_ms=None,
    judgement=Judgement(health=Health.CRITICAL, evidence=say("x"), means=say("images do not arrive")),
)


def text(line: Line) -> str:
    return "".join(each.text for each in line)


@pytest.mark.parametrize("verdict", [CALM, TROUBLE, replace(CALM, spark=(), judgement=None)])
@pytest.mark.parametrize("cells", [24, 37, 41, 51, 80, 157])
def test_a_row_has_exactly_its_width(verdict: Verdict, cells: int) -> None:
    assert width(text(row(verdict, cells, LOOK))) == cells


def test_a_long_name_takes_what_the_evidence_leaves() -> None:
    assert text(row(CALM, 41, LOOK)) == " ● Optovue Solix 11 min old          ▇▇▇▇"


def test_the_evidence_of_a_trouble_comes_before_a_long_name() -> None:
    assert text(row(TROUBLE, 41, LOOK)) == " ✖ Optovue … host answers, sh… 14:28 ▇▇▇▇"


def test_a_wider_row_has_the_limit_and_the_latency_too() -> None:
    assert text(row(CALM, 51, LOOK)) == " ● Optovue Solix 11 min old     max 4 h   3 ms ▇▇▇▇"


def test_evidence_that_needs_the_room_takes_it_from_latency_and_limit() -> None:
    silent = replace(TROUBLE, label="solix", latency_ms=3.0)
    assert text(row(silent, 51, LOOK)) == " ✖ solix       host answers, share does… 14:28 ▇▇▇▇"


def test_a_very_wide_row_has_the_limit_as_a_sentence() -> None:
    assert "11 min old                  a new file every 4 h " in text(row(CALM, 157, LOOK))


def test_the_second_line_says_the_longest_that_fits() -> None:
    said = {cells: text(summary((TROUBLE,), LOOK, cells)) for cells in (160, 80, 60, 40)}
    whole = "Optovue Solix: host answers, share does not since 14:28"
    assert said[160] == f" ✖ 1 critical   {whole}: images do not arrive"
    assert said[80] == f" ✖ 1 critical   {whole}"
    assert said[60] == " ✖ 1   Optovue Solix: host answers, share does not"
    assert said[40] == " ✖ 1   Optovue Solix: host answers…"


def test_calm_says_how_many_how_many_closed_and_how_fresh() -> None:
    closed = replace(CALM, health=Health.EXPECTED_OFFLINE)
    line = text(summary((CALM, closed), LOOK, 80))
    assert line.startswith(" ● 0 problems in 2 targets · 1 closed ")
    assert line.endswith(" all read within the last minute")
    assert width(line) == 80


@pytest.mark.parametrize(
    ("age", "said"),
    [
        (timedelta(seconds=60), "all read within the last minute"),
        (timedelta(seconds=61), "all read within the last 2 min"),
        (timedelta(hours=5), "all read within the last 6 h"),
        (timedelta(days=2), "oldest 13/01"),
    ],
)
def test_freshness_goes_in_steps(age: timedelta, said: str) -> None:
    assert LOOK.language.say(freshness(NOW - age, NOW), NOW) == said


def test_what_was_never_read_is_not_fresh() -> None:
    assert freshness(EPOCH, NOW).text == "not all read yet"


def test_the_second_line_names_the_cause_and_not_what_it_has_broken() -> None:
    cause = replace(TROUBLE, target="mongodb", label="mongodb", evidence=say("refused"), judgement=None)
    broken = replace(TROUBLE, target="backend", label="backend", needs=("mongodb", "redis"))
    assert "mongodb: refused" in text(summary((broken, cause), LOOK, 100))
    milder = replace(cause, health=Health.WARNING)
    assert "backend:" in text(summary((broken, milder), LOOK, 100))
