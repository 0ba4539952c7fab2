"""What a run writes down of a service, and reads again after an interruption: plain facts, both ways."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

from medflow_tui.model.canonical import Fact, Facts
from medflow_tui.model.performer import Task
from medflow_tui.model.procedure import Outcome
from medflow_tui.model.service import Life, Told
from medflow_tui.rules.services import is_same

ANSWER, EXIT, APPLIES, ASKED = "told.answer", "told.exit", "told.applies", "asked_ms"
TO_END, ENDS_SINCE = "to_end_ms", "ends_since_ms"


def life_facts(life: Life, name: str) -> dict[str, Fact]:
    """
    >>> life_facts(Life(pid=7), "before")["before.pid"]
    7
    """
    return {
        f"{name}.pid": life.pid,
        f"{name}.started": life.started,
        f"{name}.boot": life.boot,
        f"{name}.started_ms": life.started_ms,
    }


def life_in(facts: Facts, name: str) -> Life:
    """
    >>> life_in(life_facts(Life(pid=7, started="ticks-1"), "before"), "before")
    Life(pid=7, started='ticks-1', boot='', started_ms=0)
    """
    return Life(
        pid=number(facts.get(f"{name}.pid")),
        started=str(facts.get(f"{name}.started", "")),
        boot=str(facts.get(f"{name}.boot", "")),
        started_ms=number(facts.get(f"{name}.started_ms")),
    )


def told_facts(told: Told) -> dict[str, Fact]:
    """What came of an order; `told.answer` is what verify puts beside what it measures itself."""
    return {
        ANSWER: told.answer.value,
        EXIT: told.exit_code,
        APPLIES: told.applies,
        "told.measured": told.measured.value,
        "state": told.state,
        **life_facts(told.after, "after"),
    }


def answer_in(facts: Facts) -> Outcome:
    """What the manager answered; after an interruption nobody heard it, and what is measured stands alone.

    An empty word stands where it was not told at all.
    """
    word = facts.get(ANSWER)
    return Outcome(word) if isinstance(word, str) and word else Outcome.PASS


def memory_facts(service: str, memory: Facts) -> dict[str, Fact]:
    return {f"held.{service}.{name}": value for name, value in memory.items()}


def memory_in(task: Task, service: str) -> dict[str, Fact]:
    """What was written down when the service was held, by whichever step; the oldest word stands.

    A hold that is taken a second time, after an interruption, finds the service half held already.
    """
    prefix = f"held.{service}."
    found: dict[str, Fact] = {}
    for facts in task.past.values():
        for name, value in facts.items():
            before, _, rest = name.partition(prefix)
            if rest and (
                not before or before.endswith(".")
            ):  # the engine puts the name of a hold before its facts
                found.setdefault(rest, value)
    return found


def asked_to_end(task: Task, life: Life) -> int:
    """When this very process was last asked to end, by whichever step (milliseconds); 0 when it was not, or there is none.

    >>> from medflow_tui.model.playbook import Text
    >>> from medflow_tui.model.procedure import Effect, Step
    >>> step = Step(id="s", title=Text(), action="a", effect=Effect.DISRUPTIVE, timeout_s=1)
    >>> past = {"stop": {"app.to_end_ms": 5, **life_facts(Life(pid=7, started="ticks-1"), "app.before")}}
    >>> task = Task(step=step, past=past, tell=lambda said, facts: None)
    >>> asked_to_end(task, Life(pid=7, started="ticks-1")), asked_to_end(task, Life(pid=7, started="ticks-2"))
    (5, 0)
    """
    found = [0]
    for facts in task.past.values() if life else ():
        for name, value in facts.items():
            before, _, rest = name.rpartition(TO_END)
            if not rest and name.endswith(TO_END) and is_same(life_in(facts, f"{before}before"), life):
                found.append(number(value))
    return max(found)


def number(value: object) -> int:
    return value if isinstance(value, int) and not isinstance(value, bool) else 0


def in_ms(moment: datetime) -> int:
    return int(moment.timestamp() * 1000)


def service_of(task: Task, names: Mapping[str, object], otherwise: str) -> str:
    """The service that a step's arguments name."""
    wanted = task.step.args.get("service", otherwise)
    return wanted if isinstance(wanted, str) and wanted in names else otherwise
