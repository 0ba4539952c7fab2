"""Playbooks, plans and runs as lines of text for the command line; the screens have their own."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from medflow_tui.model.canonical import Facts
from medflow_tui.model.plan import GuardResult, Plan
from medflow_tui.model.procedure import Outcome, Phase, Playbook, RunState, Step, StepStand, StepState, Text
from medflow_tui.model.words import Phrase, Value, say
from medflow_tui.playbooks.schema import PLACEHOLDERS
from medflow_tui.rules.cleaning import clean
from medflow_tui.rules.spoken import Spoken, shown
from medflow_tui.runner.dry_run import Rehearsal
from medflow_tui.runner.preview import Agreed

PLAIN = str.maketrans("✔✖▲", "+x!")  # where a question mark for each would mean that nobody knows
SIGN = {Outcome.PASS: "✔", Outcome.FAIL: "✖", Outcome.UNKNOWN: "?"}
STAND_SIGN = {
    StepStand.PENDING: "·",
    StepStand.STARTED: "…",
    StepStand.CARRIED_OUT: "…",
    StepStand.NOT_DONE: "·",
    StepStand.DONE: "✔",
    StepStand.FAILED: "✖",
    StepStand.UNKNOWN: "?",
    StepStand.WAITING: "…",
    StepStand.SKIPPED: "-",
    StepStand.UNDOING: "…",
    StepStand.UNDONE: "<",
    StepStand.UNDO_UNKNOWN: "?",
}
STANDS: Mapping[StepStand, Phrase] = {
    StepStand.PENDING: say("not begun"),
    StepStand.STARTED: say("begun"),
    StepStand.CARRIED_OUT: say("carried out, not checked yet"),
    StepStand.NOT_DONE: say("not done"),
    StepStand.DONE: say("done"),
    StepStand.FAILED: say("failed"),
    StepStand.UNKNOWN: say("not known whether it worked"),
    StepStand.WAITING: say("waits for an answer"),
    StepStand.SKIPPED: say("left out"),
    StepStand.UNDOING: say("is taken back"),
    StepStand.UNDONE: say("taken back"),
    StepStand.UNDO_UNKNOWN: say("not known whether it was taken back"),
}
UNCLEAR = (
    StepStand.STARTED,
    StepStand.CARRIED_OUT,
    StepStand.UNKNOWN,
    StepStand.UNDOING,
    StepStand.UNDO_UNKNOWN,
)
PHASES: Mapping[Phase, Phrase] = {
    Phase.PLANNED: say("planned, not started"),
    Phase.RUNNING: say("running"),
    Phase.WAITING: say("waits for an answer"),
    Phase.PAUSED: say("waits for a person"),
    Phase.ROLLING_BACK: say("takes back what was done"),
    Phase.ROLLBACK_BLOCKED: say("could not take everything back"),
    Phase.CANCELLED: say("cancelled, nothing changed"),
    Phase.STOPPED: say("stopped as it stood"),
    Phase.ROLLED_BACK: say("taken back"),
    Phase.INTERRUPTED: say("interrupted"),
    Phase.REFUSED: say("refused, nothing done"),
    Phase.SUCCEEDED: say("done"),
    Phase.FAILED: say("failed"),
    Phase.UNCERTAIN: say("not known whether it worked"),
    Phase.DAMAGED: say("journal damaged: call the person in charge"),
}


class Speak(Protocol):
    """Puts a phrase into the operator's language, as the wiring's renderer does."""

    def __call__(self, phrase: Phrase, /) -> str: ...


def values_of(facts: Facts) -> dict[str, Value]:
    """The values for a playbook's texts; a name that nobody measured stands there without a value (None)."""
    found: dict[str, Value] = dict.fromkeys(PLACEHOLDERS)
    return {**found, **{name: value for name, value in facts.items() if not isinstance(value, tuple)}}


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """Makes lines in one language (`fr`) with the renderer of that language; `is_plain` where a terminal has no others."""

    speak: Speak
    language: str
    is_plain: bool = False

    def listed(self, playbooks: Sequence[Playbook]) -> tuple[str, ...]:
        """`playbook list`: one line each."""
        return tuple(f"{each.id}  {each.risk}  {self._text(each.title)}" for each in playbooks)

    def shown(self, playbook: Playbook) -> tuple[str, ...]:
        """`playbook show`: what it is for, its steps and its guards, without measuring anything."""
        lines = [
            f"{self._text(playbook.title)}   {playbook.id} {playbook.version}   {playbook.risk}",
            self._text(playbook.summary),
            *(f"  - {self._text(each)}" for each in playbook.symptoms),
            "",
        ]
        for number, step in enumerate(playbook.steps, 1):
            lines.append(f" {number}  {self._text(step.title)}   {self._kind(changes=step.effect.changes)}")
        lines.append("")
        lines += [f" {each.id}: {self._text(each.why)}" for each in playbook.guards]
        return tuple(lines)

    def planned(self, plan: Plan) -> tuple[str, ...]:
        """The plan, before a run or as `playbook run --dry-run` shows it."""
        head = say(
            "{site}, {environment:word}, measured {at:when}",
            site=plan.site_name,
            environment=plan.environment,
            at=plan.measured_at,
        )
        lines = [f"{self._text(plan.title)}   {plan.short}", self.speak(head)]
        lines += [f"  {role}  {address}" for role, address in plan.targets.items()]
        lines.append("")
        for number, step in enumerate(plan.steps, 1):
            title = self._text(step.title, plan.facts)
            undo = f" · {self._text(step.undo)}" if step.undo else ""
            lines.append(
                f" {number}  {title}   {self._kind(changes=step.changes, limit_s=step.timeout_s)}{undo}"
            )
            lines += [f"      {call}" for call in step.calls]
            if step.say:
                lines.append(f"      {self._text(step.say, plan.facts)}")
        lines += ["", self._text(plan.blast, plan.facts), self._text(plan.way_back), ""]
        lines += [line for each in plan.guards for line in self.guarded(each)]
        return (*lines, *(f"   {self.speak(each)}" for each in plan.notes))

    def head(self, playbook: Playbook) -> tuple[str, ...]:
        """What a playbook is and does."""
        return (
            f"{self._text(playbook.title)}   {playbook.id} {playbook.version}   {playbook.risk}",
            self._text(playbook.summary),
        )

    def summary(
        self, playbook: Playbook, record: Mapping[str, Any], plan: Agreed, *, asks: str
    ) -> tuple[str, ...]:
        """What a second person agrees to: where, what, how far it reaches, by which plan, and who asks."""
        facts = {name: tuple(each) if isinstance(each, list) else each for name, each in plan.facts.items()}
        where = say("{site}, {environment:word}", site=plan.site, environment=plan.environment)
        changing = [each for each in playbook.steps if each.effect.changes]
        return (
            *self.head(playbook),
            self.speak(where.also(say("measured {at:when}", at=plan.measured_at))),
            *(clean(f"  {role}  {address}") for role, address in dict(record.get("targets", {})).items()),
            "",
            self._text(playbook.blast, facts),
            *(f"  - {self._text(each.title, facts)}" for each in changing),
            *((self._text(playbook.way_back),) if playbook.way_back else ()),
            "",
            self.speak(
                say("plan {hash}, asked for by {who}", hash=f"{plan.hash[:4]}·{plan.hash[4:8]}", who=asks)
            ),
        )

    def read_out(self, playbook: Playbook, told: Spoken) -> tuple[str, ...]:
        """The same, as far as it was read out over the phone."""
        facts = {name: int(each) if each.isdecimal() else each for name, each in told.size.items()}
        return (
            self.speak(say("site {site}, challenge {code}", site=told.site, code=shown(told.challenge))),
            *self.head(playbook),
            self._text(playbook.blast, facts),
            "",
        )

    def guarded(self, guard: GuardResult) -> tuple[str, ...]:
        """One guard: its sign and what was seen; when it does not hold, also why it is there and what to do."""
        holds = guard.outcome is Outcome.PASS
        sign = SIGN[guard.outcome] if guard.stops or holds else "▲"
        first = f" {sign.translate(PLAIN) if self.is_plain else sign} {self.speak(guard.said)}"
        more = () if holds else (self._text(guard.why), self._text(guard.fix))
        return (first, *(f"     {each}" for each in more if each))

    def rehearsed(self, rehearsal: Rehearsal) -> tuple[str, ...]:
        """The plan, and at the end whether it would start."""
        return (*self.planned(rehearsal.plan), "", self.speak(rehearsal.said))

    def runs(self, states: Sequence[RunState]) -> tuple[str, ...]:
        """`playbook runs`: one line each."""
        return tuple(f"{each.run}  {each.who}  {self._phase(each)}" for each in states)

    def run(self, state: RunState, playbook: Playbook, facts: Facts) -> tuple[str, ...]:
        """One run: where it stands and each step; `facts` are those of its plan."""
        lines = [f"{state.run}  {self._phase(state)}"]
        for step, stand in zip(playbook.steps, state.steps, strict=True):
            said = f"   {self.speak(stand.said)}" if stand.said else ""
            lines.append(f" {STAND_SIGN[stand.stand]} {self._text(step.title, facts)}{said}")
        return tuple(lines)

    def news(
        self, before: RunState | None, state: RunState, playbook: Playbook | None, facts: Facts
    ) -> tuple[str, ...]:
        """What is new since the last look at a run: one line for each step that moved, one for the run itself."""
        earlier = {each.id: each for each in before.steps} if before is not None else {}
        stands = {each.id: each for each in state.steps}
        moved = [
            self.step(step, stands[step.id], facts)
            for step in (playbook.steps if playbook is not None else ())
            if step.id in stands
            and stands[step.id] != earlier.get(step.id, StepState(id=step.id, stand=StepStand.PENDING))
        ]
        return (
            *moved,
            *(() if before is not None and self.stand(before) == self.stand(state) else (self.stand(state),)),
        )

    def stand(self, state: RunState) -> str:
        """Where a run stands as a whole, in one line of words."""
        found = say("waits for a second person") if state.awaits else PHASES[state.phase]
        stopping = (say("stops after this step"),) if state.stopping and state.phase.is_alive else ()
        return self.speak(found.also(*(() if state.phase is Phase.RUNNING else (state.said,)), *stopping))

    def step(self, step: Step, stand: StepState, facts: Facts) -> str:
        """One step in one line of words: nothing is told by a sign alone."""
        what = self.speak(STANDS[stand.stand].also(stand.said))
        return self.speak(say("{name}: {what}", name=self._text(step.title, facts), what=what))

    def stood(self, state: RunState, playbook: Playbook, facts: Facts) -> tuple[str, ...]:
        """All steps in words, and those of which it is not clear whether they were done."""
        pairs = list(zip(playbook.steps, state.steps, strict=False))
        unclear = [self._text(step.title, facts) for step, stand in pairs if stand.stand in UNCLEAR]
        told = say("Not clear, and read back before anything else: {steps}", steps=" · ".join(unclear))
        lines = tuple(f"  {number}  {self.step(*pair, facts)}" for number, pair in enumerate(pairs, 1))
        return (*lines, self.speak(told)) if unclear else lines

    def _phase(self, state: RunState) -> str:
        return self.speak(PHASES[state.phase].also(state.said))

    def _kind(self, *, changes: bool, limit_s: int = 0) -> str:
        if changes:
            return self.speak(say("changes"))
        return self.speak(
            say("reads only, up to {limit:duration}", limit=limit_s) if limit_s else say("reads only")
        )

    def _text(self, text: Text, facts: Facts | None = None) -> str:
        return self.speak(text.phrase(self.language, values_of(facts or {})))
