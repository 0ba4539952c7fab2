"""Looks at a folder of backups: which there are, whether the newest are what their checksums and lengths say."""

from __future__ import annotations

import errno
import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import timedelta, tzinfo
from pathlib import Path
from types import MappingProxyType
from typing import Any

from medflow_tui.clients.network import Deadline
from medflow_tui.clients.talking_child import TalkingChild
from medflow_tui.clients.tools import Tools
from medflow_tui.journal.proofs import Proofs
from medflow_tui.model.health import Cause, Failure, Probe, Reading
from medflow_tui.model.targets.backups import BackupSet, BackupsTarget
from medflow_tui.model.words import say
from medflow_tui.rules.backup_listing import Copy, Entry, Listing, sort_out
from medflow_tui.rules.backup_schedule import zone_of
from medflow_tui.rules.backup_values import Finding, describe

HOW = say("names in the folder, SHA-256 of the newest files, lengths inside them")
NOT_READ = Failure(cause=Cause.UNSUPPORTED, text=say("folder not read"))
READER = "medflow_tui.clients.backup_reader"
READ_AGAIN = timedelta(days=7)  # a disk may lose bytes of a file that nobody writes
MARGIN_S = 1.0  # kept back from a portion of reading, so that its answer arrives before the deadline
COPY = "copy"


@dataclass(slots=True)
class Seen:
    """One look at one root folder: a listing or a failure for each set, and its disk."""

    sets: dict[str, Listing | Failure] = field(default_factory=dict)
    complete: bool = True
    device: int = 0
    free: int = 0
    total: int = 0

    def failure(self) -> Failure | None:
        """Why none of the sets could be looked at, or None when one could."""
        failures = [each for each in self.sets.values() if isinstance(each, Failure)]
        return failures[0] if failures and len(failures) == len(self.sets) else None


