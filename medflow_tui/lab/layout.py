"""Where the files of one lab are, its ports and its invented secrets."""

from __future__ import annotations

import json
import os
import secrets
import shutil
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from medflow_tui.lab.people import CLINICS, DEVICES, USERS
from medflow_tui.lab.ports import free_ports
from medflow_tui.model.errors import LabError
from medflow_tui.model.words import say

MARKER = ".medflow-lab"
LAB_FILE, SITE_FILE = "lab.json", "site.toml"
SERVERS = (
    "mongodb",
    "redis",
    "backend",
    "central",
    "ocr",
    "face",
    "shares",
    "own_share",
    "control",
    "outside",
)
FOLDERS = ("run", "secrets", "state", "shares", "backups", "mongodb", "redis")
WORDS = ("baobab", "fleuve", "mangue", "okapi", "pirogue", "savane", "tambour", "termite", "vague", "zinnia")
Ports = dict[str, int]


@dataclass(frozen=True, slots=True, kw_only=True)
class Layout:
    """Paths below `folder`; `ports` by the names in SERVERS and by `clinicId`; `passwords` by user name.

    `devices` gives each deviceId the text of its ObjectId, so that jobs can name it.
    """

    folder: Path
    ports: Ports
    passwords: dict[str, str] = field(repr=False)
    devices: dict[str, str]
    identity: str = field(default_factory=lambda: secrets.token_hex(16))
    control_token: str = field(default_factory=lambda: secrets.token_hex(16), repr=False)
    jwt_secret: str = field(default_factory=lambda: secrets.token_hex(32), repr=False)
    health_key: str = field(default_factory=lambda: secrets.token_hex(16), repr=False)

    @property
    def lab_file(self) -> Path:
        return self.folder / LAB_FILE

    @property
    def site_file(self) -> Path:
        return self.folder / SITE_FILE

    @property
    def state(self) -> Path:
        return self.folder / "state"

    @property
    def backups(self) -> Path:
        return self.folder / "backups"

    @property
    def hours(self) -> Path:
        return self.folder / "hours.json"

    @property
    def host(self) -> Path:
        return self.folder / "host.json"

    @property
    def switches(self) -> Path:
        return self.folder / "switches.json"

    def share(self, name: str) -> Path:
        """The folder behind a share."""
        return self.folder / "shares" / name

    def secret(self, name: str) -> Path:
        return self.folder / "secrets" / name

    def pid_file(self, name: str) -> Path:
        return self.folder / "run" / f"{name}.pid"

    def output(self, name: str) -> Path:
        """What a server writes to its standard output."""
        return self.folder / "run" / f"{name}.out"

    def settings(self, name: str) -> Path:
        return self.folder / "run" / f"{name}.json"


def lay_out(folder: Path) -> Layout:
    """A new layout in a folder that is made ready for it; LabError when it cannot be."""
    prepare(folder)
    names = (*SERVERS, *(each.id for each in CLINICS))
    return Layout(
        folder=folder,
        ports=dict(zip(names, free_ports(len(names)), strict=True)),
        passwords={name: password() for name, *_ in USERS},
        devices={each.id: secrets.token_hex(12) for each in DEVICES},
    )


def password() -> str:
    """Two invented words and a number."""
    return f"{secrets.choice(WORDS)}-{secrets.choice(WORDS)}-{secrets.randbelow(90) + 10}"


def prepare(folder: Path) -> None:
    """Make the folder; only an empty one is taken, or one that was a lab's before. LabError otherwise."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
        if any(folder.iterdir()) and not (folder / MARKER).exists():
            raise LabError(
                say("{folder} holds other things; the lab wants a new or empty folder", folder=str(folder))
            )
        (folder / MARKER).touch()
        _clear(folder)
        for name in FOLDERS:
            (folder / name).mkdir(mode=0o700, exist_ok=True)
    except OSError as error:
        why = error.strerror or "?"
        raise LabError(say("the lab cannot use {folder}: {why}", folder=str(folder), why=why)) from error


def _clear(folder: Path) -> None:
    """Remove what an earlier lab left; its state (history, runs) is kept."""
    for path in folder.iterdir():
        if path.name in (MARKER, "state"):
            continue
        if path.is_dir() and not path.is_symlink():
            shutil.rmtree(path)
        else:
            path.unlink()


def write_json(path: Path, content: Any) -> None:
    """Whole or not at all, readable by us only."""
    half = path.with_name(path.name + ".part")
    half.unlink(missing_ok=True)
    with os.fdopen(os.open(half, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w", encoding="utf-8") as file:
        json.dump(content, file, indent=1)
    half.replace(path)


def write_secret(path: Path, secret: str) -> None:
    """A file of mode 0600."""
    path.unlink(missing_ok=True)
    with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w", encoding="utf-8") as file:
        file.write(secret)
