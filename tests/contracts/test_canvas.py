"""The canvas in slices, on every kind of terminal: whatever is sent in whatever order, the newest frame is left."""

from __future__ import annotations

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from rich.color import ColorSystem
from rich.segment import Segment
from textual._compositor import LayoutUpdate
from textual.geometry import Region
from textual.strip import Strip

from medflow_tui.ui.terminal.canvas import Canvas
from medflow_tui.ui.terminal.repertoire import PLAIN, SCREEN, TMUX, VT100, XTERM, Repertoire
from tests.contracts.emulated import ROWS, Frame, Terminal, frames, layout, stock

KINDS = [PLAIN, VT100, SCREEN, XTERM, TMUX]
WIDTH, HEIGHT = 33, 7
COLOURS = ColorSystem.STANDARD
SLICES = st.one_of(st.none(), st.just(0), st.integers(1, 60))  # None: everything, 0: nothing
SOMETIMES = settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.too_slow])
ACTS = st.one_of(
    st.tuples(st.just("frame"), frames(HEIGHT), st.booleans()),
    st.tuples(st.just("scroll"), st.integers(-3, 3), st.lists(ROWS, min_size=3, max_size=3)),
    st.tuples(st.just("row"), st.integers(0, HEIGHT - 1), ROWS, st.booleans()),
    st.tuples(st.just("wait")),
    st.tuples(st.just("forget")),
    st.tuples(st.just("fit"), st.integers(-1, 1)),
)


class Session:
    """What is wanted, the canvas that was told of it, and the terminal that got what the canvas gave."""

    def __init__(self, kind: Repertoire) -> None:
        self.canvas = Canvas(kind)
        self.fit(0)

    def fit(self, more: int) -> None:
        self.height = HEIGHT + more
        self.terminal = Terminal(WIDTH, self.height)
        self.frame: Frame = [[] for _ in range(self.height)]
        self.canvas.fit(WIDTH, self.height)

    def want(self, frame: Frame, *, first: bool = False) -> None:
        self.frame = [*frame, *self.frame[len(frame) :]][: self.height]
        self.canvas.accept(layout(self.frame, WIDTH), COLOURS, first=first)

    def act(self, act: tuple) -> None:  # type: ignore[type-arg]
        match act:
            case "frame", frame, bool(first):
                self.want(frame, first=first)
            case "scroll", int(by), rows:
                kept = self.frame[by:] if by >= 0 else self.frame[:by]
                come = rows[: self.height - len(kept)]
                self.want([*kept, *come] if by >= 0 else [*come, *kept])
            case "row", int(y), row, bool(first) if y < self.height:
                self.frame[y] = row
                strips = layout([row], WIDTH).strips
                self.canvas.accept(LayoutUpdate(strips, Region(0, y, WIDTH, 1)), COLOURS, first=first)
            case ("forget",):
                self.terminal.feed("\x1b[31;44;4mrubbish\x1b[3;3H漢\x1b[7m")
                self.canvas.forget()
            case "fit", int(more):
                if self.height != HEIGHT + more:
                    self.fit(more)

    def take(self, limit: int | None) -> str:
        differed = self.canvas.differs
        text = self.canvas.take(limit)
        assert bool(text) == differed
        self.terminal.feed(text)
        return text


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("limit", [None, 1, 7, 40])
@SOMETIMES
@given(acts=st.lists(st.tuples(ACTS, SLICES), max_size=9))
def test_any_sequence_in_any_slices_ends_at_what_textual_would_have_left(
    kind: Repertoire,
    limit: int | None,
    acts: list[tuple],  # type: ignore[type-arg]
) -> None:
    session = Session(kind)
    for act, part in acts:
        session.act(act)
        if part != 0:
            session.take(part)
    for _ in range(3 * WIDTH * HEIGHT):
        if not session.canvas.differs:
            break
        session.take(limit)
    assert session.canvas.take() == ""
    expected = stock(layout(session.frame, WIDTH), WIDTH, session.height)
    assert session.terminal.cells() == expected


def drawn(canvas: Canvas, terminal: Terminal, frame: Frame, limit: int | None = None) -> str:
    """Have the frame wanted, and the terminal fed with what is taken then."""
    canvas.accept(layout(frame, terminal.screen.columns), COLOURS)
    text = canvas.take(limit)
    terminal.feed(text)
    return text


def scattered(word: str, apart: int) -> Frame:
    """Lines of words that are far from each other, as in a table."""
    return [[(f"{word:<{apart}}" * 6 + str(y), "")] for y in range(12)]


