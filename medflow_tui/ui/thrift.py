"""What is drawn, and how often: the meter is looked at each second, and what it shows decides with what was asked for."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Protocol

from medflow_tui.model.site import Site
from medflow_tui.model.words import SILENCE, Phrase, say
from medflow_tui.rules.cost import MEGABYTE
from medflow_tui.rules.meter import Meter
from medflow_tui.rules.thrift import Limits, Throttle, is_slow, next_throttle
from medflow_tui.ui.economy import PLENTY, Economy, economy_of
from medflow_tui.ui.present.header import own_line
from medflow_tui.ui.present.meter import meter_texts, rounded, saving, thrift_word
from medflow_tui.ui.terminal.meter import written_by
from medflow_tui.ui.widgets.lines import Lines

if TYPE_CHECKING:
    from medflow_tui.ui.app import MedflowApp

FELT_MS = 20.0
PAINTED_S = 5.0  # after the start: the first paint is no rate
EARLY_S = 0.5  # a timer that comes a little early is not made to wait for the next one
LOW_ON = say("low-data mode: drawn every 5 s, no sparklines, the log when you ask for it")
LOW_OFF = say("all is drawn again")


class Line(Protocol):
    """What is known of the line to the terminal; None: unknown, or fast enough. Bytes a second."""

    @property
    def rtt_ms(self) -> float | None: ...

    @property
    def rate(self) -> float | None: ...

    def silent_s(self, now: float) -> float | None:
        """How long an answer has been overdue."""


class Thrift:
    """One viewer's. `meter` is None where there is no terminal; `economy` is in force; `count` stands in for the driver."""

    def __init__(
        self,
        app: MedflowApp,
        *,
        clock: Callable[[], float] = time.monotonic,
        environ: Mapping[str, str] = os.environ,
        count: Callable[[], int | None] | None = None,
    ) -> None:
        self._app, self._clock, self._count = app, clock, count
        self._is_remote = bool(environ.get("SSH_CONNECTION"))
        self._has_proposed = False
        self._drawn_at = float("-inf")
        self._began_at = clock()
        self.meter: Meter | None = None
        self.throttle = Throttle()
        self.limits = limits_of(app.session.site)
        self.economy: Economy = economy_of(self.throttle.step, is_low=app.session.site.low_data)

    def look(self) -> None:
        """Count what was written, and save more or less because of it."""
        at = self._clock()
        if self._has_terminal:
            is_new = self.meter is None or at - self._began_at < PAINTED_S
            self.meter = (Meter() if is_new or self.meter is None else self.meter).after(self._written(), at)
            self._limit(at)
        self._propose()

    @property
    def _has_terminal(self) -> bool:
        return self._count is not None or not self._app.is_headless

    def _written(self) -> int | None:
        return written_by(self._app) if self._count is None else self._count()

    def _limit(self, at: float) -> None:
        if self.meter is None or not self.limits:
            return
        before = self.throttle
        self.throttle = next_throttle(before, self.meter.rate, self.meter.session, self.limits, at)
        if (before.step, before.over) != (self.throttle.step, self.throttle.over):
            self._change(economy_of(self.throttle.step, is_low=self.economy.is_low))
            if self._app.snapshot.notices and self.notice:  # their place is taken
                self._app.say_briefly(self.notice)

    def _change(self, economy: Economy) -> None:
        self.economy = economy
        self._app.dashboard.redraw()

    def toggle_low(self) -> None:
        """Low-data mode, or what the budget leaves."""
        is_low = not self.economy.is_low
        self._has_proposed = True
        self._change(economy_of(self.throttle.step, is_low=is_low))
        for screen in self._app.screen_stack:
            for each in screen.query(Lines):
                each.refresh()
        self._app.say_briefly(LOW_ON if is_low else LOW_OFF)

    def _propose(self) -> None:
        """Once, where the line is slow and nothing else is being said; it is never forced."""
        app = self._app
        if self._has_proposed or self.economy.is_low or not self._is_remote or app.banner is not None:
            return
        line: Line = app.sounding
        key = app.session.key("low data")
        if key and is_slow(line.rtt_ms, line.rate):
            self._has_proposed = True
            app.say_briefly(say("this line is slow: {key} draws less (low-data mode)", key=key))

    @property
    def holds_back(self) -> bool:
        """Whether news wait for the tick."""
        return self.economy.tick_s > PLENTY.tick_s

    def is_due(self) -> bool:
        """Whether it is time to draw what no key asked for."""
        at = self._clock()
        if self.holds_back and at - self._drawn_at < self.economy.tick_s - EARLY_S:
            return False
        self._drawn_at = at
        return True

    def cost(self, *, is_wide: bool) -> tuple[str, ...]:
        """For the first line."""
        if self.meter is None and self._has_terminal:
            self.meter = Meter(session=self._written())
        return meter_texts(self.meter, self._app.session.site, self._app.session.language, is_wide=is_wide)

    def line(self) -> Phrase:
        """How the line to the person is, for the first line; one that nobody feels is not spoken of."""
        line: Line = self._app.sounding
        rtt = line.rtt_ms
        return own_line(rtt if rtt is not None and rtt >= FELT_MS else None, line.silent_s(self._clock()))

    @property
    def hourly(self) -> float | None:
        """Bytes an hour, in two figures; None while not known."""
        found = self.meter.per_hour if self.meter is not None else None
        return None if found is None else rounded(found)

    @property
    def notice(self) -> Phrase:
        """For the second line."""
        return SILENCE if self.economy.is_low else saving(self.throttle, self.limits, self.meter)

    @property
    def word(self) -> Phrase:
        """For the first line."""
        return thrift_word(self.throttle, is_low=self.economy.is_low)


def limits_of(site: Site) -> Limits:
    """What a screen may cost at this site."""
    return Limits(bytes_per_s=site.budget_bytes_per_s, session_bytes=site.budget_mb_per_session * MEGABYTE)
