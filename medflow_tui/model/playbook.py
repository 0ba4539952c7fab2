"""Procedures as their authors wrote them: steps, guards, holds, and who may run what, when and how often."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from enum import Enum
from types import MappingProxyType

from medflow_tui.model.canonical import Fact, Facts
from medflow_tui.model.words import Phrase, Value

NO_FACTS: Facts = MappingProxyType({})
REASON_MIN, ARM_AFTER_MS = (
    10,
    1500,
)  # letters of a reason; how long late keys are waited for before a person may answer
PREPARED_AFTER_MS = (
    600  # the same where the answer alone does nothing: longer than a held key takes to repeat
)
ACQUIRE, RELEASE, PROGRAM = "hold.acquire", "hold.release", "program.run"
"""Actions of the engine itself: take and give back holds, and run a program by its argv list."""


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

    @property
    def is_once(self) -> bool:
        """Never begun again unless the world itself said that it was not done."""
        return self in (Effect.DATA, Effect.SWITCH)


class OnFail(Enum):
    """What follows when the world says that a step did not work."""

    ABORT = "abort"
    ASK = "ask"
    CONTINUE = "continue"
    UNDO = "undo"


class OnUnknown(Enum):
    """What follows when nobody can tell whether a step worked."""

    STOP = "stop"
    ASK = "ask"
    RERUN = "rerun"
    CLEAN = "cleanup_then_rerun"


class StepKind(Enum):
    """Whether a step is done by the machine, or by people who answer."""

    ACTION = "action"
    CHECKLIST = "checklist"
    DECISION = "decision"


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
    what not knowing means. `need` are the rule's own limits. `before` is the only step before which it is asked
    again (empty: before every one).
    """

    id: str
    kind: str
    why: Text
    fix: Text
    blocks: bool = True
    on_unknown_blocks: bool = True
    need: Facts = field(default_factory=lambda: NO_FACTS)
    before: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Hold:
    """A condition kept true during a part of a run: `acquire`, `release` and `probe` are actions, `args` for all three.

    With `survives_reboot` it must be found held when a run is gone on with after a restart of the machine.
    """

    id: str
    title: Text
    acquire: str
    release: str
    probe: str
    why: Text
    fix: Text
    args: Facts = field(default_factory=lambda: NO_FACTS)
    survives_reboot: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Expect:
    """What a program or a call must answer, over what it returns as exit code. Patterns are searched line by line.

    `numbers` are facts of the step that must equal a whole number, or a fact of an earlier step (`step.fact`) or of
    the plan (`plan.fact`).
    """

    exit: tuple[int, ...] = (0,)
    stdout_require: tuple[str, ...] = ()
    stdout_forbid: tuple[str, ...] = ()
    stderr_forbid: tuple[str, ...] = ()
    numbers: Mapping[str, int | str] = field(default_factory=lambda: MappingProxyType({}))


