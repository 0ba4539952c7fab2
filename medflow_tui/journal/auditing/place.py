"""Where the audit of a site lies, decided here alone, and why a folder of its own may not be trusted with it."""

from __future__ import annotations

import os
import shutil
import stat
from contextlib import suppress
from pathlib import Path

from medflow_tui.journal.private import sync_folder
from medflow_tui.model.audit import Keeping
from medflow_tui.model.site import Site
from medflow_tui.model.words import SILENCE, Phrase, say

FILE = "audit.jsonl"
FOR_AUDITORS, OWN = 0o750, 0o700


def audit_file(site: Site | None, state: Path) -> Path:
    """The file that is written: in the folder that the site file names, else in the state folder."""
    return state / (site.audit.folder if site is not None else "") / FILE


def make_ready(folder: Path, keeping: Keeping) -> Phrase:
    """Why the audit cannot be kept in a folder of its own; nothing when it can. One that is missing is made, its parent not.

    Its mode is 0750 with a group of auditors, else 0700. The state folder is made and kept by others.
    """
    if not keeping.folder or os.name != "posix":
        return SILENCE
    try:
        if not folder.exists():
            _make(folder, keeping.group)
        return why_unsafe(folder, keeping.group)
    except OSError as error:
        return say(
            "the audit folder {path} cannot be used: {why}", path=str(folder), why=error.strerror or "?"
        )


def why_not_there(site: Site, state: Path) -> Phrase:
    """What is wrong with the folder that the site file names, as far as can be seen without making it."""
    folder = audit_file(site, state).parent
    if not site.audit.folder or os.name != "posix":
        return SILENCE
    try:
        if folder.exists():
            return why_unsafe(folder, site.audit.group)
    except OSError as error:
        return say(
            "the audit folder {path} cannot be used: {why}", path=str(folder), why=error.strerror or "?"
        )
    if folder.parent == state or os.access(folder.parent, os.W_OK):
        return SILENCE
    return say("there is no audit folder {path}, and this user cannot make it", path=str(folder))


def why_unsafe(folder: Path, auditors: str = "") -> Phrase:
    """Who besides root and its owner could write into the folder; nothing when nobody could. Raises OSError.

    A group may only as in a shared state folder: mode 2770, and it is not that of the auditors.
    """
    found = folder.stat()
    is_shared = bool(found.st_mode & stat.S_IWGRP)
    if found.st_mode & stat.S_IWOTH:
        return say("everybody can write into the audit folder {path}: chmod o-w", path=str(folder))
    if is_shared and (not found.st_mode & stat.S_ISGID or _is_group(found.st_gid, auditors)):
        return say(
            "a group can write into the audit folder {path}: only that of the operators may, with mode 2770",
            path=str(folder),
        )
    if not is_shared and found.st_uid not in (0, os.getuid()):
        return say("the audit folder {path} belongs to somebody else", path=str(folder))
    for each in folder.resolve().parents:
        mode = each.stat().st_mode
        if mode & stat.S_IWOTH and not mode & stat.S_ISVTX:
            return say(
                "everybody can write into {above}, above the audit folder {path}: chmod o-w",
                above=str(each),
                path=str(folder),
            )
    return SILENCE


def _make(folder: Path, auditors: str) -> None:
    folder.mkdir(mode=OWN)
    if auditors:
        with suppress(OSError, LookupError):
            shutil.chown(folder, group=auditors)
            folder.chmod(FOR_AUDITORS)
    sync_folder(folder.parent)


def _is_group(number: int, name: str) -> bool:
    import grp

    with suppress(KeyError):
        return bool(name) and grp.getgrnam(name).gr_gid == number
    return False
