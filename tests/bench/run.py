"""One run of one program on a terminal, and the figures that can be read from it."""

from __future__ import annotations

import itertools
import statistics
from collections.abc import Sequence
from dataclasses import dataclass

from tests.bench.line import HERE_AND_NOW, Chunk, Line
from tests.bench.screen import Moment, Screen, first_seen, replay
from tests.bench.terminal import Press, Program, Sample, Size, Terminal

SETTLE_S = 1.0  # after the first full paint; what comes later is the steady part
OPENING_S = 1.0  # after each of the opening keys
BEAT_GAP_S = 0.2  # a pause that parts what one beat drew from what the next does
BURST_GAP_S = 0.025  # a pause that parts what one key drew from what came otherwise
KEY_WINDOW_S = 1.0  # output that long after a key is ascribed to it


@dataclass(frozen=True, slots=True, kw_only=True)
class KeyCost:
    """What one key brought: seconds until its drawing was complete (None: nothing came), and bytes."""

    key: str
    seconds: float | None
    bytes_out: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Run:
    """Everything that was observed; times are seconds after the start of the program."""

    program: Program
    size: Size
    chunks: tuple[Chunk, ...]
    samples: tuple[Sample, ...]
    presses: tuple[Press, ...]
    steady_from: float
    steady_to: float

    @property
    def first_byte_s(self) -> float:
        return self.chunks[0].at

    @property
    def full_paint(self) -> Moment:
        """The first moment at which all of the first screen could be read."""
        found = first_seen(self.program.ready, self.chunks, self.size)
        if found is None:
            raise TimeoutError(f"{self.program.name}: {self.program.ready!r} was never on the screen")
        return found

    @property
    def screen(self) -> Screen:
        """As it was at the end of the steady part."""
        return replay((each for each in self.chunks if each.at <= self.steady_to), self.size)

    @property
    def steady_bytes(self) -> int:
        return sum(len(each.data) for each in self.chunks if self.steady_from < each.at <= self.steady_to)

    @property
    def bytes_per_s(self) -> float:
        """From the first burst to the last where there is a beat, so that where the steady part is cut does not count."""
        steady = [each for each in self.chunks if self.steady_from < each.at <= self.steady_to]
        beats = [now.at for before, now in itertools.pairwise(steady) if now.at - before.at > BEAT_GAP_S]
        if len(beats) < 2:
            return self.steady_bytes / (self.steady_to - self.steady_from)
        first, last = beats[0], beats[-1]
        return sum(len(each.data) for each in steady if first <= each.at < last) / (last - first)

    @property
    def cpu_percent(self) -> float:
        """Of one core, over the steady part."""
        first, last = self._steady_samples[0], self._steady_samples[-1]
        return 100 * (last.cpu_s - first.cpu_s) / (last.at - first.at)

    @property
    def resident(self) -> int:
        """Bytes of memory at the end, with all children."""
        return self._steady_samples[-1].resident

    @property
    def _steady_samples(self) -> list[Sample]:
        return [each for each in self.samples if self.steady_from <= each.at <= self.steady_to]

    def keys(self, key: str) -> tuple[KeyCost, ...]:
        """What each press of a key cost."""
        return tuple(
            self._key(number) for number, press in enumerate(self.presses) if not key or press.key == key
        )

    def marker_moves(self) -> list[float | None]:
        """Seconds from each press until the screen showed another row chosen; None when that was not before the next."""
        screen, chunks, found = Screen(self.size), list(self.chunks), list[float | None]()
        ends = [each.at for each in self.presses[1:]] + [self.chunks[-1].at + 1.0]
        for press, end in zip(self.presses, ends, strict=True):
            while chunks and chunks[0].at < press.at:
                screen.feed(chunks.pop(0).data)
            before, took = screen.marks, None
            while took is None and chunks and chunks[0].at < end:
                screen.feed(chunks[0].data)
                if screen.marks != before:
                    took = chunks[0].at - press.at
                chunks.pop(0)
            found.append(took)
        return found

    def _key(self, number: int) -> KeyCost:
        press = self.presses[number]
        later = self.presses[number + 1].at if number + 1 < len(self.presses) else self.steady_to
        ends = min(later, press.at + KEY_WINDOW_S)
        mine = [each for each in self.chunks if press.at <= each.at < ends]
        painted = mine[0].at if mine else None
        for each in mine[1:]:
            if painted is None or each.at - painted > BURST_GAP_S:
                break
            painted = each.at
        return KeyCost(
            key=press.key,
            seconds=None if painted is None else painted - press.at,
            bytes_out=sum(len(each.data) for each in mine),
        )


@dataclass(frozen=True, slots=True)
class Strokes:
    """Keys pressed one after the other, so many seconds apart."""

    keys: tuple[str, ...] = ()
    apart_s: float = 0.4


def record(program: Program, size: Size, seconds: float, *scripts: Strokes, line: Line = HERE_AND_NOW) -> Run:
    """Run it until its first full paint and through its opening keys, then for `seconds`, then with the strokes of each script in turn.

    The steady part is the `seconds`, or with scripts the time of the last of them (those before it set the scene).
    """
    with Terminal(program, size, line=line) as terminal:
        terminal.until_ready()
        terminal.until_shown()
        terminal.watch(SETTLE_S)
        for key in program.opening:
            terminal.press(key)
            terminal.watch(OPENING_S)
        begins = terminal.sample().at
        terminal.watch(seconds)
        for script in scripts:
            terminal.watch(SETTLE_S)
            begins = terminal.sample().at
            for key in script.keys:
                terminal.press(key)
                terminal.watch(script.apart_s)
        ends = terminal.sample().at
    return Run(
        program=program,
        size=size,
        chunks=tuple(terminal.chunks),
        samples=tuple(terminal.samples),
        presses=tuple(each for each in terminal.presses if each.at >= begins),
        steady_from=begins,
        steady_to=ends,
    )


def middle(values: Sequence[float]) -> float:
    """The median."""
    return statistics.median(values)


def upper(values: Sequence[float]) -> float:
    """The 95th percentile, by rank."""
    ranked = sorted(values)
    return ranked[min(len(ranked) - 1, int(0.95 * len(ranked)))]
