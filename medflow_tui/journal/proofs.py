"""What reading a backup showed, remembered in a small file for every run: large files are read whole, and rarely."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

from medflow_tui.journal.small_file import replace_text

FILE = "backups-read.json"
AT_MOST = 500
KEPT = timedelta(days=30)


@dataclass(frozen=True, slots=True, kw_only=True)
class Proof:
    """The outcome for one version of one file (`version`: path, size, time of change, inode, and those of its checksum).

    `state`, `proved` and `clear` are those of `rules.backup_values.Finding`; `at` is when it was read to its end.
    """

    version: str
    state: str
    proved: bool
    clear: bool
    at: datetime


class Proofs:
    """One file for all processes of this machine; one that cannot be read or written costs the memory, nothing else."""

    def __init__(self, folder: Path) -> None:
        self._path = folder / FILE

    def all(self, now: datetime) -> Mapping[str, Proof]:
        """What is remembered, by version; nothing that is dated ahead of now."""
        return {each.version: each for each in self._load() if now - KEPT < each.at <= now}

    def add(self, proofs: Iterable[Proof], now: datetime) -> None:
        """Remember these besides what other processes have written; the newest of them only."""
        found = {**self.all(now), **{each.version: each for each in proofs}}
        newest = sorted(found.values(), key=lambda each: each.at, reverse=True)[:AT_MOST]
        with suppress(OSError):
            replace_text(self._path, json.dumps([_row(each) for each in newest]))

    def _load(self) -> tuple[Proof, ...]:
        try:
            return tuple(_proof(each) for each in json.loads(self._path.read_text(encoding="utf-8")))
        except (OSError, ValueError, TypeError, KeyError, OverflowError, RecursionError):
            return ()


def _row(proof: Proof) -> dict[str, str | bool]:
    return {
        "version": proof.version,
        "state": proof.state,
        "proved": proof.proved,
        "clear": proof.clear,
        "at": proof.at.isoformat(),
    }


def _proof(row: Mapping[str, object]) -> Proof:
    at = datetime.fromisoformat(str(row["at"])).astimezone(UTC)
    return Proof(
        version=str(row["version"]),
        state=str(row["state"]),
        proved=row["proved"] is True,
        clear=row["clear"] is True,
        at=at,
    )
