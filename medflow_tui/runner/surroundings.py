"""What a guard wants to know of this machine: who acts, whether journals can be written, space, power."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

from medflow_tui.model.canonical import Fact
from medflow_tui.model.errors import RefusedError
from medflow_tui.model.procedure import Playbook
from medflow_tui.runner.lock import RunLock

LOCKS, RUNS, AUDIT = "locks", "runs", "audit.jsonl"


def look_around(state: Path, playbook: Playbook, *, run: str = "") -> dict[str, Fact]:
    """Facts of this machine; what cannot be found out is left out, which a guard reads as unknown. Writes nothing."""
    return {**_lock(state, playbook, run), **_folder(state), **_power()}


def _lock(state: Path, playbook: Playbook, run: str) -> dict[str, Fact]:
    try:
        holder = RunLock(state / LOCKS, playbook.locks, lease_s=playbook.lease_s).holder()
    except RefusedError:
        return {}
    if holder is None or holder.run == run:
        return {"lock.holder": ""}
    return {
        "lock.holder": holder.who,
        "lock.run": holder.run,
        "lock.since": holder.since,
        "lock.stale": holder.is_stale,
    }


def _folder(state: Path) -> dict[str, Fact]:
    """Of the state folder, or of the nearest folder above it that exists when it is still to be made."""
    place = next((each for each in (state, *state.parents) if each.exists()), None)
    if place is None:
        return {"journal.writable": False}
    files = [each for each in (state / AUDIT, state / RUNS, state / LOCKS) if each.exists()]
    facts: dict[str, Fact] = {"journal.writable": all(os.access(each, os.W_OK) for each in (place, *files))}
    try:
        facts["disk.free"] = shutil.disk_usage(place).free
    except OSError:
        return facts
    return facts


def _power() -> dict[str, Fact]:
    import psutil

    try:
        battery = psutil.sensors_battery() if hasattr(psutil, "sensors_battery") else None
    except (OSError, RuntimeError):
        return {}
    if battery is None or battery.power_plugged is None:
        return {}
    return {"power": "mains" if battery.power_plugged else "battery"}
