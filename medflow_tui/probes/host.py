"""Looks at the machine: processors, memory, swap, disks, clock, power; here, or in a file that an agent writes."""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping
from datetime import datetime, timedelta
from pathlib import Path
from types import MappingProxyType
from typing import Any

from medflow_tui.clients.clock import Clock, clock, offset_from
from medflow_tui.clients.host import cpu_times, from_file, of_this_machine
from medflow_tui.clients.network import Deadline, UnreachableError
from medflow_tui.clients.tools import Tools
from medflow_tui.model.health import Cause, Failure, Probe, Reading
from medflow_tui.model.targets.host import HostTarget
from medflow_tui.model.targets.http import HttpTarget
from medflow_tui.model.words import say

HERE, FILE = say("this machine's own figures"), say("figures that an agent wrote")
FIRST_SAMPLE_S = 0.25
CLOCKS_APART = timedelta(minutes=5)
AHEAD = Failure(cause=Cause.GARBLED, text=say("dated ahead of now"))  # they would never grow old
UNTOLD = Failure(cause=Cause.UNSUPPORTED, text=say("not in the figures"))
DRIVE_ENDS = ":\\"


class HostProbe:
    """Values of the target itself: boot_at (or None), power_known, from_file.

    Parts, each with its `label`: `cpu` percent, busy_since (moment from which it was above the limit without a
    pause, or None); `memory`, `swap` used, total (bytes); `disk MOUNT` total, free (bytes);
    `clock` offset_s (or None), kept (true, false, or None: nobody knows); `power` source, percent (or None).
    A part that an agent does not tell has a failure. There is no `swap` without swap and no `power` where nothing is
    known of it, unless it is expected.
    """

    def __init__(self, target: HostTarget, tools: Tools) -> None:
        self._target, self._tools = target, tools
        self._cpu_before: tuple[float, float] | None = None
        self._busy_since: datetime | None = None
        self._seen_at: datetime | None = None

    def read(self, deadline_s: float) -> tuple[Reading, ...]:
        deadline = Deadline.after(0.9 * deadline_s)
        now = self._tools.now()
        try:
            if self._target.figures:
                figures = from_file(Path(self._tools.site.folder) / self._target.figures, deadline)
                if figures["at"] - now > CLOCKS_APART:
                    raise UnreachableError(AHEAD)
                at = min(figures["at"], now)
            else:
                figures = of_this_machine(self._target.mounts, now, deadline)
                figures["cpu_percent"] = self._cpu_percent()
                told = self._clock(deadline)
                figures |= {"clock_offset_s": told.offset_s, "clock_kept": told.is_kept}
                at = now
        except UnreachableError as error:
            return (self._reading("", now, failure=error.failure),)
        return tuple(self._readings(figures, at))

    def _readings(self, figures: Mapping[str, Any], at: datetime) -> Iterator[Reading]:
        power_known = figures["power_source"] != "unknown"
        yield self._reading(
            "",
            at,
            boot_at=figures["boot_at"],
            power_known=power_known,
            from_file=bool(self._target.figures),
        )
        percent = figures["cpu_percent"]
        if percent is None:
            yield self._reading("cpu", at, failure=UNTOLD)
        else:
            yield self._reading("cpu", at, percent=percent, busy_since=self._busy(percent, at))
        for name in ("memory", "swap"):
            total, used = figures[f"{name}_total"], figures[f"{name}_used"]
            if total and used is not None:
                yield self._reading(name, at, total=total, used=used)
            elif name == "memory":
                yield self._reading(name, at, failure=UNTOLD)
        for disk in figures["disks"]:
            yield self._disk(disk, at)
        if not figures["disks"]:
            yield self._reading("disk", at, failure=UNTOLD)
        yield self._reading("clock", at, offset_s=figures["clock_offset_s"], kept=figures["clock_kept"])
        if power_known or self._target.power_expected:
            yield self._reading("power", at, source=figures["power_source"], percent=figures["power_percent"])

    def _disk(self, disk: Mapping[str, Any], at: datetime) -> Reading:
        mount = disk["mount"]
        part = f"disk {mount.removesuffix(DRIVE_ENDS)}"
        if disk["total"] and disk["free"] is not None:
            return self._reading(part, at, total=disk["total"], free=disk["free"])
        failure = {
            "absent": Failure(cause=Cause.ABSENT, text=say("no such disk")),
            "silent": Failure(cause=Cause.SILENT, text=say("does not answer")),
        }.get(disk.get("why", ""), UNTOLD)
        return self._reading(part, at, failure=failure)

    def _clock(self, deadline: Deadline) -> Clock:
        """By the time source that the site names, when it answers; else by the machine's own time service."""
        source = next(
            (each for each in self._tools.site.targets if each.name == self._target.time_source), None
        )
        if isinstance(source, HttpTarget):
            try:
                offset = offset_from(source.address, source.alive_path, Deadline.after(deadline.left() / 2))
            except UnreachableError:
                offset = None
            if offset is not None:
                return Clock(offset_s=offset)
        return clock(Deadline.after(min(1.0, deadline.left())))

    def _cpu_percent(self) -> float:
        """Share in use since the reading before; at the first one, over a quarter of a second."""
        if self._cpu_before is None:
            self._cpu_before = cpu_times()
            time.sleep(FIRST_SAMPLE_S)
        (idle_before, before), (idle, now) = self._cpu_before, cpu_times()
        self._cpu_before = (idle, now)
        if now <= before:
            return 0.0
        return min(100.0, max(0.0, 100.0 * (1 - (idle - idle_before) / (now - before))))

    def _busy(self, percent: float, at: datetime) -> datetime | None:
        """Since when it was above the limit at every look; a gap in looking starts anew."""
        patience = timedelta(seconds=3 * self._target.interval_s)
        gap = self._seen_at is not None and at - self._seen_at > patience
        if percent < self._target.cpu_percent:
            self._busy_since = None
        elif self._busy_since is None or gap:
            self._busy_since = at
        self._seen_at = at
        return self._busy_since

    def _reading(self, part: str, at: datetime, failure: Failure | None = None, **values: Any) -> Reading:
        name = self._target.name
        return Reading(
            target=f"{name}/{part}" if part else name,
            kind=self._target.kind,
            observed_at=at,
            how=FILE if self._target.figures else HERE,
            values=MappingProxyType({"label": part, **values} if part else values),
            failure=failure,
        )


def build(target: HostTarget, tools: Tools) -> Probe:
    """The probe of one machine."""
    return HostProbe(target, tools)
