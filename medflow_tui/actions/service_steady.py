"""Whether a service is still the very process that was started: one that falls again and again is not mended."""

from __future__ import annotations

from collections.abc import Callable

from medflow_tui.actions.looking import Looking
from medflow_tui.actions.service_facts import life_facts, life_in
from medflow_tui.clients.network import Deadline, UnreachableError
from medflow_tui.clients.supervisors.telling import Supervisor, life_of
from medflow_tui.model.performer import Finding, Task
from medflow_tui.model.procedure import NO_FACTS, Outcome
from medflow_tui.model.words import say
from medflow_tui.rules.services import is_same

LOOK_S, LOOKS = 20.0, 6


class Steady(Looking):
    """Looks several times; argument `after` is the step that started it."""

    def __init__(
        self, name: str, supervisor: Supervisor, pause: Callable[[float], None], every_s: float
    ) -> None:
        self._name, self._supervisor, self._pause, self._every_s = name, supervisor, pause, every_s

    def verify(self, task: Task) -> Finding:
        begun = life_in(task.past.get(str(task.step.args.get("after", "restart")), NO_FACTS), "now")
        for count in range(LOOKS):
            if count:
                self._pause(self._every_s)
            try:
                seen = self._supervisor.look(Deadline.after(LOOK_S))
            except UnreachableError as error:
                return Finding(outcome=Outcome.UNKNOWN, said=error.failure.text)
            now = life_of(seen)
            if not now or not is_same(begun, now):
                said = say("{service} has ended again: {word}", service=self._name, word=seen.word)
                return Finding(outcome=Outcome.FAIL, said=said, facts=life_facts(now, "now"))
        said = say("{service} goes on as process {pid}", service=self._name, pid=str(now.pid))
        return Finding(outcome=Outcome.PASS, said=said, facts=life_facts(now, "now"))
