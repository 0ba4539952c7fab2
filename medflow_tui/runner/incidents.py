"""Opening, handing over, grading and closing an incident: by a named role, freshly logged in, and never unrecorded."""

from __future__ import annotations

import os
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path

from medflow_tui.journal.audit import Audit
from medflow_tui.journal.auditing import events
from medflow_tui.journal.incidents import Incidents
from medflow_tui.journal.orders import tell_elsewhere
from medflow_tui.journal.private import make_folder
from medflow_tui.model.audit import Actor
from medflow_tui.model.errors import MedflowError, ReauthError, RefusedError
from medflow_tui.model.health import EPOCH
from medflow_tui.model.incident import Incident, Severity
from medflow_tui.model.performer import Login
from medflow_tui.model.site import Site
from medflow_tui.model.words import say
from medflow_tui.rules.leading import LOGIN_S, ROLES, TEXT_MIN, TEXT_MOST, next_id
from medflow_tui.rules.reasons import too_short, written
from medflow_tui.runner.origin import name_of, uid_of

OPENED, COMMAND, GRADED, CLOSED = "opened", "command", "graded", "closed"


@dataclass(frozen=True, slots=True, kw_only=True)
class IncidentDesk:
    """Of one site and its state folder. `prove` tries a log-in where somebody can tell whether it is one (False: nobody
    can now), and raises RefusedError for a wrong one. Every change raises MedflowError, and then nothing has changed."""

    site: Site
    state: Path
    now: Callable[[], datetime]
    prove: Callable[[Login], bool]

    def now_open(self) -> Incident | None:
        """Raises DamagedError."""
        return Incidents(self.state).now_open()

    def open(self, *, severity: Severity, commander: str, text: str, login: Login | None) -> Incident:
        """Somebody leads from now on; of the text only what may be kept is kept."""
        actor = self._allowed(login)
        kept = written(text)[:TEXT_MOST]
        wrong = too_short(kept, TEXT_MIN)
        if wrong:
            raise RefusedError(wrong)
        uid = self._uid_of(commander)
        with Incidents(self.state).held():
            found = self.now_open()
            if found is not None:
                raise RefusedError(say("the incident {id} is open: close it first", id=found.id))
            at = self.now()
            incident = Incident(
                id=next_id(at.year, (*(each.id for each in Incidents(self.state).all()), *self._recorded())),
                severity=severity,
                commander=commander,
                commander_uid=uid,
                opened_by=actor.name,
                opened_at=at,
                text=kept,
            )
            return self._change(OPENED, incident, actor)

    def hand_over(self, commander: str, login: Login | None) -> Incident:
        """Another person leads."""
        actor = self._allowed(login)
        uid = self._uid_of(commander)
        with Incidents(self.state).held():
            found = self._now_open()
            if found.commander == commander:
                raise RefusedError(say("{who} leads it already", who=commander))
            return self._change(COMMAND, replace(found, commander=commander, commander_uid=uid), actor)

    def grade(self, severity: Severity, login: Login | None) -> Incident:
        """It is graver, or less grave, than was thought."""
        actor = self._allowed(login)
        with Incidents(self.state).held():
            found = self._now_open()
            if found.severity is severity:
                raise RefusedError(say("it is {severity} already", severity=severity.label))
            return self._change(GRADED, replace(found, severity=severity), actor)

    def close(self, login: Login | None) -> Incident:
        """It is over: what changes data in production waits for a second person again."""
        actor = self._allowed(login)
        with Incidents(self.state).held():
            closed = replace(self._now_open(), closed_by=actor.name, closed_at=self.now())
            return self._change(CLOSED, closed, actor)

    def _change(self, what: str, incident: Incident, actor: Actor) -> Incident:
        """First the audit, then the file that counts, then those elsewhere who are told of such things."""
        events.incident_changed(self._audit, what, incident, actor=actor)
        Incidents(self.state).keep(incident)
        told = {
            "ev": f"incident.{what}",
            "site": self.site.code,
            "incident": incident.id,
            "severity": incident.severity.value,
            "commander": incident.commander,
            "who": actor.name,
        }
        tell_elsewhere(self.site.access.notices, told, self.now())
        return incident

    def _allowed(self, login: Login | None) -> Actor:
        """Who acts, by the kernel and the site file. Raises RefusedError (recorded)."""
        user = name_of(os.getuid())
        roles = [each for each in self.site.access.roles_of(user) if each in ROLES]
        if not roles:
            self._deny("no_role")
            raise RefusedError(say("this is for: {roles}", roles=", ".join(ROLES)))
        age = -1.0 if login is None or login.at == EPOCH else (self.now() - login.at).total_seconds()
        if login is None or not 0 <= age <= LOGIN_S:
            self._deny("login_refused")
            raise ReauthError(
                say("log in again: that is asked for when it was {limit:duration} ago", limit=LOGIN_S)
            )
        try:
            is_proved = self.prove(login)
        except RefusedError:
            self._deny("login_refused")
            raise
        return Actor(uid=os.getuid(), name=user, role=roles[0], auth="reauth" if is_proved else "")

    def _uid_of(self, commander: str) -> int:
        if commander not in self.site.access.people:
            raise RefusedError(say("the site file names nobody {who} in [access.people]", who=commander))
        return uid_of(commander)

    def _now_open(self) -> Incident:
        found = self.now_open()
        if found is None:
            raise RefusedError(say("no incident is open"))
        return found

    def _recorded(self) -> list[str]:
        """Numbers that the audit knows: none is given twice, also when the file of incidents was lost."""
        if not self._audit.path.exists():
            return []
        return [str(each.get("incident")) for each in self._audit.verify().records]

    @property
    def _audit(self) -> Audit:
        return Audit.of(self.site, self.state)

    def _deny(self, why: str) -> None:
        with suppress(MedflowError, OSError):
            make_folder(self.state)
            events.attempt_denied(self._audit, why)
