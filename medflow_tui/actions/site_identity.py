"""Marks the databases of a site as its own, and asks a database which site it belongs to."""

from __future__ import annotations

import secrets
from collections.abc import Callable, Iterable
from typing import Any

from medflow_tui.actions.looking import Looking, unreadable
from medflow_tui.actions.names import SITE_IDENTITY as ACTIONS
from medflow_tui.clients import mongodb, planting
from medflow_tui.clients import redis as redis_client
from medflow_tui.clients.network import Deadline, UnreachableError
from medflow_tui.clients.tools import Tools
from medflow_tui.model.canonical import Fact
from medflow_tui.model.errors import RefusedError, SecretError
from medflow_tui.model.health import Cause
from medflow_tui.model.performer import Finding, Login, Performer, Survey, Task
from medflow_tui.model.procedure import Outcome
from medflow_tui.model.site import Site
from medflow_tui.model.target import Target
from medflow_tui.model.targets.mongodb import MongodbTarget
from medflow_tui.model.targets.redis import RedisTarget
from medflow_tui.model.words import say
from medflow_tui.rules.access_guards import NONE, PLANTED, UNREAD

ASK_S = 5.0
OF_REDIS, OF_MONGODB = ("redis", "rediss"), ("mongodb", "mongodb+srv")
NOT_THERE = (Cause.REFUSED, Cause.UNREACHABLE, Cause.UNRESOLVED, Cause.SILENT)


def told_by(target: Target, tools: Tools, within_s: float = ASK_S) -> str:
    """Which site a database belongs to, as it says itself. Raises UnreachableError, SecretError."""
    deadline = Deadline.after(within_s)
    reached: Any = target
    if _scheme(target) in OF_REDIS:
        password = tools.secret(reached.password) if reached.password else ""
        with redis_client.connected(reached.address, password, deadline) as client:
            return redis_client.told_by(client)
    with mongodb.client_of(reached, tools, deadline) as (opened, replica_set):
        return mongodb.told_by(mongodb.Connection(opened, reached.database, replica_set))


def told_facts(
    site: Site, tools: Tools, addresses: Iterable[str], within_s: float = ASK_S
) -> dict[str, Fact]:
    """`planted.NAME` of each database among these addresses; one that is not there at all says nothing."""
    found: dict[str, Fact] = {}
    wanted = set(addresses)
    for target in reached_at(site):
        if getattr(target, "address", "") not in wanted:
            continue
        try:
            found[f"{PLANTED}{target.name}"] = told_by(target, tools, within_s)
        except UnreachableError as error:
            if error.failure.cause not in NOT_THERE:
                found[f"{PLANTED}{target.name}"] = UNREAD
        except SecretError:
            found[f"{PLANTED}{target.name}"] = UNREAD
    return found


def databases(site: Site) -> tuple[Target, ...]:
    """The databases of a site, each once."""
    found = [each for each in site.targets if isinstance(each, MongodbTarget | RedisTarget)]
    return tuple({each.address: each for each in found}.values())


def reached_at(site: Site) -> tuple[Target, ...]:
    """Each database that anything of the site reads, by the target that is for it, else by the first that reads it."""
    others = [each for each in site.targets if _scheme(each) in (*OF_REDIS, *OF_MONGODB)]
    found: dict[str, Target] = {}
    for each in (*databases(site), *others):
        found.setdefault(str(getattr(each, "address", "")), each)
    return tuple(found.values())


def _scheme(target: Target) -> str:
    return str(getattr(target, "address", "")).partition("://")[0]


class Look(Looking):
    """Says which of them are marked; fails when one is marked for another site."""

    def __init__(self, ask: Callable[[], dict[str, str]], own: str) -> None:
        self._ask, self._own = ask, own

    def verify(self, task: Task) -> Finding:
        try:
            told = self._ask()
        except (UnreachableError, SecretError) as error:
            return unreadable(error)
        facts: dict[str, Fact] = {f"{PLANTED}{name}": each for name, each in told.items()}
        strange = [
            name for name, each in told.items() if each != NONE and each.rpartition("/")[0] != self._own
        ]
        if strange:
            said = say("marked for another site: {names}", names=", ".join(strange))
            return Finding(outcome=Outcome.FAIL, said=said, facts=facts)
        bare = sum(each == NONE for each in told.values())
        said = say(
            "{marked:number} databases marked, {bare:number} not yet", marked=len(told) - bare, bare=bare
        )
        return Finding(outcome=Outcome.PASS, said=said, facts=facts)


