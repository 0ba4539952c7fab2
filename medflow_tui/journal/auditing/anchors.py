"""Anchors: the length and the head of the chain, kept where the one who cuts the chain cannot reach."""

from __future__ import annotations

import json
import os
import re
import socket
import threading
import time
from collections.abc import Iterable, Mapping
from contextlib import suppress
from datetime import datetime
from pathlib import Path
from typing import Any

from medflow_tui.journal.append_log import AppendLog
from medflow_tui.journal.auditing.attributes import let_others_in
from medflow_tui.journal.auditing.waiting import locked
from medflow_tui.journal.moment import boot_id, stamp
from medflow_tui.model.audit import Anchor
from medflow_tui.model.errors import MedflowError
from medflow_tui.rules.auditing.checkpoint import ENDINGS
from medflow_tui.rules.auditing.words import words_of

FILE = "audit-anchors.jsonl"
SYSLOG = Path("/dev/log")
EVERY_S = 15 * 60
AGAIN_S = 5 * 60  # after the list could not be written: not with every record
WITHIN_S = 5.0  # for what stands elsewhere: a dead network folder holds up nobody for longer
TAIL = 4096  # bytes, more than a row has
_AUTH_INFO = 4 * 8 + 6  # facility and severity of syslog
_NAMED = re.compile(r"count=(\d{1,12}) head=([0-9a-f]{16,64})")


class Anchors:
    """A local list of all anchors, sent on to syslog and to files elsewhere; what could not be sent waits in the list.

    Nothing here raises: an anchor that is missing elsewhere takes nothing from the record that is written.
    """

    def __init__(
        self,
        folder: Path,
        site: str,
        elsewhere: Iterable[str],
        *,
        syslog: Path | None = SYSLOG,
        group: str = "",
    ) -> None:
        self.path = folder / FILE
        self._site, self._syslog, self._group = site, syslog, group
        self._elsewhere = tuple(folder / each for each in elsewhere)
        self._failed_at: float | None = None
        self._sending: threading.Thread | None = None

    def drop(self, anchor: Anchor, now: datetime | None = None) -> None:
        """Write it down here, tell syslog, and bring all that is missing elsewhere there."""
        row = {"site": self._site, "count": anchor.count, "head": anchor.head, **stamp(now)}
        self._failed_at = time.monotonic()
        with suppress(MedflowError, OSError):
            is_new = not self.path.exists()
            log = AppendLog(self.path)
            if is_new:
                let_others_in(self.path, self._group)
            try:
                with locked(log.descriptor, WITHIN_S):
                    log.cut_torn_line()
                    log.append(row)
                    self._failed_at = None
            finally:
                log.close()
        self._tell_syslog(anchor)
        self.send_on()

    def send_on(self) -> None:
        """Bring to each place elsewhere what it lacks; a place that hangs is left alone after a few seconds.

        While it hangs nothing more is sent: what is missing then goes with the next ones.
        """
        if not self._elsewhere or (self._sending is not None and self._sending.is_alive()):
            return
        self._sending = threading.Thread(target=self._send_all, name="audit anchors", daemon=True)
        self._sending.start()
        self._sending.join(WITHIN_S)

    def is_due(self) -> bool:
        """Whether the newest anchor of this boot is older than a quarter of an hour, and the last try did not just fail."""
        if self._just_failed:
            return False
        newest = _newest(self.path)
        if newest.get("boot") != boot_id():
            return True
        return time.monotonic_ns() - _whole(newest.get("mono_ns")) >= EVERY_S * 1_000_000_000

    def is_late(self, before: Mapping[str, Any]) -> bool:
        """Whether that record ended a run and has no anchor: who wrote it was killed. Not when the last try just failed."""
        if before.get("ev") not in ENDINGS or self._just_failed:
            return False
        return _whole(_newest(self.path).get("count")) <= _whole(before.get("seq"))

    @property
    def is_failing(self) -> bool:
        """Whether the last one could not be written down here."""
        return self._failed_at is not None

    @property
    def _just_failed(self) -> bool:
        return self._failed_at is not None and time.monotonic() - self._failed_at < AGAIN_S

    def _rows(self) -> list[dict[str, Any]]:
        return _rows_of(self.path)

    def _file_in(self, place: Path) -> Path:
        return place / name_in_folder(self._site) if place.is_dir() else place

    def _send_all(self) -> None:
        rows = self._rows()
        for each in self._elsewhere:
            with suppress(OSError):
                self._send(rows, self._file_in(each))

    def _send(self, rows: list[dict[str, Any]], place: Path) -> None:
        """Append what is longer than the longest anchor there; one that is longer than ours is evidence, and stays."""
        known = max((_whole(each.get("count")) for each in _rows_of(place)), default=-1)
        missing = [each for each in rows if _whole(each.get("count")) > known]
        if not missing:
            return
        text = "".join(json.dumps(each, sort_keys=True, separators=(",", ":")) + "\n" for each in missing)
        flags = os.O_WRONLY | os.O_APPEND | os.O_CREAT | getattr(os, "O_NOFOLLOW", 0)
        descriptor = os.open(place, flags, 0o640)
        try:
            os.write(descriptor, text.encode())
            os.fsync(descriptor)
        finally:
            os.close(descriptor)

    def _tell_syslog(self, anchor: Anchor) -> None:
        if self._syslog is None or not hasattr(socket, "AF_UNIX"):
            return
        text = (
            f"<{_AUTH_INFO}>medflow-tui[{os.getpid()}]: audit anchor site={self._site} count={anchor.count} "
            f"head={anchor.head} words={words_of(anchor.head).replace(' ', '-')}"
        )
        with suppress(OSError), socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as line:
            line.settimeout(1.0)
            line.connect(str(self._syslog))
            line.send(text.encode())


