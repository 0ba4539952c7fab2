"""What must hold before a service is told anything: by its manager, by MongoDB, by Redis."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from medflow_tui.model.canonical import Facts
from medflow_tui.model.procedure import Guard, Outcome
from medflow_tui.model.words import Phrase, say

Answer = tuple[Outcome, Phrase]
HOLDS = ("systemd", "runit")
"""Managers whose word for held means that somebody wants it so; the others call whatever fell and stays down held."""


def _here(guard: Guard, facts: Facts) -> Answer:
    """Whether it can be told anything from here: what is not applicable here has not failed, nothing was tried."""
    name, known = _service(guard), facts.get("services")
    if not isinstance(known, tuple):
        return Outcome.UNKNOWN, say("what the site file names is not known")
    if name not in known:
        return Outcome.FAIL, say(
            "not applicable here: the site file names no process for {service}", service=name
        )
    manager = str(facts.get(f"service.{name}.manager", "?"))
    match facts.get(f"service.{name}.applies"):
        case False:
            return Outcome.FAIL, say("not applicable here: {manager}", manager=manager)
        case True:
            pass
        case _:
            return Outcome.UNKNOWN, say(
                "{manager} does not say how {service} is", manager=manager, service=name
            )
    if facts.get(f"service.{name}.owner_is_manager") is False:
        owner = str(facts.get(f"service.{name}.owner", "?"))
        return Outcome.FAIL, say(
            "{service} belongs to {owner}, not to {manager}", service=name, owner=owner, manager=manager
        )
    if facts.get(f"service.{name}.held") is True and manager in HOLDS:
        return Outcome.FAIL, say("{service} is held: somebody keeps it stopped", service=name)
    state = str(facts.get(f"service.{name}.state", "?"))
    return Outcome.PASS, say("{service}: {manager}, {state}", service=name, manager=manager, state=state)


def _restarts(guard: Guard, facts: Facts) -> Answer:
    name, most = _service(guard), _limit(guard, "max", 3)
    found = _number(facts, f"service.{name}.restarts_15min")
    if found is None:
        return Outcome.UNKNOWN, say("how often {service} was restarted is not known", service=name)
    said = say("{service} restarted {n:number} times in 15 min", service=name, n=found)
    return (Outcome.FAIL if found >= most else Outcome.PASS), said


def _ails(guard: Guard, facts: Facts) -> Answer:
    match facts.get("backend.ready"):
        case True:
            return Outcome.FAIL, say("the backend is ready: a restart would interrupt people for nothing")
        case False:
            return Outcome.PASS, say("the backend is not ready")
        case _:
            return Outcome.UNKNOWN, say("backend does not say whether it is ready")


def _mongodb(guard: Guard, facts: Facts) -> Answer:
    match facts.get("mongodb.answers"):
        case True:
            return Outcome.PASS, say("MongoDB answers and takes writes")
        case False:
            return Outcome.FAIL, say("MongoDB does not answer: a restart of the backend mends nothing")
        case _:
            return Outcome.UNKNOWN, say("not known whether MongoDB answers")


def _redis_left(guard: Guard, facts: Facts) -> Answer:
    """Redis is back, and the backend is not connected to it."""
    clients = _number(facts, "redis.backend_clients")
    match facts.get("redis.answers"):
        case False:
            return Outcome.FAIL, say("Redis does not answer yet: the backend would give up again")
        case True if clients is not None and clients > 0:
            return Outcome.FAIL, say("the backend is connected to Redis: there is nothing to mend")
        case True if clients == 0:
            return Outcome.PASS, say("Redis answers, and the backend is not connected to it")
        case True:
            return Outcome.UNKNOWN, say("whose the connections to Redis are cannot be told")
        case _:
            return Outcome.UNKNOWN, say("not known whether Redis answers")


def _no_dump(guard: Guard, facts: Facts) -> Answer:
    match facts.get("db_dump"):
        case True:
            return Outcome.FAIL, say("a dump or restore of MongoDB runs now")
        case False:
            return Outcome.PASS, say("no dump or restore of MongoDB runs on this machine")
        case _:
            return Outcome.UNKNOWN, say("not known whether a dump of MongoDB runs")


def _alone(guard: Guard, facts: Facts) -> Answer:
    """A member of a replica set is restarted one after another, by those who know the set."""
    role = facts.get("db_role")
    if not isinstance(role, str):
        return Outcome.UNKNOWN, say("the role of this MongoDB is not known")
    if role == "primary":
        return Outcome.FAIL, say("this MongoDB is the primary of a replica set: another one takes over")
    return Outcome.PASS, say("MongoDB: {role}", role=role)


def _environment_file(guard: Guard, facts: Facts) -> Answer:
    match facts.get("secrets.file_fits"):
        case True:
            return Outcome.PASS, say("the environment file has both secrets")
        case False:
            return Outcome.FAIL, say("the environment file cannot be used")
        case _:
            return Outcome.UNKNOWN, say("the environment file was not looked at")


def _service(guard: Guard) -> str:
    return str(guard.need.get("service", "backend"))


def _limit(guard: Guard, name: str, otherwise: int) -> int:
    return _number(guard.need, name) or otherwise


def _number(facts: Facts, name: str) -> int | None:
    value = facts.get(name)
    return value if isinstance(value, int) and not isinstance(value, bool) else None


SERVICE_KINDS: Mapping[str, Callable[[Guard, Facts], Answer]] = {
    "service_here": _here,
    "service_restarts": _restarts,
    "backend_ails": _ails,
    "mongodb_answers": _mongodb,
    "mongodb_alone": _alone,
    "redis_left": _redis_left,
    "no_dump": _no_dump,
    "environment_file": _environment_file,
}
