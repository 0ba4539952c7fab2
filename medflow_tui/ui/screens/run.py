"""A run, followed through its journal by a worker thread: which step, what was seen, what has changed so far."""

from __future__ import annotations

import threading

from textual.app import ComposeResult
from textual.message import Message

from medflow_tui.model.errors import MedflowError
from medflow_tui.model.procedure import Phase, RunState
from medflow_tui.model.words import say
from medflow_tui.ui.commands import RUN, Command
from medflow_tui.ui.present.detail import contact_for
from medflow_tui.ui.present.line import Span
from medflow_tui.ui.present.rows import Look
from medflow_tui.ui.present.run import Followed, run_lines, run_title
from medflow_tui.ui.screens.paged import PagedScreen
from medflow_tui.ui.session import Session
from medflow_tui.ui.theme import style
from medflow_tui.ui.widgets.lines import Lines
from medflow_tui.ui.widgets.scroll import Page

LOOK_EVERY_S = 0.5


class RunScreen(PagedScreen):
    """Only a viewer: closing it, or losing the line, leaves the run as it is."""

    place = RUN

    class NewsArrived(Message):
        """The run as it stands now."""

        def __init__(self, followed: Followed) -> None:
            super().__init__()
            self.followed = followed

        def can_replace(self, message: Message) -> bool:
            return isinstance(message, RunScreen.NewsArrived)

    def __init__(self, session: Session, run: str) -> None:
        super().__init__(session)
        self.run_name = run
        self._left = threading.Event()
        self._followed: Followed | None = None

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
        told: Followed | None = None
        try:
            follower = dispatch.follower(self.run_name)
            while not self._left.is_set():
                state = follower.poll().state
                news = Followed(state=state, playbook=follower.playbook, facts=follower.facts)
                if news != told:
                    self.post_message(self.NewsArrived(news))
                    told = news
                if state.phase.is_over or state.phase is Phase.DAMAGED:
                    return
                self._left.wait(LOOK_EVERY_S)
        except MedflowError as error:
            state = RunState(run=self.run_name, phase=Phase.DAMAGED, said=error.phrase, changed=True)
            self.post_message(self.NewsArrived(Followed(state=state)))

    def on_run_screen_news_arrived(self, message: NewsArrived) -> None:
        self._followed = message.followed
        self.redraw()

    @property
    def can_go_on(self) -> bool:
        """Whether it waits for a person."""
        return self._followed is not None and self._followed.state.phase in (Phase.PAUSED, Phase.INTERRUPTED)

    def bar_label(self, command: Command) -> str:
        only_when_waiting = command.name in ("go on", "raise")
        return "" if only_when_waiting and not self.can_go_on else super().bar_label(command)

    def action_go_on(self) -> None:
        """Ask for the typed confirmation again, and go on."""
        if self.can_go_on:
            self.switchboard.acting.go_on(self.run_name)

    def on_resize(self) -> None:
        self.redraw()

    def redraw(self) -> None:
        if not self.is_whole:
            return
        cells, followed = self.app.size.width, self._followed
        look = Look(language=self.session.language, glyphs=self.session.glyphs, now=self.session.now())
        title = run_title(followed, self.run_name, self.session.site, look, cells)
        self.query_one("#title", Lines).show([title, (Span(look.glyphs.bar * cells, "rule"),)])
        if followed is None:
            self.query_one(Page).put([(Span(f" {self.tell(say('looking at the run…'))}"),)])
        else:
            queue = next((each for each in self.session.site.targets if each.kind == "queue"), None)
            contact = contact_for(self.session.site, queue)
            self.query_one(Page).put(run_lines(followed, contact, look, cells))
        self.call_after_refresh(self.draw_bar)
