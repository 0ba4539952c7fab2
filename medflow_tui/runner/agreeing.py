"""Agreement of a second person: waits for it, takes it from another user here or over the phone, or refuses it."""

from __future__ import annotations

import hashlib
import os
import time
from collections.abc import Callable
from contextlib import nullcontext
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from medflow_tui.journal.append_log import DamagedError
from medflow_tui.journal.orders import Orders
from medflow_tui.journal.run_log import Journal
from medflow_tui.model.access import NOWHERE, Origin, Person
from medflow_tui.model.canonical import Fact
from medflow_tui.model.errors import SecretError
from medflow_tui.model.playbook import Playbook
from medflow_tui.model.procedure import Entry, Mark
from medflow_tui.model.site import Site
from medflow_tui.model.words import SILENCE, Phrase, say
from medflow_tui.rules import spoken
from medflow_tui.rules.approving import WHY_NOT, agreed, approvers, needed, refusal
from medflow_tui.runner.door import Door
from medflow_tui.runner.earlier import Earlier, spoken_of
from medflow_tui.runner.leading import led
from medflow_tui.runner.mandate import Mandate
from medflow_tui.runner.origin import acting, everybody, name_of
from medflow_tui.runner.preview import Agreed
from medflow_tui.runner.recorder import Recorder

LOOK_EVERY_S, MOST_REFUSALS = 1.0, 50
PAST_WINDOWS = 36  # six hours: an answer of then is told from a wrong one


