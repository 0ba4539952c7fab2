"""Removes session keys, and nothing else, from Redis."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

from medflow_tui.actions.looking import Looking, unreadable
from medflow_tui.actions.names import REDIS_SESSIONS as ACTIONS
from medflow_tui.clients import redis_keys
from medflow_tui.clients.network import Deadline, UnreachableError
from medflow_tui.clients.redis import ours
from medflow_tui.clients.redis_keys import Count
from medflow_tui.clients.tools import Tools
from medflow_tui.model.canonical import Fact, Facts
from medflow_tui.model.errors import RefusedError, SecretError
from medflow_tui.model.performer import Finding, Login, Performer, Survey, Task
from medflow_tui.model.procedure import NO_FACTS, Outcome
from medflow_tui.model.site import Site
from medflow_tui.model.targets.redis import RedisTarget
from medflow_tui.model.words import Phrase, say

SESSIONS = "session:"
FLUSH_WOULD_TAKE = ("device_sync:", "2fa:used:", "lock:", "rl:", "cache:", "celery")
PREFIXES = (SESSIONS, *FLUSH_WOULD_TAKE)
LOOK_S, CLEAR_S = 20.0, 60.0
T = TypeVar("T")


class Keys:
    """The Redis of this site, as far as its keys go."""

    def __init__(self, target: RedisTarget, tools: Tools) -> None:
        self.target, self._tools = target, tools

    def count(self) -> Count:
        """Raises UnreachableError, SecretError."""
        return self._ask(lambda client, deadline: redis_keys.count(client, PREFIXES, deadline), LOOK_S)

    def clear(self) -> int:
        """How many were removed. Raises UnreachableError, SecretError."""
        return self._ask(lambda client, deadline: redis_keys.unlink(client, SESSIONS, deadline), CLEAR_S)

    def _ask(self, what: Callable[[Any, Deadline], T], seconds: float) -> T:
        deadline = Deadline.after(seconds)
        with ours(self.target, self._tools, deadline) as client:
            return what(client, deadline)


class CountKeys(Looking):
    """Counts keys by what they belong to, and says what a FLUSHDB would have destroyed."""

    def __init__(self, keys: Keys) -> None:
        self._keys = keys

    def verify(self, task: Task) -> Finding:
        try:
            found = self._keys.count()
        except (UnreachableError, SecretError) as error:
            return unreadable(error)
        return Finding(outcome=Outcome.PASS, said=told(found), facts=facts_of(found))


class ClearSessions:
    """Removes what begins with `session:`. There is no way back: whoever had such a session logs in again."""

    calls: tuple[str, ...] = (f"SCAN MATCH {SESSIONS}*", "UNLINK")

    def __init__(self, keys: Keys) -> None:
        self._keys = keys

    def prepare(self, task: Task) -> Finding:
        try:
            found = self._keys.count()
        except (UnreachableError, SecretError) as error:
            return unreadable(error)
        return Finding(outcome=Outcome.PASS, said=told(found), facts=facts_of(found))

    def carry_out(self, task: Task) -> Finding:
        if task.own().get("sessions") == 0:
            return Finding(
                outcome=Outcome.PASS, said=say("there is no session to remove"), facts={"calls_made": 0}
            )
        try:
            removed = self._keys.clear()
        except (UnreachableError, SecretError) as error:
            return Finding(outcome=Outcome.UNKNOWN, said=unreadable(error).said, facts={"calls_made": 1})
        said = say("{n:number} sessions removed", n=removed)
        return Finding(outcome=Outcome.PASS, said=said, facts={"calls_made": 1, "removed": removed})

    def verify(self, task: Task) -> Finding:
        """Pass when no session is left, and all that must not be lost is still there.

        Marks of used codes, locks and counters end by themselves, and the queue is worked on meanwhile: fewer of the
        first are no sign of anything; an empty queue that was not empty is asked about.
        """
        try:
            found = self._keys.count()
        except (UnreachableError, SecretError) as error:
            return unreadable(error)
        left = found.under[SESSIONS]
        facts: dict[str, Fact] = {"sessions_left": left, "other_keys_after": _kept(found)}
        if left:
            said = say("{n:number} sessions are there, perhaps new ones", n=left)
            is_same = task.own().get("server") == found.server
            return Finding(
                outcome=Outcome.FAIL if is_same and left >= _number(task, "sessions") else Outcome.UNKNOWN,
                said=said,
                facts=facts,
            )
        queue = found.under["device_sync:"]
        if queue == 0 and _number(task, "queue_keys") > 0:
            return Finding(
                outcome=Outcome.UNKNOWN, said=say("the device queue is empty now: look at it"), facts=facts
            )
        said = say("no session left, {n:number} other keys as before", n=_kept(found))
        return Finding(outcome=Outcome.PASS, said=said, facts=facts)

    def reconcile(self, task: Task) -> Finding:
        """None left: it was done. Fewer than were written down, or another server: perhaps half, and safe to do again."""
        try:
            found = self._keys.count()
        except (UnreachableError, SecretError) as error:
            return unreadable(error)
        left = found.under[SESSIONS]
        if left == 0:
            return Finding(outcome=Outcome.PASS, said=say("no session is left"))
        is_whole = task.own().get("server") == found.server and left >= _number(task, "sessions")
        facts: Facts = NO_FACTS if is_whole else {"calls_made": 1}
        said = say("{n:number} sessions are still there", n=left)
        return Finding(outcome=Outcome.FAIL, said=said, facts=facts)


def told(found: Count) -> Phrase:
    """What is there, and what would be lost with it if the whole database were emptied."""
    return say(
        "{sessions:number} sessions; FLUSHDB would also destroy {queue:number} keys of the device queue, "
        "{codes:number} used codes, {locks:number} locks and {rest:number} others, and log out nobody",
        sessions=found.under[SESSIONS],
        queue=found.under["device_sync:"],
        codes=found.under["2fa:used:"],
        locks=found.under["lock:"],
        rest=found.others + sum(found.under[each] for each in ("rl:", "cache:", "celery")),
    )


def facts_of(found: Count) -> dict[str, Fact]:
    """Numbers only."""
    return {
        "server": found.server,
        "sessions": found.under[SESSIONS],
        "queue_keys": found.under["device_sync:"],
        "keys": sum(found.under.values()) + found.others,
    }


def _kept(found: Count) -> int:
    return sum(found.under.values()) + found.others - found.under[SESSIONS]


def _number(task: Task, name: str) -> int:
    value = task.own().get(name)
    return value if isinstance(value, int) else 0


class SessionsCrew:
    """What the playbook needs of this site's Redis."""

    def __init__(self, keys: Keys) -> None:
        self._keys = keys
        self._performers: dict[str, Performer] = dict(
            zip(ACTIONS, (CountKeys(keys), ClearSessions(keys)), strict=True)
        )

    def __enter__(self) -> SessionsCrew:
        return self

    def __exit__(self, *_: object) -> None:
        """Nothing stays open between two looks."""

    def survey(self) -> Survey:
        targets = {"redis": self._keys.target.address}
        try:
            found = self._keys.count()
        except (UnreachableError, SecretError):
            return Survey(targets=targets)
        return Survey(facts=facts_of(found), targets=targets, identity=f"redis {found.server}")

    def performer(self, action: str) -> Performer | None:
        return self._performers.get(action)


def crew(site: Site, tools: Tools, login: Login | None) -> SessionsCrew:
    """The crew at this site. Raises RefusedError when it names no Redis."""
    target = next((each for each in site.targets if isinstance(each, RedisTarget)), None)
    if target is None:
        raise RefusedError(say("this site names no Redis: there is nothing to act on"))
    return SessionsCrew(Keys(target, tools))
