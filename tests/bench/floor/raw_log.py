"""The floor of a follower of logs: the last screenful of a file, at most so many paints a second. `raw_log.py FILE HZ`."""

from __future__ import annotations

import os
import select
import sys
import termios
import time
import tty
from collections import deque
from pathlib import Path

BEGIN, END = b"\x1b[?1049h\x1b[?25l\x1b[?7l\x1b[2J", b"\x1b[r\x1b[?7h\x1b[?25h\x1b[?1049l"
LOOK_S, BLOCK = 0.05, 1 << 20
LONGEST = 256  # bytes of a line, to find the last screenful


def paint(shown: list[bytes], new: int, height: int) -> bytes:
    """A screenful of new lines is written in place; fewer are scrolled in.

    >>> paint([b"a", b"b"], 2, 2), paint([b"b", b"c"], 1, 2)
    (b'\\x1b[1Ha\\x1b[K\\x1b[2Hb\\x1b[K', b'\\x1b[2H\\r\\nc')
    """
    if new >= height:
        return b"".join(b"\x1b[%dH%s\x1b[K" % (line, text) for line, text in enumerate(shown, 1))
    return b"\x1b[%dH" % height + b"".join(b"\r\n" + text for text in shown[-new:])


def follow(path: Path, paint_s: float) -> None:
    """Until q."""
    columns, lines = os.get_terminal_size(1)
    height, rest, due = lines - 1, b"", 0.0
    with path.open("rb", buffering=0) as file:
        file.seek(max(0, path.stat().st_size - LONGEST * lines))
        *old, rest = file.read().split(b"\n")
        shown = deque((each[:columns] for each in old), height)
        os.write(
            1, BEGIN + paint(list(shown), height, height) + b"\x1b[1;%dr\x1b[%dHfollowing" % (height, lines)
        )
        new = 0
        while True:
            wait_s = min(LOOK_S, max(0.0, due - time.monotonic())) if new else LOOK_S
            if select.select([0], [], [], wait_s)[0] and os.read(0, 64) in (b"q", b""):
                return
            *fresh, rest = (rest + file.read(BLOCK)).split(b"\n")
            shown.extend(each[:columns] for each in fresh)
            new += len(fresh)
            if new and time.monotonic() >= due:
                os.write(1, paint(list(shown), new, height))
                new, due = 0, time.monotonic() + paint_s


def main() -> None:
    """On the terminal of standard input and output."""
    before = termios.tcgetattr(0)
    tty.setraw(0)
    try:
        follow(Path(sys.argv[1]), 1 / float(sys.argv[2]))
    finally:
        os.write(1, END)
        termios.tcsetattr(0, termios.TCSANOW, before)


if __name__ == "__main__":
    main()
