"""A run, followed through its journal by a worker thread: which step, what was seen, what has changed so far."""

from __future__ import annotations

import threading

from textual.app import ComposeResult
from textual.message import Message

from medflow_tui.model.errors import MedflowError
from medflow_tui.model.procedure import Phase, RunState
from medflow_tui.model.words import Phrase, say
from medflow_tui.runner.report import Report
from medflow_tui.ui.commands import RUN
from medflow_tui.ui.present.detail import contact_for
from medflow_tui.ui.present.line import Line, Span, wrap
from medflow_tui.ui.screens.base import KeyedScreen
from medflow_tui.ui.session import Session
from medflow_tui.ui.theme import style
from medflow_tui.ui.widgets.lines import Lines
from medflow_tui.ui.widgets.scroll import Page

LOOK_EVERY_S = 0.5


class RunScreen(KeyedScreen):
    """Only a viewer: closing it, or losing the line, leaves the run as it is."""

    place = RUN

    class NewsArrived(Message):
        """The run as it stands now, in lines."""

        def __init__(self, state: RunState, lines: tuple[str, ...]) -> None:
            super().__init__()
            self.state, self.lines = state, lines

        def can_replace(self, message: Message) -> bool:
            return isinstance(message, RunScreen.NewsArrived)

    def __init__(self, session: Session, run: str) -> None:
        super().__init__(session)
        self.run_name = run
        self._left = threading.Event()
        self._state: RunState | None = None
        self._lines: tuple[str, ...] = ()

    def compose(self) -> ComposeResult:
        yield Lines(style, classes="head", id="title")
        yield Page(style, id="page")
        yield self.new_bar()

    def on_mount(self) -> None:
        self.query_one(Page).focus()
        self.redraw()
        threading.Thread(target=self._follow, name=f"follow {self.run_name}", daemon=True).start()

    def on_unmount(self) -> None:
        self._left.set()

    def _follow(self) -> None:
        dispatch = self.session.dispatch
        if dispatch is None:
            return
        try:
            follower = dispatch.follower(self.run_name)
            facts = follower.facts
            report = Report(speak=self.session.language.say, language=self.session.language.code)
            while not self._left.is_set():
                state = follower.poll().state
                lines = report.run(state, follower.playbook, facts)
                if (state, lines) != (self._state, self._lines):
                    self.post_message(self.NewsArrived(state, lines))
                if state.phase.is_over or state.phase is Phase.DAMAGED:
                    return
                self._left.wait(LOOK_EVERY_S)
        except MedflowError as error:
            state = RunState(run=self.run_name, phase=Phase.DAMAGED, said=error.phrase)
            self.post_message(self.NewsArrived(state, (self.session.language.say(error.phrase),)))

    def on_run_screen_news_arrived(self, message: NewsArrived) -> None:
        self._state, self._lines = message.state, message.lines
        self.redraw()

    def on_resize(self) -> None:
        self.redraw()

    def redraw(self) -> None:
        cells = self.app.size.width
        head = (Span(f" {self.run_name}", "title"),)
        self.query_one("#title", Lines).show([head, (Span(self.session.glyphs.bar * cells, "rule"),)])
        lines: list[Line] = []
        if self._state is None:
            lines.append((Span(f" {self.tell(say('looking at the run…'))}"),))
        else:
            for text in self._lines:
                body = text.lstrip()
                indent = " " * (len(text) - len(body) + 1)
                lines += [(Span(indent + each),) for each in wrap(body, cells - 1 - len(indent))]
            lines.append(())
            for phrase in self._stand(self._state):
                lines += [(Span(f" {each}", "strong"),) for each in wrap(self.tell(phrase), cells - 3)]
        self.query_one(Page).put(lines)
        self.query_one("#keys", Lines).show([self.key_bar(cells)])

    def _stand(self, state: RunState) -> list[Phrase]:
        """At every stop: what has changed, whether data is safe, that one may close, whom to call and what to say."""
        target = next((each for each in self.session.site.targets if each.kind == "queue"), None)
        contact = contact_for(self.session.site, target)
        told = [
            say("So far something may have been changed: see the steps.")
            if state.changed
            else say("So far nothing was changed."),
            say("No existing patient record is changed by this playbook."),
        ]
        if state.phase is Phase.RUNNING:
            told.append(say("You may close this screen: the run goes on, and F9 finds it again."))
        if (
            state.phase in (Phase.PAUSED, Phase.INTERRUPTED, Phase.UNCERTAIN, Phase.DAMAGED, Phase.FAILED)
            and contact is not None
        ):
            person = " ".join(each for each in (contact.name, contact.phone) if each)
            told.append(
                say("When in doubt call {person} and say: run {run}", person=person or "?", run=state.run)
            )
        return told

    def action_move(self, steps: int) -> None:
        self.query_one(Page).move(steps)

    def action_page(self, steps: int) -> None:
        page = self.query_one(Page)
        page.move(steps * max(1, page.size.height - 1))

    def action_top(self) -> None:
        self.query_one(Page).move(-1_000_000)

    def action_bottom(self) -> None:
        self.query_one(Page).move(1_000_000)
