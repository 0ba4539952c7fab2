"""What reading a backup showed, remembered in a small file for every run: large files are read whole, and rarely."""

from __future__ import annotations

import json
from collections.abc import Mapping
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from pathlib import Path

from medflow_tui.journal.small_file import replace_text
from medflow_tui.rules.backup_values import FINAL, Finding

FILE = "backups-read.json"
AT_MOST = 500
KEPT = timedelta(days=30)


class Proofs:
    """Findings by version: path, size, time of change and inode of a file, and those of its checksum.

    A finding says when the file was read to its end, its SHA-256, and how it was verified: against its checksum
    (`proved`), by following its form to the end (`decoded`).

    One file for all processes of this machine; one that cannot be read or written costs the memory, nothing else.
    """

    def __init__(self, folder: Path) -> None:
        self._path = folder / FILE

    def all(self, now: datetime) -> dict[str, Finding]:
        """What is remembered, by version; nothing that is dated ahead of now."""
        found = self._load()
        return {name: each for name, each in found.items() if each.at and now - KEPT < each.at <= now}

    def add(self, version: str, finding: Finding, now: datetime) -> None:
        """Remember one that was read to its end, besides what other processes have written; the newest of them only."""
        found = {**self.all(now), version: finding}
        newest = sorted(found, key=lambda each: found[each].at or now, reverse=True)[:AT_MOST]
        with suppress(OSError):
            replace_text(self._path, json.dumps({each: _row(found[each]) for each in newest}))

    def _load(self) -> dict[str, Finding]:
        try:
            rows = json.loads(self._path.read_text(encoding="utf-8"))
            return {str(version): _finding(row) for version, row in rows.items()}
        except (OSError, ValueError, TypeError, KeyError, AttributeError, OverflowError, RecursionError):
            return {}


def _row(finding: Finding) -> dict[str, str | bool]:
    at = finding.at.isoformat() if finding.at else ""
    return {
        "state": finding.state,
        "proved": finding.proved,
        "clear": finding.clear,
        "at": at,
        "sha256": finding.sha256,
        "decoded": finding.decoded,
    }


def _finding(row: Mapping[str, object]) -> Finding:
    state, at = str(row["state"]), datetime.fromisoformat(str(row["at"])).astimezone(UTC)
    if state not in FINAL:
        raise ValueError(state)
    return Finding(
        state=state,
        proved=row["proved"] is True,
        clear=row["clear"] is True,
        percent=100.0,
        at=at,
        sha256=str(row.get("sha256", "")),
        decoded=row.get("decoded") is True,
    )
