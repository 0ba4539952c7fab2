"""The painter against Textual itself: after any session both have put the same cells on the terminal."""

from __future__ import annotations

import random
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from rich.color import ColorSystem

from medflow_tui.journal.desk import Desk
from medflow_tui.journal.history import HistoryReader
from medflow_tui.lab.pulse import pulse_snapshots
from medflow_tui.locale.language import Language
from medflow_tui.model.site import Site
from medflow_tui.monitor.replay import Replay
from medflow_tui.ui.app import MedflowApp
from medflow_tui.ui.present.health import UNICODE
from medflow_tui.ui.session import Session
from medflow_tui.ui.terminal.canvas import Canvas
from medflow_tui.ui.terminal.repertoire import PLAIN, SCREEN, TMUX, VT100, XTERM, Repertoire
from tests.contracts.emulated import Frame, Terminal, frames, layout, stock

WIDTH, HEIGHT = 12, 4
KINDS = [PLAIN, VT100, SCREEN, XTERM, TMUX]


@pytest.mark.parametrize("kind", KINDS)
@settings(max_examples=200, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.lists(frames(HEIGHT), min_size=1, max_size=6))
def test_any_sequence_of_frames_leaves_the_cells_that_textual_would(
    kind: Repertoire, drawn: list[Frame]
) -> None:
    ours, canvas = Terminal(WIDTH, HEIGHT), Canvas(kind)
    canvas.fit(WIDTH, HEIGHT)
    for frame in drawn:
        canvas.accept(layout(frame, WIDTH), ColorSystem.STANDARD)
        ours.feed(canvas.take())
        assert ours.cells() == stock(layout(frame, WIDTH), WIDTH, HEIGHT)


def test_the_same_frame_again_sends_nothing() -> None:
    frame = [[("abc", "bold")], [("漢字", "")], [], [("é", "red")]]
    canvas = Canvas(XTERM)
    canvas.fit(WIDTH, HEIGHT)
    canvas.accept(layout(frame, WIDTH), ColorSystem.STANDARD)
    assert canvas.take()
    canvas.accept(layout(frame, WIDTH), ColorSystem.STANDARD)
    assert not canvas.differs
    assert canvas.take() == ""


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
        self.canvas = Canvas(XTERM)

    def _display(self, screen: Any, renderable: Any) -> None:
        if hasattr(renderable, "render_segments"):
            theirs = renderable.render_segments(self.console)
            size = (self.size.width, self.size.height)
            self.canvas.fit(*size)
            self.canvas.accept(renderable, self.console._color_system or ColorSystem.STANDARD)
            self.frames.append((size, theirs, self.canvas.take()))
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
    for now, whole, thin in app.frames:
        if now != size:
            ours, theirs, size = Terminal(*now), Terminal(*now), now
        theirs.feed(whole)
        ours.feed(thin)
        assert ours.cells() == theirs.cells()
        compared += 1
    assert compared > 10
    assert sum(len(thin) for _, _, thin in app.frames) < sum(len(whole) for _, whole, _ in app.frames) / 3


def test_time_of_the_pulse_is_frozen() -> None:
    first, second = (next(pulse_snapshots()) for _ in range(2))
    assert abs(first.at - second.at) < timedelta(hours=1)
