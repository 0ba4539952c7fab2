"""How fast bytes may follow each other, so that little waits on a slow line: decided from what its answers took."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass
from itertools import pairwise

SLICE = 400  # bytes given away at once on a line whose rate is known
KEYS_S, REST_S = 0.05, 0.015  # of the line's time may wait in it: the answers to keys, and everything else
LEAST_SLICE_S = 0.006  # less room than that is none: a sequence in crumbs costs more than it brings
FAST, SLOWEST = 64_000.0, 1_000.0  # bytes a second: from the first on nobody needs pacing
NEAR_S, SLOWEST_NEAR = 0.02, 6_000.0  # so near an answer is late because a machine is busy, not the line
LONG_S, ASSUMED = 0.15, 32_000.0  # a line with such a round trip is paced at that rate until it was measured
BURST_GAP_S = 0.05
CHANCE_S, CHANCE = 0.01, 0.02  # of a delay means nothing: at least, and as a part of the round trip
TELLING = 200  # bytes from which a delay tells a rate
ALONE, ALONE_S, ALONE_TELLING = 3.0, 0.12, 800  # one answer by itself: chances, at least, bytes
SPAN_S = 0.5  # over which a rate is measured, when the line was busy that long
LOOKED_AT = 4  # answers, of which the one that waited least tells what stands in the line
UNSTEADY_OVER = 12  # answers
FALL = 0.7  # of the rate, at once
EASE = 0.95  # of what the line was seen to carry is given to it: what waits drains
HOLD_S = 20.0  # before it is tried whether it carries more by now, which only too much can tell
BEYOND = 1.1  # times what it was seen to carry: from there on it carries more indeed
# of the rate with each answer: while it is tried, and times which, up to which, when it does carry more
GROWTH, GROWING, MOST_GROWTH = 0.01, 1.3, 0.1


@dataclass(frozen=True, slots=True)
class Mark:
    """A moment of the line: when, how many bytes had been sent, and how long the last was thought to have to wait."""

    at: float
    sent: int
    expected_s: float = 0.0


@dataclass(frozen=True, slots=True)
class Answer:
    """What came back: when and after how many bytes it had been asked, when it was answered, what it had to wait."""

    asked: Mark
    at: float
    waited_s: float

    @property
    def excess_s(self) -> float:
        """How much longer than it was thought."""
        return self.waited_s - self.asked.expected_s


class Pace:
    """Thinks of the line as a tank that empties at `rate`; answers correct both the rate and what is in the tank."""

    def __init__(self) -> None:
        self.rate: float | None = None
        self.is_measured = False
        self._sent = 0
        self._sent_at = -1e9
        self._bursts: deque[Mark] = deque([Mark(-1e9, 0)], maxlen=16)
        self._open: deque[Mark] = deque()
        self._answers: deque[Answer] = deque(maxlen=64)
        self._was_held_back = False
        self._changed_at = self._corrected_at = -1e9
        self._growth = GROWTH
        self._carries, self._fell_at = 0.0, -1e9
        self._queue = self._queue_at = 0.0

    def sent(self, number: int, now: float) -> None:
        """So many bytes were given to the line."""
        self._drain(now)
        if now - self._sent_at > BURST_GAP_S and self._queue <= 0.0:
            self._bursts.append(Mark(now, self._sent))
        self._sent += number
        self._sent_at = now
        self._queue += number

    def asked(self, now: float) -> None:
        """A question left behind everything that was sent."""
        self._drain(now)
        self._open.append(Mark(now, self._sent, self._queue / self.rate if self.rate else 0.0))

    def lost(self) -> None:
        """No open question will be answered."""
        self._open.clear()

    def answered(self, now: float, waited_s: float, rtt_s: float) -> None:
        """The oldest open question was answered, so much later than the shortest of late (which took `rtt_s`)."""
        answer = Answer(self._open.popleft(), now, waited_s)
        self._answers.append(answer)
        if self.rate is None and rtt_s >= LONG_S:
            self.rate = ASSUMED
        late = [each.excess_s for each in self._answers][-LOOKED_AT:]
        standing = min(late) if len(late) == LOOKED_AT else 0.0
        chance = max(CHANCE_S, CHANCE * rtt_s, self._unsteady_s())
        stands, alone = standing > chance, waited_s > max(ALONE_S, ALONE * chance)
        if (stands and late[-1] - late[0] > chance / 2) or (alone and not self.is_measured):
            seen = self._busy_rate(answer, chance, TELLING if stands else ALONE_TELLING)
            if seen is not None:
                least = FALL * self.rate if self.is_measured and self.rate else 0.0
                self._carries, self._fell_at = seen, now
                self._take(max(least, SLOWEST if rtt_s >= NEAR_S else SLOWEST_NEAR, EASE * seen), now)
                self._growth = GROWTH
        elif self.rate is not None and self._was_held_back and answer.asked.at > self._changed_at:
            self._grow(self.rate, now)
        if stands and self.rate is not None and answer.asked.at > self._corrected_at + SPAN_S:
            self._drain(now)
            self._queue += standing * self.rate
            self._corrected_at = now

    def room(self, now: float, *, first: bool) -> int | None:
        """How many bytes may follow now; None: any number."""
        if self.rate is None:
            return None
        self._drain(now)
        left = self.rate * (KEYS_S if first else REST_S) - self._queue
        if left < self.rate * LEAST_SLICE_S:
            self._was_held_back = True
            return 0
        return max(1, min(SLICE, int(left)))

    def wait_s(self, now: float) -> float:
        """When there is room again, from now."""
        if self.rate is None:
            return 0.0
        self._drain(now)
        return max(0.0, self._queue / self.rate - REST_S + LEAST_SLICE_S)

    def _grow(self, rate: float, now: float) -> None:
        """Back to what the line is known to carry; beyond that seldom, as it is found out only by being too fast."""
        if rate < EASE * self._carries:
            self._take(min(EASE * self._carries, rate * (1 + MOST_GROWTH)), now)
        elif now - self._fell_at >= HOLD_S:
            self._take(rate * (1 + self._growth), now)
            if rate > BEYOND * self._carries:
                self._growth = min(MOST_GROWTH, GROWING * self._growth)
        self._was_held_back = False

    def _take(self, rate: float, now: float) -> None:
        self.rate, self._changed_at = rate, now
        self.is_measured = self.is_measured or rate < ASSUMED
        if rate > FAST:
            self.rate, self.is_measured = None, False

    def _unsteady_s(self) -> float:
        """By how much one answer differs from the next, on average: what waits in a paced line is steadier."""
        late = [each.excess_s for each in self._answers][-UNSTEADY_OVER:]
        steps = [abs(after - before) for before, after in pairwise(late)]
        return sum(steps) / len(steps) if len(steps) >= LOOKED_AT else 0.0

    def _drain(self, now: float) -> None:
        passed, self._queue_at = now - self._queue_at, now
        self._queue = 0.0 if self.rate is None else max(0.0, self._queue - passed * self.rate)

    def _busy_rate(self, answer: Answer, chance: float, telling: int) -> float | None:
        """Bytes a second, over the time before this answer in which the line had enough to do."""
        burst = next(each for each in reversed(self._bursts) if each.at <= answer.asked.at)
        begins, before = burst, 0.0
        for each in reversed(self._answers):
            if each is answer:
                continue
            if each.waited_s <= chance or each.asked.at + each.waited_s < burst.at:
                break
            begins, before = each.asked, each.waited_s
            if answer.at - each.at >= SPAN_S:
                break
        sent, spent = answer.asked.sent - begins.sent, answer.asked.at - begins.at + answer.waited_s - before
        return sent / spent if sent >= telling and spent > 0 else None
