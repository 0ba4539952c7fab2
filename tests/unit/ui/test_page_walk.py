"""A page read on line by line: the mark says which line is next, and lines come a few at once."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest
from rich.style import Style

from medflow_tui.ui.widgets.lines import Spans
from medflow_tui.ui.widgets.scroll import TURN, Page

HEIGHT, MARK = 8, (">", "marker")


class Seen(Page):
    """A page of eight lines that keeps what it would show."""

    size = SimpleNamespace(width=20, height=HEIGHT)  # type: ignore[assignment]

    def show(self, lines: Any) -> None:
        self.shown = ["".join(text for text, _ in each) for each in lines]


def page(lines: int) -> Seen:
    made = Seen(lambda token: Style())
    made.put([((f" {number}", ""),) for number in range(lines)])
    return made


def marked(made: Seen) -> list[int]:
    return [int(each[1:]) for each in made.shown if each.startswith(">")]


def test_forward_each_press_marks_the_next_line_and_every_fifth_brings_five() -> None:
    made, tops = page(40), []
    for press in range(11):
        made.walk(1, MARK)
        assert marked(made) == [HEIGHT + press]
        tops.append(made.top)
    assert tops == [TURN] * 5 + [2 * TURN] * 5 + [3 * TURN]


def test_backward_it_marks_the_line_above_what_was_seen() -> None:
    made = page(40)
    made.move(20)
    for press in range(6):
        made.walk(-1, MARK)
        assert marked(made) == [19 - press]
    assert made.top == 10


def test_turning_round_begins_at_what_is_seen() -> None:
    made = page(40)
    for steps, line, top in ((1, 8, 5), (1, 9, 5), (-1, 4, 0), (-1, 3, 0), (1, 8, 5)):
        made.walk(steps, MARK)
        assert (marked(made), made.top) == ([line], top)


@pytest.mark.parametrize("lines", range(41))
def test_every_line_is_seen_on_the_way_down_and_on_the_way_up(lines: int) -> None:
    made = page(lines)
    for steps in (1, -1):
        seen = set(made.shown)
        for _ in range(lines):
            made.walk(steps, MARK)
            assert len(made.shown) == min(lines, HEIGHT)
            seen |= set(made.shown)
        assert {int(each[1:]) for each in seen} == set(range(lines))
        assert bool(marked(made)) is (lines > HEIGHT)
    assert made.top == 0


def test_a_move_takes_the_mark_away_and_another_text_keeps_it_where_it_still_is() -> None:
    made = page(40)
    made.walk(1, MARK)
    made.put([((f" {number}", ""),) for number in range(30)])
    assert marked(made) == [HEIGHT]
    made.put([((f" {number}", ""),) for number in range(6)])
    assert (marked(made), made.top) == ([], 0)
    made.put([((f" {number}", ""),) for number in range(30)])
    made.walk(1, MARK)
    made.move(HEIGHT)
    assert marked(made) == []


def test_a_row_of_a_list_comes_into_sight_with_some_that_follow() -> None:
    made, tops = page(40), []
    for row in (7, 8, 12, 13, 39, 34, 31, 0):
        made.reveal(row)
        tops.append(made.top)
    assert tops == [0, 5, 5, 10, 32, 32, 27, 0]


def spans(line: str) -> Spans:
    return ((line, "quiet"),)


def test_a_line_that_has_no_blank_for_the_mark_is_left_as_it_is() -> None:
    made = Seen(lambda token: Style())
    made.put([spans("full")] * 20)
    made.walk(1, MARK)
    assert made.top == TURN
    assert marked(made) == []
