"""Figures of this machine through psutil, or those that an agent wrote into a file."""

from __future__ import annotations

import json
import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import psutil

from medflow_tui.clients.child import Outstanding
from medflow_tui.clients.local_file import read_text
from medflow_tui.clients.network import Deadline, UnreachableError
from medflow_tui.model.health import Cause, Failure
from medflow_tui.model.words import say

FIGURES_CAP = 256 * 1024
LARGEST = 1e18
NOT_DISKS = frozenset({"squashfs", "iso9660", "udf", "cdfs", ""})  # always full by nature
DISK_AT_MOST_S = 1.0
POWER = Path("/sys/class/power_supply")
DISK = """
import json, shutil, sys
try:
    found = shutil.disk_usage(sys.argv[1])
    print(json.dumps({"total": found.total, "free": found.free}))
except OSError as error:
    print(json.dumps({"error": error.strerror or str(error)}))
"""

_looking = Outstanding()  # one child a mount in the whole process


def from_file(path: Path, deadline: Deadline) -> dict[str, Any]:
    """The figures in the file, checked. Raises UnreachableError: ABSENT, FORBIDDEN, SILENT, GARBLED."""
    try:
        text = read_text(path, FIGURES_CAP, deadline)
    except UnreachableError as error:
        words = {Cause.ABSENT: say("no file of figures"), Cause.FORBIDDEN: say("figures cannot be read")}
        cause = error.failure.cause
        raise UnreachableError(Failure(cause=cause, text=words.get(cause, error.failure.text))) from None
    try:
        return _checked(json.loads(text))
    except (ValueError, TypeError, KeyError, AttributeError, OverflowError, RecursionError):
        failure = Failure(cause=Cause.GARBLED, text=say("figures are not readable"))
        raise UnreachableError(failure) from None


def _checked(found: dict[str, Any]) -> dict[str, Any]:
    """The figures, or ValueError and its like for one that no machine can have: nothing of the file is believed then."""
    figures: dict[str, Any] = {"at": _moment(found["at"])}
    for name in ("cpu_percent", "memory_total", "memory_used", "swap_total", "swap_used"):
        figures[name] = _figure(found.get(name))
    _no_more(figures["memory_used"], figures["memory_total"])
    _no_more(figures["swap_used"], figures["swap_total"])
    figures["disks"] = [_disk_figures(each) for each in found.get("disks") or ()]
    figures["clock_offset_s"] = _figure(found.get("clock_offset_s"), least=-LARGEST)
    figures["clock_kept"] = None
    power = found.get("power") or {}
    figures["power_source"] = power["source"] if power.get("source") in ("mains", "battery") else "unknown"
    figures["power_percent"] = _figure(power.get("percent"))
    figures["boot_at"] = _moment(found["boot_at"]) if found.get("boot_at") else None
    return figures


def _disk_figures(found: dict[str, Any]) -> dict[str, Any]:
    total, free = _figure(found["total"]), _figure(found["free"])
    _no_more(free, total)
    return {"mount": str(found["mount"]), "total": total, "free": free}


def _figure(told: object, least: float = 0.0) -> float | None:
    """A number as a number; None stays None. Raises ValueError for what is no number, endless or below the least."""
    if told is None:
        return None
    if isinstance(told, bool) or not isinstance(told, int | float) or not least <= told <= LARGEST:
        raise ValueError(told)
    return float(told)


def _no_more(part: float | None, whole: float | None) -> None:
    if part is not None and whole is not None and part > whole:
        raise ValueError(part)


def _moment(text: str) -> datetime:
    moment = datetime.fromisoformat(text)
    if moment.tzinfo is None:
        raise ValueError(text)
    return moment.astimezone(UTC)


def of_this_machine(mounts: tuple[str, ...], now: datetime, deadline: Deadline) -> dict[str, Any]:
    """The same figures of this machine, but for the processors' (see `cpu_times`) and the clock's.

    A disk that cannot be read has `total` None and `why` "silent" or "absent". Raises UnreachableError (FORBIDDEN).
    """
    try:
        memory, swap = psutil.virtual_memory(), _swap()
        boot_at = datetime.fromtimestamp(psutil.boot_time(), UTC)
        disks = [_disk(each, deadline) for each in mounts or local_mounts()]
    except (OSError, RuntimeError, psutil.Error) as error:
        failure = Failure(cause=Cause.FORBIDDEN, text=say("figures cannot be read"))
        raise UnreachableError(failure) from error
    source, percent = _power()
    return {
        "at": now,
        "memory_total": float(memory.total),
        "memory_used": float(memory.total - memory.available),
        "swap_total": swap[0],
        "swap_used": swap[1],
        "disks": disks,
        "power_source": source,
        "power_percent": percent,
        "boot_at": boot_at,
    }


