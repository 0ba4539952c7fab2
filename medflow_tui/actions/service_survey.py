"""What is measured of the services before anything is changed: how they stand, and whom a restart would hit."""

from __future__ import annotations

import hashlib
import platform
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

import psutil

from medflow_tui.actions.service_blast import DUMPS, Measured, of_backend, of_mongodb, of_service
from medflow_tui.actions.service_ready import backend_ready, down, mongodb_ready
from medflow_tui.actions.service_redis import at_redis
from medflow_tui.actions.service_storage import of_storage
from medflow_tui.clients.medflow import MedflowSession
from medflow_tui.clients.network import Deadline, UnreachableError
from medflow_tui.clients.supervisors.telling import Supervisor
from medflow_tui.clients.tools import Tools
from medflow_tui.model.canonical import Fact
from medflow_tui.model.health import Cause
from medflow_tui.model.performer import Login, Survey
from medflow_tui.model.procedure import Outcome
from medflow_tui.model.targets.http import HttpTarget
from medflow_tui.model.targets.mongodb import MongodbTarget
from medflow_tui.model.targets.process import ProcessTarget
from medflow_tui.model.targets.redis import RedisTarget
from medflow_tui.model.words import Phrase, say

STATUS, RESERVE, LOOK_S, OVER_S = "/api/devices/sync-queue/status", 10, 8.0, 3.0
MACHINE = Path("/etc/machine-id")
OF_BACKEND = {"blast.requests_per_min": "requests", "blast.connections": "connections"}
OF_MONGODB = {
    "blast.connections": "db_connections",
    "blast.transactions": "transactions",
    "blast.role": "db_role",
    "blast.dump": "db_dump",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Service:
    """One process target of the site; `name` is what playbooks call it."""

    name: str
    target: ProcessTarget
    supervisor: Supervisor


@dataclass(frozen=True, slots=True, kw_only=True)
class Neighbours:
    """What is asked on the wire, as far as the site file names it."""

    backend: HttpTarget | None = None
    mongodb: MongodbTarget | None = None
    redis: RedisTarget | None = None


class Surveyor:
    """How far a change reaches is measured once, how the services stand anew each time. Reads only."""

    def __init__(
        self, services: Mapping[str, Service], near: Neighbours, tools: Tools, login: Login | None
    ) -> None:
        self._services, self._near, self._tools, self._login = services, near, tools, login
        self._session: MedflowSession | None = None
        self._reach: dict[str, Fact] | None = None
        self._notes: list[Phrase] = []

    def close(self) -> None:
        if self._session is not None:
            self._session.close()

    def survey(self) -> Survey:
        facts, notes = self._standing()
        facts |= self._answers()
        if self._reach is None:
            self._reach = self._measured(facts)
        session = self._session
        return Survey(
            facts={**self._reach, **facts},
            targets=self._targets(),
            identity=self._identity(),
            operator=session.name if session else "",
            role=session.role if session else "",
            notes=(*notes, *self._notes),
        )

    def _standing(self) -> tuple[dict[str, Fact], list[Phrase]]:
        facts: dict[str, Fact] = {"services": tuple(self._services)}
        notes: list[Phrase] = []
        for name, each in self._services.items():
            found = of_service(name, each.target, each.supervisor, self._tools)
            facts |= found.facts
            notes += [say("{service}", service=name).also(why) for why in found.untold]
            if f"service.{name}.state" in facts:
                facts[f"service.{name}.running"] = facts[f"service.{name}.state"] == "running"
        return facts, notes

    def _answers(self) -> dict[str, Fact]:
        near, facts, why = self._near, dict[str, Fact](), list[Cause]()
        if near.backend is not None:
            ready = backend_ready(near.backend.address, ca_file=near.backend.ca_file, heard=why.append)
            outcome, _ = ready(0, Deadline.after(LOOK_S))
            facts |= _told("backend.ready", outcome) | down("backend", outcome, why)
            why.clear()
        if near.mongodb is not None:
            ready = mongodb_ready(near.mongodb, self._tools, heard=why.append)
            outcome, _ = ready(0, Deadline.after(LOOK_S))
            facts |= _told("mongodb.answers", outcome) | down("mongodb", outcome, why)
        if near.redis is not None:
            facts |= at_redis(near.redis, self._tools)
        return facts

    def _measured(self, facts: Mapping[str, Fact]) -> dict[str, Fact]:
        near, found = self._near, dict[str, Fact]()
        if near.backend is not None:
            pid = facts.get("service.backend.pid", 0)
            told = of_backend(
                near.backend.address,
                pid if isinstance(pid, int) else 0,
                ca_file=near.backend.ca_file,
                over_s=OVER_S if facts.get("backend.ready") is True else 0.2,
                jobs=lambda: self._jobs(facts.get("backend.ready") is True),
            )
            found |= self._named(told, OF_BACKEND)
        if near.mongodb is not None and "mongodb" in self._services:
            port = urlsplit(near.mongodb.address).port or 27017
            found |= self._named(of_mongodb(near.mongodb, port, self._tools), OF_MONGODB)
            pid = facts.get("service.mongodb.pid", 0)
            found |= of_storage(near.mongodb, pid if isinstance(pid, int) else 0, self._tools)
            found["db_dump"] = found.get("db_dump") is True or dump_runs()
        return found

    def _named(self, measured: Measured, names: Mapping[str, str]) -> dict[str, Fact]:
        self._notes += measured.untold
        return {names.get(key, key): value for key, value in measured.facts.items()}

    def _jobs(self, is_ready: bool) -> Mapping[str, Fact]:
        """By the operator's own log-in, which is tried once, and only where the backend can answer it."""
        if self._login is None or self._near.backend is None:
            return {}
        if not is_ready:
            self._notes.append(say("not logged in: the backend does not answer"))
            return {}
        session = MedflowSession(
            self._near.backend.address,
            deadline_s=LOOK_S,
            budget=self._tools.budget,
            reserve=RESERVE,
            ca_file=self._near.backend.ca_file,
            now=self._tools.now,
        )
        try:
            session.login(self._login.username, self._login.password)
        except UnreachableError as error:
            session.close()
            self._notes.append(say("log-in not possible").also(error.failure.text))
            return {}
        self._session = session
        try:
            data = session.get(STATUS).data
        except UnreachableError:
            return {}
        active = data.get("activeJobs") if isinstance(data, dict) else None
        return {"jobs_in_work": active} if isinstance(active, int) and not isinstance(active, bool) else {}

    def _targets(self) -> dict[str, str]:
        told = {
            name: f"{each.target.manager} {unit_of(each.target)}" for name, each in self._services.items()
        }
        near = {
            f"{name} (address)": each.address
            for name, each in (("backend", self._near.backend), ("mongodb", self._near.mongodb))
            if each is not None
        }
        return {**told, **near}

    def _identity(self) -> str:
        """The same over restarts and boots: this machine, and the managers' own names of the services."""
        units = (
            f"{name} {each.target.manager} {unit_of(each.target)}" for name, each in self._services.items()
        )
        return f"machine {machine()}: {', '.join(units)}"


def unit_of(target: ProcessTarget) -> str:
    """By which name its manager knows it."""
    if target.manager == "pidfile":
        return target.pid_file
    return "/".join(each for each in (target.compose_project or target.pm2_home, target.unit) if each)


def machine() -> str:
    """Tells this machine from others, also from one with the same name."""
    try:
        own = MACHINE.read_text(encoding="ascii").strip()
    except (OSError, UnicodeDecodeError):
        own = ""
    return hashlib.sha256(f"{platform.node()} {own}".encode()).hexdigest()[:12]


def dump_runs() -> bool:
    """Whether a dump or a restore of MongoDB runs on this machine, connected or not."""
    names = (each.info["name"] or "" for each in psutil.process_iter(["name"]))
    return any(each.startswith(DUMPS) for each in names)


def _told(name: str, outcome: Outcome) -> dict[str, Fact]:
    return {} if outcome is Outcome.UNKNOWN else {name: outcome is Outcome.PASS}
