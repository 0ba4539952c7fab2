"""Puts other secrets into the backend's environment file, so that every log-in ends with the next start."""

from __future__ import annotations

import secrets
from collections.abc import Callable
from pathlib import Path

from medflow_tui.actions.medflow_secrets_proof import OldRefused
from medflow_tui.actions.names import MEDFLOW_SECRETS as ACTIONS
from medflow_tui.clients import environment_file
from medflow_tui.clients.environment_file import EnvironmentFile
from medflow_tui.clients.tools import Tools
from medflow_tui.journal.run_log import find
from medflow_tui.model.canonical import Fact
from medflow_tui.model.errors import RefusedError
from medflow_tui.model.performer import Finding, Login, Performer, Survey, Task
from medflow_tui.model.procedure import Outcome
from medflow_tui.model.site import Site
from medflow_tui.model.targets.http import BACKEND, HttpTarget
from medflow_tui.model.targets.process import ProcessTarget
from medflow_tui.model.words import Phrase, say
from medflow_tui.rules.environment_file import (
    SECRETS,
    UnfitFileError,
    is_fit,
    renewed,
    secrets_in,
    without_secrets,
)
from medflow_tui.rules.services import service_name

RUNS, COPY = "runs", "environment.before"


class Place:
    """The file of this site, and where the copy of a run is kept."""

    def __init__(self, file: str, tools: Tools) -> None:
        self.file, self._tools = file, tools

    def read(self) -> EnvironmentFile:
        """Raises OSError."""
        return environment_file.read(self.file)

    def copy(self, task: Task) -> Path:
        """Raises RefusedError for a run that is not there."""
        return find(self._tools.state / RUNS, str(task.step.args.get("run", ""))).path / "sealed" / COPY


def _unreadable(error: Exception) -> Finding:
    if isinstance(error, RefusedError):
        return Finding(outcome=Outcome.FAIL, said=error.phrase)
    return Finding(outcome=Outcome.FAIL, said=why_unfit(error))


def why_unfit(error: Exception) -> Phrase:
    """In words, and never with what stands in the file."""
    if isinstance(error, UnfitFileError):
        return say("{name} must stand in the environment file once", name=str(error))
    if isinstance(error, OSError):
        return say("the environment file cannot be used: {why}", why=error.strerror or "?")
    return say("the environment file cannot be used: {why}", why="UTF-8?")


UNFIT = (OSError, UnicodeDecodeError, UnfitFileError, RefusedError)


class Renew:
    """Keeps a copy, then replaces the file in one step. What the secrets are is said nowhere."""

    def __init__(self, place: Place, fresh: Callable[[], str] = lambda: secrets.token_urlsafe(48)) -> None:
        self._place, self._fresh = place, fresh
        self.calls: tuple[str, ...] = (f"replace {' and '.join(SECRETS)} in {place.file}",)

    def prepare(self, task: Task) -> Finding:
        try:
            found = self._place.read()
            secrets_in(found.text)
            self._place.copy(task)
        except UNFIT as error:
            return _unreadable(error)
        return Finding(outcome=Outcome.PASS, facts=_facts(found))

    def carry_out(self, task: Task) -> Finding:
        try:
            found = self._place.read()
            if found.sha256 != task.own().get("before.sha256"):
                return Finding(outcome=Outcome.FAIL, said=say("the environment file was changed meanwhile"))
            new = dict[str, str]()
            for name in SECRETS:
                new[name] = self._other(*secrets_in(found.text).values(), *new.values())
            environment_file.keep(found, self._place.copy(task))
            environment_file.replace(found, renewed(found.text, new).encode())
        except UNFIT as error:
            return _unreadable(error)
        return Finding(outcome=Outcome.PASS, said=say("replaced; the copy is kept in the folder of this run"))

    def verify(self, task: Task) -> Finding:
        """Both are others, fit, and nothing else of the file is changed."""
        try:
            found, kept = self._place.read(), environment_file.read(str(self._place.copy(task)))
            now, before = secrets_in(found.text), secrets_in(kept.text)
            is_same = without_secrets(found.text) == without_secrets(kept.text)
        except UNFIT as error:
            return _unreadable(error)
        own = task.own()
        if (found.mode, found.owner, found.group) != tuple(
            own.get(each) for each in ("mode", "owner", "group")
        ):
            return Finding(
                outcome=Outcome.FAIL, said=say("owner or rights of the environment file are others")
            )
        if not is_same or kept.sha256 != own.get("before.sha256"):
            return Finding(outcome=Outcome.FAIL, said=say("more than the secrets was changed"))
        first, second = (now[name] for name in SECRETS)
        if not is_fit(first, *before.values()) or not is_fit(second, first, *before.values()):
            return Finding(outcome=Outcome.FAIL, said=say("the secrets are not others, or not fit"))
        return Finding(
            outcome=Outcome.PASS, said=say("both secrets are new"), facts={"after.sha256": found.sha256}
        )

    def reconcile(self, task: Task) -> Finding:
        try:
            found = self._place.read()
        except UNFIT as error:
            return Finding(outcome=Outcome.UNKNOWN, said=_unreadable(error).said)
        if found.sha256 == task.own().get("before.sha256"):
            return Finding(outcome=Outcome.FAIL, said=say("the environment file is as it was"))
        verified = self.verify(task)
        return (
            verified
            if verified.outcome is Outcome.PASS
            else Finding(outcome=Outcome.UNKNOWN, said=verified.said)
        )

    def _other(self, *than: str) -> str:
        while True:
            found = self._fresh()
            if is_fit(found, *than):
                return found


