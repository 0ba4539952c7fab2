"""What people look for in the audit: records by run, time and person, and what a weekly review must see."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from medflow_tui.model.health import EPOCH
from medflow_tui.model.site import Hours
from medflow_tui.rules.hours import clock

Record = Mapping[str, Any]
WEEK = timedelta(days=7)
EVENING, MORNING = time(20, 0), time(6, 0)
REVIEWED = "audit.reviewed"
OVERRIDES = ("override.used",)
CLOSED = ("override.closed",)
BY_PEOPLE = (
    "run.start",
    "run.resume",
    "override.used",
    "control.taken",
    "passive.on",
    "passive.off",
    "incident.opened",
)
FAILURES = ("step.failed", "step.unknown", "undo.failed", "undo.unknown", "hold.lost")
REFUSALS = ("attempt.denied", "approve.refused")
VIEWS = ("identifiable.viewed",)
STARTS = ("run.start",)


@dataclass(frozen=True, slots=True, kw_only=True)
class Review:
    """What happened from record `first` to record `last`; `signed_at` and `signed_by` are of the review before. `led` are
    the starts of runs for which an incident stood for the second person."""

    first: int = 0
    last: int = -1
    overrides: tuple[Record, ...] = ()
    nights: tuple[Record, ...] = ()
    failures: tuple[Record, ...] = ()
    refusals: tuple[Record, ...] = ()
    views: tuple[Record, ...] = ()
    led: tuple[Record, ...] = ()
    runs: int = 0
    signed_at: datetime = EPOCH
    signed_by: str = ""
    begins_at: datetime = EPOCH
    unclosed: tuple[Record, ...] = ()

    def is_due(self, now: datetime) -> bool:
        """Whether a week has passed since the last one, or since there is something to review."""
        since = self.signed_at if self.signed_at != EPOCH else self.begins_at
        return since != EPOCH and now - since >= WEEK

    @property
    def counts(self) -> dict[str, int]:
        """What the sign-off says was looked at."""
        return {
            "from_seq": self.first,
            "to_seq": self.last,
            "runs": self.runs,
            "overrides": len(self.overrides),
            "nights": len(self.nights),
            "failures": len(self.failures),
            "refusals": len(self.refusals),
            "views": len(self.views),
            "led": len(self.led),
        }


def review(records: Sequence[Record], hours: Hours | None, zone: ZoneInfo) -> Review:
    """Everything since the last sign-off."""
    signed = next((each for each in reversed(records) if each.get("ev") == REVIEWED), None)
    first = _seq(signed) + 1 if signed is not None else 0
    new = [each for each in records if _seq(each) >= first]
    return Review(
        first=first,
        last=_seq(new[-1]) if new else first - 1,
        overrides=_of(new, OVERRIDES),
        nights=tuple(each for each in _of(new, BY_PEOPLE) if is_night(moment(each), hours, zone)),
        failures=tuple(each for each in new if has_failed(each)),
        refusals=_of(new, REFUSALS),
        views=_of(new, VIEWS),
        led=tuple(each for each in _of(new, STARTS) if each.get("incident")),
        runs=len({each.get("run") for each in new if each.get("run")}),
        signed_at=moment(signed) if signed is not None else EPOCH,
        signed_by=str(_actor(signed).get("name", "")) if signed is not None else "",
        begins_at=moment(new[0]) if new else EPOCH,
        unclosed=unclosed(records),
    )


def unclosed(records: Sequence[Record]) -> tuple[Record, ...]:
    """Overrides that nobody has closed, however long ago; a sign-off closes none.

    >>> used, closed = {"ev": "override.used", "run": "a"}, {"ev": "override.closed", "run": "a"}
    >>> len(unclosed([used])), len(unclosed([used, closed])), len(unclosed([used, closed, used]))
    (1, 0, 1)
    """
    found: dict[object, Record] = {}
    for each in records:
        if each.get("ev") in OVERRIDES:
            found[each.get("run")] = each
        elif each.get("ev") in CLOSED:
            found.pop(each.get("run"), None)
    return tuple(found.values())


def has_failed(record: Record) -> bool:
    """A step that failed or of which nobody knows, a run that did not end well.

    >>> has_failed({"ev": "run.done", "result": {"outcome": "pass"}}), has_failed({"ev": "step.unknown"})
    (False, True)
    """
    if record.get("ev") in FAILURES:
        return True
    return record.get("ev") == "run.done" and outcome(record) not in ("pass", "")


def outcome(record: Record) -> str:
    """How it ended; older records have it beside the result."""
    result = record.get("result")
    found = result.get("outcome") if isinstance(result, Mapping) else None
    return str(found or record.get("outcome") or "")


def is_night(at: datetime, hours: Hours | None, zone: ZoneInfo) -> bool:
    """Whether nobody else is there: outside of the opening hours, or without any from 20:00 to 06:00.

    >>> from datetime import UTC
    >>> is_night(datetime(2026, 11, 23, 1, 0, tzinfo=UTC), None, ZoneInfo("Africa/Kinshasa"))
    True
    """
    local = at.astimezone(zone)
    if hours is None:
        return local.time() >= EVENING or local.time() < MORNING
    opens, closes = clock(hours.opens), clock(hours.closes)
    if opens == closes:
        return False
    inside = opens <= local.time() < closes if opens < closes else not closes <= local.time() < opens
    return not inside


def chosen(
    records: Iterable[Record], *, run: str = "", since: datetime = EPOCH, who: str = ""
) -> tuple[Record, ...]:
    """The records of a run (its name or the end of it), from a moment on, of a person (login or user number)."""
    return tuple(
        each
        for each in records
        if (not run or str(each.get("run", "")).endswith(run))
        and (since == EPOCH or moment(each) >= since)
        and (not who or who in (str(_actor(each).get("name")), str(_actor(each).get("uid"))))
    )


def moment(record: Record) -> datetime:
    """When it was written by the clock of that machine, which may have been wrong; the epoch when it does not say."""
    try:
        found = datetime.fromisoformat(str(record.get("ts", "")).replace("Z", "+00:00"))
    except ValueError:
        return EPOCH
    return found if found.tzinfo is not None else EPOCH


def _of(records: Iterable[Record], events: tuple[str, ...]) -> tuple[Record, ...]:
    return tuple(each for each in records if each.get("ev") in events)


def _seq(record: Record) -> int:
    seq = record.get("seq")
    return seq if isinstance(seq, int) else -1


def _actor(record: Record) -> Record:
    actor = record.get("actor")
    return actor if isinstance(actor, Mapping) else {}