def test_a_line_that_was_to_be_written_on_a_blank_and_is_right_after_all_stays() -> None:
    canvas, terminal = Canvas(XTERM), Terminal(80, 12)
    canvas.fit(80, 12)
    drawn(canvas, terminal, scattered("ab", 9))
    drawn(canvas, terminal, [*scattered("xy", 11)[:8], *scattered("ab", 9)[8:]], limit=1)
    assert canvas._afresh
    right = scattered("ab", 9)
    drawn(canvas, terminal, right, limit=1)
    right[2] = [("Ab" + right[2][0][0][2:], "")]
    drawn(canvas, terminal, right)
    assert not canvas.differs
    assert terminal.cells() == stock(layout(right, 80), 80, 12)


def texts(log: list[str]) -> Frame:
    return [[(each, "")] for each in ["Log", *log, "keys"]]


@pytest.mark.parametrize("kind", [VT100, SCREEN, XTERM, TMUX])
@pytest.mark.parametrize("by", [1, 4, -1, -3])
def test_lines_that_scroll_are_moved_by_the_terminal(kind: Repertoire, by: int) -> None:
    lines = [f"{9000 + y * 37} {chr(97 + y % 26) * 30} what happened then" for y in range(40)]
    canvas, terminal = Canvas(kind), Terminal(80, 20)
    canvas.fit(80, 20)
    whole = drawn(canvas, terminal, texts(lines[10:28]))
    moved = drawn(canvas, terminal, texts(lines[10 + by : 28 + by]))
    assert terminal.cells() == stock(layout(texts(lines[10 + by : 28 + by]), 80), 80, 20)
    assert len(moved) < 30 + len(whole) * abs(by) / 18


def test_a_screen_that_becomes_another_is_cleared_when_that_is_shorter() -> None:
    canvas, terminal = Canvas(XTERM), Terminal(80, 12)
    canvas.fit(80, 12)
    drawn(canvas, terminal, scattered("xy", 11))
    text = drawn(canvas, terminal, scattered("ab", 9))
    assert "\x1b[J" in text
    assert terminal.cells() == stock(layout(scattered("ab", 9), 80), 80, 12)


def test_what_answers_a_key_is_sent_before_all_else() -> None:
    canvas, terminal = Canvas(XTERM), Terminal(80, 12)
    canvas.fit(80, 12)
    canvas.accept(layout(scattered("ab", 9), 80), COLOURS)
    answer = [Strip([Segment("the answer")])]
    canvas.accept(LayoutUpdate([answer], Region(0, 11, 80, 1)), COLOURS, first=True)  # type: ignore[list-item]
    terminal.feed(canvas.take(10))
    assert terminal.screen.display[11].startswith("the")
    assert not any(line.strip() for line in terminal.screen.display[:11])


def test_figures_in_columns_are_written_along_the_columns() -> None:
    canvas, terminal = Canvas(XTERM), Terminal(80, 12)
    canvas.fit(80, 12)
    drawn(canvas, terminal, [[(f"name {1000 + y:<50}{2000 + y}", "")] for y in range(12)])
    text = drawn(canvas, terminal, [[(f"name {3000 + y:<50}{4000 + y}", "")] for y in range(12)])
    assert len(text) < 12 * 2 * 4 + 10


def test_blanks_within_a_line_are_erased_at_once() -> None:
    canvas, terminal = Canvas(XTERM), Terminal(80, 2)
    canvas.fit(80, 2)
    drawn(canvas, terminal, [[("a line of words, of which one stays", "")], []])
    text = drawn(canvas, terminal, [[(f"{'one stays':>35}", "")], []])
    assert text == "\x1b[H\x1b[25X"
    assert terminal.cells() == stock(layout([[(f"{'one stays':>35}", "")], []], 80), 80, 2)


def test_signs_are_repeated_where_the_terminal_can() -> None:
    canvas, terminal = Canvas(TMUX), Terminal(80, 2)
    canvas.fit(80, 2)
    text = drawn(canvas, terminal, [[("-" * 60, ""), ("\N{BOX DRAWINGS LIGHT HORIZONTAL}" * 10, "")], []])
    assert text.startswith("\x1b[m\x1b[2J\x1b[H-\x1b[59b")
    assert text.count("\N{BOX DRAWINGS LIGHT HORIZONTAL}") == 10
    assert terminal.screen.display[0].count("-") == 60
