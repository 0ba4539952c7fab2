"""Many TCP connections tried at once under one deadline, to measure the line, and the window that remembers them."""

from __future__ import annotations

import errno
import selectors
import socket
import struct
import time
from collections import deque
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

from medflow_tui.clients.network import Deadline, UnreachableError, failure_of, resolve
from medflow_tui.model.health import Cause
from medflow_tui.rules.line import Knock, lost_before_answer

SPACING_S = 0.3  # between the tries at one address, so that one burst of loss does not hit them all
TCP_INFO_LENGTH, RTT_OFFSET, RETRANSMISSIONS_OFFSET = 104, 68, 100  # struct tcp_info of linux/tcp.h


@dataclass(frozen=True, slots=True, kw_only=True)
class Door:
    """One address to knock at; `place` is `host:port`."""

    place: str
    host: str
    port: int


def door(place: str) -> Door | None:
    """The door of `host:port` or `[v6]:port`, or None when that is not what it says.

    >>> door("10.8.0.4:443").port, door("matadi")
    (443, None)
    """
    host, _, port = place.rpartition(":")
    if not host or not port.isdecimal() or not 0 < int(port) < 65536:
        return None
    return Door(place=place, host=host.strip("[]"), port=int(port))


class Window:
    """The newest knocks at each address, by number and by age."""

    def __init__(self, length: int, age_s: float) -> None:
        self._length, self._age_s = length, age_s
        self._knocks: dict[str, deque[tuple[float, Knock]]] = {}

    def add(self, place: str, knocks: tuple[Knock, ...]) -> tuple[Knock, ...]:
        """Remember them; everything still in the window."""
        now = time.monotonic()
        kept = self._knocks.setdefault(place, deque(maxlen=self._length))
        kept.extend((now, each) for each in knocks)
        while kept and now - kept[0][0] > self._age_s:
            kept.popleft()
        return tuple(each for _, each in kept)


def knock(doors: tuple[Door, ...], tries: int, deadline: Deadline) -> Mapping[str, tuple[Knock, ...]]:
    """Knocks by place, at all doors at the same time; a name without an address is left out.

    Nothing is sent or read over the connections; they are closed as soon as they stand. Raises UnreachableError when it
    is we who can open none.
    """
    addresses = _addresses(doors, deadline)
    found: dict[str, list[Knock]] = {each.place: [] for each in doors if each.place in addresses}
    plan = deque(
        (number * SPACING_S, each) for number in range(tries) for each in doors if each.place in addresses
    )
    started = time.monotonic()
    with _selector() as selector:
        while (plan or selector.get_map()) and not deadline.passed():
            while plan and time.monotonic() - started >= plan[0][0]:
                each = plan.popleft()[1]
                at_once = _begin(selector, each, addresses[each.place])
                if at_once is not None:
                    found[each.place].append(at_once)
            due = started + plan[0][0] - time.monotonic() if plan else deadline.left()
            for place, one, began in _ready(selector, max(0.0, min(due, deadline.left()))):
                with one:
                    found[place].append(_answered(one, time.monotonic() - began))
        for place, one, _ in _pending(selector):
            with one:
                sent = 1 + _kernel(one)[1]
            found[place].append(Knock(sent=sent, lost=sent))
    return {place: tuple(knocks) for place, knocks in found.items()}


def _selector() -> selectors.BaseSelector:
    try:
        return selectors.DefaultSelector()
    except OSError as error:
        raise UnreachableError(failure_of(error, "", 0)) from error


def _addresses(doors: tuple[Door, ...], deadline: Deadline) -> dict[str, str]:
    """Address by place. Names are looked up side by side, each in a child of its own: one may not delay the others."""

    def look_up(each: Door) -> str:
        try:
            return resolve(each.host, each.port, Deadline.after(deadline.left() / 2))
        except UnreachableError as error:
            if error.failure.cause is Cause.OURS:
                raise
            return ""

    unique = {each.place: each for each in doors}
    if not unique:
        return {}
    with ThreadPoolExecutor(max_workers=min(8, len(unique)), thread_name_prefix="names") as pool:
        pairs = zip(unique, pool.map(look_up, unique.values()), strict=True)
        return {place: address for place, address in pairs if address}


def _begin(selector: selectors.BaseSelector, each: Door, address: str) -> Knock | None:
    """Send the first packet; a knock when it is over at once."""
    try:
        one = socket.socket(socket.AF_INET6 if ":" in address else socket.AF_INET, socket.SOCK_STREAM)
    except OSError as error:
        if error.errno != errno.EAFNOSUPPORT:
            raise UnreachableError(failure_of(error, each.host, each.port)) from error
        return Knock(sent=1, lost=1)
    one.setblocking(False)
    began = time.monotonic()
    code = one.connect_ex((address, each.port))
    if code in (0, errno.EINPROGRESS, errno.EWOULDBLOCK, getattr(errno, "WSAEWOULDBLOCK", 0)):
        selector.register(one, selectors.EVENT_WRITE, (each.place, one, began))
        return None
    one.close()
    return _refused_or_lost(code, 0.0)


def _ready(selector: selectors.BaseSelector, pause_s: float) -> list[tuple[str, socket.socket, float]]:
    if not selector.get_map():
        time.sleep(pause_s)
        return []
    done = [key.data for key, _ in selector.select(pause_s)]
    for _, one, _ in done:
        selector.unregister(one)
    return done


def _pending(selector: selectors.BaseSelector) -> list[tuple[str, socket.socket, float]]:
    return [key.data for key in selector.get_map().values()]


def _answered(one: socket.socket, elapsed_s: float) -> Knock:
    code = one.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR)
    if code:
        return _refused_or_lost(code, elapsed_s)
    rtt_s, again = _kernel(one)
    lost = lost_before_answer(elapsed_s, rtt_s, again)
    return Knock(sent=1 + lost, lost=lost, rtt_ms=1000.0 * (rtt_s or elapsed_s))


def _refused_or_lost(code: int, elapsed_s: float) -> Knock:
    if code in (errno.ECONNREFUSED, getattr(errno, "WSAECONNREFUSED", errno.ECONNREFUSED)):
        return Knock(sent=1, lost=0, rtt_ms=1000.0 * elapsed_s, refused=True)
    return Knock(sent=1, lost=1)


def _kernel(one: socket.socket) -> tuple[float, int]:
    """Round trip (s, 0 when it could not be measured) and repeated packets, as Linux counts them; else (0, 0)."""
    if not hasattr(socket, "TCP_INFO"):
        return 0.0, 0
    try:
        found = one.getsockopt(socket.IPPROTO_TCP, socket.TCP_INFO, TCP_INFO_LENGTH)
    except OSError:
        return 0.0, 0
    if len(found) < TCP_INFO_LENGTH:
        return 0.0, 0
    (rtt_us,) = struct.unpack_from("@I", found, RTT_OFFSET)
    (again,) = struct.unpack_from("@I", found, RETRANSMISSIONS_OFFSET)
    return rtt_us / 1e6, again
