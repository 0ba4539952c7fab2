"""What must hold before a service is told anything: by its manager, by MongoDB, by Redis."""

from __future__ import annotations

from collections.abc import Mapping

from medflow_tui.model.canonical import Facts
from medflow_tui.model.procedure import Guard, Outcome
from medflow_tui.model.words import say
from medflow_tui.rules.answers import Answer, Rule, by_fact, number

HOLDS = ("systemd", "runit")
"""Managers whose word for held means that somebody wants it so; the others call whatever fell and stays down held."""

ENDS_WITHIN_S = 75
"""MongoDB first lets running work end (15 s), then writes what came since its last checkpoint (up to 60 s of it)."""


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
    is_kept_down = facts.get(f"service.{name}.held") is True and not facts.get(f"service.{name}.pid")
    if is_kept_down and manager in HOLDS:  # one that runs was left so by a hold that fell half-way
        return Outcome.FAIL, say("{service} is held: somebody keeps it stopped", service=name)
    state = str(facts.get(f"service.{name}.state", "?"))
    return Outcome.PASS, say("{service}: {manager}, {state:word}", service=name, manager=manager, state=state)


def _restarts(guard: Guard, facts: Facts) -> Answer:
    name, most = _service(guard), _limit(guard, "max", 3)
    found = number(facts, f"service.{name}.restarts_15min")
    if found is None:
        return Outcome.UNKNOWN, say("how often {service} was restarted is not known", service=name)
    said = say("{service} restarted {n:number} times in 15 min", service=name, n=found)
    return (Outcome.FAIL if found >= most else Outcome.PASS), said


def _redis_left(guard: Guard, facts: Facts) -> Answer:
    """Redis is back, and the backend is not connected to it."""
    clients = number(facts, "redis.backend_clients")
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


def _alone(guard: Guard, facts: Facts) -> Answer:
    """A member of a replica set is restarted one after another, by those who know the set."""
    role = facts.get("db_role")
    if not isinstance(role, str):
        return Outcome.UNKNOWN, say("the role of this MongoDB is not known")
    if role == "primary":
        return Outcome.FAIL, say("this MongoDB is the primary of a replica set: another one takes over")
    return Outcome.PASS, say("MongoDB: {role}", role=role)


def _ends_cleanly(guard: Guard, facts: Facts) -> Answer:
    """A database that is killed while it writes starts with a repair, or not at all."""
    name, least = _service(guard), _limit(guard, "least_s", ENDS_WITHIN_S)
    manager = str(facts.get(f"service.{name}.manager", "?"))
    if facts.get(f"service.{name}.pid") == 0:
        return Outcome.PASS, say("{service} does not run: nothing could be killed", service=name)
    if facts.get(f"service.{name}.kills") is False:
        return Outcome.PASS, say("{manager} never kills {service}", manager=manager, service=name)
    after = number(facts, f"service.{name}.kills_after_s")
    if after is None:
        return Outcome.UNKNOWN, say(
            "{manager} does not say when it kills {service}", manager=manager, service=name
        )
    if after < least:
        return Outcome.FAIL, say(
            "{manager} kills {service} after {n:number} s; to end it may need {least:number} s",
            manager=manager,
            service=name,
            n=after,
            least=least,
        )
    return Outcome.PASS, say(
        "{manager} waits {n:number} s for the end of {service}", manager=manager, service=name, n=after
    )


def _data_room(guard: Guard, facts: Facts) -> Answer:
    """MongoDB ends by itself on a full disk, and does not start there."""
    free, floor = number(facts, "db_free_mib"), _limit(guard, "floor_mib", 512)
    if free is None:
        return Outcome.UNKNOWN, say("how much room the data of MongoDB has is not known")
    said = say("{n:number} MiB free where the data of MongoDB lies", n=free)
    return (Outcome.FAIL if free < floor else Outcome.PASS), said


def _service(guard: Guard) -> str:
    return str(guard.need.get("service", "backend"))


def _limit(guard: Guard, name: str, otherwise: int) -> int:
    return number(guard.need, name) or otherwise


SERVICE_KINDS: Mapping[str, Rule] = {
    "service_here": _here,
    "service_restarts": _restarts,
    "backend_ails": by_fact(
        "backend.ready",
        yes=(Outcome.FAIL, say("the backend is ready: a restart would interrupt people for nothing")),
        no=(Outcome.PASS, say("the backend is not ready")),
        unknown=say("backend does not say whether it is ready"),
    ),
    "mongodb_answers": by_fact(
        "mongodb.answers",
        yes=(Outcome.PASS, say("MongoDB answers and takes writes")),
        no=(Outcome.FAIL, say("MongoDB does not answer: a restart of the backend mends nothing")),
        unknown=say("not known whether MongoDB answers"),
    ),
    "mongodb_alone": _alone,
    "mongodb_journal": by_fact(
        "db_journal",
        yes=(Outcome.PASS, say("the journal of MongoDB is on")),
        no=(Outcome.FAIL, say("the journal of MongoDB is off")),
        unknown=say("not known whether the journal of MongoDB is on"),
    ),
    "mongodb_room": _data_room,
    "ends_cleanly": _ends_cleanly,
    "redis_left": _redis_left,
    "no_dump": by_fact(
        "db_dump",
        yes=(Outcome.FAIL, say("a dump or restore of MongoDB runs now")),
        no=(Outcome.PASS, say("no dump or restore of MongoDB runs on this machine")),
        unknown=say("not known whether a dump of MongoDB runs"),
    ),
    "environment_file": by_fact(
        "secrets.file_fits",
        yes=(Outcome.PASS, say("the environment file has both secrets")),
        no=(Outcome.FAIL, say("the environment file cannot be used")),
        unknown=say("the environment file was not looked at"),
    ),
}
