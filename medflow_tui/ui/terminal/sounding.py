"""The line to the person's terminal, measured by what the terminal answers: round trip, rate, and what waits in it.

What waits in the buffers of sshd, TCP and the modem cannot be seen. A question that is answered at once (`ESC[5n`, device
status; every terminal since the VT100 knows it) goes through all of them: what its answer takes longer than the
shortest of late is how much waited before it.
"""

from __future__ import annotations

import threading
from collections import deque
from dataclasses import dataclass

from medflow_tui.ui.terminal.pace import Pace

ANSWERS_ITSELF = ("TMUX", "STY")  # set by a multiplexer, which does not know the line to the person behind it
QUESTION, ANSWER = "\x1b[5n", "\x1b[0n"
ASK_EVERY_S, ASK_AFTER = 10.0, 400  # seconds, or bytes, on a fast line; a slow one is asked with every slice
OVERDUE_S, LOST_S = 3.0, 10.0  # an answer that does not come; and one that will not come any more
MOST_OPEN = 4  # questions under way: fewer would leave a long line without news
UNKNOWN_MOST = 2_400  # bytes under way on a long line that was not measured yet
TRIES = 3  # questions, after which a terminal that never answered is asked no more
OVERTAKEN_S = 0.05  # so late a thread may note the question whose answer another one has read already
REMEMBERED_S = 300.0  # the shortest answer within is the line without anything waiting


@dataclass(frozen=True, slots=True)
class Asked:
    """A question: when it left, and how many bytes had been sent by then."""

    at: float
    sent: int


class Sounding:
    """Fed with times in seconds of one clock, from any thread. What is not known is None.

    With `asks` false nothing is asked (a multiplexer would answer by itself, without knowing the line behind it).
    """

    def __init__(self, *, asks: bool = True) -> None:
        self._asks = asks
        self._lock = threading.Lock()
        self._pace = Pace()
        self._delays: deque[tuple[float, float]] = deque()  # rising, so that the first is the shortest
        self._sent = self._arrived = self._unanswered = 0
        self._last = Asked(-1e9, 0)
        self._open: deque[Asked] = deque()
        self._early_at = -1e9  # an answer to no question that was noted
        self._given_up = 0  # questions whose answers may still come, and are not to be taken for others
        self.lag_s: float | None = None
        self.answered_at: float | None = None

    @property
    def rtt_s(self) -> float | None:
        """The shortest round trip of late: the line with nothing waiting in it."""
        with self._lock:
            return self._delays[0][1] if self._delays else None

    @property
    def rtt_ms(self) -> float | None:
        """The same in milliseconds."""
        return None if (rtt := self.rtt_s) is None else 1000 * rtt

    @property
    def rate(self) -> float | None:
        """Bytes a second that the line carries, once something had to wait in it; None for a fast one as well."""
        return self._pace.rate if self._pace.is_measured else None

    @property
    def is_open(self) -> bool:
        """Whether an answer is still to come."""
        return bool(self._open)

    def silent_s(self, now: float) -> float | None:
        """How long an answer has been overdue; None when none is."""
        with self._lock:
            if not self._open or not self._delays:
                return None
            waited = now - self._open[0].at
            return waited if waited >= max(OVERDUE_S, 4 * self._delays[0][1]) else None

    def sent(self, number: int, now: float) -> None:
        """So many bytes were given to the line."""
        with self._lock:
            self._sent += number
            self._pace.sent(number, now)

    def must_ask(self, now: float, number: int) -> bool:
        """Whether a question is to go out behind so many bytes; never asked on a line on which nothing is written."""
        with self._lock:
            if not self._asks or (not self._delays and self._unanswered >= TRIES):
                return False
            if self._is_lost(now):
                self._give_up(now)
            if self._given_up and now - self._last.at < LOST_S:
                return False
            is_due = self._sent + number - self._last.sent >= ASK_AFTER or now - self._last.at >= ASK_EVERY_S
            return len(self._open) < MOST_OPEN and (is_due or self._pace.rate is not None)

    def asked(self, now: float) -> None:
        """A question left, with everything that was sent before it."""
        with self._lock:
            self._given_up = 0
            self._last = Asked(now, self._sent)
            self._open.append(self._last)
            self._pace.asked(now)
            self._unanswered += 1
            if len(self._open) == 1 and now - self._early_at <= OVERTAKEN_S:
                self._early_at = -1e9
                self._understand(now)

    def answered(self, now: float) -> None:
        """The terminal answered."""
        with self._lock:
            if self._given_up:
                self._given_up -= 1
                self.answered_at = now
            if not self._open:
                self._early_at = now
                return
            self._understand(now)

    def _understand(self, now: float) -> None:
        asked, self._unanswered = self._open.popleft(), 0
        self._arrived, self.answered_at = asked.sent, now
        self._remember(now, now - asked.at)
        self.lag_s = now - asked.at - self._delays[0][1]
        self._pace.answered(now, self.lag_s, self._delays[0][1])

    def room(self, now: float, *, first: bool = False) -> int | None:
        """How many bytes may be given to the line now; None: any number. `first` is for answers to keys."""
        with self._lock:
            if self._sent - self._arrived > self._most_under_way(now):
                return 0
            return self._pace.room(now, first=first)

    def wait_s(self, now: float) -> float:
        """When there may be room again, from now."""
        with self._lock:
            if self._sent - self._arrived > self._most_under_way(now):
                return 0.1
            return self._pace.wait_s(now)

    def _most_under_way(self, now: float) -> float:
        """What the line carries until an answer is back, and a little more; no limit when answers fail to come for a reason that is not the line."""
        rate = self._pace.rate
        if rate is None or not self._open or self._is_lost(now):
            return float("inf")
        if not self._pace.is_measured:
            return UNKNOWN_MOST
        return rate * (1.25 * (self._delays[0][1] if self._delays else 0.0) + 0.25) + ASK_AFTER

    def _give_up(self, now: float) -> None:
        self._given_up = len(self._open)
        self._last = Asked(now, self._sent)
        self._arrived = self._sent
        self._open.clear()
        self._pace.lost()

    def _is_lost(self, now: float) -> bool:
        return bool(self._open) and now - self._open[0].at >= LOST_S

    def _remember(self, now: float, delay: float) -> None:
        while self._delays and self._delays[-1][1] >= delay:
            self._delays.pop()
        self._delays.append((now, delay))
        while now - self._delays[0][0] > REMEMBERED_S:
            self._delays.popleft()
