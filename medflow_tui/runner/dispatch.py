"""Where people's wish to act becomes a run: lists playbooks, makes plans, starts runs, finds them again."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING

from medflow_tui.model.errors import NoLoginError, ReauthError
from medflow_tui.model.health import Snapshot
from medflow_tui.model.procedure import Input, Playbook
from medflow_tui.model.site import Site
from medflow_tui.model.words import say
from medflow_tui.rules.approving import needed
from medflow_tui.rules.choosing import fitting, matching
from medflow_tui.rules.reach import lacking

if TYPE_CHECKING:
    from medflow_tui.journal.run_log import RunFolder
    from medflow_tui.model.access import Awaited, Passive
    from medflow_tui.model.performer import Crew, Login
    from medflow_tui.model.plan import Plan
    from medflow_tui.model.procedure import RunState, Step
    from medflow_tui.model.words import Phrase
    from medflow_tui.runner.dry_run import Rehearsal
    from medflow_tui.runner.follow import Follower
    from medflow_tui.runner.mandate import Mandate
    from medflow_tui.runner.passivity import GlobalStop
    from medflow_tui.runner.permission import Permission
    from medflow_tui.runner.preview import Agreed
    from medflow_tui.runner.process import Order
    from medflow_tui.runner.wishes import Wish

    CrewFor = Callable[[Playbook, Login | None], AbstractContextManager[Crew]]

RUNS = "runs"
NOTHING: Mapping[str, str] = {}


def _nobody_can_tell(login: Login) -> bool:
    return False


@dataclass(frozen=True, slots=True, kw_only=True)
class Dispatch:
    """One site's desk for acting. `command` starts the process of a run; `crew_for` builds what touches the services;
    `prove` tries a log-in (False: nobody can tell now) and raises RefusedError for a wrong one.

    Every method but `fitting` reads files or services, and imports what it needs: call them in a worker thread.
    """

    site: Site
    state: Path
    playbooks: tuple[Playbook, ...]
    crew_for: CrewFor
    command: tuple[str, ...]
    now: Callable[[], datetime]
    prove: Callable[[Login], bool] = _nobody_can_tell
    prove_to_act: Callable[[Login], bool] | None = (
        None  # likewise, and refuses one with which nothing can be done
    )

    def fitting(self, snapshot: Snapshot, target: str = "") -> tuple[Playbook, ...]:
        """The playbooks that fit what is wrong, anywhere or with one target, of those for which the site file says enough."""
        able = [each for each in self.playbooks if not lacking(each, self.site)]
        return fitting(able, snapshot, target)

    def matching(self, words: str) -> tuple[Playbook, ...]:
        """The playbooks that speak of what the operator types, best first."""
        return matching(self.playbooks, words)

    def options(self, playbook: Playbook, given: Input, login: Login | None = None) -> tuple[str, ...]:
        """What may be chosen for an input, as its action finds it now, with reads only. Raises MedflowError."""
        from medflow_tui.runner.preview import options_of

        if not given.options_from:
            return given.options
        with self.crew_for(playbook, login) as crew:
            return options_of(playbook, given, crew)

    def rehearse(self, playbook: Playbook, inputs: Mapping[str, str] = NOTHING) -> Rehearsal:
        """The plan without a log-in: nothing but reads. Raises MedflowError."""
        from medflow_tui.runner.dry_run import rehearse

        with self.crew_for(playbook, None) as crew:
            return rehearse(playbook, self.site, crew, self.state, now=self.now(), inputs=inputs)

    def plan(self, playbook: Playbook, login: Login | None, inputs: Mapping[str, str] = NOTHING) -> Plan:
        """The plan with the operator's own log-in, which is tried once; None where none is needed. Raises MedflowError."""
        from medflow_tui.runner.preview import make_plan

        try:
            with self.crew_for(playbook, login) as crew:
                plan = make_plan(playbook, self.site, crew, self.state, now=self.now(), inputs=inputs)
        except NoLoginError:
            self.permission.login_refused(playbook)
            raise
        self.permission.opened(plan, playbook)
        return plan

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
        """Write the plan down, start the process of the run, and return its folder. Raises MedflowError.

        `session` names this screen; `override` is the reason for passing over a window, a limit or the second person.
        Raises ReauthError when the log-in is too old for it.
        """
        from medflow_tui.journal.run_log import create
        from medflow_tui.runner import detached
        from medflow_tui.runner.mandate import Mandate
        from medflow_tui.runner.origin import here

        self.permission.refuse_old(playbook, plan)
        self.permission.let_start(playbook, plan, login)
        folder = create(self.state / RUNS, plan, playbook.source)
        mandate = Mandate(
            who=who,
            reason=reason,
            typed=typed,
            plan_hash=plan.hash,
            session=session,
            override=override,
            login_age_s=self.permission.age_of(login),
            origin=here(),
        )
        order = self._order(folder, mandate, login)
        detached.start(self.command, order)
        return folder

    def agreement(self, run: str) -> Agreed:
        """What was confirmed when a run was planned. Raises MedflowError when it cannot be read."""
        from medflow_tui.journal.run_log import find
        from medflow_tui.runner.process import agreement_of

        return agreement_of(find(self.state / RUNS, run))

    def resume(
        self,
        run: str,
        *,
        who: str,
        reason: str,
        typed: str,
        login: Login | None,
        session: str = "",
        stop: str = "",
    ) -> None:
        """Go on with a run that waits or was interrupted, by the plan it has. Raises MedflowError.

        A log-in that MedFlow refuses is refused here, and the run stays as it is. What was started is read back first; the
        runner asks its guards again before any further change. With `stop` it goes on only to its end: `roll_back` takes
        back what was done, `leave` leaves it as it stands.
        """
        from medflow_tui.journal.run_log import find
        from medflow_tui.runner import detached
        from medflow_tui.runner.follow import Follower
        from medflow_tui.runner.mandate import Mandate
        from medflow_tui.runner.origin import here

        folder, plan = find(self.state / RUNS, run), self.agreement(run)
        self.permission.let_start(Follower(folder).playbook, plan, login)
        if login is not None:
            self.permission.let_take(run, login, self.prove_to_act or self.prove)
        mandate = Mandate(
            who=who,
            reason=reason,
            typed=typed,
            plan_hash=plan.hash,
            session=session,
            login_age_s=self.permission.age_of(login),
            origin=here(),
            stop=stop,
        )
        order = self._order(folder, mandate, login)
        detached.start(self.command, order)

    def _order(self, folder: RunFolder, mandate: Mandate, login: Login | None) -> Order:
        from medflow_tui.journal.auditing.place import audit_file
        from medflow_tui.runner.process import Order

        return Order(
            folder=folder.path,
            site_file=self.site.source,
            state=self.state,
            audit=str(audit_file(self.site, self.state)),
            mandate=mandate,
            login=login,
        )

    @property
    def permission(self) -> Permission:
        """Who may do what here."""
        from medflow_tui.runner.permission import Permission

        return Permission(site=self.site, state=self.state, now=self.now)

    def needs_login(self, playbook: Playbook, login: Login | None) -> Phrase:
        """Why the log-in must be given again before this is planned or started; nothing when it is fresh enough."""
        return self.permission.needs_login(playbook, login)

    def approvals_needed(self, playbook: Playbook, plan: Plan) -> int:
        """How many people besides the one who asks must agree: nobody to a plan for which an incident stands."""
        return 0 if plan.incident else needed(playbook, self.site.environment)

    def waits(self, playbook: Playbook, plan: Plan, *, override: str = "") -> bool:
        """Whether it waits for a second person; with a reason for an `override` only where that one is not passed over."""
        from medflow_tui.rules.permits import passable

        is_over = bool(override) and "approval" in passable(playbook)
        return bool(self.approvals_needed(playbook, plan)) and not is_over

    def approval(self, run: str) -> Awaited:
        """What a run that waits for a second person needs, and has. Raises MedflowError."""
        return self.permission.awaited(run)

    def may_override(self, playbook: Playbook, role: str, reason: str = "") -> Phrase:
        """Why nothing may be passed over; nothing when it may. With an empty reason its length is not judged."""
        return self.permission.may_override(playbook, role, reason)

    def can_pass_over(self, playbook: Playbook, plan: Plan) -> bool:
        """Whether all that stops this plan, or the second person it waits for, may be passed over by this one."""
        from medflow_tui.rules.permits import passable

        stopping, may = {each.id for each in plan.refusals}, passable(playbook)
        if not stopping and not ("approval" in may and self.approvals_needed(playbook, plan)):
            return False
        return stopping.issubset(may) and not self.may_override(playbook, plan.role)

    def passive(self) -> Passive | None:
        """The global stop, when it is set."""
        return self.permission.orders.passive()

    @property
    def global_stop(self) -> GlobalStop:
        """Stops everything of class R2 and above here, or lets it go on."""
        from medflow_tui.runner.passivity import GlobalStop

        return GlobalStop(site=self.site, state=self.state, now=self.now, prove=self.prove)

    def left(self, plan: Plan, why: str = "by_person") -> None:
        """A plan that was shown was left, nothing done: `by_person`, `left`, `line_lost`, `confirm_wrong`. Never raises."""
        self.permission.left(plan, why)

    def tell(self, run: str, wish: Wish) -> tuple[str, str]:
        """Say something to a run that goes on; who gives the orders now, and from which screen. Raises MedflowError."""
        from medflow_tui.journal.run_log import find
        from medflow_tui.runner.channel import speak

        return speak(find(self.state / RUNS, run).path, wish)

    def take_over(self, run: str, wish: Wish, login: Login | None) -> None:
        """Give the orders from now on, after a log-in that MedFlow does not refuse. Raises MedflowError."""
        if login is None:
            raise ReauthError(say("read-only again: nothing was started"))
        self.permission.let_take(run, login, self.prove)
        self.tell(run, wish)

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
        return tuple(each for each in self.unfinished() if each.phase.is_alive)

    def printed(self, run: str, step: Step | None) -> tuple[str, ...]:
        """What may be shown of the end of what the program of a step printed; nothing where it runs none, or not yet.

        Never raises.
        """
        from medflow_tui.runner.printed import tail

        return tail(self.state / RUNS / run, step.id) if step is not None and step.run else ()

    def follower(self, run: str) -> Follower:
        """Reads the journal of a run. Raises MedflowError when there is none of that name."""
        from medflow_tui.journal.run_log import find
        from medflow_tui.runner.follow import Follower

        return Follower(find(self.state / RUNS, run))
