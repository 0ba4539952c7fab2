"""A Docker engine of the test's own (root): own socket, own folders, no network, an image made of busybox."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import tarfile
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import psutil

WITHIN_S = 60.0
IMAGE = "medflow-test:1"
TOOLS = ("sh", "sleep", "echo", "cat", "true", "false")


class UnavailableError(Exception):
    """A sentence that says why the server cannot be had here."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Docker:
    """`socket` is the engine's address, `folder` everything it has."""

    socket: str
    folder: Path

    def call(self, *argv: str, check: bool = True) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            ("docker", "--host", self.socket, *argv),
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=WITHIN_S,
            check=check,
        )

    def compose(self, file: Path, project: str, *argv: str) -> None:
        """Debian's docker-compose, on this engine."""
        done = subprocess.run(
            ("docker-compose", "--file", str(file), "--project-name", project, *argv),
            env={**os.environ, "DOCKER_HOST": self.socket},
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=WITHIN_S,
            check=False,
        )
        assert done.returncode == 0, done.stderr[-2000:]


def why_not() -> str:
    """Why it cannot be had on this machine, or nothing."""
    if sys.platform != "linux" or os.geteuid() != 0:
        return "an engine of its own needs Linux and root"
    lacking = [
        name for name in ("dockerd", "docker", "docker-compose", "busybox") if shutil.which(name) is None
    ]
    return f"not installed: {', '.join(lacking)}" if lacking else ""


@contextmanager
def running(folder: Path) -> Iterator[Docker]:
    """The engine with the image IMAGE; called again on the folder, it is as after a reboot. Raises UnavailableError."""
    reason = why_not()
    if reason:
        raise UnavailableError(reason)
    with tempfile.TemporaryDirectory(
        prefix="dkr-", ignore_cleanup_errors=True
    ) as short:  # a socket's path is short
        found = Docker(socket=f"unix://{short}/s", folder=folder)
        argv = (
            "dockerd", "--data-root", folder / "data", "--exec-root", f"{short}/x", "--pidfile", f"{short}/pid",
            "--host", found.socket, "--iptables=false", "--ip6tables=false", "--ip-masq=false",
            "--ip-forward=false", "--bridge=none", "--exec-opt", "native.cgroupdriver=cgroupfs",
        )  # fmt: skip
        with (folder / "dockerd.log").open("ab") as log:
            engine = subprocess.Popen(
                argv, stdin=subprocess.DEVNULL, stdout=log, stderr=log, start_new_session=True
            )
        try:
            _await_ready(found, engine)
            if found.call("image", "inspect", IMAGE, check=False).returncode:
                _import_image(found)
            yield found
        finally:
            _end(engine)


def _await_ready(found: Docker, engine: subprocess.Popen[bytes]) -> None:
    ends = time.monotonic() + WITHIN_S
    while found.call("info", check=False).returncode or engine.poll() is not None:
        if engine.poll() is not None or time.monotonic() > ends:
            last = (found.folder / "dockerd.log").read_text(errors="replace")[-600:]
            raise UnavailableError(f"this machine does not let a Docker engine run: {last}")
        time.sleep(0.1)


def _import_image(found: Docker) -> None:
    busybox = shutil.which("busybox")
    assert busybox is not None
    path = found.folder / "image.tar"
    with tarfile.open(path, "w") as tar:
        tar.add(busybox, "bin/busybox")
        for name in TOOLS:
            link = tarfile.TarInfo(f"bin/{name}")
            link.type, link.linkname = tarfile.SYMTYPE, "/bin/busybox"
            tar.addfile(link)
    found.call("import", str(path), IMAGE)


def _end(engine: subprocess.Popen[bytes]) -> None:
    """The engine stops its containers first; what it started (containerd, shims) ends with it or by its pid."""
    if engine.poll() is not None:
        return
    family = psutil.Process(engine.pid).children(recursive=True)
    engine.send_signal(signal.SIGTERM)
    try:
        engine.wait(30)
    except subprocess.TimeoutExpired:
        engine.kill()
        engine.wait()
    _, alive = psutil.wait_procs(family, timeout=5)
    for each in alive:
        each.kill()
    psutil.wait_procs(alive, timeout=5)