class BackupsProbe:
    """Reading of the target: folder, free, total (bytes), complete, timezone, sets {name: values of its part or Failure}.

    A part is a set (`backups/daily`): the values of `rules.backup_values.describe`, timezone, free, complete.
    Part `copy`: count, taken_at, size, compared ("equal", "differs", "alone"), same_disk, free, total.
    """

    def __init__(self, target: BackupsTarget, tools: Tools) -> None:
        self._target, self._tools = target, tools
        self._root = Path(tools.site.folder, target.folder).absolute()
        self._child, self._copy_child = TalkingChild(READER), TalkingChild(READER)
        self._findings: dict[tuple[str, tuple[object, ...]], Finding] = {}
        self._proofs = Proofs(tools.state)
        self._sizes: dict[tuple[Path, str], dict[str, int]] = {}

    def read(self, deadline_s: float) -> tuple[Reading, ...]:
        deadline = Deadline.after(deadline_s)
        name = self._target.timezone or self._tools.site.timezone
        zone = zone_of(name)
        if zone is None:
            unknown = Failure(cause=Cause.OURS, text=say("no time zone {zone}", zone=name))
            return self._all(unknown, unknown)
        seen = self._look(self._child, self._root, zone, Deadline.after(deadline.left() * 0.6))
        failure = seen if isinstance(seen, Failure) else seen.failure()
        if isinstance(seen, Failure) or failure is not None:
            self._child.dismiss()
            return self._all(failure or NOT_READ, NOT_READ)
        copied = self._second_copy(seen, zone, deadline)
        self._examine(seen, deadline)
        sets = {each.name: self._values(each, seen, name) for each in self._target.set}
        values = {
            "folder": str(self._root),
            "free": seen.free,
            "total": seen.total,
            "complete": seen.complete,
            "timezone": name,
            "sets": MappingProxyType(sets),
        }
        parts = tuple(self._reading(part, found) for part, found in sets.items())
        return (self._reading("", values), *parts, *copied)

    def _look(self, child: TalkingChild, root: Path, zone: tzinfo, deadline: Deadline) -> Seen | Failure:
        folders = sorted({each.folder for each in self._target.set})
        question = {"ask": "list", "root": str(root), "folders": folders, "entries": self._target.entries}
        try:
            answer = child.ask(question, deadline.left())
        except OSError:
            return Failure(cause=Cause.OURS, text=say("no process can be started"))
        if answer is None:
            return Failure(cause=Cause.SILENT, text=say("folder does not answer"))
        if "errno" in answer:
            return _refusal(answer["errno"])
        seen = Seen(device=answer["device"], free=answer["free"], total=answer["total"])
        now = self._tools.now()
        grown: dict[str, frozenset[str]] = {}
        entries: dict[str, list[Entry]] = {}
        for folder, found in answer["folders"].items():
            if "errno" not in found:
                entries[folder] = [_entry(each) for each in found["found"]]
                grown[folder] = self._grown(root, folder, entries[folder])
                seen.complete = seen.complete and found["complete"]
        for plan in self._target.set:
            if plan.folder in entries:
                seen.sets[plan.name] = sort_out(
                    entries[plan.folder],
                    plan,
                    now=now,
                    zone=zone,
                    settle_s=self._target.settle_s,
                    grown=grown[plan.folder],
                )
            else:
                code = answer["folders"][plan.folder]["errno"]
                seen.sets[plan.name] = Listing() if code in (errno.ENOENT, errno.ENOTDIR) else _refusal(code)
        return seen

    def _grown(self, root: Path, folder: str, entries: list[Entry]) -> frozenset[str]:
        """Names whose size is not that of the look before; remembers the sizes for the next one."""
        before = self._sizes.get((root, folder), {})
        self._sizes[root, folder] = {each.name: each.size for each in entries}
        return frozenset(each.name for each in entries if before.get(each.name, each.size) != each.size)

    def _examine(self, seen: Seen, deadline: Deadline) -> None:
        """Reads the newest files on under the budget; what this or another run has read is not read again for a week,

        unless it changes.
        """
        wanted = list(_in_turn(self._target.set, seen))
        self._remember(wanted)
        budget, unfinished = self._target.read_budget, False
        for plan, copy in wanted:
            key = (plan.name, copy.identity)
            before = self._findings.get(key)
            if before is not None and before.is_final:
                continue
            if budget <= 0 or deadline.left() <= MARGIN_S:
                unfinished = unfinished or (before is not None and before.state == "checking")
                break
            found, used = self._portion(plan, copy, budget, deadline)
            self._findings[key] = found
            if found.is_final:
                self._proofs.add(self._version(plan, copy), found, self._tools.now())
            budget -= used
            unfinished = found.state == "checking"
            if unfinished:
                break
        if not unfinished:
            self._child.dismiss()

    def _remember(self, wanted: list[tuple[BackupSet, Copy]]) -> None:
        """Keeps what is known of the backups wanted, and takes over what other runs have found out."""
        now, kept = self._tools.now(), {}
        proofs = self._proofs.all(now)
        for plan, copy in wanted:
            key = (plan.name, copy.identity)
            found = self._findings.get(key)
            proof = proofs.get(self._version(plan, copy))
            if proof is not None and (found is None or not found.is_final):
                found = proof
            is_old = found is not None and found.at is not None and now - found.at > READ_AGAIN
            if found is not None and not is_old:
                kept[key] = found
        self._findings = kept

    def _version(self, plan: BackupSet, copy: Copy) -> str:
        """One version of one file, read as one form: path, size, time of change, inode, and those of its checksum."""
        return json.dumps([str(self._root / plan.folder), copy.form, copy.inode, copy.identity])

    def _portion(self, plan: BackupSet, copy: Copy, budget: int, deadline: Deadline) -> tuple[Finding, int]:
        """One portion of one backup, and the bytes it took."""
        path = self._root / plan.folder / copy.name
        question = {
            "ask": "examine",
            "path": str(path),
            "version": f"{path} {copy.identity}",
            "sidecar": str(path.with_name(copy.sidecar)) if copy.sidecar else "",
            "form": copy.form,
            "bytes": budget,
            "seconds": deadline.left() - MARGIN_S,
        }
        before = self._findings.get((plan.name, copy.identity), Finding())
        try:
            answer = self._child.ask(question, deadline.left())
        except OSError:
            answer = None
        if answer is None:
            return Finding(state="unread"), budget
        if "errno" in answer:
            forbidden = answer["errno"] in (errno.EACCES, errno.EPERM)
            return Finding(state="forbidden" if forbidden else "unread"), 0
        if not answer["done"]:
            percent = min(99.0, 100.0 * answer["read"] / max(1, copy.size))
            return Finding(state="checking", percent=percent), budget
        already = int(before.percent * copy.size / 100.0)
        return Finding(
            state=answer["state"],
            proved=answer["proved"],
            clear=answer["clear"],
            percent=100.0,
            at=self._tools.now(),
            sha256=answer.get("sha256", ""),
            decoded=answer.get("decoded", False),
        ), max(0, answer["read"] - already)

    def _values(self, plan: BackupSet, seen: Seen, timezone: str) -> dict[str, Any] | Failure:
        listing = seen.sets[plan.name]
        if isinstance(listing, Failure):
            return listing
        findings = {
            identity: found for (name, identity), found in self._findings.items() if name == plan.name
        }
        values = describe(plan, listing, findings, self._tools.now())
        return {**values, "timezone": timezone, "free": seen.free, "complete": seen.complete}

    def _second_copy(self, seen: Seen, zone: tzinfo, deadline: Deadline) -> tuple[Reading, ...]:
        """The newest backup in the second folder, and whether it is as large as the first one of that name."""
        if not self._target.copy_folder:
            return ()
        root = Path(self._tools.site.folder, self._target.copy_folder).absolute()
        there = self._look(self._copy_child, root, zone, Deadline.after(deadline.left() * 0.4))
        self._copy_child.dismiss()
        if isinstance(there, Failure):
            return (self._reading(COPY, there),)
        here = {each.name: each for copies in _copies(seen) for each in copies}
        found = sorted((each for copies in _copies(there) for each in copies), key=lambda each: each.taken_at)
        newest = found[-1] if found else None
        original = here.get(newest.name) if newest else None
        compared = (
            "alone" if original is None else "equal" if newest and original.size == newest.size else "differs"
        )
        values = {
            "count": len(found),
            "taken_at": newest.taken_at if newest else None,
            "size": newest.size if newest else 0,
            "compared": compared,
            "same_disk": there.device == seen.device,
            "free": there.free,
            "total": there.total,
        }
        return (self._reading(COPY, values),)

    def _all(self, whole: Failure, part: Failure) -> tuple[Reading, ...]:
        names = [each.name for each in self._target.set] + ([COPY] if self._target.copy_folder else [])
        return (self._reading("", whole), *(self._reading(name, part) for name in names))

    def _reading(self, part: str, found: dict[str, Any] | Failure) -> Reading:
        return Reading(
            target=f"{self._target.name}/{part}" if part else self._target.name,
            kind=self._target.kind,
            observed_at=self._tools.now(),
            how=HOW,
            values=MappingProxyType({}) if isinstance(found, Failure) else MappingProxyType(found),
            failure=found if isinstance(found, Failure) else None,
        )


