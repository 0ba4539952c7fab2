"""What the engine is given to act with: protocols only, so that the runner never imports an action."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Protocol, cast

from medflow_tui.model.canonical import Facts
from medflow_tui.model.health import EPOCH
from medflow_tui.model.procedure import NO_FACTS, Outcome, Step
from medflow_tui.model.words import SILENCE, Phrase


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """What a performer saw: one of three answers, the sentence for people, and plain facts for the journal."""

    outcome: Outcome
    said: Phrase = SILENCE
    facts: Facts = field(default_factory=lambda: NO_FACTS)


@dataclass(frozen=True, slots=True, kw_only=True)
class Task:
    """One step being worked on: doing it, undoing it, or cleaning up after it; arguments have their values.

    `past` holds, by step id, the facts that the journal has of it (this step's own intent among them), so that
    a runner that was started after a crash knows what the one before it knew. `tell` writes progress, which also
    says that it does not stand still. `halted` says why to end early, as soon as that is safe (empty: go on).
    """

    step: Step
    past: Mapping[str, Facts]
    tell: Callable[[Phrase, Facts], None]
    halted: Callable[[], str] = lambda: ""

    def own(self) -> Facts:
        """What was journalled of this step so far."""
        return self.past.get(self.step.id, NO_FACTS)


class Performer(Protocol):
    """Carries one named action out. Never raises for what the outside world does: that is a finding.

    `calls` are the exact calls that change something (shown in the plan; empty for a step that only reads). An undo, a
    cleanup, and taking or giving back a hold are performers like any other; a hold's probe is asked by `verify` alone,
    also while another performer works (pass: it is held), so it shares nothing with it.
    """

    calls: tuple[str, ...]

    def prepare(self, task: Task) -> Finding:
        """Read what the journal must know before the change; anything but a pass means that it is not carried out."""

    def carry_out(self, task: Task) -> Finding:
        """Do it. The outcome is what the service answered, which proves nothing yet."""

    def verify(self, task: Task) -> Finding:
        """Read back whether the step has had its effect."""

    def reconcile(self, task: Task) -> Finding:
        """After an interruption: pass, it was done; fail, it was certainly not done; unknown."""


class Several(Protocol):
    """Performers of one name for several things: which one is meant stands in a step's arguments."""

    def of(self, args: Facts) -> Performer:
        """The performer for these arguments. Never raises."""


def chosen(performer: Performer, args: Facts) -> Performer:
    """The performer that a step with these arguments means."""
    several = cast(Several, performer)
    return several.of(args) if hasattr(performer, "of") else performer


@dataclass(frozen=True, slots=True, kw_only=True)
class Survey:
    """What was measured of the target before anything happens: `facts` for guards, texts and the plan.

    `targets` name what is acted on (address by role); `identity` tells this very server from another with the same
    address; `operator` and `role` are empty when nobody has logged in.
    """

    facts: Facts = field(default_factory=lambda: NO_FACTS)
    targets: Mapping[str, str] = field(default_factory=dict)
    identity: str = ""
    operator: str = ""
    role: str = ""
    notes: tuple[Phrase, ...] = ()


class Crew(Protocol):
    """All that one playbook needs of the outside world, built by the wiring for one site and one operator."""

    def survey(self) -> Survey:
        """Measure now, with reads only."""

    def performer(self, action: str) -> Performer | None:
        """The performer of a named action, or None when there is none of that name."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Login:
    """What the operator typed when raising to act, and when. Lives in memory and in one pipe, nowhere else."""

    username: str
    password: str = field(repr=False)
    at: datetime = EPOCH
