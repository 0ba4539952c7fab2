"""systemd: looked at by `systemctl show`, which needs no rights; told by `systemctl` and a drop-in that holds."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path

from medflow_tui.clients.command import Output, run
from medflow_tui.clients.network import Deadline
from medflow_tui.clients.supervisors.saying import by_code, with_rights
from medflow_tui.clients.supervisors.seen import Seen, garbled, not_here, unknown_to
from medflow_tui.clients.supervisors.telling import PLANNED, Call
from medflow_tui.model.procedure import NO_FACTS, Facts
from medflow_tui.model.service import Verb
from medflow_tui.model.targets.process import ProcessTarget
from medflow_tui.model.words import SILENCE, Phrase, say

BOOTED = Path("/run/systemd/system")  # sd_booted(3)
PROPERTIES = (
    "LoadState,ActiveState,SubState,MainPID,NRestarts,ExecMainStartTimestamp,ExecMainCode,ExecMainStatus,"
    "MemoryMax,MemoryLimit,UnitFileState,DropInPaths,Result,"
    "TimeoutStopUSec,KillMode,SendSIGKILL,KillSignal,RestartKillSignal"
)
DROP_INS = "/etc/systemd/system"
HOLD = "zz-held-by-medflow-tui.conf"
HOLD_TEXT = Path(__file__).with_name("held.conf")
TIMESTAMP = "%a %Y-%m-%d %H:%M:%S UTC"
LONGEST = 20  # digits of 2^64
SPAN = re.compile(r"(\d{1,12})(us|ms|s|min|h|d|w|month|y)")
UNITS_S = {
    "us": 1e-6,
    "ms": 1e-3,
    "s": 1.0,
    "min": 60.0,
    "h": 3600.0,
    "d": 86_400.0,
    "w": 604_800.0,
    "month": 2_629_800.0,
    "y": 31_557_600.0,
}
SIGKILL = "9"
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
    show = ("systemctl", "--no-pager", "show", f"--property={PROPERTIES}", "--", unit_of(target))
    output = run(show, deadline)
    if output.code != 0:
        raise garbled("systemd")
    return parse(output.text)


def unit_of(target: ProcessTarget) -> str:
    """The unit with its ending."""
    return target.unit if "." in target.unit else f"{target.unit}.service"


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
        at_boot=_at_boot(found.get("UnitFileState", "")),
        held=found.get("LoadState") == "masked" or f"/{HOLD}" in found.get("DropInPaths", ""),
        ended_by=_ended_by(found),
        kills_after_s=kills_after_s(found),
        more={name: found.get(name, "") for name in ("LoadState", "Result")},
    )


def _at_boot(word: str) -> bool | None:
    """`static` and the like are started by what needs them: no word on a boot."""
    if word.startswith("enabled"):
        return True
    return False if word in ("disabled", "masked", "masked-runtime") else None


def _ended_by(found: dict[str, str]) -> str:
    """The signal, or systemd's own word, for the last end; empty for an exit with a status and while it runs."""
    result = found.get("Result", "")
    if found.get("ExecMainCode") in ("2", "3"):  # CLD_KILLED, CLD_DUMPED
        signal = f"signal {found.get('ExecMainStatus', '?')}"
        return signal if result in ("signal", "core-dump", "success", "") else f"{result}, {signal}"
    return "" if result in ("success", "exit-code") else result


def kills_after_s(found: Mapping[str, str]) -> float | None:
    """How long systemd waits before SIGKILL; None when it does not say.

    >>> kills_after_s({"TimeoutStopUSec": "1min 30s", "KillMode": "control-group", "SendSIGKILL": "yes"})
    90.0
    >>> kills_after_s({"TimeoutStopUSec": "5s", "KillMode": "control-group", "SendSIGKILL": "no"})
    inf
    """
    if SIGKILL in (found.get("KillSignal"), found.get("RestartKillSignal")):
        return 0.0
    if found.get("KillMode") == "none" or found.get("SendSIGKILL") == "no":
        return math.inf
    told = found.get("TimeoutStopUSec", "")
    if told == "infinity":
        return math.inf
    parts = told.split()
    spans = [SPAN.fullmatch(each) for each in parts]
    if not parts or None in spans:
        return None
    return sum(int(each[1]) * UNITS_S[each[2]] for each in spans if each is not None)


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


class Systemd:
    """Orders for one unit. It is held by a drop-in whose assertion can never be true, below /etc, and stopped.

    `mask --runtime` is gone after a reboot, and `mask` cannot be used on a unit whose file is in /etc/systemd/system,
    where MedFlow's own deploy script puts it; `disable` leaves it to be started by whatever wants it. With the
    drop-in every start fails and says why, and a stop ends `Restart=`.
    """

    name = "systemd"
    planned = PLANNED

    def __init__(self, target: ProcessTarget) -> None:
        self._target, self._unit = target, unit_of(target)
        self._file = f"{DROP_INS}/{self._unit}.d/{HOLD}"

    def look(self, deadline: Deadline) -> Seen:
        return look(self._target, deadline)

    def lacks(self, verb: Verb, seen: Seen) -> Phrase:
        if verb in (Verb.START, Verb.RESTART) and seen.held:
            return say("it is held: nothing may start it")
        if verb is Verb.RELEASE and seen.more.get("LoadState") == "masked":
            return say("masked by somebody else: that is theirs to lift")
        return SILENCE

    def calls(self, verb: Verb, seen: Seen, memory: Facts) -> tuple[Call, ...]:
        reload = self._call("systemctl", "daemon-reload")
        match verb:
            case Verb.RESTART | Verb.STOP | Verb.START:
                return (self._order(verb.value),)
            case Verb.HOLD:
                held = self._call("install", "-D", "-m", "0644", "--", str(HOLD_TEXT), self._file)
                return (held, reload, self._order("stop"))
            case Verb.RELEASE:
                return (self._call("rm", "-f", "--", self._file), reload)

    def memory(self, seen: Seen) -> Facts:
        return NO_FACTS

    def _order(self, word: str) -> Call:
        return self._call("systemctl", "--no-pager", word, "--", self._unit)

    def _call(self, *argv: str) -> Call:
        def judge(output: Output) -> Phrase:
            return by_code(argv[0], output)

        return Call(argv=with_rights(argv, sudo=self._target.sudo), judge=judge)