@dataclass(frozen=True, slots=True, kw_only=True)
class Agreeing:
    """For one run. `secret` reads the verifiers that the site file names."""

    journal: Journal
    recorder: Recorder
    playbook: Playbook
    plan: Agreed
    mandate: Mandate
    site: Site
    state: Path
    secret: Callable[[str], str] = field(repr=False)
    now: Callable[[], datetime]

    @property
    def needed(self) -> int:
        """Nobody, as long as the incident of the plan stands for them."""
        incident = led(
            *(self.playbook, self.site, self.state, self.now()),
            planned=(self.plan.incident, self.plan.commander),
            seat=self.mandate.origin,
        )
        return 0 if incident is not None else needed(self.playbook, self.site.environment)

    def count(self) -> int:
        """How many have agreed to this very plan, and still may."""
        return len(given(self.playbook, self.site, self.plan, self.journal.entries, self.now()))

    def wait(self, is_over: Callable[[], bool], pause: Callable[[float], None]) -> Phrase:
        """Until enough people have agreed (nothing), the time is over, or somebody stops it (`is_over`)."""
        if self.count() >= self.needed:
            return SILENCE
        if len(approvers(self.playbook, self.site.access, self._requester.user)) < self.needed:
            return say("the site file names nobody else who may agree")
        ends = time.monotonic() + self.playbook.approval.expires_s
        until = self.now() + timedelta(seconds=self.playbook.approval.expires_s)
        facts: dict[str, Fact] = {
            "needed": self.needed,
            "roles": self.playbook.approval.roles,
            "ends_at": until.isoformat(timespec="seconds"),
        }
        with Door(self.journal.folder.run, self) if hasattr(os, "fork") else nullcontext():
            self.recorder.write(Mark.APPROVAL_AWAITED, said=self._awaited(), facts=facts)
            while self.count() < self.needed:
                if is_over():
                    return say("stopped before a second person had agreed")
                if time.monotonic() > ends:
                    return say("nobody agreed in time")
                pause(LOOK_EVERY_S)
        return SILENCE

    def _awaited(self) -> Phrase:
        """Why, too, when the plan says that nobody is needed."""
        said, incident = say("waits for a second person to agree"), self.plan.incident
        return said.also(say("the incident {id} stands for none now", id=incident)) if incident else said

    def show(self, other: Origin) -> dict[str, Any] | Phrase:
        """All that is agreed to, for somebody who may; each kind of refusal is recorded once for a person."""
        why = self._why_not(other)
        if why:
            told = (str(other.uid), why)
            if not any(_told(each) == told for each in self.journal.entries):
                self._refuse(why, other)
            return WHY_NOT[why]
        return {
            "run": self.journal.folder.run,
            "plan": self.journal.folder.plan(),
            "playbook": self.playbook.source,
            "who": self.mandate.who,
            "uid": self._requester.uid,
        }

    def hear(self, other: Origin, plan_hash: str, typed: str) -> Phrase:
        """Another user of this machine agrees; nothing when it counts, else why not."""
        with self.recorder.alone:
            why = self._why_not(other)
            words = typed.split()
            if not why and plan_hash != self.plan.hash:
                why = "plan_changed"
            if not why and typed != agreement_phrase(self.plan):
                is_other_site = (
                    len(words) == len(agreement_phrase(self.plan).split())
                    and words[1:-1] != agreement_phrase(self.plan).split()[1:-1]
                )
                why = "wrong_site" if is_other_site else "confirm_wrong"
            if why:
                return self._refuse(why, other)
            self._write(other.user, other, "here")
            return SILENCE

    def _why_not(self, other: Origin) -> str:
        """As `rules.approving.refusal`; who logged in as the requester stays that, whoever they became since, and the
        other way round."""
        mine, people = {each.uid for each in acting(self.mandate.origin)}, everybody(other)
        is_own = self.playbook.approval.distinct_from_requester
        if is_own and any(each.uid in mine for each in people):
            return "self"
        known = (self.playbook, self.site.access, self._requester)
        return refusal(*known, other) or refusal(*known, people[0])

    def take(self, typed: str) -> Phrase:
        """An answer that was read back over the phone; nothing when it counts, else why not."""
        orders, now = Orders(self.state), self.now()
        with self.recorder.alone:
            if not self.playbook.approval.remote_code:
                return self._refuse("no_phone")
            if self.count() >= self.needed:
                return self._refuse("not_awaited")
            try:
                if spoken.is_locked(orders.tries(), now):
                    return self._refuse("locked_out")
                orders.try_answer(now)
                used = orders.used()
            except DamagedError as error:
                return self._refuse("answers_damaged").also(error.phrase)
            person, why = self._answered(typed, used, now)
            if person is None:
                return self._refuse(why)
            orders.was_right(_mark_of(self._challenge(spoken.window_at(now)), typed), now)
            self._write(person.name, NOWHERE, "voice")
            return SILENCE

    def _answered(self, typed: str, used: frozenset[str], now: datetime) -> tuple[Person | None, str]:
        """Who gave this answer to what is read out now; else why it is none."""
        window = spoken.window_at(now)
        keys = [(each, key) for each in self._people() if (key := self._key(each))]
        for person, key in keys:
            for each in (window, window - 1):
                if spoken.is_right(key, self._spoken(each), typed):
                    is_used = any(
                        _mark_of(self._challenge(one), typed) in used for one in (window, window - 1)
                    )
                    return (None, "replayed") if is_used else (person, "")
        for _, key in keys:
            for each in range(window - 2, window - PAST_WINDOWS, -1):
                if spoken.is_right(key, self._spoken(each), typed):
                    return None, "expired"
        earlier = Earlier(state=self.state, run=self.journal.folder.run, window=window, windows=PAST_WINDOWS)
        for _, key in keys:
            challenge = earlier.answered(key, typed)
            if challenge:
                return None, "replayed" if _was_used(challenge, typed, used) else "plan_changed"
        return None, "wrong_answer"

    def _people(self) -> tuple[Person, ...]:
        """Those who may agree over the phone: not the one who asks."""
        names = approvers(self.playbook, self.site.access, self._requester.user)
        is_own = self.playbook.approval.distinct_from_requester
        mine = {each.user for each in acting(self.mandate.origin)} if is_own else set()
        found = (self.site.access.people[each] for each in names if each not in mine)
        return tuple(each for each in found if each.verifier)

    def _key(self, person: Person) -> bytes:
        try:
            return bytes.fromhex(self.secret(person.verifier).strip())
        except (SecretError, ValueError):
            return b""

    def _challenge(self, window: int) -> str:
        return spoken.challenge(self.plan.hash, self.journal.folder.run, window)

    def _spoken(self, window: int) -> spoken.Spoken:
        return spoken_of(self.playbook, self.plan, self._challenge(window))

    @property
    def _requester(self) -> Origin:
        """The user of this very process, whoever the order says it is."""
        uid = os.getuid()
        return replace(self.mandate.origin, uid=uid, user=name_of(uid))

    def _refuse(self, why: str, other: Origin = NOWHERE) -> Phrase:
        """What to say of it; written down as long as there are not too many."""
        refused = [each for each in self.journal.entries if each.mark is Mark.APPROVAL_REFUSED]
        if len(refused) >= MOST_REFUSALS:
            return WHY_NOT[why]
        facts: dict[str, Fact] = {"why": why, "uid": other.uid, "user": other.user}
        self.recorder.write(
            Mark.APPROVAL_REFUSED,
            said=WHY_NOT[why],
            facts=facts,
            result={"why": why},
            actor=_actor(other, ()) if other.user else {},
        )
        return WHY_NOT[why]

    def _write(self, who: str, other: Origin, how: str) -> None:
        facts: dict[str, Fact] = {
            "who": who,
            "uid": other.uid,
            "how": how,
            "plan_hash": self.plan.hash,
            "site": self.site.code,
            "audit_session": other.audit_session,
            "terminal": other.terminal,
        }
        roles = self.site.access.roles_of(who)
        person = other if other.user else replace(other, user=who)
        said = say("{who} agreed over the phone", who=who) if how == "voice" else say("{who} agreed", who=who)
        allowed = tuple(each for each in roles if each in self.playbook.approval.roles)
        actor = {**_actor(person, allowed), "auth": "otp" if how == "voice" else "peer"}
        self.recorder.write(Mark.APPROVED, said=said, facts=facts, actor=actor)


def given(
    playbook: Playbook, site: Site, plan: Agreed, entries: tuple[Entry, ...], now: datetime
) -> tuple[str, ...]:
    """Who has agreed, as far as it counts for the one who acts now."""
    uid = os.getuid()
    return agreed(
        playbook,
        site.access,
        entries,
        plan_hash=plan.hash,
        site=site.code,
        user=name_of(uid),
        uid=uid,
        now=now,
    )


def agreement_phrase(plan: Agreed) -> str:
    """What a second person types: bound to the site and to the plan."""
    return f"APPROVE {plan.site} {plan.hash[:4]}"


def _told(entry: Entry) -> tuple[str, str]:
    if entry.mark is not Mark.APPROVAL_REFUSED:
        return "", ""
    return str(entry.facts.get("uid")), str(entry.facts.get("why"))


def _actor(other: Origin, roles: tuple[str, ...]) -> dict[str, Any]:
    return {
        "uid": other.uid,
        "name": other.user,
        "role": next(iter(roles), ""),
        "via": "ssh" if other.ssh else "local",
        "from": other.ssh.partition(" ")[0],
    }


def _mark_of(challenge: str, typed: str) -> str:
    return hashlib.sha256(f"{challenge} {spoken.plain(typed)}".encode()).hexdigest()


def _was_used(challenge: str, typed: str, used: frozenset[str]) -> bool:
    return _mark_of(challenge, typed) in used
