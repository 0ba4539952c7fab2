"""Looks at a log: there, readable, when its last line was written, errors, and lines that mean something definite."""

from __future__ import annotations

import threading
import time
from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import replace
from datetime import UTC, datetime, timedelta, tzinfo
from pathlib import Path
from types import MappingProxyType
from typing import Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from medflow_tui.clients.tools import Tools
from medflow_tui.journal.tail import Tail
from medflow_tui.model.health import Cause, Failure, Probe, Reading
from medflow_tui.model.log import Level, LogLine
from medflow_tui.model.targets.log import LogTarget
from medflow_tui.model.words import say
from medflow_tui.rules.cleaning import clean
from medflow_tui.rules.distinct import distinct_names
from medflow_tui.rules.logalarms import alarms_of
from medflow_tui.rules.logline import parse

HOW = say("the end of the file, read as text")
NO_ANSWER = Failure(cause=Cause.OVERRUN, text=say("the disk gives no answer"))
NO_PATH = Failure(cause=Cause.ABSENT, text=say("no log file is configured"))
LAST_S = 253_402_300_799.0  # 9999-12-31T23:59:59Z: some disks keep any number
Values = dict[str, Any]


class LogProbe:
    """Values: file, size (bytes), written_at (of the file), last_at (of the last line that has a time, or None),

    lines, errors, warnings (within the last `window_s`), covered_s (how much of that the part read covers),
    errors_per_min, alarms {name: count}, alarm_at {name: newest time or None}.
    With several files the first reading sums them (failed only when none can be read), then `name/file` each.
    Only counts and times are kept: never a text.
    """

    def __init__(
        self, target: LogTarget, tools: Tools, look: Callable[..., Values | Failure] | None = None
    ) -> None:
        self._target, self._tools, self._look = target, tools, look or look_at
        self._outstanding: dict[str, threading.Thread] = {}

    def read(self, deadline_s: float) -> tuple[Reading, ...]:
        target, now = self._target, self._tools.now()
        if not target.paths:
            return (self._reading(target.name, NO_PATH, now),)
        found: dict[str, Values | Failure] = {}
        started = [self._start(path, now, found) for path in target.paths]
        left = deadline_s
        for thread in started:
            if thread is not None:
                before = time.monotonic()
                thread.join(max(0.01, left))
                left -= time.monotonic() - before
        parts = [found.get(path, NO_ANSWER) for path in target.paths]
        if len(parts) == 1:
            return (self._reading(target.name, parts[0], now),)
        names = (f"{target.name}/{each}" for each in distinct_names(target.paths))
        whole = self._reading(target.name, summed(parts), now)
        return (whole, *(self._reading(name, part, now) for name, part in zip(names, parts, strict=True)))

    def _start(self, path: str, now: datetime, found: dict[str, Values | Failure]) -> threading.Thread | None:
        """A look in a thread of its own; none while an earlier one hangs on a dead mount."""
        before = self._outstanding.get(path)
        if before is not None and before.is_alive():
            return None

        def look() -> None:
            where = Path(self._tools.site.folder) / path
            try:
                found[path] = self._look(where, self._target, now, self._zone())
            except Exception as error:  # a thread that dies of a fault would write it over the screen
                text = say("fault of this program: {name}", name=type(error).__name__)
                found[path] = Failure(cause=Cause.OURS, text=text)

        thread = threading.Thread(target=look, name=f"log {self._target.name}", daemon=True)
        self._outstanding[path] = thread
        thread.start()
        return thread

    def _zone(self) -> tzinfo:
        try:
            return ZoneInfo(self._target.timezone or self._tools.site.timezone)
        except (ZoneInfoNotFoundError, ValueError):
            return ZoneInfo("UTC")

    def _reading(self, name: str, found: Values | Failure, now: datetime) -> Reading:
        failed = isinstance(found, Failure)
        return Reading(
            target=name,
            kind=self._target.kind,
            observed_at=now,
            how=HOW,
            values=MappingProxyType({} if isinstance(found, Failure) else found),
            failure=found if isinstance(found, Failure) and failed else None,
        )


