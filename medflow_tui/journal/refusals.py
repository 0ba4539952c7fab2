"""Log-ins that were refused, remembered in a small file: each run that tried anew would bring the account nearer its lock."""

from __future__ import annotations

import hashlib
import json
import secrets
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from pathlib import Path

from medflow_tui.journal.small_file import replace_text

FILE = "refused.json"
KEPT = timedelta(days=2)


class Refusals:
    """One file for all processes of this machine; one that cannot be read or written costs the memory, nothing else.

    Of a password two bytes of a slow salted hash are kept: enough to see that it was changed, too little to find it.
    """

    def __init__(self, folder: Path) -> None:
        self._path = folder / FILE

    def find(self, who: str, password: str, now: datetime, within: timedelta) -> str:
        """What was said when this log-in was refused within that time, or an empty text."""
        row = self._load().get(who)
        if row is None or not now - within < datetime.fromisoformat(row["at"]) <= now:
            return ""
        same = row["mark"] == _mark(password, row["salt"])
        return row["text"] if same else ""

    def add(self, who: str, password: str, text: str, now: datetime) -> None:
        """Remember that it was refused just now."""
        salt = secrets.token_hex(8)
        row = {
            "at": now.astimezone(UTC).isoformat(),
            "salt": salt,
            "mark": _mark(password, salt),
            "text": text,
        }
        kept = {
            name: each
            for name, each in self._load().items()
            if abs(now - datetime.fromisoformat(each["at"])) < KEPT
        }
        with suppress(OSError):
            replace_text(self._path, json.dumps({**kept, who: row}))

    def _load(self) -> dict[str, dict[str, str]]:
        try:
            found = json.loads(self._path.read_text(encoding="utf-8"))
            return {str(who): _row(each) for who, each in found.items()}
        except (OSError, ValueError, TypeError, KeyError, AttributeError, RecursionError):
            return {}


def _row(found: dict[str, object]) -> dict[str, str]:
    row = {name: str(found[name]) for name in ("at", "salt", "mark", "text")}
    if datetime.fromisoformat(row["at"]).tzinfo is None:
        raise ValueError(row["at"])
    return row


def _mark(password: str, salt: str) -> str:
    told = hashlib.scrypt(
        password.encode("utf-8", "surrogateescape"), salt=salt.encode(), n=4096, r=8, p=1, dklen=2
    )
    return told.hex()
