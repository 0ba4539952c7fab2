"""The backups of a site as an action sees them: through the eyes of the dashboard, and the bytes of one file."""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import psutil

from medflow_tui.clients.command import run
from medflow_tui.clients.network import Deadline, UnreachableError
from medflow_tui.clients.tools import Tools
from medflow_tui.model.health import Probe
from medflow_tui.model.site import Site
from medflow_tui.model.targets.backups import BackupSet, BackupsTarget

GLANCE_S, LIST_S, PAUSE_S = 5.0, 2.0, 0.2
UNREAD = ("waiting", "checking")
DIGEST = """
import hashlib, sys
found = hashlib.sha256()
with open(sys.argv[1], "rb") as file:
    while piece := file.read(1048576):
        found.update(piece)
print(found.hexdigest())
"""
Values = Mapping[str, Any]


@dataclass(slots=True)
class Vault:
    """Every series of backups that the site watches, or the one that is named (`target/set`).

    Without `reads` the folders are listed only, and what was found out about a file before is remembered.
    """

    site: Site
    tools: Tools
    only: str = ""
    reads: bool = True
    _probes: dict[str, Probe] = field(default_factory=dict)

    @property
    def targets(self) -> tuple[BackupsTarget, ...]:
        found = (each for each in self.site.targets if isinstance(each, BackupsTarget) and each.enabled)
        return tuple(found) if self.tools.probe_of is not None else ()

    def plans(self) -> dict[str, tuple[BackupsTarget, BackupSet]]:
        """The series by name."""
        found = {f"{each.name}/{plan.name}": (each, plan) for each in self.targets for plan in each.set}
        return {name: each for name, each in found.items() if self.only in ("", name)}

    def look(self) -> dict[str, Values]:
        """What is known of the newest of each series; one that cannot be read is left out."""
        names, found = self.plans(), dict[str, Values]()
        for target in self.targets:
            for reading in self._probe(target).read(
                min(target.deadline_s, GLANCE_S if self.reads else LIST_S)
            ):
                if reading.target in names and reading.failure is None:
                    found[reading.target] = reading.values
        return found

    def settled(self, ends: float, halted: Callable[[], str]) -> dict[str, Values]:
        """As `look`, when every newest was read to its end, or the time is over (`ends` as of `time.monotonic`)."""
        while True:
            found = self.look()
            is_done = all(
                each["state"] not in UNREAD and (each["count"] or not each["writing"])
                for each in found.values()
            )
            if is_done or time.monotonic() >= ends or halted():
                return found
            time.sleep(PAUSE_S)

    def quiet(self, within_s: float) -> dict[str, Values]:
        """As `look`, when nothing is being written any more, or the time is over."""
        ends = time.monotonic() + within_s
        while True:
            found = self.look()
            if not any(each["writing"] for each in found.values()) or time.monotonic() >= ends:
                return found
            time.sleep(PAUSE_S)

    def path(self, name: str, values: Values) -> Path:
        """Where the newest of a series lies."""
        target, plan = self.plans()[name]
        return Path(self.site.folder, target.folder).absolute() / plan.folder / str(values["name"])

    def _probe(self, target: BackupsTarget) -> Probe:
        if target.name not in self._probes:
            assert self.tools.probe_of is not None
            seen = target if self.reads else replace(target, read_budget=0, copy_folder="")
            self._probes[target.name] = self.tools.probe_of(seen)
        return self._probes[target.name]


def digest(path: Path, within_s: float) -> str:
    """SHA-256 of a file as it is now, read by a child that may hang on a dead disk; empty when it is not known."""
    argv = (sys.executable, "-I", "-S", "-E", "-c", DIGEST, str(path))
    try:
        found = run(argv, Deadline.after(max(within_s, 1.0)))
    except UnreachableError:
        return ""
    return found.text.strip() if found.code == 0 else ""


def is_running(argv: tuple[str, ...]) -> bool:
    """Whether a program of that very command works on this machine (started before a crash, or by somebody else)."""
    for process in psutil.process_iter(["pid", "cmdline"]):
        line = process.info["cmdline"] or []
        if process.info["pid"] != os.getpid() and tuple(line[-len(argv) :]) == argv:
            return True
    return False
