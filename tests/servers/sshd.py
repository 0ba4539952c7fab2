"""A real sshd of our own on 127.0.0.1, with its own keys and configuration, and a client that logs in with a key."""

from __future__ import annotations

import getpass
import os
import shutil
import signal
import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

PATIENCE_S = 20.0
HOST = "127.0.0.1"
CONFIG = """\
Port {port}
ListenAddress 127.0.0.1
HostKey {folder}/host_key
AuthorizedKeysFile {folder}/person_key.pub
PidFile {folder}/sshd.pid
StrictModes no
UsePAM no
PermitRootLogin prohibit-password
PasswordAuthentication no
KbdInteractiveAuthentication no
AcceptEnv LC_* LANG
"""


def program(name: str) -> str | None:
    """Its path; sbin folders are looked at too."""
    return shutil.which(name, path=os.pathsep.join((os.environ.get("PATH", ""), "/usr/sbin", "/sbin")))


def is_installed() -> bool:
    return all(program(each) for each in ("sshd", "ssh", "ssh-keygen"))


@dataclass(frozen=True, slots=True, kw_only=True)
class Sshd:
    """A running server."""

    folder: Path
    port: int
    process: subprocess.Popen[bytes]

    def client(self, *command: str) -> tuple[str, ...]:
        """The command line of a client that asks for a terminal and runs this there."""
        options = (
            *("-F", "/dev/null", "-tt", "-p", str(self.port), "-i", str(self.folder / "person_key")),
            *("-o", "IdentitiesOnly=yes", "-o", "StrictHostKeyChecking=yes", "-o", "LogLevel=ERROR"),
            *("-o", f"UserKnownHostsFile={self.folder / 'known_hosts'}", "-o", "EscapeChar=none"),
        )
        return (str(program("ssh")), *options, f"{getpass.getuser()}@{HOST}", *command)


@contextmanager
def running_sshd(folder: Path) -> Iterator[Sshd]:
    """Started on a free port, with a host key that the client knows; ended by its id."""
    for name in ("host_key", "person_key"):
        subprocess.run(
            [str(program("ssh-keygen")), "-q", "-t", "ed25519", "-N", "", "-f", str(folder / name)],
            check=True,
            timeout=PATIENCE_S,
        )
    with socket.create_server((HOST, 0)) as free:
        port = free.getsockname()[1]
    host_key = (folder / "host_key.pub").read_text(encoding="utf-8").split()[:2]
    (folder / "known_hosts").write_text(f"[{HOST}]:{port} {' '.join(host_key)}\n", encoding="utf-8")
    (folder / "sshd_config").write_text(CONFIG.format(port=port, folder=folder), encoding="utf-8")
    if os.geteuid() == 0:
        Path("/run/sshd").mkdir(mode=0o755, exist_ok=True)  # the empty folder of its unprivileged child
    with (folder / "sshd.log").open("wb") as log:
        process = subprocess.Popen(
            [str(program("sshd")), "-D", "-e", "-f", str(folder / "sshd_config")],
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
        )
    try:
        _wait_until_it_listens(process, port, folder)
        yield Sshd(folder=folder, port=port, process=process)
    finally:
        with suppress(ProcessLookupError):
            process.send_signal(signal.SIGTERM)
        process.wait(PATIENCE_S)


def _wait_until_it_listens(process: subprocess.Popen[bytes], port: int, folder: Path) -> None:
    ends = time.monotonic() + PATIENCE_S
    while time.monotonic() < ends:
        assert process.poll() is None, (folder / "sshd.log").read_text(encoding="utf-8")
        with suppress(OSError), socket.create_connection((HOST, port), 1.0):
            return
        time.sleep(0.05)
    raise AssertionError("sshd does not listen")
