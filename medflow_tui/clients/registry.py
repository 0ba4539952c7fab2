"""The registry of clinics and the sync queue in MongoDB. Counts and names only; no change's content is read."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from types import MappingProxyType
from typing import Any

from medflow_tui.clients.mongodb import Connection, Row

CLINICS_AT_MOST = 500
GIVEN_UP = "dead_letter"
UNSENT = ("pending", "syncing", "failed", "conflict", GIVEN_UP)
LISTED: tuple[dict[str, Any], ...] = (
    {"$match": {"isDeleted": {"$ne": True}}},
    {"$sort": {"clinicId": 1}},
    {"$limit": CLINICS_AT_MOST},
    {"$project": {"_id": 0, "clinicId": 1, "name": 1, "shortName": 1, "status": 1, "timezone": 1}},
)
QUEUED: tuple[dict[str, Any], ...] = (
    {"$match": {"status": {"$in": list(UNSENT)}}},
    {
        "$group": {
            "_id": {"clinic": "$clinicId", "status": "$status"},
            "n": {"$sum": 1},
            "oldest": {"$min": "$createdAt"},
            "first": {"$min": "$_id"},
        }
    },
    {"$limit": CLINICS_AT_MOST * len(UNSENT)},
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """One clinic of the registry; `status` is active, inactive or temporarily_closed."""

    id: str
    name: str
    status: str
    timezone: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Unsent:
    """Changes of one clinic that are not with the central server: count by status, and the oldest that still waits."""

    by_status: Mapping[str, int] = field(default_factory=lambda: MappingProxyType({}))
    oldest_at: datetime | None = None

    @property
    def given_up(self) -> int:
        """Changes that are no longer tried (status dead_letter)."""
        return self.by_status.get(GIVEN_UP, 0)

    @property
    def waiting(self) -> int:
        """Changes that wait, also for their next try or for a person (conflict)."""
        return sum(self.by_status.values()) - self.given_up


@dataclass(frozen=True, slots=True, kw_only=True)
class Registry:
    """`entries` and `queue` are None when the database has no such collection: that is not "none"."""

    entries: tuple[Entry, ...] | None
    queue: Mapping[str, Unsent] | None


def registry(server: Connection) -> Registry:
    """What the database knows of clinics. Raises what the connection raises."""
    present = server.collections()
    return Registry(
        entries=_entries(server.rows("clinics", LISTED)) if "clinics" in present else None,
        queue=together(server.rows("syncqueues", QUEUED)) if "syncqueues" in present else None,
    )


def _entries(rows: list[Row]) -> tuple[Entry, ...]:
    """The clinics of the registry; one without a clinicId cannot be told from others and is left out."""
    return tuple(_entry(each) for each in rows if each.get("clinicId"))


def _entry(row: Row) -> Entry:
    return Entry(
        id=str(row.get("clinicId", "")),
        name=str(row.get("shortName") or row.get("name") or row.get("clinicId", "")),
        status=str(row.get("status", "")),
        timezone=str(row.get("timezone") or ""),
    )


def together(rows: list[Row]) -> Mapping[str, Unsent]:
    """Rows of QUEUED by clinic. A change without a `createdAt` that is a date is as old as its ObjectId."""
    found: dict[str, Unsent] = {}
    for row in rows:
        clinic, status = str(row["_id"].get("clinic") or ""), str(row["_id"].get("status"))
        before = found.get(clinic, Unsent())
        counts = {**before.by_status, status: before.by_status.get(status, 0) + int(row["n"])}
        moments = [each for each in (before.oldest_at, _oldest(row, status)) if each is not None]
        found[clinic] = Unsent(by_status=MappingProxyType(counts), oldest_at=min(moments, default=None))
    return found


def _oldest(row: Row, status: str) -> datetime | None:
    if status == GIVEN_UP:
        return None
    told, made = row.get("oldest"), getattr(row.get("first"), "generation_time", None)
    return min((each for each in (told, made) if isinstance(each, datetime)), default=None)
