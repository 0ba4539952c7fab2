"""What the names in a backup folder are: finished backups with their time, what is being written, what lies there in clear."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta, tzinfo
from fnmatch import fnmatchcase

from medflow_tui.model.targets.backups import BackupSet
from medflow_tui.rules.backup_schedule import due_on

SIDECARS = (".checksum", ".sha256")
WRITING = (".partial", ".in_progress", ".tmp", ".part")
MEDFLOW = re.compile(
    r"medflow-[A-Za-z0-9]+-(\d{4}-\d\d-\d\d)T(\d\d)-(\d\d)-(\d\d)-(\d{3})Z(\.tar\.gz(?:\.enc)?)?"
)
DATED = re.compile(
    r"(?<!\d)(20\d\d)[-_.]?(\d\d)[-_.]?(\d\d)(?:[T_ .-]{0,2}(\d\d)[-_:.h]?(\d\d)(?:[-_:.m]?(\d\d))?)?(Z|(?!\d))"
)
LAST_S = 253_402_300_799.0  # 9999-12-31T23:59:59Z
FOREIGN = frozenset({"lost+found", "latest", "System Volume Information"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """One name in a folder; `stamp` is the time of its last change in nanoseconds since 1970.

    Of a folder `size` is the sum and `stamp` the newest of what is in it.
    """

    name: str
    size: int
    stamp: int
    is_folder: bool = False
    inode: int = 0

    @property
    def changed(self) -> datetime:
        """The time of the last change; the nearest that a calendar has, since some disks keep any number."""
        return datetime.fromtimestamp(min(max(self.stamp / 1e9, 0.0), LAST_S), UTC)


@dataclass(frozen=True, slots=True, kw_only=True)
class Copy:
    """One finished backup. `form` tells how its content is examined; `dated` is false when the name has no time.

    `identity` changes when the file or its checksum file was written again; `inode` is not part of it, because some
    disks give another one at each look.
    """

    name: str
    taken_at: datetime
    size: int
    form: str
    identity: tuple[object, ...]
    inode: int = 0
    sidecar: str = ""
    sealed: bool = False
    dated: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class Listing:
    """`copies` newest first; `writing` and `clear` (patients' data without encryption where it must be) are names."""

    copies: tuple[Copy, ...] = ()
    writing: tuple[str, ...] = ()
    clear: tuple[str, ...] = ()
    others: int = 0


def sort_out(
    entries: Iterable[Entry],
    plan: BackupSet,
    *,
    now: datetime,
    zone: tzinfo,
    settle_s: float,
    grown: frozenset[str],
) -> Listing:
    """Every name of a folder in its place; `grown` are the names whose size changed since the last look."""
    by_name = {each.name: each for each in entries}
    copies: list[Copy] = []
    writing: list[str] = []
    clear: list[str] = []
    others = 0
    for each in by_name.values():
        if each.name.endswith(SIDECARS):
            continue
        sidecar = next((by_name[each.name + end] for end in SIDECARS if each.name + end in by_name), None)
        fresh = each.name in grown or timedelta() <= now - each.changed < timedelta(seconds=settle_s)
        copy, left_over = _copy(each, sidecar, plan, zone), _is_left_over(each, plan, by_name)
        if each.name.endswith(WRITING) or (fresh and sidecar is None and (copy or left_over)):
            writing.append(each.name)
        elif left_over or copy is None:
            others += not left_over
            clear += [each.name] if left_over and plan.encrypted else []
        else:
            copies.append(copy)
            clear += [each.name] if plan.encrypted and not copy.sealed else []
    copies.sort(key=lambda each: (each.taken_at, each.name), reverse=True)
    return Listing(
        copies=tuple(copies), writing=tuple(sorted(writing)), clear=tuple(sorted(clear)), others=others
    )


def taken_at(name: str, changed: datetime, plan: BackupSet, zone: tzinfo) -> tuple[datetime, bool]:
    """When a backup was taken, and whether its name says so: time of the name (MedFlow's is UTC, else the place's).

    A day without a time of day is taken at the moment the file was written if that is the same day, else at the due
    time of that day. Without a day in the name only the file's own time is left.
    """
    found = MEDFLOW.match(name)
    if found is not None:
        day, hour, minute, second, milli, _ = found.groups()
        return _moment(f"{day}T{hour}:{minute}:{second}.{milli}+00:00", changed)
    dated = DATED.search(name)
    if dated is None:
        return changed, False
    year, month, date, hour, minute, second, zulu = dated.groups()
    moment, valid = _moment(
        f"{year}-{month}-{date}T{hour or '00'}:{minute or '00'}:{second or '00'}", changed
    )
    if not valid:
        return changed, False
    if hour is not None:
        return moment.replace(tzinfo=UTC if zulu else zone).astimezone(UTC), True
    if changed.astimezone(zone).date() == moment.date():
        return changed, True
    return due_on(plan, moment.date(), zone), True


def _moment(text: str, otherwise: datetime) -> tuple[datetime, bool]:
    try:
        return datetime.fromisoformat(text), True
    except ValueError:
        return otherwise, False


def _copy(entry: Entry, sidecar: Entry | None, plan: BackupSet, zone: tzinfo) -> Copy | None:
    """The backup that a name is in this layout, or None."""
    form = _form(entry, plan)
    if not form or entry.name in FOREIGN or (plan.pattern and not fnmatchcase(entry.name, plan.pattern)):
        return None
    moment, dated = taken_at(entry.name, entry.changed, plan, zone)
    return Copy(
        name=entry.name,
        taken_at=moment,
        size=entry.size,
        form=form,
        identity=(
            entry.name,
            entry.size,
            entry.stamp,
            sidecar and (sidecar.name, sidecar.size, sidecar.stamp),
        ),
        inode=entry.inode,
        sidecar=sidecar.name if sidecar else "",
        sealed=form == "sealed",
        dated=dated,
    )


def _form(entry: Entry, plan: BackupSet) -> str:
    """How the content is examined: "" when the name is no backup of this layout."""
    if plan.layout == "mongodump":
        return "folder" if entry.is_folder else ""
    if entry.is_folder:
        return ""
    if plan.layout == "medflow":
        found = MEDFLOW.fullmatch(entry.name)
        return {".tar.gz.enc": "sealed", ".tar.gz": "tar"}.get(found[6] or "", "") if found else ""
    if entry.name.endswith((".enc", ".gpg", ".age")):
        return "sealed"
    if plan.layout == "mongodump-archive":
        return "archive" if plan.pattern or ".archive" in entry.name else ""
    known = plan.pattern or entry.name.endswith(
        (".dump", ".dump.gz", ".sql", ".sql.gz", ".pgdump", ".backup")
    )
    return "postgres" if known else ""


def _is_left_over(entry: Entry, plan: BackupSet, by_name: dict[str, Entry]) -> bool:
    """MedFlow's clear text that should have gone: the archive beside its encrypted one, or the unpacked dump."""
    if plan.layout != "medflow":
        return False
    found = MEDFLOW.fullmatch(entry.name)
    if found is None:
        return False
    return entry.is_folder or (found[6] == ".tar.gz" and entry.name + ".enc" in by_name)
