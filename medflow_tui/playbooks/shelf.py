"""The playbooks of a site: those shipped, and those of its own folders as far as they can be trusted."""

from __future__ import annotations

import os
import stat
from collections.abc import Iterable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from medflow_tui.model.playbook import Playbook
from medflow_tui.model.site import Site
from medflow_tui.model.words import SILENCE, Phrase, say
from medflow_tui.playbooks.load import admit, load_all, shipped
from medflow_tui.playbooks.reading import PlaybookError
from medflow_tui.playbooks.signed import has_signature, why_unsigned
from medflow_tui.rules.approving import PRODUCTION

SYSTEM = Path("/etc/medflow_tui/playbooks")
OTHERS_WRITE = stat.S_IWGRP | stat.S_IWOTH
MOST_BYTES = 512 * 1024


@dataclass(frozen=True, slots=True, kw_only=True)
class Refused:
    """A file that is not used, and why."""

    path: Path
    why: Phrase


@dataclass(frozen=True, slots=True, kw_only=True)
class Shelf:
    """All playbooks that may be used, shipped ones first, and the files that were refused."""

    playbooks: tuple[Playbook, ...]
    refused: tuple[Refused, ...] = ()

    def named(self, playbook_id: str) -> Playbook | None:
        return next((each for each in self.playbooks if each.id == playbook_id), None)


def folders_of(site_file: str) -> tuple[Path, ...]:
    """Where a site may have its own: beside its site file, and the system's folder."""
    beside = (Path(site_file).resolve().parent / "playbooks",) if site_file else ()
    return tuple(dict.fromkeys((SYSTEM, *beside)))


def shelf_of(site: Site) -> Shelf:
    """What may be used at this site."""
    return stock(folders_of(site.source), strict=site.environment == PRODUCTION)


def stock(folders: Iterable[Path] = (SYSTEM,), *, strict: bool = False) -> Shelf:
    """Everything there is. A site's playbook never takes the name of another: who shows one runs that one.

    `strict`, as in production: what this user wrote counts no more than what anybody else did.
    """
    found, refused = list(load_all(shipped())), list[Refused]()
    for folder in folders:
        for path in files_in(folder):
            try:
                playbook = load_trusted(path, strict=strict)
            except PlaybookError as error:
                refused.append(Refused(path=path, why=error.phrase))
                continue
            if any(each.id == playbook.id for each in found):
                refused.append(
                    Refused(path=path, why=say("there is already a playbook {name}", name=playbook.id))
                )
                continue
            found.append(playbook)
    return Shelf(playbooks=tuple(found), refused=tuple(refused))


def files_in(folder: Path) -> list[Path]:
    """Its playbooks; none where this user may not look."""
    with suppress(OSError):
        return sorted(folder.glob("*.toml")) if folder.is_dir() else []
    return []


def load_trusted(path: Path, *, strict: bool = False) -> Playbook:
    """The playbook in a file that only root can have written (else: or this user), or that is signed. Raises PlaybookError."""
    try:
        descriptor = os.open(path, os.O_RDONLY | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_NONBLOCK", 0))
    except OSError as error:
        raise PlaybookError(
            say("{file} cannot be read: {why}", file=str(path), why=error.strerror or "?")
        ) from error
    with os.fdopen(descriptor, "rb") as file:
        opened = os.fstat(descriptor)
        why = unfit(opened)
        content = b"" if why else file.read(MOST_BYTES + 1)
    if not why and os.name == "posix":
        why = distrust(path, opened, strict=strict)
        if why and has_signature(path):
            why = why_unsigned(path, content)
    if why:
        raise PlaybookError(say("{file}:", file=str(path)).also(why))
    if len(content) > MOST_BYTES:
        raise PlaybookError(say("{file} is too long", file=str(path)))
    try:
        return admit(content.decode("utf-8"), str(path))
    except UnicodeDecodeError as error:
        raise PlaybookError(say("{file} is not UTF-8 text", file=str(path))) from error


def unfit(opened: os.stat_result) -> Phrase:
    """Why this is not read at all, whoever signed it."""
    if os.name != "posix":
        return SILENCE
    if not stat.S_ISREG(opened.st_mode):
        return say("not a file")
    if opened.st_mode & OTHERS_WRITE:
        return say("others may write it: chmod go-w")
    return SILENCE


def distrust(path: Path, opened: os.stat_result, *, strict: bool) -> Phrase:
    """Why this file is not believed without a signature: who owns it, and who else may put another in its place."""
    mine = (0,) if strict else (0, os.getuid())
    if opened.st_uid not in mine:
        if strict:
            return say("production: it does not belong to root, and nobody has signed it")
        return say("it belongs to neither root nor you")
    for folder in path.resolve().parents:
        found = folder.stat()
        is_shared = found.st_mode & OTHERS_WRITE and not found.st_mode & stat.S_ISVTX
        if found.st_uid not in mine or is_shared:
            return say("others may replace it: the folder {folder} is not only yours", folder=str(folder))
    return SILENCE
