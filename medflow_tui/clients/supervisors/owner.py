"""Which service manager a running process really belongs to, by who started it: the one of the site must be that."""

from __future__ import annotations

import re
from collections.abc import Iterable
from pathlib import Path

import psutil

_UNIT = re.compile(r"/([^/]+\.service)(?:/|$)", re.MULTILINE)
_OF_PEOPLE = ("user@", "session-", "ssh", "cron", "getty")


def owner_of(pid: int) -> str:
    """One of the managers of a process target, or empty when nothing tells."""
    try:
        parents = [each.name() + " " + " ".join(each.cmdline()) for each in psutil.Process(pid).parents()]
    except (psutil.Error, OSError):
        return ""
    try:
        groups = Path(f"/proc/{pid}/cgroup").read_text(encoding="utf-8", errors="replace")
    except OSError:
        groups = ""
    return owner_by(parents, groups)


def owner_by(parents: Iterable[str], groups: str) -> str:
    """The nearest parent that is a manager's; else systemd when the process is in the group of a service.

    PM2 and Docker may themselves be services of systemd: the nearest counts.

    >>> owner_by(["PM2 v7.0.4: God Daemon (/home/medflow/.pm2)", "systemd"], "0::/system.slice/pm2-medflow.service")
    'pm2'
    >>> owner_by(["systemd"], "0::/system.slice/medflow-MATRIX.service"), owner_by(["bash"], "0::/user.slice")
    ('systemd', '')
    """
    for each in parents:
        if "PM2 v" in each and "God Daemon" in each:
            return "pm2"
        if each.partition(" ")[0] == "runsv":
            return "runit"
        if each.startswith("containerd-shim"):
            return "compose"
        if each.partition(" ")[0] == "launchd":
            return "launchd"
    units = [each for each in _UNIT.findall(groups) if not each.startswith(_OF_PEOPLE)]
    return "systemd" if units else ""
