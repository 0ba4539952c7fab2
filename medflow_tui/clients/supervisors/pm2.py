"""PM2, by `pm2 jlist`. What it prints holds the whole environment of the processes: only what is named here is kept."""

from __future__ import annotations

import json
import os
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import psutil

from medflow_tui.clients.command import run
from medflow_tui.clients.network import Deadline, UnreachableError
from medflow_tui.clients.supervisors.seen import Seen, garbled, not_here, unknown_to
from medflow_tui.model.health import Cause, Failure
from medflow_tui.model.targets.process import ProcessTarget
from medflow_tui.model.words import say

STATES = {
    "online": "running",
    "one-launch-status": "starting",
    "launching": "starting",
    "stopping": "stopping",
    "stopped": "stopped",
    "errored": "failed",
    "waiting restart": "restarting",
}
KILL_TIMEOUT_MS = 1600  # PM2's own, for a process that sets no kill_timeout
LARGEST = 1e14  # in the year 5138 by a time in ms
ORDER = ("failed", "restarting", "stopped", "stopping", "starting", "running")


def look(target: ProcessTarget, deadline: Deadline) -> Seen:
    """What PM2 knows of the process of that name (all its instances together).

    `pm2 jlist` would start PM2's daemon where there is none, so the daemon is looked for first.
    """
    home = home_of(target)
    if home is None or not home.is_dir():
        raise not_here(say("not applicable here: no {program}", program="PM2"))
    if not _daemon_runs(home):
        raise UnreachableError(Failure(cause=Cause.REFUSED, text=say("PM2 does not run")))
    output = run(("pm2", "jlist"), deadline, environment(home))
    if output.code != 0:
        raise garbled("PM2")
    return parse(output.text, target.unit)


def environment(home: Path) -> dict[str, str]:
    """What every command of PM2 is given."""
    return {"PM2_HOME": str(home), "PM2_DISCRETE_MODE": "true", "NO_COLOR": "1"}


def home_of(target: ProcessTarget) -> Path | None:
    """The folder of the PM2 that is meant, or None for an account that has no home."""
    named = target.pm2_home or os.environ.get("PM2_HOME", "")
    try:
        return Path(named) if named else Path.home() / ".pm2"
    except RuntimeError:
        return None


def _daemon_runs(home: Path) -> bool:
    """True when the pid in `pm2.pid` lives, and was there before the file (a pid is used again after a power cut)."""
    path = home / "pm2.pid"
    try:
        written, process = path.stat().st_mtime, psutil.Process(int(path.read_text(encoding="ascii")))
        return bool(process.create_time() <= written + 2 and process.status() != psutil.STATUS_ZOMBIE)
    except (OSError, ValueError, psutil.NoSuchProcess):
        return False
    except psutil.AccessDenied:
        return True


def parse(text: str, name: str) -> Seen:
    """The process of that name in the JSON list, which may follow lines of banner. Raises UnreachableError."""
    listed = next((each for each in map(_listed, reversed(text.splitlines())) if each is not None), None)
    if listed is None:
        raise garbled("PM2")
    found = [_kept(each) for each in listed if each.get("name") == name]
    if not found:
        raise unknown_to("PM2")
    if any(each["status"] not in STATES for each in found):
        raise garbled("PM2")
    return _together(found)


def standing(text: str) -> dict[str, str]:
    """The status of every process that PM2 lists, by name."""
    listed = (
        next((each for each in map(_listed, reversed(text.splitlines())) if each is not None), None) or []
    )
    return {str(each.get("name")): _kept(each)["status"] for each in listed}


def _listed(line: str) -> list[Mapping[str, Any]] | None:
    """The processes in a line of output, or None when it is none of JSON."""
    try:
        found = json.loads(line) if line.lstrip().startswith("[") else None
    except (ValueError, RecursionError):
        return None
    return found if isinstance(found, list) and all(isinstance(each, Mapping) for each in found) else None


def _kept(entry: Mapping[str, Any]) -> dict[str, Any]:
    told = entry.get("pm2_env")
    environment = told if isinstance(told, Mapping) else {}
    return {
        "pid": _number(entry.get("pid")),
        "status": str(environment.get("status", "")),
        "uptime": _number(environment.get("pm_uptime")),
        "restarts": _number(environment.get("restart_time")),
        "limit": _number(environment.get("max_memory_restart")),
        "exit_code": _number(environment.get("exit_code")),
        "kill_timeout": _milliseconds(environment.get("kill_timeout")),
        "more": _more(environment),
    }


def _more(told: Mapping[str, Any]) -> dict[str, str]:
    """What only orders and the look at a crash need: nothing of the environment is among it."""
    unstable = _number(told.get("unstable_restarts"))
    cron = told.get("cron_restart")
    return {
        "unstable": "" if unstable is None else str(unstable),
        "out": str(told.get("pm_out_log_path") or ""),
        "err": str(told.get("pm_err_log_path") or ""),
        "cron": "yes" if isinstance(cron, str) and cron not in ("", "0") else "",
        "watch": "yes" if told.get("watch") not in (None, False, "false") else "",
    }


def _milliseconds(told: object) -> int:
    """PM2 takes what is not set, or 0, for its own default.

    >>> _milliseconds(None), _milliseconds("10000")
    (1600, 10000)
    """
    if isinstance(told, str) and told.isdecimal():
        told = int(told[:15])
    return _number(told) or KILL_TIMEOUT_MS


def _number(told: object) -> int | None:
    """A whole number that a count, a time in ms or a size can be; None for everything else."""
    is_number = isinstance(told, int | float) and not isinstance(told, bool)
    return int(told) if is_number and 0 <= told < LARGEST else None  # type: ignore[operator,call-overload]


def _together(found: list[dict[str, Any]]) -> Seen:
    states = [STATES[each["status"]] for each in found]
    worst = found[min(range(len(found)), key=lambda index: ORDER.index(states[index]))]
    state = min(states, key=ORDER.index)
    started = _newest(each["uptime"] for each in found if each["pid"])
    restarts = [each["restarts"] for each in found]
    return Seen(
        state=state,
        word=worst["status"],
        pid=worst["pid"] or None,
        started_at=datetime.fromtimestamp(started / 1000, UTC) if started else None,
        restarts=None if None in restarts else sum(restarts),
        memory_limit=worst["limit"],
        instances=len(found),
        online=states.count("running"),
        exit_code=None if worst["pid"] else worst["exit_code"],
        pids=tuple(each["pid"] for each in found if each["pid"]),
        kills_after_s=min(each["kill_timeout"] for each in found) / 1000,
        more=worst["more"],
    )


def _newest(moments: Iterable[int | None]) -> int:
    """The newest start of all instances (ms since 1970), 0 without one."""
    return max((each for each in moments if each is not None), default=0)
