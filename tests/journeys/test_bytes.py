"""The byte budget: what the real program writes to a real terminal, counted."""

from __future__ import annotations

import pytest

from tests.bench.programs import pulse, still
from tests.bench.rows.flow import LONG
from tests.bench.rows.start import PAINT_BYTES
from tests.bench.run import Strokes, record
from tests.bench.terminal import Size

SMALL, LARGE = Size(80, 24), Size(160, 48)
IDLE_BYTES_IN_10_S = 50
LIVE_BYTES_PER_S = 400
ROW_BYTES = 60


@pytest.mark.parametrize("size", [SMALL, LARGE], ids=str)
def test_nothing_is_written_while_nothing_changes_and_the_first_paint_is_small(size: Size) -> None:
    run = record(still(), size, 10.0)
    assert run.steady_bytes <= IDLE_BYTES_IN_10_S
    assert run.full_paint.bytes_before <= PAINT_BYTES[str(size)]
    assert "0 problems in 20 targets" in run.screen.text


@pytest.mark.parametrize("rows", [20, LONG])
def test_twenty_values_a_second_cost_no_more_than_their_figures(rows: int) -> None:
    run = record(pulse(rows), SMALL, 6.0)
    assert 0 < run.bytes_per_s <= LIVE_BYTES_PER_S


def test_a_row_down_costs_the_two_rows_that_it_changes() -> None:
    run = record(still(), SMALL, 0.0, Strokes(("down", "down", "up", "up"), apart_s=0.3))
    moves = [each.bytes_out for each in (*run.keys("down"), *run.keys("up"))]
    assert all(0 < each <= ROW_BYTES for each in moves), moves
