"""Passive mode from the screen: whoever leads stops everything that people would notice, and lets it go on again."""

from __future__ import annotations

from typing import TYPE_CHECKING

from medflow_tui.model.errors import MedflowError
from medflow_tui.model.words import Phrase, say
from medflow_tui.rules.reasons import too_short, written
from medflow_tui.ui.questions import ask_late
from medflow_tui.ui.screens.playbooks import PlaybooksScreen
from medflow_tui.ui.work import Work

if TYPE_CHECKING:
    from medflow_tui.model.access import Passive
    from medflow_tui.runner.dispatch import Dispatch
    from medflow_tui.ui.app import MedflowApp


class Passivity:
    """To stop needs a reason and the code of the site, to let it go on raised rights too."""

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
        self._is_looking = True

        def work() -> None:
            self._app.call_later(self._ask, dispatch, dispatch.passive())

        Work("passive", work)

    def _ask(self, dispatch: Dispatch, passive: Passive | None) -> None:
        self._is_looking = False
        if passive is None:
            question = say("Why must everything stop here? (10 characters at least; it is written down)")
            ask_late(self._app, question, lambda text: self._with_reason(dispatch, written(text)))
        elif self._app.armed_until is None:
            raising = self._app.session.key("raise")
            self._app.say_briefly(
                say("passive since {at:when} by {who}", at=passive.since, who=passive.who).also(
                    say("{raising} raises your rights, then it can be ended", raising=raising)
                )
            )
        else:
            code = self._app.session.site.code
            asked = say(
                "Passive since {at:when} by {who}. Type {code} to let playbooks act here again",
                at=passive.since,
                who=passive.who,
                code=code,
            )
            self._ask_code(dispatch, asked, on=False, reason=self._app.acting.rights.reason)

    def _with_reason(self, dispatch: Dispatch, reason: str) -> None:
        wrong = too_short(reason)
        if wrong:
            self._app.say_briefly(wrong)
            return
        asked = say(
            "Nothing starts here, and runs pause before their next step. Type {code} to stop everything",
            code=self._app.session.site.code,
        )
        self._ask_code(dispatch, asked, on=True, reason=reason)

    def _ask_code(self, dispatch: Dispatch, question: Phrase, *, on: bool, reason: str) -> None:
        def answered(text: str) -> None:
            if text.strip() != self._app.session.site.code:
                self._app.say_briefly(say("nothing was changed: that is not the code of the site"))
                return
            Work("passive", lambda: self._set(dispatch, on=on, reason=reason))

        ask_late(self._app, question, answered)

    def _set(self, dispatch: Dispatch, *, on: bool, reason: str) -> None:
        said = (
            say("PASSIVE: nothing that people would notice starts here any more")
            if on
            else say("passive mode is over: playbooks may act here again")
        )
        try:
            dispatch.set_passive(on=on, who=self._app.session.who, reason=reason)
        except MedflowError as error:
            said = said.also(error.phrase) if on and dispatch.passive() is not None else error.phrase
        except OSError:
            said = say("it cannot be written down")
        self._app.call_later(self._tell, said)

    def _tell(self, said: Phrase) -> None:
        self._app.say_briefly(said)
        for each in self._app.screen_stack:
            if isinstance(each, PlaybooksScreen):
                each.look_whether_passive()
