"""The person's line, measured in made time."""

from __future__ import annotations

import pytest

from medflow_tui.ui.terminal.pace import SLICE
from medflow_tui.ui.terminal.sounding import LOST_S, TRIES, Sounding
from tests.unit.ui.terminal.made_line import STEP_S, MadeLine

THIN = (8_000.0, 0.3)


def begun(rate: float, latency_s: float, jitter_s: float = 0.0) -> MadeLine:
    """As the program begins: a few sequences, then the first paint."""
    line = MadeLine(rate, latency_s, jitter_s)
    line.write(40)
    line.until(0.4)
    line.write(1_200)
    return line


def test_the_round_trip_and_the_rate_are_known_from_the_first_paint() -> None:
    line = begun(*THIN)
    line.until(2.0)
    assert line.sounding.rtt_ms == pytest.approx(606, abs=10)
    assert line.sounding.rate == pytest.approx(8_000, rel=0.1)
    assert line.sounding.lag_s == pytest.approx(0.15, abs=0.02)


def test_before_anything_was_answered_nothing_is_known_and_nothing_held_back() -> None:
    sounding = Sounding()
    assert (sounding.rtt_ms, sounding.rate, sounding.lag_s) == (None, None, None)
    assert sounding.room(0.0) is None


@pytest.mark.parametrize(
    ("rate", "latency_s", "jitter_s"),
    [
        (8_000.0, 0.001, 0.0),
        *((rate, 0.05, jitter) for rate in (2_000.0, 8_000.0, 30_000.0) for jitter in (0.0, 0.01, 0.03)),
    ],
)
def test_a_line_that_is_poured_into_has_little_waiting_in_it_and_stands_hardly_ever_empty(
    rate: float, latency_s: float, jitter_s: float
) -> None:
    line = begun(rate, latency_s, jitter_s)
    line.pour(60.0)
    if line.sounding.rate is not None:
        assert line.late(20.0, 0.5) <= 20
        assert line.late(20.0, 0.95) <= 50
        assert line.sent / 60 >= min(0.9 * rate, 15_000.0)


@pytest.mark.parametrize("jitter_s", [0.0, 0.03])
def test_a_long_line_learns_more_slowly_but_learns(jitter_s: float) -> None:
    line = begun(*THIN, jitter_s)
    line.pour(90.0)
    assert line.late(20.0, 0.5) <= 20
    assert line.late(20.0, 0.95) <= 50
    assert line.sent / 90 >= 0.85 * THIN[0]


def test_a_line_that_carries_more_than_before_is_found_out_within_a_minute() -> None:
    line = begun(*THIN)
    line.pour(30.0)
    line.rate = 24_000.0
    line.pour(90.0)
    assert (line.sounding.rate or 64_000.0) >= 20_000.0


def test_one_that_carries_less_fills_for_seconds_only() -> None:
    line = begun(*THIN)
    line.pour(30.0)
    line.rate = 4_000.0
    line.pour(60.0)
    assert line.sounding.rate == pytest.approx(3_900.0, rel=0.1)
    assert line.late(40.0, 0.95) <= 50


@pytest.mark.parametrize(("least_s", "most_s"), [(0.0, 0.03), (0.02, 0.05), (0.05, 0.1), (0.0, 0.15)])
def test_a_busy_machine_is_not_taken_for_a_line_that_carries_nothing(least_s: float, most_s: float) -> None:
    """Answers are late by chance, whatever was sent: a log of 5 kB/s still comes through."""
    line = MadeLine(1e7, 0.0005)
    line.write(40)
    line.until(0.4)
    line.write(1_200)
    line.until(2.0)
    line.late_s = (least_s, most_s)
    waits, due, made = [], 0, 2.0
    while line.now < 30.0:
        line.until(line.now + STEP_S)
        if line.now >= made + 0.42:
            due, made = 2_100, line.now
        if due:
            room = line.sounding.room(line.now)
            part = due if room is None else min(due, room)
            if part:
                line.write(part)
                due -= part
            if not due:
                waits.append(line.now - made)
    assert len(waits) >= 55
    assert sorted(waits)[int(0.95 * len(waits))] <= 0.43


def test_what_is_given_at_once_is_a_slice_at_most_and_keys_find_room_that_others_do_not() -> None:
    line = begun(*THIN)
    line.until(3.0)
    assert 0 < (line.sounding.room(3.0, first=True) or 0) <= SLICE
    line.write(line.sounding.room(3.0) or 0)
    assert line.sounding.room(3.0) == 0
    assert 0 < (line.sounding.room(3.0, first=True) or 0) < SLICE
    assert 0 < line.sounding.wait_s(3.0) < 0.05


def test_a_fast_line_is_never_held_back_and_seldom_asked() -> None:
    line = begun(1_000_000.0, 0.001)
    for second in range(1, 121):
        line.until(float(second))
        assert line.sounding.room(line.now) is None
        line.write(20)
    assert line.questions <= 2 + 12


def test_nothing_is_asked_where_a_multiplexer_would_answer() -> None:
    sounding = Sounding(asks=False)
    sounding.sent(10_000, 1.0)
    assert not sounding.must_ask(100.0, 500)


def test_a_terminal_that_never_answers_is_soon_left_alone() -> None:
    line = MadeLine(*THIN, answers=False)
    for second in range(1, 300):
        line.until(float(second))
        line.write(500)
    assert line.questions <= TRIES * 4
    assert not line.sounding.must_ask(line.now, 500)
    assert line.sounding.room(line.now) is None


def test_while_the_line_stands_still_little_is_given_to_it_and_the_silence_is_told() -> None:
    line = begun(*THIN)
    line.until(3.0)
    line.write(100)
    line.stall(8.0)
    before = line.sent
    line.pour(10.0)
    assert line.sent - before <= 8_000 * 1.0 + 800
    assert 6.0 < (line.sounding.silent_s(10.0) or 0.0) < 8.0
    line.pour(14.0)
    assert line.sounding.silent_s(14.0) is None
    assert line.sounding.answered_at == pytest.approx(14.0, abs=2.0)


def test_an_answer_that_comes_after_it_was_given_up_is_not_taken_for_a_fast_line() -> None:
    line = begun(*THIN)
    line.until(3.0)
    line.write(100)
    line.stall(LOST_S + 5.0)
    line.until(3.0 + LOST_S + 1.0)
    line.write(100)
    line.until(30.0)
    for second in range(30, 90):
        line.until(float(second))
        line.write(100)
    assert line.sounding.rtt_ms == pytest.approx(606, abs=20)


def test_an_unasked_answer_changes_nothing() -> None:
    sounding = Sounding()
    sounding.answered(1.0)
    assert sounding.rtt_ms is None


def test_an_answer_that_is_read_before_its_question_was_noted_leaves_no_question_open() -> None:
    sounding = Sounding()
    for turn in range(20):
        now = 0.4 * turn
        sounding.sent(2_000, now)
        sounding.answered(now + 0.0001)
        sounding.asked(now + 0.0002)
        assert not sounding.is_open
    assert (sounding.rate, sounding.room(8.0)) == (None, None)
