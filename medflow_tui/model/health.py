"""Health of a target: what a probe read, what was concluded from it, and the whole of it at one moment."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from enum import Enum
from types import MappingProxyType
from typing import Any, Protocol

from medflow_tui.model.words import SILENCE, Phrase

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


class Health(Enum):
    """The verdict on a reading; the value is the word used in files and in `check --json`."""

    OK = "ok"
    WARNING = "warning"
    CRITICAL = "critical"
    UNKNOWN = "unknown"
    STALE = "stale"
    EXPECTED_OFFLINE = "expected-offline"
    MAINTENANCE = "maintenance"

    @property
    def is_trouble(self) -> bool:
        """True for what somebody should look at."""
        return self in TROUBLES


TROUBLES = (Health.CRITICAL, Health.WARNING, Health.UNKNOWN, Health.STALE)


class Cause(Enum):
    """Why a reading could not be made; `rules` judges by it, people read the sentence beside it."""

    REFUSED = "refused"  # the host answers, nothing listens
    UNREACHABLE = "unreachable"  # no route, no answer to the connection within the deadline
    UNRESOLVED = "unresolved"  # the name has no address
    SILENT = "silent"  # it accepts, then answers nothing within the deadline
    DENIED = "denied"  # our credentials were refused, or there are none
    UNTRUSTED = "untrusted"  # certificate or identity is not the expected one
    GARBLED = "garbled"  # it answers, but not what this service answers
    LIMITED = "limited"  # rate limited: asked us to wait
    ABSENT = "absent"  # the file, folder, collection or unit does not exist
    FORBIDDEN = "forbidden"  # we may not read it
    UNSUPPORTED = "unsupported"  # not applicable on this machine
    OVERRUN = "overrun"  # our own reading did not end in time
    OURS = "ours"  # a fault of this program, written to its log


@dataclass(frozen=True, slots=True, kw_only=True)
class Failure:
    """Why there are no values: the cause for rules, the sentence for people, and until when not to ask again."""

    cause: Cause
    text: Phrase
    until: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Reading:
    """What one probe saw of one target at one moment.

    `target` is the name of the configured target, or `name/part` for a part of it (one clinic, one backup set).
    `values` are plain values whose names are given in the probe's docstring; empty when there is a failure.
    `how` says how they were obtained. `latency_ms` is the time the service took, without our own work.
    """

    target: str
    kind: str
    observed_at: datetime
    how: Phrase
    values: Mapping[str, Any] = field(default_factory=lambda: MappingProxyType({}))
    latency_ms: float | None = None
    failure: Failure | None = None


class Probe(Protocol):
    """Looks at one target, changes nothing, never raises, returns within the deadline.

    The first reading is of the target itself; more follow for its parts, if it has any.
    """

    def read(self, deadline_s: float) -> tuple[Reading, ...]: ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Judgement:
    """What a rule makes of one reading, by itself.

    `evidence` is the sentence in the row (aim at 17 cells in French for the common ones), `detail` more sentences
    for the detail screen, `means` what people in the clinic notice, `threshold` the limits in force as a sentence,
    `limit` the first of them in some eight cells (`max 4 h`) for a wide row, `figure` the number that feeds the
    history and `form` how it is written (a form of Phrase), `resumes_at` when an expected silence ends.
    """

    health: Health
    evidence: Phrase
    detail: tuple[Phrase, ...] = ()
    means: Phrase = SILENCE
    threshold: Phrase = SILENCE
    limit: Phrase = SILENCE
    figure: float | None = None
    form: str = "number"
    resumes_at: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Acknowledgement:
    """Somebody is on it: who, why, until when. Changes no verdict."""

    target: str
    who: str
    why: str
    at: datetime
    until: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Maintenance:
    """A window in which work on a target is announced. Stays visible, changes no verdict."""

    target: str
    who: str
    why: str
    starts: datetime
    ends: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """The standing conclusion on one target: a judgement with its history.

    `health` is what counts now; while `soft` is true the trouble has been seen `seen` times of the `needed`.
    `since` is when `health` became what it is (EPOCH when nothing was read yet); `needs` are the targets without which
    this one cannot be well.
    """

    target: str
    kind: str
    pane: str
    label: str
    health: Health
    evidence: Phrase
    how: Phrase = SILENCE
    observed_at: datetime = EPOCH
    since: datetime = EPOCH
    latency_ms: float | None = None
    soft: bool = False
    seen: int = 0
    needed: int = 1
    needs: tuple[str, ...] = ()
    due_every_s: float = 60.0
    judgement: Judgement | None = None
    failure: Failure | None = None
    values: Mapping[str, Any] = field(default_factory=lambda: MappingProxyType({}))
    spark: tuple[Health | None, ...] = ()  # the worst of each five minutes, oldest first
    acknowledged: Acknowledgement | None = None
    maintenance: Maintenance | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Snapshot:
    """The newest verdict on every target at one moment, in the configured order; replaced whole.

    `source` says who looked, when that can be one or another (the collector, or this program itself).
    """

    at: datetime = EPOCH
    verdicts: tuple[Verdict, ...] = ()
    notices: tuple[Phrase, ...] = ()
    source: Phrase = SILENCE

    def find(self, target: str) -> Verdict | None:
        """The verdict on a target, or None when there is none of that name."""
        return next((each for each in self.verdicts if each.target == target), None)


EMPTY = Snapshot()
