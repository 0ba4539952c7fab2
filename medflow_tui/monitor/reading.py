"""One reading of one target, whatever its probe does: it raises, answers nothing, or speaks of other targets."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

from medflow_tui.model.health import Cause, Failure, Probe, Reading
from medflow_tui.model.target import Target
from medflow_tui.model.words import Phrase, say

Report = Callable[[BaseException, str], None]


class UnsoundError(Exception):
    """A probe broke the protocol: what it answered is not about its own target."""


def read(target: Target, probe: Probe, now: Callable[[], datetime], report: Report) -> tuple[Reading, ...]:
    """What the probe read: the target's own reading first, then its parts. A fault of ours is one failed reading."""
    try:
        return sound(target, probe.read(target.deadline_s))
    except BaseException as error:  # a probe promises not to raise; one that does must end no thread
        report(error, target.name)
        return (fault(target, error, now()),)


def sound(target: Target, readings: object) -> tuple[Reading, ...]:
    """The readings as the protocol wants them. Raises UnsoundError, which names no content."""
    if not isinstance(readings, tuple | list) or not all(isinstance(each, Reading) for each in readings):
        raise UnsoundError("no tuple of readings")
    names = [each.target for each in readings]
    if not names or names[0] != target.name:
        raise UnsoundError("the first reading is not of the target itself")
    if not all(name.startswith(f"{target.name}/") for name in names[1:]) or len(set(names)) != len(names):
        raise UnsoundError("a reading of another target, or two of one part")
    return tuple(readings)


def fault(target: Target, error: BaseException, at: datetime) -> Reading:
    """The reading that stands for a fault of this program; only its type is told, for its text may hold anything."""
    text = say("fault of this program: {name}", name=type(error).__name__)
    return failed(target, Cause.OURS, text, say("not read"), at)


def overrun(target: Target, at: datetime) -> Reading:
    """The reading that stands for one that did not end by its deadline."""
    text = say("no reading within {after:duration}", after=target.deadline_s)
    return failed(target, Cause.OVERRUN, text, say("reading abandoned"), at)


def failed(target: Target, cause: Cause, text: Phrase, how: Phrase, at: datetime) -> Reading:
    """A reading without values."""
    return Reading(
        target=target.name,
        kind=target.kind,
        observed_at=at,
        how=how,
        failure=Failure(cause=cause, text=text),
    )
