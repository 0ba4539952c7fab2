"""What steps have in common that only look, and what it means when nothing can be read."""

from __future__ import annotations

from medflow_tui.clients.network import UnreachableError
from medflow_tui.model.canonical import Facts
from medflow_tui.model.errors import SecretError
from medflow_tui.model.performer import Finding, Task
from medflow_tui.model.procedure import NO_FACTS, Outcome
from medflow_tui.model.words import Phrase, say


class Looking:
    """A step that only looks: it is carried out by verifying, and may be repeated."""

    calls: tuple[str, ...] = ()

    def prepare(self, task: Task) -> Finding:
        return Finding(outcome=Outcome.PASS)

    def carry_out(self, task: Task) -> Finding:
        return Finding(outcome=Outcome.PASS)

    def reconcile(self, task: Task) -> Finding:
        return Finding(outcome=Outcome.FAIL)


def failed(said: Phrase) -> Finding:
    """It was done wrong, or must not be done; that is known."""
    return Finding(outcome=Outcome.FAIL, said=said)


def broken_off(facts: Facts = NO_FACTS) -> Finding:
    """Somebody asked to stop now: what was not looked at yet is not known."""
    return Finding(outcome=Outcome.UNKNOWN, said=say("broken off: somebody asked to stop"), facts=facts)


def unreadable(error: UnreachableError | SecretError) -> Finding:
    """What cannot be read is not known."""
    said = error.failure.text if isinstance(error, UnreachableError) else error.phrase
    return Finding(outcome=Outcome.UNKNOWN, said=say("cannot be read").also(said))
