"""A log that grows at a steady rate, each line numbered and the time of each write known.

As a script: `growing.py LOG TIMES RATE SECONDS` appends to LOG; TIMES gets "monotonic-time last-number" for each write.
"""

from __future__ import annotations

import random
import subprocess
import sys
import time
from bisect import bisect_right
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import accumulate
from pathlib import Path

BATCH_S = 0.01
NUMBERED = r"seq=(\d{7})(?!\d)"
LOOK_EVERY_S = 0.05
SETTLED_S = 1.0  # after the first write
WHO = (
    "visits",
    "patients",
    "invoices",
    "prescriptions",
    "lab results",
    "images",
    "stock",
    "appointments",
    "referrals",
)
WHAT = (
    "pushed",
    "pulled",
    "merged",
    "indexed",
    "checked",
    "queued",
    "sent",
    "stored",
    "skipped",
    "counted",
    "copied",
)
WHERE = (
    "the central server",
    "the pharmacy",
    "the reception",
    "the archive",
    "the scanner",
    "the mirror",
    "the desk",
)


def log_line(number: int, at: float) -> str:
    """Some 110 characters; no line is like one of those shortly before it, so that folding repeats does not help.

    >>> len(log_line(1_000_000, 0.0))
    112
    """
    dice = random.Random(number)
    level = dice.choices(("info", "debug", "warn", "error"), (90, 5, 3, 2))[0]
    stamp = f"{time.strftime('%Y-%m-%dT%H:%M:%S', time.gmtime(at))}.{int(at * 1000) % 1000:03}Z"
    text = f"{dice.choice(WHO)} {dice.choice(WHAT)} from {dice.choice(WHERE)} to {dice.choice(WHERE)} in {number % 900} ms"
    return f"{stamp} {level}: [sync] seq={number} {text}\n"


@dataclass(frozen=True, slots=True)
class Write:
    """When lines were written, and the number of the last of them."""

    at: float
    last: int


@dataclass(frozen=True, slots=True)
class Sight:
    """When the screen changed, and the highest number on it."""

    at: float
    highest: int


def staleness(writes: Sequence[Write], sights: Sequence[Sight]) -> list[float]:
    """How old the oldest line that is missing on the screen was, at looks a twentieth of a second apart.

    >>> staleness([Write(0.0, 5), Write(1.04, 6), Write(1.2, 7)], [Sight(0.9, 5), Sight(1.18, 6)])[-2:]
    [0.06, 0.11]
    """
    written, last = [each.at for each in writes], [each.last for each in writes]
    seen_at = [each.at for each in sights]
    highest = list(accumulate((each.highest for each in sights), max))
    found, look = [], written[0] + SETTLED_S
    while look < written[-1]:
        seen = bisect_right(seen_at, look) - 1
        missing = bisect_right(last, highest[seen] if seen >= 0 else -1)
        is_behind = missing < len(written) and written[missing] <= look
        found.append(round(look - written[missing], 6) if is_behind else 0.0)
        look += LOOK_EVERY_S
    return found


@contextmanager
def growing(log: Path, times: Path, rate: int, seconds: float) -> Iterator[None]:
    """Another process writes for so long; ended with the block."""
    words = (str(log), str(times), str(rate), str(seconds))
    writer = subprocess.Popen([sys.executable, __file__, *words], stdin=subprocess.DEVNULL)
    try:
        yield
    finally:
        writer.terminate()
        writer.wait()


def writes_of(times: Path, began: float) -> list[Write]:
    """What a writer noted, in seconds after a moment of the same clock."""
    rows = (each.split() for each in times.read_text().splitlines())
    return [Write(float(at) - began, int(last)) for at, last in (each for each in rows if len(each) == 2)]


FIRST_NUMBER = 1_000_000


def main() -> None:
    """Append what is due every hundredth of a second."""
    log, times, rate, seconds = Path(sys.argv[1]), Path(sys.argv[2]), int(sys.argv[3]), float(sys.argv[4])
    began, done, all_ = time.monotonic(), 0, int(rate * seconds)
    with log.open("ab", buffering=0) as file, times.open("w", buffering=1) as notes:
        while done < all_:
            due, now = min(all_, int((time.monotonic() - began) * rate) + 1), time.time()
            if due > done:
                text = "".join(log_line(FIRST_NUMBER + each, now) for each in range(done, due))
                file.write(text.encode())
                done = due
                notes.write(f"{time.monotonic():.6f} {FIRST_NUMBER + done - 1}\n")
            time.sleep(BATCH_S)


if __name__ == "__main__":
    main()
