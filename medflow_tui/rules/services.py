"""What a service may be told where, and whether telling it has worked: pure."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from medflow_tui.model.procedure import Outcome
from medflow_tui.model.service import Life, Place, Seen, Verb
from medflow_tui.model.words import SILENCE, Phrase, say

YOUNG_MS, SLACK_MS = 120_000, 2_000
SAME_MS = 1_500  # managers round start times to seconds
UP, DOWN = ("running",), ("stopped", "failed")
ENDING = frozenset({Verb.STOP, Verb.HOLD, Verb.RESTART})
SILENT = frozenset({"pidfile"})
"""Managers that do not say that a process has been asked to end: until it has, it looks as before."""

_ALL = frozenset(Verb)
_NOT_LINUX = say("not applicable here: runs on Linux only")
_NOT_MACOS = say("not applicable here: runs on macOS only")
_NOT_WINDOWS = say("not applicable here: runs on Windows only")
_NO_ACTING = say("this program acts only on Linux and macOS: on Windows use the PM2 or services window there")
_ELSEWHERE = say("it runs on another machine: do it there, this program gives no orders over the network")
_WHERE: Mapping[str, frozenset[Place]] = MappingProxyType(
    {
        "systemd": frozenset({Place.LINUX}),
        "runit": frozenset({Place.LINUX}),
        "compose": frozenset({Place.LINUX, Place.MACOS}),
        "pm2": frozenset({Place.LINUX, Place.MACOS, Place.WINDOWS}),
        "pidfile": frozenset({Place.LINUX, Place.MACOS}),
        "launchd": frozenset({Place.MACOS}),
        "windows": frozenset({Place.WINDOWS}),
    }
)
_WRONG_PLACE = {"launchd": _NOT_MACOS, "windows": _NOT_WINDOWS}


def why_not(manager: str, verb: Verb, place: Place) -> Phrase:
    """Why a manager cannot be told this at this place; silence means that it can.

    >>> why_not("systemd", Verb.RESTART, Place.LINUX)
    Phrase(text='', values=mappingproxy({}), parts=())
    >>> why_not("pm2", Verb.RESTART, Place.ELSEWHERE).text
    'it runs on another machine: do it there, this program gives no orders over the network'
    """
    if place is Place.ELSEWHERE:
        return _ELSEWHERE
    if place not in _WHERE.get(manager, frozenset()):
        return _WRONG_PLACE.get(manager, _NOT_LINUX)
    return _NO_ACTING if place is Place.WINDOWS else SILENCE


def service_name(target: str) -> str:
    """What playbooks call the service of a process target: its name without `-process`; a plain `process` is the backend.

    >>> service_name("backend-process"), service_name("process"), service_name("mongodb-process"), service_name("ocr")
    ('backend', 'backend', 'mongodb', 'ocr')
    """
    return "backend" if target == "process" else target.removesuffix("-process")


def is_same(one: Life, other: Life) -> bool:
    """True when both are the same process. By the system's own measure where both were seen, else by time.

    >>> is_same(Life(pid=7, started="ticks-1", boot="b"), Life(pid=7, started="ticks-9", boot="b"))
    False
    >>> is_same(Life(pid=7, started_ms=1000), Life(pid=7, started_ms=1900))
    True
    """
    if one.pid != other.pid or (one.boot and other.boot and one.boot != other.boot):
        return False
    if one.started and other.started:
        return one.started == other.started
    return not one.started_ms or not other.started_ms or abs(one.started_ms - other.started_ms) <= SAME_MS


def is_young(life: Life, asked_ms: int, now_ms: int) -> bool:
    """True when the process started after it was asked for, or within the last two minutes (a clock may be set)."""
    return life.started_ms >= asked_ms - SLACK_MS or 0 <= now_ms - life.started_ms <= YOUNG_MS


def measured(verb: Verb, before: Life, after: Life, seen: Seen, *, asked_ms: int, now_ms: int) -> Outcome:
    """The post-condition of an order, from what is seen now.

    A restart: another process than before, it runs, and it is young. A stop: it does not run and the old process is
    gone. A hold: that, and the manager says that it is held, or has no word for it.
    """
    match verb:
        case Verb.RESTART | Verb.START:
            if seen.state not in UP or not after:
                return Outcome.FAIL
            if verb is Verb.START and before and is_same(before, after):
                return Outcome.PASS
            if before and is_same(before, after):
                return Outcome.FAIL
            if not after.started_ms:
                return Outcome.UNKNOWN
            return Outcome.PASS if is_young(after, asked_ms, now_ms) else Outcome.UNKNOWN
        case Verb.STOP:
            return Outcome.PASS if seen.state in DOWN and not after else Outcome.FAIL
        case Verb.HOLD:
            is_down = seen.state in DOWN and not after
            return Outcome.PASS if is_down and seen.held is not False else Outcome.FAIL
        case Verb.RELEASE:
            return Outcome.FAIL if seen.held else Outcome.PASS


def together(answer: Outcome, seen_after: Outcome) -> Outcome:
    """Exit status and output, and what was measured: a pass needs both, a contradiction is not knowing.

    >>> together(Outcome.PASS, Outcome.FAIL), together(Outcome.FAIL, Outcome.PASS)
    (<Outcome.FAIL: 'fail'>, <Outcome.UNKNOWN: 'unknown'>)
    """
    if Outcome.UNKNOWN in (answer, seen_after):
        return Outcome.UNKNOWN
    if answer is Outcome.FAIL and seen_after is Outcome.PASS:
        return Outcome.UNKNOWN
    return seen_after if answer is Outcome.PASS else answer


def since(verb: Verb, before: Life, after: Life, seen: Seen, *, asked_ms: int, is_moving: bool) -> Outcome:
    """Whether an order was carried out since it was written down: pass, yes; fail, certainly not; else unknown.

    Another process than before means that it was restarted, whoever did it: it is not restarted twice. A service that
    moves (an order still on its way, a state between two) says nothing yet.
    """
    if is_moving or seen.state in ("starting", "stopping"):
        return Outcome.UNKNOWN
    is_down = seen.state in (*DOWN, "restarting") and not after
    match verb:
        case Verb.RESTART | Verb.START:
            if after and (not before or not is_same(before, after)):
                return Outcome.PASS
            if after:
                return Outcome.PASS if verb is Verb.START else Outcome.FAIL
            began = int(seen.started_at.timestamp() * 1000) if seen.started_at else 0
            is_new = began > before.started_ms + SAME_MS and began >= asked_ms - SLACK_MS
            return Outcome.PASS if is_new else Outcome.FAIL  # it was started, and has ended again
        case Verb.STOP:
            return Outcome.PASS if is_down else Outcome.FAIL
        case Verb.HOLD:
            return Outcome.PASS if is_down and seen.held is not False else Outcome.FAIL
        case Verb.RELEASE:
            return Outcome.FAIL if seen.held else Outcome.PASS
