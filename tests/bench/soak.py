"""`python -m tests.bench soak`: hours of news, keys, screens and sizes; does it grow?"""

from __future__ import annotations

import argparse
import random
import statistics
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

import psutil

from tests.bench.figures import Figure, table
from tests.bench.programs import HERE, pulse
from tests.bench.terminal import Program, Size, Terminal

SIZES = (Size(80, 24), Size(120, 36), Size(60, 20), Size(160, 48), Size(100, 30))
HOME = 4  # screens, at the most, that are one upon another
WARM_SHARE = 0.25  # of the time, in which caches fill
MIB = 1024 * 1024

# What a person does, each ending where it began: on the dashboard, with all panes.
WALKS: tuple[tuple[str, ...], ...] = (
    ("down",) * 5 + ("up",) * 3,
    ("tab",) * 6,
    ("\r", "escape"),
    ("\r", "down", "down", "?", "escape", "escape"),
    ("?", "\x1b[6~", "escape"),
    ("m", "down", "m"),
    ("!", "!"),
    ("/", "al", "\r", "escape"),
    (":", "alpha", "escape"),
    ("f4", "end", "g"),
    ("b", "escape"),
    ("\x1b[20~", "escape"),  # F9: runs
    ("p", "p"),
    ("\x0c",),
    ("\x1b[<0;10;10M", "\x1b[M !!"),  # a mouse that nobody asked
)


@dataclass(slots=True, kw_only=True)
class Soak:
    """What was done, and what it took: `resident` in bytes, with the time of each look."""

    keys: int = 0
    walks: int = 0
    sizes: int = 0
    bytes_out: int = 0
    seconds: float = 0.0
    cpu_s: float = 0.0
    looks: list[tuple[float, int]] = field(default_factory=list)
    threads: list[int] = field(default_factory=list)
    files: list[int] = field(default_factory=list)

    @property
    def _warm(self) -> list[tuple[float, int]]:
        return [each for each in self.looks if each[0] >= WARM_SHARE * self.seconds]

    @property
    def growth(self) -> float:
        """Bytes by which the last quarter holds more than the first one after the warm-up (medians)."""
        warm = [resident for _, resident in self._warm]
        part = max(1, len(warm) // 3)
        return statistics.median(warm[-part:]) - statistics.median(warm[:part])

    @property
    def growth_a_walk(self) -> float:
        """The same, for each thing that a person did in between."""
        return self.growth / max(1.0, self.walks * (1 - WARM_SHARE) * 2 / 3)

    def figures(self) -> list[Figure]:
        rss = [resident / MIB for _, resident in self._warm]
        return [
            _figure(
                "keys", self.keys, f"in {self.walks} walks, {self.sizes} resizes, {self.seconds / 60:.1f} min"
            ),
            _figure("bytes out, KiB", self.bytes_out / 1024),
            _figure("CPU, %", 100 * self.cpu_s / max(self.seconds, 1e-9)),
            _figure(
                "RSS after the warm-up, MiB", rss[0], f"highest {max(rss):.1f}, at the end {rss[-1]:.1f}"
            ),
            _figure("growth, KiB", self.growth / 1024, f"{self.growth_a_walk:.0f} B a walk"),
            _figure("threads", self.threads[-1], f"after the warm-up {self.threads[0]}"),
            _figure("open files", self.files[-1], f"after the warm-up {self.files[0]}"),
        ]


def _figure(what: str, value: float, note: str = "") -> Figure:
    return Figure(what=what, values={HERE: value}, note=note)


def soak(seconds: float, *, pause_s: float = 0.05, program: Program | None = None, seed: int = 1) -> Soak:
    """Walk about in the dashboard for so long while twenty figures change each second. Raises when it ends by itself."""
    found, chance = Soak(), random.Random(seed)
    with Terminal(program or pulse(240), SIZES[0]) as terminal:
        terminal.until_ready()
        process = psutil.Process(terminal.pid)
        before = sum(process.cpu_times()[:2])
        began, next_look, next_size = time.monotonic(), 0.0, seconds / 20
        for walk in _walks(chance, lambda: time.monotonic() - began < seconds):
            for key in walk:
                terminal.press(key)
                terminal.watch(pause_s)
                found.keys += 1
            found.walks += 1
            terminal.watch(
                0.6 if walk[-1] == "escape" else 0.1
            )  # Esc is waited for, whether a sequence follows
            now = time.monotonic() - began
            found.bytes_out += terminal.forget()
            if now >= next_look:
                found.looks.append((now, process.memory_info().rss))
                if now >= WARM_SHARE * seconds:
                    found.threads.append(process.num_threads())
                    found.files.append(process.num_fds())
                next_look = now + max(0.5, seconds / 400)
            if now >= next_size:
                terminal.resize(chance.choice(SIZES))
                found.sizes += 1
                next_size = now + max(1.0, seconds / 200)
        found.seconds = time.monotonic() - began
        found.cpu_s = sum(process.cpu_times()[:2]) - before
        for _ in range(HOME):  # a key that was lost on a busy machine leaves it elsewhere
            terminal.press("escape")
            terminal.watch(0.6)
        terminal.forget()
        terminal.press("\x0c")
        try:
            terminal.until("help.*details")
        except TimeoutError as error:
            sys.stderr.write(table(found.figures(), HERE) + "\n")
            raise AssertionError("at the end it did not draw the dashboard anew") from error
    if terminal.exit_code != 0:
        raise AssertionError(f"it ended with {terminal.exit_code}")
    return found


def _walks(chance: random.Random, goes_on: Callable[[], bool]) -> Iterator[tuple[str, ...]]:
    while goes_on():
        order = list(WALKS)
        chance.shuffle(order)
        for each in order:
            if goes_on():
                yield each


def main(words: list[str]) -> int:
    """0 when it was measured to the end."""
    parser = argparse.ArgumentParser(prog="python -m tests.bench soak", description=__doc__)
    parser.add_argument("--minutes", type=float, default=60.0, help="how long (60)")
    parser.add_argument("--seed", type=int, default=1, help="of the order of what is done (1)")
    chosen = parser.parse_args(words)
    print(table(soak(chosen.minutes * 60, seed=chosen.seed).figures(), HERE))
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
