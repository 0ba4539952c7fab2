"""The byte budget: what the real program writes to a real terminal, counted."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from tests.bench.growing import FIRST_NUMBER
from tests.bench.line import HERE_AND_NOW
from tests.bench.programs import dashboard, pulse, still
from tests.bench.rows.flood import ALONE, KB_PER_S, RATE, flood, old_log, sights
from tests.bench.rows.flow import LIVE_PER_S, LONG, LONG_PER_S, REST_PER_MIN
from tests.bench.rows.keys import HELP_BYTES, ROW_BYTES
from tests.bench.rows.runs import (
    LOOKING_BACK,
    OPENED_BYTES,
    OPENING,
    OTHER_VIEW_BYTES,
    PAGES,
    TURNED_BYTES,
    WALKS,
    history,
    opened,
    scene,
    walked,
)
from tests.bench.rows.start import PAINT_BYTES, STANDS
from tests.bench.run import Strokes, middle, record
from tests.bench.sites import closed_port, with_log
from tests.bench.terminal import Size
from tests.bench.witness import FIRST_SCREEN

SIZES = [Size(80, 24), Size(160, 48)]
WALKED = [*((page, SIZES[0], "en") for page in WALKS), ("plan", SIZES[0], "fr")]
WALKED += [("audit", SIZES[1], "fr"), ("help", SIZES[1], "en")]  # a plan fits there
at_both_sizes = pytest.mark.parametrize("size", SIZES, ids=str)


@at_both_sizes
def test_the_first_paint_is_small_and_then_only_a_clock_of_minutes_may_write(size: Size) -> None:
    run = record(replace(still(), ready=STANDS), size, 10.0)
    assert "0 problems in 20 targets" in run.screen.text
    assert run.full_paint.bytes_before <= PAINT_BYTES[str(size)]
    assert run.steady_bytes <= REST_PER_MIN
    assert len([each for each in run.chunks if run.steady_from < each.at <= run.steady_to]) <= 1


@at_both_sizes
@pytest.mark.parametrize(("rows", "at_most"), [(20, LIVE_PER_S), (LONG, LONG_PER_S)])
def test_twenty_values_a_second_cost_no_more_than_their_figures(
    size: Size, rows: int, at_most: float
) -> None:
    run = record(pulse(rows), size, 6.0)
    assert 0 < run.bytes_per_s <= at_most


@at_both_sizes
def test_a_row_down_costs_the_two_rows_that_it_changes(size: Size) -> None:
    run = record(still(), size, 0.0, Strokes(("down", "down", "up", "up"), apart_s=0.4))
    moves = [each.bytes_out for each in (*run.keys("down"), *run.keys("up"))]
    assert all(0 < each <= ROW_BYTES for each in moves), moves


@at_both_sizes
def test_the_help_screen_costs_little_more_than_its_text(size: Size) -> None:
    run = record(still(), size, 0.0, Strokes(("?",), apart_s=1.5))
    (cost,) = run.keys("?")
    assert "F9" in run.screen.text
    assert 0 < cost.bytes_out <= HELP_BYTES[str(size)]


@at_both_sizes
def test_the_pages_of_playbooks_plan_and_run_cost_little_more_than_their_text(size: Size) -> None:
    strokes = replace(OPENING, keys=(*OPENING.keys, "t"))
    costs = opened(record(scene(), size, 0.0, strokes), (*PAGES, "steps"))
    assert 0 < costs.pop("steps") <= OTHER_VIEW_BYTES
    assert set(costs) == {"playbooks", "plan", "run"}
    costs |= opened(record(history(), size, 0.0, LOOKING_BACK), ("runs", "", "audit"))
    assert all(300 < each <= OPENED_BYTES[str(size)] for each in costs.values()), costs


@pytest.mark.parametrize(("page", "size", "language"), WALKED, ids=str)
def test_a_row_down_of_a_page_costs_no_more_than_one_of_the_dashboard_and_its_text_comes_in_few(
    page: str, size: Size, language: str
) -> None:
    costs = walked(page, size, language)
    print(f"{page} {size} {language}: median {middle(costs)} B, most {max(costs)} B of {costs}")
    assert len(costs) >= 4
    assert middle(costs) <= ROW_BYTES, costs
    assert max(costs) <= TURNED_BYTES, costs


@at_both_sizes
def test_a_log_of_a_thousand_lines_a_second_is_followed_on_its_budget(size: Size, tmp_path: Path) -> None:
    log, site = old_log(tmp_path), tmp_path / "site.toml"
    site.write_text(with_log(log, closed_port()))
    program = dashboard(site, tmp_path / "state", FIRST_SCREEN)
    found = flood(program, size, log, HERE_AND_NOW, *ALONE, seconds=6.0)
    newest = sights(found.run, found.writes)[-1].highest
    assert newest > FIRST_NUMBER + 3 * RATE
    assert 0 < found.run.bytes_per_s / 1000 <= KB_PER_S[str(size)]