def _copies(seen: Seen) -> Iterator[tuple[Copy, ...]]:
    for listing in seen.sets.values():
        if isinstance(listing, Listing):
            yield listing.copies


def _in_turn(plans: tuple[BackupSet, ...], seen: Seen) -> Iterator[tuple[BackupSet, Copy]]:
    """The newest of every set, then the second newest of every set, and so on."""
    for place in range(max((each.verified_copies for each in plans), default=0)):
        for plan in plans:
            listing = seen.sets.get(plan.name)
            if isinstance(listing, Listing) and place < min(plan.verified_copies, len(listing.copies)):
                yield plan, listing.copies[place]


def _entry(found: dict[str, Any]) -> Entry:
    return Entry(
        name=found["name"],
        size=found["size"],
        stamp=found["changed"],
        inode=found["inode"],
        is_folder=found.get("folder", False),
    )


def _refusal(code: int) -> Failure:
    if code in (errno.EACCES, errno.EPERM):
        return Failure(cause=Cause.FORBIDDEN, text=say("may not read the folder"))
    if code in (errno.ENOENT, errno.ENOTDIR):
        return Failure(cause=Cause.ABSENT, text=say("folder is missing"))
    return Failure(cause=Cause.UNREACHABLE, text=say("disk gives no answer"))


def build(target: BackupsTarget, tools: Tools) -> Probe:
    """The probe of one folder of backups."""
    return BackupsProbe(target, tools)
