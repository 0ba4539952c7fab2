"""The global stop of a site (passive mode): anybody sets it at once, few may lift it, and both stand in the audit."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from medflow_tui.journal.audit import Audit
from medflow_tui.journal.auditing import events
from medflow_tui.journal.orders import Orders
from medflow_tui.journal.private import make_folder
from medflow_tui.model.access import Passive
from medflow_tui.model.audit import Actor
from medflow_tui.model.errors import MedflowError, ReauthError, RefusedError
from medflow_tui.model.performer import Login
from medflow_tui.model.site import Site
from medflow_tui.model.words import Phrase
from medflow_tui.rules.leading import role_of
from medflow_tui.rules.passivity import why_no_role, why_not_confirmed, why_old
from medflow_tui.rules.reasons import too_short, written
from medflow_tui.runner.origin import acting, actor_of
from medflow_tui.runner.permission import Permission, proved


@dataclass(frozen=True, slots=True, kw_only=True)
class GlobalStop:
    """Of one site and its state folder. `prove` tries a log-in (False: nobody can tell now) and raises RefusedError for a
    wrong one."""

    site: Site
    state: Path
    now: Callable[[], datetime]
    prove: Callable[[Login], bool]

    def found(self) -> Passive | None:
        """Since when, and by whom, when it is set."""
        return Orders(self.state).passive()

    def set(self, *, who: str, reason: str) -> None:
        """First the file that counts, then the audit: stopping works even where it cannot be recorded, and then says so.

        Raises MedflowError.
        """
        reason = written(reason)
        Orders(self.state).set_passive(on=True, who=who, reason=reason)
        events.passive_on(self._audit, reason=reason, actor=actor_of(acting()))

    def lift(self, *, who: str, reason: str, typed: str, login: Login | None) -> None:
        """First the audit, then the file that counts. Raises RefusedError (recorded): then it stands as before."""
        if self.found() is None:
            return
        self.refuse_stranger()
        old, wrong, reason = self.why_old(login), why_not_confirmed(typed, self.site.code), written(reason)
        if old or login is None:
            raise self._denied(ReauthError(old))
        if wrong or (wrong := too_short(reason)):
            raise self._denied(RefusedError(wrong, "confirm_wrong"))
        is_proved = proved(login, self.prove, lambda: self._deny("login_refused"))
        orders = Orders(self.state)
        orders.check_passive()
        events.passive_off(self._audit, actor=self._actor(is_proved=is_proved))
        orders.set_passive(on=False, who=who, reason=reason)

    def refuse_stranger(self) -> None:
        """Raises RefusedError (recorded) for somebody who may never lift it."""
        if why := why_no_role(self.site.access, *(each.user for each in acting())):
            raise self._denied(RefusedError(why, "no_role"))

    def why_old(self, login: Login | None) -> Phrase:
        """Why the log-in must be given again; nothing when it is fresh. Reads nothing."""
        return why_old(Permission(site=self.site, state=self.state, now=self.now).age_of(login))

    def _actor(self, *, is_proved: bool) -> Actor:
        people = acting()
        role, auth = role_of(self.site.access, people), "reauth" if is_proved else ""
        return actor_of(people, role=role, auth=auth)

    @property
    def _audit(self) -> Audit:
        return Audit.of(self.site, self.state)

    def _denied(self, error: RefusedError) -> RefusedError:
        self._deny(error.cause)
        return error

    def _deny(self, why: str) -> None:
        with suppress(MedflowError, OSError):
            make_folder(self.state)
            events.attempt_denied(self._audit, why, guard="passive", actor=actor_of(acting()))
