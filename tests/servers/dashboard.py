"""The real dashboard on a screen of its own, for tests: opened over a site file, read as people read it."""

from __future__ import annotations

import logging
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any

from textual import events
from textual.pilot import Pilot
from textual.widgets import Input

from medflow_tui.model.health import EPOCH, Health, Snapshot, Verdict
from medflow_tui.ui.app import MedflowApp
from medflow_tui.ui.session import Session
from medflow_tui.wiring import Options, living_session

PATIENCE_S = 45.0
CALM = (Health.OK, Health.EXPECTED_OFFLINE)
CUT = "…"
ENOUGH = 6  # characters of a sentence that must be on the screen when it is cut there


class RecordedApp(MedflowApp):
    """Keeps every snapshot that was published, also those that were replaced before they were drawn."""

    def __init__(self, session: Session, **options: Any) -> None:
        self.published: list[Snapshot] = []
        super().__init__(session, **options)

    def _publish(self, snapshot: Snapshot) -> None:
        self.published.append(snapshot)
        super()._publish(snapshot)


@dataclass(slots=True)
class Dashboard:
    """One open dashboard and the keyboard in front of it."""

    app: RecordedApp
    pilot: Pilot[int | None]
    ages: dict[str, float] = field(default_factory=dict)

    @property
    def lines(self) -> list[str]:
        """What is on the screen now, as the terminal would get it."""
        strips = self.app.screen._compositor.render_strips()
        return ["".join(segment.text for segment in strip) for strip in strips]

    @property
    def text(self) -> str:
        return "\n".join(self.lines)

    def shows(self, label: str, words: str) -> bool:
        """Whether a line of the screen has the label and the words behind it, cut only where the pane ends."""
        cut = [words[:n] for n in range(len(words) - 1, ENOUGH - 1, -1)]
        endings = [words, *(f"{each}{CUT}" for each in cut), *(f"{each.rstrip()}{CUT}" for each in cut)]
        return any(
            label in line and any(each in line.partition(label)[2] for each in endings) for line in self.lines
        )

    def verdict(self, target: str) -> Verdict | None:
        return self.app.snapshot.find(target)

    def health(self, target: str) -> Health | None:
        """The verdict that counts, None while it is soft or there is none."""
        found = self.verdict(target)
        return None if found is None or found.soft else found.health

    def evidence(self, target: str) -> str:
        found = self.verdict(target)
        return self.app.session.language.say(found.evidence, self.app.session.now()) if found else ""

    @property
    def troubles(self) -> list[str]:
        """Every target that is not calm, with why."""
        return [
            f"{each.target}: {each.health.value}{' (soft)' if each.soft else ''}, {self.evidence(each.target)}"
            for each in self.app.snapshot.verdicts
            if each.health not in CALM
        ]

    async def until(self, holds: Callable[[], Any], what: str, patience_s: float = PATIENCE_S) -> Any:
        """Wait for a state; the first true value, or a failed test that shows the screen."""
        ends = time.monotonic() + patience_s
        while time.monotonic() < ends:
            await self.pilot.pause(0.05)
            if value := holds():
                return value
        raise AssertionError(f"not within {patience_s} s: {what}\n{self.text}\n" + "\n".join(self.troubles))

    async def until_calm(self, patience_s: float = 90.0) -> None:
        """Wait until nothing is wrong; what failed is read again sooner than its schedule says."""
        asked = 0.0

        def calm() -> bool:
            nonlocal asked
            if time.monotonic() - asked > 3.0 and any(each.observed_at != EPOCH for each in self.verdicts):
                asked = time.monotonic()
                for name in {
                    each.target.partition("/")[0] for each in self.verdicts if each.health not in CALM
                }:
                    self.app.looking.read_now(name)
            return bool(self.verdicts) and not self.troubles and "problem" in self.lines[1]

        await self.until(calm, "all is calm", patience_s)

    @property
    def verdicts(self) -> tuple[Verdict, ...]:
        return self.app.snapshot.verdicts

    async def press(self, *keys: str) -> None:
        await self.pilot.press(*keys)
        await self.pilot.pause()

    async def type(self, text: str) -> None:
        """Text into the question that is open, once it listens, at once as a terminal pastes it, and Enter."""
        await self.until(lambda: isinstance(self.app.screen.focused, Input), "a question listens")
        field = self.app.screen.focused
        assert isinstance(field, Input)
        field.post_message(events.Paste(text))
        await self.pilot.pause()
        await self.pilot.press("enter")
        await self.pilot.pause()

    def note_ages(self, now: datetime) -> None:
        """Remember how old each reading was at its oldest, since this was first called."""
        for each in self.verdicts:
            age = (now - each.observed_at).total_seconds()
            self.ages[each.target] = max(age, self.ages.get(each.target, 0.0))


@asynccontextmanager
async def opened(
    site: Path, state: Path, *, language: str = "en", size: tuple[int, int] = (80, 24)
) -> AsyncIterator[Dashboard]:
    """The dashboard as `medflow-tui --site SITE --state STATE` opens it, without a terminal."""
    try:
        with living_session(Options(site=str(site), state=str(state), language=language)) as session:
            async with shown(session, size=size) as dashboard:
                yield dashboard
    finally:
        for handler in list(
            logging.getLogger("medflow_tui").handlers
        ):  # the log of the program is in the folder
            handler.close()


@asynccontextmanager
async def shown(session: Session, *, size: tuple[int, int] = (80, 24)) -> AsyncIterator[Dashboard]:
    """The application over any session."""
    app = RecordedApp(session)
    async with app.run_test(size=size) as pilot:
        dashboard = Dashboard(app, pilot)
        await pilot.pause()
        yield dashboard