def name_in_folder(site: str) -> str:
    """The file of a site's anchors in a folder that several sites share.

    >>> name_in_folder("LSH-02"), name_in_folder("a/b")
    ('LSH-02-audit-anchors.jsonl', 'a_b-audit-anchors.jsonl')
    """
    return re.sub(r"[^A-Za-z0-9_-]", "_", site) + f"-{FILE}"


def read_anchors(path: Path, site: str = "") -> tuple[Anchor, ...]:
    """The anchors in a file of them, or in an extract of syslog, shortest first. Raises OSError."""
    found = {}
    with path.open(encoding="utf-8", errors="replace") as file:
        for line in file:
            anchor = _anchor_in(line, site)
            if anchor is not None:
                found[anchor] = anchor.count
    return tuple(sorted(found, key=lambda each: (each.count, each.head)))


def _anchor_in(line: str, site: str) -> Anchor | None:
    told = _NAMED.search(line)
    if told and (not site or f"site={site} " in line):
        return Anchor(count=int(told[1]), head=told[2])
    with suppress(ValueError, RecursionError):
        row = json.loads(line)
        if isinstance(row, dict) and (not site or row.get("site", site) == site):
            count, head = _whole(row.get("count")), row.get("head")
            if count >= 0 and isinstance(head, str):
                return Anchor(count=count, head=head)
    return None


def _newest(path: Path) -> dict[str, Any]:
    """The last row of a list of anchors, by reading only its end."""
    with suppress(OSError, ValueError, RecursionError), path.open("rb") as file:
        file.seek(max(0, file.seek(0, os.SEEK_END) - TAIL))
        row = json.loads(file.read().rstrip(b"\n").rpartition(b"\n")[2])
        if isinstance(row, dict):
            return row
    return {}


def _rows_of(path: Path) -> list[dict[str, Any]]:
    """The rows of a list of anchors, without what is none; nothing when it cannot be read."""
    rows = []
    with suppress(OSError), path.open(encoding="utf-8", errors="replace") as file:
        for line in file:
            with suppress(ValueError, RecursionError):
                row = json.loads(line)
                if isinstance(row, dict):
                    rows.append(row)
    return rows


def _whole(value: object) -> int:
    return value if isinstance(value, int) and not isinstance(value, bool) else -1
