"""Where the device sync queue is at one site, and what is measured there before anything is changed."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from typing import Any, TypeVar

from medflow_tui.clients import failed_jobs
from medflow_tui.clients.failed_jobs import FailedJob, QueueSight
from medflow_tui.clients.http import Web, origin
from medflow_tui.clients.medflow import MedflowSession, SecondFactorError
from medflow_tui.clients.network import Deadline, UnreachableError
from medflow_tui.clients.prometheus import traffic
from medflow_tui.clients.tools import Tools
from medflow_tui.model.canonical import Fact
from medflow_tui.model.errors import NoLoginError, RefusedError, SecretError
from medflow_tui.model.health import Cause, Failure
from medflow_tui.model.performer import Login, Survey
from medflow_tui.model.targets.redis import RedisTarget
from medflow_tui.model.words import Phrase, say

STATUS, DEVICES = "/api/devices/sync-queue/status", "/api/devices?page=1&limit=200"
READY, METRICS = "/health/ready", "/metrics"
BAD_SYNC = ("failed", "partial")
BAD_STATUS = ("error", "disconnected")
RESERVE = (
    10  # calls left to people's browsers; what the dashboard polls leaves 40, so that a run can be read back
)
T = TypeVar("T")


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """`backend` is the base URL, `redis` an address without password, `redis_password` a reference.

    `unread` are names or ids of devices whose share the dashboard could not read when the plan was made.
    """

    backend: str
    redis: str
    redis_password: str = ""
    ca_file: str = ""
    deadline_s: float = 8.0
    unread: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class WorkerWord:
    """What the backend says of its worker. `started` is its own text (empty: no worker), `started_at` the same read."""

    started: str
    started_at: datetime | None
    has_redis: bool
    pending: int
    failed_in_queue: int
    active: int


class QueueView:
    """Reads the backend and Redis; the session is the operator's own. Not shared between threads."""

    def __init__(self, place: Place, tools: Tools) -> None:
        self._place, self._tools = place, tools
        self._redis = _redis_of(place, tools)
        self._instance: str | None = None
        self._session: MedflowSession | None = None
        self._devices: tuple[dict[str, str], ...] | None = None

    def close(self) -> None:
        if self._session is not None:
            self._session.close()

    def log_in(self, login: Login) -> None:
        """Once. Raises RefusedError (NoLoginError when it was denied) with the reason in words."""
        session = MedflowSession(
            self._place.backend,
            deadline_s=self._place.deadline_s,
            budget=self._tools.budget,
            reserve=RESERVE,
            ca_file=self._place.ca_file,
            now=self._tools.now,
        )
        try:
            session.login(login.username, login.password)
        except SecondFactorError:
            session.close()
            raise RefusedError(
                say(
                    "log-in not possible: this account needs a second factor, which this program does not ask for; use another account"
                )
            ) from None
        except UnreachableError as error:
            session.close()
            refused = NoLoginError if error.failure.cause is Cause.DENIED else RefusedError
            raise refused(say("log-in not possible").also(error.failure.text)) from None
        session.prove_by(self._prove)
        self._session = session

    def session(self) -> MedflowSession:
        """The operator's session. Raises UnreachableError (DENIED) when nobody has logged in."""
        if self._session is None:
            raise UnreachableError(Failure(cause=Cause.DENIED, text=say("nobody is logged in")))
        return self._session

    def sight(self) -> QueueSight:
        """The queue in Redis. Raises UnreachableError, SecretError."""
        return failed_jobs.look(self._redis, self._tools, Deadline.after(self._place.deadline_s))

    def waiting(self) -> tuple[int, int]:
        """Waiting and delayed. Raises UnreachableError, SecretError."""
        return failed_jobs.waiting(self._redis, self._tools, Deadline.after(self._place.deadline_s))

    def worker(self) -> WorkerWord:
        """What the backend says of its worker. Raises UnreachableError."""
        data = self.session().get(STATUS).data
        if not isinstance(data, dict) or "startedAt" not in data:
            raise UnreachableError(Failure(cause=Cause.GARBLED, text=say("not the expected answer")))
        started = data["startedAt"] if isinstance(data["startedAt"], str) else ""
        return WorkerWord(
            started=started[:40],
            started_at=_moment(started),
            has_redis="delayed" in data and "failedInQueue" in data,
            pending=_number(data.get("pending")),
            failed_in_queue=_number(data.get("failedInQueue")),
            active=_number(data.get("activeJobs")),
        )

    def survey(self) -> Survey:
        """Everything a guard or the plan wants to know; what cannot be read is missing. Sends GET only."""
        facts: dict[str, Fact] = {}
        ready, self._instance = self._ready_and_instance()
        instance = self._instance
        if ready is not None:
            facts["backend.ready"] = ready
        sight = _or_none(self.sight)
        worker = _or_none(self.worker) if self._session is not None else None
        devices = self._known_devices() if self._session is not None else None
        identity = ""
        if sight is not None:
            facts |= _of_queue(sight)
            if instance and sight.server:
                identity = f"backend {instance}, redis {sight.server}"
        if worker is not None:
            facts["worker_started"] = worker.started
            same = self._same_queue(sight, worker)
            if same is not None:
                facts["identity.same_queue"] = same
        if devices is not None:
            facts["devices"] = len(devices)
        if sight is not None and devices is not None:
            facts |= _of_shares(sight.failed, devices, self._place.unread)
        session = self._session
        return Survey(
            facts=facts,
            targets={"backend": self._place.backend, "redis": self._place.redis},
            identity=identity,
            operator=session.name if session else "",
            role=session.role if session else "",
            notes=self._notes(worker),
        )

    def _notes(self, worker: WorkerWord | None) -> tuple[Phrase, ...]:
        notes = []
        if self._session is not None and self._session.is_clear:
            notes.append(say("the password travels readable: this site has no https"))
        if worker is not None and worker.started:
            notes.append(say("the worker runs already: it will not be started again"))
        return tuple(notes)

    def _same_queue(self, sight: QueueSight | None, worker: WorkerWord) -> bool | None:
        """Whether the backend's numbers are those of this Redis; they move, so a difference is looked at again."""
        if not worker.has_redis:
            return False
        for _ in range(3):
            if sight is None:
                return None
            if (worker.pending, worker.failed_in_queue) == (sight.waiting, len(sight.failed)):
                return True
            sight, again = _or_none(self.sight), _or_none(self.worker)
            if again is None:
                return None
            worker = again
        return False

    def _ready_and_instance(self) -> tuple[bool | None, str]:
        """Whether the backend has its database, and which start of which backend answers (empty: not told)."""
        ready, instance = None, ""
        with Web(self._place.backend, ca_file=self._place.ca_file, now=self._tools.now) as web:
            with suppress(UnreachableError):
                answer = web.ask("GET", READY, Deadline.after(self._place.deadline_s))
                ready = _ready(answer.status, answer.json())
            with suppress(UnreachableError):
                instance = self._told_instance(web, Deadline.after(self._place.deadline_s))
        return ready, instance

    def _told_instance(self, web: Web, deadline: Deadline) -> str:
        """Raises UnreachableError."""
        answer = web.ask("GET", METRICS, deadline)
        found = traffic(answer.text) if answer.status == 200 else None
        if found is None or not found.started:
            return ""
        return f"{origin(self._place.backend)} started {int(found.started)}"

    def _prove(self, web: Web, deadline: Deadline) -> None:
        """The same start of the same backend as the guards have found; before them there is nothing to compare with."""
        if self._instance is not None and self._told_instance(web, deadline) != self._instance:
            text = say("{name}: another server answers than the one in the plan", name="backend")
            raise UnreachableError(Failure(cause=Cause.UNTRUSTED, text=text))

    def _known_devices(self) -> tuple[dict[str, str], ...] | None:
        """Identifiers and sync status of every device, read once: the answer holds passwords of shares in clear."""
        if self._devices is None:
            try:
                rows = self.session().get(DEVICES).data
            except UnreachableError:
                return None
            if not isinstance(rows, list):
                return None
            self._devices = tuple(_device(each) for each in rows if isinstance(each, dict))
        return self._devices


