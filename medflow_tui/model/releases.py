"""Versions of MedFlow as data: where a site keeps them, and what each one says about itself."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType

from medflow_tui.model.errors import UnfitError
from medflow_tui.model.fitting import refuse_other
from medflow_tui.model.words import say

LINK, FOLDER = "link", "folder"


@dataclass(frozen=True, slots=True, kw_only=True)
class Deployment:
    """How a site is deployed: the table `[releases]` of the site file.

    `folder` holds one folder a version. The service runs from `current`: for `way` link a symbolic link to one of
    them; for folder (PM2 on Windows, copied by robocopy) a plain folder, changed for another by renaming.
    `service` is the process target that runs it. `kept` are paths in a release that are the site's own (`.env`,
    uploads): linked to `shared` (link), or moved along (folder). `install` is run for each folder of `install_in` that
    has a lock file, `build` in `build_in`, and must make the file `built`.
    `backup` is the command that takes a backup before anything is stopped; it must print what `backup_says` (patterns)
    asks, and a new one must then lie in `backup_set` (`target/set`, empty: in any).
    """

    folder: str = ""
    current: str = ""
    way: str = LINK
    service: str = "backend"
    shared: str = ""
    kept: tuple[str, ...] = ()
    install: tuple[str, ...] = ("npm", "ci")
    install_in: tuple[str, ...] = (".",)
    build: tuple[str, ...] = ("npm", "run", "build")
    build_in: str = ""
    built: str = ""
    backup: tuple[str, ...] = ()
    backup_says: tuple[str, ...] = ()
    backup_set: str = ""

    def __post_init__(self) -> None:
        refuse_other("way", self.way, (LINK, FOLDER))
        if self.backup and not self.backup_says:
            text = say(
                "{file}: {key} must say what backup prints when it went well", file="", key="backup_says"
            )
            raise UnfitError("backup_says", text)
        for each in self.backup_says:
            try:
                re.compile(each)
            except re.error as error:
                text = say("{file}: {key}: {pattern} is no pattern", file="", key="backup_says", pattern=each)
                raise UnfitError("backup_says", text) from error


@dataclass(frozen=True, slots=True, kw_only=True)
class Manifest:
    """What `release.json` says. `node` is the range of versions that it runs on.

    `reads` are the formats of data that it understands, `writes` the one in which it writes (0: not stated).
    `scripts` are files that may be run by name; `files` is how many lines SHA256SUMS has.
    """

    version: str
    commit: str
    node: str
    files: int
    reads: tuple[int, ...] = ()
    writes: int = 0
    scripts: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}))


@dataclass(frozen=True, slots=True, kw_only=True)
class Release:
    """A folder with a version in it, as far as a quick look tells: `fault` is the first thing that is wrong with it.

    `is_ready`: installed and built, and looked over by a run that wrote it down.
    """

    name: str
    manifest: Manifest | None = None
    fault: str = ""
    is_ready: bool = False
