"""A systemd of the test's own in namespaces of its own (root), which runs only the test's units."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import psutil

SCRIPT = Path(__file__).with_name("systemd_namespace.sh")
ROOT = Path(__file__).parents[2]
WITHIN_S = 30.0
TARGETS = {
    "test.target": "[Unit]\nRequires=basic.target\nAfter=basic.target\nAllowIsolate=yes\n",
    "basic.target": "[Unit]\nRequires=sysinit.target\nAfter=sysinit.target\n",
    "sysinit.target": "[Unit]\nDescription=nothing to prepare\n",
    "shutdown.target": "[Unit]\nDefaultDependencies=no\n",
}


class UnavailableError(Exception):
    """A sentence that says why the server cannot be had here."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Systemd:
    """`pid` is that of systemd as the machine sees it."""

    pid: int
    units: Path

    def inside(self, *argv: str, within_s: float = WITHIN_S) -> subprocess.CompletedProcess[str]:
        """Run a program where systemd is its init; the project is importable there."""
        environment = {**os.environ, "PYTHONPATH": str(ROOT), "LC_ALL": "C"}
        return subprocess.run(
            (*self.enter, *argv),
            env=environment,
            check=False,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=within_s,
        )

    @property
    def enter(self) -> tuple[str, ...]:
        """What must stand before a program so that it runs where this systemd is init."""
        return ("nsenter", "-t", str(self.pid), "-p", "-m", "-u", "-i", "-C", "--")

    def systemctl(self, *argv: str) -> subprocess.CompletedProcess[str]:
        return self.inside("systemctl", "--no-pager", *argv)


def why_not() -> str:
    """Why it cannot be had on this machine, or nothing."""
    if sys.platform != "linux" or os.geteuid() != 0:
        return "a systemd of its own needs Linux and root"
    if not Path("/lib/systemd/systemd").exists():
        return "the Debian package systemd is not installed"
    lacking = [name for name in ("unshare", "nsenter", "systemctl") if shutil.which(name) is None]
    return f"not installed: {', '.join(lacking)}" if lacking else ""


@contextmanager
def running(units: Path, services: dict[str, str], etc: Path | None = None) -> Iterator[Systemd]:
    """systemd with the services given by file name; ended by SIGKILL, as an init in a namespace must be.

    `etc` stands for /etc/systemd/system and is kept: a second systemd with the same one is the machine after a boot.
    Raises UnavailableError with a sentence.
    """
    reason = why_not()
    if reason:
        raise UnavailableError(reason)
    units.mkdir(parents=True, exist_ok=True)
    for name, text in {**TARGETS, **services}.items():
        (units / name).write_text(text, encoding="utf-8")
    with (units.parent / "systemd.log").open("wb") as log:
        outer = subprocess.Popen(
            (
                "unshare",
                "--pid",
                "--mount",
                "--uts",
                "--ipc",
                "--cgroup",
                "--fork",
                "--kill-child",
                "bash",
                SCRIPT,
                units,
                *((etc,) if etc else ()),
            ),
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
    inner = 0
    try:
        inner = _await_init(outer)
        found = Systemd(pid=inner, units=units)
        _await_ready(found, outer)
        yield found
    finally:
        _end(outer, inner)


def _await_init(outer: subprocess.Popen[bytes]) -> int:
    """The pid of systemd, once it has taken the place of the script."""
    ends = time.monotonic() + WITHIN_S
    while time.monotonic() < ends and outer.poll() is None:
        for child in psutil.Process(outer.pid).children():
            if child.name() == "systemd":
                return int(child.pid)
        _pause(outer)
    raise UnavailableError("this machine does not let systemd run in a namespace")


def _await_ready(found: Systemd, outer: subprocess.Popen[bytes]) -> None:
    ends = time.monotonic() + WITHIN_S
    while time.monotonic() < ends and outer.poll() is None:
        if found.systemctl("is-active", "test.target").stdout.strip() == "active":
            return
        _pause(outer)
    raise UnavailableError("systemd in its namespace did not become ready")


def _pause(process: subprocess.Popen[bytes]) -> None:
    try:
        process.wait(0.05)
    except subprocess.TimeoutExpired:
        return


def _end(outer: subprocess.Popen[bytes], inner: int) -> None:
    """Everything in a pid namespace ends with its init."""
    if inner and psutil.pid_exists(inner):
        os.kill(inner, signal.SIGKILL)
    try:
        outer.wait(10)
    except subprocess.TimeoutExpired:
        outer.kill()
        outer.wait()
