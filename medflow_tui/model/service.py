"""A service under a manager, as data: how it stands, what it may be told, and what came of telling it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import Enum
from types import MappingProxyType

from medflow_tui.model.procedure import NO_FACTS, Facts, Outcome
from medflow_tui.model.words import SILENCE, Phrase

STATES = ("running", "starting", "stopping", "restarting", "stopped", "failed")
NOTHING_TOLD: Mapping[str, str] = MappingProxyType({})


class Verb(Enum):
    """What a service can be told. `hold` stops it and keeps it stopped over a reboot; `release` only lifts that."""

    RESTART = "restart"
    STOP = "stop"
    START = "start"
    HOLD = "hold"
    RELEASE = "release"


class Place(Enum):
    """Which system a service runs on, seen from this program."""

    LINUX = "Linux, here"
    MACOS = "macOS, here"
    WINDOWS = "Windows, here"
    ELSEWHERE = "another machine"


@dataclass(frozen=True, slots=True, kw_only=True)
class Seen:
    """What a manager knows of one process. `state` is one of STATES, `word` the manager's own for it.

    `restarts` is the manager's counter (None without one), `memory_limit` bytes (None without one),
    `online` of `instances` run when there are several. `pids` are those of all instances that run.
    `at_boot` and `held` are None when the manager has no word on them; `held` means that it cannot be started by
    itself nor by a reboot. `handle` is the manager's own id or file of it, `more` what only this manager knows.
    `ended_by` is the signal or the manager's word for its last end (`oom-kill`), empty when not told.
    `kills_after_s` is how long it waits for an end before it kills, at a restart that this program orders: infinite when
    it never does, 0 when it does not ask at all, None when not told.
    """

    state: str
    word: str
    pid: int | None = None
    started_at: datetime | None = None
    restarts: int | None = None
    memory_limit: int | None = None
    instances: int = 1
    online: int = 1
    exit_code: int | None = None
    at_boot: bool | None = None
    held: bool | None = None
    handle: str = ""
    ended_by: str = ""
    kills_after_s: float | None = None
    pids: tuple[int, ...] = ()
    more: Mapping[str, str] = field(default_factory=lambda: NOTHING_TOLD)


@dataclass(frozen=True, slots=True, kw_only=True)
class Life:
    """One process, told from every other: pids are used again, and after a clock was set times are others.

    `pid` 0 is no process. `started` is in the system's own measure within one `boot` (empty where it cannot be seen),
    `started_ms` the same as a time (ms since 1970, 0 when not told).
    """

    pid: int = 0
    started: str = ""
    boot: str = ""
    started_ms: int = 0

    def __bool__(self) -> bool:
        return self.pid > 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """What came of telling a manager something: the three parts of the contract, apart and together.

    `answer` is what exit status and parsed output say, `measured` what was seen afterwards, `outcome` both.
    `applies` false means that nothing was tried: this manager or this service is not here, or cannot do it.
    `exit_code` is -1 when no program ended. `memory` is what `release` needs to put back what was there before.
    """

    verb: Verb
    answer: Outcome
    measured: Outcome
    outcome: Outcome
    said: Phrase = SILENCE
    applies: bool = True
    exit_code: int = -1
    before: Life = Life()
    after: Life = Life()
    state: str = ""
    memory: Facts = field(default_factory=lambda: NO_FACTS)


@dataclass(frozen=True, slots=True, kw_only=True)
class Crash:
    """Why a service does not do what it should, as far as it can be seen before anything is changed.

    `lines` are the newest lines of its log, redacted. `killed` names the programs that the kernel ended for want of
    memory since the boot, None when its log may not be read.
    `starts` are its last three, newest last. `memory` in bytes, 0 when it does not run or is not visible.
    `exit_code` -1 and an empty `ended_by` are not told; `unstable` -1 is not counted. `log` is where the lines are from.
    """

    taken_at: datetime
    state: str
    word: str
    exit_code: int = -1
    ended_by: str = ""
    restarts: int = -1
    unstable: int = -1
    memory: int = 0
    memory_limit: int = 0
    killed: tuple[str, ...] | None = None
    starts: tuple[datetime, ...] = ()
    log: str = ""
    lines: tuple[str, ...] = ()