def look_at(path: Path, target: LogTarget, now: datetime, zone: tzinfo) -> Values | Failure:
    """What the end of one file tells; nothing in it is changed."""
    tail = Tail(path, last_lines=100_000)
    try:
        chunk = tail.read(target.read_at_most)
        if chunk.failure is not None:
            named = say("{file}", file=path.name).also(chunk.failure.text)
            return replace(chunk.failure, text=named)
        raw = chunk.lines + tail.read(target.read_at_most).lines
        stat = path.stat()
    except OSError:
        return Failure(cause=Cause.GARBLED, text=say("the log cannot be read"))
    finally:
        tail.close()
    written_at = datetime.fromtimestamp(min(max(stat.st_mtime, 0.0), LAST_S), UTC)
    return {
        "file": path.name,
        "size": stat.st_size,
        "written_at": written_at,
        **_counted(raw, target, now, zone, stat.st_size),
    }


def _counted(raw: Iterable[str], target: LogTarget, now: datetime, zone: tzinfo, size: int) -> Values:
    since = now - timedelta(seconds=target.window_s)
    previous: LogLine | None = None
    lines = [previous := parse(clean(each), zone, previous, now) for each in raw]
    at: datetime | None = None
    timed: list[tuple[datetime | None, LogLine]] = []
    for line in lines:
        at = line.at or at
        timed.append((at, line))
    times = [each for each, _ in timed if each is not None]
    recent = [(each, line) for each, line in timed if (each is None or each >= since) and not line.continued]
    alarms: Counter[str] = Counter()
    alarm_at: dict[str, datetime | None] = {}
    found = alarms_of((line.text, line.source) for _, line in recent)
    for (each, _), alarm in zip(recent, found, strict=True):
        if alarm is not None:
            alarms[alarm.name] += 1
            alarm_at[alarm.name] = each
    errors = sum(line.level >= Level.ERROR for _, line in recent)
    was_cut = sum(len(each) + 1 for each in raw) < size and size > target.read_at_most
    covered = target.window_s
    if was_cut and times and min(times) > since:
        covered = max(1.0, (now - min(times)).total_seconds())
    return {
        "lines": len(lines),
        "last_at": max(times) if times else None,
        "errors": errors,
        "warnings": sum(line.level == Level.WARN for _, line in recent),
        "covered_s": covered,
        "errors_per_min": errors * 60.0 / covered,
        "alarms": MappingProxyType(dict(alarms)),
        "alarm_at": MappingProxyType(alarm_at),
    }


def summed(parts: list[Values | Failure]) -> Values | Failure:
    """Several files as one; a failure only when none could be read."""
    good = [each for each in parts if not isinstance(each, Failure)]
    if not good:
        return next(each for each in parts if isinstance(each, Failure))
    alarms: Counter[str] = Counter()
    alarm_at: dict[str, datetime | None] = {}
    for each in good:
        alarms.update(each["alarms"])
        alarm_at |= {name: at for name, at in each["alarm_at"].items() if at or name not in alarm_at}
    times = [each["last_at"] for each in good if each["last_at"]]
    return {
        "file": "",
        "size": sum(each["size"] for each in good),
        "written_at": max(each["written_at"] for each in good),
        "last_at": max(times) if times else None,
        **{
            name: sum(each[name] for each in good)
            for name in ("lines", "errors", "warnings", "errors_per_min")
        },
        "covered_s": min(each["covered_s"] for each in good),
        "alarms": MappingProxyType(dict(alarms)),
        "alarm_at": MappingProxyType(alarm_at),
        "files_unread": len(parts) - len(good),
    }


def build(target: LogTarget, tools: Tools) -> Probe:
    """The probe of one log target."""
    return LogProbe(target, tools)
