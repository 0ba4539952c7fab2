"""The meter, the budget and the low-data mode on the screen: what is drawn, when, and what is said of it."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pytest
from textual.pilot import Pilot

from medflow_tui.lab.pulse import pulse_snapshots
from medflow_tui.locale.language import Language
from medflow_tui.model.health import Health
from medflow_tui.model.words import say
from medflow_tui.rules.thrift import SETTLE_S, Step
from medflow_tui.ui.app import MedflowApp
from medflow_tui.ui.economy import LogFlow
from medflow_tui.ui.messages import SnapshotArrived
from medflow_tui.ui.modals.prompt import Prompt
from medflow_tui.ui.terminal.portrait import screen_texts
from medflow_tui.ui.thrift import Thrift
from medflow_tui.wiring.scenes import scene_session
from tests.contracts.test_frames import session

SSH = {"SSH_CONNECTION": "192.0.2.1 50000 192.0.2.2 22"}


@dataclass(slots=True)
class Sounded:
    """What the line to the terminal is like."""

    rtt_ms: float | None = None
    rate: float | None = None
    silence_s: float | None = None

    def silent_s(self, now: float) -> float | None:
        return self.silence_s


@dataclass(slots=True)
class Scene:
    """An open dashboard, with a clock and a count of bytes that the test moves."""

    app: MedflowApp
    pilot: Pilot[Any]
    at: float = 0.0
    written: int | None = 0

    async def pass_by(self, seconds: int, bytes_per_s: int = 0) -> None:
        """Looks once a second, as the application does."""
        for _ in range(seconds):
            self.at += 1
            if self.written is not None:
                self.written += bytes_per_s
            self.app._tick()
        await self.pilot.pause()

    @property
    def lines(self) -> tuple[str, ...]:
        return screen_texts(self.app)


@asynccontextmanager
async def opened(
    folder: Path,
    *,
    language: str = "en",
    environ: Mapping[str, str] | None = None,
    size: tuple[int, int] = (80, 24),
    line: Sounded | None = None,
    **settings: Any,
) -> AsyncIterator[Scene]:
    here = session(folder)
    here = replace(here, site=replace(here.site, **settings), language=Language(language))
    app = MedflowApp(here, stock_terminal=True)
    scene = Scene(app, pilot=None)  # type: ignore[arg-type]
    app.sounding = line or Sounded()  # type: ignore[assignment]
    app.thrift = Thrift(app, clock=lambda: scene.at, environ=environ or {}, count=lambda: scene.written)
    app.set_interval = lambda *_, **__: None  # type: ignore[assignment, return-value, method-assign]
    async with app.run_test(size=size) as scene.pilot:
        await scene.pilot.pause()
        yield scene


async def test_the_meter_is_told_anew_only_with_something_else_of_the_header(tmp_path: Path) -> None:
    async with opened(tmp_path, price_per_mb=0.3) as scene:
        assert "0.0 MB $0.00" in scene.lines[0]
        await scene.pass_by(60, 10_000)
        assert "0.0 MB $0.00" in scene.lines[0]
        scene.app.say_briefly(say("all is drawn again"))
        await scene.pilot.pause()
        assert "0.6 MB $0.18" in scene.lines[0]


async def test_a_terminal_that_is_not_counted_is_unknown_and_keeps_no_budget(tmp_path: Path) -> None:
    async with opened(tmp_path, price_per_mb=0.3, budget_bytes_per_s=10) as scene:
        scene.written = None
        await scene.pass_by(60)
        scene.app.dashboard.draw_header()
        await scene.pilot.pause()
        assert "? MB" in scene.lines[0]
        assert "$" not in scene.lines[0]
        assert "bytes not counted: no budget kept" in scene.lines[1]
        assert scene.app.economy.tick_s == 1.0


@pytest.mark.parametrize(
    ("language", "words"),
    [
        ("en", ("over 100 B/s: every 2 s (1/5)", "over 100 B/s: log off (5/5)")),
        (
            "fr",
            (
                "> 100 o/s\N{NO-BREAK SPACE}: toutes les 2\N{NO-BREAK SPACE}s (1/5)",
                "> 100 o/s\N{NO-BREAK SPACE}: journal coupé (5/5)",
            ),
        ),
    ],
)
async def test_over_the_budget_it_saves_in_its_order_says_so_and_goes_back(
    tmp_path: Path, language: str, words: tuple[str, str]
) -> None:
    async with opened(tmp_path, language=language, budget_bytes_per_s=100) as scene:
        await scene.pass_by(15, 50)
        assert scene.app.thrift.throttle.step is Step.NOTHING
        await scene.pass_by(15, 500)
        assert words[0] in scene.lines[1]
        assert scene.app.economy.tick_s == 2.0
        seen = []
        for _ in range(4):
            await scene.pass_by(int(SETTLE_S) + 1, 500)
            seen.append(scene.app.economy)
        assert [each.tick_s for each in seen] == [5.0] * 4
        assert [each.sparklines for each in seen] == [True, False, False, False]
        assert [each.log for each in seen] == [LogFlow.FULL, LogFlow.FULL, LogFlow.THIN, LogFlow.OFF]
        assert words[1] in scene.lines[1]
        await scene.pass_by(200, 0)
        assert "/5" not in scene.lines[1]
        assert scene.app.economy.tick_s == 1.0


async def test_news_wait_for_the_tick_but_keys_do_not(tmp_path: Path) -> None:
    news = pulse_snapshots()
    async with opened(tmp_path, low_data=True) as scene:
        await scene.pass_by(6)
        drawn = scene.lines[3]
        next(news)
        for _ in range(3):
            scene.app.post_message(SnapshotArrived(next(news)))
            await scene.pass_by(1)
        assert scene.lines[3] == drawn
        await scene.pilot.press("down")
        assert scene.lines[4].startswith("▸")
        assert scene.lines[3].replace(" ", "") == drawn.replace("▸", "", 1).replace(" ", "")
        await scene.pass_by(3)
        assert scene.lines[3].replace(" ", "") != drawn.replace("▸", "", 1).replace(" ", "")


async def test_sparklines_stay_as_they_were_and_low_data_has_none(tmp_path: Path) -> None:
    async with opened(tmp_path) as scene:
        app = scene.app
        bars = tuple([Health.OK] * 4)
        app.snapshot = with_spark(app, bars)
        app.dashboard.redraw()
        await scene.pilot.pause()
        assert "▇▇▇▇" in scene.lines[3]
        app.thrift.economy = replace(app.economy, sparklines=False)
        app.snapshot = with_spark(app, (Health.CRITICAL, *bars[1:]))
        app.dashboard.redraw()
        await scene.pilot.pause()
        assert "▇▇▇▇" in scene.lines[3]
        await scene.pilot.press("z")
        assert "▇" not in "".join(scene.lines)
        await scene.pilot.press("z")
        assert "▇▇▇" in scene.lines[3]
        assert "▇▇▇▇" not in scene.lines[3]


def with_spark(app: MedflowApp, bars: tuple[Health, ...]) -> Any:
    verdicts = tuple(replace(each, spark=bars) for each in app.snapshot.verdicts)
    return replace(app.snapshot, verdicts=verdicts)


async def test_the_key_leads_into_low_data_mode_and_back(tmp_path: Path) -> None:
    async with opened(tmp_path) as scene:
        assert not scene.app.economy.is_low
        await scene.pilot.press("z")
        assert scene.app.economy.is_low
        assert scene.app.economy.log is LogFlow.OFF
        assert "low-data mode" in scene.lines[1]
        assert "MB  low" in scene.lines[0]
        await scene.pilot.press("z")
        assert not scene.app.economy.is_low
        assert "low" not in scene.lines[0]


@pytest.mark.parametrize(
    ("line", "environ", "expected"),
    [
        (Sounded(rtt_ms=612.0), SSH, True),
        (Sounded(rate=2_400.0), SSH, True),
        (Sounded(rtt_ms=612.0), {}, False),
        (Sounded(rtt_ms=40.0), SSH, False),
        (Sounded(), SSH, False),
    ],
)
async def test_a_slow_line_over_ssh_is_told_once_and_nothing_is_forced(
    tmp_path: Path, line: Sounded, environ: Mapping[str, str], expected: bool
) -> None:
    async with opened(tmp_path, line=line, environ=environ) as scene:
        await scene.pass_by(3)
        assert ("this line is slow: z draws less" in scene.lines[1]) is expected
        assert not scene.app.economy.is_low
        scene.app.say_briefly(None)
        await scene.pass_by(30)
        assert "this line is slow" not in scene.lines[1]


@pytest.mark.parametrize("is_low", [False, True])
async def test_in_low_data_mode_a_question_takes_one_line(tmp_path: Path, is_low: bool) -> None:
    async with opened(tmp_path, low_data=is_low) as scene:
        before = scene.lines
        await scene.pilot.press("slash", "z", "e")
        changed = [at for at, (old, new) in enumerate(zip(before, scene.lines, strict=True)) if old != new]
        assert changed == ([23] if is_low else [22, 23])
        if is_low:
            assert scene.lines[23].startswith(" show only rows with these words ze")
        assert isinstance(scene.app.screen, Prompt)
        await scene.pilot.press("enter")
        assert scene.app.dashboard.view.words == "ze"


async def test_a_log_that_is_off_says_so_and_which_key_draws_it(tmp_path: Path) -> None:
    with scene_session("bad-afternoon") as here:
        app = MedflowApp(replace(here, site=replace(here.site, low_data=True)), stock_terminal=True)
        async with app.run_test(size=(80, 24)) as pilot:
            await pilot.pause()
            app.dashboard.tick()
            await pilot.pause()
            text = "\n".join(screen_texts(app))
            assert "the log is off, to save bytes: F6 draws what came" in text
            assert "ECONNREFUSED" not in text
            await pilot.press("f6")
            text = "\n".join(screen_texts(app))
            assert "off: F6 draws" in text
            assert "the log is off" not in text


@pytest.mark.parametrize(
    ("line", "word"),
    [
        (Sounded(rtt_ms=612.4), "line 610 ms"),
        (Sounded(rtt_ms=612.4, silence_s=14.2), "line: no answer for 14 s"),
        (Sounded(rtt_ms=3.0), ""),
        (Sounded(), ""),
    ],
)
async def test_the_line_to_the_person_is_told_when_it_is_felt(
    tmp_path: Path, line: Sounded, word: str
) -> None:
    async with opened(tmp_path, line=line, size=(120, 40)) as scene:
        assert (word or "read-only  0.0 MB") in scene.lines[0]
