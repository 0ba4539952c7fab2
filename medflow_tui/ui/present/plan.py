"""The plan of a playbook as one page: steps and calls, what does not hold, what it touches, the way back, the guards."""

from __future__ import annotations

from collections import Counter

from medflow_tui.model.health import Health
from medflow_tui.model.plan import GuardResult, Plan, PlannedStep
from medflow_tui.model.procedure import Outcome, Text
from medflow_tui.model.site import Site
from medflow_tui.model.words import Phrase, say
from medflow_tui.runner.report import values_of
from medflow_tui.ui.present.columns import beside, labelled, paired
from medflow_tui.ui.present.header import headline
from medflow_tui.ui.present.line import Line, Span, width, wrap
from medflow_tui.ui.present.rows import Look

LEFT, LABEL = 0.59, 29


def plan_title(plan: Plan, site: Site, look: Look, cells: int) -> Line:
    """Playbook, site, environment in words and colour; the plan's short hash at the right end."""
    title = look.language.say(plan.title.phrase(look.language.code))
    return headline(title, site, look.language.say(say("plan {hash}", hash=plan.short)), look, cells)


def plan_lines(plan: Plan, look: Look, cells: int, runs_key: str = "") -> list[Line]:
    """Everything that a person must know before confirming; nothing here is looked up or measured again.

    `runs_key` finds the run again.
    """
    page = _Page(plan, look, cells, runs_key)
    holding = [each for each in plan.guards if each.outcome is Outcome.PASS]
    unasked = [each for each in plan.guards if each.outcome is Outcome.UNKNOWN and not plan.operator]
    doubtful = [each for each in plan.guards if each not in holding and each not in unasked]
    lines = [line for number, step in enumerate(plan.steps, 1) for line in page.step(number, step)]
    lines.append(())
    warned = [line for each in doubtful for line in page.doubtful(each)]
    warned += [line for each in plan.notes for line in page.noted(each)]
    lines += [*warned, ()] if warned else []
    lines += [*page.reach(), ()]
    return lines + page.brief(unasked) + page.brief(holding)


class _Page:
    """One plan in one language at one width."""

    def __init__(self, plan: Plan, look: Look, cells: int, runs_key: str) -> None:
        self._runs_key = runs_key
        self._plan, self._look, self._cells = plan, look, cells
        self._column = int(cells * LEFT)

    def step(self, number: int, step: PlannedStep) -> list[Line]:
        """Title and kind side by side; below, the exact calls, and what must be known of a change."""
        lines = beside(
            Span(f"  {number}  ", "strong"),
            self._text(step.title),
            self._kind(step),
            self._column,
            self._cells,
            left_style="strong" if step.changes else "",
        )
        for call in step.calls:
            lines += [(Span(f"       {each}"),) for each in wrap(call, self._cells - 8)]
        if step.changes and step.say:
            lines += [
                (Span(f"       {each}", "quiet"),) for each in wrap(self._text(step.say), self._cells - 8)
            ]
        return lines

    def doubtful(self, guard: GuardResult) -> list[Line]:
        """A guard that does not hold: what was seen beside what to do; when it stops the run, also why it is there."""
        glyphs = self._look.glyphs
        said = self._tell(guard.said)
        if guard.outcome is Outcome.UNKNOWN:
            sign = Span("  ? ", "unknown")
        elif guard.stops:
            sign = Span(f"  {glyphs.cross} ", "critical")
        else:
            sign = Span(f"  {glyphs.health[Health.WARNING]} ", "warning")
        advice = self._text(guard.fix)
        if guard.stops:
            advice = f"{self._text(guard.why)} {advice}".rstrip()
        return beside(sign, said, advice, self._cells // 2, self._cells, right_style="quiet")

    def noted(self, note: Phrase) -> list[Line]:
        return beside(
            Span(f"  {self._look.glyphs.health[Health.WARNING]} ", "warning"),
            self._tell(note),
            "",
            self._cells,
            self._cells,
        )

    def reach(self) -> list[Line]:
        """What is touched, on which servers, as whom, what a lost line does, the way back."""
        plan, age = self._plan, max(0, round((self._look.now - self._plan.measured_at).total_seconds()))
        systems = Counter(plan.targets.values()).items()
        targets = " · ".join(f"{each} ×{n}" if n > 1 else each for each, n in systems)
        if plan.operator:
            person = say("as {operator}, role {role}", operator=plan.operator, role=plan.role or "?")
            targets = f"{targets} · {self._tell(person)}"
        rows = (
            (say("Touches, measured {age:duration} ago", age=age), self._text(plan.blast)),
            (say("Acts on"), targets),
            (say("If the line drops"), self._tell(self._found_again())),
            (say("Way back"), self._text(plan.way_back)),
        )
        return [
            line for label, text in rows for line in labelled(self._tell(label), text, LABEL, self._cells)
        ]

    def _found_again(self) -> Phrase:
        if not self._runs_key:
            return say("the run goes on; “playbook runs” finds it")
        return say("the run goes on; {key} or “playbook runs” finds it", key=self._runs_key)

    def brief(self, guards: list[GuardResult]) -> list[Line]:
        """Guards that hold, or that only a log-in can answer: two on a line, the long ones last."""
        sign = {Outcome.PASS: Span(self._look.glyphs.tick), Outcome.UNKNOWN: Span("?", "unknown")}
        items = [(sign[each.outcome], self._tell(each.said)) for each in guards]
        return paired(sorted(items, key=lambda item: width(item[1]) > self._cells // 2 - 5), self._cells)

    def _kind(self, step: PlannedStep) -> str:
        if not step.changes:
            return self._tell(say("reads only · up to {limit:duration}", limit=step.timeout_s))
        undo = self._text(step.undo)
        return self._tell(say("changes")) + (f" · {undo}" if undo else "")

    def _text(self, text: Text) -> str:
        language = self._look.language
        return language.say(text.phrase(language.code, values_of(self._plan.facts)), self._look.now)

    def _tell(self, phrase: Phrase) -> str:
        return self._look.language.say(phrase, self._look.now)
