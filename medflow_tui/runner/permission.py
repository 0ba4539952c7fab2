"""Who may do what at a site, asked before a run: fresh log-in, passive mode, overrides to be looked at, the audit."""

from __future__ import annotations

import os
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime, timedelta
from math import floor
from pathlib import Path

from medflow_tui.journal.append_log import DamagedError
from medflow_tui.journal.audit import Audit
from medflow_tui.journal.auditing import events
from medflow_tui.journal.orders import Orders, passive_said
from medflow_tui.journal.private import make_folder
from medflow_tui.journal.run_log import find
from medflow_tui.model.access import Awaited
from medflow_tui.model.audit import Work
from medflow_tui.model.errors import MedflowError, NoLoginError, ReauthError, RefusedError
from medflow_tui.model.health import EPOCH
from medflow_tui.model.performer import Login
from medflow_tui.model.plan import Plan
from medflow_tui.model.procedure import Mark, Playbook
from medflow_tui.model.site import Site
from medflow_tui.model.words import SILENCE, Phrase, say
from medflow_tui.rules import spoken
from medflow_tui.rules.approving import needed
from medflow_tui.rules.permits import DISRUPTIVE, is_old, too_old, why_no_override
from medflow_tui.rules.reasons import written
from medflow_tui.runner.agreeing import given
from medflow_tui.runner.follow import Follower
from medflow_tui.runner.origin import name_of
from medflow_tui.runner.preview import Agreed, agreed
from medflow_tui.runner.surroundings import RUNS

CLOSING_NOTE_MIN = 10


def proved(login: Login, prove: Callable[[Login], bool], denied: Callable[[], object]) -> bool:
    """Whether MedFlow says that it is one (False: nobody can tell now). Raises NoLoginError, after `denied` has written it
    down, where it says that it is none."""
    try:
        return prove(login)
    except RefusedError as error:
        denied()
        raise NoLoginError(error.phrase) from error