class Plant:
    """Marks each database that is not marked yet. It may be done any number of times."""

    def __init__(self, site: Site, tools: Tools, look: Look, calls: tuple[str, ...]) -> None:
        self.calls = calls
        self._site, self._tools, self._look = site, tools, look

    def prepare(self, task: Task) -> Finding:
        found = self._look.verify(task)
        return Finding(
            outcome=found.outcome, said=found.said, facts={**found.facts, "random": secrets.token_hex(8)}
        )

    def carry_out(self, task: Task) -> Finding:
        random = str(task.own().get("random", ""))
        record = planting.record_of(self._site.code, self._site.environment, random, self._tools.now())
        try:
            for target in databases(self._site):
                self._plant(target, record)
        except (UnreachableError, SecretError) as error:
            return Finding(outcome=Outcome.UNKNOWN, said=unreadable(error).said)
        return Finding(outcome=Outcome.PASS, said=say("marked for {site}", site=self._site.code))

    def verify(self, task: Task) -> Finding:
        found = self._look.verify(task)
        if found.outcome is Outcome.PASS and NONE in found.facts.values():
            return Finding(outcome=Outcome.FAIL, said=found.said, facts=found.facts)
        return found

    def reconcile(self, task: Task) -> Finding:
        """Where one more is marked than before, it is half done."""
        found = self.verify(task)
        bare, before = (list(each.values()).count(NONE) for each in (found.facts, task.own()))
        half: dict[str, Fact] = {"calls_made": 1} if bare < before else {}
        return Finding(outcome=found.outcome, said=found.said, facts=half)

    def _plant(self, target: Target, record: dict[str, str]) -> None:
        deadline = Deadline.after(ASK_S)
        if isinstance(target, RedisTarget):
            password = self._tools.secret(target.password) if target.password else ""
            with redis_client.connected(target.address, password, deadline) as client:
                planting.plant_in_redis(client, record)
        else:
            reached: Any = target
            planting.plant_in_mongodb(reached, self._tools, deadline, record)


class IdentityCrew:
    """What the playbook needs of the databases of this site."""

    def __init__(self, site: Site, tools: Tools) -> None:
        self._site, self._tools = site, tools
        own = f"{site.code}/{site.environment}"
        look = Look(self._ask, own)
        names = {type(each).kind for each in databases(site)}
        calls = (
            *(("SET medflow_tui:site_identity NX",) if "redis" in names else ()),
            *(("insert site_identity",) if "mongodb" in names else ()),
        )
        self._performers: dict[str, Performer] = dict(
            zip(ACTIONS, (look, Plant(site, tools, look, calls)), strict=True)
        )

    def __enter__(self) -> IdentityCrew:
        return self

    def __exit__(self, *_: object) -> None:
        """Nothing stays open between two looks."""

    def survey(self) -> Survey:
        targets = {each.name: str(getattr(each, "address", "")) for each in databases(self._site)}
        try:
            told = self._ask()
        except (UnreachableError, SecretError):
            return Survey(targets=targets)
        bare = sum(each == NONE for each in told.values())
        facts: dict[str, Fact] = {"databases": len(told), "unmarked": bare}
        return Survey(facts=facts, targets=targets)

    def performer(self, action: str) -> Performer | None:
        return self._performers.get(action)

    def _ask(self) -> dict[str, str]:
        return {each.name: told_by(each, self._tools) for each in databases(self._site)}


def crew(site: Site, tools: Tools, login: Login | None) -> IdentityCrew:
    """The crew at this site. Raises RefusedError when it names no database."""
    if not databases(site):
        raise RefusedError(say("this site names no database: there is nothing to act on"))
    return IdentityCrew(site, tools)
