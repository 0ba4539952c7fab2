"""Work that is begun by a key and writes something down: a thread of its own, for which the end of the program waits."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable


class Work(threading.Thread):
    """Started at once, by making it."""

    def __init__(self, name: str, call: Callable[[], None]) -> None:
        super().__init__(target=call, name=name, daemon=True)
        self.start()


def finish(within_s: float) -> tuple[str, ...]:
    """Wait for all work that has begun; the names of what is not done by then."""
    ends = time.monotonic() + within_s
    begun = [each for each in threading.enumerate() if isinstance(each, Work)]
    for each in begun:
        each.join(max(0.0, ends - time.monotonic()))
    return tuple(each.name for each in begun if each.is_alive())
