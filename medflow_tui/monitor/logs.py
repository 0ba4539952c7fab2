"""Follows several logs at once: new lines cleaned, understood, redacted and merged by time, counted when there are too many."""

from __future__ import annotations

import threading
import time
from collections import deque
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta, tzinfo
from functools import lru_cache
from pathlib import Path

from medflow_tui.journal.tail import Chunk, Tail
from medflow_tui.model.log import LOOK_EVERY_S, Level, LogLine, LogNews
from medflow_tui.model.words import Phrase, say
from medflow_tui.rules.cleaning import clean
from medflow_tui.rules.logchoice import Allowance, chosen_of

MINUTES = 60


def _nobody() -> None:
    """Nobody is told."""


@dataclass(frozen=True, slots=True, kw_only=True)
class LogSource:
    """One file: the label that its lines carry, and the zone of times written without one."""

    label: str
    path: Path
    zone: tzinfo = UTC


class LogFollower:
    """A thread for each source reads; `drain` gives what is new without ever waiting for a file.

    At most `keep` lines are held. Of what one source adds in one look, at most `lines_a_look` are understood and
    redacted, and `lines_a_second` while it goes on: errors and warnings first; the others are counted as dropped.
    """

    def __init__(
        self,
        sources: Sequence[LogSource],
        *,
        now: Callable[[], datetime] = lambda: datetime.now(UTC),
        keep: int = 2000,
        every_s: float = LOOK_EVERY_S,
        lines_a_look: int = 200,
        lines_a_second: float = 60.0,
        first_lines: int = 200,
        max_bytes: int = 512 * 1024,
    ) -> None:
        self._sources, self._now, self._every_s = tuple(sources), now, every_s
        self._allowance = Allowance(most=lines_a_look, a_second=lines_a_second)
        self._max_bytes, self._first_lines = max_bytes, first_lines
        self._tell: Callable[[], None] = _nobody
        self._next_look = 0.0
        self._lock, self._ended, self._paused = threading.Lock(), threading.Event(), threading.Event()
        self._kept: deque[LogLine] = deque(maxlen=keep)
        self._news: deque[LogLine] = deque(maxlen=keep)
        self._notices: deque[Phrase] = deque(maxlen=20)
        self._dropped = self._missed = 0
        self._errors: dict[int, int] = {}
        self._threads: list[threading.Thread] = []

    def start(self, tell: Callable[[], None] = _nobody) -> None:
        """Begin to follow, in threads of its own that do not hold up the end of the program.

        `tell` is called in one of them when there is something to drain.
        """
        self._tell = tell
        for source in self._sources:
            thread = threading.Thread(
                target=self._follow, args=(source,), name=f"log {source.label}", daemon=True
            )
            self._threads.append(thread)
            thread.start()

    def stop(self, wait_s: float = 1.0) -> None:
        """End; a thread that hangs on a dead mount is left behind."""
        self._ended.set()
        for thread in self._threads:
            thread.join(wait_s)

    def pace(self, every_s: float) -> None:
        """Look so often from the next look on."""
        self._every_s = every_s

    def pause(self) -> None:
        """Read no more; only count what is missed."""
        self._paused.set()

    def resume(self) -> None:
        """Go on with the newest lines; those before them count as dropped."""
        self._paused.clear()

    @property
    def is_paused(self) -> bool:
        return self._paused.is_set()

    def drain(self) -> LogNews:
        """What came since the last call, in the order of time; during a pause only the number of lines missed in it so far."""
        with self._lock:
            lines, dropped, missed, notices = (
                tuple(self._news),
                self._dropped,
                self._missed,
                tuple(self._notices),
            )
            self._news.clear()
            self._notices.clear()
            self._dropped = 0
            if not self._paused.is_set():
                self._missed = 0
        return LogNews(lines=by_time(lines), dropped=dropped, missed=missed, notices=notices)

    def lines(self) -> tuple[LogLine, ...]:
        """The newest lines held, in the order of time."""
        with self._lock:
            held = tuple(self._kept)
        return by_time(held)

    def histogram(self) -> tuple[int, ...]:
        """Errors and worse in each of the last 60 minutes, oldest first, dropped lines included as far as they look like one."""
        this = int(self._now().timestamp() // 60)
        with self._lock:
            return tuple(self._errors.get(this - MINUTES + 1 + each, 0) for each in range(MINUTES))

    def _follow(self, source: LogSource) -> None:
        tail = Tail(source.path, last_lines=self._first_lines)
        reader = _Reader(source, self._allowance)
        while not self._ended.is_set():
            if self._paused.is_set():
                number = tail.pending()
                with self._lock:
                    self._missed += number
            elif self._take(reader, tail.read(self._max_bytes)):
                self._tell()
            self._ended.wait(self._until_next())
        tail.close()

    def _until_next(self) -> float:
        """Seconds; all sources look at the same moments, so that what they bring is drawn at once."""
        now = time.monotonic()
        with self._lock:
            if now >= self._next_look:
                self._next_look = max(self._next_look, now - self._every_s) + self._every_s
            return self._next_look - now

    def _take(self, reader: _Reader, chunk: Chunk) -> bool:
        """False when there was nothing new."""
        now = self._now()
        lines, left_out, errors_left_out = reader.understand(chunk, now)
        notices = reader.notices(chunk)
        if not lines and not left_out and not notices and not chunk.dropped:
            return False
        this = int(now.timestamp() // 60)
        with self._lock:
            overflow = max(0, len(self._news) + len(lines) - (self._news.maxlen or 0))
            self._kept.extend(lines)
            self._news.extend(lines)
            self._notices.extend(notices)
            self._dropped += chunk.dropped + left_out + overflow
            for line in lines:
                if line.level >= Level.ERROR and not line.continued:
                    minute = int(line.at.timestamp() // 60) if line.at else this
                    self._errors[minute] = self._errors.get(minute, 0) + 1
            if errors_left_out:
                self._errors[this] = self._errors.get(this, 0) + errors_left_out
            for old in [each for each in self._errors if each <= this - MINUTES]:
                del self._errors[old]
        return True


class _Reader:
    """What is remembered of one source from chunk to chunk."""

    def __init__(self, source: LogSource, allowance: Allowance) -> None:
        self._source, self._allowance, self._looked_at = source, allowance, time.monotonic()
        self._previous: LogLine | None = None
        self._failing = ""

    def understand(self, chunk: Chunk, now: datetime) -> tuple[list[LogLine], int, int]:
        """The lines worth showing, how many were left out, and how many of those look like errors."""
        raw, errors = chunk.lines, 0
        chosen: Sequence[str] = raw
        if raw and not chunk.first:
            before, self._looked_at = self._looked_at, time.monotonic()
            self._allowance = self._allowance.after(self._looked_at - before, len(raw))
            if len(raw) > self._allowance.lines:
                chosen, errors = chosen_of(raw, self._allowance.lines)
            self._allowance = self._allowance.less(len(chosen))
        return [self._line(each, chunk.first, now) for each in chosen], len(raw) - len(chosen), errors

    def _line(self, raw: str, is_old: bool, now: datetime) -> LogLine:
        from medflow_tui.rules.logline import normal, parse
        from medflow_tui.rules.redaction import redact

        line = parse(clean(raw), self._source.zone, self._previous, now)
        at = line.at
        if at is None:
            at = now if not is_old else self._previous.at if self._previous else None
        text = redact(line.text)
        self._previous = replace(
            line,
            at=at,
            text=text,
            source=_redacted_source(line.source),
            origin=self._source.label,
            key=normal(text),
        )
        return self._previous

    def notices(self, chunk: Chunk) -> list[Phrase]:
        """What is to be said about the file itself: each failure once, each event when it happens."""
        notices = []
        failure = chunk.failure.text if chunk.failure else None
        if failure is not None and failure.text != self._failing:
            notices.append(say("{log}", log=self._source.path.name).also(failure))
        self._failing = failure.text if failure else ""
        if chunk.notice:
            notices.append(say("{log}", log=self._source.path.name).also(chunk.notice))
        return notices


@lru_cache(maxsize=256)
def _redacted_source(source: str) -> str:
    """Few sources write many lines."""
    from medflow_tui.rules.redaction import redact

    return redact(source)


def by_time(lines: Iterable[LogLine]) -> tuple[LogLine, ...]:
    """Lines of several sources in the order of time; one without a time stays behind the one before it of its origin."""
    last: dict[str, datetime] = {}
    timed = []
    for line in lines:
        at = line.at or last.get(line.origin) or datetime.min.replace(tzinfo=UTC)
        at = (
            max(at, last.get(line.origin, at)) if at - last.get(line.origin, at) > timedelta(hours=-1) else at
        )
        last[line.origin] = at
        timed.append((at, line))
    timed.sort(key=lambda each: each[0])
    return tuple(line for _, line in timed)
