"""What of a log is shown, and where the next error is."""

from __future__ import annotations

from medflow_tui.model.log import Level, LogLine
from medflow_tui.rules.logview import filter_of, neighbour, shown

LINES = tuple(
    LogLine(
        at=None, level=level, source=source, text=text, origin="backend", continued=text.startswith("at ")
    )
    for level, source, text in (
        (Level.DEBUG, "http", "GET / 200"),
        (Level.WARN, "http", "GET /api 503"),
        (Level.ERROR, "Redis", "Connection lost [/var/log]"),
        (Level.ERROR, "Redis", "at x.js:1"),
        (Level.INFO, "sync", "done"),
        (Level.CRITICAL, "mongod", "aborting"),
    )
)


def texts(**wanted: object) -> list[str]:
    return [each.text for each in shown(LINES, filter_of(**wanted))]  # type: ignore[arg-type]


def test_a_level_means_this_and_above() -> None:
    assert texts(level=Level.ERROR) == ["Connection lost [/var/log]", "at x.js:1", "aborting"]


def test_expressions_in_and_out_work_together_on_text_and_source() -> None:
    assert texts(include="redis|http", exclude="503|200") == ["Connection lost [/var/log]", "at x.js:1"]


def test_a_capital_letter_makes_the_expression_exact() -> None:
    assert texts(include="GET") == ["GET / 200", "GET /api 503"]
    assert texts(include="Get") == []


def test_a_bad_expression_is_a_reason_and_hides_nothing() -> None:
    for bad in ("[", "(?P<", "a" * 300, "(a+)+$", "*"):
        chosen = filter_of(include=bad)
        assert chosen.problem, bad
        assert shown(LINES, chosen) == LINES


def test_one_origin_can_be_chosen() -> None:
    assert texts(origin="ocr") == []
    assert len(texts(origin="backend")) == len(LINES)


def test_next_and_previous_skip_traces_and_end_without_wrapping() -> None:
    assert neighbour(LINES, -1, Level.WARN, forward=True) == 1
    assert neighbour(LINES, 1, Level.ERROR, forward=True) == 2
    assert neighbour(LINES, 2, Level.ERROR, forward=True) == 5
    assert neighbour(LINES, 5, Level.ERROR, forward=True) is None
    assert neighbour(LINES, 5, Level.ERROR, forward=False) == 2
    assert neighbour(LINES, 99, Level.ERROR, forward=False) == 5