def _redis_of(place: Place, tools: Tools) -> RedisTarget:
    """The Redis of the queue, by the name under which the plan knows it."""
    names = (
        each.name
        for each in tools.site.targets
        if isinstance(each, RedisTarget) and each.address == place.redis
    )
    return RedisTarget(name=next(names, "redis"), address=place.redis, password=place.redis_password)


def _or_none(read: Callable[[], T]) -> T | None:
    try:
        return read()
    except (UnreachableError, SecretError):
        return None


def _ready(status: int, found: Mapping[str, Any]) -> bool | None:
    """Both shapes in the field: `{"ready": true}` and `{"status": "ready"}`; 503 with either is a no."""
    said = found.get("ready", found.get("status"))
    if status == 200 and said in (True, "ready"):
        return True
    return False if status == 503 and said in (False, "not_ready") else None


def _of_queue(sight: QueueSight) -> dict[str, Fact]:
    return {
        "waiting": sight.waiting,
        "delayed": sight.delayed,
        "failed": len(sight.failed),
        "expired": sight.expired,
        "redis.used": sight.used,
        "redis.maxmemory": sight.maxmemory,
        "redis.evicted": sight.evicted,
    }


def _of_shares(
    failed: tuple[FailedJob, ...], devices: tuple[dict[str, str], ...], unread: tuple[str, ...]
) -> dict[str, Fact]:
    """How many failed jobs belong to devices that nobody can read at the moment, and which devices those are."""
    wanted = {each.casefold() for each in unread}
    names, ids = [], set()
    for each in devices:
        known = {each["id"], each["code"], each["name"]} - {""}
        if each["is_bad"] or wanted & {one.casefold() for one in known}:
            names.append(each["name"] or each["code"])
            ids |= known
    jobs = sum(each.device in ids and not each.has_expired for each in failed)
    return {"unread.jobs": jobs, "unread.devices": ", ".join(names[:4])[:120]}


def _device(row: Mapping[str, Any]) -> dict[str, str]:
    integration = row.get("integration")
    found = integration if isinstance(integration, dict) else {}
    is_bad = found.get("status") in BAD_STATUS or found.get("lastSyncStatus") in BAD_SYNC
    return {
        "id": str(row.get("_id") or row.get("id") or "")[:40],
        "code": str(row.get("deviceId") or "")[:40],
        "name": str(row.get("name") or "")[:40],
        "is_bad": "yes" if is_bad else "",
    }


def _moment(text: str) -> datetime | None:
    try:
        return datetime.fromisoformat(text) if text else None
    except ValueError:
        return None


def _number(value: object) -> int:
    return value if isinstance(value, int) and not isinstance(value, bool) else 0
