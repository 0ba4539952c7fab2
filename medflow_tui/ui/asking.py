"""What a playbook wants to know before its plan is made: asked one after another, chosen from what is really there."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from medflow_tui.model.errors import MedflowError
from medflow_tui.model.performer import Login
from medflow_tui.model.procedure import Input, Playbook
from medflow_tui.model.words import Phrase, say
from medflow_tui.rules.inputs import fault_of, meant
from medflow_tui.ui.questions import ask_late, numbered
from medflow_tui.ui.work import Work

if TYPE_CHECKING:
    from medflow_tui.ui.app import MedflowApp


class Asking:
    """One playbook's inputs. `done` gets the answers; when a question is left nothing happens."""

    def __init__(
        self, app: MedflowApp, playbook: Playbook, login: Login | None, done: Callable[[dict[str, str]], None]
    ) -> None:
        self._app, self._playbook, self._login, self._done = app, playbook, login, done
        self._answers: dict[str, str] = {}

    def begin(self) -> None:
        """Ask the first thing; with nothing to ask it is done at once."""
        self._next()

    def _next(self) -> None:
        left = [each for each in self._playbook.inputs if each.id not in self._answers]
        if not left:
            self._done({name: value for name, value in self._answers.items() if value})
        elif left[0].options_from:
            self._look(left[0])
        else:
            self._ask(left[0], left[0].options)

    def _look(self, given: Input) -> None:
        dispatch = self._app.session.dispatch
        if dispatch is None:
            return
        self._app.say_briefly(say("looking what there is to choose from…"))

        def work() -> None:
            try:
                options = dispatch.options(self._playbook, given, self._login)
            except MedflowError as error:
                self._app.call_later(self._app.say_briefly, error.phrase)
            except Exception as error:  # shown as a sentence, written to the own log
                self._app.session.report(error, "options")
                self._app.call_later(
                    self._app.say_briefly, say("the plan could not be made: see the program's log")
                )
            else:
                self._app.call_later(self._ask, given, options)

        Work("options", work)

    def _ask(self, given: Input, options: tuple[str, ...], wrong: Phrase | None = None) -> None:
        self._app.say_briefly(None)
        tell, code = self._app.session.language.say, self._app.session.language.code
        lines = numbered(options, tell)
        if wrong is not None:
            lines.append(tell(wrong))
        question = given.label.phrase(code)
        question = question.also(*((say("its number, or its name"),) if options else ()))
        question = question.also(*((say("may stay empty"),) if given.optional else ()))
        ask_late(
            self._app,
            question,
            lambda text: self._take(given, options, meant(text, options)),
            tuple(lines),
            prepares=True,
        )

    def _take(self, given: Input, options: tuple[str, ...], value: str) -> None:
        wrong = fault_of(given, options, value)
        if wrong:
            self._ask(given, options, wrong)
            return
        self._answers[given.id] = value
        self._next()
