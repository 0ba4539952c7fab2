"""A folder of backups and a command that takes one, honest or not; steps on them as a run would make them."""

from __future__ import annotations

import io
import os
import random
import sys
import tarfile
import time
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

from medflow_tui.actions.backup_first import BackupFirstCrew, crew
from medflow_tui.actions.backup_vault import Vault
from medflow_tui.clients.tools import Tools
from medflow_tui.model.canonical import Fact
from medflow_tui.model.performer import Finding, Task
from medflow_tui.model.playbook import Effect, Step, Text
from medflow_tui.model.procedure import Outcome
from medflow_tui.model.releases import Deployment
from medflow_tui.model.site import Site
from medflow_tui.model.targets.backups import BackupSet, BackupsTarget
from medflow_tui.rules.backup_guards import LEAST
from medflow_tui.rules.hours import DAYS
from medflow_tui.runner.stepping import EXPECTATION
from medflow_tui.wiring import probe_of
from tests.servers.readings import Unlimited, keeper

RUN = "20261128-060000-deployment-abcd"
TAKES = """
import gzip, hashlib, io, os, pathlib, random, sys, tarfile, time
place = pathlib.Path(sys.argv[1])
name = time.strftime("medflow-daily-%Y-%m-%dT%H-%M-%S", time.gmtime()) + "-512Z.tar.gz"
made = io.BytesIO()
with tarfile.open(fileobj=made, mode="w:gz") as tar:
    one = tarfile.TarInfo("patients.bson")
    one.size = 40000
    tar.addfile(one, io.BytesIO(random.Random(1).randbytes(one.size)))
whole = made.getvalue()
"""
WRITES = "(place / name).write_bytes(whole)\n"
UNIQUE = "name = name.replace('512Z', f'{time.time_ns() // 1000000 % 1000:03d}Z')\n"
SAYS = "print('backup complete: 5 collections')\n"
SETS = (BackupSet(name="daily", folder="daily", encrypted=False, minimum_bytes=1000, minimum_copies=1),)


def archive(size: int = 40000) -> bytes:
    """A whole tar.gz of about so many bytes."""
    made = io.BytesIO()
    with tarfile.open(fileobj=made, mode="w:gz") as tar:
        one = tarfile.TarInfo("patients.bson")
        one.size = size
        tar.addfile(one, io.BytesIO(random.Random(size).randbytes(size)))
    return made.getvalue()


SERIES = """
[target.backups]
kind = "backups"
folder = "backups"
settle_s = 0.4
[[target.backups.set]]
name = "daily"
folder = "daily"
encrypted = false
minimum_bytes = 1000
minimum_copies = 1
"""
"""In a site file beside `Safe.at`: the same series."""


def closed_today() -> tuple[str, ...]:
    """Days of opening hours that hold neither now nor a night that runs over."""
    return (DAYS[(datetime.now(UTC).weekday() + 3) % 7],)


def read_before(site: Site, state: Path) -> None:
    """As the dashboard or the daily check did: the newest were read to their end, and that was written down in `state`."""
    tools = Tools(site=site, secret=keeper({}), budget=Unlimited(), state=state)
    vault = Vault(site=site, tools=replace(tools, probe_of=probe_of(tools)))
    found = vault.settled(time.monotonic() + 15, lambda: "")
    assert all(each["verified"] >= LEAST for each in found.values()), found


@dataclass(slots=True)
class Safe:
    """`folder` is the place of backups; `past` is what a journal would hold of the step."""

    folder: Path
    command: tuple[str, ...] = ()
    environment: str = "production"
    says: tuple[str, ...] = (r"^backup complete: (?P<collections>\d+)",)
    past: dict[str, Fact] = field(default_factory=dict)
    _crew: BackupFirstCrew | None = None

    @classmethod
    def at(cls, root: Path, body: str = "") -> Safe:
        """Three whole backups of the days before, the newest nearly a day old; `body` follows on TAKES."""
        safe = cls(folder=root)
        (root / "backups" / "daily").mkdir(parents=True)
        for days in (1, 2, 3):
            safe.put(datetime.now(UTC) - timedelta(days=days, minutes=-5))
        if body:
            program = root / "take-backup"
            program.write_text(f"#!{sys.executable}\n{TAKES}{body}")
            program.chmod(0o755)
            safe.command = (str(program), str(root / "backups" / "daily"))
        return safe

    def put(self, at: datetime, content: bytes = b"") -> Path:
        """One backup of that time."""
        path = self.folder / "backups" / "daily" / f"medflow-daily-{at:%Y-%m-%dT%H-%M-%S}-512Z.tar.gz"
        path.write_bytes(content or archive())
        os.utime(path, (at.timestamp(), at.timestamp()))
        return path

    @property
    def target(self) -> BackupsTarget:
        return BackupsTarget(name="backups", folder=str(self.folder / "backups"), settle_s=0.4, set=SETS)

    @property
    def site(self) -> Site:
        deployment = Deployment(backup=self.command, backup_says=self.says if self.command else ())
        return Site(
            code="LAB",
            name="Lab",
            environment=self.environment,
            folder=str(self.folder),
            targets=(self.target,),
            releases=deployment,
        )

    @property
    def tools(self) -> Tools:
        tools = Tools(site=self.site, secret=keeper({}), budget=Unlimited(), state=self.folder / "state")
        return replace(tools, probe_of=probe_of(tools))

    @property
    def crew(self) -> BackupFirstCrew:
        if self._crew is None:
            (self.folder / "state" / "runs" / RUN).mkdir(parents=True, exist_ok=True)
            self._crew = crew(self.site, self.tools, None)
        return self._crew

    def facts(self) -> Mapping[str, Fact]:
        """As measured by another process: nothing but what was written down is known."""
        self._crew = None
        return self.crew.survey().facts

    def task(self, timeout_s: int = 15) -> Task:
        step = Step(
            id="save",
            title=Text(en="save"),
            action="backup_first.take",
            effect=Effect.ADDITIVE,
            timeout_s=timeout_s,
            args={"run": RUN, "max_age_s": 3600, "level": "L1"},
        )
        return Task(step=step, past={"save": self.past}, tell=lambda said, facts: None)

    def save(self) -> Finding:
        """The whole step, as the engine carries it out: prepare, do, and read back only what kept its promise."""
        performer = self.crew.performer("backup_first.take")
        assert performer is not None
        for question in (performer.prepare, performer.carry_out):
            found = question(self.task())
            self.past |= found.facts
            if found.outcome is not Outcome.PASS:
                return found
        assert self.past.get(EXPECTATION, "pass") == "pass"
        return performer.verify(self.task())
