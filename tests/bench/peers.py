"""Programs that people know, as they are measured beside ours: htop, glances, pg_activity and lnav."""

from __future__ import annotations

import contextlib
import os
import shutil
import subprocess
import tempfile
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from tests.bench import installing
from tests.bench.terminal import Program

HTOP, GLANCES, PG_ACTIVITY, LNAV = "htop", "glances", "pg_activity", "lnav"
NAMES = (HTOP, GLANCES, PG_ACTIVITY, LNAV)
# What would look at something beyond this machine is left out.
_GLANCES = ("--disable-check-update", "--disable-plugin", "ports,ip,cloud,wifi")


@dataclass(frozen=True, slots=True, kw_only=True)
class Peers:
    """Those that are here; `missing` says of the others why not. `home` is where they may keep what they keep."""

    home: Path = Path("/nonexistent")
    paths: Mapping[str, Path] = field(default_factory=dict)
    missing: Mapping[str, str] = field(default_factory=dict)
    postgres: Path | None = None

    def at_rest(self, *names: str) -> tuple[Program, ...]:
        """As they come."""
        return tuple(self._program(each) for each in names if each in self.paths)

    def each_second(self, *names: str) -> tuple[Program, ...]:
        """Told to look once a second."""
        rates = {HTOP: ("-d", "10"), GLANCES: ("-t", "1"), PG_ACTIVITY: ("--refresh", "1")}
        return tuple(self._program(each, *rates[each]) for each in names if each in self.paths)

    def lnav(self, log: Path, ready: str) -> tuple[Program, ...]:
        """lnav on a log, when it is here."""
        if LNAV not in self.paths:
            return ()
        return (self._made(LNAV, ready, "qq", str(log)),)

    def _program(self, name: str, *words: str) -> Program:
        if name == HTOP:
            return self._made(name, "F10", "q", *words)
        if name == GLANCES:
            return self._made(name, "Uptime.*LOAD.*TASKS", "q", *_GLANCES, *words)
        folder = str(self.postgres)
        return self._made(name, "RUNNING QUERIES", "q", *words, "-h", folder, "-U", "bench", "-d", "postgres")

    def _made(self, name: str, ready: str, quit_keys: str, *words: str) -> Program:
        places = dict.fromkeys(("HOME", "XDG_CONFIG_HOME", "XDG_DATA_HOME", "XDG_CACHE_HOME"), str(self.home))
        return Program(
            name=name,
            argv=(str(self.paths[name]), *words),
            ready=ready,
            folder=self.home,
            quit=quit_keys,
            environment=places,
        )


@contextlib.contextmanager
def prepared() -> Iterator[Peers]:
    """All that can be had here, with a PostgreSQL of our own for as long as the block."""
    paths: dict[str, Path] = {}
    missing: dict[str, str] = {}
    folder = installing.python_folder()
    for name in NAMES:
        in_python = folder / name if isinstance(folder, Path) else folder
        found = installing.debian(name) if name in installing.DEBIAN else in_python
        if isinstance(found, Path):
            paths[name] = found
        else:
            missing[name] = found
    with contextlib.ExitStack() as stack:
        postgres = None
        if PG_ACTIVITY in paths:
            try:
                postgres = stack.enter_context(postgresql())
            except (OSError, subprocess.SubprocessError) as error:
                del paths[PG_ACTIVITY]
                missing[PG_ACTIVITY] = f"no PostgreSQL: {error}"
        home = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="bench-home-")))
        yield Peers(home=home, paths=paths, missing=missing, postgres=postgres)


@contextlib.contextmanager
def postgresql() -> Iterator[Path]:
    """The folder with the socket of a server of our own, run by the user postgres when we are root."""
    found = installing.debian("initdb")
    if not isinstance(found, Path):
        raise FileNotFoundError(found)
    programs = found.resolve().parent
    as_whom = ["runuser", "-u", "postgres", "--"] if os.geteuid() == 0 else []
    folder = Path(tempfile.mkdtemp(prefix="bench-pg-"))
    folder.chmod(0o777)

    def run(program: str, *words: str) -> None:
        command = [*as_whom, str(programs / program), *words]
        subprocess.run(
            command,
            cwd="/",
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            check=True,
        )

    data = str(folder / "data")
    try:
        run("initdb", "-N", "-A", "trust", "-U", "bench", "-D", data)
        options = f"-c listen_addresses='' -k {folder} -F"
        run("pg_ctl", "-w", "-D", data, "-o", options, "-l", str(folder / "log"), "start")
        try:
            yield folder
        finally:
            run("pg_ctl", "-w", "-m", "immediate", "-D", data, "stop")
    finally:
        shutil.rmtree(folder, ignore_errors=True)
