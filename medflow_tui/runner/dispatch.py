"""Where people's wish to act becomes a run: lists playbooks, makes plans, starts runs, finds them again."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING

from medflow_tui.model.health import Snapshot
from medflow_tui.model.procedure import Phase, Playbook
from medflow_tui.model.site import Site
from medflow_tui.rules.choosing import fitting

if TYPE_CHECKING:
    from medflow_tui.journal.run_log import RunFolder
    from medflow_tui.model.performer import Crew, Login
    from medflow_tui.model.plan import Plan
    from medflow_tui.model.procedure import RunState
    from medflow_tui.runner.dry_run import Rehearsal
    from medflow_tui.runner.follow import Follower
    from medflow_tui.runner.preview import Agreed

    CrewFor = Callable[[Playbook, Login | None], AbstractContextManager[Crew]]

RUNS = "runs"


@dataclass(frozen=True, slots=True, kw_only=True)
class Dispatch:
    """One site's desk for acting. `command` starts the process of a run; `crew_for` builds what touches the services.

    Every method but `fitting` reads files or services, and imports what it needs: call them in a worker thread.
    """

    site: Site
    state: Path
    playbooks: tuple[Playbook, ...]
    crew_for: CrewFor
    command: tuple[str, ...]
    now: Callable[[], datetime]

    def fitting(self, snapshot: Snapshot, target: str = "") -> tuple[Playbook, ...]:
        """The playbooks that fit what is wrong: anywhere, or with one target."""
        return fitting(self.playbooks, snapshot, target)

    def rehearse(self, playbook: Playbook) -> Rehearsal:
        """The plan without a log-in: nothing but reads. Raises MedflowError."""
        from medflow_tui.runner.dry_run import rehearse

        with self.crew_for(playbook, None) as crew:
            return rehearse(playbook, self.site, crew, self.state, now=self.now())

    def plan(self, playbook: Playbook, login: Login) -> Plan:
        """The plan with the operator's own log-in, which is tried once. Raises MedflowError."""
        from medflow_tui.runner.preview import make_plan

        with self.crew_for(playbook, login) as crew:
            return make_plan(playbook, self.site, crew, self.state, now=self.now())

    def start(
        self, playbook: Playbook, plan: Plan, *, who: str, reason: str, typed: str, login: Login
    ) -> RunFolder:
        """Write the plan down, start the process of the run, and return its folder. Raises MedflowError."""
        from medflow_tui.journal.run_log import create
        from medflow_tui.runner import detached
        from medflow_tui.runner.process import Order
        from medflow_tui.runner.runner import Mandate

        folder = create(self.state / RUNS, plan, playbook.source)
        mandate = Mandate(who=who, reason=reason, typed=typed, plan_hash=plan.hash)
        order = Order(
            folder=folder.path, site_file=self.site.source, state=self.state, mandate=mandate, login=login
        )
        detached.start(self.command, order)
        return folder

    def agreement(self, run: str) -> Agreed:
        """What was confirmed when a run was planned. Raises MedflowError when it cannot be read."""
        from medflow_tui.journal.run_log import find
        from medflow_tui.runner.process import agreement_of

        return agreement_of(find(self.state / RUNS, run))

    def resume(self, run: str, *, who: str, reason: str, typed: str, login: Login) -> None:
        """Go on with a run that waits or was interrupted, by the plan it has. Raises MedflowError.

        What was started is read back first; the runner asks its guards again before any further change.
        """
        from medflow_tui.journal.run_log import find
        from medflow_tui.runner import detached
        from medflow_tui.runner.process import Order
        from medflow_tui.runner.runner import Mandate

        folder = find(self.state / RUNS, run)
        mandate = Mandate(who=who, reason=reason, typed=typed, plan_hash=self.agreement(run).hash)
        order = Order(
            folder=folder.path, site_file=self.site.source, state=self.state, mandate=mandate, login=login
        )
        detached.start(self.command, order)

    def runs(self) -> tuple[RunState, ...]:
        """Every run as it stands, newest first."""
        from medflow_tui.runner import follow

        return follow.history(self.state / RUNS)

    def unfinished(self) -> tuple[RunState, ...]:
        """Runs that go on, wait, or were interrupted."""
        from medflow_tui.runner import follow

        return follow.unfinished(self.state / RUNS)

    def going_on(self) -> tuple[RunState, ...]:
        """Runs whose process lives now."""
        return tuple(each for each in self.unfinished() if each.phase is Phase.RUNNING)

    def follower(self, run: str) -> Follower:
        """Reads the journal of a run. Raises MedflowError when there is none of that name."""
        from medflow_tui.journal.run_log import find
        from medflow_tui.runner.follow import Follower

        return Follower(find(self.state / RUNS, run))