@dataclass(frozen=True, slots=True, kw_only=True)
class Item:
    """One line of a checklist: what to say aloud; `answer` is what must be typed, with `{placeholders}` filled in."""

    id: str
    say: Text
    answer: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Choice:
    """One way that a decision may go; with `stops` it ends the run as if somebody had asked to stop."""

    id: str
    say: Text
    stops: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """One guarded step. `action` is the name of a built-in action; `args` are plain values for it. Times in seconds.

    `say` is what happens, `why` what for, `if_it_fails` what that means, `stop_text` what stopping now would do.
    `run` is the argv list of a program (then `action` is PROGRAM). `undo` is an action with arguments of its own,
    `undo_valid_s` how long it may be used after the step (0: always). With `on_fail` UNDO everything back to the step
    `undo_to` is undone (empty: everything). `verify` are actions that read back beside the step's own,
    `reconcile` one that tells in its place whether an interrupted step was done. 0 seconds of `stall_s` and `warn_s`
    are no such clock. `optional` steps may be left out by a person without a doubt about the result.
    """

    id: str
    title: Text
    action: str
    effect: Effect
    kind: StepKind = StepKind.ACTION
    say: Text = Text()
    why: Text = Text()
    if_it_fails: Text = Text()
    undo_text: Text = Text()
    stop_text: Text = Text()
    args: Facts = field(default_factory=lambda: NO_FACTS)
    run: tuple[str, ...] = ()
    expect: Expect | None = None
    verify: tuple[str, ...] = ()
    reconcile: str = ""
    requires: tuple[str, ...] = ()
    undo: str = ""
    undo_args: Facts = field(default_factory=lambda: NO_FACTS)
    undo_valid_s: int = 0
    point_of_change: bool = False
    cleanup: str = ""
    on_fail: OnFail = OnFail.ABORT
    undo_to: str = ""
    on_unknown: OnUnknown = OnUnknown.STOP
    timeout_s: int = 60
    stall_s: int = 0
    warn_s: int = 0
    max_starts: int = 2
    items: tuple[Item, ...] = ()
    choices: tuple[Choice, ...] = ()
    needs_people: int = 1
    roles: tuple[str, ...] = ()
    optional: bool = False

    @property
    def holds(self) -> tuple[str, ...]:
        """The holds that this step takes or gives back."""
        found = self.args.get("holds", ())
        return found if isinstance(found, tuple) and self.action in (ACQUIRE, RELEASE) else ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Input:
    """What the person chooses before the plan is made. `options_from` is an action whose facts name the choices."""

    id: str
    kind: str
    label: Text
    options: tuple[str, ...] = ()
    options_from: str = ""
    pattern: str = ""
    optional: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Window:
    """When not to start: names of spans (`clinic_hours`), and what to tell people then.

    With `unless_down` it may start in them while that service does not answer. With nothing denied `any_time` says why.
    """

    deny: tuple[str, ...] = ()
    message: Text = Text()
    unless_down: str = ""
    any_time: Text = Text()


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """How often: at most `max_runs` in `per_s` seconds, `cool_down_s` between two; `escalate_to` is the role to call."""

    max_runs: int = 0
    per_s: int = 0
    cool_down_s: int = 0
    escalate_to: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Approval:
    """How many people besides the requester must agree, in which role, for how long; `remote_code` allows the voice.

    With `incident` an open incident with a commander stands for them, in class R3.
    """

    count: int = 0
    roles: tuple[str, ...] = ()
    distinct_from_requester: bool = True
    bind_to: str = "plan_hash"
    expires_s: int = 1800
    remote_code: bool = False
    incident: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class Override:
    """Whether, by whom and with how long a reason the `guards` named may be passed over (empty: all that may), who is told."""

    allowed: bool = False
    roles: tuple[str, ...] = ()
    reason_min_chars: int = 40
    notify: tuple[str, ...] = ()
    guards: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Playbook:
    """A procedure as its author wrote it. `risk` is R0 to R4; `sha256` is that of the file it was read from.

    `fits` are the kinds of target whose trouble it mends; `phrase` is what must be typed. `reauth_s` is how fresh the
    log-in must be (0: as long as it lasts).
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
    holds: tuple[Hold, ...] = ()
    inputs: tuple[Input, ...] = ()
    window: Window = Window()
    limits: Limits = Limits()
    approval: Approval = Approval()
    override: Override = Override()
    reauth_s: int = 0
    fits: tuple[str, ...] = ()
    symptoms: tuple[Text, ...] = ()
    blast: Text = Text()
    way_back: Text = Text()
    no_undo_reason: Text = Text()
    reason_min_chars: int = REASON_MIN
    arm_after_ms: int = ARM_AFTER_MS
    plan_expires_s: int = 1800
    source: str = ""
    sha256: str = ""

    def step(self, step_id: str) -> Step | None:
        return next((each for each in self.steps if each.id == step_id), None)

    def hold(self, hold_id: str) -> Hold | None:
        return next((each for each in self.holds if each.id == hold_id), None)

    def actions(self) -> Iterator[str]:
        """Every action that it names, with repeats."""
        for hold in self.holds:
            yield from (hold.acquire, hold.release, hold.probe)
        yield from (each.options_from for each in self.inputs if each.options_from)
        for step in self.steps:
            named = (step.action, step.undo, step.cleanup, step.reconcile, *step.verify)
            yield from (each for each in named if each)


__all__ = [
    "ACQUIRE",
    "NO_FACTS",
    "PROGRAM",
    "RELEASE",
    "Approval",
    "Choice",
    "Effect",
    "Expect",
    "Fact",
    "Facts",
    "Guard",
    "Hold",
    "Input",
    "Item",
    "Limits",
    "OnFail",
    "OnUnknown",
    "Override",
    "Playbook",
    "Step",
    "StepKind",
    "Text",
    "Window",
]
