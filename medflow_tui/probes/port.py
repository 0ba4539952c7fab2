"""Looks at a TCP port: does it accept a connection, and which process owns it."""

from __future__ import annotations

import ipaddress
import time
from types import MappingProxyType
from typing import Any

from medflow_tui.clients.line import door
from medflow_tui.clients.listener import listener_of
from medflow_tui.clients.network import Deadline, UnreachableError, connect
from medflow_tui.clients.tools import Tools
from medflow_tui.model.health import Cause, Failure, Probe, Reading
from medflow_tui.model.targets.port import PortTarget
from medflow_tui.model.words import say

HOW = say("a TCP connection, and the system's list of listeners")


class PortProbe:
    """Values: port, pid and listener (name of the process; each None when it is another machine's or hidden)."""

    def __init__(self, target: PortTarget, tools: Tools) -> None:
        self._target, self._tools = target, tools

    def read(self, deadline_s: float) -> tuple[Reading, ...]:
        place = door(self._target.address)
        if place is None:
            text = say("address is not host:port")
            return (self._reading(failure=Failure(cause=Cause.UNRESOLVED, text=text)),)
        started = time.perf_counter()
        try:
            connect(place.host, place.port, Deadline.after(0.9 * deadline_s)).close()
        except UnreachableError as error:
            return (self._reading(failure=error.failure),)
        latency = (time.perf_counter() - started) * 1000
        known = listener_of(place.port) if _is_here(place.host) else None
        values = {
            "port": place.port,
            "pid": known.pid if known else None,
            "listener": known.name if known else None,
        }
        return (self._reading(values=values, latency_ms=latency),)

    def _reading(self, values: dict[str, Any] | None = None, **more: Any) -> Reading:
        return Reading(
            target=self._target.name,
            kind=self._target.kind,
            observed_at=self._tools.now(),
            how=HOW,
            values=MappingProxyType(values or {}),
            **more,
        )


def _is_here(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def build(target: PortTarget, tools: Tools) -> Probe:
    """The probe of one port."""
    return PortProbe(target, tools)
