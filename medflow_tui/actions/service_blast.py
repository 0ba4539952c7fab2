"""What a restart would hit, measured now: requests, connections, transactions. What no system tells is left out."""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import timedelta

import psutil

from medflow_tui.clients.http import Web
from medflow_tui.clients.mongodb import Reached
from medflow_tui.clients.mongodb import connected as mongodb_connected
from medflow_tui.clients.network import Deadline, UnreachableError
from medflow_tui.clients.peers import programs_connected_to
from medflow_tui.clients.prometheus import Traffic, traffic
from medflow_tui.clients.redis import connected as redis_connected
from medflow_tui.clients.supervisors.owner import owner_of
from medflow_tui.clients.supervisors.seen import Seen
from medflow_tui.clients.supervisors.telling import NOT_HERE, Supervisor
from medflow_tui.clients.tools import Tools
from medflow_tui.journal.lives import Lives
from medflow_tui.model.canonical import Fact
from medflow_tui.model.errors import SecretError
from medflow_tui.model.service import Verb
from medflow_tui.model.targets.process import ProcessTarget
from medflow_tui.model.words import Phrase, say
from medflow_tui.rules.restarts import restarts

METRICS, ASK_S = "/metrics", 8.0
DUMPS = ("mongodump", "mongorestore", "mongoexport", "mongoimport")
UNTOLD = (
    say("how many people work now: MedFlow keeps no sessions that could be counted"),
    say("uploads under way: MedFlow does not count them"),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Measured:
    """`facts` by name, and what people should know could not be measured."""

    facts: Mapping[str, Fact]
    untold: tuple[Phrase, ...] = ()


def of_service(name: str, target: ProcessTarget, supervisor: Supervisor, tools: Tools) -> Measured:
    """How the service stands with its manager, for guards: `service.NAME.…`.

    `applies` false: not applicable here, `why` says so. `owner` is the manager to which the running process really
    belongs; `restarts_15min` what was seen of it, `kills_after_s` when it kills (`kills`) a service that does not end.
    """
    prefix = f"service.{name}"
    reason = supervisor.why_not(Verb.RESTART)
    if reason:
        return Measured(
            facts={f"{prefix}.applies": False, f"{prefix}.manager": target.manager}, untold=(reason,)
        )
    try:
        seen = supervisor.look(Deadline.after(ASK_S))
    except UnreachableError as error:
        facts: dict[str, Fact] = {f"{prefix}.manager": target.manager}
        if error.failure.cause in NOT_HERE:
            facts[f"{prefix}.applies"] = False
        return Measured(facts=facts, untold=(error.failure.text,))
    found = _standing(target, seen, tools)
    return Measured(facts={f"{prefix}.{key}": value for key, value in found.items()})


def _standing(target: ProcessTarget, seen: Seen, tools: Tools) -> dict[str, Fact]:
    lives = Lives(tools.state / "lives", target.name).all()
    found: dict[str, Fact] = {
        "applies": True,
        "manager": target.manager,
        "state": seen.state,
        "pid": seen.pid or 0,
        "restarts_15min": restarts(lives, tools.now() - timedelta(minutes=15)),
        "last_starts": tuple(f"{each.started_at:%Y-%m-%dT%H:%M:%SZ}" for each in lives[-3:]),
    }
    if seen.kills_after_s is not None:
        found["kills"] = seen.kills_after_s != math.inf
        if found["kills"]:
            found["kills_after_s"] = int(seen.kills_after_s)
    if seen.held is not None:
        found["held"] = seen.held
    owner = owner_of(seen.pid) if seen.pid else ""
    if owner:
        found["owner"] = owner
        found["owner_is_manager"] = owner == target.manager or target.manager == "pidfile"
    return found


def of_backend(
    base_url: str,
    pid: int,
    *,
    ca_file: str = "",
    over_s: float = 3.0,
    pause: Callable[[float], None] = time.sleep,
    jobs: Callable[[], Mapping[str, Fact]] | None = None,
) -> Measured:
    """`blast.requests_per_min` over a few seconds, `blast.connections` and `blast.addresses` of the process.

    `jobs` are facts of the device queue by whoever is logged in (`blast.jobs_in_work`): a restart loses those.
    """
    facts: dict[str, Fact] = {}
    first = traffic_of(base_url, ca_file)
    if first is not None:
        pause(over_s)
        second = traffic_of(base_url, ca_file)
        if second is not None and second.started == first.started and second.requests >= first.requests:
            facts["blast.requests_per_min"] = round((second.requests - first.requests) * 60 / over_s)
    facts |= _connections(pid)
    facts |= jobs() if jobs is not None else {}
    return Measured(facts=facts, untold=UNTOLD)


def traffic_of(base_url: str, ca_file: str) -> Traffic | None:
    """The counters of the backend now; None when it does not tell them."""
    try:
        with Web(base_url, ca_file=ca_file) as web:
            answer = web.ask("GET", METRICS, Deadline.after(ASK_S))
    except UnreachableError:
        return None
    return traffic(answer.text) if answer.status == 200 else None


def _connections(pid: int) -> dict[str, Fact]:
    """Of one process: those that came to a port on which it listens. Nothing when this account may not see them."""
    try:
        found = psutil.Process(pid).net_connections(kind="tcp") if pid else []
    except (psutil.Error, OSError, AttributeError):
        return {}
    ports = {each.laddr.port for each in found if each.status == psutil.CONN_LISTEN}
    if not ports:
        return {}
    came = [each for each in found if each.status == psutil.CONN_ESTABLISHED and each.laddr.port in ports]
    return {"blast.connections": len(came), "blast.addresses": len({each.raddr.ip for each in came})}


def of_mongodb(target: Reached, port: int, tools: Tools) -> Measured:
    """`blast.connections`, `blast.transactions`, `blast.role`, and `blast.dump` when a dump runs on this machine."""
    facts: dict[str, Fact] = {}
    try:
        with mongodb_connected(target, tools, Deadline.after(ASK_S)) as connection:
            status, hello = connection.ask_if_told("serverStatus"), connection.ask("hello")
    except (UnreachableError, SecretError):
        return Measured(facts=facts, untold=(say("MongoDB does not answer: what it does now is not known"),))
    facts["blast.role"] = _role(hello)
    for key, path in {
        "blast.connections": ("connections", "current"),
        "blast.transactions": ("transactions", "currentOpen"),
    }.items():
        value = (status or {}).get(path[0], {}).get(path[1])
        if isinstance(value, int):
            facts[key] = value
    programs = programs_connected_to(port)
    if programs:
        facts["blast.dump"] = any(each.startswith(DUMPS) for each in programs.values())
    return Measured(facts=facts)


def _role(hello: Mapping[str, object]) -> str:
    """
    >>> _role({"isWritablePrimary": True, "setName": "rs0"}), _role({"isWritablePrimary": True})
    ('primary', 'standalone')
    """
    if not hello.get("setName"):
        return "standalone"
    return "primary" if hello.get("isWritablePrimary") else "secondary"


def of_redis(address: str, password: str) -> Measured:
    """`blast.connections` without our own, and `blast.saving` while it writes its data to the disk."""
    try:
        with redis_connected(address, password, Deadline.after(ASK_S)) as client:
            told = client.info()
    except UnreachableError:
        return Measured(facts={}, untold=(say("Redis does not answer: what it does now is not known"),))
    facts: dict[str, Fact] = {}
    clients = told.get("connected_clients")
    if isinstance(clients, int):
        facts["blast.connections"] = max(0, clients - 1)
    saving = [told.get(each) for each in ("rdb_bgsave_in_progress", "aof_rewrite_in_progress")]
    if None not in saving:
        facts["blast.saving"] = any(saving)
    return Measured(facts=facts)
