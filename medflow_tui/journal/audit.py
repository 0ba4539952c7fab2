"""The audit: JSON lines in which each record carries the hash of the one before it, in files that follow one another."""

from __future__ import annotations

import hashlib
import shutil
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from typing import Any

from medflow_tui.journal.append_log import AppendLog, DamagedError, UnwritableError
from medflow_tui.journal.auditing import attributes, segments
from medflow_tui.journal.auditing.actor import as_fields, clock_synced, host, told, whoever
from medflow_tui.journal.auditing.anchoring import Anchoring, Owed
from medflow_tui.journal.auditing.anchors import SYSLOG, Anchors
from medflow_tui.journal.auditing.checkpoints import Checkpoints
from medflow_tui.journal.auditing.place import FILE, audit_file, make_ready
from medflow_tui.journal.auditing.reserve import Reserve, is_full
from medflow_tui.journal.auditing.segments import End, UnreadableError
from medflow_tui.journal.auditing.signing import key_of
from medflow_tui.journal.auditing.verification import Verification, verify
from medflow_tui.journal.moment import stamp
from medflow_tui.model.audit import BARE, Anchor, Keeping
from medflow_tui.model.errors import MedflowError
from medflow_tui.model.site import Site
from medflow_tui.model.words import SILENCE, Phrase, say
from medflow_tui.rules.auditing.chain import (
    CLOSED,
    GENESIS,
    OPENED,
    PURPOSE,
    REPAIRED,
    STARTED,
    hash_of,
)
from medflow_tui.rules.auditing.checkpoint import ENDINGS, asks_signature
from medflow_tui.rules.auditing.record import record_of

WITHIN_S = 10.0  # to get the file from other processes
Appended = tuple[Anchor, Mapping[str, Any]]  # the new end, and the last record before
ROOM = 4 * 1024 * 1024  # bytes free, below which a disk counts as full
__all__ = [
    "FILE",
    "GENESIS",
    "PURPOSE",
    "Anchor",
    "Audit",
    "DamagedError",
    "UnreadableError",
    "UnwritableError",
    "Verification",
    "verify",
]


