"""The lock on an open file, waited for no longer than given: who holds it may have been stopped."""

from __future__ import annotations

import os
import time
from collections.abc import Iterator
from contextlib import contextmanager

LOOK_EVERY_S = 0.005


@contextmanager
def locked(descriptor: int, within_s: float) -> Iterator[bool]:
    """Whether it is held; where the system has no such locks it always is."""
    if os.name != "posix":
        yield True
        return
    import fcntl

    ends = time.monotonic() + within_s
    while True:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
            break
        except OSError:
            if time.monotonic() > ends:
                yield False
                return
            time.sleep(LOOK_EVERY_S)
    try:
        yield True
    finally:
        fcntl.flock(descriptor, fcntl.LOCK_UN)
