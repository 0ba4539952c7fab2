"""From read-only to acting and back: a reason, the operator's own log-in (kept in memory only), fifteen minutes."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from medflow_tui.model.performer import Login
from medflow_tui.model.words import Phrase, say
from medflow_tui.rules.permits import ARMED_FOR
from medflow_tui.rules.reasons import too_short, written
from medflow_tui.ui.questions import ask_late
from medflow_tui.ui.screens.playbooks import PlaybooksScreen

if TYPE_CHECKING:
    from medflow_tui.ui.app import MedflowApp


class Rights:
    """What this person may do now. `until` and `login` are None while read-only; `reason` is empty then."""

    def __init__(self, app: MedflowApp) -> None:
        self._app = app
        self.until: datetime | None = None
        self.login: Login | None = None
        self.reason = ""

    def lower(self, phrase: Phrase) -> None:
        """Read-only again; the log-in is forgotten."""
        self.until, self.login, self.reason = None, None, ""
        self._app.say_briefly(phrase)
        self._redraw()

    def expire(self, now: datetime) -> None:
        """Read-only again when the time is over, or when the clock was set back so that it would last longer."""
        if self.until is not None and not timedelta() < self.until - now <= ARMED_FOR:
            self.lower(say("read-only again: 15 minutes are over"))

    def raise_or_lower(self) -> None:
        """Ask for what raising needs, or put it down again."""
        if self.until is not None:
            self.lower(say("read-only again"))
        elif self._app.session.dispatch is None:
            self._app.say_briefly(self._app.session.why_no_dispatch())
        else:
            question = say("Why do you want to act? (10 characters at least; it is written down)")
            self._ask(question, self._with_reason)

    def renew(self, why: Phrase, then: Callable[[], None]) -> None:
        """Ask for the log-in again, because it is too old; the reason and the end of the time stay as they are."""
        until, reason = self.until, self.reason

        def with_name(name: str) -> None:
            def with_password(password: str) -> None:
                if not name.strip() or not password or self.until != until or until is None:
                    self._app.say_briefly(say("nothing was done: no log-in was given"))
                    return
                login = Login(username=name.strip(), password=password, at=self._app.session.now())
                self.reason, self.login = reason, login
                self._app.say_briefly(None)
                then()

            self._ask(say("Your password (kept in memory only, tried once)"), with_password, secret=True)

        self._app.say_briefly(why)
        self._ask(why.also(say("Your user name in MedFlow")), with_name)

    def _with_reason(self, typed: str) -> None:
        reason = written(typed)
        if too_short(reason):
            self._app.say_briefly(say("still read-only: the reason is too short"))
            return
        self._ask(say("Your user name in MedFlow"), lambda name: self._with_name(reason, name.strip()))

    def _with_name(self, reason: str, name: str) -> None:
        def with_password(password: str) -> None:
            if not name or not password:
                self._app.say_briefly(say("still read-only: no log-in was given"))
                return
            now = self._app.session.now()
            self.reason, self.login = reason, Login(username=name, password=password, at=now)
            self.until = now + ARMED_FOR
            self._app.say_briefly(
                say("you may act until {at:clock}; the log-in is tried when a plan is made", at=self.until)
            )
            self._redraw()

        self._ask(say("Your password (kept in memory only, tried once)"), with_password, secret=True)

    def _ask(self, question: Phrase, answered: Callable[[str], None], *, secret: bool = False) -> None:
        def left() -> None:
            still = say("still read-only") if self.until is None else say("left, nothing done")
            self._app.say_briefly(still)

        ask_late(self._app, question, answered, left=left, secret=secret, prepares=True, in_a_row=True)

    def _redraw(self) -> None:
        """Wherever the present rights are shown."""
        self._app.dashboard.redraw()
        for each in self._app.screen_stack:
            if isinstance(each, PlaybooksScreen):
                each.redraw()
