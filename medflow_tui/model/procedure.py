"""Procedures as data: the playbook people wrote, the lines a run writes down, and what to do next."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import Enum
from types import MappingProxyType

from medflow_tui.model.canonical import Fact, Facts
from medflow_tui.model.health import EPOCH
from medflow_tui.model.words import SILENCE, Phrase, Value

NO_FACTS: Facts = MappingProxyType({})


class Outcome(Enum):
    """The three answers. Unknown is never shown, counted or treated as a pass."""

    PASS = "pass"  # noqa: S105
    FAIL = "fail"
    UNKNOWN = "unknown"


class Effect(Enum):
    """What a step does to the world; `read` may be repeated freely, nothing else may."""

    READ = "read"
    ADDITIVE = "additive"
    STAGING = "staging"
    DISRUPTIVE = "disruptive"
    DATA = "data"
    SWITCH = "switch"

    @property
    def changes(self) -> bool:
        return self is not Effect.READ


class OnFail(Enum):
    """What follows when the world says that a step did not work."""

    ABORT = "abort"
    ASK = "ask"
    CONTINUE = "continue"


class OnUnknown(Enum):
    """What follows when nobody can tell whether a step worked."""

    STOP = "stop"
    ASK = "ask"
    RERUN = "rerun"


@dataclass(frozen=True, slots=True, kw_only=True)
class Text:
    """A text that a playbook's author wrote in several languages; English is the one that is always there."""

    en: str = ""
    others: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}))

    def __bool__(self) -> bool:
        return bool(self.en)

    def phrase(self, language: str, values: Mapping[str, Value] = MappingProxyType({})) -> Phrase:
        """The text in a language, as a phrase whose `{name:form}` are taken from `values`."""
        return Phrase(text=self.others.get(language, self.en), values=values)


@dataclass(frozen=True, slots=True, kw_only=True)
class Guard:
    """A condition that must hold before the start and before every step that changes something.

    `kind` names the pure rule in `rules/guards.py`. With `blocks` false it warns only; `on_unknown_blocks` says
    what not knowing means. `need` are the rule's own limits.
    """

    id: str
    kind: str
    why: Text
    fix: Text
    blocks: bool = True
    on_unknown_blocks: bool = True
    need: Facts = field(default_factory=lambda: NO_FACTS)


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """One guarded step. `action` is the name of a built-in action; `args` are plain values for it. Times in seconds.

    `say` is what happens, `why` what for, `if_it_fails` what that means.
    """

    id: str
    title: Text
    action: str
    effect: Effect
    say: Text = Text()
    why: Text = Text()
    if_it_fails: Text = Text()
    undo_text: Text = Text()
    args: Facts = field(default_factory=lambda: NO_FACTS)
    on_fail: OnFail = OnFail.ABORT
    on_unknown: OnUnknown = OnUnknown.STOP
    timeout_s: int = 60
    max_starts: int = 2


@dataclass(frozen=True, slots=True, kw_only=True)
class Playbook:
    """A procedure as its author wrote it. `risk` is R0 to R4; `sha256` is that of the file it was read from.

    `fits` are the kinds of target whose trouble it mends; `phrase` is what must be typed.
    """

    id: str
    version: str
    title: Text
    summary: Text
    risk: str
    owner: str
    steps: tuple[Step, ...]
    guards: tuple[Guard, ...]
    roles: tuple[str, ...]
    phrase: str
    locks: tuple[str, ...]
    lease_s: int
    fits: tuple[str, ...] = ()
    symptoms: tuple[Text, ...] = ()
    blast: Text = Text()
    way_back: Text = Text()
    no_undo_reason: Text = Text()
    reason_min_chars: int = 10
    arm_after_ms: int = 1500
    plan_expires_s: int = 1800
    source: str = ""
    sha256: str = ""

    def step(self, step_id: str) -> Step | None:
        return next((each for each in self.steps if each.id == step_id), None)


class Mark(Enum):
    """What a journal can say, in the past tense; the value is the word in the file."""

    RUN_STARTED = "run.start"
    CONFIRMED = "confirm.typed"
    GUARDED = "guard.result"
    LOCKED = "lock.taken"
    INTENDED = "step.intent"
    CARRIED_OUT = "step.exit"
    VERIFIED = "step.done"
    FAILED = "step.failed"
    DOUBTED = "step.unknown"
    RECONCILED = "step.reconcile"
    PROGRESSED = "progress"
    PAUSED = "run.paused"
    RESUMED = "run.resume"
    REPAIRED = "journal.repaired"
    RUN_ENDED = "run.done"


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """One line of a run's journal. `facts` are plain; `said` is the same for people."""

    seq: int
    at: datetime
    mark: Mark
    step: str = ""
    outcome: Outcome | None = None
    said: Phrase = SILENCE
    facts: Facts = field(default_factory=lambda: NO_FACTS)


class Act(Enum):
    """What the runner is told to do next."""

    START = "start"  # write the intent, then carry the step out
    VERIFY = "verify"  # it was carried out: read back
    RECONCILE = "reconcile"  # it was started and nobody knows more: ask the world whether it was done
    PAUSE = "pause"  # a person must decide
    FINISH = "finish"  # nothing more to do, with this outcome


@dataclass(frozen=True, slots=True, kw_only=True)
class Move:
    """The next thing to do in a run, and why."""

    act: Act
    step: str = ""
    outcome: Outcome = Outcome.UNKNOWN
    why: Phrase = SILENCE


class Phase(Enum):
    """Where a run stands, as derived from its journal and from whether its process lives."""

    PLANNED = "planned"
    RUNNING = "running"
    PAUSED = "paused"
    INTERRUPTED = "interrupted"
    REFUSED = "refused"
    SUCCEEDED = "succeeded"
    FAILED = "failed"
    UNCERTAIN = "uncertain"
    DAMAGED = "damaged"

    @property
    def is_over(self) -> bool:
        return self in (Phase.REFUSED, Phase.SUCCEEDED, Phase.FAILED, Phase.UNCERTAIN)


class StepStand(Enum):
    """Where one step stands."""

    PENDING = "pending"
    STARTED = "started"
    CARRIED_OUT = "carried out"
    NOT_DONE = "not done"
    DONE = "done"
    FAILED = "failed"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True, kw_only=True)
class StepState:
    """One step of a run as it stands; `said` is the newest sentence about it."""

    id: str
    stand: StepStand
    said: Phrase = SILENCE


@dataclass(frozen=True, slots=True, kw_only=True)
class RunState:
    """A run as it stands. `step` is where it is; `changed` tells whether anything may have been changed so far."""

    run: str
    phase: Phase
    playbook: str = ""
    step: str = ""
    steps: tuple[StepState, ...] = ()
    started_at: datetime = EPOCH
    ended_at: datetime = EPOCH
    who: str = ""
    reason: str = ""
    plan_hash: str = ""
    pid: int = 0
    said: Phrase = SILENCE
    changed: bool = False


__all__ = [
    "NO_FACTS",
    "Act",
    "Effect",
    "Entry",
    "Fact",
    "Facts",
    "Guard",
    "Mark",
    "Move",
    "OnFail",
    "OnUnknown",
    "Outcome",
    "Phase",
    "Playbook",
    "RunState",
    "Step",
    "StepStand",
    "StepState",
    "Text",
]
