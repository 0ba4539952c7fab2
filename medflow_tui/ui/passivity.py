"""Passive mode from the screen: whoever leads stops everything that people would notice, and lets it go on again."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from medflow_tui.journal.orders import passive_said
from medflow_tui.model.errors import MedflowError, RefusedError
from medflow_tui.model.words import SILENCE, Phrase, say
from medflow_tui.rules.passivity import why_not_confirmed
from medflow_tui.rules.reasons import too_short, written
from medflow_tui.ui.questions import ask_late
from medflow_tui.ui.screens.playbooks import PlaybooksScreen
from medflow_tui.ui.work import Work, order

if TYPE_CHECKING:
    from medflow_tui.model.access import Passive
    from medflow_tui.runner.dispatch import Dispatch
    from medflow_tui.ui.app import MedflowApp


class Passivity:
    """To stop needs a reason and the code of the site; to let it go on a role, raised rights and a fresh log-in too."""

    def __init__(self, app: MedflowApp) -> None:
        self._app = app
        self._is_looking = False

    def change(self) -> None:
        """Look how it stands, then ask."""
        dispatch = self._app.session.dispatch
        if self._is_looking:
            return
        if dispatch is None:
            self._app.say_briefly(self._app.session.why_no_dispatch())
            return
        self._is_looking, is_raised = True, self._app.acting.rights.login is not None

        def work() -> None:
            passive, why = dispatch.passive(), SILENCE
            if passive is not None and is_raised:
                try:
                    dispatch.global_stop.refuse_stranger()
                except RefusedError as error:
                    why = error.phrase
            self._app.call_later(self._ask, dispatch, passive, why)

        Work("passive", work)

    def _ask(self, dispatch: Dispatch, passive: Passive | None, why: Phrase) -> None:
        self._is_looking, rights = False, self._app.acting.rights
        if passive is None:
            question = say("Why must everything stop here? (10 characters at least; it is written down)")
            ask_late(self._app, question, lambda text: self._with_reason(dispatch, written(text)))
        elif rights.login is None:
            raising = self._app.session.key("raise")
            self._app.say_briefly(
                passive_said(passive).also(
                    say("{raising} raises your rights, then it can be ended", raising=raising)
                )
            )
        elif why:
            self._app.say_briefly(passive_said(passive).also(why))
        elif old := dispatch.global_stop.why_old(rights.login):
            rights.renew(old, lambda: self._ask_to_lift(dispatch, passive))
        else:
            self._ask_to_lift(dispatch, passive)

    def _ask_to_lift(self, dispatch: Dispatch, passive: Passive) -> None:
        rights, code = self._app.acting.rights, self._app.session.site.code
        asked = passive_said(passive).also(say("type {code} to let playbooks act here again", code=code))

        def answered(text: str) -> None:
            login, reason, who = rights.login, rights.reason, self._app.session.who
            over = say("passive mode is over: playbooks may act here again")

            def lift() -> None:
                dispatch.global_stop.lift(who=who, reason=reason, typed=text, login=login)

            order(self._app, "passive", lift, over, lambda: self._app.call_later(self._look_again))

        ask_late(self._app, asked, answered)

    def _with_reason(self, dispatch: Dispatch, reason: str) -> None:
        wrong = too_short(reason)
        if wrong:
            self._app.say_briefly(wrong)
            return
        asked = say(
            "Nothing starts here, and runs pause before their next step. Type {code} to stop everything",
            code=self._app.session.site.code,
        )

        def answered(text: str) -> None:
            wrong, who = why_not_confirmed(text, self._app.session.site.code), self._app.session.who
            if wrong:
                self._app.say_briefly(wrong)
                return
            stopped = say("PASSIVE: nothing that people would notice starts here any more")

            def stop() -> None:
                dispatch.global_stop.set(who=who, reason=reason)

            Work("passive", lambda: self._stop(dispatch, stop, stopped))

        ask_late(self._app, asked, answered)

    def _stop(self, dispatch: Dispatch, stop: Callable[[], None], said: Phrase) -> None:
        """In a worker thread. What was stopped is stopped, also where that could not be recorded."""
        try:
            stop()
        except MedflowError as error:
            said = said.also(error.phrase) if dispatch.passive() is not None else error.phrase
        except OSError:
            said = say("it cannot be written down")
        self._app.call_later(self._app.say_briefly, said)
        self._app.call_later(self._look_again)

    def _look_again(self) -> None:
        for each in self._app.screen_stack:
            if isinstance(each, PlaybooksScreen):
                each.look_whether_passive()
