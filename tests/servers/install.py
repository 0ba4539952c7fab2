"""Debian packages for the tests with real servers; only on request, as root, where apt-get is."""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path

WANTED = {
    "redis-server": "redis-server",
    "smbd": "samba",
    "smbclient": "smbclient",
    "tmux": "tmux",
    "systemctl": "systemd",
    "nsenter": "util-linux",
    "npm": "npm",
    "sshd": "openssh-server",
    "initdb": "postgresql-15",
    "runsvdir": "runit",
    "dockerd": "docker.io",
    "docker-compose": "docker-compose",
    "busybox": "busybox-static",
}
FOLDERS = (
    "/usr/sbin",
    "/sbin",
    "/lib/systemd",
    *(str(each) for each in Path("/usr/lib/postgresql").glob("*/bin")),
)


def missing_packages() -> list[str]:
    """Packages whose program is not on this machine (sbin folders are looked at too)."""
    path = os.pathsep.join((os.environ.get("PATH", ""), *FOLDERS))
    return sorted(
        {package for program, package in WANTED.items() if shutil.which(program, path=path) is None}
    )


def install_debian_packages() -> None:
    """Install what is missing; says on standard output what it did or why it could not."""
    missing = missing_packages()
    if not missing:
        return
    if shutil.which("apt-get") is None or os.geteuid() != 0:
        print(f"not installed (needs root and apt-get): {', '.join(missing)}")
        return
    environment = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
    for command in (
        ["apt-get", "update", "-qq"],
        ["apt-get", "install", "-y", "-qq", "--no-install-recommends", *missing],
    ):
        done = subprocess.run(
            command,
            env=environment,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=900,
            check=False,
        )
        if done.returncode != 0:
            print(f"{' '.join(command)}: {done.stderr[-500:]}")
            return
    print(f"installed: {', '.join(missing)}")


def lock_folder() -> Path:
    """Where what the suite builds or fetches once is kept."""
    return Path(os.environ.get("XDG_CACHE_HOME", Path.home() / ".cache")) / "medflow_tui_tests"
