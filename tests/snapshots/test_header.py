"""The first two lines while bytes are counted and saved: at each width, in both languages, as they were kept."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import pytest

from medflow_tui.lab import scenes
from medflow_tui.locale.language import Language
from medflow_tui.model.health import Snapshot
from medflow_tui.model.site import Site
from medflow_tui.model.words import SILENCE, say
from medflow_tui.rules.meter import Meter
from medflow_tui.rules.thrift import Limits, Over, Step, Throttle
from medflow_tui.ui.present.header import header, second_line
from medflow_tui.ui.present.health import UNICODE
from medflow_tui.ui.present.line import Line, width
from medflow_tui.ui.present.meter import meter_texts, saving, thrift_word
from medflow_tui.ui.present.rows import Look

KEPT = Path(__file__).with_name("header.txt")
SITE = Site(code="MATRIX", name="Matrix Kinshasa", environment="production", price_per_mb=0.3)
NOW = datetime(2026, 1, 15, 9, 0, tzinfo=UTC)
COUNTED = Meter(session=412_000, rate=183.0)
LIMITS = Limits(bytes_per_s=100, session_bytes=1_000_000)
NOTICE = say("the collector fell silent: looking by itself")
WIDTHS = (40, 80, 160)

STATES: dict[str, tuple[Meter | None, Throttle, bool, bool]] = {
    "counted": (COUNTED, Throttle(), False, False),
    "not counted": (Meter(), Throttle(), False, False),
    "no terminal": (None, Throttle(), False, False),
    "low": (COUNTED, Throttle(), True, False),
    **{
        f"saving, {step.name}": (COUNTED, Throttle(step=step, over=Over.RATE), False, False)
        for step in list(Step)[1:]
    },
    "session used up": (COUNTED, Throttle(step=Step.NO_LOG, over=Over.SESSION), False, False),
    "saving, and a notice": (COUNTED, Throttle(step=Step.EVERY_2_S, over=Over.RATE), False, True),
}


def head(state: str, code: str, cells: int) -> tuple[Line, Line]:
    """As the dashboard draws it."""
    meter, throttle, is_low, has_notice = STATES[state]
    scene = scenes.read("bad-afternoon").snapshot
    snapshot = Snapshot(at=scene.at, verdicts=scene.verdicts, notices=(NOTICE,) if has_notice else ())
    look = Look(language=Language(code), glyphs=UNICODE, now=NOW)
    return (
        header(
            SITE,
            snapshot,
            look,
            cells,
            armed_until=None,
            paused=False,
            cost=meter_texts(meter, SITE, look.language, is_wide=cells >= 120),
            thrift=thrift_word(throttle, is_low=is_low) if has_notice or is_low else SILENCE,
        ),
        second_line(snapshot, look, cells, saving=SILENCE if is_low else saving(throttle, LIMITS, meter)),
    )


def told(line: Line) -> str:
    return "".join(each.text for each in line)


def all_of_it() -> str:
    parts = []
    for state in STATES:
        for code in ("en", "fr"):
            for cells in WIDTHS:
                lines = "\n".join(told(each).rstrip() for each in head(state, code, cells))
                parts.append(f"# {state}, {code}, {cells}\n{lines}\n")
    return "\n".join(parts)


def test_the_header_is_as_it_was_kept(request: pytest.FixtureRequest) -> None:
    if request.config.getoption("--snapshot-update", default=False):
        KEPT.write_text(all_of_it(), encoding="utf-8")
    assert all_of_it() == KEPT.read_text(encoding="utf-8")


@pytest.mark.parametrize("state", STATES)
@pytest.mark.parametrize("code", ["en", "fr"])
@pytest.mark.parametrize("cells", [40, 60, 79, 80, 81, 119, 120, 160, 240])
def test_no_line_is_wider_than_the_terminal(state: str, code: str, cells: int) -> None:
    assert all(width(told(each)) <= cells for each in head(state, code, cells))


@pytest.mark.parametrize("code", ["en", "fr"])
def test_at_80_columns_the_step_the_reason_and_the_megabytes_are_all_there(code: str) -> None:
    first, second = head("saving, EVERY_2_S", code, 80)
    assert "0.4 MB" in told(first) or "0,4\N{NO-BREAK SPACE}Mo" in told(first)
    assert "(1/5)" in told(second)
    assert "100" in told(second)
