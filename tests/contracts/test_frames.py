"""The painter against Textual itself: after any session both have put the same cells on the terminal."""

from __future__ import annotations

import random
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pyte
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from rich.color import ColorSystem
from rich.segment import Segment
from rich.style import Style
from textual._compositor import LayoutUpdate
from textual.geometry import Region
from textual.strip import Strip

from medflow_tui.journal.desk import Desk
from medflow_tui.journal.history import HistoryReader
from medflow_tui.lab.pulse import pulse_snapshots
from medflow_tui.locale.language import Language
from medflow_tui.model.site import Site
from medflow_tui.monitor.replay import Replay
from medflow_tui.ui.app import MedflowApp
from medflow_tui.ui.present.health import UNICODE
from medflow_tui.ui.session import Session
from medflow_tui.ui.terminal.frames import Shadow, changes

WIDTH, HEIGHT = 12, 4
TEXTS = st.lists(st.sampled_from(["a", "b", " ", "é", "▲", "漢", "e\u0301"]), max_size=14).map("".join)
STYLES = st.sampled_from(
    ["", "bold", "red", "bold white on red", "underline", "reverse", "bold red", "red on blue"]
)
FRAMES = st.lists(
    st.lists(st.lists(st.tuples(TEXTS, STYLES), max_size=3), min_size=HEIGHT, max_size=HEIGHT),
    min_size=1,
    max_size=6,
)


class Terminal:
    """A terminal emulator and what is on it."""

    def __init__(self, width: int, height: int) -> None:
        self.screen = pyte.Screen(width, height)
        self.stream = pyte.Stream(self.screen)

    def feed(self, text: str) -> None:
        self.stream.feed(text)

    def cells(self) -> list[list[tuple[Any, ...]]]:
        return [
            [seen(self.screen.buffer[y][x]) for x in range(self.screen.columns)]
            for y in range(self.screen.lines)
        ]


def seen(cell: Any) -> tuple[Any, ...]:
    """What can be seen of a cell: of a blank, its background and the lines through and under it."""
    lines = (cell.data, cell.bg, cell.underscore, cell.reverse, cell.strikethrough)
    return lines if cell.data == " " and not cell.reverse else (*lines, cell.fg, cell.bold, cell.italics)


def layout(frame: list[list[tuple[str, str]]]) -> LayoutUpdate:
    """The last column stays blank: pyte scrolls at a combining character there, which no terminal does."""
    strips = [
        [
            Strip([Segment(text, Style.parse(style)) for text, style in row if text])
            .adjust_cell_length(WIDTH - 1)
            .adjust_cell_length(WIDTH)
        ]
        for row in frame
    ]
    return LayoutUpdate(strips, Region(0, 0, WIDTH, HEIGHT))  # type: ignore[arg-type]


@settings(max_examples=200, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(FRAMES)
def test_any_sequence_of_frames_leaves_the_cells_that_textual_would(
    frames: list[list[list[tuple[str, str]]]],
) -> None:
    class Console:
        _color_system = ColorSystem.STANDARD
        no_color = False

    ours, shadow = Terminal(WIDTH, HEIGHT), Shadow()
    for frame in frames:
        ours.feed(shadow.fit(WIDTH, HEIGHT) + changes(layout(frame), shadow, ColorSystem.STANDARD))
    theirs = Terminal(WIDTH, HEIGHT)
    for y, strips in enumerate(layout(frames[-1]).strips):
        theirs.feed(f"\x1b[{y + 1};1H" + "".join(strip.render(Console()) for strip in strips))  # type: ignore[arg-type]
    assert ours.cells() == theirs.cells()


def test_the_same_frame_again_sends_nothing() -> None:
    frame = [[("abc", "bold")], [("漢字", "")], [], [("é", "red")]]
    shadow = Shadow()
    shadow.fit(WIDTH, HEIGHT)
    assert changes(layout(frame), shadow, ColorSystem.STANDARD)
    assert changes(layout(frame), shadow, ColorSystem.STANDARD) == ""


def session(folder: Path) -> Session:
    snapshots = pulse_snapshots()
    return Session(
        site=Site(code="LAB", name="Lab", environment="lab"),
        language=Language("en"),
        glyphs=UNICODE,
        now=lambda: datetime(2026, 1, 15, 9, 0, tzinfo=UTC),
        state=folder,
        who="test",
        looking_for=lambda publish: Replay(snapshots, publish, 0),
        history=HistoryReader(folder),
        desk=Desk(folder),
    )


class Recorder(MedflowApp):
    """Records, for each frame, what Textual would send and what the painter sends."""

    def __init__(self, *arguments: Any, **options: Any) -> None:
        super().__init__(*arguments, **options)
        self.frames: list[tuple[tuple[int, int], str, str]] = []
        self.shadow = Shadow()

    def _display(self, screen: Any, renderable: Any) -> None:
        if hasattr(renderable, "render_segments"):
            theirs = renderable.render_segments(self.console)
            size = (self.size.width, self.size.height)
            ours = self.shadow.fit(*size) + changes(
                renderable, self.shadow, self.console._color_system or ColorSystem.STANDARD
            )
            self.frames.append((size, theirs, ours))
        super()._display(screen, renderable)


KEYS = [
    "j",
    "k",
    "tab",
    "shift+tab",
    "enter",
    "escape",
    "question_mark",
    "m",
    "exclamation_mark",
    "f6",
    "f3",
    "pagedown",
    "q_",
    "p",
]


def moves(seed: int) -> Iterator[str]:
    dice = random.Random(seed)
    for _ in range(25):
        yield dice.choice(KEYS)


@pytest.mark.parametrize("seed", range(4))
async def test_a_recorded_session_of_the_real_application_is_the_same_cell_by_cell(
    tmp_path: Path, seed: int
) -> None:
    app = Recorder(session(tmp_path))
    snapshots = pulse_snapshots()
    async with app.run_test(size=(80, 24)) as pilot:
        await pilot.pause()
        for key in moves(seed):
            app._publish(next(snapshots))
            await pilot.press("escape" if key == "q_" else key)
            await pilot.pause()
        await pilot.resize_terminal(100, 30)
        await pilot.pause(0.1)
    ours, theirs, size = Terminal(80, 24), Terminal(80, 24), (80, 24)
    compared = 0
    for now, stock, thin in app.frames:
        if now != size:
            ours, theirs, size = Terminal(*now), Terminal(*now), now
        theirs.feed(stock)
        ours.feed(thin)
        assert ours.cells() == theirs.cells()
        compared += 1
    assert compared > 10
    assert sum(len(thin) for _, _, thin in app.frames) < sum(len(stock) for _, stock, _ in app.frames) / 3


def test_time_of_the_pulse_is_frozen() -> None:
    first, second = (next(pulse_snapshots()) for _ in range(2))
    assert abs(first.at - second.at) < timedelta(hours=1)