def cpu_times() -> tuple[float, float]:
    """Seconds (idle, all) that the processors have counted; the share in use is that of two moments."""
    times = psutil.cpu_times()
    # guest time is in user time already, as Linux counts
    whole = sum(times) - getattr(times, "guest", 0.0) - getattr(times, "guest_nice", 0.0)
    return times.idle + getattr(times, "iowait", 0.0), whole


def local_mounts() -> tuple[str, ...]:
    """Where the disks of this machine are mounted, each disk once; the system's own when none is listed."""
    found: dict[str, str] = {}
    for each in psutil.disk_partitions(all=False):
        if each.fstype.lower() in NOT_DISKS or "cdrom" in each.opts:
            continue
        known = found.get(each.device)
        if known is None or len(each.mountpoint) < len(known):
            found[each.device] = each.mountpoint
    return tuple(found.values()) or ("C:\\" if sys.platform == "win32" else "/",)


def _disk(mount: str, deadline: Deadline) -> dict[str, Any]:
    allowed = min(DISK_AT_MOST_S, deadline.left())
    answer = None if deadline.passed() else _looking.run(f"disk {mount}", DISK, (mount,), allowed)
    if answer is None:
        return {"mount": mount, "total": None, "free": None, "why": "silent"}
    if "error" in answer:
        return {"mount": mount, "total": None, "free": None, "why": "absent"}
    return {"mount": mount, "total": float(answer["total"]), "free": float(answer["free"])}


def _swap() -> tuple[float, float]:
    try:
        found = psutil.swap_memory()
    except (OSError, RuntimeError):
        return 0.0, 0.0
    return float(found.total), float(found.used)


def _power() -> tuple[str, float | None]:
    """("mains" | "battery" | "unknown", percent or None) by the supplies that Linux lists, elsewhere by psutil.

    psutil knows no UPS, and takes the battery of a mouse for one of the machine.
    """
    if POWER.is_dir():
        return from_supplies(POWER)
    try:
        battery = psutil.sensors_battery() if hasattr(psutil, "sensors_battery") else None
    except (OSError, RuntimeError, NotImplementedError):
        battery = None
    if battery is not None and battery.power_plugged is not None:
        return ("mains" if battery.power_plugged else "battery"), float(battery.percent)
    return "unknown", None


def from_supplies(folder: Path) -> tuple[str, float | None]:
    """The power by a folder like /sys/class/power_supply, as `supply_seen` has it, and how full the battery is."""
    source, percent, _ = supply_seen(folder)
    return source, percent


def supply_seen(folder: Path) -> tuple[str, float | None, str]:
    """The power, how full the battery is, and the supply that says so, by its path.

    What a UPS says of itself counts before all else: the server hangs on it. Then mains on line, then a battery that
    discharges. Batteries of devices (`scope` is Device: a mouse) are none of the machine's. Linux' sysfs-class-power(5).
    """
    percent, found = None, {"unknown": ""}
    try:
        supplies = sorted(folder.iterdir())
    except OSError:
        return "unknown", percent, ""
    for each in supplies:
        kind, online, status, scope = (_line(each / name) for name in ("type", "online", "status", "scope"))
        if scope == "Device":
            continue
        if kind in ("Battery", "UPS"):
            level = _line(each / "capacity")
            percent = float(level) if level.isdecimal() else percent
        if kind == "UPS" and status in ("Charging", "Full", "Not charging", "Discharging"):
            source = "battery" if status == "Discharging" else "mains"
            return source, percent, str(each)
        if kind == "Battery" and status == "Discharging":
            found["battery"] = str(each)
        elif kind not in ("Battery", "UPS") and online == "1":
            found["mains"] = str(each)
    source = next(each for each in ("mains", "battery", "unknown") if each in found)
    return source, percent, found[source]


def _line(path: Path) -> str:
    try:
        return path.read_text(encoding="ascii", errors="replace").strip()
    except OSError:
        return ""