class Audit:
    """One site's audit. Several processes append to it: each append takes the file, reads its end, and writes."""

    def __init__(
        self,
        path: Path,
        *,
        site: str,
        keeping: Keeping = BARE,
        syslog: Path = SYSLOG,
        key: Path | None = None,
    ) -> None:
        self._path, self._site, self._keeping = path, site, keeping
        self._reserve = Reserve(path.parent, keeping.reserve_mb * 1024 * 1024)
        self._is_protected = False
        told = syslog if keeping.syslog else None
        self.anchors = Anchors(path.parent, site, keeping.anchors, syslog=told, group=keeping.group)
        self._checkpoints = Checkpoints(path.parent, site, key, keeping.group, keeping.anchors)
        self._anchoring, self._is_deferring = Anchoring(self._leave), False
        self._left: Anchor | None = None

    @classmethod
    def of(cls, site: Site, state: Path) -> Audit:
        """The audit of a site as its site file wants it kept.

        Only production takes space, locks its files and tells the system log: drills and labs come and go.
        """
        keeping = site.audit
        if site.environment != "production":
            keeping = replace(keeping, append_only=False, syslog=False, reserve_mb=0)
        return cls(audit_file(site, state), site=site.code, keeping=keeping, key=key_of(site))

    @property
    def path(self) -> Path:
        return self._path

    def append(self, event: str, fields: Mapping[str, Any], *, now: datetime | None = None) -> Anchor:
        """Write one record and make it durable; answers the new end of the chain.

        Raises UnwritableError or DamagedError: then what it would have recorded must not be done. An anchor that is due
        is left now, or by `settle`; so is one that a run before, which was killed, did not leave.
        """
        said = record_of(event, {"host": host(), **fields, "actor": as_fields(whoever()) | told(fields)})
        unready = make_ready(self._path.parent, self._keeping)
        if unready:
            raise UnwritableError(unready)
        try:
            anchor, before = self._append(said, now)
        except UnreadableError as error:
            raise UnwritableError(error.phrase) from error
        self._reserve.keep()
        is_end, is_run = event in ENDINGS, bool(fields.get("run"))
        is_signed = fields.get("class") != "R0" or asks_signature(before)

        def is_due() -> bool:
            return is_end or self.anchors.is_late(before) or (is_run and self.anchors.is_due())

        if self._is_deferring:
            owed = Owed(anchor=anchor, at=now, is_signed=is_signed)
            self._anchoring.owe(owed, None if is_end else is_due)
        elif is_due():
            self.leave_anchor(anchor, now, is_signed=is_signed)
        return anchor

    def deferring(self) -> Audit:
        """This one, which from now on leaves anchors only when it is told to `settle`, and waits for one only in `wait`."""
        self._is_deferring = True
        return self

    def settle(self) -> None:
        """Leave the anchor that is due, beside the work. Never raises or waits."""
        self._anchoring.settle()

    def wait(self) -> None:
        """Until no anchor is due any more, for some seconds: to be called when nothing is held any more. Never raises."""
        self._anchoring.wait()

    def leave_anchor(self, anchor: Anchor, now: datetime | None = None, *, is_signed: bool = True) -> None:
        """An anchor here and elsewhere, and a signed checkpoint where the site has a key for that. Never raises."""
        self.anchors.drop(anchor, now)
        if is_signed:
            self._checkpoints.make(anchor, now)

    def drop_anchor(self, now: datetime | None = None, *, is_signed: bool = True) -> Anchor | None:
        """An anchor of the chain as it ends now; None when its end cannot be read. Never raises."""
        with suppress(MedflowError, OSError):
            with segments.taken(self._path, WITHIN_S) as log:
                anchor = self._end(log)[0]
            self.leave_anchor(anchor, now, is_signed=is_signed)
            return anchor
        return None

    def drop_anchor_if_due(self, *, is_signed: bool = True) -> None:
        """To be called now and then while something runs: every 15 minutes there is an anchor. Never raises or waits."""
        self._anchoring.owe(Owed(is_signed=is_signed), self.anchors.is_due)
        self._anchoring.settle()

    def _leave(self, owed: Owed) -> None:
        """One that was left as the end of the chain, before its own turn came, is not left twice."""
        if owed.anchor is None:
            self._left = self.drop_anchor(owed.at, is_signed=owed.is_signed)
        elif owed.anchor != self._left or self.anchors.is_failing:
            self.leave_anchor(owed.anchor, owed.at, is_signed=owed.is_signed)
            self._left = owed.anchor

    def why_not(self) -> Phrase:
        """Why nothing may be started now, because it could not be recorded; nothing when it can. Writes nothing new."""
        try:
            unready = make_ready(self._path.parent, self._keeping)
            if unready:
                return unready
            if not self._path.parent.is_dir():
                return say(
                    "the audit cannot be written: there is no folder {path}", path=str(self._path.parent)
                )
            if shutil.disk_usage(self._path.parent).free < ROOM:
                return say(
                    "the disk of the audit is full: make room; {n:bytes} of its reserve are left",
                    n=self._reserve.left,
                )
            with segments.taken(self._path, WITHIN_S) as log:
                self._end(log)
        except MedflowError as error:
            return error.phrase
        except OSError as error:
            return say("the audit cannot be written: {why}", why=error.strerror or "?")
        return SILENCE

    def make_room(self, error: UnwritableError, path: Path) -> bool:
        """A slice of the reserve for another file on the same disk, that of a run; False when that is not what is wanting."""
        with suppress(OSError):
            same = path.stat().st_dev == self._path.parent.stat().st_dev
            return same and is_full(error) and self._reserve.give()
        return False

    def verify(self, anchor: Anchor | None = None) -> Verification:
        """Follow the chain from its start; with an anchor also tell whether records after it are missing."""
        return verify(self._path, anchor)

    def _append(self, said: Mapping[str, Any], now: datetime | None) -> Appended:
        """What could not be written whole may stand there torn: after room was made, the end is read anew."""
        while True:
            try:
                return self._append_once(said, now)
            except UnwritableError as error:
                if not is_full(error) or not self._reserve.give():
                    raise

    def _append_once(self, said: Mapping[str, Any], now: datetime | None) -> Appended:
        last: Mapping[str, Any] = {}
        while True:
            with segments.taken(self._path, WITHIN_S) as log:
                anchor, end, before = self._end(log)
                last = last or end.record
                if end.record and self._is_large(end):
                    if self._close(log, end, anchor, now):
                        continue
                    anchor, end, before = self._end(log)  # it may say by now that it is closed, and no more
                how = self._part_from_torn(log, end) if end.torn else ""
                if not end.record or not self._is_protected:
                    self._protect(log)
                if not end.record and how != "closed":
                    anchor = self._begin(log, anchor, before, now)
                if how:
                    anchor = self._repair(log, anchor, end, how, now)
                if not end.record and how == "closed":
                    anchor = self._begin(log, anchor, before, now)
                return self._write(log, anchor, said, now), last

    def _end(self, log: AppendLog) -> tuple[Anchor, End, str]:
        """The end of the chain, the end of the file, and the name of the file before when this one is still empty."""
        end = segments.end_of(self._path, log.descriptor)
        if end.record:
            return end.anchor, end, ""
        before, anchor = segments.end_before(self._path)
        return anchor, end, before

    def _begin(self, log: AppendLog, anchor: Anchor, before: str, now: datetime | None) -> Anchor:
        """The first record of a file: of the site, or with the head of the file before it."""
        if not before:
            target = {"system": "audit", "database": "", "identity": f"site:{self._site}"}
            return self._write(log, anchor, self._own(STARTED, target=target), now)
        result = {"segment": before, "count": anchor.count, "head": anchor.head}
        return self._write(log, anchor, self._own(OPENED, result=result), now)

    def _part_from_torn(self, log: AppendLog, end: End) -> str:
        """Cut a torn last line off (`cut`); where the file is append-only what repairs it follows on its line (`closed`).

        Either way there is no moment at which another power cut would leave a line that nobody can read.
        """
        try:
            log.cut_to(end.sound_bytes)
        except UnwritableError:
            return "closed"
        return "cut"

    def _repair(self, log: AppendLog, anchor: Anchor, end: End, how: str, now: datetime | None) -> Anchor:
        """Say what was torn, so that it can be told from a change."""
        result = {"bytes": len(end.torn), "how": how, "sha256": hashlib.sha256(end.torn).hexdigest()}
        return self._write(log, anchor, self._own(REPAIRED, result=result), now)

    def _is_large(self, end: End) -> bool:
        return not end.torn and end.sound_bytes >= self._keeping.segment_kb * 1024

    def _close(self, log: AppendLog, end: End, anchor: Anchor, now: datetime | None) -> bool:
        """Close the file; True when it has its closed name, and the next one is to be begun."""
        if not attributes.may_be_renamed(log.descriptor):
            return False
        try:
            if end.record.get("ev") != CLOSED:
                self._write(log, anchor, self._own(CLOSED), now)
            return segments.close_file(self._path, log.descriptor)
        except UnwritableError:
            return False
        finally:
            if self._keeping.append_only:
                attributes.set_append_only(log.descriptor, on=True)

    def _protect(self, log: AppendLog) -> None:
        """Each new file, and once the one that another process may have begun."""
        self._is_protected = True
        attributes.let_others_in(self._path, self._keeping.group)
        if self._keeping.append_only:
            attributes.set_append_only(log.descriptor, on=True)

    def _own(self, event: str, **fields: Any) -> dict[str, Any]:
        """A record about the audit itself."""
        return {**record_of(event, {"host": host(), "actor": as_fields(whoever())}), **fields}

    def _write(self, log: AppendLog, anchor: Anchor, said: Mapping[str, Any], now: datetime | None) -> Anchor:
        record = {
            **said,
            "v": 1,
            "seq": anchor.count,
            **stamp(now),
            "clock_synced": clock_synced(),
            "site": self._site,
            "prev": anchor.head,
        }
        head = hash_of(record)
        log.append({**record, "hash": head})
        return Anchor(count=anchor.count + 1, head=head)
