"""Opening, confirming, handing over, grading and closing an incident: by whom it may be, and never unrecorded."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field, replace
from datetime import datetime
from pathlib import Path

from medflow_tui.journal.append_log import DamagedError
from medflow_tui.journal.audit import Audit
from medflow_tui.journal.auditing import events
from medflow_tui.journal.incidents import Incidents
from medflow_tui.journal.orders import Orders, tell_elsewhere
from medflow_tui.journal.private import make_folder
from medflow_tui.model.access import NOWHERE, Origin
from medflow_tui.model.audit import Actor
from medflow_tui.model.errors import MedflowError, ReauthError, RefusedError, SecretError
from medflow_tui.model.incident import BY_VOICE, HERE, Incident, Severity
from medflow_tui.model.performer import Login
from medflow_tui.model.site import Site
from medflow_tui.model.words import Phrase, say
from medflow_tui.rules import spoken
from medflow_tui.rules.leading import (
    ROLES,
    TEXT_MIN,
    TEXT_MOST,
    WHY_NOT_CONFIRM,
    confirm_phrase,
    incident_hash,
    next_id,
    role_of,
    spoken_of,
    why_not_confirm,
)
from medflow_tui.rules.passivity import why_old
from medflow_tui.rules.reasons import too_short, written
from medflow_tui.runner.agreeing import PAST_WINDOWS
from medflow_tui.runner.origin import acting, actor_of, here, name_of, uid_of
from medflow_tui.runner.permission import Permission, proved
from medflow_tui.runner.refusals import Refusals

OPENED, CONFIRMED, COMMAND, GRADED, CLOSED = "opened", "confirmed", "command", "graded", "closed"


@dataclass(frozen=True, slots=True, kw_only=True)
class IncidentDesk:
    """Of one site and its state folder. `prove` tries a log-in where somebody can tell whether it is one (False: nobody
    can now), and raises RefusedError for a wrong one. `secret` reads the verifiers that the site file names. Every change raises
    MedflowError, and then nothing has changed."""

    site: Site
    state: Path
    now: Callable[[], datetime]
    prove: Callable[[Login], bool]
    secret: Callable[[str], str] = field(default=lambda reference: "", repr=False)
    refusals: Refusals = field(default_factory=Refusals, repr=False, compare=False)

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
                named_from=here(),
            )
            return self._change(OPENED, incident, actor)

    def confirm(self, typed: str, people: tuple[Origin, ...] = (), *, shown: str = "") -> Incident:
        """The commander says that they lead it, from their own log-in, by the words of `confirm_phrase`.

        Without `people` whoever sits here; else who knocked, and `shown` is the hash of the incident they were shown.
        """
        with Incidents(self.state).held():
            found, people = self.the_open(), people or acting(here())
            why = why_not_confirm(found, people)
            if not why and shown not in ("", incident_hash(self.site.code, found)):
                why = "plan_changed"
            if not why and typed != confirm_phrase(self.site.code):
                why = "confirm_wrong"
            if why:
                raise self._refused(why, found, people)
            actor = self._commander(found, "peer", people[0])
            confirmed = replace(found, confirmed_how=HERE, confirmed_at=self.now(), confirmed_from=people[0])
            return self._change(CONFIRMED, confirmed, actor)

    def way_to_confirm(self, incident: Incident) -> str:
        """How that is done from here: typed by the commander (`here`), over the phone (`voice`), or not at all (empty)."""
        if name_of(os.getuid()) == incident.commander:
            return HERE
        return BY_VOICE if self._key(incident.commander) else ""

    def told(self, incident: Incident) -> spoken.Spoken:
        """What is read out to the commander now, over the phone."""
        try:
            window = self._window()
        except DamagedError:
            window = spoken.window_at(self.now())  # no answer is taken then
        return spoken_of(self.site.code, incident, window)

    def take(self, typed: str) -> Incident:
        """The answer that the commander read back over the phone."""
        orders, now = Orders(self.state), self.now()
        with Incidents(self.state).held():
            found = self.the_open()
            key = self._key(found.commander)
            if not key:
                raise self._refused("no_phone", found)
            mark = hashlib.sha256(f"{found.id} {spoken.plain(typed)}".encode()).hexdigest()
            try:
                if spoken.is_locked(orders.tries(), now):
                    raise self._refused("locked_out", found)
                is_used, age = mark in orders.used(), self._age_of(key, found, typed)
                if age <= 1:
                    orders.try_answer(now)
                elif not is_used:
                    orders.was_late(mark, now)
            except DamagedError:
                raise self._refused("answers_damaged", found) from None
            if age > 1:
                raise self._refused("expired", found)
            actor = self._commander(found, "otp", NOWHERE)
            if age < 0 or is_used:
                raise self._refused("replayed" if is_used else "wrong_answer", found)
            orders.was_right(mark, now)
            confirmed = replace(found, confirmed_how=BY_VOICE, confirmed_at=now, confirmed_from=NOWHERE)
            return self._change(CONFIRMED, confirmed, actor)

    def hand_over(self, commander: str, login: Login | None, *, shown: str = "") -> Incident:
        """Another person leads, and has to confirm it. `shown`, here and below, is the hash of the incident that was shown."""
        actor = self._allowed(login)
        uid = self._uid_of(commander)
        with Incidents(self.state).held():
            found = self._still(shown)
            if found.commander == commander:
                raise RefusedError(say("{who} leads it already", who=commander))
            handed = replace(
                found.unconfirmed,
                commander=commander,
                commander_uid=uid,
                named=found.named + 1,
                named_from=here(),
            )
            return self._change(COMMAND, handed, actor)

    def grade(self, severity: Severity, login: Login | None, *, shown: str = "") -> Incident:
        """It is graver, or less grave, than was thought; for what was no reason to do without a second person before the
        commander confirms anew."""
        actor = self._allowed(login)
        with Incidents(self.state).held():
            found = self._still(shown)
            if found.severity is severity:
                raise RefusedError(say("it is {severity} already", severity=severity.label))
            kept = found if found.severity.is_major else found.unconfirmed
            return self._change(GRADED, replace(kept, severity=severity, named=found.named + 1), actor)

    def close(self, login: Login | None, *, shown: str = "") -> Incident:
        """It is over: what changes data in production waits for a second person again."""
        actor = self._allowed(login)
        with Incidents(self.state).held():
            closed = replace(self._still(shown), closed_by=actor.name, closed_at=self.now())
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
        """Who acts, also as somebody else (`sudo`), by the kernel and the site file. Raises RefusedError (recorded)."""
        people = acting(here())
        role = role_of(self.site.access, people)
        if not role:
            self._deny("no_role")
            raise RefusedError(say("this is for: {roles}", roles=", ".join(ROLES)))
        old = self.why_old(login)
        if login is None or old:
            self._deny("login_refused")
            raise ReauthError(old)
        is_proved = proved(login, self.prove, lambda: self._deny("login_refused"))
        return actor_of(people, role=role, auth="reauth" if is_proved else "")

    def why_old(self, login: Login | None) -> Phrase:
        """Why the log-in must be given again; nothing when it is fresh. Reads nothing."""
        return why_old(Permission(site=self.site, state=self.state, now=self.now).age_of(login))

    def _refused(self, why: str, incident: Incident, people: tuple[Origin, ...] = ()) -> RefusedError:
        """Recorded as what somebody tried; what to say of it."""
        self.refusals.write(self._audit, why, incident, people)
        return RefusedError(WHY_NOT_CONFIRM[why], why)

    def _commander(self, incident: Incident, auth: str, seat: Origin) -> Actor:
        """Over the phone, and at the door, the user of this process is another one."""
        roles = self.site.access.roles_of(incident.commander)
        if not roles:
            raise self._refused("no_role", incident)
        return Actor(
            uid=seat.uid if auth == "peer" else incident.commander_uid,
            name=incident.commander,
            role=roles[0],
            via="" if auth != "peer" else "ssh" if seat.ssh else "local",
            origin=seat.ssh.partition(" ")[0],
            auth=auth,
        )

    def _key(self, commander: str) -> bytes:
        person = self.site.access.people.get(commander)
        if person is None or not person.verifier:
            return b""
        try:
            return bytes.fromhex(self.secret(person.verifier).strip())
        except (SecretError, ValueError):
            return b""

    def _window(self) -> int:
        """Of now; with a clock that was set back, of the answer that was typed last. Raises DamagedError."""
        return spoken.window_at(max(self.now(), Orders(self.state).answered_at()))

    def _age_of(self, key: bytes, incident: Incident, typed: str) -> int:
        """How many windows ago this was the right answer (0 and 1: it is one); -1 when it is none."""
        window = self._window()
        for age in range(PAST_WINDOWS):
            if spoken.is_right(key, spoken_of(self.site.code, incident, window - age), typed):
                return age
        return -1

    def _uid_of(self, commander: str) -> int:
        if commander not in self.site.access.people:
            raise RefusedError(say("the site file names nobody {who} in [access.people]", who=commander))
        return uid_of(commander)

    def the_open(self) -> Incident:
        """Raises RefusedError when none is; DamagedError."""
        found = self.now_open()
        if found is None:
            raise RefusedError(say("no incident is open"))
        return found

    def _still(self, shown: str) -> Incident:
        """The open one. Raises RefusedError (recorded) when it is another one than was shown."""
        found = self.the_open()
        if shown not in ("", incident_hash(self.site.code, found)):
            self._deny("plan_changed")
            raise RefusedError(WHY_NOT_CONFIRM["plan_changed"], "plan_changed")
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
            events.attempt_denied(self._audit, why, actor=actor_of(acting(here())))
