"""Puts a version in the place from which the service runs, by renaming: where it stands is told by the names alone."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Protocol

from medflow_tui.clients.release_seal import replace_shared
from medflow_tui.clients.releases import MANIFEST, read_json
from medflow_tui.journal.private import sync_folder
from medflow_tui.model.releases import FOLDER, Deployment

DATA = "data-format"
FRESH = ".medflow-switch"


class Place(Protocol):
    """Where the service finds its program."""

    def version(self) -> str:
        """The version in the place; empty while it is between two, or when that cannot be told."""

    def release(self, version: str) -> Path:
        """The folder of a version, wherever it stands."""

    def calls(self, before: str, after: str) -> tuple[str, ...]:
        """What would be done."""

    def switch(self, before: str, after: str) -> None:
        """Do what is still to be done; may be begun again at any point. Raises OSError."""

    def keep(self, before: str, after: str) -> None:
        """Have what was done outlast a power cut: who did it may have been killed before that. Raises OSError."""


class LinkPlace:
    """A symbolic link: a new one is made beside it and takes its name, so that there is always one of the two."""

    def __init__(self, deployment: Deployment) -> None:
        self._folder, self._link = Path(deployment.folder), Path(deployment.current)

    def version(self) -> str:
        try:
            found = self._link.parent / self._link.readlink()
        except OSError:
            return ""
        is_ours = found.parent.resolve() == self._folder.resolve()
        return found.name if is_ours else ""

    def release(self, version: str) -> Path:
        return self._folder / version

    def calls(self, before: str, after: str) -> tuple[str, ...]:
        return (f"symlink {self._folder / after} {self._fresh}", f"rename {self._fresh} {self._link}")

    def switch(self, before: str, after: str) -> None:
        with suppress(FileNotFoundError):
            self._fresh.unlink()
        target = os.path.relpath(self._folder.resolve() / after, self._link.parent.resolve())
        self._fresh.symlink_to(target, target_is_directory=True)
        self._fresh.replace(self._link)
        sync_folder(self._link.parent)

    def keep(self, before: str, after: str) -> None:
        sync_folder(self._link.parent)

    @property
    def _fresh(self) -> Path:
        return self._link.with_name(f"{FRESH}-{self._link.name}")


class FolderPlace:
    """A plain folder: the old one is put beside the versions, what is the site's own moves over, the new one comes in.

    Each is one rename within one file system; the service must be stopped.
    """

    def __init__(self, deployment: Deployment) -> None:
        self._folder, self._place = Path(deployment.folder), Path(deployment.current)
        self._kept = deployment.kept

    def version(self) -> str:
        found = read_json(self._place / MANIFEST)
        return str(found.get("version", "")) if isinstance(found, dict) else ""

    def release(self, version: str) -> Path:
        return self._place if self.version() == version else self._folder / version

    def calls(self, before: str, after: str) -> tuple[str, ...]:
        return tuple(f"rename {here} {there}" for here, there in self._moves(before, after))

    def switch(self, before: str, after: str) -> None:
        if self.version() == after:
            return
        for here, there in self._moves(before, after):
            if os.path.lexists(here) and not os.path.lexists(there):
                there.parent.mkdir(parents=True, exist_ok=True)
                here.rename(there)
                sync_folder(there.parent)
                sync_folder(here.parent)
        if self.version() != after:
            raise FileNotFoundError(str(self._folder / after))

    def keep(self, before: str, after: str) -> None:
        moved = {each.parent for move in self._moves(before, after) for each in move}
        for each in sorted(each for each in moved if each.is_dir()):
            sync_folder(each)

    def _moves(self, before: str, after: str) -> Iterator[tuple[Path, Path]]:
        yield self._place, self._folder / before
        for each in self._kept:
            yield self._folder / before / each, self._folder / after / each
        yield self._folder / after, self._place


def place_of(deployment: Deployment) -> Place:
    """The place of a site."""
    return FolderPlace(deployment) if deployment.way == FOLDER else LinkPlace(deployment)


def data_format(deployment: Deployment) -> int | None:
    """The newest format in which a version that was in service may have written; None when nobody wrote it down."""
    try:
        text = (Path(deployment.folder) / DATA).read_text(encoding="ascii").strip()
    except (OSError, UnicodeDecodeError):
        return None
    return int(text) if text.isdecimal() else None


def raise_data_format(deployment: Deployment, least: int) -> None:
    """Write down that data may be in this format from now on; it never goes back. Raises OSError."""
    if least <= (data_format(deployment) or 0):
        return
    replace_shared(Path(deployment.folder) / DATA, f"{least}\n")
