"""The lives of a process, remembered in a small file, so that restarts since yesterday survive our own."""

from __future__ import annotations

import json
import re
from contextlib import suppress
from datetime import datetime, timedelta
from pathlib import Path

from medflow_tui.journal.small_file import replace_text
from medflow_tui.rules.restarts import Life

REFRESH = timedelta(minutes=15)  # an unchanged life is written this often only: nothing wears out


class Lives:
    """One file of JSON a process. A file that cannot be read or written costs the memory, nothing else."""

    def __init__(self, folder: Path, name: str) -> None:
        self._path = folder / f"{re.sub(r'[^A-Za-z0-9_.-]', '_', name)}.json"
        self._kept: tuple[Life, ...] = ()

    def all(self) -> tuple[Life, ...]:
        """What is on disk (another process of ours may have written it), else what this one has seen."""
        on_disk = self._load()
        if not on_disk or (self._kept and self._kept[-1].last > on_disk[-1].last):
            return self._kept
        return on_disk

    def keep(self, lives: tuple[Life, ...]) -> None:
        """Remember them; written when something is new."""
        self._kept = lives
        on_disk = self._load()
        is_old = not on_disk or len(on_disk) != len(lives) or lives[-1].last - on_disk[-1].last >= REFRESH
        if lives and (is_old or on_disk[-1].started_at != lives[-1].started_at):
            with suppress(OSError):
                replace_text(self._path, json.dumps([_table(each) for each in lives]))

    def _load(self) -> tuple[Life, ...]:
        try:
            return tuple(_life(each) for each in json.loads(self._path.read_text(encoding="ascii")))
        except (OSError, ValueError, TypeError, KeyError):
            return ()


def _table(life: Life) -> dict[str, str | int | None]:
    moments = {name: getattr(life, name).isoformat() for name in ("first", "last", "started_at")}
    return {**moments, "counter": life.counter}


def _life(table: dict[str, str | int | None]) -> Life:
    first, last, started_at = (
        datetime.fromisoformat(str(table[name])) for name in ("first", "last", "started_at")
    )
    counter = table["counter"]
    return Life(
        first=first, last=last, started_at=started_at, counter=None if counter is None else int(counter)
    )
