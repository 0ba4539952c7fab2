"""A run as data: the lines it writes down, where it stands, and what to do next."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from enum import Enum

from medflow_tui.model.health import EPOCH
from medflow_tui.model.playbook import (
    ACQUIRE,
    NO_FACTS,
    PROGRAM,
    RELEASE,
    Approval,
    Choice,
    Effect,
    Expect,
    Fact,
    Facts,
    Guard,
    Hold,
    Input,
    Item,
    Limits,
    OnFail,
    OnUnknown,
    Override,
    Playbook,
    Step,
    StepKind,
    Text,
    Window,
)
from medflow_tui.model.words import SILENCE, Phrase


class Outcome(Enum):
    """The three answers. Unknown is never shown, counted or treated as a pass."""

    PASS = "pass"  # noqa: S105
    FAIL = "fail"
    UNKNOWN = "unknown"


class Mark(Enum):
    """What a journal can say, in the past tense; the value is the word in the file."""

    RUN_STARTED = "run.start"
    CONFIRMED = "confirm.typed"
    APPROVAL_AWAITED = "approve.awaited"
    APPROVED = "approve.given"
    APPROVAL_REFUSED = "approve.refused"
    OVERRIDDEN = "override.used"
    GUARDED = "guard.result"
    LOCKED = "lock.taken"
    INTENDED = "step.intent"
    CARRIED_OUT = "step.exit"
    VERIFIED = "step.done"
    FAILED = "step.failed"
    DOUBTED = "step.unknown"
    RECONCILED = "step.reconcile"
    SKIPPED = "step.skipped"
    ANSWERED = "step.answer"
    CLEANING = "cleanup.intent"
    CLEANED = "cleanup.done"
    UNDO_INTENDED = "undo.intent"
    UNDO_CARRIED_OUT = "undo.exit"
    UNDONE = "undo.done"
    UNDO_FAILED = "undo.failed"
    UNDO_DOUBTED = "undo.unknown"
    UNDO_RECONCILED = "undo.reconcile"
    HOLD_TAKING = "hold.intent"
    HOLD_ACQUIRED = "hold.acquired"
    HOLD_LOST = "hold.lost"
    HOLD_RELEASED = "hold.released"
    PROGRESSED = "progress"
    OVERDUE = "clock.overdue"
    STOP_ASKED = "stop.asked"
    STOP_WITHDRAWN = "stop.withdrawn"
    CONTROL_TAKEN = "control.taken"
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


class Then(Enum):
    """What follows when a person asks to stop: wait, end as it is, or take everything back."""

    PAUSE = "pause"
    LEAVE = "leave"
    ROLL_BACK = "roll_back"


class Act(Enum):
    """What the runner is told to do next."""

    START = "start"  # write the intent, then carry the step out
    VERIFY = "verify"  # it was carried out: read back
    RECONCILE = "reconcile"  # it was started and nobody knows more: ask the world whether it was done
    WAIT = "wait"  # people must answer; the run goes on by itself when they have
    CLEAN = "clean"  # take away what a doubtful step left, so that it can be done again
    ACQUIRE = "acquire"  # take a hold back that was lost
    RELEASE = "release"  # give a hold back before the end
    UNDO = "undo"  # write the intent, then undo the step
    UNDO_VERIFY = "undo_verify"
    UNDO_RECONCILE = "undo_reconcile"  # is it undone already
    PAUSE = "pause"  # a person must decide
    FINISH = "finish"  # nothing more to do, with this outcome


class End(Enum):
    """How a run ended, beside its outcome."""

    COMPLETED = "completed"
    CANCELLED = "cancelled"  # by a person, before anything was changed
    STOPPED = "stopped"  # by a person, as it stood
    ROLLED_BACK = "rolled_back"


@dataclass(frozen=True, slots=True, kw_only=True)
class Move:
    """The next thing to do in a run, and why.

    A pause with `call` is one that only this role can end; with `asks_release` going on gives the holds back.
    """

    act: Act
    step: str = ""
    hold: str = ""
    outcome: Outcome = Outcome.UNKNOWN
    end: End = End.COMPLETED
    why: Phrase = SILENCE
    call: str = ""
    asks_release: bool = False


class Phase(Enum):
    """Where a run stands, as derived from its journal and from whether its process lives."""

    PLANNED = "planned"
    RUNNING = "running"
    WAITING = "waiting"
    PAUSED = "paused"
    INTERRUPTED = "interrupted"
    ROLLING_BACK = "rolling back"
    ROLLBACK_BLOCKED = "rollback blocked"
    REFUSED = "refused"
    CANCELLED = "cancelled"
    STOPPED = "stopped"
    ROLLED_BACK = "rolled back"
    SUCCEEDED = "succeeded"
    FAILED = "failed"
    UNCERTAIN = "uncertain"
    DAMAGED = "damaged"

    @property
    def is_over(self) -> bool:
        return self in _OVER

    @property
    def is_alive(self) -> bool:
        """Its process works, or waits for an answer."""
        return self in (Phase.RUNNING, Phase.WAITING, Phase.ROLLING_BACK)

    @property
    def can_go_on(self) -> bool:
        """A person may go on with it."""
        return self in (Phase.PAUSED, Phase.INTERRUPTED, Phase.ROLLBACK_BLOCKED)


_OVER = (
    Phase.REFUSED,
    Phase.CANCELLED,
    Phase.STOPPED,
    Phase.ROLLED_BACK,
    Phase.SUCCEEDED,
    Phase.FAILED,
    Phase.UNCERTAIN,
)


class StepStand(Enum):
    """Where one step stands."""

    PENDING = "pending"
    WAITING = "waiting"
    STARTED = "started"
    CARRIED_OUT = "carried out"
    NOT_DONE = "not done"
    DONE = "done"
    SKIPPED = "skipped"
    FAILED = "failed"
    UNKNOWN = "unknown"
    UNDOING = "undoing"
    UNDONE = "undone"
    UNDO_UNKNOWN = "undo unknown"


@dataclass(frozen=True, slots=True, kw_only=True)
class StepState:
    """One step of a run as it stands; `said` is the newest sentence about it."""

    id: str
    stand: StepStand
    said: Phrase = SILENCE


@dataclass(frozen=True, slots=True, kw_only=True)
class RunState:
    """A run as it stands. `step` is where it is; `changed` tells whether anything may have been changed so far.

    `answered` are the items of the step in hand that people have answered; `holds` what is kept from the clinic now;
    `call` the role that must decide; `controller` who may give it commands; `awaits` is `approval` while a second person is
    waited for.
    """

    run: str
    phase: Phase
    playbook: str = ""
    step: str = ""
    steps: tuple[StepState, ...] = ()
    started_at: datetime = EPOCH
    ended_at: datetime = EPOCH
    begun_at: datetime = EPOCH
    who: str = ""
    reason: str = ""
    plan_hash: str = ""
    pid: int = 0
    said: Phrase = SILENCE
    changed: bool = False
    answered: tuple[str, ...] = ()
    holds: tuple[str, ...] = ()
    call: str = ""
    controller: str = ""
    stopping: bool = False
    awaits: str = ""


__all__ = [
    "ACQUIRE",
    "NO_FACTS",
    "PROGRAM",
    "RELEASE",
    "Act",
    "Approval",
    "Choice",
    "Effect",
    "End",
    "Entry",
    "Expect",
    "Fact",
    "Facts",
    "Guard",
    "Hold",
    "Input",
    "Item",
    "Limits",
    "Mark",
    "Move",
    "OnFail",
    "OnUnknown",
    "Outcome",
    "Override",
    "Phase",
    "Playbook",
    "RunState",
    "Step",
    "StepKind",
    "StepStand",
    "StepState",
    "Text",
    "Then",
    "Window",
]
