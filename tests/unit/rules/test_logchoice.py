"""Which lines of a flood are understood."""

from __future__ import annotations

import re

from hypothesis import given
from hypothesis import strategies as st

from medflow_tui.rules.logchoice import Allowance, chosen_of

LINES = st.lists(
    st.sampled_from(
        ["calm", "Error: boom", "a WARNING", 'GET / HTTP/1.1" 503 12', '{"level":"info"}', "❌ no", "İ error"]
    ).flatmap(lambda text: st.integers(0, 9).map(lambda n: f"{n} {text}")),
    max_size=60,
)


def test_alarming_lines_are_chosen_before_others() -> None:
    raw = [f"line {n}" for n in range(100)]
    raw[3] = "Error: boom"
    assert chosen_of(raw, 3) == (["Error: boom", "line 98", "line 99"], 0)


def test_what_looks_like_an_error_is_counted_when_it_is_left_out() -> None:
    assert chosen_of([f"error {n}" for n in range(10)], 4) == ([f"error {n}" for n in range(6, 10)], 6)


def test_a_warning_that_is_left_out_is_no_error() -> None:
    raw = [f'{{"level": "warn", "message": "error {n}"}}' for n in range(10)]
    assert chosen_of(raw, 4)[1] == 0
    assert chosen_of([f"warn: low {n}" for n in range(10)], 4)[1] == 0


def test_an_access_line_is_alarming_when_it_failed() -> None:
    raw = ['"GET /a HTTP/1.1" 503 5', *(f'"GET /{n} HTTP/1.1" 200 5' for n in range(9)), '"x": " 5"']
    assert chosen_of(raw, 3)[0] == [raw[0], raw[-2], raw[-1]]


def test_a_flood_of_errors_does_not_hide_the_newest_line() -> None:
    raw = [*(f"error {n}" for n in range(500)), *(f"calm {n}" for n in range(20))]
    assert chosen_of(raw, 24)[0][-8:] == [f"calm {n}" for n in range(12, 20)]


@given(LINES, st.integers(1, 30))
def test_so_many_are_chosen_in_their_order_and_the_last_is_among_them(raw: list[str], at_most: int) -> None:
    chosen, errors = chosen_of(raw, at_most)
    assert len(chosen) == min(at_most, len(raw))
    assert chosen[-1:] == raw[-1:]
    left = iter(raw)
    assert all(each in left for each in chosen)
    assert errors <= len(raw) - len(chosen)


def test_a_burst_is_understood_whole_and_then_as_much_as_time_brings() -> None:
    full = Allowance(most=200, a_second=60.0)
    spent = full.less(200)
    assert (full.lines, spent.lines, spent.after(0.5).lines, spent.after(60.0).lines) == (200, 8, 30, 200)


def test_in_a_flood_fewer_are_understood_and_a_busy_log_is_not_one() -> None:
    spent = Allowance(most=200, a_second=60.0).less(200)
    assert spent.after(0.5, came=300).lines == 30
    assert spent.after(0.5, came=301).lines == 15
    assert spent.after(0.5, came=30).lines == spent.after(0.5).lines


@given(LINES)
def test_no_line_that_may_be_alarming_is_passed_over(raw: list[str]) -> None:
    alarming = [
        number for number, line in enumerate(raw) if re.search(r'(?i)error|warn|❌|" 5\d\d ', line.lower())
    ]
    chosen, _ = chosen_of([f"{line} #{number}" for number, line in enumerate(raw)], 2 * len(alarming) + 1)
    found = {int(each.rpartition("#")[2]) for each in chosen}
    assert found >= set(alarming)


def test_a_small_allowance_stays_small() -> None:
    assert Allowance(most=5, a_second=60.0).less(5).lines == 5
