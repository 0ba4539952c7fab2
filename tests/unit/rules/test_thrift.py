"""A screen that costs too much saves one step after the other, in the stated order, and goes back when there is room."""

from __future__ import annotations

from dataclasses import replace
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from medflow_tui.rules.thrift import (
    MOST_PATIENCE_S,
    PATIENCE_S,
    SETTLE_S,
    Limits,
    Over,
    Step,
    Throttle,
    exceeded,
    is_slow,
    next_throttle,
)

LIMITS = Limits(bytes_per_s=100, session_bytes=1_000_000)


def after(seconds: int, rate: float | None, *, now: Throttle | None = None, begins: int = 0) -> Throttle:
    """A rate held for so many seconds, looked at each of them."""
    now = now or Throttle()
    for at in range(begins, begins + seconds):
        now = next_throttle(now, rate, 1_000, LIMITS, float(at))
    return now


def test_the_steps_come_in_their_order_with_time_to_take_effect() -> None:
    seen, now = [], Throttle()
    for at in range(100):
        before, now = now, next_throttle(now, 500.0, 1_000, LIMITS, float(at))
        if now.step is not before.step:
            seen.append((at, now.step))
    assert [step for _, step in seen] == list(Step)[1:]
    assert all(later - sooner >= SETTLE_S for (sooner, _), (later, _) in pairwise(seen))
    assert now.over is Over.RATE


def test_a_page_that_a_key_asked_for_is_over_before_it_counts() -> None:
    assert after(11, 500.0).step is Step.NOTHING
    assert after(30, 20.0, now=after(11, 500.0), begins=11).step is Step.NOTHING


def test_a_step_is_taken_back_only_with_room_for_what_comes_back() -> None:
    saved = replace(Throttle(), step=Step.EVERY_5_S, over=Over.RATE, since=0.0)
    assert after(600, 45.0, now=saved).step is Step.EVERY_5_S  # at every 2 s it would be 112 B/s
    assert after(int(PATIENCE_S), 35.0, now=saved).step is Step.EVERY_5_S
    assert after(int(PATIENCE_S) + 1, 35.0, now=saved).step is Step.EVERY_2_S
    back = after(200, 0.0, now=saved)
    assert (back.step, back.over) == (Step.NOTHING, Over.NONE)


def test_a_step_that_was_taken_back_in_vain_stays_longer_each_time() -> None:
    now = replace(Throttle(), step=Step.THIN_LOG, over=Over.RATE, since=0.0)
    times = []
    for at in range(5_000):
        before, rate = now, 20.0 if now.step is Step.THIN_LOG else 500.0
        now = next_throttle(before, rate, 1_000, LIMITS, float(at))
        if now.step < before.step:
            times.append(at)
    gaps = [later - sooner for sooner, later in pairwise(times)]
    assert gaps == sorted(gaps)
    assert gaps[-1] >= MOST_PATIENCE_S


def test_a_session_that_used_its_bytes_saves_all_and_never_goes_back() -> None:
    now = Throttle()
    for at in range(200):
        now = next_throttle(now, 0.0, 1_000_001, LIMITS, float(at))
    assert (now.step, now.over) == (Step.NO_LOG, Over.SESSION)


@pytest.mark.parametrize("rate", [None, 99.0, 100.0])
def test_what_is_not_known_or_just_within_exceeds_nothing(rate: float | None) -> None:
    assert exceeded(rate, None, LIMITS) is Over.NONE
    assert after(100, rate).step is Step.NOTHING


def test_without_limits_nothing_is_saved() -> None:
    assert not Limits()
    assert exceeded(10_000.0, 10_000_000_000, Limits()) is Over.NONE


@given(
    st.lists(st.tuples(st.floats(0.1, 60.0), st.one_of(st.none(), st.floats(0.0, 1_000.0))), max_size=200),
    st.floats(1.0, 500.0),
)
def test_it_moves_one_step_at_a_time_and_never_further_while_within(
    looks: list[tuple[float, float | None]], limit: float
) -> None:
    now, at = Throttle(), 0.0
    for passed, rate in looks:
        at += passed
        before, now = now, next_throttle(now, rate, None, Limits(bytes_per_s=limit), at)
        assert abs(now.step - before.step) <= 1
        if now.step > before.step:
            assert rate is not None
            assert rate > limit
        if now.step < before.step:
            assert rate is not None
            assert rate <= limit
        assert (now.over is Over.NONE) == (now.step is Step.NOTHING)
        assert PATIENCE_S <= now.patience_s <= MOST_PATIENCE_S


@pytest.mark.parametrize(
    ("rtt_ms", "rate", "expected"),
    [
        (None, None, False),
        (250.0, 16_000.0, False),
        (251.0, None, True),
        (None, 15_999.0, True),
        (20.0, 1e6, False),
    ],
)
def test_a_slow_line_is_known_by_its_round_trip_or_its_rate(
    rtt_ms: float | None, rate: float | None, expected: bool
) -> None:
    assert is_slow(rtt_ms, rate) is expected
