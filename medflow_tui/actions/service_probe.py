"""Whether a service is still held."""

from __future__ import annotations

from medflow_tui.actions.service_watched import LOOK_S, Watched
from medflow_tui.clients.network import Deadline, UnreachableError
from medflow_tui.model.canonical import Fact
from medflow_tui.model.performer import Finding, Task
from medflow_tui.model.procedure import Outcome
from medflow_tui.model.words import say


class Probe:
    """Whether a service is still held: looked at before every step that needs it, and every few seconds during it."""

    calls: tuple[str, ...] = ()

    def __init__(self, watched: Watched) -> None:
        self._watched = watched

    def prepare(self, task: Task) -> Finding:
        return Finding(outcome=Outcome.PASS)

    def carry_out(self, task: Task) -> Finding:
        return self.verify(task)

    def verify(self, task: Task) -> Finding:
        """Pass when it does not run and nothing will start it; a manager that is away says nothing."""
        try:
            seen = self._watched.supervisor.look(Deadline.after(LOOK_S))
        except UnreachableError as error:
            return Finding(outcome=Outcome.UNKNOWN, said=error.failure.text)
        facts: dict[str, Fact] = {"state": seen.state, "held": seen.held is not False}
        if seen.pid or seen.state not in ("stopped", "failed"):
            said = say("{service} runs again: {word}", service=self._watched.name, word=seen.word)
            return Finding(outcome=Outcome.FAIL, said=said, facts=facts)
        if seen.held is False:
            said = say("{service} is stopped, but a reboot would start it", service=self._watched.name)
            return Finding(outcome=Outcome.FAIL, said=said, facts=facts)
        said = say("{service} is held", service=self._watched.name)
        return Finding(outcome=Outcome.PASS, said=said, facts=facts)

    def reconcile(self, task: Task) -> Finding:
        return self.verify(task)
