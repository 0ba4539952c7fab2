"""Servers of SMB shares: quicksand-smb as the lab runs it, and a real Samba with its own folders."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.servers.mongodb import free_port
from tests.servers.process import OwnProcess, own_process

USER, PASSWORD = "device", "lab-device"
SBIN = os.pathsep.join((os.environ.get("PATH", ""), "/usr/sbin", "/sbin"))
CONFIGURATION = """
[global]
workgroup = WORKGROUP
server role = standalone server
smb ports = {port}
interfaces = 127.0.0.1
bind interfaces only = yes
disable netbios = yes
log level = 0 auth_audit:2
disable spoolss = yes
load printers = no
map to guest = Bad User
guest account = nobody
username map = {folder}/users.map
passdb backend = tdbsam:{folder}/passdb.tdb
private dir = {folder}
lock directory = {folder}/lock
state directory = {folder}/state
cache directory = {folder}/cache
pid directory = {folder}
ncalrpc dir = {folder}/rpc
log file = {folder}/smbd.log
"""
SHARE = """
[{name}]
path = {path}
read only = yes
guest ok = {guest}
force user = root
"""


@contextmanager
def quicksand(folder: Path, shares: Mapping[str, Path]) -> Iterator[OwnProcess]:
    """Guest shares, SMB 3.1.1 without signing; any password is accepted."""
    folder.mkdir(parents=True, exist_ok=True)
    port = free_port()
    settings = folder / "settings.json"
    settings.write_text(
        json.dumps({"port": port, "shares": {name: str(path) for name, path in shares.items()}})
    )
    argv = (sys.executable, "-m", "medflow_tui.lab.smb", settings)
    with own_process(argv, port, folder) as server:
        yield server


@contextmanager
def samba(folder: Path, shares: Mapping[str, Path], guest_shares: Mapping[str, Path]) -> Iterator[OwnProcess]:
    """A real smbd; `shares` want USER and PASSWORD, `guest_shares` let the guest in too. Skips when it cannot be had."""
    smbd, smbpasswd = shutil.which("smbd", path=SBIN), shutil.which("smbpasswd", path=SBIN)
    if smbd is None or smbpasswd is None:
        pytest.skip("no real Samba here: apt-get install samba")
    if os.geteuid() != 0:
        pytest.skip("a real Samba has to be started by root")
    for each in ("lock", "state", "cache", "rpc"):
        (folder / each).mkdir(parents=True, exist_ok=True)
    (folder / "users.map").write_text(f"nobody = {USER}\n")
    port = free_port()
    configuration = folder / "smb.conf"
    text = CONFIGURATION.format(port=port, folder=folder)
    text += "".join(SHARE.format(name=name, path=path, guest="no") for name, path in shares.items())
    text += "".join(SHARE.format(name=name, path=path, guest="yes") for name, path in guest_shares.items())
    configuration.write_text(text)
    subprocess.run(
        [smbpasswd, "-c", configuration, "-L", "-s", "-a", "nobody"],
        input=f"{PASSWORD}\n{PASSWORD}\n".encode(),
        check=True,
        capture_output=True,
        timeout=30,
    )
    argv = (smbd, "-s", configuration, "--foreground", "--no-process-group", "--debug-stdout")
    with own_process(argv, port, folder) as server:
        yield server
