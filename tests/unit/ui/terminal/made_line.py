"""A line in made time: it carries so many bytes a second, takes so long each way, and its terminal answers at once."""

from __future__ import annotations

import random
from collections import deque
from dataclasses import dataclass, field

from medflow_tui.ui.terminal.sounding import QUESTION, Sounding

STEP_S = 0.005


@dataclass
class MadeLine:
    """`waits` are the times at which bytes were given to it, and how long the last of them will wait in it."""

    rate: float
    latency_s: float
    jitter_s: float = 0.0
    late_s: tuple[float, float] = (0.0, 0.0)
    answers: bool = True
    sounding: Sounding = field(default_factory=Sounding)
    now: float = 0.0
    sent: int = 0
    questions: int = 0
    waits: list[tuple[float, float]] = field(default_factory=list)

    def __post_init__(self) -> None:
        self._free = self._answered = 0.0
        self._coming: deque[float] = deque()
        self._chance = random.Random(7)

    def write(self, number: int) -> None:
        """A frame, and a question when one is due."""
        asks = self.sounding.must_ask(self.now, number)
        number += len(QUESTION) if asks else 0
        self._free = max(self._free, self.now) + number / self.rate
        self.sent += number
        self.waits.append((self.now, self._free - self.now))
        self.sounding.sent(number, self.now)
        if asks:
            self.questions += 1
            self.sounding.asked(self.now)
            late = 2 * self.latency_s + self.jitter_s * self._chance.random()
            late += self._chance.uniform(*self.late_s)
            self._answered = max(self._answered, self._free + late)
            if self.answers:
                self._coming.append(self._answered)

    def until(self, moment: float) -> None:
        """Time goes by."""
        while self._coming and self._coming[0] <= moment:
            self.now = self._coming.popleft()
            self.sounding.answered(self.now)
        self.now = moment

    def stall(self, seconds: float) -> None:
        """Nothing goes through for so long."""
        self._free = max(self._free, self.now) + seconds
        self._answered = max(self._answered, self._free)
        self._coming = deque(max(each, self._answered) for each in self._coming)

    def pour(self, until: float) -> None:
        """As much as there is room for, from now on (400 bytes each tenth of a second while there is no limit)."""
        step = 0
        while self.now < until:
            step += 1
            self.until(self.now + STEP_S)
            room = self.sounding.room(self.now)
            if room is None:
                room = 400 if step % 20 == 0 else 0
            if room:
                self.write(room)

    def late(self, since: float, part: float) -> float:
        """What the last byte had to wait, in milliseconds: the given part of all writes waited no longer."""
        waits = sorted(wait for at, wait in self.waits if at > since)
        return 1000 * waits[int(part * len(waits))]
