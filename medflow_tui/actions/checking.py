"""What playbooks share that look as the dashboard does: one look judged by its rules, and handing over what was found."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from types import MappingProxyType

from medflow_tui.actions.handing_over import Named, Paper, Sighting, write
from medflow_tui.actions.looking import Looking, broken_off, unreadable
from medflow_tui.clients.network import UnreachableError
from medflow_tui.clients.tools import Tools
from medflow_tui.model.canonical import Fact, Facts
from medflow_tui.model.errors import MedflowError, RefusedError, SecretError
from medflow_tui.model.health import Health, Probe, Reading
from medflow_tui.model.performer import Finding, Performer, Survey, Task
from medflow_tui.model.procedure import NO_FACTS, Outcome
from medflow_tui.model.site import Site
from medflow_tui.model.target import Target
from medflow_tui.model.words import Phrase, say
from medflow_tui.rules.judging import Context, judge

TOLD = "told"
MARGIN_S = 5.0
SHOWN = 3


def _settled(readings: Sequence[Reading]) -> bool:
    return True


def _nothing_more(target: Target, tools: Tools) -> tuple[Named, ...]:
    return ()


def _nobody(target: Target, tools: Tools) -> str:
    return ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Subject:
    """What one room looks at: targets of these kinds, in this order.

    `numbers` makes plain facts of what was seen; `message` is what to say to whoever takes over. `named` reads ids for
    the hand-over, `identity` tells this server from another; both may raise UnreachableError and SecretError.
    A target is looked at `looks` times, and then until its readings are `settled`.
    """

    kinds: tuple[str, ...]
    numbers: Callable[[Sequence[Sighting]], Facts]
    message: Callable[[Facts], Phrase]
    named: Callable[[Target, Tools], tuple[Named, ...]] = _nothing_more
    identity: Callable[[Target, Tools], str] = _nobody
    settled: Callable[[Sequence[Reading]], bool] = _settled
    looks: int = 1


@dataclass(slots=True)
class Eyes:
    """The probes of the targets, each built once, so that they remember from look to look."""

    subject: Subject
    site: Site
    tools: Tools
    targets: tuple[Target, ...]
    pause: Callable[[float], None] = time.sleep
    _probes: dict[str, Probe] = field(default_factory=dict)

    def look(
        self, *, looks: int, ends: float, halted: Callable[[], str] = lambda: ""
    ) -> tuple[Sighting, ...]:
        """Everything once more, until it is settled, the time is over, or somebody asked to stop."""
        seen: list[tuple[Target, tuple[Reading, ...]]] = []
        for target in self.targets:
            if halted():
                break
            probe, count = self._probe(target), 0
            while True:
                readings = probe.read(target.deadline_s)
                count += 1
                is_late = time.monotonic() + target.deadline_s > ends
                if is_late or halted() or (count >= looks and self.subject.settled(readings)):
                    break
                self.pause(0.2)
            seen.append((target, readings))
        told = {reading.target: reading for _, readings in seen for reading in readings}
        context = Context(now=self.tools.now(), readings=MappingProxyType(told))
        return tuple(
            Sighting(target=target, reading=reading, judgement=judge(reading, target, context))
            for target, readings in seen
            for reading in readings
        )

    def _probe(self, target: Target) -> Probe:
        if target.name not in self._probes:
            assert self.tools.probe_of is not None
            self._probes[target.name] = self.tools.probe_of(target)
        return self._probes[target.name]

    def facts(self, seen: Sequence[Sighting]) -> dict[str, Fact]:
        """Numbers of what was seen, and how much of it is not in order or not known."""
        counted = [each.judgement.health for each in seen]
        return {
            **self.subject.numbers(seen),
            "looked_at": len(counted),
            "troubles": sum(each.is_trouble and each is not Health.UNKNOWN for each in counted),
            "untold": counted.count(Health.UNKNOWN),
        }


class Look(Looking):
    """Looks, writes down numbers and ids, and lays the hand-over into the folder of the run."""

    def __init__(self, eyes: Eyes) -> None:
        self._eyes = eyes

    def verify(self, task: Task) -> Finding:
        eyes, subject = self._eyes, self._eyes.subject
        ends = time.monotonic() + max(task.step.timeout_s - MARGIN_S, 0.0)
        seen = eyes.look(looks=subject.looks, ends=ends, halted=task.halted)
        facts = eyes.facts(seen)
        if task.halted():
            return broken_off(facts)
        if all(each.judgement.health is Health.UNKNOWN and each.reading.failure is not None for each in seen):
            return Finding(outcome=Outcome.UNKNOWN, said=_worst(seen), facts=facts)
        try:
            named = [one for each in eyes.targets for one in subject.named(each, eyes.tools)]
        except (UnreachableError, SecretError) as error:
            return unreadable(error)
        facts |= {each.fact: each.ids for each in named if each.fact and each.ids}
        run = str(task.step.args.get("run", ""))
        try:
            paper = Paper(
                site=eyes.site,
                run=run,
                at=eyes.tools.now(),
                message=subject.message(facts),
                seen=seen,
                named=named,
            )
            write(eyes.tools, paper)
        except (OSError, MedflowError):
            said = say("the hand-over cannot be written into the folder of the run")
            return Finding(outcome=Outcome.UNKNOWN, said=said, facts=facts)
        return Finding(outcome=Outcome.PASS, said=_worst(seen), facts=facts)


class Close(Looking):
    """Passes when somebody took over, or when another look finds nothing: an answer alone proves nothing."""

    def __init__(self, eyes: Eyes) -> None:
        self._eyes = eyes

    def verify(self, task: Task) -> Finding:
        before = task.past.get("look", NO_FACTS)
        found = sum(value for each in ("troubles", "untold") if isinstance(value := before.get(each), int))
        if task.past.get("tell", NO_FACTS).get("choice") == TOLD:
            return Finding(outcome=Outcome.PASS, said=say("handed over: {n:number} findings", n=found))
        ends = time.monotonic() + max(task.step.timeout_s - MARGIN_S, 0.0)
        seen = self._eyes.look(looks=self._eyes.subject.looks, ends=ends, halted=task.halted)
        facts = self._eyes.facts(seen)
        if task.halted():
            return broken_off(facts)
        if facts["troubles"]:
            return Finding(
                outcome=Outcome.FAIL,
                said=say("not handed over, and still there").also(_worst(seen)),
                facts=facts,
            )
        if facts["untold"]:
            return Finding(
                outcome=Outcome.UNKNOWN,
                said=say("not handed over, and not known").also(_worst(seen)),
                facts=facts,
            )
        return Finding(outcome=Outcome.PASS, said=say("all in order"), facts=facts)


def _worst(seen: Sequence[Sighting]) -> Phrase:
    """What is not in order, the worst first; the rest is only counted."""
    order = (Health.CRITICAL, Health.WARNING, Health.UNKNOWN)
    bad = sorted(
        (each for each in seen if each.judgement.health in order),
        key=lambda each: order.index(each.judgement.health),
    )
    if not bad:
        return say("all in order")
    first = [
        say("{name}", name=each.titled(each.target.title)).also(each.judgement.evidence)
        for each in bad[:SHOWN]
    ]
    more = [say("and {n:number} more", n=len(bad) - SHOWN)] if len(bad) > SHOWN else []
    return first[0].also(*first[1:], *more)


class CheckCrew:
    """What a playbook needs that looks and hands over."""

    def __init__(self, eyes: Eyes, actions: tuple[str, str]) -> None:
        self._eyes = eyes
        performers: tuple[Performer, Performer] = (Look(eyes), Close(eyes))
        self._performers = dict(zip(actions, performers, strict=True))

    def __enter__(self) -> CheckCrew:
        return self

    def __exit__(self, *_: object) -> None:
        """Nothing stays open between two looks."""

    def survey(self) -> Survey:
        eyes = self._eyes
        targets = {
            each.name: str(getattr(each, "address", "") or getattr(each, "folder", "") or each.kind)
            for each in eyes.targets
        }
        return Survey(
            facts=eyes.facts(eyes.look(looks=1, ends=0.0)), targets=targets, identity=self._identity()
        )

    def performer(self, action: str) -> Performer | None:
        return self._performers.get(action)

    def _identity(self) -> str:
        found = []
        for target in self._eyes.targets:
            try:
                found.append(self._eyes.subject.identity(target, self._eyes.tools))
            except (UnreachableError, SecretError):
                return ""
        return " + ".join(found) if all(found) else ""


def check_crew(subject: Subject, site: Site, tools: Tools, actions: tuple[str, str]) -> CheckCrew:
    """The crew of one subject. Raises RefusedError when the site names nothing of it."""
    targets = tuple(
        each for kind in subject.kinds for each in site.targets if each.kind == kind and each.enabled
    )
    if tools.probe_of is None or not any(each.kind == subject.kinds[-1] for each in targets):
        raise RefusedError(say("this site names nothing to look at here"))
    return CheckCrew(Eyes(subject=subject, site=site, tools=tools, targets=targets), actions)
