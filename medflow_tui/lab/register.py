"""Which labs are running: one small file for each, so that a second terminal finds the lab without being told."""

from __future__ import annotations

import json
import os
from contextlib import suppress
from pathlib import Path
from typing import Any

import platformdirs
import psutil

from medflow_tui.lab.layout import LAB_FILE, write_json
from medflow_tui.model.errors import LabError
from medflow_tui.model.words import say

FOLDER = "labs"


def folder() -> Path:
    """Of this user; in the state folder, which XDG_STATE_HOME moves."""
    return Path(platformdirs.user_state_dir("medflow_tui")) / FOLDER


def enter(lab_folder: Path) -> Path | None:
    """Write this process's entry; None where that cannot be written (`--dir` is needed then)."""
    entry = folder() / f"{os.getpid()}.json"
    try:
        entry.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        write_json(entry, {"dir": str(lab_folder)})
    except OSError:
        return None
    return entry


def running() -> tuple[dict[str, Any], ...]:
    """What the lab file of each running lab of this user says."""
    found = []
    for entry in sorted(folder().glob("*.json")):
        with suppress(OSError, ValueError, KeyError):
            lab = read(Path(json.loads(entry.read_text(encoding="utf-8"))["dir"]))
            if lab is not None:
                found.append(lab)
    return tuple(found)


def read(lab_folder: Path) -> dict[str, Any] | None:
    """The lab file of a folder when its process is still the same and runs, else None."""
    try:
        lab: dict[str, Any] = json.loads((lab_folder / LAB_FILE).read_text(encoding="utf-8"))
        process = psutil.Process(lab["pid"])
        same = abs(process.create_time() - lab["created"]) < 0.5 and process.status() != psutil.STATUS_ZOMBIE
    except (OSError, ValueError, KeyError, psutil.Error):
        return None
    return lab if same else None


def choose(lab_folder: Path | None) -> dict[str, Any]:
    """The lab in that folder, or the only one that runs. LabError when there is none, or more than one."""
    if lab_folder is not None:
        lab = read(lab_folder)
        if lab is None:
            raise LabError(say("no lab is running in {folder}", folder=str(lab_folder)))
        return lab
    labs = running()
    if not labs:
        raise LabError(say("no lab is running; start one with: medflow-tui lab"))
    if len(labs) > 1:
        folders = ", ".join(each["dir"] for each in labs)
        raise LabError(say("more than one lab is running, say which with --dir: {folders}", folders=folders))
    return labs[0]


def own_pid() -> int:
    """This process."""
    return os.getpid()
