"""Looks at the clinics: registry and sync queue in MongoDB, last contact at the central server, the line to each."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from types import MappingProxyType
from typing import Any, TypeVar

from medflow_tui.clients.central import last_seen
from medflow_tui.clients.line import Window, door, knock
from medflow_tui.clients.local_file import read_text
from medflow_tui.clients.meter import Meter
from medflow_tui.clients.mongodb import connected
from medflow_tui.clients.network import Deadline, UnreachableError
from medflow_tui.clients.registry import Entry, Registry, Unsent, registry
from medflow_tui.clients.tools import Tools
from medflow_tui.model.errors import SecretError
from medflow_tui.model.health import Cause, Failure, Probe, Reading
from medflow_tui.model.site import Hours
from medflow_tui.model.targets.clinics import Clinic, ClinicsTarget
from medflow_tui.model.words import Phrase, say
from medflow_tui.rules.line import Knock, bytes_of, line

HOW = say("registry and queue in MongoDB, dashboard of the central server, TCP connections")
ABSENT, INACTIVE = Failure(cause=Cause.ABSENT, text=say("no such collection")), "inactive"
NO_WORD = Unsent()
HOURS_CAP = 256 * 1024
T = TypeVar("T")


@dataclass(frozen=True, slots=True, kw_only=True)
class Seen:
    """What one round saw; a Failure stands where something could not be read."""

    registry: Registry | Failure
    central: Mapping[str, datetime | None] | Failure
    knocks: Mapping[str, tuple[Knock, ...]] | Failure
    moved: int


class ClinicsProbe:
    """Values of the target itself: clinics (number), own (clinicId or ""), own_zone, own_seen (moment or None),

    registry_failure, central_failure, queue_failure (a Phrase, empty when it was read), waiting, given_up, by_status
    {status: count}, oldest_at (moment or None), oldest_of (clinicId or ""), unlisted (clinics that only the central
    server knows), bytes (of the whole reading on the line outside, see `clients.meter`).
    Parts, one a clinic by its clinicId: label, listed (in the registry; None when it cannot be read), status, zone
    (IANA name), central_known (None when the central server cannot be read), seen_at (moment or None), waiting,
    given_up, oldest_at; address, answered (None without an address), refused, answered_at (last answer, or None),
    knocks, loss_percent, rtt_ms, jitter_ms; hours (Hours of the file of hours, or None).
    """

    def __init__(self, target: ClinicsTarget, tools: Tools) -> None:
        self._target, self._tools = target, tools
        self._window = Window(target.window, target.window_s)
        self._answered_at: dict[str, datetime] = {}
        self._hours: dict[str, Hours] = {}

    def read(self, deadline_s: float) -> tuple[Reading, ...]:
        self._look_at_hours(Deadline.after(0.2 * deadline_s))
        seen = self._look(0.7 * deadline_s if self._target.hours_file else 0.9 * deadline_s)
        entries = self._entries(seen)
        parts = tuple(self._clinic(name, entry, seen) for name, entry in entries.items())
        return (self._reading("", **self._whole(seen, entries)), *parts)

    def _look(self, seconds: float) -> Seen:
        """All three at the same time: one that hangs does not shorten the others."""
        doors = tuple(
            each for each in (door(clinic.address) for clinic in self._target.clinic) if each is not None
        )
        meter = Meter()
        with ThreadPoolExecutor(max_workers=3, thread_name_prefix="clinics") as pool:
            found = pool.submit(_told, lambda: self._registry(Deadline.after(seconds)))
            central = pool.submit(
                _told, lambda: last_seen(self._target.central, Deadline.after(seconds), meter)
            )
            knocks = _told(lambda: knock(doors, max(1, self._target.tries), Deadline.after(seconds)))
            if not isinstance(knocks, Failure):
                meter.add(sum(bytes_of(each) for some in knocks.values() for each in some))
            return Seen(registry=found.result(), central=central.result(), knocks=knocks, moved=meter.take())

    def _registry(self, deadline: Deadline) -> Registry:
        with connected(self._target, self._tools, deadline) as server:
            return registry(server)

    def _entries(self, seen: Seen) -> dict[str, Entry | None]:
        """The clinics to show: those of the registry that are not inactive, then those that only the site file names.

        Without a registry also those that the central server lists.
        """
        listed = () if isinstance(seen.registry, Failure) else seen.registry.entries or ()
        inactive = {each.id for each in listed if each.status == INACTIVE}
        found: dict[str, Entry | None] = {each.id: each for each in listed if each.id not in inactive}
        named = [each.id for each in self._target.clinic]
        if not listed and not isinstance(seen.central, Failure):
            named += seen.central
        return found | {name: None for name in named if name not in found and name not in inactive}

    def _whole(self, seen: Seen, entries: Mapping[str, Entry | None]) -> dict[str, Any]:
        own = self._own(entries)
        central = {} if isinstance(seen.central, Failure) else seen.central
        queue = _queue(seen)
        held = {} if isinstance(queue, Failure) else queue
        by_status: dict[str, int] = {}
        for each in held.values():
            for status, count in each.by_status.items():
                by_status[status] = by_status.get(status, 0) + count
        oldest = min(
            ((each.oldest_at, name) for name, each in held.items() if each.oldest_at), default=(None, "")
        )
        return {
            "clinics": len(entries),
            "own": own,
            "own_zone": self._zone(self._target.settings(own), entries.get(own)),
            "own_seen": central.get(own),
            "registry_failure": _why(_listed(seen)),
            "central_failure": _why(seen.central),
            "queue_failure": _why(queue),
            "waiting": sum(each.waiting for each in held.values()),
            "given_up": sum(each.given_up for each in held.values()),
            "by_status": MappingProxyType(by_status),
            "oldest_at": oldest[0],
            "oldest_of": oldest[1],
            "bytes": seen.moved,
            "unlisted": len([each for each in central if each not in entries]),
        }

    def _own(self, entries: Mapping[str, Entry | None]) -> str:
        """The clinicId of this site: named, or the only one that is, or begins with, the site's code."""
        if self._target.own:
            return self._target.own
        code = self._tools.site.code.upper()
        alike = [each for each in entries if each.upper() == code or each.upper().startswith(f"{code}_")]
        return alike[0] if code and len(alike) == 1 else ""

    def _clinic(self, name: str, entry: Entry | None, seen: Seen) -> Reading:
        settings = self._target.settings(name)
        central, queue = seen.central, _queue(seen)
        held = NO_WORD if isinstance(queue, Failure) else queue.get(name, NO_WORD)
        unread = isinstance(_listed(seen), Failure)
        reach = self._reach(settings, seen.knocks)
        return self._reading(
            name,
            hours=self._hours.get(name),
            label=settings.label or (entry.name if entry else name),
            listed=None if unread else entry is not None,
            status=entry.status if entry else "",
            zone=self._zone(settings, entry),
            central_known=None if isinstance(central, Failure) else name in central,
            seen_at=None if isinstance(central, Failure) else central.get(name),
            waiting=held.waiting,
            given_up=held.given_up,
            oldest_at=held.oldest_at,
            latency_ms=reach["rtt_ms"],
            **reach,
        )

    def _reach(self, settings: Clinic, seen: Mapping[str, tuple[Knock, ...]] | Failure) -> dict[str, Any]:
        """The line to a clinic. A name that has no address is a clinic that does not answer.

        Whether it answers is unknown (None) when it is we who could not try.
        """
        knocks = None if isinstance(seen, Failure) else seen.get(settings.address)
        answered = None
        if settings.address and not isinstance(seen, Failure):
            answered = any(each.rtt_ms is not None for each in knocks or ())
        if answered:
            self._answered_at[settings.id] = self._tools.now()
        found = line(self._window.add(settings.address, knocks or ()) if settings.address else ())
        return {
            "address": settings.address,
            "answered": answered,
            "refused": bool(knocks) and all(each.refused for each in knocks or () if each.rtt_ms is not None),
            "answered_at": self._answered_at.get(settings.id),
            "knocks": found.knocks,
            "loss_percent": found.loss_percent,
            "rtt_ms": found.rtt_ms,
            "jitter_ms": found.jitter_ms,
        }

    def _look_at_hours(self, deadline: Deadline) -> None:
        """Hours by clinicId from the file of hours; when it cannot be read, those of the look before."""
        if not self._target.hours_file:
            return
        path = Path(self._tools.site.folder) / self._target.hours_file
        with suppress(UnreachableError, ValueError, KeyError, TypeError, AttributeError, RecursionError):
            self._hours = {
                str(name): Hours(
                    opens=str(row["opens"]), closes=str(row["closes"]), days=tuple(map(str, row["days"]))
                )
                for name, row in json.loads(read_text(path, HOURS_CAP, deadline)).items()
            }

    def _zone(self, settings: Clinic, entry: Entry | None) -> str:
        return settings.timezone or (entry.timezone if entry else "") or self._tools.site.timezone

    def _reading(self, part: str, latency_ms: float | None = None, **values: Any) -> Reading:
        name = self._target.name
        return Reading(
            target=f"{name}/{part}" if part else name,
            kind=self._target.kind,
            observed_at=self._tools.now(),
            how=HOW,
            values=MappingProxyType(values),
            latency_ms=latency_ms,
        )


def _told(ask: Callable[[], T]) -> T | Failure:
    try:
        return ask()
    except UnreachableError as error:
        return error.failure
    except SecretError as error:
        return Failure(cause=Cause.DENIED, text=error.phrase)


def _listed(seen: Seen) -> tuple[Entry, ...] | Failure:
    if isinstance(seen.registry, Failure):
        return seen.registry
    return ABSENT if seen.registry.entries is None else seen.registry.entries


def _queue(seen: Seen) -> Mapping[str, Unsent] | Failure:
    if isinstance(seen.registry, Failure):
        return seen.registry
    return ABSENT if seen.registry.queue is None else seen.registry.queue


def _why(found: object) -> Phrase:
    return found.text if isinstance(found, Failure) else Phrase(text="")


def build(target: ClinicsTarget, tools: Tools) -> Probe:
    """The probe of the clinics."""
    return ClinicsProbe(target, tools)
