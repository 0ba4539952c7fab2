"""A PM2 of the test's own: the package from npm, kept in the cache folder of the suite, and a private PM2_HOME."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import psutil

from tests.servers.install import lock_folder

PACKAGE = "pm2@7.0.4"
INSTALL_S, COMMAND_S = 180.0, 60.0


class UnavailableError(Exception):
    """A sentence that says why the server cannot be had here."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Pm2:
    """`program` is the folder to put on the PATH, `home` the PM2_HOME."""

    program: Path
    home: Path

    @property
    def daemon(self) -> int:
        """The pid of this PM2's own daemon."""
        return int((self.home / "pm2.pid").read_text(encoding="ascii"))

    def call(self, *argv: str, **environment: str) -> str:
        """What a command of PM2 printed."""
        done = subprocess.run(
            (self.program / "pm2", *argv),
            env={**os.environ, "PM2_HOME": str(self.home), "PM2_DISCRETE_MODE": "true", **environment},
            cwd=self.home,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=COMMAND_S,
            check=True,
        )
        return done.stdout


def installed() -> Path:
    """The folder of PM2's programs; fetched once, whole or not at all. Raises UnavailableError."""
    lacking = [name for name in ("node", "npm") if shutil.which(name) is None]
    if lacking:
        raise UnavailableError(f"not installed: {', '.join(lacking)}")
    kept = lock_folder() / PACKAGE.replace("@", "-")
    programs = Path("node_modules") / ".bin"
    if not (kept / programs / "pm2").exists():
        kept.parent.mkdir(parents=True, exist_ok=True)
        fresh = Path(tempfile.mkdtemp(dir=kept.parent, prefix=".pm2-"))
        try:
            _fetch(fresh)
            fresh.rename(kept)
        except OSError as error:
            if not (kept / programs / "pm2").exists():  # another worker may have been faster
                raise UnavailableError(f"PM2 could not be kept in {kept}") from error
        finally:
            shutil.rmtree(fresh, ignore_errors=True)
    return kept / programs


def _fetch(folder: Path) -> None:
    command = ("npm", "install", "--no-audit", "--no-fund", "--no-save", "--prefix", str(folder), PACKAGE)
    try:
        subprocess.run(
            command, stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=INSTALL_S, check=True
        )
    except (subprocess.CalledProcessError, subprocess.TimeoutExpired) as error:
        raise UnavailableError("npm could not fetch PM2: is the registry reachable?") from error


@contextmanager
def running() -> Iterator[Pm2]:
    """A PM2 without processes; its daemon is ended by pid at the end, continued first if it was stopped.

    The home is short on purpose: the path of a socket has 107 characters.
    """
    program = installed()
    with tempfile.TemporaryDirectory(prefix="pm2-", ignore_cleanup_errors=True) as folder:
        found = Pm2(program=program, home=Path(folder))
        found.call("ping")
        daemon = psutil.Process(found.daemon)
        try:
            yield found
        finally:
            end(daemon)


def end(daemon: psutil.Process) -> None:
    """End the daemon and what it started."""
    if not daemon.is_running():
        return
    daemon.send_signal(signal.SIGCONT)
    family = daemon.children(recursive=True)
    daemon.terminate()
    _, alive = psutil.wait_procs([daemon, *family], timeout=10)
    for each in alive:
        each.kill()
    psutil.wait_procs(alive, timeout=5)