@dataclass(frozen=True, slots=True, kw_only=True)
class Permission:
    """Of one site and its state folder."""

    site: Site
    state: Path
    now: Callable[[], datetime]

    @property
    def orders(self) -> Orders:
        return Orders(self.state)

    def age_of(self, login: Login | None) -> int:
        """Seconds since the log-in was typed; -1 when that is not known."""
        return -1 if login is None or login.at == EPOCH else floor((self.now() - login.at).total_seconds())

    def needs_login(self, playbook: Playbook, login: Login | None) -> Phrase:
        """Why it must be given again; nothing when it is fresh enough."""
        if not is_old(playbook, self.age_of(login)):
            return SILENCE
        return say(
            "log in again: that is asked for when it was {limit:duration} ago", limit=playbook.reauth_s
        )

    def let_start(self, playbook: Playbook, plan: Plan | Agreed, login: Login | None) -> None:
        """Raises RefusedError (recorded) when no process need be started for this; the run itself asks again."""
        why = self.needs_login(playbook, login)
        if why:
            self._deny(playbook, plan, "login_refused")
            raise ReauthError(why)
        passive = self.orders.passive() if playbook.risk in DISRUPTIVE else None
        if passive is not None:
            self._deny(playbook, plan, "passive")
            raise RefusedError(passive_said(passive), "passive")
        if playbook.risk != "R0":
            try:
                make_folder(self.state)
            except OSError as error:
                raise RefusedError(
                    say("{path} cannot be written: {why}", path=str(self.state), why=error.strerror or "?"),
                    "unwritable",
                ) from error
            why = self._audit.why_not()
            if why:
                raise RefusedError(why, "audit_unwritable")

    def refuse_old(self, playbook: Playbook, plan: Plan) -> None:
        """Raises RefusedError (recorded) for a plan that was measured too long ago."""
        why = too_old(playbook, plan.measured_at, self.now())
        if why:
            self._deny(playbook, plan, "expired")
            raise RefusedError(why, "expired")

    def login_refused(self, playbook: Playbook) -> None:
        """The service did not let somebody in who wanted a plan. Never raises."""
        with suppress(MedflowError, OSError):
            make_folder(self.state)
            work = Work(playbook=f"{playbook.id}@{playbook.version}", risk=playbook.risk)
            events.attempt_denied(self._audit, "login_refused", work)

    def let_take(self, run: str, login: Login, prove: Callable[[Login], bool]) -> None:
        """Raises RefusedError (recorded) where MedFlow refuses the log-in of somebody who wants to steer a run.

        Where nobody can tell now (MedFlow is down) it is let through: that is when runs must be steered.
        """

        def denied() -> None:
            with suppress(MedflowError, OSError):
                events.attempt_denied(self._audit, "login_refused", Work(run=run))

        proved(login, prove, denied)

    def opened(self, plan: Plan, playbook: Playbook) -> None:
        """A plan was made and is shown; what cannot be recorded is refused when it is to be started."""
        with suppress(MedflowError, OSError):
            make_folder(self.state)
            events.plan_opened(self._audit, self._work(plan, playbook.risk))

    def left(self, plan: Plan, why: str) -> None:
        """Never raises."""
        with suppress(MedflowError, OSError):
            make_folder(self.state)
            events.plan_cancelled(self._audit, self._work(plan), why=why)

    def awaited(self, run: str) -> Awaited:
        """Raises MedflowError."""
        follower = Follower(find(self.state / RUNS, run))
        follower.poll()
        playbook, now = follower.playbook, self.now()
        plan = agreed(find(self.state / RUNS, run).plan())
        asked = next(
            (each for each in reversed(follower.entries) if each.mark is Mark.APPROVAL_AWAITED), None
        )
        window = spoken.window_at(now)
        is_remote, tries = playbook.approval.remote_code and asked is not None, tuple[spoken.Try, ...]()
        try:
            tries = tuple(self.orders.tries())
        except DamagedError:  # no answer over the phone is taken then; the run itself goes on
            is_remote = False
        return Awaited(
            run=run,
            needed=needed(playbook, self.site.environment),
            given=given(playbook, self.site, plan, follower.entries, now),
            roles=playbook.approval.roles,
            ends_at=asked.at + timedelta(seconds=playbook.approval.expires_s) if asked is not None else EPOCH,
            challenge=spoken.challenge(plan.hash, run, window) if is_remote else "",
            challenge_until=spoken.window_ends(window) if is_remote else EPOCH,
            locked_until=spoken.locked_until(tries) if spoken.is_locked(tries, now) else EPOCH,
            command=f"medflow-tui playbook approve {run}",
        )

    def may_override(self, playbook: Playbook, role: str, reason: str) -> Phrase:
        """Why not; nothing when it may be."""
        roles = (*self.site.access.roles_of(name_of(os.getuid())), *((role,) if role else ()))
        return why_no_override(playbook, reason or "." * playbook.override.reason_min_chars, roles)

    def close_review(self, run: str, *, who: str, note: str, uid: int) -> None:
        """Raises RefusedError: there is none, it is one's own (by name or by user), or nothing was said about it."""
        found = next((each for each in self.orders.reviews() if each.run == run), None)
        if found is None:
            raise RefusedError(say("there is no override of the run {run} to be looked at", run=run))
        if found.who.partition(" ")[0] == who.partition(" ")[0] or uid in (-1, found.uid):
            raise RefusedError(say("nobody closes the review of their own override"))
        note = written(note)
        if len(note) < CLOSING_NOTE_MIN:
            raise RefusedError(
                say("the reason is too short: {n:number} letters at least", n=CLOSING_NOTE_MIN)
            )
        events.override_closed(self._audit, Work(run=run, playbook=found.playbook), note)
        self.orders.close_review(run, who=who, note=note, uid=uid)

    def lock_releasing(self, run: str, *, readable: bool) -> None:
        """Written down before a stale lock is taken away; what cannot be written down is not done. Raises MedflowError."""
        events.lock_released(self._audit, Work(run=run), readable=readable)

    @property
    def _audit(self) -> Audit:
        return Audit.of(self.site, self.state)

    def _deny(self, playbook: Playbook, plan: Plan | Agreed, why: str) -> None:
        with suppress(MedflowError, OSError):
            make_folder(self.state)
            work = Work(
                playbook=f"{playbook.id}@{playbook.version}",
                plan_hash=plan.hash,
                risk=playbook.risk,
                incident=plan.incident,
            )
            events.attempt_denied(self._audit, why, work)

    @staticmethod
    def _work(plan: Plan, risk: str = "") -> Work:
        playbook = f"{plan.playbook}@{plan.version}"
        return Work(playbook=playbook, plan_hash=plan.hash, risk=risk, incident=plan.incident)
