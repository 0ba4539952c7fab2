"""The view of each user at each site, in the state folder: one small file of JSON, which may be lost or damaged."""

from __future__ import annotations

import json
import os
import re
import threading
from contextlib import suppress
from dataclasses import asdict, fields
from pathlib import Path
from typing import Any

from medflow_tui.journal.private import make_folder
from medflow_tui.model.view import KeptView
from medflow_tui.rules.cleaning import clean

FOLDER = "views"
LONGEST, LARGEST = 200, 16_384  # characters of a text, bytes of the file
_UNFIT = re.compile(r"[^A-Za-z0-9._-]")


class Views:
    """The view of one user at one site."""

    def __init__(self, state: Path, user: str, site: str) -> None:
        self.path = state / FOLDER / f"{_UNFIT.sub('_', user)[:80]}@{_UNFIT.sub('_', site)[:80]}.json"
        self._writing = threading.Lock()

    def read(self) -> KeptView:
        """As it was left; what is missing or makes no sense is as at the first start. Never raises."""
        try:
            with self.path.open(encoding="utf-8") as file:
                found = json.loads(file.read(LARGEST))
        except (OSError, ValueError, RecursionError):
            return KeptView()
        if not isinstance(found, dict):
            return KeptView()
        return KeptView(
            **{each.name: _sound(found.get(each.name), each.default) for each in fields(KeptView)}
        )

    def write(self, view: KeptView) -> None:
        """Put it in the place of the one before, whole or not at all. Raises OSError."""
        import tempfile

        with self._writing:
            make_folder(self.path.parent)
            handle, name = tempfile.mkstemp(prefix=".view-", dir=self.path.parent)  # mode 0600
            try:
                with os.fdopen(handle, "w", encoding="utf-8") as file:
                    json.dump(asdict(view), file, ensure_ascii=True, indent=1)
                Path(name).replace(self.path)
            except BaseException:
                with suppress(OSError):
                    Path(name).unlink()
                raise


def _sound(value: object, default: Any) -> Any:
    if isinstance(default, bool):
        return value if isinstance(value, bool) else default
    return clean(value[:LONGEST]) if isinstance(value, str) else default
