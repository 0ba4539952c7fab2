"""What people say to a run that goes on or waits: answers, stops, taking over, leaving out, ending it."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import TYPE_CHECKING

from medflow_tui.model.procedure import Item, Phase, Step, Then
from medflow_tui.model.words import Phrase, say
from medflow_tui.rules.reasons import WHY_PUT_AWAY, put_away, too_short, written
from medflow_tui.runner.wishes import LONGEST, Wish
from medflow_tui.ui.modals import armed
from medflow_tui.ui.present.asked import asked_step, next_item
from medflow_tui.ui.present.followed import Followed, text_of
from medflow_tui.ui.present.steered import stopping_text
from medflow_tui.ui.questions import ask_late
from medflow_tui.ui.work import order

if TYPE_CHECKING:
    from medflow_tui.model.performer import Login
    from medflow_tui.ui.app import MedflowApp
    from medflow_tui.ui.screens.run import RunScreen

DECISIONS = ("answer", "approve", "skip")
WAYS = (Then.PAUSE, Then.LEAVE, Then.ROLL_BACK)


class Steering:
    """Each order goes to the run in a worker thread; what comes back is said in one sentence."""

    def __init__(self, app: MedflowApp, screen_id: str) -> None:
        self._app, self._id = app, screen_id
        self._pressed_at = -armed.ARM_AFTER_S
        self._proved: Login | None = None

    def answer(self, screen: RunScreen) -> None:
        """What the run asks: a choice by its number, a value as it is seen, what a second person reads back."""
        followed = screen.followed
        if followed is None or not self._may_act():
            return
        step, item = asked_step(followed), next_item(followed)
        if followed.awaited is not None:
            question = say("What does the other person read back? (esc: nothing)")
            self._ask(question, lambda text: self._tell(screen, "approve", text=text))
        elif step is not None and step.choices:
            self._choose(screen, followed, step)
        elif step is not None and item is not None:
            self._type_what_is_seen(screen, followed, step, item)

    def _choose(self, screen: RunScreen, followed: Followed, step: Step) -> None:
        question = say(
            "The number of the answer, 1 to {n:number} (esc: nothing is answered)", n=len(step.choices)
        )

        def answered(text: str) -> None:
            number = int(text) if text.isdecimal() and len(text) < 3 else 0
            if 1 <= number <= len(step.choices):
                self._tell(screen, "answer", step=step.id, choice=step.choices[number - 1].id)
            else:
                self._app.say_briefly(say("nothing was answered: that is none of the choices"))

        self._ask(question, answered)

    def _type_what_is_seen(self, screen: RunScreen, followed: Followed, step: Step, item: Item) -> None:
        what = text_of(item.say, followed, screen.look)
        question = say("{what}: type what you see", what=what)
        self._ask(question, lambda text: self._tell(screen, "answer", step=step.id, item=item.id, text=text))

    def stop(self, screen: RunScreen) -> None:
        """After the step in hand; pressed again, not after all. A key that is held down is one."""
        followed, now = screen.followed, time.monotonic()
        is_held, self._pressed_at = now - self._pressed_at < armed.ARM_AFTER_S, now
        if followed is None or not screen.is_alive:
            self._app.say_briefly(say("there is nothing to stop: the run does not work now"))
        elif is_held:
            return
        elif followed.state.stopping:
            self._tell(screen, "go_on")
        else:
            self._tell(screen, "stop", then=Then.PAUSE.value)

    def stop_now(self, screen: RunScreen) -> None:
        """First what that does to the step in hand, then what shall follow."""
        followed = screen.followed
        if followed is None or not screen.is_alive:
            self._app.say_briefly(say("there is nothing to stop: the run does not work now"))
            return
        lines = (stopping_text(followed, screen.look), *self._ways())

        def answered(text: str) -> None:
            if text.strip() in ("1", "2", "3"):
                self._tell(screen, "stop", then=WAYS[int(text) - 1].value, now=True)
            else:
                self._app.say_briefly(say("nothing was stopped"))

        self._ask(say("Stop now: 1, 2 or 3 (esc: go on)"), answered, lines)

    def _ways(self) -> tuple[str, ...]:
        return tuple(
            self._say(each)
            for each in (
                say("1  wait for a person"),
                say("2  end it as it stands"),
                say("3  take back what was done"),
            )
        )

    def take_over(self, screen: RunScreen) -> None:
        """The name of the one who gave the orders is said; it is written down who took them over."""
        followed = screen.followed
        if followed is None or not screen.is_alive:
            self._app.say_briefly(say("nobody needs to take over: the run does not work now"))
            return
        if not self._may_act():
            return
        code, who = self._app.session.site.code, followed.state.controller or "?"
        question = say("{who} gives the orders now. Type {code} to take over", who=who, code=code)

        def answered(text: str) -> None:
            if text.strip() == code:
                self._take_over(screen)
            else:
                self._app.say_briefly(say("not taken over"))

        self._ask(question, answered)

    def _take_over(self, screen: RunScreen) -> None:
        dispatch, rights = self._app.session.dispatch, self._app.acting.rights
        if dispatch is None or not self._may_act():
            return
        who, login, reason = self._app.session.who, rights.login, rights.reason[:LONGEST]
        wish = Wish(what="take", who=who, session=self._id, text=reason)
        told = say("heard, and written down")
        order(
            self._app,
            "order",
            lambda: dispatch.take_over(screen.run_name, wish, login),
            told,
            screen.look_now,
        )

    def leave_out(self, screen: RunScreen) -> None:
        """A step that may be left out, with a reason."""
        step = asked_step(screen.followed) if screen.followed is not None else None
        if step is None or not step.optional:
            self._app.say_briefly(say("this step cannot be left out"))
        elif self._may_act():
            question = say("Why is this step left out? (it is written down; esc: it is not)")
            self._ask(question, lambda text: self._tell(screen, "skip", step=step.id, text=written(text)))

    def end(self, screen: RunScreen) -> None:
        """A run that waits: as it stands or taken back, through the confirmation; or it is put away with a reason."""
        followed = screen.followed
        if followed is None or not (screen.can_go_on or followed.state.phase is Phase.DAMAGED):
            self._app.say_briefly(say("there is nothing to end: stop the run first"))
            return
        if followed.state.phase is Phase.DAMAGED:
            self._put_away(screen)
            return
        put_away = say("1  put it away: no banner tells of it any more, with a reason")
        lines = (self._say(put_away), *self._ways()[1:])

        def answered(text: str) -> None:
            match text.strip():
                case "1":
                    self._put_away(screen)
                case "2" | "3" as number:
                    self._app.acting.go_on(screen.run_name, stop=WAYS[int(number) - 1].value)
                case _:
                    self._app.say_briefly(say("the run waits as before"))

        self._ask(say("1, 2 or 3 (esc: it waits as before)"), answered, lines)

    def _put_away(self, screen: RunScreen) -> None:
        def answered(text: str) -> None:
            why, session = written(text), self._app.session
            wrong = too_short(why)
            if wrong:
                self._app.say_briefly(wrong)
                return
            entry = put_away(screen.run_name, who=session.who, why=why, now=session.now())
            done = say("put away, and written down")
            order(self._app, "order", lambda: session.desk.acknowledge(entry), done, screen.look_now)

        self._ask(WHY_PUT_AWAY, answered)

    def _tell(self, screen: RunScreen, what: str, **words: str | bool) -> None:
        """A decision counts with a log-in that MedFlow does not refuse, tried once; it passes where MedFlow cannot tell now."""
        dispatch, login = self._app.session.dispatch, self._app.acting.rights.login
        is_decision = what in DECISIONS
        if dispatch is None or (is_decision and not self._may_act()):
            return
        texts = {name: each[:LONGEST] for name, each in words.items() if isinstance(each, str)}
        wish = Wish(
            what=what, who=self._app.session.who, session=self._id, now=words.get("now") is True, **texts
        )

        def tell() -> None:
            if is_decision and login is not None and login is not self._proved:
                dispatch.permission.let_take(screen.run_name, login, dispatch.prove)
                self._proved = login
            dispatch.tell(screen.run_name, wish)

        order(self._app, "order", tell, say("heard, and written down"), screen.look_now)

    def _may_act(self) -> bool:
        if self._app.armed_until is not None:
            return True
        raising = self._app.session.key("raise")
        self._app.say_briefly(say("read-only: {raising} raises your rights, then answer", raising=raising))
        return False

    def _ask(self, question: Phrase, answered: Callable[[str], None], lines: tuple[str, ...] = ()) -> None:
        ask_late(self._app, question, answered, lines)

    def _say(self, phrase: Phrase) -> str:
        return self._app.session.language.say(phrase)
