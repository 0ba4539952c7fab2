"""Looks at the devices that MedFlow knows: what it says of each, and when it last imported from it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from math import isfinite
from types import MappingProxyType
from typing import Any

from medflow_tui.clients.mongodb import Connection, connected
from medflow_tui.clients.network import Deadline, UnreachableError
from medflow_tui.clients.tools import Tools
from medflow_tui.model.errors import SecretError
from medflow_tui.model.health import Cause, Failure, Probe, Reading
from medflow_tui.model.targets.devices import DevicesTarget
from medflow_tui.model.words import say

HOW = say("devices in MongoDB: three status fields and times")
COLLECTION = "devices"
BY_HAND = frozenset({"manual", "none"})
FIELDS = {
    "deviceId": 1,
    "name": 1,
    "status": 1,
    "integration.status": 1,
    "integration.lastSyncStatus": 1,
    "integration.lastSync": 1,
    "integration.consecutiveErrors": 1,
    "integration.method": 1,
    "integration.folderSync.lastFolderSync": 1,
    "integration.folderSync.filesFailed": 1,
    "lastSync": 1,
    "lastSeen": 1,
}


class DevicesProbe:
    """First reading: devices (active and imported from), by_hand (active, nothing is imported), complete.

    One reading `name/<deviceId>` each: label, shape ("nested", or "flat" as old scripts wrote it), integration
    (connected, disconnected, error, pending, not-configured), last_sync_status (success, partial, failed, pending),
    current (available, in-use, maintenance, error, offline, online), last_sync, last_seen (ISO or None), errors (in a
    row), files_failed, hours (Hours of work, or None), zone. A failure ABSENT when the site file names a device that is not there. Paths are not asked for,
    `lastConnection` neither: it is set when a device is marked as lost, too.
    """

    def __init__(self, target: DevicesTarget, tools: Tools) -> None:
        self._target, self._tools = target, tools

    def read(self, deadline_s: float) -> tuple[Reading, ...]:
        deadline = Deadline.after(deadline_s)
        try:
            with connected(self._target, self._tools, deadline) as server:
                latency = server.ping()
                rows = _rows(server, self._target.max_devices + 1)
        except UnreachableError as error:
            return (self._reading("", failure=error.failure),)
        except SecretError as error:
            return (self._reading("", failure=Failure(cause=Cause.DENIED, text=error.phrase)),)
        complete = len(rows) <= self._target.max_devices
        found = self._devices(rows[: self._target.max_devices])
        shown = {name: values for name, values in found.items() if not self._is_by_hand(name, values)}
        whole = {"devices": len(shown), "by_hand": len(found) - len(shown), "complete": complete}
        parts = [self._reading(name, values=values) for name, values in shown.items()]
        absent = (
            [self._absent(each.id) for each in self._target.device if each.id not in found]
            if complete
            else []
        )
        return (self._reading("", values=whole, latency_ms=latency), *parts, *absent)

    def _devices(self, rows: Sequence[Mapping[str, Any]]) -> dict[str, dict[str, Any]]:
        """Values by the name of the part; two devices of one name are two."""
        when = {"hours": self._target.hours or self._tools.site.hours, "zone": self._tools.site.timezone}
        found: dict[str, dict[str, Any]] = {}
        for row in rows:
            name = _text(row.get("deviceId")) or _text(row.get("name")) or _end(row)
            name = name.replace("/", "-")
            name = f"{name} {_end(row)}" if name in found else name
            found[name] = {"label": self._label(name), **when, **_states(row)}
        return found

    def _is_by_hand(self, name: str, values: Mapping[str, Any]) -> bool:
        """True for a device from which nothing is imported, unless the site file names it."""
        if any(each.id == name for each in self._target.device):
            return False
        return values["method"] in BY_HAND or values["integration"] == "not-configured"

    def _label(self, name: str) -> str:
        return next((each.label for each in self._target.device if each.id == name and each.label), name)

    def _absent(self, name: str) -> Reading:
        return self._reading(name, failure=Failure(cause=Cause.ABSENT, text=say("not in MedFlow")))

    def _reading(self, part: str, values: Mapping[str, Any] | None = None, **more: Any) -> Reading:
        return Reading(
            target=f"{self._target.name}/{part}" if part else self._target.name,
            kind=self._target.kind,
            observed_at=self._tools.now(),
            how=HOW,
            values=MappingProxyType(dict(values or {})),
            **more,
        )


def _rows(server: Connection, limit: int) -> list[dict[str, Any]]:
    """Active devices in the order of their ids; a document that says nothing about it is taken as active."""
    return server.rows(
        COLLECTION,
        (
            {"$match": {"active": {"$ne": False}}},
            {"$project": FIELDS},
            {"$sort": {"deviceId": 1}},
            {"$limit": limit},
        ),
    )


def _end(row: Mapping[str, Any]) -> str:
    return f"{row.get('_id')}"[-8:]


def _states(row: Mapping[str, Any]) -> dict[str, Any]:
    integration, status = row.get("integration"), row.get("status")
    is_flat = not isinstance(integration, Mapping)
    inside = integration if isinstance(integration, Mapping) else {}
    folder = inside.get("folderSync")
    folder = folder if isinstance(folder, Mapping) else {}
    current = status.get("currentStatus") if isinstance(status, Mapping) else status
    synced = [
        _moment(each) for each in (inside.get("lastSync"), folder.get("lastFolderSync"), row.get("lastSync"))
    ]
    return {
        "shape": "flat" if is_flat else "nested",
        "method": _text(inside.get("method")),
        "integration": _text(inside.get("status")),
        "last_sync_status": _text(inside.get("lastSyncStatus")),
        "current": _text(current),
        "last_sync": max((each.isoformat() for each in synced if each), default=None),
        "last_seen": _iso(_moment(row.get("lastSeen"))),
        "errors": _number(inside.get("consecutiveErrors")),
        "files_failed": _number(folder.get("filesFailed")),
    }


def _text(value: object) -> str:
    return value[:40] if isinstance(value, str) else ""


def _number(value: object) -> int:
    if isinstance(value, bool) or not isinstance(value, int | float):
        return 0
    return int(value) if isfinite(value) else 0


def _moment(value: object) -> datetime | None:
    """A BSON date, or the ISO text that scripts wrote instead, in UTC."""
    try:
        value = datetime.fromisoformat(value) if isinstance(value, str) else value
        if not isinstance(value, datetime):
            return None
        return value.astimezone(UTC) if value.tzinfo else value.replace(tzinfo=UTC)
    except (ValueError, OverflowError):
        return None


def _iso(moment: datetime | None) -> str | None:
    return moment.isoformat() if moment else None


def build(target: DevicesTarget, tools: Tools) -> Probe:
    """The probe of the devices."""
    return DevicesProbe(target, tools)