class PutBack:
    """The kept copy in its place again: log-ins from before are good once more after the next start."""

    def __init__(self, place: Place) -> None:
        self._place = place
        self.calls: tuple[str, ...] = (f"put back {place.file} as it was",)

    def prepare(self, task: Task) -> Finding:
        try:
            environment_file.read(str(self._place.copy(task)))
        except UNFIT as error:
            return _unreadable(error)
        return Finding(outcome=Outcome.PASS)

    def carry_out(self, task: Task) -> Finding:
        try:
            kept = environment_file.read(str(self._place.copy(task)))
            environment_file.replace(self._place.read(), kept.content)
        except UNFIT as error:
            return _unreadable(error)
        return Finding(outcome=Outcome.PASS, said=say("put back"))

    def verify(self, task: Task) -> Finding:
        try:
            is_back = self._place.read().sha256 == task.own().get("before.sha256")
        except UNFIT as error:
            return Finding(outcome=Outcome.UNKNOWN, said=_unreadable(error).said)
        if is_back:
            return Finding(outcome=Outcome.PASS, said=say("the environment file is as it was"))
        return Finding(outcome=Outcome.FAIL, said=say("the environment file is not as it was"))

    def reconcile(self, task: Task) -> Finding:
        return self.verify(task)


def _facts(found: EnvironmentFile) -> dict[str, Fact]:
    return {"before.sha256": found.sha256, "mode": found.mode, "owner": found.owner, "group": found.group}


class SecretsCrew:
    """What the playbook needs of the environment file."""

    def __init__(self, place: Place, backend: HttpTarget, tools: Tools, login: Login | None) -> None:
        self._place = place
        proof = OldRefused(backend, tools, login, place.copy, place.read)
        performers: tuple[Performer, ...] = (Renew(place), PutBack(place), proof)
        self._performers = dict(zip(ACTIONS, performers, strict=True))

    def __enter__(self) -> SecretsCrew:
        return self

    def __exit__(self, *_: object) -> None:
        """Nothing stays open."""

    def survey(self) -> Survey:
        facts: dict[str, Fact] = {}
        try:
            secrets_in(self._place.read().text)
            facts["secrets.file_fits"] = True
        except UNFIT as error:
            facts["secrets.file_fits"] = False
            return Survey(facts=facts, targets={"environment": self._place.file}, notes=(why_unfit(error),))
        return Survey(facts=facts, targets={"environment": self._place.file})

    def performer(self, action: str) -> Performer | None:
        return self._performers.get(action)


def crew(site: Site, tools: Tools, login: Login | None) -> SecretsCrew:
    """The crew at this site. Raises RefusedError when the site file names no environment file of the backend."""
    processes = [each for each in site.targets if isinstance(each, ProcessTarget)]
    file = next((each.environment_file for each in processes if service_name(each.name) == "backend"), "")
    backend = next(
        (each for each in site.targets if isinstance(each, HttpTarget) and each.role == BACKEND), None
    )
    if not file or backend is None:
        raise RefusedError(say("the site file does not name the environment file of the backend"))
    return SecretsCrew(Place(str(Path(site.folder, file)), tools), backend, tools, login)
