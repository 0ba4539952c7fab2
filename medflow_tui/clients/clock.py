"""Whether this machine's clock is right, as its kernel and its time service know it. Nothing is set."""

from __future__ import annotations

import ctypes
import struct
import sys
import time
from dataclasses import dataclass
from email.utils import parsedate_to_datetime
from pathlib import Path

from medflow_tui.clients.command import run
from medflow_tui.clients.network import Deadline, UnreachableError

STA_UNSYNC = 0x40
TIMEX_BYTES, STATUS_OFFSET = 512, 40  # struct timex of sys/timex.h, 64 bit: `status` follows five words
SYNCHRONIZED = Path("/run/systemd/timesync/synchronized")  # systemd-timesyncd(8): touched once synchronized
CHRONYC_SYSTEM_TIME, CHRONYC_LEAP = 4, 13  # fields of `chronyc -c tracking`


@dataclass(frozen=True, slots=True, kw_only=True)
class Clock:
    """Offset in seconds (None when nobody knows) and whether a time service keeps the clock (None: unknown)."""

    offset_s: float | None = None
    is_kept: bool | None = None


def clock(deadline: Deadline) -> Clock:
    """What the machine knows: chrony's own offset, else the kernel's state, else the mark of systemd-timesyncd."""
    try:
        found = run(("chronyc", "-c", "tracking"), deadline)
        if found.code == 0:
            return from_chrony(found.text)
    except UnreachableError:
        pass
    kept = _kernel_state()
    if kept is not True and SYNCHRONIZED.exists():
        kept = True
    return Clock(is_kept=kept)


def offset_from(base_url: str, path: str, deadline: Deadline) -> float | None:
    """How far this clock is ahead (+) or behind (-) that of a web server, by its Date header; None when it has none.

    Seconds, good to one: the header has whole seconds. Raises UnreachableError.
    """
    from medflow_tui.clients.http import Web

    with Web(base_url) as web:
        before = time.time()
        told = web.ask("GET", path, deadline).header("date")
        after = time.time()
    try:
        moment = parsedate_to_datetime(told).timestamp()
    except (TypeError, ValueError):
        return None
    return (before + after) / 2 - (moment + 0.5)


def from_chrony(text: str) -> Clock:
    """The clock by one line of `chronyc -c tracking`.

    >>> from_chrony("A29FC801,162.159.200.1,3,1700000000.1,0.000123,0,0,0,0,0,0,0,64.2,Normal").is_kept
    True
    """
    fields = text.strip().split(",")
    try:
        offset, leap = float(fields[CHRONYC_SYSTEM_TIME]), fields[CHRONYC_LEAP]
    except (IndexError, ValueError):
        return Clock()
    if leap == "Not synchronised":
        return Clock(is_kept=False)
    return Clock(offset_s=offset, is_kept=True)


def _kernel_state() -> bool | None:
    """True when the kernel says that its clock is kept. `adjtimex` with no mode only reads."""
    if not sys.platform.startswith("linux") or struct.calcsize("@l") != 8:
        return None
    buffer = ctypes.create_string_buffer(TIMEX_BYTES)
    try:
        answer = ctypes.CDLL(None, use_errno=True).adjtimex(buffer)
    except (OSError, AttributeError):
        return None
    if answer < 0:
        return None
    (status,) = struct.unpack_from("@i", buffer, STATUS_OFFSET)
    return not status & STA_UNSYNC
