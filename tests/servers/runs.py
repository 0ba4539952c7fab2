"""Any playbook in this very process: a plan for made targets, the order to carry it out, and the place of a crash."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

from medflow_tui.clients.tools import Tools
from medflow_tui.journal.append_log import AppendLog
from medflow_tui.journal.auditing.anchors import FILE as ANCHORS
from medflow_tui.journal.run_log import JOURNAL, RunFolder, create
from medflow_tui.model.performer import Login
from medflow_tui.model.plan import Plan
from medflow_tui.model.procedure import Entry, Mark, Move, Playbook
from medflow_tui.model.releases import Deployment
from medflow_tui.model.site import Contact, Site
from medflow_tui.model.target import Target
from medflow_tui.playbooks.load import load, parse, shipped
from medflow_tui.runner.preview import make_plan
from medflow_tui.runner.process import Assembly, Order, carry_out
from medflow_tui.runner.runner import Mandate
from medflow_tui.wiring.crews import JoinedCrew
from tests.servers.readings import Unlimited, keeper

At = int | tuple[Mark, str]
"""A line of a journal: its number, or the first one with this mark of this step (empty: of none)."""


class Crashed(BaseException):
    """The process would be gone now."""


@dataclass(frozen=True, kw_only=True)
class Bench:
    """A site of some targets, one playbook (of those that are shipped, or on another `shelf`), a state folder."""

    name: str
    targets: tuple[Target, ...]
    state: Path
    environment: str = "lab"
    login: Login | None = None
    secrets: dict[str, str] = field(default_factory=dict)
    edits: tuple[tuple[str, str], ...] = ()
    contacts: dict[str, Contact] = field(default_factory=dict)
    releases: Deployment = field(default_factory=Deployment)
    inputs: dict[str, str] = field(default_factory=dict)
    days: tuple[str, ...] = ()
    shelf: Path = field(default_factory=shipped)

    @property
    def playbook(self) -> Playbook:
        path = self.shelf / f"{self.name}.toml"
        if not self.edits:
            return load(path)
        text = path.read_text(encoding="utf-8")
        for old, new in self.edits:
            assert old in text
            text = text.replace(old, new)
        return parse(text, str(path))

    @property
    def site(self) -> Site:
        return Site(
            code="LAB",
            name="Lab",
            environment=self.environment,
            targets=self.targets,
            contacts=self.contacts,
            releases=self.releases,
            days=self.days,
        )

    @property
    def tools(self) -> Tools:
        return Tools(site=self.site, secret=keeper(self.secrets), budget=Unlimited(), state=self.state)

    def crew(self) -> JoinedCrew:
        return JoinedCrew(self.playbook, self.site, self.tools, self.login)

    def plan(self) -> Plan:
        with self.crew() as crew:
            return make_plan(
                self.playbook, self.site, crew, self.state, now=datetime.now(UTC), inputs=self.inputs
            )

    def order(self) -> Order:
        """As after a confirmation of the plan of now."""
        plan = self.plan()
        folder = create(self.state / "runs", plan, self.playbook.source)
        mandate = Mandate(
            who="tech1",
            reason="asked for by the clinic",
            typed=plan.confirm,
            plan_hash=plan.hash,
            login_age_s=0,
        )
        return Order(folder=folder.path, site_file="", state=self.state, mandate=mandate, login=self.login)

    def run(self, order: Order) -> Move:
        """Begin it, or go on with it."""
        with ExitStack() as stack:
            return carry_out(
                order, lambda order: Assembly(site=self.site, crew=stack.enter_context(self.crew()))
            )

    def run_over_crash(
        self, order: Order, at: At, moment: str, run: Callable[[Order], Move] | None = None
    ) -> Move:
        """As `run`, but ended at a line of its journal as if killed, and gone on with once; not ended when it has fewer."""
        run = run or self.run
        try:
            with crashing(at, moment):
                move = run(order)
        except Crashed:
            return run(order)
        assert isinstance(at, int), f"there is no line {at}"
        assert len(self.entries(order)) <= at, "it went on behind the line at which it was to end"
        return move

    @staticmethod
    def entries(order: Order) -> tuple[Entry, ...]:
        return tuple(RunFolder(path=order.folder).entries())


def name_of(part: At | str) -> str:
    """The name of a test that crashes there."""
    return str(part) if isinstance(part, int | str) else f"{part[0].value} {part[1]}".strip()


def is_at(record: Mapping[str, object], at: At) -> bool:
    """Whether this is the line that was meant."""
    if isinstance(at, int):
        return record["seq"] == at
    return (record["ev"], record.get("step", "")) == (at[0].value, at[1])


@contextmanager
def crashing(at: At, moment: str) -> Iterator[None]:
    """A run in this process ends at a line of its journal, as if killed: before it is written, or after."""
    real: Callable[[AppendLog, dict[str, object]], None] = AppendLog.append
    gone = False

    def append(self: AppendLog, record: dict[str, object]) -> None:
        nonlocal gone
        if gone and self.path.name == ANCHORS:  # in a thread of its own, which ends with its process
            raise OSError
        if gone:
            raise Crashed
        if self.path.name == JOURNAL and is_at(record, at):
            gone = True
            if moment == "after":
                real(self, record)
            raise Crashed
        real(self, record)

    AppendLog.append = append  # type: ignore[method-assign,assignment]
    try:
        yield
    finally:
        AppendLog.append = real  # type: ignore[method-assign,assignment]
