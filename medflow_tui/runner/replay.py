"""A given plan and given runs instead of services and journals: for pictures. Nothing can be started."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from pathlib import Path

from medflow_tui.journal.run_log import RunFolder
from medflow_tui.model.canonical import Facts
from medflow_tui.model.errors import RefusedError
from medflow_tui.model.performer import Crew, Login
from medflow_tui.model.plan import Plan
from medflow_tui.model.procedure import Playbook, RunState
from medflow_tui.model.words import say
from medflow_tui.runner.dispatch import NOTHING, Dispatch
from medflow_tui.runner.dry_run import Rehearsal
from medflow_tui.runner.follow import Follower, RunNews


class ReplayedRun(Follower):
    """A run that stays where it stands."""

    def __init__(self, state: RunState, playbook: Playbook, facts: Facts) -> None:
        super().__init__(RunFolder(path=Path(state.run)))
        self._stand, self._playbook, self._measured = state, playbook, facts

    def poll(self) -> RunNews:
        """The same at each look."""
        return RunNews(entries=(), state=self._stand)

    @property
    def facts(self) -> Facts:
        """What was measured when the run was planned."""
        return self._measured


def _nobody(playbook: Playbook, login: Login | None) -> AbstractContextManager[Crew]:
    raise RefusedError(say("there is nothing here that could be changed"))


@dataclass(frozen=True, slots=True, kw_only=True)
class ReplayedDispatch(Dispatch):
    """Plans by the name of their playbook; `states` newest first."""

    crew_for: Callable[[Playbook, Login | None], AbstractContextManager[Crew]] = field(default=_nobody)
    command: tuple[str, ...] = ()
    plans: Mapping[str, Plan]
    states: tuple[RunState, ...] = ()

    def rehearse(self, playbook: Playbook, inputs: Mapping[str, str] = NOTHING) -> Rehearsal:
        """The given plan of this playbook. Raises RefusedError when there is none."""
        if playbook.id not in self.plans:
            raise RefusedError(say("there is no plan of this playbook here"))
        plan = self.plans[playbook.id]
        return Rehearsal(plan=plan, would_start=not plan.refusals, said=say("dry run: nothing was touched"))

    def plan(self, playbook: Playbook, login: Login | None, inputs: Mapping[str, str] = NOTHING) -> Plan:
        """The same; the log-in is not looked at."""
        return self.rehearse(playbook).plan

    def start(
        self,
        playbook: Playbook,
        plan: Plan,
        *,
        who: str,
        reason: str,
        typed: str,
        login: Login | None,
        session: str = "",
        override: str = "",
    ) -> RunFolder:
        """Never."""
        raise RefusedError(say("there is nothing here that could be changed"))

    def left(self, plan: Plan, why: str = "by_person") -> None:
        """Nothing is written down of a picture."""

    def runs(self) -> tuple[RunState, ...]:
        """The given ones."""
        return self.states

    def unfinished(self) -> tuple[RunState, ...]:
        """Those that are not over."""
        return tuple(each for each in self.states if not each.phase.is_over)

    def follower(self, run: str) -> Follower:
        """Raises RefusedError when there is none of that name."""
        for state in self.states:
            playbook = next((each for each in self.playbooks if each.id == state.playbook), None)
            if state.run == run and playbook is not None:
                plan = self.plans.get(playbook.id)
                return ReplayedRun(state, playbook, plan.facts if plan is not None else {})
        raise RefusedError(say("there is no run named {run}", run=run))
