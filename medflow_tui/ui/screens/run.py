"""A run, followed through its journal by a worker thread: one step a screen, or all steps; what it asks is answered here."""

from __future__ import annotations

import threading

from textual.message import Message

from medflow_tui.model.errors import MedflowError
from medflow_tui.model.procedure import Phase, RunState
from medflow_tui.model.words import Phrase, say
from medflow_tui.runner.dispatch import Dispatch
from medflow_tui.runner.follow import Follower
from medflow_tui.ui.commands import RUN, Command
from medflow_tui.ui.present.asked import asked_step
from medflow_tui.ui.present.followed import Followed
from medflow_tui.ui.present.line import Line, Span
from medflow_tui.ui.present.run import run_lines, run_title
from medflow_tui.ui.present.run_step import step_lines
from medflow_tui.ui.present.steered import contact_of
from medflow_tui.ui.screens.paged import PagedScreen
from medflow_tui.ui.session import Session
from medflow_tui.ui.widgets.lines import Lines
from medflow_tui.ui.widgets.scroll import Page

LOOK_EVERY_S = 1.0  # people read no faster, and the line pays for each look


class RunScreen(PagedScreen):
    """Only a viewer: closing it, or losing the line, leaves the run as it is. Orders go through `ui.steering`."""

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
        self._left, self._looking = threading.Event(), threading.Event()
        self.followed: Followed | None = None
        self._all_steps: bool | None = None

    def on_mount(self) -> None:
        super().on_mount()
        threading.Thread(target=self._follow, name=f"follow {self.run_name}", daemon=True).start()

    def on_unmount(self) -> None:
        self._left.set()
        self._looking.set()
        if self.app.is_running:
            self.switchboard.acting.look_for_runs()

    def look_now(self) -> None:
        """After an order: do not wait for the next look."""
        self._looking.set()

    def _follow(self) -> None:
        dispatch = self.session.dispatch
        if dispatch is None:
            return
        told: Followed | None = None
        try:
            follower = dispatch.follower(self.run_name)
            while not self._left.is_set():
                self._looking.clear()
                news = self._seen(dispatch, follower)
                if news != told:
                    self.post_message(self.NewsArrived(news))
                    told = news
                if news.state.phase.is_over or news.state.phase is Phase.DAMAGED:
                    return
                self._looking.wait(LOOK_EVERY_S)
        except MedflowError as error:
            state = RunState(run=self.run_name, phase=Phase.DAMAGED, said=error.phrase, changed=True)
            self.post_message(self.NewsArrived(Followed(state=state)))

    def _seen(self, dispatch: Dispatch, follower: Follower) -> Followed:
        state = follower.poll().state
        if state.phase is Phase.DAMAGED:
            return Followed(state=state)
        awaited = dispatch.approval(self.run_name) if state.awaits else None
        playbook = follower.playbook
        printed = dispatch.printed(self.run_name, playbook.step(state.step))
        return Followed(
            state=state, playbook=playbook, facts=follower.facts, awaited=awaited, printed=printed
        )

    def on_run_screen_news_arrived(self, message: NewsArrived) -> None:
        self.followed = message.followed
        self.redraw()

    @property
    def shows_all_steps(self) -> bool:
        """What the key was last pressed for; before that one step while it goes on, all once it is over."""
        if self._all_steps is not None:
            return self._all_steps
        return self.followed is not None and self.followed.state.phase.is_over

    @property
    def can_go_on(self) -> bool:
        """Whether it waits for a person who lets it go on."""
        return self.followed is not None and self.followed.state.phase.can_go_on

    @property
    def is_asked(self) -> bool:
        """Whether it waits for an answer, or for a second person who may be on the phone."""
        if self.followed is None:
            return False
        awaited = self.followed.awaited
        return asked_step(self.followed) is not None or (awaited is not None and bool(awaited.challenge))

    @property
    def is_alive(self) -> bool:
        """Whether there is anybody to take orders."""
        return self.followed is not None and self.followed.state.phase.is_alive

    @property
    def is_others(self) -> bool:
        """Whether another person gives the orders; the same one at another screen is told when it comes to it."""
        if self.followed is None or not self.is_alive:
            return False
        return self.followed.state.controller not in ("", self.session.who)

    def bar_label(self, command: Command) -> str:
        label = super().bar_label(command)
        match command.name:
            case "go on":
                answering = self.tell(say("answer"))
                return answering if self.is_asked else label if self.can_go_on else ""
            case "raise":
                needed = self.can_go_on or self.is_asked
                return label if needed and self.switchboard.armed_until is None else ""
            case "stop":
                is_stopping = self.followed is not None and self.followed.state.stopping
                return (
                    "" if not self.is_alive else self.tell(say("go on after all")) if is_stopping else label
                )
            case "stop now":
                return label if self.is_alive else ""
            case "all steps":
                return self.tell(say("one step")) if self.shows_all_steps else label
            case "take over":
                return label if self.is_others else ""
            case "leave out":
                step = asked_step(self.followed) if self.followed is not None else None
                return label if step is not None and step.optional else ""
            case "end run":
                is_damaged = self.followed is not None and self.followed.state.phase is Phase.DAMAGED
                return label if self.can_go_on or is_damaged else ""
            case _:
                return label

    def action_go_on(self) -> None:
        """Answer, or ask for the typed confirmation again and go on."""
        if self.is_asked:
            self.switchboard.acting.steering.answer(self)
        elif self.can_go_on:
            self.switchboard.acting.go_on(self.run_name)

    def action_all_steps(self) -> None:
        """The other view."""
        self._all_steps = not self.shows_all_steps
        self.redraw()

    def action_stop(self) -> None:
        """After the step in hand, or not after all."""
        self.switchboard.acting.steering.stop(self)

    def action_stop_now(self) -> None:
        """As far as the step in hand allows."""
        self.switchboard.acting.steering.stop_now(self)

    def action_take_over(self) -> None:
        """Orders from this screen."""
        self.switchboard.acting.steering.take_over(self)

    def action_leave_out(self) -> None:
        """The step that waits."""
        self.switchboard.acting.steering.leave_out(self)

    def action_end_run(self) -> None:
        """A run that waits, or whose journal is damaged."""
        self.switchboard.acting.steering.end(self)

    def redraw(self) -> None:
        if not self.is_whole:
            return
        cells, followed, look = self.app.size.width, self.followed, self.look
        title = run_title(followed, self.run_name, self.session.site, look, cells)
        self.query_one("#title", Lines).show([title, (Span(look.glyphs.bar * cells, "rule"),)])
        page = self.query_one(Page)
        if followed is None:
            page.put([(Span(f" {self.tell(say('looking at the run…'))}"),)])
        else:
            page.put(self._lines(followed, cells))
        self.call_after_refresh(self.draw_bar)

    def _lines(self, followed: Followed, cells: int) -> list[Line]:
        draw = run_lines if self.shows_all_steps else step_lines
        return draw(followed, contact_of(followed, self.session.site), self.look, cells, self._goodbye())

    def _goodbye(self) -> Phrase:
        key = self.session.key("runs")
        return say("You may close this screen: the run goes on, and {key} finds it again.", key=key)
