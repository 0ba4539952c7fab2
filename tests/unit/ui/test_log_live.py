"""The live log on the dashboard: drawn when the follower says so, not with the next tick."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path

import pytest
from textual.pilot import Pilot

from medflow_tui.model.log import LOOK_EVERY_S, Level, LogLine, LogNews
from medflow_tui.ui.app import MedflowApp
from medflow_tui.ui.terminal.portrait import screen_texts
from tests.contracts.test_frames import session

NOW = datetime(2026, 1, 15, 14, 32, tzinfo=UTC)


@dataclass(slots=True)
class Log:
    """A follower to which the test gives lines."""

    tell: Callable[[], None] = lambda: None
    waiting: list[LogLine] = field(default_factory=list)
    paces: list[float] = field(default_factory=list)
    drained: int = 0
    left_out: int = 0

    def write(self, *texts: str) -> None:
        self.waiting += [
            LogLine(at=NOW, level=Level.INFO, source="test", text=each, key=each) for each in texts
        ]
        self.tell()

    def start(self, tell: Callable[[], None]) -> None:
        self.tell = tell

    def stop(self) -> None:
        pass

    def pace(self, every_s: float) -> None:
        self.paces.append(every_s)

    def pause(self) -> None:
        pass

    def resume(self) -> None:
        pass

    def histogram(self) -> tuple[int, ...]:
        return ()

    def drain(self) -> LogNews:
        self.drained += 1
        lines, self.waiting = tuple(self.waiting), []
        return LogNews(lines=lines, dropped=self.left_out)


@dataclass(slots=True)
class Scene:
    """An open dashboard without ticks."""

    app: MedflowApp
    pilot: Pilot[int | None]
    log: Log

    def shows(self, text: str) -> bool:
        return any(text in each for each in screen_texts(self.app))


@asynccontextmanager
async def opened(folder: Path) -> AsyncIterator[Scene]:
    log = Log()
    app = MedflowApp(replace(session(folder), follower=log), stock_terminal=True)
    app.set_interval = lambda *_, **__: None  # type: ignore[assignment, return-value, method-assign]
    async with app.run_test(size=(80, 24)) as pilot:
        await pilot.pause()
        yield Scene(app, pilot, log)


async def test_a_line_is_drawn_without_waiting_for_the_tick(tmp_path: Path) -> None:
    async with opened(tmp_path) as scene:
        scene.log.write("a record was pushed")
        await scene.pilot.pause()
        assert scene.shows("a record was pushed")
        assert scene.log.paces == [LOOK_EVERY_S]


async def test_lines_that_come_together_are_drawn_once(tmp_path: Path) -> None:
    async with opened(tmp_path) as scene:
        before = scene.log.drained
        for number in range(20):
            scene.log.write(f"record {number}")
        await scene.pilot.pause()
        assert scene.shows("record 19")
        assert scene.log.drained - before < 20


async def test_in_a_flood_only_what_came_last_stays_and_the_rest_is_a_key_away(tmp_path: Path) -> None:
    async with opened(tmp_path) as scene:
        scene.log.write("first one")
        await scene.pilot.pause()
        scene.log.write("second one")
        await scene.pilot.pause()
        assert scene.shows("first one")
        scene.log.left_out = 400
        scene.log.write("third one")
        await scene.pilot.pause()
        assert scene.shows("third one")
        assert not scene.shows("first one")
        assert scene.shows("400 dropped")
        pane = scene.app.dashboard.log_pane
        pane.move(-2)
        await scene.pilot.pause()
        assert scene.shows("first one")


async def test_a_pause_draws_nothing(tmp_path: Path) -> None:
    async with opened(tmp_path) as scene:
        scene.app.dashboard.action_pause()
        scene.log.write("not to be seen now")
        await scene.pilot.pause()
        assert not scene.shows("not to be seen now")
        scene.app.dashboard.action_pause()
        scene.log.write("seen again")
        await scene.pilot.pause()
        assert scene.shows("seen again")


async def test_what_the_screen_costs_slows_the_looks(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    async with opened(tmp_path) as scene:
        sent = iter(range(0, 100_000, 1_100))
        monkeypatch.setattr(MedflowApp, "bytes_out", property(lambda app: next(sent)))
        for number in range(2):
            scene.log.write(f"record {number}")
            await scene.pilot.pause()
        assert scene.log.paces[-1] > LOOK_EVERY_S
