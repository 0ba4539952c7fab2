"""What the dashboard is held against, put on this machine: Debian packages as root, the others in a folder of their own."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

from tests.servers.install import FOLDERS, lock_folder

DEBIAN = {"htop": "htop", "lnav": "lnav", "initdb": "postgresql-15"}
PYTHON = ("glances==4.5.8", "pg_activity==3.6.2", "psycopg[binary]==3.3.9")
PATIENCE_S = 900.0


def debian(program: str) -> Path | str:
    """The program, installed when it was missing; else why it is not there."""
    path = os.pathsep.join((os.environ.get("PATH", ""), *FOLDERS))
    if found := shutil.which(program, path=path):
        return Path(found)
    if shutil.which("apt-get") is None or os.geteuid() != 0:
        return "not installed; that needs root and apt-get"
    for words in (
        ("apt-get", "update", "-qq"),
        ("apt-get", "install", "-y", "-qq", "--no-install-recommends", DEBIAN[program]),
    ):
        if why := _failure(*words):
            return why
    found = shutil.which(program, path=path)
    return Path(found) if found else f"not in the Debian package {DEBIAN[program]}"


def python_folder() -> Path | str:
    """The folder of programs of an environment that holds `PYTHON`; else why there is none."""
    home = lock_folder() / "bench_peers"
    programs, mark = home / "bin", home / "holds"
    if mark.exists() and mark.read_text() == "\n".join(PYTHON):
        return programs
    shutil.rmtree(home, ignore_errors=True)
    home.parent.mkdir(parents=True, exist_ok=True)
    for words in (
        (sys.executable, "-m", "venv", str(home)),
        (str(programs / "python"), "-m", "pip", "install", "--quiet", *PYTHON),
    ):
        if why := _failure(*words):
            return why
    mark.write_text("\n".join(PYTHON))
    return programs


def _failure(*words: str) -> str:
    """Nothing when it went well."""
    environment = {**os.environ, "DEBIAN_FRONTEND": "noninteractive", "PIP_DISABLE_PIP_VERSION_CHECK": "1"}
    try:
        done = subprocess.run(
            words,
            env=environment,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=PATIENCE_S,
            check=False,
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        return str(error)
    return "" if done.returncode == 0 else f"{' '.join(words[:3])}: {done.stderr.strip()[-200:]}"
