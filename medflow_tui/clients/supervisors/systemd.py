"""systemd, by `systemctl show`, which needs no rights and changes nothing."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

from medflow_tui.clients.command import run
from medflow_tui.clients.network import Deadline
from medflow_tui.clients.supervisors.seen import Seen, garbled, not_here, unknown_to
from medflow_tui.model.targets.process import ProcessTarget
from medflow_tui.model.words import say

BOOTED = Path("/run/systemd/system")  # sd_booted(3)
PROPERTIES = "LoadState,ActiveState,SubState,MainPID,NRestarts,ExecMainStartTimestamp,ExecMainStatus,MemoryMax,MemoryLimit"
TIMESTAMP = "%a %Y-%m-%d %H:%M:%S UTC"
LONGEST = 20  # digits of 2^64
STATES = {
    "active": "running",
    "reloading": "running",
    "refreshing": "running",
    "activating": "starting",
    "deactivating": "stopping",
    "inactive": "stopped",
    "failed": "failed",
    "maintenance": "stopped",
}


def look(target: ProcessTarget, deadline: Deadline) -> Seen:
    """What systemd knows of the unit (`.service` is added to a plain name)."""
    if not BOOTED.is_dir():
        raise not_here(say("not applicable here: no {program}", program="systemd"))
    unit = target.unit if "." in target.unit else f"{target.unit}.service"
    output = run(("systemctl", "--no-pager", "show", f"--property={PROPERTIES}", "--", unit), deadline)
    if output.code != 0:
        raise garbled("systemd")
    return parse(output.text)


def parse(text: str) -> Seen:
    """The lines `Name=value` of `systemctl show`, printed in English and UTC. Raises UnreachableError."""
    found = dict(line.split("=", 1) for line in text.splitlines() if "=" in line)
    if "ActiveState" not in found:
        raise garbled("systemd")
    if found.get("LoadState") in ("not-found", "bad-setting", "error"):
        raise unknown_to("systemd")
    active, sub = found["ActiveState"], found.get("SubState", "")
    if active not in STATES:
        raise garbled("systemd")
    state = "restarting" if sub.startswith("auto-restart") else STATES[active]
    pid = _number(found.get("MainPID"))
    limit = _number(found.get("MemoryMax")) or _number(found.get("MemoryLimit"))
    return Seen(
        state=state,
        word=f"{active} ({sub})" if sub else active,
        pid=pid or None,
        started_at=_moment(found.get("ExecMainStartTimestamp", "")) if pid else None,
        restarts=_number(found.get("NRestarts")),
        memory_limit=limit,
        online=1 if state == "running" else 0,
        exit_code=None if pid else _number(found.get("ExecMainStatus")),
    )


def _number(text: str | None) -> int | None:
    """A number; `infinity` and `[not set]`, also as 2^64 - 1, are none."""
    if text is None or not text.isdecimal() or len(text) > LONGEST or int(text) >= 2**63:
        return None
    return int(text)


def _moment(text: str) -> datetime | None:
    try:
        return datetime.strptime(text, TIMESTAMP).replace(tzinfo=UTC)
    except ValueError:
        return None
