"""Looks at the site's own line: connects to addresses outside, and keeps loss, round trip and jitter over a window."""

from __future__ import annotations

from types import MappingProxyType
from typing import Any

from medflow_tui.clients.line import Window, door, knock
from medflow_tui.clients.network import Deadline, UnreachableError
from medflow_tui.clients.tools import Tools
from medflow_tui.model.health import Cause, Failure, Probe, Reading
from medflow_tui.model.targets.uplink import UplinkTarget
from medflow_tui.model.words import say
from medflow_tui.rules.line import Knock, bytes_of, line

HOW = say("TCP connections to addresses outside")


class UplinkProbe:
    """Values: answering (addresses that answered now), asked, loss_percent, rtt_ms, jitter_ms (or None),

    knocks (in the window), bytes (of this reading on the line, estimated). Loss and times are those of the address that loses least: what one far server loses is
    not the line's fault.
    """

    def __init__(self, target: UplinkTarget, tools: Tools) -> None:
        self._target, self._tools = target, tools
        self._doors = tuple(each for each in map(door, target.addresses) if each is not None)
        self._window = Window(target.window, target.window_s)

    def read(self, deadline_s: float) -> tuple[Reading, ...]:
        if not self._doors:
            failure = Failure(cause=Cause.UNSUPPORTED, text=say("no address to try"))
            return (self._reading(failure=failure),)
        try:
            knocks = knock(self._doors, max(1, self._target.tries), Deadline.after(0.9 * deadline_s))
        except UnreachableError as error:
            return (self._reading(failure=error.failure),)
        remembered = {place: self._window.add(place, each) for place, each in knocks.items()}
        answering = tuple(place for place, each in knocks.items() if _answers(each))
        if not knocks:
            return (
                self._reading(failure=Failure(cause=Cause.UNRESOLVED, text=say("no name can be resolved"))),
            )
        if not answering:
            return (self._reading(failure=Failure(cause=Cause.UNREACHABLE, text=say("own line is down"))),)
        best = min((line(remembered[place]) for place in answering), key=lambda each: each.loss_percent)
        values = {
            "answering": answering,
            "asked": tuple(each.place for each in self._doors),
            "loss_percent": best.loss_percent,
            "rtt_ms": best.rtt_ms,
            "jitter_ms": best.jitter_ms,
            "knocks": best.knocks,
            "bytes": sum(bytes_of(each) for some in knocks.values() for each in some),
        }
        return (self._reading(values=values, latency_ms=best.rtt_ms),)

    def _reading(self, values: dict[str, Any] | None = None, **more: Any) -> Reading:
        return Reading(
            target=self._target.name,
            kind=self._target.kind,
            observed_at=self._tools.now(),
            how=HOW,
            values=MappingProxyType(values or {}),
            **more,
        )


def _answers(knocks: tuple[Knock, ...]) -> bool:
    return any(each.rtt_ms is not None for each in knocks)


def build(target: UplinkTarget, tools: Tools) -> Probe:
    """The probe of the own line."""
    return UplinkProbe(target, tools)
