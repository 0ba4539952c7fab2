"""What a guard wants to know of this machine: who acts, whether journals can be written, space, power."""

from __future__ import annotations

import os
import shutil
from datetime import UTC, datetime
from pathlib import Path

from medflow_tui.journal.auditing.place import FILE, audit_file
from medflow_tui.journal.run_log import RunFolder, all_runs
from medflow_tui.model.canonical import Fact
from medflow_tui.model.errors import MedflowError, RefusedError
from medflow_tui.model.procedure import Mark, Playbook
from medflow_tui.model.site import Site
from medflow_tui.runner.follow import is_over
from medflow_tui.runner.lock import RunLock

SUPPLIES = Path("/sys/class/power_supply")
LOCKS, RUNS, AUDIT = "locks", "runs", FILE


def look_around(
    state: Path, site: Site, playbook: Playbook, *, run: str = "", now: datetime | None = None
) -> dict[str, Fact]:
    """Facts of this machine; what cannot be found out is left out, which a guard reads as unknown. Writes nothing."""
    facts = {**_lock(state, playbook, run), **_folder(state, site), **_power()}
    if now is not None and (playbook.limits.max_runs or playbook.limits.cool_down_s):
        facts |= _runs(state, playbook, run, now)
    return facts


def lock_of(state: Path, playbook: Playbook) -> RunLock:
    """The locks that a run of this playbook needs, which know what became of the runs that left theirs behind."""
    return RunLock(
        state / LOCKS,
        playbook.locks,
        lease_s=playbook.lease_s,
        is_over=lambda run: is_over(state / RUNS, run),
    )


def _runs(state: Path, playbook: Playbook, run: str, now: datetime) -> dict[str, Fact]:
    """How long ago each earlier run of this playbook began to work; those that were refused do not count."""
    reach = max(playbook.limits.per_s, playbook.limits.cool_down_s)
    ages: list[str] = []
    try:
        for folder in all_runs(state / RUNS):
            moment, name = folder.run[:15], folder.run[16:-5]
            age = int((now - datetime.strptime(moment, "%Y%m%d-%H%M%S").replace(tzinfo=UTC)).total_seconds())
            if age >= reach:
                break
            if name == playbook.id and folder.run != run and _has_begun(folder):
                ages.append(str(max(age, 0)))
    except (OSError, ValueError, MedflowError):
        return {}
    return {"runs.ages_s": tuple(ages)}


def _has_begun(folder: RunFolder) -> bool:
    return any(each.mark is Mark.INTENDED for each in folder.entries())


def _lock(state: Path, playbook: Playbook, run: str) -> dict[str, Fact]:
    """The lock that stands most against it, of those that are not its own."""
    try:
        others = lock_of(state, playbook).others(run)
    except RefusedError as error:
        return {"lock.unreadable": str(error.phrase.values.get("name", ""))}
    if not others:
        return {"lock.holder": ""}
    held = others[0]
    facts: dict[str, Fact] = {
        "lock.holder": held.who,
        "lock.name": held.lock,
        "lock.run": held.run,
        "lock.since": held.since,
        "lock.lives": held.lives,
        "lock.stale": held.is_stale,
    }
    return facts if held.is_over is None else {**facts, "lock.over": held.is_over}


def _folder(state: Path, site: Site) -> dict[str, Fact]:
    """Of the state folder, or of the nearest folder above it that exists when it is still to be made."""
    place = next((each for each in (state, *state.parents) if each.exists()), None)
    if place is None:
        return {"journal.writable": False}
    files = [each for each in (audit_file(site, state), state / RUNS, state / LOCKS) if each.exists()]
    facts: dict[str, Fact] = {"journal.writable": all(os.access(each, os.W_OK) for each in (place, *files))}
    try:
        facts["disk.free"] = shutil.disk_usage(place).free
    except OSError:
        return facts
    return facts


def _power() -> dict[str, Fact]:
    """Where there is no other way to know: on Linux a survey tells (`clients.supply`), and psutil knows no UPS."""
    import psutil

    if SUPPLIES.is_dir():
        return {}
    try:
        battery = psutil.sensors_battery() if hasattr(psutil, "sensors_battery") else None
    except (OSError, RuntimeError):
        return {}
    if battery is None or battery.power_plugged is None:
        return {}
    return {"power": "mains" if battery.power_plugged else "battery"}
