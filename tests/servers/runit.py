"""A runit of the test's own: a runsvdir over a folder of services, ended by its pid."""

from __future__ import annotations

import shutil
import signal
import subprocess
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

import psutil

WITHIN_S = 20.0


class UnavailableError(Exception):
    """A sentence that says why the server cannot be had here."""


@contextmanager
def running(folder: Path, services: Mapping[str, str]) -> Iterator[Path]:
    """The folder of services, each with its `run` script, watched; called again on it, it is as after a reboot.

    Raises UnavailableError.
    """
    lacking = [name for name in ("runsvdir", "sv") if shutil.which(name) is None]
    if lacking:
        raise UnavailableError(f"not installed: {', '.join(lacking)} (Debian package runit)")
    for name, script in services.items():
        run = folder / name / "run"
        run.parent.mkdir(parents=True, exist_ok=True)
        run.write_text(script, encoding="utf-8")
        run.chmod(0o755)
    own = subprocess.Popen(
        ("runsvdir", "-P", str(folder)),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    )
    try:
        ends = time.monotonic() + WITHIN_S
        while not all(_is_watched(folder / name) for name in services):
            if own.poll() is not None or time.monotonic() > ends:
                raise UnavailableError("runsvdir does not watch its folder")
            time.sleep(0.05)
        yield folder
    finally:
        _end(own)


def _is_watched(service: Path) -> bool:
    """A runsv answers for it; the pipe of one that has ended stays in the folder."""
    done = subprocess.run(("sv", "status", str(service)), capture_output=True, text=True, check=False)
    return done.returncode == 0 and "runsv not running" not in done.stdout


def _end(own: subprocess.Popen[bytes]) -> None:
    """At a hang-up runsvdir asks every runsv to end, which takes its service down first."""
    family = psutil.Process(own.pid).children(recursive=True) if own.poll() is None else []
    own.send_signal(signal.SIGHUP)
    own.wait(10)
    _, alive = psutil.wait_procs(family, timeout=10)
    for each in alive:
        each.kill()
    psutil.wait_procs(alive, timeout=5)
