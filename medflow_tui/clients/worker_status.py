"""What the backend says of its queue worker, asked with a session that is kept, sparingly."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from medflow_tui.clients.http import origin
from medflow_tui.clients.medflow import AnsweredError, MedflowSession, calls_allowed
from medflow_tui.clients.network import Deadline, UnreachableError
from medflow_tui.clients.tools import Tools
from medflow_tui.journal.refusals import Refusals
from medflow_tui.model.health import Cause, Failure
from medflow_tui.model.targets.queue import QueueTarget
from medflow_tui.model.words import Phrase, say

PATH = "/api/devices/sync-queue/status"
RENEW_AFTER = timedelta(minutes=5)
TRY_AGAIN = timedelta(days=1)


@dataclass(frozen=True, slots=True, kw_only=True)
class WorkerStatus:
    """`started_at` None: no worker in that process. `has_redis` false: the backend works without Redis.

    `processed` and `failed` count since the backend was started; `active` are jobs in hand.
    """

    at: datetime
    latency_ms: float
    started_at: datetime | None
    has_redis: bool
    processed: int
    failed: int
    active: int


class StatusCall:
    """The call, its session and what was learnt about log-in and rate limit. Not shared between threads.

    A refused log-in is not tried again by any process of this machine for a day, unless the password changes: the fifth
    failure locks the account.
    """

    def __init__(self, target: QueueTarget, tools: Tools) -> None:
        self._target, self._tools = target, tools
        self._session: MedflowSession | None = None
        self._logged_in_at: datetime | None = None
        self._refusals = Refusals(tools.state)
        self._until: datetime | None = None
        self._last: WorkerStatus | None = None

    @property
    def is_possible(self) -> bool:
        """True when the site file names the backend and somebody to log in as."""
        return bool(self._target.api and self._target.api_username)

    def ask(self, deadline: Deadline) -> WorkerStatus:
        """The status, at most `api_every_s` old. Raises UnreachableError, SecretError."""
        now = self._tools.now()
        if self._last is not None and now - self._last.at < timedelta(seconds=self._target.api_every_s):
            return self._last
        if self._until is not None and now < self._until:
            raise UnreachableError(_limited(self._until))
        self._last = None
        try:
            self._last = self._asked(deadline)
        except UnreachableError as error:
            if error.failure.until is not None:
                self._until = error.failure.until
                raise UnreachableError(_limited(self._until)) from error
            raise
        return self._last

    def _asked(self, deadline: Deadline) -> WorkerStatus:
        session = self._open(deadline)
        try:
            reply = session.get(PATH)
        except AnsweredError as error:
            has_ended = error.status == 401 or not session.is_logged_in
            if not has_ended or not self._may_renew(deadline):
                raise
            self._forget()
            reply = self._open(deadline).get(PATH)
        return _status(reply.data, at=self._tools.now(), latency_ms=reply.latency_ms)

    def _open(self, deadline: Deadline) -> MedflowSession:
        """The session, logged in once, for calls until the deadline; a refusal is remembered."""
        if self._session is not None:
            self._session.keep_to(deadline)
            return self._session
        target = self._target
        password = self._tools.secret(target.api_password) if target.api_password else ""
        who, now = f"{target.api_username}@{origin(target.api)}", self._tools.now()
        before = self._refusals.find(who, password, now, TRY_AGAIN)
        if before:
            raise UnreachableError(Failure(cause=Cause.DENIED, text=Phrase(text=before)))
        session = MedflowSession(
            target.api,
            deadline_s=max(0.5, target.deadline_s / 4),
            budget=self._tools.budget,
            limit=calls_allowed(target.api),
            ca_file=target.ca_file,
            now=self._tools.now,
        )
        session.keep_to(deadline)
        try:
            session.login(target.api_username, password)
        except UnreachableError as error:
            session.close()
            if error.failure.cause is Cause.DENIED:
                self._refusals.add(who, password, error.failure.text.text, now)
            raise
        self._session, self._logged_in_at = session, self._tools.now()
        return session

    def _may_renew(self, deadline: Deadline) -> bool:
        """A token that was refused although it is new would be refused again: one log-in in five minutes at most."""
        if self._logged_in_at is None or deadline.passed():
            return False
        return self._tools.now() - self._logged_in_at >= RENEW_AFTER

    def _forget(self) -> None:
        if self._session is not None:
            self._session.close()
        self._session = None


def _limited(until: datetime) -> Failure:
    return Failure(cause=Cause.LIMITED, text=say("429 until {until:clock}", until=until), until=until)


def _status(data: Any, *, at: datetime, latency_ms: float) -> WorkerStatus:
    if not isinstance(data, dict) or "startedAt" not in data:
        raise UnreachableError(Failure(cause=Cause.GARBLED, text=say("not the expected answer")))
    started_at = None if data["startedAt"] is None else _started(data["startedAt"])
    return WorkerStatus(
        at=at,
        latency_ms=latency_ms,
        started_at=started_at,
        has_redis="delayed" in data and "failedInQueue" in data,
        processed=_number(data.get("processed")),
        failed=_number(data.get("failed")),
        active=_number(data.get("activeJobs")),
    )


def _started(told: object) -> datetime:
    """Only null means that there is no worker; what is no moment means that nothing is known."""
    try:
        found = datetime.fromisoformat(told) if isinstance(told, str) else None
        if found is not None:
            return found.astimezone(UTC) if found.tzinfo else found.replace(tzinfo=UTC)
    except (ValueError, OverflowError):
        pass
    raise UnreachableError(Failure(cause=Cause.GARBLED, text=say("not the expected answer")))


def _number(value: object) -> int:
    return value if isinstance(value, int) and not isinstance(value, bool) else 0
