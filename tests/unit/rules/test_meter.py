"""What went to the terminal is counted from what the driver says, with a clock that is given."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from medflow_tui.rules.meter import HOUR_S, WINDOW_S, Meter


def looked(*looks: tuple[float, int]) -> Meter:
    meter = Meter()
    for at, written in looks:
        meter = meter.after(written, at)
    return meter


def test_the_rate_is_that_of_the_last_ten_seconds_and_unknown_before() -> None:
    meter = looked((0.0, 4_500), (5.0, 4_600))
    assert (meter.session, meter.rate, meter.per_hour) == (4_600, None, None)
    meter = meter.after(5_000, 10.0).after(5_000, 15.0)
    assert meter.rate == pytest.approx(40.0)
    assert meter.per_hour == pytest.approx(40.0 * HOUR_S)
    assert meter.after(5_000, 25.0).rate == 0.0


def test_what_is_not_counted_is_unknown_and_not_nothing() -> None:
    assert looked((0.0, 10), (20.0, 20)).after(None, 21.0) == Meter(session=None, rate=None)


@given(st.lists(st.tuples(st.floats(0.01, 30.0), st.integers(0, 5_000)), min_size=1, max_size=200))
def test_the_session_is_the_sum_and_few_looks_are_kept(steps: list[tuple[float, int]]) -> None:
    at, written, meter = 0.0, 0, Meter()
    for passed, more in steps:
        at, written = at + passed, written + more
        meter = meter.after(written, at)
        assert meter.session == written
        assert meter.rate is None or 0 <= meter.rate * WINDOW_S <= written + 1e-6
        older = [moment for moment, _ in meter.marks if moment < at - WINDOW_S]
        assert len(older) <= 1
